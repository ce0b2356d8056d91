"""Measurements of callables that take turns, and what they say about each other."""

from __future__ import annotations

import dataclasses
import gc
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

Run = Callable[[int], object]  # does its work as many times as told
Clock = Callable[[], float]


@dataclasses.dataclass(frozen=True, slots=True)
class Measurement:
    """Timings of one callable.

    `values`: seconds per call, one per round, rounds interleaved with the other subjects;
    warm-up rounds are not included. `loops`: calls behind each value.
    """

    name: str
    values: tuple[float, ...]
    loops: int = 1

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def mad(self) -> float:
        """The median absolute deviation, in seconds."""
        return get_mad(self.values)

    def less(self, overhead: Measurement) -> Measurement:
        """Return this without *overhead*, of the same rounds."""
        pairs = zip(self.values, overhead.values, strict=True)
        values = tuple(value - extra for value, extra in pairs)
        return dataclasses.replace(self, values=values)


@dataclasses.dataclass(frozen=True, slots=True)
class Ratio:
    """How many times one measurement is another: the median of the rounds' ratios.

    `low` and `high` bound the median with 95 % confidence.
    """

    median: float
    low: float
    high: float
    mad: float


def measure(
    subjects: Mapping[str, Run],
    *,
    rounds: int = 25,
    warmups: int = 1,
    value_s: float = 0.02,
    clock: Clock = time.thread_time,
    on_round: Callable[[int], object] | None = None,
) -> dict[str, Measurement]:
    """Return a Measurement of each subject, by name.

    Each round takes one value of each, and each round starts with another subject. A value
    takes about *value_s* seconds, or one call. *on_round* hears the number of each round.
    """
    loops = {name: find_loops(run, value_s, clock) for name, run in subjects.items()}
    values: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(-warmups, rounds):
        if on_round and number >= 0:
            on_round(number)
        for name in rotate(list(subjects), number):
            value = take_value(subjects[name], loops[name], clock)
            if number >= 0:
                values[name].append(value)
    return {name: Measurement(name, tuple(taken), loops[name]) for name, taken in values.items()}


def take_value(run: Run, loops: int, clock: Clock = time.thread_time) -> float:
    """Return the seconds per call of *run*. Garbage of others is collected before."""
    gc.collect()
    started = clock()
    run(loops)
    return (clock() - started) / loops


def find_loops(run: Run, value_s: float, clock: Clock = time.thread_time) -> int:
    """Return how many calls of *run* take about *value_s* seconds, at least one."""
    loops = 1
    while (taken := take_value(run, loops, clock) * loops) < value_s / 4 and loops < 1_000_000:
        loops *= 2 if taken > value_s / 20 else 10
    return max(1, round(loops * value_s / max(taken, 1e-9)))


def rotate(names: Sequence[str], number: int) -> list[str]:
    """Return *names* in the order of round *number*."""
    start = number % len(names)
    return [*names[start:], *names[:start]]


def compare(numerator: Measurement, denominator: Measurement) -> Ratio:
    """Return the Ratio of two measurements of the same rounds."""
    pairs = zip(numerator.values, denominator.values, strict=True)
    # A value can be nothing where an overhead was taken off.
    ratios = [above / below for above, below in pairs if below > 0]
    low, high = get_interval(ratios)
    return Ratio(statistics.median(ratios), low, high, get_mad(ratios))


def get_mad(values: Sequence[float]) -> float:
    """Return the median absolute deviation of *values*."""
    median = statistics.median(values)
    return statistics.median(abs(value - median) for value in values)


def get_interval(
    values: Sequence[float], confidence: float = 0.95, resamples: int = 2000
) -> tuple[float, float]:
    """Return the bounds of the median of *values*, by a bootstrap that repeats itself."""
    choose = random.Random(0).choices
    size = len(values)
    medians = sorted(statistics.median(choose(values, k=size)) for _ in range(resamples))
    cut = int(resamples * (1 - confidence) / 2)
    return medians[cut], medians[-cut - 1]


def compare_apart(numerator: Sequence[float], denominator: Sequence[float]) -> Ratio:
    """Return the Ratio of two series that were not taken in the same rounds: of their medians."""
    choose = random.Random(0).choices
    ratios = sorted(
        statistics.median(choose(numerator, k=len(numerator)))
        / statistics.median(choose(denominator, k=len(denominator)))
        for _ in range(2000)
    )
    below = statistics.median(denominator)
    return Ratio(
        statistics.median(numerator) / below, ratios[50], ratios[-51], get_mad(numerator) / below
    )
