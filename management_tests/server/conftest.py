"""Projects to serve."""

from pathlib import Path

import pytest

from management_tests.support.server_process import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(scope='module')
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project for tests that change nothing."""
    project = Project(tmp_path_factory.mktemp('project'))
    assert project.run('migrate').returncode == 0
    return project
