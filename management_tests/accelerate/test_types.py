"""Compiled validators and Types, with API Star's own as the oracle."""

import contextlib
import copy
import datetime
import functools
import gc
import inspect
import linecache
import os
import re
import traceback
import weakref

import pytest
from apistar import formats, types, validators
from hypothesis import given
from hypothesis import strategies as st

from django_apistar.accelerate.collector import uncollected
from django_apistar.accelerate.source import Source
from django_apistar.accelerate.types import compilers, constructors
from django_apistar.accelerate.types.stock import STOCK_INIT
from django_apistar.accelerate.types.type_writer import KnownKind
from management_tests.accelerate import type_texts
from management_tests.accelerate.dice import (
    Dice,
    Even,
    Thing,
    as_json_sees,
    outcome,
    read_twice,
    thorough,
)

pytestmark = pytest.mark.once


@st.composite
def validators_with_values(draw):
    dice = Dice(draw)
    validator = dice.validator()
    return validator, [dice.value(validator) for _ in range(4)]


@st.composite
def types_with_values(draw, has_objects=True):
    dice = Dice(draw, has_objects=has_objects)
    cls = dice.type()
    return cls, [dice.value_of_type(cls) for _ in range(4)]


# The properties.


@thorough
@given(validators_with_values(), st.booleans())
def test_compiled_validator_answers_as_api_star(tree_and_values, allow_coerce):
    tree, values = tree_and_values
    compiled = compilers.compile_validator(tree, allow_coerce)

    for value in values:
        assert outcome(compiled, value) == outcome(
            lambda value: tree.validate(value, allow_coerce=allow_coerce), value
        )


@thorough
@given(types_with_values())
def test_compiled_type_makes_what_its_constructor_makes(cls_and_values):
    cls, values = cls_and_values
    compiled = compilers.compile_type(cls)

    for value in values:
        assert outcome(compiled, value) == outcome(cls, value)


@thorough
@given(types_with_values())
def test_compiled_body_equals_both_of_api_stars_validations(cls_and_values):
    cls, values = cls_and_values
    compiled = compilers.compile_body(cls)

    for value in values:
        assert outcome(compiled, value) == outcome(read_twice, cls, value)


@thorough
@given(types_with_values())
def test_data_of_objects_and_rows_is_what_json_shows_of_the_type(cls_and_values):
    cls, values = cls_and_values
    from_object, render = compilers.compile_from_object(cls), compilers.compile_render(cls)
    from_row = compilers.compile_from_row(cls)
    names = list(cls.validator.properties)

    for value in values:
        expected = outcome(lambda value: as_json_sees(dict(cls(value))), value)
        assert outcome(lambda value: as_json_sees(from_object(value)), value) == expected
        assert outcome(lambda value: as_json_sees(render(cls(value))), value) == expected
        if isinstance(value, Thing) and all(name in vars(value) for name in names):
            row = tuple(getattr(value, name) for name in names)
            assert outcome(lambda row: as_json_sees(from_row(row)), row) == expected


@thorough
@given(types_with_values())
def test_installed_constructor_makes_what_the_stock_one_makes(cls_and_values):
    cls, values = cls_and_values
    stock = [outcome(cls, value) for value in values]
    by_name = [outcome(call_by_name, cls, value) for value in values]

    constructors.install(cls)

    assert [outcome(cls, value) for value in values] == stock
    assert [outcome(call_by_name, cls, value) for value in values] == by_name


@contextlib.contextmanager
def api_stars_own_type():
    """`Type` without what `compat` makes it read of objects."""
    patched = types.Type.__init__, vars(types.Type)['validate']
    types.Type.__init__ = STOCK_INIT.__wrapped__
    types.Type.validate = classmethod(types.Type.validate.__func__.__wrapped__)
    try:
        yield
    finally:
        types.Type.__init__, types.Type.validate = patched


@thorough
@given(types_with_values(has_objects=False))
def test_what_a_client_sends_is_read_and_refused_as_by_api_stars_own_type(cls_and_values):
    """The same in both modes: whatever lies in the dicts and lists, too, that JSON never has."""
    cls, values = cls_and_values
    values = [value for value in values if isinstance(value, dict | list | str | None)]
    with api_stars_own_type():
        made = [outcome(cls, value) for value in values]
        sent = [outcome(read_twice, cls, value) for value in values]

    assert [outcome(cls, value) for value in values] == made
    assert [outcome(read_twice, cls, value) for value in values] == sent
    assert [outcome(compilers.compile_type(cls), value) for value in values] == made
    assert [outcome(compilers.compile_body(cls), value) for value in values] == sent


def call_by_name(cls, value):
    return cls(**value) if type(value) is dict else cls()


# Single facts.


class Category(types.Type):
    name = validators.String(max_length=10)
    since = validators.Date(allow_null=True)


class Product(types.Type):
    name = validators.String(max_length=10)
    price = validators.Number(minimum=0)
    tags = validators.Array(items=validators.String(), default=[])
    category = Category


PRODUCT = {'name': 'chair', 'price': 5, 'category': {'name': 'wood', 'since': '2018-01-02'}}


@pytest.fixture
def product_type():
    """A Type of its own for each test: what is put on it stays on it."""
    return types.TypeMetaclass(
        'Product', (types.Type,), {'name': validators.String(), 'size': validators.Integer()}
    )


def test_errors_carry_api_stars_texts_and_codes():
    with pytest.raises(validators.ValidationError) as refusal:
        compilers.compile_type(Product)({'price': -1, 'name': 'x' * 11, 'category': {}})

    assert refusal.value.detail == {
        'name': 'Must have no more than 10 characters.',
        'price': 'Must be greater than or equal to 0.',
        'category': {'name': 'The "name" field is required.'},
    }
    assert refusal.value.detail['price'].code == 'minimum'


def test_a_default_that_is_not_valid_fails_in_the_second_validation_of_a_body():
    cls = types.TypeMetaclass(
        'Odd', (types.Type,), {'size': validators.Integer(default='none of yours')}
    )

    with pytest.raises(validators.ValidationError) as refusal:
        compilers.compile_body(cls)({})

    assert refusal.value.detail == {'size': 'Must be a number.'}


@pytest.mark.parametrize('is_nested', [False, True])
def test_a_default_is_what_the_second_validation_of_a_body_makes_of_it(is_nested):
    members = {'part': validators.Number(default=1), 'whole': validators.Integer(default=2.0)}
    cls = types.TypeMetaclass('Sized', (types.Type,), members)
    if is_nested:
        cls = types.TypeMetaclass('Holder', (types.Type,), {'own': cls})

    made = compilers.compile_body(cls)({'own': {}} if is_nested else {})

    sized = made.own if is_nested else made
    assert repr((sized.part, sized.whole)) == '(1.0, 2)'


def test_a_body_gets_its_own_copy_of_a_mutable_default():
    read = compilers.compile_body(Product)

    read(PRODUCT).tags.append('mine')

    assert read(PRODUCT).tags == []


@pytest.mark.parametrize('price', ['nan', 'inf'])
def test_a_body_with_text_for_no_finite_number_is_refused(price):
    with pytest.raises(validators.ValidationError) as refusal:
        compilers.compile_body(Product)({**PRODUCT, 'price': price})

    assert refusal.value.detail == {'price': 'Must be finite.'}


def test_a_users_validator_runs_once_for_each_value():
    seen = []

    class Recorded(validators.Validator):
        def validate(self, value, definitions=None, allow_coerce=False):
            seen.append((value, sorted(definitions), allow_coerce))
            return value

    item = validators.Object(
        properties={'a': Recorded(), 'b': validators.Integer()}, def_name='Item'
    )
    with pytest.raises(validators.ValidationError):
        compilers.compile_validator(item, allow_coerce=True)({'a': 1, 'b': 'x'})

    assert seen == [(1, ['Item'], True)]


def test_a_reference_finds_the_definitions_of_its_place():
    tree = validators.Object(
        def_name='Tree',
        properties={'leaves': validators.Array(items=validators.Ref('Tree')), 'n': Even()},
    )
    validate = compilers.compile_validator(tree, allow_coerce=False)

    assert validate({'n': 2, 'leaves': [{'n': 4, 'leaves': []}]}) == {
        'leaves': [{'leaves': [], 'n': 4}],
        'n': 2,
    }
    with pytest.raises(validators.ValidationError) as refusal:
        validate({'leaves': [{'n': 3}]})
    assert refusal.value.detail == {'leaves': {0: {'n': "Must be even, ['Tree']."}}}


def test_a_dynamic_default_is_asked_each_time():
    today = ['monday']

    class Today(validators.String):
        @property
        def default(self):
            return today[0]

    item = validators.Object(properties={'day': Today()})
    validate = compilers.compile_validator(item, allow_coerce=False)
    assert validate({}) == {'day': 'monday'}

    today[0] = 'tuesday'

    assert validate({}) == {'day': 'tuesday'}


def test_an_enum_may_grow():
    sizes = ['small']
    validate = compilers.compile_validator(validators.String(enum=sizes), allow_coerce=False)
    sizes.append('large')

    assert validate('large') == 'large'


@pytest.mark.parametrize(
    ('validator', 'value', 'accepted'),
    [
        (validators.Object(pattern_properties={'(': validators.Integer()}), {'a': 1}, {}),
        (validators.Array(items=validators.String(pattern='(')), ['a'], []),
    ],
    ids=['pattern_properties', 'pattern'],
)
def test_a_pattern_that_is_no_regex_fails_for_each_value_as_in_api_star(validator, value, accepted):
    for validate in (
        validator.validate, compilers.compile_validator(validator, allow_coerce=False)
    ):  # fmt: skip
        assert validate(accepted) == accepted
        with pytest.raises(re.error, match=r'^missing \), unterminated subpattern at position 0$'):
            validate(value)


def test_types_that_make_their_instances_themselves_are_called():
    class Loud(types.Type):
        name = validators.String()

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.name = self.name.upper()

    class Holder(types.Type):
        loud = Loud

    for compile_it in (compilers.compile_type, compilers.compile_body):
        assert compile_it(Loud)({'name': 'a'}).name == 'A'
        assert compile_it(Holder)({'loud': {'name': 'a'}}).loud.name == 'A'
    assert compilers.compile_from_object(Holder)({'loud': {'name': 'a'}})['loud'].name == 'A'


def make_type(bases=(types.Type,), metaclass=types.TypeMetaclass, **attributes):
    properties = {'name': validators.String(), 'size': validators.Integer(default=1)}
    return metaclass('Own', bases, properties | attributes)


def with_rules(**rules):
    """Return a Type whose validator got rules that no Type can write down."""
    own = make_type()
    vars(own.validator).update(rules)
    return own


class CallingMetaclass(types.TypeMetaclass):
    def __call__(self, *args, **kwargs):
        made = super().__call__(*args, **kwargs)
        made.name = 'called'
        return made


def refuse_to_be_made(cls, *args, **kwargs):
    raise RuntimeError('not made')


def tell_nothing(self, name):
    return {'name': 'told'} if name == '_dict' else object.__getattribute__(self, name)


def with_attribute():
    own = make_type()
    type.__setattr__(own, 'name', property(lambda self: 'of the class'))
    return own


def find_louder(self, name):
    return str(self._dict[name]).upper()


def validate_all(cls, value, definitions=None, allow_coerce=False):
    return cls({'name': 'validated'})


OWN_TYPES = {
    'metaclass': lambda: make_type(metaclass=CallingMetaclass),
    '__new__': lambda: make_type(__new__=refuse_to_be_made),
    '__getattribute__': lambda: make_type(__getattribute__=tell_nothing),
    'validate': lambda: make_type(validate=classmethod(validate_all)),
    '__getattr__': lambda: make_type(__getattr__=find_louder),
    'attribute': with_attribute,
    '_dict': lambda: make_type(_dict=property(lambda self: {'name': 'kept'}, lambda *args: None)),
    'has_default': lambda: make_type(has_default=classmethod(lambda cls: True)),
    'pattern_properties': lambda: with_rules(pattern_properties={'^x': validators.Integer()}),
    'additional_properties': lambda: with_rules(additional_properties=False),
    'min_properties': lambda: with_rules(min_properties=2),
    'max_properties': lambda: with_rules(max_properties=1),
    'allow_null': lambda: with_rules(allow_null=True),
    'required': lambda: with_rules(required=['name', 'size', 'x']),
}


@pytest.mark.parametrize('nesting', ['', 'field', 'items'])
@pytest.mark.parametrize('own', OWN_TYPES)
def test_types_with_ways_of_their_own_keep_them(own, nesting):
    cls = OWN_TYPES[own]()
    values = [{'name': 'a'}, {'name': 'a', 'size': 2}, {'name': 'a', 'x': 1}, {'x': 1}, {}, None, 5]
    if nesting:
        held = cls if nesting == 'field' else validators.Array(items=cls)
        cls = types.TypeMetaclass('Holder', (types.Type,), {'own': held})
        values = [{'own': value if nesting == 'field' else [value]} for value in values]
    stock = [outcome(cls, value) for value in values]

    def show(value):
        return as_json_sees(dict(cls(value)))

    for read, expected in (
        (compilers.compile_type(cls), cls),
        (compilers.compile_body(cls), functools.partial(read_twice, cls)),
        (compose(as_json_sees, compilers.compile_from_object(cls)), show),
        (compose(as_json_sees, compilers.compile_render(cls), cls), show),
    ):
        assert [outcome(read, value) for value in values] == [
            outcome(expected, value) for value in values
        ]
    constructors.install(cls)
    assert [outcome(cls, value) for value in values] == stock


# Rules of a nested Object that hold for what came and not for what the first validation made of it.
HELD_TWICE = {
    'max_properties': (
        {'properties': {'size': validators.Integer(default=1)}, 'max_properties': 1},
        'Must have no more than 1 properties.',
    ),
    'min_properties': (
        {'additional_properties': None, 'min_properties': 1},
        'Must not be empty.',
    ),
    'required': (
        {'additional_properties': None, 'required': ['name']},
        {'name': 'The "name" field is required.'},
    ),
    'pattern_properties': (
        {
            'properties': {'size': validators.String(default='big')},
            'pattern_properties': {'^size': validators.Integer()},
        },
        {'size': 'Must be a number.'},
    ),
}


@pytest.mark.parametrize(('rules', 'detail'), HELD_TWICE.values(), ids=HELD_TWICE)
def test_a_rule_that_a_read_object_breaks_is_told_at_the_second_validation(rules, detail):
    class Holder(types.Type):
        own = validators.Object(**rules)

    for read in (compilers.compile_body(Holder), functools.partial(read_twice, Holder)):
        with pytest.raises(validators.ValidationError) as refusal:
            read({'own': {'name': 'a'}})
        assert refusal.value.detail == {'own': detail}


class Doubling(formats.BaseFormat):
    """A project's own, which reads no value as it has read it."""

    def is_native_type(self, value):
        return False

    def validate(self, value):
        return value * 2

    def to_string(self, value):
        return value


def test_a_format_of_a_project_is_read_in_both_validations_of_a_body(monkeypatch):
    monkeypatch.setitem(validators.FORMATS, 'doubling', Doubling())

    class Doubled(types.Type):
        text = validators.String(format='doubling')

    for read in (compilers.compile_body(Doubled), functools.partial(read_twice, Doubled)):
        assert read({'text': 'a'})._dict == {'text': 'aaaa'}


def compose(*functions):
    """Return what applies *functions*, the last one first."""
    return functools.reduce(lambda outer, inner: lambda value: outer(inner(value)), functions)


def test_what_a_type_shows_itself_is_shown():
    class Masked(types.Type):
        secret = validators.String()

        def __getitem__(self, key):
            return '***'

    class Holder(types.Type):
        masked = Masked

    value = {'masked': {'secret': 'x'}}
    assert compilers.compile_from_object(Masked)(value['masked']) == {'secret': '***'}
    assert as_json_sees(compilers.compile_from_object(Holder)(value)) == {
        'masked': {'secret': '***'}
    }
    assert compilers.compile_render(Holder)(Holder(value)) == {'masked': {'secret': '***'}}


def test_a_default_that_is_no_list_of_types_is_shown_as_it_is():
    class Shelf(types.Type):
        products = validators.Array(items=Category, default='none')

    assert compilers.compile_render(Shelf)(Shelf()) == {'products': 'none'}


def test_a_nested_type_that_cannot_be_shown_comes_after_the_errors_of_its_neighbours():
    class Undated(types.Type):
        day = validators.Date(default='today')

    class Holder(types.Type):
        undated = Undated
        size = validators.Integer()

    with pytest.raises(validators.ValidationError) as refusal:
        compilers.compile_from_object(Holder)({'undated': {}, 'size': 'x'})

    assert refusal.value.detail == {'size': 'Must be a number.'}


def test_rows_become_data_without_instances():
    read = compilers.compile_from_row(Category)

    assert read(('wood', datetime.date(2018, 1, 2))) == {'name': 'wood', 'since': '2018-01-02'}
    with pytest.raises(validators.ValidationError) as refusal:
        read(('x' * 11, None))
    assert refusal.value.detail == {'name': 'Must have no more than 10 characters.'}


def test_an_object_without_the_attribute_raises_what_getattr_raises():
    with pytest.raises(AttributeError, match="'Thing' object has no attribute 'since'"):
        compilers.compile_type(Category)(Thing({'name': 'wood'}))


class Posing(Thing):
    """Passes for an instance of another class, as lazy objects do. Each for one of its own."""

    __class__ = property(lambda self: self.posed)


class PosingByLookUp(Thing):
    def __getattribute__(self, name):
        return super().__getattribute__('posed' if name == '__class__' else name)


@pytest.mark.parametrize('kind', [Posing, PosingByLookUp])
def test_an_object_is_what_it_passes_for_whatever_came_before_it(kind):
    values = {'name': 'wood', 'since': datetime.date(2018, 1, 2)}
    objects = [kind({**values, 'posed': posed}) for posed in (kind, int, list, dict, kind, str)]
    plain = Thing(values)

    for each in [*objects, plain, *objects], [plain, *objects, plain], [plain, values, 'wood', 1]:
        new = compilers._compile_new(Category)
        assert [outcome(new, value) for value in each] == [
            outcome(Category, value) for value in each
        ]


def test_the_class_of_the_first_object_is_known_from_then_on():
    """But not one that may pass for another: `isinstance` is asked each time."""
    kinds = [Thing, object, Posing, PosingByLookUp, type('Below', (PosingByLookUp,), {})]
    known = [KnownKind() for _ in kinds]
    for each, kind in zip(known, kinds, strict=True):
        each.learn(kind)

    assert KnownKind().kind is None
    assert [each.kind for each in known] == [Thing, object, object, object, object]


def test_tracebacks_show_the_compiled_lines():
    class Failing(validators.Validator):
        def validate(self, value, definitions=None, allow_coerce=False):
            raise RuntimeError('out of order')

    validate = compilers.compile_validator(
        validators.Object(title='Order', properties={'a': Failing()}), allow_coerce=False
    )
    try:
        validate({'a': 1})
    except RuntimeError:
        text = traceback.format_exc()

    assert 'File "<django_apistar validator Object Order>", line' in text
    assert 'a_ = _failing.validate(a_, definitions=definitions, allow_coerce=False)' in text


def test_compiled_code_goes_with_its_class():
    cls = types.TypeMetaclass('Passing', (types.Type,), {'name': validators.String()})
    filename = compilers.compile_type(cls).__code__.co_filename
    constructors.install(cls)
    reference = weakref.ref(cls)

    del cls
    gc.collect()

    assert reference() is None
    assert filename not in linecache.cache


def test_code_of_forgotten_validators_is_forgotten():
    filename = compilers.compile_validator(
        validators.String(title='Forgotten'), allow_coerce=False
    ).__code__.co_filename
    gc.collect()

    assert filename == '<django_apistar validator String Forgotten>'
    assert filename not in linecache.cache


# The constructor of Types.


def test_installed_constructor_is_taken_back(product_type):
    assert constructors.install(product_type) is True
    assert product_type.__init__ is not types.Type.__init__
    assert product_type(name='a', size=1) == product_type({'name': 'a', 'size': 1})

    constructors.uninstall(product_type)

    assert product_type.__init__ is types.Type.__init__


def test_subclasses_of_a_type_with_an_installed_constructor_keep_their_own_fields(product_type):
    constructors.install(product_type)

    class Special(product_type):
        extra = validators.Integer()

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            object.__setattr__(self, 'is_ready', True)

    special = Special(name='a', size=1, extra=2)

    assert dict(special) == {'name': 'a', 'size': 1, 'extra': 2}
    assert special.is_ready
    assert constructors.install(Special) is False


def test_installed_constructor_refuses_the_same_arguments(product_type):
    calls = [
        lambda: product_type(),
        lambda: product_type({}, {}),
        lambda: product_type({'name': 'a', 'size': 1}, name='b'),
        lambda: product_type({'name': 'a', 'size': '1'}, definitions=None, allow_coerce=True),
        lambda: product_type(value=1),
        lambda: product_type('text'),
    ]
    stock = [outcome(call) for call in calls]

    constructors.install(product_type)

    assert [outcome(call) for call in calls] == stock


def test_copies_of_a_validator_are_validators_of_their_own(product_type):
    constructors.install(product_type)
    partial = copy.deepcopy(product_type.validator)
    partial.required = []

    assert partial.validate({'name': 'a'}) == {'name': 'a'}


@pytest.fixture
def installed_everywhere():
    constructors.install_everywhere()
    yield
    constructors.uninstall_everywhere()


@pytest.mark.usefixtures('installed_everywhere')
def test_types_in_use_get_their_constructor_by_themselves(product_type):
    subclass = types.TypeMetaclass('Sub', (product_type,), {'extra': validators.Any(default=1)})

    few = [product_type(name='a', size=1) for _ in range(5)]
    assert '__init__' not in vars(product_type)

    many = [product_type(name='a', size=1) for _ in range(50)]
    assert '__init__' in vars(product_type)
    assert [subclass(name='a', size=1) for _ in range(50)][-1].extra == 1
    assert '__init__' in vars(subclass)
    assert few + many == [few[0]] * 55


def test_uninstalling_everywhere_leaves_nothing_behind(product_type):
    stock = types.Type.__init__
    constructors.install_everywhere()
    for _ in range(50):
        product_type(name='a', size=1)

    constructors.uninstall_everywhere()

    assert types.Type.__init__ is stock
    assert '__init__' not in vars(product_type)


def test_a_type_gets_its_constructor_again_when_it_is_installed_again(product_type):
    for _ in range(2):
        constructors.install_everywhere()
        for _ in range(50):
            product_type(name='a', size=1)
        assert '__init__' in vars(product_type)
        constructors.uninstall_everywhere()
        assert '__init__' not in vars(product_type)


def test_what_is_compiled_has_these_lines_and_no_more():
    """`containers`, `scalars`, `type_writer`, `writer`, `rendering`, `compilers`, `constructors`,
    `flat_types`, `nested_types`
    """
    pytest.importorskip('orjson')
    text = '\n'.join(type_texts.iter_texts())
    if os.environ.get('WRITE_TYPES'):
        type_texts.FILE.write_text(text)

    assert text == type_texts.FILE.read_text()


@pytest.fixture
def collector():
    yield
    gc.enable()


@pytest.mark.usefixtures('collector')
@pytest.mark.parametrize(
    ('length', 'is_on', 'is_on_meanwhile'),
    [(4999, True, True), (5000, True, False), (5000, False, False)],
)
def test_the_collector_sleeps_while_a_long_list_is_read(length, is_on, is_on_meanwhile):
    (gc.enable if is_on else gc.disable)()
    read = uncollected(lambda values: gc.isenabled())

    assert read([0] * length) is is_on_meanwhile
    assert gc.isenabled() is is_on


# The writer of sources.


def test_constants_are_literals_or_names_that_no_line_uses():
    source = Source()
    numbers = [1, 2]
    with source.block('def answer(numbers):'):
        text, name = source.const("it's", 'text'), source.const(numbers, 'numbers')
        source.line(f'return {text}, {name}')

    assert source.text == 'def answer(numbers):\n    return "it\'s", _numbers\n'
    assert source.build('answer', '<test>')(None) == ("it's", numbers)


@pytest.mark.parametrize('number', [float('nan'), float('inf'), -float('inf')])
def test_numbers_without_a_literal_are_names(number):
    source = Source()
    with source.block('def answer():'):
        source.line(f'return {source.const(number, "number")}')

    assert source.build('answer', '<test>')() is number


def test_names_are_identifiers_and_never_the_same():
    source = Source()

    hints = ['a', 'a', 'a_2', 'x-y', 'x.y', '1st', 'é', 'a', '__name__', '__loader__']

    names = [source.name(hint) for hint in [*hints, '__builtins__']]

    assert names == [
        'a', 'a_2', 'a_2_2', 'x_y', 'x_y_2', 'x1st', '_', 'a_3', '__name___2', '__loader___2',
        '__builtins___2',
    ]  # fmt: skip


def test_two_functions_of_one_name_show_their_own_lines():
    functions = []
    for number in (1, 2):
        source = Source()
        with source.block('def answer():'):
            source.line(f'return {number}')
        functions.append(source.build('answer', '<test of two>'))

    assert [inspect.getsource(function) for function in functions] == [
        'def answer():\n    return 1\n',
        'def answer():\n    return 2\n',
    ]
    assert [function.__code__.co_filename for function in functions] == [
        '<test of two>', '<test of two #2>',
    ]  # fmt: skip
