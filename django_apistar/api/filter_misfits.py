"""Filters that read no value which their lookup takes: in JSON, and where PostgreSQL is strict."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django import forms
from django.db.models import (
    BinaryField,
    DateField,
    DateTimeField,
    DecimalField,
    DurationField,
    FloatField,
    IntegerField,
    JSONField,
)
from django.db.models.functions import Extract, ExtractWeekDay

from django_apistar.api.filter_lookups import get_module
from django_apistar.api.filter_values import COMPARISONS, PATTERNS

if TYPE_CHECKING:
    from django_filters.filters import Filter

# Fields of forms whose values are no text.
_DATES = (forms.DateField, forms.DateTimeField)
_OTHERS = (
    forms.BooleanField, forms.DurationField, forms.NullBooleanField, forms.TimeField,
    forms.UUIDField,
)  # fmt: skip
_SCALARS = (forms.IntegerField, *_DATES, *_OTHERS)
_VALUES = (*_SCALARS, forms.JSONField, forms.ModelChoiceField, forms.MultipleChoiceField)
_NO_DURATIONS = (forms.IntegerField, forms.BooleanField, forms.NullBooleanField, forms.TimeField)
_NO_NUMBERS, _NO_DATES = (forms.CharField, *_DATES, *_OTHERS), (forms.IntegerField, *_OTHERS)
# By the class of what a range has at its ends: what reads two of these.
_ENDS = {
    DateField: forms.DateField, DateTimeField: forms.DateTimeField,
    DecimalField: forms.DecimalField,
}  # fmt: skip
_NO_JSON = {
    forms.DecimalField: Decimal(), forms.DateField: date.min, forms.DateTimeField: datetime.min,
    forms.DurationField: timedelta(), forms.TimeField: time.min, forms.UUIDField: UUID(int=0),
}  # fmt: skip
_RANGED = (DateField, DecimalField, FloatField, IntegerField)  # of which PostgreSQL has ranges
_OF_TEXT = frozenset({
    *PATTERNS, 'iexact', 'contains', 'icontains', 'startswith', 'istartswith', 'endswith',
    'iendswith',
})  # fmt: skip
_OF_COMPOSITES = COMPARISONS | {
    'contains', 'contained_by', 'overlap', 'fully_lt', 'fully_gt', 'not_lt', 'not_gt',
    'adjacent_to',
}  # fmt: skip
_COMPOSITES = {'SearchVectorField': 'a vector', 'HStoreField': 'an hstore'}
Misfit = tuple[str, str]  # what is wrong, and a remedy


class Asked(NamedTuple):
    """What a lookup asks for: 'made__week_day__gt' is `gt` of the day of the week of `made`."""

    field: Any  # of the model
    kind: str
    column: Any = None  # or what a transform makes of one, in PostgreSQL

    @property
    def output(self) -> Any:
        return getattr(self.column, '_output_field_or_none', None)

    @property
    def composite(self) -> str:
        """What the column holds, where it is no scalar."""
        if hasattr(self.output, 'range_type'):
            return 'a range'
        if hasattr(self.output, 'base_field'):
            return 'an array'
        return _COMPOSITES.get(self.output.get_internal_type(), '') if self.output else ''

    def list_texts(self) -> tuple[str, ...]:
        """Return the lookups whose value must be text in the database."""
        if self.column is None:
            return (*PATTERNS, 'has_key')
        is_ranged = isinstance(self.output, _RANGED)
        return (*PATTERNS, 'has_key', 'iexact', *(('contained_by',) if is_ranged else ()))


def find_misfit(filter_: Filter, asked: Asked) -> Misfit | None:
    """Return what is wrong, and a remedy, where *filter_* reads no value that its lookup takes."""
    cls, field_class, kind = type(filter_).__name__, filter_.field_class, asked.kind
    is_list = issubclass(field_class, get_module('fields').BaseCSVField)
    widget = filter_.extra.get('widget') or getattr(field_class, 'widget', None)
    if is_list and isinstance(widget, type) and issubclass(widget, forms.NullBooleanSelect):
        return f'{cls} reads one truth value, and no list.', (
            "Ask for 'exact', or give it widget=django_filters.widgets.CSVWidget."
        )
    if isinstance(asked.field, BinaryField) and kind in COMPARISONS:
        return 'a query string has no bytes.', 'Leave it out.'
    found = _find_misfit_of_ends(filter_, asked)
    if found is None and asked.column is not None:
        found = _find_misfit_on_postgres(filter_, asked, is_list)
    if found or getattr(filter_, 'lookup_choices', ()) is None:  # all that there are
        return found
    if isinstance(asked.field, JSONField) and not _is_json(filter_, asked):
        return f'what {cls} reads is no JSON.', (
            'Give it a class whose field_class is django.forms.FloatField.'
            if issubclass(field_class, forms.DecimalField)
            else _declare_as('CharFilter', filter_)
        )
    is_no_text = issubclass(field_class, _VALUES) or (is_list and kind == 'has_key')
    if is_no_text and kind in asked.list_texts():
        return f'{kind!r} takes text, and {cls} reads none.', _declare_as('CharFilter', filter_)
    if kind == 'range' and issubclass(field_class, forms.CharField) and not is_list:
        return f"'range' takes two values, and {cls} reads one.", (
            'Declare it with a class of BaseRangeFilter and another filter.'
        )
    if kind == 'isnull' and issubclass(field_class, forms.CharField):
        return f"'isnull' takes a truth value, and {cls} reads text.", _declare_as(
            'BooleanFilter', filter_
        )
    return None


def _find_misfit_of_ends(filter_: Filter, asked: Asked) -> Misfit | None:
    """The same of a RangeFilter, which asks for two ends, whatever its lookup is."""
    if not isinstance(filter_, get_module('filters').RangeFilter):
        return None
    held = asked.composite
    if isinstance(asked.field, JSONField) and asked.field.encoder is None:
        held = 'JSON'
    elif isinstance(asked.output, DurationField) and not _reads_times(filter_):
        held = 'a duration'
    reason = (
        f'{type(filter_).__name__} asks for what is between two ends, and the column is {held}.'
    )
    return (reason, 'Leave it out.') if held else None


def _reads_times(filter_: Filter) -> bool:
    return issubclass(filter_.field_class, get_module('fields').TimeRangeField)


def _is_json(filter_: Filter, asked: Asked) -> bool:
    """Return whether a value that *filter_* reads is one of JSON, where that is asked for."""
    if asked.kind not in (*COMPARISONS, 'contains', 'contained_by'):
        return True
    values = (value for cls, value in _NO_JSON.items() if issubclass(filter_.field_class, cls))
    try:
        json.dumps(next(values, None), cls=asked.field.encoder)
    except TypeError:
        return False
    return True


def _declare_as(cls: str, filter_: Filter) -> str:
    name, lookup = filter_.field_name, filter_.lookup_expr
    return f'Declare it as {cls}(field_name={name!r}, lookup_expr={lookup!r}).'


# PostgreSQL


def _find_misfit_on_postgres(filter_: Filter, asked: Asked, is_list: bool) -> Misfit | None:
    """The same of what PostgreSQL is strict about."""
    cls, kind, composite = type(filter_).__name__, asked.kind, asked.composite
    if isinstance(asked.column, ExtractWeekDay) and kind in _OF_TEXT:
        return "Django's SQL has no text of a day of the week.", "Ask for 'exact', 'in' or 'range'."
    if kind == 'contained_by' and isinstance(asked.column, Extract):
        return 'a part of a date is in no range.', "Ask for 'range'."
    if kind == 'contained_by' and isinstance(asked.output, _RANGED) and is_list:
        return f'it takes a range as text, and {cls} reads a list.', _declare_as(
            'CharFilter', filter_
        )
    if isinstance(asked.output, DurationField) and kind in COMPARISONS:
        is_unfit = issubclass(filter_.field_class, (*_DATES, *_NO_DURATIONS))
        reason = f'{kind!r} takes durations, and {cls} reads none.'
        return (reason, _declare_as('DurationFilter', filter_)) if is_unfit else None
    if composite == 'a vector' and kind in COMPARISONS - {'exact'}:
        return 'a query string has no vectors.', "Ask for 'exact', which searches."
    if composite == 'an hstore' and kind in _OF_COMPOSITES:
        return _find_misfit_of_hstore(filter_, kind, is_list)
    if composite == 'a range' and kind == 'contains' and not is_list:
        return _find_misfit_of_element(filter_, asked)
    kinds = COMPARISONS if composite == 'a vector' else _OF_COMPOSITES
    if composite and kind in kinds and _reads_none(filter_, asked, is_list):
        hint = _declare_as('CharFilter', filter_)
        if kind == 'in':
            hint = 'Declare it with a class of BaseInFilter and CharFilter.'
        return f'{kind!r} takes {composite}, and {cls} reads none.', hint
    return None


def _reads_none(filter_: Filter, asked: Asked, is_list: bool) -> bool:
    """Return whether *filter_* reads no array, range or vector: text may be one, and a list."""
    field_class = filter_.field_class
    if not issubclass(field_class, _SCALARS):
        return False
    if not is_list or asked.composite == 'a vector' or asked.kind == 'range':
        return True
    ends = _ENDS.get(type(asked.output.base_field))
    is_pair = asked.kind != 'in' and ends is not None and issubclass(field_class, ends)
    return asked.composite == 'a range' and not is_pair


def _find_misfit_of_hstore(filter_: Filter, kind: str, is_list: bool) -> Misfit | None:
    """The same of an hstore, which has no order. What a client writes may be none: an error."""
    kinds = ('in',) if is_list else ('exact', 'contains', 'contained_by')
    if kind in kinds and issubclass(filter_.field_class, forms.ChoiceField):
        return None
    key = f'{filter_.field_name}__key'
    return 'a query string has no hstore.', (
        f"Ask for one of its keys, as in CharFilter(field_name={key!r}), or for 'has_key'."
    )


def _find_misfit_of_element(filter_: Filter, asked: Asked) -> Misfit | None:
    """The same of what a range contains."""
    element = asked.output.base_field
    is_date = isinstance(element, DateField)
    unfit = _NO_DATES if is_date else _NO_NUMBERS
    if not issubclass(filter_.field_class, unfit):
        return None
    wanted = element.get_internal_type().removesuffix('Field') if is_date else 'Number'
    return f'it takes what is in the range, and {type(filter_).__name__} reads something else.', (
        _declare_as(f'{wanted}Filter', filter_)
    )
