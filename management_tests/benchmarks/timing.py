"""Timings of callables that take turns."""

from __future__ import annotations

import dataclasses
import gc
import statistics
import time
from collections.abc import Callable, Mapping

from django_apistar.bench.statistics import get_mad, rotate

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

    def subtract(self, overhead: Measurement) -> Measurement:
        """Return this without *overhead*, of the same rounds."""
        pairs = zip(self.values, overhead.values, strict=True)
        values = tuple(value - extra for value, extra in pairs)
        return dataclasses.replace(self, values=values)


def measure(
    subjects: Mapping[str, Run],
    *,
    rounds: int = 25,
    warmups: int = 1,
    value_s: float = 0.02,
    clock: Clock = time.thread_time,
) -> dict[str, Measurement]:
    """Return a Measurement of each subject, by name.

    Each round takes one value of each, and each round starts with another subject. A value
    takes about *value_s* seconds, or one call.
    """
    loops = {name: find_loops(run, value_s, clock) for name, run in subjects.items()}
    values: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(-warmups, rounds):
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
