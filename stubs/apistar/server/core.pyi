import inspect as inspect
from collections.abc import Callable, Sequence
from typing import Any

from apistar.document import Document, Field, Link, Response, Section

class Route:
    url: str
    method: str
    handler: Callable[..., Any]
    name: str
    documented: bool
    standalone: bool
    link: Link | None  # None where a subclass makes none
    def __init__(
        self,
        url: str,
        method: str,
        handler: Callable[..., Any],
        name: str | None = ...,
        documented: bool = ...,
        standalone: bool = ...,
    ) -> None: ...
    def generate_link(
        self, url: str, method: str, handler: Callable[..., Any], name: str
    ) -> Link | None: ...
    def generate_fields(
        self, url: str, method: str, handler: Callable[..., Any]
    ) -> list[Field]: ...
    def generate_response(self, handler: Callable[..., Any]) -> Response | None: ...

class Include:
    url: str
    name: str
    routes: Sequence[Route | Include]
    documented: bool
    section: Section
    def __init__(
        self, url: str, name: str, routes: Sequence[Route | Include], documented: bool = ...
    ) -> None: ...

def generate_document(routes: Sequence[Route | Include]) -> Document: ...
