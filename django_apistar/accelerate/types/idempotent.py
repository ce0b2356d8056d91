"""Finds validators whose results pass a second validation unchanged.

API Star validates a body twice: `Type.validator` with coercion, then the Type's constructor
without. The second is left out where it is sure to change nothing.
"""

from __future__ import annotations

import datetime
import decimal
import uuid

from apistar import formats, types, validators

from django_apistar.accelerate.types.stock import (
    ValidatorOrType,
    has_stock_message,
    is_array,
    is_object,
    is_plain_type,
    is_scalar,
    walk,
)

_FORMATS: tuple[type, ...] = (formats.DateFormat, formats.TimeFormat, formats.DateTimeFormat)
_SCALARS = (
    str,
    int,
    float,
    bool,
    type(None),
    datetime.date,
    datetime.time,
    datetime.datetime,
    datetime.timedelta,
    decimal.Decimal,
    uuid.UUID,
)


def is_idempotent(validator: ValidatorOrType) -> bool:
    """Return whether `validate` accepts its own results without coercion, unchanged.

    But for two, which the first validation must look for: a Number that was coerced from 'nan',
    and a default without `has_idempotent_default`.
    """
    if isinstance(validator, type):
        return _is_idempotent_type(validator)
    if is_scalar(validator):
        value_format = validators.FORMATS.get(getattr(validator, 'format', None) or '')
        is_known = value_format is None or type(value_format) in _FORMATS
        return is_known and has_stock_message(validator)
    if is_array(validator):
        return _is_idempotent_array(validator)
    return is_object(validator) and _is_idempotent_object(validator)


def _is_idempotent_type(cls: type[types.Type]) -> bool:
    return (
        is_plain_type(cls)
        and all(map(is_idempotent, cls.validator.properties.values()))
        and all(map(has_idempotent_default, walk(cls.validator)))
    )


def _is_idempotent_array(validator: validators.Array) -> bool:
    items = validator.items if isinstance(validator.items, list) else [validator.items]
    if isinstance(validator.additional_items, validators.Validator):
        items = [*items, validator.additional_items]
    return all(item is None or is_idempotent(item) for item in items)


def _is_idempotent_object(validator: validators.Object) -> bool:
    children = [*validator.properties.values()]
    additional = validator.additional_properties
    if additional is not None and not isinstance(additional, bool):
        children.append(additional)
    return (
        # The second validation would count, require and match other keys.
        validator.min_properties is None
        and validator.max_properties is None
        and set(validator.required) <= set(validator.properties)
        and not validator.pattern_properties
        and all(map(is_idempotent, children))
    )


def has_idempotent_default(validator: ValidatorOrType) -> bool:
    """Return whether *validator* has no default, or one that it accepts unchanged."""
    if not validator.has_default():
        return True
    default = validator.default
    # API Star copies a default that can be changed.
    if type(default) not in _SCALARS or hasattr(type(validator), 'default'):
        return False
    try:
        validated = validator.validate(default)
    except Exception:
        return False
    return type(validated) is type(default) and bool(validated == default)
