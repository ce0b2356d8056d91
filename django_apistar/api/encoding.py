"""Encodes values that API Star's JSON does not know: those of Django, and a few more."""

import enum
import json
from collections.abc import Callable
from typing import Any

from apistar.types import Type


def build_default(encoder_class: type[json.JSONEncoder]) -> Callable[[Any], Any]:
    """Return a `default` for the json module: types.Type, Enum, set, then *encoder_class*'s.

    It raises TypeError, in API Star's words, for any other value.
    """
    encode = encoder_class().default

    def default(value: Any) -> Any:
        if isinstance(value, Type):
            return dict(value)
        if isinstance(value, enum.Enum):
            return value.value
        if isinstance(value, (set, frozenset)):
            return list(value)
        try:
            return encode(value)
        except TypeError as exc:
            name = type(value).__name__
            if str(exc) != f'Object of type {name} is not JSON serializable':
                raise  # in the words of the project's own encoder
            raise TypeError(f"Object of type '{name}' is not JSON serializable.") from None

    return default
