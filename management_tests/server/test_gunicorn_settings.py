"""gunicorn's settings under runapistar: each is honoured, decided, or refused by name."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import gunicorn
import pytest
import requests
from gunicorn import config as gunicorn_config

from django_apistar.conf.operation import NOTE_ROUTES
from django_apistar.server.access_log import DEVELOPMENT_FORMAT, FORMAT, JSON_FORMAT
from django_apistar.server.gunicorn.server import GunicornServer
from django_apistar.server.launch import Launch, ServerError
from management_tests.support.server_process import (
    FORK_SERVER,
    REPOSITORY,
    START_S,
    STOP_S,
    Process,
    Project,
    free_port,
)
from management_tests.support.services import certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., GunicornServer]:
    """Return a function that configures gunicorn as the command does, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'path', list(sys.path))

    def build(*arguments: str, config: str = '', **variables: str) -> GunicornServer:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        (tmp_path / 'gunicorn.conf.py').write_text(config)
        return GunicornServer(Launch(arguments=list(arguments), directory=str(tmp_path)))

    return build


# The table

DOCS = (REPOSITORY / 'docs/reference/runapistar.md').read_text()


def test_every_setting_of_gunicorn_stands_in_the_table_once() -> None:
    [section] = re.findall(r"^## gunicorn's settings\n(.+?)^## ", DOCS, re.MULTILINE | re.DOTALL)
    rows = [line.split('|') for line in section.splitlines() if line.startswith('| ')]
    listed = [name for row in rows for name in re.findall(r'`(\w+)`', row[1])]

    assert sorted(listed) == sorted(each.name for each in gunicorn_config.KNOWN_SETTINGS)


# Defaults

OURS = 'django_apistar.server.gunicorn.worker'


def test_what_is_served_with_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In production and in development: `settings`, `defaults`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv('WEB_CONCURRENCY', raising=False)
    monkeypatch.setattr('django_apistar.server.defaults.count_cores', lambda: 2)
    names = (
        'access_log_format', 'accesslog', 'bind',
        'client_timeout', 'control_socket_disable', 'default_proc_name',
        'drain', 'errorlog', 'forwarder_headers', 'graceful_timeout', 'keepalive', 'loglevel',
        'max_requests', 'max_requests_jitter', 'preload_app', 'reload', 'threads', 'timeout',
        'workers',
    )  # fmt: skip

    found = []
    for is_development in (False, True):
        server = GunicornServer(Launch(is_development=is_development))
        assert server.is_first_load is True
        found.append({name: getattr(server.cfg, name) for name in names})
    production, development = found

    assert production == {
        'access_log_format': FORMAT, 'accesslog': None,
        'bind': ['127.0.0.1:8000'], 'client_timeout': 20,
        'control_socket_disable': True, 'default_proc_name': 'runapistar', 'drain': 0,
        'errorlog': '-', 'forwarder_headers': [], 'graceful_timeout': 30, 'keepalive': 5,
        'loglevel': 'info', 'max_requests': 10_000, 'max_requests_jitter': 1_000,
        'preload_app': False, 'reload': False, 'threads': 19, 'timeout': 30, 'workers': 5,
    }  # fmt: skip
    assert development == {
        **production, 'access_log_format': DEVELOPMENT_FORMAT, 'accesslog': '-',
        'graceful_timeout': 5, 'loglevel': 'warning',
        'max_requests': 0, 'max_requests_jitter': 0, 'threads': 16, 'timeout': 0, 'workers': 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ('arguments', 'workers', 'module'),
    [
        ([], '5 gthread workers with 19 threads each', OURS),
        (['--worker-class', 'sync'], '5 sync workers', 'gunicorn.workers.sync'),
        (
            ['--worker-class', 'sync', '--threads', '2', '--client-timeout', '9'],
            '5 gthread workers with 2 threads each', OURS,
        ),
        (
            ['--worker-class', 'gunicorn.workers.gthread.ThreadWorker', '--workers', '1'],
            '1 gthread worker with 32 threads', OURS,
        ),
    ],
)  # fmt: skip
def test_workers_of_each_class(
    configure: Callable[..., GunicornServer],
    arguments: list[str],
    workers: str,
    module: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`private_names`"""
    monkeypatch.setattr('django_apistar.server.defaults.count_cores', lambda: 2)
    monkeypatch.delenv('WEB_CONCURRENCY', raising=False)

    server = configure(*arguments)

    assert server.format_workers() == f'gunicorn {gunicorn.__version__}, {workers}'
    assert server.cfg.worker_class.__module__ == module
    assert server.scheme == 'http'
    assert server.complaints == []
    assert not server.uses_gevent


def test_a_trial_of_the_configuration_says_so(configure: Callable[..., GunicornServer]) -> None:
    assert configure().trial_text is None
    assert configure('--check-config').trial_text == ('The configuration is in order; not started.')
    shown = str(configure('--print-config').trial_text).splitlines()
    assert [line.split()[-1] for line in shown if line.startswith('max_requests ')] == ['10000']


def test_gunicorns_help_has_whole_sentences_about_our_options(
    configure: Callable[..., GunicornServer], capsys: pytest.CaptureFixture[str]
) -> None:
    """`settings`"""
    with pytest.raises(SystemExit):
        configure('--help')

    text = ' '.join(capsys.readouterr().out.split())
    assert text.endswith(
        '--client-timeout SECONDS Seconds that a client has for a head, or may send or read '
        'nothing. [20] --drain SECONDS Seconds after SIGTERM in which READY_URL says 503 and all '
        'is served. [0]'
    )


def test_what_depends_on_other_settings(
    configure: Callable[..., GunicornServer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv('PORT', raising=False)
    found = [
        configure(*arguments.split()).cfg
        for arguments in (
            '', '--control-socket a.sock', '--control-socket a.sock --no-control-socket',
            '--bind 127.0.0.1:9', '--reload', '--env A_OF_THIS_TEST=b',
        )
    ]  # fmt: skip
    reloading = GunicornServer(Launch(arguments=['--reload'], is_reloading=True)).cfg

    assert [cfg.control_socket_disable for cfg in found] == [True, False, True, True, True, True]
    assert [cfg.bind for cfg in found[2:4]] == [['127.0.0.1:8000'], ['127.0.0.1:9']]
    assert [cfg.reload for cfg in (found[0], found[4], reloading)] == [False, True, False]
    assert os.environ.pop('A_OF_THIS_TEST') == 'b'


def test_folders_are_those_of_modules_and_the_current_one(
    configure: Callable[..., GunicornServer], tmp_path: Path
) -> None:
    (tmp_path / 'here').mkdir()
    before = list(sys.path)
    known = before[-1]
    configure('--pythonpath', f'a,,{known},b', '--chdir', 'here')

    here = tmp_path / 'here'
    assert sys.path == [*map(str, (here, here / 'b', here / 'a')), *before]
    assert Path.cwd() == here


def test_numbers_of_the_command_line_are_seconds(
    configure: Callable[..., GunicornServer],
) -> None:
    """`settings`: of options that gunicorn lacks."""
    given = configure('--client-timeout', '1', '--drain', '0').cfg
    assert (given.client_timeout, given.drain) == (1, 0)
    given = configure('--client-timeout', '3600', '--drain', '3600').cfg
    assert (given.client_timeout, given.drain) == (3600, 3600)
    given = configure(config='client_timeout = "7"').cfg
    assert given.client_timeout == 7


# Jitter


@pytest.mark.parametrize(
    ('arguments', 'config', 'variable', 'jitter'),
    [
        ([], '', '', 1000),
        (['--max-requests', '5'], '', '', 0),
        (['--max-requests', '200'], '', '', 20),
        ([], 'max_requests = 200', '', 20),
        ([], '', '--max-requests 200', 20),
        ([], 'max_requests = 0', '', 0),
        (['--max-requests', '200', '--max-requests-jitter', '7'], '', '', 7),
        (['--max-requests', '200'], 'max_requests_jitter = 7', '', 7),
        (['--max-requests', '200'], '', '--max-requests-jitter 0', 0),
    ],
)
def test_jitter_is_a_tenth_of_the_requests_that_were_chosen(
    configure: Callable[..., GunicornServer],
    arguments: list[str],
    config: str,
    variable: str,
    jitter: int,
) -> None:
    configured = configure(*arguments, config=config, GUNICORN_CMD_ARGS=variable)

    assert configured.cfg.max_requests_jitter == jitter


def test_worker_is_replaced_after_the_requests_that_the_option_says(migrated: Project) -> None:
    with migrated.serve('--workers', '1', '--max-requests', '5') as server:
        pids = [server.get('/process/').json()['pid'] for _ in range(30)]

    # A worker that is replaced answers what is in the backlog, until the next one is there.
    assert pids[:4] == pids[:1] * 4  # one request has seen that the server is there
    assert 3 <= len(set(pids)) <= 7


# Statistics


class Statistics:
    """A statsd server of our own."""

    def __init__(self) -> None:
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.socket.settimeout(0.3)
        self.address = f'127.0.0.1:{self.socket.getsockname()[1]}'

    def read(self, last: str) -> list[str]:
        """Return the packets, with a time as 0, once one has the text *last* and none follows."""
        packets: list[str] = []
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                packets.append(self.socket.recv(1000).decode())
            except TimeoutError:
                if any(last in packet for packet in packets):
                    break
        return [re.sub(r':[\d.]+\|ms', ':0|ms', packet) for packet in packets]


@pytest.fixture
def statistics() -> Iterator[Statistics]:
    opened = Statistics()
    yield opened
    opened.socket.close()


def test_statistics_are_those_of_gunicorn(migrated: Project, statistics: Statistics) -> None:
    options = ['--statsd-host', statistics.address, '--statsd-prefix', 'shop', '--dogstatsd-tags',
               'a:b']  # fmt: skip

    with migrated.serve('--workers', '1', '--', *options) as server:
        statistics.read('.status.200')
        server.get('/hello/')
        server.get('/nowhere/')
        ours = statistics.read('.status.404')
    with serve_with_gunicorn(migrated, *options) as url:
        statistics.read('.status.200')
        requests.get(f'{url}/hello/', timeout=30)
        requests.get(f'{url}/nowhere/', timeout=30)
        stock = statistics.read('.status.404')

    assert sorted(ours) == sorted(stock)
    assert 'shop.gunicorn.request.status.404:1|c|@1.0|#a:b' in ours
    assert len(ours) == 6


@contextlib.contextmanager
def serve_with_gunicorn(project: Project, *options: str) -> Iterator[str]:
    """Serve the project with gunicorn's own command, its own worker, and *options*."""
    port = free_port()
    command = [
        str(project.write('stock.py', 'from gunicorn.app.wsgiapp import run\nrun()')),
        '--worker-class', 'gthread', '--threads', '2', '--bind', f'127.0.0.1:{port}',
        '--log-level', 'warning', '--no-control-socket', *options, 'django_apistar.wsgi',
    ]  # fmt: skip
    environment = project.environment(DJANGO_SETTINGS_MODULE='shop.settings')
    with tempfile.TemporaryDirectory() as folder:
        gunicorn = FORK_SERVER.start(command, project.directory, environment, Path(folder))
        url = f'http://127.0.0.1:{port}'
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f'{url}/hello/', timeout=30)
                break
            time.sleep(0.05)
        yield url
        gunicorn.send_signal(signal.SIGTERM)
        gunicorn.wait(STOP_S)


@pytest.mark.parametrize(
    ('arguments', 'config', 'variable', 'sends'),
    [
        ([], '', '', False),
        (['--statsd-host', 'localhost:8125'], '', '', True),
        ([], "statsd_host = 'localhost:8125'", '', True),
        ([], '', '--statsd-host localhost:8125', True),
        (['--logger-class', 'gunicorn.glogging.Logger', '--statsd-host', 'a:1'], '', '', True),
        (['--logger-class', 'logging.Logger', '--statsd-host', 'a:1'], '', '', False),
    ],
)
def test_logger_that_sends_statistics(
    configure: Callable[..., GunicornServer],
    arguments: list[str],
    config: str,
    variable: str,
    sends: bool,
) -> None:
    configured = configure(*arguments, config=config, GUNICORN_CMD_ARGS=variable)

    bases = {f'{base.__module__}.{base.__name__}' for base in configured.cfg.logger_class.__mro__}
    assert ('gunicorn.instrument.statsd.Statsd' in bases) is sends
    is_ours = '--logger-class' not in arguments
    assert ('django_apistar.server.access_log.AccessLogger' in bases) is is_ours


# Logs


@pytest.mark.parametrize(
    ('config', 'accesslog'),
    [
        ('', '-'), ("accesslog = 'a.log'", 'a.log'), ("logconfig = 'gunicorn.conf.py'", None),
        ("logconfig_json = 'gunicorn.conf.py'", None), ("logconfig_dict = {'version': 1}", None),
        ('syslog = True', None),
    ],
)  # fmt: skip
def test_lines_of_json_go_to_stdout_unless_the_configuration_says_where(
    configure: Callable[..., GunicornServer],
    config: str,
    accesslog: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`access_log`"""
    monkeypatch.setenv(NOTE_ROUTES, '')
    found = configure('--access-logformat', 'json', config=config).cfg

    assert (found.accesslog, found.access_log_format) == (accesslog, JSON_FORMAT)
    assert os.environ[NOTE_ROUTES] == '1'


def test_syslog_gets_both_logs(migrated: Project, statistics: Statistics) -> None:
    options = ['--log-syslog', '--log-syslog-to', f'udp://{statistics.address}',
               '--log-syslog-prefix', 'shop']  # fmt: skip
    with migrated.serve('--workers', '1', '--', *options) as server:
        server.get('/hello/', headers={'User-Agent': 'test'})
        lines = statistics.read('"test" apistar')

    assert any('gunicorn.shop.error' in line and 'Listening at' in line for line in lines)
    assert any('gunicorn.shop.access' in line and '"test" apistar' in line for line in lines)


def test_log_configuration_is_honoured(project: Project, tmp_path: Path) -> None:
    file = tmp_path / 'access.log'
    project.write(
        'gunicorn.conf.py',
        f"""
        logconfig_dict = {{
            'handlers': {{
                'console': {{'class': 'logging.StreamHandler', 'formatter': 'generic'}},
                'error_console': {{'class': 'logging.StreamHandler', 'formatter': 'generic'}},
                'file': {{'class': 'logging.FileHandler', 'filename': {str(file)!r}}},
            }},
            'loggers': {{'gunicorn.access': {{'level': 'INFO', 'handlers': ['file']}}}},
        }}
        access_log_format = '%(m)s %({{authorization}}i)s %({{django_apistar.framework}}e)s'
        """,
    )
    with project.serve('--workers', '1') as server:
        server.get('/hello/', headers={'Authorization': 'Basic dTpw'})

    assert set(file.read_text().splitlines()) == {'GET - apistar'}


# Hooks

HOOKS = """
    import os

    def note(name):
        with open(os.environ['NOTES'], 'a') as notes:
            notes.write(f'{name}\\n')

    def on_starting(server): note('on_starting')
    def on_reload(server): note('on_reload')
    def when_ready(server): note('when_ready')
    def pre_fork(server, worker): note('pre_fork')
    def post_fork(server, worker): note('post_fork')
    def post_worker_init(worker): note('post_worker_init')
    def worker_int(worker): note('worker_int')
    def child_exit(server, worker): note('child_exit')
    def worker_exit(server, worker): note('worker_exit')
    def nworkers_changed(server, new, old): note(f'nworkers_changed {new} {old}')
    def on_exit(server): note('on_exit')

    def pre_request(worker, req):
        if req.path == '/nowhere/': note('pre_request')

    def post_request(worker, req, environ, resp):
        if req.path == '/nowhere/': note('post_request ' + resp.status)
"""


def test_hooks_are_called_as_gunicorn_calls_them(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project.write('hooks.py', HOOKS)
    ours, stock = tmp_path / 'ours', tmp_path / 'stock'

    with project.serve('--workers', '1', '--config', str(file), NOTES=str(ours)) as server:
        server.get('/nowhere/')
        reload(server.pid, ours)
    monkeypatch.setenv('NOTES', str(stock))
    with serve_with_gunicorn(project, '--config', str(file)) as url:
        requests.get(f'{url}/nowhere/', timeout=30)
        reload(requests.get(f'{url}/process/', timeout=30).json()['parent'], stock)

    assert sorted(ours.read_text().splitlines()) == sorted(stock.read_text().splitlines())
    called = set(ours.read_text().splitlines())
    assert {'pre_request', 'post_request 404 Not Found', 'on_exit'} < called


def reload(master: int, notes: Path) -> None:
    """Have *master* start another worker, and wait for the end of the one before."""
    os.kill(master, signal.SIGHUP)
    deadline = time.monotonic() + START_S
    while 'child_exit' not in notes.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)


# Folders, environment, reload, daemon, control socket


def test_folders_and_variables_reach_the_code_and_survive_a_reload(
    project: Project, tmp_path: Path
) -> None:
    project.write('elsewhere/extra.py', "NAME = 'extra'")
    project.write('here/marker.txt', 'marker')
    certificate(project.directory / 'here')
    project.append(
        'shop/routes.py',
        """
        import extra
        VARIABLE = os.environ['VARIABLE']


        def place() -> dict:
            return {'folder': os.path.basename(os.getcwd()), 'extra': extra.NAME, 'env': VARIABLE}


        routes.append(Route('/place/', 'GET', place))
        """,
    )
    with project.serve(
        '--workers', '1', '--certfile', 'cert.pem', '--', '--pythonpath', '../elsewhere', '--chdir',
        'here', '--env', 'VARIABLE=given',
    ) as server:  # fmt: skip
        wanted = {'folder': 'here', 'extra': 'extra', 'env': 'given'}
        pem = str(project.directory / 'here/cert.pem')
        first = server.get('/process/', verify=pem).json()
        assert server.get('/place/', verify=pem).json() == wanted

        server.send(signal.SIGHUP)
        server.wait_for(
            lambda: server.get('/process/', verify=pem).json() != first, 'the new worker'
        )
        assert server.get('/place/', verify=pem).json() == wanted
    assert server.returncode == 0


def test_gunicorns_reloader_works_in_production(project: Project) -> None:
    def shows_edit() -> bool:
        project.write('shop/greeting.py', "MESSAGE = 'edited'")  # again: the watch may begin late
        return server.get('/hello/').json() == {'message': 'edited'}

    with project.serve('--workers', '1', '--', '--reload', '--reload-engine', 'poll') as server:
        server.wait_for(shows_edit, 'the edit', interval_s=1)


def test_daemon_serves_and_stops(migrated: Project, tmp_path: Path) -> None:
    port, pid_file = free_port(), tmp_path / 'web.pid'

    command = migrated.command(
        'runapistar', str(port), '--workers', '1', '--pid', str(pid_file), '--', '--daemon',
        '--error-logfile', str(tmp_path / 'error.log'),
    )  # fmt: skip
    deadline = time.monotonic() + START_S
    # Its end is that of its session, which a daemon leaves a moment after the status is there.
    with Process(migrated, command, {}) as process:
        status = process.wait(START_S)
        while not pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
    pid = int(pid_file.read_text())
    try:
        answer = requests.get(f'http://127.0.0.1:{port}/process/', timeout=30).json()
    finally:
        os.kill(pid, signal.SIGTERM)
    while pid_file.exists() and time.monotonic() < deadline:
        time.sleep(0.02)

    assert (status, answer['parent']) == (0, pid)
    assert not pid_file.exists()


def test_control_socket_is_opened_where_it_is_named(migrated: Project, tmp_path: Path) -> None:
    control = tmp_path / 'control'
    with migrated.serve('--workers', '1', '--', '--control-socket', str(control)) as server:
        server.wait_for(control.is_socket, 'the control socket')
        shown = subprocess.run(
            [sys.executable, '-m', 'gunicorn.ctl.cli', '--socket', str(control), '-c',
             'show workers'],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert str(server.get('/process/').json()['pid']) in shown.stdout, shown


# Refusals


@pytest.mark.parametrize(
    ('arguments', 'config', 'sentence'),
    [
        ([], "wsgi_app = 'shop.web:app'",
         ("wsgi_app is 'shop.web:app', and WSGI_APPLICATION is "
          "'django_apistar.wsgi.application'. Leave wsgi_app out, or set both to the same.")),
        (['--paste', 'a.ini'], '',
         "paste is 'a.ini'. WSGI_APPLICATION names the application. Leave it out."),
        (['--paste-global', 'a=b'], '',
         ("raw_paste_global_conf is ['a=b']. It configures a Paste application, and "
          'WSGI_APPLICATION is none.')),
        (['--worker-class', 'asgi'], '',
         "The worker class 'asgi' serves ASGI, and WSGI_APPLICATION is WSGI. Use gthread."),
        (['--worker-class', 'sync', '--client-timeout', '5'], '',
         ("The worker class 'sync' has no --client-timeout. Leave it out, or use gthread.")),
        (['--config', 'python:nope'], '',
         ('The configuration python:nope cannot be read: ModuleNotFoundError: No module named '
         "'nope'.")),
        (['shop.web:app'], '',
         ("--: ['shop.web:app'] names an application. Set WSGI_APPLICATION to it, and give options "
         'only.')),
        ([], 'threads = 0', 'threads is 0. Serving needs 1 thread or more.'),
        ([], 'client_timeout = None',
         'gunicorn.conf.py: client_timeout is None. Give a number of seconds.'),
        (['--http-parser', 'fast'], '',
         "http_parser is 'fast', and gunicorn_h1c is not installed. Install it."),
        (['--log-config', 'no.ini'], '', "logconfig is 'no.ini', which is not a file."),
        (['--log-config-json', 'no.json'], '', "logconfig_json is 'no.json', which is not a file."),
        (['--worker-tmp-dir', '/no'], '', "worker_tmp_dir is '/no', which is not a folder."),
        (['--chdir', '/no'], '', "chdir is '/no'. can't chdir to '/no'."),
        (['--user', 'nobody-at-all'], '', "user is 'nobody-at-all'. "),
        (['--env', 'NOTHING'], '', "environment setting 'NOTHING' invalid."),
        (['--client-timeout', '0'], '', 'client_timeout is 0. Give 1 to 3,600 seconds.'),
        (['--client-timeout', '3601'], '', 'client_timeout is 3601. Give 1 to 3,600 seconds.'),
        ([], "drain = 'soon'", "gunicorn.conf.py: drain is 'soon'. Give a number of seconds."),
        (['--drain', '-1'], '', 'drain is -1. Give 0 to 3,600 seconds.'),
        (['--worker-class', 'nowhere.Worker'], '',
         ("The worker class 'nowhere.Worker' cannot be loaded: ModuleNotFoundError: No module "
          "named 'nowhere'. Use gthread, sync, or one whose package is installed.")),
        (['--worker-class', 'egg:FOX'], '',
         ("The worker class 'egg:FOX' cannot be loaded: importlib.metadata.PackageNotFoundError: "
          'No package metadata was found for FOX. Use gthread, sync, or one whose package is '
          'installed.')),
        (['--worker-class', 'gunicorn.workers.gthread.ThreadWorkr'], '',
         ("The worker class 'gunicorn.workers.gthread.ThreadWorkr' is no class. Use gthread, sync, "
          'or one whose package is installed.')),
        ([], "worker_class = 'os.getcwd'", "The worker class 'os.getcwd' is no class. "),
        (['--access-logformat', 'json', '--logger-class', 'gunicorn.glogging.Logger'], '',
         ("The logger 'Logger' writes no JSON. Leave --access-log-format json out, or "
          'logger_class.')),
        (['--keyfile', 'a.key'], '', 'The key a.key has no certificate. Give --certfile too.'),
    ],
)  # fmt: skip
def test_setting_that_cannot_be_honoured_is_refused_by_name(
    configure: Callable[..., GunicornServer], arguments: list[str], config: str, sentence: str
) -> None:
    with pytest.raises(ServerError) as caught:
        configure(*arguments, config=config)

    assert str(caught.value).startswith(sentence)


def test_http2_without_its_package_is_refused(
    configure: Callable[..., GunicornServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('gunicorn.http2._h2_available', False)
    with pytest.raises(ServerError) as caught:
        configure('--http-protocols', 'h2,h1')

    sentence = 'http_protocols includes h2 but the h2 package is not installed. '
    assert str(caught.value).startswith(sentence)


def test_application_of_gunicorns_configuration_may_be_ours(
    configure: Callable[..., GunicornServer],
) -> None:
    configure(config="wsgi_app = 'django_apistar.wsgi'")
    configure(config="wsgi_app = 'django_apistar.wsgi:application'")


@pytest.mark.parametrize(
    ('option', 'value', 'sentence'),
    [
        ('--ca-certs', '/no.pem',
         "ca_certs is '/no.pem', which cannot be used: No such file or directory."),
        ('--ciphers', 'NONE-AT-ALL',
         "ciphers is 'NONE-AT-ALL', which names none that OpenSSL has."),
    ],
)  # fmt: skip
def test_tls_setting_that_is_wrong(
    configure: Callable[..., GunicornServer], tmp_path: Path, option: str, value: str, sentence: str
) -> None:
    pem = str(certificate(tmp_path))

    with pytest.raises(ServerError) as caught:
        configure('--certfile', pem, option, value)

    assert str(caught.value) == sentence


@pytest.mark.parametrize(('name', 'own'), [('user', 1000), ('group', 1001)])
def test_another_user_needs_root(
    configure: Callable[..., GunicornServer], monkeypatch: pytest.MonkeyPatch, name: str, own: int
) -> None:
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    monkeypatch.setattr(os, 'getegid', lambda: 1001)

    both = ['--user', '1000', '--group', '1001']

    configure(*both)
    with pytest.raises(ServerError) as caught:
        configure(*both, f'--{name}', '33')

    assert str(caught.value) == (
        f'{name} is 33, and this process is {own}. Only root can serve as another: leave it out.'
    )
