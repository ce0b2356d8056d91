"""Run every test of the repository: `python -m management_tests [pytest's options]`.

First pytest here; then, without plans and on PostgreSQL, whatever that could change; then the tests
marked `server` one after the other; then the example's own as its users run them. The last line
counts all. With `-m` in the options pytest runs once.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from management_tests.support.postgres import must_be_there, serve_postgres

ROOT = Path(__file__).resolve().parent.parent
# model_mommy 2.0 announces its successor, model_bakery, whenever it is imported, and takes a name
# that Django 4.2 calls deprecated. The same stands in setup.cfg for pytest.
WARNINGS = (
    *('-W', 'error'),
    *('-W', 'ignore:Important:DeprecationWarning'),
    *('-W', 'ignore:The django.utils.timezone.utc alias:DeprecationWarning'),
)
OUTCOME = re.compile(r'(\d+) (passed|failed|skipped|errors?|xfailed|xpassed)\b')
ADDED = re.compile(r'(failures|errors|skipped|expected failures|unexpected successes)=(\d+)')


class Tally:
    """The pytest plugin that keeps the counts of the run."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for outcome in ('passed', 'failed', 'error', 'skipped', 'xfailed', 'xpassed'):
            self.counts[outcome] += len(terminalreporter.stats.get(outcome, ()))


def run_pytest(arguments: list[str]) -> tuple[int, Counter[str]]:
    """Return the exit status of pytest and its counts. No test at all is no failure."""
    tally = Tally()
    status = int(pytest.main(arguments, plugins=[tally]))
    return (0 if status == pytest.ExitCode.NO_TESTS_COLLECTED else status), tally.counts


def run_without_plans(arguments: list[str]) -> tuple[int, Counter[str]]:
    """Return the same for another run of the tests that plans or the database could change.

    conftest.py leaves out the others. Both at once: a failure says by itself which of the two it is
    about, and each more run takes minutes.
    """
    chosen = 'not server and not browser and not faults and not slow'
    with choose_database() as environ:
        environ['DJANGO_APISTAR_ACCELERATE'] = '0'
        return run_apart([*arguments, '-m', chosen], environ)


@contextlib.contextmanager
def choose_database() -> Iterator[dict[str, str]]:
    """Yield the environment of tests on PostgreSQL; SQLite where that has no wheel."""
    if not must_be_there() and importlib.util.find_spec('pgserver') is None:
        yield dict(os.environ)
        return
    with serve_postgres() as server:
        yield {**os.environ, 'TEST_DATABASE_URL': server.url('suite')}


def run_server_tests(arguments: list[str]) -> tuple[int, Counter[str]]:
    """Return the same for the tests that measure servers.

    One at a time: they count every request under load.
    """
    return run_apart([*arguments, '-m', 'server', '-n', '0'], dict(os.environ))


def run_apart(arguments: list[str], environ: dict[str, str]) -> tuple[int, Counter[str]]:
    """Return the same for pytest in a process of its own."""
    command = [sys.executable, '-m', 'pytest', *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
    ) as process:
        last = ''
        for line in process.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            last = line if OUTCOME.search(line) else last
    counts = Counter({word.rstrip('s'): int(number) for number, word in OUTCOME.findall(last)})
    status = process.returncode
    return (0 if status == pytest.ExitCode.NO_TESTS_COLLECTED else status), counts


def run_example_tests() -> tuple[int, Counter[str]]:
    """Return the exit status of `manage.py test` and what unittest's last lines count."""
    # pytest-django's setting, meant for this process.
    environ = {k: v for k, v in os.environ.items() if k != 'DJANGO_SETTINGS_MODULE'}
    done = subprocess.run(
        [sys.executable, *WARNINGS, 'manage.py', 'test'],
        cwd=ROOT / 'example',
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    sys.stderr.write(done.stderr)
    sys.stderr.flush()
    return done.returncode, count(done.stderr)


def count(output: str) -> Counter[str]:
    ran = re.search(r'^Ran (\d+) tests?', output, re.MULTILINE)
    if not ran:
        return Counter(failed=1)
    found = {word: int(number) for word, number in ADDED.findall(output[ran.end() :])}
    failed = sum(found.get(word, 0) for word in ('failures', 'errors', 'unexpected successes'))
    skipped = found.get('skipped', 0)
    return Counter(passed=int(ran.group(1)) - failed - skipped, failed=failed, skipped=skipped)


def main(arguments: list[str]) -> int:
    if '-m' in arguments:
        parts = [run_pytest(arguments)]
    else:
        parts = [run_pytest([*arguments, '-m', 'not server'])]
        print('\nThe tests that requests are in, without plans and on PostgreSQL:', flush=True)
        parts.append(run_without_plans(arguments))
        print('\nThe tests that measure servers:', flush=True)
        parts.append(run_server_tests(arguments))
    print('\nThe tests of the example:', flush=True)
    parts.append(run_example_tests())
    counts = sum((part for _, part in parts), Counter())
    failed = counts['failed'] + counts['error'] + counts['xpassed']
    passed = counts['passed'] + counts['xfailed']
    print(f'\n{passed} passed, {failed} failed, {counts["skipped"]} skipped')
    return next((status for status, _ in parts if status), 0)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
