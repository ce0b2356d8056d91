"""schemathesis asks a service of two models what its schema promises: all its checks."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_apistar.dispatch.dispatcher import get_application
from management_tests.support import gates
from management_tests.support.server_thread import serve_in_thread

pytestmark = [pytest.mark.faults, pytest.mark.once, pytest.mark.slow]
EXAMPLES = gates.choose(4, 10)  # of each operation, in each phase
# No schema can describe that the key of a maker that is not there is a 400. And a Decimal reads
# numbers as well as the text that the schema has.
CONFIGURATION = """
[[operations]]
include-method = ["POST", "PATCH"]
checks.positive_data_acceptance.expected-statuses = ["200", "400", "404"]
checks.negative_data_rejection.expected-statuses = ["200", "400", "404", "405", "415"]
"""


@pytest.fixture
def url(transactional_db: None, settings) -> Iterator[str]:
    """A server in a thread, on the test's database."""
    settings.APISTAR_ROUTE_CONF = 'management_tests.service.two_models'
    settings.ALLOWED_HOSTS = ['*']
    with serve_in_thread(get_application()) as port:
        yield f'http://127.0.0.1:{port}'


def test_every_answer_of_a_service_of_two_models_is_as_documented(url: str, tmp_path: Path) -> None:
    pytest.importorskip('schemathesis')
    (tmp_path / 'schemathesis.toml').write_text(CONFIGURATION)

    done = subprocess.run(
        [
            str(Path(sys.executable).with_name('schemathesis')), 'run', f'{url}/schema/',
            '--checks', 'all', '--max-examples', str(EXAMPLES), '--seed', '1',
            '--generation-deterministic', '--generation-allow-x00', 'false', '--no-color',
            '--include-path-regex', '^/(articles|makers)/',
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-9000:] + done.stderr[-2000:]
    assert '6 selected' in done.stdout
