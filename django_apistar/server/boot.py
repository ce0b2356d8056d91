"""Starts the server process: afresh, configured by its launch, until a signal ends it."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from importlib.util import find_spec
from typing import Any, Protocol

from django.core.exceptions import ImproperlyConfigured

from django_apistar.server.defaults import count_workers
from django_apistar.server.launch import (
    Launch,
    ServerError,
    accept_signals,
    format_error,
    has_settings_module,
)
from django_apistar.server.loading import check_headers, load_application, load_urls
from django_apistar.server.private_names import (
    FOOTING,
    GRANIAN,
    Part,
    describe_package,
    find_missing,
)


def start(launch: Launch) -> None:
    """Become the server: this process is replaced and keeps its id, terminal and sockets.

    The new process has imported nothing of the project. Its workers import the code, so that
    a worker started by a reload has the code of that moment. Settings made by
    `settings.configure()` exist in this process alone, so that it must serve itself.
    """
    if not has_settings_module():
        get_server(dataclasses.replace(launch, reload=False)).run()
        return
    if launch.reload:
        # Projects ask for this name to tell the serving process from the watching one.
        os.environ['RUN_MAIN'] = 'true'
    command = launch.command()
    os.execv(command[0], command)


def main(argument: str) -> None:
    """Serve, in the fresh process. *argument* is the launch as JSON."""
    launch = Launch(**json.loads(argument))
    try:
        if launch.verify:
            accept_signals()
            check_headers(launch, load_application())
            load_urls()
        else:
            get_server(launch).run()
    except ImproperlyConfigured as exc:
        sys.exit(format_error(exc))


class Server(Protocol):
    """What the command asks of gunicorn and of granian."""

    @property
    def scheme(self) -> str:
        """The scheme of the URLs that are served."""

    @property
    def trial_text(self) -> str | None:
        """What to print instead of serving, when the options ask for that."""

    @property
    def complaints(self) -> list[str]:
        """What does not hold with this release of the server, in sentences."""

    @property
    def uses_gevent(self) -> bool:
        """Whether its workers need gevent's patches of the standard library."""

    def open_listeners(self) -> list[Any]:
        """Return listening sockets, bound now. Raises AddressError."""

    def describe_addresses(self, opened: list[Any]) -> tuple[str, ...]:
        """Return the addresses of the sockets, or those that would be opened."""

    def describe(self) -> str:
        """Return the server, its workers and its threads in words."""

    def run(self) -> None:
        """Serve until a signal ends it."""


def get_server(launch: Launch) -> Server:
    """Return the configured server, see `Server`. Raises ServerError."""
    count_workers(launch.debug)  # gunicorn's import fails for a WEB_CONCURRENCY that is no number
    _require(FOOTING)
    if launch.server == 'granian':
        if find_spec('granian') is None:
            raise ServerError(
                "granian is not installed. Install it: pip install 'django-apistar[granian]'."
            )
        _require(GRANIAN)
        from django_apistar.server.granian.server import GranianServer

        return GranianServer(launch)
    from django_apistar.server.gunicorn.server import GunicornServer

    return GunicornServer(launch)


def _require(part: Part) -> None:
    missing = find_missing(part)
    if missing:
        remedy = ', or use gunicorn' if part is GRANIAN else ''
        raise ServerError(
            f'{describe_package(part)} has no {missing} as runapistar knows it, which it needs. '
            f'Install another release{remedy}.'
        )
