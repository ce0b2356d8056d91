"""`python -m management_tests.benchmarks.account [--write-docs]`: where instructions go.

item, create and a QuerySet, with orjson, on granian and within one process, beside the least that
Python can do. callgrind counts, so how busy the machine is does not matter.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django_apistar.bench.servers import list_session
from management_tests.benchmarks import report, runs, wire
from management_tests.benchmarks.cases import CASES

START, END = '<!-- account: start -->', '<!-- account: end -->'
LEAST = {'item': 'bare', 'create': 'bare', 'queryset': 'values'}  # by case, on granian
ASKED = {'item': 0.95, 'create': 0.85, 'queryset': 0.9}  # of its figure
COUNTED = {'item': 500, 'create': 500, 'queryset': 50}  # requests on granian, after as many
LOOPS = 1000  # within the process, of hello
STEPS = {  # by case: what is done more than in the line before, and who does it
    'item': (
        ('one call, which answers constant bytes', 'item: nothing'),
        ('an `int` of the path, two parameters of the query', 'item: parse'),
        ('JSON made by orjson', 'item: encode'),
        ('django-apistar: all the rest', 'fast'),
    ),
    'create': (
        ('one call, which answers constant bytes', 'create: nothing'),
        ('the body read', 'create: read'),
        ('orjson reads its JSON', 'create: load'),
        ('four fields validated, in Python', 'create: validate'),
        ('JSON made by orjson', 'create: encode'),
        ('django-apistar: all the rest', 'fast'),
    ),
    'queryset': (
        ('one call, which answers constant bytes', 'queryset: nothing'),
        ('Django fetches 100 rows as tuples', 'queryset: fetch'),
        ('100 dictionaries of them', 'queryset: shape'),
        ('JSON made by orjson', 'queryset: encode'),
        ('django-apistar: all the rest', 'fast'),
    ),
}
BESIDE = (  # what the text below the tables compares with
    ('hello', 'fast'), ('item', 'item: nothing'), ('create', 'create: msgspec'),
    ('create', 'create: encode'), ('create', 'fast'),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Account:
    """Instructions per request."""

    on_granian: dict[tuple[str, str], float]  # by (case, subject)
    in_process: dict[tuple[str, str], float]


def measure(environment: dict[str, str]) -> Account:
    pairs = [(case, subject) for case, steps in STEPS.items() for _, subject in steps]
    in_process = runs.count_instructions(environment, [*pairs, *BESIDE], LOOPS)
    on_granian: dict[tuple[str, str], float] = {}
    for subject in ('ours', *dict.fromkeys(LEAST.values())):
        cases = [case for case in LEAST if subject in ('ours', LEAST[case])]
        with count_on_granian(environment, subject) as server:
            on_granian |= {(case, subject): server.count(case) for case in cases}
    return Account(on_granian, in_process)


# granian under callgrind


@dataclasses.dataclass
class CountedServer:
    """A worker of granian under callgrind, and the folder for what that writes."""

    port: int
    worker: int
    folder: Path
    dumps: int = 0

    def count(self, case: str) -> float:
        """Return the instructions of a request, in all threads of the worker."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=120)
        with contextlib.closing(connection):
            self.send(connection, case, COUNTED[case])
            self.command('instrumentation', 'on')
            self.send(connection, case, COUNTED[case] // 5)
            self.command('zero')
            self.send(connection, case, COUNTED[case])
            self.command('dump')
            self.command('instrumentation', 'off')
        self.dumps += 1
        return runs.read_total(self.folder / f'out.{self.worker}.{self.dumps}') / COUNTED[case]

    def send(self, connection: http.client.HTTPConnection, case: str, times: int) -> None:
        one = CASES[case]
        headers = {'Content-Type': 'application/json'} if one.body else {}
        for _ in range(times):
            try:
                connection.request(one.method, f'{one.path}?{one.query}', one.body or None, headers)
                response = connection.getresponse()
            except ConnectionError:  # kept too long for granian, which callgrind slows down
                connection.close()
                continue
            response.read()
            if response.status != 200:
                sys.exit(f'{case} is answered with {response.status}.')

    def command(self, *words: str) -> None:
        subprocess.run(['vgdb', f'--pid={self.worker}', *words], check=True, capture_output=True)


@contextlib.contextmanager
def count_on_granian(environment: dict[str, str], subject: str) -> Iterator[CountedServer]:
    with tempfile.TemporaryDirectory(prefix='callgrind-') as name:
        prefix = (
            'valgrind', '--tool=callgrind', '--trace-children=yes', '--instr-atstart=no',
            '--quiet', f'--callgrind-out-file={name}/out.%p',
        )  # fmt: skip
        with wire.serve(environment, 'granian', subject, prefix) as server:
            [worker] = [pid for pid in list_session(server.session) if pid != server.session]
            yield CountedServer(server.port, worker, Path(name))


# The page


def to_markdown(account: Account) -> str:
    lines = ['| on granian, instructions of a request | item | create | QuerySet |']
    lines.append('| --- | ---: | ---: | ---: |')
    least = [account.on_granian[case, subject] for case, subject in LEAST.items()]
    ours = [account.on_granian[case, 'ours'] for case in LEAST]
    lines.append(_line('the least: a bare function; for the QuerySet, the rows as tuples', least))
    lines.append(_line('django-apistar', ours))
    shares = [f'{below / above:.2f}' for below, above in zip(least, ours, strict=True)]
    lines.append(f'| the least / django-apistar | {" | ".join(shares)} |')
    lines.append(f'| asked of CPU time | {" | ".join(map(str, ASKED.values()))} |')
    for case, steps in STEPS.items():
        lines += ['', f'| {case}, in process | instructions more |', '| --- | ---: |']
        before = 0.0
        for title, subject in steps:
            count = account.in_process[case, subject]
            lines.append(_line(title, [count - before]))
            before = count
    return '\n'.join([*lines, '', *_describe(account)])


def _line(title: str, counts: list[float]) -> str:
    return f'| {title} | {" | ".join(f"{count:,.0f}" for count in counts)} |'


def _describe(account: Account) -> Iterator[str]:
    counts = account.in_process
    hello = counts['hello', 'fast'] - counts['item', 'item: nothing']
    yield (
        f'Of *all the rest* {hello:,.0f} are what hello costs above one call: the route, the host, '
        'the limits of a request, the connection, the security headers.'
    )
    msgspec, by_hand = counts['create', 'create: msgspec'], counts['create', 'create: encode']
    yield (
        f'create by msgspec, which reads, validates and writes in C, takes {msgspec:,.0f} in all, '
        f'the same by hand in Python {by_hand:,.0f}, and django-apistar '
        f'{counts["create", "fast"]:,.0f}.'
    )


def main(arguments: list[str]) -> None:
    with runs.database() as environment:
        text = to_markdown(measure(environment))
    if '--write-docs' in arguments:
        report.write_between(report.PAGE, START, END, text)
    sys.stdout.write(f'{text}\n')


if __name__ == '__main__':
    main(sys.argv[1:])
