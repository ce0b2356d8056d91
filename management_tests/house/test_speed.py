"""The promises of speed, by instruction counts, which repeat on any machine.

The full table is `make bench`. Here only what a mistake would move: each limit lies below the
figure in docs/explanation/performance.md by a margin.
"""

import contextlib
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Iterator

import pytest

from django_apistar.bench.statistics import compare, get_interval, rotate
from management_tests.benchmarks import report, runs, wire
from management_tests.benchmarks.__main__ import main
from management_tests.benchmarks.cases import CASES, COMPARISONS, ROWS
from management_tests.benchmarks.timing import Measurement, find_loops, measure

pytestmark = pytest.mark.once

needs_valgrind = pytest.mark.skipif(
    not shutil.which('valgrind') and not os.environ.get('CI'),
    reason='valgrind is not installed; CI has it',
)
LOOPS = 100
AT_LEAST = {  # how many times fewer instructions than stock API Star, with the standard library
    'hello': 4.5, 'item': 28, 'hook': 19, 'unseen_100': 14.5, 'not_found': 1.15,
    'wrong_method': 1.15,
    'create': 8.6, 'list': 2.6, 'queryset': 5.4, 'body_1k': 9.3,
}  # fmt: skip
OF_DJANGO = 1.025  # what a Django request may cost through the dispatcher: 1.02 and a margin


@pytest.fixture(scope='module')
def environment() -> Iterator[dict[str, str]]:
    """The environment of the workers, with a database for all tests of this file."""
    with runs.database() as environment:
        yield environment


@pytest.fixture(scope='module')
def counts(environment) -> runs.Counts:
    pairs = [(case, subject) for case in AT_LEAST for subject in ('stock', 'ours')]
    of_django = [('django', 'django'), ('django', 'dispatcher')]
    return runs.count_instructions(environment, [*pairs, *of_django], LOOPS)


@pytest.mark.slow
@needs_valgrind
@pytest.mark.parametrize('case', AT_LEAST)
def test_a_request_takes_a_fraction_of_stock_api_stars_instructions(counts, case) -> None:
    assert counts[case, 'stock'] / counts[case, 'ours'] >= AT_LEAST[case]


@pytest.mark.slow
@needs_valgrind
def test_hello_takes_a_fortieth_of_djangos_instructions(counts) -> None:
    assert counts['django', 'django'] / counts['hello', 'ours'] >= 40


@pytest.mark.slow
@needs_valgrind
def test_a_django_request_does_not_feel_the_dispatcher(counts) -> None:
    assert counts['django', 'dispatcher'] / counts['django', 'django'] <= OF_DJANGO


@pytest.mark.slow
def test_a_request_without_orm_pays_few_calls_for_connections(environment) -> None:
    """About 6 calls of an empty function with a connection; a microsecond is about 18."""
    calls = runs.run_worker(environment, task='time_lifecycle', rounds=15, in_calls=True)

    assert {name: cost < 15 for name, cost in calls.items()} == {
        'no connection': True, 'a kept connection': True,
    }  # fmt: skip


@pytest.mark.slow
def test_a_request_that_is_observed_pays_few_calls_and_another_none(environment) -> None:
    """About 220 for both: 10 microseconds, of which 15 are promised. A call is 0.05."""
    pytest.importorskip('prometheus_client')
    calls = runs.run_worker(environment, task='time_observation', rounds=15, in_calls=True)

    assert calls['both'] < 320
    assert abs(calls['nothing, once more']) < 15


BARE = """
import django
django.setup()
from management_tests.benchmarks.applications import bare
from management_tests.support.raw_wsgi import call
ours, theirs = call('/hello/', HTTP_HOST='localhost'), call(app=bare)
assert (ours.status, ours.headers, ours.body) == (theirs.status, theirs.headers, theirs.body)
"""


def test_bare_function_of_the_benchmark_answers_what_hello_answers() -> None:
    project = {'DJANGO_SETTINGS_MODULE': 'management_tests.benchmarks.project.settings'}
    done = subprocess.run(
        [sys.executable, '-c', BARE], env={**os.environ, **project}, cwd=runs.ROOT,
        capture_output=True, text=True,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, '')


STOCK = """
import django
django.setup()
from management_tests.benchmarks.cases import Case, Variant
from management_tests.benchmarks.subjects import BUILDERS, ask
for subject in ('stock', 'adjusted', 'ours', 'stock'):
    print(subject, ask(BUILDERS[subject](Variant()), Case('slashes', ''), '/item//42/'))
"""


@pytest.mark.slow  # left out of the matrix: API Star 0.5.40, as it comes, takes no `-> List[Type]`
def test_stock_is_measured_without_our_adjustments(environment) -> None:
    """As it comes, API Star on today's Werkzeug redirects a path with two slashes in a row."""
    done = subprocess.run(
        [sys.executable, '-c', STOCK], env=environment, cwd=runs.ROOT, capture_output=True,
        text=True,
    )  # fmt: skip

    as_it_comes = "stock (302, 'Found')"
    assert (done.stdout.splitlines(), done.stderr) == (
        [as_it_comes, "adjusted (404, 'Not found')", "ours (404, 'Not found')", as_it_comes], '',
    )  # fmt: skip


def test_every_comparison_is_of_measured_cases() -> None:
    unknown = [
        (case, subject)
        for comparison in COMPARISONS
        for case, subject in comparison.in_order()
        if case not in CASES or subject not in CASES[case].subjects
    ]

    assert unknown == []


BODIES = """
import json
import django
django.setup()
from management_tests.benchmarks.cases import CASES
from management_tests.benchmarks.project import devices, devices_drf, devices_ninja
declared = {
    'ours': list(devices.NewDevice.incoming.validator.properties),
    'ninja': list(devices_ninja.NewDevice.model_fields),
    'drf': [
        name for name, field in devices_drf.NewDeviceSerializer().fields.items()
        if not field.read_only
    ],
}
for subject, names in declared.items():
    print(subject, sorted(json.loads(CASES['new_device'].of(subject).body)), sorted(names))
"""


def test_each_framework_is_sent_what_its_own_declarations_ask_for_and_no_more() -> None:
    pytest.importorskip('ninja')
    project = {'DJANGO_SETTINGS_MODULE': 'management_tests.benchmarks.project.settings'}
    done = subprocess.run(
        [sys.executable, '-c', BODIES], env={**os.environ, **project}, cwd=runs.ROOT,
        capture_output=True, text=True,
    )  # fmt: skip

    by_key, by_id = ['brand', 'name', 'price'], ['brand_id', 'name', 'price']
    assert (done.stdout.splitlines(), done.stderr) == (
        [f'ours {by_key} {by_key}', f'ninja {by_id} {by_id}', f'drf {by_key} {by_key}'], '',
    )  # fmt: skip


@pytest.mark.slow
def test_a_subject_writes_to_a_database_of_its_own(environment) -> None:
    """SQLite has one writer: two subjects that are counted at the same time were refused."""
    pytest.importorskip('ninja')
    with contextlib.closing(sqlite3.connect(environment['BENCHMARK_DATABASE'])) as others:
        others.execute('BEGIN EXCLUSIVE')

        measured = runs.time_case(environment, 'new_device', rounds=1, value_s=0.001)

        assert ('new_device', 'ours') in measured
        assert others.execute('SELECT count(*) FROM project_device').fetchone() == (ROWS,)


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        (
            '--wire --write-docs --case hello',
            '--write-docs writes every figure: it takes --wire and --output, nothing else.',
        ),
        ('--wire --wire-rounds 0', '--wire-rounds and --duration must be 1 or more.'),
        ('--output nowhere/x.json', '--output: there is no folder nowhere.'),
        ('--rounds -1', "argument --rounds: must be a whole number, not '-1'"),
    ],
)
def test_options_that_would_waste_half_an_hour_are_refused(
    options, said, monkeypatch, capsys
) -> None:
    page = report.PAGE.read_bytes()
    monkeypatch.setattr(sys, 'argv', ['benchmarks', *options.split()])

    with pytest.raises(SystemExit) as exited:
        main()

    told = capsys.readouterr().err.splitlines()[-1]
    assert (exited.value.code, told) == (2, f'python -m management_tests.benchmarks: error: {said}')
    assert report.PAGE.read_bytes() == page


# Statistics


class Clock:
    """Time that passes only when work is done."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_subjects_take_turns_and_each_starts_a_round() -> None:
    clock = Clock()
    calls: list[str] = []

    def build(name: str, cost: float):
        def run(loops: int) -> None:
            calls.append(name)
            clock.now += cost * loops

        return run

    subjects = {'a': build('a', 1), 'b': build('b', 2)}
    measured = measure(subjects, rounds=2, warmups=1, clock=clock)

    assert calls[-6:] == ['b', 'a', 'a', 'b', 'b', 'a']
    assert measured == {
        'a': Measurement('a', (1.0, 1.0), loops=1), 'b': Measurement('b', (2.0, 2.0), loops=1),
    }  # fmt: skip


def test_a_value_takes_as_many_loops_as_its_time_holds() -> None:
    clock = Clock()

    def run(loops: int) -> None:
        clock.now += loops / 1024

    assert find_loops(run, 0.5, clock) == 512


def test_rounds_start_with_another_subject_each() -> None:
    orders = [rotate(['a', 'b', 'c'], number) for number in range(4)]

    assert orders == [['a', 'b', 'c'], ['b', 'c', 'a'], ['c', 'a', 'b'], ['a', 'b', 'c']]


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    ratio = compare((10.0, 30.0, 90.0), (5.0, 10.0, 30.0))

    assert (ratio.median, ratio.low, ratio.high, ratio.mad) == (3.0, 2.0, 3.0, 0.0)


def test_what_a_row_costs_without_the_orm_is_compared_by_the_medians_of_all_rounds() -> None:
    """The median of the rounds' own ratios, 8 / 2, 9 / 4 and 10 / 2, would be 4."""
    cpu_s = {
        'ninja': (10, 11, 12), 'orm': (3, 3, 3), 'ours': (12, 14, 12), 'orm_clean': (11, 11, 11),
        'no_row': (1, 1, 1),
    }  # fmt: skip
    loads = {
        (subject, 'new_device'): [wire.Load(value, 1) for value in values]
        for subject, values in cpu_s.items()
    }

    row = wire.build_row('granian', 'new_device', 'ninja', 5, loads)

    assert (row.cpu.median, row.throughput.median, row.bound) == (4.5, 1, None)
    assert set(loads) == set(wire.list_pairs('new_device', 'ninja'))


def test_an_overhead_is_taken_off_round_by_round() -> None:
    measured = Measurement('a', (3.0, 5.0), loops=7)

    remaining = measured.subtract(Measurement('floor', (1.0, 2.0)))

    assert remaining == Measurement('a', (2.0, 3.0), loops=7)


def test_the_interval_holds_the_median_and_repeats_itself() -> None:
    values = [float(number) for number in range(101)]

    low, high = get_interval(values)

    assert get_interval(values) == (low, high)
    assert 35 < low < statistics.median(values) < high < 65
