"""The server process: what it is told, how it starts afresh, how it loads the application."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import traceback
from typing import Any, NoReturn, Protocol

from django.core.exceptions import ImproperlyConfigured

from django_apistar import listeners

DEFAULT_APPLICATION = 'django_apistar.wsgi.application'

# workers x threads stays below the 100 connections that PostgreSQL allows by default.
_CONNECTIONS = 96
_WORKERS_MAX = 12
_THREADS_MIN, _THREADS_MAX = 8, 32
_DEVELOPMENT_THREADS = 16

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)

# What runs in the fresh interpreter. sys.path first: the project may hold django_apistar itself.
_BOOT = (
    'import json, sys; sys.path[:] = json.loads(sys.argv[1])["path"]; '
    'from django_apistar.server import main; main(sys.argv[1])'
)


class ServerError(ImproperlyConfigured):
    """What keeps the server from starting, in one sentence with the remedy."""


@dataclasses.dataclass(frozen=True)
class Launch:
    """What the server process must know. It travels as JSON, so it holds plain values only."""

    server: str = 'gunicorn'
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)  # gunicorn's names
    arguments: list[str] = dataclasses.field(default_factory=list)  # those after `--`
    config: str | None = None  # gunicorn's configuration file, absolute
    debug: bool = False
    reload: bool = False
    skip_checks: bool = False
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
    from django.conf import settings

    if not getattr(settings, 'SETTINGS_MODULE', None):
        get_server(dataclasses.replace(launch, reload=False)).run()
        return
    if launch.reload:
        # Projects ask for this name to tell the serving process from the watching one.
        os.environ['RUN_MAIN'] = 'true'
    command = launch.command()
    # A signal that arrives before the server is ready for it waits, see `accept_signals`.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    os.execv(command[0], command)


def accept_signals() -> None:
    """Deliver the signals that `start` has held back; for a server that handles them now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def main(argument: str) -> None:
    """Serve, in the fresh process. *argument* is the launch as JSON."""
    launch = Launch(**json.loads(argument))
    try:
        if launch.verify:
            load_application()
        else:
            get_server(launch).run()
    except ImproperlyConfigured as exc:
        sys.exit(format_error(exc))


class Server(Protocol):
    """What the command asks of gunicorn and of granian."""

    scheme: str
    trial_text: str | None  # what to print instead of serving, when the options ask for that

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
    if launch.server == 'granian':
        from django_apistar.server_granian import GranianServer

        return GranianServer(launch)
    from django_apistar.server_gunicorn import GunicornServer

    return GunicornServer(launch)


def count_workers(is_development: bool) -> int:
    """Return the default number of workers: one, WEB_CONCURRENCY, or by this machine's cores."""
    text = os.environ.get('WEB_CONCURRENCY')
    if text and not (text.isascii() and text.isdigit() and int(text)):
        raise ServerError(f'WEB_CONCURRENCY is {text!r}. Set it to a number of workers, 1 or more.')
    if is_development:
        return 1
    if text:
        return int(text)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    return min(2 * (cores or 1) + 1, _WORKERS_MAX)


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


# Loading the project


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
        return import_string(name)
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
