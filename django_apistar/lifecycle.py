"""Django's request lifecycle around an API Star request, at a price that a request can pay.

Django sends request_started and request_finished, whose own receivers reset query logs, close
stale connections and caches. Sent for every API request they cost more than the request. So
where both signals hold exactly Django's own receivers, the same is done inline, for the
connections that this thread has opened; with any other receiver the real signals are sent.
"""

import threading
from typing import Any

from django.conf import settings as django_settings
from django.core import signals
from django.core.cache import BaseCache, caches, close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, connections, reset_queries
from django.db.backends.signals import connection_created
from django.utils.module_loading import import_string

Connections = list[tuple[Any, bool]]  # each with its setting AUTOCOMMIT
_OWN_RECEIVERS = (
    (signals.request_started, {id(reset_queries), id(close_old_connections)}),
    (signals.request_finished, {id(close_old_connections), id(close_caches), id(reset_urlconf)}),
)


class _Thread(threading.local):
    """What this thread has opened.

    Database connections are never removed, only closed. Cache connections live in the context
    and are made here, outside of the copy that each request gets, so that requests share them.
    """

    def __init__(self) -> None:
        # Opened before anybody listened, as by system checks in a server's first thread.
        self.connections: Connections = list(map(_describe, _find_open_connections()))
        self.caches = [caches[alias] for alias in caches]


def _describe(connection: Any) -> tuple[Any, bool]:
    return connection, connection.settings_dict['AUTOCOMMIT']


def _find_open_connections() -> list[Any]:
    initialized = connections.all(initialized_only=True)
    return [connection for connection in initialized if connection.connection is not None]


_thread = _Thread()


def remember_connection(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Receiver of connection_created."""
    if not any(connection is known for known, _ in _thread.connections):
        _thread.connections.append(_describe(connection))


class Lifecycle:
    """Begins and ends API Star requests. Lives as long as its dispatcher."""

    def __init__(self) -> None:
        connection_created.connect(remember_connection)
        for connection in _find_open_connections():
            remember_connection(None, connection)
        self._request_started = signals.request_started
        self._request_finished = signals.request_finished
        self._started: list[Any] = []
        self._finished: list[Any] = []
        self.closes_caches = any(map(_closes_anything, django_settings.CACHES.values()))

    def enter_thread(self) -> None:
        """Make this thread's connections to caches, once."""
        _thread.caches  # noqa: B018

    def begin(self, environ: dict[str, Any]) -> Connections | None:
        """Do what Django does before a request.

        Returns what `end` wants: this thread's connections, which grow while the request runs,
        or None where the signals are sent.
        """
        connections = _thread.connections
        if (
            not (
                self._request_started.receivers == self._started
                and self._request_finished.receivers == self._finished
            )
            and not self._learn_receivers()
        ):
            self._request_started.send(sender=WSGIHandler, environ=environ)
            return None
        for connection, autocommit in connections:
            if connection.queries_log:
                connection.queries_log.clear()
            connection.health_check_done = False
            # Only with one of these signs does Django's method find a reason to close; it would
            # ask the driver as well.
            if (
                connection.errors_occurred
                or connection.close_at is not None
                or connection.autocommit != autocommit
            ) and not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
        return connections

    def end(self, connections: Connections | None) -> None:
        """Do what Django does when a response has been sent."""
        if connections is None:
            self._request_finished.send(sender=WSGIHandler)
            return
        for connection, _ in connections:
            connection.close_if_unusable_or_obsolete()
        if self.closes_caches:
            caches.close_all()

    def _learn_receivers(self) -> bool:
        """Remember the receivers of both signals where they are Django's own, and tell so."""
        if not all(_holds_exactly(signal, own) for signal, own in _OWN_RECEIVERS):
            return False
        self._started = list(self._request_started.receivers)
        self._finished = list(self._request_finished.receivers)
        return True


def _holds_exactly(signal: Any, own: set[int]) -> bool:
    """Receivers are ((receiver's id, sender's id), reference, …)."""
    return {receiver[0][0] for receiver in signal.receivers} == own


def _closes_anything(config: dict[str, Any]) -> bool:
    return import_string(config['BACKEND']).close is not BaseCache.close
