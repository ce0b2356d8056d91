"""What os.execv() does for `runapistar`, in a fork, without imports to do again.

The command ends so: `python -c ...` then serves, with its id, its terminal and its sockets, and
with nothing that it has loaded of the project. Here the process with that id lets a child be the
command, and takes over what the child leaves: it has imported Django and API Star, and no project.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

FORWARDED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1,
             signal.SIGUSR2}  # fmt: skip
AWAITED = {*FORWARDED, signal.SIGCHLD}
MESSAGE_MAX = 200_000
DESCRIPTORS_MAX = 50


def be_replaceable() -> None:
    """Return in a child. This process becomes what the child calls os.execv() for, or ends as it.

    Signals to this process are the child's, until it is replaced.
    """
    ours, childs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    child = os.fork()
    if not child:
        ours.close()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
        # Out of the way: tests know which number the first socket gets.
        successor = socket.socket(fileno=fcntl.fcntl(childs, fcntl.F_DUPFD_CLOEXEC, 100))
        childs.close()
        setattr(os, 'execv', leave_to(successor))  # noqa: B010
        return
    childs.close()
    forwarded, status = wait_for(child)
    message, descriptors = receive(ours)
    if not message:
        end(status)
    become(json.loads(message), descriptors, forwarded)


def leave_to(successor: socket.socket) -> Callable[[str, list[str]], NoReturn]:
    """Return an os.execv() that leaves to *successor* whatever outlives the real one, and ends."""

    def execv(path: str, command: list[str]) -> NoReturn:
        descriptors = list_inheritable()
        left = {
            'command': command,
            'environ': dict(os.environ),
            'directory': str(Path.cwd()),
            'blocked': list(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
            'descriptors': descriptors,
        }
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', descriptors))
        successor.sendmsg([json.dumps(left).encode()], [rights])
        os._exit(0)

    return execv


def list_inheritable() -> list[int]:
    """Return the descriptors that another program would have, but for the first three."""
    found = []
    for path in Path('/dev/fd').iterdir():
        number = int(path.name)
        with contextlib.suppress(OSError):  # that of the folder itself
            if number > 2 and os.get_inheritable(number):
                found.append(number)
    return found


def wait_for(child: int) -> tuple[list[int], int]:
    """Return the signals that came while the child ran, and its status."""
    forwarded: list[int] = []
    while True:
        number = signal.sigwait(AWAITED)
        if number != signal.SIGCHLD:
            os.kill(child, number)
            forwarded.append(number)
            continue
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return forwarded, status


def receive(ours: socket.socket) -> tuple[bytes, list[int]]:
    """Return what the child has left, with its descriptors: nothing, if it has just ended."""
    with ours:
        message, ancillary, _, _ = ours.recvmsg(MESSAGE_MAX, socket.CMSG_SPACE(4 * DESCRIPTORS_MAX))
    descriptors = array.array('i')
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    return message, list(descriptors)


def end(status: int) -> NoReturn:
    """End as the child did."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os._exit(os.waitstatus_to_exitcode(status))


def become(left: dict[str, Any], received: list[int], signals: list[int]) -> NoReturn:
    """Be the command that the child has left, with the signals that it has not heeded."""
    os.environ.clear()
    os.environ.update(left['environ'])
    os.chdir(left['directory'])
    place(received, left['descriptors'])
    for number in signals:
        os.kill(os.getpid(), number)
    interpreter, *options, source, launch = command = left['command']
    if options != ['-B', '-c'] or json.loads(launch).get('uses_gevent'):
        signal.pthread_sigmask(signal.SIG_SETMASK, left['blocked'])
        os.execv(interpreter, command)  # gevent would patch what is imported here
    main = types.ModuleType('__main__')
    sys.modules['__main__'] = main
    sys.argv = ['-c', launch]
    signal.pthread_sigmask(signal.SIG_SETMASK, left['blocked'])
    exec(compile(source, '<string>', 'exec'), main.__dict__)
    sys.exit()


def place(received: list[int], wanted: list[int]) -> None:
    """Give the descriptors the numbers that they had, which may be those of others."""
    above = max([*received, *wanted], default=0) + 1
    aside = range(above, above + len(received))
    for number, free in zip(received, aside, strict=True):
        os.dup2(number, free)
        os.close(number)
    for number, target in zip(aside, wanted, strict=True):
        os.dup2(number, target)
        os.close(number)
