"""`manage.py` in processes that have imported Django and API Star already.

A fresh interpreter takes 0.7 s of CPU for that, most commands 0.15. One process of each pytest does
it once, and forks for each command. It has read no setting and loaded no app: those are the fork's.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from management_tests.support import forked_programs
from management_tests.support.processes import reap
from management_tests.support.replaced import be_replaceable

ROOT = Path(__file__).resolve().parents[2]
# What most commands import, of what can be imported before any setting is read.
PRELOADED = (
    'django.conf.locale.en.formats',
    'django.contrib.admin.apps',
    'django.contrib.admin.templatetags.admin_list',
    'django.contrib.admin.views.main',
    'django.contrib.auth.apps',
    'django.contrib.auth.password_validation',
    'django.contrib.auth.tokens',
    'django.contrib.contenttypes.apps',
    'django.contrib.messages.middleware',
    'django.contrib.sessions.backends.db',
    'django.contrib.sessions.middleware',
    'django.contrib.staticfiles.apps',
    'django.core.cache.backends.locmem',
    'django.core.management.commands.makemigrations',
    'django.core.management.commands.migrate',
    'django.core.servers.basehttp',
    'django.db.backends.sqlite3.base',
    'django.db.models.sql.compiler',
    'django.middleware.common',
    'django.template.context_processors',
    'django.template.loaders.app_directories',
    'django.template.loaders.cached',
    'django_apistar.accelerate.plan.compiler',
    'django_apistar.accelerate.types.compilers',
    'django_apistar.api.compiled',
    'django_apistar.authentication.hooks',
    'django_apistar.authentication.throttle',
    'django_apistar.authentication.views',
    'django_apistar.bench.applications',
    'django_apistar.bench.servers',
    'django_apistar.checks',
    'django_apistar.management.commands.apistar_docs',
    'django_apistar.management.commands.apistar_routes',
    'django_apistar.management.commands.runapistar',
    'django_apistar.management.console',
    'django_apistar.management.rows',
    'django_apistar.server.boot',
    'django_apistar.server.gunicorn.master',
    'django_apistar.server.gunicorn.server',
    'django_apistar.server.gunicorn.worker',
)
# What Python itself reads at its start cannot be given to a fork.
OF_PYTHON = ('PYTHON', 'COVERAGE', 'LC_', 'LANG')


class Fork:
    """A process of the fork server, with what tests use of subprocess.Popen.

    The file *status* has its exit status, once it has ended.
    """

    def __init__(self, pid: int, status: Path) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        if self.returncode is None:
            with contextlib.suppress(FileNotFoundError):
                self.returncode = int(self._status.read_text())
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        deadline = time.monotonic() + (timeout or float('inf'))
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(0.01)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class ForkServer:
    """The process that forks. It starts when it is needed first, and ends with this one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def start(
        self, command: Sequence[str], directory: Path, environ: dict[str, str], folder: Path
    ) -> Fork:
        """Start *command*, a script and its arguments, in a session of its own.

        What it writes is in the files stdout and stderr of *folder*, which may lead to a terminal.
        """
        task = json.dumps((command, str(directory), environ, str(folder)))
        with self._lock:
            process = self._process or self._start()
            assert process.stdin
            assert process.stdout
            process.stdin.write(task + '\n')
            process.stdin.flush()
            pid = int(process.stdout.readline())
        return Fork(pid, folder / 'status')

    def _start(self) -> subprocess.Popen[str]:
        environ = {**os.environ, 'PYTHONPATH': str(ROOT), 'PYTHONDONTWRITEBYTECODE': '1'}
        environ.pop('MUTANTS_TEST', None)  # it serves the tests after this one, too
        command = [sys.executable, '-m', __name__]
        self._process = subprocess.Popen(
            command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self._process.__exit__, None, None, None)
        return self._process


def serve() -> None:
    """Fork for each line of stdin, and for each program that a fork asks for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with its pytest, whatever ends that
    for name in PRELOADED:
        import_module(name)
    gc.freeze()  # else each fork goes through all of it at its end, and copies it: 0.4 s
    listener = forked_programs.listen()
    while True:
        ready, _, _ = select.select([sys.stdin, listener], [], [])
        reap()
        if listener in ready:
            forked_programs.answer(listener)
        elif not (line := sys.stdin.readline()):
            break
        elif not os.fork():
            watch(*json.loads(line))


def watch(command: list[str], directory: str, environ: dict[str, str], folder: str) -> None:
    """Fork again, write that process's id to stdout, and its exit status to a file at its end."""
    pid = os.fork()
    if not pid:
        begin(directory, environ, folder)
        setattr(subprocess, 'Popen', forked_programs.Popen)  # noqa: B010
        be_replaceable()
        run_script(command)
    print(pid, flush=True)  # noqa: T201
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(FileNotFoundError):  # nobody waits for it any more
        draft = Path(folder, 'draft')
        draft.write_text(str(status))
        draft.replace(Path(folder, 'status'))
    os._exit(0)


def begin(directory: str, environ: dict[str, str], folder: str) -> None:
    """Be the first process of a session in *directory*."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, path in enumerate((os.devnull, f'{folder}/stdout', f'{folder}/stderr')):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOCTTY)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environ)
    forked_programs.tell_coverage()


def run_script(command: list[str]) -> None:
    """Be `python script ...`, and end."""
    sys.argv = command
    sys.path[0] = str(Path(command[0]).absolute().parent)
    runpy.run_path(command[0], run_name='__main__')
    sys.exit()


if __name__ == '__main__':
    serve()
