"""gunicorn's threaded worker, repaired: it loses no client when it stops."""

from __future__ import annotations

import os
import time
from typing import Any, NoReturn

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):
    """gunicorn's threaded worker that, when it stops, serves whom the kernel has let in."""

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            self._empty_backlog()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Leave; at once while the application is loaded, which may catch SystemExit."""
        if not self.booted:
            os._exit(0)
        # From the loop: it takes a lock of the thread pool, which this thread may hold just now.
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


class DevelopmentWorker(Worker):
    """A worker that leaves quickly, so that Ctrl-C and an edit show at once."""

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(min(deadline, time.monotonic() + 0.2))

    def handle_quit(self, sig: int, frame: Any) -> NoReturn:
        """Leave without waiting for requests: a browser may hold a connection for long."""
        os._exit(0)
