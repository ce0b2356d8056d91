"""The listing of `apistar_routes` for people: a line for each route, as wide as the terminal.

Written line by line: rich takes half a second for a table of a thousand routes.
"""

from collections.abc import Iterator, Sequence

from django.utils.termcolors import make_style
from rich.cells import cell_len, chop_cells

from django_apistar.management.rows import Row

HEADINGS = ('framework', 'method', 'path', 'name', 'handler')
GAP = '  '  # between columns
# Of the room for path, name and handler: paths have less where handlers find none otherwise.
LONGEST_PATHS = (0.6, 0.4)
LEAST = 16  # cells of a name or a handler: where there is less room, it is left out
CUT = '…'
_COLOURS = {'GET': 'green', 'DELETE': 'red'}
_CHANGES = 'yellow'  # any other method
_UNREACHABLE, _PUBLIC = 'red', 'cyan'


def format_table(rows: list[Row], width: int, has_colour: bool) -> str:
    """Return a line of at most *width* cells for each row.

    Where it is narrow a long path takes the place of its own name, then the handlers give way, then
    the names; a path is cut where it is longer than the line. The framework is a column where
    *rows* have both.
    """
    first = 0 if len({row.framework for row in rows}) > 1 else 1
    table = [[row.framework, _join_methods(row.methods), row.path, row.name, row.handler][first:]
             for row in rows]  # fmt: skip
    ends = _find_ends([list(HEADINGS[first:]), *table], width)
    fixed = len(HEADINGS) - 2 - first
    lines = [''.join(_lay_out(list(HEADINGS[first:]), ends, fixed, width))]
    for row, cells in zip(rows, table, strict=True):
        if row.reachable:
            parts = [*_lay_out(cells, ends, fixed, width)]
        else:
            note = f'never reached: {row.reason}'
            parts = [*_lay_out([*cells[:fixed], note], [*ends[:fixed], width], fixed, width)]
        lines.append(''.join(_paint(row, parts, fixed) if has_colour else parts))
    return '\n'.join([_bold(lines[0]) if has_colour else lines[0], *lines[1:]])


def _join_methods(methods: Sequence[str]) -> str:
    """Return *methods* without those that come with GET; of many, the first and how many more."""
    implied = ('HEAD', 'OPTIONS') if 'GET' in methods else ()
    first, *others = [method for method in methods if method not in implied]
    return ','.join([first, *others]) if len(others) < 2 else f'{first}+{len(others)}'


def _find_ends(table: list[list[str]], width: int) -> list[int]:
    """Return the cell before which each column ends, for those columns that there is room for."""
    choices = [_divide(table, width, share) for share in LONGEST_PATHS]
    return max(choices, key=len)  # the first one of the longest


def _divide(table: list[list[str]], width: int, longest_path: float) -> list[int]:
    *fixed, paths, names, handlers = (
        [*map(cell_len, column)] for column in zip(*table, strict=True)
    )
    widths = [*map(max, fixed)]
    # A path that is longer than most of the room takes the place of its own row's name.
    limit = int((width - sum(widths) - len(GAP) * len(widths)) * longest_path)
    widths.append(max([cells for cells in paths if cells <= limit], default=limit))
    room = width - sum(widths) - len(GAP) * len(widths)
    name = min(max(names), room)
    handler = min(max(handlers), room - name - len(GAP))
    widths += [name] * _fits(name, names) + [handler] * _fits(handler, handlers)
    return [sum(widths[: index + 1]) + len(GAP) * index for index in range(len(widths))]


def _fits(room: int, cells: list[int]) -> bool:
    return room >= min(LEAST, max(cells))


def _lay_out(cells: list[str], ends: list[int], fixed: int, width: int) -> Iterator[str]:
    """Yield the texts of a line, each with the spaces before it.

    The *fixed* first ones may take the place of what follows, within *width* cells.
    """
    used = 0
    for index, (text, end) in enumerate(zip(cells, ends, strict=False)):
        start = ends[index - 1] + len(GAP) if index else 0
        spaces = ' ' * max(start - used, len(GAP) if index else 0)
        room = (width if index < fixed else end) - used - len(spaces)
        if index < fixed:
            room = max(room, len(CUT) + 1)  # A line has these, however narrow the terminal is.
        elif room < min(LEAST, cell_len(text)):
            continue
        if text:
            text = _cut(text, room)
            used += len(spaces) + cell_len(text)
            yield spaces + text


def _cut(text: str, room: int) -> str:
    """Return *text* within *room* cells: the end of a name, the beginning of all else."""
    if cell_len(text) <= room:
        return text
    if ' ' in text or '/' in text:
        return chop_cells(text, room - 1)[0] + CUT
    end = chop_cells(text[::-1], room - 1)[0][::-1]
    return CUT + (end[end.find('.') + 1 :] or end)


def _paint(row: Row, parts: list[str], fixed: int) -> list[str]:
    method = parts[fixed - 2].strip()
    parts[fixed - 2] = make_style(fg=_COLOURS.get(method, _CHANGES))(parts[fixed - 2])
    if not row.reachable:
        parts[fixed - 1 :] = map(make_style(fg=_UNREACHABLE), parts[fixed - 1 :])
    elif row.is_public:
        parts[fixed - 1] = make_style(fg=_PUBLIC)(parts[fixed - 1])
    return parts


_bold = make_style(opts=('bold',))
