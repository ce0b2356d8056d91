"""Encodes values that API Star's JSON does not know: those of Django, and a few more."""

import enum
import json
from collections.abc import Callable
from typing import Any

from apistar import http
from apistar.types import Type

from django_apistar.compat.signatures import replace
from django_apistar.conf.parser import get_settings


class UnknownValueError(TypeError):
    """JSON has no form of *value*: in API Star's words, and what its class has to add."""

    def __init__(self, value: object) -> None:
        hint = getattr(type(value), 'json_hint', '')
        name = type(value).__name__
        super().__init__(f"Object of type '{name}' is not JSON serializable.{hint}")
        self.value = value


def repair() -> None:
    """A Type that a handler may return was a 500 in API Star's JSONResponse, if it held a Decimal.

    http.py, JSONResponse.default knows Types of JSON's own values alone.
    """
    replace(http.JSONResponse, default=staticmethod(encode_by_setting))


def encode_by_setting(value: object) -> Any:
    """The `default` of a response that knows no App, by the setting JSON_ENCODER."""
    return build_default(get_settings().json_encoder)(value)


def build_default(encoder_class: type[json.JSONEncoder]) -> Callable[[Any], Any]:
    """Return a `default` for the json module: types.Type, Enum, set, then *encoder_class*'s.

    It raises UnknownValueError for any other value.
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
            raise UnknownValueError(value) from None

    return default
