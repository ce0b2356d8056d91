"""Control-C at one of our commands, in process: which handlers there are, and what they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from django_apistar.compat import interrupts

pytestmark = pytest.mark.once

OURS = ['manage.py', 'runapistar']


class Left(BaseException):
    """In place of the end of this process."""


@pytest.fixture(autouse=True)
def _own_handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As a command begins; afterwards the handlers of this run are back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    hook = sys.unraisablehook
    signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(sys, 'argv', OURS)
    yield
    sys.unraisablehook = hook
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The exit statuses with which this process would have ended at once."""
    statuses: list[int] = []

    def leave(status: int) -> None:
        statuses.append(status)
        raise Left

    monkeypatch.setattr(os, '_exit', leave)
    return statuses


def get_handler() -> Any:
    return signal.getsignal(signal.SIGINT)


@pytest.mark.parametrize(
    ('argv', 'is_ours'),
    [
        (['manage.py', 'runapistar'], True), (['manage.py', 'apistar_bench', '--help'], True),
        (['manage.py', 'apistar_docs'], True), (['manage.py', 'apistar_routes'], True),
        (['manage.py', 'runserver'], False), (['manage.py'], False), (['runapistar'], False),
        (['manage.py', 'migrate', 'runapistar'], False),
    ],
)  # fmt: skip
def test_control_c_ends_our_commands_while_django_prepares_them(
    argv: list[str], is_ours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`interrupts`"""
    monkeypatch.setattr(sys, 'argv', argv)

    interrupts.expect()

    assert get_handler() is (interrupts.end if is_ours else signal.default_int_handler)


@pytest.mark.parametrize('handler', [signal.SIG_IGN, lambda *given: None])
def test_a_handler_of_the_projects_own_stays(handler: Any) -> None:
    signal.signal(signal.SIGINT, handler)
    hook = sys.unraisablehook

    interrupts.expect()
    with interrupts.raised():
        assert (get_handler(), sys.unraisablehook) == (handler, hook)

    assert get_handler() is handler


def test_in_a_thread_nothing_is_touched() -> None:
    seen: list[Any] = []

    def run() -> None:
        interrupts.expect()
        with interrupts.raised(), interrupts._held():
            seen.append(get_handler())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert seen == [signal.default_int_handler]
    assert get_handler() is signal.default_int_handler


@pytest.mark.parametrize('argv', [OURS, ['manage.py', 'migrate']])
@pytest.mark.parametrize('before', [signal.default_int_handler, interrupts.end])
def test_the_first_control_c_raises_and_the_command_exits(
    argv: list[str], before: Any, monkeypatch: pytest.MonkeyPatch, left: list[int]
) -> None:
    monkeypatch.setattr(sys, 'argv', argv)
    signal.signal(signal.SIGINT, before)
    hook = sys.unraisablehook
    seen: list[Any] = []

    def command() -> None:
        seen.extend([get_handler(), sys.unraisablehook is hook])
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            seen.append(get_handler())

    with pytest.raises(SystemExit) as exit_, interrupts.raised():
        command()

    assert exit_.value.code == 130
    assert seen == [interrupts._raise, False, interrupts.end]
    assert sys.unraisablehook is hook
    assert get_handler() is (interrupts.end if argv is OURS else signal.default_int_handler)
    assert left == []


def test_what_is_no_control_c_passes() -> None:
    with pytest.raises(ValueError, match='own'), interrupts.raised():
        raise ValueError('own')

    assert get_handler() is interrupts.end


def test_a_second_control_c_ends_the_process(left: list[int]) -> None:
    def command() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Left), interrupts.raised():
        command()

    assert left == [130]


def test_a_control_c_that_the_interpreter_swallowed_ends_the_process(left: list[int]) -> None:
    told: list[Any] = []
    sys.unraisablehook = told.append

    with interrupts.raised():
        other = SimpleNamespace(exc_type=ValueError)
        sys.unraisablehook(other)
        with pytest.raises(Left):
            sys.unraisablehook(SimpleNamespace(exc_type=KeyboardInterrupt))

    assert (told, left) == ([other], [130])


@pytest.mark.parametrize(('number', 'status'), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_end_takes_the_sessions_along(
    number: int, status: int, left: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[Any] = []

    def kill(pid: int, number: int) -> None:
        killed.append((pid, number))
        raise PermissionError

    monkeypatch.setattr(os, 'killpg', kill)
    monkeypatch.setattr(interrupts, '_sessions', {5, 6})
    with pytest.raises(Left):
        interrupts.end(number, None)

    assert (sorted(killed), left) == ([(5, signal.SIGKILL), (6, signal.SIGKILL)], [status])


@pytest.mark.parametrize(('is_terminal', 'written'), [(True, [(2, b'\n')]), (False, [])])
def test_the_line_of_a_terminal_is_ended(
    is_terminal: bool, written: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    def write(*given: Any) -> None:
        told.append(given)
        raise OSError

    monkeypatch.setattr(os, 'isatty', lambda number: is_terminal and number == 2)
    monkeypatch.setattr(os, 'write', write)
    interrupts.end_line()

    assert told == written


def start_sleep() -> Any:
    return subprocess.Popen(['sleep', '60'], start_new_session=True, stdout=subprocess.DEVNULL)


def test_a_session_ends_with_its_context() -> None:
    with interrupts.session(start_sleep) as process:
        assert process.poll() is None
        assert interrupts._sessions == {process.pid}

    assert process.returncode == -signal.SIGKILL
    assert interrupts._sessions == set()


def test_a_session_that_cannot_start_leaves_nothing() -> None:
    def fail() -> Any:
        raise OSError('no such program')

    with pytest.raises(OSError, match='no such program'), interrupts.session(fail):
        raise AssertionError('It has not started.')

    assert interrupts._sessions == set()


def test_signals_wait_while_a_session_starts() -> None:
    told: list[Any] = []
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: told.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    with interrupts._held():
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert told == []

    assert told == [signal.SIGHUP]
    assert get_handler() is signal.SIG_IGN
    signal.raise_signal(signal.SIGTERM)
    assert told == [signal.SIGHUP, signal.SIGTERM]
