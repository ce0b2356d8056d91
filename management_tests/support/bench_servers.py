"""The processes that `apistar_bench` starts."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from management_tests.support.server_process import STOP_S, Project


def list_processes(project: Project) -> list[str]:
    """Return the command lines of the processes in the folder of *project*."""
    found = []
    for entry in Path('/proc').glob('[0-9]*'):
        with contextlib.suppress(OSError):
            if (entry / 'cwd').readlink() == project.directory:
                found.append((entry / 'cmdline').read_text().replace('\0', ' '))
    return found


def list_left(project: Project) -> list[str]:
    """Return the same for those that have been killed and do not end."""
    deadline = time.monotonic() + STOP_S
    while (found := list_processes(project)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found
