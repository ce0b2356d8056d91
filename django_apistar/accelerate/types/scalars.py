"""The checks of API Star's validators that have no children, as Python expressions."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, TypeVar

from apistar import formats, validators

from django_apistar.accelerate.source import Source
from django_apistar.accelerate.types.stock import ValidatorOrType, has_text, is_inline, is_stock

Native = TypeVar('Native', datetime.date, datetime.time, datetime.datetime)


@dataclass(frozen=True, slots=True)
class ScalarCheck:
    """The check of a variable: after `conversions` it is valid unless `refusal` is true.

    A conversion does not change what it cannot convert; `refusal` may convert as well. A refused
    value may still be valid: the validator's own `validate` decides.
    """

    conversions: tuple[str, ...]
    refusal: str

    @property
    def sufficient_type(self) -> type | None:
        """The type, str or int, all of whose values are valid; None if one can be refused."""
        match = re.fullmatch(r'type\(\w+\) is not (str|int)', self.refusal)
        return {'str': str, 'int': int}[match[1]] if match and not self.conversions else None


def build_check(
    source: Source, validator: ValidatorOrType, item: str, allow_coerce: bool
) -> ScalarCheck | None:
    """Return the check of the variable *item*, None where only *validator* itself can tell."""
    if is_inline(validator):
        conversion, refusal = validator.write_check(source, item)
        inline = ScalarCheck((conversion,) if conversion else (), refusal)
        return _accepting_none(inline, item) if validator.allow_null else inline
    for base, build in _BUILDERS.items():
        if is_stock(validator, base):
            check = build(source, validator, item, allow_coerce)
            return _accepting_none(check, item) if check and validator.allow_null else check
    return None


def _accepting_none(check: ScalarCheck, item: str) -> ScalarCheck:
    refusal = f'({check.refusal})' if ' or ' in check.refusal else check.refusal
    return ScalarCheck(check.conversions, f'{item} is not None and {refusal}')


def _check_string(
    source: Source, string: validators.String, item: str, allow_coerce: bool
) -> ScalarCheck | None:
    limits = [
        *_enum_limit(source, string, item),
        *_limit(source, 'len({}) < {}', item, string.min_length),
        *_limit(source, 'len({}) > {}', item, string.max_length),
    ]
    if string.pattern is not None:
        search = compile_pattern(string.pattern)
        if search is None:
            return None
        limits.append(f'not {source.const(search, "search")}({item})')
    if string.format in validators.FORMATS:
        return _check_format(source, string, item, is_limited=bool(limits))
    return ScalarCheck((), ' or '.join([f'type({item}) is not str', *limits]))


def _check_format(
    source: Source, string: validators.String, item: str, *, is_limited: bool
) -> ScalarCheck | None:
    known = _FORMATS.get(type(validators.FORMATS[string.format or '']))
    if known is None:
        return None
    native, parse = known
    # API Star applies limits to text only, not to dates.
    parse_name = source.const(parse, f'parse_{string.format}')
    conversion = f'if type({item}) is str: {item} = {parse_name}({item})'
    refusal = f'type({item}) is not {source.const(native, native.__name__)}'
    return ScalarCheck(() if is_limited else (conversion,), refusal)


def _check_integer(
    source: Source, integer: validators.Integer, item: str, allow_coerce: bool
) -> ScalarCheck | None:
    conversions: tuple[str, ...] = ()
    if allow_coerce:
        to_int = source.const(_to_int, 'to_int')
        conversions = (f'if type({item}) is str: {item} = {to_int}({item})',)
    limits = _numeric_limits(source, integer, item)
    return ScalarCheck(conversions, ' or '.join([f'type({item}) is not int', *limits]))


def _check_number(
    source: Source, number: validators.Number, item: str, allow_coerce: bool
) -> ScalarCheck | None:
    convert = source.const(_to_float if allow_coerce else _int_to_float, 'to_float')
    refusals = [
        # Converted here, a float is tested once.
        f'(type({item}) is not float and type({item} := {convert}({item})) is not float)'
    ]
    if not _is_finite(number.minimum):
        refusals.append(f'{item} <= {source.const(-inf, "minus_inf")}')
    refusals.append(f'not {item} < {source.const(inf, "inf")}')  # true of NaN as well
    refusals += _numeric_limits(source, number, item, _as_float)
    return ScalarCheck((), ' or '.join(refusals))


def _check_boolean(
    source: Source, boolean: validators.Boolean, item: str, allow_coerce: bool
) -> ScalarCheck | None:
    conversions: tuple[str, ...] = ()
    if allow_coerce:
        stock = validators.Boolean
        if type(boolean).values is not stock.values or boolean.null_values is not stock.null_values:
            return None
        words = {**stock.values, **(stock.null_values if boolean.allow_null else {})}
        name = source.const(words, 'booleans')
        conversions = (f'if type({item}) is str: {item} = {name}.get({item}.lower(), {item})',)
    return ScalarCheck(conversions, f'{item} is not True and {item} is not False')


_BUILDERS: dict[
    type[validators.Validator], Callable[[Source, Any, str, bool], ScalarCheck | None]
] = {
    validators.String: _check_string,
    validators.Integer: _check_integer,
    validators.Number: _check_number,
    validators.Boolean: _check_boolean,
}


def _is_finite(limit: Any) -> bool:
    try:
        return isfinite(limit)
    except (TypeError, OverflowError):
        return False


def _as_float(limit: Any) -> Any:
    # The interpreter compares a float faster with another than with an int.
    try:
        return float(limit) if float(limit) == limit else limit
    except (TypeError, OverflowError):
        return limit


def _numeric_limits(
    source: Source,
    number: validators.NumericType,
    item: str,
    as_limit: Callable[[object], object] = lambda limit: limit,
) -> list[str]:
    below = '{} <= {}' if number.exclusive_minimum else '{} < {}'
    above = '{} >= {}' if number.exclusive_maximum else '{} > {}'
    multiple = '{} % {}'
    if isinstance(number.multiple_of, float):
        multiple = f'{source.const(_is_no_multiple, "is_no_multiple")}({{}}, {{}})'
    return [
        *_enum_limit(source, number, item),
        *_limit(source, below, item, as_limit(number.minimum)),
        *_limit(source, above, item, as_limit(number.maximum)),
        *_limit(source, multiple, item, number.multiple_of),
    ]


def _is_no_multiple(number: float, step: float) -> bool:
    try:
        return not (number * (1 / step)).is_integer()
    except OverflowError:
        return True  # beyond float: the validator's own error


def _enum_limit(
    source: Source, validator: validators.String | validators.NumericType, item: str
) -> list[str]:
    if validator.enum is None:
        return []
    return [f'{item} not in {source.const(validator.enum, "enum")}']


def _limit(source: Source, refusal: str, item: str, limit: object) -> list[str]:
    return [] if limit is None else [refusal.format(item, source.const(limit, 'limit'))]


def compile_pattern(pattern: str) -> Callable[[str], object] | None:
    try:
        return re.compile(pattern).search
    except Exception:
        return None  # API Star raises for each value; so do we.


def _to_int(value: str) -> int | str:
    try:
        return int(value)
    except ValueError:
        return value


def _to_float(value: Any) -> object:
    if type(value) not in (int, str):
        return value
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return value
    return number if isfinite(number) else value


def _int_to_float(value: object) -> object:
    return _to_float(value) if type(value) is int else value


_DATE = re.compile(r'\d{4}-\d\d-\d\d', re.ASCII)
_TIME = re.compile(r'(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{3}(?:\d{3})?)?', re.ASCII)
_DATETIME = re.compile(rf'({_DATE.pattern}[T ]{_TIME.pattern})(Z)?', re.ASCII)


def _parse_date(text: str) -> datetime.date | str:
    return _parse(datetime.date, text) if _DATE.fullmatch(text) else text


def _parse_time(text: str) -> datetime.time | str:
    return _parse(datetime.time, text) if _TIME.fullmatch(text) else text


def _parse_datetime(text: str) -> datetime.datetime | str:
    match = _DATETIME.fullmatch(text)
    if match is None:
        return text
    moment = _parse(datetime.datetime, match[1])
    if isinstance(moment, str):
        return text
    return moment.replace(tzinfo=datetime.timezone.utc) if match[2] else moment


def _parse(native: type[Native], text: str) -> Native | str:
    # Python's parser takes more forms than API Star's: hence the patterns above.
    try:
        return native.fromisoformat(text)
    except ValueError:
        return text


def find_native(validator: ValidatorOrType) -> type:
    """Return the Python type of the values that *validator*, a scalar, accepts."""
    if has_text(validator):
        return validator.native
    native = next(native for base, native in _NATIVES.items() if is_stock(validator, base))
    value_format = validators.FORMATS.get(getattr(validator, 'format', None) or '')
    return _FORMATS[type(value_format)][0] if value_format else native


_NATIVES: dict[type[validators.Validator], type] = {
    validators.String: str,
    validators.Integer: int,
    validators.Number: float,
    validators.Boolean: bool,
}

# By API Star's format: the Python type, and the function that reads its plain form.
_FORMATS: dict[type[formats.BaseFormat], tuple[type, Callable[[str], object]]] = {
    formats.DateFormat: (datetime.date, _parse_date),
    formats.TimeFormat: (datetime.time, _parse_time),
    formats.DateTimeFormat: (datetime.datetime, _parse_datetime),
}
