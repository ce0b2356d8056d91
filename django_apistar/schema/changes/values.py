"""JSON values: their types, and which of them are equal."""

import json
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

LONGEST = 60  # characters of a value in a sentence
TYPES = ('null', 'boolean', 'number', 'string', 'array', 'object')


def type_of(value: object) -> str:
    """Return the JSON type of *value*; an integer is a number."""
    if value is None:
        return 'null'
    if isinstance(value, bool):
        return 'boolean'
    if isinstance(value, (int, float)):
        return 'number'
    if isinstance(value, str):
        return 'string'
    return 'array' if isinstance(value, (list, tuple)) else 'object'


def is_integer(value: Any) -> bool:
    """1.0 is one, true is none."""
    return type_of(value) == 'number' and (isinstance(value, int) or value.is_integer())


def are_equal(one: Any, other: Any) -> bool:
    """As JSON has it: 1 is 1.0, and true is not 1."""
    kind = type_of(one)
    if kind != type_of(other):
        return False
    if kind == 'array':
        return len(one) == len(other) and all(map(are_equal, one, other))
    if kind == 'object':
        return one.keys() == other.keys() and all(are_equal(one[k], other[k]) for k in one)
    is_nan = one != one and other != other  # YAML has it: it did not change
    return is_nan or bool(one == other)


def is_among(value: object, values: Iterable[object]) -> bool:
    return any(are_equal(value, other) for other in values)


def are_unique(values: list[object]) -> bool:
    return not any(is_among(value, values[:at]) for at, value in enumerate(values))


def exact(number: float) -> Fraction:
    """Return *number* as it is written: 0.1 is a tenth. Raises ValueError, OverflowError."""
    return Fraction(repr(number))


def is_multiple(value: float, of: float) -> bool:
    return of != 0 and exact(value) % exact(of) == 0


def write(value: object) -> str:
    """Return *value* as JSON, short enough for a sentence."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'
