"""Control-C at one of our commands: exit status 130, the line of the terminal ended, no traceback.

At the first one a command cleans up, as KeyboardInterrupt unwinds it. A second one, or one that the
interpreter has swallowed, as it does within callbacks, ends the process and what it has started.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, AnyStr

if TYPE_CHECKING:
    from subprocess import Popen
    from sys import UnraisableHookArgs

COMMANDS = ('apistar_bench', 'apistar_docs', 'apistar_routes', 'runapistar')
STATUS = 128 + signal.SIGINT  # as shells have it
_sessions: set[int] = set()  # ids of those that a command has started; they end with it


def expect() -> None:
    """Have Control-C end this process at once while Django prepares one of our commands.

    Nowhere else: neither another command nor a server's worker has its signals touched.
    """
    if _is_ours() and _is_main() and _get_handler() is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """Let the first Control-C within this context raise KeyboardInterrupt; exit at that.

    Afterwards it ends the process at once. A handler of the project's own is left as it is, and so
    is a Control-C that is ignored, as in a shell's background.
    """
    handler, hook = _get_handler(), sys.unraisablehook
    is_usual = _is_main() and handler in (signal.default_int_handler, end)
    try:
        if is_usual:
            sys.unraisablehook = functools.partial(_end_if_interrupted, hook)
            signal.signal(signal.SIGINT, _raise)
        yield
    except KeyboardInterrupt:
        end_line()
        sys.exit(STATUS)
    finally:
        if is_usual:
            signal.signal(signal.SIGINT, end if _is_ours() else signal.default_int_handler)
            sys.unraisablehook = hook


@contextlib.contextmanager
def session(start: Callable[[], Popen[AnyStr]]) -> Iterator[Popen[AnyStr]]:
    """Yield the process that *start* starts as a session of its own, none of which outlives this.

    Not even a signal that ends this process meanwhile leaves it behind.
    """
    process: Popen[AnyStr] | None = None
    try:
        with _held():
            process = start()
            _sessions.add(process.pid)
        yield process
    finally:
        if process is not None:
            with process, contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            _sessions.discard(process.pid)


@contextlib.contextmanager
def _held() -> Iterator[None]:
    """Let signals wait within this context, in which a session is started and noted."""
    if not _is_main():
        yield
        return
    waiting: list[int] = []
    before = {
        number: signal.signal(number, lambda number, frame: waiting.append(number))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if callable(signal.getsignal(number))
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if waiting:
            signal.raise_signal(waiting[0])


def end(number: int = signal.SIGINT, frame: FrameType | None = None) -> None:
    """End this process, and the sessions that it has started, at once. A handler of signals."""
    for pid in _sessions:
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
    end_line()
    os._exit(128 + number)


def end_line() -> None:
    """End the line on which a terminal has echoed Control-C."""
    with contextlib.suppress(OSError):
        if os.isatty(2):
            os.write(2, b'\n')


def _raise(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, end)
    raise KeyboardInterrupt


def _end_if_interrupted(
    hook: Callable[[UnraisableHookArgs], object], unraisable: UnraisableHookArgs
) -> None:
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        end()
    hook(unraisable)


def _get_handler() -> object:
    return signal.getsignal(signal.SIGINT)


def _is_ours() -> bool:
    return any(name in COMMANDS for name in sys.argv[1:2])


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()
