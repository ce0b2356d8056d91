"""What keeps the arrays of one form out of another."""

from collections.abc import Callable, Iterator

from django_apistar.schema.changes.findings import Finding
from django_apistar.schema.changes.forms import Form
from django_apistar.schema.changes.limits import get_number, get_prefix, item_at

Compare = Callable[
    [object, object], list[Finding]
]  # what a giver's schema gives that a taker's refuses
MOST_POSITIONS = 200


def get_longest(form: Form) -> float | None:
    """Return how long arrays of *form* can be, as far as maxItems and closed tuples tell."""
    longest = get_number(form, 'maxItems', min)
    for at in range(min(get_prefix(form), MOST_POSITIONS) + 1):
        if item_at(form, at) is False:
            return at if longest is None else min(at, longest)
    return longest


def compare_arrays(
    giver: Form, taker: Form, compare: Compare, swapped: Compare
) -> Iterator[Finding]:
    own, wanted = (get_number(form, 'minItems', max) or 0 for form in (giver, taker))
    if own < wanted:
        yield Finding('minItems', giver=get_number(giver, 'minItems', max), taker=wanted)
    longest, taken = get_longest(giver), get_longest(taker)
    if taken is not None and (longest is None or longest > taken):
        yield Finding('maxItems', giver=longest, taker=taken)
        longest = taken
    is_unique = any(giver.all_of('uniqueItems')) or (longest is not None and longest <= 1)
    if any(taker.all_of('uniqueItems')) and not is_unique:
        yield Finding('unique-items')
    yield from _compare_items(giver, taker, longest, compare)
    yield from _compare_contains(giver, taker, compare, swapped)


def _compare_items(
    giver: Form, taker: Form, longest: float | None, compare: Compare
) -> Iterator[Finding]:
    count = min(max(get_prefix(giver), get_prefix(taker)), MOST_POSITIONS)
    for at in range(count):
        if longest is not None and at >= longest:
            return
        for finding in compare(item_at(giver, at), item_at(taker, at)):
            yield finding.below(f'[{at}]')
    if longest is None or longest > count:
        for finding in compare(item_at(giver, count), item_at(taker, count)):
            yield finding.below('[]')


def _compare_contains(
    giver: Form, taker: Form, compare: Compare, swapped: Compare
) -> Iterator[Finding]:
    is_even = get_prefix(giver) == 0
    least = get_number(giver, 'minItems', max) or 0
    for part, low, high in _iter_contains(taker):
        is_met = low == 0 or any(
            own_low >= low and not compare(own, part) for own, own_low, _ in _iter_contains(giver)
        ) or (is_even and least >= low and not compare(item_at(giver, 0), part))  # fmt: skip
        is_kept = high is None or any(
            own_high is not None and own_high <= high and not swapped(part, own)
            for own, _, own_high in _iter_contains(giver)
        )
        if not (is_met and is_kept):
            yield Finding('contains')


def _iter_contains(form: Form) -> Iterator[tuple[object, int, int | None]]:
    for word in form.words:
        if 'contains' in word:
            yield word['contains'], word.get('minContains', 1), word.get('maxContains')
