"""The sockets that a server listens on: `listeners`."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gunicorn.config import Config

from django_apistar.server import listeners

pytestmark = pytest.mark.once

SOCKET_OPTIONS = ('SO_REUSEADDR', 'SO_REUSEPORT', 'SO_KEEPALIVE')
TCP_OPTIONS = ('TCP_NODELAY', 'TCP_KEEPIDLE', 'TCP_KEEPINTVL', 'TCP_USER_TIMEOUT')
on_linux = pytest.mark.skipif(sys.platform != 'linux', reason='these options are of Linux')


@contextlib.contextmanager
def listen(address: Any = ('127.0.0.1', 0), **settings: Any) -> Iterator[socket.socket]:
    config = Config()
    for name, value in settings.items():
        config.set(name, value)
    with listeners.open_listener(address, config) as listener:
        yield listener


def read_options(listener: socket.socket) -> dict[str, int]:
    """Return the options that differ from those of a new socket."""
    asked = [(socket.SOL_SOCKET, SOCKET_OPTIONS), (socket.IPPROTO_TCP, TCP_OPTIONS)]
    with socket.socket() as other:
        return {
            name: value
            for level, names in asked for name in names
            if (value := listener.getsockopt(level, getattr(socket, name)))
            != other.getsockopt(level, getattr(socket, name))
        }  # fmt: skip


@on_linux
def test_a_listener_gives_its_address_back_at_once_and_sends_small_answers_at_once() -> None:
    with listen() as listener:
        assert listener.family == socket.AF_INET
        assert listener.get_inheritable()
        assert read_options(listener) == {'SO_REUSEADDR': 1, 'TCP_NODELAY': 1}


@pytest.mark.skipif(not socket.has_ipv6, reason='no IPv6')
def test_an_address_of_ipv6_is_listened_on() -> None:
    with listen(('::1', 0)) as listener:
        assert listener.family == socket.AF_INET6


def test_a_port_that_is_taken_is_refused_at_once() -> None:
    with (
        listen() as listener, pytest.raises(listeners.AddressError) as caught,
        listen(listener.getsockname()),
    ):  # fmt: skip
        pass

    port = listener_port(str(caught.value))
    assert str(caught.value) == (
        f'127.0.0.1:{port} is already in use. Choose another port: manage.py runapistar {port + 1}.'
    )


def listener_port(sentence: str) -> int:
    return int(re.findall(r':(\d+) is', sentence)[0])


@on_linux
def test_several_servers_may_have_one_port_where_gunicorns_setting_says_so() -> None:
    with listen(reuse_port=True) as listener:
        assert read_options(listener)['SO_REUSEPORT'] == 1
        with listen(listener.getsockname(), reuse_port=True) as second:
            assert second.getsockname() == listener.getsockname()


@on_linux
def test_the_kernel_ends_connections_of_clients_that_are_gone() -> None:
    with listen() as listener:
        before = read_options(listener)
        listeners.set_client_timeout(listener, 7)

        assert read_options(listener) == {
            **before, 'SO_KEEPALIVE': 1, 'TCP_KEEPIDLE': 7, 'TCP_KEEPINTVL': 7,
            'TCP_USER_TIMEOUT': 7000,
        }  # fmt: skip


def test_a_unix_socket_has_the_umask_and_the_owner_of_the_settings(tmp_path: Path) -> None:
    path = tmp_path / 'web.sock'
    owner = (1, 2) if os.getuid() == 0 else (os.getuid(), os.getgid())
    umask = os.umask(0o022)
    try:
        with listen(str(path), umask=0o027, user=owner[0], group=owner[1]) as listener:
            listeners.set_client_timeout(listener, 7)  # TCP's alone
            found = path.stat()
            assert oct(found.st_mode) == '0o140750'
            assert (found.st_uid, found.st_gid) == owner
            assert os.umask(0o022) == 0o022
            listeners.close([listener])
    finally:
        os.umask(umask)
    assert not path.exists()


@on_linux
def test_an_abstract_socket_has_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with listen('\0runapistar-test-' + tmp_path.name) as listener:
        assert listener.getsockname() == f'\0runapistar-test-{tmp_path.name}'.encode()
        listeners.close([listener])
    assert list(tmp_path.iterdir()) == []


def test_a_socket_file_of_a_dead_server_is_replaced_and_another_file_is_not(tmp_path: Path) -> None:
    path = tmp_path / 'web.sock'
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    with listen(str(path)), pytest.raises(listeners.AddressError) as caught, listen(str(path)):
        pass

    in_use = f'unix:{path} is already in use: another server answers there. Choose another path.'
    assert str(caught.value) == in_use
    (tmp_path / 'file').touch()
    with pytest.raises(listeners.AddressError) as caught, listen(str(tmp_path / 'file')):
        pass
    assert str(caught.value) == f'unix:{tmp_path}/file cannot be opened: exists and is no socket.'


def test_a_descriptor_that_does_not_listen_stays_open() -> None:
    with socket.socket() as idle, pytest.raises(listeners.AddressError) as caught:
        listeners.open_listener(idle.fileno(), Config())

    number = re.findall(r'\d+', str(caught.value))[0]
    assert str(caught.value) == (
        f'fd://{number} is not a listening socket that this process has inherited.'
    )
    with socket.socket() as idle:
        with pytest.raises(OSError, match=r'^\[Errno 88\] not listening$'):
            listeners.adopt(idle.fileno())
        idle.listen()  # It can still be used.


def test_what_systemd_passes_is_for_this_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('LISTEN_FDS', '2')
    assert listeners.count_systemd_sockets() == 0

    monkeypatch.setenv('LISTEN_PID', str(os.getpid()))
    assert listeners.count_systemd_sockets() == 2

    monkeypatch.delenv('LISTEN_FDS')
    assert listeners.count_systemd_sockets() == 0


@on_linux
def test_a_drained_listener_serves_who_has_come_and_nobody_else() -> None:
    with listen() as listener, contextlib.ExitStack() as stack:
        address = listener.getsockname()
        early = stack.enter_context(socket.create_connection(address))
        began = time.monotonic()
        listeners.drain_backlogs([listener], 0.2)  # nobody accepts
        assert 0.2 <= time.monotonic() - began < 5

        late = stack.enter_context(socket.socket())
        late.settimeout(0.2)
        with pytest.raises(TimeoutError):
            late.connect(address)
        accepted = stack.enter_context(listener.accept()[0])
        assert accepted.getpeername() == early.getsockname()
        early.sendall(b'asked')
        assert accepted.recv(5) == b'asked'
        accepted.sendall(b'served')
        assert early.recv(6) == b'served'


def test_an_empty_backlog_is_drained_at_once(tmp_path: Path) -> None:
    path = tmp_path / 'web.sock'
    with listen(str(path)) as listener:
        began = time.monotonic()
        listeners.drain_backlogs([listener], 60)

        assert 0.1 <= time.monotonic() - began < 30
        assert not path.exists()
        listeners.close([listener])  # whose file is gone


@pytest.mark.parametrize(
    ('text', 'address'),
    [
        ('8001', '127.0.0.1:8001'), ('0', '127.0.0.1:0'), ('65535', '127.0.0.1:65535'),
        ('0:8001', '0.0.0.0:8001'), ('1.2.3.4:08', '1.2.3.4:8'), ('a-b.c:1', 'a-b.c:1'),
        ('[::1]:8000', '[::1]:8000'), ('tcp://1.2.3.4:5', '1.2.3.4:5'), ('tcp://5', '0.0.0.0:5'),
        ('unix:a.sock', 'unix:a.sock'), ('unix:/a b:c', 'unix:/a b:c'), ('fd://3', 'fd://3'),
    ],
)  # fmt: skip
def test_addresses_of_the_command_line(text: str, address: str) -> None:
    assert listeners.parse_address(text) == address


def test_a_port_alone_is_on_the_default_host() -> None:
    assert listeners.parse_address('5', '1.2.3.4') == '1.2.3.4:5'


@pytest.mark.parametrize(
    'text', ['', 'a', ':', '1.2.3.4:', 'a_b:1', '[a]:x', 'unix:', 'fd://', 'fd://a', 'é:1',
             '1:2:3', '::1:5', 'http://a:5', ' 5', '5 ', '-1'],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(listeners.AddressError) as caught:
        listeners.parse_address(text)

    assert str(caught.value) == (
        f'{text!r} is not an address. Write PORT, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N.'
    )


@pytest.mark.parametrize('text', ['65536', 'a:99999', '[::1]:70000'])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(listeners.AddressError) as caught:
        listeners.parse_address(text)

    assert str(caught.value) == f'{text!r} has no valid port: ports end at 65535.'


@pytest.mark.parametrize(
    ('address', 'text'),
    [
        (3, 'fd://3'), (('127.0.0.1', 80), '127.0.0.1:80'), (('::1', 80), '[::1]:80'),
        (('::1', 80, 0, 0), '[::1]:80'), ('a.sock', 'unix:a.sock'),
    ],
)  # fmt: skip
def test_addresses_are_written_as_the_command_line_has_them(address: Any, text: str) -> None:
    assert listeners.format_address(address) == text


NO_PRIVILEGES = (
    'needs privileges that this user lacks. Choose a port above 1023: manage.py runapistar 8000.'
)


@pytest.mark.parametrize(
    ('address', 'exc', 'sentence'),
    [
        ('unix:a', OSError(errno.EADDRINUSE, ''),
         'is already in use: another server answers there. Choose another path.'),
        ('a:5', OSError(errno.EADDRINUSE, ''),
         'is already in use. Choose another port: manage.py runapistar 6.'),
        ('a:65535', OSError(errno.EADDRINUSE, ''),
         'is already in use. Choose another port: manage.py runapistar 8000.'),
        *((f'a:{number}', OSError(number, ''), NO_PRIVILEGES)
          for number in (errno.EACCES, errno.EPERM)),
        ('unix:a', OSError(errno.EACCES, 'denied'), 'cannot be opened: denied.'),
        ('a:5', OSError(errno.EADDRNOTAVAIL, ''),
         'is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all of its addresses.'),
        ('a:5', socket.gaierror(-2, ''), 'cannot be served on: its host name is unknown.'),
        ('fd://3', OSError(errno.EBADF, ''),
         'is not a listening socket that this process has inherited.'),
        ('a:5', OverflowError('too large'), 'cannot be opened: too large.'),
    ],
)  # fmt: skip
def test_why_an_address_cannot_be_served(address: str, exc: Exception, sentence: str) -> None:
    assert listeners.explain(address, exc) == f'{address} {sentence}'
