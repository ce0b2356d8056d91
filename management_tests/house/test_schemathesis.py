"""schemathesis asks the example's live server what its own schema promises: all its checks."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from management_tests.support import gates
from management_tests.support.example_server import PRODUCTION, Example
from management_tests.support.schemathesis_run import check
from management_tests.support.server_process import Server

pytestmark = [pytest.mark.once, pytest.mark.slow]
# Of each operation, in each phase.
EXAMPLES = gates.choose(4, 100)

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
