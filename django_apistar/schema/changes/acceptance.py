"""Changes that a team has accepted: RULE, or RULE:GLOB for some places."""

import dataclasses
import difflib
import fnmatch
from collections.abc import Iterable

from django_apistar.schema.changes.changes import Change
from django_apistar.schema.changes.comparing import Report
from django_apistar.schema.changes.documents import UnreadableError
from django_apistar.schema.changes.rules import RULES

SETTING = 'SCHEMA_ACCEPTED'


def read_accepted(options: Iterable[str], setting: object) -> tuple[str, ...]:
    """Return what is accepted for once and for good. Raises UnreadableError."""
    if not isinstance(setting, dict):
        raise UnreadableError(
            f"{SETTING} is {setting!r}; it must be a dict of 'RULE:GLOB' and the reason."
        )
    for name, reason in setting.items():
        if not (isinstance(name, str) and isinstance(reason, str) and reason.strip()):
            raise UnreadableError(f'{SETTING} has no reason for {name!r}. Write one.')
    for source, names in (('--ignore', options), (SETTING, setting)):
        for name in names:
            _check(source, name.partition(':')[0])
    return (*options, *setting)


def _check(source: str, rule: str) -> None:
    if rule in RULES:
        return
    close = difflib.get_close_matches(rule, RULES, n=1)
    hint = f' Did you mean {close[0]!r}?' if close else ' They are in the documentation.'
    raise UnreadableError(f'{source} names the rule {rule!r}, which does not exist.{hint}')


def without_accepted(report: Report, accepted: tuple[str, ...]) -> Report:
    kept = (change for change in report.changes if not _is_accepted(change, accepted))
    return dataclasses.replace(report, changes=tuple(kept))


def _is_accepted(change: Change, accepted: tuple[str, ...]) -> bool:
    places = (change.path, change.place, change.where, f'{change.place} {change.where}')
    for name in accepted:
        rule, _, glob = name.partition(':')
        if rule == change.rule and (
            not glob or any(fnmatch.fnmatchcase(place, glob) for place in places)
        ):
            return True
    return False
