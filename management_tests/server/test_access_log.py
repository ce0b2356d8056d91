"""The access log's own formats: what gunicorn writes by them, in half the time."""

from __future__ import annotations

import datetime
import io
import logging
from typing import Any

import pytest
from gunicorn.config import Config

from django_apistar.server.access_log import DEVELOPMENT_FORMAT, FORMAT, AccessLogger

pytestmark = pytest.mark.once
TOOK = datetime.timedelta(seconds=1, microseconds=999_999)
PLAIN = {
    'REQUEST_METHOD': 'GET', 'RAW_URI': '/items/?q=chair', 'SERVER_PROTOCOL': 'HTTP/1.1',
}  # fmt: skip
FULL = {
    **PLAIN, 'RAW_URI': '/"a"/%s?b="', 'REMOTE_ADDR': '::1', 'HTTP_REFERER': 'http://"x"/%(h)s',
    'HTTP_USER_AGENT': 'a "b" \\ \u00e9', 'HTTP_AUTHORIZATION': 'Bearer secret',
    'django_apistar.framework': 'API Star', 'django_apistar.request_id': 'a-1',
    'HTTP_TRACEPARENT': '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
}  # fmt: skip


class Response:
    headers = (('Content-Type', 'text/plain'),)

    def __init__(self, status: Any, sent: int | None) -> None:
        self.status, self.sent = status, sent


def write(form: str, environ: dict[str, str], response: Response) -> str:
    """Return the line of *response*, a moment of whose time stands for all."""
    config = Config()
    config.set('accesslog', '-')
    config.set('access_log_format', form)
    log = AccessLogger(config)
    log.now = lambda: '[28/Nov/2026:12:00:00 +0000]'  # type: ignore[method-assign]
    stream = io.StringIO()
    log.access_log = logging.Logger('access')
    log.access_log.addHandler(logging.StreamHandler(stream))
    log.access(response, (), environ, TOOK)
    return stream.getvalue()


@pytest.mark.parametrize('form', [FORMAT, DEVELOPMENT_FORMAT])
@pytest.mark.parametrize('environ', [PLAIN, FULL])
@pytest.mark.parametrize(
    'response', [Response('200 OK', 5), Response('404', 0), Response(500, None)]
)
def test_a_line_is_what_gunicorn_writes_by_the_same_format(form, environ, response):
    line = write(form, environ, response)

    assert line.endswith('\n')
    assert f'{line[:-1]}.\n' == write(f'{form}.', environ, response)
