"""Clients that are slow or talk nonsense, a log that cannot be written, and memory."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from management_tests.support import gates
from management_tests.support.malformed import REQUESTS, mutate
from management_tests.support.server_process import REPOSITORY, Project, Server
from management_tests.support.services import certificate
from management_tests.support.slow_clients import ROUTES, SlowClients
from management_tests.support.traffic import Traffic

pytestmark = [pytest.mark.faults, pytest.mark.server]

MB = 1024 * 1024
PAGE_SIZE = os.sysconf('SC_PAGE_SIZE')
READING_ROUTE = """

    from apistar import http


    def read(data: http.RequestData) -> dict:
        return {'data': type(data).__name__}


    routes.append(Route('/body/', 'POST', read))
"""


@pytest.fixture(scope='module', params=['gunicorn', 'granian'])
def server_name(request: pytest.FixtureRequest) -> str:
    if request.param == 'granian':
        pytest.importorskip('granian')
    return str(request.param)


@pytest.fixture(scope='module')
def server(tmp_path_factory: pytest.TempPathFactory, server_name: str) -> Iterator[Server]:
    """One worker for all of them, whose access log cannot be written."""
    project = Project(tmp_path_factory.mktemp('faults'))
    project.append('shop/routes.py', READING_ROUTE)
    arguments = ['--server', server_name, '--workers', '1', '--access-log', '/dev/full']
    # granian's few threads would be held by as many slow uploads.
    arguments += ['--max-requests', '0'] if server_name == 'gunicorn' else ['--threads', '32']
    with project.serve(*arguments) as server:
        yield server


def connect(server: Server) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((str(address.hostname), int(address.port or 80)), timeout=30)


def resident_bytes(pid: int) -> int:
    return int(Path(f'/proc/{pid}/statm').read_text().split()[1]) * PAGE_SIZE


# Slow clients

HEADER = b'GET /hello/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '
BODY = b'POST /body/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n'


@contextlib.contextmanager
def slow_clients(server: Server, starts: list[bytes]) -> Iterator[None]:
    """Clients that send *starts* at once, and then a byte every tenth of a second."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(server)) for _ in starts]
        for connection, start in zip(connections, starts, strict=True):
            connection.sendall(start)
        is_over = threading.Event()

        def drip() -> None:
            while not is_over.wait(0.1):
                for connection in connections:
                    with contextlib.suppress(OSError):
                        connection.send(b'a')

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()


@pytest.mark.case('L06')
def test_twelve_slow_clients_keep_nobody_waiting(server: Server, server_name: str) -> None:
    usual_s = max(server.get('/hello/').elapsed.total_seconds() for _ in range(10))
    with slow_clients(server, [HEADER, BODY] * 6):
        time.sleep(0.5)
        answers = [server.get('/hello/') for _ in range(10)]

    assert [answer.status_code for answer in answers] == [200] * 10
    slowest_s = max(answer.elapsed.total_seconds() for answer in answers)
    assert slowest_s < gates.allow(2, usual_s)
    seen = f'{len(answers)} of 10, the slowest after {slowest_s * 1000:.0f} ms'
    gates.record('L06', seen, server_name)


# granian has no time for the others, as docs/reference/runapistar.md says.
KINDS_OF = {'gunicorn': ['handshake', 'head', 'body', 'stream'], 'granian': ['head']}


@pytest.mark.case('L08')
def test_hundreds_of_slow_clients_keep_nobody_waiting_and_are_given_up(
    tmp_path: Path, server_name: str
) -> None:
    number, limit_s = gates.choose(20, 200), gates.choose(1, 20)
    project, pem = Project(tmp_path), str(certificate(tmp_path))
    project.append('shop/routes.py', ROUTES)
    arguments = ['--server', server_name, '--workers', '1', '--client-timeout', str(limit_s)]
    with (
        project.serve(*arguments) as plain,
        project.serve(*arguments, '--certfile', pem, '--keyfile', pem) as with_tls,
    ):
        seen = [
            meet_slow_clients(with_tls if kind == 'handshake' else plain, kind, number, limit_s)
            for kind in KINDS_OF[server_name]
        ]
        assert 'Traceback' not in plain.stderr + with_tls.stderr

    gates.record('L08', '; '.join(seen), server_name)


def meet_slow_clients(server: Server, kind: str, number: int, limit_s: float) -> str:
    """Have *number* clients stall and as many drip, and ask for something else meanwhile."""
    verify = str(server.project.directory / 'cert.pem')
    with (
        SlowClients(server, kind, number) as stalled,
        SlowClients(server, kind, number, 0.9 * limit_s) as dripping,
    ):
        answers = [server.get('/hello/', verify=verify) for _ in range(10)]
        stalled_s = stalled.wait_until_gone(2 * limit_s + gates.LATE_S)
        dripping_s = dripping.wait_until_gone(2 * limit_s + gates.LATE_S)

    assert [answer.status_code for answer in answers] == [200] * 10
    slowest_s = max(answer.elapsed.total_seconds() for answer in answers)
    assert slowest_s < gates.LATE_S
    return (
        f'{kind}: 10 of 10, the slowest after {slowest_s * 1000:.0f} ms; '
        f'all gone after {stalled_s:.1f} s and {dripping_s:.1f} s'
    )


# Nonsense


def exchange(server: Server, request: bytes) -> bytes:
    """Send *request* and nothing more; return all that comes back."""
    answer = b''
    with connect(server) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(request)
        with contextlib.suppress(OSError):  # it has been closed already
            connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


@pytest.mark.case('L07', 'K02')
def test_malformed_requests_are_nobodys_fault_but_the_clients(
    server: Server, server_name: str
) -> None:
    number = gates.choose(600, 10_000)
    chance = random.Random(number)
    statuses: Counter[str] = Counter()
    for request in REQUESTS:  # what is loaded once, is loaded
        exchange(server, request)
    worker = server.get('/process/').json()['pid']
    before = resident_bytes(worker)

    for _ in range(number):
        answer = exchange(server, mutate(chance.choice(REQUESTS), chance))
        statuses[answer[9:12].decode('latin-1') or 'closed'] += 1
    growth = resident_bytes(worker) - before

    # 501 is what RFC 9112 wants for an unknown Transfer-Encoding.
    assert [status for status in statuses if status.startswith('5') and status != '501'] == []
    assert server.get('/process/').json()['pid'] == worker
    assert growth < 10 * MB
    assert 'Traceback' not in server.output
    refused = sum(count for status, count in statuses.items() if not status.startswith('2'))
    assert refused > number / 2
    seen = f'none of {number:,}, {refused:,} were refused; +{growth / MB:.1f} MB'
    gates.record('L07', seen, server_name)


# Logs and memory


@pytest.mark.case('L10')
def test_full_disk_of_the_access_log_fails_no_request(server: Server, server_name: str) -> None:
    with Traffic(server.url) as traffic:
        traffic.wait_for(gates.choose(100, 2000))

    assert traffic.failures == []
    assert server.stderr.count('The access log /dev/full cannot be written') == 1
    gates.record('L10', f'0 of {len(traffic.outcomes):,} failed', server_name)


MANY_REQUESTS = """
    import os, sys

    import django

    django.setup()
    from django_apistar.api.responses import close
    from django_apistar.dispatch import get_application
    from management_tests.support.raw_wsgi import build_environ

    PATHS = ('/hello/', '/item/{}/', '/nothing/{}/', '/hello/?n={}')
    application = get_application()

    def run(first, number):
        for count in range(first, first + number):
            path, _, query = PATHS[count % len(PATHS)].format(count).partition('?')
            body = application(build_environ(path, QUERY_STRING=query), lambda *args: None)
            close(body)

    def resident_bytes():
        return int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGE_SIZE')

    number = int(sys.argv[1])
    run(0, 20_000)
    before = resident_bytes()
    run(20_000, number)
    print(resident_bytes() - before)
"""


@pytest.mark.case('L16')
def test_memory_stays_flat_over_a_million_requests() -> None:
    number = gates.choose(60_000, 1_000_000)
    done = subprocess.run(
        [sys.executable, '-c', textwrap.dedent(MANY_REQUESTS), str(number)],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=600,
        env={**os.environ, 'DJANGO_SETTINGS_MODULE': 'management_tests.project.settings'},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-2000:]
    growth = int(done.stdout)
    assert growth < 5 * MB
    gates.record('L16', f'+{growth / MB:.1f} MB after {number:,} requests')
