"""READY_URL: whether this process should be sent requests, and what it lacks if not."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from django.conf import settings as django_settings
from django.core.cache import caches
from django.db import DEFAULT_DB_ALIAS, connections

from django_apistar.api.server_state import server_state

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from django.db.backends.base.base import BaseDatabaseWrapper

ANSWER_S = 1.0  # that a database or a cache has to answer
_INTERVAL_S = 1.0  # between two questions to the same one, at least
_NO_DATABASE = 'django.db.backends.dummy'

logger = logging.getLogger(__name__)


class Probe:
    """Asks one thing that must be there, and keeps the last answer.

    It is asked in a thread of its own: drivers have no timeout for that. One question at a time,
    at most one a second, and only when somebody wants to know.
    """

    def __init__(self, name: str, ask: Callable[[], bool], is_lasting: bool = False) -> None:
        """*ask* returns whether it is there, or raises. *is_lasting*: after a yes ask no more."""
        self.name = name
        self._ask = ask
        self._is_lasting = is_lasting
        self._lock = threading.Lock()
        self._began: float | None = None  # time.monotonic() of the last question
        self._answered = threading.Event()
        self._is_there: bool | None = None  # None until the first answer

    def begin(self) -> bool:
        """Ask if the last answer is too old. Return whether to wait for the new one.

        Whoever has asked waits, and everybody while there is no answer yet: a second at most. So
        a database that hangs costs one request a second, once.
        """
        with self._lock:
            if self._is_there and self._is_lasting:
                return False
            if not self._is_due():
                return self._is_there is None
            self._began = time.monotonic()
            self._answered.clear()
        try:
            threading.Thread(target=self._run, name=f'ready {self.name}', daemon=True).start()
        except RuntimeError:  # The system allows no more threads.
            self._note(False)
        return True

    def _is_due(self) -> bool:
        if self._began is None:
            return True
        return self._answered.is_set() and time.monotonic() - self._began >= _INTERVAL_S

    def wait(self) -> None:
        """Wait for the answer, until the question is a second old."""
        began = self._began
        if began is not None:
            self._answered.wait(max(began + ANSWER_S - time.monotonic(), 0))

    @property
    def is_missing(self) -> bool:
        """Return whether the last answer was no, or the question has been open for a second."""
        return (not self._answered.is_set() and self._is_late()) or not self._is_there

    def _is_late(self) -> bool:
        return self._began is not None and time.monotonic() - self._began >= ANSWER_S

    def _run(self) -> None:
        try:
            is_there, reason = self._ask(), ''
        except Exception as exc:
            is_there, reason = False, f': {type(exc).__name__}: {exc}'.rstrip()
        if self._is_late() and not self._is_lasting:
            is_there, reason = False, f': it takes more than {ANSWER_S:.0f} s to answer'
        if not is_there and self._is_there is not False:
            # The page is public, and says no more than the name.
            logger.warning('Not ready, %s is missing%s', self.name, reason)
        self._note(is_there)

    def _note(self, is_there: bool) -> None:
        self._is_there = is_there
        self._answered.set()


class Readiness:
    """Answers READY_URL: 200, or 503 with the names of what is missing."""

    def __init__(self) -> None:
        self._probes = tuple(build_probes())

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer as a WSGI application."""
        missing = self.find_missing()
        body = json.dumps({'missing': missing}).encode()
        headers = [
            ('content-length', str(len(body))),
            ('content-type', 'application/json'),
            ('cache-control', 'no-store'),
        ]
        start_response('503 Service Unavailable' if missing else '200 OK', headers)
        return [] if environ['REQUEST_METHOD'] == 'HEAD' else [body]

    def find_missing(self) -> list[str]:
        """Return the names of what is missing; [] where this process is ready."""
        asked = [probe for probe in self._probes if probe.begin()]
        for probe in asked:
            probe.wait()
        draining = ['draining'] if server_state.is_draining else []
        return [*draining, *(probe.name for probe in self._probes if probe.is_missing)]


def build_probes() -> Iterator[Probe]:
    """Yield a probe of each database, of each cache in Redis, and of the migrations."""
    databases = list(_iter_databases())
    for alias in databases:
        yield Probe(f'database:{alias}', functools.partial(_has_database, alias))
    for alias, config in django_settings.CACHES.items():
        if 'redis' in config.get('BACKEND', '').lower():
            yield Probe(f'cache:{alias}', functools.partial(_has_cache, alias))
    if DEFAULT_DB_ALIAS in databases:
        yield Probe('migrations', _has_all_migrations, is_lasting=True)


def _iter_databases() -> Iterable[str]:
    for alias, config in connections.settings.items():
        if config.get('ENGINE', _NO_DATABASE) != _NO_DATABASE:
            yield alias


def _has_database(alias: str) -> bool:
    """Connect anew, as the next thread would, and ask."""
    with _connecting(alias) as connection:
        connection.ensure_connection()
        return bool(connection.is_usable())


@contextlib.contextmanager
def _connecting(alias: str) -> Iterator[BaseDatabaseWrapper]:
    """Yield a connection of its own, closed at the end."""
    connection = connections.create_connection(alias)
    try:
        yield connection
    finally:
        connection.close()
        if connection.connection is not None:  # Django keeps an SQLite that is in memory.
            connection.connection.close()


def _has_cache(alias: str) -> bool:
    caches[alias].get('django_apistar.ready')  # raises
    return True


def _has_all_migrations() -> bool:
    """Return whether `migrate` has nothing to do in the default database."""
    # Imported when it is asked: every process imports this module.
    from django.db.migrations.executor import MigrationExecutor

    with _connecting(DEFAULT_DB_ALIAS) as connection:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
