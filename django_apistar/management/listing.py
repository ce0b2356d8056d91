"""Route listings: rows of data from the core, and their text in each format."""

import csv
import dataclasses
import fnmatch
import functools
import io
import itertools
import json
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from django.utils.termcolors import make_style
from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console, RenderableType
from rich.text import Text
from rich.tree import Tree

from django_apistar.api.access import build_access
from django_apistar.application import App
from django_apistar.conf.parser import Problem
from django_apistar.routes.entries import ANY_METHOD, APIStarEntry, Framework, RouteEntry
from django_apistar.routes.table import RouteTable

COLUMNS = (
    'framework', 'methods', 'path', 'name', 'handler', 'source', 'documented', 'auth', 'compiled',
    'reachable', 'reason',
)  # fmt: skip
HEADINGS = ('framework', 'method', 'path, name, handler, source', 'auth', 'reachable')
FIXED = (9, 7, None, 8, 9)  # cells of each column; the third takes what is left
Style = Callable[[str], str]
_PLAIN: Style = str
_BOLD: Style = make_style(opts=('bold',))
_RED: Style = make_style(fg='red')
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
    compiled: bool | None  # None but for API Star's
    reachable: bool
    reason: str  # why it is not reachable


def build_rows(table: RouteTable, app: App) -> list[Row]:
    """Return a row for each route of both frameworks, in the order in which they are tried."""
    find_access = build_access(app)
    return [
        _build_row(table, entry, find_access(entry), _find_compiled(app, entry)) for entry in table
    ]


def _find_compiled(app: App, entry: RouteEntry) -> bool | None:
    return app.responder.is_compiled(entry.route) if isinstance(entry, APIStarEntry) else None


def _build_row(table: RouteTable, entry: RouteEntry, access: str, compiled: bool | None) -> Row:
    reason = table.explain_unreachable(entry)
    return Row(
        framework=entry.framework.value, methods=entry.methods, path=entry.path, name=entry.name,
        handler=entry.handler_name, source=shorten(entry.source), documented=entry.documented,
        auth=access, compiled=compiled, reachable=not reason, reason=reason,
    )  # fmt: skip


def shorten(source: str) -> str:
    """Return *source* from the current folder or from where Python found its module."""
    folder, _, name = source.rpartition(os.sep)
    root = _find_root(folder, os.getcwd()) if folder else ''  # noqa: PTH109
    return f'{folder}{os.sep}{name}'[len(root) + 1 :] if root else source


@functools.lru_cache(maxsize=1024)
def _find_root(folder: str, current: str) -> str:
    roots = [current, *filter(None, sys.path)]
    closed = [root.rstrip(os.sep) + os.sep for root in roots]
    inside = [root for root in closed if f'{folder}{os.sep}'.startswith(root)]
    return max(inside, key=len)[:-1] if inside else _find_package_root(folder)


def _find_package_root(folder: str) -> str:
    """Return the folder above the outermost package: an editable install is on no sys.path."""
    path = Path(folder)
    while (path / '__init__.py').is_file():
        path = path.parent
    return '' if str(path) == folder else str(path)


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """What a listing leaves out; an empty wish leaves nothing out."""

    framework: str | None = None
    method: str | None = None
    path: str | None = None  # a glob
    name: str | None = None  # a glob
    unreachable: bool = False
    compiled: str | None = None  # 'yes' or 'no', of API Star's routes

    def keeps(self, row: Row) -> bool:
        return (
            self.framework in (None, row.framework)
            and (self.method is None or self._has_method(row))
            and (self.path is None or fnmatch.fnmatchcase(row.path, self.path))
            and (self.name is None or fnmatch.fnmatchcase(row.name, self.name))
            and not (self.unreachable and row.reachable)
            and self.compiled in (None, _as_text(row.compiled))
        )

    def _has_method(self, row: Row) -> bool:
        method = str(self.method).upper()
        is_get = row.framework == Framework.APISTAR.value and 'GET' in row.methods
        # API Star's GET routes answer HEAD.
        return row.methods == ANY_METHOD or method in row.methods or (method == 'HEAD' and is_get)


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


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    return '' if value is None else str(value)


def format_table(rows: list[Row], width: int, has_colour: bool) -> str:
    """Return the listing as a table that fits *width*: some lines a route.

    Written line by line: rich takes half a second for the table of a thousand routes.
    """
    widths = [
        cells or max(width - sum(filter(None, FIXED)) - len(FIXED) + 1, 10) for cells in FIXED
    ]
    room = widths[2]
    bold = [_BOLD] * len(HEADINGS) if has_colour else []
    lines = [_join([[heading] for heading in HEADINGS], widths, bold)]
    for row in rows:
        cells = [
            [row.framework], row.methods, [*_iter_cell(row, room)], [row.auth],
            [_as_text(row.reachable)],
        ]  # fmt: skip
        styles = [_PLAIN, _PLAIN, _BOLD, _PLAIN, _PLAIN if row.reachable else _RED]
        lines.append(_join(cells, widths, styles if has_colour else []))
    return '\n'.join(lines)


def _iter_cell(row: Row, room: int) -> Iterator[str]:
    for text in filter(None, (row.path, row.name, row.handler, row.source)):
        yield from _break(text, room)
    yield from textwrap.wrap(row.reason, room)
    if row.compiled is False:
        yield 'not compiled'


def _join(cells: list[Sequence[str]], widths: list[int], styles: list[Style]) -> str:
    """Return the lines of *cells* side by side; *styles* are for the first line."""
    lines = []
    for index, parts in enumerate(itertools.zip_longest(*cells, fillvalue='')):
        padded = [set_cell_size(part, cells) for part, cells in zip(parts, widths, strict=True)]
        if styles and not index:
            padded = [style(part) for style, part in zip(styles, padded, strict=True)]
        lines.append(' '.join(padded).rstrip())
    return '\n'.join(lines)


def _break(text: str, room: int) -> list[str]:
    """Break *text* behind its dots, slashes, colons and underscores where it does not fit."""
    if cell_len(text) <= room:
        return [text]
    lines = ['']
    for part in re.split(r'(?<=[./:_])', text):
        if lines[-1] and cell_len(part) <= room < cell_len(lines[-1] + part):
            lines.append('')
        *full, last = chop_cells(lines[-1] + part, room) or ['']
        lines[-1:] = [*full, last]
    return lines


def format_tree(rows: list[Row], width: int, has_colour: bool) -> str:
    """Return the listing by framework and path segment."""
    root = Tree('/')
    for framework in Framework:
        own = [row for row in rows if row.framework == framework.value]
        if own:
            branch = root.add(Text(framework.value, style='bold'))
            _grow(branch, [(row.path.strip('/').split('/'), row) for row in own])
    return render(root, has_colour, width)


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


def render(renderable: RenderableType, has_colour: bool, width: int) -> str:
    """Return the text of a rich renderable, in colour where *has_colour*."""
    text = io.StringIO()
    console = Console(
        file=text, force_terminal=has_colour, color_system='standard' if has_colour else None,
        width=width, highlight=False, markup=False, emoji=False, no_color=not has_colour,
    )  # fmt: skip
    console.print(renderable)
    return '\n'.join(line.rstrip() for line in text.getvalue().rstrip('\n').split('\n'))


TEXTS: dict[str, Callable[[list[Row], Iterable[Problem]], str]] = {
    'json': format_json,
    'csv': format_csv,
    'markdown': format_markdown,
}
LAYOUTS: dict[str, Callable[[list[Row], int, bool], str]] = {
    'table': format_table,
    'tree': format_tree,
}
FORMATS = ('table', 'json', 'csv', 'markdown', 'tree')
