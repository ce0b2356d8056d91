"""schemathesis asks the example's live server what its own schema promises: all its checks."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from management_tests.support import gates
from management_tests.support.example_server import PRODUCTION, Example
from management_tests.support.server_process import Server

pytestmark = [pytest.mark.once, pytest.mark.slow]
# Of each operation, in each phase: of the example, and of what else is checked.
EXAMPLES = gates.choose(4, 100)
FEWER_EXAMPLES = gates.choose(4, 10)

# The login's 400 is for a wrong password too, which no schema can describe.
CONFIGURATION = """
[[operations]]
include-path = "/auth/token-login/"
checks.positive_data_acceptance.expected-statuses = ["200", "400", "429"]
"""
CLOSED_SHOP = """
APISTAR_SETTINGS |= {
    'EVENT_HOOKS': ['django_apistar.authentication.hooks.MustBeAuthenticated'],
    'PUBLIC_ROUTES': ['serve_schema'],
}
"""


@pytest.fixture(params=['sqlite', 'postgresql'])
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Example:
    """The example in production, on both databases."""
    variables = dict(PRODUCTION)
    if request.param == 'postgresql':
        postgres = request.getfixturevalue('postgres')
        variables['DATABASE_URL'] = postgres.url(postgres.create_database())
    return Example(tmp_path, **variables)


def serve(example: Example) -> Iterator[Server]:
    example.hash_quickly()
    example.manage('migrate', '--verbosity', '0')
    example.manage('demo', DJANGO_DEBUG='1')
    with example.serve() as server:
        yield server


def check(
    server: Server,
    folder: Path,
    *options: str,
    examples: int = FEWER_EXAMPLES,
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


@pytest.mark.case('L11', 'M02')
@pytest.mark.faults
def test_every_answer_is_as_documented(example: Example, tmp_path: Path) -> None:
    for server in serve(example):
        output = check(server, tmp_path, examples=EXAMPLES)

        assert '9 selected / 9 total' in output
        cases = re.search(r'(\d+) generated', output)
        assert cases, output[-2000:]
        gates.record('L11', f'no failure in {int(cases[1]):,} requests, with each database')


@pytest.mark.case('M03')
@pytest.mark.faults
def test_every_operation_of_a_closed_shop_needs_its_token(tmp_path: Path) -> None:
    """The check `ignored_auth` asks again without the token, and with a wrong one."""
    example = Example(tmp_path)
    with (example.directory / 'shop' / 'settings.py').open('a') as settings:
        settings.write(CLOSED_SHOP)
    for server in serve(example):
        token = example.manage('apistar_token', 'issue', 'admin').strip()
        check(
            server, tmp_path, '--exclude-path-regex', '^/auth/', '--phases', 'coverage,fuzzing',
            '-H', f'Authorization: Bearer {token}',
        )  # fmt: skip
