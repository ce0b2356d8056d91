"""Runs the tasks of `worker`, one process each, and reads callgrind's counts."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from management_tests.benchmarks.cases import CASES
from management_tests.benchmarks.timing import Measurement

ROOT = Path(__file__).parents[2]
MARK = 'getpriority'  # the C function behind worker._mark
Counts = dict[tuple[str, str], float]  # by (case, subject): instructions per request


@contextlib.contextmanager
def database() -> Iterator[dict[str, str]]:
    """Make the benchmark's database for a while; yields the workers' environment."""
    with tempfile.TemporaryDirectory(prefix='benchmark-') as directory:
        environment = {
            **os.environ,
            'DJANGO_SETTINGS_MODULE': 'management_tests.benchmarks.project.settings',
            'BENCHMARK_DATABASE': str(Path(directory) / 'db.sqlite3'),
            'PYTHONHASHSEED': '0',
            'PYTHONPATH': str(ROOT),
        }
        run_worker(environment, task='fill')
        yield environment


def copy_database(environment: dict[str, str], path: Path) -> dict[str, str]:
    """Return *environment* with a database of its own at *path*, for a process that may write.

    SQLite has one writer at a time: who begins to write after it has read is refused at once where
    another writes.
    """
    shutil.copyfile(environment['BENCHMARK_DATABASE'], path)
    return {**environment, 'BENCHMARK_DATABASE': str(path)}


def run_worker(environment: dict[str, str], prefix: Sequence[str] = (), **task: Any) -> Any:
    """Return what the worker's *task* answers. *prefix*: a program that runs the worker."""
    done = subprocess.run(
        [*prefix, sys.executable, '-m', 'management_tests.benchmarks.worker'],
        input=json.dumps(task), env=environment, cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f'benchmark {task}: exit status {done.returncode}\n{done.stderr}')
    return json.loads(done.stdout)


def time_case(
    environment: dict[str, str], case: str, rounds: int, value_s: float
) -> dict[tuple[str, str], Measurement]:
    """Return CPU time per request, by (case, subject), of one interleaved run."""
    with tempfile.TemporaryDirectory(prefix='benchmark-') as directory:
        own = copy_database(environment, Path(directory) / 'db.sqlite3')
        measured = run_worker(own, task='time_case', case=case, rounds=rounds, value_s=value_s)
    return {
        (case, subject): Measurement(one['name'], tuple(one['values']), one['loops'])
        for subject, one in measured.items()
    }


def count_instructions(
    environment: dict[str, str], pairs: Sequence[tuple[str, str]], loops: int
) -> Counts:
    """Return instructions per request of *pairs* (case, subject), without the harness' own.

    One process under callgrind, of which each subject has a fork; *loops* hellos, fewer of what
    costs more.
    """
    wanted = {*pairs, *((case, 'floor') for case, _ in pairs)}
    groups: dict[str, list[tuple[str, str, int]]] = {}
    for case, subject in sorted(wanted):
        # The applications of `ladder`, 'item: parse', share a process for each case.
        name = CASES[case].process or subject.partition(': ')[0]
        times = max(1, loops // CASES[case].weight)
        groups.setdefault(name, []).append((case, subject, times))
    counts = _count(environment, list(groups.values()))
    return {(case, name): counts[case, name] - counts[case, 'floor'] for case, name in pairs}


def _count(environment: dict[str, str], groups: list[list[tuple[str, str, int]]]) -> Counts:
    with tempfile.TemporaryDirectory(prefix='callgrind-') as directory:
        command = (
            'valgrind', '--tool=callgrind', '--instr-atstart=no', f'--dump-before={MARK}',
            f'--callgrind-out-file={directory}/%p', '--quiet',
            # So that vgdb finds the forks, whose only child it is.
            '--trace-children=yes', '--trace-children-skip=*/vgdb',
        )  # fmt: skip
        pids = run_worker(environment, command, task='count_instructions', groups=groups)
        return {
            # Of each case's two dumps the first holds what came before it.
            (case, name): read_total(Path(directory) / f'{pid}.{2 * number}') / times
            for pid, tasks in zip(pids, groups, strict=True)
            for number, (case, name, times) in enumerate(tasks, 1)
        }


def read_total(dump: Path) -> int:
    found = re.search(r'^totals: (\d+)', dump.read_text(), re.MULTILINE)
    if found is None:
        sys.exit(f'callgrind wrote no totals to {dump}.')
    return int(found[1])
