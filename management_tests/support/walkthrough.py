"""Does what a page tells its reader to do, from an empty folder on.

A `python` block that begins with `# FILE` is that file; settings are added to their end. Of the
`console` blocks, `django-admin` and `manage.py` are run, `runapistar` is started, and curl asks
what it serves. What installs something is taken as done. Where a page begins with a project of
Django, there is one.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

from management_tests.support import shown_examples
from management_tests.support.server_process import Project, Server

BLOCK = re.compile(r'^```(?P<language>python|console)\n(?P<text>.*?)^```$', re.M | re.S)
PYTHON = shlex.quote(sys.executable)
DONE = ('pip ', 'make ')
START = 'django-admin startproject shop .'


class Walk(Project):
    """A reader's project in *directory*, which grows as the page is read."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.server: Server | None = None

    def read(self, text: str) -> str:
        """Follow the page *text*; return it with what its commands print now."""
        if START not in text:
            self.run_command(START)
        with contextlib.ExitStack() as self.servers:
            return BLOCK.sub(self.follow, text)

    def follow(self, block: re.Match[str]) -> str:
        text = block['text']
        if block['language'] == 'python':
            self.write_block(text)
        elif '$ curl ' in text:
            assert self.server is not None, 'Nothing is served yet.'
            text = shown_examples.run_session(text, self.server.url.removeprefix('http://'))
        else:
            text = ''.join(map(self.run_shown, *shown_examples.read_session(text)))
        return f'```{block["language"]}\n{text}```'

    def write_block(self, text: str) -> None:
        name = re.match(r'# (\S+\.py)\n', text)
        if name is None:
            return
        path = self.directory / name[1]
        before = path.read_text() if path.name == 'settings.py' else ''
        path.write_text(before + text)

    def run_shown(self, command: str, shown: str) -> str:
        """Return *command* with its output, where the page shows one."""
        if command.startswith('python manage.py runapistar'):
            self.server = self.servers.enter_context(self.serve())
        elif not command.startswith(DONE):
            printed = self.run_command(command)
            shown = printed if shown else ''
        return f'$ {command}{shown}'

    def run_command(self, command: str) -> str:
        """Return what *command* prints. Fails where it does."""
        ours = command.replace('django-admin', 'python -m django').replace('python ', f'{PYTHON} ')
        done = subprocess.run(
            ['bash', '-c', ours],
            cwd=self.directory, env=self.environment(), text=True, capture_output=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stderr + done.stdout
