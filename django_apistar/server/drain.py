"""--drain: for so many seconds after SIGTERM a server is not ready, but serves as before."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable

from django_apistar.api.server_state import server_state


class Drain:
    """The drain of one server. Made in the master before it has workers, which share its flag."""

    def __init__(self, log: Callable[..., object], seconds: int = 0) -> None:
        """*log* writes a message of level INFO to the server's log."""
        # In shared memory: signals would miss workers of another class and those that start later.
        self.flag = multiprocessing.RawValue(ctypes.c_bool, False)
        server_state.drain_flag = self.flag  # Forked processes share it.
        self.seconds = seconds
        self._log = log
        self._is_stopping = threading.Event()

    @property
    def has_begun(self) -> bool:
        return bool(self.flag.value)

    def begin(self) -> bool:
        """Declare the server not ready, and send it SIGTERM once more after `seconds`.

        Return whether it serves on until then: not with 0 seconds, and not at the second SIGTERM.
        """
        if self.has_begun or not self.seconds:
            self.end()
            return False
        self.flag.value = True
        # A thread: a handler of signals must not write to the log.
        threading.Thread(target=self._wait, daemon=True).start()
        return True

    def end(self) -> None:
        """Declare that the server stops now."""
        self.flag.value = True
        self._is_stopping.set()

    def _wait(self) -> None:
        self._log('Not ready any more, and stops in %s s.', self.seconds)
        if not self._is_stopping.wait(self.seconds):
            os.kill(os.getpid(), signal.SIGTERM)
