"""How long a client may let a server wait: `client_timeouts`."""

import pytest

from django_apistar.api.client_timeouts import DEFAULT_S, LEAST_RATE, MAX_S, Patience

pytestmark = pytest.mark.once


def test_bytes_give_back_the_seconds_that_waiting_costs():
    patience = Patience(10)

    patience.count(4, 0)
    assert (patience.left_s, patience.is_over) == (6, False)
    patience.count(2, 500)
    assert patience.left_s == 5
    patience.count(0, 10_000)
    assert patience.left_s == 10
    patience.count(10, 0)
    assert (patience.left_s, patience.is_over) == (0, True)


def test_the_documented_limits():
    assert (DEFAULT_S, MAX_S, LEAST_RATE) == (20, 3600, 500)
