"""Rows of joined tables, written in one step: each nested row once, with API Star as the oracle."""

import datetime
import decimal
from types import SimpleNamespace

import pytest
from apistar import types, validators

from django_apistar import validators as django_validators
from django_apistar.accelerate.json import encoder, nested_types
from management_tests.accelerate.stock_json import DEFAULT, oracle

pytestmark = pytest.mark.once


class City(types.Type):
    name = validators.String(max_length=9)
    founded = validators.Date(allow_null=True)


class Person(types.Type):
    name = validators.String()
    city = City
    age = validators.Integer(minimum=0)


class Book(types.Type):
    title = validators.String(max_length=5)
    author = Person
    price = validators.Number(allow_null=True)
    editor = Person


class Odd(types.Type):
    city = City
    tags = validators.Array()


class Holder(types.Type):
    odd = Odd


ROME = ('Rome', datetime.date(2018, 1, 2))
# Properties stand in the order in which they are made: Types that are classes already come first.
ANN, BOB = (7, *ROME, 'Ann', 30), (None, None, None, 'Bob', 40)
NOBODY = (None,) * 5
ROWS = [
    (1, *ANN, 2, *BOB, 'a', 2.5), (2, *BOB, None, *NOBODY, 'b', None), (1, *ANN, 1, *ANN, 'c', 3),
]  # fmt: skip
styles = pytest.mark.parametrize('fast', [False, True])


def build_writer(fast):
    if fast:
        pytest.importorskip('orjson')
    return encoder.build_json_writer(DEFAULT, fast=fast)


def nest(row, cls):
    """Return the values of *row* as an object, and the rest of *row*."""
    values = {}
    for name, validator in cls.validator.properties.items():
        first, *row = row
        if not isinstance(validator, type):
            values[name] = first
            continue
        values[name], row = nest(row, validator)
        if first is None:
            values[name] = None
    return SimpleNamespace(**values), row


def write_alone(rows):
    return oracle([Book(nest(row, Book)[0]) for row in rows])


@styles
def test_rows_are_written_as_the_instances_that_are_made_of_them(fast):
    """`nested_types`"""
    write = nested_types.compile_joined_rows(Book, build_writer(fast))

    for rows in ([], ROWS, ROWS[::-1], *([row] for row in ROWS)):
        assert write(rows) == write_alone(rows)


@styles
def test_values_that_python_has_otherwise_are_converted(fast):
    write = nested_types.compile_joined_rows(Book, build_writer(fast))
    rows = [(1, *ANN, 2, *BOB, 'a', decimal.Decimal('2.50'))]

    assert write(rows) == write_alone(rows)


@styles
def test_a_nested_row_is_written_once(fast):
    """That of its key which comes first."""
    writer = build_writer(fast)
    write = nested_types.compile_joined_rows(Book, writer)
    other = (None, None, None, 'Eve', 1)
    rows = [(1, *ANN, 2, *BOB, 'a', None), (1, *other, 2, *other, 'b', None)]

    assert write(rows) == write_alone([rows[0], (1, *ANN, 2, *BOB, 'b', None)])


@styles
@pytest.mark.parametrize(
    'row',
    [
        (1, *ANN, 2, *BOB, 'too long', None), (1, *ANN, 2, *BOB, 5, None),
        (1, *ANN, 2, *BOB, 'a', 'x'), (9, 7, *ROME, 'Ann', -1, 2, *BOB, 'a', None),
        (9, 7, 'X' * 10, None, 'Ann', 3, 2, *BOB, 'a', None), (1, *ANN, 2, *BOB, None, None),
        (1, *ANN, 3, None, None, None, 'Bob', '40', 'a', None),
    ],
)  # fmt: skip
def test_an_unusual_row_is_an_error(fast, row):
    write = nested_types.compile_joined_rows(Book, build_writer(fast))

    with pytest.raises(nested_types.UnusualRowError):
        write([ROWS[0], row])


@pytest.mark.parametrize('row', [(), ('a',), (*ROWS[0], 1), ROWS[0][:-1]])
def test_a_row_has_as_many_columns_as_its_type(row):
    write = nested_types.compile_joined_rows(Book, build_writer(False))

    with pytest.raises(ValueError, match='values to unpack'):
        write([row])


def test_columns_and_types_that_can_be_written():
    class Priced(types.Type):
        city = City
        price = django_validators.Decimal(5, 2)

    slow, fast = (encoder.build_json_writer(DEFAULT, fast=fast) for fast in (False, True))

    assert [nested_types.count_columns(cls) for cls in (City, Person, Book)] == [2, 5, 14]
    assert [nested_types.is_nested(cls, slow) for cls in (City, Person, Book)] == [True] * 3
    assert [nested_types.is_nested(cls, slow) for cls in (Odd, Holder, Priced)] == [False] * 3
    assert nested_types.is_nested(Priced, fast) is True
