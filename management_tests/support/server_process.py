"""Temporary projects, served by `manage.py runapistar` in a process of their own.

project = Project(tmp_path)
with project.serve('--workers', '2') as server:
    assert server.get('/hello/').json() == {'message': 'hello'}
assert server.returncode == 0
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import itertools
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from management_tests.support.fork_server import OF_PYTHON, Fork, ForkServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

REPOSITORY = Path(__file__).resolve().parents[2]
FORK_SERVER = ForkServer()
START_S = RUN_S = 120.0  # only what hangs takes so long, however busy the machine is
STOP_S = 30.0

SETTINGS = """
    import os
    SECRET_KEY = 'a-secret-of-the-tests-that-is-long-enough-for-the-checks-of-django'
    DEBUG = os.environ.get('DEBUG') == '1'
    ALLOWED_HOSTS = ['*']
    ROOT_URLCONF = 'shop.urls'
    USE_TZ = True
    DATABASES = {'default': {
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': os.path.join(os.path.dirname(__file__), 'db'),
    }}
    INSTALLED_APPS = [
        'django.contrib.admin', 'django.contrib.auth', 'django.contrib.contenttypes',
        'django.contrib.messages', 'django.contrib.sessions', 'django.contrib.staticfiles',
        'django_apistar', 'shop',
    ]
    MIDDLEWARE = [
        'django.contrib.sessions.middleware.SessionMiddleware',
        'django.contrib.auth.middleware.AuthenticationMiddleware',
        'django.contrib.messages.middleware.MessageMiddleware',
    ]
    TEMPLATES = [{
        'BACKEND': 'django.template.backends.django.DjangoTemplates', 'APP_DIRS': True,
        'DIRS': [os.path.join(os.path.dirname(__file__), 'templates')],
        'OPTIONS': {'context_processors': [
            'django.template.context_processors.request',
            'django.contrib.auth.context_processors.auth',
            'django.contrib.messages.context_processors.messages',
        ]},
    }]
    STATIC_URL = '/static/'
    APISTAR_ROUTE_CONF = 'shop.routes'
    APISTAR_SETTINGS = {'ALLOWED_DJANGO_ROUTES': ('/admin/', '/page/', '/static/')}
    WSGI_APPLICATION = 'django_apistar.wsgi.application'
"""

ROUTES = """
    import os
    import time

    from apistar import Route

    from shop.greeting import MESSAGE


    def hello() -> dict:
        return {'message': MESSAGE}


    def process() -> dict:
        return {'pid': os.getpid(), 'parent': os.getppid()}


    def slow(seconds: float) -> dict:
        time.sleep(seconds)
        return {'slept': seconds}


    routes = [
        Route('/hello/', 'GET', hello),
        Route('/process/', 'GET', process),
        Route('/slow/', 'GET', slow),
    ]
"""

URLS = """
    from django.contrib import admin
    from django.shortcuts import render
    from django.urls import path

    def page(request):
        return render(request, 'page.html')

    urlpatterns = [path('admin/', admin.site.urls), path('page/', page)]
"""

MANAGE = """
    import os
    import sys

    from django.core.management import execute_from_command_line

    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')
    execute_from_command_line(sys.argv)
"""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on, each time another.

    Each of pytest's workers has ports of its own, below those that systems give to clients.
    """
    while True:
        port = next(_ports)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(('127.0.0.1', port))
            return port


def lets_in(host: str, port: int) -> bool:
    """Return whether the kernel takes a connection for a server, which it does at once."""
    try:
        socket.create_connection((host, port), timeout=0.2).close()
    except (ConnectionRefusedError, TimeoutError):
        return False
    except ConnectionResetError:
        pass  # It was closed between the packets of the handshake: the next one is refused.
    return True


def _list_ports() -> Iterator[int]:
    number = int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw')) % 8
    first = 16000 + 2000 * number
    start = os.getpid() % 2000  # so that a run does not meet the ports of the one before
    return itertools.cycle([first + (start + n) % 2000 for n in range(2000)])


_ports = _list_ports()


def read_terminal(descriptor: int) -> str:
    """Return what is written to the terminal of *descriptor*, until nobody has it open."""
    text = b''
    try:
        while chunk := os.read(descriptor, 65536):
            text += chunk
    except OSError:
        pass  # Linux ends a terminal so.
    finally:
        os.close(descriptor)
    return text.decode()


class Project:
    """A small project in *directory*: API Star and Django routes, the admin, an empty database."""

    may_fork = True  # False where `manage.py` itself needs a fresh interpreter

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.write('manage.py', MANAGE)
        self.write('shop/__init__.py', '')
        self.write('shop/settings.py', SETTINGS)
        self.write('shop/routes.py', ROUTES)
        self.write('shop/urls.py', URLS)
        self.write('shop/greeting.py', "MESSAGE = 'hello'")
        self.write('shop/templates/page.html', 'The first page.')

    def write(self, name: str, text: str) -> Path:
        """Write the file *name*, below the project's directory, in one step."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f'.{path.name}.draft')
        draft.write_text(textwrap.dedent(text).strip() + '\n')
        draft.replace(path)
        return path

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace *old* by *new* in the file *name*."""
        text = (self.directory / name).read_text()
        assert old in text, f'{old!r} is not in {name}'
        self.write(name, text.replace(old, new))

    def append(self, name: str, text: str) -> None:
        """Add *text* to the end of the file *name*."""
        self.write(name, (self.directory / name).read_text() + textwrap.dedent(text))

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment of the project's processes."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(('DJANGO_', 'GUNICORN_', 'GRANIAN_'))
            and name not in {'PORT', 'WEB_CONCURRENCY', 'RUN_MAIN', 'NO_COLOR', 'DEBUG'}
        }
        return {**kept, 'PYTHONPATH': str(REPOSITORY), 'PYTHONDONTWRITEBYTECODE': '1', **variables}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.directory / 'manage.py'), *arguments]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` to its end."""
        with Process(self, self.command(*arguments), variables) as process:
            process.wait(RUN_S)
        return subprocess.CompletedProcess(
            arguments, process.wait(), process.stdout, process.stderr
        )

    @contextlib.contextmanager
    def serve(self, *arguments: str, address: str = '', **variables: str) -> Iterator[Server]:
        """Run `manage.py runapistar` until it answers; on leaving, stop it by SIGTERM.

        *address* is a free port by default; '' in *arguments* is not added when it is '-'. In
        production there are two workers where nothing says otherwise: each costs a second.
        """
        variables.setdefault('WEB_CONCURRENCY', '2')
        address = address or f'127.0.0.1:{free_port()}'
        given = () if address == '-' else (address,)
        with Server(self, self.command('runapistar', *given, *arguments), variables) as server:
            server.wait_until_ready(address)
            yield server


def run_in_terminal(project: Project, *command: str, **variables: str) -> tuple[int, str]:
    """Return the exit status of a command, and what it writes to the terminal that it has.

    Its Control-C is not ignored, as it is where tests run in a shell's background.
    """
    ours, theirs = pty.openpty()
    environ = project.environment(TERM='xterm', **variables)
    with tempfile.TemporaryDirectory() as folder:
        for name in ('stdout', 'stderr'):
            Path(folder, name).symlink_to(os.ttyname(theirs))
        process = _start_in_terminal(project, project.command(*command), environ, theirs, folder)
        # Until the command has the terminal open, it is ours to hold.
        while process.poll() is None and not select.select([ours], [], [], 0.01)[0]:
            pass
        os.close(theirs)
        text = read_terminal(ours)
        return process.wait(RUN_S), text


def _start_in_terminal(
    project: Project, command: list[str], environ: dict[str, str], terminal: int, folder: str
) -> Fork | subprocess.Popen[bytes]:
    if project.may_fork:
        return FORK_SERVER.start(command[1:], project.directory, environ, Path(folder))
    return subprocess.Popen(
        command, cwd=project.directory, env=environ, stdout=terminal, stderr=terminal,
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


class Process:
    """A process in the project's directory, with what it has printed so far.

    It has a session of its own, which ends with the context. `manage.py` is forked where nothing
    says how its Python starts.
    """

    def __init__(
        self,
        project: Project,
        command: list[str],
        variables: dict[str, str],
        pass_fds: tuple[int, ...] = (),
    ) -> None:
        self.project = project
        self._folder = tempfile.TemporaryDirectory()
        self._outputs = [Path(self._folder.name, name) for name in ('stdout', 'stderr')]
        for output in self._outputs:
            output.touch()
        self._printed: list[str] | None = None  # in the end
        environ = project.environment(**variables)
        is_fresh = pass_fds or any(name.startswith(OF_PYTHON) for name in variables)
        is_manage = [command[0], str(project.directory / command[1])] == project.command()
        if project.may_fork and is_manage and not is_fresh:
            folder = Path(self._folder.name)
            self.process: Fork | subprocess.Popen[bytes] = FORK_SERVER.start(
                command[1:], project.directory, environ, folder
            )
        else:
            self.process = self._open(command, environ, pass_fds)

    def _open(
        self, command: list[str], environ: dict[str, str], pass_fds: tuple[int, ...]
    ) -> subprocess.Popen[bytes]:
        with self._outputs[0].open('ab') as stdout, self._outputs[1].open('ab') as stderr:
            return subprocess.Popen(
                command,
                cwd=self.project.directory,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                pass_fds=pass_fds,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        self._printed = self._read()
        self._folder.cleanup()

    def _read(self) -> list[str]:
        return self._printed or [output.read_text(errors='replace') for output in self._outputs]

    @property
    def stdout(self) -> str:
        return self._read()[0]

    @property
    def stderr(self) -> str:
        return self._read()[1]

    @property
    def output(self) -> str:
        return f'--- stdout\n{self.stdout}--- stderr\n{self.stderr}'

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status; None while the process runs."""
        return self.process.poll()

    def wait(self, timeout_s: float | None = None) -> int:
        """Return the exit status."""
        return self.process.wait(timeout_s)


class Server(Process):
    """A running server. On leaving, it is stopped by SIGTERM where it has not ended."""

    def __init__(
        self,
        project: Project,
        command: list[str],
        variables: dict[str, str],
        pass_fds: tuple[int, ...] = (),
    ) -> None:
        super().__init__(project, command, variables, pass_fds)
        self.url = ''

    def __exit__(self, *exc_info: object) -> None:
        try:
            if self.returncode is None:
                self.stop()
        finally:
            super().__exit__(*exc_info)

    @property
    def routes(self) -> str:
        """What the banner says of the routes, all of which must be reachable."""
        found = re.search(
            r'^  Routes +(\d+ API Star routes, \d+ Django URLs, all reachable)$',
            self.stdout, re.MULTILINE,
        )  # fmt: skip
        assert found, self.output
        return found[1]

    def wait_until_ready(self, address: str) -> None:
        """Wait for the banner's last line, then for an answer at *address*."""
        self.wait_for(lambda: 'Quit with Control-C' in self.stdout, 'the banner')
        site = re.search(r'^  Site +(\S+)$', self.stdout, re.MULTILINE)
        if site and site[1].startswith('http'):
            self.url = site[1].rstrip('/').replace('//0.0.0.0', '//127.0.0.1')
            self.wait_for(lambda: self.answers('/hello/'), 'an answer')

    def wait_for(
        self, condition: Any, what: str, timeout_s: float = START_S, interval_s: float = 0.02
    ) -> None:
        """Wait until *condition()* is true, while the server runs."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if self.returncode is not None:
                raise AssertionError(
                    f'The server ended with {self.returncode} before {what}.\n{self.output}'
                )
            if time.monotonic() > deadline:
                raise AssertionError(f'No sign of {what} in {timeout_s} s.\n{self.output}')
            time.sleep(interval_s)

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        """Request *path* on a new connection."""
        kwargs.setdefault('timeout', STOP_S)
        return requests.get(self.url + path, **kwargs)

    def begin(self, path: str) -> http.client.HTTPConnection:
        """Send a request of *path* on a new connection, whose answer is to be read."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=STOP_S)
        connection.request('GET', path)
        return connection

    def answers(self, path: str) -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of a certificate that is not verified
            try:
                self.get(path, timeout=5, verify=False)
            except requests.RequestException:
                return False
        return True

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send *number* and return the exit status."""
        self.send(number)
        return self.process.wait(STOP_S)

    def children(self) -> list[int]:
        """Return the ids of the live processes of this server's session."""
        found = []
        for entry in Path('/proc').glob('[0-9]*'):
            with contextlib.suppress(OSError):
                if os.getsid(int(entry.name)) == self.pid:
                    state = (entry / 'stat').read_text().rpartition(')')[2].split()[0]
                    found += [int(entry.name)] if state != 'Z' else []
        return sorted(found)
