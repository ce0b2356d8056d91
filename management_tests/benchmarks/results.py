"""What was measured, and whether the comparisons hold."""

from __future__ import annotations

import dataclasses
import os
import platform
import statistics
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from django_apistar.bench.statistics import Ratio, compare
from management_tests.benchmarks.cases import COMPARISONS, Comparison
from management_tests.benchmarks.timing import Measurement

LIBRARIES = {'ours': 'json', 'fast': 'orjson'}
Pair = tuple[str, str]  # (case, subject)


@dataclasses.dataclass
class Results:
    """Everything of one run of the benchmark."""

    counts: dict[Pair, float] = dataclasses.field(default_factory=dict)  # instructions a request
    times: dict[Pair, Measurement] = dataclasses.field(default_factory=dict)
    lifecycle_s: dict[str, float] = dataclasses.field(default_factory=dict)
    observation_s: dict[str, float] = dataclasses.field(default_factory=dict)
    growth: dict[str, float] = dataclasses.field(default_factory=dict)  # bytes a request
    wire: list[Any] = dataclasses.field(default_factory=list)  # wire.Comparison's outcomes


@dataclasses.dataclass(frozen=True)
class Row:
    """A comparison with its figures; each may be missing."""

    comparison: Comparison
    instructions: float | None
    cpu: Ratio | None

    @property
    def library(self) -> str:
        return LIBRARIES.get(self.comparison.subject[1], '')

    @property
    def holds(self) -> bool | None:
        """Decided by instructions, which repeat, where they were counted."""
        if self.instructions is not None:
            return self.comparison.holds(self.instructions)
        return None if self.cpu is None else self.comparison.holds(self.cpu.median)


def iter_rows(results: Results) -> Iterator[Row]:
    for comparison in COMPARISONS:
        row = Row(
            comparison,
            _get_ratio(comparison, results.counts),
            _get_cpu_ratio(comparison, results.times),
        )
        if row.holds is not None:
            yield row


def _get_ratio(comparison: Comparison, counts: dict[Pair, float]) -> float | None:
    if not counts.keys() >= {*comparison.list_pairs()}:
        return None
    above, below = (counts[pair] for pair in comparison.in_order())
    if comparison.without:
        above, below = (
            cost - counts[orm] for cost, orm in zip((above, below), comparison.without, strict=True)
        )
    return above / below / comparison.divisor


def _get_cpu_ratio(comparison: Comparison, times: dict[Pair, Measurement]) -> Ratio | None:
    above, below = comparison.in_order()
    is_one_run = above[0] == below[0] and not comparison.without
    if not is_one_run or above not in times or below not in times:
        return None
    return compare(times[above].values, times[below].values)


def describe_machine() -> dict[str, str]:
    return {
        'python': platform.python_version(),
        'machine': f'{platform.system()} {platform.machine()}, {os.cpu_count()} cores',
        **{
            name: version(name)
            for name in ('apistar', 'Django', 'Werkzeug', 'gunicorn', 'django-apistar')
        },
    }


def to_data(results: Results) -> dict[str, Any]:
    """Return *results* as plain data."""
    return {
        'machine': describe_machine(),
        'comparisons': [_row_to_data(row) for row in iter_rows(results)],
        'instructions': {' '.join(pair): round(count) for pair, count in results.counts.items()},
        'cpu_s': {
            ' '.join(pair): {
                'median': one.median, 'mad': one.mad, 'loops': one.loops, 'values': one.values,
            }
            for pair, one in results.times.items()
        },
        'lifecycle_s': results.lifecycle_s,
        'observation_s': results.observation_s,
        'growth_bytes': results.growth,
        'wire': [dataclasses.asdict(one) for one in results.wire],
    }  # fmt: skip


def _row_to_data(row: Row) -> dict[str, Any]:
    comparison = row.comparison
    return {
        'title': comparison.title,
        'reference': comparison.reference,
        'subject': comparison.subject,
        'target': comparison.target,
        'is_limit': comparison.is_limit,
        'instructions': row.instructions,
        'cpu': None if row.cpu is None else dataclasses.asdict(row.cpu),
        'holds': row.holds,
    }


def summarize(results: Results) -> str:
    """Say in a line how many comparisons hold, and the typical spread of the CPU times."""
    rows = list(iter_rows(results))
    promised = [*(row.holds for row in rows), *(one.holds for one in results.wire if one.target)]
    line = f'{sum(map(bool, promised))} of {len(promised)} targets are reached'
    unreachable = sum(not one.holds and one.is_out_of_reach for one in results.wire if one.target)
    line += f', {unreachable} lie above *at most*.' if unreachable else '.'
    if results.times:
        spread = statistics.median(one.mad / one.median for one in results.times.values())
        line += f' Median absolute deviation of the CPU times: {spread:.1%} in the median case.'
    return line
