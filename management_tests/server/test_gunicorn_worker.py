"""gunicorn's worker as runapistar has it, in process: `worker`, `connections`, `messages`."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import selectors
import signal
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from logging.handlers import QueueHandler
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from gunicorn import util
from gunicorn.http import wsgi
from gunicorn.http.parser import RequestParser
from gunicorn.workers import gthread

from django_apistar.api.server_state import server_state
from django_apistar.server.gunicorn import messages
from django_apistar.server.gunicorn import worker as module
from django_apistar.server.gunicorn.server import GunicornServer
from django_apistar.server.launch import Launch
from management_tests.support.server_process import free_port, lets_in
from management_tests.support.services import certificate

pytestmark = pytest.mark.once

END_S = 10  # only what hangs takes so long
GET = b'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
LAST = b'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
POST = b'POST / HTTP/1.1\r\nHost: a\r\n'


def answer(environ: Any, start_response: Any) -> list[bytes]:
    start_response('200 OK', [('Content-Length', '2')])
    return [b'ab']


def head(connection: str = 'keep-alive', *lines: str, status: str = '200 OK') -> bytes:
    """Return the head of an answer as the worker writes it."""
    return '\r\n'.join([
        f'HTTP/1.1 {status}', 'Server: gunicorn', 'Date: now', f'Connection: {connection}', *lines,
        '', '',
    ]).encode()  # fmt: skip


FAULT = b'HTTP/1.1 500 Internal Server Error'
KEPT = head('keep-alive', 'Content-Length: 2') + b'ab'
ENDED = head('close', 'Content-Length: 2') + b'ab'


class Serving:
    """A worker that serves in a thread of its own, and what its log says."""

    def __init__(self, worker: Any, listener: socket.socket) -> None:
        self.worker = worker
        self.address = listener.getsockname()
        self.said: SimpleQueue[logging.LogRecord] = SimpleQueue()
        self.thread = threading.Thread(target=self._run)
        self.error: BaseException | None = None

    def _run(self) -> None:
        try:
            self.worker.init_process()
        except BaseException as exc:
            self.error = exc

    def connect(self, peer: tuple[str, int] | None = None) -> socket.socket:
        return socket.create_connection(self.address, END_S, source_address=peer)

    def ask(self, request: bytes, peer: tuple[str, int] | None = None) -> bytes:
        """Return all that comes back until the server closes."""
        with self.connect(peer) as client:
            client.sendall(request)
            return read_all(client)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + END_S
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.002)

    def is_closed(self) -> bool:
        """Return whether new clients are refused."""
        return not lets_in(*self.address)

    def has_connections(self, number: int) -> None:
        self.wait_until(lambda: self.worker.nr_conns == number)

    def read_log(self) -> list[str]:
        found = []
        while not self.said.empty():
            record = self.said.get()
            found.append(f'{record.levelname} {record.getMessage()}')
        return found

    def hold(self) -> threading.Event:
        """Let the loop stand still until the event that is returned."""
        goes_on = threading.Event()
        self.worker.method_queue.defer(goes_on.wait, END_S)
        return goes_on

    def find_begun(self) -> tuple[float, int]:
        """Return the deadline and the event of the connection that waits with a part of a head."""
        found: list[tuple[float, int]] = []

        def look() -> None:
            get_key = self.worker.poller.get_key
            waits = [conn for conn in self.worker.waits._late if conn.has_begun]
            found.extend((conn.deadline, get_key(conn.sock).events) for conn in waits)

        def has_found() -> bool:
            self.worker.method_queue.defer(look)  # by the loop, which alone changes what waits
            return bool(found)

        self.wait_until(has_found)
        return found[0]

    def stop(self) -> None:
        self.worker.handle_exit(signal.SIGTERM, None)

    def end(self) -> None:
        """Stop, and see that nothing of the worker is left."""
        self.stop()
        self.join()
        worker = self.worker
        assert (self.error, worker.nr_conns, worker.tpool._busy) == (None, 0, 0)

    def join(self) -> None:
        self.thread.join(END_S)
        assert not self.thread.is_alive()


def read_all(client: socket.socket) -> bytes:
    found = b''
    while chunk := client.recv(65536):
        found += chunk
    return mask(found)


def read(client: socket.socket, size: int) -> bytes:
    """Return the next bytes of which there are to be *size* when the date is masked."""
    found = b''
    while len(mask(found)) < size:
        chunk = client.recv(size - len(mask(found)))
        assert chunk, found
        found += chunk
    return mask(found)


def mask(found: bytes) -> bytes:
    return re.sub(rb'(?m)^Date: \w{3}, .* GMT', b'Date: now', found)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Serving]]:
    """Return what starts a worker of an application, with gunicorn's settings."""
    monkeypatch.chdir(tmp_path)
    for owner, name in ((wsgi, 'Response'), (gthread, 'TConn'), (RequestParser, 'mesg_class')):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(messages.Request, '_is_trusted', {})
    monkeypatch.setattr(messages.Response, '_checked', set())
    monkeypatch.setattr(gthread.ThreadWorker, 'wait_for_and_dispatch_events', wait_for_events)
    loggers = [logging.getLogger(f'gunicorn.{name}') for name in ('access', 'error')]
    kept = [(logger, logger.level, logger.handlers[:], logger.propagate) for logger in loggers]
    threads = threading.active_count()
    with contextlib.ExitStack() as stack:

        def start(
            application: Any = answer, client_timeout_s: float = 20, is_development: bool = False,
            listener: socket.socket | None = None, **settings: Any,
        ) -> Serving:  # fmt: skip
            given = {
                'threads': 2, 'keepalive': 20, 'loglevel': 'info', 'max_requests': 0, **settings,
            }  # fmt: skip
            app = GunicornServer(Launch(settings=given, is_development=is_development))
            vars(app)['callable'] = application
            vars(app.cfg.settings['client_timeout'])['value'] = client_timeout_s
            listener = listener or socket.create_server(('127.0.0.1', 0), backlog=20)
            worker: Any = app.cfg.worker_class(
                1, os.getppid(), [listener], app, 30, app.cfg, app.cfg.logger_class(app.cfg)
            )
            worker.init_signals = lambda: None  # They are for the main thread.
            serving = Serving(worker, listener)
            for logger in loggers:
                logger.handlers[:] = [QueueHandler(serving.said)]
            serving.thread.start()
            stack.callback(close, worker)
            stack.callback(serving.end)
            serving.wait_until(lambda: worker._accepting or not serving.thread.is_alive())
            return serving

        yield start
    for logger, level, handlers, propagate in kept:
        logger.setLevel(level)
        logger.handlers[:], logger.propagate = handlers, propagate
    deadline = time.monotonic() + END_S
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.002)
    assert threading.active_count() == threads


def wait_for_events(self: Any, timeout: float) -> None:
    """Wait until something comes: gunicorn's own looks each second by itself."""
    for key, _ in self.poller.select(END_S if self.alive and timeout == 1 else timeout):
        key.data(key.fileobj)


def close(worker: Any) -> None:
    for number in worker.PIPE:
        os.close(number)
    worker.poller.close()
    worker.tmp.close()
    for listener in worker.sockets:
        listener.close()


# Answers


def respond(status: str, headers: Any, *chunks: Any) -> Any:
    """Return an application."""

    def application(environ: Any, start_response: Any) -> Any:
        start_response(status, headers)
        return chunks

    return application


def test_a_connection_is_kept_until_its_client_wants_it_closed(start: Any) -> None:
    serving = start()
    with serving.connect() as client:
        for _ in range(100):  # In two parts one of them would come alone now and then.
            client.sendall(GET)
            assert mask(client.recv(65536)) == KEPT
        client.sendall(GET + GET + LAST)
        assert read_all(client) == KEPT + KEPT + ENDED
    serving.has_connections(0)
    assert serving.read_log() == []


LARGE = b'x' * (messages.LARGEST_COPY + 1)


@pytest.mark.parametrize(
    ('request_line', 'application', 'wanted'),
    [
        (
            b'GET / HTTP/1.1', respond('200 OK', [('X-A', 'b')], b'ab', b'', b'c' * 17),
            head('keep-alive', 'Transfer-Encoding: chunked', 'X-A: b')
            + b'2\r\nab\r\n11\r\n' + b'c' * 17 + b'\r\n0\r\n\r\n',
        ),
        (
            b'GET / HTTP/1.0', respond('200 OK', [('X-A', 'b')], b'ab', b'c'),
            head('close', 'X-A: b').replace(b'1.1', b'1.0') + b'abc',
        ),
        (
            b'HEAD / HTTP/1.1', respond('200 OK', [('Content-Length', '2')], b'ab'),
            head('keep-alive', 'Content-Length: 2'),
        ),
        (b'GET / HTTP/1.1', respond('204 No Content', []), head(status='204 No Content')),
        (
            b'GET / HTTP/1.1', respond('200 OK', [('Content-Length', '5')], b'ab', b'cdef'),
            head('keep-alive', 'Content-Length: 5') + b'abcde',
        ),
        (
            b'GET / HTTP/1.1', respond('200 OK', [('Content-Length', '65537')], LARGE),
            head('keep-alive', 'Content-Length: 65537') + LARGE,
        ),
        (
            b'GET / HTTP/1.1', respond('101 Switching Protocols', [
                ('Connection', 'upgrade'), ('Upgrade', 'websocket'), ('Keep-Alive', 'x'),
            ]),
            head('upgrade', 'Upgrade: websocket', status='101 Switching Protocols'),
        ),
        (
            b'GET / HTTP/1.1', respond('200 \xd6K', [('X-A', '\xe9 '), ('Content-Length', '0')]),
            head('keep-alive', 'X-A: \xe9', 'Content-Length: 0', status='200 \xd6K').decode()
            .encode('latin-1'),
        ),
    ],
    ids=[
        'chunks', 'HTTP/1.0', 'HEAD', 'no content', 'more than its length', 'large', 'upgrade',
        'latin-1',
    ],
)  # fmt: skip
def test_an_answer_has_these_bytes(
    start: Any, request_line: bytes, application: Any, wanted: bytes
) -> None:
    """Twice on a connection, the second time with headers that are known to be right."""
    serving = start(application)
    with serving.connect() as client:
        for _ in range(2 if b'close' not in wanted else 1):
            client.sendall(request_line + b'\r\nHost: a\r\n\r\n')
            assert read(client, len(wanted)) == wanted


def test_a_file_is_sent_and_counted(start: Any) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b'of the file')
        file.flush()

        def application(environ: Any, start_response: Any) -> Any:
            opened = os.fdopen(os.dup(file.fileno()), 'rb')
            opened.seek(3)
            start_response('200 OK', [('Content-Length', '8')])
            return environ['wsgi.file_wrapper'](opened)

        serving = start(application, accesslog='-', access_log_format='%(m)s %(s)s %(B)s')
        with serving.connect() as client:
            for method, body in ((b'GET', b'the file'), (b'HEAD', b'')):
                client.sendall(LAST.replace(b'GET', method).replace(b'close', b'keep-alive'))
                wanted = head('keep-alive', 'Content-Length: 8') + body
                assert read(client, len(wanted)) == wanted
        serving.has_connections(0)

    assert serving.read_log() == ['INFO GET 200 8', 'INFO HEAD 200 0']


@pytest.mark.parametrize(
    ('headers', 'reason'),
    [
        ([('X A', 'b')], 'InvalidResponseHeaderName'),
        ([('X-A', 'b\r\nc: d')], 'InvalidResponseHeader'),
        ([('X-A', ['b'])], 'TypeError'),
        ([('X-A', 1)], 'TypeError'),
    ],
)
def test_a_header_that_http_does_not_allow_is_a_fault_of_the_application(
    start: Any, headers: Any, reason: str
) -> None:
    serving = start(respond('200 OK', [('Content-Length', '2'), *headers], b'ab'))

    answers = [serving.ask(GET) for _ in range(2)]

    assert [each.split(b'\r\n')[0] for each in answers] == [FAULT] * 2
    for said in serving.read_log():
        assert said.startswith('ERROR Error handling request GET /\n')
        assert said.splitlines()[-1].partition(':')[0].rpartition('.')[2] == reason


def test_the_length_of_each_answer_is_its_own(start: Any) -> None:
    """Headers that have passed the checks are not checked again: a length decides."""
    serving = start(respond('200 OK', [('content-length', '2'), ('Set-Cookie', 'a=b')], b'abc'))
    wanted = head('keep-alive', 'content-length: 2', 'Set-Cookie: a=b') + b'ab'

    with serving.connect() as client:
        for _ in range(2):
            client.sendall(GET)
            assert read(client, len(wanted)) == wanted
    assert messages.Response._checked == set()


def test_so_many_headers_that_have_passed_are_remembered(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, 'MOST_CHECKED', 2)
    sent = [('X-A', 'b'), ('X-B', ' c'), ('X-C', 'd'), ('Content-Length', '0'), ('Via', 'e')]
    sent.append(('X-D', 'f'))
    wanted = head('close', *[f'{name}: {value.strip()}' for name, value in sent])

    assert start(respond('200 OK', sent)).ask(LAST) == wanted
    assert messages.Response._checked == {('Via', 'e'), ('X-D', 'f')}


def test_text_is_no_body(start: Any) -> None:
    serving = start(respond('200 OK', [('X-A', 'b')], 'text'))

    assert serving.ask(GET) == head('keep-alive', 'Transfer-Encoding: chunked', 'X-A: b')
    [said] = serving.read_log()
    assert said.startswith('ERROR Error handling request\n')
    assert said.endswith("TypeError: 'text' is not a byte")


def test_the_date_is_written_once_a_second(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages.Response, '_date', (0, ''))
    now = [1_000_000_000.9]
    monkeypatch.setattr(messages.time, 'time', lambda: now[0])
    written: list[int] = []
    http_date = util.http_date
    monkeypatch.setattr(util, 'http_date', lambda at: written.append(at) or http_date(at))
    dates = []
    with start().connect() as client:
        for moment in (0.1, 0.9, 1.2):
            now[0] = 1_000_000_000 + moment
            client.sendall(GET)
            dates += re.findall(rb'Date: (.*) GMT', client.recv(65536))

    assert dates == [b'Sun, 09 Sep 2001 01:46:%d' % second for second in (40, 40, 41)]
    assert written == [1_000_000_000, 1_000_000_001]


@pytest.mark.parametrize(
    ('exc', 'line', 'said'),
    [
        (ZeroDivisionError('x'), FAULT, 'Error handling request GET /'),
        (SystemExit(4), FAULT, 'Error handling request GET /'),
        (KeyboardInterrupt(), b'', 'Error handling request'),
    ],
)  # fmt: skip
def test_no_exception_ends_the_worker(
    start: Any, exc: BaseException, line: bytes, said: str
) -> None:
    def application(environ: Any, start_response: Any) -> Any:
        if environ['PATH_INFO'] == '/':
            raise exc
        return answer(environ, start_response)

    serving = start(application)

    assert serving.ask(GET).split(b'\r\n')[0] == line
    assert serving.ask(LAST.replace(b'/ ', b'/b ')) == ENDED
    [record] = serving.read_log()
    assert record.splitlines()[0] == f'ERROR {said}'
    assert record.splitlines()[-1].startswith(type(exc).__name__)


# Whom gunicorn believes


def show(environ: Any, start_response: Any) -> list[bytes]:
    shown = ' '.join(environ.get(key, '-') for key in ('wsgi.url_scheme', 'REMOTE_ADDR'))
    start_response('200 OK', [('Content-Length', str(len(shown)))])
    return [shown.encode()]


def test_a_proxy_is_believed_by_its_address(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its port. So many addresses are remembered."""
    monkeypatch.setattr(messages, 'MOST_PEERS', 1)
    request = LAST.replace(b'Host', b'X-Forwarded-Proto: https\r\nHost')
    serving, port = start(show), free_port()

    for peer, is_believed in (('127.0.0.1', True), ('127.0.0.2', False)):
        shown = f'{"https" if is_believed else "http"} {peer}'.encode()
        assert serving.ask(request, (peer, port)).endswith(b'\r\n\r\n' + shown)
        assert serving.ask(request, (peer, 0)).endswith(b'\r\n\r\n' + shown)
        assert messages.Request._is_trusted == {peer: is_believed}


def test_who_comes_by_a_unix_socket_is_believed(start: Any, tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / 'web.sock'))
    listener.listen()
    start(show, listener=listener)

    with socket.socket(socket.AF_UNIX) as client:
        client.connect(listener.getsockname())
        client.sendall(LAST.replace(b'Host', b'X-Forwarded-Proto: https\r\nHost'))
        assert read_all(client).endswith(b'\r\n\r\nhttps ')


def test_the_line_of_a_proxy_is_read_once_though_the_head_comes_in_parts(start: Any) -> None:
    serving = start(show, proxy_protocol=True)
    with serving.connect() as client:
        client.sendall(b'PROXY TCP4 192.0.2.7 192.0.2.1 5 6\r\nGET / HTTP')
        serving.wait_until(lambda: len(serving.worker.waits) == 1)
        client.sendall(LAST.removeprefix(b'GET / HTTP'))

        assert read_all(client).endswith(b'\r\n\r\nhttp 192.0.2.7')


# Bodies


def read_body(environ: Any, start_response: Any) -> list[bytes]:
    body = environ['wsgi.input'].read()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]


CONTINUE = b'HTTP/1.1 100 Continue\r\n\r\n'
ASKING = POST + b'Expect: 100-continue\r\n'
KINDS = {
    'of a length': (b'Content-Length: 5\r\n\r\n', b'abcde'),
    'in chunks': (b'Transfer-Encoding: chunked\r\n\r\n', b'5\r\nabcde\r\n0\r\n\r\n'),
}


@pytest.mark.parametrize(('fields', 'body'), KINDS.values(), ids=list(KINDS))
def test_a_client_is_asked_for_its_body_when_the_application_reads_it(
    start: Any, fields: bytes, body: bytes
) -> None:
    wanted = head('keep-alive', 'Content-Length: 5') + b'abcde'
    with start(read_body).connect() as client:
        for _ in range(2):
            client.sendall(ASKING + fields)
            assert read(client, len(CONTINUE)) == CONTINUE
            client.sendall(body)
            assert read(client, len(wanted)) == wanted
        client.sendall(ASKING.replace(b'Host', b'Connection: close\r\nHost') + fields + body)
        assert read_all(client) == CONTINUE + wanted.replace(b'keep-alive', b'close')


@pytest.mark.parametrize(('fields', 'body'), KINDS.values(), ids=list(KINDS))
def test_a_client_that_is_not_asked_for_its_body_is_answered_and_closed(
    start: Any, fields: bytes, body: bytes
) -> None:
    assert start().ask(ASKING + fields) == ENDED


@pytest.mark.parametrize(('fields', 'body'), KINDS.values(), ids=list(KINDS))
@pytest.mark.parametrize('application', [answer, read_body])
def test_the_next_request_follows_a_body_whether_it_was_read_or_not(
    start: Any, fields: bytes, body: bytes, application: Any
) -> None:
    serving = start(application)
    first = KEPT if application is answer else head('keep-alive', 'Content-Length: 5') + b'abcde'
    last = ENDED if application is answer else head('close', 'Content-Length: 0')

    assert serving.ask(POST + fields + body + LAST) == first + last


@pytest.mark.parametrize(('size', 'is_kept'), [(65_535, True), (65_536, False)])
def test_so_much_of_an_unread_body_is_read(start: Any, size: int, is_kept: bool) -> None:
    serving = start()
    with serving.connect() as client:
        client.sendall(POST + b'Content-Length: %d\r\n\r\n' % size + b'x' * size)
        assert read(client, len(KEPT)) == KEPT
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            client.sendall(LAST)
            assert read_all(client) == (ENDED if is_kept else b'')


def test_an_unread_body_that_does_not_come_ends_the_connection(start: Any) -> None:
    serving = start(client_timeout_s=0.1)

    assert serving.ask(POST + b'Content-Length: 5\r\n\r\nab') == KEPT
    assert serving.read_log() == []


# Who is waited for, and how long


def test_half_a_head_is_waited_for_until_its_own_deadline(start: Any) -> None:
    serving = start()
    deadlines = []
    with serving.connect() as client:
        for _ in range(2):
            client.sendall(GET[:9])
            for part in (GET[9:11], GET[11:]):
                deadline, event = serving.find_begun()
                deadlines.append(deadline - time.monotonic())
                assert event == selectors.EVENT_READ
                client.sendall(part)
                time.sleep(0.02)
            assert read(client, len(KEPT)) == KEPT

    first, same, second, _ = deadlines
    assert first > same
    assert second > same
    assert all(19 < each <= 20 for each in deadlines)


@pytest.mark.parametrize(
    ('start_of_head', 'wanted', 'said'),
    [
        (b'', b'', []),
        (
            b'GET / HTTP/1.1\r\nHo',
            (b'HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\n'
             b'Content-Length: 29\r\nConnection: close\r\n\r\n{"message":"Request timeout"}'),
            ['INFO Client 127.0.0.1 has not sent its request within 0.2 s: 408.'],
        ),
    ],
)  # fmt: skip
def test_a_head_that_does_not_come_is_given_up(
    start: Any, start_of_head: bytes, wanted: bytes, said: list[str]
) -> None:
    serving = start(client_timeout_s=0.2)
    began = time.monotonic()

    assert serving.ask(start_of_head) == wanted

    assert 0.2 <= time.monotonic() - began < END_S / 2
    assert serving.read_log() == said
    serving.has_connections(0)


def test_who_closes_after_half_a_head_is_forgotten(start: Any) -> None:
    serving = start()
    with serving.connect() as client:
        client.sendall(GET[:9])
        serving.wait_until(lambda: len(serving.worker.waits) == 1)

    serving.has_connections(0)
    assert serving.read_log() == []


def test_a_connection_that_ends_waits_for_its_client_to_close(start: Any) -> None:
    serving = start()
    with serving.connect() as client:
        client.sendall(LAST)
        assert read_all(client) == ENDED
        client.sendall(b'more than was asked for')
        time.sleep(0.05)
        assert (serving.worker.nr_conns, len(serving.worker.waits)) == (1, 1)
        [conn] = serving.worker.waits._late
        assert 1 < conn.deadline - time.monotonic() <= 2
    serving.has_connections(0)


def test_who_does_not_close_is_closed(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, 'LINGER_S', 0.1)
    serving = start()
    with serving.connect() as client:
        client.sendall(LAST)
        assert read_all(client) == ENDED
        serving.has_connections(0)


def test_the_loop_does_not_stand_still_for_who_does_not_close(start: Any) -> None:
    """HTTP/2 leaves its socket with a timeout, as this application does."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        environ['gunicorn.socket'].settimeout(END_S)
        return answer(environ, start_response)

    serving = start(application)
    with serving.connect() as client:
        client.sendall(LAST)
        assert read_all(client) == ENDED
        serving.wait_until(lambda: len(serving.worker.waits) == 1)


def test_so_much_of_what_nobody_reads_is_taken(start: Any) -> None:
    serving = start()
    with serving.connect() as client:
        client.sendall(LAST)
        assert read_all(client) == ENDED
        client.sendall(b'x' * 65_535)
        time.sleep(0.05)
        assert serving.worker.nr_conns == 1
        client.sendall(b'x')
        serving.has_connections(0)


def test_who_breaks_the_connection_is_forgotten(start: Any) -> None:
    serving = start()
    with serving.connect() as client:
        client.sendall(LAST)
        assert read_all(client) == ENDED
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    serving.has_connections(0)
    assert serving.read_log() == []


def test_an_answer_is_ended_while_the_thread_serves_the_next(start: Any) -> None:
    goes_on = threading.Event()

    def application(environ: Any, start_response: Any) -> Any:
        if environ['PATH_INFO'] == '/slow':
            assert goes_on.wait(END_S)
        return answer(environ, start_response)

    serving = start(application, threads=1)
    with serving.connect() as first, serving.connect() as second:
        # Both are accepted: else the thread may be given to the second, which has sent by then.
        serving.wait_until(lambda: len(serving.worker.waits) == 2)
        loop = serving.hold()
        first.sendall(LAST)
        second.sendall(LAST.replace(b'/ ', b'/slow '))
        loop.set()
        assert read_all(first) == ENDED
        goes_on.set()
        assert read_all(second) == ENDED


# TLS


def wrap(client: socket.socket, protocol: str = 'http/1.1') -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols([protocol])
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(client)


def test_tls_is_begun_within_a_time_and_then_serves(start: Any, tmp_path: Path) -> None:
    serving = start(show, certfile=str(certificate(tmp_path)))
    with serving.connect() as client:
        serving.wait_until(lambda: len(serving.worker.waits) == 1)
        [conn] = serving.worker.waits._late
        assert serving.worker.poller.get_key(conn.sock).events == selectors.EVENT_READ
        handshake = conn.deadline
        with wrap(client) as wrapped:
            serving.wait_until(
                lambda: conn.deadline != handshake and len(serving.worker.waits) == 1
            )
            assert conn.deadline > handshake
            for request in (GET[:9], GET[9:], LAST[:9], LAST[9:]):
                wrapped.sendall(request)
                time.sleep(0.01)
            kept = head('keep-alive', 'Content-Length: 15') + b'https 127.0.0.1'
            assert read_all(wrapped) == kept + kept.replace(b'keep-alive', b'close')
    serving.has_connections(0)
    assert serving.read_log() == []


def test_tls_that_does_not_come_is_given_up(start: Any, tmp_path: Path) -> None:
    serving = start(client_timeout_s=0.2, certfile=str(certificate(tmp_path)))
    began = time.monotonic()

    assert serving.ask(b'') == b''

    assert 0.2 <= time.monotonic() - began < END_S / 2
    assert serving.read_log() == []
    assert serving.ask(GET) == b''
    [said] = serving.read_log()
    assert said.startswith('WARNING Invalid request from ip=127.0.0.1: [SSL: HTTP_REQUEST]')


def exchange(client: Any, wire: socket.socket, last: type) -> list[Any]:
    """Send what the HTTP/2 *client* has for the server; return the events up to one of *last*."""
    wire.sendall(client.data_to_send())
    events: list[Any] = []
    while not any(isinstance(event, last) for event in events):
        received = wire.recv(65536)
        assert received
        events += client.receive_data(received)
    return events


def test_a_worker_that_stops_does_not_wait_for_who_was_served_by_http2(
    start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gthread, 'STOP_KEEPALIVE_LINGER', 0.1)
    h2 = pytest.importorskip('h2.events')
    serving = start(show, certfile=str(certificate(tmp_path)), http_protocols='h2,h1')
    config = pytest.importorskip('h2.config').H2Configuration(header_encoding='utf-8')
    client = pytest.importorskip('h2.connection').H2Connection(config)
    client.initiate_connection()
    request = {':method': 'GET', ':path': '/', ':scheme': 'https', ':authority': 'a'}
    client.send_headers(1, list(request.items()), end_stream=True)

    with serving.connect() as connection, wrap(connection, 'h2') as wire:
        events = exchange(client, wire, h2.StreamEnded)
        client.close_connection()
        wire.sendall(client.data_to_send())
        serving.wait_until(lambda: len(serving.worker.waits) == 1)
        serving.end()

    assert isinstance(events[0], h2.RemoteSettingsChanged)
    [found] = [dict(event.headers) for event in events if isinstance(event, h2.ResponseReceived)]
    assert (found[':status'], found['content-length']) == ('200', '15')
    [body] = [event.data for event in events if isinstance(event, h2.DataReceived) and event.data]
    assert body == b'https 127.0.0.1'
    assert serving.read_log() == []


# Limits, and the end


def test_the_process_is_told_how_many_threads_serve(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(server_state, '_starting', [told.append])

    start(threads=3)

    assert told == [3]


def test_who_comes_when_there_are_too_many_connections_is_served_after_them(start: Any) -> None:
    serving = start(worker_connections=1, threads=1)
    with serving.connect() as first, serving.connect() as second:
        first.sendall(GET[:9])
        serving.wait_until(lambda: len(serving.worker.waits) == 1)
        second.sendall(LAST)
        first.sendall(GET[9:])
        assert read_all(first) == ENDED  # None can be kept.
        first.close()
        assert read_all(second) == ENDED


def test_who_has_come_is_served_before_the_worker_stops(start: Any) -> None:
    serving = start()
    loop = serving.hold()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(serving.connect()) for _ in range(5)]
        serving.stop()
        for client in clients:
            client.sendall(GET)
        loop.set()
        for client in clients:
            assert read_all(client) == ENDED
            client.close()
        serving.join()
        with pytest.raises(ConnectionRefusedError):
            serving.connect()


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that stops lingers a tenth of a second, where it would two."""
    monkeypatch.setattr(module, 'LINGER_S', 0.1)
    monkeypatch.setattr(gthread, 'STOP_KEEPALIVE_LINGER', 0.1)


@pytest.mark.usefixtures('_hurried')
def test_a_worker_that_stops_does_not_wait_for_who_sends_nothing(start: Any) -> None:
    serving = start(client_timeout_s=4 * END_S, keepalive=4 * END_S)
    with serving.connect() as kept, serving.connect() as silent, contextlib.ExitStack() as stack:
        kept.sendall(GET)
        assert read(kept, len(KEPT)) == KEPT
        serving.wait_until(lambda: len(serving.worker.waits) == 1)
        loop = serving.hold()
        late = stack.enter_context(serving.connect())
        serving.stop()
        loop.set()
        assert [read_all(client) for client in (kept, silent, late)] == [b''] * 3
        serving.join()


@pytest.mark.usefixtures('_hurried')
def test_a_worker_that_stops_waits_for_half_a_head(start: Any) -> None:
    serving = start()
    with serving.connect() as client:
        client.sendall(GET[:9])
        serving.find_begun()
        serving.stop()
        serving.wait_until(serving.is_closed)
        time.sleep(0.2)
        client.sendall(GET[9:])
        assert read_all(client) == ENDED
    serving.join()


def test_a_worker_is_replaced_after_so_many_requests(start: Any) -> None:
    serving = start(max_requests=2, max_requests_jitter=0)
    with serving.connect() as client:
        client.sendall(GET + GET)
        assert read_all(client) == KEPT + ENDED
    serving.join()
    assert serving.read_log() == ['INFO Autorestarting worker after current request.']


@pytest.mark.parametrize('is_development', [False, True])
def test_a_worker_quits_at_once_while_it_loads(
    start: Any, is_development: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []

    def leave(status: int) -> None:
        left.append(status)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, '_exit', leave)
    worker: Any = start(is_development=is_development).worker
    assert type(worker) is (module.DevelopmentWorker if is_development else module.Worker)
    worker.booted = is_development

    with pytest.raises(KeyboardInterrupt):
        worker.handle_quit(signal.SIGQUIT, None)

    assert left == [0]
    worker.booted = True


def test_a_worker_quits_by_its_loop(start: Any) -> None:
    noted: list[Any] = []
    serving = start(worker_int=noted.append)
    assert serving.ask(LAST) == ENDED
    serving.has_connections(0)

    serving.worker.handle_quit(signal.SIGQUIT, None)
    serving.join()

    assert type(serving.error) is SystemExit
    assert serving.error.code == 0
    serving.error = None
    assert noted == [serving.worker]


def test_a_worker_in_development_keeps_no_connection_when_it_stops(start: Any) -> None:
    serving = start(is_development=True, accesslog=None)
    with serving.connect() as kept, serving.connect() as silent:
        kept.sendall(GET)
        assert read(kept, len(KEPT)) == KEPT
        serving.wait_until(lambda: serving.worker.keepalived_conns and serving.worker.waits)
        began = time.monotonic()
        serving.stop()
        serving.join()
        assert 0.2 <= time.monotonic() - began < 1.9
        assert [read_all(client) for client in (kept, silent)] == [b''] * 2
