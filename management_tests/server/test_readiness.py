"""READY_URL names what is missing, and `runapistar --drain` has it say 503 before the stop."""

from __future__ import annotations

import concurrent.futures
import contextlib
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import override_settings

from django_apistar.test import TestClient
from management_tests.support.server_process import STOP_S, Project, Server, free_port
from management_tests.support.services import Redis

pytestmark = [pytest.mark.once, pytest.mark.slow]

READY = """
    APISTAR_SETTINGS['READY_URL'] = '/ready/'
"""
PARTS = """
    DATABASES['orders'] = {
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': os.path.join(os.path.dirname(__file__), 'orders', 'db'),
    }
    CACHES = {
        'default': {'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'},
        'shared': {
            'BACKEND': 'django.core.cache.backends.redis.RedisCache', 'LOCATION': '%s',
        },
    }
"""
HANGING = """
    DATABASES['silent'] = {
        'ENGINE': 'django.db.backends.postgresql', 'HOST': '127.0.0.1', 'PORT': '%d',
        'NAME': 'silent', 'USER': 'nobody',
    }
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.append('shop/settings.py', READY)
    return project


def ask(server: Server) -> tuple[int, list[str]]:
    answer = server.get('/ready/', headers={'Host': 'nobody.invalid'})
    assert list(answer.json()) == ['missing']
    return answer.status_code, answer.json()['missing']


def wait_for(server: Server, status: int, missing: list[str]) -> None:
    server.wait_for(lambda: ask(server) == (status, missing), f'{status} {missing}', interval_s=0.1)


@pytest.mark.django_db(databases=['default'])
@override_settings(
    APISTAR_SETTINGS={**django_settings.APISTAR_SETTINGS, 'READY_URL': '/ready/'},
    ALLOWED_HOSTS=['example.com'],
)
def test_ready_url_is_answered_before_either_framework_whatever_the_host() -> None:
    client = TestClient()

    answer = client.get('/ready/', headers={'Host': 'nobody.invalid'})
    head = client.head('/ready/', headers={'Host': 'nobody.invalid'})

    assert (answer.status_code, answer.text) == (200, '{"missing": []}')
    assert answer.headers['Content-Type'] == 'application/json'
    assert answer.headers['Cache-Control'] == 'no-store'
    assert (head.status_code, head.content) == (200, b'')


def test_ready_url_names_what_is_missing_until_it_is_there(
    project: Project, server_name: str, tmp_path: Path
) -> None:
    redis = Redis(tmp_path)
    project.append('shop/settings.py', PARTS % redis.url)
    with project.serve('--server', server_name, '--workers', '1') as server:
        wait_for(server, 503, ['database:orders', 'cache:shared', 'migrations'])

        (project.directory / 'shop' / 'orders').mkdir()
        wait_for(server, 503, ['cache:shared', 'migrations'])

        redis.start()
        wait_for(server, 503, ['migrations'])

        assert project.run('migrate').returncode == 0
        wait_for(server, 200, [])

        (project.directory / 'shop' / 'db').unlink()  # migrations that were applied stay so
        shutil.rmtree(project.directory / 'shop' / 'orders')
        redis.stop()
        wait_for(server, 503, ['database:orders', 'cache:shared'])
        assert server.get('/hello/').status_code == 200

    assert 'database:orders is missing: OperationalError: unable to open' in server.stderr


@contextlib.contextmanager
def listening_in_silence() -> Iterator[socket.socket]:
    """Yield a socket that lets clients in and says nothing to them."""
    with socket.create_server(('127.0.0.1', free_port()), backlog=64) as listener:
        listener.settimeout(0)
        yield listener


def test_database_that_hangs_costs_one_request_a_second_and_the_others_nothing(
    project: Project,
) -> None:
    with listening_in_silence() as listener:
        project.append('shop/settings.py', HANGING % listener.getsockname()[1])
        assert project.run('migrate').returncode == 0
        options = ('--workers', '1', '--threads', '2', '--skip-checks')
        with (
            project.serve(*options) as server,
            concurrent.futures.ThreadPoolExecutor(10) as pool,
        ):
            first = ask(server)
            began = time.monotonic()
            answers = [pool.submit(ask, server) for _ in range(50)]
            seen = {str(answer.result()) for answer in answers}
            took_s = time.monotonic() - began
            asked = count_clients(listener)

    assert first == (503, ['database:silent'])
    assert seen == {str(first)}
    assert took_s < 10  # 25 if each cost a second of one of the two threads
    assert 1 <= asked <= 1 + took_s


def count_clients(listener: socket.socket) -> int:
    clients = []
    with contextlib.suppress(BlockingIOError):
        while True:
            clients.append(listener.accept()[0])
    for client in clients:
        client.close()
    return len(clients)


def test_server_that_drains_is_not_ready_and_serves_as_before(
    project: Project, server_name: str
) -> None:
    assert project.run('migrate').returncode == 0
    options = ('--server', server_name, '--drain', '2', '--workers', '2')
    with project.serve(*options) as server:
        wait_for(server, 200, [])
        server.send(signal.SIGTERM)
        began = time.monotonic()
        wait_for(server, 503, ['draining'])
        server.send(signal.SIGHUP)
        served = 0
        while time.monotonic() - began < 1:  # a second before the end, as the machine may be busy
            assert server.get('/hello/').json() == {'message': 'hello'}
            assert ask(server) == (503, ['draining'])
            served += 1
        server.process.wait(STOP_S)

    assert served > 0
    assert time.monotonic() - began >= 2
    assert server.returncode == 0
    assert 'Not ready any more, and stops in 2 s.' in server.stderr
    assert 'Not reloaded: the server is about to stop.' in server.stderr


def test_second_sigterm_ends_the_drain(project: Project, server_name: str) -> None:
    options = ('--server', server_name, '--drain', '60', '--workers', '1')
    with project.serve(*options) as server:
        server.send(signal.SIGTERM)
        server.wait_for(lambda: 'stops in 60 s' in server.stderr, 'the drain')

        assert server.stop() == 0


def test_interrupt_during_the_drain_stops_at_once(project: Project, server_name: str) -> None:
    options = ('--server', server_name, '--drain', '60', '--workers', '1')
    with project.serve(*options) as server:
        server.send(signal.SIGTERM)
        server.wait_for(lambda: 'stops in 60 s' in server.stderr, 'the drain')

        assert server.stop(signal.SIGINT) == 0


@pytest.mark.parametrize(('server', 'seconds'), [('gunicorn', 3601), ('granian', -1)])
def test_drain_that_nobody_can_mean_is_refused(project: Project, server: str, seconds: int) -> None:
    done = project.run('runapistar', '--server', server, f'--drain={seconds}')

    assert done.returncode == 1
    assert done.stderr == f'runapistar: drain is {seconds}. Give 0 to 3,600 seconds.\n'


def test_drain_may_stand_in_the_configuration_file(project: Project) -> None:
    project.write('gunicorn.conf.py', 'drain = "soon"')

    done = project.run('runapistar')

    assert done.returncode == 1
    assert done.stderr == (
        "runapistar: gunicorn.conf.py: drain is 'soon'. Give a number of seconds.\n"
    )
