"""schemathesis asks a service of two models what its schema promises: all its checks."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_apistar.dispatch.dispatcher import get_application
from management_tests.project.models import Maker
from management_tests.service.two_models import Film
from management_tests.support import gates
from management_tests.support.server_thread import serve_in_thread

pytestmark = [pytest.mark.faults, pytest.mark.once, pytest.mark.slow]
EXAMPLES = gates.choose(2, 50)  # of each operation, in each phase
# What no schema can say: a body is refused for the key of a row that is not there, and for a unique
# value. schemathesis also sends an empty text for a date, UUID or duration that may be null. And a
# body that violates the schema is taken where API Star reads a number of text, Decimal a text of a
# number, and where what only goes out is dropped.
BODIES = """
[[operations]]
include-method = ["POST", "PUT", "PATCH"]
checks.positive_data_acceptance.expected-statuses = ["200", "400", "404"]
checks.negative_data_rejection.expected-statuses = ["200", "400", "404", "405", "415"]
"""
# A query is refused for a filter by the key of a row that is not there, and for a text that is no
# cursor of this list. A parameter that is blank, as forms of a browser send it, is none.
QUERIES = """
[[operations]]
include-method = "GET"
include-path-regex = "^/(films|films/new|makers)/$"
checks.positive_data_acceptance.expected-statuses = ["200", "400", "404"]
checks.negative_data_rejection.expected-statuses = ["200", "400", "404", "405"]
"""


@pytest.fixture
def url(transactional_db: None, settings, tmp_path: Path) -> Iterator[str]:
    """A server in a thread, on the test's database, which has a row of each model."""
    settings.APISTAR_ROUTE_CONF = 'management_tests.service.two_models'
    settings.ALLOWED_HOSTS = ['*']
    settings.MEDIA_ROOT, settings.MEDIA_URL = str(tmp_path / 'media'), '/media/'
    Film.objects.create(pk=1, title='t', maker=Maker.objects.create(pk=1, name='m'))
    with serve_in_thread(get_application()) as port:
        yield f'http://127.0.0.1:{port}'


def test_every_answer_of_a_service_of_two_models_is_as_documented(url: str, tmp_path: Path) -> None:
    pytest.importorskip('schemathesis')
    (tmp_path / 'schemathesis.toml').write_text(BODIES + QUERIES)

    done = subprocess.run(
        [
            str(Path(sys.executable).with_name('schemathesis')), 'run', f'{url}/schema/',
            '--checks', 'all', '--max-examples', str(EXAMPLES), '--seed', '1',
            '--generation-deterministic', '--generation-allow-x00', 'true', '--no-color',
            '--include-path-regex', '^/(films|makers)/',
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-9000:] + done.stderr[-2000:]
    assert '9 selected' in done.stdout
