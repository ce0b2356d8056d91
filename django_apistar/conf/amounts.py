"""Times and rates as settings write them."""

import contextlib
from datetime import timedelta
from typing import Any

PERIODS_S = {'second': 1, 'minute': 60, 'hour': 3600, 'day': 86400}
# What the setting must be.
DURATION = 'seconds, a timedelta, or None for no end'
RATE = "attempts per second, minute, hour or day, as in '10/minute', or None"


def read_duration(given: Any) -> timedelta | None:
    """Return *given*, seconds or a timedelta; None where it is neither, or not positive."""
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        with contextlib.suppress(OverflowError, ValueError):  # infinite, NaN
            given = timedelta(seconds=given)
    return given if isinstance(given, timedelta) and given > timedelta() else None


def read_rate(given: Any) -> tuple[int, int] | None:
    """Return '10/minute' as (10, 60 seconds); None where *given* is no rate."""
    count, _, period = str(given).partition('/')
    if count.isdecimal() and int(count) and period in PERIODS_S:
        return int(count), PERIODS_S[period]
    return None
