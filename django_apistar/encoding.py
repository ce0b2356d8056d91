"""What API Star's JSON does not know: the values that Django encodes, and a few more."""

import enum
import json
from collections.abc import Callable
from typing import Any

from apistar.types import Type

make_encoder: Any = json.encoder.c_make_encoder  # type: ignore[attr-defined]


def build_default(encoder_class: type[json.JSONEncoder]) -> Callable[[Any], Any]:
    """Return a `default` for the json module: types.Type, Enum, set, then *encoder_class*'s."""
    encode = encoder_class().default

    def default(value: Any) -> Any:
        if isinstance(value, Type):
            return dict(value)
        if isinstance(value, enum.Enum):
            return value.value
        if isinstance(value, (set, frozenset)):
            return list(value)
        return encode(value)

    return default


def build_encoder(default: Callable[[Any], Any]) -> Callable[[Any], bytes]:
    """Return what API Star's JSONResponse makes of a value, with an encoder built once.

    `json.dumps` with options builds one for each call.
    """
    if make_encoder is None:
        return json.JSONEncoder(
            ensure_ascii=False, allow_nan=False, separators=(',', ':'), default=default
        ).encode  # type: ignore[return-value]
    encode = make_encoder(
        None, default, json.encoder.encode_basestring, None, ':', ',', False, False, False
    )
    return lambda value: ''.join(encode(value, 0)).encode('utf-8')
