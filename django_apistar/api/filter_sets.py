"""A FilterSet of django-filter as a parameter: made of a request, or refused with a 400.

django-filter is the project's to install: nothing here imports it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import DataError
from django.forms import ModelChoiceField

from django_apistar.api import filter_values
from django_apistar.api.filter_forms import copy_attributes, find_form, read_values
from django_apistar.api.filter_lookups import PACKAGE, get_module
from django_apistar.api.injector import InjectionError
from django_apistar.api.shared_requests import share_request
from django_apistar.compat.signatures import get_dotted_name

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from django.core.handlers.wsgi import WSGIRequest
    from django_filters.filters import Filter
    from django_filters.filterset import BaseFilterSet

_DIGITS_OF_64_BITS = len(str(2**63))
# What Django raises for a value that no lookup of its column reads, such as 'abc' for a number.
_UNREADABLE = (TypeError, ValueError, OverflowError, ValidationError)


def is_filter_set(annotation: object) -> bool:
    """Return whether *annotation* is a class of FilterSets: a project without one loads none."""
    return (
        isinstance(annotation, type)
        and f'{PACKAGE}.filterset' in sys.modules
        and issubclass(annotation, get_module('filterset').BaseFilterSet)
    )


def demand_model(cls: type[BaseFilterSet]) -> None:
    """Raise InjectionError if *cls* has no model, and so no rows to filter."""
    if cls._meta.model is None:
        raise InjectionError(
            f'The FilterSet {get_dotted_name(cls)} has no model',
            cls,
            'Give its class Meta a model, whose rows it filters.',
        )


def build_filter_set(cls: type[BaseFilterSet], environ: WSGIEnvironment) -> BaseFilterSet:
    """Return the valid FilterSet of a request. Raises ValidationError, with the filters' names."""
    filter_set = _create(cls, share_request(environ))
    values = read_values(cls, filter_set.data)
    if values is not None and _filters(filter_set, values):
        return filter_set
    if _is_valid(filter_set):
        _check(filter_set)
    if filter_set.errors:
        raise ValidationError(filter_set.errors.as_data())
    return filter_set


def _create(cls: type[BaseFilterSet], request: WSGIRequest) -> BaseFilterSet:
    filter_set = cls.__new__(cls)
    form_class = find_form(cls).form_class
    if form_class is not None:
        vars(filter_set).update(
            get_form_class=lambda: form_class, base_filters=_Copied(cls.base_filters)
        )
    cls.__init__(filter_set, request.GET, request=request)
    return filter_set


def _filters(filter_set: BaseFilterSet, values: dict[str, Any]) -> bool:
    """Filter the rows, without a form; False where one has to say what is wrong."""
    rows = filter_set.queryset
    try:
        for name, value in values.items():
            filter_values.check(filter_set, name, value)
        for name, value in values.items():
            rows = filter_set.filters[name].filter(rows, value)
    except _UNREADABLE:
        return False
    filter_set._qs = rows.all() if rows is filter_set.queryset else rows
    return True


def _is_valid(filter_set: BaseFilterSet) -> bool:
    """Return whether the form takes what a client sent. Raises ValidationError as well."""
    try:
        return bool(filter_set.is_valid())
    except (OverflowError, DataError):  # of a query for rows with such a key
        errors = dict(_iter_impossible_keys(filter_set))
        if not errors:
            raise
        raise ValidationError(errors) from None


def _iter_impossible_keys(filter_set: BaseFilterSet) -> Iterator[tuple[str, ValidationError]]:
    """Yield the errors of keys of more than 64 bits and of keys with a null character."""
    for name, field in filter_set.form.fields.items():
        if isinstance(field, ModelChoiceField):
            given = field.widget.value_from_datadict(filter_set.data, {}, name)
            for key in given if isinstance(given, list) else [given]:
                if len(str(key)) >= _DIGITS_OF_64_BITS or '\0' in str(key):
                    said = field.error_messages['invalid_choice']
                    yield name, ValidationError(said, params={'value': key})


def _check(filter_set: BaseFilterSet) -> None:
    """Add an error for each value that the form takes, and no query."""
    form = filter_set.form
    for name, value in [*form.cleaned_data.items()]:
        try:
            filter_values.check(filter_set, name, value)
        except ValidationError as exc:
            form.add_error(name, exc)
    if not form.errors and _has_stock_rows(type(filter_set)):
        try:
            _ = filter_set.qs  # which it keeps
        except _UNREADABLE:
            _find_unreadable(filter_set)


def _has_stock_rows(cls: type[BaseFilterSet]) -> bool:
    stock = get_module('filterset').BaseFilterSet
    return cls.qs is stock.qs and cls.filter_queryset is stock.filter_queryset


def _find_unreadable(filter_set: BaseFilterSet) -> None:
    """Add an error for each value that makes no query. A method of the project's may raise."""
    rows = filter_set.queryset.all()
    for name, value in [*filter_set.form.cleaned_data.items()]:
        filter_ = filter_set.filters[name]
        if filter_.method is None:
            try:
                filter_.filter(rows, value)
            except _UNREADABLE:
                filter_set.form.add_error(name, filter_values.UNFIT)


class _Copied(dict[str, 'Filter']):
    """Filters that each FilterSet copies: without what is inside of them, which none changes."""

    def __deepcopy__(self, memo: dict[int, object]) -> dict[str, Filter]:
        return {name: _copy(filter_, memo) for name, filter_ in self.items()}


def _copy(filter_: Filter, memo: dict[int, object]) -> Filter:
    if filter_.method is not None:  # which knows its filter
        return deepcopy(filter_, memo)
    copied = copy_attributes(filter_)
    copied.extra = filter_.extra.copy()
    return copied
