from http import HTTPStatus
from typing import BinaryIO

from _typeshed.wsgi import WSGIEnvironment

class Response:
    status: HTTPStatus
    headers: list[tuple[str, str]]
    file: BinaryIO | SlicedFile | None
    def __init__(
        self, status: HTTPStatus, headers: list[tuple[str, str]], file: BinaryIO | SlicedFile | None
    ) -> None: ...

class SlicedFile:
    def __init__(self, fileobj: BinaryIO | SlicedFile, start: int, end: int) -> None: ...
    def close(self) -> None: ...

class StaticFile:
    def get_response(self, method: str, request_headers: WSGIEnvironment) -> Response: ...

class Redirect:
    def get_response(self, method: str, request_headers: WSGIEnvironment) -> Response: ...
