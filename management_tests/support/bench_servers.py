"""The processes that `apistar_bench` starts."""

from __future__ import annotations

import contextlib
from pathlib import Path

from management_tests.support.server_process import Project


def list_servers(project: Project) -> list[int]:
    """Return the processes that serve a target of *project*."""
    found = []
    for entry in Path('/proc').glob('[0-9]*'):
        with contextlib.suppress(OSError):
            command = (entry / 'cmdline').read_bytes().decode(errors='replace')
            if 'bench.servers' in command and str(project.directory) in command:
                found.append(int(entry.name))
    return found
