"""Addresses to serve on, the sockets that are bound to them, and how their backlogs are drained."""

from __future__ import annotations

import array
import contextlib
import errno
import os
import re
import select
import socket
import struct
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gunicorn.config import Config

# As gunicorn has them: a path, a descriptor, or (host, port).
Address: TypeAlias = str | int | tuple[str, int]
DEFAULT_PORT = 8000
_PORTS = range(65536)

_ADDRESS = re.compile(
    r"""(?:(?P<host>
        \[[0-9a-fA-F:.]+\]                # IPv6
        | [A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)* # IPv4, a name, or 0 for every address
    )?:)?(?P<port>\d+)""",
    re.VERBOSE,
)
_HANDSHAKE_S = 0.1  # for the last packet of a TCP handshake
_DRAIN_S = 2.0  # for the workers to accept the connections in the backlogs
SYSTEMD_FIRST = 3  # the descriptor of the first socket that systemd passes
_SO_ATTACH_FILTER = 26  # Linux: asm-generic/socket.h
# A BPF program that sees a TCP segment from its header on: load the flags, drop it if SYN is set.
_DROP_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


class AddressError(ImproperlyConfigured):
    """An address that cannot be served: one sentence with the remedy."""


def parse_address(text: str, default_host: str = '127.0.0.1') -> str:
    """Return *text* as gunicorn writes addresses: 'HOST:PORT', 'unix:PATH' or 'fd://N'.

    Takes what runserver takes (`8001`, `0:8001`, `[::1]:8000`) and what gunicorn takes.
    """
    if text.startswith('unix:') and text != 'unix:':
        return text
    if re.fullmatch(r'fd://\d+', text):
        return text
    match = _ADDRESS.fullmatch(text.removeprefix('tcp://'))
    if not match:
        raise AddressError(
            f'{text!r} is not an address. Write PORT, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N.'
        )
    if int(match['port']) not in _PORTS:
        raise AddressError(f'{text!r} has no valid port: ports end at {_PORTS[-1]}.')
    host = match['host'] or ('0.0.0.0' if ':' in text else default_host)
    return f'{"0.0.0.0" if host == "0" else host}:{int(match["port"])}'


def open_listener(address: Address, config: Config) -> socket.socket:
    """Return a listening socket for *address*, as gunicorn's `Config.address` lists it.

    Raises AddressError at once, where gunicorn itself would try five times.
    """
    try:
        return adopt(address if isinstance(address, int) else _bind(address, config).detach())
    except (OSError, OverflowError, ValueError) as exc:
        raise AddressError(explain(format_address(address), exc)) from exc


def _bind(address: str | tuple[str, int], config: Config) -> socket.socket:
    if isinstance(address, str):
        _remove_dead_socket(address)
        opened = socket.socket(socket.AF_UNIX)
    else:
        opened = socket.socket(socket.AF_INET6 if ':' in address[0] else socket.AF_INET)
    umask = os.umask(config.umask)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if config.reuse_port:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind(address)
        opened.listen(config.backlog)
        if isinstance(address, str) and not address.startswith('\0'):
            os.chown(address, config.uid, config.gid)
    except BaseException:
        opened.close()
        raise
    finally:
        os.umask(umask)
    return opened


def adopt(number: int) -> socket.socket:
    """Return the listening socket of the descriptor *number*. Raises OSError."""
    adopted = socket.socket(fileno=number)
    if not adopted.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        adopted.detach()
        raise OSError(errno.ENOTSOCK, 'not listening')
    if adopted.family != socket.AF_UNIX:
        adopted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    adopted.set_inheritable(True)  # by the process that serves
    return adopted


def count_systemd_sockets() -> int:
    """Return how many sockets systemd passes to this process (sd_listen_fds(3))."""
    is_meant = os.environ.get('LISTEN_PID') == str(os.getpid())
    return int(os.environ.get('LISTEN_FDS', 0)) if is_meant else 0


def close(opened: list[socket.socket]) -> None:
    """Close *opened*; the files of Unix sockets are removed."""
    for listener in opened:
        _remove_path(listener)
        listener.close()


def set_client_timeout(listener: socket.socket, limit_s: int) -> None:
    """Let the kernel end connections whose client has been gone, or reads nothing, for *limit_s*.

    The connections that *listener* accepts inherit this (Linux; tcp(7), TCP_USER_TIMEOUT).
    """
    if listener.family == socket.AF_UNIX or sys.platform != 'linux':
        return
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, limit_s)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, limit_s)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit_s * 1000)


def drain_backlogs(opened: Sequence[socket.socket], limit_s: float) -> None:
    """Keep new connections out, and wait until the workers have accepted those in the backlogs.

    Closing a listening socket resets the connections in its backlog. So the kernel first drops the
    SYN of every new client (Linux; packet(7), SO_ATTACH_FILTER), which tries again by itself and
    is then refused. The sockets must not outlive this process.
    """
    for listener in opened:
        _drop_new_clients(listener)
    deadline = time.monotonic() + min(limit_s, _DRAIN_S)
    time.sleep(_HANDSHAKE_S)
    while time.monotonic() < deadline and select.select(opened, [], [], 0)[0]:
        time.sleep(0.01)


def _drop_new_clients(listener: socket.socket) -> None:
    if listener.family == socket.AF_UNIX:
        _remove_path(listener)
    elif sys.platform == 'linux':
        program = array.array('B', b''.join(struct.pack('HBBI', *line) for line in _DROP_SYN))
        option = struct.pack('HP', len(_DROP_SYN), program.buffer_info()[0])
        with contextlib.suppress(OSError):  # The kernel has no such filters.
            listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, option)


def _remove_path(listener: socket.socket) -> None:
    path = listener.getsockname()
    if isinstance(path, str) and path:  # abstract names are bytes
        Path(path).unlink(missing_ok=True)


def _remove_dead_socket(path: str) -> None:
    """Remove the socket file of a server that has died. Raises OSError where one serves there."""
    if path.startswith('\0') or not Path(path).exists():
        return
    if not Path(path).is_socket():
        raise FileExistsError(errno.EEXIST, 'exists and is no socket')
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(path) == 0:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    Path(path).unlink()


def format_address(address: Address) -> str:
    """Return *address* ((host, port), path or descriptor) as the command line writes it."""
    if isinstance(address, int):
        return f'fd://{address}'
    if isinstance(address, tuple):
        host, port = address[:2]
        return f'[{host}]:{port}' if ':' in host else f'{host}:{port}'
    return f'unix:{address}'


def explain(address: str, exc: Exception) -> str:
    """Return the sentence for *exc*, raised when *address* was bound."""
    number = getattr(exc, 'errno', None)
    local = address.startswith('unix:')
    port = address.rpartition(':')[2]
    if number == errno.EADDRINUSE and local:
        return f'{address} is already in use: another server answers there. Choose another path.'
    if number == errno.EADDRINUSE:
        other = int(port) + 1 if int(port) + 1 in _PORTS else DEFAULT_PORT
        return f'{address} is already in use. Choose another port: manage.py runapistar {other}.'
    if number in (errno.EACCES, errno.EPERM) and not local:
        return (
            f'{address} needs privileges that this user lacks. '
            f'Choose a port above 1023: manage.py runapistar {DEFAULT_PORT}.'
        )
    if number == errno.EADDRNOTAVAIL:
        return (
            f'{address} is not an address of this machine. '
            'Use 127.0.0.1, or 0.0.0.0 for all of its addresses.'
        )
    if isinstance(exc, socket.gaierror):
        return f'{address} cannot be served on: its host name is unknown.'
    if address.startswith('fd://'):
        return f'{address} is not a listening socket that this process has inherited.'
    reason = getattr(exc, 'strerror', None) or str(exc)
    return f'{address} cannot be opened: {reason}.'
