"""What the server that runs this process tells the application of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class ServerState:
    """Told by the server's master and its workers; another server leaves it as it is."""

    drain_flag: Any = None  # of all its processes: `value` is true once the server is to stop

    def __init__(self) -> None:
        self._starting: list[Callable[[int], object]] = []

    def on_start(self, notice: Callable[[int], object]) -> None:
        """Have *notice* called with the number of threads, when this process begins to serve."""
        self._starting.append(notice)

    def start(self, threads: int) -> None:
        """Say that this process is a worker, and begins to serve by so many threads."""
        for notice in self._starting:
            notice(threads)

    @property
    def is_draining(self) -> bool:
        """Whether the server is about to stop, and wants no new clients."""
        return self.drain_flag is not None and bool(self.drain_flag.value)


server_state = ServerState()
