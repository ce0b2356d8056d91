"""Objects, arrays and unions: each rule with each value, compiled and as API Star has them."""

import decimal
from collections import OrderedDict
from types import MappingProxyType

import pytest
from apistar import types, validators

from django_apistar.accelerate.types import compilers
from management_tests.accelerate.dice import (
    Box,
    Even,
    Items,
    Size,
    Text,
    Thing,
    as_json_sees,
    outcome,
    read_both,
    read_twice,
)

pytestmark = pytest.mark.once

WHOLE, TEXT = validators.Integer(), validators.String(max_length=3)


class Inner(types.Type):
    size = validators.Integer(maximum=9)
    name = validators.String(default='x')


class Outer(types.Type):
    inner = Inner
    day = validators.Date(allow_null=True)


class Asked(validators.String):
    """Its default is another each time."""

    count = 0

    @property
    def default(self):
        type(self).count += 1
        return str(type(self).count % 1)


class Marked(validators.Integer):
    default = 7  # of the class


def an_object(*, additional_properties=None, **options):
    return validators.Object(additional_properties=additional_properties, **options)


# By name: a validator, and values that its compiled lines accept by themselves. An alternative of
# a union that refuses is asked.
OBJECTS = {
    'anything': (validators.Object(), [{}, {'a': 1, 'b': None}]),
    'nothing': (an_object(additional_properties=False), [{}]),
    'no more': (an_object(properties={'a': WHOLE}, additional_properties=False), [{'a': 1}, {}]),
    'more': (validators.Object(properties={'a': WHOLE}), [{'a': 1}, {'a': 1, 'b': 'x'}, {}]),
    'rest': (
        validators.Object(properties={'a': TEXT}, additional_properties=WHOLE),
        [{'a': 'x'}, {'a': 'x', 'b': 1, 'c': 2}, {'b': 1}],
    ),
    'left out': (an_object(properties={'a': WHOLE, 'b': TEXT}), [{'b': 'x'}, {'a': 1, 'c': 1}]),
    'required': (
        an_object(properties={'a': WHOLE, 'b': TEXT}, required=['a']), [{'a': 1}, {'a': 1, 'b': ''}]
    ),
    'all required': (
        an_object(properties={'a': WHOLE, 'b': TEXT}, required=['b', 'a']),
        [{'a': 1, 'b': 'x'}, {'b': 'x', 'a': 1, 'c': 1}, OrderedDict(a=1, b='x')],
    ),
    'required besides': (
        validators.Object(properties={'a': WHOLE}, required=['a', 'c']), [{'a': 1, 'c': 'x'}]
    ),
    'defaults': (
        an_object(
            properties={
                'a': validators.Integer(default=5), 'b': validators.String(allow_null=True),
                'c': validators.Array(default=[1]), 'd': validators.Integer(default='odd'),
            }
        ),
        [{}, {'a': 1}, {'b': 'x', 'c': []}, {'d': 1}],
    ),
    'some defaults': (
        an_object(properties={'a': WHOLE, 'b': validators.String(default='x'), 'c': TEXT}),
        [{}, {'a': 1}, {'c': 'x'}, {'b': 'y', 'c': 'x'}],
    ),
    'own defaults': (an_object(properties={'a': Asked(), 'b': Marked()}), [{}, {'a': 'x', 'b': 1}]),
    'least': (validators.Object(min_properties=1), [{'a': 1}]),
    'least two': (validators.Object(min_properties=2), [{'a': 1, 'b': 1}]),
    'most': (validators.Object(max_properties=1), [{}, {'a': 1}]),
    'counted': (
        an_object(properties={'a': WHOLE}, min_properties=1, max_properties=2),
        [{'a': 1}, {'a': 1, 'b': 2}],
    ),
    'patterns': (
        an_object(properties={'b': TEXT}, pattern_properties={'^a': WHOLE, 'e$': TEXT}),
        [{'a': 1, 'b': 'x', 'c': 1}, {'a1': 1, 'he': 'x'}],
    ),
    'patterns and no more': (
        an_object(pattern_properties={'^a': WHOLE}, additional_properties=False),
        [{'a': 1, 'ab': 2}],
    ),
    'patterns and rest': (
        validators.Object(pattern_properties={'^a': WHOLE}, additional_properties=TEXT),
        [{'a': 1, 'b': 'x'}],
    ),
    'pattern of a property': (
        an_object(properties={'a': validators.Any()}, pattern_properties={'a': WHOLE}), [{'a': 1}]
    ),
    'no pattern': (an_object(pattern_properties={'(': WHOLE}), []),
    'null': (an_object(properties={'a': WHOLE}, allow_null=True), [{'a': 1}]),
    'names': (
        an_object(properties={'_a': WHOLE, 'class': TEXT, 'x-y': WHOLE, '': TEXT, 'a_': WHOLE}),
        [{'_a': 1, 'class': 'x', 'x-y': 2, '': 'y', 'a_': 3}],
    ),
    'nested': (
        an_object(properties={'a': an_object(properties={'a': WHOLE}, required=['a'])}),
        [{'a': {'a': 1}}, {}],
    ),
    'called': (an_object(properties={'a': Even(), 'b': an_object(def_name='B')}), []),
    'called for the rest': (validators.Object(additional_properties=Even(), def_name='A'), []),
    'called for a pattern': (an_object(pattern_properties={'^a': Even()}, definitions={}), []),
    'type': (an_object(properties={'a': Inner}), [{'a': {'size': 1}}]),
}  # fmt: skip
ARRAYS = {
    'list': (validators.Array(), [[], [1, 'a', None, {}]]),
    'texts': (validators.Array(items=validators.String()), [[], ['a', 'b']]),
    'short texts': (validators.Array(items=TEXT), [[], ['a', 'abc']]),
    'nulls': (validators.Array(items=validators.String(allow_null=True)), [['a', None]]),
    'integers': (validators.Array(items=WHOLE), [[1, 2], [10**30]]),
    'numbers': (validators.Array(items=validators.Number()), [[1, 2.5]]),
    'booleans': (validators.Array(items=validators.Boolean()), [[True, False]]),
    'dates': (validators.Array(items=validators.Date()), [['2018-01-02']]),
    'least': (validators.Array(min_items=1), [[1], [1, 2]]),
    'least two': (validators.Array(items=WHOLE, min_items=2), [[1, 2]]),
    'most': (validators.Array(items=WHOLE, max_items=2), [[], [1, 2]]),
    'exact': (validators.Array(min_items=2, max_items=2), [[1, 2]]),
    'unique': (validators.Array(unique_items=True), [[], [1, True, 0, False, 'a', None]]),
    'unique integers': (validators.Array(items=WHOLE, unique_items=True), [[1, 2]]),
    'unique types': (validators.Array(items=Inner, unique_items=True), []),
    'null': (validators.Array(items=WHOLE, allow_null=True), [[1]]),
    'pair': (validators.Array(items=[WHOLE, TEXT]), [[1, 'a'], [1], [1, 'a', None], []]),
    'a pair at most': (
        validators.Array(items=[WHOLE, TEXT], additional_items=False), [[1, 'a'], [1], []]
    ),
    'one at most': (
        validators.Array(items=[WHOLE, TEXT], additional_items=False, max_items=1), [[1], []]
    ),
    'pair and more': (
        validators.Array(items=[WHOLE, TEXT], additional_items=WHOLE), [[1, 'a'], [1, 'a', 2, 3]]
    ),
    'pair and whatever': (
        validators.Array(items=[WHOLE], additional_items=True), [[1], [1, 'a', None]]
    ),
    'unique pair': (validators.Array(items=[WHOLE, WHOLE], unique_items=True), [[1, 2], [1, 2, 3]]),
    'list of lists': (validators.Array(items=validators.Array(items=WHOLE)), [[[1], []]]),
    'list of objects': (
        validators.Array(items=an_object(properties={'a': WHOLE})), [[{'a': 1}, {}]]
    ),
    'flat types': (validators.Array(items=Inner), [[], [{'size': 1}, {'size': 2, 'name': 'y'}]]),
    'types': (validators.Array(items=Outer), [[{'inner': {'size': 1}, 'day': '2018-01-02'}]]),
    'called': (validators.Array(items=Even()), []),
    'called for the rest': (validators.Array(items=[Even()], additional_items=Even()), []),
}  # fmt: skip
UNIONS = {
    'either': (validators.Union([WHOLE, TEXT]), [1]),
    'or null': (validators.Union([WHOLE, TEXT], allow_null=True), [1]),
    'null of one': (validators.Union([WHOLE, validators.String(allow_null=True)]), [1]),
    'neither': (validators.Union([]), []),
    'containers': (
        validators.Union([validators.Array(items=WHOLE), an_object(properties={'a': WHOLE})]),
        [],
    ),
    'unions': (validators.Union([validators.Union([WHOLE, validators.Boolean()]), TEXT]), [1]),
    'dates': (validators.Union([validators.Date(), TEXT]), ['2018-01-02']),
    'called': (validators.Union([Even(), TEXT]), []),
}  # fmt: skip
SHAPES = {
    f'{kind} {name}': shape
    for kind, shapes in (('object', OBJECTS), ('array', ARRAYS), ('union', UNIONS))
    for name, shape in shapes.items()
}
ODD = [decimal.Decimal(1), Size.SMALL]  # of a client's dict they stay what they are
SINGLE = [None, 0, 1, 3, '1', 'a', 'abcd', True, 'true', 2.5, float('nan'), '2018-01-02', object]
INSIDE = [
    *SINGLE,
    *ODD,
    {},
    {'a': 1},
    {'a': 'x'},
    {'size': 1},
    {'size': 10},
    {'size': '1'},
    [],
    [1],
    ['a'],
]
VALUES = [
    *SINGLE, (), (1,), Text('a'), Items([1, 'a']), Box(a=1), Box(b='x'), OrderedDict(b='x', a=1),
    MappingProxyType({'a': 1}), {'a': 1, 'b': 'x'}, {'b': 'x', 'a': 1, 'c': 1, 'd': 1}, {'c': 1},
    {0: 1}, {None: 1, 'a': 1}, {'a': 1, 0: 'x'}, {'a': 1, 'b': 'x', 0: 1}, {'b': 1, 'c': 'x'},
    {'apple': 1}, {'apple': 'x'}, {'apple': 'abcd', 'he': 1}, {'b': 'x', 'c': []}, {0: 'x', 1: 'y'},
    {'_a': 'x', 'class': 1, 'x-y': 'a', '': 1, 'a_': 's'}, {'a': {'a': 'x'}, 'b': {'b': 1}},
    [1, 2], [1, 'a'], ['a', 1], [1, 1], ['a', 'a', 'a'], [1, True], [1, 'a', 'a'], [1, 'a', 3, 3],
    ['a', None], [[1], ['a']], [{'size': 1}, {'size': 'x'}], [{'size': 1}, 5, {'size': 10}], [2, 4],
    [3, 4], [{'inner': {'size': 1}}, {'inner': {'size': 'x'}, 'day': 5}],
    [{'size': 1}, Box(size=2)],
    [{'inner': {'size': '1'}}], [2, 'a', 3], [{1: 2}, [3]], ['2018-01-02', 'abc'],
    *({'a': each} for each in INSIDE), *([each] for each in INSIDE),
]  # fmt: skip
shapes = pytest.mark.parametrize('name', SHAPES)


@shapes
@pytest.mark.parametrize('allow_coerce', [False, True])
def test_each_value_is_accepted_or_refused_as_by_api_star(name, allow_coerce):
    """`containers`, `writer`"""
    validator, others, *_ = SHAPES[name]

    compiled, expected = read_both(validator, [*VALUES, *others], allow_coerce)

    assert compiled == expected


@shapes
def test_each_value_of_a_property_is_accepted_or_refused_as_by_api_star(name):
    """`type_writer`, `compilers`, `idempotent`"""
    validator, usual = SHAPES[name]
    properties = {'a': validator, 'b': validators.Integer(default=1)}
    cls = types.TypeMetaclass('Made', (types.Type,), properties)
    new, body = compilers.compile_type(cls), compilers.compile_body(cls)
    row, data = compilers.compile_from_row(cls), compilers.compile_from_object(cls)

    for value in [*VALUES, *usual]:
        sent, thing = {'a': value}, Thing({'a': value, 'b': 1})
        assert outcome(new, sent) == outcome(cls, sent)
        assert outcome(new, thing) == outcome(cls, thing)
        assert outcome(body, sent) == outcome(read_twice, cls, sent)
        shown = outcome(lambda thing: as_json_sees(dict(cls(thing))), thing)
        assert outcome(lambda thing: as_json_sees(data(thing)), thing) == shown
        assert outcome(lambda value: as_json_sees(row((value, 1))), value) == shown


@shapes
def test_what_is_usual_is_read_by_the_compiled_lines_alone(name, asked):
    validator, usual = SHAPES[name]
    strict = compilers.compile_validator(validator, allow_coerce=False)
    lenient = compilers.compile_validator(validator, allow_coerce=True)
    expected = [outcome(validator.validate, value) for value in usual]
    coerced = [outcome(lambda value: validator.validate(value, None, True), each) for each in usual]
    asked.clear()

    assert [outcome(strict, value) for value in usual] == expected
    assert [outcome(lenient, value) for value in usual] == coerced
    assert asked == []


@shapes
def test_what_is_usual_in_a_type_is_read_by_the_compiled_lines_alone(name, asked):
    validator, usual = SHAPES[name]
    cls = types.TypeMetaclass('Made', (types.Type,), {'a': validator})
    made = [cls({'a': value}) for value in usual]
    new, row = compilers.compile_type(cls), compilers.compile_from_row(cls)
    data = compilers.compile_from_object(cls)
    shown = [as_json_sees(dict(each)) for each in made]
    asked.clear()

    assert [new({'a': value}) for value in usual] == made
    assert [as_json_sees(data({'a': value})) for value in usual] == shown
    assert [as_json_sees(row((value,))) for value in usual] == shown
    assert asked == []
