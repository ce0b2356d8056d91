from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NewType, TypeAlias
from urllib.parse import ParseResult

from _typeshed import OptExcInfo

Method = NewType('Method', str)
Scheme = NewType('Scheme', str)
Host = NewType('Host', str)
Port = NewType('Port', int)
Path = NewType('Path', str)
QueryString = NewType('QueryString', str)
QueryParam = NewType('QueryParam', str)
Header = NewType('Header', str)
Body = NewType('Body', bytes)
PathParams = NewType('PathParams', dict[str, Any])
PathParam = NewType('PathParam', str)
RequestData: TypeAlias = Any  # the decoded body; at run time a TypeVar, to be told apart

_StrPairs: TypeAlias = Mapping[str, str] | Sequence[tuple[str, str]]

class URL(str):
    @property
    def components(self) -> ParseResult: ...

class QueryParams(Mapping[str, str]):
    _dict: dict[str, str]
    _list: list[tuple[str, str]]
    def __init__(self, value: _StrPairs | None = ...) -> None: ...
    def get_list(self, key: str) -> list[str]: ...
    def __getitem__(self, key: str) -> str: ...
    def __iter__(self) -> Iterator[Any]: ...  # of pairs, which no Mapping does
    def __len__(self) -> int: ...

class Headers(Mapping[str, str]):
    _dict: dict[str, str]
    _list: list[tuple[str, str]]
    def __init__(self, value: _StrPairs | None = ...) -> None: ...
    def get_list(self, key: str) -> list[str]: ...
    def __getitem__(self, key: str) -> str: ...
    def __iter__(self) -> Iterator[Any]: ...  # of pairs, which no Mapping does
    def __len__(self) -> int: ...

class MutableHeaders(Headers):
    def __setitem__(self, key: str, value: str) -> None: ...

class Request:
    method: Method
    url: URL
    headers: Headers
    body: Body
    def __init__(
        self, method: Method, url: URL, headers: Headers | None = ..., body: Body | None = ...
    ) -> None: ...

class Response:
    media_type: ClassVar[str | None]
    charset: ClassVar[str | None]
    content: Any  # what `render` returns
    status_code: int
    headers: MutableHeaders
    exc_info: OptExcInfo | None
    def __init__(
        self,
        content: Any,
        status_code: int = ...,
        headers: _StrPairs | None = ...,
        exc_info: OptExcInfo | None = ...,
    ) -> None: ...
    def render(self, content: Any) -> Any: ...
    def set_default_headers(self) -> None: ...

class HTMLResponse(Response): ...

class JSONResponse(Response):
    options: ClassVar[dict[str, Any]]
    default: Callable[[Any], Any]
