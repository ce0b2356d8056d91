"""The results of a benchmark as a table, as JSON, as Markdown and as a plot."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.template.defaultfilters import pluralize
from rich.console import RenderableType
from rich.table import Table

from django_apistar.bench.results import Results, TargetResult, as_data
from django_apistar.bench.statistics import Ratio

PLOT_SUFFIXES = ('.svg', '.png')
_UNKNOWN = '-'
_WIDE = 120  # columns in which a target has one line
_NAME = 28  # columns of that line: the target's name and path
_COLOURS = {  # by key; lighter, what a framework does alone
    'apistar': '#2b6cb0', 'django': '#0c4b33', 'bare-apistar': '#a3c1e0', 'bare-django': '#9bb8ab',
}  # fmt: skip
_GREY = '#a0aec0'
_DECADES = 100  # from the least to the largest time, below which its axis has more numbers
_EXPLANATION = 'Times baseline: in transactions/sec of the bare WSGI application, now and then.\n'


class PlotError(Exception):
    """Why the plot cannot be drawn, in one sentence."""


# Figures


def format_time(seconds: float | None) -> str:
    """Return *seconds* with three digits and a unit."""
    if seconds is None:
        return _UNKNOWN
    for factor, unit in ((1, 's'), (1e3, 'ms')):
        if seconds * factor >= 1:
            return f'{seconds * factor:.3g} {unit}'
    return f'{seconds * 1e6:.3g} us'


def format_number(number: float) -> str:
    """Return *number* with commas; below 100 with two decimals."""
    return f'{number:,.0f}' if number >= 100 else f'{number:.2f}'


def format_ratio(ratio: Ratio | None) -> str:
    if ratio is None:
        return '1'
    median, low, high = map(format_number, (ratio.median, ratio.low, ratio.high))
    return f'{median} ({low} to {high})'


_ROWS: tuple[tuple[str, Callable[[TargetResult], str]], ...] = (
    ('path', lambda result: f'`{_name_path(result)}`'),
    ('transactions', lambda result: f'{result.transactions:,}'),
    ('transactions/sec', lambda result: format_number(result.rate)),
    ('± MAD', lambda result: format_number(result.rate_mad)),
    ('longest transaction', lambda result: format_time(result.longest_s)),
    ('p50', lambda result: format_time(result.median_of('p50_s'))),
    ('p90', lambda result: format_time(result.median_of('p90_s'))),
    ('p99', lambda result: format_time(result.median_of('p99_s'))),
    ('CPU per transaction', lambda result: format_time(result.median_of('cpu_s'))),
    ('errors', lambda result: str(result.errors)),
)


def _name_path(result: TargetResult) -> str:
    """Return the path, after any method but GET."""
    method, path = result.target.request.method, result.target.path
    return path if method == 'GET' else f'{method} {path}'


def _name_ratio(results: Results) -> str:
    """Return what ratios are: in the open model of p99, as the rate is the same for all."""
    return f'{"p99 " if results.rate else ""}times {results.base.label}'


def format_conditions(results: Results) -> str:
    """Return how and where the benchmark ran, in two or three lines."""
    tool = f'{results.tool} {results.tool_version}'.strip()
    sent = f'{results.rate}/s' if results.rate else f'{results.connections} connections'
    how = (
        f'over HTTP by {tool}, {sent}, {results.setup.describe()}'
        if results.tool
        else 'in process, without a server'
    )
    packages, system = results.system['packages'], results.system
    rounds = f'{results.rounds} round{pluralize(results.rounds)}'
    return (
        f'{_EXPLANATION if results.changes else ""}'
        f'{rounds} of {results.duration_s:g} s, {how}.\n'
        f'Python {system["python"]}, Django {packages["Django"]}, API Star '
        f'{packages["apistar"]}, {system["platform"]}, {system["cores"]} x '
        f'{system["cpu"] or system["machine"]}.'
    )


def format_json(results: Results) -> str:
    return json.dumps(as_data(results), indent=2, ensure_ascii=False)


def format_markdown(results: Results) -> str:
    """Return the table of the original README, a column for each target."""
    columns = [result.target.label for result in results.targets]
    rows = [[name, *map(get, results.targets)] for name, get in _ROWS]
    ratios = [format_ratio(result.ratio) for result in results.targets]
    rows.append([_name_ratio(results), *ratios])
    lines = [_as_line(['', *columns]), _as_line(['---', *['---:'] * len(columns)])]
    lines += [_as_line(row) for row in rows]
    for change in results.changes:
        if change is results.changes[0]:
            lines += ['', _as_line(['', 'baseline', 'now', 'times baseline'])]
            lines.append(_as_line(['---', '---:', '---:', '---:']))
        figures = [format_number(change.rate_then), format_number(change.rate_now)]
        lines.append(_as_line([change.label, *figures, format_ratio(change.ratio)]))
    return '\n'.join([*lines, '', format_conditions(results)])


def _as_line(cells: list[str]) -> str:
    return f'| {" | ".join(cells)} |'


def build_table(results: Results, width: int) -> list[RenderableType]:
    """Return what rich prints: the table, with a baseline that of changes too.

    Each target has one line from 120 columns on, else three, which fit 80.
    """
    parts: list[RenderableType] = [
        _build_wide(results, width) if width >= _WIDE else _build_narrow(results)
    ]
    if results.changes:
        parts += ['', _build_changes(results)]
    return [*parts, '', format_conditions(results)]


def _build_wide(results: Results, width: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style='bold', padding=(0, 1, 0, 0))
    table.add_column('target', no_wrap=True)
    names = ('trans/s', 'transact.', 'errors', 'longest', 'p50', 'p90', 'p99', 'CPU')
    for name in (*names, _name_ratio(results)):
        table.add_column(name, justify='right', no_wrap=True)
    for result in results.targets:
        figures = [result.longest_s, *map(result.median_of, ('p50_s', 'p90_s', 'p99_s', 'cpu_s'))]
        table.add_row(
            _build_name(result, _NAME + width - _WIDE), format_number(result.rate),
            f'{result.transactions:,}', str(result.errors), *map(format_time, figures),
            format_ratio(result.ratio),
        )  # fmt: skip
    return table


def _build_name(result: TargetResult, width: int) -> str:
    """Return the target within *width* columns, with its path where it is the project's."""
    is_own = result.target.key.partition('-')[0] in ('apistar', 'django')
    name = f'{result.target.label} {_name_path(result)}' if is_own else result.target.label
    return name if len(name) <= width else f'{name[: width - 1]}…'


def _build_narrow(results: Results) -> Table:
    table = Table(box=None, pad_edge=False, header_style='bold', padding=(0, 2, 0, 0))
    table.add_column('target\n  path', overflow='fold')
    table.add_column('trans/s\n± MAD', justify='right', no_wrap=True)
    table.add_column('transact.\nerrors', justify='right', no_wrap=True)
    table.add_column('longest\nCPU', justify='right', no_wrap=True)
    table.add_column('p50\np90\np99', justify='right', no_wrap=True)
    table.add_column(f'{_name_ratio(results)}\n95 % interval', justify='right')
    for result in results.targets:
        table.add_row(*_build_cells(result), end_section=True)
    return table


def _build_cells(result: TargetResult) -> list[str]:
    times = [format_time(result.median_of(field)) for field in ('p50_s', 'p90_s', 'p99_s')]
    ratio = result.ratio
    return [
        f'{result.target.label}\n  {_name_path(result)}',
        f'{format_number(result.rate)}\n± {format_number(result.rate_mad)}',
        f'{result.transactions:,}\n{result.errors}',
        f'{format_time(result.longest_s)}\n{format_time(result.median_of("cpu_s"))}',
        '\n'.join(times),
        format_ratio(ratio).replace(' (', '\n').replace(')', ''),
    ]


def _build_changes(results: Results) -> Table:
    table = Table(box=None, pad_edge=False, header_style='bold', padding=(0, 2, 0, 0))
    table.add_column('against the baseline')
    for name in ('then', 'now', 'times baseline'):
        table.add_column(name, justify='right', no_wrap=True)
    for change in results.changes:
        figures = (format_number(change.rate_then), format_number(change.rate_now))
        table.add_row(change.label, *figures, format_ratio(change.ratio))
    return table


# Plots


def check_plot(file: str) -> None:
    """Raise PlotError where *file* cannot be drawn. Called before anything is measured."""
    if Path(file).suffix.lower() not in PLOT_SUFFIXES:
        raise PlotError(f'--plot {file!r}: write a name that ends in .svg or .png.')
    if find_spec('matplotlib') is None:
        raise PlotError(
            "--plot needs matplotlib, which is not installed: pip install 'django-apistar[bench]'."
        )


def write_plot(results: Results, file: str) -> None:
    """Draw transactions/sec and percentiles. Raises OSError."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(9, 1.8 + 0.6 * len(results.targets)), layout='constrained')
    rates, times = figure.subplots(1, 2, sharey=True)
    targets = list(reversed(results.targets))
    labels = [f'{result.target.label}\n{_name_path(result)}' for result in targets]
    colours = [_COLOURS.get(result.target.key.rstrip('-0123456789'), _GREY) for result in targets]
    bars = rates.barh(
        labels, [result.rate for result in targets], height=0.6, color=colours,
        xerr=[result.rate_mad for result in targets],
    )  # fmt: skip
    rates.bar_label(bars, [format_number(result.rate) for result in targets], padding=4)
    rates.set_xlabel('transactions/sec (median, MAD)')
    rates.xaxis.set_major_locator(MaxNLocator(4))
    rates.xaxis.set_major_formatter('{x:,.0f}')
    rates.margins(x=0.3)
    _draw_times(times, targets, labels, colours)
    figure.suptitle('API Star and Django in one project', fontsize=13)
    figure.supxlabel(format_conditions(results).splitlines()[-2], fontsize=9)
    figure.savefig(file, format=Path(file).suffix[1:].lower())


def _draw_times(
    axes: Any, targets: Sequence[TargetResult], labels: Sequence[str], colours: Sequence[str]
) -> None:
    """Draw the percentiles that are known; siege has none."""
    from matplotlib.ticker import LogLocator

    shown: list[float] = []
    for name, marker in (('p50', 'o'), ('p90', 's'), ('p99', 'D')):
        known = [
            (value * 1e3, label, colour)
            for label, result, colour in zip(labels, targets, colours, strict=True)
            if (value := result.median_of(f'{name}_s')) is not None
        ]
        if known:
            values, names, own = zip(*known, strict=True)
            shown += values
            axes.scatter(values, names, marker=marker, c=own, alpha=0.8)
            axes.scatter([], [], marker=marker, c=_GREY, label=name)
    axes.set_xlabel('time per transaction, in ms')
    axes.grid(axis='x', alpha=0.3)
    if shown:
        axes.set_xscale('log', subs=[])
        is_narrow = max(shown) < _DECADES * min(shown)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if is_narrow else (1,)))
        axes.xaxis.set_major_formatter('{x:g}')
        axes.legend(loc='lower center', bbox_to_anchor=(0.5, 1), ncols=3, frameon=False)
