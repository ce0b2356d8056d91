"""What the server of this process tells the application: its threads, and that it drains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class ServerState:
    """Set by the master and the workers of `runapistar`; other servers do not know it."""

    drain_flag: Any = None  # of all its processes: `value` is true once the server is to stop

    def __init__(self) -> None:
        self._starting: list[Callable[[int], object]] = []

    def on_start(self, notice: Callable[[int], object]) -> None:
        """Call *notice* with the number of threads when this process begins to serve."""
        self._starting.append(notice)

    def start(self, threads: int) -> None:
        """Note that this process is a worker that begins to serve with so many threads."""
        for notice in self._starting:
            notice(threads)

    @property
    def is_draining(self) -> bool:
        """Whether the server is about to stop, and wants no new clients."""
        return self.drain_flag is not None and bool(self.drain_flag.value)


server_state = ServerState()
