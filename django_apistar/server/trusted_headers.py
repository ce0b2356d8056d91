"""Request headers that a project trusts although a client can forge them past its proxy.

A proxy replaces `X-Forwarded-Proto`. `X_Forwarded_Proto` has the same name in the environ, and
passes the proxy; granian takes such names, gunicorn does not.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from types import CellType, CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Headers by which proxies tell who their client is.
_OF_PROXIES = re.compile(
    r'HTTP_((X_)?(FORWARDED|REMOTE|REAL|ORIGINAL|CLIENT|CLUSTER|SCRIPT)_\w+'
    r'|X_(URL_)?SCHEME|CF_CONNECTING_IP|TRUE_CLIENT_IP)'
)
_ONLY_REPORT = ('sentry_sdk.',)  # modules that report headers and decide nothing by them
_MOST_PARTS = 200  # of an application that are searched


def find_trusting(application: WSGIApplication) -> Iterator[tuple[str, str]]:
    """Yield (what trusts it, the header) for each header with a hyphen that the project trusts.

    *application* is the WSGI application, wrapped or not. The code of handlers is not searched.
    """
    proxy_header: Any = settings.SECURE_PROXY_SSL_HEADER
    if proxy_header and is_ambiguous(proxy_header[0]):
        yield 'SECURE_PROXY_SSL_HEADER', format_header(proxy_header[0])
    if settings.USE_X_FORWARDED_HOST:
        yield 'USE_X_FORWARDED_HOST', 'X-Forwarded-Host'
    if settings.USE_X_FORWARDED_PORT:
        yield 'USE_X_FORWARDED_PORT', 'X-Forwarded-Port'
    for path in settings.MIDDLEWARE:
        for header in _find_in_middleware(import_string(path)):
            yield path, header
    for part in _iter_parts(application):
        for header in sorted(_find_read(part)):
            yield f'{part.__module__}.{part.__qualname__}', header


def explain(application: WSGIApplication, server: str) -> str:
    """Return why *server*, which takes both spellings, must not serve *application*, else ''."""
    for who, header in find_trusting(application):
        other = ''
        if who == 'USE_X_FORWARDED_HOST':
            other = ', or let the proxy send Host as it came, without this setting'
        elif who == 'SECURE_PROXY_SSL_HEADER':
            other = f', or a header without a hyphen, as {header.replace("-", "")}'
        return (
            f'{who} trusts {header}, which {server} cannot tell from {header.replace("-", "_")} '
            f'that a client sends. Use gunicorn{other}.'
        )
    return ''


def is_ambiguous(key: str) -> bool:
    """Return whether two headers give the environ's *key*: all but those of one word."""
    return '_' in key.removeprefix('HTTP_')


def format_header(key: str) -> str:
    """Return the header of the environ's *key*: 'X-Forwarded-For' of 'HTTP_X_FORWARDED_FOR'."""
    return key.upper().removeprefix('HTTP_').replace('_', '-').title()


def _find_in_middleware(middleware: Any) -> Iterator[str]:
    if _takes_remote_user(middleware):
        # No HTTP server sets REMOTE_USER itself, so that it comes from a header as well.
        if is_ambiguous(middleware.header):
            yield format_header(middleware.header)
    elif not str(middleware.__module__).startswith('django.'):
        yield from sorted(_find_read(middleware))


def _takes_remote_user(middleware: Any) -> bool:
    if not apps.is_installed('django.contrib.auth'):  # whose modules cannot be imported then
        return False
    from django.contrib.auth.middleware import RemoteUserMiddleware

    return inspect.isclass(middleware) and issubclass(middleware, RemoteUserMiddleware)


# Which headers code reads


def _iter_parts(application: WSGIApplication) -> Iterator[FunctionType | type]:
    """Yield the functions and classes around our application."""
    waiting: list[object] = [application]
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_PARTS:
        part = waiting.pop()
        if id(part) in seen or _is_ours(part):
            continue
        seen.add(id(part))
        if isinstance(part, FunctionType):
            yield part
            waiting += [cell.cell_contents for cell in part.__closure__ or () if _is_full(cell)]
        elif isinstance(part, functools.partial):
            waiting += [part.func, *part.args, *part.keywords.values()]
        elif hasattr(part, '__self__'):  # a method; that of a function has no function of its own
            waiting += [getattr(part, '__func__', None), part.__self__]
        elif callable(part) and not inspect.isclass(part):
            yield type(part)
            waiting += vars(part).values() if hasattr(part, '__dict__') else ()


def _is_ours(part: object) -> bool:
    owner = getattr(part, '__self__', part)
    return type(owner).__module__.startswith(('django_apistar.', 'django.'))


def _is_full(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018  # raises
    except ValueError:
        return False
    return True


def _find_read(part: FunctionType | type) -> set[str]:
    """Return the headers of proxies that the code of *part*, a function or class, names."""
    if str(part.__module__).startswith(_ONLY_REPORT):
        return set()
    functions = vars(part).values() if inspect.isclass(part) else [part]
    codes = [function.__code__ for function in functions if isinstance(function, FunctionType)]
    keys = {_to_key(text) for code in codes for text in _iter_texts(code)}
    return {format_header(key) for key in keys if _OF_PROXIES.fullmatch(key)}


def _to_key(text: str) -> str:
    """Return the environ's key for *text*, which is a header or already such a key."""
    return f'HTTP_{text.upper().replace("-", "_")}' if '-' in text else text


def _iter_texts(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _iter_texts(constant)
