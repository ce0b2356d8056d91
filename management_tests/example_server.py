"""The example, served for real by `manage.py runapistar` from a copy of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    'DJANGO_DEBUG': '0',
    'DJANGO_SECRET_KEY': 'a key that only these tests have, 50 characters long',
    'DJANGO_ALLOWED_HOSTS': '127.0.0.1',
}
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30


class Example:
    """A copy of the example in *folder* with an SQLite database of its own."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder / 'example'
        self.log = folder / 'server.log'
        self.environ = {**os.environ, 'DATABASE_URL': f'sqlite:///{folder}/db.sqlite3', **environ}
        # pytest-django's, meant for this process.
        self.environ.pop('DJANGO_SETTINGS_MODULE', None)
        ignored = shutil.ignore_patterns('__pycache__', 'db.sqlite3*', 'staticfiles')
        shutil.copytree(ROOT / 'example', self.folder, ignore=ignored)

    def manage(self, *arguments: str, **environ: str) -> str:
        """Run a management command; return its standard output, fail with its errors."""
        done = subprocess.run(
            [sys.executable, 'manage.py', *arguments],
            cwd=self.folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve until the block ends; yield the server's URL, without a slash at its end."""
        port = free_port()
        with self.log.open('w') as log:
            server = subprocess.Popen(
                [sys.executable, 'manage.py', 'runapistar', f'127.0.0.1:{port}'],
                cwd=self.folder,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            url = f'http://127.0.0.1:{port}'
            self.wait_until_it_answers(server, url)
            yield url
        finally:
            stop(server)

    def wait_until_it_answers(self, server: subprocess.Popen[bytes], url: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and server.poll() is None:
            try:
                requests.get(url, timeout=5)
                return
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.1)
        raise AssertionError(f'runapistar does not answer:\n{self.log.read_text()}')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port: int = probe.getsockname()[1]
        return port


def stop(server: subprocess.Popen[bytes]) -> None:
    """Ask the server to stop, and make sure that nothing of its session is left."""
    server.terminate()
    try:
        server.wait(STOP_TIMEOUT_S)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
