"""A server that tests fork is told what `runapistar` tells to a fresh interpreter."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from management_tests.support.server_process import Project, Server, free_port

pytestmark = [pytest.mark.slow, pytest.mark.once]

STATE = """

    SIGNALS = ('SigBlk', 'SigIgn', 'SigCgt')


    def state() -> dict:
        import os, sys
        parent = f'/proc/{os.getppid()}'
        return {
            'arguments': sys.argv[1:], 'path': sys.path, 'directory': os.getcwd(),
            'environ': dict(os.environ), 'program': vars(sys.modules['__main__']).get('__file__'),
            'is_writing': not sys.dont_write_bytecode, 'session': os.getsid(0) == os.getppid(),
            'signals': [line for line in open(f'{parent}/status') if line[:6] in SIGNALS],
        }

    routes.append(Route('/state/', 'GET', state))
"""


def read_state(project: Project, address: str, *, is_fresh: bool) -> dict[str, Any]:
    project.may_fork = not is_fresh
    with project.serve('--workers', '1', address=address) as server:
        state: dict[str, Any] = server.get('/state/').json()
    assert server.returncode == 0
    return state


def test_state_of_a_fork_is_that_of_a_fresh_interpreter(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.append('shop/routes.py', STATE)
    address = f'127.0.0.1:{free_port()}'

    fork = read_state(project, address, is_fresh=False)

    assert fork == read_state(project, address, is_fresh=True)
    assert fork['path'][0] == str(tmp_path)
    assert '"sockets": [3]' in fork['arguments'][0]


ENDS = """
    import os
    import signal
    import sys
    import time

    if sys.argv[1] == 'waits':
        print('waits', flush=True)
        time.sleep(100)
    elif sys.argv[1] == 'holds':
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        print('holds', flush=True)
        while signal.SIGTERM not in signal.sigpending():
            time.sleep(0.01)
        source = 'import signal, sys; print(sys.argv[1]); signal.pthread_sigmask(1, [15])'
        os.execv(sys.executable, [sys.executable, '-B', '-c', source, '{"told": 1}'])
    sys.exit(int(sys.argv[1]))
"""


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_signal_ends_the_command(tmp_path: Path, number: signal.Signals) -> None:
    project = Project(tmp_path)
    project.write('manage.py', ENDS)

    with Server(project, project.command('waits'), {}) as server:
        server.wait_for(lambda: server.stdout == 'waits\n', 'the script')

        assert server.stop(number) == -number


def test_status_is_that_of_the_command(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write('manage.py', ENDS)

    assert project.run('3').returncode == 3


def test_signal_that_the_command_holds_reaches_what_replaces_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write('manage.py', ENDS)

    with Server(project, project.command('holds'), {}) as server:
        server.wait_for(lambda: server.stdout == 'holds\n', 'the script')
        status = server.stop()

    assert (status, server.stdout) == (-signal.SIGTERM, 'holds\n{"told": 1}\n')


def test_servers_of_one_process_id_have_an_address_each() -> None:
    """Two process namespaces, as `make mutants` has them, share the names of sockets."""
    listen_twice = 'from management_tests.support.forked_programs import listen; listen(); listen()'

    ended = subprocess.run([sys.executable, '-c', listen_twice], check=False, capture_output=True)

    assert (ended.returncode, ended.stderr) == (0, b'')
