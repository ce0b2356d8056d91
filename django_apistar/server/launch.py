"""What the server process is told, as plain values, and how signals wait until it is ready."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from typing import Any

from django.core.exceptions import ImproperlyConfigured

DEFAULT_APPLICATION = 'django_apistar.wsgi.application'
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
# Runs in the fresh interpreter. sys.path first: the project's folder may hold django_apistar. Then
# gevent, which must patch `ssl` before urllib3, and with it API Star, imports it.
_BOOT = """
import json, sys
launch = json.loads(sys.argv[1])
sys.path[:] = launch["path"]
if launch["uses_gevent"]:
    from gevent import monkey
    monkey.patch_all()
from django_apistar.server.boot import main
main(sys.argv[1])
"""


class ServerError(ImproperlyConfigured):
    """Why the server cannot start: one sentence with the remedy."""


@dataclasses.dataclass(frozen=True)
class Launch:
    """What the server process is told. It travels as JSON, so it holds plain values only."""

    server: str = 'gunicorn'
    application: str = DEFAULT_APPLICATION
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)  # gunicorn's names
    arguments: list[str] = dataclasses.field(default_factory=list)  # those after `--`
    config: str | None = None  # gunicorn's configuration file, absolute
    is_development: bool = False
    is_reloading: bool = False
    skips_checks: bool = False
    shares_metrics: bool = False  # METRICS_URL: the workers share a folder
    uses_gevent: bool = False  # the workers run in greenlets: patch the standard library first
    is_trial: bool = False  # load the application and exit, as a trial before a reload
    sockets: list[int] = dataclasses.field(default_factory=list)  # descriptors, listening
    directory: str = dataclasses.field(default_factory=os.getcwd)
    path: list[str] = dataclasses.field(default_factory=lambda: list(sys.path))

    def command(self) -> list[str]:
        """Return the command line of a fresh interpreter that serves this launch."""
        return [*get_interpreter(), '-c', _BOOT, json.dumps(dataclasses.asdict(self))]


def get_interpreter() -> list[str]:
    """Return the command line of an interpreter with the options of this one: -W, -X and so on."""
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # private
    return [sys.executable, *flags]


def has_settings_module() -> bool:
    """Return whether another process can load the project's settings."""
    from django.conf import settings

    return bool(getattr(settings, 'SETTINGS_MODULE', None))


def hold_signals() -> None:
    """Block signals until the server handles them, see `accept_signals`.

    To be called before the banner says that there is a server.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def accept_signals() -> None:
    """Deliver the signals that `hold_signals` blocked; the server handles them now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def format_error(exc: BaseException) -> str:
    """Return the sentences of *exc*, each as a line that begins with the command's name."""
    return '\n'.join(f'runapistar: {line}' for line in str(exc).splitlines())
