"""`make test` says what it runs, and leaves nothing behind when it is interrupted."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from management_tests.support.processes import iter_processes
from management_tests.support.server_process import REPOSITORY, START_S

pytestmark = [
    pytest.mark.once,
    pytest.mark.slow,
    pytest.mark.skipif(
        not shutil.which('make') and not os.environ.get('CI'),
        reason='make is not installed; CI has it',
    ),
]

WAITING = """
    import time
    from pathlib import Path

    from management_tests.support.postgres import serve_postgres
    from management_tests.support.server_process import Project


    def test_with_servers(tmp_path):
        with serve_postgres(), Project(tmp_path).serve('--workers', '1') as server:
            server.project.run('check')
            draft = Path(__file__).with_name('draft')
            draft.write_text(str(server.pid))
            draft.rename(draft.with_name('serves'))
            time.sleep(1000)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name, for the sockets of PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix='make') as name:
        yield Path(name)


def find_processes(folder: Path) -> list[str]:
    """Return the command lines of the live processes that name *folder*, or have its name."""
    found = []
    for process in Path('/proc').glob('[0-9]*'):
        with contextlib.suppress(OSError):
            command = (process / 'cmdline').read_bytes()
            if os.fsencode(folder) in command + (process / 'environ').read_bytes():
                found.append(command.decode())
    return found


def is_alive(pid: int) -> bool:
    return pid in {process for process, _, _ in iter_processes()}


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_leaves_no_process(folder: Path, number: signal.Signals) -> None:
    pytest.importorskip('pgserver')
    file = folder / 'test_waiting.py'
    file.write_text('\n'.join(line[4:] for line in WAITING.splitlines()))
    given = [f'BIN={Path(sys.executable).parent}', 'SUITE=', 'WORKERS=1', f'TESTS={file}']
    environ = {**os.environ, 'TMPDIR': str(folder), 'PYTHONDONTWRITEBYTECODE': '1'}
    with subprocess.Popen(
        ['make', 'test', *given], cwd=REPOSITORY, env=environ, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
        # As in a terminal: a test run in the background hands down that SIGINT is ignored.
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as make:  # fmt: skip
        try:
            deadline = time.monotonic() + START_S
            while not (folder / 'serves').exists():
                assert make.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            server = int((folder / 'serves').read_text())
            running = find_processes(folder)
            assert is_alive(server)
            os.killpg(make.pid, number)
            output, _ = make.communicate(timeout=START_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(make.pid, signal.SIGKILL)

    assert 'Tests, part 1 of 4: ' in output
    assert any('postgres' in command for command in running)
    deadline = time.monotonic() + START_S
    while find_processes(folder) and time.monotonic() < deadline:  # a busy machine ends them late
        time.sleep(0.05)
    assert find_processes(folder) == []
    assert not is_alive(server)
    assert [*folder.glob('__pycache__/test_waiting.*-pytest-*.pyc')]  # rewritten once for all
