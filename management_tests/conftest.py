"""Fixtures that several test files use."""

import pytest

from django_apistar.test import TestClient
from management_tests.postgres import postgres

__all__ = ['client', 'postgres']


@pytest.fixture
def client() -> TestClient:
    """The client of both frameworks, in place of pytest-django's."""
    return TestClient()
