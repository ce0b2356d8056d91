"""The results of a benchmark: figures of each target, ratios, warnings, changes to a baseline."""

from __future__ import annotations

import dataclasses
import datetime
import math
import os
import platform
import statistics
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.template.defaultfilters import pluralize

from django_apistar.bench.load import Load
from django_apistar.bench.servers import DEFAULT_SETUP, Setup
from django_apistar.bench.statistics import Ratio, compare, compare_apart, get_mad
from django_apistar.bench.targets import APISTAR, DJANGO, FLOOR, Target

FORMAT = 1  # of the JSON document
_WIDE = 0.25  # an interval wider than this share of its ratio means little
_FEW = 3  # with fewer rounds an interval means nothing
_PACKAGES = ('apistar', 'Django', 'django-apistar', 'gunicorn')


class BaselineError(Exception):
    """A baseline that cannot be used, in one sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class TargetResult:
    """The rounds of one target. `ratio`: its transactions/sec divided by those of the base."""

    target: Target
    loads: tuple[Load, ...]
    ratio: Ratio | None = None  # None for the base itself

    @property
    def transactions(self) -> int:
        return sum(load.transactions for load in self.loads)

    @property
    def errors(self) -> int:
        return sum(load.errors for load in self.loads)

    @property
    def rates(self) -> tuple[float, ...]:
        """Transactions per second of each round."""
        return tuple(load.rate for load in self.loads)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def rate_mad(self) -> float:
        return get_mad(self.rates)

    @property
    def longest_s(self) -> float:
        return max(load.longest_s for load in self.loads)

    def median_of(self, field: str) -> float | None:
        """Return the median over the rounds of a Load's field, None where it is not known."""
        values = [getattr(load, field) for load in self.loads]
        return None if None in values else statistics.median(values)


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """A target compared with the baseline.

    `ratio`: of its transactions/sec, now to then, each divided by those of the bare WSGI
    application, so that the speed of the machine does not count.
    """

    label: str
    key: str
    rate_then: float
    rate_now: float
    ratio: Ratio


@dataclasses.dataclass(frozen=True, slots=True)
class Results:
    """A whole benchmark. `tool` is empty in process."""

    mode: str  # 'http' or 'in-process'
    tool: str
    tool_version: str
    rounds: int
    duration_s: float
    connections: int
    base: Target
    targets: tuple[TargetResult, ...]
    system: dict[str, Any]
    setup: Setup = DEFAULT_SETUP
    rate: int | None = None  # of the open model: requests per second that were sent
    changes: tuple[Change, ...] = ()
    remarks: tuple[str, ...] = ()

    def get(self, key: str) -> TargetResult | None:
        return next((result for result in self.targets if result.target.key == key), None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know to judge the figures."""
        return (*self.remarks, *_iter_warnings(self))


def compare_targets(
    targets: Sequence[Target],
    loads: dict[str, list[Load]],
    base: Target,
    is_open: bool = False,
) -> tuple[TargetResult, ...]:
    """Return the result of each target, with its ratio to *base*: in the open model of p99."""
    figures = {
        key: [(load.p99_s or 0) if is_open else load.rate for load in taken]
        for key, taken in loads.items()
    }
    ratios = {
        key: compare(own, figures[base.key]) for key, own in figures.items() if key != base.key
    }
    return tuple(
        TargetResult(target, tuple(loads[target.key]), ratios.get(target.key)) for target in targets
    )


def _iter_warnings(results: Results) -> Iterator[str]:
    if results.rounds < _FEW:
        yield (
            f'{results.rounds} round{pluralize(results.rounds)}: too few for an interval. Use '
            f'--rounds {_FEW} or more.'
        )
    for result in results.targets:
        if result.errors:
            yield f'{result.target.label}: {result.errors} requests were not answered with 2xx.'
        ratio = result.ratio
        if ratio is None or results.rounds < _FEW:
            continue
        if ratio.high - ratio.low > _WIDE * ratio.median:
            yield (
                f'{result.target.label}: the ratio lies between {ratio.low:.2f} and '
                f'{ratio.high:.2f}, which is too wide to mean much. '
                'Use more --rounds, a longer --duration or a quieter machine.'
            )
        elif ratio.low <= 1 <= ratio.high:
            yield f'{result.target.label} and {results.base.label} cannot be told apart.'


def collect_system() -> dict[str, object]:
    """Return the facts on which the figures depend: versions, processor, load."""
    return {
        'date': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'),
        'python': platform.python_version(),
        'implementation': platform.python_implementation(),
        'platform': f'{platform.system()} {platform.release()}',
        'machine': platform.machine(),
        'cpu': _find_cpu(),
        'cores': os.cpu_count(),
        'load': round(os.getloadavg()[0], 2) if hasattr(os, 'getloadavg') else None,
        'packages': {name: version(name) for name in _PACKAGES},
    }


def _find_cpu() -> str:
    if sys.platform == 'linux':
        for line in Path('/proc/cpuinfo').read_text().splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor()


# As data


def as_data(results: Results) -> dict[str, object]:
    """Return the JSON document, which can serve as a baseline."""
    tool = {'name': results.tool, 'version': results.tool_version} if results.tool else None
    return {
        'format': FORMAT, 'mode': results.mode, 'tool': tool, 'base': results.base.key,
        'rounds': results.rounds, 'duration_s': results.duration_s,
        'connections': results.connections, 'rate': results.rate,
        'server': dataclasses.asdict(results.setup) if results.tool else None,
        'system': results.system,
        'targets': [_as_data(result) for result in results.targets],
        'comparison': [dataclasses.asdict(change) for change in results.changes],
        'warnings': list(results.warnings),
    }  # fmt: skip


def _as_data(result: TargetResult) -> dict[str, object]:
    target, fields = result.target, ('p50_s', 'p90_s', 'p99_s', 'cpu_s')
    return {
        'key': target.key, 'label': target.label, 'path': target.path,
        'method': target.request.method, 'transactions': result.transactions,
        'transactions_per_s': {'median': result.rate, 'mad': result.rate_mad},
        'longest_s': result.longest_s, **{field: result.median_of(field) for field in fields},
        'errors': result.errors,
        'ratio': dataclasses.asdict(result.ratio) if result.ratio else None,
        'rounds': [dataclasses.asdict(load) for load in result.loads],
    }  # fmt: skip


# Baselines


@dataclasses.dataclass(frozen=True, slots=True)
class Baseline:
    """The result of an earlier benchmark: transactions/sec of each round, by target."""

    mode: str
    tool: str
    connections: int
    paths: dict[str, str]
    rates: dict[str, tuple[float, ...]]


def read_baseline(data: Any, source: str) -> Baseline:
    """Return the baseline in *data*, a parsed JSON document. Raises BaselineError."""
    try:
        if data['format'] != FORMAT:
            raise ValueError(f'its format is {data["format"]!r}, not {FORMAT}')
        targets = {target['key']: target for target in data['targets']}
        rates = {
            key: tuple(Load(**load).rate for load in target['rounds'])
            for key, target in targets.items()
        }
        if not all(rates.values()) or not all(0 < rate < math.inf for own in rates.values()
                                              for rate in own):  # fmt: skip
            raise ValueError('it has a target without transactions')
        if FLOOR.key not in rates:
            raise ValueError(f'it has no target {FLOOR.key!r}')
        paths = {key: target['path'] for key, target in targets.items()}
        tool = (data['tool'] or {}).get('name', '')
        return Baseline(data['mode'], tool, data['connections'], paths, rates)
    except KeyError as exc:
        raise BaselineError(f'{source} is no result of apistar_bench: it has no {exc}.') from exc
    except (TypeError, ValueError, AttributeError, ArithmeticError) as exc:
        raise BaselineError(f'{source} is no result of apistar_bench: {exc}.') from exc


def compare_with_baseline(results: Sequence[TargetResult], baseline: Baseline) -> list[Change]:
    """Return the change of each target that both benchmarks have."""
    now = {result.target.key: result for result in results}
    floor_now, floor_then = now[FLOOR.key].rates, baseline.rates[FLOOR.key]
    return [
        Change(
            now[key].target.label, key, statistics.median(then), now[key].rate,
            compare_apart(_divide(now[key].rates, floor_now), _divide(then, floor_then)),
        )
        for key, then in baseline.rates.items() if key in now and key != FLOOR.key
    ]  # fmt: skip


def find_differences(results: Results, baseline: Baseline) -> Iterator[str]:
    """Yield a sentence for each condition in which the baseline differs."""
    if baseline.tool != results.tool:
        yield f'The baseline was loaded by {baseline.tool}, this by {results.tool}.'
    if baseline.connections != results.connections:
        yield (
            f'The baseline had {baseline.connections} connections, this has {results.connections}.'
        )
    for result in results.targets:
        path, then = result.target.path, baseline.paths.get(result.target.key)
        if then not in (None, path):
            yield f'{result.target.label} was asked for {then} in the baseline, now for {path}.'


def _divide(rates: Sequence[float], by: Sequence[float]) -> list[float]:
    return [rate / below for rate, below in zip(rates, by, strict=True)]


def find_shortfalls(results: Results, least: float) -> list[str]:
    """Return a sentence for each ratio below *least*: to the baseline, else to the base."""
    if results.changes:
        return [
            f'{change.label} has {change.ratio.median:.2f} times the transactions/sec of the '
            f'baseline, less than {least:g}.'
            for change in results.changes
            if change.key in (APISTAR.key, DJANGO.key) and change.ratio.median < least
        ]
    own = results.get(APISTAR.key)
    if own is None or own.ratio is None or own.ratio.median >= least:
        return []
    sentence = (
        f'{own.target.label} has {own.ratio.median:.2f} times the transactions/sec of '
        f'{results.base.label}, less than {least:g}.'
    )
    return [sentence]
