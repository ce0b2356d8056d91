"""The console blocks of a page, run in a copy of the example: `$ command`, then its output."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from management_tests.support.server_process import REPOSITORY, Project

# What only a shell understands, outside of quotes, and what sets a variable for one command.
_OF_SHELL = re.compile(r'[|<>&;$*?(){}`\\~"]|^\w+=')
_QUOTED = re.compile(r"'[^']*'")
_MANAGE = 'python manage.py '


def iter_sessions(page: Path) -> Iterator[tuple[str, str]]:
    """Yield (command, documented output) of each `$` line in the console blocks of *page*."""
    for block in re.findall(r'^```console\n(.*?)^```$', page.read_text(), re.M | re.S):
        for part in re.split(r'^\$ ', block, flags=re.M)[1:]:
            command, _, output = part.partition('\n')
            yield command, output


def run_command(command: str, project: Project) -> str:
    """Return what *command* writes: remarks, then data. A shell runs it where it needs one."""
    manage, pipe, rest = command.partition(' | ')
    arguments = split_manage(manage)
    if arguments is None:
        done = _run_in_shell(command, project)
        return done.stderr + done.stdout
    done = project.run(*arguments)
    if pipe:
        return done.stderr + _run_in_shell(rest, project, done.stdout).stdout
    return done.stderr + done.stdout


def split_manage(command: str) -> list[str] | None:
    """Return the arguments of manage.py; None where *command* is something else, or more."""
    if not command.startswith(_MANAGE) or _OF_SHELL.search(_QUOTED.sub('', command)):
        return None
    return shlex.split(command.removeprefix(_MANAGE))


def _run_in_shell(
    command: str, project: Project, given: str | None = None
) -> subprocess.CompletedProcess[str]:
    ours = command.replace('python ', f'{shlex.quote(sys.executable)} ', 1)
    environment = {name: value for name, value in os.environ.items() if name != 'NO_COLOR'}
    environment['DJANGO_SETTINGS_MODULE'] = 'shop.settings'
    environment['PYTHONPATH'] = os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])
    return subprocess.run(
        ['bash', '-c', ours],
        cwd=project.directory, env=environment, text=True, capture_output=True, input=given,
    )  # fmt: skip
