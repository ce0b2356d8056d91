"""The JSON encoders, with API Star's JSONResponse as the oracle."""

import datetime
import decimal
import enum
import json
import os
import sys
import uuid
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from types import ModuleType

import pytest
from apistar import http, types, validators
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_apistar.accelerate.json import encoder
from django_apistar.accelerate.types import constructors

pytestmark = pytest.mark.once

# HYPOTHESIS_EXAMPLES=2000 for a thorough run.
thorough = settings(
    max_examples=int(os.environ.get('HYPOTHESIS_EXAMPLES', 150)),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Text(str):
    def __str__(self):
        return 'not what JSON shows'


class Whole(int):
    def __repr__(self):
        return 'not what JSON shows'


class Part(float):
    def __repr__(self):
        return 'not what JSON shows'


class FirstValues(dict):
    """As werkzeug's MultiDict: lists inside, first values outside."""

    def items(self):
        return [(key, values[0]) for key, values in super().items()]


class Reversed(list):
    def __iter__(self):
        return reversed(self[:])


class Colour(enum.Enum):
    RED = 'red'


class Size(str, enum.Enum):
    BIG = 'big'


class Level(enum.IntEnum):
    LOW = 1


Pair = namedtuple('Pair', 'left right')


@dataclass
class Point:
    x: int


class Inner(types.Type):
    day = validators.Date(allow_null=True)
    ratio = validators.Any()


class Outer(types.Type):
    name = validators.String()
    at = validators.DateTime(allow_null=True)
    inner = validators.Array(items=Inner)


class Shown(types.Type):
    name = validators.String()

    def __getitem__(self, key):
        return super().__getitem__(key).upper()


def make_text_of_moments(value):
    """As Django's encoder does, and more: the kind of `default` that *fast* is for."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID | decimal.Decimal):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, set | map):
        return list(value)
    if isinstance(value, Point):
        return {'x': value.x}
    raise TypeError(f'No JSON for {type(value).__name__}.')


class Oracle(http.JSONResponse):
    def default(self, value):
        if isinstance(value, types.Type):
            return super().default(value)
        return make_text_of_moments(value)


def outcome(function, value):
    try:
        return function(value)
    except Exception as exc:
        return type(exc), str(exc)


def oracle(value):
    return Oracle(value).content


leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.floats(1e-9, 1e-3),
    st.floats(1e14, 1e18),
    st.text(max_size=8),
    st.sampled_from(['\ud800', '\x7f\x1f</"\\', '1e5', ':1e-7,', '0.00001', 'null', '\u2028']),
    st.builds(
        lambda make: make(),
        st.sampled_from(
            [
                lambda: Text('text'),
                lambda: Whole(7),
                lambda: Part(-0.0),
                lambda: Part('nan'),
                lambda: FirstValues(a=[1, 2]),
                lambda: Reversed([1, 2]),
                lambda: Pair(1, None),
                lambda: Point(float('nan')),
                lambda: Colour.RED,
                lambda: Size.BIG,
                lambda: Level.LOW,
                lambda: uuid.UUID(int=0xE5E5),
                lambda: decimal.Decimal('1E-7'),
                lambda: datetime.datetime(2018, 1, 2, tzinfo=datetime.timezone.utc),
                lambda: datetime.time(10, 20),
                lambda: {1},
                lambda: OrderedDict(b=1, a=None),
                lambda: object(),
                lambda: b'bytes',
                lambda: Inner(day='2018-01-02', ratio=1e-7),
                lambda: Inner(ratio=float('nan')),
                lambda: Outer(name='é', at=None, inner=[{'ratio': None}]),
                lambda: Shown(name='shown'),
            ]
        ),
    ),
)
names = st.one_of(st.text(max_size=4), st.sampled_from([1, 1.5, None, True, Size.BIG, (1, 2)]))
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=2).map(tuple),
        st.dictionaries(st.text(max_size=4), inner, max_size=4),
        st.dictionaries(names, inner, max_size=2),
    ),
    max_leaves=8,
)


@pytest.mark.parametrize('fast', [False, True])
@thorough
@given(value=trees)
def test_encoder_writes_the_bytes_of_api_star(fast, value):
    encode = encoder.build_encoder(make_text_of_moments, fast=fast)

    assert outcome(encode, value) == outcome(oracle, value)


# Single facts.

encoders = pytest.mark.parametrize('fast', [False, True])


@encoders
def test_the_unknown_is_the_error_of_the_default(fast):
    def refuse(value):
        raise TypeError(f'no form of {type(value).__name__}')

    with pytest.raises(TypeError, match=r'^no form of object$'):
        encoder.build_encoder(refuse, fast=fast)({'at': object()})


@encoders
@pytest.mark.parametrize('number', [float('nan'), float('inf')])
def test_numbers_that_json_lacks_are_an_error(fast, number):
    encode = encoder.build_encoder(make_text_of_moments, fast=fast)

    for value in (number, [None, {'a': (1, number)}], Inner(ratio=[number])):
        with pytest.raises(ValueError, match='Out of range float values are not JSON compliant'):
            encode(value)


@encoders
def test_a_cycle_is_an_error_that_says_so(fast):
    ring = []
    ring.append({'ring': ring})

    with pytest.raises(ValueError, match='Circular reference detected'):
        encoder.build_encoder(make_text_of_moments, fast=fast)(ring)


@encoders
def test_a_value_inside_of_itself_twice_is_no_cycle(fast):
    shared = {'a': 1}

    assert (
        encoder.build_encoder(make_text_of_moments, fast=fast)([shared, [shared]])
        == b'[{"a":1},[{"a":1}]]'
    )


@encoders
def test_an_iterator_is_read_once(fast):
    value = {'numbers': map(abs, [-1, -2]), 'float': 1e-7}

    text = encoder.build_encoder(make_text_of_moments, fast=fast)(value)

    assert text == b'{"numbers":[1,2],"float":1e-07}'


@encoders
@pytest.mark.parametrize(
    ('value', 'text'),
    [
        (Text('a'), b'"a"'), (Whole(1), b'1'), (Part(0.5), b'0.5'), (Reversed([1, 2]), b'[2,1]'),
        (Pair(1, 2), b'[1,2]'), (FirstValues(a=[1, 2]), b'{"a":1}'),
    ],
)  # fmt: skip
def test_what_stands_beside_a_subclass_is_asked_for_once(fast, value, text):
    asked = []

    def make_content(point):
        asked.append(point)
        return point.x

    encode = encoder.build_encoder(make_content, fast=fast)

    assert encode([value, Point(3)]) == b'[%b,3]' % text
    assert asked == [Point(3)]


@encoders
def test_an_error_leaves_the_encoder_as_it_was(fast):
    encode = encoder.build_encoder(make_text_of_moments, fast=fast)
    value = {'a': object()}
    with pytest.raises(TypeError):
        encode(value)
    value['a'] = 1

    assert encode(value) == b'{"a":1}'


@encoders
def test_compiled_types_are_written_as_their_dict(fast):
    class Compiled(types.Type):
        day = validators.Date()
        inner = validators.Array(items=Inner)

    constructors.install(Compiled)
    value = [Compiled(day='2018-01-02', inner=[{'ratio': 0.5}])]

    text = encoder.build_encoder(make_text_of_moments, fast=fast)(value)

    assert text == b'[{"day":"2018-01-02","inner":[{"day":null,"ratio":0.5}]}]'


def test_without_orjson_the_fast_encoder_is_the_exact_one(monkeypatch):
    monkeypatch.setitem(sys.modules, 'orjson', None)
    encoder._load_orjson.cache_clear()
    try:
        encode = encoder.build_encoder(make_text_of_moments, fast=True)
    finally:
        encoder._load_orjson.cache_clear()

    assert encode({'a': 1e-5}) == b'{"a":1e-05}'


def test_an_orjson_that_writes_floats_in_another_way_is_not_used(monkeypatch):
    orjson = pytest.importorskip('orjson')
    other = ModuleType('orjson')
    vars(other).update(vars(orjson), dumps=lambda *_: b'1E+22')
    used = encoder.find_plain_dumps(fast=True), encoder.find_loads(fast=True)
    monkeypatch.setitem(sys.modules, 'orjson', other)
    encoder._load_orjson.cache_clear()
    try:
        unused = encoder.find_plain_dumps(fast=True), encoder.find_loads(fast=True)
    finally:
        encoder._load_orjson.cache_clear()

    assert (used, unused) == ((orjson.dumps, orjson.loads), (None, None))


def test_without_the_encoder_in_c_the_bytes_are_the_same(monkeypatch):
    monkeypatch.setattr(json.encoder, 'c_make_encoder', None)
    encode = encoder.build_encoder(make_text_of_moments, fast=False)

    assert encode({'é': [1e-5, Inner(ratio=1)]}) == '{"é":[1e-05,{"day":null,"ratio":1}]}'.encode()


@pytest.fixture
def encode_by_orjson_alone(monkeypatch):
    """The fast encoder, where the standard library's refuses to write anything."""
    pytest.importorskip('orjson')

    def refuse(value, level):
        raise AssertionError(f'written again: {value!r}')

    monkeypatch.setattr(json.encoder, 'c_make_encoder', lambda *_: refuse)
    return encoder.build_encoder(make_text_of_moments, fast=True)


@pytest.mark.parametrize(
    ('value', 'text'),
    [
        (Text('a'), '"a"'), (Whole(1), '1'), (Part(0.5), '0.5'), (Reversed([1, 2]), '[2,1]'),
        (Pair(1, 2), '[1,2]'), (FirstValues(a=[1, 2]), '{"a":1}'), (Point(3), '{"x":3}'),
        (datetime.date(2018, 1, 2), '"2018-01-02"'), (decimal.Decimal('1.50'), '"1.50"'),
        (Colour.RED, '"red"'), ({7}, '[7]'), (Inner(ratio=0.5), '{"day":null,"ratio":0.5}'),
        ({'day': None, '10e5': 0.001}, '{"day":null,"10e5":0.001}'),
        (Inner(ratio=None), '{"day":null,"ratio":null}'), ('é 0.00001', '"é 0.00001"'),
    ],
)  # fmt: skip
def test_what_orjson_writes_alike_is_not_written_again(encode_by_orjson_alone, value, text):
    assert encode_by_orjson_alone(value) == text.encode()


@encoders
def test_long_texts_are_compared_too(fast):
    encode = encoder.build_encoder(make_text_of_moments, fast=fast)
    filler = ['filler'] * 300

    assert encode([*filler, 1e-7]) == oracle([*filler, 1e-7])
    assert encode([*filler, 'e-mail', None]) == oracle([*filler, 'e-mail', None])
    with pytest.raises(ValueError, match='Out of range'):
        encode([*filler, float('nan')])


@encoders
@pytest.mark.parametrize('number', [1e-7, Part(1e-7), Part('nan'), float('nan')])
def test_a_flat_dict_with_a_float_is_compared_too(fast, number):
    encode = encoder.build_encoder(make_text_of_moments, fast=fast)

    for value in ({'a': 'text', 'b': None}, {'a': 'text', 'b': None, 'c': number}):
        assert outcome(encode, value) == outcome(oracle, value)
