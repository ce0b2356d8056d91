"""A load tool as a process, what it is ordered to send, and the figures that it returns."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from django_apistar.bench.request import GET, METHODS, Request
from django_apistar.compat import interrupts

_PATIENCE_S = 60  # beyond the duration, until a tool is killed
_LONGEST_S = 30.0  # of a round that is repeated, as nothing was answered


class LoadToolError(Exception):
    """A tool that is missing or has failed, in one sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """The figures of one round. Times are seconds; None where the tool does not report them."""

    transactions: int  # responses with a status of 2xx
    elapsed_s: float
    longest_s: float
    p50_s: float | None
    p90_s: float | None
    p99_s: float | None
    errors: int
    cpu_s: float | None = None  # of the server's processes, per transaction

    @property
    def rate(self) -> float:
        """Transactions per second."""
        return self.transactions / self.elapsed_s


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """What a tool is to do. `folder` is for its files, and is removed afterwards."""

    url: str
    connections: int
    duration_s: float
    folder: Path
    request: Request = GET
    rate: int | None = None  # requests per second to send, whatever the answers take

    @property
    def whole_seconds(self) -> int:
        return max(1, math.ceil(self.duration_s))

    @property
    def header_lines(self) -> list[str]:
        return [f'{name}: {value}' for name, value in self.request.headers]

    def write_body(self) -> str | None:
        """Write the body into the folder, and return the name of the file; None without one."""
        if not self.request.body:
            return None
        (self.folder / 'body').write_bytes(self.request.body)
        return 'body'


@dataclasses.dataclass(frozen=True, slots=True)
class Tool:
    """A load tool. `read` returns the Load from its standard output and the order's folder."""

    name: str
    version_argument: str | None
    build_arguments: Callable[[Order], list[str]]
    read: Callable[[str, Path], Load]
    methods: tuple[str, ...] = METHODS
    body_methods: tuple[str, ...] = METHODS  # which it can send with a body
    takes_rate: bool = False

    def can_send(self, request: Request) -> bool:
        """Whether it has the options for *request*."""
        return request.method in (self.body_methods if request.body else self.methods)

    def run(self, order: Order) -> Load:
        """Load the server, and return the figures. Raises LoadToolError.

        A round in which nothing was answered is repeated, for longer: wrk leaves before an answer
        that takes more than the round, and hey's clock starts before its clients, which a busy
        machine may hold up until it has ended.
        """
        while True:
            load = self._run(order)
            if load.transactions and load.elapsed_s > 0:
                return load
            if load.errors:
                raise LoadToolError(
                    f'{self.name} got no answer of 2xx from {order.url}: each of its '
                    f'{load.errors:,} requests failed.'
                )
            longer_s = max(1.0, 2 * order.duration_s)
            if longer_s > _LONGEST_S:
                raise LoadToolError(
                    f'{self.name} got no answer from {order.url} in {order.duration_s:g} s.'
                )
            order = dataclasses.replace(order, duration_s=longer_s)

    def _run(self, order: Order) -> Load:
        command = [self.name, *self.build_arguments(order)]
        output = _run(command, order.folder, order.duration_s + _PATIENCE_S)
        try:
            return self.read(output, order.folder)
        except (AttributeError, KeyError, ValueError, TypeError, IndexError, OSError) as exc:
            raise LoadToolError(
                f'The output of {self.name} cannot be read: {type(exc).__name__}: {exc}. '
                'Choose another --tool.'
            ) from exc

    def find_version(self) -> str:
        """Return the version that the tool prints, '' where it prints none."""
        if self.version_argument is None:
            return ''
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [self.name, self.version_argument],
                capture_output=True, text=True, timeout=_PATIENCE_S, check=False,
                env={**os.environ, 'HOME': folder},
            )  # fmt: skip
        found = re.search(r'\d+(?:\.\d+)+', done.stdout + done.stderr)
        return found[0] if found else ''


@contextlib.contextmanager
def order(
    url: str, connections: int, duration_s: float, request: Request = GET, rate: int | None = None
) -> Iterator[Order]:
    """Yield an Order, whose folder is removed at the end."""
    with tempfile.TemporaryDirectory(prefix='apistar_bench-') as folder:
        yield Order(url, connections, duration_s, Path(folder), request, rate)


def _run(command: Sequence[str], folder: Path, timeout_s: float) -> str:
    """Return the standard output of *command*, which never outlives this call."""

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, 'HOME': str(folder)},
        )  # fmt: skip

    with interrupts.session(start) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as exc:
            raise LoadToolError(f'{command[0]} has not ended after {timeout_s:.0f} s.') from exc
    if process.returncode:
        said = (stderr.strip() or stdout.strip() or 'it says nothing').splitlines()[-1]
        raise LoadToolError(f'{command[0]} ended with status {process.returncode}: {said}.')
    return stdout


def get_percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the percentile of *ordered*, by the nearest rank."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
