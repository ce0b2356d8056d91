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

    def __init__(
        self, size: int, serve: Callable[[Connection], object], defer: Callable[..., object]
    ) -> None:
        """*defer* lets the loop call something."""
        self.size = size
        self.serve = serve
        self.defer = defer
        self._connections: queue.SimpleQueue[Connection | None] = queue.SimpleQueue()
        self._threads = 0
        self._busy = 0  # connections that wait or are served
        self._aside: set[int] = set()  # ids of threads that wait for a client

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
        self.defer(self._grow)
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
        while (connection := self._connections.get()) is not None:
            self.serve(connection)
        if 'django.db' in sys.modules:  # Each thread has its own connections.
            sys.modules['django.db'].connections.close_all()


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
    """gunicorn's queue of calls for the loop, which is woken once for all of them."""

    _is_woken = False

    def defer(self, callback: Callable[..., object], *args: object) -> None:
        """Let the loop call *callback*. Works in any thread and in a signal handler."""
        self._queue.put(partial(callback, *args))
        # The loop clears the flag before it reads the queue: it sees what was put before, or is
        # woken again.
        if not self._is_woken:
            self._is_woken = True
            with contextlib.suppress(OSError):
                os.write(self._write_fd, b'\0')

    def run_callbacks(self, *_arguments: object) -> None:
        """Make the calls of the queue; those that they defer are made the next time."""
        with contextlib.suppress(OSError):
            os.read(self._read_fd, 1)
        self._is_woken = False
        for _ in range(self._queue.qsize()):
            self._queue.get_nowait()()
