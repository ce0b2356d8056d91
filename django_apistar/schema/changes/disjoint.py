"""Whether no value fits both a form and a schema."""

from django_apistar.schema.changes.forms import Form, get_forms, is_whole
from django_apistar.schema.changes.instances import fits
from django_apistar.schema.changes.limits import (
    get_high,
    get_low,
    get_number,
    get_required,
    property_of,
)
from django_apistar.schema.changes.regexes import UnsureError
from django_apistar.schema.changes.scalars import get_integers
from django_apistar.schema.changes.sources import Source
from django_apistar.schema.changes.values import TYPES

DEEPEST = 3


def are_disjoint(
    source: Source, form: Form, other: Source, schema: object, depth: int = DEEPEST
) -> bool:
    """Whether no value of *form*, of *source*, fits *schema*, of *other*."""
    return all(
        _are_apart(source, form, other, schema, alternative, depth)
        for alternative in get_forms(other, schema, form.type)
    )


def _are_apart(
    source: Source, form: Form, other: Source, schema: object, alternative: Form, depth: int
) -> bool:
    values = form.values if form.values is not None else get_integers(form)
    if values is not None:
        return all(_is_refused(other, schema, value) for value in values)
    if alternative.values is not None:
        return all(_is_outside(source, form, value) for value in alternative.values)
    if form.type == 'number':
        return _are_numbers_apart(form, alternative)
    if form.type == 'object':
        return depth > 0 and _are_objects_apart(source, form, other, alternative, depth)
    noun = 'Length' if form.type == 'string' else 'Items'
    return _are_sizes_apart(form, alternative, noun) or _are_sizes_apart(alternative, form, noun)


def _is_refused(
    source: Source, schema: object, value: object, *, where_unsure: bool = False
) -> bool:
    try:
        return not fits(source, schema, value)
    except UnsureError:
        return where_unsure


def _is_outside(source: Source, form: Form, value: object) -> bool:
    if any(_is_refused(source, word, value) for word in form.words):
        return True
    return any(not _is_refused(source, schema, value, where_unsure=True) for schema in form.nots)


def _are_numbers_apart(form: Form, other: Form) -> bool:
    whole = is_whole(form) or is_whole(other)
    for one, two in ((form, other), (other, form)):
        high, low = get_high(one, whole), get_low(two, whole)
        if high and low and (high[0] < low[0] or (high[0] == low[0] and (high[1] or low[1]))):
            return True
    return False


def _are_sizes_apart(one: Form, other: Form, noun: str) -> bool:
    high, low = get_number(one, f'max{noun}', min), get_number(other, f'min{noun}', max)
    return high is not None and low is not None and high < low


def _are_objects_apart(source: Source, form: Form, other: Source, taker: Form, depth: int) -> bool:
    """Whether both need a property that cannot fit both, or one needs what the other forbids."""
    for name in dict.fromkeys([*get_required(form), *get_required(taker)]):
        try:
            child, its = property_of(form, name), property_of(taker, name)
        except UnsureError:
            continue
        if all(
            are_disjoint(source, part, other, its, depth - 1)
            for kind in TYPES for part in get_forms(source, child, kind)
        ):  # fmt: skip
            return True
    return False
