"""The request and response of our gunicorn worker: gunicorn's bytes in fewer steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gunicorn import util
from gunicorn.http import message, wsgi

if TYPE_CHECKING:
    from gunicorn.http.wsgi import FileWrapper

    from django_apistar.server.gunicorn.clients import ClientReader

LARGEST_COPY = 64 * 1024  # bytes; copying less is cheaper than another system call
# Sent where a head is not complete in time.
REQUEST_TIMEOUT = (
    b'HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\n'
    b'Content-Length: 29\r\nConnection: close\r\n\r\n{"message":"Request timeout"}'
)
CONTINUE = b'HTTP/1.1 100 Continue\r\n\r\n'
MOST_CHECKED = 256
MOST_PEERS = 1024


class Request(message.Request):
    """gunicorn's request, which decides once per peer whether to trust its forwarding headers."""

    _is_trusted: dict[str, bool] = {}  # by address, shared by this process

    def parse(self, unreader: ClientReader) -> bytes:
        unreader.begin_head()
        rest = super().parse(unreader)
        unreader.end_head()
        return rest

    def set_body_reader(self) -> None:
        super().set_body_reader()
        if self._expected_100_continue:
            self._expected_100_continue = False  # or gunicorn would ask for each body at once
            self.body.reader = UnaskedReader(self)

    def _peer_is_trusted_proxy(self) -> bool:
        if not isinstance(self.peer_addr, tuple):
            return bool(super()._peer_is_trusted_proxy())
        address = self.peer_addr[0]
        is_trusted = self._is_trusted.get(address)
        if is_trusted is None:
            is_trusted = super()._peer_is_trusted_proxy()
            if len(self._is_trusted) >= MOST_PEERS:
                self._is_trusted.clear()
            self._is_trusted[address] = is_trusted
        return is_trusted


class UnaskedReader:
    """The reader of a body for which the client waits to be asked (RFC 9110, section 10.1.1).

    It is asked when the application reads, so that who is refused sends no body. The connection
    then ends with the response: the client may have begun to send.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._reader, self._closes = request.body.reader, request.must_close
        request.must_close = True

    def read(self, size: int) -> bytes:
        self._request.body.reader, self._request.must_close = self._reader, self._closes
        self._request.unreader.sock.sendall(CONTINUE)
        return bytes(self._reader.read(size))


class Response(wsgi.Response):
    """gunicorn's response, whose head is sent with the first bytes of the body.

    A header that has passed gunicorn's checks is not checked again: most are the same in each
    response. Cookies always are, and the length, by which gunicorn decides.
    """

    headers_sent: bool
    _head = b''
    _date = (0, '')
    _checked: set[tuple[str, str]] = set()  # shared by this process

    def process_headers(self, headers: list[tuple[str, str]]) -> None:
        """Add *headers*. Raises what gunicorn raises for one that HTTP does not allow."""
        for header in headers:
            if self._is_checked(header):
                self.headers.append(header)
            else:
                super().process_headers([header])
                self._remember(header)

    def _is_checked(self, header: tuple[str, str]) -> bool:
        try:
            return header in self._checked
        except TypeError:  # not hashable, such as a list: gunicorn decides
            return False

    def _remember(self, header: tuple[str, str]) -> None:
        if self.headers[-1:] != [header]:
            return  # gunicorn has left it out or changed it
        if header[0].lower() not in ('content-length', 'set-cookie'):
            if len(self._checked) >= MOST_CHECKED:
                self._checked.clear()
            self._checked.add(header)

    def default_headers(self) -> list[str]:
        """Return the lines that gunicorn adds; the date is formatted once per second."""
        connection = 'close' if self.should_close() else 'keep-alive'
        major, minor = self.req.version
        lines = [
            f'HTTP/{major}.{minor} {self.status}\r\n',
            f'Server: {self.version}\r\n',
            f'Date: {self._format_date()}\r\n',
            f'Connection: {"upgrade" if self.upgrade else connection}\r\n',
        ]
        if self.chunked:
            lines.append('Transfer-Encoding: chunked\r\n')
        return lines

    def _format_date(self) -> str:
        now = int(time.time())
        made, date = self._date
        if made != now:
            date = util.http_date(now)
            Response._date = now, date
        return date

    def write(self, arg: bytes) -> None:
        """Send *arg*, the first time with the head before it."""
        if self.headers_sent or not isinstance(arg, bytes):
            super().write(arg)
            return
        lines = self.default_headers()
        lines += [f'{name}: {value}\r\n' for name, value in self.headers]
        self._head = f'{"".join(lines)}\r\n'.encode('latin-1')
        self.headers_sent = True
        super().write(arg)
        self._send(b'')  # without a body the head has not been sent yet

    def sendfile(self, respiter: FileWrapper) -> bool:
        """Send a file, and count its bytes for the access log: gunicorn does not."""
        is_sent = bool(super().sendfile(respiter))
        if is_sent and not self._omits_body:
            self.sent += self.response_length or 0
        return is_sent

    def _emit_body(self, data: bytes) -> None:
        self._send(b'%X\r\n%b\r\n' % (len(data), data) if self.chunked else data)

    def _send(self, data: bytes) -> None:
        head, self._head = self._head, b''
        if len(data) > LARGEST_COPY and head:
            self.sock.sendall(head)
            head = b''
        if head or data:
            self.sock.sendall(head + data if head else data)
