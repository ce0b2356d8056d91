"""Filters of FilterSets that never work: their model or its database has not what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from django import forms
from django.core.exceptions import FieldError, ValidationError
from django.db import NotSupportedError, OperationalError, connections, router
from django.db.models import BinaryField, Model
from django.db.models.constants import LOOKUP_SEP

from django_apistar.api.filter_lookups import get_module, iter_lookups, walk
from django_apistar.api.filter_sets import is_filter_set
from django_apistar.api.filter_values import COMPARISONS, PATTERNS
from django_apistar.compat.signatures import get_dotted_name, get_plain_signature
from django_apistar.conf.problems import Problem

if TYPE_CHECKING:
    from django_apistar.api.responders import AppParts

# Fields of forms whose values are no text.
_VALUES = (
    forms.BooleanField, forms.DateField, forms.DateTimeField, forms.DurationField,
    forms.IntegerField, forms.JSONField, forms.ModelChoiceField, forms.MultipleChoiceField,
    forms.NullBooleanField, forms.TimeField, forms.UUIDField,
)  # fmt: skip


def find_problems(app: AppParts) -> Iterator[Problem]:
    """Yield a W021 for each filter of what the model has not, an E026 for one that cannot work."""
    found = {
        parameter.annotation: None
        for entry in app.router.entries
        for parameter in get_plain_signature(entry.route.handler).parameters.values()
        if is_filter_set(parameter.annotation)
    }
    for cls in found:
        if cls._meta.model is not None:  # else it is an E015
            for name, filter_ in cls.base_filters.items():
                yield from _find_problems(cls, name, filter_)


def find_errors(app: AppParts) -> tuple[Problem, ...]:
    """Return those problems that stop a worker."""
    return tuple(problem for problem in find_problems(app) if problem.is_error)


def _find_problems(cls: Any, name: str, filter_: Any) -> Iterator[Problem]:
    for lookup in iter_lookups(cls._meta.model, filter_):
        what = f'The filter {name!r} of {get_dotted_name(cls)} cannot ask for {lookup!r}: '
        try:
            _resolve(cls._meta.model, lookup)
        except FieldError as exc:
            yield Problem(
                'W021',
                f'{what}{str(exc).rstrip(".")}.',
                'Correct its field_name or lookup_expr: each request with it is a 500.',
            )
            continue
        found = _find_misfit(cls._meta.model, filter_, lookup)
        found = found or _find_unsupported(cls._meta.model, lookup)
        if found:
            yield Problem('E026', what + found[0], found[1])


def _resolve(model: type[Model], lookup: str) -> None:
    """Raise FieldError if *model* has not what *lookup* asks for."""
    field, rest = walk(model, lookup)
    get_module('utils').resolve_field(field, LOOKUP_SEP.join(rest))


def _find_misfit(model: type[Model], filter_: Any, lookup: str) -> tuple[str, str] | None:
    """Return what is wrong, and a remedy, where *filter_* reads no value that *lookup* takes."""
    cls, field_class = type(filter_).__name__, filter_.field_class
    kind = lookup.rpartition(LOOKUP_SEP)[2]
    is_list = issubclass(field_class, get_module('fields').BaseCSVField)
    widget = filter_.extra.get('widget') or getattr(field_class, 'widget', None)
    if is_list and isinstance(widget, type) and issubclass(widget, forms.NullBooleanSelect):
        return f'{cls} reads one truth value, and no list.', (
            "Ask for 'exact', or give it widget=django_filters.widgets.CSVWidget."
        )
    if isinstance(walk(model, lookup)[0], BinaryField) and kind in COMPARISONS:
        return 'a query string has no bytes.', 'Leave it out.'
    if getattr(filter_, 'lookup_choices', ()) is None:  # all that there are, for the client
        return None
    if kind in _find_texts(model) and issubclass(field_class, _VALUES):
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


def _declare_as(cls: str, filter_: Any) -> str:
    name, lookup = filter_.field_name, filter_.lookup_expr
    return f'Declare it as {cls}(field_name={name!r}, lookup_expr={lookup!r}).'


def _find_texts(model: type[Model]) -> tuple[str, ...]:
    """Return the lookups whose value must be text in the database of *model*."""
    is_postgres = connections[router.db_for_read(model)].vendor == 'postgresql'
    return (*PATTERNS, 'iexact', 'contained_by') if is_postgres else tuple(PATTERNS)


# The database


def _find_unsupported(model: type[Model], lookup: str) -> tuple[str, str] | None:
    """Return what is wrong, and a remedy, where the database of *model* has no such lookup."""
    connection = connections[router.db_for_read(model)].copy()
    vars(connection)['connect'] = _refuse_to_connect  # of this copy alone
    kind = lookup.rpartition(LOOKUP_SEP)[2]
    for sample in (['1', '1'],) if kind in ('in', 'range') else ('1', True):
        try:
            query = model._default_manager.filter(**{lookup: sample}).query
        except (TypeError, ValueError, FieldError, ValidationError):
            continue  # another one
        try:
            query.get_compiler(connection=connection).as_sql()
        except (NotSupportedError, NotImplementedError):
            return f'{connection.display_name} has no such lookup.', (
                'Leave it out, or use another database.'
            )
        except Exception:  # of the sample, or of what is known once there is a connection
            return None
        return None
    return None


def _refuse_to_connect() -> NoReturn:
    raise OperationalError('A check asks no database.')
