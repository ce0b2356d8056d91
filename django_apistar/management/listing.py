"""The text of a route listing in each format."""

import csv
import dataclasses
import io
import itertools
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence

from django.utils.termcolors import make_style
from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console, RenderableType
from rich.text import Text
from rich.tree import Tree

from django_apistar.conf.problems import Problem
from django_apistar.management.rows import COLUMNS, Row, as_text
from django_apistar.management.table import format_table
from django_apistar.routes.entries import Framework

HEADINGS = ('framework', 'method', 'path, name, handler, source', 'auth', 'reachable')
FIXED = (9, 7, None, 10, 9)  # cells of each column; the third takes what is left
Style = Callable[[str], str]
_PLAIN: Style = str
_BOLD: Style = make_style(opts=('bold',))
_RED: Style = make_style(fg='red')


# Formats: functions from rows and conflicts to text


def format_json(rows: list[Row], conflicts: Iterable[Problem], **more: object) -> str:
    """Return the document of a listing; *more* are further keys of it."""
    document = {
        'routes': [row.to_data() for row in rows],
        'conflicts': [dataclasses.asdict(problem) for problem in conflicts],
        **more,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def format_csv(rows: list[Row], conflicts: Iterable[Problem]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(_as_cells(row))
    return text.getvalue()


def format_markdown(rows: list[Row], conflicts: Iterable[Problem]) -> str:
    lines = [f'| {" | ".join(COLUMNS)} |', f'|{" --- |" * len(COLUMNS)}']
    for row in rows:
        cells = (cell.replace('|', '\\|') for cell in _as_cells(row))
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines)


def _as_cells(row: Row) -> list[str]:
    return [*map(as_text, row.to_data().values())]


def format_blocks(rows: list[Row], width: int, has_colour: bool) -> str:
    """Return all that is known of each route, in some lines that fit *width*.

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
            [as_text(row.reachable)],
        ]  # fmt: skip
        styles = [_PLAIN, _PLAIN, _BOLD, _PLAIN, _PLAIN if row.reachable else _RED]
        lines.append(_join(cells, widths, styles if has_colour else []))
    return '\n'.join(lines)


def _iter_cell(row: Row, room: int) -> Iterator[str]:
    for text in filter(None, (row.path, row.name, row.handler, row.source)):
        yield from _break(text, room)
    yield from textwrap.wrap(row.reason, room)
    for hook in row.hooks:
        yield from _break(f'hook {hook}', room)
    for permission in row.permissions:
        yield from _break(f'needs {permission}', room)
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
        *full, last = chop_cells(lines[-1] + part, room)
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
    return '\n'.join(line.rstrip() for line in text.getvalue().rstrip().split('\n'))


TEXTS: dict[str, Callable[[list[Row], Iterable[Problem]], str]] = {
    'json': format_json,
    'csv': format_csv,
    'markdown': format_markdown,
}
LAYOUTS: dict[str, Callable[[list[Row], int, bool], str]] = {
    'table': format_table,
    'blocks': format_blocks,
    'tree': format_tree,
}
FORMATS = ('table', 'json', 'csv', 'markdown', 'tree')  # 'blocks' is the table with -v 2
