"""Judges what goes: deprecation, the day of sunset, stability."""

import datetime
from collections.abc import Iterator

from django_apistar.schema.changes.changes import Change, Place, make_change
from django_apistar.schema.changes.keywords import Schema

LEVELS = ('draft', 'alpha', 'beta', 'stable')
UNSTABLE = LEVELS[:2]


def read_day(value: object) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def is_past(value: object) -> bool:
    day = read_day(value)
    return day is not None and day <= datetime.datetime.now(datetime.timezone.utc).date()


def judge_sunset(place: Place, where: str, old: Schema, new: Schema) -> Iterator[Change]:
    was, now = old.get('deprecated') is True, new.get('deprecated') is True
    day, other = old.get('x-sunset'), new.get('x-sunset')
    facts = {'old': day, 'new': other}
    if was and not now:
        yield make_change('undeprecated', place, where)
        return
    if now and not was:
        yield make_change('deprecated', place, where)
    if now and other is not None and other != day and read_day(other) is None:
        yield make_change('sunset-unreadable', place, where, **facts)
    elif now and not was and is_past(other):
        yield make_change('sunset-too-early', place, where, **facts)
    elif was and now and (announced := read_day(day)) is not None:
        yield from _judge_day(place, where, announced, facts)


def _judge_day(
    place: Place, where: str, announced: datetime.date, facts: Schema
) -> Iterator[Change]:
    other = read_day(facts['new'])
    if other is None:
        yield make_change('sunset-removed', place, where, **facts)
    elif other < announced:
        yield make_change('sunset-earlier', place, where, **facts)


def judge_stability(place: Place, old: Schema, new: Schema) -> Iterator[Change]:
    before, after = old.get('x-stability-level'), new.get('x-stability-level')
    if before in LEVELS and after in LEVELS and LEVELS.index(after) < LEVELS.index(before):
        yield make_change('stability-decreased', place, old=before, new=after)


def choose_removal(operations: list[Schema], default: str) -> tuple[str, str]:
    """Return the rule and the day for *operations* that were removed together."""
    found = [_choose(operation, default) for operation in operations] or [(default, '')]
    return min(found, key=lambda item: ORDER.index(item[0]) if item[0] in ORDER else -1)


ORDER = ('removed-before-sunset', 'removed-without-sunset', 'removed-after-sunset',
         'unstable-removed')  # fmt: skip


def _choose(operation: Schema, default: str) -> tuple[str, str]:
    level = operation.get('x-stability-level')
    if level in UNSTABLE:
        return 'unstable-removed', str(level)
    if operation.get('deprecated') is not True:
        return default, ''
    day = operation.get('x-sunset')
    if day is None:
        return 'removed-without-sunset', ''
    return ('removed-after-sunset' if is_past(day) else 'removed-before-sunset'), str(day)
