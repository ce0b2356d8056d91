"""Ratios of measured values, with their confidence intervals."""

from __future__ import annotations

import dataclasses
import random
import statistics
from collections.abc import Iterable, Iterator, Sequence

_RESAMPLES = 2000
_CUT = 50  # resamples beyond each bound: 2.5 %, for 95 % confidence


@dataclasses.dataclass(frozen=True, slots=True)
class Ratio:
    """How many times one series of values is another: the median of the ratios.

    `low` and `high` bound the median with 95 % confidence.
    """

    median: float
    low: float
    high: float
    mad: float


def rotate(names: Sequence[str], number: int) -> list[str]:
    """Return *names* in the order of round *number*: each round starts with the next name."""
    start = number % len(names)
    return [*names[start:], *names[:start]]


def compare(numerator: Sequence[float], denominator: Sequence[float]) -> Ratio:
    """Return the Ratio of two series that were measured in the same rounds."""
    pairs = zip(numerator, denominator, strict=True)
    # A value can be 0 where an overhead was subtracted.
    ratios = [above / below for above, below in pairs if below > 0]
    low, high = get_interval(ratios)
    return Ratio(statistics.median(ratios), low, high, get_mad(ratios))


def compare_apart(numerator: Sequence[float], denominator: Sequence[float]) -> Ratio:
    """Return the Ratio of the medians of two series that were measured in different rounds."""
    low, high = _bound(above / below for above, below in _resample(numerator, denominator))
    below = statistics.median(denominator)
    return Ratio(statistics.median(numerator) / below, low, high, get_mad(numerator) / below)


def get_mad(values: Sequence[float]) -> float:
    """Return the median absolute deviation of *values*."""
    median = statistics.median(values)
    return statistics.median(abs(value - median) for value in values)


def get_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the bounds of the median of *values*, by a bootstrap that repeats itself."""
    return _bound(median for [median] in _resample(values))


def _resample(*series: Sequence[float]) -> Iterator[list[float]]:
    """Yield the medians of *series*, each drawn anew with replacement: the same in each process."""
    choose = random.Random(0).choices
    for _ in range(_RESAMPLES):
        yield [statistics.median(choose(values, k=len(values))) for values in series]


def _bound(resampled: Iterable[float]) -> tuple[float, float]:
    ordered = sorted(resampled)
    return ordered[_CUT], ordered[-_CUT - 1]
