"""One change between two documents: a rule, where, and what it says there."""

import dataclasses

from django_apistar.schema.changes.findings import Finding
from django_apistar.schema.changes.rules import ERROR, RULES, WARNING
from django_apistar.schema.changes.schema_rules import KINDS
from django_apistar.schema.changes.values import write

MOST_VALUES = 6
NOTHING_BEFORE = (', before any.', ': any.')


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """An operation of a document: ('', '') for the document itself."""

    method: str = ''
    path: str = ''

    def __str__(self) -> str:
        return f'{self.method} {self.path}'.strip()


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    rule: str
    level: str
    method: str
    path: str
    where: str
    message: str

    @property
    def place(self) -> str:
        return f'{self.method} {self.path}'.strip() or 'the document'


def make_change(rule: str, place: Place, where: str = '', **facts: object) -> Change:
    entry = RULES[rule]
    shown = where or ('the path' if not place.method else 'the operation')
    message = entry.sentence.format(where=shown, **facts)
    return Change(rule, entry.level, place.method, place.path, where, message)


def make_schema_change(place: Place, where: str, finding: Finding, is_request: bool) -> Change:
    """Return what *finding* says of the schema at *where*; without a proof it is a warning."""
    kind = KINDS[finding.kind]
    rule = RULES[kind.request if is_request else kind.response]
    old, new = (finding.giver, finding.taker) if is_request else (finding.taker, finding.giver)
    below = where + finding.place
    message = rule.sentence.format(
        where=below, old=_show(old), new=_show(new), lost=_show(finding.giver),
        name=finding.taker,
    )  # fmt: skip
    for end in NOTHING_BEFORE:
        message = message.replace(end, '.')
    level = rule.level
    if level == ERROR and not finding.is_sure:
        level = WARNING
        message += ' No value was found that proves it.'
    elif finding.example:
        message += f' Example: {write(finding.example[0])}.'
    return Change(rule.id, level, place.method, place.path, below, message)


def _show(value: object) -> str:
    if value is None:
        return 'any'
    if isinstance(value, (list, tuple)):
        shown = [item if isinstance(value, list) else write(item) for item in value]
        more = ', …' if len(shown) > MOST_VALUES else ''
        return ', '.join(map(str, shown[:MOST_VALUES])) + more
    return str(value) if isinstance(value, (int, float)) else repr(value)
