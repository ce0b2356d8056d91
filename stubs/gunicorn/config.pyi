from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, ClassVar

from gunicorn.glogging import Logger

class Config:
    settings: dict[str, Setting]
    env_orig: dict[str, str]
    def __init__(self, usage: str | None = ..., prog: str | None = ...) -> None: ...
    def set(self, name: str, value: object) -> None: ...
    def validate(self) -> None: ...
    def parser(self) -> ArgumentParser: ...
    @property
    def worker_class_str(self) -> str: ...
    @property
    def worker_class(self) -> type[Any]: ...
    @property
    def address(self) -> list[str | int | tuple[str, int]]: ...
    @property
    def uid(self) -> int: ...
    @property
    def gid(self) -> int: ...
    @property
    def logger_class(self) -> type[Logger]: ...
    @property
    def is_ssl(self) -> bool: ...
    @property
    def env(self) -> dict[str, str]: ...
    @property
    def reuse_port(self) -> bool: ...
    # Settings, by `__getattr__`: those that are used.
    access_log_format: str
    accesslog: str | None
    backlog: int
    certfile: str | None
    chdir: str
    client_timeout: int
    graceful_timeout: int
    keyfile: str | None
    pidfile: str | None
    preload_app: bool
    suppress_ragged_eofs: bool
    threads: int
    umask: int
    workers: int
    wsgi_app: str | None

class Setting:
    name: ClassVar[str]
    section: ClassVar[str]
    cli: ClassVar[list[str]]
    validator: ClassVar[Callable[..., Any]]
    type: ClassVar[Callable[[str], Any]]
    meta: ClassVar[str]
    default: ClassVar[Any]
    desc: ClassVar[str]
    def get(self) -> Any: ...
    def set(self, val: object) -> None: ...
