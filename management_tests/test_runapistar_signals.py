"""runapistar's signals: what ends, what reloads, and that no request is lost meanwhile."""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import functools
import http.client
import os
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from management_tests.server_process import Project, Server, free_port

pytestmark = pytest.mark.server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    Serve = Callable[..., AbstractContextManager[Server]]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(params=['gunicorn', 'granian'])
def server_name(request: pytest.FixtureRequest) -> str:
    if request.param == 'granian':
        pytest.importorskip('granian')
    return str(request.param)


@pytest.fixture
def serve(project: Project, server_name: str) -> Serve:
    """`project.serve` with each of the two servers."""
    return functools.partial(project.serve, '--server', server_name)


class Clients:
    """Clients that ask again and again, never repeat a request, and count what becomes of it.

    Half of them keep their connection, half open one per request. Only a refused connection
    is no loss: then no server has taken the request.
    """

    def __init__(self, url: str, number: int = 4, path: str = '/hello/') -> None:
        self.address = urlsplit(url).netloc
        self.path = path
        self.is_stopping = False
        self.results: collections.Counter[str] = collections.Counter()
        self._threads = [
            threading.Thread(target=self._ask, args=(index % 2 == 0,)) for index in range(number)
        ]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.is_stopping = True
        for thread in self._threads:
            thread.join(30)

    @property
    def answers(self) -> int:
        return sum(count for result, count in self.results.items() if result.startswith('200 '))

    @property
    def losses(self) -> dict[str, int]:
        return {
            result: count
            for result, count in self.results.items()
            if not result.startswith('200 ') and result != 'refused'
        }

    def _ask(self, keeps_connection: bool) -> None:
        connection = None
        while not self.is_stopping:
            connection = connection or http.client.HTTPConnection(self.address, timeout=20)
            try:
                if connection.sock is None:
                    connection.connect()
            except OSError as exc:
                if isinstance(exc, ConnectionRefusedError):
                    self.results['refused'] += 1
                    return
                self.results[f'connect: {exc!r}'] += 1
                return
            try:
                connection.request('GET', self.path)
                response = connection.getresponse()
                body = response.read().decode()
                self.results[f'{response.status} {body}'] += 1
                is_closed = response.will_close
            except (OSError, http.client.HTTPException) as exc:
                self.results[repr(exc)] += 1
                is_closed = True
            if is_closed or not keeps_connection:
                connection.close()
                connection = None
        if connection:
            connection.close()


def wait_for_answers(server: Server, clients: Clients, number: int) -> None:
    wanted = clients.answers + number
    server.wait_for(lambda: clients.answers >= wanted, f'{number} answers')


def reload_and_wait(server: Server) -> None:
    """Send SIGHUP and wait until the workers of this moment are gone."""
    workers = set(server.children()) - {server.pid}
    server.send(signal.SIGHUP)
    server.wait_for(lambda: not workers & set(server.children()), 'the end of the old workers')


@pytest.mark.slow
def test_stop_during_a_reload_loses_nothing(serve: Serve) -> None:
    with serve('--workers', '2') as server, Clients(server.url) as clients:
        wait_for_answers(server, clients, 50)
        server.send(signal.SIGHUP)
        wait_for_answers(server, clients, 50)
        assert server.stop() == 0

    assert clients.losses == {}


@pytest.mark.slow
def test_no_request_is_lost_by_reload_and_stop(serve: Serve) -> None:
    with serve('--workers', '2') as server, Clients(server.url) as clients:
        wait_for_answers(server, clients, 150)
        reload_and_wait(server)
        wait_for_answers(server, clients, 350)
        assert server.stop() == 0

    assert clients.losses == {}
    assert clients.answers >= 500
    assert clients.results['refused'] == 4


def test_who_is_let_in_before_a_stop_is_served_and_who_knocks_later_is_refused(
    serve: Serve,
) -> None:
    with serve() as server, contextlib.ExitStack() as stack:
        address = urlsplit(server.url).netloc
        workers = set(server.children()) - {server.pid}
        send_all(workers, signal.SIGSTOP)
        let_in = stack.enter_context(
            contextlib.closing(http.client.HTTPConnection(address, timeout=20))
        )
        let_in.request('GET', '/hello/')
        server.send(signal.SIGTERM)
        time.sleep(0.3)
        timer = threading.Timer(0.3, send_all, (workers, signal.SIGCONT))
        timer.start()

        with pytest.raises(ConnectionRefusedError):
            http.client.HTTPConnection(address, timeout=20).connect()
        response = let_in.getresponse()
        assert (response.status, response.read()) == (200, b'{"message":"hello"}')
        server.process.wait(20)
        assert server.returncode == 0


def send_all(processes: Iterable[int], number: signal.Signals) -> None:
    for process in processes:
        os.kill(process, number)


@pytest.mark.slow
def test_three_reloads_lose_no_request(serve: Serve) -> None:
    with serve('--workers', '2') as server, Clients(server.url) as clients:
        for _ in range(3):
            reload_and_wait(server)
        wait_for_answers(server, clients, 50)

    assert clients.losses == {}
    assert server.returncode == 0


@pytest.mark.slow
def test_reload_brings_the_new_code(project: Project, serve: Serve) -> None:
    with serve('--workers', '2') as server, Clients(server.url) as clients:
        wait_for_answers(server, clients, 50)
        project.write('shop/greeting.py', "MESSAGE = 'hello again'")
        server.send(signal.SIGHUP)
        new = '200 {"message":"hello again"}'
        server.wait_for(lambda: clients.results[new] >= 50, 'the new code')

    assert clients.losses == {}
    assert set(clients.results) <= {'200 {"message":"hello"}', new, 'refused'}


def test_reload_of_broken_code_keeps_the_old_workers(project: Project, serve: Serve) -> None:
    with serve('--workers', '2') as server:
        pids: set[int] = set()

        def are_both_loaded() -> bool:
            pids.add(server.get('/process/').json()['pid'])
            return len(pids) == 2

        server.wait_for(are_both_loaded, 'both workers')
        workers = server.children()
        project.write('shop/greeting.py', 'MESSAGE = ')
        server.send(signal.SIGHUP)
        server.wait_for(lambda: 'Not reloaded' in server.stderr, 'the refusal')

        assert server.get('/hello/').json() == {'message': 'hello'}
        assert server.children() == workers
        assert 'SyntaxError: invalid syntax' in server.stderr
        assert 'Not reloaded: the workers go on with the code that they have.' in server.stderr

    assert server.returncode == 0


def test_reload_of_a_broken_configuration_keeps_the_old_one(project: Project) -> None:
    project.write('gunicorn.conf.py', 'workers = 1')
    with project.serve() as server:
        project.write('gunicorn.conf.py', 'workers = "many"')
        server.send(signal.SIGHUP)
        server.wait_for(lambda: 'Not reloaded' in server.stderr, 'the refusal')

        assert server.get('/hello/').status_code == 200
        assert "gunicorn.conf.py: workers is 'many'." in server.stderr


def test_reload_reads_the_configuration_again(project: Project) -> None:
    project.write('gunicorn.conf.py', 'workers = 1')
    with project.serve() as server:
        project.write('gunicorn.conf.py', 'workers = 3')
        server.send(signal.SIGHUP)

        server.wait_for(lambda: len(server.children()) == 4, 'three workers')


def test_stop_answers_the_running_requests(serve: Serve) -> None:
    with (
        serve('--workers', '2', '--threads', '8') as server,
        concurrent.futures.ThreadPoolExecutor(8) as pool,
    ):
        requests_ = [pool.submit(server.get, '/slow/?seconds=1') for _ in range(8)]
        time.sleep(0.4)
        status = server.stop()
        answers = [request.result().json() for request in requests_]

    assert answers == [{'slept': 1.0}] * 8
    assert status == 0


def test_stop_answers_whom_the_kernel_has_let_in(project: Project) -> None:
    # One thread is busy, so these connections wait in the server; some of them in its backlog.
    arguments = ('--workers', '1', '--threads', '1', '--', '--worker-connections', '3')
    with project.serve(*arguments) as server, concurrent.futures.ThreadPoolExecutor(8) as pool:
        requests_ = [pool.submit(server.get, '/slow/?seconds=0.3') for _ in range(8)]
        time.sleep(0.4)
        status = server.stop()
        answers = [request.result().json() for request in requests_]

    assert answers == [{'slept': 0.3}] * 8
    assert status == 0


@pytest.mark.parametrize('debug', ['', '1'])
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_stop_leaves_nothing(serve: Serve, number: signal.Signals, debug: str) -> None:
    address = f'127.0.0.1:{free_port()}'
    with serve('--noreload', address=address, DEBUG=debug) as server:
        status = server.stop(number)

        assert status == 0
        assert server.children() == []
    with socket.create_server(('127.0.0.1', int(address.rpartition(':')[2]))):
        pass


def test_interrupt_from_the_terminal_leaves_no_traceback(serve: Serve) -> None:
    with serve(DEBUG='1') as server:
        os.killpg(server.pid, signal.SIGINT)
        server.process.wait(10)

        assert server.returncode == 0
        assert server.children() == []
    assert 'Traceback' not in server.output


def test_stop_during_the_start_ends_with_0(project: Project, server_name: str) -> None:
    arguments = (str(free_port()), '--workers', '1', '--server', server_name)
    command = project.command('runapistar', *arguments)
    with Server(project, command, {}) as server:
        server.wait_for(lambda: 'Quit with Control-C' in server.stdout, 'the banner')

        assert server.stop() == 0


def test_interrupted_idle_connection_does_not_delay_development(project: Project) -> None:
    with project.serve(DEBUG='1') as server:
        port = int(server.url.rpartition(':')[2])
        with socket.create_connection(('127.0.0.1', port)):
            time.sleep(0.2)
            began = time.monotonic()
            server.stop(signal.SIGINT)

    assert time.monotonic() - began < 5  # --graceful-timeout in development


def test_killed_worker_is_replaced(serve: Serve) -> None:
    with serve('--workers', '1') as server:
        first = server.get('/process/').json()['pid']
        os.kill(first, signal.SIGKILL)

        began = time.monotonic()
        second = server.get('/process/').json()['pid']

    assert second != first
    assert time.monotonic() - began < 10
    assert server.returncode == 0


def test_workers_leave_when_the_master_is_killed(serve: Serve) -> None:
    with serve('--workers', '2') as server:
        server.send(signal.SIGKILL)
        server.process.wait()
        deadline = time.monotonic() + 10
        while server.children() and time.monotonic() < deadline:
            time.sleep(0.1)

        assert server.children() == []
