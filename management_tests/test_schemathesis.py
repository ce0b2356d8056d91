"""schemathesis asks the example's live server what its own schema promises."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from management_tests.example_server import Example
from management_tests.server_process import Server

pytestmark = pytest.mark.slow
CHECKS = ','.join(
    (
        'not_a_server_error', 'status_code_conformance', 'content_type_conformance',
        'response_schema_conformance', 'response_headers_conformance',
    )
)  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    example = Example(tmp_path)
    example.manage('migrate', '--verbosity', '0')
    example.manage('demo')
    with example.serve() as server:
        yield server


def test_M02_no_500_and_no_undocumented_response(server: Server, tmp_path: Path) -> None:
    pytest.importorskip('schemathesis')

    done = subprocess.run(
        [
            str(Path(sys.executable).with_name('schemathesis')), 'run', f'{server.url}/schema/',
            '--checks', CHECKS, '--max-examples', '30', '--seed', '1', '--no-color',
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert 'Traceback' not in server.output
