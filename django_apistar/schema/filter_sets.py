"""The filters of a FilterSet of django-filter, as query parameters with validators."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeGuard

from apistar import validators
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from django_apistar.api.filter_lookups import YEARS, find_limits, find_model_field, get_module
from django_apistar.conf.lazies import read_text

if TYPE_CHECKING:
    from django_filters.filters import ChoiceFilter, Filter
    from django_filters.filterset import BaseFilterSet

Words = dict[str, Any]  # options of a validator
_NAMELESS = '[invalid name]'  # django-filter's label of a filter that is of no field


@dataclasses.dataclass(frozen=True, slots=True)
class FilterParameter:
    """One query parameter of a filter. `is_separated`: several values, with commas between."""

    name: str
    item: validators.Validator
    is_required: bool
    is_separated: bool = False


def list_parameters(cls: type[BaseFilterSet]) -> Iterator[FilterParameter]:
    """Yield the parameters that the FilterSet *cls* reads. Asks the database for nothing."""
    for name, filter_ in cls().filters.items():
        words, bounds = _describe(filter_), _bound(cls, filter_)
        is_required = bool(filter_.extra['required'])
        if _is_choice(filter_):
            yield _list_choices(cls, name, filter_, words, is_required)
        elif isinstance(filter_.field, forms.MultiValueField):
            for part, field in _list_parts(name, filter_.field):
                yield FilterParameter(part, _item_of(field, words, bounds), is_required)
        else:
            item = _item_of(filter_.field, words, bounds)
            yield _separate(filter_, FilterParameter(name, item, is_required))


def _describe(filter_: Filter) -> Words:
    label = '' if str(filter_.label).startswith(_NAMELESS) else filter_.label
    return {'description': str(read_text(filter_.extra.get('help_text') or label))}


# Choices


def _is_choice(filter_: Filter) -> TypeGuard[ChoiceFilter]:
    return issubclass(filter_.field_class, (forms.ChoiceField, forms.ModelChoiceField))


def _list_choices(
    cls: type[BaseFilterSet], name: str, filter_: ChoiceFilter, words: Words, is_required: bool
) -> FilterParameter:
    item = _item_of_choice(cls, filter_, words)
    many = (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)
    if issubclass(filter_.field_class, many):
        item = validators.Array(items=_item_of_choice(cls, filter_, {}), **words)
    return _separate(filter_, FilterParameter(name, item, is_required))


def _item_of_choice(
    cls: type[BaseFilterSet], filter_: ChoiceFilter, words: Words
) -> validators.Validator:
    if issubclass(filter_.field_class, forms.ModelChoiceField):
        return _key_of(find_model_field(cls, filter_.field_name), words)
    # Those that are found at each request, by a query maybe, are no promise.
    choices = filter_.extra.get('choices')
    if choices is None or callable(choices):
        return validators.String(**words)
    keys = [key for key in _flatten(choices) if key not in ('', None)]
    if filter_.extra.get('null_label') is not None:
        keys.append(filter_.null_value)
    if keys and all(type(key) is int for key in keys):
        number = validators.Integer(**words)
        number.enum = keys  # API Star's __init__ takes only texts
        return number
    return validators.String(enum=[str(key) for key in keys], **words)


def _flatten(choices: Iterable[Any]) -> Iterator[Any]:
    for key, label in choices.items() if isinstance(choices, dict) else choices:
        if isinstance(label, (list, tuple, dict)):
            yield from _flatten(label)
        else:
            yield key


def _key_of(relation: object, words: Words) -> validators.Validator:
    """Return the validator of the key that *relation*, a field of a model, is asked for by."""
    model = getattr(relation, 'related_model', None)
    key = getattr(relation, 'target_field', None) or (model and model._meta.pk)
    if isinstance(key, models.UUIDField):
        return validators.String(format='uuid', **words)
    is_number = isinstance(key, models.IntegerField)
    return validators.Integer(**words) if is_number else validators.String(**words)


# Other fields


def _separate(filter_: Filter, parameter: FilterParameter) -> FilterParameter:
    """Return *parameter* as a list where *filter_* takes values with commas between."""
    fields = get_module('fields')
    if not issubclass(filter_.field_class, fields.BaseCSVField):
        return parameter
    size = 2 if issubclass(filter_.field_class, fields.BaseRangeField) else None
    item = validators.Array(
        items=parameter.item, min_items=size, max_items=size,
        description=parameter.item.description,
    )  # fmt: skip
    parameter.item.description = ''
    return dataclasses.replace(parameter, item=item, is_separated=True)


def _list_parts(name: str, field: forms.MultiValueField) -> Iterator[tuple[str, forms.Field]]:
    """Yield the name and the field of each part of *field*: price_min and price_max."""
    widget: Any = field.widget
    suffixes = getattr(widget, 'suffixes', None)
    names = (
        [widget.suffixed(name, suffix) for suffix in suffixes]
        if suffixes
        else [f'{name}{suffix}' for suffix in widget.widgets_names]
    )
    yield from zip(names, field.fields, strict=True)


def _bound(cls: type[BaseFilterSet], filter_: Filter) -> Words:
    """Return the bounds that a number has by its model's field, and a year."""
    field = find_model_field(cls, filter_.field_name)
    if not isinstance(field, models.DecimalField):
        limits = find_limits(cls, filter_)
        return {'minimum': 1, 'maximum': 9999} if limits == YEARS else {}
    limit = 10 ** (field.max_digits - field.decimal_places)
    return {
        'minimum': -limit, 'maximum': limit,
        'exclusive_minimum': True, 'exclusive_maximum': True,
    }  # fmt: skip


def _item_of(field: forms.Field, words: Words, bounds: Words) -> validators.Validator:
    if isinstance(field, forms.IntegerField):
        words = words | bounds
    build = next(build for cls, build in _BUILDERS if isinstance(field, cls))
    return build(field, words)


def _build_number(field: forms.Field, words: Words) -> validators.Validator:
    is_whole = not isinstance(field, (forms.DecimalField, forms.FloatField))
    number = validators.Integer if is_whole else validators.Number
    for check in field.validators:
        if isinstance(check, MinValueValidator):
            words = {'minimum': check.limit_value, **words}
        elif isinstance(check, MaxValueValidator):
            words = {'maximum': check.limit_value, **words}
    return number(**words)


def _build_text(field: forms.CharField, words: Words) -> validators.Validator:
    return validators.String(max_length=field.max_length, min_length=field.min_length, **words)


def _format(name: str) -> Callable[[Any, Words], validators.Validator]:
    return lambda field, words: validators.String(format=name, **words)


# The first class that matches a field wins.
_BUILDERS: tuple[tuple[type[forms.Field], Callable[[Any, Words], validators.Validator]], ...] = (
    (forms.BooleanField, lambda field, words: validators.Boolean(**words)),
    (forms.IntegerField, _build_number),
    (forms.DateTimeField, _format('date-time')),
    (forms.DateField, _format('date')),
    (forms.TimeField, _format('time')),
    (forms.DurationField, _format('duration')),
    (forms.UUIDField, _format('uuid')),
    (forms.EmailField, _format('email')),
    (forms.ChoiceField, lambda field, words: validators.String(
        enum=[str(key) for key in _flatten(field.choices) if key not in ('', None)], **words
    )),
    (forms.CharField, _build_text),
    (forms.Field, lambda field, words: validators.String(**words)),
)  # fmt: skip
