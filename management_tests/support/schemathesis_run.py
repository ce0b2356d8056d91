"""The command of schemathesis, with all its checks, on each operation of a server's schema."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from management_tests.support import gates
from management_tests.support.server_process import Server

EXAMPLES = gates.choose(4, 10)  # of each operation, in each phase
# The login's 400 is for a wrong password too, which no schema can describe.
CONFIGURATION = """
[[operations]]
include-path = "/auth/token-login/"
checks.positive_data_acceptance.expected-statuses = ["200", "400", "429"]
"""


def check(
    server: Server,
    folder: Path,
    *options: str,
    examples: int = EXAMPLES,
    configuration: str = CONFIGURATION,
) -> str:
    """Run all checks on every operation, with NUL and what else JSON may hold; return the output.

    As many cases each time, and the same.
    """
    pytest.importorskip('schemathesis')
    (folder / 'schemathesis.toml').write_text(configuration)
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name('schemathesis')), 'run', f'{server.url}/schema/',
            '--checks', 'all', '--max-examples', str(examples), '--seed', '1',
            '--generation-deterministic', '--generation-allow-x00', 'true', '--no-color', *options,
        ],
        cwd=folder, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert 'Traceback' not in server.output
    return done.stdout
