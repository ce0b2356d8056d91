"""Who answers a request to an App: what a responder is, and what it needs of the App."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from apistar import Route
from apistar.http import Response

from django_apistar.api.responses import close

if TYPE_CHECKING:
    import json

    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from apistar.server.injector import BaseInjector

    from django_apistar.compat.signatures import Function
    from django_apistar.routes.router import Router

# Any: each function knows its own third argument, which was found together with it.
Respond = Callable[['WSGIEnvironment', 'StartResponse', Any], Iterable[bytes]]
# (respond, argument, is_lasting): `respond(environ, start_response, argument)` answers the request,
# and, if lasting, every later one with the same path and method.
Found = tuple[Respond, Any, bool]
Find = Callable[[str, str], Found]  # by PATH_INFO and method


class Responder(Protocol):
    """Answers the requests to one App."""

    def find(self, path_info: str, method: str) -> Found:
        """Return what answers *method* for *path_info*. Never raises."""

    def is_compiled(self, route: Route) -> bool:
        """Return whether compiled code answers requests for *route*, one of the App's."""


class Hook(Protocol):
    """An event hook of the project. It may lack any of the methods: `hasattr` tells."""

    @property
    def on_request(self) -> Function: ...

    @property
    def on_response(self) -> Function: ...

    @property
    def on_error(self) -> Function: ...


class Wrapper(Protocol):
    """A hook that stands around the responder, as Cors does."""

    def wrap_responder(
        self, responder: Responder, headers: tuple[tuple[str, str], ...]
    ) -> Responder: ...

    def covers(self, path: str) -> bool: ...


class AppParts(Protocol):
    """What responders, and the checks and listings that explain them, need of an App."""

    router: Router
    event_hooks: Sequence[Hook | type[Hook]] | None
    auth_components: tuple[Any, ...]
    json_encoder: type[json.JSONEncoder]
    encode_default: Callable[[Any], Any]
    extra_headers: tuple[tuple[str, str], ...]
    notes_routes: bool  # each request's in its environ
    sends_problems: bool  # for errors, unless the client prefers JSON

    @property
    def injector(self) -> BaseInjector: ...  # ours, or one of API Star's kind

    # An override may ask the injector for other parameters.

    def get_event_hooks(self) -> tuple[list[Any], list[Any], list[Any]]: ...

    def render_response(self, *args: Any, **kwargs: Any) -> Response: ...

    def exception_handler(self, *args: Any, **kwargs: Any) -> Response: ...

    def error_handler(self, *args: Any, **kwargs: Any) -> Response: ...

    def finalize_wsgi(self, *args: Any, **kwargs: Any) -> Iterable[bytes]: ...


def without_body(respond: Respond) -> Respond:
    """Return *respond* for HEAD, without the body: not every server leaves it out."""

    def respond_to_head(
        environ: WSGIEnvironment, start_response: StartResponse, argument: Any
    ) -> list[bytes]:
        close(respond(environ, start_response, argument))
        return []

    return respond_to_head
