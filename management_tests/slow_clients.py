"""Clients that stall, or drip, in the midst of something: what they are sent, and when.

with SlowClients(server, 'head', 200, drip_s=0.8) as clients:
    ...  # others are served
    seconds = clients.wait_until_gone(10)
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from urllib.parse import urlsplit

from management_tests.server_process import Server

ROUTES = """

    from apistar import http


    def read(data: http.RequestData) -> dict:
        return {'data': type(data).__name__}


    def stream():
        try:
            while True:
                yield b'a' * 100_000
        finally:
            print('A stream is closed.', flush=True)


    routes += [Route('/body/', 'POST', read), Route('/stream/', 'GET', stream)]
"""
# The beginning of what a client sends; b'a' is what drips after it.
KINDS = {
    'handshake': b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'head': b'GET /hello/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ',
    'body': b'POST /body/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n',
    'stream': b'GET /stream/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
}
SMALL_WINDOW = 4096  # bytes that the kernel takes of a stream for its client


def connect(server: Server, window: int = SMALL_WINDOW) -> socket.socket:
    """Return a connection whose kernel takes *window* bytes of an answer by itself."""
    address = urlsplit(server.url)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    client.settimeout(30)
    client.connect((str(address.hostname), int(address.port or 80)))
    return client


class SlowClients:
    """*number* clients that have sent what *kind* begins with, and go on a byte each *drip_s*."""

    def __init__(self, server: Server, kind: str, number: int, drip_s: float | None = None) -> None:
        self.kind = kind
        self.drip_s = drip_s
        self.clients = [connect(server) for _ in range(number)]
        for client in self.clients:
            client.sendall(KINDS[kind])
        self.began = time.monotonic()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._drip)

    def __enter__(self) -> SlowClients:
        if self.drip_s:
            self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._is_over.set()
        if self.drip_s:
            self._thread.join()
        for client in self.clients:
            client.close()

    def _drip(self) -> None:
        while not self._is_over.wait(self.drip_s):
            for client in self.clients:
                with contextlib.suppress(OSError):
                    if self.kind == 'stream':
                        client.recv(1)
                    else:
                        client.send(b'a')

    def wait_until_gone(self, limit_s: float) -> float:
        """Return after how many seconds the server had ended the last connection."""
        poll = select.poll()
        for client in self.clients:
            poll.register(client, select.POLLRDHUP)
        left = len(self.clients)
        while left:
            remaining_s = self.began + limit_s - time.monotonic()
            assert remaining_s > 0, f'{left} of {len(self.clients)} are there after {limit_s} s.'
            for descriptor, _ in poll.poll(remaining_s * 1000):
                poll.unregister(descriptor)
                left -= 1
        return time.monotonic() - self.began
