"""The console blocks of a page, run in a copy of the example: `$ command`, then its output."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from management_tests.support.server_process import REPOSITORY, Project

# What only a shell understands, and what sets a variable for one command.
_OF_SHELL = re.compile(r'[|<>&;$*?(){}`\\~]|^\w+=')
_MANAGE = 'python manage.py '


def iter_sessions(page: Path) -> Iterator[tuple[str, str]]:
    """Yield (command, documented output) of each `$` line in the console blocks of *page*."""
    for block in re.findall(r'^```console\n(.*?)^```$', page.read_text(), re.M | re.S):
        for part in re.split(r'^\$ ', block, flags=re.M)[1:]:
            command, _, output = part.partition('\n')
            yield command, output


def run_command(command: str, project: Project) -> str:
    """Return what *command* writes: remarks, then data. A shell runs it where it needs one."""
    if command.startswith(_MANAGE) and not _OF_SHELL.search(command):
        done = project.run(*shlex.split(command.removeprefix(_MANAGE)))
    else:
        done = _run_in_shell(command, project)
    return done.stderr + done.stdout


def _run_in_shell(command: str, project: Project) -> 'subprocess.CompletedProcess[str]':
    ours = command.replace('python ', f'{shlex.quote(sys.executable)} ', 1)
    environment = {name: value for name, value in os.environ.items() if name != 'NO_COLOR'}
    environment['DJANGO_SETTINGS_MODULE'] = 'shop.settings'
    environment['PYTHONPATH'] = os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])
    return subprocess.run(
        ['bash', '-c', ours], cwd=project.directory, env=environment, text=True, capture_output=True
    )
