"""What the filters of a FilterSet ask a model for: fields, lookups, and the limits of a value."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError
from django.db.models import DecimalField, FloatField, Model
from django.db.models.constants import LOOKUP_SEP

if TYPE_CHECKING:
    from django_filters.filters import Filter
    from django_filters.filterset import BaseFilterSet

PACKAGE = 'django_filters'
YEARS = (1, 9999)  # that Python's dates have


def get_module(name: str) -> Any:
    """Return the module *name* of django-filter, which has been imported by a FilterSet."""
    return sys.modules[f'{PACKAGE}.{name}']


def find_model_field(filter_set: BaseFilterSet | type[BaseFilterSet], name: str) -> Any:
    """Return the field of the model that *name* leads to, through relations; None if there is none.

    *filter_set*: a FilterSet or its class.
    """
    return _find_model_field(filter_set._meta.model, name)


@cache
def _find_model_field(model: type[Model], name: str) -> Any:
    return get_module('utils').get_model_field(model, name)


def find_lookup(filter_: Filter, value: object = None) -> str:
    """Return what *filter_* asks a column for: 'year__gt'. A client chooses it, if it may.

    *value*: what a client asks for.
    """
    lookup = getattr(value, 'lookup_expr', filter_.lookup_expr)
    return lookup if isinstance(lookup, str) else 'exact'


def find_limits(
    filter_set: BaseFilterSet | type[BaseFilterSet], filter_: Filter, value: object = None
) -> tuple[int, int] | None:
    """Return the least and the greatest whole number that *filter_* can ask for, if it has them.

    *filter_set*: a FilterSet or its class. *value*: what a client asks for.
    """
    if filter_.method is not None:
        return None
    if isinstance(find_model_field(filter_set, filter_.field_name), (DecimalField, FloatField)):
        return None
    lookup = f'{filter_.field_name}{LOOKUP_SEP}{find_lookup(filter_, value)}'
    return _find_whole_limits(filter_set._meta.model, lookup)


@cache  # of what filters have; a client chooses among them
def _find_whole_limits(model: type[Model], lookup: str) -> tuple[int, int]:
    try:
        _, transforms = walk(model, lookup)
    except FieldError:  # of an annotation
        transforms = []
    is_year = not {'year', 'iso_year'}.isdisjoint(transforms)
    return YEARS if is_year else (-(2**63), 2**63 - 1)


def walk(model: type[Model], lookup: str) -> tuple[Any, Sequence[str]]:
    """Return the last field on the way of 'maker__born__year', and what follows. Or FieldError."""
    query = model._default_manager.all().query
    _, field, _, rest = query.names_to_path(lookup.split(LOOKUP_SEP), model._meta)
    return field, rest


def iter_lookups(model: type[Model], filter_: Filter) -> Iterator[str]:
    """Yield what *filter_* asks the rows for, 'price__lt'; nothing where code of its own does."""
    if filter_.method is not None or not type(filter_).filter.__module__.startswith(PACKAGE):
        return
    names = getattr(filter_, 'param_map', {'': filter_.field_name}).values()  # of an order
    for lookup in _list_choices(model, filter_) or [find_lookup(filter_)]:
        yield from (f'{name}{LOOKUP_SEP}{lookup}' for name in names)


def _list_choices(model: type[Model], filter_: Filter) -> list[str]:
    """Return the lookups that a client chooses among; [] where it has no choice."""
    if not isinstance(filter_, get_module('filters').LookupChoiceFilter):
        return []
    field = _find_model_field(model, filter_.field_name)
    choices = filter_.lookup_choices
    if choices is None:
        choices = [] if field is None else field.get_lookups()
    return [choice if isinstance(choice, str) else choice[0] for choice in choices]
