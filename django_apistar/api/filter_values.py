"""The values of filters that a form takes, and no query: each is refused before it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import (
    DecimalValidator,
    MaxValueValidator,
    MinValueValidator,
    validate_ipv46_address,
)
from django.db import DatabaseError, DataError, transaction
from django.db.models import CharField, DecimalField, GenericIPAddressField, Value
from django.db.models.constants import LOOKUP_SEP
from django.db.models.lookups import IRegex, Regex
from django.forms import NullBooleanField
from django.utils.timezone import is_aware

from django_apistar.api.filter_lookups import find_limits, find_lookup, find_model_field

if TYPE_CHECKING:
    from django_filters.filters import Filter
    from django_filters.filterset import BaseFilterSet

PATTERNS: dict[str, Any] = {'regex': Regex, 'iregex': IRegex}
UNFIT = 'Must be a value that this filter can look for.'
COMPARISONS = frozenset({'exact', 'gt', 'gte', 'lt', 'lte', 'in', 'range'})
_FURTHEST = timedelta(hours=16)  # from where on PostgreSQL takes no offset
_REFUSALS = ('regular expression', 'user-defined function')  # said by MySQL, and by SQLite


def check(filter_set: BaseFilterSet, name: str, value: object) -> None:
    """Raise ValidationError for *value* of the filter *name*, which no query can ask for."""
    if value is None:
        _check_boolean(filter_set, name)
        return
    if value == '':  # no filter
        return
    filter_ = filter_set.filters[name]
    numbers: list[Decimal] = []
    for scalar in _iter_scalars(value):
        match scalar:
            case Decimal():
                numbers.append(scalar)
            case timedelta():  # a number of microseconds, where a database knows no durations
                numbers.append(Decimal(scalar // timedelta(microseconds=1)))
            case datetime():
                _check_moment(scalar)
    if numbers:
        _check_numbers(filter_set, filter_, value, numbers)
    if filter_.method is None:
        _check_shape(filter_set, filter_, value)


def _check_boolean(filter_set: BaseFilterSet, name: str) -> None:
    """Refuse what is neither true nor false, which the form takes for no filter."""
    is_given = filter_set.data.get(name, '') not in ('', 'unknown')
    if is_given and isinstance(filter_set.form.fields[name], NullBooleanField):
        raise ValidationError('Must be true or false.')


def _iter_scalars(value: object) -> Iterator[object]:
    match value:
        case slice():
            yield from (value.start, value.stop)
        case list() | tuple():
            for item in value:
                yield from _iter_scalars(item)
        case _:
            yield value


def _check_moment(moment: datetime) -> None:
    """Refuse a moment that databases cannot have: they have it in UTC."""
    if not is_aware(moment):
        return
    if not settings.USE_TZ:
        raise ValidationError('Must have no time zone.')
    if abs(moment.utcoffset() or timedelta()) >= _FURTHEST:
        raise ValidationError('Must be less than 16 hours from UTC.')
    try:
        moment.astimezone(timezone.utc)
    except OverflowError:
        raise ValidationError('Must be between the years 1 and 9999.') from None


def _check_numbers(
    filter_set: BaseFilterSet, filter_: Filter, value: object, numbers: list[Decimal]
) -> None:
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


def _check_shape(filter_set: BaseFilterSet, filter_: Filter, value: object) -> None:
    """Refuse a value that the lookup cannot take, such as one value for a range of two."""
    kind = find_lookup(filter_, value).rpartition(LOOKUP_SEP)[2]
    value = getattr(value, 'value', value)  # without the lookup that a client chose
    if value in ('', []):
        return
    if kind in PATTERNS:
        if not isinstance(value, str):
            raise ValidationError('Must be text, as a pattern is.')
        _check_pattern(filter_set, PATTERNS[kind], value)
    elif _is_misshapen(filter_set, filter_, kind, value):
        raise ValidationError(UNFIT)
    elif kind in COMPARISONS:
        _check_address(filter_set, filter_, value)


def _is_misshapen(filter_set: BaseFilterSet, filter_: Filter, kind: str, value: object) -> bool:
    """Return whether *value* has not the two ends of a range, or is no truth value."""
    if isinstance(value, str):
        return kind in ('range', 'isnull')
    if not isinstance(value, list) or len(value) == 2 or kind in ('in', 'isnull'):
        return False
    field = find_model_field(filter_set, filter_.field_name)
    return kind == 'range' or hasattr(field, 'range_type')


def _check_address(filter_set: BaseFilterSet, filter_: Filter, value: object) -> None:
    """Refuse what is no IP address, which PostgreSQL's driver raises an error for."""
    field = find_model_field(filter_set, filter_.field_name)
    if isinstance(field, GenericIPAddressField):
        for scalar in _iter_scalars(value):
            if isinstance(scalar, str):
                validate_ipv46_address(scalar)


def _check_pattern(filter_set: BaseFilterSet, lookup: Any, pattern: str) -> None:
    """Refuse a pattern that the database cannot read. It is tried: databases differ."""
    alias = filter_set.queryset.db
    rows = filter_set._meta.model._base_manager.using(alias)
    try:
        with transaction.atomic(using=alias):  # PostgreSQL ends a transaction that has an error
            rows.filter(lookup(Value('', CharField()), pattern)).exists()
    except DatabaseError as exc:
        if not isinstance(exc, DataError) and not any(said in str(exc) for said in _REFUSALS):
            raise
        raise ValidationError('Must be a valid regular expression.') from None
