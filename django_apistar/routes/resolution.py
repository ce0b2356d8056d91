"""Which framework answers a request, by which rule, and with which route: a dry run of dispatch."""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_to_bytes

from apistar import Route, exceptions
from django.conf import settings as django_settings
from django.urls import Resolver404, ResolverMatch, get_resolver
from django.utils import translation

from django_apistar.routes.entries import ANY_METHOD, APIStarEntry, Framework, RouteEntry
from django_apistar.routes.near_misses import NearMiss, find_near
from django_apistar.routes.router import MethodNotAllowed, PathRedirect, Router
from django_apistar.routes.table import RouteTable, to_path_info
from django_apistar.routes.url_paths import find_language

SLASH_MIDDLEWARE = 'django.middleware.common.CommonMiddleware'


@dataclasses.dataclass(frozen=True, slots=True)
class Resolution:
    """How a request would be answered. `status`: 200 if a handler is called."""

    framework: Framework | None  # None for HEALTH_URL and the like, which neither answers
    rule: str  # a sentence
    status: int
    entry: RouteEntry | None = None
    params: dict[str, object] = dataclasses.field(default_factory=dict)
    allow: str = ''  # the methods of the path, if *method* is not among them
    location: str = ''  # where a redirect leads
    near: tuple[NearMiss, ...] = ()


def resolve(
    table: RouteTable,
    router: Router,
    path: str,
    method: str,
    own_pages: Mapping[str, str | None] | None = None,
) -> Resolution:
    """Return how a request of *method* for *path* would be answered.

    *path* is as in a URL: percent-encoded, no query.
    *own_pages*: `Settings.own_pages`.
    """
    # Characters that are not percent-encoded are read as UTF-8.
    path_info = unquote_to_bytes(path).decode('latin-1')
    for key, page in (own_pages or {}).items():
        if path_info == page:
            return Resolution(None, f'{key} is answered before either framework.', 200)
    framework = table.framework_for(path_info)
    rule = table.explain_dispatch(path_info)
    if framework is Framework.STATIC:
        return Resolution(framework, rule, 200)
    text = path_info.encode('latin-1').decode('utf-8', 'replace')
    if framework is Framework.DJANGO:
        return _resolve_django(table, rule, text, method)
    if to_path_info(text) != path_info:
        return Resolution(framework, rule, 404, near=find_near(table, text))
    return _resolve_apistar(table, router, rule, text, method)


def is_utf8(text: str) -> bool:
    """Return whether *text* has no surrogates, as which Python reads other bytes."""
    return not any('\ud800' <= character <= '\udfff' for character in text)


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
        near = tuple(_find_others(router, path, method, exc.allow)) if status == 405 else ()
        return Resolution(apistar, rule, status, allow=exc.allow, near=near)
    except exceptions.NotFound:
        return Resolution(apistar, rule, 404, near=find_near(table, path))
    return Resolution(apistar, rule, 200, _get_entry(router, route), params)


def _get_entry(router: Router, route: Route) -> APIStarEntry:
    return next(entry for entry in router.entries if entry.route is route)


def _find_others(router: Router, path: str, method: str, allow: str) -> Iterator[NearMiss]:
    """Yield the routes that *path* has for other methods."""
    for other in allow.split(', '):
        with contextlib.suppress(exceptions.HTTPException):
            route, _ = router.lookup(path, other)
            if route.method.upper() == other:
                yield NearMiss(_get_entry(router, route), f'{other}, not {method}')


def _resolve_django(table: RouteTable, rule: str, path: str, method: str) -> Resolution:
    django = Framework.DJANGO
    match = _match_django(table, path)
    if match is None or _is_catch_all(match):
        if _gets_slash(table, path, is_caught=match is not None):
            return Resolution(django, rule, 301, location=path + '/')
        return Resolution(django, rule, 404, near=find_near(table, path))
    entry = _find_entry(table, match)
    if entry.methods != ANY_METHOD and method not in entry.methods:
        return Resolution(django, rule, 405, entry, allow=', '.join(entry.methods))
    params = match.kwargs or {str(index): value for index, value in enumerate(match.args)}
    return Resolution(django, rule, 200, entry, dict(params))


def _match_django(table: RouteTable, path: str) -> ResolverMatch | None:
    language = find_language(path, table.urlconf)
    try:
        with translation.override(language):
            return get_resolver(table.urlconf).resolve(path)
    except Resolver404:
        return None


def _is_catch_all(match: ResolverMatch) -> bool:
    """The admin's last URL matches every path; its view adds a slash or answers 404."""
    return getattr(match.func, '__qualname__', '').endswith('.catch_all_view')


def _gets_slash(table: RouteTable, path: str, is_caught: bool) -> bool:
    """Return whether APPEND_SLASH redirects *path*: by CommonMiddleware, or by the admin."""
    can_redirect = is_caught or SLASH_MIDDLEWARE in django_settings.MIDDLEWARE
    if path.endswith('/') or not django_settings.APPEND_SLASH or not can_redirect:
        return False
    match = _match_django(table, path + '/')
    if match is None or _is_catch_all(match):
        return False
    return bool(getattr(match.func, 'should_append_slash', True))


def _find_entry(table: RouteTable, match: ResolverMatch) -> RouteEntry:
    """Return the entry of *match*. Django drops the ^ of nested regular expressions."""
    own = [entry for entry in table.django_entries if entry.handler is match.func]
    for entry in own:
        if entry.path.replace('^', '') == f'/{match.route}'.replace('^', ''):
            return entry
    # A path that depends on the request, as a translated one, or a view that is made for each look.
    known = own[0] if own else RouteEntry(Framework.DJANGO, '', '', ANY_METHOD, match.func)
    name = match.view_name if match.url_name else ''
    return dataclasses.replace(known, path=f'/{match.route}', name=name)
