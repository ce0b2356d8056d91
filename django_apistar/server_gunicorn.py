"""gunicorn as the command runs it: its configuration in layers, its arbiter, its worker."""

from __future__ import annotations

import importlib
import os
import runpy
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from django.core.exceptions import ImproperlyConfigured
from gunicorn import debug as gunicorn_debug
from gunicorn import sock, systemd, util
from gunicorn.app.base import Application
from gunicorn.arbiter import Arbiter
from gunicorn.errors import AppImportError, HaltServer

from django_apistar import access_log, listeners, server_settings
from django_apistar.server import (
    Launch,
    ServerError,
    accept_signals,
    check_certificate,
    check_log_file,
    check_pid_file,
    check_workers,
    count_threads,
    count_workers,
    default_address,
    format_error,
    is_loadable,
    load_application,
    load_or_explain,
)
from django_apistar.workers import DevelopmentWorker, Worker

CONFIG_FILE = 'gunicorn.conf.py'

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)

_PRODUCTION = {
    'access_log_format': access_log.FORMAT,
    'logger_class': access_log.AccessLogger,
    'control_socket_disable': True,
    # A client's SCRIPT_NAME would go through a proxy that only knows of paths, and past its rules.
    'forwarder_headers': '',
    'worker_class': 'gthread',
    'timeout': 30,
    'graceful_timeout': 30,
    'keepalive': 5,
    'max_requests': 10_000,
    'max_requests_jitter': 1_000,
    'default_proc_name': 'runapistar',
}
_DEVELOPMENT = {
    **_PRODUCTION,
    'access_log_format': access_log.DEVELOPMENT_FORMAT,
    'accesslog': '-',
    'loglevel': 'warning',
    'timeout': 0,  # a breakpoint may last
    'graceful_timeout': 5,
    'max_requests': 0,
    'max_requests_jitter': 0,
}


class GunicornServer(Application):
    """gunicorn's application: `load_config` fills `cfg`, `load` runs in each worker."""

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self.is_first_load = True
        self.chosen: set[str] = set()  # settings that something else than a default decides
        super().__init__(prog='runapistar')

    # Configuration

    def do_load_config(self) -> None:
        """Build `cfg`. Raises ServerError, where gunicorn would print and exit."""
        self.chosen = set()
        self.load_default_config()
        try:
            self.load_config()
            if hasattr(self.cfg, 'validate'):  # gunicorn 26 has none
                self.cfg.validate()
        except RuntimeError as exc:
            raise ServerError(f'{str(exc).rstrip(".")}.') from exc

    def load_config(self) -> None:
        """Apply the layers, the weaker ones first."""
        os.chdir(self.launch.directory)
        is_development = self.launch.debug
        self._apply(_DEVELOPMENT if is_development else _PRODUCTION)
        self.cfg.set('workers', count_workers(is_development))
        self.chosen.clear()
        from_environment = self._parse(_environment_arguments(), 'GUNICORN_CMD_ARGS')
        from_arguments = self._parse(self.launch.arguments, '--')
        config = (
            from_arguments.pop('config', None)
            or self.launch.config
            or from_environment.pop('config', None)
        )
        if config or (Path(CONFIG_FILE).exists() and not is_development):
            self._apply(read_config(config or CONFIG_FILE), f'{config or CONFIG_FILE}: ')
        self._apply(from_environment, 'GUNICORN_CMD_ARGS: ')
        self._apply(self.launch.settings)
        self._apply(from_arguments)
        self._complete()

    def _apply(self, values: dict[str, Any], source: str = '') -> None:
        for name, value in values.items():
            if name not in self.cfg.settings:
                continue  # a configuration file may hold its own variables
            try:
                self.cfg.set(name, value)
            except (TypeError, ValueError, AttributeError) as exc:
                reason = f'{str(exc).rstrip(".")}.'
                raise ServerError(f'{source}{name} is {value!r}. {reason}') from exc
            self.chosen.add(name)

    def _parse(self, arguments: list[str], source: str) -> dict[str, Any]:
        parser = self.cfg.parser()
        parser.error = _refuse_arguments(source)
        parsed = vars(parser.parse_args(arguments))
        if parsed.pop('args'):
            raise ServerError(
                f'{source}: {arguments!r} names an application. '
                'Set WSGI_APPLICATION to it, and give options only.'
            )
        return {name: value for name, value in parsed.items() if value is not None}

    def _complete(self) -> None:
        """Decide what depends on the other settings, and try what can be wrong with them."""
        if 'bind' not in self.chosen:
            self.cfg.set('bind', [default_address(self.launch.debug)])
        worker_class = self.cfg.settings['worker_class'].get()
        if _is_gthread(worker_class, self.cfg.threads):
            self.cfg.set('worker_class', DevelopmentWorker if self.launch.debug else Worker)
            if 'threads' not in self.chosen:
                self.cfg.set('threads', count_threads(self.cfg.workers, self.launch.debug))
        elif server_settings.ClientTimeout.name in self.chosen:
            raise ServerError(
                f'The worker class {worker_class!r} has no --client-timeout. Leave it out, or use '
                'gthread.'
            )
        check_workers(self.cfg.workers)
        if self.cfg.threads < 1:
            raise ServerError('threads is 0. Serving needs 1 thread or more.')
        try:
            self.cfg.worker_class  # noqa: B018  # imports it
        except RuntimeError as exc:
            # A traceback in brackets, whose last line is the cause.
            reason = str(exc).rstrip(' \n]').splitlines()[-1]
            raise ServerError(
                f'The worker class {worker_class!r} cannot be loaded: {reason}. '
                'Use gthread, sync, or one whose package is installed.'
            ) from exc
        check_certificate(self.cfg.certfile, self.cfg.keyfile)
        check_pid_file(self.cfg.pidfile)
        check_log_file(self.cfg.accesslog)
        check_log_file(self.cfg.errorlog)
        if 'chdir' in self.chosen:
            self.chdir()

    # Serving

    def open_listeners(self) -> list[Any]:
        """Return the listening sockets. Raises AddressError; those opened meanwhile are closed."""
        if systemd.listen_fds(unset_environment=False):
            return []  # gunicorn takes the sockets that systemd hands over
        opened: list[Any] = []
        try:
            for address in self.cfg.address:
                opened.append(listeners.open_listener(address, self.cfg))
        except listeners.AddressError:
            sock.close_sockets(opened)
            raise
        if self.cfg.reuse_port:  # then each worker opens its own
            sock.close_sockets(opened)
            return []
        return opened

    def describe_addresses(self, opened: list[Any]) -> tuple[str, ...]:
        """Return the addresses of the sockets, or those that would be opened."""
        if opened:
            return tuple(listeners.format_address(one.getsockname()) for one in opened)
        handed_over = systemd.listen_fds(unset_environment=False)
        first = systemd.SD_LISTEN_FDS_START
        addresses = range(first, first + handed_over) if handed_over else self.cfg.address
        return tuple(listeners.format_address(address) for address in addresses)

    @property
    def scheme(self) -> str:
        """The scheme of the URLs that are served."""
        return 'https' if self.cfg.is_ssl else 'http'

    @property
    def trial_text(self) -> str | None:
        """What gunicorn's own --print-config and --check-config print, instead of serving."""
        if self.cfg.print_config:
            return str(self.cfg)
        return 'The configuration is in order; not started.' if self.cfg.check_config else None

    def describe(self) -> str:
        """Return the server, its workers and threads in words."""
        from gunicorn import __version__

        workers = self.cfg.workers
        name = self.cfg.worker_class_str.rpartition('.')[2]
        name = 'gthread' if issubclass(self.cfg.worker_class, Worker) else name
        text = f'gunicorn {__version__}, {workers} {name} worker{"" if workers == 1 else "s"}'
        if name == 'gthread':
            text += f' with {self.cfg.threads} thread{"" if self.cfg.threads == 1 else "s"}'
            text += '' if workers == 1 else ' each'
        return text

    def load(self) -> Any:
        """Return the WSGI application; called in each worker, or once before with --preload."""
        if self.launch.reload:
            return self._load_watched()
        try:
            return load_or_explain()
        except ImproperlyConfigured as exc:
            raise AppImportError(format_error(exc)) from exc

    def _load_watched(self) -> Any:
        # Imported here: its modules belong to the worker, the master must not hold them.
        from django_apistar import reloader

        def load() -> Any:
            if self.is_first_load:
                return load_application()
            return reloader.load_again(self.launch.skip_checks)

        return reloader.load_watched(load, reloader.leave)

    def run(self) -> None:
        """Serve until a signal ends it. Exits with status 0, or 1 when a worker cannot start."""
        if self.cfg.daemon:
            util.daemonize(self.cfg.enable_stdio_inheritance)
        if self.cfg.pythonpath:
            sys.path[:0] = map(os.path.abspath, self.cfg.pythonpath.split(','))
        if self.cfg.spew:
            gunicorn_debug.spew()
        master = os.getpid()
        try:
            Master(self).run()
        except (AppImportError, ImproperlyConfigured) as exc:
            sys.exit(str(exc))
        except (RuntimeError, OSError, ValueError) as exc:
            raise ServerError(f'{str(exc).removeprefix("Error: ").rstrip(".")}.') from exc
        except SystemExit as exc:
            # In a worker the status tells the master that the application cannot be loaded.
            if os.getpid() == master and exc.code in (
                Arbiter.WORKER_BOOT_ERROR,
                Arbiter.APP_LOAD_ERROR,
            ):
                sys.exit(1)
            raise


class Master(Arbiter):
    """gunicorn's arbiter, with sockets bound before, and a reload that cannot fail halfway."""

    def __init__(self, app: GunicornServer) -> None:
        super().__init__(app)
        self.is_reloading = False
        self.is_stopping = False
        command = app.launch.command()
        self.START_CTX = {'args': command, 'cwd': app.launch.directory, 0: command[0]}

    def start(self) -> None:
        """Take the sockets over that were bound before this process began."""
        if 'GUNICORN_FD' not in os.environ:  # set by USR2
            self.LISTENERS = [
                listeners.adopt_listener(number, self.cfg) for number in self.app.launch.sockets
            ]
        super().start()

    def init_signals(self) -> None:
        super().init_signals()
        accept_signals()

    def signal(self, sig: int, frame: Any) -> None:
        """Queue a signal. A worker has this handler until it sets its own, and simply ends."""
        if os.getpid() == self.pid:
            super().signal(sig, frame)
        elif sig in _ENDING:
            os._exit(0)

    def spawn_worker(self) -> Any:
        """Fork a worker, which knows whether it is one of the first."""
        self.app.is_first_load = self.worker_age < self.cfg.workers
        return super().spawn_worker()

    def handle_hup(self) -> None:
        """Reload, unless the new configuration or code is broken: then the old workers stay."""
        if self._can_reload():
            super().handle_hup()
        else:
            self.log.error('Not reloaded: the workers go on with the code that they have.')

    def _can_reload(self) -> bool:
        launch = self.app.launch
        try:
            GunicornServer(launch)
        except ImproperlyConfigured as exc:
            self.log.error('%s', exc)
            return False
        if launch.reload or self.cfg.preload_app:
            return True
        return is_loadable(launch)

    def reload(self) -> None:
        """Start new workers, wait until they serve, then stop the old ones."""
        self.is_reloading = True
        try:
            super().reload()
        finally:
            self.is_reloading = False

    def stop(self, graceful: bool = True) -> None:
        """Stop the workers, when they have accepted every client that the kernel has let in."""
        self.is_stopping = True
        if graceful and self.WORKERS and self._owns_sockets():
            listeners.empty(self.LISTENERS, self.cfg.graceful_timeout)
            sock.close_sockets(self.LISTENERS, unlink=False)
            self.LISTENERS = []
        super().stop(graceful)

    def _owns_sockets(self) -> bool:
        is_alone = self.reexec_pid == self.master_pid == 0
        is_handed = self.systemd or any(isinstance(one, int) for one in self.cfg.address)
        return is_alone and not is_handed and not self.app.launch.debug

    def reap_workers(self) -> None:
        """Forget workers that have ended. While the server stops, a failed one ends nothing."""
        while True:
            try:
                super().reap_workers()
            except HaltServer:
                if not self.is_stopping:
                    raise
            else:
                return

    def manage_workers(self) -> None:
        """Spawn missing workers and stop surplus ones; during a reload, not before its time."""
        if self.is_reloading:
            self._wait_for_new_workers()
        super().manage_workers()

    def _wait_for_new_workers(self) -> None:
        # A worker's first heartbeat replaces the time at which its file was made.
        newest = sorted(self.WORKERS.values(), key=lambda worker: worker.age)[-self.num_workers :]
        made = {worker: worker.tmp.last_update() for worker in newest}
        deadline = time.monotonic() + self.cfg.graceful_timeout
        while made and time.monotonic() < deadline:
            time.sleep(0.05)
            try:
                self.reap_workers()
            except HaltServer as exc:
                self.log.error('%s The old workers go on.', exc.reason)
            alive = set(self.WORKERS.values())
            made = {
                worker: time_made
                for worker, time_made in made.items()
                if worker in alive and worker.tmp.last_update() == time_made
            }


def read_config(location: str) -> dict[str, Any]:
    """Return the variables of a gunicorn configuration: a file, 'file:PATH', 'python:MODULE'."""
    try:
        if location.startswith('python:'):
            return vars(importlib.import_module(location.removeprefix('python:')))
        return runpy.run_path(location.removeprefix('file:'))
    except FileNotFoundError as exc:
        raise ServerError(f'The configuration file {location} does not exist.') from exc
    except Exception as exc:
        raise ServerError(
            f'The configuration {location} cannot be read: {type(exc).__name__}: {exc}.'
        ) from exc


def _environment_arguments() -> list[str]:
    text = os.environ.get('GUNICORN_CMD_ARGS', '')
    try:
        return shlex.split(text)
    except ValueError as exc:
        raise ServerError(f'GUNICORN_CMD_ARGS is {text!r}. {exc}.') from exc


def _refuse_arguments(source: str) -> Any:
    def refuse(message: str) -> NoReturn:
        raise ServerError(f'{source}: {message}. `gunicorn --help` lists the options.')

    return refuse


def _is_gthread(worker_class: Any, threads: int) -> bool:
    names = {'gthread', 'gunicorn.workers.gthread.ThreadWorker'}
    return worker_class in names or (worker_class == 'sync' and threads > 1)
