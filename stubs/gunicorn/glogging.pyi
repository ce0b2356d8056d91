import datetime
import logging
from typing import Any, TextIO

from _typeshed.wsgi import WSGIEnvironment
from gunicorn.config import Config

class Logger:
    cfg: Config
    access_log: logging.Logger
    error_log: logging.Logger
    def __init__(self, cfg: Config) -> None: ...
    def error(self, msg: str, *args: object) -> None: ...
    def warning(self, msg: str, *args: object) -> None: ...
    def info(self, msg: str, *args: object) -> None: ...
    def exception(self, msg: str, *args: object) -> None: ...
    def atoms(
        self, resp: Any, req: Any, environ: WSGIEnvironment, request_time: datetime.timedelta
    ) -> dict[str, Any]: ...
    def access(
        self, resp: Any, req: Any, environ: WSGIEnvironment, request_time: datetime.timedelta
    ) -> None: ...
    def _set_handler(
        self,
        log: logging.Logger,
        output: str | None,
        fmt: logging.Formatter,
        stream: TextIO | None = ...,
    ) -> None: ...
    def _get_user(self, environ: WSGIEnvironment) -> str | None: ...
