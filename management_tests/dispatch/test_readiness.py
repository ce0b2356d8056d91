"""What READY_URL asks, and when: `readiness`, in process. Its servers are in server/."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.db.backends.sqlite3.base import DatabaseWrapper

from django_apistar.dispatch import readiness
from django_apistar.dispatch.readiness import Probe, Readiness, build_probes

pytestmark = pytest.mark.once


class Thing:
    """What a probe asks for: it is there, or not, or raises, at once or when it may."""

    def __init__(self, answer: bool | Exception) -> None:
        self.answer = answer
        self.asked = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def ask(self) -> bool:
        self.asked += 1
        assert self.may_answer.wait(10)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let probes ask whenever they are asked."""
    monkeypatch.setattr(readiness, '_INTERVAL_S', 0)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    return lambda: [record.getMessage() for record in caplog.records]


def is_missing(probe: Probe) -> bool:
    probe.begin()
    probe.wait()
    return probe.is_missing


@pytest.mark.usefixtures('at_once')
def test_what_is_missing_is_logged_once_until_it_was_there(told: Callable[[], list[str]]) -> None:
    thing = Thing(False)
    probe = Probe('cache:a', thing.ask)
    assert (is_missing(probe), is_missing(probe), thing.asked) == (True, True, 2)
    assert told() == ['Not ready, cache:a is missing']

    thing.answer = True
    assert is_missing(probe) is False
    thing.answer = ValueError('no such host\n')
    assert (is_missing(probe), is_missing(probe)) == (True, True)

    assert told()[1:] == ['Not ready, cache:a is missing: ValueError: no such host']


def test_one_question_a_second_and_who_comes_first_waits() -> None:
    thing = Thing(True)
    thing.may_answer.clear()
    probe = Probe('cache:a', thing.ask)

    assert probe.begin() is True
    assert probe.begin() is True  # There is no answer yet.
    thing.may_answer.set()
    probe.wait()

    assert (probe.begin(), probe.is_missing, thing.asked) == (False, False, 1)


@pytest.mark.usefixtures('at_once')
def test_who_does_not_answer_is_missing_and_nobody_waits_twice(
    told: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, 'ANSWER_S', 0.1)
    thing = Thing(True)
    probe = Probe('cache:a', thing.ask)
    assert is_missing(probe) is False
    thing.may_answer.clear()

    began = time.monotonic()
    assert probe.begin() is True
    assert probe.is_missing is False
    probe.wait()
    assert 0.09 <= time.monotonic() - began < 5
    assert probe.is_missing is True
    assert probe.begin() is False  # The question is open.

    thing.may_answer.set()
    assert probe._answered.wait(10)
    assert told() == ['Not ready, cache:a is missing: it takes more than 0 s to answer']
    assert thing.asked == 2
    assert is_missing(probe) is False


@pytest.mark.usefixtures('at_once')
def test_what_lasts_is_asked_until_it_is_there_and_may_take_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readiness, 'ANSWER_S', 0)
    thing = Thing(False)
    probe = Probe('migrations', thing.ask, is_lasting=True)
    for there in (False, True, True):
        thing.answer = there
        probe.begin()
        probe._answered.wait(10)

    assert (probe.begin(), probe.is_missing, thing.asked) == (False, False, 2)


def test_a_system_without_more_threads_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, 'start', refuse)

    assert is_missing(Probe('cache:a', Thing(True).ask)) is True


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> None:
    for alias, engine in (('none', 'django.db.backends.dummy'), ('of_users', 'shop.users')):
        monkeypatch.setitem(connections.settings, alias, {'ENGINE': engine})
    monkeypatch.setitem(connections.settings, 'unset', {})


@pytest.mark.usefixtures('databases')
def test_databases_caches_of_redis_and_migrations_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CACHES = {
        'default': {'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'},
        'shared': {'BACKEND': 'django.core.cache.backends.redis.RedisCache'},
        'other': {'BACKEND': 'django_redis.cache.REDIS'},
        'odd': {},
    }

    def name_all() -> list[str]:
        return [probe.name for probe in build_probes()]

    assert name_all() == [
        'database:default', 'database:of_users', 'cache:shared', 'cache:other', 'migrations',
    ]  # fmt: skip
    monkeypatch.setitem(connections.settings, 'default', {'ENGINE': 'django.db.backends.dummy'})
    assert name_all() == ['database:of_users', 'cache:shared', 'cache:other']


def test_a_connection_goes_back_to_the_pool_of_its_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, django_db_blocker: Any
) -> None:
    """What has a pool, such as PostgreSQL with the option `pool`, gives it back in `_close`."""
    pool: list[sqlite3.Connection] = []

    def give_back(wrapper: DatabaseWrapper) -> None:
        pool.append(wrapper.connection)
        wrapper.connection = None

    monkeypatch.setattr(DatabaseWrapper, '_close', give_back)
    config = {**connections.settings['default'], 'NAME': tmp_path / 'db'}
    monkeypatch.setitem(connections.settings, 'pooled', config)
    [probe] = [each for each in build_probes() if each.name == 'database:pooled']

    with django_db_blocker.unblock():
        assert is_missing(probe) is False
    [given_back] = pool
    assert given_back.execute('SELECT 1').fetchall() == [(1,)]
    given_back.close()


class Present:
    """A probe that has its answer."""

    def __init__(self, name: str, is_missing: bool) -> None:
        self.name = name
        self.is_missing = is_missing
        self.waited = 0

    def begin(self) -> bool:
        return self.is_missing

    def wait(self) -> None:
        self.waited += 1


@pytest.mark.parametrize('method', ['GET', 'HEAD', 'POST'])
@pytest.mark.parametrize(
    ('missing', 'is_draining', 'named'),
    [
        ((), False, []), ((1,), False, ['b']), ((0, 2), False, ['a', 'c']),
        ((), True, ['draining']), ((1,), True, ['draining', 'b']),
    ],
)  # fmt: skip
def test_answer_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, method: str, missing: Any, is_draining: bool, named: list[str]
) -> None:
    probes = [Present(name, number in missing) for number, name in enumerate('abc')]
    monkeypatch.setattr(readiness, 'build_probes', lambda: probes)
    flag = SimpleNamespace(value=is_draining)
    monkeypatch.setattr(readiness.server_state, 'drain_flag', flag)
    started: list[Any] = []

    body = Readiness().answer({'REQUEST_METHOD': method}, lambda *head: started.append(head))

    whole = json.dumps({'missing': named}).encode()
    headers = [
        ('content-length', str(len(whole))), ('content-type', 'application/json'),
        ('cache-control', 'no-store'),
    ]  # fmt: skip
    assert started == [('503 Service Unavailable' if named else '200 OK', headers)]
    assert body == ([] if method == 'HEAD' else [whole])
    assert [probe.waited for probe in probes] == [int(n in missing) for n in range(3)]
