"""Validators and Types with ways of their own: compiled code keeps them, wherever they stand."""

import functools

import pytest
from apistar import types, validators

from django_apistar.accelerate.types import compilers, constructors
from management_tests.accelerate.dice import Thing, as_json_sees, outcome, read_both, read_twice

pytestmark = pytest.mark.once

# What makes a usual validator of each class of API Star's.
CLASSES = {
    'String': ({'max_length': 2}, ['a', 'abc', 5, None]),
    'Date': ({}, ['2018-01-02', 'a', 5, None]),
    'Integer': ({'minimum': 0}, [1, -1, '1', 'a', None]),
    'Number': ({'maximum': 9}, [1, 2.5, 10, '1', 'a', None]),
    'Boolean': ({}, [True, 'true', 'a', None]),
    'Any': ({}, [1, None]),
    'Object': (
        {'properties': {'a': validators.Integer()}, 'required': ['a']},
        [{'a': 1}, {'a': 'x'}, {}, {'b': 1, 'a': 2}, 5, None],
    ),
    'Array': ({'items': validators.Integer()}, [[1], ['x'], [], 5, None]),
    'Union': ({'items': [validators.Integer(), validators.Boolean()]}, [1, True, 'x', None]),
}
SHOWN = 'own'  # what the ways of their own give


def validate_otherwise(self, value, definitions=None, allow_coerce=False):
    return SHOWN, allow_coerce


def with_method(base, **methods):
    return type('Own', (base,), methods)


def with_property(base, options):
    """Return a subclass where an option is a property."""
    name = next(iter(options), 'title')
    value = options.get(name, '')
    return type('Own', (base,), {name: property(lambda self: value, lambda self, given: None)})


def look_up(self, name):
    return validate_otherwise.__get__(self) if name == 'validate' else object.__getattribute__(
        self, name
    )  # fmt: skip


def forget_option(base, options):
    """Return a subclass whose instances have an option by their class."""
    name = next(iter(options), 'title')

    def make(self, **given):
        base.__init__(self, **given)
        delattr(self, name)

    return type('Own', (base,), {'__init__': make, name: options.get(name, '')})


def refuse(self, code, **context):
    raise validators.ValidationError(f'{SHOWN} {code}')


# What makes a validator of its own of a class and its options.
WAYS = {
    'as it is': lambda base, options: base(**options),
    'choosing options': lambda base, options: with_method(base)(**options),
    'validate': lambda base, options: with_method(base, validate=validate_otherwise)(**options),
    'look-up': lambda base, options: with_method(base, __getattribute__=look_up)(**options),
    'property': lambda base, options: with_property(base, options)(**options),
    'option of the class': lambda base, options: forget_option(base, options)(**options),
    'error': lambda base, options: with_method(base, error=refuse)(**options),
    'error_message': lambda base, options: with_method(
        base, error_message=lambda self, code, **context: f'{SHOWN} {code}'
    )(**options),
    'silent error': lambda base, options: with_method(
        base, error=lambda self, code, **context: None
    )(**options),
    'errors': lambda base, options: with_method(
        base, errors={code: f'{SHOWN} {code}' for code in base.errors}
    )(**options),
    'get_definitions': lambda base, options: with_method(
        base, get_definitions=lambda self, definitions=None: {'Own': self}
    )(**options),
    'has_default': lambda base, options: with_method(
        base, has_default=lambda self: True, default=None
    )(**options),
    'never has a default': lambda base, options: with_method(base, has_default=lambda self: False)(
        **options, default=None
    ),
    'default': lambda base, options: with_method(base, default=property(lambda self: SHOWN))(
        **options
    ),
    'default of the class': lambda base, options: with_method(base, default=None)(**options),
    'own default': lambda base, options: base(**options, default=[SHOWN]),
    'null': lambda base, options: base(**options, allow_null=True),
}  # fmt: skip


def validate_of_the_instance(base, options):
    validator = base(**options)
    validator.validate = validate_otherwise.__get__(validator)
    return validator


WAYS['validate of the instance'] = validate_of_the_instance


def make(name, way):
    options, values = CLASSES[name]
    return WAYS[way](getattr(validators, name), options), values


def hold(validator):
    """Return a validator that holds *validator* in all ways that there are."""
    holder = types.TypeMetaclass('Holder', (types.Type,), {'a': validator})
    return validators.Object(
        properties={
            'a': validator,
            'list': validators.Array(items=validator),
            'pair': validators.Array(items=[validator], additional_items=validator),
            'either': validators.Union([validator, validators.Any()]),
            'type': holder,
            'types': validators.Array(items=holder),
        },
        pattern_properties={'^p[0-9]': validator},
        additional_properties=validator,
    )


def wrap(value):
    """Return a value for what `hold` returns."""
    return {
        **dict.fromkeys(['a', 'either', 'p1', 'rest'], value), 'list': [value, value],
        'pair': [value, value], 'type': {'a': value}, 'types': [{'a': value}, {'a': value}],
    }  # fmt: skip


each_class = pytest.mark.parametrize('name', CLASSES)
each_way = pytest.mark.parametrize('way', WAYS)


@each_way
@each_class
def test_a_validator_keeps_its_ways_wherever_it_stands(name, way):
    """`stock`, `writer`"""
    validator, values = make(name, way)

    for each, sent in ((validator, values), (hold(validator), [*map(wrap, values), {}])):
        for allow_coerce in (False, True):
            compiled, expected = read_both(each, sent, allow_coerce)

            assert compiled == expected


@each_way
@each_class
def test_a_property_keeps_its_ways_in_all_that_reads_its_type(name, way):
    """`stock`, `idempotent`, `rendering`, `constructors`"""
    validator, values = make(name, way)
    properties = {'a': validator, 'b': validators.Integer(default=1)}
    cls = types.TypeMetaclass('Made', (types.Type,), dict(properties))
    installed = types.TypeMetaclass('Made', (types.Type,), dict(properties))
    constructors.install(installed)
    read = functools.partial(read_twice, cls)
    new, body = compilers.compile_type(cls), compilers.compile_body(cls)
    from_object, from_row = compilers.compile_from_object(cls), compilers.compile_from_row(cls)
    render = compilers.compile_render(cls)

    def show(value):
        return as_json_sees(dict(cls(value)))

    for value in [*values, [{}]]:
        thing = Thing({'a': value, 'b': 1})
        for sent in ({'a': value}, {'a': value, 'b': 2}, {'a': value, 'c': 1}, {}, thing):
            expected = outcome(cls, sent)
            assert outcome(new, sent) == expected
            own = outcome(installed, sent)
            assert (own[1:] if own[0] is installed else own) == (
                expected[1:] if expected[0] is cls else expected
            )
            assert outcome(body, sent) == outcome(read, sent)
            shown = outcome(show, sent)
            assert outcome(lambda sent: as_json_sees(from_object(sent)), sent) == shown
            assert outcome(lambda sent: as_json_sees(render(cls(sent))), sent) == shown
        row = outcome(lambda value: as_json_sees(from_row((value, 1))), value)
        assert row == outcome(show, thing)
