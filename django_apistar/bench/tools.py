"""Load tools: the command line of each, and how its output is read."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import json
import math
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_PATIENCE_S = 60  # beyond the duration, until a tool is killed
_SECONDS = {'us': 1e-6, 'ms': 1e-3, 's': 1.0, 'm': 60.0, 'h': 3600.0}


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

    @property
    def whole_seconds(self) -> int:
        return max(1, math.ceil(self.duration_s))


@dataclasses.dataclass(frozen=True, slots=True)
class Tool:
    """A load tool. `read` returns the Load from its standard output and the order's folder."""

    name: str
    version_argument: str | None
    build_arguments: Callable[[Order], list[str]]
    read: Callable[[str, Path], Load]

    def run(self, order: Order) -> Load:
        """Load the server, and return the figures. Raises LoadToolError."""
        command = [self.name, *self.build_arguments(order)]
        output = _run(command, order.folder, order.duration_s + _PATIENCE_S)
        try:
            load = self.read(output, order.folder)
        except (AttributeError, KeyError, ValueError, TypeError, IndexError, OSError) as exc:
            raise LoadToolError(
                f'The output of {self.name} cannot be read: {type(exc).__name__}: {exc}. '
                'Choose another --tool.'
            ) from exc
        if not load.transactions or load.elapsed_s <= 0:
            raise LoadToolError(f'{self.name} got no answer of 2xx from {order.url}.')
        return load

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


def find_tool(name: str | None = None) -> Tool:
    """Return the tool called *name*, else the first that is installed. Raises LoadToolError."""
    for tool in [TOOLS[name]] if name else TOOLS.values():
        if shutil.which(tool.name):
            return tool
    if name:
        raise LoadToolError(f'{name} is not installed. Install it, or choose another --tool.')
    raise LoadToolError(
        f'No load tool is installed. Install one of {", ".join(TOOLS)}, or use --in-process.'
    )


@contextlib.contextmanager
def order(url: str, connections: int, duration_s: float) -> Iterator[Order]:
    """Yield an Order, whose folder is removed at the end."""
    with tempfile.TemporaryDirectory(prefix='apistar_bench-') as folder:
        yield Order(url, connections, duration_s, Path(folder))


def _run(command: Sequence[str], folder: Path, timeout_s: float) -> str:
    """Return the standard output of *command*, which never outlives this call."""
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, 'HOME': str(folder)},
    )  # fmt: skip
    try:
        stdout, stderr = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as exc:
        raise LoadToolError(f'{command[0]} has not ended after {timeout_s:.0f} s.') from exc
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode:
        said = (stderr.strip() or stdout.strip() or 'it says nothing').splitlines()[-1]
        raise LoadToolError(f'{command[0]} ended with status {process.returncode}: {said}.')
    return stdout


def get_percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the percentile of *ordered*, by the nearest rank."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


# wrk


def _wrk_arguments(order: Order) -> list[str]:
    return [
        '--threads', '1', '--connections', str(order.connections),
        '--duration', f'{order.whole_seconds}s', '--latency', order.url,
    ]  # fmt: skip


def read_wrk(output: str, folder: Path) -> Load:
    """Read what `wrk --latency` prints."""
    total = re.search(r'(\d+) requests in ([\d.]+\w+),', output)
    latency = re.search(r'^ +Latency +\S+ +\S+ +(\S+)', output, re.MULTILINE)
    percentiles = dict(re.findall(r'^ +(50|90|99)% +(\S+) *$', output, re.MULTILINE))
    socket_errors = re.search(r'Socket errors: (.*)', output)
    refused = re.search(r'Non-2xx or 3xx responses: (\d+)', output)
    bad = int(refused[1]) if refused else 0
    lost = sum(map(int, re.findall(r'\d+', socket_errors[1]))) if socket_errors else 0
    if total is None or latency is None:
        raise ValueError('no summary')
    return Load(
        transactions=int(total[1]) - bad, elapsed_s=_parse_time(total[2]),
        longest_s=_parse_time(latency[1]), p50_s=_parse_time(percentiles['50']),
        p90_s=_parse_time(percentiles['90']), p99_s=_parse_time(percentiles['99']),
        errors=bad + lost,
    )  # fmt: skip


def _parse_time(text: str) -> float:
    """Return the seconds of '413.00us' or '1.00s'."""
    found = re.fullmatch(r'([\d.]+)([a-z]+)', text)
    if found is None:
        raise ValueError(f'no time: {text!r}')
    return float(found[1]) * _SECONDS[found[2]]


# h2load


def _h2load_arguments(order: Order) -> list[str]:
    return [
        '--h1', '--threads', '1', '--clients', str(order.connections),
        '--duration', str(order.whole_seconds), '--log-file', 'requests.tsv', order.url,
    ]  # fmt: skip


def read_h2load(output: str, folder: Path) -> Load:
    """Read what h2load prints, and its log: start in us, status and duration in us."""
    elapsed = re.search(r'finished in ([\d.]+\w+),', output)
    failed = re.search(r'(\d+) failed', output)
    statuses = re.search(r'status codes: (\d+) 2xx, (\d+) 3xx', output)
    if elapsed is None or failed is None or statuses is None:
        raise ValueError('no summary')
    with (folder / 'requests.tsv').open() as log:
        times = sorted(int(row[2]) / 1e6 for row in csv.reader(log, delimiter='\t'))
    return _with_percentiles(
        times, int(statuses[1]), _parse_time(elapsed[1]), int(failed[1]) + int(statuses[2])
    )


def _with_percentiles(
    ordered: Sequence[float], transactions: int, elapsed_s: float, errors: int
) -> Load:
    if not ordered:
        return Load(0, elapsed_s, 0, None, None, None, errors)
    p50, p90, p99 = (get_percentile(ordered, percent) for percent in (50, 90, 99))
    return Load(transactions, elapsed_s, ordered[-1], p50, p90, p99, errors)


# hey


def _hey_arguments(order: Order) -> list[str]:
    return ['-z', f'{order.duration_s}s', '-c', str(order.connections), order.url]


def read_hey(output: str, folder: Path) -> Load:
    """Read hey's summary."""
    numbers = dict(re.findall(r'^ +(Total|Slowest):\t([\d.]+) secs', output, re.MULTILINE))
    percentiles = dict(re.findall(r'^ +(\d+)% in ([\d.]+) secs', output, re.MULTILINE))
    statuses = re.findall(r'^ +\[(\d+)\]\t(\d+) responses', output, re.MULTILINE)
    _, _, failures = output.partition('Error distribution:')
    lost = sum(map(int, re.findall(r'^ +\[(\d+)\]\t', failures, re.MULTILINE)))
    good = sum(int(count) for status, count in statuses if status.startswith('2'))
    bad = sum(int(count) for status, count in statuses) - good
    return Load(
        transactions=good, elapsed_s=float(numbers['Total']), longest_s=float(numbers['Slowest']),
        p50_s=_get_number(percentiles, '50'), p90_s=_get_number(percentiles, '90'),
        p99_s=_get_number(percentiles, '99'), errors=bad + lost,
    )  # fmt: skip


def _get_number(numbers: Mapping[str, str], key: str) -> float | None:
    """Return a percentile, None where hey leaves it out: there were few requests."""
    return float(numbers[key]) if key in numbers else None


# k6

_K6_SCRIPT = """\
import http from 'k6/http';
export const options = {
  vus: %(connections)d, duration: '%(duration)sms', discardResponseBodies: true,
  summaryTrendStats: ['med', 'p(90)', 'p(99)', 'max'],
};
export default function () { http.get('%(url)s', { redirects: 0 }); }
export function handleSummary(data) {
  return { stdout: JSON.stringify({ metrics: data.metrics, state: data.state }) };
}
"""


def _k6_arguments(order: Order) -> list[str]:
    script = _K6_SCRIPT % {
        'connections': order.connections,
        'duration': round(order.duration_s * 1000),
        'url': order.url,
    }
    (order.folder / 'script.js').write_text(script)
    return ['run', '--quiet', '--no-usage-report', 'script.js']


def read_k6(output: str, folder: Path) -> Load:
    """Read what the script's handleSummary prints: metrics in ms."""
    data: dict[str, Any] = json.loads(output[output.index('{') :])
    values = {name: metric['values'] for name, metric in data['metrics'].items()}
    times = values['http_req_duration']
    # http_req_failed is a rate of failures: its "passes" are the failed requests.
    errors = int(values['http_req_failed']['passes'])
    return Load(
        transactions=int(values['http_reqs']['count']) - errors,
        elapsed_s=data['state']['testRunDurationMs'] / 1e3, longest_s=times['max'] / 1e3,
        p50_s=times['med'] / 1e3, p90_s=times['p(90)'] / 1e3, p99_s=times['p(99)'] / 1e3,
        errors=errors,
    )  # fmt: skip


# ab

_AB_REQUESTS_PER_S = 200_000  # ab ends after so many: more than any server handles


def _ab_arguments(order: Order) -> list[str]:
    return [
        '-q', '-k', '-l', '-r', '-t', str(order.whole_seconds),
        '-n', str(_AB_REQUESTS_PER_S * order.whole_seconds), '-c', str(order.connections),
        '-e', 'percentiles.csv', order.url,
    ]  # fmt: skip


def read_ab(output: str, folder: Path) -> Load:
    """Read what ab prints, and its file of percentiles in ms."""
    numbers = dict(re.findall(r'^([A-Z][\w -]+):\s+([\d.]+)', output, re.MULTILINE))
    bad = int(numbers['Failed requests']) + int(numbers.get('Non-2xx responses', '0'))
    with (folder / 'percentiles.csv').open() as file:
        times = {row[0]: float(row[1]) / 1e3 for row in list(csv.reader(file))[1:]}
    return Load(
        transactions=int(numbers['Complete requests']) - bad,
        elapsed_s=float(numbers['Time taken for tests']), longest_s=times['100'],
        p50_s=times['50'], p90_s=times['90'], p99_s=times['99'], errors=bad,
    )  # fmt: skip


# siege

# A connection for each request, which is siege's default: on a kept connection siege 4.0 waits for
# ever for the end of a chunked response.
_SIEGE_SETTINGS = (
    'verbose = false\nlogging = false\njson_output = true\nconnection = close\n'
    'protocol = HTTP/1.1\nparser = false\nlimit = 1000\n'
)


def _siege_arguments(order: Order) -> list[str]:
    # siege counts whole seconds of the clock, and so ends up to a second too early.
    (order.folder / 'siegerc').write_text(_SIEGE_SETTINGS)
    return [
        '--rc', str(order.folder / 'siegerc'), '--benchmark',
        '--concurrent', str(order.connections), '--time', f'{order.whole_seconds + 1}S', order.url,
    ]  # fmt: skip


def read_siege(output: str, folder: Path) -> Load:
    """Read siege's JSON, which has hundredths of a second and no percentiles."""
    data = json.loads(output[output.index('{') :])
    errors = int(data['failed_transactions'])
    return Load(
        transactions=int(data['transactions']), elapsed_s=float(data['elapsed_time']),
        longest_s=float(data['longest_transaction']), p50_s=None, p90_s=None, p99_s=None,
        errors=errors,
    )  # fmt: skip


# The first that is installed is used: those that need the least CPU come first.
TOOLS = {
    tool.name: tool
    for tool in (
        Tool('wrk', '-v', _wrk_arguments, read_wrk),
        Tool('h2load', '--version', _h2load_arguments, read_h2load),
        Tool('hey', None, _hey_arguments, read_hey),
        Tool('k6', 'version', _k6_arguments, read_k6),
        Tool('ab', '-V', _ab_arguments, read_ab),
        Tool('siege', '--version', _siege_arguments, read_siege),
    )
}
