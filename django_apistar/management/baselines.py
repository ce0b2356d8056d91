"""A baseline of `apistar_routes`: the routes of an earlier day, and what changed since."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

from django_apistar.api.access import ANYONE, OPTIONAL
from django_apistar.compat.path_template import parse_path
from django_apistar.management.rows import COLUMNS, Row
from django_apistar.routes.entries import Framework

_REMEDY = 'Write it anew with --write-baseline'


class BaselineError(Exception):
    """A file that is no baseline. Says why, and what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """What an audit must not let pass.

    `rule`: 'public', 'permission', 'framework', 'undocumented' or 'gone'.
    """

    rule: str
    route: str  # its name, '' where it has none
    message: str


def read_baseline(path: Path) -> list[dict[str, object]]:
    """Return the routes in the file at *path*. Raises BaselineError."""
    try:
        document = json.loads(path.read_bytes())
        routes = document['routes']
        for route in routes:
            missing = [column for column in COLUMNS if column not in route]
            if missing:
                raise BaselineError(
                    f'{path} was written by another version: its routes have no {missing[0]!r}. '
                    f'{_REMEDY}.'
                )
    except OSError as exc:
        raise BaselineError(f'{path} cannot be read: {exc.strerror}. {_REMEDY}.') from None
    except (ValueError, LookupError, TypeError, RecursionError):
        raise BaselineError(f'{path} is not what --format json prints. {_REMEDY}.') from None
    return list(routes)


def compare(baseline: list[dict[str, object]], rows: list[Row]) -> Iterator[Change]:
    """Yield the changes since *baseline* that make a project less safe or break its clients."""
    now = {_get_key(row.path, row.methods): row for row in rows}
    known = {
        _get_key(str(route['path']), _read_texts(route, 'methods')): route for route in baseline
    }
    for key, route in known.items():
        row = now.get(key)
        if row is None:
            yield _tell('gone', route, 'is gone.')
        else:
            yield from _compare_route(route, row)
    for key, row in now.items():
        if key not in known and row.framework == Framework.APISTAR.value and not row.documented:
            yield _tell('undocumented', row.to_data(), 'is new, and the schema does not show it.')


def _compare_route(route: dict[str, object], row: Row) -> Iterator[Change]:
    if row.is_public and route['auth'] not in (ANYONE, OPTIONAL):
        before = f'{route["auth"]!r}' if route['auth'] else 'not known'
        yield _tell('public', row.to_data(), f'is open to anyone: its auth was {before}.')
    lost = [name for name in _read_texts(route, 'permissions') if name not in row.permissions]
    if lost and not row.is_public:
        yield _tell('permission', row.to_data(), f'asks no more for {", ".join(lost)}.')
    if row.framework != route['framework']:
        yield _tell(
            'framework', row.to_data(), f'goes to {row.framework}, not to {route["framework"]}.'
        )
    elif route['documented'] and not row.documented:
        yield _tell('undocumented', row.to_data(), 'is not in the schema any more.')


def _get_key(path: str, methods: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Frameworks write parameters each in its way, and their names may change."""
    return ''.join(part if isinstance(part, str) else '{}' for part in parse_path(path)), methods


def _read_texts(route: dict[str, object], column: str) -> tuple[str, ...]:
    texts = route[column]
    return tuple(map(str, texts)) if isinstance(texts, (list, tuple)) else ()


def _tell(rule: str, route: dict[str, object], what: str) -> Change:
    name = str(route['name'])
    methods = ','.join(_read_texts(route, 'methods'))
    return Change(rule, name, f'{methods} {route["path"]}{f" ({name})" if name else ""} {what}')
