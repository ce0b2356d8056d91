"""Writes the end of a plan: from the handler's value to what the server gets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from django_apistar.accelerate.json.encoder import ALIKE
from django_apistar.accelerate.json.flat_types import Encode
from django_apistar.accelerate.source import Function, Source
from django_apistar.accelerate.types.rendering import Renderer

if TYPE_CHECKING:
    from apistar.http import Response
    from apistar.types import Type


@dataclasses.dataclass(frozen=True, slots=True)
class ResponseContext:
    """The functions of the App that the end of a plan calls: the same for all its routes."""

    encode: Encode
    plain_dumps: Encode | None  # see encoding.find_plain_dumps
    build_response: Callable[[object], Response]  # from the handler's value
    finalize: Callable[
        [Response], tuple[str, list[tuple[str, str]]]
    ]  # a Response's status and headers
    body_of: Callable[[Response], Iterable[bytes]]  # what goes to the server
    # By a handler's return annotation: what makes data of its rows, what makes JSON of them, and
    # a Type with what makes JSON of it.
    render_rows: Callable[[Function], Renderer | None]
    write_rows: Callable[[Function], Callable[[object], bytes | None] | None]
    find_type: Callable[[Function], tuple[type[Type], Encode] | None]
    lengths: Sequence[tuple[str, str]]  # the Content-Length of small bodies
    extra_headers: tuple[tuple[str, str], ...]


class ResponseWriter:
    """Writes the end of one plan. *is_own*: no subclass of App overrides the rendering.

    Where hooks see the response there is one; else `body` goes from value to server directly.
    """

    def __init__(
        self,
        source: Source,
        context: ResponseContext,
        handler: Function,
        is_own: bool,
        has_hooks: bool,
    ) -> None:
        self._source = source
        self._context = context
        self._handler = handler
        self._is_own = is_own
        self._has_hooks = has_hooks
        # A hook or an override may want to see the rows before they are JSON.
        self._rows = context.write_rows(handler) if is_own and not has_hooks else None

    def write_rows(self) -> None:
        """Write the rendering of rows, for a handler annotated to return some."""
        source = self._source
        if self._rows is not None:
            source.line(f'body = {source.const(self._rows, "write_rows")}(value)')
            return
        render_rows = self._context.render_rows(self._handler)
        if render_rows is not None:
            source.line(f'value = {source.const(render_rows, "render_rows")}(value)')

    def write_rendering(self, what: str) -> None:
        """Write *what*: 'render_response' or 'finalize_wsgi', where no subclass has its own."""
        source = self._source
        if not self._has_hooks:
            if what == 'render_response':
                self._write_fused_rendering()
        elif what == 'render_response':
            build = source.const(self._context.build_response, 'build_response')
            source.line(f'response = value = {build}(value)')
        else:
            self._write_end()

    def _write_fused_rendering(self) -> None:
        if self._rows is None:
            self._write_encoding()
            return
        with self._source.block('if body is None:'):
            self._write_encoding()

    def _write_encoding(self) -> None:
        source = self._source
        build = source.const(self._context.build_response, 'build_response')
        source.line('kind = type(value)')
        branch, encoded = 'if', 'kind is dict or kind is list'
        known = self._context.find_type(self._handler)
        if known is not None:
            cls, write = known
            with source.block(f'if kind is {source.const(cls, cls.__name__)}:'):
                source.line(f'body = {source.const(write, f"write_{cls.__name__}")}(value)')
            branch = 'elif'
        if self._context.plain_dumps is not None:
            with source.block(f'{branch} kind is dict:'):
                self._write_plain_encoding(self._context.plain_dumps)
            branch, encoded = 'elif', 'kind is list'
        with source.block(f'{branch} {encoded}:'):
            source.line(f'body = {self._encode}(value)')
        with source.block('else:'):
            source.line('body = None')
            source.line(f'response = value = {build}(value)')
            self._write_end()

    def _write_end(self) -> None:
        """Write what becomes of a Response, where a fault in its first part is still answered."""
        source = self._source
        finalize = source.const(self._context.finalize, 'finalize')
        source.line(f'status, headers = {finalize}(response)')
        source.line(f'sent = {source.const(self._context.body_of, "body_of")}(response)')

    def _write_plain_encoding(self, plain_dumps: Encode) -> None:
        """Write the encoding of a dict: to test its values is cheaper than to test its text."""
        source = self._source
        alike = source.const(ALIKE, 'alike')
        with source.block('for item in value.values():'):
            source.line('kind = type(item)')
            with source.block(f'if kind is not str and kind not in {alike}:'):
                source.line(f'body = {self._encode}(value)')
                source.line('break')
        with source.block('else:'):
            with source.block('try:'):
                source.line(f'body = {source.const(plain_dumps, "dumps")}(value)')
            with source.block('except TypeError:'):
                source.line(f'body = {self._encode}(value)')

    @property
    def _encode(self) -> str:
        return self._source.const(self._context.encode, 'encode')

    def write(self) -> None:
        """Write the call of start_response and the return of the body."""
        source = self._source
        if not self._is_own:
            return
        if not self._has_hooks:
            headers = [('content-type', 'application/json'), *self._context.extra_headers]
            lengths = source.const(self._context.lengths, 'lengths')
            with source.block('if body is not None:'):
                source.line('size = len(body)')
                source.line(
                    f'length = {lengths}[size] if size < {len(self._context.lengths)} else '
                    "('content-length', str(size))"
                )
                source.line(f"start_response('200 OK', [length, {', '.join(map(repr, headers))}])")
                source.line('return [body]')
        source.line('start_response(status, headers)')
        source.line('return sent')
