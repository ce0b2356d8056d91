"""Instances behind a balancer are restarted in turn, under load: nobody notices."""

from __future__ import annotations

import contextlib
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from management_tests.support import gates
from management_tests.support.server_process import REPOSITORY, Project, Server, free_port
from management_tests.support.services import find_program, run_nginx, running
from management_tests.support.traffic import Traffic

pytestmark = [pytest.mark.faults, pytest.mark.server]

DEPLOY = REPOSITORY / 'example' / 'deploy'
DRAIN_S = 1
# That the slowest connect may take, compared with no restarts. A first packet that is dropped
# makes a second; what else the machine does, in the bounded form, tenths of it.
MOST_MORE_MS = gates.choose(500, 50)
# What both balancers write of each request: its status, what became of the connections to
# instances, and the milliseconds (nginx: seconds) until one stood.
HAPROXY_LINE = 'request %ST %rc%ts %Tc'
NGINX_LINE = 'request $status $upstream_status $upstream_connect_time'
AT_FIRST = {('200', '0--'), ('200', '200')}
NGINX_SITE = """
    log_format tries '{line}';
    upstream shop {{
        server 127.0.0.1:{first};
        server 127.0.0.1:{second};
        keepalive 32;
        keepalive_timeout 4s;
    }}
    server {{
        listen {port};
        access_log {log} tries;
        location / {{
            proxy_pass http://shop;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_next_upstream error timeout;
        }}
    }}
"""


class Balanced:
    """Two instances of a project and the balancer before them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = Project(folder / 'project')
        self.project.append('shop/settings.py', "APISTAR_SETTINGS['READY_URL'] = '/ready/'\n")
        assert self.project.run('migrate').returncode == 0
        self.ports = [free_port(), free_port()]
        self.port = free_port()
        self.servers: dict[int, Server] = {}
        self.stack = contextlib.ExitStack()

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.port}'

    def start(self, port: int) -> None:
        options = ('--workers', '2', '--threads', '4', '--drain', str(DRAIN_S), '--skip-checks')
        server = self.project.serve(*options, address=f'127.0.0.1:{port}')
        self.servers[port] = self.stack.enter_context(server)
        started = self.servers[port]
        started.wait_for(lambda: started.get('/ready/').status_code == 200, 'readiness')

    def restart(self, port: int) -> None:
        assert self.servers[port].stop() == 0
        self.start(port)


class Tries:
    """What a balancer has written of its requests, from the line number *first* on."""

    def __init__(self, log: Path, first: int, ms: int) -> None:
        """*ms*: how many of them the log's unit of time has."""
        lines = re.findall(r'^request (.+)$', log.read_text(), re.MULTILINE)[first:]
        self.number = len(lines)
        requests = [line.rsplit(' ', 1) for line in lines]
        self.failed = [
            line for line, (outcome, _) in zip(lines, requests, strict=True)
            if tuple(outcome.split(' ', 1)) not in AT_FIRST
        ]  # fmt: skip
        self.slowest_ms = max(float(connect) * ms for _, connect in requests)


def restart_in_turn(site: Balanced, keeps: bool, restart: Callable[[int], None]) -> Traffic:
    """Restart both instances under load, as often as the gate wants it."""
    with Traffic(site.url, clients=8, rate=160, keeps=keeps) as traffic:
        traffic.wait_for(50)
        for _ in range(gates.choose(1, 10)):
            for port in site.ports[: gates.choose(1, 2)]:
                restart(port)
        traffic.wait_for(50)
    return traffic


def run_without_restarts(site: Balanced, keeps: bool) -> None:
    with Traffic(site.url, clients=8, rate=160, keeps=keeps) as traffic:
        traffic.wait_for(gates.choose(300, 3000))
    assert traffic.failures == []


def check(id: str, traffic: Traffic, quiet: Tries, tries: Tries) -> None:
    assert traffic.failures == []
    assert quiet.failed + tries.failed == []
    assert tries.slowest_ms <= quiet.slowest_ms + MOST_MORE_MS
    gates.record(
        id,
        f'0 of {len(traffic.outcomes):,} failed, each at its first try; slowest connect '
        f'{tries.slowest_ms:.0f} ms, {quiet.slowest_ms:.0f} ms without restarts',
    )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Balanced]:
    site = Balanced(tmp_path)
    with site.stack:
        for port in site.ports:
            site.start(port)
        yield site


@pytest.mark.case('L17')
def test_rolling_restarts_behind_haproxy_fail_no_request(site: Balanced) -> None:
    with run_haproxy(site) as log:

        def count_ups(port: int) -> int:
            return log.read_text().count(f'Server shop/at{port} is UP')

        def restart(port: int) -> None:
            ups = count_ups(port)
            site.restart(port)
            site.servers[port].wait_for(lambda: count_ups(port) > ups, 'its balancer')

        run_without_restarts(site, keeps=True)
        quiet = Tries(log, 0, 1)
        traffic = restart_in_turn(site, True, restart)
        tries = Tries(log, quiet.number, 1)

    check('L17', traffic, quiet, tries)


@contextlib.contextmanager
def run_haproxy(site: Balanced) -> Iterator[Path]:
    """Run it with the backend of example/deploy, and quicker checks; yield its log."""
    _, backend = (DEPLOY / 'haproxy.cfg').read_text().split('\nbackend shop\n')
    backend = backend.replace('inter 1s', 'inter 100ms')
    for name, old, new in zip(('shop1', 'shop2'), (8001, 8002), site.ports, strict=True):
        assert f'server {name} 127.0.0.1:{old}\n' in backend
        backend = backend.replace(f'{name} 127.0.0.1:{old}', f'at{new} 127.0.0.1:{new}')
    defaults = re.search(r'^defaults\n(?:    .+\n)+', (DEPLOY / 'haproxy.cfg').read_text(), re.M)
    assert defaults
    config, log = site.folder / 'haproxy.cfg', site.folder / 'haproxy.log'
    config.write_text(
        f'global\n    log stdout format raw local0\n{defaults[0]}    log global\n'
        f'    log-format "{HAPROXY_LINE}"\n'
        f'    option dontlognull\n'  # of who connects and sends nothing, as the test does first
        f'frontend shop\n    bind 127.0.0.1:{site.port}\n    default_backend shop\n'
        f'backend shop\n{backend}'
    )
    program = find_program('haproxy')
    with log.open('w') as output:
        command = [program, '-db', '-f', str(config)]
        with running(command, site.port, output):
            yield log


@pytest.mark.case('L18')
def test_rolling_restarts_behind_nginx_fail_no_request(site: Balanced) -> None:
    log = site.folder / 'nginx.log'
    with run_nginx(site.folder, write_site(site), {}, site.port) as nginx:

        def tell(down: int = 0) -> None:
            draft = site.folder / 'site.draft'
            draft.write_text(write_site(site, down))
            draft.replace(site.folder / 'site.conf')  # in one step: nginx may be reading it
            nginx.send_signal(signal.SIGHUP)

        def restart(port: int) -> None:
            tell(down=port)
            site.restart(port)
            tell()

        run_without_restarts(site, keeps=False)
        quiet = Tries(log, 0, 1000)
        traffic = restart_in_turn(site, False, restart)
        tries = Tries(log, quiet.number, 1000)

    check('L18', traffic, quiet, tries)


def write_site(site: Balanced, down: int = 0) -> str:
    first, second = (f'{port}{" down" if port == down else ""}' for port in site.ports)
    return NGINX_SITE.format(
        log=site.folder / 'nginx.log', line=NGINX_LINE, first=first, second=second, port=site.port
    )
