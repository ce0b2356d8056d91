"""Matches a path and a method with a route, or says why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from apistar import Route, exceptions

from django_apistar.api.security import format_query
from django_apistar.routes.router import MethodNotAllowed, PathRedirect

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from django_apistar.routes.router import Router


class Miss(NamedTuple):
    """Why a path and a method have no route."""

    methods: frozenset[str] = frozenset()  # that the path has
    location: str = ''  # the path with its slash, where that has routes

    def build_exception(self, environ: WSGIEnvironment) -> exceptions.HTTPException:
        """Return what answers the request of *environ*."""
        method = environ['REQUEST_METHOD'].upper()
        if self.location:
            return Redirect(self.location, environ)
        if not self.methods:
            return exceptions.NotFound()
        return Options(self.methods) if method == 'OPTIONS' else MethodNotAllowed(self.methods)


Match = tuple[Route, dict[str, Any]] | Miss  # a route and its path parameters


def look_up(router: Router, path_info: str, method: str) -> Match:
    """Return what *router* finds for PATH_INFO and *method*. Raises API Star's NotFound.

    A router of another kind may raise other HTTPExceptions.
    """
    try:
        return router.lookup(decode_path(path_info), method)
    except PathRedirect as exc:
        return Miss(location=exc.location)
    except MethodNotAllowed as exc:
        return Miss(frozenset(exc.methods))


class Redirect(exceptions.Found):
    """To the path with its slash: 302 for GET and HEAD, as API Star, else 308, which keeps the
    method and the body. SCRIPT_NAME and the query string stay."""

    def __init__(self, path: str, environ: WSGIEnvironment) -> None:
        script_name = environ.get('SCRIPT_NAME', '').encode('latin-1', 'replace')
        location = quote(script_name + path.encode('utf-8'), safe="/:@!$&'()*+,;=~")
        location = f'/{location.lstrip("/")}{format_query(environ)}'  # //a is another host's
        if environ['REQUEST_METHOD'].upper() in ('GET', 'HEAD'):
            super().__init__(location)
        else:
            super().__init__(location, 'Permanent Redirect', 308)


class Options(MethodNotAllowed):
    """The answer to OPTIONS where no route has that method: 204 with Allow."""

    default_status_code = 204


def decode_path(path_info: str) -> str:
    """Return *path_info*, UTF-8 read as latin-1 (PEP 3333), as text.

    Raises API Star's NotFound for bytes that are not UTF-8.
    """
    if path_info.isascii():
        return path_info
    try:
        return path_info.encode('latin-1').decode('utf-8')
    except UnicodeEncodeError:  # Not from a WSGI server: text already.
        return path_info
    except UnicodeDecodeError:
        raise exceptions.NotFound() from None
