"""Run every test of the repository: `python -m management_tests [pytest's options]`.

First pytest for all but what is measured; then, without plans and on PostgreSQL, whatever that
could change; then the tests marked `server`; then the example's own as its users run them. The last
line counts all. With `-m` in the options pytest runs once.

Whatever ends it, it leaves no process behind: it is the parent of all that lose theirs.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from management_tests.support.postgres import must_be_there, serve_postgres
from management_tests.support.processes import (
    GRACE_S,
    adopt_orphans,
    end_descendants,
    hear_for_tests,
    wait_for_child,
)

ROOT = Path(__file__).resolve().parent.parent
# model_mommy 2.0 announces its successor, model_bakery, whenever it is imported, and takes a name
# that Django 4.2 calls deprecated. The same stands in setup.cfg for pytest.
WARNINGS = (
    *('-W', 'error'),
    *('-W', 'ignore:Important:DeprecationWarning'),
    *('-W', 'ignore:The django.utils.timezone.utc alias:DeprecationWarning'),
)
ADDED = re.compile(r'(failures|errors|skipped|expected failures|unexpected successes)=(\d+)')

Result = tuple[int, 'Counter[str]']  # exit status, and outcomes


def run_pytest(arguments: list[str], **variables: str) -> Result:
    """Return the exit status of pytest and its counts. No test at all is no failure.

    It keeps its bytecode: to compile the tests takes longer than to collect them.
    """
    with tempfile.TemporaryDirectory() as folder:
        tally = Path(folder) / 'tally.json'
        command = [sys.executable, '-m', 'pytest', '-p', 'management_tests.support.tally']
        environ = {**os.environ, **variables, 'TALLY': str(tally)}
        environ.pop('PYTHONDONTWRITEBYTECODE', None)
        status = wait_for_child(os.posix_spawn(sys.executable, [*command, *arguments], environ))
        counts = Counter(json.loads(tally.read_text())) if tally.exists() else Counter(error=1)
    return (0 if status == pytest.ExitCode.NO_TESTS_COLLECTED else status), counts


def run_without_plans(arguments: list[str]) -> Result:
    """Return the same for another run of the tests that plans or the database could change.

    Those marked `once` are left out. Both at once: a failure says by itself which of the two it is
    about, and each more run takes minutes.
    """
    chosen = 'not server and not browser and not faults and not slow'
    with choose_database() as database:
        return run_pytest([*arguments, '-m', chosen], DJANGO_APISTAR_ACCELERATE='0', **database)


@contextlib.contextmanager
def choose_database() -> Iterator[dict[str, str]]:
    """Yield the variables of tests on PostgreSQL; none, for SQLite, where that has no wheel."""
    if not must_be_there() and importlib.util.find_spec('pgserver') is None:
        yield {}
        return
    with serve_postgres() as server:
        yield {'TEST_DATABASE_URL': server.url('suite')}


def run_server_tests(arguments: list[str]) -> Result:
    """Return the same for the tests that measure servers, which mostly wait.

    All requests under load are counted, and timed. They are few and long: where pytest has several
    processes, each takes single tests from another that has more left, and none waits for a file.
    """
    return run_pytest([*arguments, '-m', 'server', '--dist', 'worksteal'])


def run_example_tests(_: list[str]) -> Result:
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


PARTS: dict[str, Callable[[list[str]], Result]] = {
    'all but what is measured': lambda arguments: run_pytest([*arguments, '-m', 'not server']),
    'those that requests are in, without plans and on PostgreSQL': run_without_plans,
    'those that measure servers': run_server_tests,
    "the example's own": run_example_tests,
}
CHOSEN = {'those that -m chooses': run_pytest, "the example's own": run_example_tests}


def run_parts(arguments: list[str]) -> int:
    """Run each part, tell all counts, and return the first exit status that is not 0."""
    parts = CHOSEN if '-m' in arguments else PARTS
    results = []
    for number, (name, run) in enumerate(parts.items(), 1):
        began = time.monotonic()
        print(f'\nTests, part {number} of {len(parts)}: {name}', flush=True)
        results.append(run(arguments))
        print(f'Part {number} of {len(parts)}: {time.monotonic() - began:.0f} s', flush=True)
    counts = sum((part for _, part in results), Counter())
    failed = counts['failed'] + counts['error'] + counts['xpassed']
    passed = counts['passed'] + counts['xfailed']
    print(f'\n{passed} passed, {failed} failed, {counts["skipped"]} skipped')
    return next((status for status, _ in results if status), 0)


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    adopt_orphans()
    hear_for_tests()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    patience_s = 0.0
    try:
        return run_parts(arguments)
    except KeyboardInterrupt:
        patience_s = GRACE_S  # Control-C is for pytest, too, which ends its servers and reports
        return 128 + signal.SIGINT
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end_descendants(patience_s)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
