from http import HTTPStatus
from typing import BinaryIO

from _typeshed.wsgi import WSGIEnvironment

class Response:
    status: HTTPStatus
    headers: list[tuple[str, str]]
    file: BinaryIO | None

class StaticFile:
    def get_response(self, method: str, request_headers: WSGIEnvironment) -> Response: ...

class Redirect:
    def get_response(self, method: str, request_headers: WSGIEnvironment) -> Response: ...
