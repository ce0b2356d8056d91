"""Processes below this one, wherever they have gone: their ids, and their end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SET_CHILD_SUBREAPER = 36  # of Linux's prctl()
GRACE_S = 5.0


def adopt_orphans() -> None:
    """Become the parent of each process below this one whose own parent ends.

    So servers, which have sessions of their own, can be found when what started them is gone. Only
    Linux has this.
    """
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def hear_for_tests() -> None:
    """Let tests hear the signals that this process was told to ignore, by nohup or in a script.

    What is ignored would be in each process that it starts, what has a handler is not.
    """
    for number in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def iter_processes() -> Iterator[tuple[int, int, int]]:
    """Yield (id, parent's id, session) of each live process that /proc shows."""
    for entry in Path('/proc').glob('[0-9]*'):
        with contextlib.suppress(OSError, IndexError):
            state, parent, _, session, *_ = (entry / 'stat').read_text().rpartition(')')[2].split()
            if state != 'Z':
                yield int(entry.name), int(parent), int(session)


def list_descendants(pid: int) -> set[int]:
    """Return the ids of the live processes below *pid*."""
    parents = {process: parent for process, parent, _ in iter_processes()}
    found: set[int] = set()
    level = {pid}
    while level:
        level = {process for process, parent in parents.items() if parent in level}
        found |= level
    return found


def wait_for_child(child: int) -> int:
    """Wait for the end of a child, and of every orphan before it; return the child's status."""
    while True:
        process, status = os.wait()
        if process == child:
            return os.waitstatus_to_exitcode(status)


def end_descendants(patience_s: float = 0) -> None:
    """End every process below this one: by SIGTERM after *patience_s*, in the end by SIGKILL."""
    began = time.monotonic()
    asked: set[int] = set()
    while alive := list_descendants(os.getpid()):
        seconds = time.monotonic() - began
        if seconds >= patience_s + GRACE_S:
            send(alive, signal.SIGKILL)
        elif seconds >= patience_s:
            send(alive - asked, signal.SIGTERM)
            asked |= alive
        reap()
        time.sleep(0.02)


def send(processes: set[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def reap() -> None:
    """Take the exit status of every child that has ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
