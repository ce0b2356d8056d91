"""Layers around the dispatcher, if settings ask for them: a script name, ids of requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeAlias

from django.conf import settings as django_settings

from django_apistar.api.environ_keys import REQUEST_ID_KEY
from django_apistar.api.request_id import choose_request_id, request_id
from django_apistar.dispatch.bodies import BodyInContext
from django_apistar.routes.table import to_path_info

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Layer: TypeAlias = 'Callable[[WSGIApplication], WSGIApplication]'


def mount(application: WSGIApplication) -> WSGIApplication:
    """Return *application* with FORCE_SCRIPT_NAME in place of the server's SCRIPT_NAME."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        forced = django_settings.FORCE_SCRIPT_NAME or ''
        environ['SCRIPT_NAME'] = to_path_info(forced.rstrip('/'))
        return application(environ, start_response)

    return call


def name_requests(header: str) -> Layer:
    """Return a layer that gives each request an id, in *header*, in environ and in logs."""
    key, lower = f'HTTP_{header.upper().replace("-", "_")}', header.lower()

    def layer(application: WSGIApplication) -> WSGIApplication:
        def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            name = environ[REQUEST_ID_KEY] = environ[key] = choose_request_id(environ.get(key))

            def start(
                status: str,
                headers: list[tuple[str, str]],
                exc_info: OptExcInfo | None = None,
            ) -> Callable[[bytes], object]:
                others = [item for item in headers if item[0].lower() != lower]
                return start_response(status, [*others, (header, name)], exc_info)

            token = request_id.set(name)
            try:
                body = application(environ, start)
                # Servers do not close lists, and send files themselves: neither runs more code.
                if type(body) is list or is_file(body, environ):
                    return body
                return BodyInContext(body, copy_context())
            finally:
                request_id.reset(token)

        return call

    return layer


def is_file(body: Iterable[bytes], environ: WSGIEnvironment) -> bool:
    """Return whether the server may send *body* by `sendfile`, which a wrapper would prevent."""
    wrapper = environ.get('wsgi.file_wrapper')
    return isinstance(wrapper, type) and isinstance(body, wrapper)
