"""Our worker beside gunicorn's own: the same bytes, by fewer system calls."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from management_tests.support.processes import iter_processes
from management_tests.support.server_process import START_S, Project, free_port

pytestmark = pytest.mark.slow

# Answers what the query says: (status, headers, chunks, bytes to read of the body).
APPLICATION = """
    import ast
    import io
    import time
    from urllib.parse import unquote


    def application(environ, start_response):
        if environ['PATH_INFO'] == '/slow/':
            time.sleep(0.5)
        query = unquote(environ['QUERY_STRING']) or "('200 OK', [('Content-Length', '0')], [], 0)"
        status, headers, chunks, size = ast.literal_eval(query)
        environ['wsgi.input'].read(size)
        start_response(status, [*headers, ('X-Scheme', environ['wsgi.url_scheme'])])
        if chunks == 'file':
            return environ['wsgi.file_wrapper'](open(__file__, 'rb'))
        if chunks == 'memory':
            return environ['wsgi.file_wrapper'](io.BytesIO(b'in memory'))
        return chunks
"""
STATUSES = ('200 OK', '204 No Content', '304 Not Modified', '404 Nö', '103 Early Hints', '20', '')
HEADERS = (
    ('Content-Type', 'text/plain'), ('X-One', '1'), ('x-one', ' 1\t'), ('X-Two', 'é'),
    ('Content-Length', '3'), ('Content-Length', '0'), ('content-length', '200000'),
    ('Content-Length', 'many'), ('Set-Cookie', 'a=b'), ('Connection', 'close'),
    ('Connection', 'upgrade'), ('Upgrade', 'websocket'), ('Upgrade', 'h2c'),
    ('Transfer-Encoding', 'chunked'), ('X-Split', 'a\r\nb: c'), ('No name', 'a'), ('X-Number', 1),
    ['X-List', 'a'], ('X-Of-List', ['a']), (b'X-Bytes', 'a'), ('X-Alone',), ('Date', 'mine'),
)  # fmt: skip
FIELDS = (
    b'X-Forwarded-Proto: https\r\n',
    b'X_Forwarded_For: a\r\n',
    b'X-Long: ' + b'a' * 9000 + b'\r\n',
)
PEERS = ('127.0.0.1', '127.0.0.2')  # of which gunicorn trusts the first
CHUNKS = (b'', b'a', b'abc', b'abcdef', b'x' * 70_000, 'text')
BODIES = (
    b'', b'Content-Length: 5\r\n\r\nabcde', b'Content-Length: 0\r\n\r\n',
    b'Content-Length: 3000\r\n\r\n' + b'x' * 3000,
    b'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    b'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nno chunk\r\n',
)  # fmt: skip
AB = b'GET /?%b HTTP/1.1\r\n\r\n' % (
    quote("('200 OK', [('Content-Length', '2')], [b'ab'], 0)").encode()
)
LAST = b'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'


class Pair:
    """The same application below our worker and below gunicorn's own."""

    def __init__(self, ports: dict[str, int], masters: dict[str, int]) -> None:
        self.ports = ports
        self.masters = masters

    def ask(self, name: str, request: bytes, peer: str = '127.0.0.1', cut: int = 0) -> bytes:
        """Return all that comes back until the server closes, without the date.

        The first *cut* bytes are sent apart. A 414 says how much of the line has been read.
        """
        answer = b''
        with socket.create_connection(
            ('127.0.0.1', self.ports[name]), timeout=30, source_address=(peer, 0)
        ) as connection:
            if cut:
                connection.sendall(request[:cut])
                time.sleep(0.002)
            connection.sendall(request[cut:])
            with contextlib.suppress(ConnectionResetError):
                while chunk := connection.recv(65536):
                    answer += chunk
        answer = re.sub(rb'\(\d+ &gt; 4094\)', b'(more &gt; 4094)', answer)
        return re.sub(rb'(?m)^Date: \w{3}, .* GMT', b'Date: now', answer)

    def count_calls(self, name: str) -> dict[str, int]:
        """Return how many of some system calls a request takes."""
        times, calls = 60, ('epoll_ctl', 'ioctl', 'recvfrom', 'sendto')
        worker = self.worker(name).name
        command = ['strace', '-f', '-c', '-p', worker, '-e', f'trace={",".join(calls)}']
        with (
            socket.create_connection(('127.0.0.1', self.ports[name]), timeout=30) as connection,
            subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace,
        ):
            assert strace.stderr is not None
            assert 'attached' in strace.stderr.readline()
            for _ in range(times):
                connection.sendall(AB)
                while not connection.recv(65536).endswith(b'ab'):
                    pass
            strace.send_signal(signal.SIGINT)
            summary = strace.stderr.read()
        counts = {
            fields[-1]: round(int(fields[3]) / times)
            for fields in map(str.split, summary.splitlines())
            if fields[-1:] and fields[-1] in calls
        }
        return {call: counts.get(call, 0) for call in calls}

    def worker(self, name: str) -> Path:
        """Return what the system knows of the worker."""
        master = self.masters[name]
        [worker] = [process for process, parent, _ in iter_processes() if parent == master]
        return Path('/proc', str(worker))


@pytest.fixture(scope='module')
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    project = Project(tmp_path_factory.mktemp('worker'))
    project.write('shop/odd.py', APPLICATION)
    project.replace('shop/settings.py', 'django_apistar.wsgi', 'shop.odd')
    ours, stock = free_port(), free_port()
    command = [
        sys.executable, '-m', 'gunicorn', '--worker-class', 'gthread', '--threads', '4',
        '--keep-alive', '5', '--bind', f'127.0.0.1:{stock}', '--log-level', 'critical',
        '--no-control-socket', 'shop.odd:application',
    ]  # fmt: skip
    with (
        project.serve(
            '--workers', '1', '--threads', '4', '--skip-checks', '--max-requests', '0',
            '--', '--log-level', 'critical', address=f'127.0.0.1:{ours}',
        ) as server,
        subprocess.Popen(command, cwd=project.directory, env=project.environment()) as gunicorn,
    ):  # fmt: skip
        ports = {'ours': ours, 'stock': stock}
        pair = Pair(ports, {'ours': server.pid, 'stock': gunicorn.pid})
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(ConnectionRefusedError):
                pair.ask('stock', LAST)
                break
            time.sleep(0.05)
        yield pair
        gunicorn.terminate()


requests = st.builds(
    lambda method, version, field, body, answer: (
        f'{method} /?{quote(repr(answer))} HTTP/{version}\r\nHost: a\r\n'.encode()
        + field
        + (body or b'\r\n')
        + LAST
    ),
    st.sampled_from(['GET', 'GET', 'POST', 'HEAD']),
    st.sampled_from(['1.1', '1.1', '1.0']),
    st.sampled_from([b''] * 6 + list(FIELDS)),
    st.sampled_from(BODIES),
    st.tuples(
        st.sampled_from(STATUSES[:1] * 8 + STATUSES),
        st.lists(st.sampled_from(HEADERS), max_size=4),
        st.lists(st.sampled_from(CHUNKS), max_size=3) | st.sampled_from(['file', 'memory']),
        st.sampled_from([0, 2, 5, 10_000]),
    ),
)


@settings(
    max_examples=int(os.environ.get('HYPOTHESIS_EXAMPLES', 150)), deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(request=requests, peer=st.sampled_from(PEERS), cut=st.integers(0, 300))
@example(request=LAST.replace(b'Connection: close', b'A: b') * 40 + LAST, peer=PEERS[0], cut=0)
@example(request=LAST.replace(b'Host', FIELDS[0] + b'Host'), peer=PEERS[0], cut=0)
@example(request=LAST.replace(b'Host', FIELDS[0] + b'Host'), peer=PEERS[1], cut=30)
def test_every_answer_has_the_bytes_of_gunicorns_own_worker(
    pair: Pair, request: bytes, peer: str, cut: int
) -> None:
    assert pair.ask('ours', request, peer, cut) == pair.ask('stock', request, peer, cut)


def test_small_answer_is_one_segment(pair: Pair) -> None:
    """Read 200 times, as soon as there is something: two would be seen apart now and then."""
    with socket.create_connection(('127.0.0.1', pair.ports['ours']), timeout=30) as connection:
        ends = set()
        for _ in range(200):
            connection.sendall(AB)
            ends.add(connection.recv(65536)[-2:])

    assert ends == {b'ab'}


def test_threads_are_started_as_they_are_needed(pair: Pair) -> None:
    """Each thread may hold a database connection."""
    old = pair.worker('ours')
    os.kill(int(old.name), signal.SIGTERM)
    deadline = time.monotonic() + START_S
    while old.exists():
        assert time.monotonic() < deadline, 'The worker does not end.'
        time.sleep(0.05)
    for _ in range(10):
        pair.ask('ours', LAST)  # waits in the socket until there is a new worker
    worker = pair.worker('ours')
    few = len(list((worker / 'task').iterdir()))
    with ThreadPoolExecutor(8) as clients:
        list(clients.map(lambda _: pair.ask('ours', LAST.replace(b'/ ', b'/slow/ ')), range(8)))
    many = len(list((worker / 'task').iterdir()))

    # The loop's, and those of the pool: one, or on a busy machine another while that ends its work.
    assert few < many == 1 + 4


def test_kept_connections_are_served_again_at_once(pair: Pair) -> None:
    """The loop wakes each second by itself, so a request that nobody told it of takes so long."""

    def ask(_: int) -> float:
        began = time.monotonic()
        with socket.create_connection(('127.0.0.1', pair.ports['ours']), timeout=30) as connection:
            for _ in range(30):
                connection.sendall(AB)
                while not connection.recv(65536).endswith(b'ab'):
                    pass
        return time.monotonic() - began

    with ThreadPoolExecutor(8) as clients:
        assert max(clients.map(ask, range(8))) < 10


def test_connection_that_ends_is_closed_while_all_threads_go_on(pair: Pair) -> None:
    """Four slow ones hold the threads, four quick ones follow, then four more slow ones."""

    def ask(path: bytes) -> float:
        pair.ask('ours', LAST.replace(b'/ ', path))
        return time.monotonic()

    with ThreadPoolExecutor(12) as clients:
        ends = []
        for path in (b'/slow/ ', b'/ ', b'/slow/ '):
            ends.append([clients.submit(ask, path) for _ in range(4)])
            time.sleep(0.1)
        _, quick, slow = ([each.result() for each in group] for group in ends)

    assert min(slow) - max(quick) > 0.1


@pytest.mark.skipif(
    not shutil.which('strace') and not os.environ.get('CI'),
    reason='strace is not installed; CI has it',
)
def test_request_on_a_kept_connection_takes_four_system_calls(pair: Pair) -> None:
    """Beside those of the loop, which serve several requests when there are several."""
    assert [pair.count_calls('ours'), pair.count_calls('stock')] == [
        {'epoll_ctl': 2, 'ioctl': 0, 'recvfrom': 1, 'sendto': 1},
        {'epoll_ctl': 2, 'ioctl': 5, 'recvfrom': 1, 'sendto': 2},
    ]
