"""A FilterSet of django-filter as a parameter: made of a request, or refused with a 400.

django-filter is the project's to install: nothing here imports it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from copy import copy, deepcopy
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError, ValidationError
from django.core.validators import DecimalValidator, MaxValueValidator, MinValueValidator
from django.db import DatabaseError, DataError, transaction
from django.db.models import CharField, DecimalField, FloatField, Value
from django.db.models.constants import LOOKUP_SEP
from django.db.models.lookups import IRegex, Regex
from django.forms import Field, Form, NullBooleanField

from django_apistar.api.errors import share_request
from django_apistar.api.injector import InjectionError
from django_apistar.compat.signatures import get_dotted_name, get_plain_signature
from django_apistar.conf.problems import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from django_apistar.api.responders import AppParts

PACKAGE = 'django_filters'
YEARS = (1, 9999)  # that Python's dates have
_PATTERNS: dict[str, Any] = {'regex': Regex, 'iregex': IRegex}
_REFUSALS = ('regular expression', 'user-defined function')  # said by MySQL, and by SQLite


def is_filter_set(annotation: object) -> bool:
    """Return whether *annotation* is a class of FilterSets: a project without one loads none."""
    return (
        isinstance(annotation, type)
        and f'{PACKAGE}.filterset' in sys.modules
        and issubclass(annotation, get_module('filterset').BaseFilterSet)
    )


def get_module(name: str) -> Any:
    """Return the module *name* of django-filter, which has been imported by a FilterSet."""
    return sys.modules[f'{PACKAGE}.{name}']


def demand_model(cls: Any) -> None:
    """Raise InjectionError if *cls* has no model, and so no rows to filter."""
    if cls._meta.model is None:
        raise InjectionError(
            f'The FilterSet {get_dotted_name(cls)} has no model',
            cls,
            'Give its class Meta a model, whose rows it filters.',
        )


def build_filter_set(cls: Any, environ: WSGIEnvironment) -> Any:
    """Return the valid FilterSet of a request. Raises ValidationError, with the filters' names."""
    request = share_request(environ)
    filter_set = cls.__new__(cls)
    form_class = find_form_class(cls)
    if form_class is not None:
        filter_set.get_form_class = lambda: form_class
        filter_set.base_filters = _Copied(cls.base_filters)
    filter_set.__init__(request.GET, request=request)
    if filter_set.is_valid():
        for name, value in [*filter_set.form.cleaned_data.items()]:
            try:
                _check(filter_set, name, value)
            except ValidationError as exc:
                filter_set.form.add_error(name, exc)
    if filter_set.errors:
        raise ValidationError(filter_set.errors.as_data())
    return filter_set


def find_form_class(cls: Any) -> Any:
    """Return the form of *cls*, made once; None where requests may differ in their fields.

    To make it is half of what a FilterSet costs. A form copies the fields of its class.
    """
    if '_form_class_of_all' not in vars(cls):
        stock = get_module('filterset').BaseFilterSet
        is_stock = cls.get_form_class is stock.get_form_class and cls.__init__ is stock.__init__
        is_fixed = is_stock and all(map(_has_fixed_field, cls.base_filters.values()))
        cls._form_class_of_all = _build_form_class(cls) if is_fixed else None
    return cls._form_class_of_all


def _build_form_class(cls: Any) -> Any:
    form_class = cls().get_form_class()
    if cls._meta.form is Form and cls.form is get_module('filterset').BaseFilterSet.form:
        form_class.base_fields = _CopiedFields(form_class.base_fields)
    return form_class


class _CopiedFields(dict[str, Any]):
    """Fields that each form copies: without their widgets, which only a page of HTML has."""

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {name: _copy_field(field, memo) for name, field in self.items()}


def _copy_field(field: Any, memo: dict[int, Any]) -> Any:
    if type(field).__deepcopy__ is not Field.__deepcopy__:  # of choices, rows or several fields
        return deepcopy(field, memo)
    copied = copy(field)
    copied.validators = field.validators[:]
    copied.error_messages = field.error_messages.copy()
    return copied


class _Copied(dict[str, Any]):
    """Filters that each FilterSet copies: without what is inside of them, which none changes."""

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {name: _copy(filter_, memo) for name, filter_ in self.items()}


def _copy(filter_: Any, memo: dict[int, Any]) -> Any:
    if filter_.method is not None:  # which knows its filter
        return deepcopy(filter_, memo)
    copied = copy(filter_)
    copied.extra = filter_.extra.copy()
    return copied


def _has_fixed_field(filter_: Any) -> bool:
    """Return whether *filter_* is django-filter's own, with a field that no request changes."""
    cls, filters = type(filter_), get_module('filters')
    stock = next(each for each in cls.__mro__ if each.__module__ == filters.__name__)
    is_own = not any('field' in vars(each) for each in cls.__mro__[: cls.__mro__.index(stock)])
    is_of_rows = isinstance(filter_, (filters.AllValuesFilter, filters.AllValuesMultipleFilter))
    choices = (filter_.extra.get('choices'), filter_.extra.get('queryset'))
    return is_own and not is_of_rows and not any(map(callable, choices))


def _check(filter_set: Any, name: str, value: object) -> None:
    """Raise ValidationError for a value that the form takes, and no query."""
    filter_ = filter_set.filters[name]
    numbers = [*_iter_decimals(value)]
    if numbers:
        _check_numbers(filter_set, filter_, value, numbers)
    _check_pattern(filter_set, filter_, value)
    _check_boolean(filter_set, name, value)


def _check_numbers(filter_set: Any, filter_: Any, value: object, numbers: list[Decimal]) -> None:
    """Refuse a number that its column cannot hold, or a year: the database would raise."""
    field = find_model_field(filter_set, filter_.field_name)
    if isinstance(field, DecimalField):
        for number in numbers:
            if number.adjusted() >= field.max_digits - field.decimal_places:
                DecimalValidator(field.max_digits, field.decimal_places)(number.to_integral_value())
        return
    limits = find_limits(filter_set, filter_, value)
    if limits is None:
        return
    for number in numbers:
        MinValueValidator(limits[0])(number)
        MaxValueValidator(limits[1])(number)


def find_limits(filter_set: Any, filter_: Any, value: object = None) -> tuple[int, int] | None:
    """Return the least and the greatest whole number that *filter_* can ask for, if it has them.

    *filter_set*: a FilterSet or its class. *value*: what a client asks for.
    """
    if filter_.method is not None:
        return None
    if isinstance(find_model_field(filter_set, filter_.field_name), (DecimalField, FloatField)):
        return None
    lookup = f'{filter_.field_name}{LOOKUP_SEP}{_find_lookup(filter_, value)}'
    return _find_whole_limits(filter_set._meta.model, lookup)


@cache  # of what filters have; a client chooses among them
def _find_whole_limits(model: Any, lookup: str) -> tuple[int, int]:
    try:
        _, transforms = _walk(model, lookup)
    except FieldError:  # of an annotation
        transforms = []
    is_year = not {'year', 'iso_year'}.isdisjoint(transforms)
    return YEARS if is_year else (-(2**63), 2**63 - 1)


def _walk(model: Any, lookup: str) -> tuple[Any, list[str]]:
    """Return the last field on the way of 'maker__born__year', and what follows. Or FieldError."""
    query = model._default_manager.all().query
    _, field, _, rest = query.names_to_path(lookup.split(LOOKUP_SEP), model._meta)
    return field, rest


def _find_lookup(filter_: Any, value: object) -> str:
    """Return what *filter_* asks a column for: 'year__gt'. A client chooses it, if it may."""
    lookup = getattr(value, 'lookup_expr', filter_.lookup_expr)
    return lookup if isinstance(lookup, str) else 'exact'


def _check_pattern(filter_set: Any, filter_: Any, value: object) -> None:
    """Refuse a pattern that the database cannot read. It is tried: databases differ."""
    lookup = _PATTERNS.get(_find_lookup(filter_, value).rpartition(LOOKUP_SEP)[2])
    pattern = getattr(value, 'value', value)
    if lookup is None or filter_.method is not None or not (pattern and isinstance(pattern, str)):
        return
    alias = filter_set.queryset.db
    rows = filter_set._meta.model._base_manager.using(alias)
    try:
        with transaction.atomic(using=alias):  # PostgreSQL ends a transaction that has an error
            rows.filter(lookup(Value('', CharField()), pattern)).exists()
    except DatabaseError as exc:
        if not isinstance(exc, DataError) and not any(said in str(exc) for said in _REFUSALS):
            raise
        raise ValidationError('Must be a valid regular expression.') from None


def _check_boolean(filter_set: Any, name: str, value: object) -> None:
    """Refuse what is neither true nor false, which the form takes for no filter."""
    is_unread = value is None and isinstance(filter_set.form.fields[name], NullBooleanField)
    if is_unread and filter_set.data.get(name, '') not in ('', 'unknown'):
        raise ValidationError('Must be true or false.')


def _iter_decimals(value: object) -> Iterator[Decimal]:
    match value:
        case Decimal():
            yield value
        case timedelta():  # a number of microseconds, where a database knows no durations
            yield Decimal(value // timedelta(microseconds=1))
        case slice():
            yield from _iter_decimals([value.start, value.stop])
        case list() | tuple():
            for item in value:
                yield from _iter_decimals(item)


def find_model_field(filter_set: Any, name: str) -> Any:
    """Return the field of the model that *name* leads to, through relations; None if there is none.

    *filter_set*: a FilterSet or its class.
    """
    return _find_model_field(filter_set._meta.model, name)


@cache
def _find_model_field(model: Any, name: str) -> Any:
    return get_module('utils').get_model_field(model, name)


# Checks


def find_problems(app: AppParts) -> Iterator[Problem]:
    """Yield a W021 for each filter that asks for what the model has not."""
    found = {
        parameter.annotation: None
        for entry in app.router.entries
        for parameter in get_plain_signature(entry.route.handler).parameters.values()
        if is_filter_set(parameter.annotation)
    }
    for cls in found:
        if cls._meta.model is not None:  # else it is an E015
            yield from _find_impossible_filters(cls)


def _find_impossible_filters(cls: Any) -> Iterator[Problem]:
    for name, filter_ in cls.base_filters.items():
        for lookup in _iter_lookups(filter_):
            try:
                _resolve(cls._meta.model, lookup)
            except FieldError as exc:
                yield Problem(
                    'W021',
                    f'The filter {name!r} of {get_dotted_name(cls)} cannot ask for {lookup!r}: '
                    f'{str(exc).rstrip(".")}.',
                    'Correct its field_name or lookup_expr: each request with it is a 500.',
                )


def _iter_lookups(filter_: Any) -> Iterator[str]:
    """Yield what *filter_* asks the rows for, 'price__lt'; nothing where code of its own does."""
    if filter_.method is not None or not type(filter_).filter.__module__.startswith(PACKAGE):
        return
    lookup = filter_.lookup_expr if isinstance(filter_.lookup_expr, str) else 'exact'
    names = getattr(filter_, 'param_map', {'': filter_.field_name}).values()  # of an order
    yield from (f'{name}__{lookup}' for name in names)


def _resolve(model: Any, lookup: str) -> None:
    """Raise FieldError if *model* has not what *lookup* asks for."""
    field, rest = _walk(model, lookup)
    get_module('utils').resolve_field(field, LOOKUP_SEP.join(rest))
