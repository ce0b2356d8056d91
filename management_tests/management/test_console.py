"""What all commands do with their output: NO_COLOR, and a stdout that does not take it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from management_tests.support.quick_commands import COMMANDS
from management_tests.support.server_process import (
    FORK_SERVER,
    RUN_S,
    Project,
    free_port,
    run_in_terminal,
)

pytestmark = pytest.mark.slow

MISTAKES = {
    'apistar_routes': ('apistar_routes', '--resolve', 'x'),
    'apistar_docs': ('apistar_docs', '--format', 'html'),
    'apistar_bench': ('apistar_bench', '--plot', 'x.gif'),
    'runapistar': ('runapistar', 'fd://77'),
}


@pytest.fixture(scope='module')
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp('project'))


@pytest.mark.parametrize('command', COMMANDS.values(), ids=COMMANDS)
def test_full_disk_behind_stdout_is_a_sentence(
    project: Project, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / 'stdout').symlink_to('/dev/full')

    process = FORK_SERVER.start(
        project.command(*command)[1:], project.directory, project.environment(), tmp_path
    )

    assert process.wait(RUN_S) == 1
    stderr = (tmp_path / 'stderr').read_text()
    assert stderr.splitlines()[-1].partition(': ')[2] == (
        'stdout cannot be written: No space left on device.'
    )
    assert 'Traceback' not in stderr


@pytest.mark.parametrize('command', COMMANDS.values(), ids=COMMANDS)
def test_closed_stdout_is_a_sentence(project: Project, command: tuple[str, ...]) -> None:
    done = subprocess.run(
        without_streams('>&-', project.command(*command)), cwd=project.directory,
        env=project.environment(), stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].partition(': ')[2] == (
        'stdout cannot be written: it is closed.'
    )
    assert 'Traceback' not in done.stderr


def without_streams(redirections: str, command: list[str]) -> list[str]:
    return ['sh', '-c', f'exec "$@" {redirections}', 'sh', *command]


def test_what_stdout_cannot_encode_is_written_as_json_does(project: Project) -> None:
    done = subprocess.run(
        project.command('apistar_routes', '--format', 'tree', '--path', '/hello/'),
        cwd=project.directory, env=project.environment(PYTHONIOENCODING='ascii'),
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout == (
        '/\n\\u2514\\u2500\\u2500 apistar\n    \\u2514\\u2500\\u2500 hello  GET hello\n'
    )


@pytest.mark.parametrize('redirections', ['>/dev/full 2>/dev/null', '<&- >&- 2>&-'])
def test_stdout_that_is_full_or_closed_keeps_nobody_from_serving(
    project: Project, redirections: str
) -> None:
    port = free_port()
    command = project.command('runapistar', str(port), '--workers', '1')
    process = subprocess.Popen(
        without_streams(redirections, command), cwd=project.directory, env=project.environment(),
    )  # fmt: skip
    try:
        url = f'http://127.0.0.1:{port}/hello/'
        session = requests.Session()
        session.mount('http://', HTTPAdapter(max_retries=Retry(connect=20, backoff_factor=0.1)))

        assert session.get(url, timeout=30).json() == {'message': 'hello'}
    finally:
        process.terminate()
        assert process.wait(30) == 0


@pytest.mark.parametrize('stdout', ['/dev/full', 'pipe'])
def test_stdout_that_fails_is_told_once_though_python_flushes_again_at_its_end(
    project: Project, stdout: str
) -> None:
    """A reader that has seen enough ends the command without a word."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, 'wb') if stdout == 'pipe' else Path(stdout).open('wb') as file:
        done = subprocess.run(
            project.command(*COMMANDS['apistar_routes']), cwd=project.directory, check=False,
            env=project.environment(PYTHONUNBUFFERED=''), stdout=file, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    full = 'CommandError: stdout cannot be written: No space left on device.\n'
    assert (done.returncode, done.stderr) == (1, '' if stdout == 'pipe' else full)


def fail_in_terminal(project: Project, *command: str, **variables: str) -> str:
    """Return what *command*, which fails, writes to the terminal that it has."""
    status, text = run_in_terminal(project, *command, **variables)
    assert status == 1
    return text


@pytest.mark.parametrize('command', MISTAKES.values(), ids=MISTAKES)
def test_no_color_holds_for_sentences_of_failure(
    project: Project, command: tuple[str, ...]
) -> None:
    assert '\x1b' not in fail_in_terminal(project, *command, NO_COLOR='1')


def test_sentences_of_failure_are_red_in_a_terminal(project: Project) -> None:
    assert '\x1b[' in fail_in_terminal(project, *MISTAKES['apistar_docs'])


def test_remarks_fit_the_terminal(project: Project) -> None:
    status, text = run_in_terminal(project, *COMMANDS['apistar_bench'], COLUMNS='80')

    lines = [re.sub(r'\x1b\[[0-9;]*[mK]', '', line).split('\r')[-1] for line in text.split('\r\n')]
    assert status == 0
    assert 'Warning: 1 round: too few for an interval. Use --rounds 3 or more.' in lines
    assert max(map(len, lines)) <= 80
