"""What our commands start, in processes that have imported Django and API Star already.

`apistar_bench` starts its servers, and `runapistar` its trial before a reload, as `python -c ...`,
which takes 0.5 s of CPU for its imports. Where the command itself is a fork of the fork server,
that one forks these, too: not the command, which has loaded the project.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from management_tests.support.replaced import DESCRIPTORS_MAX, MESSAGE_MAX, place

_BENCH = 'from django_apistar.bench.servers import main'
_TRIAL = 'from django_apistar.server.boot import main'
_addresses: list[bytes] = []  # of the fork server, in its forks


def listen() -> socket.socket:
    """Return the socket at which this process, and its forks know that, is asked for programs."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # A name that Linux chooses: in two process namespaces two have one process id.
    listener.bind('')
    _addresses.append(listener.getsockname())
    listener.listen()
    os.register_at_fork(after_in_child=listener.close)
    return listener


def answer(listener: socket.socket) -> None:
    """Fork for who has connected."""
    connection, _ = listener.accept()
    message, descriptors, _, _ = socket.recv_fds(connection, MESSAGE_MAX, DESCRIPTORS_MAX)
    if not os.fork():
        _watch(connection, json.loads(message), descriptors)
    connection.close()
    for number in descriptors:
        os.close(number)


def _watch(connection: socket.socket, task: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Fork again, and write that process's exit status to *connection* at its end."""
    pid = os.fork()
    if not pid:
        os.setsid()
        connection.send(str(os.getpid()).encode())
        connection.close()
        _be_program(task, descriptors)
    for number in descriptors:
        os.close(number)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(BrokenPipeError):
        connection.send(str(status).encode())
    os._exit(0)


def _be_program(task: dict[str, Any], descriptors: list[int]) -> NoReturn:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    place(descriptors, task['numbers'])
    os.chdir(task['directory'])
    os.environ.clear()
    os.environ.update(task['environ'])
    tell_coverage()
    source, *sys.argv[1:] = task['command']
    sys.argv[0] = '-c'
    main = types.ModuleType('__main__')
    sys.modules['__main__'] = main
    exec(compile(source, '<string>', 'exec'), main.__dict__)
    sys.exit()


def tell_coverage() -> None:
    """Where coverage looks on, as in `make mutants`: say which test runs this process."""
    if 'COVERAGE_PROCESS_START' in os.environ:
        import coverage

        if measuring := coverage.Coverage.current():
            measuring.switch_context(os.environ.get('MUTANTS_TEST', ''))


def can_fork(args: Any) -> bool:
    """Return whether *args* start a program of ours; gevent would patch what is imported here."""
    if not isinstance(args, list) or '-c' not in args:
        return False
    source, argument = args[args.index('-c') + 1 :][:2]
    return _BENCH in source or (_TRIAL in source and not json.loads(argument)['uses_gevent'])


class Popen(subprocess.Popen[Any]):
    """subprocess.Popen, but for programs of ours."""

    def __init__(self, args: Any, *others: Any, **options: Any) -> None:
        self._connection: socket.socket | None = None
        if can_fork(args):
            self._fork(args, **options)
        else:
            super().__init__(args, *others, **options)

    def _fork(
        self, args: list[str], *, stdin: int, stdout: int | None = None, stderr: Any = None,
        pass_fds: Sequence[int] = (), env: dict[str, str] | None = None,
        start_new_session: bool = False,
    ) -> None:  # fmt: skip
        task = {
            'command': args[args.index('-c') + 1 :], 'directory': str(Path.cwd()),
            'environ': dict(os.environ) if env is None else env, 'numbers': [0, 1, 2, *pass_fds],
        }  # fmt: skip
        self.args, self.returncode, self.stdout, self.stderr = args, None, None, None
        self.stdin = None
        self._child_created = False  # nothing for its __del__
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._connection.connect(_addresses[0])
        reader, writer = os.pipe()
        with os.fdopen(reader) as given, Path(os.devnull).open('w') as nothing:
            out = 1 if stdout is None else nothing.fileno()
            error = 2 if stderr is None else stderr.fileno()
            descriptors = [given.fileno(), out, error, *pass_fds]
            socket.send_fds(self._connection, [json.dumps(task).encode()], descriptors)
            self.pid = int(self._connection.recv(100))
        if stdin == subprocess.PIPE:
            self.stdin = os.fdopen(writer, 'wb')
        else:
            os.close(writer)

    def communicate(self, *given: Any, **options: Any) -> tuple[Any, Any]:
        if self._connection is None:
            return super().communicate(*given, **options)
        self.wait()
        return None, None

    def wait(self, timeout: float | None = None) -> int:
        if self._connection is None:
            return super().wait(timeout)
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                self.returncode = int(self._connection.recv(100))
            except TimeoutError as exc:
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from exc
            self._connection.close()
        return self.returncode
