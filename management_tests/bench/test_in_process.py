"""What an application gets that is called within the process, and how its answers count."""

from __future__ import annotations

import io
from typing import Any

import pytest

from django_apistar.bench.in_process import build_environ, call, load_in_process
from django_apistar.bench.request import GET, Request
from django_apistar.bench.targets import (
    APISTAR,
    Answer,
    Target,
    TargetError,
    check_answer,
)

pytestmark = pytest.mark.once

POST = Request('POST', (('Accept', 'text/html'), ('X-A', 'b')), b'body')


class Application:
    """A WSGI application that answers with each of *statuses* in turn."""

    def __init__(self, *statuses: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.statuses = statuses
        self.headers = [*headers]
        self.bodies: list[bytes] = []
        self.read = self.closed = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        start_response(self.statuses[len(self.bodies) % len(self.statuses)], self.headers)
        self.bodies.append(environ['wsgi.input'].read())
        return self

    def __iter__(self) -> Any:
        yield from (b'one ', b'two')
        self.read += 1

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(
    ('request_', 'more'),
    [
        (GET, {'REQUEST_METHOD': 'GET', 'HTTP_ACCEPT': '*/*', 'CONTENT_LENGTH': '0'}),
        (POST, {'REQUEST_METHOD': 'POST', 'HTTP_ACCEPT': 'text/html', 'HTTP_X_A': 'b',
                'CONTENT_LENGTH': '4'}),
        (Request('DELETE'),
         {'REQUEST_METHOD': 'DELETE', 'HTTP_ACCEPT': '*/*', 'CONTENT_LENGTH': '0'}),
    ],
)  # fmt: skip
def test_an_application_gets_the_environ_of_a_server(request_: Request, more: Any) -> None:
    environ = build_environ(Target('a', 'A', '/caf%C3%A9/?b=c', request_))

    body = environ.pop('wsgi.input')
    assert isinstance(body, io.BytesIO)
    assert body.read() == request_.body
    assert environ.pop('wsgi.errors')
    assert environ == {
        'PATH_INFO': '/caf\xc3\xa9/', 'QUERY_STRING': 'b=c', 'REQUEST_URI': '/caf%C3%A9/?b=c',
        'RAW_URI': '/caf%C3%A9/?b=c', 'SCRIPT_NAME': '', 'SERVER_NAME': '127.0.0.1',
        'SERVER_PORT': '80', 'HTTP_HOST': '127.0.0.1', 'SERVER_PROTOCOL': 'HTTP/1.1',
        'REMOTE_ADDR': '127.0.0.1', 'wsgi.version': (1, 0), 'wsgi.url_scheme': 'http',
        'wsgi.multithread': False, 'wsgi.multiprocess': False, 'wsgi.run_once': False, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ('headers', 'kind'),
    [
        ((), ''), ((('x-a', 'b'), ('Content-TYPE', 'text/html; charset=utf-8')), 'text/html'),
        ((('content-type', 'text/html'), ('content-type', 'text/css')), 'text/html'),
    ],
)  # fmt: skip
def test_an_answer_is_read_whole_and_closed(headers: Any, kind: str) -> None:
    application = Application('404 Not Found', headers=headers)

    assert call(application, APISTAR) == Answer(404, kind, b'one two')
    assert (application.read, application.closed) == (1, 1)


def test_a_round_counts_what_is_not_answered_with_2xx() -> None:
    application = Application('200 OK', '500 No', '299 Odd')
    target = Target('a', 'A', request=Request('OPTIONS', (), b'body'))

    load = load_in_process(application, target, 0.01)

    count = len(application.bodies)
    assert application.bodies == [b'body'] * count
    assert (application.read, application.closed) == (count, count)
    assert (load.transactions, load.errors) == (count - (count + 1) // 3, (count + 1) // 3)
    times = (load.p50_s, load.p90_s, load.p99_s, load.longest_s, load.elapsed_s)
    assert list(times) == sorted(times)
    assert load.elapsed_s >= 0.01
    assert 0 < load.cpu_s * count < load.elapsed_s * 1.5  # they are two clocks


def test_a_round_has_one_request_at_least() -> None:
    application = Application('200 OK')

    load = load_in_process(application, APISTAR, 0)

    assert (load.transactions, load.errors, len(application.bodies)) == (1, 0, 1)
    assert load.p50_s == load.p99_s == load.longest_s > 0


@pytest.mark.parametrize(
    ('request_', 'status', 'body', 'is_measured'),
    [
        (GET, 199, b'a', False), (GET, 200, b'a', True), (GET, 299, b'a', True),
        (GET, 300, b'a', False), (GET, 204, b'', False), (POST, 204, b'', True),
        (POST, 200, b'', True), (POST, 299, b'', True), (POST, 300, b'a', False),
        (POST, 199, b'a', False),
    ],
)  # fmt: skip
def test_only_2xx_with_a_body_is_measured_unless_rows_are_written(
    request_: Request, status: int, body: bytes, is_measured: bool
) -> None:
    target, answer = Target('a', 'A', '/b/', request_), Answer(status, 'text/html', body)
    if is_measured:
        check_answer(target, answer)
        return

    with pytest.raises(TargetError) as caught:
        check_answer(target, answer)

    assert str(caught.value) == (
        f'A answers /b/ with {status} and {len(body)} bytes; only an answer of 2xx with a body is '
        'measured.'
    )
