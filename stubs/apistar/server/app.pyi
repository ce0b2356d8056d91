from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from _typeshed.wsgi import StartResponse, WSGIEnvironment
from apistar.document import Document
from apistar.http import Response
from apistar.server.components import Component
from apistar.server.core import Include, Route
from apistar.server.injector import BaseInjector
from apistar.server.router import BaseRouter
from apistar.server.staticfiles import BaseStaticFiles
from apistar.server.templates import BaseTemplates

class App:
    interface: ClassVar[str]
    document: Document
    router: BaseRouter
    templates: BaseTemplates | None
    statics: BaseStaticFiles | None
    injector: BaseInjector
    debug: bool
    event_hooks: Sequence[Any] | None
    def __init__(
        self,
        routes: list[Route] | list[Route | Include],
        template_dir: str | None = ...,
        static_dir: str | None = ...,
        packages: Sequence[str] | None = ...,
        schema_url: str | None = ...,
        docs_url: str | None = ...,
        static_url: str | None = ...,
        components: list[Component] | None = ...,
        event_hooks: Sequence[Any] | None = ...,
    ) -> None: ...
    def include_extra_routes(
        self, schema_url: str | None = ..., docs_url: str | None = ..., static_url: str | None = ...
    ) -> list[Route]: ...
    def init_document(self, routes: list[Route | Include]) -> None: ...
    def init_router(self, routes: list[Route | Include]) -> None: ...
    def init_templates(
        self, template_dir: str | None = ..., packages: Sequence[str] | None = ...
    ) -> None: ...
    def init_staticfiles(
        self,
        static_url: str | None,
        static_dir: str | None = ...,
        packages: Sequence[str] | None = ...,
    ) -> None: ...
    def init_injector(self, components: list[Component] | None = ...) -> None: ...
    def get_event_hooks(
        self,
    ) -> tuple[list[Callable[..., Any]], list[Callable[..., Any]], list[Callable[..., Any]]]: ...
    def static_url(self, filename: str) -> str: ...
    def reverse_url(self, name: str, **params: Any) -> str: ...
    def render_template(self, path: str, **context: Any) -> str: ...
    def serve(self, host: str, port: int, debug: bool = ..., **options: Any) -> None: ...
    def render_response(self, return_value: Any) -> Response: ...
    def exception_handler(self, exc: Exception) -> Response: ...
    def error_handler(self) -> Response: ...
    def finalize_wsgi(
        self, response: Response, start_response: StartResponse
    ) -> Iterable[bytes]: ...
    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]: ...
