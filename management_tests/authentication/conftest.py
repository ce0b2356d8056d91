"""A client from an address of choice, and a user."""

from typing import Any

import pytest

from management_tests.support.authentication_project import Client, make_user


@pytest.fixture
def client() -> Client:
    """In place of the client of both frameworks."""
    return Client()


@pytest.fixture
def alice(db: None) -> Any:
    return make_user()
