"""Results as text: Markdown, or a table of rich's on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from management_tests.benchmarks.cases import (
    ADJUSTED,
    FRAMEWORK_TITLES,
    MOST_OBSERVED_S,
    PAGE_OF_ORM,
    TITLES,
    WITHOUT,
)
from management_tests.benchmarks.results import Results, Row, describe_machine, iter_rows, summarize

PAGE = Path(__file__).parents[2] / 'docs/explanation/performance.md'
START, END = '<!-- figures: start -->', '<!-- figures: end -->'
OBSERVED_TARGETS = {'both': f'≤ {MOST_OBSERVED_S * 1e6:g} µs'}
PROJECT = Path(__file__).parent / 'project'
SERVICES = {  # by subject
    'ours': ('django-apistar, json', 'devices.py'),
    'fast': ('django-apistar, orjson', 'devices.py'),
    'ninja': (FRAMEWORK_TITLES['ninja'], 'devices_ninja.py'),
    'drf': (FRAMEWORK_TITLES['drf'], 'devices_drf.py'),
}
WITHOUT_ORM = ', without the ORM'  # follows a case's name on the wire
Table = tuple[str, Sequence[str], list[Sequence[str]]]  # title, columns, rows


def build_tables(results: Results) -> list[Table]:
    columns = ('case', 'JSON', 'target', 'instructions', 'CPU time (95 %)', 'reached')
    tables: list[Table] = [
        ('In process', columns, [_format_row(row) for row in iter_rows(results)])
    ]
    columns = (
        'instructions of a request', 'page of 100', 'created row', 'of which the ORM',
        'lines of code',
    )  # fmt: skip
    tables.append(('A service over models', columns, list(_iter_services(results))))
    columns = ('instructions of API Star', 'as it comes', 'with our adjustments', 'ratio')
    tables.append(
        ('What our adjustments change in API Star', columns, list(_iter_adjusted(results)))
    )
    if results.lifecycle_s:
        tables.append(('Connection hygiene of a request', ('thread has', 'CPU time'), [
            (name, f'{seconds * 1e6:.2f} µs') for name, seconds in results.lifecycle_s.items()
        ]))  # fmt: skip
    if results.observation_s:
        tables.append(('What observing a request costs', ('set is', 'CPU time more', 'target'), [
            (name, f'{seconds * 1e6:.2f} µs', OBSERVED_TARGETS.get(name, ''))
            for name, seconds in results.observation_s.items()
        ]))  # fmt: skip
    if results.growth:
        tables.append(('Memory kept by each request', ('case', 'bytes'), [
            (name, f'{grown:.1f}') for name, grown in results.growth.items()
        ]))  # fmt: skip
    if results.wire:
        columns = (
            'server', 'case', 'against', 'target', 'CPU time (95 %)', 'at most', 'rate', 'reached',
        )  # fmt: skip
        tables.append(('On the wire', columns, [_format_wire(one) for one in results.wire]))
    return [table for table in tables if table[2]]


def _iter_services(results: Results) -> Iterator[Sequence[str]]:
    counts = {pair: f'{count:,.0f}' for pair, count in results.counts.items()}
    if PAGE_OF_ORM in counts:
        yield 'the count, and the rows as tuples', counts[PAGE_OF_ORM], '', '', ''
    for subject, (title, file) in SERVICES.items():
        pairs = ('devices', subject), ('new_device', subject), ('new_device', WITHOUT[subject])
        if counts.keys() >= {*pairs}:
            yield title, *(counts[pair] for pair in pairs), str(count_lines(PROJECT / file))


def _iter_adjusted(results: Results) -> Iterator[Sequence[str]]:
    for case in ADJUSTED:
        found = [results.counts.get((case, subject)) for subject in ('stock', 'adjusted')]
        if None not in found:
            stock, adjusted = map(float, found)
            yield TITLES[case], f'{stock:,.0f}', f'{adjusted:,.0f}', _format_ratio(adjusted / stock)


def count_lines(path: Path) -> int:
    """Return how many lines hold code: none that is blank, a comment or the docstring."""
    lines = path.read_text(encoding='utf-8').splitlines()[1:]
    return sum(bool(line.strip()) and not line.strip().startswith('#') for line in lines)


def _format_row(row: Row) -> Sequence[str]:
    comparison = row.comparison
    return (
        comparison.title,
        row.library,
        f'{"≤" if comparison.is_limit else "≥"} {comparison.target:g}',
        '' if row.instructions is None else _format_ratio(row.instructions),
        '' if row.cpu is None else _format_spread(row.cpu),
        'yes' if row.holds else 'no',
    )


def _format_wire(one: Any) -> Sequence[str]:
    case = f'{one.case}{"" if one.bound else WITHOUT_ORM}'
    return (
        one.server, case, one.reference, f'≥ {one.target:g}' if one.target else '',
        _format_spread(one.cpu), _format_ratio(one.bound.median) if one.bound else '',
        _format_spread(one.throughput), _format_outcome(one),
    )  # fmt: skip


def _format_outcome(one: Any) -> str:
    if not one.target:
        return ''
    if one.holds:
        return 'yes'
    return 'above at most' if one.is_out_of_reach else 'no'


def _format_ratio(ratio: float) -> str:
    return f'{ratio:.3f}' if 0.9 < ratio < 1.1 else f'{ratio:.2f}'


def _format_spread(ratio: Any) -> str:
    low, high = _format_ratio(ratio.low), _format_ratio(ratio.high)
    return f'{_format_ratio(ratio.median)} ({low}–{high})'  # noqa: RUF001


def to_markdown(results: Results) -> str:
    parts = [
        f'### {title}\n\n{_format_table(columns, rows)}'
        for title, columns, rows in build_tables(results)
    ]
    machine = ', '.join(f'{name} {value}' for name, value in describe_machine().items())
    return '\n\n'.join([*parts, summarize(results), f'Measured with {machine}.'])


def _format_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ['---'] * len(columns), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def write_page(results: Results) -> None:
    """Put the figures into the documentation."""
    write_between(PAGE, START, END, to_markdown(results))


def write_between(page: Path, start: str, end: str, text: str) -> None:
    """Replace what stands between two marks of *page*."""
    before, _, rest = page.read_text(encoding='utf-8').partition(start)
    after = rest.partition(end)[2]
    page.write_text(f'{before}{start}\n\n{text}\n\n{end}{after}', encoding='utf-8')


def to_text(results: Results, is_terminal: bool) -> str:
    """Return the tables for a person: Markdown, drawn by rich on a terminal where it is there."""
    if not is_terminal:
        return to_markdown(results)
    try:
        from rich.console import Console
        from rich.markdown import Markdown
    except ImportError:
        return to_markdown(results)
    console = Console()
    with console.capture() as capture:
        console.print(Markdown(to_markdown(results)))
    return capture.get()
