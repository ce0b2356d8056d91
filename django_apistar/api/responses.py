"""Turns a handler's value into a Response, and that into status line, headers and body."""

from __future__ import annotations

import functools
import inspect
import itertools
import json
import re
import typing
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from apistar import http
from django.db.models import QuerySet

from django_apistar.api.encoding import encode_by_setting
from django_apistar.api.prefetching import list_relations, prefetch
from django_apistar.compat.attributes import build_row_reader
from django_apistar.compat.fields import get_item, is_type
from django_apistar.compat.signatures import get_dotted_name, get_signature

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

Headers = list[tuple[str, str]]
BODILESS = frozenset((204, 205, 304))
CONTENT_HEADERS = ('content-length', 'content-type')
# Of small responses: to format a number takes as long as to call a function.
LENGTHS = tuple(('content-length', str(length)) for length in range(1024))
JSON_TYPE = ('content-type', 'application/json')
TOKEN = re.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2: names of headers
_VALUE = re.compile('[\t -~\x80-\xff]*')  # section 5.5
# What values are made of, but for tabs and latin-1; any other byte becomes 0.
_PRINTABLE = bytes(code if 0x20 <= code < 0x7F else 0 for code in range(256))
_MOST_CHECKED = 1024
_LONGEST_CHECKED = 256
_LOOKED_AT_EACH_TIME = frozenset(('etag', 'location', 'set-cookie', 'transfer-encoding'))
_checked: set[tuple[str, str]] = set()  # headers that are valid
are_checked = _checked.issuperset  # which `check_headers` asks first, without its call


class _StatusLines(dict[int, str]):
    """The status line of each status that a response may have."""

    def __missing__(self, code: object) -> str:
        raise ValueError(f'The status {code!r} cannot end a request. Use 200 to 599.')


STATUS_LINES = _StatusLines({code: f'{code} Unknown' for code in range(200, 600)})
STATUS_LINES.update(
    {status.value: f'{status.value} {status.phrase}' for status in HTTPStatus if status >= 200}
)
PLAIN_STATUSES = frozenset(STATUS_LINES).difference(BODILESS)


class JSONResponse(http.JSONResponse):
    """API Star's JSONResponse, for all values that a handler may return."""

    default = staticmethod(encode_by_setting)


class StreamingResponse(http.Response):
    """A response whose body is sent while it is made.

    *content*: an iterable of str (sent as UTF-8) or bytes. If it has a `close`, that is called when
    the server has sent it or the client has gone.
    """

    def render(self, content: Any) -> Iterable[bytes]:
        return _Encoded(content)

    def set_default_headers(self) -> None:
        if 'content-type' not in self.headers:
            self.headers['content-type'] = 'application/octet-stream'


class _Encoded:
    """The bytes of an iterable of str or bytes."""

    def __init__(self, content: Iterable[str | bytes]) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._content:
            yield chunk.encode('utf-8') if isinstance(chunk, str) else chunk

    def close(self) -> None:
        close(self._content)


def build_response(value: object, encode_default: Callable[[object], object]) -> http.Response:
    """Return the Response of a handler's *value*.

    A Response stays itself, str is HTML as in API Star, an iterator is streamed, anything else
    is JSON.
    """
    if isinstance(value, http.Response):
        return value
    if isinstance(value, str):
        return http.HTMLResponse(value)
    if isinstance(value, Iterator):
        return _stream(value, encode_default)
    if isinstance(value, QuerySet):
        value = list(value)
    return EncodedJSONResponse(encode_default, value)


def build_rows(value: object, handler: Callable[..., object]) -> Any:
    """Return a QuerySet of a *handler* annotated `-> List[Type]` as plain data by that Type.

    So are the rows of a page. Any other *value* stays itself.
    """
    if is_page(value):
        rows = _build_rows(value.rows, handler)
        return value if rows is value.rows else value.wrap(rows)
    check_page(value, handler)
    return _build_rows(value, handler)


def _build_rows(value: object, handler: Callable[..., object]) -> Any:
    if not isinstance(value, QuerySet):
        return value
    item = get_row_type(get_return_annotation(handler))
    if not is_type(item):
        return value
    read = build_row_reader(item, lambda row: dict(item(row)))
    return [read(row) for row in prefetch(value, list_relations(item))]


def check_page(value: object, handler: Callable[..., object]) -> None:
    """Raise TypeError for rows of a *handler* that is annotated to return a page of them."""
    if not isinstance(value, (QuerySet, list, tuple)):
        return
    annotation = get_return_annotation(handler)
    if is_page_of_rows(annotation):
        row = get_row_type(annotation)
        raise TypeError(
            f'{get_dotted_name(inspect.unwrap(handler))} is annotated -> '
            f'Page[{getattr(row, "__name__", row)}] and returned a {type(value).__name__}: '
            'return page.of(rows).'
        )


def get_return_annotation(handler: Callable[..., object]) -> Any:
    """Return what *handler*, without its decorators, is annotated to return."""
    return get_signature(inspect.unwrap(handler)).return_annotation


class RowsPage(Protocol):
    """A page of a list, as handlers return it: its rows, and what is beside them."""

    @property
    def rows(self) -> object: ...

    @property
    def beside(self) -> dict[str, object]: ...

    def wrap(self, rows: object) -> dict[str, object]: ...


def is_page(value: object) -> TypeGuard[RowsPage]:
    return getattr(type(value), 'is_page', None) is True


def is_page_of_rows(annotation: object) -> bool:
    return getattr(typing.get_origin(annotation), 'is_page', None) is True


def get_row_type(annotation: object) -> Any:
    """Return T for `List[T]` and `Page[T]`, else None."""
    if is_page_of_rows(annotation):
        return typing.get_args(annotation)[0]
    return get_item(annotation)


class EncodedJSONResponse(http.JSONResponse):
    """API Star's JSONResponse with the App's `default` for unknown values."""

    def __init__(self, encode_default: Callable[[Any], Any], *args: Any) -> None:
        self.default = encode_default
        super().__init__(*args)


def _stream(values: Iterator[object], encode_default: Callable[[object], object]) -> http.Response:
    """Stream *values*: str as HTML, bytes as they are, anything else as one JSON array.

    The first value is made here, so that a failure of it is still answered.
    """
    first = list(itertools.islice(values, 1))
    rest = _Chained(first, values)
    if first and isinstance(first[0], str):
        return StreamingResponse(rest, headers={'content-type': 'text/html; charset=utf-8'})
    if first and isinstance(first[0], bytes):
        return StreamingResponse(rest, headers={'content-type': 'application/octet-stream'})
    chunks = _Chained(_iter_json(rest, encode_default), (), rest)
    return StreamingResponse(chunks, headers={'content-type': 'application/json'})


class _Chained:
    """Two iterables as one. Closes *source*, by default the second."""

    def __init__(self, first: Iterable[Any], rest: Iterable[Any], source: Any = None) -> None:
        self._values = itertools.chain(first, rest)
        self._source = rest if source is None else source

    def __iter__(self) -> Iterator[Any]:
        return self._values

    def close(self) -> None:
        close(self._source)


def _iter_json(
    values: Iterable[object], encode_default: Callable[[object], object]
) -> Iterator[str]:
    options = {**http.JSONResponse.options, 'default': encode_default}
    separator = '['
    for value in values:
        yield separator + json.dumps(value, **options)
        separator = ','
    yield ']' if separator == ',' else '[]'


def build_json_response(content: bytes) -> http.JSONResponse:
    """Return the JSONResponse of a value whose JSON is *content*, without encoding it."""
    headers = http.MutableHeaders.__new__(http.MutableHeaders)
    size = len(content)
    length = LENGTHS[size] if size < len(LENGTHS) else ('content-length', str(size))
    headers._list = [length, JSON_TYPE]
    headers._dict = dict(headers._list)
    response = http.JSONResponse.__new__(http.JSONResponse)
    response.content = content
    response.status_code = 200
    response.headers = headers
    response.exc_info = None
    return response


def finalize(response: http.Response, extra: tuple[tuple[str, str], ...]) -> tuple[str, Headers]:
    """Return the status line and headers of *response*, for start_response.

    *extra* headers are added where the response has none of that name. Raises ValueError for an
    invalid header, and for a status outside 200 to 599.
    """
    status_code, content = response.status_code, response.content
    status_line = STATUS_LINES[status_code]
    known, headers = response.headers._dict, response.headers._list
    # Counted here: a hook may have changed the content.
    if isinstance(content, bytes) and known.get('content-length') != str(len(content)):
        length = str(len(content))
        headers = [(name, length if name == 'content-length' else value) for name, value in headers]
    if status_code in BODILESS:
        headers = without_content(headers, status_code)
    check_headers(headers)
    if not _get_names(extra).isdisjoint(known):
        extra = tuple(item for item in extra if item[0] not in known)
    return status_line, [*headers, *extra]


@functools.lru_cache(maxsize=16)
def _get_names(headers: tuple[tuple[str, str], ...]) -> frozenset[str]:
    return frozenset(name for name, _ in headers)


def without_content(headers: Headers, status_code: int) -> Headers:
    """Return *headers* as a response without a body has them: RFC 9110, section 15."""
    kept = [item for item in headers if item[0].lower() not in CONTENT_HEADERS]
    return [*kept, LENGTHS[0]] if status_code == 205 else kept


def send_json(
    start_response: StartResponse, status_line: str, content: bytes,
    headers: Iterable[tuple[str, str]] = (), extra: Iterable[tuple[str, str]] = (),
) -> list[bytes]:  # fmt: skip
    """Send *content*, JSON, with the same headers as an API Star Response."""
    length = ('content-length', str(len(content)))
    given = [*headers]
    media_type = [] if 'content-type' in dict(given) else [JSON_TYPE]
    start_response(status_line, [*given, length, *media_type, *extra])
    return [content]


def get_body(response: http.Response) -> Iterable[bytes]:
    """Return what a WSGI application returns for *response*."""
    content = response.content
    if response.status_code in BODILESS:
        close(content)
        return []
    if isinstance(content, bytes):
        return [content]
    return content if isinstance(content, (list, tuple)) else begin(content)


def begin(body: Iterable[bytes]) -> Iterable[bytes]:
    """Return *body* with its first part made, so that a fault in it can still be answered."""
    parts = iter(body)
    try:
        first = list(itertools.islice(parts, 1))
    except BaseException:
        close(body)
        raise
    return _Chained(first, parts, body)


def close(body: object) -> None:
    """Call the `close` of *body* if it has one, as a server does."""
    getattr(body, 'close', lambda: None)()


def check_status(code: int) -> None:
    """Raise ValueError for a status that a response cannot have."""
    STATUS_LINES[code]


def check_headers(headers: Headers) -> None:
    """Raise ValueError for an invalid header, which no server can send.

    Takes `Transfer-Encoding` out of *headers*: the server alone knows how it sends a body, and
    beside a length granian would send nothing. Valid headers are remembered: most are the same in
    each response.
    """
    if are_checked(headers):
        return
    for header in [*headers]:
        if header not in _checked:
            _check_header(header)
            if header[0].lower() == 'transfer-encoding':
                headers.remove(header)


def _check_header(header: tuple[str, str]) -> None:
    name, value = header
    if not _is_name(name) or not (_is_printable(value) or _VALUE.fullmatch(value)):
        raise ValueError(f'The header {name!r} has the value {value!r}, which HTTP cannot send.')
    if len(value) <= _LONGEST_CHECKED and not _is_looked_at_each_time(name):
        if len(_checked) >= _MOST_CHECKED:
            _checked.clear()
        _checked.add(header)


@functools.lru_cache(_MOST_CHECKED)
def _is_name(name: str) -> bool:
    return TOKEN.fullmatch(name) is not None


@functools.lru_cache(_MOST_CHECKED)
def _is_looked_at_each_time(name: str) -> bool:
    """Return whether a header is not remembered: its values differ, or it is taken out."""
    return name.lower() in _LOOKED_AT_EACH_TIME


def _is_printable(value: str) -> bool:
    """Return whether *value* is ` ` to `~` alone, quicker than the regex.

    So are the cookies and dates of Django's pages, which are new in each response or second.
    """
    return str.isascii(value) and 0 not in value.encode().translate(_PRINTABLE)
