"""Control-C at any moment: status 130, no traceback, no process that is left."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import subprocess
import termios
import threading
import time
from pathlib import Path

import pytest

from management_tests.support import gates
from management_tests.support.bench_servers import list_left, list_processes
from management_tests.support.quick_commands import COMMANDS
from management_tests.support.server_process import (
    STOP_S,
    Project,
    free_port,
    read_terminal,
    run_in_terminal,
)

INTERRUPT = """
    import signal

    signal.raise_signal(signal.SIGINT)
"""
SWALLOWED = """
    import signal


    class Lost:
        def __del__(self):  # Python says 'Exception ignored', and goes on.
            signal.raise_signal(signal.SIGINT)


    Lost()
"""
CAUGHT = """
    import signal

    for _ in range(2):
        try:
            signal.raise_signal(signal.SIGINT)
        except BaseException:
            pass
"""
AT_EXIT = """
    import atexit
    import signal

    atexit.register(signal.raise_signal, signal.SIGINT)
"""


@pytest.mark.slow
@pytest.mark.parametrize('command', COMMANDS.values(), ids=COMMANDS)
def test_control_c_ends_the_line_and_no_more(tmp_path: Path, command: tuple[str, ...]) -> None:
    project = Project(tmp_path)
    # The moment at which it is pressed: while the project's routes are imported.
    project.append('shop/routes.py', INTERRUPT)

    assert run_in_terminal(project, *command) == (130, '\r\n')


@pytest.mark.slow
def test_control_c_while_django_loads_the_apps_after_ours(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.may_fork = False  # the first import of our code is what this is about
    project.write('shop/models.py', INTERRUPT)

    assert run_in_terminal(project, 'apistar_routes') == (130, '\r\n')


@pytest.mark.slow
@pytest.mark.parametrize('code', [SWALLOWED, CAUGHT], ids=['swallowed', 'caught'])
def test_control_c_that_gets_lost_ends_the_command_all_the_same(tmp_path: Path, code: str) -> None:
    project = Project(tmp_path)
    project.append('shop/routes.py', code)

    assert run_in_terminal(project, 'apistar_routes') == (130, '\r\n')


@pytest.mark.slow
def test_control_c_after_the_work_is_done_is_silent(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.append('shop/routes.py', AT_EXIT)

    status, text = run_in_terminal(project, 'apistar_routes', '--reverse', 'hello')

    assert (status, text) == (130, '/hello/\r\n\r\n')


@pytest.mark.slow
def test_control_c_of_another_command_is_left_to_django(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.may_fork = False  # the first import of our code is what this is about
    project.write('shop/models.py', INTERRUPT)

    status, text = run_in_terminal(project, 'showmigrations')

    assert status == -signal.SIGINT
    assert text.endswith('KeyboardInterrupt\r\n')


TOOL = """\
#!/bin/sh
echo $$ > tool.pid
kill -INT $PPID
{again}
exec sleep 600
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ('again', 'said'),
    [
        ('', 'CommandError: Interrupted; every server is stopped.\n'),
        ('sleep 0.1; kill -INT $PPID', None),  # before or after the first one has ended it
    ],
    ids=['once', 'twice'],
)
def test_control_c_while_a_tool_loads_leaves_no_process(
    tmp_path: Path, again: str, said: str | None
) -> None:
    project = Project(tmp_path)
    tool = project.write('bin/wrk', TOOL.format(again=again).replace('tool', f'{tmp_path}/tool'))
    tool.chmod(0o755)

    done = project.run(
        'apistar_bench', '--rounds', '1', '--duration', '0.1', '--django', '/page/',
        PATH=f'{tool.parent}:{os.environ["PATH"]}',
    )  # fmt: skip

    assert done.returncode == 130
    assert 'Traceback' not in done.stderr
    assert said is None or done.stderr.endswith(said)
    assert wait_until_gone(int((tmp_path / 'tool.pid').read_text()))
    assert list_left(project) == []


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + STOP_S
    while Path(f'/proc/{pid}').exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not Path(f'/proc/{pid}').exists()


# At times


MANAGE = """
    import os
    import sys

    import django_apistar.compat.interrupts  # the first line of our code
    from django.core.management import execute_from_command_line

    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')
    os.write(1, b'ready')
    execute_from_command_line(sys.argv)
"""
TIMES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0)  # seconds
TIMED = {
    'apistar_routes': ('apistar_routes',),
    'apistar_docs': ('apistar_docs',),
    'apistar_bench': ('apistar_bench', '--duration', '9', '--apistar', '/hello/'),
    'gunicorn': ('runapistar',),
    'granian': ('runapistar', '--server', 'granian'),
}
MOMENTS = [
    pytest.param(command, time_s, id=f'{name}-{time_s}')
    for name, command in TIMED.items()
    for time_s in (TIMES if gates.IS_FULL else TIMES[5:6])
]
# As a shell has them: 130 by the command, or by the signal in the last moments of Python. A server
# that serves, and a command that was quicker, end with 0.
STATUSES = {130, -signal.SIGINT, 0}


def take_terminal() -> None:
    """Make standard input the terminal whose Control-C this session gets."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def press_control_c(project: Project, command: list[str], after_s: float) -> tuple[int, str]:
    """Return the exit status of *command*, and what it has written.

    Control-C is pressed so long after it has written 'ready'.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, cwd=project.directory, env=project.environment(TERM='xterm', DEBUG='1'),
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=take_terminal,
    )  # fmt: skip
    os.close(theirs)
    assert os.read(ours, 5) == b'ready'
    guard = threading.Timer(STOP_S, os.killpg, (process.pid, signal.SIGKILL))  # of what hangs
    guard.start()
    time.sleep(after_s)
    os.write(ours, b'\x03')
    text = read_terminal(ours)
    status = process.wait()
    guard.cancel()
    return status, text


@pytest.mark.faults
@pytest.mark.parametrize(('command', 'after_s'), MOMENTS)
def test_control_c_at_any_time(tmp_path: Path, command: tuple[str, ...], after_s: float) -> None:
    project = Project(tmp_path)
    project.write('manage.py', MANAGE)
    address = [f'127.0.0.1:{free_port()}'] if command[0] == 'runapistar' else []

    status, text = press_control_c(project, project.command(*command, *address), after_s)

    assert status in STATUSES, text
    assert not re.search('Traceback|Exception ignored|Unexpected exit', text), text
    assert list_processes(project) == []
