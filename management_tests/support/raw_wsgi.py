"""Requests as servers hand them over, for what no client sends: odd paths, methods, lengths."""

import dataclasses
import io
import json
from typing import Any

from werkzeug.test import create_environ

from django_apistar.api.responses import close
from django_apistar.dispatch.dispatcher import get_application


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case; the last of a repeated one
    body: bytes
    environ: dict[str, Any]

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def framework(self) -> str:
        """Who answered, as the access log names it."""
        return str(self.environ['django_apistar.framework'])


def build_environ(path_info: str = '/', method: str = 'GET', body: bytes = b'', **more: Any) -> Any:
    """Return a complete environ. *path_info* is text; bytes that are no UTF-8 as in latin-1."""
    try:
        path_info = path_info.encode('utf-8').decode('latin-1')
    except UnicodeEncodeError:  # surrogateescape stands for such bytes
        path_info = path_info.encode('utf-8', 'surrogateescape').decode('latin-1')
    environ = create_environ(
        base_url='http://testserver/', method=method, input_stream=io.BytesIO(body),
        environ_base={'REMOTE_ADDR': '127.0.0.1'},
        environ_overrides={'PATH_INFO': path_info, **more},  # as it is, not as a client writes it
    )  # fmt: skip
    if not body and 'CONTENT_LENGTH' not in more:
        del environ['CONTENT_LENGTH']
    return environ


def call(
    path_info: str = '/', method: str = 'GET', body: bytes = b'', app: Any = None, **more: Any
) -> Answer:
    """Send a request to *app*, by default the project's application; *more* is environ."""
    environ = build_environ(path_info, method, body, **more)
    started: list[Any] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        started[:] = [status, headers]

    iterable = (app or get_application())(environ, start_response)
    try:
        content = b''.join(iterable)
    finally:
        close(iterable)
    status, headers = started
    names = {name.lower(): value for name, value in headers}
    return Answer(int(status[:3]), names, content, environ)
