"""Measures in a process of its own. `python -m management_tests.benchmarks.worker` is for `runs`.

The task comes as JSON on standard input; the answer is JSON on standard output.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import traceback
import tracemalloc
from collections.abc import Callable
from typing import Any

import django

from management_tests.benchmarks import timing
from management_tests.benchmarks.cases import CASES, OBSERVED, Variant

WARMUPS = 100  # calls until the interpreter has specialized its bytecode


def time_case(case: str, rounds: int, value_s: float) -> Any:
    """Return each subject's Measurement of *case*, without what the harness itself costs."""
    from management_tests.benchmarks.subjects import build_run

    runs = {subject: build_run(CASES[case], subject) for subject in CASES[case].subjects}
    measured = timing.measure(runs, rounds=rounds, value_s=value_s)
    floor = measured.pop('floor')
    return {name: dataclasses.asdict(one.subtract(floor)) for name, one in measured.items()}


def count_instructions(groups: list[list[tuple[str, str, int]]]) -> list[int]:
    """Send each group's (case, subject, times) in a fork of its own; return the forks' pids.

    To start Python and Django takes callgrind longer than to count most of them.
    """
    from management_tests.benchmarks import subjects  # noqa: F401  # before they part

    pids: list[int] = []
    running: set[int] = set()
    for tasks in groups:
        if len(running) == os.cpu_count():
            running.remove(_wait())
        pids.append(_fork(lambda tasks=tasks: _count(tasks)))
        running.add(pids[-1])
    for _ in running:
        _wait()
    return pids


def _fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _wait() -> int:
    """Return the pid of the fork that ends next."""
    pid, status = os.wait()
    if status:
        sys.exit(f'{pid} has failed: {os.waitstatus_to_exitcode(status)}')
    return pid


def _count(tasks: list[tuple[str, str, int]]) -> None:
    """Send each (case, subject, times) between two marks, under callgrind."""
    from management_tests.benchmarks.subjects import build_run

    _part_databases()
    runs = [(build_run(CASES[case], subject), loops) for case, subject, loops in tasks]
    for (run, _), (case, _, _) in zip(runs, tasks, strict=True):
        run(max(1, min(WARMUPS, 4000 // CASES[case].weight)))
    subprocess.run(
        ['vgdb', f'--pid={os.getpid()}', 'instrumentation', 'on'], check=True, capture_output=True
    )
    for run, loops in runs:
        # Each begins with nothing to collect: a collection that one leaves to the next costs it a
        # hundredth.
        gc.collect()
        gc.freeze()
        _mark()
        run(loops)
        _mark()


def _part_databases() -> None:
    """Give this fork a database of its own: SQLite has one writer at a time."""
    from django.db import connection

    settings = connection.settings_dict
    settings['NAME'] = shutil.copyfile(settings['NAME'], f'{settings["NAME"]}.{os.getpid()}')


def _mark() -> None:
    """Call the C function at which callgrind has been told to write down its counts."""
    os.getpriority(os.PRIO_PROCESS, 0)


def measure_growth(case: str, subject: str, requests: int) -> Any:
    """Return the bytes that *requests* requests leave behind, after as many as warm it up."""
    from management_tests.benchmarks.subjects import build_run

    run = build_run(CASES[case], subject)
    run(2000)
    gc.collect()
    tracemalloc.start()
    run(100)  # what tracing itself makes
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    run(requests)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    return after - before


def time_lifecycle(rounds: int, in_calls: bool = False) -> Any:
    """Return seconds per request of the lifecycle alone, by what the thread has open.

    *in_calls*: instead of seconds, how many calls of a function that does nothing.
    """
    from django.core.signals import request_finished, request_started
    from django.db import connection

    from django_apistar.dispatch.dispatcher import get_application
    from django_apistar.dispatch.lifecycle import get_connections
    from django_apistar.dispatch.lifecycle import thread as this_thread

    lifecycle = get_application().lifecycle

    def run(loops: int) -> None:
        get_connections()
        for _ in range(loops):  # as the dispatcher asks
            connections, is_signalled = this_thread.connections, False
            if (
                connections
                or request_started.receivers != lifecycle.started
                or request_finished.receivers != lifecycle.finished
            ):
                is_signalled = lifecycle.begin(connections, {})
            if connections or is_signalled or lifecycle.closes_caches:
                lifecycle.end(connections, is_signalled)

    def run_nothing(loops: int) -> None:
        for _ in range(loops):
            _nothing({})

    subjects: dict[str, Callable[[int], object]] = {'lifecycle': run, 'nothing': run_nothing}

    def measure() -> Any:
        gc.freeze()  # a collection before each value need not go through what is there already
        measured = timing.measure(subjects, rounds=rounds)
        cost = measured['lifecycle'].subtract(measured['nothing']).median
        return cost / measured['nothing'].median if in_calls else cost

    results: dict[str, float] = {}

    def measure_without_connection() -> None:
        results['no connection'] = measure()

    thread = threading.Thread(target=measure_without_connection)
    thread.start()
    thread.join()
    connection.ensure_connection()
    results['a kept connection'] = measure()
    return results


def time_observation(rounds: int, in_calls: bool = False) -> Any:
    """Return seconds that hello costs more with settings that observe it, by what they are.

    The metrics are those of several processes, in files. *in_calls* as in `time_lifecycle`.
    """
    with tempfile.TemporaryDirectory(prefix='benchmark-metrics-') as folder:
        os.environ['PROMETHEUS_MULTIPROC_DIR'] = folder  # before its library is imported
        from management_tests.benchmarks.subjects import build_run

        runs: dict[str, Callable[[int], object]] = {
            title: build_run(
                dataclasses.replace(CASES['hello'], variant=Variant(keys=keys)), 'ours'
            )
            for title, keys in {'': (), **OBSERVED}.items()
        }
        runs['call'] = lambda loops: [_nothing({}) for _ in range(loops)]
        gc.freeze()  # as in `time_lifecycle`
        measured = timing.measure(runs, rounds=rounds)
        call = measured.pop('call').median
        unit = call if in_calls else 1
        plain = measured.pop('').median
        return {title: (one.median - plain) / unit for title, one in measured.items()}


def _nothing(environ: Any) -> None:
    """The call of a function, which the loop itself costs at least."""


def fill() -> None:
    from management_tests.benchmarks.project.database import fill_database

    fill_database()


TASKS: dict[str, Callable[..., Any]] = {
    task.__name__: task
    for task in (
        time_case,
        count_instructions,
        measure_growth,
        time_lifecycle,
        time_observation,
        fill,
    )
}


def main() -> None:
    task = json.load(sys.stdin)
    django.setup()
    result = TASKS[task.pop('task')](**task)
    json.dump(result, sys.stdout)


if __name__ == '__main__':
    main()
