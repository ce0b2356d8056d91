"""docs/reference/apistar_docs.md shows what the command prints."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / 'docs/reference/apistar_docs.md'


def blocks():
    return re.findall(r'^```console\n(.*?)^```$', PAGE.read_text(), re.MULTILINE | re.DOTALL)


def sessions(block):
    """Yield (command, output) of a console block."""
    for part in re.split(r'^\$ ', block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition('\n')
        yield command, output


@pytest.mark.slow
def test_the_page_shows_the_commands_real_output(tmp_path):
    project = tmp_path / 'example'
    shutil.copytree(
        REPOSITORY / 'example', project, ignore=shutil.ignore_patterns('*.sqlite3*', 'staticfiles')
    )
    environment = {
        **os.environ,
        'DJANGO_SETTINGS_MODULE': 'shop.settings',
        'PYTHONPATH': os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)]),
    }

    for block in blocks():
        for command, output in sessions(block):
            ours = command.replace('python ', shlex.quote(sys.executable) + ' ', 1)
            completed = subprocess.run(
                ['bash', '-c', ours], cwd=project, env=environment, text=True, capture_output=True
            )  # fmt: skip
            assert f'$ {command}\n{completed.stderr}{completed.stdout}' == f'$ {command}\n{output}'


def test_every_option_is_on_the_page():
    command = REPOSITORY / 'django_apistar/management/commands/apistar_docs.py'
    options = re.findall(r"'(--[a-z-]+)'", command.read_text())

    assert [option for option in options if option not in PAGE.read_text()] == []
