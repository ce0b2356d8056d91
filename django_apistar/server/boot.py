"""Starts the server in a fresh process."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from django.core.exceptions import ImproperlyConfigured

from django_apistar.server.defaults import count_workers
from django_apistar.server.launch import (
    Launch,
    ServerError,
    accept_signals,
    has_settings_module,
)
from django_apistar.server.loading import import_urlconf, load_application
from django_apistar.server.metrics_folder import shared_metrics
from django_apistar.server.private_names import (
    FOOTING,
    GRANIAN,
    Part,
    find_missing,
    get_release,
)
from django_apistar.server.terminal import print_error

if TYPE_CHECKING:
    import socket


def start(launch: Launch) -> None:
    """Replace this process by the server, which keeps its id, terminal and sockets.

    The new process imports nothing of the project, its workers do: a reload starts workers that
    import the code as it is then. Settings of `settings.configure()` exist in this process
    alone, which then serves itself.
    """
    if not has_settings_module():
        get_server(dataclasses.replace(launch, is_reloading=False)).run()
        return
    if launch.is_reloading:
        # Projects read this to tell the serving process from the one that watches files.
        os.environ['RUN_MAIN'] = 'true'
    command = launch.command()
    os.execv(command[0], command)


def main(argument: str) -> None:
    """Serve in the fresh process. *argument* is the launch as JSON."""
    launch = Launch(**json.loads(argument))
    try:
        if launch.is_trial:
            accept_signals()
            load_application(launch)
            import_urlconf()
        else:
            with shared_metrics(launch.shares_metrics):
                get_server(launch).run()
    except ImproperlyConfigured as exc:
        print_error(exc)
        sys.exit(1)


class Server(Protocol):
    """What the command needs of a server, be it gunicorn or granian."""

    @property
    def scheme(self) -> str:
        """The scheme of the URLs that are served."""

    @property
    def trial_text(self) -> str | None:
        """What to print in place of serving; None if the options ask to serve."""

    @property
    def complaints(self) -> list[str]:
        """The sentences that say what this release of the server lacks."""

    @property
    def uses_gevent(self) -> bool:
        """Whether its workers need gevent's patches of the standard library."""

    def open_listeners(self) -> list[socket.socket]:
        """Return listening sockets, bound now. Raises AddressError."""

    def format_addresses(self, opened: list[socket.socket]) -> tuple[str, ...]:
        """Return the addresses of *opened*; without sockets those that would be bound."""

    def format_workers(self) -> str:
        """Return the server, its workers and its threads as the banner shows them."""

    def run(self) -> None:
        """Serve until a signal ends it."""


def get_server(launch: Launch) -> Server:
    """Return the configured server. Raises ServerError."""
    count_workers(launch.is_development)  # gunicorn cannot be imported with a wrong WEB_CONCURRENCY
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
        remedy = f', or {part.instead}' if part.instead else ''
        raise ServerError(
            f'{get_release(part)} has no {missing} as runapistar knows it, which it needs. '
            f'Install another release{remedy}.'
        )
