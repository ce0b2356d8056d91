"""The pytest fixtures. setup.cfg registers this module as a pytest plugin."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django_apistar.test import TestClient


@pytest.fixture
def apistar_client() -> 'Iterator[TestClient]':
    """A `django_apistar.test.TestClient` for the project's application."""
    from django_apistar.api.counts import get_local_counts
    from django_apistar.test import TestClient

    get_local_counts.cache_clear()
    with TestClient() as client:
        yield client


@pytest.fixture
def reverse_url() -> Callable[..., str]:
    """`django_apistar.reverse_url`."""
    from django_apistar import reverse_url

    return reverse_url
