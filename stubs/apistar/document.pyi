from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from apistar.types import Type
from apistar.validators import Validator

_Schema: TypeAlias = Validator | type[Type]

class LinkInfo(NamedTuple):
    link: Link
    name: str
    sections: tuple[Section, ...]

class Document:
    content: list[Section | Link]
    url: str
    title: str
    description: str
    version: str
    def __init__(
        self,
        content: Sequence[Section | Link] | None = ...,
        url: str = ...,
        title: str = ...,
        description: str = ...,
        version: str = ...,
    ) -> None: ...
    def walk_links(self) -> list[LinkInfo]: ...

class Section:
    content: list[Section | Link]
    name: str
    title: str
    description: str
    def __init__(
        self,
        name: str,
        content: Sequence[Section | Link] | None = ...,
        title: str = ...,
        description: str = ...,
    ) -> None: ...
    def get_links(self) -> list[Link]: ...
    def get_sections(self) -> list[Section]: ...

class Link:
    url: str
    method: str
    handler: Callable[..., Any] | None
    name: str
    encoding: str
    response: Response | None
    title: str
    description: str
    fields: list[Field]
    def __init__(
        self,
        url: str,
        method: str,
        handler: Callable[..., Any] | None = ...,
        name: str = ...,
        encoding: str | None = ...,
        response: Response | None = ...,
        title: str = ...,
        description: str | None = ...,
        fields: Sequence[Field] | None = ...,
    ) -> None: ...
    def get_path_fields(self) -> list[Field]: ...
    def get_query_fields(self) -> list[Field]: ...
    def get_body_field(self) -> Field | None: ...

class Field:
    name: str
    title: str
    description: str
    location: str
    required: bool
    schema: _Schema | None
    example: Any
    def __init__(
        self,
        name: str,
        location: str,
        title: str = ...,
        description: str = ...,
        required: bool | None = ...,
        schema: _Schema | None = ...,
        example: Any = ...,
    ) -> None: ...

class Response:
    encoding: str
    status_code: int
    schema: _Schema | None
    def __init__(
        self, encoding: str, status_code: int = ..., schema: _Schema | None = ...
    ) -> None: ...
