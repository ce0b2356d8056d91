"""The access log as JSON: one object a line, with OpenTelemetry's names of attributes."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterator
from typing import Any

from django_apistar.server.trace_context import parse_traceparent

# By attribute: where gunicorn's environ has it.
_ENVIRON = {
    'http.request.method': 'REQUEST_METHOD',
    'http.route': 'django_apistar.route',
    'url.scheme': 'wsgi.url_scheme',
    'server.address': 'SERVER_NAME',
    'client.address': 'REMOTE_ADDR',
    'user_agent.original': 'HTTP_USER_AGENT',
    'django_apistar.framework': 'django_apistar.framework',
    'django_apistar.request_id': 'django_apistar.request_id',
}


def format_line(resp: object, environ: dict[str, object], request_time: datetime.timedelta) -> str:
    """Return the line of a response, from the parts that gunicorn gives its logger."""
    return json.dumps(dict(_iter_attributes(resp, environ, request_time)))


def _iter_attributes(
    resp: Any, environ: dict[str, Any], request_time: datetime.timedelta
) -> Iterator[tuple[str, Any]]:
    now = datetime.datetime.now(datetime.timezone.utc)
    yield 'timestamp', now.isoformat(timespec='milliseconds').replace('+00:00', 'Z')
    for name, key in _ENVIRON.items():
        if environ.get(key):
            yield name, environ[key]
    path, _, query = environ['RAW_URI'].partition('?')
    yield 'url.path', path
    if query:
        yield 'url.query', query
    yield 'network.protocol.version', environ['SERVER_PROTOCOL'].removeprefix('HTTP/')
    if environ.get('HTTP_REFERER'):
        yield 'http.request.header.referer', [environ['HTTP_REFERER']]
    yield 'http.response.status_code', int(str(resp.status).split(None, 1)[0])
    yield 'http.response.body.size', getattr(resp, 'sent', None) or 0
    yield 'http.server.request.duration', request_time.total_seconds()
    yield 'process.pid', os.getpid()
    yield from parse_traceparent(environ.get('HTTP_TRACEPARENT')).items()
