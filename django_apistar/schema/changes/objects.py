"""What keeps the objects of one form out of another."""

import itertools
from collections.abc import Iterator

from django_apistar.schema.changes.arrays import Compare
from django_apistar.schema.changes.findings import Finding, doubt, sure
from django_apistar.schema.changes.forms import Form, may_fit
from django_apistar.schema.changes.limits import (
    get_names,
    get_number,
    get_patterns,
    get_required,
    is_closed,
    property_of,
    unlisted_of,
)
from django_apistar.schema.changes.regexes import UnsureError
from django_apistar.schema.changes.sources import Source

MOST_PATTERNS = 4


class Objects:
    """Compares two forms of objects. `skipped`: the word of properties that are not sent."""

    def __init__(
        self, giver: tuple[Source, Form], taker: tuple[Source, Form], compare: Compare,
        skipped: str, is_request: bool,
    ) -> None:  # fmt: skip
        self.givers, self.giver = giver
        self.takers, self.taker = taker
        self.compare = compare
        self.skipped = skipped
        self.is_request = is_request

    def iter_findings(self) -> Iterator[Finding]:
        yield from self._required()
        yield from self._counts()
        required = get_required(self.giver)
        most = get_number(self.giver, 'maxProperties', min)
        is_full = most is not None and most <= len(required)
        names = [*get_names(self.giver), *get_names(self.taker)]
        for name in dict.fromkeys(required if is_full else names):
            yield from self._property(name)
        if not is_full:
            yield from self._unlisted()
        yield from self._property_names()
        yield from self._dependents()

    # Properties that must be there

    def _is_skipped(self, name: str) -> bool:
        return any(
            _is_marked(source, form, name, self.skipped)
            for source, form in ((self.givers, self.giver), (self.takers, self.taker))
        )

    def _required(self) -> Iterator[Finding]:
        known = get_required(self.giver)
        listed = get_names(self.giver)
        for name in get_required(self.taker):
            if name in known or self._is_skipped(name):
                continue
            is_there = name in listed
            yield Finding('required' if is_there else 'required-unlisted', taker=name)

    def _counts(self) -> Iterator[Finding]:
        own = get_number(self.giver, 'minProperties', max)
        wanted = get_number(self.taker, 'minProperties', max)
        if wanted and max(own or 0, len(get_required(self.giver))) < wanted:
            yield Finding('minProperties', giver=own, taker=wanted)
        own = get_number(self.giver, 'maxProperties', min)
        wanted = get_number(self.taker, 'maxProperties', min)
        if is_closed(self.giver):
            count = len(get_names(self.giver))
            own = count if own is None else min(own, count)
        if wanted is not None and (own is None or own > wanted):
            yield Finding('maxProperties', giver=own, taker=wanted)

    def _can_be_named(self, name: str) -> bool:
        names = self.giver.all_of('propertyNames')
        return all(may_fit(self.givers, schema, name) for schema in names)

    # What each property may be

    def _property(self, name: str) -> Iterator[Finding]:
        if self._is_skipped(name) or not self._can_be_named(name):
            return
        is_given, is_taken = name in get_names(self.giver), name in get_names(self.taker)
        try:
            child, other = property_of(self.giver, name), property_of(self.taker, name)
        except UnsureError:
            yield Finding('pattern-unknown', place=f'.{name}')
            return
        found = [finding.below(f'.{name}') for finding in self.compare(child, other)]
        if is_given and is_taken:
            yield from found
        elif is_given:
            yield from self._only_given(name, child, other, found)
        else:
            yield from self._only_taken(name, child, found)

    def _only_given(
        self, name: str, child: object, other: object, found: list[Finding]
    ) -> Iterator[Finding]:
        if child is not False and other is False:
            yield Finding('property-refused', taker=name)
        else:
            yield from found
            if self.is_request and child is not False and not get_patterns(self.taker):
                yield sure('property-gone', taker=name)

    def _only_taken(self, name: str, child: object, found: list[Finding]) -> Iterator[Finding]:
        """A property that the giver does not list, and may give all the same."""
        is_free = child is True or child == {}
        if name in get_required(self.taker) and name not in get_required(self.giver):
            return  # told already
        if is_free and found:
            yield Finding('property-new', taker=name, is_sure=True)
        elif not self.is_request and child is False:
            yield sure('property-new', taker=name)
        else:
            yield from found

    def _unlisted(self) -> Iterator[Finding]:
        patterns = list(dict.fromkeys([*get_patterns(self.giver), *get_patterns(self.taker)]))
        together = len(patterns) if len(patterns) <= MOST_PATTERNS else 1
        if together < len(patterns) and get_patterns(self.giver) != get_patterns(self.taker):
            yield Finding('pattern-unknown')
            return
        for count in range(together + 1):
            for chosen in itertools.combinations(patterns, count):
                yield from self._unlisted_with(frozenset(chosen), count > 1)

    def _unlisted_with(self, patterns: frozenset[str], is_doubtful: bool) -> Iterator[Finding]:
        child, other = (unlisted_of(form, patterns) for form in (self.giver, self.taker))
        if child is not False and other is False and not patterns:
            yield Finding('closed')
            return
        step = '.' + ('*' if not patterns else '|'.join(f'/{text}/' for text in sorted(patterns)))
        for finding in self.compare(child, other):
            yield doubt(finding.below(step)) if is_doubtful else finding.below(step)

    # Names, and what else must be there

    def _property_names(self) -> Iterator[Finding]:
        own = {'type': 'string', 'allOf': self.giver.all_of('propertyNames')}
        for wanted in self.taker.all_of('propertyNames'):
            if is_closed(self.giver):
                names = get_names(self.giver)
                if all(may_fit(self.takers, wanted, name) for name in names):
                    continue
            if self.compare(own, wanted):
                yield Finding('property-names')

    def _dependents(self) -> Iterator[Finding]:
        own = self.giver.all_of('dependentRequired')
        required = set(get_required(self.giver))
        for name, others in (
            item for part in self.taker.all_of('dependentRequired') for item in part.items()
        ):
            known = required.union(*(part.get(name, ()) for part in own))
            if not set(others) <= known and unlisted_of_name(self.giver, name) is not False:
                yield Finding('dependent-required', taker=name)


def unlisted_of_name(form: Form, name: str) -> object:
    try:
        return property_of(form, name)
    except UnsureError:
        return True


def _is_marked(source: Source, form: Form, name: str, word: str) -> bool:
    """Whether *form* says of its property *name* that it is readOnly, or writeOnly."""
    for properties in form.all_of('properties'):
        if name in properties:
            node = source.look(properties[name])
            if isinstance(node, dict) and node.get(word) is True:
                return True
    return False
