"""A gunicorn worker for each target of a benchmark; it ends with the command that started it."""

from __future__ import annotations

import contextlib
import dataclasses
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

from django_apistar.bench.targets import HOST, Answer, Target, TargetError, check_answer
from django_apistar.bench.tools import Load, Tool, order
from django_apistar.server.launch import get_interpreter

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from gunicorn.workers.base import Worker

THREADS = 4
_PATIENCE_S = 30.0
_BACKLOG = 1024

# sys.path first: the project may hold django_apistar itself.
_BOOT = (
    'import json, sys; sys.path[:] = json.loads(sys.argv[1])["path"]; '
    'from django_apistar.bench.servers import main; main(json.loads(sys.argv[1]))'
)
_SETTINGS = {
    'workers': 1, 'threads': THREADS, 'timeout': 0, 'keepalive': 5, 'max_requests': 0,
    'graceful_timeout': 1, 'loglevel': 'warning', 'control_socket_disable': True,
    'proc_name': 'apistar_bench', 'default_proc_name': 'apistar_bench',
}  # fmt: skip


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
        """Return the answer to a GET. Raises OSError or HTTPException."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_PATIENCE_S)
        with contextlib.closing(connection):
            connection.request('GET', self.target.path)
            response = connection.getresponse()
            content_type = response.headers.get_content_type()
            return Answer(response.status, content_type, len(response.read()))

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
def serve(target: Target, settings_module: str) -> Iterator[TargetServer]:
    """Serve *target* on a free port of the loopback interface.

    Raises TargetError where it does not answer 2xx with a body. No process outlives this context,
    nor this process, should it be killed: the worker watches the pipe of its standard input.
    """
    with socket.socket() as listener, tempfile.TemporaryFile() as errors:
        listener.bind((HOST, 0))
        listener.listen(_BACKLOG)
        port = listener.getsockname()[1]
        process = _start(target, settings_module, listener.fileno(), errors)
        try:
            listener.close()  # now a server that dies closes the port
            server = TargetServer(target, process, port)
            _verify(server, errors)
            yield server
        finally:
            _stop(process)


def run_load(server: TargetServer, tool: Tool, connections: int, duration_s: float) -> Load:
    """Let *tool* load *server*; return its figures and the CPU time of the server's processes."""
    before = server.read_cpu_s()
    with order(server.url, connections, duration_s) as task:
        seen = tool.run(task)
    after = server.read_cpu_s()
    if before is None or after is None:
        return seen
    return dataclasses.replace(seen, cpu_s=(after - before) / (seen.transactions + seen.errors))


def _start(
    target: Target, settings_module: str, number: int, errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    argument = {
        'key': target.key, 'fd': number, 'path': list(sys.path), 'settings': settings_module
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    return subprocess.Popen(
        [*get_interpreter(), '-c', _BOOT, json.dumps(argument)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, pass_fds=[number],
        start_new_session=True, env={**kept, 'DJANGO_SETTINGS_MODULE': settings_module},
    )  # fmt: skip


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


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End all processes of the session at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin:
        process.stdin.close()


# In the server's process


def main(argument: dict[str, Any]) -> None:
    """Serve a target with gunicorn, in a fresh process."""
    from gunicorn.app.base import Application

    from django_apistar.server.gunicorn.settings import get_worker_class

    class TargetApplication(Application):
        def load_config(self) -> None:
            values = {
                **_SETTINGS, 'bind': f'fd://{argument["fd"]}',
                'worker_class': get_worker_class(False), 'post_worker_init': end_with_parent,
            }  # fmt: skip
            for name, value in values.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> WSGIApplication:
            return load_target(argument['key'])

    TargetApplication().run()


def load_target(key: str) -> WSGIApplication:
    """Set the project up, and return the application of a target."""
    import django

    from django_apistar.bench.targets import build_application, open_to_loopback

    django.setup()
    open_to_loopback().enable()
    return build_application(key)


def end_with_parent(worker: Worker) -> None:
    """End the worker and its master when the other end of the standard input is closed."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.ppid, signal.SIGKILL)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
