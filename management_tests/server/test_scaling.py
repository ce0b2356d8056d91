"""Two instances of the example behind nginx, by the files of example/deploy, with a PostgreSQL and
a Redis: what one knows, the other knows, and the site outlives each of them.
"""

from __future__ import annotations

import concurrent.futures
import configparser
import contextlib
import os
import re
import shlex
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import urllib3

from management_tests.support import gates
from management_tests.support.example_server import Example
from management_tests.support.postgres import Postgres
from management_tests.support.server_process import REPOSITORY, START_S, Server, free_port
from management_tests.support.services import Redis, make_certificate, run_nginx
from management_tests.support.traffic import Traffic

pytestmark = [pytest.mark.faults, pytest.mark.server]

DEPLOY = REPOSITORY / 'example' / 'deploy'
HOST = 'shop.example.com'
PORTS_OF_THE_FILES = (8001, 8002)
CONNECTIONS_OF_POSTGRESQL = 100 - 3  # max_connections less superuser_reserved_connections
READ = '/products/?name=Choc'
PRODUCT = b'{"name": "Nougat", "in_stock": true}'  # not of READ, whose answers would grow
# A shop that is open to its users alone; passwords and static files cost little.
CLOSED_SHOP = """
    APISTAR_SETTINGS['EVENT_HOOKS'] = ['django_apistar.authentication.hooks.MustBeAuthenticated']
    PASSWORD_HASHERS = ['django.contrib.auth.hashers.MD5PasswordHasher']
    STORAGES['staticfiles']['BACKEND'] = 'django.contrib.staticfiles.storage.StaticFilesStorage'
"""


def read_environment() -> dict[str, str]:
    lines = (DEPLOY / 'environment').read_text().splitlines()
    return dict(line.split('=', 1) for line in lines if line and not line.startswith('#'))


def read_unit() -> configparser.SectionProxy:
    unit = configparser.RawConfigParser()
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd minds the case
    unit.read(DEPLOY / 'shop@.service')
    return unit['Service']


class Site:
    """The two instances, and nginx before them."""

    def __init__(self, example: Example, database: str, ports: list[int], port: int) -> None:
        self.example = example
        self.database = database
        self.ports = ports
        self.url = f'https://127.0.0.1:{port}'
        self.servers = contextlib.ExitStack()
        self.instances: dict[int, Server] = {}
        self.notices: list[bytes] = []  # to systemd

    def start(self, port: int) -> Server:
        """Start the instance of *port* as the unit does."""
        program, *arguments = shlex.split(read_unit()['ExecStart'].replace('%i', str(port)))
        assert program == '/srv/shop/.venv/bin/python'
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.settimeout(START_S)
            path = self.example.directory / f'notify{port}.{len(self.notices)}'
            systemd.bind(str(path))
            server = Server(
                self.example, [sys.executable, *arguments], {'NOTIFY_SOCKET': str(path)}
            )
            self.servers.enter_context(server)
            server.wait_until_ready(f'127.0.0.1:{port}')
            self.notices.append(systemd.recv(1000))
        self.instances[port] = server
        return server

    def reload(self, port: int) -> None:
        """Reload the instance as the unit does; return when its old workers are gone."""
        assert read_unit()['ExecReload'] == '/bin/kill -HUP $MAINPID'
        server = self.instances[port]
        old = set(server.children()) - {server.pid}
        server.send(signal.SIGHUP)
        server.wait_for(lambda: not old & set(server.children()), 'the end of the old workers')

    def ask(self, port: int, method: str, path: str, token: str = '', **kwargs: Any) -> Any:
        """Ask one instance, as nginx does."""
        headers = {
            'Host': HOST, 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.1',
            **kwargs.pop('headers', {}),
        }  # fmt: skip
        return self._request(method, f'http://127.0.0.1:{port}{path}', token, headers, **kwargs)

    def ask_nginx(self, method: str, path: str, token: str = '', **kwargs: Any) -> Any:
        headers = {'Host': HOST, **kwargs.pop('headers', {})}
        return self._request(method, self.url + path, token, headers, **kwargs)

    def _request(
        self, method: str, url: str, token: str, headers: dict[str, str], **kwargs: Any
    ) -> Any:
        if token:
            headers = {**headers, 'Authorization': f'Bearer {token}'}
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', urllib3.exceptions.InsecureRequestWarning)
            return requests.request(
                method, url, headers=headers, timeout=30, verify=False, **kwargs
            )

    def log_in(self, port: int, password: str = 'correct horse', username: str = 'admin') -> Any:
        user = {'username': username, 'password': password}
        return self.ask(port, 'POST', '/auth/token-login/', json=user)

    def traffic(self, token: str, **kwargs: Any) -> Traffic:
        headers = {'Host': HOST, 'Authorization': f'Bearer {token}'}
        return Traffic(self.url, READ, headers=headers, **kwargs)

    def posting(self, token: str, **kwargs: Any) -> Traffic:
        headers = {
            'Host': HOST, 'Authorization': f'Bearer {token}', 'Content-Type': 'application/json',
        }  # fmt: skip
        return Traffic(
            self.url, '/products/', method='POST', body=PRODUCT, headers=headers, **kwargs
        )


@pytest.fixture(scope='module')
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    redis = Redis(tmp_path_factory.mktemp('redis'))
    redis.start()
    yield redis
    redis.stop()


@pytest.fixture(scope='module')
def site(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, redis: Redis
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp('site')
    database = postgres.create_database()
    environment = read_environment() | {
        'DATABASE_URL': postgres.url(database),
        'REDIS_URL': redis.url,
    }
    example = Example(folder, **environment)
    example.append('shop/settings.py', CLOSED_SHOP)
    example.manage('migrate', '--noinput')
    example.manage(
        'createsuperuser',
        *('--noinput', '--username', 'admin', '--email', 'admin@example.com'),
        DJANGO_SUPERUSER_PASSWORD='correct horse',
    )
    certificate, key = make_certificate(folder, HOST)
    ports, http, https = [free_port(), free_port()], free_port(), free_port()
    site = Site(example, database, ports, https)
    replacements = {
        'listen 80': f'listen {http}', 'listen 443': f'listen {https}',
        '/etc/nginx/shop.crt': str(certificate), '/etc/nginx/shop.key': str(key),
        **{
            f'127.0.0.1:{old}': f'127.0.0.1:{new}'
            for old, new in zip(PORTS_OF_THE_FILES, ports, strict=True)
        },
    }  # fmt: skip
    text = (DEPLOY / 'nginx.conf').read_text()
    with site.servers, run_nginx(folder, text, replacements, https):
        with concurrent.futures.ThreadPoolExecutor(len(ports)) as pool:
            list(pool.map(site.start, ports))
        yield site


@pytest.fixture
def token(site: Site) -> str:
    return str(site.log_in(site.ports[0]).text)


def test_each_instance_answers_the_health_path_whatever_the_host(site: Site) -> None:
    answers = [requests.get(f'http://127.0.0.1:{port}/health/', timeout=30) for port in site.ports]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, 'OK')] * 2
    assert site.ask_nginx('GET', '/health/').status_code == 404


def test_nginx_serves_the_site_over_https(site: Site, token: str) -> None:
    answer = site.ask_nginx('GET', '/products/', token)

    assert (answer.status_code, answer.json()) == (200, [])
    assert answer.headers['Strict-Transport-Security'].startswith('max-age=31536000')
    assert site.ask_nginx('GET', '/admin/login/').status_code == 200
    assert site.ask_nginx('GET', '/products/').status_code == 401
    assert site.ask_nginx('POST', '/products/', data=b'x' * 3_500_000).status_code == 413


def test_token_of_one_instance_works_on_the_other_until_one_logs_it_out(site: Site) -> None:
    first, second = site.ports
    token = site.log_in(first).text
    assert site.ask(second, 'GET', '/products/', token).status_code == 200

    assert site.ask(second, 'POST', '/auth/token-logout/', token).status_code == 200

    assert site.ask(first, 'GET', '/products/', token).status_code == 401
    assert site.ask(second, 'GET', '/products/', token).status_code == 401


def test_admin_session_of_one_instance_is_one_of_the_other(site: Site) -> None:
    first, second = site.ports
    page = site.ask(first, 'GET', '/admin/login/')
    csrf = page.cookies['csrftoken']
    logged_in = site.ask(
        first, 'POST', '/admin/login/?next=/admin/', allow_redirects=False,
        data={'username': 'admin', 'password': 'correct horse', 'csrfmiddlewaretoken': csrf},
        cookies={'csrftoken': csrf}, headers={'Referer': f'https://{HOST}/admin/login/'},
    )  # fmt: skip

    answer = site.ask(second, 'GET', '/admin/', cookies=logged_in.cookies.get_dict())

    assert 'Site administration' in answer.text


def test_failed_logins_count_across_both_instances(site: Site) -> None:
    first, second = site.ports
    statuses = [site.log_in(port, 'wrong', 'alice').status_code for port in [first, second] * 5]
    throttled = [site.log_in(port, 'wrong', 'alice') for port in site.ports]

    assert statuses == [400] * 10
    assert [answer.status_code for answer in throttled] == [429, 429]
    assert int(throttled[0].headers['Retry-After']) <= 60
    assert site.log_in(first).status_code == 200


def test_client_cannot_choose_the_address_that_is_throttled(site: Site) -> None:
    user = {'username': 'bob', 'password': 'wrong'}
    statuses = [
        site.ask_nginx(
            'POST', '/auth/token-login/', json=user, headers={'X-Forwarded-For': f'192.0.2.{n}'}
        ).status_code
        for n in range(11)
    ]

    assert statuses == [400] * 10 + [429]


@pytest.mark.case('L13')
def test_instance_that_dies_under_load_fails_no_request(site: Site, token: str) -> None:
    number = gates.choose(100, 600)
    with site.traffic(token) as traffic:
        traffic.wait_for(number)
        os.killpg(site.instances[site.ports[0]].pid, signal.SIGKILL)
        traffic.wait_for(2 * number)
        site.start(site.ports[0])
        traffic.wait_for(number)

    assert traffic.failures == []
    gates.record('L13', f'0 of {len(traffic.outcomes):,} failed')


@pytest.mark.case('L14')
def test_instances_are_replaced_in_turn_and_fail_no_request(site: Site, token: str) -> None:
    number = gates.choose(50, 300)
    with site.traffic(token, rate=80) as reads, site.posting(token, rate=80) as writes:
        reads.wait_for(number)
        for port in site.ports:  # the second as soon as the first is ready, as docs tell
            assert site.instances[port].stop() == 0
            site.start(port)
        for port in site.ports[: gates.choose(0, 2)]:
            reads.wait_for(number)
            site.reload(port)
        reads.wait_for(number)

    assert reads.failures + writes.failures == []
    gates.record(
        'L14', f'0 of {len(reads.outcomes):,} GET and {len(writes.outcomes):,} POST failed'
    )


@pytest.mark.case('L15')
def test_without_redis_nobody_logs_in_and_who_is_logged_in_goes_on(
    site: Site, token: str, redis: Redis
) -> None:
    with site.traffic(token) as traffic:
        with redis.silenced():
            silent = [site.log_in(port) for port in site.ports]
        with redis.stopped():
            without = [site.log_in(port).status_code for port in site.ports]
            traffic.wait_for(gates.choose(50, 500))
    after = [site.log_in(port).status_code for port in site.ports]

    assert traffic.failures == []
    assert [answer.status_code for answer in silent] == without == [500, 500]
    assert max(answer.elapsed.total_seconds() for answer in silent) < 5
    assert after == [200, 200]
    gates.record('L15', f'0 of {len(traffic.outcomes):,} failed; logins: 500, then 200')


def test_connections_stay_below_what_postgresql_allows(
    site: Site, token: str, postgres: Postgres
) -> None:
    options = read_unit()['ExecStart']
    workers, threads = (
        int(re.findall(rf'--{name} (\d+)', options)[0]) for name in ('workers', 'threads')
    )
    pool = len(PORTS_OF_THE_FILES) * workers * threads
    with site.traffic(token, clients=32, rate=400) as traffic:
        traffic.wait_for(gates.choose(200, 600))
        used = postgres.count_connections(site.database)

    assert traffic.failures == []
    assert 0 < used <= pool <= CONNECTIONS_OF_POSTGRESQL


def test_unit_is_told_when_its_instance_serves(site: Site) -> None:
    assert read_unit()['Type'] == 'notify'
    assert {notice.partition(b'\n')[0] for notice in site.notices} == {b'READY=1'}
