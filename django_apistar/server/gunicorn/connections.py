"""The connections of our gunicorn worker, and those that wait in its loop without a thread."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from gunicorn import http, sock
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn

from django_apistar.server.gunicorn.clients import (
    NOT_YET,
    ClientReader,
    ClientSocket,
    Incomplete,
    TLSClientSocket,
    Waiter,
)

LINGER_S = 2.0  # for the client to close its side, as in gunicorn
MOST_DRAINED = 64 * 1024  # bytes of a body that are read and dropped, as in gunicorn
_NEVER_S = 3600.0

Callback = Callable[['Connection'], None]


class Connection(TConn):
    """gunicorn's connection, whose handshake and heads are read as they arrive."""

    sock: Any  # ClientSocket or TLSClientSocket
    parser: Any

    def __init__(
        self, cfg: Config, accepted: socket.socket, client: Any, server: Any, waiter: Waiter
    ) -> None:
        super().__init__(cfg, ClientSocket.adopt(accepted), client, server)
        self.sock.waiter = self.waiter = waiter
        self.data_ready = True  # a thread of gunicorn's would wait for it
        self.deadline: float | None = None  # of its wait, time.monotonic()
        self._drained = 0

    def init(self) -> None:
        """Prepare for requests, once. Raises Incomplete until the TLS handshake is done."""
        if self.initialized:
            return
        if self.cfg.is_ssl:
            self._init_tls()
        else:
            super().init()
        if not self.is_http2:
            buffered = self.parser.unreader.buf
            self.parser.unreader = ClientReader(self.sock, self.waiter)
            self.parser.unreader.buf = buffered

    def _init_tls(self) -> None:
        self._shake_hands()
        self.initialized = True
        self.deadline = None  # The head gets its own.
        self.is_http2 = sock.is_http2_negotiated(self.sock)
        self.parser = http.get_parser(
            self.cfg, self.sock, self.client, http2_connection=self.is_http2
        )
        if self.is_http2:
            self.parser.initiate_connection()

    def _shake_hands(self) -> None:
        if isinstance(self.sock, ClientSocket):
            context = sock.ssl_context(self.cfg)
            context.sslsocket_class = TLSClientSocket
            self.sock = context.wrap_socket(
                self.sock, server_side=True, do_handshake_on_connect=False,
                suppress_ragged_eofs=self.cfg.suppress_ragged_eofs,
            )  # fmt: skip
            self.sock.waiter = self.waiter
            self.sock.setblocking(False)
        try:
            self.sock.do_handshake()
        except NOT_YET as exc:
            raise Incomplete(exc) from None

    @property
    def has_begun(self) -> bool:
        """Whether a part of a head has arrived."""
        reader = getattr(self.parser, 'unreader', None)  # HTTP/2 has none
        return reader is not None and reader.has_begun

    def is_drained(self) -> bool:
        """Read and drop what the client still sends; return whether that was all, or enough."""
        try:
            while self._drained < MOST_DRAINED:
                data = self.sock.recv(4096, ClientSocket.flags)
                if not data:
                    return True
                self._drained += len(data)
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True


class Waits:
    """Connections that wait without a thread: each for its client, until its deadline."""

    def __init__(self, poller: selectors.BaseSelector) -> None:
        self._poller = poller
        self._late: dict[Connection, Callback] = {}
        self._first = 0.0  # no deadline is earlier; computed again when it has passed

    def __len__(self) -> int:
        return len(self._late)

    def add(
        self, conn: Connection, then: Callback, late: Callback, event: int = selectors.EVENT_READ
    ) -> None:
        """Call *then* at *event*, or *late* after the connection's deadline."""
        self._poller.register(conn.sock, event, partial(self._end, conn, then))
        self._late[conn] = late
        self._first = min(self._first, conn.deadline or 0)

    def _end(self, conn: Connection, then: Callback, client: Any) -> None:
        self._poller.unregister(client)
        del self._late[conn]
        then(conn)

    def cap(self, timeout_s: float) -> float:
        """Return *timeout_s*, or less where a deadline may come earlier."""
        return max(min(self._first - time.monotonic(), timeout_s), 0)

    def end_late(self) -> None:
        """End the waits whose deadline has passed."""
        now = time.monotonic()
        if now < self._first:
            return
        for conn in [conn for conn in self._late if (conn.deadline or 0) <= now]:
            self._end(conn, self._late[conn], conn.sock)
        self._first = min((conn.deadline or 0 for conn in self._late), default=now + _NEVER_S)

    def hurry(self, deadline: float) -> None:
        """Move the deadline of connections without a part of a head forward to *deadline*."""
        for conn in self._late:
            if not conn.has_begun:
                conn.deadline = min(conn.deadline or 0, deadline)
        self._first = 0
