"""runapistar: its options, its banner, and a sentence for everything that can be wrong."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import apistar
import django
import gunicorn
import pytest
import requests
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.test import override_settings

import django_apistar
from django_apistar.management.commands.runapistar import Command
from django_apistar.server import listeners, metrics_folder
from management_tests.support.server_process import (
    REPOSITORY,
    START_S,
    Project,
    Server,
    free_port,
    run_in_terminal,
)
from management_tests.support.services import certificate

pytestmark = pytest.mark.slow

DJANGOS_OPTIONS = {
    'help', 'version', 'verbosity', 'settings', 'pythonpath', 'traceback', 'no_color',
    'force_color', 'addrport',
}  # fmt: skip
VERSIONS = (
    f'django-apistar {django_apistar.__version__}, API Star {apistar.__version__}, '
    f'Django {django.__version__}'
)


def refusal(project: Project, *arguments: str, **variables: str) -> tuple[int, str]:
    """Return exit status and stderr of a command line that starts no server."""
    done = project.run('runapistar', *arguments, **variables)
    assert 'Traceback' not in done.stderr
    assert 'Site' not in done.stdout
    return done.returncode, done.stderr


# Banner


def test_banner_in_production(migrated: Project) -> None:
    with migrated.serve('--workers', '2', '--threads', '3', '--nostatic') as server:
        assert server.stdout == (
            f'{VERSIONS}\n'
            '\n'
            f'  Site     {server.url}/\n'
            f'  Admin    {server.url}/admin/\n'
            f'  Server   gunicorn {gunicorn.__version__}, 2 gthread workers with 3 threads each\n'
            f'  Routes   {server.routes}\n'
            '  Settings shop.settings\n'
            '\n'
            'Quit with Control-C.\n'
        )
    assert server.returncode == 0


def test_banner_in_development(migrated: Project) -> None:
    with migrated.serve(DEBUG='1') as server:
        assert server.stdout.startswith(
            f'{VERSIONS}\n'
            '\n'
            f'  Site     {server.url}/\n'
            f'  Docs     {server.url}/docs/\n'
            f'  Admin    {server.url}/admin/\n'
            f'  Server   gunicorn {gunicorn.__version__}, 1 gthread worker with 16 threads, '
            'autoreload\n'
            f'  Routes   {server.routes}\n'
            '  Settings shop.settings\n'
            '\n'
            'Quit with Control-C.\n'
        )


def test_banner_counts_unreachable_routes(project: Project) -> None:
    project.replace('shop/settings.py', "'/page/', ", '')

    done = project.run('runapistar', '--check')

    assert (
        '  Routes   4 API Star routes, 25 Django URLs, 1 unreachable: manage.py\n'
        '           apistar_routes --unreachable\n'
    ) in done.stdout


def test_unapplied_migrations_are_announced(project: Project) -> None:
    done = project.run('runapistar', '--check')

    assert 'unapplied migration(s). Your project may not work properly' in done.stdout


def test_database_that_is_down_is_announced(project: Project) -> None:
    project.replace('shop/settings.py', "'db')", "'no', 'such', 'folder')")

    done = project.run('runapistar', '--check')

    assert done.returncode == 0
    assert done.stderr == (
        'runapistar: The migrations cannot be checked: unable to open database file\n'
    )


# Check


def test_check_loads_and_prints_and_exits(migrated: Project) -> None:
    with socket.create_server(('127.0.0.1', 0)) as taken:
        address = f'127.0.0.1:{taken.getsockname()[1]}'

        done = migrated.run('runapistar', address, '--check')

    assert done.returncode == 0
    assert done.stderr == ''
    assert done.stdout.endswith('\nEverything is in order; not started.\n')
    assert f'  Site     http://{address}/\n' in done.stdout


@pytest.mark.django_db
def test_check_from_python() -> None:
    stdout = io.StringIO()

    with override_settings(SETTINGS_MODULE=None):
        call_command('runapistar', '--check', stdout=stdout)

    assert stdout.getvalue().startswith(f'django-apistar {django_apistar.__version__}, ')
    assert stdout.getvalue().endswith(
        '\n  Settings (configured)\n\nEverything is in order; not started.\n'
    )


@pytest.mark.django_db
def test_who_starts_a_server_has_no_part_in_the_metrics_of_its_workers() -> None:
    keys = {**django_settings.APISTAR_SETTINGS, 'METRICS_URL': '/metrics/'}

    with override_settings(APISTAR_SETTINGS=keys, SETTINGS_MODULE='site.settings'):
        call_command('runapistar', '--check', stdout=io.StringIO())

    assert metrics_folder.VARIABLE not in os.environ


@pytest.mark.django_db
def test_failure_from_python_is_a_command_error() -> None:
    with pytest.raises(CommandError, match=r"^'nowhere' is not an address\. Write PORT, "):
        call_command('runapistar', 'nowhere', '--check')


@pytest.mark.django_db
def test_server_arguments_from_python() -> None:
    with pytest.raises(CommandError, match=r'^--: unrecognized arguments: --nonsense'):
        call_command('runapistar', '--check', server_arguments=['--nonsense'])


def test_gunicorn_print_config(migrated: Project) -> None:
    done = migrated.run('runapistar', '--', '--print-config', '--limit-request-line', '100')

    assert done.returncode == 0
    assert re.search(r'^limit_request_line +=[ ]100$', done.stdout, re.MULTILINE)


# Defaults of production


def configuration(project: Project, *arguments: str, **variables: str) -> dict[str, str]:
    """Return gunicorn's settings for a command line, as it prints them."""
    if '--' not in arguments:
        arguments = (*arguments, '--')
    done = project.run('runapistar', *arguments, '--print-config', **variables)
    assert done.returncode == 0, done.stderr
    lines = (line.partition(' = ') for line in done.stdout.splitlines() if ' = ' in line)
    return {name.strip(): value for name, _, value in lines}


def test_production_defaults_are_safe(migrated: Project) -> None:
    found = configuration(migrated)

    wanted = {
        'bind': "['127.0.0.1:8000']",
        'timeout': '30',
        'graceful_timeout': '30',
        'keepalive': '5',
        'max_requests': '10000',
        'max_requests_jitter': '1000',
        'limit_request_line': '4094',
        'limit_request_fields': '100',
        'limit_request_field_size': '8190',
        'forwarded_allow_ips': "['127.0.0.1', '::1']",
        'control_socket_disable': 'True',
        'preload_app': 'False',
        'reload': 'False',
        'accesslog': 'None',
    }
    assert {name: found[name] for name in wanted} == wanted
    cores = len(os.sched_getaffinity(0))
    assert int(found['workers']) == min(2 * cores + 1, 12)


@pytest.mark.parametrize(
    ('workers', 'threads'), [('1', '32'), ('2', '32'), ('5', '19'), ('12', '8'), ('40', '8')]
)
def test_threads_keep_the_database_connections_below_100(
    migrated: Project, workers: str, threads: str
) -> None:
    found = configuration(migrated, WEB_CONCURRENCY=workers)

    assert (found['workers'], found['threads']) == (workers, threads)


def test_production_honours_port(migrated: Project) -> None:
    assert configuration(migrated, PORT='8765')['bind'] == "['0.0.0.0:8765']"
    assert configuration(migrated, PORT='8765', DEBUG='1')['bind'] == "['127.0.0.1:8000']"
    assert configuration(migrated, '8001', PORT='8765')['bind'] == "['127.0.0.1:8001']"


def test_every_option_reaches_gunicorn(migrated: Project) -> None:
    pem = certificate(migrated.directory)
    found = configuration(
        migrated, '8001', '--bind', 'unix:web.sock', '--workers', '3', '--threads', '2',
        '--worker-class', 'sync', '--timeout', '7', '--graceful-timeout', '8', '--keep-alive', '9',
        '--max-requests', '11', '--preload', '--pid', 'web.pid', '--access-log', 'access.log',
        '--certfile', str(pem), '--keyfile', str(pem),
    )  # fmt: skip

    wanted = {
        'bind': "['127.0.0.1:8001', 'unix:web.sock']",
        'workers': '3',
        'threads': '2',
        'timeout': '7',
        'graceful_timeout': '8',
        'keepalive': '9',
        'max_requests': '11',
        'preload_app': 'True',
        'pidfile': 'web.pid',
        'accesslog': 'access.log',
        'certfile': str(pem),
        'keyfile': str(pem),
    }
    assert {name: found[name] for name in wanted} == wanted


def test_sync_worker_stays_sync(migrated: Project) -> None:
    found = configuration(migrated, '--worker-class', 'sync', DEBUG='1')

    assert (found['worker_class'], found['threads']) == ('sync', '1')


def test_layers_of_configuration(project: Project) -> None:
    project.write('gunicorn.conf.py', 'timeout = 1\nkeepalive = 1\nbacklog = 1\nnot_a_setting = 1')
    project.write('other.py', 'timeout = 2\nkeepalive = 2\nbacklog = 64\nthreads = 2')

    implied = configuration(project)
    given = configuration(project, '--config', 'other.py')
    environment = configuration(
        project, '--config', 'other.py', GUNICORN_CMD_ARGS='--timeout 3 --keep-alive 3'
    )
    options = configuration(
        project, '--config', 'other.py', '--timeout', '4', GUNICORN_CMD_ARGS='--timeout 3'
    )
    arguments = configuration(project, '--timeout', '4', '--', '--timeout', '5')

    names = ('timeout', 'keepalive', 'backlog')
    assert [implied[name] for name in names] == ['1', '1', '1']
    assert [given[name] for name in (*names, 'threads')] == ['2', '2', '64', '2']
    assert [environment[name] for name in names] == ['3', '3', '64']
    assert options['timeout'] == '4'
    assert arguments['timeout'] == '5'


def test_implied_configuration_file_is_for_production(project: Project) -> None:
    project.write('gunicorn.conf.py', 'workers = 7')

    assert configuration(project, DEBUG='1')['workers'] == '1'


# Addresses


@pytest.mark.parametrize(
    ('text', 'address'),
    [
        ('8001', '127.0.0.1:8001'),
        ('0:8001', '0.0.0.0:8001'),
        (':8001', '0.0.0.0:8001'),
        ('localhost:8001', 'localhost:8001'),
        ('[::1]:8001', '[::1]:8001'),
        ('tcp://10.0.0.1:80', '10.0.0.1:80'),
        ('unix:/run/web.sock', 'unix:/run/web.sock'),
        ('fd://3', 'fd://3'),
    ],
)
def test_addresses_are_written_as_for_runserver_and_gunicorn(text: str, address: str) -> None:
    assert listeners.parse_address(text) == address


@pytest.mark.parametrize(
    'text', ['', 'localhost', '::1', 'fd://x', 'unix:', 'a b:80', '127.0.0.1:', '1:2:3', '-1']
)
def test_other_text_is_no_address(text: str) -> None:
    with pytest.raises(listeners.AddressError) as caught:
        listeners.parse_address(text)

    assert str(caught.value) == (
        f'{text!r} is not an address. Write PORT, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N.'
    )


def test_serves_on_ipv6(migrated: Project, server_name: str) -> None:
    if not socket.has_ipv6:
        pytest.skip('no IPv6')
    options = ('--server', server_name, '--workers', '1')
    with migrated.serve(*options, address=f'[::1]:{free_port()}') as server:
        assert server.url.startswith('http://[::1]:')
        assert server.get('/hello/').json() == {'message': 'hello'}


def test_serves_on_several_addresses(migrated: Project) -> None:
    second = free_port()
    with migrated.serve('--workers', '1', '--bind', f'127.0.0.1:{second}') as server:
        assert f'  Site     http://127.0.0.1:{second}/\n' in server.stdout
        first = server.get('/hello/').json()
        server.url = f'http://127.0.0.1:{second}'

        assert first == server.get('/hello/').json() == {'message': 'hello'}


def read_umask(process: int) -> str:
    status = Path(f'/proc/{process}/status').read_text()
    return re.findall(r'^Umask:\t(\d+)$', status, re.MULTILINE)[0]


def test_serves_on_a_unix_socket_and_removes_it(migrated: Project, tmp_path: Path) -> None:
    path = tmp_path / 'web.sock'
    with socket.socket(socket.AF_UNIX) as dead:  # of a server that left its file
        dead.bind(str(path))

    with migrated.serve('--workers', '1', address=f'unix:{path}') as server:
        assert f'  Site     unix:{path}\n  Admin    /admin/\n' in server.stdout
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b'GET /hello/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
            answer = client.makefile('rb').read()

        assert answer.endswith(b'{"message":"hello"}')
        # gunicorn gives a socket file its `umask`; what handlers write has the process's own.
        masks = [read_umask(process) for process in server.children()]
        assert masks == [read_umask(os.getpid())] * 2
        assert refusal(migrated, f'unix:{path}') == (
            1,
            (
                f'runapistar: unix:{path} is already in use: another server answers there. '
                'Choose another path.\n'
            ),
        )

    assert server.returncode == 0
    assert not path.exists()


def test_serves_on_an_inherited_socket(migrated: Project, server_name: str) -> None:
    with socket.create_server(('127.0.0.1', 0)) as inherited:
        number = inherited.fileno()
        command = migrated.command('runapistar', f'fd://{number}', '--server', server_name)
        server = Server(migrated, command, {'WEB_CONCURRENCY': '1'}, pass_fds=(number,))
        with server:
            server.wait_until_ready(f'fd://{number}')
            assert server.get('/hello/').json() == {'message': 'hello'}
    assert server.returncode == 0


def test_descriptor_that_is_no_socket(migrated: Project) -> None:
    assert refusal(migrated, 'fd://77') == (
        1,
        'runapistar: fd://77 is not a listening socket that this process has inherited.\n',
    )


def test_port_that_is_taken(migrated: Project) -> None:
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]

        assert refusal(migrated, str(port)) == (
            1,
            (
                f'runapistar: 127.0.0.1:{port} is already in use. '
                f'Choose another port: manage.py runapistar {port + 1}.\n'
            ),
        )


def test_port_that_needs_privileges(tmp_path: Path) -> None:
    error = PermissionError(13, 'Permission denied')

    assert listeners.explain('127.0.0.1:80', error) == (
        '127.0.0.1:80 needs privileges that this user lacks. '
        'Choose a port above 1023: manage.py runapistar 8000.'
    )


def test_address_of_another_machine(migrated: Project) -> None:
    assert refusal(migrated, '203.0.113.7:8000') == (
        1,
        (
            'runapistar: 203.0.113.7:8000 is not an address of this machine. '
            'Use 127.0.0.1, or 0.0.0.0 for all of its addresses.\n'
        ),
    )


def test_host_name_that_is_unknown(migrated: Project) -> None:
    assert refusal(migrated, 'nowhere.invalid:8000') == (
        1,
        'runapistar: nowhere.invalid:8000 cannot be served on: its host name is unknown.\n',
    )


def test_port_out_of_range(migrated: Project) -> None:
    assert refusal(migrated, '127.0.0.1:99999') == (
        1,
        "runapistar: '127.0.0.1:99999' has no valid port: ports end at 65535.\n",
    )


def test_unix_socket_in_a_missing_folder(migrated: Project, tmp_path: Path) -> None:
    assert refusal(migrated, f'unix:{tmp_path}/no/web.sock') == (
        1,
        f'runapistar: unix:{tmp_path}/no/web.sock cannot be opened: No such file or directory.\n',
    )


def test_unix_socket_in_the_place_of_a_file(migrated: Project, tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('precious')

    assert refusal(migrated, f'unix:{tmp_path}/file') == (
        1,
        f'runapistar: unix:{tmp_path}/file cannot be opened: exists and is no socket.\n',
    )
    assert (tmp_path / 'file').read_text() == 'precious'


def test_unix_socket_with_a_long_name(migrated: Project) -> None:
    path = '/tmp/' + 'x' * 120

    assert refusal(migrated, f'unix:{path}') == (
        1,
        f'runapistar: unix:{path} cannot be opened: AF_UNIX path too long.\n',
    )


# Wrong options


@pytest.mark.parametrize(
    ('arguments', 'sentence', 'status'),
    [
        (['--nonsense'], 'unrecognized arguments: --nonsense. See manage.py runapistar --help.', 2),
        (['--workers', 'many'],
         "argument --workers: invalid int value: 'many'. See manage.py runapistar --help.", 2),
        (['--workers', '0'], 'workers is 0. Serving needs 1 worker or more.', 1),
        (['--workers', '1001'],
         'workers is 1001. Give 1000 or fewer: each is a process.', 1),
        (['--threads', '0'], 'threads is 0. Serving needs 1 thread or more.', 1),
        (['--threads', '10001'],
         'threads is 10001. Give 10,000 or fewer: each may use the database.', 1),
        (['--server', 'granian', '--', '--backlog', '99999999999'],
         '--: backlog is 99999999999. Give 2,147,483,647 or less.', 1),
        (['--workers', '-1'], 'workers is -1. Value must be positive: -1.', 1),
        (['--', '--nonsense'],
         '--: unrecognized arguments: --nonsense. `gunicorn --help` lists the options.', 1),
        (['--', 'shop.wsgi'],
         ("--: ['shop.wsgi'] names an application. "
         'Set WSGI_APPLICATION to it, and give options only.'), 1),
        (['--config', '/no/such.py'], 'The configuration file /no/such.py does not exist.', 1),
        (['--certfile', '/no/such.pem'],
         'The file /no/such.pem of --certfile or --keyfile does not exist.', 1),
        (['--keyfile', '/no/such.pem'],
         'The key /no/such.pem has no certificate. Give --certfile too.', 1),
        (['--pid', '/no/such/web.pid'],
         'The pid file /no/such/web.pid cannot be written: its folder does not exist.', 1),
        (['--access-log', '/no/such/access.log'],
         'The log /no/such/access.log cannot be written: No such file or directory.', 1),
    ],
)  # fmt: skip
def test_wrong_option_is_a_sentence(
    migrated: Project, arguments: list[str], sentence: str, status: int
) -> None:
    port = str(free_port())

    done = migrated.run('runapistar', port, *arguments)

    assert (done.returncode, done.stderr.splitlines()[-1]) == (status, f'runapistar: {sentence}')
    assert 'Traceback' not in done.stderr


def test_worker_class_that_does_not_exist(migrated: Project) -> None:
    status, stderr = refusal(migrated, '--worker-class', 'threads.of.Fate')

    assert status == 1
    assert stderr == (
        "runapistar: The worker class 'threads.of.Fate' cannot be loaded: ModuleNotFoundError: "
        "No module named 'threads'. Use gthread, sync, or one whose package is installed.\n"
    )


def test_gunicorn_arguments_of_the_environment_that_are_wrong(migrated: Project) -> None:
    assert refusal(migrated, GUNICORN_CMD_ARGS='--nonsense') == (
        1,
        (
            'runapistar: GUNICORN_CMD_ARGS: unrecognized arguments: --nonsense. '
            '`gunicorn --help` lists the options.\n'
        ),
    )
    assert refusal(migrated, GUNICORN_CMD_ARGS='"') == (
        1,
        "runapistar: GUNICORN_CMD_ARGS is '\"'. No closing quotation.\n",
    )


def test_number_of_workers_that_is_no_number(migrated: Project) -> None:
    assert refusal(migrated, WEB_CONCURRENCY='many') == (
        1,
        "runapistar: WEB_CONCURRENCY is 'many'. Set it to a number of workers, 1 or more.\n",
    )


def test_configuration_file_that_cannot_be_read(project: Project) -> None:
    project.write('broken.py', 'workers = )')

    status, stderr = refusal(project, '--config', 'broken.py')

    assert status == 1
    assert stderr == (
        f'runapistar: The configuration {project.directory}/broken.py cannot be read: '
        "SyntaxError: unmatched ')' (broken.py, line 1).\n"
    )


def test_certificate_that_is_none(migrated: Project, tmp_path: Path) -> None:
    (tmp_path / 'no.pem').write_text('no certificate')

    status, stderr = refusal(migrated, '--certfile', str(tmp_path / 'no.pem'))

    assert status == 1
    assert stderr.startswith(f'runapistar: The certificate {tmp_path}/no.pem cannot be used: ')
    assert len(stderr.splitlines()) == 1


def test_pid_file_of_a_running_server(migrated: Project, tmp_path: Path) -> None:
    (tmp_path / 'web.pid').write_text(f'{os.getpid()}\n')

    assert refusal(migrated, str(free_port()), '--pid', str(tmp_path / 'web.pid')) == (
        1,
        (
            f'runapistar: The pid file {tmp_path}/web.pid is that of process {os.getpid()}, which '
            'runs. Stop it, or remove the file.\n'
        ),
    )


# Wrong projects


def test_wsgi_application_that_does_not_exist(project: Project) -> None:
    project.replace('shop/settings.py', "'django_apistar.wsgi.application'", "'shop.web.app'")

    assert refusal(project, '--skip-checks', str(free_port()))[1].splitlines()[-1] == (
        "runapistar: WSGI_APPLICATION is 'shop.web.app', which cannot be imported: "
        "ModuleNotFoundError: No module named 'shop.web'. Set it to "
        "'django_apistar.wsgi.application'."
    )


def test_settings_that_are_wrong(project: Project) -> None:
    project.replace('shop/settings.py', "'shop.routes'", "'shop.no_routes'")

    status, stderr = refusal(project, '--skip-checks')

    assert status == 1
    assert stderr.startswith("runapistar: APISTAR_ROUTE_CONF 'shop.no_routes' cannot be imported: ")
    assert len(stderr.splitlines()) == 1


def test_checks_come_before_the_start(project: Project) -> None:
    project.replace('shop/settings.py', "'/page/'", "'page/'")

    status, stderr = refusal(project)

    assert status == 1
    assert stderr.startswith('SystemCheckError: System check identified some issues:\n')
    assert 'django_apistar.E007' in stderr


def test_checks_can_be_skipped(project: Project) -> None:
    project.replace('shop/settings.py', 'USE_TZ = True', 'CACHES = {}')

    refused = project.run('runapistar', '--check')
    accepted = project.run('runapistar', '--check', '--skip-checks')

    assert (refused.returncode, accepted.returncode) == (1, 0)


def test_no_allowed_hosts(project: Project) -> None:
    project.replace('shop/settings.py', "['*']", '[]')

    assert refusal(project, str(free_port())) == (
        1,
        (
            'runapistar: ALLOWED_HOSTS is empty and DEBUG is off, so every request would be '
            "refused. List this site's host names in ALLOWED_HOSTS.\n"
        ),
    )


def test_worker_that_cannot_load_ends_the_command(project: Project) -> None:
    # The command itself loads the project first; only its workers meet this fault.
    project.write(
        'shop/greeting.py',
        """
        import multiprocessing, os, sys
        if 'manage.py' not in sys.argv[0]:
            raise RuntimeError('no greeting')
        MESSAGE = 'hello'
        """,
    )
    command = project.command('runapistar', str(free_port()), '--workers', '2')
    with Server(project, command, {}) as server:
        server.process.wait(START_S)

    assert server.returncode == 1
    assert server.stderr.rstrip().splitlines()[-1].endswith('App failed to load.')
    assert 'no greeting' in server.stderr


# Serving


def test_static_files_can_be_left_to_another_server(migrated: Project) -> None:
    with migrated.serve('--noreload', DEBUG='1') as server:
        assert server.get('/static/admin/css/base.css').status_code == 200
    with migrated.serve('--noreload', '--nostatic', DEBUG='1') as server:
        assert server.get('/static/admin/css/base.css').status_code == 404


def test_pid_file(migrated: Project, tmp_path: Path) -> None:
    with migrated.serve('--workers', '1', '--pid', str(tmp_path / 'web.pid')) as server:
        assert (tmp_path / 'web.pid').read_text() == f'{server.pid}\n'
        assert server.get('/process/').json()['parent'] == server.pid

    assert not (tmp_path / 'web.pid').exists()


def test_https(migrated: Project, tmp_path: Path) -> None:
    pem = str(certificate(tmp_path))
    with migrated.serve('--workers', '1', '--certfile', pem, '--keyfile', pem) as server:
        assert server.url.startswith('https://')
        assert server.get('/hello/', verify=pem).json() == {'message': 'hello'}


def test_gunicorn_arguments_take_effect(migrated: Project) -> None:
    with migrated.serve('--workers', '1', '--', '--limit-request-line', '100') as server:
        assert server.get('/hello/?' + 'x' * 200).status_code == 414
        assert server.get('/hello/').status_code == 200


def test_gunicorn_arguments_of_the_environment_take_effect(migrated: Project) -> None:
    with migrated.serve(GUNICORN_CMD_ARGS='--limit-request-line 100 --workers 1') as server:
        assert server.get('/hello/?' + 'x' * 200).status_code == 414


def test_reload_of_a_broken_urlconf_keeps_the_old_workers(tmp_path: Path) -> None:
    project = Project(tmp_path)
    working = (project.directory / 'shop/urls.py').read_text()
    with project.serve('--workers', '1') as server:
        project.write('shop/urls.py', 'urlpatterns = [')
        server.send(signal.SIGHUP)
        server.wait_for(lambda: 'Not reloaded' in server.stderr, 'the refusal')
        project.write('shop/urls.py', working)  # Django imports it at its first request.

        assert server.get('/page/').status_code == 200
        assert "SyntaxError: '[' was never closed" in server.stderr


def test_preload_shares_the_code_and_serves(migrated: Project) -> None:
    with migrated.serve('--preload', '--workers', '2') as server:
        assert server.get('/hello/').json() == {'message': 'hello'}


def test_no_control_socket(migrated: Project, tmp_path: Path) -> None:
    with migrated.serve('--workers', '1', HOME=str(tmp_path), XDG_RUNTIME_DIR=str(tmp_path)):
        assert list(tmp_path.rglob('*')) == []


def test_worker_is_replaced_after_its_last_request(migrated: Project) -> None:
    with migrated.serve('--workers', '1', '--max-requests', '5', '--', '--max-requests-jitter',
                        '0') as server:  # fmt: skip
        pids = {server.get('/process/').json()['pid'] for _ in range(12)}

    assert len(pids) >= 2
    assert server.returncode == 0


def test_worker_with_all_its_connections_takes_others_later(migrated: Project) -> None:
    arguments = ('--workers', '1', '--threads', '1', '--', '--worker-connections', '2')
    with migrated.serve(*arguments) as server:
        address = urlsplit(server.url)
        with contextlib.ExitStack() as stack:
            for _ in range(2):
                stack.enter_context(socket.create_connection((address.hostname, address.port)))
            with pytest.raises(requests.Timeout):
                requests.get(f'{server.url}/hello/', timeout=0.3)

        assert server.get('/hello/').json() == {'message': 'hello'}


# Access log


def test_access_log_names_the_framework(migrated: Project) -> None:
    with migrated.serve('--workers', '1', '--access-log', DEBUG='') as server:
        secret = {'Authorization': 'Basic c2VjcmV0OnNlY3JldA==', 'User-Agent': 'test "1"'}
        server.get('/hello/?a=1', headers=secret)
        server.get('/admin/login/', headers={'Referer': 'http://x/', 'User-Agent': 'test'})
        server.get('/static/nope.css', headers={'User-Agent': 'test'})

    lines = [line for line in server.stdout.splitlines() if 'test' in line]
    stamp = r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] '
    patterns = [
        stamp + r'"GET /hello/\?a=1 HTTP/1\.1" 200 19 "-" "test \\"1\\"" apistar \d+ms',
        stamp + r'"GET /admin/login/ HTTP/1\.1" 200 \d+ "http://x/" "test" django \d+ms',
        stamp + r'"GET /static/nope\.css HTTP/1\.1" 404 \d+ "-" "test" static \d+ms',
    ]
    assert len(lines) == 3, server.output
    for pattern in patterns:  # threads answer, so the order is free
        assert any(re.fullmatch(pattern, line) for line in lines), lines
    assert 'secret' not in server.output
    assert 'c2VjcmV0' not in server.output


def test_access_log_counts_the_bytes_of_files(migrated: Project) -> None:
    css = '/static/admin/css/base.css'
    with migrated.serve(DEBUG='1') as server:
        size = len(server.get(css, headers={'Accept-Encoding': 'identity'}).content)
        server.get(css, headers={'Range': 'bytes=0-9', 'Accept-Encoding': 'identity'})
        requests.head(server.url + css, timeout=30)

    lines = [line.partition('] ')[2] for line in server.stdout.splitlines() if css in line]
    # Threads answer, so the order is free.
    assert sorted(line.rpartition(' ')[0] for line in lines) == [
        f'"GET {css} HTTP/1.1" 200 {size} static', f'"GET {css} HTTP/1.1" 206 10 static',
        f'"HEAD {css} HTTP/1.1" 200 0 static',
    ]  # fmt: skip


@pytest.mark.case('H09')
def test_access_log_never_holds_credentials(migrated: Project, tmp_path: Path) -> None:
    log = tmp_path / 'access.log'
    format_ = '%(u)s %({authorization}i)s %({http_authorization}e)s %({cookie}i)s %(m)s'
    with migrated.serve('--workers', '1', '--access-log', str(log), '--', '--access-logformat',
                        format_) as server:  # fmt: skip
        server.get('/hello/', headers={'Authorization': 'Basic dTpw', 'Cookie': 'sessionid=1'})

    assert set(log.read_text().splitlines()) == {'- - - - GET'}


def test_access_log_on_a_full_disk_fails_no_request(migrated: Project) -> None:
    with migrated.serve('--workers', '1', '--access-log', '/dev/full') as server:
        statuses = [server.get('/hello/').status_code for _ in range(5)]

    assert statuses == [200] * 5
    complaints = [line for line in server.stderr.splitlines() if '/dev/full' in line]
    assert len(complaints) == 1
    assert complaints[0].endswith(
        'The access log /dev/full cannot be written: [Errno 28] No space left on device. '
        'Requests are answered, but not logged.'
    )


def test_development_logs_requests(migrated: Project) -> None:
    with migrated.serve('--noreload', DEBUG='1') as server:
        server.get('/hello/')

    assert re.search(r'^\[.+\] "GET /hello/ HTTP/1\.1" 200 19 apistar \d+ms$', server.stdout,
                     re.MULTILINE)  # fmt: skip


# Documentation

DOCS = (REPOSITORY / 'docs/reference/runapistar.md').read_text()


def test_every_option_is_documented() -> None:
    parser = Command().create_parser('manage.py', 'runapistar')
    own = [action for action in parser._actions if action.dest not in DJANGOS_OPTIONS]
    options = [option for action in own for option in action.option_strings]

    assert len(options) >= 20
    assert [option for option in options if not re.search(rf'`{option}\b', DOCS)] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    'arguments',
    [
        ['localhost'], ['203.0.113.7:8000'], ['nowhere.invalid:8000'], ['unix:/no/web.sock'],
        ['--workers=-1'], ['--certfile', 'cert.pem'], ['--config', 'gunicorn.py'],
    ],
)  # fmt: skip
def test_documented_sentence_is_the_real_one(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(CommandError) as caught:
        call_command('runapistar', *arguments)

    documented = f'| `runapistar: {caught.value}` |'.replace(f'{tmp_path}/', '')
    assert documented in DOCS


# Colour


def test_output_is_plain_when_it_is_no_terminal(migrated: Project) -> None:
    done = migrated.run('runapistar', '--check')

    assert '\x1b' not in done.stdout + done.stderr


def test_no_color_is_honoured(migrated: Project) -> None:
    command = ('runapistar', '--force-color', 'nowhere')

    _, coloured = run_in_terminal(migrated, *command)
    _, plain = run_in_terminal(migrated, *command, NO_COLOR='1')

    assert '\x1b' in coloured
    assert '\x1b' not in plain
