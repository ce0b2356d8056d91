"""The form of a FilterSet's class, made once, and a request's values where no form is needed."""

from __future__ import annotations

from copy import copy, deepcopy
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from django.core.exceptions import ValidationError
from django.forms import Field, FileField, Form, ModelChoiceField
from django.forms.boundfield import BoundField

from django_apistar.api.filter_lookups import PACKAGE, get_module

if TYPE_CHECKING:
    from django.http import QueryDict
    from django_filters.filters import Filter
    from django_filters.filterset import BaseFilterSet

_OF_COPIES = frozenset({  # what `copy` asks a class for
    '__copy__', '__reduce__', '__reduce_ex__', '__getstate__', '__setstate__', '__slots__',
    '__new__', '__getnewargs__', '__getnewargs_ex__',
})  # fmt: skip
Value = TypeVar('Value')
_OF_VALUES = ('form', 'is_valid', 'errors', 'qs', 'filter_queryset')  # what uses a form's values


class KnownForm(NamedTuple):
    form_class: Any  # None where requests may differ in their fields
    fields: dict[str, Field] | None  # that clean a value by themselves; None where others look on


def find_form(cls: Any) -> KnownForm:
    """Return what all requests for the FilterSet *cls* have in common.

    To make a form's class is half of what a FilterSet costs. A form copies the fields of its class.
    """
    if '_known_form' not in vars(cls):
        cls._known_form = _find_form(cls)
    known: KnownForm = cls._known_form
    return known


def read_values(cls: type[BaseFilterSet], data: QueryDict) -> dict[str, Any] | None:
    """Return what a form of *cls* would have as its cleaned data; None if a form has to say it.

    A form is made when somebody asks for it. To make one and to clean it took 4 % of a page.
    """
    fields = find_form(cls).fields
    if fields is None:
        return None
    try:
        return {
            name: field.clean(field.widget.value_from_datadict(data, {}, name))
            for name, field in fields.items()
        }
    except ValidationError:
        return None


def _find_form(cls: type[BaseFilterSet]) -> KnownForm:
    stock = get_module('filterset').BaseFilterSet
    is_stock = cls.get_form_class is stock.get_form_class and cls.__init__ is stock.__init__
    if not (is_stock and all(map(_has_fixed_field, cls.base_filters.values()))):
        return KnownForm(None, None)
    made = cls().get_form_class()
    if cls._meta.form is not Form or cls.form is not stock.form:
        return KnownForm(made, None)
    form_class: Any = type(made.__name__, (_CleanedWhenAsked, made), {})
    form_class.base_fields = _CopiedFields(form_class.base_fields)
    is_plain = all(getattr(cls, name) is getattr(stock, name) for name in _OF_VALUES)
    is_plain = is_plain and all(map(_is_of_package, cls.base_filters.values()))
    is_plain = is_plain and all(map(_is_plain, form_class({})))
    return KnownForm(form_class, dict(form_class.base_fields) if is_plain else None)


class _CleanedWhenAsked:
    """A form whose values have been read without it, so that nobody has cleaned it yet."""

    full_clean: Any

    @cached_property
    def cleaned_data(self) -> Any:
        self.full_clean()
        return vars(self)['cleaned_data']


def _is_of_package(filter_: Filter) -> bool:
    """Return whether no code of the project's filters rows, and so none asks for the form.

    A pattern is tried by a query, which is not to be sent twice.
    """
    is_own = type(filter_).__module__.startswith(f'{PACKAGE}.')
    is_pattern = str(filter_.lookup_expr).endswith('regex')
    is_chosen = isinstance(filter_, get_module('filters').LookupChoiceFilter)
    return is_own and filter_.method is None and not is_pattern and not is_chosen


def _is_plain(bound: BoundField) -> bool:
    """Return whether a field cleans what its widget reads, and asks no one else."""
    field, widget = bound.field, bound.field.widget
    is_other = isinstance(field, (FileField, ModelChoiceField)) or field.disabled
    parts = (*getattr(field, 'fields', ()), *getattr(widget, 'widgets', ()))
    is_own = all(
        type(each).__module__.startswith(('django.forms.', f'{PACKAGE}.'))
        for each in (field, widget, *parts)
    )
    return type(bound) is BoundField and is_own and not is_other


class _CopiedFields(dict[str, Field]):
    """Fields that each form copies: without their widgets, which only a page of HTML has."""

    def __deepcopy__(self, memo: dict[int, object]) -> dict[str, Field]:
        return {name: _copy_field(field, memo) for name, field in self.items()}


def _copy_field(field: Field, memo: dict[int, object]) -> Field:
    if type(field).__deepcopy__ is not Field.__deepcopy__:  # of choices, rows or several fields
        return deepcopy(field, memo)
    copied = copy_attributes(field)
    copied.validators = field.validators[:]
    copied.error_messages = field.error_messages.copy()
    return copied


def copy_attributes(value: Value) -> Value:
    """Return `copy(value)`, with less work where its class says nothing of copies."""
    cls: Any = type(value)
    if not _is_copied_plainly(cls):
        return copy(value)
    copied: Value = object.__new__(cls)
    copied.__dict__.update(vars(value))
    return copied


@lru_cache(maxsize=1000)
def _is_copied_plainly(cls: Any) -> bool:
    return not any(_OF_COPIES & vars(each).keys() for each in cls.__mro__[:-1])


def _has_fixed_field(filter_: Filter) -> bool:
    """Return whether *filter_* is django-filter's own, with a field that no request changes."""
    cls, filters = type(filter_), get_module('filters')
    stock = next(each for each in cls.__mro__ if each.__module__ == filters.__name__)
    is_own = not any('field' in vars(each) for each in cls.__mro__[: cls.__mro__.index(stock)])
    is_of_rows = isinstance(filter_, (filters.AllValuesFilter, filters.AllValuesMultipleFilter))
    choices = (filter_.extra.get('choices'), filter_.extra.get('queryset'))
    return is_own and not is_of_rows and not any(map(callable, choices))
