"""Does what a page tells its reader to do, from an empty folder on.

A `python` block that begins with `# FILE` is that file, as is a file of `files/` beside the page
by its caption; settings are added to their end. Of the `console` blocks, `django-admin` and
`manage.py` are run, `runapistar` is started, and curl asks what it serves. What installs something
is taken as done. Where a page begins with a project of Django, there is one. It hashes passwords
quickly: no page shows how.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

from management_tests.support import shown_examples
from management_tests.support.console_blocks import split_manage
from management_tests.support.example_server import HASHERS
from management_tests.support.server_process import Project, Server
from management_tests.support.shown_examples import DOCS

BLOCK = re.compile(
    r'^```(?P<language>python|console|{literalinclude} (?P<file>files/\S+))\n(?P<text>.*?)^```$',
    re.M | re.S,
)
CAPTION = re.compile(r'^:caption: (\S+)', re.M)
SECONDS = re.compile(r'\b\d+\.\d+s\b')
PYTHON = shlex.quote(sys.executable)
DONE = ('pip ', 'make ')
START = 'django-admin startproject shop .'


class Walk(Project):
    """A reader's project in *directory*, which grows as the page is read."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.server: Server | None = None

    def read(self, text: str, folder: Path = DOCS) -> str:
        """Follow the page *text*, of *folder*; return it with what its commands print now."""
        self.page_folder = folder
        if START not in text and not (self.directory / 'manage.py').exists():
            self.run_command(START)
        with contextlib.ExitStack() as self.servers:
            return BLOCK.sub(self.follow, text)

    def follow(self, block: re.Match[str]) -> str:
        text = block['text']
        if block['file']:
            [name] = CAPTION.findall(text)
            self.write_file(name, (self.page_folder / block['file']).read_text())
        elif block['language'] == 'python':
            self.write_block(text)
        elif '$ curl ' in text:
            assert self.server is not None, 'Nothing is served yet.'
            text = shown_examples.run_session(text, self.server.url.removeprefix('http://'))
        else:
            text = ''.join(map(self.run_shown, *shown_examples.read_session(text)))
        return f'```{block["language"]}\n{text}```'

    def write_block(self, text: str) -> None:
        name = re.match(r'# (\S+\.py)\n', text)
        if name is not None:
            self.write_file(name[1], text)

    def write_file(self, name: str, text: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text() if path.name == 'settings.py' else ''
        path.write_text(before + text)

    def run_shown(self, command: str, shown: str) -> str:
        """Return *command* with its output, where the page shows one."""
        if command.startswith('python manage.py runapistar'):
            self.server = self.servers.enter_context(self.serve())
        elif not command.startswith(DONE):
            printed = self.run_command(command)
            is_same = SECONDS.sub('', printed) == SECONDS.sub('', shown)
            shown = printed if shown and not is_same else shown
        return f'$ {command}{shown}'

    def run_command(self, command: str) -> str:
        """Return what *command* prints. Fails where it does."""
        arguments = split_manage(command.strip())
        done = self.run_in_shell(command) if arguments is None else self.run(*arguments)
        assert done.returncode == 0, done.stderr
        if command.strip() == START:
            self.append('shop/settings.py', HASHERS)
        return done.stderr + done.stdout

    def run_in_shell(self, command: str) -> subprocess.CompletedProcess[str]:
        ours = command.replace('django-admin', 'python -m django').replace('python ', f'{PYTHON} ')
        return subprocess.run(
            ['bash', '-c', ours],
            cwd=self.directory, env=self.environment(), text=True, capture_output=True, timeout=600,
        )  # fmt: skip
