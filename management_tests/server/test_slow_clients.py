"""Sockets, readers and waits of our gunicorn worker: `clients`, `connections`."""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import os
import queue
import select
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from logging.handlers import QueueHandler
from typing import Any

import pytest

from django_apistar.api.client_timeouts import Patience, SlowBodyError, SlowReaderError
from django_apistar.server.gunicorn.clients import (
    ClientReader,
    ClientSocket,
    Incomplete,
    Waiter,
    name_peer,
)
from django_apistar.server.gunicorn.connections import Waits

pytestmark = pytest.mark.once

LARGE = os.urandom(1 << 20)  # more than the kernel buffers here
BUFFER = 1 << 16
LIMIT_S = 0.2


class Pair:
    """A client and the server's socket of it, by TCP. `aside`: how often a thread stepped aside."""

    def __init__(self) -> None:
        self.client = socket.socket()
        self.client.settimeout(10)
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        with socket.create_server(('127.0.0.1', 0)) as listener:
            self.client.connect(listener.getsockname())
            accepted, _ = listener.accept()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        self.aside = 0
        self.server: Any = ClientSocket.adopt(accepted)
        self.server.waiter = Waiter(LIMIT_S, self.step_aside)

    @contextlib.contextmanager
    def step_aside(self) -> Iterator[None]:
        self.aside += 1
        yield

    def read_all(self) -> None:
        while self.client.recv(1 << 20):
            pass

    def read_later(self, size: int) -> tuple[threading.Thread, io.BytesIO]:
        """Read *size* bytes in a thread, a little after the server has begun to send."""
        self.server.waiter = Waiter(10, self.step_aside)  # The thread of a busy machine is late.
        found = io.BytesIO()

        def read() -> None:
            time.sleep(0.05)
            while found.tell() < size and (data := self.client.recv(1 << 16)):
                found.write(data)

        thread = threading.Thread(target=read)
        thread.start()
        return thread, found


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    with made.client, made.server:
        yield made


# Answers


def test_a_socket_blocks_until_it_is_told_otherwise(pair: Pair) -> None:
    assert pair.server.gettimeout() is None
    pair.server.setblocking(False)
    assert pair.server.gettimeout() is None
    pair.server.settimeout(3)
    pair.server.setblocking(False)
    assert pair.server.gettimeout() == 3
    pair.server.setblocking(True)
    assert pair.server.gettimeout() is None


def test_what_is_read_at_once_is_sent_without_a_wait(pair: Pair) -> None:
    assert pair.server.send(b'answer') == 6

    assert (pair.client.recv(100), pair.aside, pair.server.patience) == (b'answer', 0, None)


def test_a_large_answer_is_sent_as_it_is_read(pair: Pair) -> None:
    thread, found = pair.read_later(len(LARGE))

    assert pair.server.send(LARGE) == len(LARGE)

    thread.join()
    assert found.getvalue() == LARGE
    assert pair.aside > 0


def test_an_answer_follows_what_is_not_read_yet(pair: Pair) -> None:
    queued = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            queued += pair.server.send_at_once(b'x' * 65_536)
    thread, found = pair.read_later(queued + 6)

    pair.server.sendall(b'answer')

    thread.join()
    assert found.getvalue() == b'x' * queued + b'answer'


def test_nobody_is_waited_for_when_the_time_is_over(pair: Pair) -> None:
    patience = Patience(LIMIT_S)
    patience.count(10, 0)
    arguments = (pair.server, select.POLLIN, patience)
    thread = threading.Thread(target=pair.server.waiter.wait, args=arguments, daemon=True)

    thread.start()
    thread.join(10)

    assert not thread.is_alive()


@pytest.fixture
def records() -> Iterator[queue.SimpleQueue[logging.LogRecord]]:
    """What gunicorn logs. A server's logger of another test decides what `caplog` sees of it."""
    found: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    logger, handler = logging.getLogger('gunicorn.error'), QueueHandler(found)
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield found
    logger.setLevel(level)
    logger.removeHandler(handler)


def test_who_does_not_read_is_given_up(
    pair: Pair, records: queue.SimpleQueue[logging.LogRecord]
) -> None:
    began = time.monotonic()

    with pytest.raises(SlowReaderError):
        pair.server.sendall(LARGE)

    assert LIMIT_S <= time.monotonic() - began < 5
    sentence = f'Client 127.0.0.1 has not taken its answer within {LIMIT_S} s: closed.'
    assert (records.get_nowait().getMessage(), records.empty()) == (sentence, True)
    assert pair.server.fileno() == -1
    with pytest.raises(ConnectionResetError):  # What is not sent is dropped.
        pair.read_all()


@pytest.mark.parametrize(('offset', 'count'), [(0, None), (7, 1 << 19), (7, 10), (0, 0)])
def test_a_file_is_sent_as_it_is_read(pair: Pair, offset: int, count: int | None) -> None:
    wanted = LARGE[offset:] if count is None else LARGE[offset : offset + count]
    thread, found = pair.read_later(len(wanted))
    with tempfile.TemporaryFile() as file:
        file.write(LARGE)
        file.flush()
        # gunicorn gives a count, unless the file is sent from its beginning.
        assert pair.server.sendfile(file, offset, count) == len(wanted)

    thread.join()
    assert found.getvalue() == wanted


def test_a_file_that_has_become_shorter_ends_where_it_does(pair: Pair) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b'short')
        file.flush()
        assert pair.server.sendfile(file, 0, 100) == 5

    assert pair.client.recv(100) == b'short'


def test_who_does_not_read_a_file_is_given_up(pair: Pair) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(LARGE)
        file.flush()
        with pytest.raises(SlowReaderError):
            pair.server.sendfile(file, 0, None)


@pytest.mark.parametrize('number', [errno.EINVAL, errno.ENOSYS])
def test_a_file_that_the_system_cannot_send_is_read_and_sent(
    pair: Pair, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, 'sendfile', fail(OSError(number, 'x')))
    thread, found = pair.read_later(len(LARGE))
    with tempfile.TemporaryFile() as file:
        file.write(LARGE)
        file.seek(0)
        pair.server.sendfile(file, 0, None)

    thread.join()
    assert found.getvalue() == LARGE


def test_a_file_that_cannot_be_read_is_a_fault(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, 'sendfile', fail(OSError(errno.EIO, 'x')))
    with tempfile.TemporaryFile() as file:
        file.write(b'a')
        file.flush()
        with pytest.raises(OSError, match='x') as caught:
            pair.server.sendfile(file, 0, None)

    assert caught.value.errno == errno.EIO


def fail(exc: Exception) -> Any:
    def raise_it(*args: object) -> None:
        raise exc

    return raise_it


def test_a_client_is_named_by_its_address_where_it_has_one(pair: Pair) -> None:
    assert name_peer(pair.server) == 'Client 127.0.0.1'
    local, other = socket.socketpair()
    with local, other:
        assert name_peer(local) == 'A client'
    assert name_peer(local) == 'A client'  # It is closed.


# Heads and bodies


@pytest.fixture
def reader(pair: Pair) -> Any:
    return ClientReader(pair.server, pair.server.waiter)


def test_a_head_is_not_waited_for_and_keeps_what_has_come(pair: Pair, reader: Any) -> None:
    reader.begin_head()
    with pytest.raises(Incomplete) as caught:
        reader.chunk()
    assert (caught.value.wants_to_write, reader.has_begun, pair.aside) == (False, False, 0)

    pair.client.sendall(b'GET / HT')
    assert reader.chunk() == b'GET / HT'
    with pytest.raises(Incomplete):
        reader.chunk()
    assert reader.has_begun
    reader.begin_head()
    assert reader.read(3) == b'GET'
    reader.unread(b'')
    reader.end_head()
    assert reader.read(5) == b' / HT'


def test_a_body_is_waited_for(pair: Pair, reader: Any) -> None:
    reader.begin_head()
    reader.end_head()
    timer = threading.Timer(0.05, pair.client.sendall, [b'body'])
    timer.start()

    assert reader.chunk() == b'body'

    timer.join()
    assert pair.aside == 1


def test_a_body_that_does_not_come_is_given_up(pair: Pair, reader: Any) -> None:
    reader.begin_head()
    reader.end_head()
    began = time.monotonic()

    with pytest.raises(SlowBodyError) as caught:
        reader.chunk()

    assert LIMIT_S <= time.monotonic() - began < 5
    assert str(caught.value) == f'The body has not come within {LIMIT_S} s.'
    with pytest.raises(SlowBodyError):  # at once
        reader.chunk()
    pair.server.patience = reader._patience
    reader.begin_head()  # The next request has its own time, and so has its answer.
    reader.end_head()
    assert pair.server.patience is None
    reader.waiter = Waiter(10, pair.step_aside)
    timer = threading.Timer(0.05, pair.client.sendall, [b'next'])
    timer.start()
    assert reader.chunk() == b'next'
    timer.join()


def test_the_end_of_what_a_client_sends_is_no_wait(pair: Pair, reader: Any) -> None:
    pair.client.shutdown(socket.SHUT_WR)
    reader.begin_head()
    assert reader.chunk() == b''
    reader.end_head()
    assert (reader.chunk(), pair.aside) == (b'', 0)


# Waits of the loop


class Waiting:
    """What waits of a connection: its socket, its deadline, and whether its head has begun."""

    def __init__(self, deadline: float | None, has_begun: bool = False) -> None:
        self.client, self.sock = socket.socketpair()
        self.deadline = deadline
        self.has_begun = has_begun


class Loop:
    """The waits of a loop, and what has been called: ('then' or 'late', connection)."""

    def __init__(self) -> None:
        self.poller = selectors.DefaultSelector()
        self.waits: Any = Waits(self.poller)
        self.called: list[tuple[str, Waiting]] = []

    def add(self, in_s: float, **options: Any) -> Waiting:
        made = Waiting(time.monotonic() + in_s, **options)
        self.waits.add(
            made, lambda conn: self.called.append(('then', conn)),
            lambda conn: self.called.append(('late', conn)),
        )  # fmt: skip
        return made

    def turn(self) -> None:
        for key, _ in self.poller.select(0):
            key.data(key.fileobj)


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    with contextlib.closing(made.poller):
        yield made
        for key in list(made.poller.get_map().values()):
            key.fileobj.close()


def close(*connections: Waiting) -> None:
    for each in connections:
        each.client.close()
        each.sock.close()


def test_a_connection_goes_on_when_its_client_sends(loop: Loop) -> None:
    first, second = loop.add(60), loop.add(60)
    loop.turn()
    assert (loop.called, len(loop.waits)) == ([], 2)

    second.client.sendall(b'x')
    loop.turn()
    loop.turn()

    assert (loop.called, len(loop.waits)) == ([('then', second)], 1)
    close(first, second)


def test_a_connection_is_late_at_its_deadline(loop: Loop) -> None:
    loop.waits.end_late()
    late, other = loop.add(LIMIT_S), loop.add(60)
    assert 0 <= loop.waits.cap(10) <= LIMIT_S
    loop.waits.end_late()
    assert loop.called == []

    time.sleep(LIMIT_S + 0.01)
    assert loop.waits.cap(10) == 0
    loop.waits.end_late()

    assert (loop.called, len(loop.waits)) == ([('late', late)], 1)
    assert 50 < loop.waits.cap(100) <= 60
    assert loop.waits.cap(10) == 10
    late.client.sendall(b'x')
    loop.turn()
    assert loop.called == [('late', late)]
    close(late, other)


def test_who_has_sent_nothing_of_a_head_has_less_time_when_the_server_stops(loop: Loop) -> None:
    loop.waits.end_late()
    idle, soon, begun = loop.add(60), loop.add(0.01), loop.add(60, has_begun=True)
    own = soon.deadline, begun.deadline
    deadline = time.monotonic() + 0.05

    loop.waits.hurry(deadline)

    assert (idle.deadline, soon.deadline, begun.deadline) == (deadline, *own)
    assert loop.waits.cap(10) == 0  # It looks at once which is the first.
    time.sleep(0.06)
    loop.waits.end_late()
    assert loop.called == [('late', idle), ('late', soon)]
    close(idle, soon, begun)
