"""Which columns of a joined query hold the values that a Type reads of model instances."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from apistar import types
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.db.models.fields.related_descriptors import (
    ForeignKeyDeferredAttribute,
    ForwardManyToOneDescriptor,
    ForwardOneToOneDescriptor,
)
from django.db.models.query_utils import DeferredAttribute

_FORWARD = (ForwardManyToOneDescriptor, ForwardOneToOneDescriptor)


def find_columns(type_: type[types.Type], queryset: Any) -> tuple[str, ...] | None:
    """Return names for `values_list`: of each property, of a nested Type its key and its own.

    None where a value may not be that of the instances: a nested Type is read from a row that
    `select_related` joins.
    """
    query = queryset.query
    if query.combinator or query.select_for_update_of:
        return None
    return _find_columns(type_, queryset.model, _freeze(query.select_related))


def _freeze(joined: object) -> object:
    """Return what `select_related` joins, as a key of a dict."""
    if not isinstance(joined, dict):
        return joined
    return frozenset((name, _freeze(inner)) for name, inner in joined.items())


@lru_cache(maxsize=1000)
def _find_columns(
    type_: type[types.Type], model: type[Model], joined: object
) -> tuple[str, ...] | None:
    columns = _list_columns(type_, model, joined)
    return None if columns is None else tuple(columns)


def _list_columns(
    type_: type[types.Type], model: type[Model], joined: object, prefix: str = ''
) -> list[str] | None:
    columns: list[str] = []
    for name, validator in type_.validator.properties.items():
        if not isinstance(validator, type):
            attribute = getattr(validator, 'attribute', name)
            if not is_plain_field(model, attribute):
                return None
            columns.append(prefix + attribute)
            continue
        inner = dict(joined).get(name) if isinstance(joined, frozenset) else None
        if inner is None or not _is_forward(model, name):
            return None
        related: Any = model._meta.get_field(name).related_model
        nested = _list_columns(validator, related, inner, f'{prefix}{name}__')
        if nested is None:
            return None
        columns += [prefix + name, *nested]  # which is its key
    return columns


def _is_forward(model: type[Model], name: str) -> bool:
    return type(getattr(model, name, None)) in _FORWARD


def is_plain_field(model: type[Model], name: str) -> bool:
    """Return whether the column *name* of *model* equals its instances' attribute."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    descriptor = type(model.__dict__.get(name) or getattr(model, name, None))
    if field.is_relation:  # its key, by the column's name
        return bool(
            name == getattr(field, 'attname', None) and descriptor is ForeignKeyDeferredAttribute
        )
    return bool(field.concrete and descriptor is DeferredAttribute)
