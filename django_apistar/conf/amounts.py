"""Times, rates and sizes of pages as settings write them."""

import contextlib
from datetime import timedelta

from django_apistar.conf.problems import Report, report_value

_LARGEST_PAGE = 1_000_000  # rows; they are in memory together
PERIODS_S = {'second': 1, 'minute': 60, 'hour': 3600, 'day': 86400}
# What the setting must be.
DURATION = 'seconds, a timedelta, or None for no end'
RATE = "attempts per second, minute, hour or day, as in '10/minute', or None"


def read_duration(given: object) -> timedelta | None:
    """Return *given*, seconds or a timedelta; None where it is neither, or not positive."""
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        with contextlib.suppress(OverflowError, ValueError):  # infinite, NaN
            given = timedelta(seconds=given)
    return given if isinstance(given, timedelta) and given > timedelta() else None


def read_rate(given: object) -> tuple[int, int] | None:
    """Return '10/minute' as (10, 60 seconds); None where *given* is no rate."""
    count, _, period = str(given).partition('/')
    if count.isascii() and count.isdecimal() and int(count) and period in PERIODS_S:
        return int(count), PERIODS_S[period]
    return None


def parse_page_sizes(values: dict[str, object], report: Report) -> tuple[int, int]:
    """Return PAGE_SIZE and PAGE_SIZE_MAX of *values*."""
    most = _parse_size('PAGE_SIZE_MAX', values, 100, report)
    size = _parse_size('PAGE_SIZE', values, min(20, most), report)
    if size > most:
        report_value(report, 'PAGE_SIZE', size, f'at most PAGE_SIZE_MAX, which is {most}')
    return min(size, most), most


def _parse_size(key: str, values: dict[str, object], default: int, report: Report) -> int:
    given = values.get(key, default)
    if isinstance(given, int) and not isinstance(given, bool) and 0 < given <= _LARGEST_PAGE:
        return given
    report_value(report, key, given, f'a whole number from 1 to {_LARGEST_PAGE:,}')
    return default
