"""`apistar_routes --unused LOG`: the routes that no request in an access log has reached."""

import gzip
import io
import json

import pytest
from django.core.management import CommandError, call_command

from management_tests.support.example_server import Example

pytestmark = pytest.mark.once

TEXT = [
    '::1 - - [28/Nov/2026:10:00:00 +0000] "GET /echo/?a=%22 HTTP/1.1" 200 5 "-" "-" apistar 1ms',
    '10.0.0.1 - frank [28/Nov/2026:10:00:01 +0000] "POST /echo/a%20b/ HTTP/2.0" 201 5',
    '[28/Nov/2026:10:00:00 +0000] "GET /django/echo/ HTTP/1.1" 200 5 django 1ms',
]
JSON = [
    '{"http.request.method": "HEAD", "url.path": "/echo/", "url.query": "a=1"}',
    '{"http.request.method": "POST", "url.path": "/echo/a%20b/"}',
    '{"http.request.method": "GET", "url.path": "/django/echo/"}',
]


def run(*options: str) -> tuple[str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    call_command('apistar_routes', *options, stdout=stdout, stderr=stderr)
    return stdout.getvalue(), stderr.getvalue()


def list_routes(*options: str) -> set[tuple[str, str]]:
    routes = json.loads(run('--format', 'json', *options)[0])['routes']
    return {(','.join(route['methods']), route['path']) for route in routes}


@pytest.mark.parametrize('lines', [TEXT, JSON], ids=['text', 'json'])
def test_routes_that_no_line_has_hit_are_listed(tmp_path, lines):
    log = tmp_path / 'access.log'
    log.write_text('\n'.join([*lines, '']))

    used = list_routes() - list_routes('--unused', str(log))

    assert used == {('GET', '/echo/'), ('POST', '/echo/{name}/'), ('*', '/django/echo/')}


@pytest.mark.parametrize('prefix', ['/app', '/app/'])
def test_a_path_in_a_log_is_read_without_the_forced_prefix(tmp_path, settings, prefix):
    settings.FORCE_SCRIPT_NAME = prefix
    log = tmp_path / 'access.log'
    log.write_text('"GET /app/echo/ HTTP/1.1"\n"GET /app/django/echo/ HTTP/1.1"\n')

    used = list_routes() - list_routes('--unused', str(log))

    assert used == {('GET', '/echo/'), ('*', '/django/echo/')}


def test_lines_without_a_request_are_counted(tmp_path):
    log = tmp_path / 'access.log'
    log.write_text('\n'.join([*TEXT, 'what is this', '{"a": 1}', '{broken']))

    _, stderr = run('--unused', str(log), '--path', '/echo/*')

    assert stderr.splitlines()[0] == f'Lines of {log} without a request: 3.'


def test_a_log_that_is_none_is_one_sentence(tmp_path):
    log = tmp_path / 'access.log'
    deep = b'{"url.path": ' + b'[' * 100_000 + b'\n'
    for content in (b'', b'no request\n', gzip.compress(b'x'), b'\0\xff\n', deep):
        log.write_bytes(content)
        with pytest.raises(CommandError) as failure:
            run('--unused', str(log))
        assert str(failure.value) == (
            f'{log} holds no request: it is empty, compressed or no access log.'
        )
    with pytest.raises(CommandError) as failure:
        run('--unused', str(tmp_path))
    assert str(failure.value) == f'{tmp_path} cannot be read: Is a directory.'


def test_a_path_of_json_that_is_no_text_reaches_no_route(tmp_path):
    log = tmp_path / 'access.log'
    log.write_text(r'{"http.request.method": "GET", "url.path": "/echo/\ud800/"}')

    assert '/echo/' in run('--unused', str(log), '--path', '/echo/')[0]


@pytest.mark.slow
@pytest.mark.parametrize('format', ['text', 'json'])
def test_the_log_of_a_server_is_read(tmp_path, format):
    example = Example(tmp_path)
    example.manage('migrate', '--verbosity', '0')
    log = tmp_path / 'access.log'

    with example.serve('--access-log', str(log), '--access-log-format', format) as server:
        assert server.get('/products/').status_code == 200
        assert server.get('/admin/login/').status_code == 200

    unused = example.manage('apistar_routes', '--unused', str(log), '--format', 'csv')
    assert '/products/,list_products' not in unused
    assert '/admin/login/,' not in unused
    assert '/products/,create_product' in unused
