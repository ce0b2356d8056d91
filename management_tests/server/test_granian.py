"""`runapistar --server granian`: the options that granian has, and a sentence for the others."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from django_apistar.server import private_names
from django_apistar.server.access_log import DEVELOPMENT_FORMAT, FORMAT
from django_apistar.server.launch import Launch, ServerError
from django_apistar.server.private_names import LOG
from management_tests.support.server_process import REPOSITORY, Project, free_port
from management_tests.support.services import certificate

pytestmark = pytest.mark.slow

granian = pytest.importorskip('granian')
# An older release lacks names that it needs, and is refused.
pytest.importorskip('django_apistar.server.granian.server', exc_type=ImportError)
from granian.constants import Interfaces, SSLProtocols  # noqa: E402
from granian.log import LogLevels  # noqa: E402

from django_apistar.server.granian.options import parse_arguments  # noqa: E402  # needs granian
from django_apistar.server.granian.server import Draining, GranianServer  # noqa: E402

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def test_banner(migrated: Project) -> None:
    arguments = ('--server', 'granian', '--workers', '2', '--threads', '3', '--nostatic')
    with migrated.serve(*arguments) as server:
        assert server.stdout.partition('\n\n')[2] == (
            f'  Site     {server.url}/\n'
            f'  Admin    {server.url}/admin/\n'
            f'  Server   granian {granian.__version__}, 2 workers with 3 threads each\n'
            f'  Routes   {server.routes}\n'
            '  Settings shop.settings\n'
            '\n'
            'Quit with Control-C.\n'
        )
    assert server.returncode == 0


@pytest.mark.parametrize(
    ('arguments', 'instead'),
    [
        ('--host 1.2.3.4', '--bind'), ('--port 1', '--bind'), ('--uds a.sock', '--bind'),
        ('--workers 2', '--workers'), ('--blocking-threads 2', '--threads'),
        (f'--ssl-certificate {__file__}', '--certfile'), (f'--ssl-keyfile {__file__}', '--keyfile'),
        ('--access-log', '--access-log'), ('--pid-file a.pid', '--pid'),
        ('--workers-kill-timeout 3', '--graceful-timeout'), ('--http1-keep-alive', '--keep-alive'),
        ('--http1-header-read-timeout 1000', '--client-timeout'),
        ('--url-path-prefix /a', 'the setting FORCE_SCRIPT_NAME'),
        ('--ssl-keyfile-password a', 'a key without a password'), ('--interface wsgi', '--server'),
        ('--reload', '--noreload'), ('--factory', '--server'),
    ],
)  # fmt: skip
def test_what_runapistar_sets_itself_is_given_by_its_own_options(
    arguments: str, instead: str
) -> None:
    """`options`"""
    with pytest.raises(ServerError) as caught:
        parse_arguments(arguments.split())

    assert str(caught.value) == f'--: granian has this from runapistar. Give {instead} instead.'


@pytest.mark.parametrize(
    ('arguments', 'name'),
    [
        ('--access-log-fmt a', 'log_access_fmt'), ('--reload-ignore-dirs a', 'reload_ignore_dirs'),
        ('--reload-ignore-paths a', 'reload_ignore_paths'), ('--ws', 'websockets'),
        ('--reload-ignore-patterns a', 'reload_ignore_patterns'),
        ('--reload-ignore-worker-failure', 'reload_ignore_worker_failure'),
        (f'--reload-paths {__file__}', 'reload_paths'), ('--reload-tick 50', 'reload_tick'),
        ('--uds-permissions 600', 'uds_permissions'),
    ],
)  # fmt: skip
def test_an_option_without_effect_is_refused(arguments: str, name: str) -> None:
    with pytest.raises(ServerError) as caught:
        parse_arguments(arguments.split())

    assert str(caught.value) == (
        f'--: {name} of granian changes nothing here. Leave its option out.'
    )


def test_what_granian_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`server`: in production, in development, and with all that can be chosen."""
    monkeypatch.delenv('WEB_CONCURRENCY', raising=False)
    for module in ('granian.server', 'defaults'):
        monkeypatch.setattr(f'django_apistar.server.{module}.count_cores', lambda: 2)
    pem, log = str(certificate(tmp_path)), str(tmp_path / 'log')
    settings = {
        'bind': ['[::1]:9000'], 'workers': 3, 'threads': 4, 'graceful_timeout': 6, 'keepalive': 0,
        'client_timeout': 7, 'certfile': pem, 'pidfile': '/run/web.pid', 'accesslog': log,
        'access_log_format': '%(m)s',
    }  # fmt: skip

    production = GranianServer(Launch('granian'))
    development = GranianServer(Launch('granian', is_development=True))
    chosen = GranianServer(Launch('granian', settings=settings))

    usual = {
        'target': 'WSGI_APPLICATION', 'address': '127.0.0.1', 'port': 8000,
        'interface': Interfaces.WSGI, 'websockets': False, 'workers': 2, 'blocking_threads': 5,
        'log_level': LogLevels.info, 'ssl_cert': None, 'ssl_key': None,
        'ssl_protocol_min': SSLProtocols.tls12, 'respawn_failed_workers': True,
        'respawn_interval': 3.5, 'workers_kill_timeout': 30, 'pid_file': None,
    }  # fmt: skip
    assert tell(production, ('127.0.0.1', 8000)) == (
        usual, (True, 20_000), None, FORMAT, f'granian {RELEASE}, 2 workers with 5 threads each',
        'http', ('127.0.0.1:8000',),
    )  # fmt: skip
    assert tell(development, '/run/web.sock') == (
        {
            **usual, 'address': '/run/web.sock', 'port': 0, 'workers': 1,
            'log_level': LogLevels.warning, 'respawn_interval': 0.3, 'workers_kill_timeout': 5,
        },
        (True, 20_000), '-', DEVELOPMENT_FORMAT, f'granian {RELEASE}, 1 worker with 5 threads',
        'http', ('127.0.0.1:8000',),
    )  # fmt: skip
    assert tell(chosen, ('::1', 9000)) == (
        {
            **usual, 'address': '::1', 'port': 9000, 'workers': 3, 'blocking_threads': 4,
            'ssl_cert': Path(pem), 'ssl_key': Path(pem), 'workers_kill_timeout': 6,
            'pid_file': Path('/run/web.pid'),
        },
        (False, 7_000), log, '%(m)s', f'granian {RELEASE}, 3 workers with 4 threads each',
        'https', ('[::1]:9000',),
    )  # fmt: skip


def test_options_of_granians_own_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ['--backlog', '128', '--http1-buffer-size', '9000', '--respawn-interval', '7']
    server = GranianServer(Launch('granian', arguments=arguments, settings={'keepalive': 0}))

    options = server._options(('127.0.0.1', 8000))
    http1 = options['http1_settings']

    assert (options['backlog'], options['respawn_interval']) == (128, 7)
    assert (http1.max_buffer_size, http1.keep_alive, http1.header_read_timeout) == (
        9000, False, 20_000
    )  # fmt: skip


def test_what_the_command_asks_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    server = GranianServer(Launch('granian'))
    assert (server.complaints, server.trial_text, server.uses_gevent) == ([], None, False)
    assert (server.is_first_load, server.drain_s, server.drain_flag) == (True, 0, None)

    monkeypatch.setattr('django_apistar.server.granian.server.find_missing', lambda part: 'a')
    assert GranianServer(Launch('granian')).complaints == [private_names.explain(LOG)]


@pytest.mark.parametrize(
    ('cores', 'variable', 'is_development', 'workers', 'threads'),
    [
        (1, '', False, 1, 3), (2, '', False, 2, 5), (4, '', False, 4, 9), (20, '', False, 12, 8),
        (4, '7', False, 7, 9), (4, '7', True, 1, 9), (4, '', True, 1, 9), (20, '', True, 1, 16),
        (20, '2', False, 2, 32),
    ],
)  # fmt: skip
def test_workers_go_by_the_cores_of_which_each_has_one(
    cores: int, variable: str, is_development: bool, workers: int, threads: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """`_count_workers`, `_count_threads`: more slow granian down."""
    monkeypatch.setenv('WEB_CONCURRENCY', variable)
    for module in ('granian.server', 'defaults'):
        monkeypatch.setattr(f'django_apistar.server.{module}.count_cores', lambda: cores)

    server = GranianServer(Launch('granian', is_development=is_development))

    assert (server.workers, server.threads) == (workers, threads)


RELEASE = granian.__version__


def tell(server: GranianServer, address: tuple[str, int] | str) -> tuple[Any, ...]:
    """Return what granian is told without its logs, and what the banner tells."""
    options = server._options(address)
    http1 = options.pop('http1_settings')
    handlers = options.pop('log_dictconfig')['handlers']
    assert {name: (each['formatter'], each['stream']) for name, each in handlers.items()} == {
        'console': ('generic', 'ext://sys.stderr'), 'access': ('access', 'ext://sys.stdout'),
    }  # fmt: skip
    return (
        options, (http1.keep_alive, http1.header_read_timeout), server.cfg.accesslog,
        server.cfg.access_log_format, server.format_workers(), server.scheme,
        server.format_addresses([]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ('given', 'sentence'),
    [
        ({'settings': {'worker_class': 'x'}}, 'granian has no --worker-class. '),
        ({'settings': {'timeout': 1}}, 'granian has no --timeout. '),
        ({'settings': {'max_requests': 1}}, 'granian has no --max-requests. '),
        ({'settings': {'preload_app': True}}, 'granian has no --preload. '),
        ({'config': 'a.py'}, '--config is a file of gunicorn. '),
    ],
)
def test_what_granian_does_not_have_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ServerError) as caught:
        GranianServer(Launch('granian', **given))

    assert str(caught.value) == f'{sentence}Leave it out, or use gunicorn.'


@pytest.mark.parametrize(
    ('name', 'seconds', 'most'),
    [
        ('graceful_timeout', 0, '86,400'), ('graceful_timeout', 86_401, '86,400'),
        ('client_timeout', 0, '3,600'), ('client_timeout', 3601, '3,600'),
    ],
)  # fmt: skip
def test_a_time_that_granian_cannot_wait_is_refused(name: str, seconds: int, most: str) -> None:
    with pytest.raises(ServerError) as caught:
        GranianServer(Launch('granian', settings={name: seconds}))

    assert str(caught.value) == f'{name} is {seconds}. Give 1 to {most} seconds with granian.'


@pytest.mark.parametrize('name', ['graceful_timeout', 'client_timeout'])
@pytest.mark.parametrize('seconds', [1, 3600])
def test_a_time_that_granian_can_wait(name: str, seconds: int) -> None:
    server = GranianServer(Launch('granian', settings={name: seconds}))

    assert getattr(server, f'{name}_s') == seconds


def test_other_options_reach_granian_as_its_server_takes_them(tmp_path: Path) -> None:
    (tmp_path / 'log.json').write_text('{"version": 1}')
    options = (
        '--backlog 128 --loop asyncio --http1-buffer-size 8192 --no-http1-pipeline-flush '
        f'--http2-max-frame-size 2048 --log-config {tmp_path}/log.json'
    )

    found = parse_arguments(options.split())

    http1, http2 = found.pop('http1_settings'), found.pop('http2_settings')
    assert (http1.max_buffer_size, http1.pipeline_flush, http1.keep_alive) == (8192, False, True)
    assert http2.max_frame_size == 2048
    assert {name: getattr(value, 'value', value) for name, value in found.items()} == {
        'backlog': 128, 'loop': 'asyncio', 'log_dictconfig': {'version': 1},
    }  # fmt: skip
    assert parse_arguments([]) == {}


def test_a_configuration_of_the_log_that_is_no_json_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / 'log.json'
    file.write_bytes(b'{')
    with pytest.raises(ServerError) as caught:
        parse_arguments(['--log-config', str(file)])

    assert str(caught.value) == (
        f'--: --log-config {file} cannot be read: Expecting property name enclosed in double '
        'quotes: line 1 column 2 (char 1).'
    )


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (
            ['shop.web:app'],
            ('Got unexpected extra argument (WSGI_APPLICATION). `granian --help` lists the '
             'options.'),
        ),
        (
            ['shop.web:app', '--process-name'],
            ("['shop.web:app', '--process-name'] names an application. Set WSGI_APPLICATION to "
             'it.'),
        ),
    ],
)  # fmt: skip
def test_an_application_among_the_options_is_refused(arguments: list[str], sentence: str) -> None:
    with pytest.raises(ServerError) as caught:
        parse_arguments(arguments)

    assert str(caught.value) == f'--: {sentence}'


@pytest.mark.parametrize(
    ('option', 'most', 'shown'),
    [
        ('runtime_threads', 1000, '1,000'), ('runtime_blocking_threads', 10_000, '10,000'),
        ('metrics_port', 65_535, '65,535'), ('http2_max_frame_size', 16_777_215, '16,777,215'),
        ('backpressure', 2_147_483_647, '2,147,483,647'),
        ('http1_buffer_size', 2_147_483_647, '2,147,483,647'),
    ],
)  # fmt: skip
def test_number_that_no_worker_could_start_with_is_refused(
    option: str, most: int, shown: str
) -> None:
    name = f'--{option.replace("_", "-")}'
    assert parse_arguments([name, str(most)])

    with pytest.raises(ServerError) as caught:
        parse_arguments([name, str(most + 1)])

    assert str(caught.value) == f'--: {option} is {most + 1}. Give {shown} or less.'


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--preload'], 'granian has no --preload. Leave it out, or use gunicorn.'),
        (['--config', 'x.py'], '--config is a file of gunicorn. Leave it out, or use gunicorn.'),
        (['--keep-alive', '9'],
         'granian has no time for --keep-alive. Give 0 for none, leave it out, or use gunicorn.'),
        (['--bind', '8001'], 'granian serves on one address. Give one, or use gunicorn.'),
        (['--workers', '0'], 'workers is 0. Serving needs 1 worker or more.'),
        (['--workers', '1001'], 'workers is 1001. Give 1000 or fewer: each is a process.'),
        (['--threads', '0'], 'threads is 0. Serving needs 1 thread or more.'),
        (['--', '--nonsense'],
         "--: No such option '--nonsense'. `granian --help` lists the options."),
        (['--', '--port', '1'], '--: granian has this from runapistar. Give --bind instead.'),
        (['--', '--url-path-prefix', '/api'],
         '--: granian has this from runapistar. Give the setting FORCE_SCRIPT_NAME instead.'),
        (['--', '--access-log-fmt', 'x'],
         '--: log_access_fmt of granian changes nothing here. Leave its option out.'),
        (['--pid', '/no/such/web.pid'],
         'The pid file /no/such/web.pid cannot be written: its folder does not exist.'),
    ],
)  # fmt: skip
def test_option_that_granian_lacks_is_refused(
    migrated: Project, arguments: list[str], sentence: str
) -> None:
    done = migrated.run('runapistar', str(free_port()), '--server', 'granian', *arguments)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f'runapistar: {sentence}'
    assert 'Traceback' not in done.stderr


def test_encrypted_key_is_refused_and_asks_nobody(migrated: Project, tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    key = tmp_path / 'key.pem'
    subprocess.run(
        ['openssl', 'pkey', '-in', str(pem), '-aes256', '-passout', 'pass:secret', '-out',
         str(key)],
        check=True, capture_output=True,
    )  # fmt: skip

    done = migrated.run('runapistar', str(free_port()), '--server', 'granian', '--certfile',
                       str(pem), '--keyfile', str(key))  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith(f'runapistar: The certificate {pem} cannot be used: ')
    assert len(done.stderr.splitlines()) == 1


def test_log_configuration_is_granians_and_the_buffer_leaves_keep_alive_alone(
    migrated: Project, tmp_path: Path
) -> None:
    config = tmp_path / 'log.json'
    config.write_text(
        '{"formatters": {"generic": {"format": "granian says %(message)s"}, "access": {}}}'
    )

    with migrated.serve(
        '--server', 'granian', '--workers', '1', '--keep-alive', '0', '--', '--log-config',
        str(config), '--http1-buffer-size', '9000',
    ) as server:  # fmt: skip
        answer = server.get('/hello/')

    assert answer.headers['Connection'] == 'close'
    assert 'granian says Started worker-1' in server.output


def test_every_option_of_granian_is_documented() -> None:
    from granian.cli import cli

    page = (REPOSITORY / 'docs/reference/runapistar.md').read_text()
    [section] = re.findall(r'^## granian\n(.+?)^## ', page, re.MULTILINE | re.DOTALL)
    rows = [line.split('|') for line in section.splitlines() if line.startswith('| `')]
    listed = [name for row in rows for name in re.findall(r'`(\w+)`', row[1])]

    assert sorted(listed) == sorted(
        option.name for option in cli.params if option.name not in ('app', 'version')
    )


@pytest.mark.case('I07')
@pytest.mark.parametrize('arguments', [(), ('--check',)])
def test_granian_is_refused_where_a_client_can_write_a_trusted_header(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    project = Project(tmp_path)
    project.append(
        'shop/settings.py', "SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')\n"
    )

    done = project.run('runapistar', str(free_port()), '--server', 'granian', *arguments)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        'runapistar: SECURE_PROXY_SSL_HEADER trusts X-Forwarded-Proto, which granian cannot tell '
        'from X_Forwarded_Proto that a client sends. Use gunicorn, or a header without a hyphen, '
        'as XForwardedProto.'
    )


@pytest.mark.case('I07')
def test_settings_that_come_to_trust_a_header_are_not_reloaded(tmp_path: Path) -> None:
    project = Project(tmp_path)
    with project.serve('--server', 'granian', '--workers', '1') as server:
        project.append('shop/settings.py', 'USE_X_FORWARDED_HOST = True\n')
        server.send(signal.SIGHUP)
        server.wait_for(lambda: 'Not reloaded' in server.stderr, 'a refusal')

        assert 'runapistar: USE_X_FORWARDED_HOST trusts X-Forwarded-Host, which ' in server.stderr
        assert server.get('/hello/').json() == {'message': 'hello'}


def test_without_granian(migrated: Project) -> None:
    script = (
        'import sys, runpy; sys.modules["granian"] = None; '
        f'sys.argv = [{str(migrated.directory / "manage.py")!r}, "runapistar", '
        '"--server", "granian"]; runpy.run_path(sys.argv[0], run_name="__main__")'
    )

    done = subprocess.run(
        [sys.executable, '-c', script],
        cwd=migrated.directory,
        env=migrated.environment(),
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr == (
        "runapistar: granian is not installed. Install it: pip install 'django-apistar[granian]'.\n"
    )


def test_unix_socket(migrated: Project, tmp_path: Path) -> None:
    path = tmp_path / 'web.sock'
    arguments = ('--server', 'granian', '--workers', '1')
    with migrated.serve(*arguments, address=f'unix:{path}') as server:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(str(path))
            client.sendall(b'GET /hello/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
            answer = client.makefile('rb').read()

        assert answer.endswith(b'{"message":"hello"}')
    assert server.returncode == 0
    assert not path.exists()


def test_https(migrated: Project, tmp_path: Path) -> None:
    pem = str(certificate(tmp_path))
    arguments = ('--server', 'granian', '--workers', '1', '--certfile', pem, '--keyfile', pem)
    with migrated.serve(*arguments) as server:
        assert server.get('/hello/', verify=pem).json() == {'message': 'hello'}


def test_pid_file(migrated: Project, tmp_path: Path) -> None:
    file = tmp_path / 'web.pid'
    with migrated.serve('--server', 'granian', '--pid', str(file)) as server:
        assert file.read_text().strip() == str(server.pid)
    assert not file.exists()


def test_granian_arguments_take_effect(migrated: Project) -> None:
    arguments = ('--server', 'granian', '--workers', '1', '--', '--http1-buffer-size', '8192')
    with migrated.serve(*arguments) as server:
        assert server.get('/hello/?' + 'x' * 9000).status_code != 200
        assert server.get('/hello/').status_code == 200


def test_static_files_can_be_left_to_another_server(migrated: Project) -> None:
    with migrated.serve('--server', 'granian', '--noreload', '--nostatic', DEBUG='1') as server:
        assert server.get('/static/admin/css/base.css').status_code == 404


def test_access_log_names_the_framework(migrated: Project) -> None:
    with migrated.serve('--server', 'granian', '--workers', '1', '--access-log') as server:
        secret = {'Authorization': 'Basic c2VjcmV0OnNlY3JldA==', 'User-Agent': 'test'}
        server.get('/hello/?a=1', headers=secret)
        server.get('/admin/login/', headers={'Referer': 'http://x/', 'User-Agent': 'test'})
        server.get('/static/n%C3%B6pe.css', headers={'User-Agent': 'test'})
        server.wait_for(lambda: server.stdout.count('"test"') == 3, 'the lines')

    stamp = r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] '
    patterns = [
        stamp + r'"GET /hello/\?a=1 HTTP/1\.1" 200 19 "-" "test" apistar \d+ms',
        stamp + r'"GET /admin/login/ HTTP/1\.1" 200 \d+ "http://x/" "test" django \d+ms',
        stamp + r'"GET /static/n%C3%B6pe\.css HTTP/1\.1" 404 \d+ "-" "test" static \d+ms',
    ]
    lines = server.stdout.splitlines()
    for pattern in patterns:
        assert any(re.fullmatch(pattern, line) for line in lines), lines
    assert 'c2VjcmV0' not in server.output


def test_access_log_on_a_full_disk_fails_no_request(migrated: Project) -> None:
    arguments = ('--server', 'granian', '--workers', '1', '--access-log', '/dev/full')
    with migrated.serve(*arguments) as server:
        statuses = [server.get('/hello/').status_code for _ in range(5)]

    assert statuses == [200] * 5
    assert server.stderr.count('The access log /dev/full cannot be written') == 1


def test_port_that_is_taken(migrated: Project) -> None:
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        done = migrated.run('runapistar', str(port), '--server', 'granian')

    assert done.returncode == 1
    assert done.stderr == (
        f'runapistar: 127.0.0.1:{port} is already in use. '
        f'Choose another port: manage.py runapistar {port + 1}.\n'
    )


def test_check(migrated: Project) -> None:
    done = migrated.run('runapistar', '--server', 'granian', '--check')

    assert done.returncode == 0
    assert done.stdout.endswith('\nEverything is in order; not started.\n')


def test_worker_that_cannot_load_ends_the_command(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(
        'shop/greeting.py',
        """
        import sys
        if 'manage.py' not in sys.argv[0]:
            raise RuntimeError('no greeting')
        MESSAGE = 'hello'
        """,
    )

    done = project.run('runapistar', str(free_port()), '--server', 'granian', '--workers', '1')

    assert done.returncode == 1
    assert 'no greeting' in done.stderr


WITH_IPV6 = pytest.mark.skipif(not socket.has_ipv6, reason='no IPv6')


@pytest.mark.parametrize('host', ['127.0.0.1', pytest.param('::1', marks=WITH_IPV6), 'a.sock'])
def test_worker_that_drains_takes_no_client_and_closes_after_each_answer(
    host: str, tmp_path: Path
) -> None:
    answers: list[tuple[Any, ...]] = []

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response('200 OK', [('x-id', '1')])
        return [environ['PATH_INFO'].encode()]

    def start_response(*given: Any) -> Any:
        answers.append(given)

    family, address = {
        '127.0.0.1': (socket.AF_INET, (host, 0)),
        '::1': (socket.AF_INET6, (host, 0)),
        'a.sock': (socket.AF_UNIX, str(tmp_path / host)),
    }[host]
    with socket.socket(family) as listener, socket.socket(family) as client:
        listener.bind(address)
        listener.listen()
        address = listener.getsockname()
        draining = Draining(listener)
        draining.application = respond
        bodies = [draining.respond({'PATH_INFO': '/a/'}, start_response)]
        draining.begin(signal.SIGUSR1, None)
        bodies.append(draining.respond({'PATH_INFO': '/b/'}, start_response))

        assert bodies == [[b'/a/'], [b'/b/']]
        assert answers == [
            ('200 OK', [('x-id', '1')]),
            ('200 OK', [('x-id', '1'), ('Connection', 'close')]),
        ]
        with pytest.raises(ConnectionRefusedError):
            client.connect(address)
        assert listener.getsockname() != address
        # What granian goes on to accept of: it has to listen, and granian must not wait in it.
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
        assert os.get_blocking(listener.fileno()) is False
