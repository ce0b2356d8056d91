"""Ids, JSON logs, metrics and traces of a project that runs on each server."""

from __future__ import annotations

import json
import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from management_tests.support.server_process import REPOSITORY, Project, Server

pytest.importorskip('prometheus_client')
pytest.importorskip('opentelemetry.instrumentation.wsgi')
pytestmark = [pytest.mark.once, pytest.mark.slow]

PAGE = REPOSITORY / 'docs/howto/operate.md'
SETTINGS = """
    APISTAR_SETTINGS.update(METRICS_URL='/metrics/', REQUEST_ID_HEADER='X-Request-ID')
    WSGI_APPLICATION = 'shop.wsgi.application'
"""
TRACE, SPAN = '0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'
HEADERS = {
    'X-Request-ID': 'abc.1', 'traceparent': f'00-{TRACE}-{SPAN}-01', 'User-Agent': 'the tests',
    'Authorization': 'Bearer secret', 'Cookie': 'session=secret', 'Referer': 'http://here/',
}  # fmt: skip


def read_example() -> str:
    """Return shop/wsgi.py of the page, whose spans are written at once."""
    [text] = re.findall(r'```python\n(# shop/wsgi.py\n.+?)```', PAGE.read_text(), re.DOTALL)
    assert 'BatchSpanProcessor' in text
    return text.replace('BatchSpanProcessor', 'SimpleSpanProcessor')


@pytest.fixture
def server(tmp_path: Path, server_name: str) -> Iterator[Server]:
    project = Project(tmp_path)
    project.append('shop/settings.py', SETTINGS)
    project.write('shop/wsgi.py', read_example())
    options = ('--server', server_name, '--workers', '2', '--access-log-format', 'json')
    with project.serve(*options, '--skip-checks', '--access-log', 'access.log') as server:
        yield server
    assert server.returncode == 0


def read_log(server: Server, path: str) -> list[Any]:
    """Return the access log's lines about *path*."""
    lines = map(json.loads, (server.project.directory / 'access.log').read_text().splitlines())
    return [line for line in lines if line['url.path'] == path]


def read_metrics(server: Server) -> dict[str, float]:
    """Return the samples by route; without labels by their name."""
    answer = server.get('/metrics/')
    answer.raise_for_status()
    text = answer.text
    counts = re.findall(r'^http_server_request_duration_seconds_count{(.*)} (\S+)$', text, re.M)
    gauges = re.findall(r'^(\w+) (\S+)$', text, re.M)
    routes = [(re.findall('http_route="(.*?)"', labels)[0], count) for labels, count in counts]
    return {name: float(value) for name, value in (*routes, *gauges)}


def find_folder(server: Server) -> Path:
    """Return the folder by which the workers share their metrics: they have its files mapped."""
    worker = max(server.children())
    maps = Path(f'/proc/{worker}/maps').read_text()
    return Path(re.findall(r'(/\S+/runapistar-metrics-\w+)/', maps)[0])


def test_requests_are_named_logged_counted_and_traced(server: Server) -> None:
    answer = server.get('/slow/?seconds=0.01', headers=HEADERS)
    server.wait_for(lambda: read_log(server, '/slow/'), 'its line')
    [line] = read_log(server, '/slow/')

    assert answer.headers['X-Request-ID'] == 'abc.1'
    assert line.pop('timestamp').endswith('Z')
    assert 0.01 <= line.pop('http.server.request.duration') < 5
    assert line.pop('process.pid') in server.children()
    assert line == {
        'http.request.method': 'GET', 'http.route': '/slow/', 'url.scheme': 'http',
        'server.address': '127.0.0.1', 'client.address': '127.0.0.1',
        'user_agent.original': 'the tests', 'django_apistar.framework': 'apistar',
        'django_apistar.request_id': 'abc.1', 'url.path': '/slow/', 'url.query': 'seconds=0.01',
        'network.protocol.version': '1.1', 'http.request.header.referer': ['http://here/'],
        'http.response.status_code': 200, 'http.response.body.size': len(answer.content),
        'trace_id': TRACE, 'span_id': SPAN, 'trace_flags': '01',
    }  # fmt: skip
    wait_for_count(server, '/slow/', 1)
    server.wait_for(lambda: '"GET /slow/"' in server.stdout, 'its span')
    assert f'"trace_id": "0x{TRACE}"' in server.stdout
    assert f'"parent_id": "0x{SPAN}"' in server.stdout
    assert '"http.route": "/slow/"' in server.stdout


def test_counts_of_all_workers_outlive_each_of_them(server: Server) -> None:
    def ask(number: int) -> Counter[int]:
        return Counter(server.get('/process/').json()['pid'] for _ in range(number))

    pids: Counter[int] = Counter()
    while len(pids) < 2:
        pids += ask(5)
    wait_for_count(server, '/process/', sum(pids.values()))
    folder = find_folder(server)
    files = sorted(folder.iterdir())
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        server.wait_for(
            lambda pid=pid: pid not in server.children() and len(server.children()) > 2, 'the next'
        )
        server.wait_for(lambda: read_metrics(server)['runapistar_workers'] == 2, 'its gauge')
    after = ask(5)

    wait_for_count(server, '/process/', sum((pids + after).values()))
    assert read_metrics(server)['http_server_active_requests'] == 1
    assert sorted(folder.iterdir()) == files
    assert server.stop() == 0
    assert not folder.exists()


def wait_for_count(server: Server, route: str, number: int) -> None:
    """Wait until *number* requests are counted: a client has its answer a moment before."""
    server.wait_for(lambda: read_metrics(server).get(route) == number, f'{number} of {route}')


def test_json_needs_our_logger(tmp_path: Path) -> None:
    arguments = ('--check', '--access-log-format', 'json')

    done = Project(tmp_path).run(
        'runapistar', *arguments, '--', '--logger-class', 'gunicorn.glogging.Logger'
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "runapistar: The logger 'Logger' writes no JSON. Leave --access-log-format json out, or "
        'logger_class.'
    )


def test_json_goes_to_stdout_where_no_file_is_named(tmp_path: Path) -> None:
    with Project(tmp_path).serve('--workers', '1', '--access-log-format', 'json') as server:
        server.wait_for(lambda: '"url.path": "/hello/"' in server.stdout, 'a line')
