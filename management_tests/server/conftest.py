"""A project to serve."""

from pathlib import Path

import pytest

from management_tests.support.server_process import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
