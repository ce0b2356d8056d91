"""Routes that resemble a path without a route, each with the reason why it does not match."""

import dataclasses
import difflib
import re
from itertools import zip_longest

from django_apistar.compat.path_template import PathParameter, get_parameters, parse_path
from django_apistar.routes.entries import RouteEntry
from django_apistar.routes.kinds import read_kind
from django_apistar.routes.table import RouteTable

MOST = 3  # routes that a miss proposes
LIKENESS = 0.6  # the least that such a route must have


@dataclasses.dataclass(frozen=True, slots=True)
class NearMiss:
    """A route that does not match. `reason` says why; '' if no single difference does."""

    entry: RouteEntry
    reason: str


def find_near(table: RouteTable, path: str) -> tuple[NearMiss, ...]:
    """Return the routes whose paths look most like *path*, best first."""
    by_path: dict[str, RouteEntry] = {}
    for entry in table:
        by_path.setdefault(entry.path, entry)
    scores = {near: _compare(near.lower(), path.lower()) for near in by_path}
    best = sorted(by_path, key=lambda near: -scores[near])[:MOST]
    entries = [by_path[near] for near in best if scores[near] >= LIKENESS]
    return tuple(NearMiss(entry, _explain(entry, path)) for entry in entries)


def _compare(pattern: str, path: str) -> float:
    """Return how similar *path* is to *pattern*, from 0 to 1. A parameter resembles anything."""
    ours, theirs = pattern.split('/'), path.rstrip('/').split('/')
    theirs += [''] * pattern.endswith('/')
    if len(ours) == len(theirs):
        pairs = [pair for pair in zip(ours, theirs, strict=True) if pair[0][:1] not in ('{', '<')]
        pattern, path = '/'.join(our for our, _ in pairs), '/'.join(their for _, their in pairs)
    return difflib.SequenceMatcher(None, pattern, path).ratio() if pattern.strip('/') else 0.0


def _explain(entry: RouteEntry, path: str) -> str:
    """Return the first difference between the segments of *path* and those of *entry*."""
    # Then segments cannot be compared one by one.
    is_regex = '(?P<' in entry.path
    if is_regex or any(parameter.takes_slashes for parameter in get_parameters(entry.path)):
        return ''
    ours, theirs = entry.path.strip('/').split('/'), path.strip('/').split('/')
    for our, their in zip_longest(ours, theirs):
        if their is None:
            return f'{our} is missing'
        if our is None:
            return f'{their!r} is too much'
        difference = _compare_segments(entry, our, their)
        if difference:
            return difference
    return ''


def _compare_segments(entry: RouteEntry, our: str, their: str) -> str:
    parts = parse_path(our)
    if len(parts) == 1 and isinstance(parts[0], PathParameter):
        pattern, kind = read_kind(entry, parts[0])
        return '' if re.fullmatch(pattern, their) else f'{parts[0].name} is not {kind}'
    is_literal = not set(our) & set('{<(')
    return f'{their!r} is not {our!r}' if is_literal and our != their else ''
