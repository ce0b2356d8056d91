"""What a dispatcher does to heads and bodies: checks them, empties them, ends their request."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context
from typing import TYPE_CHECKING

from django_apistar.api import errors, responses

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


def fit_head(status: str, headers: responses.Headers) -> tuple[bool, responses.Headers]:
    """Return whether *status* has no body, and *headers* as that has them.

    Raises ValueError if *status* is none of an answer.
    """
    code = int(status[:3])
    if code < 200:
        responses.check_status(code)
    if code in responses.BODILESS:
        return True, responses.without_content(headers, code)
    return False, headers


def begin_streamed(
    body: Iterable[bytes], start_response: StartResponse, head: tuple[str, responses.Headers]
) -> Iterable[bytes]:
    """Return *body* with its first part made, after which *head* is sent."""
    begun = responses.begin(body)
    try:
        start_response(*head)
    except BaseException:
        responses.close(begun)
        raise
    return begun


class NoBody:
    """An empty body, for HEAD and for statuses without one. Closes the original body."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        responses.close(self._body)


class BrokenBodyError(Exception):
    """A body has ended early, by an exception that would end a server's worker."""


class BodyInContext:
    """A body that is made, and closed, in the context of its request."""

    def __init__(self, body: Iterable[bytes], context: Context) -> None:
        self._body = body
        self._context = context

    def __iter__(self) -> Iterator[bytes]:
        iterator = self._context.run(iter, self._body)
        end = object()
        while (chunk := self._context.run(next, iterator, end)) is not end:
            yield chunk  # type: ignore[misc]  # it is not `end`

    def close(self) -> None:
        self._context.run(responses.close, self._body)


class StreamedBody(BodyInContext):
    """A streamed body of the API. *on_close* is called once, at its end.

    *report* is called with an exception of the body, which is raised to the server as well: it ends
    the connection.
    """

    def __init__(
        self,
        body: Iterable[bytes],
        context: Context,
        report: Callable[[BaseException], None],
        on_close: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(body, context)
        self._report = report
        self._on_close = on_close
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        with self._reporting():
            yield from super().__iter__()

    def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        with self._reporting():
            try:
                super().close()
            finally:
                if self._on_close:
                    self._on_close()

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except errors.FAULTS as exc:
            self._report(exc)
            if isinstance(exc, Exception):
                raise
            raise BrokenBodyError(f'{type(exc).__name__} in a streamed body.') from exc
