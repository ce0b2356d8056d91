"""The values of a query's columns as Python's: column by column, where Django goes row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Context, Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.db.models import DecimalField
from django.db.models.sql.compiler import SQLCompiler

from django_apistar.api.known_selects import KnownSelect

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_READING = ('results_iter', 'get_converters', 'apply_converters')  # of Django's own compiler
_DECIMALS_OF_SQLITE = (
    'django.db.backends.sqlite3.operations',
    'DatabaseOperations.get_decimalfield_converter.<locals>.converter',
)
_DIGITS_OF_FLOAT = 15  # that it keeps of any decimal


def read_results(compiler: SQLCompiler) -> Iterable[Sequence[Any]]:
    """Return the rows of the compiler's query as its `results_iter` would."""
    if any(getattr(type(compiler), name) is not getattr(SQLCompiler, name) for name in _READING):
        return compiler.results_iter(tuple_expected=True)
    chunks = compiler.execute_sql()
    converters = compiler.get_converters(_list_converted(compiler))
    if not converters:
        return chain.from_iterable(chunks)
    convert = {
        position: build_converter(functions, col, compiler.connection)
        for position, (functions, col) in converters.items()
    }
    return chain.from_iterable(_convert_columns(chunk, convert) for chunk in chunks)


def _list_converted(compiler: SQLCompiler) -> list[Any]:
    if isinstance(compiler, KnownSelect):
        return compiler.parts.converted
    return [col for col, _, _ in compiler.select]


def _convert_columns(
    rows: Iterable[Sequence[object]], converters: dict[int, Callable[[object], object]]
) -> Iterator[Sequence[Any]]:
    columns: list[Iterable[Any]] = [*zip(*rows, strict=True)]
    if columns:
        for position, convert in converters.items():
            columns[position] = map(convert, columns[position])
    return zip(*columns, strict=True)


def build_converter(
    functions: Sequence[Callable[..., object]], col: Any, connection: BaseDatabaseWrapper
) -> Callable[[Any], object]:
    """Return a function from what the database has in the column *col* to Python's value."""

    def convert(value: object) -> object:
        for function in functions:
            value = function(value, col, connection)
        return value

    is_decimal = len(functions) == 1 and _is_of_sqlite(functions[0])
    return _build_decimal_reader(col.output_field, convert) if is_decimal else convert


def _is_of_sqlite(converter: object) -> bool:
    names = (getattr(converter, '__module__', ''), getattr(converter, '__qualname__', ''))
    return names == _DECIMALS_OF_SQLITE


def _build_decimal_reader(
    field: DecimalField[Any, Any], convert: Callable[[object], object]
) -> Callable[[Any], object]:
    """Return a faster *convert* of the numbers that SQLite has for decimals.

    A float that is nearest to a decimal of so few digits stands for that one: Django comes to the
    same by its exact digits.
    """
    digits, scale = min(field.max_digits, _DIGITS_OF_FLOAT), 10**field.decimal_places
    limit = 10**digits / scale
    unit, multiply = Decimal(1).scaleb(-field.decimal_places), Context(digits).multiply

    def read(value: Any) -> object:
        if value and -limit < value < limit:
            units = round(value * scale)
            if units / scale == value:
                return multiply(unit, units)
        return convert(value)

    return read
