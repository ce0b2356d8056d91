"""The lame duck: between SIGTERM and its stop a server is not ready, and serves as before."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable

from django_apistar.api.server_state import server_state


class Drain:
    """Of one server: made in the master, before it has workers."""

    def __init__(self, log: Callable[..., object], seconds: int = 0) -> None:
        """*log*: of the server's own log, for information."""
        # Shared memory and no signal: a worker may be of any class, or start meanwhile.
        self.flag = multiprocessing.RawValue(ctypes.c_bool, False)
        server_state.drain_flag = self.flag  # Processes that are forked from this one have it, too.
        self.seconds = seconds
        self._log = log
        self._is_stopping = threading.Event()

    @property
    def has_begun(self) -> bool:
        return bool(self.flag.value)

    def begin(self) -> bool:
        """Say that the server is not ready, and send it SIGTERM once more after its seconds.

        Return whether to go on until then: not with 0 seconds, and not at the second SIGTERM.
        """
        if self.has_begun or not self.seconds:
            self.end()
            return False
        self.flag.value = True
        # A thread: a handler of signals must not write to the log.
        threading.Thread(target=self._wait, daemon=True).start()
        return True

    def end(self) -> None:
        """Say that the server stops now."""
        self.flag.value = True
        self._is_stopping.set()

    def _wait(self) -> None:
        self._log('Not ready any more, and stops in %s s.', self.seconds)
        if not self._is_stopping.wait(self.seconds):
            os.kill(os.getpid(), signal.SIGTERM)
