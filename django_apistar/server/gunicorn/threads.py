"""The threads of our gunicorn worker, and how they call its loop."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from gunicorn.workers.gthread import PollableMethodQueue

if TYPE_CHECKING:
    from django_apistar.server.gunicorn.connections import Connection


class ThreadPool:
    """Threads that serve connections, started when they are needed.

    *size* of them at most, without those that wait for a client. Replaces ThreadPoolExecutor,
    whose futures with their locks cost a tenth of a small request. All but the threads' own work
    runs in the thread of the worker's loop.
    """

    def __init__(self, size: int, serve: Callable[[Connection], object], calls: Callbacks) -> None:
        """*calls* are those that the loop is to make."""
        self.size = size
        self.serve = serve
        self.calls = calls
        self._connections: queue.SimpleQueue[Connection | None] = queue.SimpleQueue()
        self._threads = 0
        self._busy = 0  # connections that wait or are served
        self._aside: set[int] = set()  # ids of threads that wait for a client
        self._idle: set[int] = set()  # and of those that wait for a connection

    def put(self, connection: Connection) -> None:
        """Let a thread serve *connection*; `release` follows when that is done."""
        self._busy += 1
        self._connections.put(connection)
        self._grow()

    def release(self) -> None:
        """Count one connection fewer."""
        self._busy -= 1
        if self._threads > self.size + len(self._aside):
            self._threads -= 1
            self._connections.put(None)

    @contextlib.contextmanager
    def step_aside(self) -> Iterator[None]:
        """Let another thread serve while this one waits for its client."""
        self._aside.add(threading.get_ident())
        self.calls.defer(self._grow)
        try:
            yield
        finally:
            self._aside.discard(threading.get_ident())

    def _grow(self) -> None:
        if self._threads < min(self._busy, self.size + len(self._aside)):
            self._threads += 1
            try:
                threading.Thread(target=self._run, name=f'worker-{self._threads}').start()
            except RuntimeError:  # The system allows no more threads.
                self._threads -= 1
                if not self._threads:
                    raise

    def shutdown(self, wait: object = None) -> None:
        """Let the threads end after what was put is served. Python waits for them when it exits."""
        for _ in range(self._threads):
            self._connections.put(None)

    def _run(self) -> None:
        while (connection := self._take()) is not None:
            self.serve(connection)
        self.calls.wake()
        if 'django.db' in sys.modules:  # Each thread has its own connections.
            sys.modules['django.db'].connections.close_all()

    def _take(self) -> Connection | None:
        """Return the next connection. The loop is told of the last if a thread is idle for it."""
        try:
            connection = self._connections.get_nowait()
        except queue.Empty:
            return self._wait()
        if self._idle:
            self.calls.wake()
        return connection

    def _wait(self) -> Connection | None:
        thread = threading.get_ident()
        self._idle.add(thread)  # first, so that who adds a call hereafter sees it
        self.calls.wake()
        connection = self._connections.get()
        self._idle.discard(thread)
        return connection


class Outcome:
    """What `handle` returned or raised, with the part of a future that gunicorn reads."""

    def __init__(self, value: bool = False, error: BaseException | None = None) -> None:
        self.value = value
        self.error = error

    def cancelled(self) -> bool:
        return False

    def result(self) -> bool:
        """Return what `handle` returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self.value


class Callbacks(PollableMethodQueue):
    """gunicorn's queue of calls for the loop, which is woken once for many of them.

    A loop that is awake wants Python's lock back after each system call of the threads: two
    switches between threads for each request, a third of what a small one costs.
    """

    _is_woken = False

    def defer(self, callback: Callable[..., object], *args: object) -> None:
        """Let the loop call *callback* at once. Works in any thread and in a signal handler."""
        self.add(callback, *args)
        self.wake()

    def add(self, callback: Callable[..., object], *args: object) -> None:
        """Let the loop call *callback* when it is next awake."""
        self._queue.put(partial(callback, *args))

    def wake(self) -> None:
        """Wake the loop if there is something to call."""
        # The loop clears the flag before it reads the queue: it sees what was put before, or is
        # woken again.
        if not self._is_woken and not self._queue.empty():
            self._is_woken = True
            with contextlib.suppress(OSError):
                os.write(self._write_fd, b'\0')

    def run_callbacks(self, *_arguments: object) -> None:
        """Empty the pipe that has woken the loop, which calls `make` then."""
        with contextlib.suppress(OSError):
            os.read(self._read_fd, 1)
        self._is_woken = False

    def make(self) -> None:
        """Make the calls of the queue; those that they defer are made the next time."""
        for _ in range(self._queue.qsize()):
            self._queue.get_nowait()()
