"""The tests that the documentation shows, run as pytest runs them."""

import pytest

from bookshop.test_with_pytest import *  # noqa: F403
from bookshop.tests import BooksTest, WhoAsksTest

pytestmark = pytest.mark.once
__all__ = ['BooksTest', 'WhoAsksTest']


@pytest.fixture(autouse=True)
def routes_of_the_page(settings: object) -> None:
    settings.APISTAR_ROUTE_CONF = 'bookshop.shelf'  # type: ignore[attr-defined]
