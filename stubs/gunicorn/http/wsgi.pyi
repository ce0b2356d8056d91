import socket

from gunicorn.http.message import Request

class FileWrapper: ...

class Response:
    req: Request
    sock: socket.socket
    version: str
    status: str
    chunked: bool
    headers: list[tuple[str, str]]
    headers_sent: bool
    response_length: int | None
    sent: int
    upgrade: bool
    _omits_body: bool
    def should_close(self) -> bool: ...
    def process_headers(self, headers: list[tuple[str, str]]) -> None: ...
    def default_headers(self) -> list[str]: ...
    def write(self, arg: bytes) -> None: ...
    def sendfile(self, respiter: FileWrapper) -> bool: ...
    def _emit_body(self, data: bytes) -> None: ...
