"""Validators without children: each option with each value, compiled and as API Star has them."""

import datetime

import pytest
from apistar import types, validators

from django_apistar.accelerate.types import compilers
from management_tests.accelerate.dice import (
    ODDITIES,
    SCALARS,
    Slug,
    Thing,
    outcome,
    read_both,
    read_twice,
)

pytestmark = pytest.mark.once

UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2018, 1, 2, 10, 20, 30, tzinfo=UTC)


class Words(validators.Boolean):
    values = {**validators.Boolean.values, 'ja': True}


class Nulls(validators.Boolean):
    null_values = {**validators.Boolean.null_values, 'nichts': None}


# By name: a validator, values that its compiled lines accept, and texts that they accept in
# addition where they may coerce.
LEAVES = {
    'string': (validators.String(), ['', 'a', 'é' * 30], []),
    'null': (validators.String(allow_null=True), [None, 'a'], []),
    'shortest': (validators.String(min_length=2), ['ab', 'abc'], []),
    'longest': (validators.String(max_length=2), ['', 'ab'], []),
    'neither': (validators.String(min_length=1, max_length=3, allow_null=True), ['a', 'abc'], []),
    'one': (validators.String(enum=['red']), ['red'], []),
    'enum': (validators.String(enum=['red', 'blue', '']), ['red', 'blue', ''], []),
    'pattern': (validators.String(pattern='^[a-z]+$'), ['a', 'abc'], []),
    'slug': (Slug(), ['big-slug'], []),
    'no pattern': (validators.String(pattern='['), [], []),
    'unknown format': (validators.String(format='email'), ['a', ''], []),
    'date': (validators.Date(), ['2018-01-02', MOMENT.date()], []),
    'null date': (validators.Date(allow_null=True), [None, '2018-01-02', MOMENT.date()], []),
    'long date': (validators.Date(max_length=9), [MOMENT.date()], []),
    'date of a pattern': (validators.Date(pattern='^2018'), [MOMENT.date()], []),
    'time': (validators.Time(), ['10:20:30', '10:20:30.123', '00:00:00.123456', MOMENT.time()], []),
    'moment': (
        validators.DateTime(),
        ['2018-01-02T10:20:30Z', '2018-01-02 10:20:30', '2018-01-02T10:20:30.123456', MOMENT], [],
    ),
    'integer': (validators.Integer(), [0, -1, 10**30], ['1', '-3', ' 5 ', '1_000']),
    'null integer': (validators.Integer(allow_null=True), [None, 0, 5], ['1']),
    'least integer': (validators.Integer(minimum=1), [1, 2], ['1']),
    'most integer': (validators.Integer(maximum=1), [1, 0], ['1']),
    'above': (validators.Integer(minimum=1, exclusive_minimum=True), [2], ['2']),
    'below': (validators.Integer(maximum=1, exclusive_maximum=True), [0], ['0']),
    'between': (validators.Integer(minimum=-1, maximum=3, multiple_of=2), [0, 2], ['2']),
    'half steps': (validators.Integer(multiple_of=0.5), [0, 1, -2], ['2']),
    'number of integers': (validators.Integer(enum=['1']), [], []),
    'no step': (validators.Integer(multiple_of=0), [], []),
    'number': (validators.Number(), [0, 1, -1, 2.5, -0.0, 10**30], ['2.5', '-3', '1e5']),
    'null number': (validators.Number(allow_null=True), [None, 0, 2.5], ['2.5']),
    'least number': (validators.Number(minimum=0.5), [0.5, 1, 2.5], ['0.5']),
    'most number': (validators.Number(maximum=1), [1, 1.0, 0.5], ['1']),
    'above number': (validators.Number(minimum=1, exclusive_minimum=True), [1.5, 2], ['2']),
    'below number': (validators.Number(maximum=2.5, exclusive_maximum=True), [2.25, 2], ['2']),
    'infinite limit': (validators.Number(minimum=-float('inf'), maximum=float('inf')), [0.5], []),
    'limit beyond floats': (validators.Number(minimum=-(10**400), maximum=10**400), [0.5], []),
    'odd limit': (validators.Number(minimum=2**53 + 1), [2.0**54], []),
    'tenths': (validators.Number(multiple_of=0.1), [0.3, 1], ['2']),
    'thirds': (validators.Number(multiple_of=3), [3.0, 6, 0], ['3']),
    'boolean': (validators.Boolean(), [True, False], ['true', 'FALSE', 'on', 'Off', '1', '0', '']),
    'null boolean': (validators.Boolean(allow_null=True), [None, True], []),
    'words': (Words(), [True], []),
    'nulls': (Nulls(), [True], []),
    'any': (validators.Any(), [None, 1, 'a', object], []),
}  # fmt: skip
VALUES = [
    *SCALARS, *ODDITIES, 'ja', 'nichts', 'blue', 'abc', 'abcd', 'é' * 30, '1', '2', '0.5', 6, 2**53,
    2**53 + 2, 2.25, 0.1, 1e308, '1e5', 'Off', '2018-02-29', '23:59:59', '10:20:30.123456',
    '2018-01-02T10:20:30+00:00', ['a'], {'a': 1}, MOMENT.time(), MOMENT,
]  # fmt: skip
leaves = pytest.mark.parametrize('name', LEAVES)


@leaves
@pytest.mark.parametrize('allow_coerce', [False, True])
def test_each_value_is_accepted_or_refused_as_by_api_star(name, allow_coerce):
    """`scalars`"""
    compiled, expected = read_both(LEAVES[name][0], VALUES, allow_coerce)

    assert compiled == expected


@leaves
def test_each_value_of_a_property_is_accepted_or_refused_as_by_api_star(name):
    validator = LEAVES[name][0]
    cls = types.TypeMetaclass('Made', (types.Type,), {'a': validator, 'b': validators.Any()})
    new, body = compilers.compile_type(cls), compilers.compile_body(cls)
    row, data = compilers.compile_from_row(cls), compilers.compile_from_object(cls)

    for value in VALUES:
        sent, thing = {'a': value, 'b': 1}, Thing({'a': value, 'b': 1})
        assert outcome(new, sent) == outcome(cls, sent)
        assert outcome(new, {**sent, 'c': 1}) == outcome(cls, sent)
        assert outcome(new, thing) == outcome(cls, thing)
        assert outcome(body, sent) == outcome(read_twice, cls, sent)
        shown = outcome(lambda thing: dict(cls(thing)), thing)
        assert outcome(data, thing) == outcome(row, (value, 1)) == shown


def read_with(function, values):
    return [outcome(function, value) for value in values]


@leaves
def test_what_is_usual_is_read_by_the_compiled_lines_alone(name, asked):
    validator, usual, texts = LEAVES[name]
    strict = compilers.compile_validator(validator, allow_coerce=False)
    lenient = compilers.compile_validator(validator, allow_coerce=True)
    expected = read_with(validator.validate, usual)
    coerced = read_with(lambda value: validator.validate(value, None, True), [*usual, *texts])
    asked.clear()

    assert read_with(strict, usual) == expected
    if not isinstance(validator, Words | Nulls):
        assert read_with(lenient, [*usual, *texts]) == coerced
    assert asked == []


@leaves
def test_what_is_usual_in_a_type_is_read_by_the_compiled_lines_alone(name, asked):
    validator, usual, texts = LEAVES[name]
    bodies = [] if isinstance(validator, Words | Nulls) else [*usual, *texts]
    cls = types.TypeMetaclass('Made', (types.Type,), {'a': validator})
    made = [cls({'a': value}) for value in usual]
    sent = [read_twice(cls, {'a': value}) for value in bodies]
    new, body = compilers.compile_type(cls), compilers.compile_body(cls)
    row, data = compilers.compile_from_row(cls), compilers.compile_from_object(cls)
    asked.clear()

    assert [new({'a': value}) for value in usual] == made
    assert [new({'a': value, 'b': 1}) for value in usual] == made
    assert [new(Thing({'a': value})) for value in usual] == made
    assert vars(new)['of_all']([{'a': value} for value in usual]) == made
    assert [body({'a': value}) for value in bodies] == sent
    assert [body({'a': value, 'b': 1}) for value in bodies] == sent
    shown = [dict(each) for each in made]
    assert [data(Thing({'a': value})) for value in usual] == shown
    assert [data({'a': value}) for value in usual] == [row((value,)) for value in usual] == shown
    assert asked == []
