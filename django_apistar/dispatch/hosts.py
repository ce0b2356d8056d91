"""Lets in the hosts that Django allows, over HTTPS where Django's SecurityMiddleware wants it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from django.conf import settings as django_settings
from django.core.exceptions import DisallowedHost
from django.middleware.security import SecurityMiddleware

from django_apistar.api import security
from django_apistar.api.errors import build_request, send_refusal
from django_apistar.api.http_errors import HTTPError
from django_apistar.api.responders import Respond

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_MOST_HOSTS = 1024  # that are kept


class Hosts:
    """Checks the host and the scheme of each request to the App.

    *headers*: those of every response. *sends_problems*: as the App's. `cleared`: values of the
    Host header with which a request needs no further look.
    """

    def __init__(self, headers: tuple[tuple[str, str], ...], sends_problems: bool = False) -> None:
        self._headers = headers
        self._sends_problems = sends_problems
        self._allowed: set[str] = set()
        self._is_forwarded = django_settings.USE_X_FORWARDED_HOST
        is_installed = security.is_installed(SecurityMiddleware)
        self._middleware = SecurityMiddleware(security.respond_to_none) if is_installed else None
        self._hsts = security.build_headers('https')[len(security.build_headers()) :]
        asks_more = self._is_forwarded or self._hsts or (
            is_installed and django_settings.SECURE_SSL_REDIRECT
        )  # fmt: skip
        self.cleared: AbstractSet[str] = frozenset() if asks_more else self._allowed

    def screen(self, respond: Respond, environ: WSGIEnvironment) -> Respond:
        """Return *respond*, or a function that refuses or redirects the request, or adds HSTS."""
        if not self._is_allowed(environ):
            return self._refuse
        location = self._find_redirect(environ)
        if location is not None:
            return functools.partial(self._redirect, location)
        return functools.partial(self._secure, respond) if self.list_hsts(environ) else respond

    def list_hsts(self, environ: WSGIEnvironment) -> tuple[tuple[str, str], ...]:
        """Return [Strict-Transport-Security] if the response to *environ* needs that header."""
        return self._hsts if self._hsts and security.is_secure(environ) else ()

    def _is_allowed(self, environ: WSGIEnvironment) -> bool:
        """Ask Django, whose answer is kept where a header names the host."""
        host = environ.get('HTTP_HOST')
        if self._is_forwarded:
            host = environ.get('HTTP_X_FORWARDED_HOST', host)
        if host in self._allowed:
            return True
        try:
            build_request(environ).get_host()
        except DisallowedHost:
            return False
        if host is not None and len(self._allowed) < _MOST_HOSTS:
            self._allowed.add(host)
        return True

    def _find_redirect(self, environ: WSGIEnvironment) -> str | None:
        """Return the https URL to redirect to; the query string stays as the client wrote it."""
        if self._middleware is None or not self._middleware.redirect:
            return None
        response = self._middleware.process_request(build_request(environ))
        if response is None:
            return None
        return response['Location'].partition('?')[0] + security.format_query(environ)

    def _refuse(
        self, environ: WSGIEnvironment, start_response: StartResponse, _: object
    ) -> list[bytes]:
        refusal = HTTPError('Invalid Host header', 400)
        return send_refusal(refusal, environ, start_response, self._headers, self._sends_problems)

    def _redirect(
        self, location: str, environ: WSGIEnvironment, start_response: StartResponse, _: object
    ) -> list[bytes]:
        headers = [('content-length', '0'), ('content-type', 'text/html'), ('location', location)]
        start_response('301 Moved Permanently', [*headers, *self._headers])
        return []

    def _secure(
        self, respond: Respond, environ: WSGIEnvironment, start_response: StartResponse,
        argument: object,
    ) -> Iterable[bytes]:  # fmt: skip
        """Respond with Strict-Transport-Security."""

        def start_secure_response(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: OptExcInfo | None = None,
        ) -> Callable[[bytes], object]:
            return start_response(status, [*headers, *self._hsts], exc_info)

        return respond(environ, start_secure_response, argument)
