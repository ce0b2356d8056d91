"""Django's request lifecycle around an API Star request, at a fraction of the usual cost.

Django sends request_started and request_finished, whose own receivers reset query logs and close
stale connections and caches. To send them for each API request costs more than the request. So
where both signals hold exactly Django's own receivers, the same is done here, for the connections
that this thread has opened; with any other receiver the signals are sent.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from django import db
from django.conf import settings as django_settings
from django.core.cache import BaseCache, caches, close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.db.backends.signals import connection_created
from django.dispatch import Signal
from django.utils.module_loading import import_string

from django_apistar.api import errors

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_OWN_RECEIVERS = (
    (request_started, {id(reset_queries), id(close_old_connections)}),
    (request_finished, {id(close_old_connections), id(close_caches), id(reset_urlconf)}),
)


class Connection(Protocol):
    """What is used of Django's BaseDatabaseWrapper, whose stub has no health_check_done."""

    autocommit: bool
    close_at: float | None
    connection: object | None  # the driver's
    errors_occurred: bool
    health_check_done: bool
    queries_log: deque[dict[str, str]]
    settings_dict: dict[str, Any]

    def close_if_unusable_or_obsolete(self) -> None: ...


class OpenConnection:
    """A database connection that a thread has opened. It is never forgotten, only closed."""

    __slots__ = ('autocommit', 'connection')

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.autocommit = connection.settings_dict['AUTOCOMMIT']


# `connections` of the thread, and its `caches`. A class of its own would be filled at import,
# from settings that may not be there yet.
thread = threading.local()


def get_connections() -> list[OpenConnection]:
    """Return the connections that this thread has opened; the list grows as it opens more.

    Makes the thread's connections to caches, once: they live in the context, and are made outside
    of the copy that each request gets, so that requests share them.
    """
    try:
        connections: list[OpenConnection] = thread.connections
        return connections
    except AttributeError:
        connections = []
    # Opened before `remember_connection` was connected, as by system checks at start.
    connections += map(OpenConnection, _find_open_databases())
    thread.caches = [caches[alias] for alias in caches]
    thread.connections = connections
    return connections


def _find_open_databases() -> list[Connection]:
    initialized: Sequence[Any] = db.connections.all(initialized_only=True)  # see Connection
    return [connection for connection in initialized if connection.connection is not None]


def _closes_anything(config: dict[str, Any]) -> bool:
    return import_string(config['BACKEND']).close is not BaseCache.close


def remember_connection(sender: object, connection: Connection, **kwargs: object) -> None:
    """Receiver of connection_created."""
    connections = get_connections()
    if all(opened.connection is not connection for opened in connections):
        connections.append(OpenConnection(connection))


class Lifecycle:
    """Begins and ends API Star requests. Lives as long as its dispatcher."""

    def __init__(self) -> None:
        connection_created.connect(remember_connection)
        # The receivers of both signals, where they are Django's own.
        self.started: list[Any] = []
        self.finished: list[Any] = []
        self.closes_caches = any(map(_closes_anything, django_settings.CACHES.values()))

    def begin(self, connections: list[OpenConnection], environ: WSGIEnvironment) -> bool:
        """Do what Django does before a request, and return whether the signals are sent.

        There is nothing to do where this thread has no *connections* and the receivers are
        `started` and `finished`.
        """
        if (
            request_started.receivers != self.started or request_finished.receivers != self.finished
        ) and not self._learn_receivers():
            request_started.send(sender=WSGIHandler, environ=environ)
            return True
        for opened in connections:
            connection = opened.connection
            if connection.queries_log:
                connection.queries_log.clear()
            connection.health_check_done = False
            # Without one of these signs Django's method has no reason to close the connection; it
            # would ask the driver as well.
            if (
                connection.errors_occurred
                or connection.close_at is not None
                or connection.autocommit is not opened.autocommit
            ):
                connection.close_if_unusable_or_obsolete()
        return False

    def end(self, connections: list[OpenConnection], is_signalled: bool) -> None:
        """Do what Django does when a response has been sent."""
        if is_signalled:
            send_finished()
            return
        for opened in connections:
            connection = opened.connection
            if (
                connection.errors_occurred
                or connection.close_at is not None
                or connection.autocommit is not opened.autocommit
            ):  # as in `begin`
                connection.close_if_unusable_or_obsolete()
        if self.closes_caches:
            caches.close_all()

    def _learn_receivers(self) -> bool:
        """Return whether both signals have Django's own receivers only, and remember those."""
        if not all(_holds_exactly(signal, own) for signal, own in _OWN_RECEIVERS):
            return False
        self.started = list(request_started.receivers)
        self.finished = list(request_finished.receivers)
        return True


def send_finished() -> None:
    """Send request_finished. A receiver that fails is logged: the response is made already."""
    try:
        request_finished.send(sender=WSGIHandler)
    except errors.FAULTS:
        errors.request_logger.exception('A receiver of request_finished failed.')


def _holds_exactly(signal: Signal, own: set[int]) -> bool:
    """Receivers are ((receiver's id, sender's id), reference, …)."""
    return {receiver[0][0] for receiver in signal.receivers} == own
