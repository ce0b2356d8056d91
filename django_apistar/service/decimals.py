"""Decimal numbers: text in JSON, exact everywhere."""

import decimal
import re
from typing import Any

from apistar.exceptions import ConfigurationError

from django_apistar.service.validator import Dialect, Schema, Source, ValueValidator

_NUMBER = re.compile(r'[+-]?[0-9]+(\.[0-9]+)?', re.ASCII)
_LONGEST = 4000  # characters of a text that is examined for the right message
_MOST_SHORT_PLACES = 3
_MOST_PLAIN_PLACES = 6  # with more, Python may write an exponent
# A float has so many digits for sure. One that shows more may have lost some.
_DIGITS_OF_FLOAT = 15


class PlainDecimal(decimal.Decimal):
    """A Decimal that is never written with an exponent: '0.00000001', not '1E-8'."""

    def __str__(self) -> str:
        return format(self, 'f')


class Decimal(ValueValidator):
    """A number of at most *max_digits* digits, *decimal_places* of them after the point.

    Reads text such as '12.50', int, Decimal, and a float that shows all of its digits.
    """

    errors = {
        **ValueValidator.errors,
        'type': 'Must be a decimal number.',
        'exact': 'Must be a string: a number of so many digits is not exact.',
        'finite': 'Must be finite.',
        'max_digits': 'Must have no more than {max_digits} digits.',
        'decimal_places': 'Must have no more than {decimal_places} decimal places.',
        'whole_digits': 'Must have no more than {whole_digits} digits before the decimal point.',
    }

    def __init__(self, max_digits: int, decimal_places: int, **options: Any) -> None:
        _check_digits(max_digits, decimal_places)
        self.max_digits = max_digits
        self.decimal_places = decimal_places
        self.whole_digits = max_digits - decimal_places
        self._context = decimal.Context(
            prec=max_digits, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN
        )
        self._unit = decimal.Decimal((0, (1,), -decimal_places))
        self._pattern = re.compile(self._write_pattern(), re.ASCII)
        super().__init__(**options)

    def _write_whole(self) -> str:
        return f'[0-9]{{1,{self.whole_digits}}}' if self.whole_digits else '0'

    def _write_pattern(self) -> str:
        places = rf'(\.[0-9]{{1,{self.decimal_places}}})?' if self.decimal_places else ''
        return f'[+-]?{self._write_whole()}{places}'

    def read(self, value: object) -> decimal.Decimal:
        if isinstance(value, str):
            return self._finish(self._read_text(value))
        if isinstance(value, decimal.Decimal):
            return self._finish(self._read_decimal(value))
        if isinstance(value, int) and not isinstance(value, bool):
            return self._finish(self._read_int(value))
        if isinstance(value, float):
            return self._finish(self._read_float(value))
        self.error('type')

    def _finish(self, number: decimal.Decimal) -> decimal.Decimal:
        """Return *number* with all of its decimal places."""
        padded = number.quantize(self._unit, context=self._context)
        return PlainDecimal(padded) if 'E' in str(padded) else padded

    def _read_text(self, text: str) -> decimal.Decimal:
        if self._pattern.fullmatch(text):
            return decimal.Decimal(text)
        if len(text) > _LONGEST:
            self.error('max_digits')
        if text.strip('+-').lower() in ('nan', 'snan', 'inf', 'infinity'):
            self.error('finite')
        match = _NUMBER.fullmatch(text)
        if match is None:
            self.error('type')
        if match[1] and len(match[1]) - 1 > self.decimal_places:
            self.error('decimal_places')
        self.error('whole_digits')

    def _read_int(self, number: int) -> decimal.Decimal:
        # To write a huge int out takes long: bits are counted first, and 4 hold a digit.
        if number.bit_length() > 4 * self.max_digits or abs(number) >= 10**self.whole_digits:
            self.error('whole_digits')
        return decimal.Decimal(number)

    def _read_float(self, number: float) -> decimal.Decimal:
        exact = decimal.Decimal(repr(number))
        if exact.is_finite() and len(exact.normalize().as_tuple().digits) > _DIGITS_OF_FLOAT:
            self.error('exact')
        # 3.0 is as good as 3.
        return self._read_decimal(decimal.Decimal(int(number)) if number.is_integer() else exact)

    def _read_decimal(self, number: decimal.Decimal) -> decimal.Decimal:
        if not number.is_finite():
            self.error('finite')
        if -_exponent(number) > self.decimal_places:
            self.error('decimal_places')
        if number and number.adjusted() >= self.whole_digits:
            self.error('whole_digits')
        return number

    native = decimal.Decimal

    def write_check(self, source: Source, item: str) -> tuple[str, str]:
        """Write the check of a Decimal and of text, with all of their decimal places.

        Text of that shape makes a valid number, of which it is what `str()` shows.
        """
        is_shown = source.const(re.compile(self._write_shown(), re.ASCII).fullmatch, 'is_shown')
        number, text = source.const(decimal.Decimal, 'Decimal'), _name_text(item)
        is_no_number = f'(type({item}) is not {number} or {self._refuse_shown(item, is_shown)})'
        is_no_text = (
            f'(type({item}) is not str or not {is_shown}({text} := {item})'
            f' or ({item} := {number}({item})) is None)'
        )
        return '', f'{is_no_number} and {is_no_text}'

    def _refuse_shown(self, item: str, is_shown: str) -> str:
        """Return the expression that is true where `str(item)` is not as this field writes it."""
        places, text = self.decimal_places, _name_text(item)
        if not self.whole_digits or not 1 <= places <= _MOST_SHORT_PLACES:
            return f'not {is_shown}({text} := str({item}))'
        # The point stands where it should, so that no exponent follows: that has 3 characters.
        is_misplaced = f"({text} := str({item}))[{-1 - places}:{-places}] != '.'"
        return f'{is_misplaced} or len({text}) > {self.max_digits + 1}'

    def _write_shown(self) -> str:
        """Return the pattern of what `str()` shows: all of the places, and no exponent."""
        if self.decimal_places > _MOST_PLAIN_PLACES:
            return '(?!)'
        places = rf'\.[0-9]{{{self.decimal_places}}}' if self.decimal_places else ''
        return f'-?(?!0[0-9]){self._write_whole()}{places}'

    def write_text(self, source: Source, item: str, *, is_checked: bool) -> str:
        return _name_text(item) if is_checked else f'str({item})'

    def build_schema(self, dialect: Dialect) -> Schema:
        return {'type': 'string', 'format': 'decimal', 'pattern': f'^{self._write_pattern()}$'}


def _name_text(item: str) -> str:
    """Return the variable that the check of the variable *item* keeps its text in."""
    return f'{item}text'


def _exponent(number: decimal.Decimal) -> int:
    return int(number.as_tuple().exponent)


def _check_digits(max_digits: int, decimal_places: int) -> None:
    are_counts = type(max_digits) is int and type(decimal_places) is int
    if not are_counts or max_digits < 1 or not 0 <= decimal_places <= max_digits:
        raise ConfigurationError(
            f'Decimal(max_digits={max_digits!r}, decimal_places={decimal_places!r}) holds no '
            'number. Give two whole numbers, max_digits above 0 and no smaller than the other.'
        )
