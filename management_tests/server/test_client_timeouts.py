"""runapistar's --client-timeout: whom gunicorn waits for, how long, and at whose cost."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from management_tests.support import gates
from management_tests.support.server_process import Project, Server
from management_tests.support.services import certificate
from management_tests.support.slow_clients import KINDS, ROUTES, SlowClients, connect

pytestmark = [pytest.mark.slow, pytest.mark.server]

LIMIT_S = 2  # with less a busy machine makes slow clients of good ones
DRIP_S = 1.4
WINDOW = 262_144  # bytes; loopback's segments have 65,483
STALLED_S = (1.9, 15)  # the second on a busy machine
POST = b'POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3000\r\n'
JSON = b'Content-Type: application/json\r\n\r\n'
TIMEOUT = (
    b'HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\n'
    b'Content-Length: 29\r\nConnection: close\r\n\r\n{"message":"Request timeout"}'
)
VIEWS = """
    import pathlib

    from django.http import HttpResponse
    from django.views.decorators.csrf import csrf_exempt

    @csrf_exempt
    def form(request):
        return HttpResponse(str(len(request.POST)))

    def file(request):
        with pathlib.Path('large').open('wb') as large:
            large.truncate(20_000_000)
        return FileResponse(open('large', 'rb'))

    from django.http import FileResponse
    urlpatterns += [path('page/form/', form), path('page/file/', file)]
"""
LARGE = """

    def large() -> dict:
        return {'text': 'a' * 10_000_000}


    routes.append(Route('/large/', 'GET', large))
"""


def build_project(directory: Path) -> Project:
    project = Project(directory)
    project.append('shop/routes.py', ROUTES)
    project.append('shop/routes.py', LARGE)
    project.append('shop/urls.py', VIEWS)
    return project


@pytest.fixture(scope='module')
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    project = build_project(tmp_path_factory.mktemp('clients'))
    arguments = ('--workers', '1', '--threads', '2', '--client-timeout', str(LIMIT_S))
    with project.serve(*arguments) as server:
        yield server


@pytest.fixture(scope='module')
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp('tls')
    pem = str(certificate(directory))
    arguments = ('--workers', '1', '--threads', '2', '--client-timeout', str(LIMIT_S))
    with build_project(directory).serve(
        *arguments, '--certfile', pem, '--keyfile', pem
    ) as server:  # fmt: skip
        yield server


def wrap(client: socket.socket) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(client)


def read_all(client: socket.socket) -> bytes:
    """Return what comes until the server ends the connection, and end it too."""
    chunks = []
    with client, contextlib.suppress(ConnectionResetError):
        while chunk := client.recv(65536):
            chunks.append(chunk)
    return b''.join(chunks)


def send(client: socket.socket, *parts: bytes, pause_s: float = 0.3) -> None:
    for part in parts:
        client.sendall(part)
        time.sleep(pause_s)


# The scenes, which are all played at once


def stall(start: bytes) -> Callable[[Server], bytes]:
    def play(server: Server) -> bytes:
        client = connect(server)
        client.sendall(start)
        return read_all(client)

    return play


def stall_on_a_kept_connection(server: Server) -> bytes:
    client = connect(server)
    client.sendall(b'GET /hello/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    assert client.recv(65536).endswith(b'"hello"}')
    client.sendall(KINDS['head'])
    return read_all(client)


def drip_on(start: bytes) -> Callable[[Server], bytes]:
    """A byte follows *start* now and then, until the server ends the connection."""

    def play(server: Server) -> bytes:
        client, is_over = connect(server), threading.Event()

        def drip() -> None:
            with contextlib.suppress(OSError):
                while not is_over.wait(DRIP_S):
                    client.send(b'a')

        client.sendall(start)
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            return read_all(client)
        finally:
            is_over.set()
            thread.join()

    return play


SCENES: dict[str, Callable[[Server], bytes]] = {
    'nothing is sent': stall(b''),
    'half a head': stall(KINDS['head']),
    'half a head of the second request': stall_on_a_kept_connection,
    'a head that drips': drip_on(KINDS['head']),
    'half a body': stall(POST % b'/body/' + JSON + b'{'),
    'half a body for a route that reads none': stall(POST % b'/hello/' + JSON + b'{'),
    'half a body for Django': stall(
        POST % b'/page/form/' + b'Content-Type: application/x-www-form-urlencoded\r\n\r\na=b'
    ),
    'half a chunk': stall(
        b'POST /body/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n'
        + JSON
        + b'5\r\nab'
    ),
    'a body that drips': drip_on(POST % b'/body/' + JSON),
}
REFUSALS = {
    'nothing is sent': b'',
    'half a head': TIMEOUT,
    'half a head of the second request': TIMEOUT,
    'a head that drips': TIMEOUT,
    'half a body': b'HTTP/1.1 408 Request Timeout',
    'half a body for a route that reads none': b'HTTP/1.1 405 Method Not Allowed',
    'half a body for Django': b'HTTP/1.1 400 Bad Request',
    'half a chunk': b'HTTP/1.1 408 Request Timeout',
    'a body that drips': b'HTTP/1.1 408 Request Timeout',
}


@pytest.fixture(scope='module')
def scenes(server: Server) -> dict[str, tuple[bytes, float]]:
    """What each scene's client got, and after how many seconds."""

    def play(scene: Callable[[Server], bytes]) -> tuple[bytes, float]:
        began = time.monotonic()
        return scene(server), time.monotonic() - began

    with ThreadPoolExecutor(len(SCENES)) as pool:
        return dict(zip(SCENES, pool.map(play, SCENES.values()), strict=True))


@pytest.mark.parametrize('name', SCENES)
def test_client_that_is_silent_or_drips_is_refused_in_time(
    scenes: dict[str, tuple[bytes, float]], name: str
) -> None:
    answer, seconds = scenes[name]

    assert answer.startswith(REFUSALS[name])
    assert STALLED_S[0] < seconds < STALLED_S[1]


def test_refusals_are_told_once_each_without_a_traceback(
    server: Server, scenes: dict[str, tuple[bytes, float]]
) -> None:
    assert server.stderr.count(f'Client 127.0.0.1 has not sent its request within {LIMIT_S} s') == 3
    assert 'Traceback' not in server.stderr


# Answers that nobody takes


def ask(client: socket.socket, path: bytes, connection: bytes = b'close') -> None:
    client.sendall(
        b'GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: %b\r\n\r\n' % (path, connection)
    )


def is_alive(client: socket.socket) -> bool:
    poll = select.poll()
    poll.register(client, select.POLLRDHUP)
    return not poll.poll(0)


def wait_for_all(server: Server, kind: str) -> list[float]:
    """Return after how many seconds clients that stall, and clients that drip, are given up."""
    with (
        SlowClients(server, kind, 4) as stalled,
        SlowClients(server, kind, 4, DRIP_S) as dripping,
    ):
        return [clients.wait_until_gone(2 * STALLED_S[1]) for clients in (stalled, dripping)]


def test_streams_that_are_not_read_are_closed(server: Server) -> None:
    seconds = wait_for_all(server, 'stream')

    assert min(seconds) > STALLED_S[0]
    server.wait_for(lambda: server.stdout.count('A stream is closed.') == 8, 'close()')
    assert 'Traceback' not in server.stderr


def test_file_that_is_not_read_is_closed(server: Server) -> None:
    with connect(server) as client:
        ask(client, b'/page/file/')
        began = time.monotonic()
        server.wait_for(lambda: not is_alive(client), 'the end', 2 * STALLED_S[1])

    assert time.monotonic() - began > STALLED_S[0]
    assert 'Traceback' not in server.stderr


# Those who are slow, but not too slow


def read_slowly(client: socket.socket) -> bytes:
    """Read 200,000 bytes a second for longer than the limit, and then the rest."""
    answer = b''
    for _ in range(15 * LIMIT_S):
        time.sleep(0.1)
        answer += client.recv(20_000)
    return answer + read_all(client)


def test_file_that_is_read_slowly_is_sent_whole(server: Server) -> None:
    with connect(server, WINDOW) as client:
        ask(client, b'/page/file/')
        answer = read_slowly(client)

    head, _, body = answer.partition(b'\r\n\r\n')
    assert head.startswith(b'HTTP/1.1 200 OK')
    assert len(body) == 20_000_000


@pytest.mark.parametrize('scheme', ['http', 'https'])
def test_body_of_1000_bytes_a_second_is_read_whole(
    scheme: str, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue('server' if scheme == 'http' else 'tls_server')
    client = connect(server)
    with client if scheme == 'http' else wrap(client) as client:
        client.sendall(POST % b'/body/' + JSON)
        for last in [b' '] * 29 + [b'1']:
            send(client, b' ' * 99 + last, pause_s=0.1)  # for longer than the limit
        answer = client.recv(65536)

    assert answer.startswith(b'HTTP/1.1 200 OK')
    assert answer.endswith(b'{"data":"int"}')


def test_head_in_pieces_is_answered(server: Server) -> None:
    with connect(server) as client:
        send(client, b'GET /he', b'llo/ HTTP/1.1\r\nHo', b'st: 127.0.0.1\r\n', pause_s=0.1)
        client.sendall(b'\r\n')

        assert client.recv(65536).endswith(b'{"message":"hello"}')


# TLS


def test_handshake_that_does_not_come_to_its_end_is_ended(tls_server: Server) -> None:
    pem = str(tls_server.project.directory / 'cert.pem')
    usual_s = tls_server.get('/hello/', verify=pem).elapsed.total_seconds()
    with SlowClients(tls_server, 'handshake', 4):
        answer = tls_server.get('/hello/', verify=pem)
    seconds = wait_for_all(tls_server, 'handshake')

    assert answer.elapsed.total_seconds() < gates.allow(LIMIT_S, usual_s)
    assert STALLED_S[0] < min(seconds) <= max(seconds) < STALLED_S[1]
    assert 'Traceback' not in tls_server.stderr


def test_client_that_is_silent_within_tls_is_refused_in_time(tls_server: Server) -> None:
    starts = [b'', KINDS['head'], POST % b'/body/' + JSON + b'{']
    began = time.monotonic()
    clients = [wrap(connect(tls_server)) for _ in starts]
    for client, start in zip(clients, starts, strict=True):
        client.sendall(start)
    answers = [read_all(client) for client in clients]

    assert answers[:2] == [b'', TIMEOUT]
    assert answers[2].startswith(b'HTTP/1.1 408 Request Timeout')
    assert STALLED_S[0] < time.monotonic() - began < STALLED_S[1]


def test_answer_that_is_not_read_within_tls_is_ended(tls_server: Server) -> None:
    with connect(tls_server) as connection:
        client = wrap(connection.dup())
        with client:
            ask(client, b'/page/file/')
            began = time.monotonic()
            tls_server.wait_for(lambda: not is_alive(connection), 'the end', 2 * STALLED_S[1])

    assert time.monotonic() - began > STALLED_S[0]
    assert 'Traceback' not in tls_server.stderr


def test_tls_connection_is_kept_and_serves_what_is_large_and_read_slowly(
    tls_server: Server,
) -> None:
    with wrap(connect(tls_server, WINDOW)) as client:
        ask(client, b'/hello/', b'keep-alive')
        first = client.recv(65536)
        send(client, b'GET /he', b'llo/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', pause_s=0.1)
        second = client.recv(65536)
        ask(client, b'/large/')
        third = read_slowly(client)

    assert [first[-19:], second[-19:]] == [b'{"message":"hello"}'] * 2
    assert len(third.partition(b'\r\n\r\n')[2]) == len('{"text":""}') + 10_000_000


# What else a client may leave undone


def test_client_that_does_not_close_keeps_nobody_waiting(server: Server) -> None:
    """A thread of gunicorn's own worker does nothing for two seconds when it closes such a one."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            client = stack.enter_context(connect(server))
            ask(client, b'/hello/')
            assert client.recv(65536).endswith(b'{"message":"hello"}')
        assert server.get('/hello/').status_code == 200

    assert time.monotonic() - began < 8  # gunicorn's own: 16


def test_threads_in_place_of_those_that_waited_end(server: Server) -> None:
    [worker] = [pid for pid in server.children() if pid != server.pid]
    with SlowClients(server, 'body', 20) as clients:
        server.wait_for(lambda: count_threads(worker) > 20, 'a thread for each')
        clients.wait_until_gone(2 * STALLED_S[1])

        server.wait_for(lambda: count_threads(worker) == 1 + 2, 'the end of those threads')
    assert server.get('/hello/').status_code == 200


def count_threads(pid: int) -> int:
    return len(list(Path(f'/proc/{pid}/task').iterdir()))


def test_half_a_head_is_waited_for_when_the_server_stops(tmp_path: Path) -> None:
    with Project(tmp_path).serve('--workers', '1') as server, connect(server) as client:
        client.sendall(b'GET /hello/ HTTP/1.1\r\nHost: 127.0.0.1\r\n')
        with ThreadPoolExecutor(1) as pool:
            status = pool.submit(server.stop)
            time.sleep(0.5)
            client.sendall(b'\r\n')
            answer = read_all(client)

            assert status.result() == 0
    assert answer.endswith(b'{"message":"hello"}')


# The option


@pytest.fixture(scope='module')
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp('option'))


@pytest.mark.parametrize(
    ('arguments', 'variables', 'seconds'),
    [
        (['--'], {'GUNICORN_CMD_ARGS': '--client-timeout 9'}, 9),
        (['--config', 'conf.py', '--'], {}, 10),
        (['--worker-class', 'gthread', '--'], {'DEBUG': '1'}, 20),
    ],
)
def test_option_is_taken_wherever_gunicorn_takes_its_own(
    project: Project, arguments: list[str], variables: dict[str, str], seconds: int
) -> None:
    project.write('conf.py', 'client_timeout = 10')

    done = project.run('runapistar', *arguments, '--print-config', **variables)

    assert re.findall(r'^client_timeout += (.*)$', done.stdout, re.MULTILINE) == [str(seconds)]


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--client-timeout', '0'], 'client_timeout is 0. Give 1 to 3,600 seconds.'),
        (['--client-timeout', '3601'], 'client_timeout is 3601. Give 1 to 3,600 seconds.'),
        (
            ['--client-timeout', '9', '--worker-class', 'sync'],
            "The worker class 'sync' has no --client-timeout. Leave it out, or use gthread.",
        ),
    ],
)
def test_option_that_cannot_be_honoured_is_refused(
    project: Project, arguments: list[str], sentence: str
) -> None:
    done = project.run('runapistar', '--check', *arguments)

    assert (done.returncode, done.stderr) == (1, f'runapistar: {sentence}\n')


# granian


@pytest.fixture(scope='module')
def granian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip('granian')
    arguments = ['--server', 'granian', '--workers', '1', '--client-timeout', str(LIMIT_S)]
    with build_project(tmp_path_factory.mktemp('granian')).serve(
        *arguments, '--', '--http1-buffer-size', '16384'
    ) as server:
        yield server


@pytest.mark.parametrize('kind', ['head', 'stream'])
def test_granian_gives_up_who_sends_no_head_or_reads_no_answer(granian: Server, kind: str) -> None:
    seconds = wait_for_all(granian, kind)

    assert min(seconds) > STALLED_S[0]
    closed = 8 if kind == 'stream' else 0
    granian.wait_for(lambda: granian.stdout.count('A stream is closed.') == closed, 'close()')
    assert granian.get('/hello/').status_code == 200


def test_granians_own_option_of_that_time_is_refused(project: Project) -> None:
    pytest.importorskip('granian')
    own = ('--', '--http1-header-read-timeout', '1000')

    done = project.run('runapistar', '--check', '--server', 'granian', *own)

    sentence = 'granian has this from runapistar. Give --client-timeout instead.'
    assert (done.returncode, done.stderr) == (1, f'runapistar: --: {sentence}\n')
