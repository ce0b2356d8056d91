"""gunicorn's threaded worker, which loses no client when it stops, at half the cost."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import time
from typing import TYPE_CHECKING, NoReturn

from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.body import LengthReader
from gunicorn.http.parser import RequestParser
from gunicorn.workers import gthread
from gunicorn.workers.gthread import ThreadWorker

from django_apistar.api.client_timeouts import DEFAULT_S, SlowBodyError
from django_apistar.api.server_state import server_state
from django_apistar.server.gunicorn.clients import Incomplete, Waiter, name_peer
from django_apistar.server.gunicorn.connections import LINGER_S, MOST_DRAINED, Connection, Waits
from django_apistar.server.gunicorn.messages import REQUEST_TIMEOUT, Request, Response
from django_apistar.server.gunicorn.threads import Callbacks, Outcome, ThreadPool

if TYPE_CHECKING:
    from types import FrameType

    from django_apistar.server.listeners import Address


class Worker(ThreadWorker):
    """gunicorn's threaded worker, which serves the connections in the backlog before it stops.

    A system call releases Python's lock, and its thread waits to get it back. A request makes four
    calls on its socket here, and ten with gunicorn's own worker.
    """

    tpool: ThreadPool
    method_queue: Callbacks

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.method_queue = Callbacks()

    def init_process(self) -> None:
        # gunicorn has no setting for these classes. This process runs nothing but the worker.
        RequestParser.mesg_class = Request
        vars(wsgi)['Response'] = Response
        vars(gthread)['TConn'] = self._connect
        _freeze_settings(self.cfg)
        super().init_process()

    def get_thread_pool(self) -> ThreadPool:
        return ThreadPool(self.cfg.threads, self._serve, self.method_queue)

    def run(self) -> None:
        server_state.start(self.cfg.threads)
        self.waits = Waits(self.poller)
        self.waiter = Waiter(getattr(self.cfg, 'client_timeout', DEFAULT_S), self.tpool.step_aside)
        try:
            super().run()
        finally:
            self.tpool.shutdown()  # also when SystemExit ends the loop

    def _connect(
        self, cfg: Config, accepted: socket.socket, client: Address, server: Address
    ) -> Connection:
        return Connection(cfg, accepted, client, server, self.waiter)

    def enqueue_req(self, conn: Connection) -> None:
        """Hand a connection to the threads."""
        self.tpool.put(conn)

    def _serve(self, conn: Connection) -> None:
        try:
            outcome = Outcome(self.handle(conn))
        except Incomplete as exc:
            self.method_queue.defer(self._wait_for_more, conn, exc)
            return
        except Exception as exc:
            outcome = Outcome(error=exc)
        except BaseException as exc:  # from a wrapper around the application
            outcome = Outcome(self._handle_exit(conn, exc))
        # A connection that is kept has time until a thread is idle, which could serve it again.
        tell = self.method_queue.add if outcome.value else self.method_queue.defer
        tell(self.finish_request, conn, outcome)

    def _handle_exit(self, conn: Connection, exc: BaseException) -> bool:
        """Respond with 500 to a SystemExit, for which gunicorn sends nothing; log any other.

        In the loop *exc* would end the worker, and with some statuses the master.
        """
        if isinstance(exc, SystemExit):
            self.handle_error(getattr(conn.parser, 'mesg', None), conn.sock, conn.client, exc)
        else:
            self.log.exception('Error handling request')
        return False

    def finish_request(self, conn: Connection, fs: Outcome) -> None:
        self.tpool.release()
        conn.deadline = None
        if fs.error is None and not fs.value:
            self._linger(conn)
        else:
            super().finish_request(conn, fs)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        """Return whether the connection can be used again; a body that was read is not read again.

        The rest of a body must arrive within --client-timeout. gunicorn gives it five seconds.
        """
        if not keepalive:
            return False
        body = conn.parser.mesg.body
        if isinstance(body.reader, LengthReader) and not body.reader.length:
            conn.parser.mesg = None  # so that gunicorn does not ask it before the next request
            return True
        try:
            return bool(conn.parser.finish_body(max_bytes=MOST_DRAINED))
        except SlowBodyError:
            return False

    # Connections that wait in the loop

    def _wait_for_more(self, conn: Connection, exc: Incomplete) -> None:
        """Wait for the rest of a handshake or a head, until the deadline set by the first wait."""
        self.tpool.release()
        if conn.parser is not None:
            conn.parser.req_count -= 1  # The head is read again from its beginning.
        if conn.deadline is None:
            conn.deadline = time.monotonic() + self.waiter.limit_s
        event = selectors.EVENT_WRITE if exc.wants_to_write else selectors.EVENT_READ
        self.waits.add(conn, self.enqueue_req, self._time_out, event)
        if not self.alive:
            self._cap_keepalive(time.monotonic() + LINGER_S)

    def _time_out(self, conn: Connection) -> None:
        """Close a connection whose handshake or head is not complete at its deadline."""
        if not conn.has_begun:
            self._close(conn)
            return
        client, limit_s = name_peer(conn.sock), self.waiter.limit_s
        self.log.info('%s has not sent its request within %s s: 408.', client, limit_s)
        with contextlib.suppress(OSError):
            conn.sock.send_at_once(REQUEST_TIMEOUT)
        self._linger(conn)

    def _linger(self, conn: Connection) -> None:
        """Close a connection when its client has closed it, or after LINGER_S (RFC 9112, 9.6).

        gunicorn's loop stands still for that, up to two seconds for each client.
        """
        conn.deadline = time.monotonic() + LINGER_S
        try:
            if conn.sock.gettimeout():
                conn.sock.settimeout(0)  # HTTP/2 has set one.
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
        else:
            self._drain(conn)

    def _drain(self, conn: Connection) -> None:
        if conn.is_drained():
            self._close(conn)
        else:
            self.waits.add(conn, self._drain, self._close)

    def _close(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.close()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(self.waits.cap(timeout) if self.waits else timeout)
        self.method_queue.make()

    def murder_pending(self) -> None:
        if self.waits:
            self.waits.end_late()

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(deadline)
        self.waits.hurry(deadline)

    # Stop

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            self._accept_backlog()

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """Quit; at once while the application loads, which could catch SystemExit."""
        if not self.booted:
            os._exit(0)
        # By the loop: the signal may have interrupted its work on a connection.
        self.method_queue.defer(super().handle_quit, sig, frame)

    def _accept_backlog(self) -> None:
        """Accept the connections in the backlog, then stop listening.

        gunicorn leaves them there, and they are reset when its last worker ends.
        """
        for listener in self.sockets:
            accepted = -1
            while accepted != self.nr_conns:
                accepted = self.nr_conns
                self.accept(listener)
            listener.close()


def _freeze_settings(cfg: Config) -> None:
    """Set each setting as an attribute of *cfg*: in a worker they do not change.

    gunicorn looks settings up by a call, nineteen times per request: a quarter of its own work.
    """
    # The properties of `Config` stay: Python asks them before the attributes of an instance.
    vars(cfg).update({name: setting.get() for name, setting in cfg.settings.items()})


class DevelopmentWorker(Worker):
    """A worker that quits at once, so that Ctrl-C and an edit show immediately."""

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(min(deadline, time.monotonic() + 0.2))

    def handle_quit(self, sig: int, frame: FrameType | None) -> NoReturn:
        """Quit without waiting for requests: a browser may hold a connection for long."""
        os._exit(0)
