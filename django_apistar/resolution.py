"""Which framework answers a request, by which rule, and with which route: a dry run of dispatch."""

import dataclasses
import difflib
from typing import Any
from urllib.parse import unquote_to_bytes

from apistar import exceptions
from django.urls import Resolver404, get_resolver

from django_apistar.router import MethodNotAllowed, PathRedirect, Router
from django_apistar.routing import ANY_METHOD, Framework, RouteEntry, RouteTable

NEAR = 3  # entries that a miss proposes


@dataclasses.dataclass(frozen=True, slots=True)
class Resolution:
    """What a request would meet. `status`: 200 where a handler is called, else the answer's."""

    framework: Framework
    rule: str  # a sentence
    status: int
    entry: RouteEntry | None = None
    params: dict[str, Any] = dataclasses.field(default_factory=dict)
    allow: str = ''  # the methods that the path has, where the asked one is not among them
    location: str = ''  # where a redirect leads
    near: tuple[RouteEntry, ...] = ()


def resolve(table: RouteTable, router: Router, path: str, method: str = 'GET') -> Resolution:
    """Return what *method* *path* meets. *path* is as in a URL: percent-encoded, no query."""
    raw = unquote_to_bytes(path)
    path_info = raw.decode('latin-1')
    framework = table.framework_for(path_info)
    rule = table.explain_dispatch(path_info)
    try:
        text = raw.decode('utf-8')
    except UnicodeDecodeError:
        return Resolution(framework, rule, 404)
    if framework is Framework.STATIC:
        return Resolution(framework, rule, 200)
    if framework is Framework.DJANGO:
        return _resolve_django(table, rule, text)
    return _resolve_apistar(table, router, rule, text, method)


def _resolve_apistar(
    table: RouteTable, router: Router, rule: str, path: str, method: str
) -> Resolution:
    apistar = Framework.APISTAR
    try:
        route, params = router.lookup(path, method)
    except PathRedirect as exc:
        status = 302 if method in ('GET', 'HEAD') else 308
        return Resolution(apistar, rule, status, location=exc.location)
    except MethodNotAllowed as exc:
        status = 204 if method == 'OPTIONS' else 405
        return Resolution(apistar, rule, status, allow=exc.allow)
    except exceptions.NotFound:
        return Resolution(apistar, rule, 404, near=_find_near(table, path))
    entry = next(entry for entry in router.entries if entry.route is route)
    return Resolution(apistar, rule, 200, entry, params)


def _resolve_django(table: RouteTable, rule: str, path: str) -> Resolution:
    django = Framework.DJANGO
    try:
        match = get_resolver(table.urlconf).resolve(path)
    except Resolver404:
        if not path.endswith('/') and _is_django_path(table, path + '/'):
            return Resolution(django, rule, 301, location=path + '/')
        return Resolution(django, rule, 404, near=_find_near(table, path))
    entry = next(
        (
            item
            for item in table.django_entries
            if item.path == f'/{match.route}'.replace('//', '/')
        ),
        None,
    ) or RouteEntry(django, path, match.view_name or '', ANY_METHOD, match.func)
    return Resolution(django, rule, 200, entry, dict(match.kwargs))


def _is_django_path(table: RouteTable, path: str) -> bool:
    try:
        get_resolver(table.urlconf).resolve(path)
    except Resolver404:
        return False
    return True


def _find_near(table: RouteTable, path: str) -> tuple[RouteEntry, ...]:
    """Return the routes whose paths look most like *path*."""
    by_path = {entry.path.lower(): entry for entry in table}
    close = difflib.get_close_matches(path.lower(), by_path, n=NEAR, cutoff=0.6)
    return tuple(by_path[item] for item in close)
