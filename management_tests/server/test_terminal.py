"""What runapistar writes to a terminal."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from management_tests.support.server_process import FORK_SERVER, START_S, Project, free_port

pytestmark = [pytest.mark.once, pytest.mark.slow]

RED, GREEN, CYAN, YELLOW, BOLD, END = (
    '\x1b[31;1m', '\x1b[32m', '\x1b[36;1m', '\x1b[33m', '\x1b[1m', '\x1b[0m',
)  # fmt: skip


class Terminal:
    """A server on a terminal of its own, and what that shows."""

    def __init__(self, project: Project, *arguments: str, **variables: str) -> None:
        self.shown = ''
        self.port = free_port()
        self._master, self._slave = pty.openpty()
        os.set_blocking(self._master, False)
        self._folder = tempfile.TemporaryDirectory()
        for name in ('stdout', 'stderr'):
            Path(self._folder.name, name).symlink_to(os.ttyname(self._slave))
        _, *command = project.command('runapistar', str(self.port), *arguments)
        environ = project.environment(TERM='xterm', **variables)
        folder = Path(self._folder.name)
        self.process = FORK_SERVER.start(command, project.directory, environ, folder)

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + START_S
        while text not in self.read():
            assert time.monotonic() < deadline, self.shown
            assert self.process.poll() is None, self.shown
            time.sleep(0.02)

    def read(self) -> str:
        with contextlib.suppress(OSError):  # nothing, or nobody has it open any more
            while chunk := os.read(self._master, 65536):
                self.shown += chunk.decode().replace('\r\n', '\n')
        return self.shown

    def get(self, path: str) -> None:
        requests.get(f'http://127.0.0.1:{self.port}{path}', timeout=30, allow_redirects=False)

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(30)
        os.close(self._slave)
        os.close(self._master)
        self._folder.cleanup()


@pytest.fixture
def terminal(project: Project, server_name: str) -> Iterator[Terminal]:
    terminal = Terminal(project, '--server', server_name, '--noreload', DEBUG='1')
    yield terminal
    terminal.close()


def test_banner_and_statuses_are_coloured_and_control_c_ends_the_line(terminal: Terminal) -> None:
    terminal.wait_for('Quit with Control-C.')
    for path in ('/hello/', '/hello', '/nope/'):
        terminal.get(path)
        terminal.wait_for(f'"GET {path} HTTP')

    shown = terminal.shown
    lines = {path: line for line in shown.splitlines() for path in [line.partition(' HTTP')[0]]}
    assert f'{CYAN}django-apistar ' in shown
    assert f'  {BOLD}Site     {END}http://127.0.0.1:{terminal.port}/\n' in shown
    line_of = {path: line for path in ('/hello/', '/hello', '/nope/')
               for line in lines.values() if f'"GET {path} HTTP' in line}  # fmt: skip
    assert line_of['/hello/'].startswith('[')
    assert line_of['/hello'].startswith(GREEN)
    assert line_of['/nope/'].startswith(YELLOW)

    os.killpg(terminal.process.pid, signal.SIGINT)
    terminal.process.wait(30)
    assert terminal.read().endswith('\n')
    assert terminal.shown.count('\n\n') > shown.count('\n\n')


def test_no_color_makes_all_of_it_plain(project: Project) -> None:
    terminal = Terminal(project, '--noreload', DEBUG='1', NO_COLOR='1')
    try:
        terminal.wait_for('Quit with Control-C.')
        terminal.get('/nope/')
        terminal.wait_for('"GET /nope/ HTTP')

        assert '\x1b' not in terminal.shown
        _, title, rest = terminal.shown.partition('django-apistar ')
        banner = title + rest.partition('Quit')[0]
        assert max(map(len, banner.splitlines())) <= 80
    finally:
        terminal.close()


def test_traceback_of_a_reload_has_the_frames_of_the_project(project: Project) -> None:
    with project.serve(DEBUG='1') as server:
        project.write('shop/broken.py', 'import json\njson.loads("{")')
        project.append('shop/urls.py', '\nfrom shop import broken\n')
        server.wait_for(lambda: 'Waiting for a change' in server.stderr, 'the traceback')

    text = server.stderr.partition('Traceback')[2].partition('Waiting')[0]
    files = [line.split('"')[1] for line in text.splitlines() if line.startswith('  File "')]
    names = [Path(file).relative_to(project.directory).as_posix() for file in files]
    assert names == ['shop/urls.py', 'shop/broken.py']
    assert 'JSONDecodeError: ' in text
    assert ' frames of Python and of installed packages are left out.)\n' in text
