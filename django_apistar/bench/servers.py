"""A server for each target of a benchmark; it ends with the command that started it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.template.defaultfilters import pluralize

from django_apistar.bench.load import Load, Tool, order
from django_apistar.bench.request import Request
from django_apistar.bench.targets import HOST, Answer, Target, TargetError, check_answer
from django_apistar.compat import interrupts
from django_apistar.server.launch import Launch, get_interpreter

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from gunicorn.workers.base import Worker

# Of options that --in-process refuses: argparse cannot know them, or each would seem to be given.
DEFAULTS = {'server': 'gunicorn', 'workers': 1, 'threads': 4, 'connections': 16}
_PATIENCE_S = 30.0
_BACKLOG = 1024

# sys.path first: the project may hold django_apistar itself.
_BOOT = (
    'import json, sys; sys.path[:] = json.loads(sys.argv[1])["path"]; '
    'from django_apistar.bench.servers import main; main(json.loads(sys.argv[1]))'
)
_SETTINGS = {
    'timeout': 0, 'keepalive': 5, 'graceful_timeout': 1, 'loglevel': 'warning',
    'control_socket_disable': True, 'proc_name': 'apistar_bench',
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Setup:
    """Which server each target gets."""

    server: str = 'gunicorn'
    workers: int = 1
    threads: int = 4

    def describe(self) -> str:
        workers, threads = pluralize(self.workers), pluralize(self.threads)
        return f'{self.workers} {self.server} worker{workers} with {self.threads} thread{threads}'


DEFAULT_SETUP = Setup()


class TargetServer:
    """A running server, whose processes are one session."""

    def __init__(self, target: Target, process: subprocess.Popen[bytes], port: int) -> None:
        self.target = target
        self.process = process
        self.port = port

    @property
    def url(self) -> str:
        return f'http://{HOST}:{self.port}{self.target.path}'

    def get(self) -> Answer:
        """Return the answer to one request. Raises OSError or HTTPException."""
        request = self.target.request
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_PATIENCE_S)
        with contextlib.closing(connection):
            connection.request(
                request.method, self.target.path, request.body or None, dict(request.headers)
            )
            response = connection.getresponse()
            content_type = response.headers.get_content_type()
            return Answer(response.status, content_type, response.read())

    def read_cpu_s(self) -> float | None:
        """Return the CPU seconds of the server's processes so far; None off Linux."""
        return read_cpu_s(self.process.pid) if Path('/proc/self/stat').exists() else None


def read_cpu_s(session: int) -> float:
    """Return the CPU seconds that the processes of *session* have used. Linux only."""
    # The CPU clock of another process, as clock_getcpuclockid(3) of Linux makes it.
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in list_session(session))


def list_session(session: int) -> list[int]:
    """Return the ids of the processes of *session*, from /proc."""
    pids = []
    for stat in Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(OSError):
            # The second field, the name in brackets, may hold anything.
            fields = stat.read_text().rpartition(')')[2].split()
            if int(fields[3]) == session and fields[0] != 'Z':
                pids.append(int(stat.parent.name))
    return pids


@contextlib.contextmanager
def serve(
    target: Target, settings_module: str, setup: Setup = DEFAULT_SETUP
) -> Iterator[TargetServer]:
    """Serve *target* on a free port of the loopback interface.

    Raises TargetError where it does not answer 2xx with a body. No process outlives this context,
    nor this process, should it be killed: the server watches the pipe of its standard input.
    """
    with socket.socket() as listener, tempfile.TemporaryFile() as errors:
        listener.bind((HOST, 0))
        listener.listen(_BACKLOG)
        port = listener.getsockname()[1]
        start = functools.partial(_start, target, settings_module, setup, listener.fileno(), errors)
        with interrupts.session(start) as process:
            listener.close()  # now a server that dies closes the port
            server = TargetServer(target, process, port)
            _verify(server, errors)
            yield server


def run_load(
    server: TargetServer, tool: Tool, connections: int, duration_s: float, rate: int | None = None
) -> Load:
    """Let *tool* load *server*; return its figures and the CPU time of the server's processes."""
    before = server.read_cpu_s()
    with order(server.url, connections, duration_s, server.target.request, rate) as task:
        seen = tool.run(task)
    after = server.read_cpu_s()
    if before is None or after is None:
        return seen
    return dataclasses.replace(seen, cpu_s=(after - before) / (seen.transactions + seen.errors))


def _start(
    target: Target, settings_module: str, setup: Setup, number: int, errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    argument = {
        'fd': number, 'path': list(sys.path), 'setup': dataclasses.asdict(setup),
        'target': {name: getattr(target, name) for name in _PLAIN},
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    process = subprocess.Popen(
        [*get_interpreter(), '-c', _BOOT, json.dumps(argument)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, pass_fds=[number],
        start_new_session=True, env={**kept, 'DJANGO_SETTINGS_MODULE': settings_module},
    )  # fmt: skip
    request = {'method': target.request.method, 'headers': target.request.headers}
    with contextlib.suppress(BrokenPipeError):  # it has died; _verify says why
        assert process.stdin
        process.stdin.write(json.dumps(request).encode() + b'\n')
        process.stdin.flush()
    return process


_PLAIN = ('key', 'label', 'path', 'is_stand_in')  # of a target
# What gunicorn would read.
_UNWANTED = ('GUNICORN_CMD_ARGS', 'GUNICORN_FD', 'GUNICORN_PID', 'LISTEN_PID', 'LISTEN_FDS')


def _verify(server: TargetServer, errors: IO[bytes]) -> None:
    try:
        answer = server.get()
    except (OSError, http.client.HTTPException) as exc:
        errors.seek(0)
        lines = errors.read().decode(errors='replace').strip().splitlines()
        said = next((line for line in reversed(lines) if 'Error' in line), str(exc))
        raise TargetError(f'{server.target.label} cannot be served: {said.strip(" .")}.') from exc
    check_answer(server.target, answer)


# In the server's process


def main(argument: dict[str, Any]) -> None:
    """Serve a target, in a fresh process."""
    # Not of the command line, which everybody may read: headers can hold a secret.
    sent = json.loads(sys.stdin.buffer.readline())
    request = Request(sent['method'], tuple((name, value) for name, value in sent['headers']))
    target = Target(**argument['target'], request=request)
    setup = Setup(**argument['setup'])
    serve_target = _serve_by_granian if setup.server == 'granian' else _serve_by_gunicorn
    serve_target(target, setup, argument['fd'])


def _serve_by_gunicorn(target: Target, setup: Setup, number: int) -> None:
    from gunicorn.app.base import Application

    from django_apistar.bench.applications import load_target
    from django_apistar.server.gunicorn.settings import get_worker_class

    class TargetApplication(Application):
        def load_config(self) -> None:
            values = {
                **_SETTINGS, 'bind': f'fd://{number}', 'workers': setup.workers,
                'threads': setup.threads, 'worker_class': get_worker_class(False),
                'post_worker_init': watch_parent,
            }  # fmt: skip
            for name, value in values.items():
                self.cfg.set(name, value)

        def load(self) -> WSGIApplication:
            return load_target(target)

    TargetApplication().run()


def _serve_by_granian(target: Target, setup: Setup, number: int) -> None:
    from django_apistar.bench.granian_server import TargetGranian

    watch_parent()  # here, as a worker's standard input is /dev/null
    settings = {'bind': [f'fd://{number}'], 'workers': setup.workers, 'threads': setup.threads}
    TargetGranian(Launch('granian', settings=settings, sockets=[number]), target).run()


def watch_parent(worker: Worker | None = None) -> None:
    """End the server when the other end of the standard input is closed."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
