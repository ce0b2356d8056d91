from types import FrameType
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.sock import BaseSocket
from gunicorn.workers.workertmp import WorkerTmp

class Worker:
    age: int
    ppid: int
    sockets: list[BaseSocket]
    cfg: Config
    log: Logger
    tmp: WorkerTmp
    alive: bool
    booted: bool
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def init_process(self) -> None: ...
    def run(self) -> None: ...
    def handle_quit(self, sig: int, frame: FrameType | None) -> None: ...
    def handle_error(
        self, req: object, client: object, addr: object, exc: BaseException
    ) -> None: ...
