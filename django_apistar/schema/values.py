"""Values that users write into a document, as JSON: lazy text, Decimal, dates, sets, enums.

As the API's own answers, by Django's encoder: a Decimal is text. It is a number where the words
of JSON Schema beside it say so.
"""

import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from apistar import validators
from apistar.types import Type
from django.core.serializers.json import DjangoJSONEncoder

from django_apistar.api.encoding import build_default
from django_apistar.conf.lazies import is_lazy

NUMBERS = ('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf')
EXAMPLES = ('default', 'example', 'examples', 'enum', 'const')  # numbers beside a numeric type
NUMERIC_TYPES = ('number', 'integer')
ABSENT = object()  # stands for a value that JSON does not have
_encode = build_default(DjangoJSONEncoder)


def plain(value: object, warn: Callable[[str], None], place: str) -> Any:
    """Return *value* in JSON's own types; ABSENT if JSON has nothing for it.

    *warn* is told what is left out; *place* says where *value* stands, 'the openapi of f'.
    """
    return _Reader(warn, place).read(value, (), False)


class _Reader:
    """Reads one value. `holders`: the ids of the objects around the one that is read."""

    def __init__(self, warn: Callable[[str], None], place: str) -> None:
        self.warn = warn
        self.place = place
        self.holders: set[int] = set()

    def read(self, value: object, path: tuple[str, ...], is_number: bool) -> object:
        """Return *value* as JSON has it; *is_number*: where it is a Decimal, as a number."""
        if isinstance(value, (Mapping, list, tuple, set, frozenset, Type)):
            return self._read_inside(value, path, is_number)
        try:
            return _read_single(value, is_number)
        except Exception as exc:
            if is_lazy(value):
                why = f'which cannot be read: {type(exc).__name__}: {str(exc).rstrip(".")}'
                return self._leave_out('lazy text', path, why)
            return self._leave_out(repr(value), path)

    def _read_inside(self, value: Any, path: tuple[str, ...], is_number: bool) -> object:
        if id(value) in self.holders:
            return self._leave_out('itself', path)
        self.holders.add(id(value))
        try:
            if isinstance(value, (Mapping, Type)):
                return self._read_mapping(dict(value), path)
            items = [
                self.read(item, (*path, str(number)), is_number)
                for number, item in enumerate(value)
            ]
        finally:
            self.holders.discard(id(value))
        items = [item for item in items if item is not ABSENT]
        is_ordered = isinstance(value, (list, tuple))
        return items if is_ordered else sorted(items, key=lambda item: json.dumps(item))

    def _read_mapping(self, value: dict[Any, object], path: tuple[str, ...]) -> object:
        given = value.get('type')
        types = given if isinstance(given, (list, tuple)) else [given]
        is_numeric = any(name in types for name in NUMERIC_TYPES)
        found = {}
        for key, child in value.items():
            name = _name(key)
            is_number = name in NUMBERS or (is_numeric and name in EXAMPLES)
            found[name] = self.read(child, (*path, name), is_number)
        return {name: child for name, child in found.items() if child is not ABSENT}

    def _leave_out(
        self, what: str, path: tuple[str, ...], why: str = 'which JSON does not have'
    ) -> object:
        self.warn(f'{self.place} holds {what} at {".".join(path)}, {why}; it is left out.')
        return ABSENT


def _read_single(value: object, is_number: bool) -> object:
    """Return the JSON value of *value*. Raises if there is none."""
    if isinstance(value, Enum):
        return _read_single(value.value, is_number)
    if isinstance(value, str) or is_lazy(value):
        return str.__str__(str(value))  # A SafeString is its own str().
    if isinstance(value, Decimal) and is_number:
        return to_number(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _encode(object())
    if isinstance(value, (bool, int)) or value is None:
        return value
    return _read_single(_encode(value), is_number)


def to_number(value: Decimal) -> int | float:
    """Return *value* as a JSON number. Raises ValueError for one that is not finite."""
    if not value.is_finite():
        raise ValueError(value)
    return int(value) if value == value.to_integral_value() else float(value)


def _name(key: object) -> str:
    """Return *key* as a name in JSON: as json.dumps writes it, or its str()."""
    key = key.value if isinstance(key, Enum) else key
    if key is None or isinstance(key, (bool, int, float)):
        return json.dumps(key)
    return str(key)


def fit(value: object, validator: object) -> object:
    """Return *value*, with numbers for those Decimals that *validator* reads as numbers."""
    validator = getattr(validator, 'validator', validator)  # a Type's
    if isinstance(value, Decimal) and isinstance(validator, validators.NumericType):
        return to_number(value) if value.is_finite() else value
    if isinstance(value, Mapping) and isinstance(validator, validators.Object):
        return {key: fit(child, validator.properties.get(key)) for key, child in value.items()}
    if isinstance(value, (list, tuple)) and isinstance(validator, validators.Array):
        return [fit(item, validator.items) for item in value]
    return value


def finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
