"""The headers that Django's security middleware adds, for the responses of API Star.

Only where SecurityMiddleware and XFrameOptionsMiddleware stand in MIDDLEWARE, and by their own
code. `X-Content-Type-Options: nosniff` is always sent: an API's str is HTML.
"""

from __future__ import annotations

import string
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from django.http import HttpRequest

_IN_QUERY = string.punctuation  # characters that servers let through stay as they are


def build_headers(scheme: str = 'http') -> tuple[tuple[str, str], ...]:
    """Return the headers of every API response to a request over *scheme*.

    Over https Strict-Transport-Security comes last, where the project wants it.
    """
    request = WSGIRequest(
        {'REQUEST_METHOD': 'GET', 'wsgi.url_scheme': scheme, 'wsgi.input': BytesIO()}
    )  # fmt: skip
    response = HttpResponse()
    del response['Content-Type']
    for middleware in (SecurityMiddleware, XFrameOptionsMiddleware):
        if is_installed(middleware):
            middleware(respond_to_none).process_response(request, response)
    headers = {name.lower(): value for name, value in response.items()}
    hsts = headers.pop('strict-transport-security', None)
    headers = {'x-content-type-options': 'nosniff', **headers}
    if hsts is not None:
        headers['strict-transport-security'] = hsts
    return tuple(headers.items())


def is_installed(middleware: type) -> bool:
    return f'{middleware.__module__}.{middleware.__qualname__}' in django_settings.MIDDLEWARE


def respond_to_none(request: HttpRequest) -> HttpResponse:
    """Stand in for a view, so that the response has nothing but what the middleware adds."""
    return HttpResponse()


def format_query(environ: WSGIEnvironment) -> str:
    """Return '?' and the query string as a Location may have it, '' where there is none."""
    query = environ.get('QUERY_STRING')
    return f'?{quote(query.encode("latin-1", "replace"), safe=_IN_QUERY)}' if query else ''


def is_secure(environ: WSGIEnvironment) -> bool:
    """Return whether the client's connection is HTTPS, by SECURE_PROXY_SSL_HEADER if set."""
    header = django_settings.SECURE_PROXY_SSL_HEADER
    if header and header[0] in environ:
        return str(environ[header[0]]).split(',')[0].strip() == header[1]
    return environ.get('wsgi.url_scheme') == 'https'
