"""The threads of our gunicorn worker and the calls of its loop: `threads`."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from django_apistar.server.gunicorn.threads import Callbacks, Outcome, ThreadPool

pytestmark = pytest.mark.once

END_S = 10  # only what hangs takes so long


class Loop:
    """A worker's loop, whose connections are functions that a thread calls, with what they do."""

    def __init__(self, size: int) -> None:
        self.calls: Any = Callbacks()
        self.calls.init()
        self.pool: Any = ThreadPool(size, lambda connection: connection(self), self.calls)
        self.seen: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.go_on = threading.Event()

    def see(self, what: str) -> None:
        self.seen.put(f'{what} in {threading.current_thread().name}')

    def wait(self) -> None:
        assert self.go_on.wait(END_S)

    def next(self) -> str:
        return self.seen.get(timeout=END_S)

    def turn(self) -> None:
        """Make the calls, once the loop is woken for them."""
        assert is_woken(self.calls, END_S)
        self.calls.run_callbacks(None)
        self.calls.make()


@pytest.fixture
def make_loop() -> Iterator[Callable[[int], Loop]]:
    before = threading.active_count()
    loops = []

    def make(size: int) -> Loop:
        loops.append(Loop(size))
        return loops[-1]

    yield make
    for loop in loops:
        loop.go_on.set()
        loop.pool.shutdown()
    assert wait_for_threads(0) == []
    assert threading.active_count() == before
    for loop in loops:
        loop.calls.close()


def stay(name: str) -> Callable[[Loop], None]:
    """Return a connection that keeps its thread until the loop goes on."""

    def connection(loop: Loop) -> None:
        loop.see(name)
        loop.wait()

    return connection


def pass_by(name: str) -> Callable[[Loop], None]:
    return lambda loop: loop.see(name)


def test_threads_start_when_they_are_needed_and_no_more_than_the_size(
    make_loop: Callable[[int], Loop],
) -> None:
    loop = make_loop(2)

    for name in 'abc':
        loop.pool.put(stay(name))

    assert {loop.next(), loop.next()} == {'a in worker-1', 'b in worker-2'}
    assert loop.seen.empty()
    loop.go_on.set()
    assert loop.next() in ('c in worker-1', 'c in worker-2')


def test_one_thread_serves_what_comes_after_each_other(make_loop: Callable[[int], Loop]) -> None:
    loop = make_loop(4)

    for name in 'abc':
        loop.pool.put(pass_by(name))
        assert loop.next() == f'{name} in worker-1'
        loop.pool.release()

    assert list(find_threads()) == ['worker-1']


def test_another_thread_serves_while_one_waits_for_its_client_and_ends_after(
    make_loop: Callable[[int], Loop],
) -> None:
    loop, has_come = make_loop(1), threading.Event()

    def slow(loop: Loop) -> None:
        loop.see('slow begins')
        assert has_come.wait(END_S)
        with loop.pool.step_aside():
            loop.see('slow waits')
            loop.wait()
        loop.see('slow goes on')

    loop.pool.put(slow)
    assert loop.next() == 'slow begins in worker-1'
    loop.pool.put(pass_by('quick'))
    has_come.set()
    assert loop.next() == 'slow waits in worker-1'
    assert loop.seen.empty()
    loop.turn()
    assert loop.next() == 'quick in worker-2'
    other = find_threads()['worker-2']
    loop.pool.release()
    loop.pool.put(stay('while it waits'))
    assert loop.next() == 'while it waits in worker-2'
    assert other.is_alive()
    loop.go_on.set()
    assert loop.next() == 'slow goes on in worker-1'

    loop.pool.release()
    loop.pool.release()
    [last] = wait_for_threads(1)
    loop.pool.put(pass_by('last'))
    assert loop.next() == f'last in {last}'


def find_threads() -> dict[str, threading.Thread]:
    """Return the pool's threads by their names."""
    found = {each.name: each for each in threading.enumerate()}
    return {name: each for name, each in found.items() if name.startswith('worker-')}


def wait_for_threads(count: int) -> list[str]:
    """Return the names of the pool's threads, once there are only so many."""
    deadline = time.monotonic() + END_S
    while len(threads := find_threads()) > count and time.monotonic() < deadline:
        for each in threads.values():
            each.join(0.01)
    return list(threads)


def test_a_thread_that_ends_closes_its_connections_to_the_databases(
    make_loop: Callable[[int], Loop], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = make_loop(1)
    monkeypatch.setattr(connections, 'close_all', lambda: loop.see('closed'))
    loop.pool.put(pass_by('served'))

    loop.pool.shutdown()

    assert [loop.next(), loop.next()] == ['served in worker-1', 'closed in worker-1']
    assert wait_for_threads(0) == []

    without = make_loop(1)
    monkeypatch.delitem(sys.modules, 'django.db')  # as where the application is none of Django's
    without.pool.put(pass_by('served'))
    without.pool.shutdown()
    assert without.next() == 'served in worker-1'
    assert wait_for_threads(0) == []
    assert loop.seen.empty()


def test_what_was_put_is_served_before_the_threads_end(make_loop: Callable[[int], Loop]) -> None:
    loop = make_loop(1)
    loop.pool.put(stay('first'))
    loop.pool.put(pass_by('second'))

    loop.pool.shutdown()
    loop.go_on.set()

    assert [loop.next(), loop.next()] == ['first in worker-1', 'second in worker-1']
    assert wait_for_threads(0) == []


def test_a_system_without_more_threads_serves_by_those_that_there_are(
    make_loop: Callable[[int], Loop], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    loop = make_loop(3)
    loop.pool.put(stay('first'))
    loop.next()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, 'start', refuse)
        loop.pool.put(pass_by('second'))
        with pytest.raises(RuntimeError, match=r"^can't start new thread$"):
            make_loop(1).pool.put(pass_by('nobody'))
    loop.go_on.set()

    assert loop.next() == 'second in worker-1'
    loop.pool.put(pass_by('third'))
    loop.pool.put(pass_by('fourth'))
    assert {loop.next()[:5], loop.next()[:5]} == {'third', 'fourt'}


def test_an_outcome_is_a_value_or_an_error() -> None:
    assert (Outcome(True).result(), Outcome().result()) == (True, False)
    assert Outcome().cancelled() is False
    with pytest.raises(ZeroDivisionError):
        Outcome(error=ZeroDivisionError()).result()


@pytest.fixture
def callbacks() -> Iterator[Any]:
    made: Any = Callbacks()
    made.init()
    with contextlib.closing(made):
        yield made


def is_woken(callbacks: Any, timeout_s: float = 0) -> bool:
    return select.select([callbacks.fileno()], [], [], timeout_s)[0] == [callbacks.fileno()]


def test_the_loop_is_woken_once_for_all_calls(callbacks: Any) -> None:
    made: list[int] = []
    assert not is_woken(callbacks)

    for number in range(3):
        callbacks.defer(made.append, number)

    assert is_woken(callbacks)
    assert os.read(callbacks._read_fd, 50) == b'\0'
    callbacks.run_callbacks(None)
    callbacks.make()
    assert made == [0, 1, 2]
    callbacks.defer(made.append, 3)
    assert is_woken(callbacks)


def test_a_call_that_is_added_wakes_nobody_by_itself(callbacks: Any) -> None:
    made: list[int] = []

    callbacks.wake()
    callbacks.add(made.append, 0)
    assert not is_woken(callbacks)

    callbacks.wake()
    callbacks.add(made.append, 1)
    callbacks.wake()
    assert is_woken(callbacks)
    assert os.read(callbacks._read_fd, 50) == b'\0'
    callbacks.make()
    assert made == [0, 1]


def wait_for_idle(loop: Loop, threads: int) -> None:
    deadline = time.monotonic() + END_S
    while len(loop.pool._idle) < threads and time.monotonic() < deadline:
        time.sleep(0.001)


def test_a_thread_wakes_the_loop_when_it_has_nothing_more_to_do(
    make_loop: Callable[[int], Loop],
) -> None:
    loop, others_end = make_loop(1), threading.Event()

    def finish(name: str) -> Callable[[Loop], None]:
        return lambda loop: loop.calls.add(loop.see, f'{name} told')

    def third(loop: Loop) -> None:
        loop.see('third')
        assert others_end.wait(END_S)

    loop.pool.put(pass_by('before'))
    wait_for_idle(loop, 1)
    loop.pool.put(stay('first'))
    loop.pool.put(finish('second'))
    loop.pool.put(third)
    assert [loop.next(), loop.next()] == ['before in worker-1', 'first in worker-1']
    loop.go_on.set()
    assert loop.next() == 'third in worker-1'
    assert not is_woken(loop.calls)
    others_end.set()
    loop.turn()
    assert loop.next() == 'second told in MainThread'


def test_a_thread_wakes_the_loop_before_it_goes_on_where_another_is_idle(
    make_loop: Callable[[int], Loop],
) -> None:
    loop, third_ends = make_loop(2), threading.Event()
    loop.pool.put(stay('first'))
    loop.pool.put(stay('second'))
    loop.go_on.set()
    wait_for_idle(loop, 2)
    assert {loop.next()[:5], loop.next()[:5]} == {'first', 'secon'}

    def third(loop: Loop) -> None:
        loop.see('third')
        assert third_ends.wait(END_S)

    def connection(loop: Loop) -> None:
        loop.calls.add(loop.see, 'told')
        loop.pool.put(third)  # which this thread takes, as a rule

    loop.pool.put(connection)
    assert loop.next()[:5] == 'third'
    loop.turn()
    assert loop.next() == 'told in MainThread'
    third_ends.set()


def test_a_thread_that_ends_wakes_the_loop(make_loop: Callable[[int], Loop]) -> None:
    loop = make_loop(1)

    def connection(loop: Loop) -> None:
        loop.wait()
        loop.calls.add(loop.see, 'told')

    loop.pool.put(connection)
    loop.pool.shutdown()
    loop.go_on.set()

    loop.turn()
    assert loop.next() == 'told in MainThread'


def test_what_a_call_defers_is_made_the_next_time(callbacks: Any) -> None:
    made: list[int] = []

    def call() -> None:
        made.append(1)
        callbacks.defer(made.append, 2)

    callbacks.defer(call)
    callbacks.run_callbacks(None)
    callbacks.make()

    assert made == [1]
    assert is_woken(callbacks)
    callbacks.run_callbacks(None)
    callbacks.make()
    assert made == [1, 2]
    assert not is_woken(callbacks)
