"""Django's request lifecycle around an API Star request, at a price that a request can pay.

Django sends request_started and request_finished, whose own receivers reset query logs, close
stale connections and caches. Sent for every API request they cost more than the request. So
where both signals hold exactly Django's own receivers, the same is done inline, for the
connections that this thread has opened; with any other receiver the real signals are sent.
"""

import threading
from typing import Any

from django.conf import settings as django_settings
from django.core.cache import BaseCache, caches, close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, reset_queries
from django.db.backends.signals import connection_created
from django.utils.module_loading import import_string

from django_apistar.api import errors

_OWN_RECEIVERS = (
    (request_started, {id(reset_queries), id(close_old_connections)}),
    (request_finished, {id(close_old_connections), id(close_caches), id(reset_urlconf)}),
)


class Opened:
    """A database connection that a thread has opened, and the one after it.

    A chain, as a list costs an iterator twice in each request. Each thread's begins with one
    that holds no connection. Connections are never removed from it, only closed.
    """

    __slots__ = ('autocommit', 'connection', 'next')

    def __init__(self, connection: Any = None) -> None:
        self.connection = connection
        self.autocommit = connection and connection.settings_dict['AUTOCOMMIT']
        self.next: Opened | None = None

    def remember(self, connection: Any) -> None:
        """Add *connection* at the end of the chain, unless it is in it."""
        last = self
        while last.connection is not connection and last.next is not None:
            last = last.next
        if last.connection is not connection:
            last.next = Opened(connection)


class _Caches:
    """The caches of a thread among its connections, where they have something to close."""

    errors_occurred = in_atomic_block = True  # to be closed after each request, but not before
    settings_dict = {'AUTOCOMMIT': True}
    queries_log = ()

    def close_if_unusable_or_obsolete(self) -> None:
        caches.close_all()


class _Receivers:
    """The receivers of request_finished in place of connections, which they close."""

    errors_occurred = True
    settings_dict = {'AUTOCOMMIT': True}

    def close_if_unusable_or_obsolete(self) -> None:
        send_finished()


def send_finished() -> None:
    """Send request_finished. A receiver that fails is logged: the answer is made already."""
    try:
        request_finished.send(sender=WSGIHandler)
    except errors.FAULTS:
        errors.request_logger.exception('A receiver of request_finished failed.')


# `first` of what this thread has opened, and `caches`. A class of its own would be filled at
# import, from settings that may not be there yet.
thread = threading.local()


def remember_connection(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Receiver of connection_created."""
    enter_thread().remember(connection)


def enter_thread() -> Opened:
    """Return the first of what this thread has opened.

    Makes the thread's connections to caches, once: they live in the context, and are made
    outside of the copy that each request gets, so that requests share them.
    """
    try:
        return thread.first  # type: ignore[no-any-return]
    except AttributeError:
        first = Opened()
    # Opened before anybody listened, as by system checks in a server's first thread.
    for connection in _find_open_connections():
        first.remember(connection)
    thread.caches = [caches[alias] for alias in caches]
    if any(map(_closes_anything, django_settings.CACHES.values())):
        first.remember(_Caches())
    thread.first = first
    return first


def _find_open_connections() -> list[Any]:
    initialized = connections.all(initialized_only=True)
    return [connection for connection in initialized if connection.connection is not None]


class Lifecycle:
    """Begins and ends API Star requests. Lives as long as its dispatcher."""

    def __init__(self) -> None:
        connection_created.connect(remember_connection)
        for connection in _find_open_connections():
            remember_connection(None, connection)
        # The receivers of both signals, where they are Django's own.
        self.started: list[Any] = []
        self.finished: list[Any] = []
        self._sent = Opened()  # in place of what a thread has opened, where the signals are sent
        self._sent.remember(_Receivers())

    def begin(self, first: Opened, environ: dict[str, Any]) -> Opened:
        """Do what Django does before a request, in a thread that has opened what follows *first*.

        Returns what `end` wants. There is nothing to do where nothing follows *first* and the
        receivers are `started` and `finished`.
        """
        if (
            request_started.receivers != self.started or request_finished.receivers != self.finished
        ) and not self._learn_receivers():
            request_started.send(sender=WSGIHandler, environ=environ)
            return self._sent
        opened = first.next
        while opened is not None:
            connection = opened.connection
            if connection.queries_log:
                connection.queries_log.clear()
            connection.health_check_done = False
            # Only with one of these signs does Django's method find a reason to close; it would
            # ask the driver as well.
            if (
                connection.errors_occurred
                or connection.close_at is not None
                or connection.autocommit is not opened.autocommit
            ) and not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            opened = opened.next
        return first

    def end(self, first: Opened) -> None:
        """Do what Django does when a response has been sent."""
        opened = first.next
        while opened is not None:
            connection = opened.connection
            if (
                connection.errors_occurred
                or connection.close_at is not None
                or connection.autocommit is not opened.autocommit
            ):  # as in `begin`
                connection.close_if_unusable_or_obsolete()
            opened = opened.next

    def _learn_receivers(self) -> bool:
        """Remember the receivers of both signals where they are Django's own, and tell so."""
        if not all(_holds_exactly(signal, own) for signal, own in _OWN_RECEIVERS):
            return False
        self.started = list(request_started.receivers)
        self.finished = list(request_finished.receivers)
        return True


def _holds_exactly(signal: Any, own: set[int]) -> bool:
    """Receivers are ((receiver's id, sender's id), reference, …)."""
    return {receiver[0][0] for receiver in signal.receivers} == own


def _closes_anything(config: dict[str, Any]) -> bool:
    return import_string(config['BACKEND']).close is not BaseCache.close
