"""What a second validation would leave as it is.

API Star validates a body twice: `Type.validator` with coercion, then the Type's constructor
without. The second is left out when it can be proved to change nothing.
"""

from __future__ import annotations

import datetime

from apistar import formats, types, validators

from django_apistar.accelerate.types.stock import (
    ValidatorOrType,
    has_stock_error,
    is_array,
    is_leaf,
    is_object,
    is_plain_type,
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
)


def is_settled(validator: ValidatorOrType) -> bool:
    """Tell whether `validate` accepts its own results without coercion and leaves them as is.

    Two exceptions to it are left to whoever runs the first: a Number that coerces 'nan', and a
    default that is not settled.
    """
    if isinstance(validator, type):
        return _is_settled_type(validator)
    if is_leaf(validator):
        value_format = validators.FORMATS.get(getattr(validator, 'format', None) or '')
        is_known = value_format is None or type(value_format) in _FORMATS
        return is_known and has_stock_error(validator)
    if is_array(validator):
        return _is_settled_array(validator)
    return is_object(validator) and _is_settled_object(validator)


def _is_settled_type(cls: type[types.Type]) -> bool:
    """The second time API Star reads the attributes of the instance."""
    properties = cls.validator.properties if is_plain_type(cls) else {}
    return (
        is_plain_type(cls)
        and cls.__getattr__ is types.Type.__getattr__
        and not any(hasattr(cls, name) for name in properties)
        and all(map(is_settled, properties.values()))
        and all(map(is_settled_default, walk(cls.validator)))
    )


def _is_settled_array(validator: validators.Array) -> bool:
    items = validator.items if isinstance(validator.items, list) else [validator.items]
    if isinstance(validator.additional_items, validators.Validator):
        items = [*items, validator.additional_items]
    return all(item is None or is_settled(item) for item in items)


def _is_settled_object(validator: validators.Object) -> bool:
    children = [*validator.properties.values()]
    additional = validator.additional_properties
    if additional is not None and not isinstance(additional, bool):
        children.append(additional)
    return (
        # The second time other keys would be counted, required and matched.
        validator.min_properties is None
        and validator.max_properties is None
        and set(validator.required) <= set(validator.properties)
        and not validator.pattern_properties
        and all(map(is_settled, children))
    )


def is_settled_default(validator: ValidatorOrType) -> bool:
    """Tell whether *validator* has no default, or one that it accepts and leaves as it is."""
    if not validator.has_default():
        return True
    default = validator.default
    # Of what can be changed API Star makes a copy.
    if type(default) not in _SCALARS or hasattr(type(validator), 'default'):
        return False
    try:
        validated = validator.validate(default)
    except Exception:
        return False
    return type(validated) is type(default) and bool(validated == default)
