"""What a property test draws of validators and Types, and how it compares what these answer."""

import datetime
import decimal
import enum
import os
import uuid
from collections import OrderedDict, defaultdict

from apistar import http, types, validators
from django.utils.translation import gettext_lazy
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from django_apistar import validators as django_validators
from django_apistar.accelerate.types import compilers
from django_apistar.service.validator import ValueValidator
from management_tests.project.models import Article

# HYPOTHESIS_EXAMPLES=2000 for a thorough run.
thorough = settings(
    max_examples=int(os.environ.get('HYPOTHESIS_EXAMPLES', 80)),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Text(str):
    pass


class Items(list):
    pass


class Box(dict):
    pass


class Level(enum.IntEnum):
    LOW = 1


class Size(enum.Enum):
    SMALL = 'red'
    LARGE = 5
    ODD = uuid.UUID(int=1)


class Even(validators.Integer):
    """A validator of a user's own."""

    def validate(self, value, definitions=None, allow_coerce=False):
        value = super().validate(value, definitions, allow_coerce)
        if value % 2:
            raise validators.ValidationError(f'Must be even, {sorted(definitions or {})}.')
        return value


class Slug(validators.String):
    errors = {**validators.String.errors, 'pattern': 'No slug: {pattern}.'}

    def __init__(self, **kwargs):
        super().__init__(pattern='^[a-z-]+$', **kwargs)


class Thing:
    """An object with attributes, as a model's instance is."""

    def __init__(self, values):
        self.__dict__.update(values)


# What is compared: every type, every order.


def describe(value):
    if isinstance(value, types.Type):
        return type(value), describe(value._dict)
    if isinstance(value, dict):
        return type(value), [(describe(key), describe(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [describe(item) for item in value]
    return type(value), repr(value), getattr(value, 'code', None)


def outcome(function, *args):
    try:
        return describe(function(*args))
    except validators.ValidationError as exc:
        return 'refused', describe(exc.detail)
    except Exception as exc:
        return type(exc), str(exc)


def read_both(validator, values, allow_coerce):
    """Return the outcomes of *values*: of compiled code, and of the validator's own method."""
    compiled = compilers.compile_validator(validator, allow_coerce)
    return [outcome(compiled, value) for value in values], [
        outcome(validator.validate, value, None, allow_coerce) for value in values
    ]


def read_twice(cls, data):
    """As API Star reads a body."""
    return cls(cls.validator.validate(data, allow_coerce=True))


def as_json_sees(value):
    """Return *value* with Types as dicts, as JSONResponse.default has them."""
    if isinstance(value, types.Type):
        value = dict(value)
    if isinstance(value, dict):
        return type(value)((key, as_json_sees(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return [as_json_sees(item) for item in value]
    return value


# What is drawn. Imperatively: strategies made of strategies of this size are slow.

TEXTS = ['', 'a', 'b', 'red', 'big-slug', 'é' * 12, 'A1', '\n', '\uff11\uff12']
NUMBER_TEXTS = ['1', '-3', ' 5 ', '1_000', '2.5', 'nan', 'inf', '1e400', '9' * 400]
BOOLEAN_TEXTS = ['true', 'FALSE', 'on', '0', '1', '', 'null', 'None', 'maybe']
MOMENT_TEXTS = [
    *('2018-01-02', '2018-1-2', '2018-13-45', '20180102', '2018-W01-1', '\uff12\uff1018-01-02'),
    *('2018-01-02\n', '0000-01-01', '10:20', '10:20:30', '10:20:30.123', '10:20:30.1234567'),
    *('24:00:00', '25:00:00', '10:20:30+01:00', '12:00garbage', '2018-01-02T10:20:30Z'),
    *('2018-01-02 10:20:30', '2018-01-02T10:20:30.123456Z', '2018-01-02T10:20:30,123'),
    *('2018-01-02T10:20:30+05:30', '2018-01-02T10:20:30+99:99', '2018-02-30T10:20:30Z'),
    *('2018-01-02T10:20', '2018-01-02T24:00:00', '2018-01-02T10:20:30z'),
]
DJANGO_VALUES = [str(uuid.UUID(int=7)), 'P1DT2H', '1 02:00:00', datetime.timedelta(1), None]
NUMBERS = [0, 1, -1, 2, 3, 4, 5, 10**30, 10**400, 0.0, -0.0, 1.0, 2.5, 0.3, -7.25]
NUMBERS += [float('nan'), float('inf'), -float('inf')]
ODDITIES = [
    Text('red'),
    Text('12'),
    Level.LOW,
    decimal.Decimal('2.5'),
    decimal.Decimal('NaN'),
    decimal.Decimal('4.00'),
    decimal.Decimal('5.0000000000000000000001'),
    uuid.UUID(int=7),
    gettext_lazy('Yes'),
    *Size,
    Article(price=decimal.Decimal('2.5')),
    Article(photo='a.png').photo,
    Article().photo,
    ('red', decimal.Decimal(1)),
    {'a': uuid.UUID(int=7), 'name': None}.values(),
    b'red',
    datetime.date(2018, 1, 2),
    datetime.time(10, 20),
    datetime.datetime(2018, 1, 2, 10, 20, tzinfo=datetime.timezone.utc),
    object,
    (),
    {1},
    Items(['red']),
    Box(a=1),
    http.QueryParams([('a', '1'), ('a', '2'), ('b', 'red')]),
    defaultdict(int, a=1),
]
SCALARS = [None, True, False, *NUMBERS, *TEXTS, *NUMBER_TEXTS, *BOOLEAN_TEXTS, *MOMENT_TEXTS]
KEYS = ['a', 'b', 'class', 'x-y', '_a', 'name', 'type', 'value', 'price', 'maker', 'warranty']
MAPPINGS = [dict, dict, dict, OrderedDict, Box]


class Dice:
    """Draws validators, and values that they may well accept, among others."""

    def __init__(self, draw, *, has_objects=True):
        self.draw = draw
        self.has_objects = has_objects

    def roll(self, sides):
        return self.draw(st.integers(0, sides - 1))

    def pick(self, choices):
        return choices[self.roll(len(choices))]

    def some(self, choices, most=4):
        count = self.roll(most + 1)
        return list(dict.fromkeys(self.pick(choices) for _ in range(count)))

    def options(self, **choices):
        """Return some of the keyword arguments, each with one of its values."""
        chosen = self.some(list(choices), most=3)
        return {name: self.pick(choices[name]) for name in chosen}

    def validator(self, depth=3):
        if depth == 0 or self.roll(3) == 0:
            return self.leaf()
        return self.pick([self.object, self.object, self.array, self.union, self.type])(depth - 1)

    def any_options(self):
        return self.options(allow_null=[True, False], default=SCALARS)

    def leaf(self):
        leaves = [self.string, self.string, self.number, self.number, self.plain, self.django]
        return self.pick(leaves)()

    def string(self):
        options = self.options(
            max_length=[0, 1, 3, 20],
            min_length=[0, 1, 2],
            pattern=['^[a-z]+$', '[', r'\d', ''],
            enum=[['red'], ['red', 'a', '10:20']],
            format=['date', 'time', 'datetime', 'email', 'date', 'time', 'datetime'],
        )
        return validators.String(**options, **self.any_options())

    def number(self):
        limits = [-3, 0, 1, 4, 0.5, -0.0, 2.5, float('inf')]
        options = self.options(
            minimum=limits,
            maximum=limits,
            exclusive_minimum=[True, False],
            exclusive_maximum=[True, False],
            multiple_of=[1, 2, 3, 0, 0.5, 0.1, -2],
            enum=[['1'], ['1', '2']],
            format=['int32', 'date'],
        )
        cls = self.pick([validators.Integer, validators.Number])
        return cls(**options, **self.any_options())

    def plain(self):
        names = ['Any', 'String', 'Integer', 'Number', 'Boolean', 'Date', 'Time', 'DateTime']
        classes = [getattr(validators, name) for name in names]
        return self.pick([*classes, validators.Boolean, Slug, Even])(**self.any_options())

    def django(self):
        options = self.options(allow_null=[True, False])
        if self.roll(2):
            return django_validators.Decimal(*self.pick([(3, 2), (30, 0), (1, 1)]), **options)
        names = ['UUID', 'Duration', 'JSON']
        return getattr(django_validators, self.pick(names))(**options)

    def properties(self, depth):
        return {key: self.validator(depth) for key in self.some(KEYS)}

    def object(self, depth):
        options = {}
        if self.roll(3) == 0:
            options = self.options(
                pattern_properties=[
                    {key: self.validator(depth) for key in self.some(['^a', 'e$'])}
                ],
                min_properties=[0, 1, 3],
                max_properties=[0, 1, 3],
                required=[[], ['a'], ['b', 'other']],
            )
        additional = self.pick([None, True, False, self.validator(depth)])
        return validators.Object(
            properties=self.properties(depth),
            additional_properties=additional,
            **options,
            **self.any_options(),
        )

    def array(self, depth):
        options = self.options(
            min_items=[0, 1, 2], max_items=[1, 2, 3], unique_items=[True], additional_items=[False]
        )
        several = [self.validator(depth) for _ in range(self.roll(4))]
        items = self.pick([None, self.validator(depth), self.validator(depth), several])
        if items is several and self.roll(2):
            options['additional_items'] = self.leaf()
        return validators.Array(items=items, **options, **self.any_options())

    def union(self, depth):
        items = [self.validator(depth) for _ in range(1 + self.roll(3))]
        items = [item for item in items if isinstance(item, validators.Validator)]
        return validators.Union(items, **self.any_options())

    def type(self, depth=2):
        bases = (types.Type,)
        if self.roll(4) == 0:
            bases = (types.TypeMetaclass('Base', bases, self.properties(0)),)
        return types.TypeMetaclass('Made', bases, self.properties(depth))

    # Values.

    def anything(self, depth=2):
        if depth == 0 or self.roll(2):
            return self.pick(self.pick([SCALARS, SCALARS, ODDITIES]))
        if self.roll(2):
            return [self.anything(depth - 1) for _ in range(self.roll(4))]
        keys = self.some(self.pick([KEYS, KEYS, [*KEYS, 0, None]]))
        return self.pick(MAPPINGS)({key: self.anything(depth - 1) for key in keys})

    def value(self, validator):
        if self.roll(12) == 0:
            return self.anything()
        if isinstance(validator, type) and issubclass(validator, types.Type):
            return self.value_of_type(validator)
        if isinstance(validator, validators.Object):
            return self.value_of_object(validator)
        if isinstance(validator, validators.Array):
            return self.value_of_array(validator)
        if isinstance(validator, validators.Union) and validator.items:
            return self.value(self.pick(validator.items))
        return self.value_of_leaf(validator)

    def value_of_leaf(self, validator):
        if isinstance(validator, validators.NumericType):
            return self.pick([*NUMBERS, *NUMBER_TEXTS, None])
        if isinstance(validator, validators.Boolean):
            return self.pick([True, False, None, *BOOLEAN_TEXTS])
        if isinstance(validator, validators.String) and validator.format in validators.FORMATS:
            return self.pick([*MOMENT_TEXTS, None, *ODDITIES])
        if isinstance(validator, django_validators.Decimal):
            return self.pick([*NUMBERS, *NUMBER_TEXTS, *ODDITIES, None])
        if isinstance(validator, ValueValidator):
            return self.pick([*DJANGO_VALUES, *ODDITIES, {'a': [1, None]}, [object]])
        return self.pick([*TEXTS, None])

    def value_of_object(self, validator):
        present = [key for key in validator.properties if self.roll(8)]
        value = {key: self.value(validator.properties[key]) for key in present}
        if self.roll(4) == 0:
            value.update({key: self.pick(SCALARS) for key in self.some([*KEYS, 'apple', 0])})
        return self.pick(MAPPINGS)(value)

    def value_of_array(self, validator):
        items = validator.items if isinstance(validator.items, list) else [validator.items]
        if isinstance(validator.items, list) and self.roll(2):
            return [self.value(item) for item in items]
        return [self.value(self.pick(items or [None])) for _ in range(self.roll(4))]

    def value_of_type(self, cls):
        value = self.value_of_object(cls.validator)
        if self.has_objects and self.roll(3) == 0:
            return Thing({key: item for key, item in value.items() if isinstance(key, str)})
        return value
