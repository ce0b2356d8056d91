"""`manage.py run` of the original says what it is called now."""

from __future__ import annotations

from pathlib import Path

import pytest

from management_tests.support.server_process import Project

pytestmark = [pytest.mark.once, pytest.mark.slow]


@pytest.mark.parametrize('options', [(), ('--host', '0.0.0.0', '8000')], ids=['bare', 'options'])
def test_run_names_runapistar(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = Project(tmp_path).run('run', *options)

    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr == (
        'CommandError: manage.py run is called runapistar now. '
        'Write: manage.py runapistar ADDRESS:PORT.\n'
    )
