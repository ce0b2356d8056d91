"""gunicorn's threaded worker: it loses no client when it stops, and costs half as much."""

from __future__ import annotations

import os
import socket
import time
from typing import Any, NoReturn

from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.body import LengthReader
from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import ThreadWorker

from django_apistar.worker_messages import Request, Response
from django_apistar.worker_threads import Callbacks, Outcome, ThreadPool


class Worker(ThreadWorker):
    """gunicorn's threaded worker that, when it stops, serves whom the kernel has let in.

    Each system call lets another thread take Python's lock, and its own has to wait for it. So
    a request costs less the fewer there are: here four on its socket where gunicorn has ten.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.method_queue = Callbacks()

    def init_process(self) -> None:
        # gunicorn has no setting for its classes; this process is the worker's alone.
        RequestParser.mesg_class, wsgi.Response = Request, Response
        _settle(self.cfg)
        super().init_process()

    def get_thread_pool(self) -> ThreadPool:
        return ThreadPool(self.cfg.threads, self._serve)

    def run(self) -> None:
        try:
            super().run()
        finally:
            self.tpool.shutdown()  # when SystemExit ends the loop, too

    def enqueue_req(self, conn: Any) -> None:
        """Hand a connection to the threads."""
        if not conn.initialized:
            conn.sock = ClientSocket.adopt(conn.sock)
        self.tpool.put(conn)

    def _serve(self, conn: Any) -> None:
        try:
            outcome = Outcome(self.handle(conn))
        except Exception as exc:
            outcome = Outcome(error=exc)
        except BaseException as exc:  # by what is wrapped around the application
            outcome = Outcome(self._survive(conn, exc))
        self.method_queue.defer(self.finish_request, conn, outcome)

    def _survive(self, conn: Any, exc: BaseException) -> bool:
        """Answer 500 to a SystemExit, before which gunicorn has sent nothing; else only log.

        Given to the loop, it would end the worker, and some a status that ends the master.
        """
        if isinstance(exc, SystemExit):
            self.handle_error(getattr(conn.parser, 'mesg', None), conn.sock, conn.client, exc)
        else:
            self.log.exception('Error handling request')
        return False

    def finish_request(self, conn: Any, fs: Any) -> None:
        self.tpool.release()
        super().finish_request(conn, fs)

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Return whether the connection can be used again; without a look at a body read whole."""
        body = conn.parser.mesg.body
        if keepalive and isinstance(body.reader, LengthReader) and not body.reader.length:
            conn.parser.mesg = None  # which gunicorn would ask before the next request
            return True
        return bool(super()._keepalive_after(conn, keepalive))

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            self._empty_backlog()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Leave; at once while the application is loaded, which may catch SystemExit."""
        if not self.booted:
            os._exit(0)
        # From the loop: a signal may come amid its work on a connection, and this ends it.
        self.method_queue.defer(super().handle_quit, sig, frame)

    def _empty_backlog(self) -> None:
        """Accept every connection that is established, and listen no longer.

        gunicorn leaves them in the backlog and resets them when the last worker ends.
        """
        for listener in self.sockets:
            accepted = -1
            while accepted != self.nr_conns:
                accepted = self.nr_conns
                self.accept(listener)
            listener.close()


def _settle(cfg: Config) -> None:
    """Make attributes of the settings, which do not change any more.

    gunicorn looks each up by a call, nineteen times a request: a quarter of its own work.
    """
    values = {name: setting.get() for name, setting in cfg.settings.items()}
    vars(cfg).update({name: value for name, value in values.items() if not hasattr(Config, name)})


class ClientSocket(socket.socket):
    """The socket of a client, which always blocks.

    gunicorn has it not block while it waits for the next request, and nobody reads. Each change
    is a system call. `settimeout` works as ever.
    """

    @classmethod
    def adopt(cls, accepted: socket.socket) -> ClientSocket:
        """Return a socket with the descriptor of *accepted*."""
        adopted = cls(accepted.family, accepted.type, accepted.proto, accepted.detach())
        adopted.settimeout(None)
        return adopted

    def setblocking(self, flag: bool) -> None:
        if flag and self.gettimeout() is not None:
            super().setblocking(True)


class DevelopmentWorker(Worker):
    """A worker that leaves quickly, so that Ctrl-C and an edit show at once."""

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(min(deadline, time.monotonic() + 0.2))

    def handle_quit(self, sig: int, frame: Any) -> NoReturn:
        """Leave without waiting for requests: a browser may hold a connection for long."""
        os._exit(0)
