"""What the comparison says of two schemas, judged by jsonschema."""

import contextlib
import os
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from django_apistar.schema.changes.forms import get_forms
from django_apistar.schema.changes.rules import ERROR, RULES
from django_apistar.schema.changes.samples import find_witness
from django_apistar.schema.changes.schema_rules import KINDS
from django_apistar.schema.changes.schemas import Comparison
from django_apistar.schema.changes.sources import Source
from django_apistar.schema.changes.values import TYPES
from management_tests.support.schema_pairs import Maker

pytestmark = pytest.mark.once

jsonschema = pytest.importorskip('jsonschema')
VALUES, MORE_VALUES = 40, 3000


@dataclass
class Tally:
    """What many pairs have shown, each in the direction from the first to the second."""

    pairs: int = 0
    different: int = 0
    alike: int = 0
    missed: list[Any] = field(default_factory=list)
    wrong: list[Any] = field(default_factory=list)  # an error, and nobody found a difference
    doubted: int = 0

    def add(self, seed: int) -> None:
        maker = Maker(seed)
        old = maker.document()
        new = maker.changed(old) if maker.random.random() < 0.8 else maker.document()
        for pair in ((old, new), (new, old)):
            # A schema that holds itself for the same value has no meaning, for jsonschema neither.
            with contextlib.suppress(RecursionError):
                self.judge(maker, *pair)

    def judge(self, maker: Maker, giver: Any, taker: Any) -> None:
        findings = compare(giver, taker)
        errors = [finding for finding in findings if is_error(finding)]
        values = find_difference(maker, giver, taker, VALUES)
        if not values and errors:
            values = try_our_own(giver, taker) or find_difference(maker, giver, taker, MORE_VALUES)
        if values:
            self.pairs += 1
            self.different += 1
            if not findings:
                self.missed.append((giver, taker, values[0]))
            return
        self.pairs += 1
        self.alike += 1
        self.doubted += bool(findings and not errors)
        if errors:
            self.wrong.append((giver, taker, errors))


def compare(giver: Any, taker: Any) -> list[Any]:
    sources = (Source(giver, '3.1'), Source(taker, '3.1'))
    found = Comparison(*sources, is_request=True).find(giver, taker)
    return [finding for finding in found if finding.kind != 'property-gone']


def is_error(finding: Any) -> bool:
    return finding.is_sure and RULES[KINDS[finding.kind].request].level == ERROR


def find_difference(maker: Maker, giver: Any, taker: Any, count: int) -> list[Any]:
    """Return [a value that *giver* takes and *taker* does not], [] where none was found."""
    takes, wants = map(jsonschema.Draft202012Validator, (giver, taker))
    for _ in range(count):
        document = giver if maker.random.random() < 0.6 else taker
        value = maker.value(document, document)
        if not wants.is_valid(value) and takes.is_valid(value):
            return [value]
    return []


def try_our_own(giver: Any, taker: Any) -> list[Any]:
    """Return [the value that our comparison finds], where jsonschema says the same of it."""
    sources = (Source(giver, '3.1'), Source(taker, '3.1'))
    forms = [form for kind in TYPES for form in get_forms(sources[0], giver, kind)]
    values = find_witness((sources[0], giver), (sources[1], taker), forms)
    takes, wants = map(jsonschema.Draft202012Validator, (giver, taker))
    return [value for value in values if takes.is_valid(value) and not wants.is_valid(value)]


def run(first: int, count: int) -> Tally:
    tally = Tally()
    for seed in range(first, first + count):
        tally.add(seed)
    return tally


@pytest.mark.slow
def test_no_difference_is_missed_and_few_errors_are_wrong():
    count = 10_000 if os.environ.get('PROOF') == 'full' else 500
    tally = run(random.Random(count).randrange(10**6), count)

    assert tally.pairs >= 1.99 * count
    assert tally.missed == []
    assert len(tally.wrong) <= 0.02 * tally.alike
