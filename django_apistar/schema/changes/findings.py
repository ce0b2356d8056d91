"""What keeps one schema out of another: a finding for each cause."""

import dataclasses
from typing import Any

MOST = 100  # findings of two schemas


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """Something that the giver gives and the taker does not take.

    `kind` and a direction make a rule. `place`: below the schema, '.name[].size'. `giver`, `taker`:
    what each says. `is_sure`: a value proves it, or it is about what no value can prove.
    `example`: [that value].
    """

    kind: str
    place: str = ''
    giver: Any = None  # JSON: a number, names, types
    taker: Any = None
    is_sure: bool = False
    example: tuple[object, ...] = ()

    def below(self, step: str) -> 'Finding':
        return dataclasses.replace(self, place=step + self.place)

    @property
    def weight(self) -> float:
        return 0.1 if self.kind in NOTES else 1


SIZES = frozenset({
    'minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties',
})  # fmt: skip
REACH = 60  # a size whose values are not all tried
# Kinds that do not say that a value is refused.
NOTES = frozenset({'property-gone'})
# Kinds that validation of values does not show.
UNSEEN = frozenset({'format', 'content', 'extensible-enum', *NOTES})


def sure(kind: str, giver: object = None, taker: object = None) -> Finding:
    return Finding(kind, giver=giver, taker=taker, is_sure=True)


def weigh(findings: list[Finding]) -> float:
    return sum(finding.weight for finding in findings)


def doubt(finding: Finding) -> Finding:
    return dataclasses.replace(finding, is_sure=False)


def prove(finding: Finding, example: list[object]) -> Finding:
    """Return *finding*, marked sure where *example* proves it, or would be too large to try."""
    if finding.is_sure:
        return finding
    if finding.kind in SIZES and not example and max(finding.taker, finding.giver or 0) > REACH:
        return dataclasses.replace(finding, is_sure=True)
    return dataclasses.replace(finding, is_sure=bool(example), example=tuple(example))
