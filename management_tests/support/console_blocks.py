"""The console blocks of a page, run in a copy of the example: `$ command`, then its output."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from management_tests.support.server_process import REPOSITORY


def iter_sessions(page: Path) -> Iterator[tuple[str, str]]:
    """Yield (command, documented output) of each `$` line in the console blocks of *page*."""
    for block in re.findall(r'^```console\n(.*?)^```$', page.read_text(), re.M | re.S):
        for part in re.split(r'^\$ ', block, flags=re.M)[1:]:
            command, _, output = part.partition('\n')
            yield command, output


def run_command(command: str, folder: Path) -> str:
    """Return what *command* writes: remarks, then data."""
    ours = command.replace('python ', f'{shlex.quote(sys.executable)} ', 1)
    environment = {name: value for name, value in os.environ.items() if name != 'NO_COLOR'}
    environment['DJANGO_SETTINGS_MODULE'] = 'shop.settings'
    environment['PYTHONPATH'] = os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])
    done = subprocess.run(
        ['bash', '-c', ours], cwd=folder, env=environment, text=True, capture_output=True
    )
    return done.stderr + done.stdout
