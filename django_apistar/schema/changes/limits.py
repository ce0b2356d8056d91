"""What a form demands: its bounds, and the schemas of what it holds."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

from django_apistar.schema.changes.forms import Form, is_whole
from django_apistar.schema.changes.instances import iter_schemas_of
from django_apistar.schema.changes.keywords import Schema
from django_apistar.schema.changes.values import exact

Bound = tuple[Fraction, bool]  # the number, and whether it is left out itself


def get_number(form: Form, word: str, choose: Callable[[list[float]], float]) -> float | None:
    """Return the narrowest of the values of *word*, None without."""
    return choose(form.all_of(word)) if form.all_of(word) else None


def get_low(form: Form, is_integer: bool) -> Bound | None:
    bounds = [(exact(value), False) for value in form.all_of('minimum')]
    bounds += [(exact(value), True) for value in form.all_of('exclusiveMinimum')]
    if not bounds:
        return None
    number, is_open = max(bounds)
    if is_integer:
        return (Fraction(math.floor(number) + 1 if is_open else math.ceil(number)), False)
    return number, is_open


def get_high(form: Form, is_integer: bool) -> Bound | None:
    bounds = [(exact(value), True) for value in form.all_of('maximum')]
    bounds += [(exact(value), False) for value in form.all_of('exclusiveMaximum')]
    if not bounds:
        return None
    number, is_closed = min(bounds)
    if is_integer:
        return (Fraction(math.floor(number) if is_closed else math.ceil(number) - 1), False)
    return number, not is_closed


def get_step(form: Form) -> Fraction | None:
    """Return what all numbers of *form* are multiples of."""
    steps = [exact(value) for value in form.all_of('multipleOf') if value]
    if is_whole(form):
        steps.append(Fraction(1))
    if not steps:
        return None
    numerator = math.lcm(*(step.numerator for step in steps))
    return Fraction(numerator, math.gcd(*(step.denominator for step in steps)))


def all_of(schemas: list[object]) -> object:
    kept = [schema for schema in schemas if schema is not True and schema != {}]
    if any(schema is False for schema in kept):
        return False
    if not kept:
        return True
    return kept[0] if len(kept) == 1 else {'allOf': kept}


def item_at(form: Form, at: int) -> object:
    """Return the schema of the item at the index *at* in arrays of *form*."""
    return all_of([_item_of(word, at) for word in form.words])


def _item_of(word: Schema, at: int) -> object:
    prefix = word.get('prefixItems', ())
    return prefix[at] if at < len(prefix) else word.get('items', True)


def get_prefix(form: Form) -> int:
    """Return how many first items have a schema of their own."""
    return max((len(prefix) for prefix in form.all_of('prefixItems')), default=0)


def property_of(form: Form, name: str) -> object:
    """Return the schema of the property *name*. Raises UnsureError."""
    return all_of([schema for word in form.words for schema in iter_schemas_of(word, name)])


def unlisted_of(form: Form, patterns: frozenset[str]) -> object:
    """Return the schema of a property that is not listed, and fits all of *patterns*."""
    return all_of([schema for word in form.words for schema in _iter_unlisted(word, patterns)])


def _iter_unlisted(word: Schema, patterns: frozenset[str]) -> Iterator[object]:
    own = word.get('patternProperties', {})
    matching = [own[pattern] for pattern in own if pattern in patterns]
    yield from matching
    if not matching and 'additionalProperties' in word:
        yield word['additionalProperties']


def get_names(form: Form) -> list[str]:
    """Return the names of the properties that *form* lists."""
    return _list_names(form, 'properties')


def get_required(form: Form) -> list[str]:
    return _list_names(form, 'required')


def get_patterns(form: Form) -> list[str]:
    return _list_names(form, 'patternProperties')


def _list_names(form: Form, keyword: str) -> list[str]:
    return list(dict.fromkeys(name for names in form.all_of(keyword) for name in names))


def is_closed(form: Form) -> bool:
    """Whether only listed properties may be there."""
    return any(
        word.get('additionalProperties') is False and not word.get('patternProperties')
        for word in form.words
    )
