import socket
import threading
from collections.abc import Callable, Sequence
from multiprocessing import Process
from typing import Any

from granian.net import SocketHolder

class WorkerProcess:
    interrupt_by_parent: bool
    inner: Process

class MPServer:
    backlog: int
    pid: int | None  # None until it has started
    wrks: list[WorkerProcess]
    workers_kill_timeout: int | None
    main_loop_interrupt: threading.Event
    interrupt_signal: bool
    interrupt_children: list[int]
    reload_signal: bool
    _sfd: int
    _shd: SocketHolder
    _sso: socket.socket
    def __init__(self, **options: Any) -> None: ...
    def on_startup(self, hook: Callable[[], object]) -> Callable[[], object]: ...
    def on_reload(self, hook: Callable[[], object]) -> Callable[[], object]: ...
    def serve(
        self,
        spawn_target: Callable[..., Any] | None = ...,
        target_loader: Callable[..., Any] | None = ...,
        wrap_loader: bool = ...,
    ) -> None: ...
    def signal_handler_interrupt(self, *args: object, **kwargs: object) -> None: ...
    def shutdown(self, exit_code: int = ...) -> None: ...
    def _init_shared_socket(self) -> None: ...
    def _reload(
        self, spawn_target: Callable[..., Any], target_loader: Callable[..., Any] | None
    ) -> None: ...
    def _respawn_workers(
        self,
        workers: Sequence[int],
        spawn_target: Callable[..., Any],
        target_loader: Callable[..., Any] | None,
        delay: float = ...,
    ) -> None: ...
    def _stop_workers(self) -> None: ...
