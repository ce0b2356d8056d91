"""Over HTTP: wrk on servers of one worker each, all kept running meanwhile.

Servers of one thread that are compared are loaded at the same time, on one core. The kernel gives
it to them in turns of milliseconds, so that whatever slows the machine down slows them alike; in
turns of a second hello against a bare function differed by a tenth from run to run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from django_apistar.bench.servers import read_cpu_s
from django_apistar.bench.statistics import Ratio, compare, compare_apart
from management_tests.benchmarks.cases import CASES, ROWS, WITHOUT
from management_tests.benchmarks.runs import ROOT, copy_database

Tell = Callable[[str], object]
Pair = tuple[str, str]  # (subject, case)
BOLT, QUIET_BOLT = 'bolt', 'bolt, no log'  # as it ships, and without a line for each request
LOGGED = 'ours, log'  # with --access-log
BOLT_CASES = ('hello', 'item', 'create', 'queryset')
OURS = {BOLT: LOGGED}  # by reference, what it is compared with; else 'ours'
BOLT_ENVIRONMENT = ROOT / 'build' / 'benchmarks' / 'bolt'
CONNECTIONS = 16
START_S = 180  # that a server may take to answer, callgrind's too
STARTS = 3  # of the servers: how a process lies in memory makes a hundredth or two
# A hundredth of a whole request with a new row is a tenth of what is left without the ORM.
STARTS_OF_WRITES = 12
TIMEOUT_S = 10  # wrk's own is no longer than a round, and one slow answer would be an error
SCRIPT = Path(__file__).with_name('wire.lua')
SETTINGS = 'management_tests.benchmarks.project.settings'
APPLICATIONS = {  # by subject
    'bare': 'management_tests.benchmarks.applications.bare',
    'rows': 'management_tests.benchmarks.applications.rows',
    'values': 'management_tests.benchmarks.applications.values',
    'page': 'management_tests.benchmarks.applications.page_rows',
    'no_row': 'management_tests.benchmarks.applications.no_row',
    'orm': 'management_tests.benchmarks.applications.create_row',
    'orm_of_brand': 'management_tests.benchmarks.applications.create_row_of_brand',
    'orm_clean': 'management_tests.benchmarks.applications.create_clean_row',
    'stock': 'management_tests.benchmarks.applications.stock',
    'ours': 'django_apistar.wsgi.application',
    LOGGED: 'django_apistar.wsgi.application',
    'django': 'management_tests.benchmarks.applications.django',
    'ninja': 'management_tests.benchmarks.applications.django',
    'drf': 'management_tests.benchmarks.applications.django',
}
# By case: the application that does the least which anything must do; else a bare function.
FLOORS = {
    'list': ('rows', 'list'), 'queryset': ('values', 'queryset'), 'devices': ('page', 'devices'),
    'new_device': ('no_row', 'new_device'),
}  # fmt: skip
FLOOR = ('bare', 'hello')


class Setup(NamedTuple):
    """How the servers of a table run."""

    server: str
    threads: int
    shares_core: bool  # all at once, and wrk has another; else one at a time, on all cores


# With one thread on one core, for the applications; with four on all cores, for what they cost
# when they wait for each other.
MANY = ', 4 threads'
SETUPS = {  # by title
    'gunicorn': Setup('gunicorn', 1, True), 'granian': Setup('granian', 1, True),
    f'gunicorn{MANY}': Setup('gunicorn', 4, False), f'granian{MANY}': Setup('granian', 4, False),
}  # fmt: skip
TARGETS = {  # by title: (case, reference, how many times ours; 0 where nothing is promised)
    'gunicorn': (
        ('hello', 'bare', 0.93), ('hello', 'stock', 1), ('hello', 'django', 2),
        ('item', 'stock', 1.6), ('create', 'stock', 1.4), ('list', 'stock', 2),
        ('queryset', 'stock', 2),
    ),
    'granian': (
        ('hello', 'bare', 0.9), ('hello', 'stock', 1.35), ('hello', 'django', 5),
        ('hello', 'ninja', 6), ('item', 'stock', 6), ('create', 'stock', 4.5),
        ('list', 'stock', 2.5), ('queryset', 'stock', 2.5), ('devices', 'ninja', 4),
        ('devices', 'drf', 4), ('new_device', 'ninja', 5), ('new_device', 'drf', 5),
        *((case, other, 0) for other in (BOLT, QUIET_BOLT) for case in BOLT_CASES),
    ),
    f'gunicorn{MANY}': (('hello', 'bare', 0), ('list', 'stock', 0)),
    f'granian{MANY}': (('hello', 'bare', 0), ('list', 'stock', 0)),
}  # fmt: skip
REFERENCES = sorted({reference for targets in TARGETS.values() for _, reference, _ in targets})


@dataclasses.dataclass(frozen=True)
class WireRow:
    """How many times the reference costs what ours does, on one server."""

    server: str  # its title
    case: str
    reference: str
    target: float
    cpu: Ratio  # CPU time of the server's processes per request
    throughput: Ratio
    # Of the CPU time: what the application that costs least would reach; None without the ORM.
    bound: Ratio | None

    @property
    def holds(self) -> bool:
        return self.cpu.median >= self.target

    @property
    def is_out_of_reach(self) -> bool:
        """True where no application reaches the target on this server and machine."""
        return self.bound is not None and self.bound.median < self.target


@dataclasses.dataclass(frozen=True)
class Load:
    """What one run of wrk saw."""

    cpu_s: float  # of the server's processes, per request
    wall_s: float  # per request


def measure(
    environment: dict[str, str],
    rounds: int,
    duration_s: int,
    tell: Tell,
    against: Sequence[str] = (),
    cases: Sequence[str] = (),
) -> list[WireRow]:
    """Return the comparisons on each server: all, or those with *against* and of *cases*."""
    if not shutil.which('wrk'):
        sys.exit('wrk is not installed. Install it, or leave --wire out.')
    rows: list[WireRow] = []
    for title, every in TARGETS.items():
        targets = [
            (case, reference, target) for case, reference, target in every
            if (not against or reference in against) and (not cases or case in cases)
        ]  # fmt: skip
        loads: list[dict[Pair, list[Load]]] = [
            {pair: [] for pair in list_pairs(case, reference)} for case, reference, _ in targets
        ]
        for start in range(STARTS_OF_WRITES):
            due = [
                load for load, (case, _, _) in zip(loads, targets, strict=True)
                if start < STARTS or CASES[case].writes
            ]  # fmt: skip
            if due:
                tell(f'on the wire: {title}, start {start + 1}')
                run_once(environment, title, due, math.ceil(rounds / STARTS), duration_s)
        rows += [build_row(title, *target, one) for target, one in zip(targets, loads, strict=True)]
    return rows


def run_once(
    environment: dict[str, str],
    title: str,
    loads: Sequence[dict[Pair, list[Load]]],
    rounds: int,
    duration_s: int,
) -> None:
    """Start the servers of *loads*, and add to these."""
    with contextlib.ExitStack() as stack:
        running = {
            subject: stack.enter_context(serve(environment, title, subject))
            for subject in dict.fromkeys(subject for group in loads for subject, _ in group)
        }
        load_in_rounds(running, loads, rounds, duration_s, SETUPS[title].shares_core)


def list_pairs(case: str, reference: str) -> list[Pair]:
    """Return what is loaded at the same time."""
    ours = OURS.get(reference, 'ours')
    pairs = [(reference, case), (ours, case), FLOORS.get(case, FLOOR)]
    if CASES[case].writes:
        pairs += [(WITHOUT[subject], case) for subject in (reference, ours)]
    return list(dict.fromkeys(pairs))


def load_in_rounds(
    running: dict[str, Server],
    loads: Sequence[dict[Pair, list[Load]]],
    rounds: int,
    duration_s: int,
    at_once: bool,
) -> None:
    """Add to the *loads* of each group, one group after the other."""

    def load_each(group: dict[Pair, list[Load]]) -> Iterator[Load]:
        longest_s = duration_s * max(CASES[case].times for _, case in group)
        return pool.map(lambda pair: running[pair[0]].load(pair[1], longest_s), group)

    with ThreadPoolExecutor(None if at_once else 1) as pool:
        for group in loads:
            list(load_each(group))  # warms up
            # Ours and the least that there is differ by hundredths: only many loads at once tell.
            is_fine = at_once and len(group) == 2
            for _ in range(rounds * (4 if is_fine else 1)):
                for seen, one in zip(group.values(), load_each(group), strict=True):
                    seen.append(one)


def build_row(
    server: str, case: str, reference: str, target: float, loads: dict[Pair, list[Load]]
) -> WireRow:
    theirs, ours = (reference, case), (OURS.get(reference, 'ours'), case)
    least = FLOORS.get(case, FLOOR)
    cpu_s = {pair: [load.cpu_s for load in seen] for pair, seen in loads.items()}
    wall_s = {pair: [load.wall_s for load in seen] for pair, seen in loads.items()}
    rate = compare(wall_s[theirs], wall_s[ours])
    if CASES[case].writes:
        above, below = (take_off_orm(cpu_s, *pair) for pair in (theirs, ours))
        # Of medians: a round's own ratio would be decided by what disturbs its small difference.
        cpu = compare_apart(above, below)
        return WireRow(server, case, reference, target, cpu, rate, None)
    cpu, bound = (compare(cpu_s[theirs], cpu_s[pair]) for pair in (ours, least))
    return WireRow(server, case, reference, target, cpu, rate, bound)


def take_off_orm(cpu_s: dict[Pair, list[float]], subject: str, case: str) -> list[float]:
    """Return what *subject* needs outside of the ORM's calls, the server's own part included."""
    parts = (subject, case), (WITHOUT[subject], case), FLOORS[case]
    rounds = zip(*(cpu_s[pair] for pair in parts), strict=True)
    return [whole - (orm - server) for whole, orm, server in rounds]


# Servers


@dataclasses.dataclass(frozen=True)
class Server:
    """A server that runs, with all its processes in one session."""

    subject: str
    port: int
    session: int
    client_core: int | None
    database: str  # its own copy

    def load(self, case: str, duration_s: int) -> Load:
        """Load the server for *duration_s* seconds; exit where it answers with an error."""
        before = read_cpu_s(self.session)
        seen = self._run_wrk(case, duration_s)
        cpu_s = read_cpu_s(self.session) - before
        if seen['errors'] or not seen['requests']:
            sys.exit(f'{self.subject}, {case}: {seen}')
        requests = seen['requests']
        is_writer = CASES[case].writes and (self.subject, case) != FLOORS[case]
        if is_writer and self.remove_new_rows() < requests:
            sys.exit(f'{self.subject}, {case}: not every request wrote a row')
        return Load(cpu_s / requests, seen['duration_us'] / 1e6 / requests)

    def _run_wrk(self, case: str, duration_s: int) -> Any:
        method, body = CASES[case].method, CASES[case].of(self.subject).body.decode()
        command = [
            'wrk', '--threads', '1', '--connections', str(CONNECTIONS),
            '--duration', f'{duration_s}s', '--timeout', f'{TIMEOUT_S}s',
            '--script', SCRIPT,
            self.url(case), '--', method, *([body] if body else []),
        ]  # fmt: skip
        with core(self.client_core):
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])

    def remove_new_rows(self) -> int:
        """Let each round begin with the same table. Returns how many rows there were more."""
        connection = sqlite3.connect(self.database, timeout=START_S)
        with contextlib.closing(connection), connection:
            new = 'DELETE FROM project_device WHERE id > ?'
            return connection.execute(new, [ROWS]).rowcount

    def url(self, case: str) -> str:
        path = CASES[case].of(self.subject).path
        if self.subject in (BOLT, QUIET_BOLT):  # redirects to the path without its slash
            path = path.rstrip('/')
        return f'http://127.0.0.1:{self.port}{path}?{CASES[case].query}'

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):  # refused, or too busy to answer yet
                urllib.request.urlopen(self.url('hello'), timeout=5).read()
                return
            if process.poll() is not None:
                break
            time.sleep(0.2)
        sys.exit(f'The server of {self.subject} does not answer: {" ".join(process.args)}')


@contextlib.contextmanager
def serve(
    environment: dict[str, str], title: str, subject: str, prefix: Sequence[str] = ()
) -> Iterator[Server]:
    """Serve *subject*. *prefix*: a program that runs the server."""
    port = find_port()
    command, more = build_command(title, subject, port)
    # Not by its port, which another has had: a server that was ended leaves its write-ahead log.
    folder = tempfile.mkdtemp(dir=Path(environment['BENCHMARK_DATABASE']).parent)
    database = Path(folder) / 'rows.sqlite3'
    environment = copy_database(environment, database)
    server_core, client_core = (0, 1) if SETUPS[title].shares_core else (None, None)
    with core(server_core):
        process = subprocess.Popen(
            [*prefix, *command], env={**environment, **more}, cwd=ROOT, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        running = Server(subject, port, process.pid, client_core, str(database))
        running.wait(process)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def core(number: int | None) -> Iterator[None]:
    """Give what is started meanwhile this one of our cores, where there are two to give.

    Else a request costs whatever the scheduler makes of a server's threads and wrk, which differs
    from start to start. None: all cores.
    """
    cores = sorted(os.sched_getaffinity(0))
    if number is None or len(cores) < 2:
        yield
        return
    os.sched_setaffinity(0, {cores[number]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def build_command(title: str, subject: str, port: int) -> tuple[list[str], dict[str, str]]:
    """Return the command that serves *subject*, and what it adds to the environment."""
    if subject in (BOLT, QUIET_BOLT):
        python = str(prepare_bolt())
        more = {
            'DJANGO_SETTINGS_MODULE': 'management_tests.benchmarks.bolt.settings',
            'BENCHMARK_LOG_LEVEL': 'ERROR' if subject == QUIET_BOLT else 'INFO',
        }
        options = ['--host', '127.0.0.1', '--port', str(port), '--processes', '1', '--no-admin']
        return [python, '-m', 'django', 'runbolt', *options], more
    more = {'DJANGO_SETTINGS_MODULE': SETTINGS, 'BENCHMARK_APPLICATION': APPLICATIONS[subject]}
    server, threads, _ = SETUPS[title]
    options = ['--server', server, '--workers', '1', '--threads', str(threads), '--skip-checks']
    if server == 'gunicorn':  # A worker that is replaced takes its CPU time along.
        options += ['--max-requests', '0']
    if subject == LOGGED:
        options += ['--access-log']
    return [sys.executable, '-m', 'django', 'runapistar', f'127.0.0.1:{port}', *options], more


def prepare_bolt() -> Path:
    """Return the Python of a virtualenv with the newest django-bolt, made on first use."""
    python = BOLT_ENVIRONMENT / 'bin' / 'python'
    if not python.exists():
        subprocess.run([find_python(), '-m', 'venv', str(BOLT_ENVIRONMENT)], check=True)
    if not list(BOLT_ENVIRONMENT.glob('lib/*/site-packages/django_bolt')):
        install = [python, '-m', 'pip', 'install', '--quiet', '--upgrade', 'django-bolt']
        subprocess.run(install, check=True, stdout=sys.stderr)
    return python


def find_python() -> str:
    """Return a Python 3.12, which django-bolt needs."""
    found = sorted(Path.home().glob('.pyenv/versions/3.12*/bin/python')) or [
        Path(shutil.which('python3.12') or 'python3.12')
    ]
    return str(found[-1])


def find_port() -> int:
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return int(free.getsockname()[1])
