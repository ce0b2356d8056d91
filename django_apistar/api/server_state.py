"""What the server that runs this process tells the application of itself."""

from __future__ import annotations

from typing import Any


class ServerState:
    """Told by the server's master and its workers; another server leaves it as it is."""

    drain_flag: Any = None  # of all its processes: `value` is true once the server is to stop

    @property
    def is_draining(self) -> bool:
        """Whether the server is about to stop, and wants no new clients."""
        return self.drain_flag is not None and bool(self.drain_flag.value)


server_state = ServerState()
