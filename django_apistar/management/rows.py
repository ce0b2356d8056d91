"""The routes of a listing as rows of data, the filters that choose among them, their order."""

import dataclasses
import fnmatch
import functools
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django_apistar.api.access import ANYONE, OPTIONAL, PERMISSION, build_access
from django_apistar.api.hooks import create_hooks
from django_apistar.application import App
from django_apistar.compat.signatures import get_dotted_name
from django_apistar.conf.problems import is_installed
from django_apistar.routes.entries import ANY_METHOD, APIStarEntry, Framework, RouteEntry
from django_apistar.routes.rules import list_permissions
from django_apistar.routes.table import RouteTable

COLUMNS = (
    'framework', 'methods', 'path', 'name', 'handler', 'source', 'documented', 'auth',
    'permissions', 'compiled', 'reachable', 'reason',
)  # fmt: skip
SORTS = ('path', 'name', 'framework', 'method', 'handler')
NOT = '!'  # before a pattern: what it matches is left out


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
    permissions: tuple[str, ...]  # that a user needs, all of them
    compiled: bool | None  # None but for API Star's
    reachable: bool
    reason: str  # why it is not reachable
    hooks: tuple[str, ...]  # that run for it, in order: none for a standalone route
    is_vendor: bool  # whether its handler is of an installed package

    @property
    def is_public(self) -> bool:
        """Whether anyone is let in. False where nobody can tell."""
        return self.auth in (ANYONE, OPTIONAL)

    def to_data(self) -> dict[str, object]:
        """Return the columns by name."""
        return {column: getattr(self, column) for column in COLUMNS}


def build_rows(table: RouteTable, app: App) -> list[Row]:
    """Return a row for each route of both frameworks, in the order in which they are tried."""
    find_access = build_access(app)
    hooks = tuple(map(_name_hook, create_hooks(app)))
    return [_build_row(table, entry, find_access(entry), app, hooks) for entry in table]


def _build_row(
    table: RouteTable, entry: RouteEntry, access: str, app: App, hooks: tuple[str, ...]
) -> Row:
    reason = table.explain_unreachable(entry)
    route_entry = entry if isinstance(entry, APIStarEntry) else None
    route = route_entry.route if route_entry else None
    source = entry.source
    return Row(
        framework=entry.framework.value, methods=entry.methods, path=entry.path, name=entry.name,
        handler=entry.handler_name, source=shorten(source), documented=entry.documented,
        auth=access, permissions=list_permissions(route_entry.rules) if route_entry else (),
        compiled=app.responder.is_compiled(route) if route else None,
        reachable=not reason, reason=reason,
        hooks=hooks if route and not route.standalone else (),
        is_vendor=is_installed(source.rpartition(':')[0]),
    )  # fmt: skip


def _name_hook(hook: object) -> str:
    return get_dotted_name(hook if callable(hook) else type(hook))


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
    """Which rows a listing keeps: those that match every option that is given.

    An option's values are alternatives. One that begins with '!' leaves out what it matches.
    """

    framework: tuple[str, ...]
    method: tuple[str, ...]
    path: tuple[str, ...]  # globs, as name and handler
    name: tuple[str, ...]
    handler: tuple[str, ...]
    auth: tuple[str, ...]
    compiled: str | None  # 'yes' or 'no', of API Star's routes
    unreachable: bool
    except_vendor: bool

    def keeps(self, row: Row) -> bool:
        return (
            _passes(self.framework, lambda wish: wish == row.framework)
            and _passes(self.method, lambda wish: _has_method(row, wish.upper()))
            and _passes(self.path, lambda glob: fnmatch.fnmatchcase(row.path, glob))
            and _passes(self.name, lambda glob: fnmatch.fnmatchcase(row.name, glob))
            and _passes(self.handler, lambda glob: fnmatch.fnmatchcase(row.handler, glob))
            and _passes(self.auth, lambda wish: wish == row.auth)
            and self.compiled in (None, as_text(row.compiled))
            and not (self.unreachable and row.reachable)
            and not (self.except_vendor and row.is_vendor)
        )

    def propose(self, rows: list[Row]) -> str:
        """Return an option with stars that keeps some of *rows*, where it keeps none; else ''."""
        for option in ('path', 'name', 'handler'):
            for glob in getattr(self, option):
                for wider in (f'{glob}*', f'*{glob}', f'*{glob}*') if '*' not in glob else ():
                    changed: dict[str, Any] = {option: (wider,)}
                    wish = dataclasses.replace(self, **changed)
                    if any(map(wish.keeps, rows)):
                        return f"--{option} '{wider}'"
        return ''


def _passes(wishes: tuple[str, ...], matches: Callable[[str], bool]) -> bool:
    wanted = [wish for wish in wishes if not wish.startswith(NOT)]
    unwanted = [wish[len(NOT) :] for wish in wishes if wish.startswith(NOT)]
    return (not wanted or any(map(matches, wanted))) and not any(map(matches, unwanted))


def _has_method(row: Row, method: str) -> bool:
    is_get = row.framework == Framework.APISTAR.value and 'GET' in row.methods
    # API Star's GET routes answer HEAD.
    return row.methods == ANY_METHOD or method in row.methods or (method == 'HEAD' and is_get)


def as_text(value: object) -> str:
    """Return a cell's text: 'yes' or 'no' for a truth value, '' for None."""
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    if isinstance(value, tuple):
        return ','.join(value)
    return '' if value is None else str(value)


def sort_rows(rows: Iterable[Row], key: str) -> list[Row]:
    """Return *rows* by *key*, one of SORTS, then by path and method."""
    attribute = {'method': 'methods'}.get(key, key)
    return sorted(rows, key=lambda row: (getattr(row, attribute), row.path, row.methods))


def summarize(rows: list[Row]) -> str:
    """Return a line of counts."""
    apistar = sum(row.framework == Framework.APISTAR.value for row in rows)
    permitted = sum(row.auth == PERMISSION for row in rows)
    counts = [
        f'API Star {apistar}, Django {len(rows) - apistar}',
        f'open to anyone {sum(row.is_public for row in rows)}',
        *([f'by permission {permitted}'] if permitted else []),
        f'unreachable {sum(not row.reachable for row in rows)}',
        f'not compiled {sum(row.compiled is False for row in rows)}',
    ]
    return f'Routes: {", ".join(counts)}.'
