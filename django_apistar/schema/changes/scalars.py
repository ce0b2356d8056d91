"""What keeps numbers and texts of one form out of another."""

from collections.abc import Iterator

from django_apistar.schema.changes.findings import Finding, sure
from django_apistar.schema.changes.forms import Form, is_whole
from django_apistar.schema.changes.limits import Bound, get_high, get_low, get_number, get_step
from django_apistar.schema.changes.regexes import MATCH_ALL
from django_apistar.schema.changes.values import exact, is_among

# Formats, and those that hold all of their values.
WIDER = {
    'int32': ('int64', 'float', 'double'), 'float': ('double',), 'email': ('idn-email',),
    'hostname': ('idn-hostname',), 'uri': ('iri', 'uri-reference', 'iri-reference'),
    'iri': ('iri-reference',), 'uri-reference': ('iri-reference',),
}  # fmt: skip
# Formats that only tell how a text is shown.
SHOWN = frozenset({'password', 'textarea', 'multiline', 'color'})
CONTENT = ('contentMediaType', 'contentEncoding', 'contentSchema')
MOST_VALUES = 64  # of an integer between two bounds that are looked at one by one


def compare_numbers(giver: Form, taker: Form) -> Iterator[Finding]:
    whole = is_whole(giver)
    if not whole and any(word.get('type') == 'integer' for word in taker.words):
        yield Finding('type', giver=['number'])
    low, taken_low = get_low(giver, whole), get_low(taker, whole)
    if taken_low is not None and (low is None or low < taken_low):
        yield Finding('minimum', giver=_low_of(giver), taker=_low_of(taker))
    high, taken_high = get_high(giver, whole), get_high(taker, whole)
    if taken_high is not None and (high is None or _is_above(high, taken_high)):
        yield Finding('maximum', giver=_high_of(giver), taker=_high_of(taker))
    yield from _compare_steps(giver, taker)
    yield from _compare_formats(giver, taker)


def _is_above(one: Bound, other: Bound) -> bool:
    return bool((one[0], not one[1]) > (other[0], not other[1]))


def _low_of(form: Form) -> object:
    limits = [*form.all_of('minimum'), *form.all_of('exclusiveMinimum')]
    return max(limits, default=None)


def _high_of(form: Form) -> object:
    limits = [*form.all_of('maximum'), *form.all_of('exclusiveMaximum')]
    return min(limits, default=None)


def _compare_steps(giver: Form, taker: Form) -> Iterator[Finding]:
    step = get_step(giver)
    for wanted in taker.all_of('multipleOf'):
        if wanted and (step is None or step % exact(wanted)):
            yield Finding('multiple-of', taker=wanted)


def get_integers(form: Form) -> list[int] | None:
    """Return the few integers of *form*, None where they are many or others are among them."""
    if form.type != 'number' or not is_whole(form):
        return None
    low, high = get_low(form, True), get_high(form, True)
    if low is None or high is None or high[0] - low[0] > MOST_VALUES:
        return None
    return list(range(int(low[0]), int(high[0]) + 1))


def compare_strings(giver: Form, taker: Form) -> Iterator[Finding]:
    yield from compare_sizes(giver, taker, 'Length')
    own = giver.all_of('pattern')
    for pattern in taker.all_of('pattern'):
        if pattern not in own and pattern not in MATCH_ALL:
            yield Finding('pattern', taker=pattern)
    yield from _compare_formats(giver, taker)
    yield from _compare_contents(giver, taker)
    for values in taker.all_of('x-extensible-enum'):
        for known in giver.all_of('x-extensible-enum'):
            lost = [value for value in known if not is_among(value, values)]
            if lost:
                yield sure('extensible-enum', giver=lost)


def compare_sizes(giver: Form, taker: Form, noun: str) -> Iterator[Finding]:
    """Of minLength and maxLength, where *noun* is Length."""
    low, high = f'min{noun}', f'max{noun}'
    own, wanted = get_number(giver, low, max), get_number(taker, low, max)
    if wanted and (own is None or own < wanted):
        yield Finding(low, giver=own, taker=wanted)
    own, wanted = get_number(giver, high, min), get_number(taker, high, min)
    if wanted is not None and (own is None or own > wanted):
        yield Finding(high, giver=own, taker=wanted)


def _compare_formats(giver: Form, taker: Form) -> Iterator[Finding]:
    own = {name for form in giver.all_of('format') for name in (form, *WIDER.get(form, ()))}
    for wanted in taker.all_of('format'):
        if wanted not in own and wanted not in SHOWN:
            yield sure('format', taker=wanted)


def _compare_contents(giver: Form, taker: Form) -> Iterator[Finding]:
    for word in CONTENT:
        for wanted in taker.all_of(word):
            if wanted not in giver.all_of(word):
                yield sure('content', taker=wanted)
