"""Route listings: rows of data from the core, and their text in each format."""

import csv
import dataclasses
import fnmatch
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from django_apistar.access import build_access
from django_apistar.conf import Problem
from django_apistar.routing import ANY_METHOD, Framework, RouteEntry, RouteTable

COLUMNS = (
    'framework', 'methods', 'path', 'name', 'handler', 'source', 'documented', 'auth',
    'reachable', 'reason',
)  # fmt: skip
SORTS = ('path', 'name', 'framework', 'method', 'handler')


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A route as a listing shows it. `source` is 'file:line', relative below the current folder."""

    framework: str
    methods: tuple[str, ...]
    path: str
    name: str
    handler: str
    source: str
    documented: bool
    auth: str
    reachable: bool
    reason: str  # why it is not reachable


def build_rows(table: RouteTable, app: Any) -> list[Row]:
    """Return a row for each route of both frameworks, in the order in which they are tried."""
    find_access = build_access(app)
    return [_build_row(table, entry, find_access(entry)) for entry in table]


def _build_row(table: RouteTable, entry: RouteEntry, access: str) -> Row:
    reason = table.explain_unreachable(entry)
    return Row(
        framework=entry.framework.value, methods=entry.methods, path=entry.path, name=entry.name,
        handler=entry.handler_name, source=shorten(entry.source), documented=entry.documented,
        auth=access, reachable=not reason, reason=reason,
    )  # fmt: skip


def shorten(source: str) -> str:
    """Return *source* from the current folder or from where Python found its module."""
    roots = [os.getcwd(), *filter(None, sys.path)]  # noqa: PTH109
    inside = [root for root in roots if source.startswith(root.rstrip(os.sep) + os.sep)]
    return source[len(max(inside, key=len)) + 1 :] if inside else source


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """What a listing leaves out; an empty wish leaves nothing out."""

    framework: str | None = None
    method: str | None = None
    path: str | None = None  # a glob
    name: str | None = None  # a glob
    unreachable: bool = False

    def keeps(self, row: Row) -> bool:
        return (
            self.framework in (None, row.framework)
            and (self.method is None or self._has_method(row))
            and (self.path is None or fnmatch.fnmatchcase(row.path, self.path))
            and (self.name is None or fnmatch.fnmatchcase(row.name, self.name))
            and not (self.unreachable and row.reachable)
        )

    def _has_method(self, row: Row) -> bool:
        return row.methods == ANY_METHOD or str(self.method).upper() in row.methods


def sort_rows(rows: Iterable[Row], key: str) -> list[Row]:
    """Return *rows* by *key*, one of SORTS, then by path and method."""
    attribute = {'method': 'methods'}.get(key, key)
    return sorted(rows, key=lambda row: (getattr(row, attribute), row.path, row.methods))


# Formats: functions from rows and conflicts to text


def format_json(rows: list[Row], conflicts: Iterable[Problem]) -> str:
    document = {
        'routes': [dataclasses.asdict(row) for row in rows],
        'conflicts': [dataclasses.asdict(problem) for problem in conflicts],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def format_csv(rows: list[Row], conflicts: Iterable[Problem]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(_as_cells(row))
    return text.getvalue().rstrip('\n')


def format_markdown(rows: list[Row], conflicts: Iterable[Problem]) -> str:
    lines = [f'| {" | ".join(COLUMNS)} |', f'|{" --- |" * len(COLUMNS)}']
    for row in rows:
        cells = (cell.replace('|', '\\|') for cell in _as_cells(row))
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines)


def _as_cells(row: Row) -> list[str]:
    values = dataclasses.asdict(row)
    values['methods'] = ','.join(row.methods)
    return [_as_text(values[column]) for column in COLUMNS]


def _as_text(value: Any) -> str:
    return {True: 'yes', False: 'no'}[value] if isinstance(value, bool) else str(value)


def build_table(rows: list[Row], conflicts: Iterable[Problem]) -> Table:
    """Return the listing as a table that folds into 80 columns: four lines a route."""
    table = Table(box=None, pad_edge=False, header_style='bold', padding=(0, 1, 0, 0), expand=True)
    table.add_column('framework', no_wrap=True)
    table.add_column('method', overflow='fold', max_width=8)
    table.add_column('path, name, handler, source', overflow='fold', ratio=1)
    table.add_column('auth', no_wrap=True)
    table.add_column('reachable', no_wrap=True)
    for row in rows:
        table.add_row(
            row.framework, ', '.join(row.methods), _build_cell(row), row.auth,
            'yes' if row.reachable else Text('no', style='red'),
        )  # fmt: skip
    return table


def _build_cell(row: Row) -> Text:
    cell = Text(row.path, style='bold')
    if row.name:
        cell.append(f'\n{row.name}', style='not bold')
    for line in filter(None, (row.handler, row.source)):
        cell.append(f'\n{line}', style='not bold dim')
    if row.reason:
        cell.append(f'\n{row.reason}', style='not bold red')
    return cell


def build_tree(rows: list[Row], conflicts: Iterable[Problem]) -> Tree:
    """Return the listing by framework and path segment."""
    root = Tree('/')
    for framework in Framework:
        own = [row for row in rows if row.framework == framework.value]
        if own:
            branch = root.add(Text(framework.value, style='bold'))
            _grow(branch, [(row.path.strip('/').split('/'), row) for row in own])
    return root


def _grow(branch: Tree, rows: list[tuple[list[str], Row]]) -> None:
    for segment, below in _group(rows):
        here = [row for segments, row in below if len(segments) == 1]
        deeper = [(segments[1:], row) for segments, row in below if len(segments) > 1]
        label = ', '.join(f'{",".join(row.methods)} {row.name}'.strip() for row in here)
        text = Text(segment or '/')
        twig = branch.add(text.append(f'  {label}', style='dim') if label else text)
        _grow(twig, deeper)


def _group(
    rows: list[tuple[list[str], Row]],
) -> Iterator[tuple[str, list[tuple[list[str], Row]]]]:
    groups: dict[str, list[tuple[list[str], Row]]] = {}
    for item in rows:
        groups.setdefault(item[0][0], []).append(item)
    yield from groups.items()


def render(renderable: Any, is_terminal: bool, width: int) -> str:
    """Return the text of a rich renderable, with colour only for a terminal."""
    text = io.StringIO()
    console = Console(
        file=text, force_terminal=is_terminal, width=width, highlight=False, markup=True,
        no_color=not is_terminal or bool(os.environ.get('NO_COLOR')), emoji=False,
    )  # fmt: skip
    console.print(renderable)
    return '\n'.join(line.rstrip() for line in text.getvalue().rstrip('\n').split('\n'))


TEXTS: dict[str, Callable[[list[Row], Iterable[Problem]], str]] = {
    'json': format_json,
    'csv': format_csv,
    'markdown': format_markdown,
}
RENDERABLES: dict[str, Callable[[list[Row], Iterable[Problem]], Any]] = {
    'table': build_table,
    'tree': build_tree,
}
FORMATS = ('table', 'json', 'csv', 'markdown', 'tree')
