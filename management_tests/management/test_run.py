"""`manage.py run` of the original says what it is called now."""

from __future__ import annotations

from pathlib import Path

import pytest

from management_tests.support.server_process import Project

pytestmark = [pytest.mark.once, pytest.mark.slow]


def test_run_names_runapistar_whatever_its_options(tmp_path: Path) -> None:
    done = Project(tmp_path).run('run', '--host', '0.0.0.0', '8000')

    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr == (
        'CommandError: manage.py run is called runapistar now. '
        'Write: manage.py runapistar ADDRESS:PORT.\n'
    )
