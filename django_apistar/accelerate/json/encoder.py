"""Builds JSON encoders that write the bytes of API Star's JSONResponse."""

from __future__ import annotations

import datetime
import decimal
import functools
import json
import json.encoder
import re
import uuid
from collections.abc import Callable, Iterable
from math import isfinite
from types import ModuleType
from typing import Any

from apistar import http, types

from django_apistar.accelerate.json.flat_types import Encode, JSONWriter, OrjsonWriter, TextWriter
from django_apistar.accelerate.types.rendering import find_render

Default = Callable[[Any], Any]
ALIKE = frozenset({str, int, bool, type(None)})  # what orjson and the standard library write alike


def build_encoder(default: Default, *, fast: bool) -> Encode:
    """Return an encoder of any value as JSONResponse renders it.

    *default* is for what is neither JSON nor a Type. The encoder raises ValueError for NaN and
    cycles, as API Star does, and what *default* raises for the unknown.

    *fast* tries orjson first, where it is installed, and the standard library where orjson would
    write other bytes. Only for a *default* that makes text of dates, Decimal
    and UUID (`str(uuid)`) and takes an Enum's value: orjson does not ask it for the last two.
    """
    as_api_star = _build_default(default)
    exact = _build_exact(as_api_star)
    orjson = _load_orjson() if fast else None
    return exact if orjson is None else _build_fast(orjson, as_api_star, exact)


def find_plain_dumps(*, fast: bool) -> Encode | None:
    """Return a faster encoder for a dict of `ALIKE` values, None where there is none.

    It raises TypeError for a key or value that it cannot write; an encoder can.
    """
    orjson = _load_orjson() if fast else None
    return None if orjson is None else orjson.dumps


def find_loads(*, fast: bool) -> Callable[[bytes], Any] | None:
    """Return orjson's decoder where it is installed and *fast* says so."""
    orjson = _load_orjson() if fast else None
    return None if orjson is None else orjson.loads


def build_json_writer(default: Default, *, fast: bool) -> JSONWriter:
    """Return the writer of flat Types for *default*. *fast*: as in `build_encoder`."""
    exact = _build_exact(_build_default(default))
    orjson = _load_orjson() if fast else None
    return TextWriter(exact, writes_texts=fast) if orjson is None else OrjsonWriter(exact, orjson)


def _build_default(default: Default) -> Default:
    """Return what JSONResponse.default does, and then *default* instead of its TypeError."""

    def default_of_all(value: object) -> object:
        render = find_render(type(value))
        if render is not None:
            return render(value)
        if isinstance(value, types.Type):
            return dict(value)
        return default(value)

    return default_of_all


def _build_exact(default: Default) -> Encode:
    options = {**http.JSONResponse.options, 'default': default}
    # json.dumps with options builds this object for each call. It is built without the dict that
    # finds cycles, which threads would share: so a cycle ends as a RecursionError.
    make = getattr(json.encoder, 'c_make_encoder', None)  # in no stub: CPython's own
    if make is None:
        return lambda value: json.dumps(value, **options).encode('utf-8')
    write_string = json.encoder.encode_basestring
    encode_parts = make(None, default, write_string, None, ':', ',', False, False, False)

    def encode(value: object) -> bytes:
        try:
            return ''.join(encode_parts(value, 0)).encode()
        except RecursionError:
            return json.dumps(value, **options).encode('utf-8')

    return encode


class _NotTwiceError(Exception):
    """A value can be read only once: it is kept for the standard library."""


def _build_fast(orjson: ModuleType, default: Default, exact: Encode) -> Encode:
    dumps = orjson.dumps
    option = (
        orjson.OPT_PASSTHROUGH_DATACLASS
        | orjson.OPT_PASSTHROUGH_DATETIME
        | orjson.OPT_PASSTHROUGH_SUBCLASS
    )

    make_plain = _build_make_plain(default)

    def encode(value: object) -> bytes:
        try:
            text: bytes = dumps(value, make_plain, option)
        except Exception:  # The standard library raises it in its own words.
            return exact(value)
        digits = text.translate(_DIGITS_AS_0).decode()
        is_suspect = 'null' in digits or '0e' in digits or '0.0000' in digits
        return exact(value) if is_suspect and _is_unlike(text, value) else text

    return encode


def _build_make_plain(default: Default) -> Default:
    """Return the `default` for orjson."""

    def make_plain(value: object) -> object:
        render = find_render(type(value))
        if render is not None:
            return render(value)
        for base, convert in _CONTENT_OF_SUBCLASSES:
            if isinstance(value, base):
                return convert(value)
        if hasattr(type(value), '__next__'):
            raise _NotTwiceError
        return default(value)

    return make_plain


# As the standard library reads subclasses.
_CONTENT_OF_SUBCLASSES: tuple[tuple[type | tuple[type, ...], Default], ...] = (
    (str, str.__str__),
    (int, int.__pos__),
    (float, float.__pos__),
    ((list, tuple), list),
    (dict, lambda value: dict(value.items())),
)

# Python writes 1e-05 and 1e-07, orjson 0.00001 and 1e-7; and null for NaN, an error in Python.
_UNLIKE_FLOAT = re.compile(rb'(?:^|[:,\[])-?(?:\d(?:\.\d+)?e|0\.0000)')
# Every digit as 0: far faster to search for than a pattern, as text above all. `in` asks bytes
# first whether the other is a number, by an exception, and `find` reads its arguments slowly.
_DIGITS_AS_0 = bytes.maketrans(b'123456789', b'000000000')


def _may_have_unlike_float(text: bytes) -> bool:
    digits = text.translate(_DIGITS_AS_0).decode()
    return '0e' in digits or '0.0000' in digits


def _is_unlike(text: bytes, value: object) -> bool:
    if _may_have_unlike_float(text) and _UNLIKE_FLOAT.search(text) is not None:
        return True
    return text.find(b'null') >= 0 and _may_hold_nan((value,))


# Types whose values, and what a *default* makes of them, are never NaN.
_NEVER_NAN = frozenset(
    {
        *(str, int, bool, type(None), uuid.UUID, decimal.Decimal),
        *(datetime.date, datetime.time, datetime.datetime, datetime.timedelta),
    }
)


def _may_hold_nan(values: Iterable[Any]) -> bool:
    """Return whether orjson may have written null for a NaN or an infinity, which is an error."""
    for value in values:
        kind = type(value)
        if kind in _NEVER_NAN:
            continue
        if kind is float:
            is_suspect = not isfinite(value)
        elif kind is dict:
            is_suspect = _may_hold_nan(value.values())
        elif kind is list or kind is tuple:
            is_suspect = _may_hold_nan(value)
        else:
            is_suspect = not isinstance(value, types.Type) or _may_hold_nan(dict(value).values())
        if is_suspect:
            return True
    return False


@functools.cache
def _load_orjson() -> ModuleType | None:
    """Return orjson, None if it is missing or writes floats in an unknown way."""
    try:
        import orjson
    except ImportError:
        return None
    samples = (1e-4, 1.5e-5, 1e-5, 1e-7, 2.5e-300, 1e15, 1e16, 123456789012345678.0, 1e22, 1e300)
    written = [(repr(sample).encode(), orjson.dumps(sample)) for sample in samples]
    is_known = all(text == ours or _is_unlike(text, None) for ours, text in written)
    return orjson if is_known else None
