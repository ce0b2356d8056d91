"""A coverage as a table and as JSON."""

import json
from collections.abc import Iterator

from django_apistar.schema.coverage.operations import Coverage, Operation

_HEAD = 'Operation', 'Name', 'Seen', 'Missing'


def iter_table(coverage: Coverage) -> Iterator[str]:
    """Yield the lines of the table: an operation each, and the total."""
    rows = [_HEAD, *map(_build_row, coverage.operations)]
    total = 'TOTAL', '', f'{coverage.seen}/{coverage.documented}', f'{int(coverage.percent)}%'
    widths = [max(len(row[index]) for row in (*rows, total)) for index in range(len(_HEAD))]
    lines = [_join(row, widths) for row in (*rows, total)]
    rule = '-' * max(map(len, lines))
    yield from (lines[0], rule, *lines[1:-1], rule, lines[-1])


def _build_row(operation: Operation) -> tuple[str, str, str, str]:
    return (
        f'{operation.method:<6} {operation.path}',
        operation.name,
        f'{len(operation.seen)}/{len(operation.documented)}',
        ', '.join(operation.missing),
    )


def _join(row: tuple[str, ...], widths: list[int]) -> str:
    left, seen = zip(row[:2], widths[:2], strict=True), row[2].rjust(widths[2])
    return '  '.join([*(cell.ljust(width) for cell, width in left), seen, row[3]]).rstrip()


def render_json(coverage: Coverage) -> str:
    """Return *coverage* as one JSON document, which ends with a newline."""
    operations = [
        {
            'method': operation.method,
            'path': operation.path,
            'name': operation.name,
            'seen': operation.seen,
            'missing': operation.missing,
            'undocumented': operation.undocumented,
        }
        for operation in coverage.operations
    ]
    described = {
        'percent': coverage.percent,
        'seen': coverage.seen,
        'documented': coverage.documented,
        'operations': operations,
    }
    return json.dumps(described, indent=2, ensure_ascii=False) + '\n'
