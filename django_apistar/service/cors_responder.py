"""The responder around the App's own that answers preflights and adds the headers of CORS.

django-cors-headers' middleware decides: what it adds to an empty response is added to each of ours,
and kept by origin, as it depends on nothing else.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from apistar import Route
from corsheaders.conf import conf
from corsheaders.middleware import CorsMiddleware
from corsheaders.signals import check_request_enabled
from django.core.handlers.wsgi import get_path_info
from django.http import HttpRequest, HttpResponse
from django.http.response import BadHeaderError

from django_apistar.api.errors import build_request
from django_apistar.api.responders import Found, Respond, Responder
from django_apistar.api.responses import LENGTHS, Headers
from django_apistar.api.security import respond_to_none

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_MOST_ORIGINS = 1024  # whose headers are kept
_METHOD_KEY = 'HTTP_ACCESS_CONTROL_REQUEST_METHOD'  # of a preflight
_KEYS = ('HTTP_ORIGIN', 'HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK')
Added = tuple[tuple[str, str], ...]


class CorsResponder:
    """Answers as *responder* does, with the headers of CORS. See Responder.

    Lives as long as its App. *headers*: those of every response.
    """

    def __init__(self, responder: Responder, headers: tuple[tuple[str, str], ...]) -> None:
        self._responder = responder
        self._headers = headers
        self._middleware = CorsMiddleware(respond_to_none)
        self._urls = re.compile(conf.CORS_URLS_REGEX)
        self._find_added = functools.lru_cache(_MOST_ORIGINS)(self._ask_middleware)

    def find(self, path_info: str, method: str) -> Found:
        respond, argument, is_lasting = self._responder.find(path_info, method)
        return self._respond, (respond, argument), is_lasting

    def is_compiled(self, route: Route) -> bool:
        return self._responder.is_compiled(route)

    def _respond(
        self, environ: WSGIEnvironment, start_response: StartResponse, found: tuple[Respond, object]
    ) -> Iterable[bytes]:
        respond, argument = found
        added = self._find_headers(environ)
        if added is None:
            return respond(environ, start_response, argument)
        if environ['REQUEST_METHOD'] == 'OPTIONS' and _METHOD_KEY in environ:
            start_response('200 OK', [LENGTHS[0], *added, *self._headers])
            return []

        def start(
            status: str, headers: Headers, exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            return start_response(status, add(headers, added), exc_info)

        return respond(environ, start, argument)

    def _find_headers(self, environ: WSGIEnvironment) -> Added | None:
        """Return what is added to the answer, None where the path has no CORS.

        A receiver of the package's signal may look at the whole request.
        """
        if check_request_enabled.receivers:
            request = build_request(environ)
            return self._add_headers(request) if self._middleware.is_enabled(request) else None
        path = environ.get('PATH_INFO') or '/'
        if not self._urls.match(path if path.isascii() else get_path_info(environ)):
            return None
        is_options = environ['REQUEST_METHOD'] == 'OPTIONS'
        return self._find_added(is_options, *map(environ.get, _KEYS))

    def _ask_middleware(self, is_options: bool, *values: str | None) -> Added:
        request = HttpRequest()
        request.method = 'OPTIONS' if is_options else 'GET'
        pairs = zip(_KEYS, values, strict=True)
        request.META = {key: value for key, value in pairs if value is not None}
        return self._add_headers(request)

    def _add_headers(self, request: Any) -> Added:
        request._cors_enabled = True
        response = HttpResponse()
        del response.headers['content-type']
        try:
            self._middleware.add_response_headers(request, response)
        except BadHeaderError:  # An origin that no header can hold is none.
            return (('vary', 'origin'),)
        return tuple((name.lower(), value) for name, value in response.items())


def add(headers: Headers, added: Added) -> Headers:
    """Return *headers* with those that are *added*, which replace others but `vary`."""
    names = {name for name, _ in added}
    if names.isdisjoint([name.lower() for name, _ in headers]):
        return [*headers, *added]
    vary = [value for name, value in headers if name.lower() == 'vary']
    kept = [item for item in headers if item[0].lower() not in names]
    listed = {name.strip().lower() for value in vary for name in value.split(',')}
    if not vary:
        return [*kept, *added]
    both = vary if listed & {'*', 'origin'} else [*vary, 'origin']
    return [*kept, ('vary', ', '.join(both)), *(item for item in added if item[0] != 'vary')]
