"""Clients that stall, or drip, in the midst of something: what they are sent, and when.

with SlowClients(server, 'head', 200, drip_s=0.8) as clients:
    ...  # others are served
    seconds = clients.wait_until_gone(10)
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from management_tests.support.server_process import Server

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
ESTABLISHED = '01'  # in /proc/net/tcp
SMALL_WINDOW = 4096  # bytes that the kernel takes of a stream for its client


def connect(server: Server, window: int = SMALL_WINDOW) -> socket.socket:
    """Return a connection whose kernel takes *window* bytes of an answer by itself."""
    address = urlsplit(server.url)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    # As over Ethernet. Segments of loopback's size make the server's kernel keep 4 MB of an answer.
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
    client.settimeout(30)
    client.connect((str(address.hostname), int(address.port or 80)))
    return client


class SlowClients:
    """*number* clients that have sent what *kind* begins with, and go on a byte each *drip_s*."""

    def __init__(self, server: Server, kind: str, number: int, drip_s: float | None = None) -> None:
        self.port = int(urlsplit(server.url).port or 0)
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
        mine = {client.getsockname()[1] for client in self.clients}
        while left := mine & list_peers(self.port):
            seconds = time.monotonic() - self.began
            assert seconds < limit_s, f'{len(left)} of {len(mine)} are there after {limit_s} s.'
            time.sleep(0.05)
        return time.monotonic() - self.began


def list_peers(port: int) -> set[int]:
    """Return the ports from which somebody is connected to *port*, as its server sees it."""
    rows = [line.split() for line in Path('/proc/net/tcp').read_text().splitlines()[1:]]
    return {
        int(peer.partition(':')[2], 16)
        for _, own, peer, state, *_ in rows
        if state == ESTABLISHED and int(own.partition(':')[2], 16) == port
    }
