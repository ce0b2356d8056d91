"""django_apistar.wsgi under the servers of others: runserver and plain gunicorn, for real."""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from management_tests.support.server_process import Project, free_port

pytestmark = [pytest.mark.once, pytest.mark.slow]
START_S = 120

PATHS = {  # what both servers must answer, with DEBUG and without
    '/hello/': (200, '{"message":"hello"}'),
    '/hello': (200, '{"message":"hello"}'),  # redirected
    '/page/': (200, 'The first page.'),
    '/schema/': (200, '"openapi"'),
    '/admin/': (200, 'Django administration'),
    '/administrate': (404, '"Not found"'),
    '/nope/': (404, '"Not found"'),
    '/static/nope.css': (404, ''),  # Under DEBUG, runserver serves /static/ itself.
    '/static/apistar/css/base.css': (200, 'h1 {'),
    '/static/admin/css/base.css': (200, 'DJANGO Admin'),
}


@contextlib.contextmanager
def run(project: Project, *command: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command* in the project's directory; its output is in server.log."""
    variables = project.environment(DJANGO_SETTINGS_MODULE='shop.settings', **variables)
    with (project.directory / 'server.log').open('w') as log:
        process = subprocess.Popen(
            [sys.executable, '-W', 'error::SyntaxWarning', *command],
            cwd=project.directory,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_S)


def wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port)):
            return
        time.sleep(0.05)
    raise AssertionError(log.read_text())


@pytest.fixture(scope='module', params=['0', '1'], ids=['production', 'development'])
def debug(request) -> str:
    return request.param


@pytest.fixture(scope='module')
def project(tmp_path_factory, debug) -> Project:
    """A project whose database is there and, in production, whose static files are collected."""
    project = Project(tmp_path_factory.mktemp('project'))
    project.append('shop/settings.py', f"STATIC_ROOT = '{project.directory / 'root'}'\n")
    assert project.run('migrate', '--verbosity', '0').returncode == 0
    if debug == '0':
        collected = project.run('collectstatic', '--noinput')
        assert collected.returncode == 0, collected.stderr
    return project


@pytest.fixture(scope='module', params=['runserver', 'gunicorn'])
def server(request, project, debug) -> Iterator[str]:
    """Either server; its URL."""
    port = free_port()
    command = {
        'runserver': ['manage.py', 'runserver', '--noreload', f'127.0.0.1:{port}'],
        'gunicorn': [
            '-m', 'gunicorn', '--bind', f'127.0.0.1:{port}', '--no-control-socket',
            'django_apistar.wsgi',
        ],
    }[request.param]  # fmt: skip
    with run(project, *command, DEBUG=debug) as process:
        wait_for(process, port, project.directory / 'server.log')
        yield f'http://127.0.0.1:{port}'


def test_serves_both_frameworks_and_static_files(server, debug):
    expected = dict(PATHS)
    if debug == '1':
        expected['/docs/'] = (200, '/static/django_apistar/docs.js')
    else:
        expected['/docs/'] = (404, '"Not found"')

    with requests.Session() as session:
        session.trust_env = False
        answers = {path: session.get(server + path) for path in expected}

    for path, (status, text) in expected.items():
        assert (path, answers[path].status_code) == (path, status)
        assert text in answers[path].text, path


@pytest.mark.parametrize('server', ['gunicorn'], indirect=True)
def test_doubled_slash_does_not_reach_the_admin_of_gunicorn(server):
    port = int(server.rpartition(':')[2])
    statuses = {}
    for target in (b'//admin/', b'/x/../admin/', b'/%2e%2e/admin/', b'/static/../manage.py'):
        with socket.create_connection(('127.0.0.1', port)) as connection:
            connection.sendall(
                b'GET ' + target + b' HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
            )
            statuses[target] = connection.makefile('rb').readline()

    assert set(statuses.values()) == {b'HTTP/1.1 404 Not Found\r\n'}


def test_importing_anything_else_has_no_side_effect(tmp_path):
    """No settings are read and no apps loaded by the package itself."""
    program = (
        'import django_apistar, django_apistar.routes.table, django_apistar.compat\n'
        'from django.apps import apps\n'
        'from django.conf import settings\n'
        'print(apps.ready, settings.configured)\n'
    )
    project = Project(tmp_path)

    done = subprocess.run(
        [sys.executable, '-c', program],
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ('False False\n', '')


def test_order_of_imports_does_not_matter(tmp_path):
    """settings.py may import API Star behind any module of ours."""
    project = Project(tmp_path)
    settings = (tmp_path / 'shop/settings.py').read_text()
    project.write(
        'shop/settings.py',
        settings + 'import django_apistar.authentication.components\nimport apistar\n',
    )

    done = project.run('check')

    assert (done.returncode, done.stderr) == (0, '')
    assert re.fullmatch(r'System check identified no issues \(0 silenced\)\.\n', done.stdout)
