"""Arrays, whose items are validated until there are messages enough."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from apistar import validators
from apistar.validators import Array, Uniqueness, ValidationError, Validator

from django_apistar.compat.fields import ValidatorOrType
from django_apistar.compat.messages import Messages
from django_apistar.compat.signatures import replace


def repair() -> None:
    """An array had a message for each wrong item: 2.5 MB of `{}` took 12 s, and 83 MB to answer.

    validators.py, Array.validate. Compiled code finds `Messages` beside `Array`.
    """
    if not hasattr(Array.validate, '__wrapped__'):
        replace(Array, validate=_build_validate(Array.validate))
        replace(validators, Messages=Messages)


def _build_validate(stock: Callable[..., Any]) -> object:
    @functools.wraps(stock)
    def validate(
        self: Array,
        value: object,
        definitions: dict[str, Validator] | None = None,
        allow_coerce: bool = False,
    ) -> list[object] | None:
        if not isinstance(value, list):
            nothing: None = stock(self, value, definitions, allow_coerce)
            return nothing
        _check_size(self, len(value))
        return _validate_items(self, value, self.get_definitions(definitions), allow_coerce)

    return validate


def _check_size(schema: Array, size: int) -> None:
    least, most = schema.min_items, schema.max_items
    if least is not None and least == most != size:
        schema.error('exact_items')
    if least is not None and size < least:
        schema.error('empty' if least == 1 else 'min_items')
    if most is not None and size > most:
        schema.error('max_items')
    items = schema.items
    if isinstance(items, list) and schema.additional_items is False and size > len(items):
        schema.error('additional_items')


def _validate_items(
    schema: Array, value: list[object], definitions: dict[str, Validator], allow_coerce: bool
) -> list[object]:
    validated, messages, seen = [], Messages(), Uniqueness()
    for position, item in enumerate(value):
        child = _get_validator(schema, position)
        try:
            if child is not None:
                item = child.validate(item, definitions=definitions, allow_coerce=allow_coerce)
            if schema.unique_items:
                if item in seen:
                    schema.error('unique_items')
                seen.add(item)
        except ValidationError as exc:
            messages.add(position, exc.detail)
        else:
            validated.append(item)
    messages.refuse()
    return validated


def _get_validator(schema: Array, position: int) -> ValidatorOrType | None:
    """Return what validates the item at *position*; None for anything."""
    if not isinstance(schema.items, list):
        return schema.items
    if position < len(schema.items):
        return schema.items[position]
    additional = schema.additional_items
    return additional if isinstance(additional, Validator) else None
