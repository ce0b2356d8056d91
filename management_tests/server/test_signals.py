"""runapistar's signals: what ends, what reloads, and that no request is lost meanwhile."""

from __future__ import annotations

import contextlib
import functools
import http.client
import os
import signal
import socket
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from management_tests.support.server_process import STOP_S, Project, Server, free_port, lets_in
from management_tests.support.traffic import Traffic

pytestmark = pytest.mark.slow

CLIENTS = 4
OLD, NEW = b'{"message":"hello"}', b'{"message":"hello again"}'

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    Serve = Callable[..., AbstractContextManager[Server]]


@pytest.fixture
def serve(project: Project, server_name: str) -> Serve:
    """`project.serve` with each of the two servers."""
    return functools.partial(project.serve, '--server', server_name)


def ask(server: Server) -> Traffic:
    """Let clients ask, about as fast as they are answered."""
    return Traffic(server.url, clients=CLIENTS, rate=800)


def reload_and_wait(server: Server) -> None:
    """Send SIGHUP and wait until the workers of this moment are gone."""
    workers = set(server.children()) - {server.pid}
    server.send(signal.SIGHUP)
    server.wait_for(lambda: not workers & set(server.children()), 'the end of the old workers')


@pytest.mark.server
def test_stop_during_a_reload_loses_nothing(serve: Serve) -> None:
    with serve('--workers', '2') as server, ask(server) as traffic:
        traffic.wait_for(50)
        server.send(signal.SIGHUP)
        traffic.wait_for(50)
        assert server.stop() == 0

    assert traffic.losses == []


@pytest.mark.server
def test_no_request_is_lost_by_reload_and_stop(serve: Serve) -> None:
    with serve('--workers', '2') as server, ask(server) as traffic:
        traffic.wait_for(150)
        reload_and_wait(server)
        traffic.wait_for(350)
        assert server.stop() == 0
        traffic.wait_for(2 * CLIENTS)

    assert traffic.losses == []
    assert len(traffic.outcomes) - len(traffic.failures) >= 500
    assert [outcome.is_refused for outcome in traffic.outcomes[-CLIENTS:]] == [True] * CLIENTS


@pytest.mark.server
def test_connection_before_a_stop_is_served_and_one_after_it_is_refused(
    serve: Serve,
) -> None:
    with serve() as server, contextlib.ExitStack() as stack:
        address = urlsplit(server.url).netloc
        host, _, port = address.partition(':')
        workers = set(server.children()) - {server.pid}
        send_all(workers, signal.SIGSTOP)
        let_in = stack.enter_context(
            contextlib.closing(http.client.HTTPConnection(address, timeout=STOP_S))
        )
        let_in.request('GET', '/hello/')
        server.send(signal.SIGTERM)
        server.wait_for(lambda: not lets_in(host, int(port)), 'the end of the connections')
        timer = threading.Timer(0.3, send_all, (workers, signal.SIGCONT))
        timer.start()

        with pytest.raises(ConnectionRefusedError):
            http.client.HTTPConnection(address, timeout=STOP_S).connect()
        response = let_in.getresponse()
        assert (response.status, response.read()) == (200, b'{"message":"hello"}')
        server.process.wait(STOP_S)
        assert server.returncode == 0


def send_all(processes: Iterable[int], number: signal.Signals) -> None:
    for process in processes:
        os.kill(process, number)


@pytest.mark.server
def test_reload_brings_the_new_code(project: Project, serve: Serve) -> None:
    with serve('--workers', '2') as server, ask(server) as traffic:
        traffic.wait_for(50)
        project.write('shop/greeting.py', "MESSAGE = 'hello again'")
        server.send(signal.SIGHUP)
        server.wait_for(lambda: bodies(traffic)[NEW] >= 50, 'the new code')

    assert traffic.failures == []
    assert set(bodies(traffic)) == {OLD, NEW}


def bodies(traffic: Traffic) -> Counter[bytes]:
    return Counter(outcome.body for outcome in list(traffic.outcomes))


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


@pytest.mark.server
def test_stop_serves_the_connections_in_the_backlog(project: Project) -> None:
    # One thread is busy, so the others wait in the server; some of them in its backlog.
    arguments = ('--workers', '1', '--threads', '1', '--', '--worker-connections', '3')
    with project.serve(*arguments) as server, contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(contextlib.closing(server.begin('/slow/?seconds=0.3')))
            for _ in range(8)
        ]
        answers = [clients[0].getresponse().read()]
        status = server.stop()
        answers += [client.getresponse().read() for client in clients[1:]]

    assert answers == [b'{"slept":0.3}'] * 8
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


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signal_to_the_whole_group_leaves_no_traceback(
    serve: Serve, number: signal.Signals
) -> None:
    with serve(DEBUG='1') as server:
        os.killpg(server.pid, number)
        server.process.wait(STOP_S)

        assert server.returncode == 0
        assert server.children() == []
    assert 'Traceback' not in server.output


def test_stop_during_the_start_ends_with_0(project: Project, server_name: str) -> None:
    arguments = (str(free_port()), '--workers', '1', '--server', server_name)
    command = project.command('runapistar', *arguments)
    with Server(project, command, {}) as server:
        server.wait_for(lambda: 'Quit with Control-C' in server.stdout, 'the banner')

        assert server.stop() == 0


@pytest.mark.server
def test_interrupted_idle_connection_does_not_delay_development(project: Project) -> None:
    with project.serve('--graceful-timeout', '60', DEBUG='1') as server:
        port = int(server.url.rpartition(':')[2])
        with socket.create_connection(('127.0.0.1', port)):
            time.sleep(0.2)

            assert server.stop(signal.SIGINT) == 0  # or it raises after half of that time


def test_killed_worker_is_replaced(serve: Serve) -> None:
    with serve('--workers', '1') as server:
        first = server.get('/process/').json()['pid']
        os.kill(first, signal.SIGKILL)

        second = server.get('/process/').json()['pid']

    assert second != first
    assert server.returncode == 0


def test_workers_leave_when_the_master_is_killed(serve: Serve) -> None:
    with serve('--workers', '2') as server:
        server.send(signal.SIGKILL)
        server.process.wait()
        deadline = time.monotonic() + STOP_S
        while server.children() and time.monotonic() < deadline:
            time.sleep(0.1)

        assert server.children() == []
