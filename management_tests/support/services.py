"""nginx and Redis, started for tests."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from management_tests.support.server_process import free_port

START_S = STOP_S = 60.0


def find_program(name: str) -> str:
    """Return the program's path; skips where it is not installed, which in CI is a failure."""
    found = shutil.which(name, path=f'{os.environ["PATH"]}:/usr/sbin')
    if not found and os.environ.get('CI') == 'true':
        pytest.fail(f'{name} is not installed.')
    return found or pytest.skip(f'{name} is not installed.')


@contextlib.contextmanager
def running(
    command: list[str], port: int, output: Any = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command* until its end, or until the context's; it listens on *port* meanwhile."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output)
    try:
        wait_for_port(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(STOP_S)


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while True:
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 1):
            return
        assert process.poll() is None, f'{process.args!r} ended with {process.returncode}'
        assert time.monotonic() < deadline, f'{process.args!r} does not listen on {port}'
        time.sleep(0.05)


class Redis:
    """A Redis that stores nothing; what it knows ends with it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        options = ('--bind', '127.0.0.1', '--dir', str(folder), '--save', '')
        self._command = [find_program('redis-server'), '--port', str(self.port), *options]
        self._run = contextlib.ExitStack()

    @property
    def url(self) -> str:
        return f'redis://127.0.0.1:{self.port}/0'

    def start(self) -> None:
        self._process = self._run.enter_context(running(self._command, self.port))

    @contextlib.contextmanager
    def silenced(self) -> Iterator[None]:
        """Let it accept and answer nothing."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.start()

    def stop(self) -> None:
        self._run.close()


NGINX = """
daemon off;
{user}
pid {folder}/nginx.pid;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def run_nginx(
    folder: Path, site: str, replacements: dict[str, str], port: int
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """Run nginx with the text of a *site*, whose addresses and paths are replaced by the test's."""
    for old, new in replacements.items():
        assert re.search(rf'{re.escape(old)}\b', site), f'{old!r} is not in the configuration'
        site = re.sub(rf'{re.escape(old)}\b', new, site)
    (folder / 'site.conf').write_text(site)
    user = 'user root;' if os.geteuid() == 0 else ''
    (folder / 'nginx.conf').write_text(NGINX.format(folder=folder, user=user))
    program = find_program('nginx')
    return running(
        [program, '-p', str(folder), '-e', f'{folder}/error.log', '-c', f'{folder}/nginx.conf'],
        port,
    )


def make_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """Return a certificate for *host* that nobody has signed, and its key."""
    certificate, key = folder / 'site.crt', folder / 'site.key'
    kind = 'IP' if host[0].isdigit() else 'DNS'
    subprocess.run(
        [
            find_program('openssl'), 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
            'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', f'/CN={host}',
            '-addext', f'subjectAltName={kind}:{host}',
            '-keyout', str(key), '-out', str(certificate),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


def certificate(folder: Path) -> Path:
    """Return a certificate for 127.0.0.1, with its key in the same file; make it once."""
    pem = folder / 'cert.pem'
    if not pem.exists():
        parts = make_certificate(folder, '127.0.0.1')
        pem.write_text(''.join(part.read_text() for part in parts))
    return pem
