"""The figures of a benchmark in each form, whole: tables, Markdown, JSON, and what is said of them.

`python -m management_tests.bench.test_reports` writes `reports.json` anew.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from django_apistar.bench import reports, results
from django_apistar.bench.load import Load
from django_apistar.bench.request import Request
from django_apistar.bench.servers import Setup
from django_apistar.bench.statistics import Ratio
from django_apistar.bench.targets import (
    APISTAR,
    BARE_APISTAR,
    BARE_DJANGO,
    DJANGO,
    FLOOR,
    STAND_IN,
    Target,
    take_turns,
)

pytestmark = pytest.mark.once

REPORTS = Path(__file__).with_name('reports.json')
SYSTEM = {
    'date': '2026-01-31T12:30:00+00:00', 'python': '3.13.1', 'implementation': 'CPython',
    'platform': 'Linux 6.1', 'machine': 'x86_64', 'cpu': '', 'cores': 4, 'load': 0.25,
    'packages': {'apistar': '0.5.42', 'Django': '5.2.19', 'django-apistar': '1', 'gunicorn': '27'},
}  # fmt: skip


def build_loads(rate: float, count: int, **fields: Any) -> list[Load]:
    """Return *count* rounds, each a little faster than the one before."""
    first = {'longest_s': 0.0123, 'p50_s': 4.56e-4, 'p90_s': 0.00789, 'p99_s': 1.234, 'errors': 0}
    return [
        Load(transactions=int(rate * 2) + at, elapsed_s=2.0, **{**first, **fields})
        for at in range(count)
    ]


def build_results(
    rates: dict[Target, float], count: int = 3, base: Target = FLOOR, **given: Any
) -> results.Results:
    fields = {BARE_DJANGO: {'p99_s': None}, DJANGO: {'cpu_s': 2.5e-5}, APISTAR: {'errors': 1}}
    loads = {
        target.key: build_loads(rate, count, **fields.get(target, {}))
        for target, rate in rates.items()
    }
    return results.Results(**{
        'mode': 'http', 'tool': 'wrk', 'tool_version': '4.2', 'rounds': count, 'duration_s': 2.0,
        'connections': 8, 'base': base, 'system': SYSTEM,
        'targets': results.compare_targets([*rates], loads, base, bool(given.get('rate'))), **given,
    })  # fmt: skip


ALL = {APISTAR: 9000, DJANGO: 1234.5, BARE_APISTAR: 99.5, BARE_DJANGO: 3000, FLOOR: 10000}
LEAST = ('0.5', '1.1', '3')
LONG = dataclasses.replace(APISTAR, path='/a/rather/long/path/', request=Request('POST'))


def with_changes(found: results.Results) -> results.Results:
    document = json.loads(json.dumps(results.as_data(found)))
    for target in document['targets']:
        if target['key'] != FLOOR.key:
            target['rounds'] = [{**load, 'elapsed_s': 4.0} for load in target['rounds']]
    baseline = results.read_baseline(document, 'old.json')
    return dataclasses.replace(
        found, changes=tuple(results.compare_with_baseline(found.targets, baseline))
    )


CASES: dict[str, Any] = {
    'all targets': lambda: build_results(ALL),
    'in process, one round': lambda: build_results(
        {APISTAR: 5, STAND_IN: 4}, count=1, base=STAND_IN, tool='', tool_version='', mode='x'
    ),
    'at a rate': lambda: build_results(
        {LONG: 50, FLOOR: 50}, rate=50, tool='k6', setup=Setup('granian', 2, 4),
        remarks=('A remark.',), system={**SYSTEM, 'cpu': 'A processor'},
    ),
    'with a baseline': lambda: with_changes(build_results({APISTAR: 9000, FLOOR: 10000})),
}  # fmt: skip


def report(found: results.Results) -> dict[str, Any]:
    return {
        'json': json.loads(reports.format_json(found)),
        'markdown': reports.format_markdown(found).splitlines(),
        **{str(width): draw(found, width) for width in (80, 120, 140)},
        'shortfalls': {least: results.find_shortfalls(found, float(least)) for least in LEAST},
    }  # fmt: skip


def draw(found: results.Results, width: int) -> list[str]:
    output = io.StringIO()
    console = Console(file=output, width=width)
    for part in reports.build_table(found, width):
        console.print(part, highlight=False)
    return [line.rstrip() for line in output.getvalue().splitlines()]


def test_each_round_begins_with_another_target_after_a_warm_up() -> None:
    asked: list[tuple[str, float]] = []
    turns: list[tuple[int, str]] = []

    def load(key: str, duration_s: float) -> Any:
        asked.append((key, duration_s))
        return len(asked)

    loads = {key: functools.partial(load, key) for key in 'abc'}
    taken = take_turns(loads, 2, 5, 1, lambda number, key: turns.append((number, key)))

    keys = 'abcbcacab'
    assert asked == [(key, 1 if at < 3 else 5) for at, key in enumerate(keys)]
    assert turns == [(at // 3, key) for at, key in enumerate(keys)]
    assert taken == {'a': [6, 8], 'b': [4, 9], 'c': [5, 7]}


def test_json_is_written_for_people() -> None:
    found = build_results({dataclasses.replace(APISTAR, path='/é/'): 5, FLOOR: 10})

    lines = reports.format_json(found).splitlines()

    assert lines[:2] == ['{', '  "format": 1,']
    assert '      "path": "/é/",' in lines


@pytest.mark.parametrize('case', CASES)
def test_a_benchmark_is_reported_in_each_form(case: str) -> None:
    """The words of `reports` and `results`."""
    told = json.loads(json.dumps(report(CASES[case]())))

    assert told == json.loads(REPORTS.read_text())[case]


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [
        (None, '-'), (12.345, '12.3 s'), (1, '1 s'), (0.99949, '999 ms'), (0.001, '1 ms'),
        (0.00099949, '999 us'), (1e-6, '1 us'), (1.2e-9, '0.0012 us'),
    ],
)  # fmt: skip
def test_times_have_three_digits_and_a_unit(seconds: float | None, text: str) -> None:
    assert reports.format_time(seconds) == text


@pytest.mark.parametrize(
    ('number', 'text'), [(0, '0.00'), (99.99, '99.99'), (100, '100'), (1234567.8, '1,234,568')]
)
def test_numbers_have_commas_or_decimals(number: float, text: str) -> None:
    assert reports.format_number(number) == text


def test_a_baseline_of_other_conditions_says_which() -> None:
    found = build_results({APISTAR: 9000, FLOOR: 10000})
    document = json.loads(json.dumps(results.as_data(found)))
    document.update(connections=4, tool={'name': 'ab'})
    document['targets'][0]['path'] = '/other/'

    differences = results.find_differences(found, results.read_baseline(document, 'old.json'))

    assert [*differences] == [
        'The baseline was loaded by ab, this by wrk.',
        'The baseline had 4 connections, this has 8.',
        'API Star was asked for /other/ in the baseline, now for /.',
    ]
    for tool in ('wrk', ''):  # none in process
        alike = dataclasses.replace(found, tool=tool)
        same = results.read_baseline(json.loads(json.dumps(results.as_data(alike))), 'old.json')
        assert [*results.find_differences(alike, same)] == []


def test_a_baseline_may_be_slower_than_one_a_second() -> None:
    document = json.loads(json.dumps(results.as_data(build_results({APISTAR: 0.5, FLOOR: 1}))))

    baseline = results.read_baseline(document, 'old.json')

    assert baseline.rates == {'apistar': (0.5, 1, 1.5), 'floor': (1, 1.5, 2)}


def test_a_plot_shows_rates_and_percentiles(monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib = pytest.importorskip('matplotlib.figure')
    to_hex = pytest.importorskip('matplotlib.colors').to_hex
    drawn: list[Any] = []
    monkeypatch.setattr(
        matplotlib.Figure, 'savefig', lambda *given, **more: drawn.append((*given, more))
    )

    reports.write_plot(build_results({APISTAR: 9000, FLOOR: 10000}), 'x.SVG')

    [(figure, *saved)] = drawn
    rates, times = figure.axes
    assert saved == ['x.SVG', {'format': 'svg'}]
    assert (figure.get_suptitle(), figure.get_supxlabel()) == (
        'API Star and Django in one project',
        ('3 rounds of 2 s, over HTTP by wrk 4.2, 8 connections, '
         '1 gunicorn worker with 4 threads.'),
    )  # fmt: skip
    assert (rates.get_xlabel(), times.get_xlabel()) == (
        'transactions/sec (median, MAD)', 'time per transaction, in ms',
    )  # fmt: skip
    assert [label.get_text() for label in rates.get_yticklabels()] == [
        'bare WSGI\n/', 'API Star\n/',
    ]  # fmt: skip
    assert [label.get_text() for label in rates.texts] == ['10,000', '9,000']
    assert rates.xaxis.get_major_formatter()(1234.5) == '1,234'
    assert [label.get_text() for label in times.get_legend().get_texts()] == ['p50', 'p90', 'p99']
    shown = [points.get_offsets().tolist() for points in times.collections]
    assert [point for points in shown for point in points] == [
        [pytest.approx(ms), row] for ms in (0.456, 7.89, 1234) for row in (0, 1)
    ]
    assert (rates.get_xscale(), times.get_xscale()) == ('linear', 'log')
    assert times.get_xticks(minor=True).tolist() == []
    assert figure.get_size_inches().tolist() == [9, pytest.approx(3)]
    bars = [(bar.get_height(), to_hex(bar.get_facecolor())) for bar in rates.patches]
    assert bars == [(0.6, '#a0aec0'), (0.6, '#2b6cb0')]
    [errors] = rates.containers[0].lines[2]
    assert [(end - start) / 2 for (start, _), (end, _) in errors.get_segments()] == [0.5, 0.5]
    gridlines = rates.get_xgridlines()[0], times.get_xgridlines()[0], times.get_ygridlines()[0]
    assert [line.get_visible() for line in gridlines] == [False, True, False]


def test_a_plot_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib = pytest.importorskip('matplotlib.figure')
    markers = pytest.importorskip('matplotlib.markers').MarkerStyle
    to_hex = pytest.importorskip('matplotlib.colors').to_hex
    drawn: list[Any] = []
    monkeypatch.setattr(matplotlib.Figure, 'savefig', lambda *given, **more: drawn.append(given))

    reports.write_plot(build_results({APISTAR: 9000, FLOOR: 10000}), 'x.png')

    [(figure, _)] = drawn
    rates, times = figure.axes
    legend = times.get_legend()
    assert type(figure.get_layout_engine()).__name__ == 'ConstrainedLayoutEngine'
    assert [text.get_fontsize() for text in figure.texts] == [13, 9]
    assert rates.get_shared_y_axes().joined(rates, times)
    assert (rates.margins()[0], [label.xyann for label in rates.texts]) == (0.3, [(4, 0)] * 2)
    assert rates.xaxis.get_major_locator().tick_values(0, 10_000).tolist() == [
        0, 2500, 5000, 7500, 10000,
    ]  # fmt: skip
    assert times.get_xgridlines()[0].get_alpha() == 0.3
    assert not legend.get_frame_on()
    figure.draw_without_rendering()
    assert len({text.get_window_extent().y0 for text in legend.get_texts()}) == 1
    anchor = legend.get_bbox_to_anchor().transformed(times.transAxes.inverted())
    assert anchor.p0.tolist() == [pytest.approx(0.5), pytest.approx(1)]
    shapes = [markers(name).get_path() for name in 'oossDD']
    points = times.collections
    assert [len(each.get_paths()[0].vertices) for each in points] == [
        len(shape.vertices) for shape in shapes
    ]
    assert [each.get_alpha() for each in points] == [0.8, None] * 3
    assert [[to_hex(colour) for colour in each.get_facecolor()] for each in points] == [
        ['#a0aec0', '#2b6cb0'], ['#a0aec0'],
    ] * 3  # fmt: skip


@pytest.mark.parametrize(
    ('longest_s', 'ticks'), [(0.0995, [1, 2, 5, 10, 20, 50, 100]), (0.1, [1, 10, 100])]
)
def test_an_axis_of_few_decades_has_more_numbers(longest_s: float, ticks: list[int]) -> None:
    axes = pytest.importorskip('matplotlib.figure').Figure().subplots()
    load = build_loads(9000, 1, p50_s=1e-3, p90_s=2e-3, p99_s=longest_s)[0]

    reports._draw_times(axes, [results.TargetResult(APISTAR, (load,))], ['a'], ['red'])

    low, high = axes.get_xlim()
    found = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert found == [pytest.approx(tick) for tick in ticks]
    assert axes.xaxis.get_major_formatter()(1.5) == '1.5'


ALIKE = ('API Star and bare WSGI cannot be told apart.',)
WIDE = (
    'API Star: the ratio lies between 1.75 and 2.26, which is too wide to mean much. Use more '
    '--rounds, a longer --duration or a quieter machine.'
)


@pytest.mark.parametrize(
    ('median', 'low', 'high', 'warnings'),
    [
        (2, 1.75, 2.25, ()), (2, 1.75, 2.26, (WIDE,)), (1.05, 1.01, 1.1, ()), (0.95, 0.9, 0.99, ()),
        (1.05, 1.0, 1.1, ALIKE), (0.95, 0.9, 1.0, ALIKE),
    ],
)  # fmt: skip
def test_a_ratio_that_means_little_is_told(
    median: float, low: float, high: float, warnings: tuple[str, ...]
) -> None:
    found = build_results({APISTAR: 9000, FLOOR: 10000})
    first, floor = found.targets
    quiet = tuple(dataclasses.replace(load, errors=0) for load in first.loads)
    own = results.TargetResult(first.target, quiet, Ratio(median, low, high, 0))

    assert dataclasses.replace(found, targets=(own, floor)).warnings == warnings


def change(document: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {**document, **given}


@pytest.mark.parametrize(
    ('given', 'reason'),
    [
        ({'format': 2}, 'its format is 2, not 1'),
        ({'targets': []}, "it has no target 'floor'"),
        ({'targets': [{'key': 'floor', 'rounds': []}]}, 'it has a target without transactions'),
        ({'targets': [{'rounds': []}]}, "it has no 'key'"),
        ({'tool': 1}, "'int' object has no attribute 'get'"),
    ],
)
def test_a_baseline_that_is_none_is_one_sentence(given: dict[str, Any], reason: str) -> None:
    document = results.as_data(build_results({FLOOR: 10}))

    with pytest.raises(results.BaselineError) as failure:
        results.read_baseline(change(document, **given), 'old.json')

    assert str(failure.value) == f'old.json is no result of apistar_bench: {reason}.'


def write() -> None:
    content = {case: report(build()) for case, build in CASES.items()}
    REPORTS.write_text(json.dumps(content, indent=1, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    import django

    django.setup()
    write()
