"""The JSON of flat Types, with API Star's Type and JSONResponse as the oracle."""

import datetime
import decimal
import enum
import functools
import os
import uuid
from types import SimpleNamespace

import pytest
from apistar import types, validators
from apistar.exceptions import ConfigurationError
from django.utils.translation import gettext_lazy
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from django_apistar import validators as django_validators
from django_apistar.accelerate.json import encoder, flat_types
from management_tests.accelerate.stock_json import DEFAULT, oracle

pytestmark = pytest.mark.once

# HYPOTHESIS_EXAMPLES=2000 for a thorough run.
thorough = settings(
    max_examples=int(os.environ.get('HYPOTHESIS_EXAMPLES', 150)),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
styles = pytest.mark.parametrize('fast', [False, True])


class TextWriter(str):
    """Written by its content."""


class Size(enum.Enum):
    SMALL = 'S'
    LARGE = 5


MOMENT = datetime.datetime(2018, 1, 2, 10, 20, tzinfo=datetime.timezone.utc)
STRINGS = ['', 'a', 'red', 'é\u2028\x7f', '"\\\n{}', '\ud800', '1e-7', TextWriter('red')]
STRINGS += [uuid.UUID(int=7), gettext_lazy('Yes'), Size.SMALL]
NUMBERS = [0, 1, -1, 2**63, 2**64, 10**400, 0.0, -0.0, 0.5, 1e-4, 9.9e-5, -1e-5, 1e15, 1e16, -1e16]
NUMBERS += [*map(decimal.Decimal, ('12.50', '5.00', '1E-7', '1E+20', 'NaN', 'sNaN')), Size.LARGE]
NUMBERS += [123456789012345678.0, 1e22, 5e-324, float('nan'), float('inf'), -float('inf'), True]
DECIMALS = [
    *NUMBERS,
    '12.50',
    '-0.00',
    '+1.5',
    '+12.50',
    '007.50',
    '00.50',
    '1.500',
    '0.000000001',
    '0.5',
    '7',
    'NaN',
    '1e2',
]
DECIMALS += [*map(decimal.Decimal, ('0.50', '-0.00', '5', '0E-9', '999999.99', '1E+2', '0.12'))]
MOMENTS = [MOMENT, MOMENT.date(), MOMENT.time(), MOMENT.replace(tzinfo=None)]
MOMENTS += ['2018-01-02', '10:20', '2018-01-02T10:20:30Z', '2018-01-02T10:20:30+05:30']
VALUES = [None, True, False, *STRINGS, *NUMBERS, *MOMENTS, decimal.Decimal('1E-7'), [1e-7], {}]
KEYS = ['id', 'name', 'class', 'a"b', "it's", '{x}', 'é', '\\n']
LEAVES = [  # with the values that they may well accept
    (validators.String, {'max_length': 3}, STRINGS),
    (validators.Integer, {'minimum': 0}, NUMBERS),
    (validators.Number, {'maximum': 1e300}, NUMBERS),
    (validators.Boolean, {}, [True, False]),
    (validators.Date, {}, MOMENTS),
    (validators.Time, {}, MOMENTS),
    (validators.DateTime, {}, MOMENTS),
    *((functools.partial(django_validators.Decimal, *digits), {}, DECIMALS)
      for digits in ((8, 2), (2, 2), (3, 0), (12, 9))),
    (django_validators.UUID, {}, [uuid.UUID(int=7), str(uuid.UUID(int=7)), 'a']),
    (django_validators.Duration, {}, [datetime.timedelta(-1, 5), '1 02:00:00', 'P1D', 'soon']),
    (django_validators.JSON, {}, [{'a': [1e-7]}, [], 5, 'x', 1.5, float('nan'), None]),
]  # fmt: skip


@st.composite
def types_with_rows(draw):
    """Draw a flat Type and rows of values, which it may accept."""
    properties, columns = {}, []
    for key in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=4)):
        cls, limits, good = draw(st.sampled_from(LEAVES))
        options = draw(st.sampled_from([{}, limits, {'allow_null': True}]))
        if draw(st.integers(0, 4)) == 0:
            options = {**options, 'default': draw(st.sampled_from([*good, *VALUES]))}
        try:
            properties[key] = cls(**options)
        except ConfigurationError:  # ours validate their default
            properties[key] = cls()
        columns.append(st.sampled_from([*good * 5, *VALUES]))
    rows = draw(st.lists(st.tuples(*columns), max_size=3))
    return types.TypeMetaclass('Made', (types.Type,), properties), rows


def outcome(function, *args):
    try:
        return function(*args)
    except validators.ValidationError as exc:
        return exc.detail
    except Exception as exc:
        return type(exc), str(exc)


def read_row(cls, row):
    """A row has the values of an object."""
    return cls(SimpleNamespace(**dict(zip(cls.validator.properties, row, strict=True))))


@styles
@thorough
@given(types_with_rows())
def test_rows_are_written_as_the_instances_that_are_made_of_them(fast, type_and_rows):
    cls, rows = type_and_rows
    json_writer = encoder.build_json_writer(DEFAULT, fast=fast)
    assume(flat_types.is_flat(cls, json_writer))
    write = flat_types.compile_rows(cls, json_writer)

    for some in (rows, *([row] for row in rows)):
        expected = outcome(lambda rows: oracle([read_row(cls, row) for row in rows]), some)
        assert outcome(write, some) == expected


@styles
@thorough
@given(types_with_rows(), st.data())
def test_instances_are_written_as_api_star_writes_them(fast, type_and_rows, data):
    cls, rows = type_and_rows
    json_writer = encoder.build_json_writer(DEFAULT, fast=fast)
    encode = encoder.build_encoder(DEFAULT, fast=fast)
    write_one = flat_types.compile_document(cls, json_writer, encode)
    made = [read_some(data, cls, row) for row in rows]
    instances = [value for value in made if isinstance(value, cls)]

    for instance in instances:
        assert outcome(write_one, instance) == outcome(oracle, instance)
    if flat_types.is_flat(cls, json_writer):
        write = flat_types.compile_instances(cls, json_writer)
        assert outcome(write, made) == outcome(oracle, made)


def read_some(data, cls, row):
    """Return the instance of some values of *row*, so that defaults are seen; or an error."""
    values = dict(zip(cls.validator.properties, row, strict=True))
    absent = data.draw(st.sets(st.sampled_from(KEYS), max_size=2))
    return outcome(cls, {key: value for key, value in values.items() if key not in absent})


# Single facts.


@pytest.fixture
def json_writer():
    pytest.importorskip('orjson')
    return encoder.build_json_writer(DEFAULT, fast=True)


class Price(types.Type):
    amount = validators.Number()


@pytest.mark.parametrize(
    ('amount', 'text'),
    [(1e-5, b'1e-05'), (-1e-7, b'-1e-07'), (1e16, b'1e+16'), (0.0001, b'0.0001'), (0, b'0.0')],
)
def test_floats_are_written_as_python_writes_them(json_writer, amount, text):
    expected = b'[{"amount":%s}]' % text

    assert flat_types.compile_rows(Price, json_writer)([(amount,)]) == expected
    assert flat_types.compile_instances(Price, json_writer)([Price(amount=amount)]) == expected


def test_the_first_error_is_of_what_api_star_does_first(json_writer):
    class Name(types.Type):
        name = validators.String()

    with pytest.raises(validators.ValidationError) as error:
        flat_types.compile_rows(Name, json_writer)([('\ud800',), (1,)])

    assert error.value.detail == {'name': 'Must be a string.'}


def test_a_list_may_hold_other_things_too(json_writer):
    values = [Price(amount=1), {'amount': 1e-7}, None, [Price(amount=1e-7)]]

    assert flat_types.compile_instances(Price, json_writer)(values) == oracle(values)


def test_what_is_not_flat_is_written_by_the_encoder():
    class Order(types.Type):
        prices = validators.Array(items=Price)

    json_writer = encoder.build_json_writer(DEFAULT, fast=False)
    encode = encoder.build_encoder(DEFAULT, fast=False)
    write = flat_types.compile_document(Order, json_writer, encode)

    assert write(Order(prices=[{'amount': 2}])) == b'{"prices":[{"amount":2.0}]}'


# Each kind of value by itself, with values that are written in one step and all others.


class Words(validators.Boolean):
    values = {**validators.Boolean.values, 'ja': True}


class Weekday(validators.Date):
    """Of a class of its own, as a project's may be."""


UTC = datetime.timezone.utc
# By name: a validator, and values of rows that are written in one step.
COLUMNS = {
    'text': (validators.String(), ['', 'a', 'é\u2028\x7f', '"\\\n{}']),
    'short text': (validators.String(max_length=3), ['red']),
    'text or null': (validators.String(allow_null=True), ['a', None]),
    'text with a default': (validators.String(default='a'), ['b']),
    'text with an odd default': (validators.String(default=5), ['b']),
    'integer': (validators.Integer(), [0, -1, 2**63 - 1]),
    'integer or null': (validators.Integer(allow_null=True, minimum=1), [1, None]),
    'number': (
        validators.Number(), [0, 0.0, -0.0, 0.5, 1e-4, 1e15, -0.5, -1e-4, -2.5, -1e15, 3],
    ),
    'number or null': (validators.Number(allow_null=True, maximum=9), [None, 0.5, 9]),
    'number with a default': (validators.Number(default=1), [0.5]),
    'boolean': (validators.Boolean(), [True, False]),
    'boolean or null': (validators.Boolean(allow_null=True), [True, None]),
    'boolean of other words': (Words(), [True]),
    'date': (validators.Date(), [MOMENT.date(), '2018-01-02']),
    'date or null': (Weekday(allow_null=True), [None, MOMENT.date()]),
    'time': (validators.Time(), [MOMENT.time()]),
    'moment': (validators.DateTime(), [MOMENT, MOMENT.replace(tzinfo=None)]),
    'moment or null': (validators.DateTime(allow_null=True), [MOMENT, None]),
    'decimal': (
        django_validators.Decimal(8, 2), [decimal.Decimal('0.50'), decimal.Decimal('5.00')]
    ),
    'share': (django_validators.Decimal(2, 2), [decimal.Decimal('0.50')]),
    'long decimal': (django_validators.Decimal(9, 5), [decimal.Decimal('-1.50000')]),
    'whole decimal': (django_validators.Decimal(3, 0), [decimal.Decimal('5')]),
    'decimal or null': (django_validators.Decimal(8, 2, allow_null=True), [None]),
    'uuid': (django_validators.UUID(), [uuid.UUID(int=7)]),
    'uuid or null': (django_validators.UUID(allow_null=True), [None, uuid.UUID(int=7)]),
    'duration': (django_validators.Duration(), [datetime.timedelta(-1, 5)]),
}  # fmt: skip
# By a writer that writes none but JSON's own values, these are not.
TEXTS = (
    'decimal', 'share', 'long decimal', 'whole decimal', 'decimal or null', 'uuid', 'uuid or null',
    'duration',
)  # fmt: skip
columns = pytest.mark.parametrize(
    ('name', 'fast'),
    [(name, fast) for name in COLUMNS for fast in (False, True) if fast or name not in TEXTS],
)


class Recorder:
    """The encoder of a writer, which writes step by step, and what it was asked to write."""

    def __init__(self, fast):
        self.asked = []
        self.writer = encoder.build_json_writer(DEFAULT, fast=fast)
        self._encode, self.writer.encode = self.writer.encode, self.encode

    def encode(self, value):
        self.asked.append(value)
        return self._encode(value)


def make_column(name):
    """Return a Type of a column beside one that is always in order."""
    properties = {'a"{': COLUMNS[name][0], 'b': validators.Integer(default=1)}
    return types.TypeMetaclass('Column', (types.Type,), properties)


def make_some(cls, values):
    made = [outcome(cls, SimpleNamespace(**{'a"{': value, 'b': 1})) for value in values]
    return [instance for instance in made if isinstance(instance, cls)]


@columns
def test_each_value_of_a_column_is_written_as_api_star_writes_it(fast, name):
    """`flat_types`, `nested_types`"""
    cls = make_column(name)
    json_writer = encoder.build_json_writer(DEFAULT, fast=fast)
    values = [*VALUES, *COLUMNS[name][1], *DECIMALS]
    write = flat_types.compile_rows(cls, json_writer)
    write_one = flat_types.compile_document(cls, json_writer, json_writer.encode)
    write_some = flat_types.compile_instances(cls, json_writer)

    for value in values:
        expected = outcome(lambda value: oracle([read_row(cls, (value, 1))]), value)
        assert outcome(write, [(value, 1)]) == expected
        assert outcome(write, [(value, 1), (value, 2)][::-1]) == outcome(
            lambda value: oracle([read_row(cls, (value, n)) for n in (2, 1)]), value
        )
    made = [*make_some(cls, values), *(each for each in [outcome(cls, {})] if type(each) is cls)]
    for instance in made:
        assert outcome(write_one, instance) == outcome(oracle, instance)
        assert outcome(write_some, [instance, 5]) == outcome(oracle, [instance, 5])


@columns
def test_what_is_usual_is_written_in_one_step(fast, name):
    pytest.importorskip('orjson')
    cls, recorder = make_column(name), Recorder(fast)
    usual = COLUMNS[name][1]
    write = flat_types.compile_rows(cls, recorder.writer)
    write_one = flat_types.compile_document(cls, recorder.writer, recorder.encode)
    write_some = flat_types.compile_instances(cls, recorder.writer)
    made = make_some(cls, usual)

    assert write([(value, 1) for value in usual]) == oracle(made)
    assert [write_one(each) for each in made] == [oracle(each) for each in made]
    assert write_some(made) == oracle(made)
    assert recorder.asked == []


def test_types_are_flat_whose_values_are_written_in_one_step():
    """`flat_types`"""
    pytest.importorskip('orjson')
    writers = [encoder.build_json_writer(DEFAULT, fast=fast) for fast in (False, True)]
    flat = {
        name: tuple(flat_types.is_flat(make_column(name), writer) for writer in writers)
        for name in COLUMNS
    }
    others = [validators.Any(), validators.Array(), django_validators.JSON(), validators.Object()]

    assert flat == {name: (name not in TEXTS, True) for name in COLUMNS}
    assert [flat_types.is_writable(each, writers[1]) for each in [*others, Price]] == [False] * 5
