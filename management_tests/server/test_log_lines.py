"""The lines of the access log, whole: text, JSON and colours, without a server."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management.color import color_style
from gunicorn.config import Config

from django_apistar.conf.operation import NOTE_ROUTES
from django_apistar.server import access_log
from django_apistar.server.launch import ServerError
from django_apistar.server.terminal import format_traceback, get_style, paint_status, print_error
from management_tests.support.raw_wsgi import build_environ

pytestmark = pytest.mark.once

TRACE, SPAN = 'ab' * 16, 'cd' * 8
MANY = {
    'HTTP_USER_AGENT': 'curl "8"', 'HTTP_REFERER': 'https://a.example/', 'QUERY_STRING': 'q=1&r',
    'HTTP_TRACEPARENT': f'00-{TRACE}-{SPAN}-01', 'django_apistar.request_id': 'r-1',
    'django_apistar.route': '/a/{id}/', 'django_apistar.framework': 'apistar',
    'HTTP_AUTHORIZATION': 'Bearer secret', 'HTTP_COOKIE': 'a=secret',
    'HTTP_PROXY_AUTHORIZATION': 'Basic secret',
}  # fmt: skip


@pytest.fixture(autouse=True)
def _loggers() -> Iterator[None]:
    """gunicorn keeps its loggers for the process."""
    loggers = [logging.getLogger(f'gunicorn.{name}') for name in ('access', 'error')]
    kept = [(log.handlers[:], log.propagate, log.level) for log in loggers]
    noted = os.environ.pop(NOTE_ROUTES, None)
    yield
    for log, (handlers, propagate, level) in zip(loggers, kept, strict=True):
        for handler in {*log.handlers} - {*handlers}:
            with contextlib.suppress(OSError):  # of a full disk
                handler.close()
        log.handlers, log.propagate = handlers, propagate
        log.setLevel(level)
    os.environ.pop(NOTE_ROUTES, None)
    if noted is not None:
        os.environ[NOTE_ROUTES] = noted


def configure(given: str, is_development: bool = False, **options: Any) -> Config:
    config = Config()
    for name, value in {'access_log_format': given, **options}.items():
        config.set(name, value)
    access_log.choose_format(config, is_development)
    return config


class Closing:
    """A body that says whether it was closed."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from (b'ab', b'c')

    def close(self) -> None:
        self.closed = True


def log_request(
    config: Config, body: Iterable[bytes] = (b'abc',), path: str = '/ä/"', **more: Any
) -> list[bytes]:
    """Answer a request, and return its body."""

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response('201 Created', [('Set-Cookie', 'a=secret'), ('X-B', 'c')])
        return body

    logged = access_log.AccessLogged(application, access_log.AccessLogger(config))
    return list(logged(build_environ(path, **more), lambda *args: bytes))


def read_line(file: Path) -> str:
    [line] = file.read_text().splitlines()
    return re.sub(
        r'\[\d\d/\w{3}/\d{4}:[\d:]{8} [+-]\d{4}\]', '[now]', re.sub(r'\d+ms', 'Nms', line)
    )


@pytest.mark.parametrize(
    ('given', 'is_development', 'more', 'line'),
    [
        (
            'text', False, {},
            '127.0.0.1 - - [now] "GET /%C3%A4/%22 HTTP/1.1" 201 3 "-" "-" - Nms',
        ),
        (
            'text', False, MANY,
            ('127.0.0.1 - - [now] "GET /%C3%A4/%22?q=1&r HTTP/1.1" 201 3 "https://a.example/" '
            f'"curl \\"8\\"" apistar Nms request_id=r-1 trace_id={TRACE}'),
        ),
        (
            'text', True, MANY,
            ('[now] "GET /%C3%A4/%22?q=1&r HTTP/1.1" 201 3 apistar Nms '
            f'request_id=r-1 trace_id={TRACE}'),
        ),
        (
            ('%({authorization}i)s %({cookie}i)s %({set-cookie}o)s %({http_authorization}e)s '
            '%({http_cookie}e)s %({proxy-authorization}i)s %({http_proxy_authorization}e)s %(u)s '
            '%({x-b}o)s %({user-agent}i)s'),
            False, MANY, '- - - - - - - - c curl \\"8\\"',
        ),
    ],
)  # fmt: skip
def test_a_line_of_text(
    given: str, is_development: bool, more: dict[str, str], line: str, tmp_path: Path
) -> None:
    config = configure(given, is_development, accesslog=str(tmp_path / 'log'))

    assert log_request(config, [b'ab', b'c'], **more) == [b'ab', b'c']

    assert read_line(tmp_path / 'log') == line
    assert NOTE_ROUTES not in os.environ


def test_a_streamed_answer_is_counted_and_closed(tmp_path: Path) -> None:
    body = Closing()
    config = configure('text', True, accesslog=str(tmp_path / 'log'))

    assert log_request(config, body, '/') == [b'ab', b'c']

    assert body.closed
    assert read_line(tmp_path / 'log') == '[now] "GET / HTTP/1.1" 201 3 - Nms'


USUAL = {
    'http.request.method': 'GET', 'url.scheme': 'http', 'server.address': 'testserver',
    'client.address': '127.0.0.1', 'network.protocol.version': '1.1',
    'http.response.status_code': 201, 'http.response.body.size': 3,
}  # fmt: skip


@pytest.mark.parametrize(
    ('more', 'attributes'),
    [
        ({}, {'url.path': '/%C3%A4/%22'}),
        (
            MANY,
            {
                'url.path': '/%C3%A4/%22', 'url.query': 'q=1&r', 'user_agent.original': 'curl "8"',
                'http.route': '/a/{id}/', 'django_apistar.framework': 'apistar',
                'django_apistar.request_id': 'r-1',
                'http.request.header.referer': ['https://a.example/'],
                'trace_id': TRACE, 'span_id': SPAN, 'trace_flags': '01',
            },
        ),
    ],
)  # fmt: skip
def test_a_line_of_json(more: dict[str, str], attributes: dict[str, Any], tmp_path: Path) -> None:
    """`json_lines`"""
    log_request(configure('json', accesslog=str(tmp_path / 'log')), [b'abc'], **more)

    found = json.loads((tmp_path / 'log').read_text())
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', found.pop('timestamp'))
    assert 0 <= found.pop('http.server.request.duration') < 10
    assert found == {**USUAL, 'process.pid': os.getpid(), **attributes}
    assert os.environ[NOTE_ROUTES] == '1'


def test_json_without_a_log_goes_to_stdout() -> None:
    assert configure('json').accesslog == '-'
    assert configure('json', syslog=True).accesslog is None
    assert configure('text').accesslog is None


@pytest.mark.parametrize(
    'header',
    [
        None, '', 'x', f'ff-{TRACE}-{SPAN}-01', f'00-{TRACE}-{SPAN}',
        f'00-{"0" * 32}-{SPAN}-01', f'00-{TRACE}-{"0" * 16}-01',
    ],
)  # fmt: skip
def test_a_header_that_names_no_trace_is_left_out(header: str | None, tmp_path: Path) -> None:
    config = configure('json', accesslog=str(tmp_path / 'log'))

    log_request(config, **({} if header is None else {'HTTP_TRACEPARENT': header}))

    assert 'trace_id' not in (tmp_path / 'log').read_text()


def answer_nothing(environ: Any, start_response: Any) -> list[bytes]:
    start_response('200 OK', [])
    return [b'']


def test_a_log_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    config = configure('text', accesslog='/dev/full', errorlog=str(tmp_path / 'errors'))
    application = access_log.AccessLogged(answer_nothing, access_log.AccessLogger(config))

    for _ in range(2):
        assert list(application(build_environ(), lambda *args: bytes)) == [b'']

    [line] = (tmp_path / 'errors').read_text().splitlines()
    assert line.endswith(
        'The access log /dev/full cannot be written: [Errno 28] No space left on device. '
        'Requests are answered, but not logged.'
    )


@pytest.mark.parametrize(
    ('status', 'role'),
    [
        ('100', 'HTTP_INFO'), ('301', 'HTTP_REDIRECT'), ('304', 'HTTP_NOT_MODIFIED'),
        ('400', 'HTTP_BAD_REQUEST'), ('404', 'HTTP_NOT_FOUND'), ('499', 'HTTP_BAD_REQUEST'),
        ('500', 'HTTP_SERVER_ERROR'), ('-', 'HTTP_SERVER_ERROR'),
    ],
)  # fmt: skip
def test_a_line_has_the_colour_that_runserver_gives_its_status(status: str, role: str) -> None:
    style = color_style(force_color=True)

    assert paint_status(style, status, 'line') == getattr(style, role)('line')
    assert paint_status(style, status, 'line') != 'line'
    assert paint_status(style, '200', 'line') == 'line'


def answer_404(environ: Any, start_response: Any) -> list[bytes]:
    start_response('404 Not Found', [])
    return [b'']


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('NO_COLOR', raising=False)
    assert get_style(Terminal()).ERROR('x') != 'x'
    for stream in (None, io.StringIO()):
        assert get_style(stream).ERROR('x') == 'x'

    monkeypatch.setenv('NO_COLOR', '1')
    assert get_style(Terminal()).ERROR('x') == 'x'


def test_a_line_of_text_is_coloured_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('NO_COLOR', raising=False)
    found = {}
    for given in ('text', 'json'):
        monkeypatch.setattr(sys, 'stdout', Terminal())
        log = access_log.AccessLogger(configure(given, accesslog='-'))
        assert list(
            access_log.AccessLogged(answer_404, log)(build_environ(), lambda *args: bytes)
        ) == [b'']
        found[given] = sys.stdout.getvalue()

    assert found['text'].startswith('\x1b[')
    assert json.loads(found['json'])['http.response.status_code'] == 404


def test_a_traceback_has_the_frames_of_the_project() -> None:
    try:
        try:
            json.loads('{')
        except ValueError as exc:
            raise ServerError('no') from exc
    except ServerError as exc:
        text = format_traceback(exc)

    assert text.count(__file__) == 2
    assert f'{os.sep}json{os.sep}' not in text
    assert text.endswith(
        'ServerError: no\n(3 frames of Python and of installed packages are left out.)\n'
    )


def test_a_traceback_without_frames_of_the_project_has_all() -> None:
    exc = None
    try:
        json.loads('{')
    except ValueError as caught:
        exc = caught.with_traceback(caught.__traceback__.tb_next)

    text = format_traceback(exc)

    assert f'{os.sep}json{os.sep}decoder.py' in text
    assert 'left out' not in text
    assert sys.exc_info()[0] is None


def test_a_traceback_has_the_exceptions_that_were_handled() -> None:
    try:
        try:
            json.loads('{')
        except ValueError:
            raise ServerError('no')  # noqa: B904  # from none
    except ServerError as exc:
        text = format_traceback(exc)

    assert text.count(__file__) == 2
    assert 'JSONDecodeError' in text
    assert text.endswith('\n(3 frames of Python and of installed packages are left out.)\n')


def test_an_error_is_red_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('NO_COLOR', raising=False)
    shown = []
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, 'stderr', stream)
        print_error(ServerError('one\ntwo'))
        shown.append(stream.getvalue())

    plain = 'runapistar: one\nrunapistar: two'
    assert shown == [f'{color_style(force_color=True).ERROR(plain)}\n', f'{plain}\n']


def test_a_response_that_does_not_count_its_bytes_has_none(tmp_path: Path) -> None:
    """That of gunicorn's own worker of another class."""
    config = configure('json', accesslog=str(tmp_path / 'log'))
    log = access_log.AccessLogger(config)
    environ = {'RAW_URI': '/a?b?c', 'SERVER_PROTOCOL': 'HTTP/1.0'}
    took = datetime.timedelta(seconds=90, microseconds=1500)

    log.access(SimpleNamespace(status='404 Not Found'), (), environ, took)

    found = json.loads((tmp_path / 'log').read_text())
    del found['timestamp']
    assert found == {
        'url.path': '/a', 'url.query': 'b?c', 'network.protocol.version': '1.0',
        'http.response.status_code': 404, 'http.response.body.size': 0,
        'http.server.request.duration': 90.0015, 'process.pid': os.getpid(),
    }  # fmt: skip
