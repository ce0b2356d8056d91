"""granian with the options, access log, reload and signals that runapistar has with gunicorn."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import socket
import threading
import time
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import granian
import granian.wsgi as wsgi
from granian.constants import Interfaces, SSLProtocols
from granian.errors import FatalError
from granian.http import HTTP1Settings
from granian.log import LogLevels, logger
from granian.net import SocketHolder
from granian.server.mp import MPServer
from gunicorn.config import Config
from gunicorn.glogging import Logger

from django_apistar.api import client_timeouts
from django_apistar.api.server_state import server_state
from django_apistar.compat.interrupts import end_line
from django_apistar.server import access_log, listeners
from django_apistar.server.defaults import (
    WORKERS_MAX,
    check_options,
    count_cores,
    count_threads,
    count_workers,
    default_address,
    format_workers,
)
from django_apistar.server.drain import Drain
from django_apistar.server.granian.options import parse_arguments
from django_apistar.server.launch import Launch, ServerError, accept_signals
from django_apistar.server.loading import is_loadable, load_or_exit
from django_apistar.server.private_names import LOG, explain, find_missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Options of runapistar that granian lacks.
_MISSING = {
    'worker_class': '--worker-class',
    'timeout': '--timeout',
    'max_requests': '--max-requests',
    'preload_app': '--preload',
}
_GRACEFUL_MAX_S = 86_400
_LOADING_S = 1.5  # for a new worker to load before the old one begins to drain
_LINGER_S = 2.0  # for a client to send its request on a connection that drains

# granian's own handler writes to stdout.
_LOG_HANDLERS = {
    'console': {
        'class': 'logging.StreamHandler', 'formatter': 'generic', 'stream': 'ext://sys.stderr',
    },
    'access': {
        'class': 'logging.StreamHandler', 'formatter': 'access', 'stream': 'ext://sys.stdout',
    },
}  # fmt: skip


class GranianServer:
    """granian's configuration from a launch, and the process that serves it."""

    listener: socket.socket  # of `run`

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self.trial_text: str | None = None
        self.uses_gevent = False
        self.complaints = [explain(LOG)] if find_missing(LOG) else []
        self.is_first_load = True
        self._refuse_missing_options()
        chosen, is_development = launch.settings, launch.is_development
        self.workers: int = chosen.get('workers', self._count_workers())
        self.threads: int = chosen.get('threads', self._count_threads())
        self.graceful_timeout_s: int = chosen.get('graceful_timeout', 5 if is_development else 30)
        self.client_timeout_s: int = chosen.get('client_timeout', client_timeouts.DEFAULT_S)
        self.arguments = parse_arguments(launch.arguments)
        self.drain_s: int = chosen.get('drain', 0)
        self.drain_flag: Any = None  # of the Drain, while it serves
        self.cfg = self._build_config()
        check_options(self.cfg, self.workers, self.threads, self.drain_s)
        _check_seconds('graceful_timeout', self.graceful_timeout_s, _GRACEFUL_MAX_S)
        _check_seconds('client_timeout', self.client_timeout_s, client_timeouts.MAX_S)

    def _count_workers(self) -> int:
        # More than one per core slows granian down: it waits for the clients outside Python.
        cores = min(count_cores(), WORKERS_MAX)
        asked = count_workers(self.launch.is_development)
        return asked if self.launch.is_development or os.environ.get('WEB_CONCURRENCY') else cores

    def _count_threads(self) -> int:
        return min(count_threads(self.workers, self.launch.is_development), 2 * count_cores() + 1)

    def _refuse_missing_options(self) -> None:
        chosen = self.launch.settings
        for name, option in _MISSING.items():
            if name in chosen:
                raise ServerError(f'granian has no {option}. Leave it out, or use gunicorn.')
        if self.launch.config:
            raise ServerError('--config is a file of gunicorn. Leave it out, or use gunicorn.')
        if chosen.get('keepalive'):
            raise ServerError(
                'granian has no time for --keep-alive. Give 0 for none, leave it out, or use '
                'gunicorn.'
            )
        if len(chosen.get('bind', ())) > 1:
            raise ServerError('granian serves on one address. Give one, or use gunicorn.')

    def _build_config(self) -> Config:
        """Return gunicorn's `Config`, which our listeners and our access log read."""
        chosen, is_development = self.launch.settings, self.launch.is_development
        config = Config()
        config.set('bind', chosen.get('bind', [default_address(is_development)]))
        config.set('accesslog', chosen.get('accesslog', '-' if is_development else None))
        config.set('access_log_format', chosen.get('access_log_format', 'text'))
        access_log.choose_format(config, is_development)
        for name in ('certfile', 'keyfile', 'pidfile'):
            config.set(name, chosen.get(name))
        return config

    @property
    def scheme(self) -> str:
        """The scheme of the URLs that are served."""
        return 'https' if self.cfg.is_ssl else 'http'

    def open_listeners(self) -> list[socket.socket]:
        """Return the listening socket. Raises AddressError."""
        return [listeners.open_listener(address, self.cfg) for address in self.cfg.address]

    def format_addresses(self, opened: list[socket.socket]) -> tuple[str, ...]:
        """Return the address of the socket, or the one that would be opened."""
        addresses = [one.getsockname() for one in opened] or self.cfg.address
        return tuple(listeners.format_address(address) for address in addresses)

    def format_workers(self) -> str:
        """Return the server, its workers and threads as the banner shows them."""
        release = f'granian {granian.__version__}'
        return format_workers(release, 'worker', self.workers, self.threads)

    def run(self) -> None:
        """Serve until a signal ends it. Exits with status 1 when a worker cannot start."""
        self.listener = listeners.adopt(self.launch.sockets[0])
        address = self.listener.getsockname()
        listeners.set_client_timeout(self.listener, self.client_timeout_s)
        drain = Drain(logger.info, self.drain_s)
        self.drain_flag = drain.flag
        try:
            owns_socket = not isinstance(self.cfg.address[0], int)
            options = self._options(address[:2] if isinstance(address, tuple) else address)
            master = Master(self.launch, self.listener, owns_socket, drain, **options)
            # A worker may be told to drain before it handles the signal.
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            master.on_startup(accept_signals)
            master.on_reload(functools.partial(setattr, self, 'is_first_load', False))
            master.serve(target_loader=self.load, wrap_loader=False)
        # ValueError: of a log configuration; OverflowError: of a number that Rust does not hold
        except (FatalError, ValueError, OverflowError) as exc:
            reason = ' '.join((str(exc), *getattr(exc, '__notes__', ())))
            raise ServerError(f'granian cannot start: {type(exc).__name__} {reason}.') from exc
        finally:
            if isinstance(address, str):
                Path(address).unlink(missing_ok=True)

    def _options(self, address: tuple[str, int] | str) -> dict[str, Any]:
        """Return the arguments of granian's server class."""
        chosen, is_development = self.launch.settings, self.launch.is_development
        host, port = address if isinstance(address, tuple) else (address, 0)
        certfile = self.cfg.certfile
        options: dict[str, Any] = {
            'target': 'WSGI_APPLICATION',
            'address': host,  # for granian's log
            'port': port,
            'interface': Interfaces.WSGI,
            'websockets': False,
            'workers': self.workers,
            'blocking_threads': self.threads,
            'http1_settings': HTTP1Settings(),
            'log_level': LogLevels('warning' if is_development else 'info'),
            'ssl_cert': Path(certfile) if certfile else None,
            'ssl_key': Path(self.cfg.keyfile or certfile) if certfile else None,
            'ssl_protocol_min': SSLProtocols.tls12,
            'respawn_failed_workers': True,
            'respawn_interval': 0.3 if is_development else _LOADING_S + _LINGER_S,
            'log_dictconfig': {'handlers': _LOG_HANDLERS},
            'workers_kill_timeout': self.graceful_timeout_s,
            'pid_file': Path(self.cfg.pidfile) if self.cfg.pidfile else None,
        }
        options.update(self.arguments)
        options['http1_settings'].keep_alive = chosen.get('keepalive') != 0
        options['http1_settings'].header_read_timeout = self.client_timeout_s * 1000
        return options

    def load(self) -> WSGIApplication:
        """Return the WSGI application; called in each worker."""
        threading.Thread(target=end_with_master, args=(os.getppid(),), daemon=True).start()
        server_state.drain_flag = self.drain_flag  # a spawned worker inherits none
        draining = Draining(self.listener)
        signal.signal(signal.SIGUSR1, draining.begin)
        # granian would copy the process's environment into each environ: its secrets, and variables
        # that look like headers.
        vars(wsgi)['os'] = types.SimpleNamespace(environ={})
        application = self._load_application()
        server_state.start(self.threads)
        if self.cfg.accesslog:
            log = (Logger if find_missing(LOG) else access_log.AccessLogger)(self.cfg)
            application = access_log.AccessLogged(application, log)
        draining.application = application
        return draining.respond

    def _load_application(self) -> WSGIApplication:
        if not self.launch.is_reloading:
            return load_or_exit(self.launch, 1)
        # Imported by the worker alone: the master must hold none of the modules that change.
        from django_apistar.server import reloader

        def ask_for_new_worker(watched: reloader.WatchedApplication) -> None:
            os.kill(os.getppid(), signal.SIGHUP)

        return reloader.load_watched(self.launch, self.is_first_load, ask_for_new_worker)


def _check_seconds(name: str, seconds: int, most: int) -> None:
    if not 1 <= seconds <= most:
        raise ServerError(f'{name} is {seconds}. Give 1 to {most:,} seconds with granian.')


class Master(MPServer):
    """granian's master, whose workers share one socket that was bound before it started."""

    def __init__(
        self,
        launch: Launch,
        listener: socket.socket,
        owns_socket: bool,
        drain: Drain,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.launch = launch
        self.drain = drain
        self._listener = listener
        self._owns_socket = owns_socket and not launch.is_development

    def _init_shared_socket(self) -> None:
        # On Linux granian would open a socket for each worker, and reset the connections in the
        # backlog of a worker that is replaced.
        self._listener.setblocking(False)
        self._sfd = self._listener.fileno()
        is_local = self._listener.family == socket.AF_UNIX
        self._shd = SocketHolder(self._sfd, is_local, self.backlog)
        self._sso = self._listener

    def signal_handler_interrupt(self, *args: object, **kwargs: object) -> None:
        """Stop, with --drain after its seconds. A worker that has not loaded ends at once."""
        if os.getpid() != self.pid:
            os._exit(0)
        if signal.SIGTERM in args and self.drain.begin():
            return
        if signal.SIGINT in args:
            end_line()
        self._excuse_workers()
        super().signal_handler_interrupt(*args, **kwargs)

    def _excuse_workers(self) -> None:
        """Expect that workers end: one that loads is gone, and a terminal tells them all.

        So does systemd, which stops a whole group of processes unless it is told otherwise.
        """
        for worker in self.wrks:
            worker.interrupt_by_parent = True
        self.interrupt_children.clear()  # otherwise it would exit with status 1

    def _respawn_workers(
        self, workers: Any, spawn_target: Any, target_loader: Any, delay: float = 0
    ) -> None:
        for index in workers:
            if self.interrupt_signal:
                return
            old = self.wrks[index]
            timer = threading.Timer(max(delay - _LINGER_S, 0), tell_to_drain, [old])
            timer.start()
            super()._respawn_workers([index], spawn_target, target_loader, delay)
            timer.join()

    def shutdown(self, exit_code: int = 0) -> None:
        """Stop the workers after they have accepted the connections in the backlog."""
        self.drain.end()
        if self._owns_socket and any(worker.inner.is_alive() for worker in self.wrks):
            listeners.drain_backlogs([self._listener], self.workers_kill_timeout or 0)
        super().shutdown(exit_code)

    def _stop_workers(self) -> None:
        for worker in self.wrks:
            tell_to_drain(worker)
        time.sleep(0 if self.launch.is_development else _LINGER_S)
        super()._stop_workers()

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        if self.drain.has_begun:
            self._refuse_reload('the server is about to stop')
        elif self.launch.is_reloading or is_loadable(self.launch):
            super()._reload(spawn_target, target_loader)
        else:
            self._refuse_reload('the workers go on with the code that they have')
        if self.interrupt_signal:  # granian forgets one that comes while it reloads
            self.main_loop_interrupt.set()

    def _refuse_reload(self, reason: str) -> None:
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        logger.error('Not reloaded: %s.', reason)


def end_with_master(parent: int) -> None:
    """Stop this worker when its master has died; granian's own workers would go on serving."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def tell_to_drain(worker: Any) -> None:
    """Tell a worker to close its connections, see `Draining`."""
    with contextlib.suppress(ProcessLookupError, TypeError):  # TypeError: it has no id yet
        os.kill(worker.inner.pid, signal.SIGUSR1)


class Draining:
    """Drains a worker: its WSGI application is `respond`, its signal handler `begin`.

    When granian stops, it closes idle connections at once, even where a request is on its way.
    After `begin` this worker accepts no connection and each response closes its own, so that
    none is left when granian stops.
    """

    application: WSGIApplication

    def __init__(self, listener: socket.socket) -> None:
        self.is_draining = False
        self._shared = os.fstat(listener.fileno()).st_ino
        self._family = listener.family

    def respond(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond as the application does. Python calls a method faster than an object."""
        if self.is_draining:
            return self.application(environ, functools.partial(self._close, start_response))
        return self.application(environ, start_response)

    def _close(self, start_response: Any, status: str, headers: Any, *exc_info: Any) -> Any:
        return start_response(status, [*headers, ('Connection', 'close')], *exc_info)

    def begin(self, *signal_arguments: object) -> None:
        """Accept no connection any more: replace the listening socket by one without clients."""
        if self.is_draining:
            return
        self.is_draining = True
        with open_unused(self._family) as unused:
            for number in [int(entry.name) for entry in Path('/dev/fd').iterdir()]:
                with contextlib.suppress(OSError):
                    if os.fstat(number).st_ino == self._shared:
                        os.dup2(unused.fileno(), number)


def open_unused(family: int) -> socket.socket:
    """Return a listening socket of *family* whose address no client knows."""
    unused = socket.socket(family)
    unused.setblocking(False)
    if family == socket.AF_UNIX:
        unused.bind('')  # Linux chooses a name that is no file.
    else:
        unused.bind(('::1' if family == socket.AF_INET6 else '127.0.0.1', 0))
    unused.listen(1)
    return unused
