import io
import socket
from typing import Any

class Unreader:
    buf: io.BytesIO
    def chunk(self, size_hint: int | None = ...) -> bytes: ...
    def unread(self, data: bytes) -> None: ...

class SocketUnreader(Unreader):
    max_body_chunk: int
    sock: Any  # a socket, or what stands for one
    mxchunk: int
    def __init__(self, sock: socket.socket, max_chunk: int = ...) -> None: ...
