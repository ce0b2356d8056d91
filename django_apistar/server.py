"""The server process: what it is told, how it starts afresh, how it loads the application."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import ssl
import subprocess
import sys
import traceback
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from django.core.exceptions import ImproperlyConfigured

from django_apistar import listeners
from django_apistar.server_names import FOOTING, GRANIAN, Part, describe_package, find_missing

DEFAULT_APPLICATION = 'django_apistar.wsgi.application'

# workers x threads stays below the 100 connections that PostgreSQL allows by default.
_CONNECTIONS = 96
WORKERS_MAX = 12
_WORKERS_LIMIT = 1000  # that anybody may ask for: more come from a slip, and take a machine down
_THREADS_MIN, _THREADS_MAX = 8, 32
_DEVELOPMENT_THREADS = 16

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)

# What runs in the fresh interpreter. sys.path first: the project may hold django_apistar itself.
# Then gevent, which must patch `ssl` before urllib3, and so API Star, has imported it.
_BOOT = """
import json, sys
launch = json.loads(sys.argv[1])
sys.path[:] = launch["path"]
if launch["gevent"]:
    from gevent import monkey
    monkey.patch_all()
from django_apistar.server import main
main(sys.argv[1])
"""


class ServerError(ImproperlyConfigured):
    """What keeps the server from starting, in one sentence with the remedy."""


@dataclasses.dataclass(frozen=True)
class Launch:
    """What the server process must know. It travels as JSON, so it holds plain values only."""

    server: str = 'gunicorn'
    application: str = DEFAULT_APPLICATION
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)  # gunicorn's names
    arguments: list[str] = dataclasses.field(default_factory=list)  # those after `--`
    config: str | None = None  # gunicorn's configuration file, absolute
    debug: bool = False
    reload: bool = False
    skip_checks: bool = False
    gevent: bool = False  # its workers run in greenlets: patch the standard library first
    verify: bool = False  # load the application and exit: the question before a reload
    sockets: list[int] = dataclasses.field(default_factory=list)  # listening descriptors
    directory: str = dataclasses.field(default_factory=os.getcwd)
    path: list[str] = dataclasses.field(default_factory=lambda: list(sys.path))

    def command(self) -> list[str]:
        """Return the arguments of a fresh interpreter that serves this launch."""
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # -W, -X
        return [sys.executable, *flags, '-c', _BOOT, json.dumps(dataclasses.asdict(self))]


def start(launch: Launch) -> None:
    """Become the server: this process is replaced and keeps its id, terminal and sockets.

    The new process has imported nothing of the project. Its workers import the code, so that
    a worker started by a reload has the code of that moment. Settings made by
    `settings.configure()` exist in this process alone, so that it must serve itself.
    """
    if not has_settings_module():
        get_server(dataclasses.replace(launch, reload=False)).run()
        return
    if launch.reload:
        # Projects ask for this name to tell the serving process from the watching one.
        os.environ['RUN_MAIN'] = 'true'
    command = launch.command()
    os.execv(command[0], command)


def has_settings_module() -> bool:
    """Return whether another process can load the project's settings."""
    from django.conf import settings

    return bool(getattr(settings, 'SETTINGS_MODULE', None))


def hold_signals() -> None:
    """Let signals wait that arrive before the server is ready for them, see `accept_signals`.

    To be called before anybody is told that there is a server.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def accept_signals() -> None:
    """Deliver the signals that `hold_signals` held back; for a server that handles them now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def main(argument: str) -> None:
    """Serve, in the fresh process. *argument* is the launch as JSON."""
    launch = Launch(**json.loads(argument))
    try:
        if launch.verify:
            accept_signals()
            check_headers(launch, load_application())
            load_urls()
        else:
            get_server(launch).run()
    except ImproperlyConfigured as exc:
        sys.exit(format_error(exc))


class Server(Protocol):
    """What the command asks of gunicorn and of granian."""

    @property
    def scheme(self) -> str:
        """The scheme of the URLs that are served."""

    @property
    def trial_text(self) -> str | None:
        """What to print instead of serving, when the options ask for that."""

    @property
    def complaints(self) -> list[str]:
        """What does not hold with this release of the server, in sentences."""

    @property
    def uses_gevent(self) -> bool:
        """Whether its workers need gevent's patches of the standard library."""

    def open_listeners(self) -> list[Any]:
        """Return listening sockets, bound now. Raises AddressError."""

    def describe_addresses(self, opened: list[Any]) -> tuple[str, ...]:
        """Return the addresses of the sockets, or those that would be opened."""

    def describe(self) -> str:
        """Return the server, its workers and its threads in words."""

    def run(self) -> None:
        """Serve until a signal ends it."""


def get_server(launch: Launch) -> Server:
    """Return the configured server, see `Server`. Raises ServerError."""
    count_workers(launch.debug)  # gunicorn's import fails for a WEB_CONCURRENCY that is no number
    _require(FOOTING)
    if launch.server == 'granian':
        if find_spec('granian') is None:
            raise ServerError(
                "granian is not installed. Install it: pip install 'django-apistar[granian]'."
            )
        _require(GRANIAN)
        from django_apistar.server_granian import GranianServer

        return GranianServer(launch)
    from django_apistar.server_gunicorn import GunicornServer

    return GunicornServer(launch)


def _require(part: Part) -> None:
    missing = find_missing(part)
    if missing:
        remedy = ', or use gunicorn' if part is GRANIAN else ''
        raise ServerError(
            f'{describe_package(part)} has no {missing} as runapistar knows it, which it needs. '
            f'Install another release{remedy}.'
        )


def count_workers(is_development: bool) -> int:
    """Return the default number of workers: one, WEB_CONCURRENCY, or by this machine's cores."""
    text = os.environ.get('WEB_CONCURRENCY')
    if text and not (text.isascii() and text.isdigit() and int(text)):
        raise ServerError(f'WEB_CONCURRENCY is {text!r}. Set it to a number of workers, 1 or more.')
    if is_development:
        return 1
    if text:
        return int(text)
    return min(2 * count_cores() + 1, WORKERS_MAX)


def check_workers(workers: int) -> None:
    """Raise ServerError where the number of processes cannot be meant."""
    if workers < 1:
        raise ServerError(f'workers is {workers}. Serving needs 1 worker or more.')
    if workers > _WORKERS_LIMIT:
        raise ServerError(
            f'workers is {workers}. Give {_WORKERS_LIMIT} or fewer: each is a process.'
        )


def count_cores() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count_threads(workers: int, is_development: bool) -> int:
    """Return the default number of threads of each of *workers*."""
    if is_development:
        return _DEVELOPMENT_THREADS
    return max(_THREADS_MIN, min(_CONNECTIONS // max(workers, 1), _THREADS_MAX))


def default_address(is_development: bool) -> str:
    """Return the address to serve on when nothing names one: in production PORT is honoured."""
    port = os.environ.get('PORT')
    if port and not is_development:
        return listeners.parse_address(f'0.0.0.0:{port}')
    return f'127.0.0.1:{listeners.DEFAULT_PORT}'


def format_error(exc: BaseException) -> str:
    """Return the sentences of *exc*, each as a line that begins with the command's name."""
    return '\n'.join(f'runapistar: {line}' for line in str(exc).splitlines())


def check_certificate(certfile: str | None, keyfile: str | None) -> None:
    """Raise ServerError when the files cannot serve https."""
    if keyfile and not certfile:
        raise ServerError(f'The key {keyfile} has no certificate. Give --certfile too.')
    for file in (certfile, keyfile):
        if file and not Path(file).exists():
            raise ServerError(f'The file {file} of --certfile or --keyfile does not exist.')
    if certfile:
        try:
            # An empty password: OpenSSL would ask the terminal for that of the key.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certfile, keyfile, '')
        except OSError as exc:
            raise ServerError(
                f'The certificate {certfile} cannot be used: {exc.strerror or exc}. '
                'Give the PEM file of a certificate, and its key by --keyfile.'
            ) from exc


def check_pid_file(file: str | None) -> None:
    """Raise ServerError when *file* cannot be written, or is that of a server which runs."""
    if not file or 'GUNICORN_PID' in os.environ:  # set by USR2, when two masters run
        return
    if not Path(file).parent.is_dir():
        raise ServerError(f'The pid file {file} cannot be written: its folder does not exist.')
    try:
        pid = int(Path(file).read_text())
        os.kill(pid, 0)
    except (OSError, ValueError, OverflowError):
        return
    if pid != os.getpid():
        raise ServerError(
            f'The pid file {file} is that of process {pid}, which runs. '
            'Stop it, or remove the file.'
        )


def check_log_file(file: str | None) -> None:
    """Raise ServerError when the log *file* cannot be opened; '-' is a standard stream."""
    if not file or file == '-':
        return
    try:
        Path(file).open('a').close()
    except OSError as exc:
        raise ServerError(f'The log {file} cannot be written: {exc.strerror}.') from exc


# Loading the project


def is_loadable(launch: Launch) -> bool:
    """Return whether the project's code can be loaded now; a fresh process tries, and complains."""
    trial = dataclasses.replace(launch, verify=True, path=list(sys.path))
    return subprocess.run(trial.command(), stdin=subprocess.DEVNULL).returncode == 0


def load_application() -> Any:
    """Set Django up and return the WSGI callable that WSGI_APPLICATION names.

    Raises ImproperlyConfigured for a mistake in the settings, and whatever the code raises.
    """
    import django
    from django.conf import settings
    from django.db import connections
    from django.utils.module_loading import import_string

    django.setup()
    name = settings.WSGI_APPLICATION or DEFAULT_APPLICATION
    try:
        return bind(import_string(name))
    except ImportError as exc:
        if is_missing(exc, name):
            raise ServerError(
                f'WSGI_APPLICATION is {name!r}, which cannot be imported: {exc}. '
                f'Set it to {DEFAULT_APPLICATION!r}.'
            ) from exc
        raise
    finally:
        # A connection opened while loading must not be shared by forked workers.
        connections.close_all()


def bind(application: Any) -> Any:
    """Return the call of *application* where it is ours: to call an object, Python looks it up."""
    from django_apistar.dispatch import Dispatcher

    return application.__call__ if isinstance(application, Dispatcher) else application


def check_headers(launch: Launch, application: Any) -> None:
    """Raise ServerError where a client can send what *application* trusts a proxy to send."""
    if launch.server == 'granian':
        from django_apistar import trusted_headers

        reason = trusted_headers.explain(application, 'granian')
        if reason:
            raise ServerError(reason)


def load_urls() -> None:
    """Import the URLconf, as Django's first request would."""
    from django.conf import settings
    from django.urls import get_resolver

    if getattr(settings, 'ROOT_URLCONF', None):
        get_resolver().url_patterns  # noqa: B018  # imports it


def is_missing(exc: ImportError, name: str) -> bool:
    """Return whether *name* itself is missing, and not something that its module imports."""
    missing = getattr(exc, 'name', None)
    return missing is None or f'{name}.'.startswith(f'{missing}.')


def load_or_explain() -> Any:
    """Load for a production worker: raises ServerError, after the traceback of faulty code."""
    try:
        return load_application()
    except ImproperlyConfigured:
        raise
    except (Exception, SystemExit) as exc:
        traceback.print_exc()
        raise ServerError(
            f'The application cannot be loaded: {type(exc).__name__}: {exc}.'
        ) from exc
