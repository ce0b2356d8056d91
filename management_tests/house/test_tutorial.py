"""The tutorial's service as a whole: its documented answers are seen, and it gives no others."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from management_tests.support.schemathesis_run import check
from management_tests.support.server_process import Project
from management_tests.support.shown_examples import DOCS
from management_tests.support.walkthrough import START, Walk

pytestmark = [pytest.mark.once, pytest.mark.slow]
STEPS = sorted((DOCS / 'tutorial/files').iterdir())
# A 400 is also for an artist that is not there, a record that is, a picture of no name.
CONFIGURATION = """
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "404"]
"""
ANSWERS = Path(__file__).with_name('tutorial_answers.py')


@pytest.fixture(scope='module')
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project that a reader has at the end, with the rows of its fixture."""
    walk = Walk(tmp_path_factory.mktemp('tutorial'))
    walk.run_command(START)
    walk.run_command('python manage.py startapp records')
    for step in STEPS:
        for path in step.rglob('*.*'):
            walk.write_file(str(path.relative_to(step)), path.read_text())
    shutil.copy(ANSWERS, walk.directory)
    walk.run('makemigrations', '--verbosity', '0')
    walk.run('migrate', '--verbosity', '0')
    walk.run('loaddata', 'records')
    walk.run(
        'createsuperuser', '--noinput', '--username', 'ann', '--email', 'ann@example.com',
        DJANGO_SUPERUSER_PASSWORD='correct horse',
    )  # fmt: skip
    return walk


def test_tests_see_every_documented_answer(project: Project) -> None:
    done = subprocess.run(
        [
            sys.executable, '-m', 'pytest', '-q', 'records', ANSWERS.name, '-p', 'no:cacheprovider',
            '--apistar-coverage', '--apistar-coverage-fail-under', '100',
        ],
        cwd=project.directory, env=project.environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert 'TOTAL' in done.stdout


@pytest.mark.faults
def test_every_answer_is_as_documented(project: Project, tmp_path: Path) -> None:
    token = project.run('apistar_token', 'issue', 'ann').stdout.strip()

    with project.serve() as server:
        output = check(
            server, tmp_path, '--exclude-path-regex', '^/auth/', '-H',
            f'Authorization: Bearer {token}', configuration=CONFIGURATION,
        )  # fmt: skip

    assert '6 selected / 10 total' in output
