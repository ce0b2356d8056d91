"""gunicorn's arbiter: what SIGTERM, SIGINT and SIGHUP do. A stop and a reload lose no request."""

from __future__ import annotations

import os
import signal
import socket
import time
from typing import TYPE_CHECKING, Protocol

from django.core.exceptions import ImproperlyConfigured
from gunicorn import sock
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.sock import TCP6Socket, TCPSocket, UnixSocket

from django_apistar.compat.interrupts import end_line
from django_apistar.server import listeners
from django_apistar.server.drain import Drain
from django_apistar.server.launch import Launch, ServerError, accept_signals
from django_apistar.server.loading import is_loadable

if TYPE_CHECKING:
    from types import FrameType

    from gunicorn.config import Config
    from gunicorn.glogging import Logger
    from gunicorn.sock import BaseSocket

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


class Application(Protocol):
    """What the master needs of gunicorn's application object."""

    launch: Launch
    is_first_load: bool  # for the workers that are forked from now on

    def __init__(self, launch: Launch) -> None: ...

    @property
    def uses_gevent(self) -> bool: ...


class Master(Arbiter):
    """gunicorn's arbiter on sockets that are bound already. Its reload cannot fail halfway."""

    app: Application

    def __init__(self, app: Application) -> None:
        super().__init__(app)
        self.is_reloading = False
        self.is_stopping = False
        self.drain = Drain(self.log.info)
        command = app.launch.command()
        self.START_CTX = {'args': command, 'cwd': app.launch.directory, 0: command[0]}

    def start(self) -> None:
        """Start on the sockets that were bound before this process began."""
        if 'GUNICORN_FD' not in os.environ:  # set by USR2
            self.LISTENERS = [
                _wrap(listeners.adopt(number), self.cfg, self.log)
                for number in self.app.launch.sockets
            ]
        super().start()

    def init_signals(self) -> None:
        super().init_signals()
        accept_signals()

    def signal(self, sig: int, frame: FrameType | None) -> None:
        """Queue a signal. A worker inherits this handler until it sets its own; it ends at once."""
        if os.getpid() == self.pid:
            super().signal(sig, frame)
        elif sig in _ENDING:
            os._exit(0)

    def spawn_worker(self) -> int:
        """Fork a worker; `is_first_load` tells it whether it is one of the first."""
        self.app.is_first_load = self.worker_age < self.cfg.workers
        return super().spawn_worker()

    def handle_term(self) -> None:
        """Stop, with --drain after its seconds or by a second SIGTERM."""
        self.drain.seconds = getattr(self.cfg, 'drain', 0)
        if not self.drain.begin():
            super().handle_term()

    def handle_int(self) -> None:
        """Stop at once."""
        end_line()
        super().handle_int()

    def handle_hup(self) -> None:
        """Reload. Where the new configuration or code is broken, the old workers stay."""
        if self.drain.has_begun:
            self.log.error('Not reloaded: the server is about to stop.')
        elif self._can_reload():
            super().handle_hup()
        else:
            self.log.error('Not reloaded: the workers go on with the code that they have.')

    def _can_reload(self) -> bool:
        launch = self.app.launch
        try:
            if type(self.app)(launch).uses_gevent != launch.uses_gevent:
                raise ServerError('gevent is chosen at the start, not by a reload.')
        except ImproperlyConfigured as exc:
            self.log.error('%s', exc)
            return False
        if launch.is_reloading or self.cfg.preload_app:
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
        """Stop the workers after they have accepted the connections in the backlog."""
        self.is_stopping = True
        self.drain.end()
        if graceful and self.WORKERS and self._owns_sockets():
            listeners.drain_backlogs(self.LISTENERS, self.cfg.graceful_timeout)
            sock.close_sockets(self.LISTENERS, unlink=False)
            self.LISTENERS = []
        super().stop(graceful)

    def _owns_sockets(self) -> bool:
        is_alone = self.reexec_pid == self.master_pid == 0
        is_handed = self.systemd or any(isinstance(one, int) for one in self.cfg.address)
        return is_alone and not is_handed and not self.app.launch.is_development

    def reap_workers(self) -> None:
        """Forget the workers that have ended. In a stop one that failed does not end the rest."""
        while True:
            try:
                super().reap_workers()
            except HaltServer:
                if not self.is_stopping:
                    raise
            else:
                return

    def manage_workers(self) -> None:
        """Spawn missing workers and stop surplus ones, in a reload after the new ones serve."""
        if self.is_reloading:
            self._wait_for_new_workers()
        super().manage_workers()

    def _wait_for_new_workers(self) -> None:
        # A worker's first heartbeat changes the time of its file.
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


def _wrap(opened: socket.socket, config: Config, log: Logger) -> BaseSocket:
    """Return gunicorn's socket object for *opened*."""
    kinds = {socket.AF_UNIX: UnixSocket, socket.AF_INET6: TCP6Socket}
    kind = kinds.get(opened.family, TCPSocket)
    return kind(opened.getsockname(), config, log, fd=opened.detach())
