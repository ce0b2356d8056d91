"""What --drain does between the first SIGTERM and the stop: `drain`."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import pytest

from django_apistar.api.server_state import server_state
from django_apistar.server.drain import Drain

pytestmark = pytest.mark.once


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is logged and which signals are sent."""
    told: list[Any] = []
    monkeypatch.setattr(os, 'kill', lambda *given: told.append(given))
    monkeypatch.setattr(server_state, 'drain_flag', None)
    return told


def build(told: list[Any], seconds: float) -> Drain:
    given: Any = seconds
    return Drain(lambda *message: told.append(message), given)


def wait_for_end(before: set[threading.Thread]) -> None:
    for thread in set(threading.enumerate()) - before:
        thread.join(10)


def test_all_processes_are_told_and_the_server_stops_after_its_seconds(told: list[Any]) -> None:
    before = set(threading.enumerate())
    drain = build(told, 0.1)
    assert (drain.has_begun, server_state.is_draining) == (False, False)
    began = time.monotonic()

    assert drain.begin() is True

    assert (drain.has_begun, server_state.is_draining) == (True, True)
    wait_for_end(before)
    assert told == [
        ('Not ready any more, and stops in %s s.', 0.1), (os.getpid(), signal.SIGTERM)
    ]  # fmt: skip
    assert time.monotonic() - began >= 0.1


def test_a_second_signal_stops_it_at_once(told: list[Any]) -> None:
    before = set(threading.enumerate())
    drain = build(told, 60)

    assert (drain.begin(), drain.begin()) == (True, False)

    wait_for_end(before)
    assert told == [('Not ready any more, and stops in %s s.', 60)]


def test_a_thread_that_waits_keeps_no_process_alive(told: list[Any]) -> None:
    before = set(threading.enumerate())
    drain = build(told, 60)
    drain.begin()

    assert [thread.daemon for thread in set(threading.enumerate()) - before] == [True]
    drain.end()
    wait_for_end(before)


def test_without_seconds_it_stops_at_once_and_says_so_to_all(told: list[Any]) -> None:
    drain = Drain(lambda *message: told.append(message))

    assert drain.begin() is False

    assert (drain.has_begun, server_state.is_draining, told) == (True, True, [])
