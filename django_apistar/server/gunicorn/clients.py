"""Sockets and readers of our gunicorn worker, which wait for slow clients within a limit."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import select
import socket
import ssl
import struct
import termios
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, ClassVar

from gunicorn.http.unreader import SocketUnreader

from django_apistar.api.client_timeouts import Patience, SlowBodyError, SlowReaderError

NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_RECORD = 16 * 1024  # bytes of a TLS record; OpenSSL reports nothing before a whole one is sent
_FILE_WAIT = struct.pack('ll', 0, 10_000)  # seconds and microseconds: sendfile has no flag
_LARGEST_PART = 1 << 30  # bytes of a file
_NO_SENDFILE = (errno.EINVAL, errno.ENOSYS)  # of a file or a system without it
_RESET = struct.pack('ii', 1, 0)  # SO_LINGER: close drops what is not sent

logger = logging.getLogger('gunicorn.error')


class Incomplete(BaseException):
    """The client must send (or read) more before a thread can go on.

    Not an Exception: gunicorn responds to those.
    """

    def __init__(self, exc: OSError) -> None:
        self.wants_to_write = isinstance(exc, ssl.SSLWantWriteError)


class Waiter:
    """How threads wait for a client: not beyond a limit, while another thread serves instead."""

    def __init__(
        self, limit_s: float, step_aside: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """While *step_aside* is entered, another thread may serve instead of this one."""
        self.limit_s = limit_s
        self.step_aside = step_aside

    def wait(self, client: socket.socket, event: int, patience: Patience) -> None:
        """Return at *event* (select.POLLIN, POLLOUT), or when *patience* has run out."""
        poll = select.poll()
        poll.register(client, event)
        with self.step_aside():
            poll.poll(max(patience.left_s, 0) * 1000)


class Sender:
    """Base of both kinds of sockets: what a slow client does not read is sent piece by piece."""

    waiter: Waiter
    patience: Patience | None = None  # with the response that is being sent

    def send_at_once(self, data: Any) -> int:
        """Send what can be sent without waiting. Raises one of NOT_YET where nothing can."""
        raise NotImplementedError

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send *data*. Raises SlowReaderError."""
        try:
            sent = self.send_at_once(data)
        except NOT_YET:
            sent = 0
        rest = memoryview(data)[sent:]
        while rest:
            rest = rest[self._send_part(self.send_at_once, rest) :]

    def send(self, data: Any, flags: int = 0) -> int:
        """Send all of *data*, so that the caller has no rest to send."""
        self.sendall(data, flags)
        return len(data)

    def _send_part(self, send: Callable[..., int], *args: object) -> int:
        """Wait until the client reads something, and return what `send(*args)` returns.

        The kernel reports a socket as writable when a third of its buffer is free, long after a
        slow client has begun to read. So the bytes that the client has read count.
        """
        client: Any = self
        patience = self.patience = self.patience or Patience(self.waiter.limit_s)
        queued, began = _count_queued(client), time.monotonic()
        self.waiter.wait(client, select.POLLOUT, patience)
        try:
            sent = int(send(*args))
        except NOT_YET:
            sent = 0
        read = max(queued + sent - _count_queued(client), 0)
        patience.count(time.monotonic() - began, read)
        if patience.is_over and not sent:
            _abort(client, self.waiter.limit_s)
        return sent


def _count_queued(client: socket.socket) -> int:
    """Return how many bytes in the kernel the client has not read; 0 where it cannot tell."""
    try:
        queued = fcntl.ioctl(client.fileno(), termios.TIOCOUTQ, struct.pack('i', 0))
    except OSError:
        return 0
    return int(struct.unpack('i', queued)[0])


def name_peer(client: socket.socket) -> str:
    """Return the client's address for the log."""
    try:
        peer = client.getpeername()
    except OSError:
        peer = None
    return f'Client {peer[0]}' if isinstance(peer, tuple) else 'A client'


def _abort(client: socket.socket, limit_s: float) -> None:
    logger.info('%s has not taken its answer within %s s: closed.', name_peer(client), limit_s)
    # Otherwise the kernel would keep the rest of the response.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    client.close()
    raise SlowReaderError()


class ClientSocket(Sender, socket.socket):
    """A client's socket, which blocks but for calls with a flag.

    gunicorn makes it non-blocking until the next request, when nobody reads it: a system call for
    each change, which is saved here. `settimeout` works as usual.
    """

    flags: ClassVar[int] = socket.MSG_DONTWAIT  # of recv
    _bounds_files = False

    @classmethod
    def adopt(cls, accepted: socket.socket) -> ClientSocket:
        """Return a blocking socket with the descriptor of *accepted*."""
        return cls(accepted.family, accepted.type, accepted.proto, accepted.detach())

    def setblocking(self, flag: bool) -> None:
        if flag and self.gettimeout() is not None:
            super().setblocking(True)

    def send_at_once(self, data: Any) -> int:
        return socket.socket.send(self, data, socket.MSG_DONTWAIT)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send *count* bytes of *file*, or all of it. Raises SlowReaderError."""
        if not self._bounds_files:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _FILE_WAIT)
            self._bounds_files = True
        end = os.fstat(file.fileno()).st_size if count is None else offset + count
        position = offset
        try:
            while position < end:
                try:
                    position += self._send_file(file, position, end)
                except BlockingIOError:
                    position += self._send_part(self._send_file, file, position, end)
        except EOFError:  # The file has become shorter.
            pass
        except OSError as exc:
            if exc.errno not in _NO_SENDFILE:
                raise
            super().sendfile(file, offset, count)  # by `send`
        return position - offset

    def _send_file(self, file: BinaryIO, position: int, end: int) -> int:
        size = min(end - position, _LARGEST_PART)
        sent = os.sendfile(self.fileno(), file.fileno(), position, size)
        if not sent:
            raise EOFError
        return sent


class TLSClientSocket(Sender, ssl.SSLSocket):
    """A client's TLS socket, which never blocks unless `settimeout` says so."""

    flags: ClassVar[int] = 0

    def setblocking(self, flag: bool) -> None:
        if self.gettimeout() != 0:
            self.settimeout(0)

    def send_at_once(self, data: Any) -> int:
        return ssl.SSLSocket.send(self, data[:_RECORD])


class ClientReader(SocketUnreader):
    """Reads a head without waiting, and a body within the client's time."""

    def __init__(self, client: Any, waiter: Waiter) -> None:
        super().__init__(client)
        self.waiter = waiter
        self._head: bytes | None = None  # read so far; None while a body is read
        self._patience: Patience | None = None

    def begin_head(self) -> None:
        """Begin to read a head. The time of its body and of its response begins anew."""
        self._head = self.buf.getvalue()
        self._patience = self.sock.patience = None

    def end_head(self) -> None:
        """End the head: what follows is the body."""
        self._head = None

    @property
    def has_begun(self) -> bool:
        """Whether a part of a head has arrived."""
        return bool(self.buf.getvalue())

    def unread(self, data: bytes) -> None:
        if data:
            super().unread(data)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return what has arrived, b'' at the end. Raises Incomplete, in a body SlowBodyError."""
        size = min(max(size_hint or 0, self.mxchunk), self.max_body_chunk)
        try:
            data: bytes = self.sock.recv(size, self.sock.flags)
        except NOT_YET as exc:
            if self._head is None:
                return self._wait_for_body(size)
            self.unread(self._head)
            raise Incomplete(exc) from None
        if self._head is not None:
            self._head += data
        return data

    def _wait_for_body(self, size: int) -> bytes:
        patience = self._patience = self._patience or Patience(self.waiter.limit_s)
        while not patience.is_over:
            began, data = time.monotonic(), None
            self.waiter.wait(self.sock, select.POLLIN, patience)
            with contextlib.suppress(*NOT_YET):
                data = self.sock.recv(size, self.sock.flags)
            patience.count(time.monotonic() - began, len(data or b''))
            if data is not None:
                return bytes(data)
        raise SlowBodyError(f'The body has not come within {self.waiter.limit_s} s.')
