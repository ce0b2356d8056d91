"""A model with a field of each class: its schema, what a client sends to it, and what it shows."""

from apistar import Route
from django.apps.registry import Apps
from django.core import validators
from django.db import models

from django_apistar.schema.dialect import DIALECTS
from django_apistar.schema.schemas import Schemas
from django_apistar.types import ModelType

BIG = {'minimum': -(2**63), 'maximum': 2**63 - 1}
SMALL = {'minimum': -(2**15), 'maximum': 2**15 - 1}
PLAIN = {'minimum': -(2**31), 'maximum': 2**31 - 1}
UUID = '00000000-0000-0000-0000-000000000007'
DURATION = {
    'type': 'string', 'format': 'duration',
    'pattern': (
        '^-?P([0-9]{1,8}D)?'
        r'(T([0-9]{1,8}H)?([0-9]{1,8}M)?([0-9]{1,8}(\.[0-9]{1,6})?S)?)?$'
    ),
}  # fmt: skip
DECIMAL = {'type': 'string', 'format': 'decimal', 'pattern': r'^[+-]?[0-9]{1,3}(\.[0-9]{1,2})?$'}


class Owner(models.Model):
    name = models.CharField(max_length=5)

    class Meta:
        app_label = 'project'


class Coded(models.Model):
    code = models.SlugField(primary_key=True)

    class Meta:
        app_label = 'project'


def number(**limits):
    return {'type': 'integer', **limits}


def text(**rules):
    return {'type': 'string', **rules}


# The field; its schema; what a client sends; what it is shown, None where that is the same.
FIELDS = {
    'big': (models.BigIntegerField(), number(**BIG), -(2**63), None),
    'truth': (models.BooleanField(), {'type': 'boolean'}, True, None),
    'char': (models.CharField(max_length=5), text(minLength=1, maxLength=5), 'a', None),
    'char_without_limit': (models.TextField(), text(minLength=1), 'a', None),
    'date': (models.DateField(), text(format='date'), '2026-11-28', None),
    'moment': (
        models.DateTimeField(), text(format='date-time'), '2026-11-28T10:00:00Z', None,
    ),
    'price': (models.DecimalField(max_digits=5, decimal_places=2), DECIMAL, '1.5', '1.50'),
    'span': (models.DurationField(), DURATION, 'P1D', 'P1DT00H00M00S'),
    'email': (
        models.EmailField(), text(minLength=1, maxLength=254, format='email'), 'a@b.ch', None,
    ),
    'path': (
        models.FilePathField(path='management_tests', match='^conftest'),
        text(minLength=1, maxLength=100), 'management_tests/conftest.py', None,
    ),
    'ratio': (models.FloatField(), {'type': 'number'}, 0.5, None),
    'address': (
        models.GenericIPAddressField(), text(minLength=1, maxLength=39), '::1', None,
    ),
    'address_4': (
        models.GenericIPAddressField(protocol='ipv4'),
        text(minLength=1, maxLength=39, format='ipv4'), '1.2.3.4', None,
    ),
    'address_6': (
        models.GenericIPAddressField(protocol='IPv6'),
        text(minLength=1, maxLength=39, format='ipv6'), '::1', None,
    ),
    'whole': (models.IntegerField(), number(**PLAIN), -7, None),
    'positive_big': (
        models.PositiveBigIntegerField(), number(minimum=0, maximum=2**63 - 1), 7, None,
    ),
    'positive': (models.PositiveIntegerField(), number(minimum=0, maximum=2**31 - 1), 7, None),
    'positive_small': (
        models.PositiveSmallIntegerField(), number(minimum=0, maximum=2**15 - 1), 7, None,
    ),
    'slug': (
        models.SlugField(), text(minLength=1, maxLength=50, pattern='^[-a-zA-Z0-9_]+$'), 'a-b',
        None,
    ),
    'small': (models.SmallIntegerField(), number(**SMALL), 7, None),
    'time': (models.TimeField(), text(format='time'), '10:00:00', None),
    'url': (
        models.URLField(), text(minLength=1, maxLength=200, format='uri'), 'https://a.ch/', None,
    ),
    'key': (models.UUIDField(), text(format='uuid'), UUID, None),
    'anything': (
        models.JSONField(),
        {
            'anyOf': [
                {'type': 'object'}, {'type': 'array', 'items': {}}, {'type': 'string'},
                {'type': 'number'}, {'type': 'boolean'},
            ]
        },
        {'a': [1]}, None,
    ),
    'owner': (
        models.ForeignKey(Owner, models.CASCADE, related_name='+'), number(**BIG), 1, None,
    ),
    'coded': (
        models.ForeignKey(Coded, models.CASCADE, related_name='+'),
        text(minLength=1, maxLength=50, pattern='^[-a-zA-Z0-9_]+$'), 'a', None,
    ),
    'one': (
        models.OneToOneField(Owner, models.CASCADE, related_name='+'), number(**BIG), 1, None,
    ),
    'owners': (
        models.ManyToManyField(Owner, related_name='+'),
        {'type': 'array', 'items': number(**BIG), 'minItems': 1}, [1], None,
    ),
    # What validators and choices say
    'least': (
        models.IntegerField(validators=[validators.MinValueValidator(3)]),
        number(minimum=3, maximum=2**31 - 1), 3, None,
    ),
    'limited when it is saved': (
        models.IntegerField(validators=[validators.MaxValueValidator(lambda: 3)]),
        number(minimum=-(2**31), maximum=2**31 - 1), 3, None,
    ),
    'most': (
        models.FloatField(validators=[validators.MaxValueValidator(3.5)]),
        {'type': 'number', 'maximum': 3.5}, 3.5, None,
    ),
    'lengths': (
        models.CharField(
            max_length=9,
            validators=[validators.MinLengthValidator(2), validators.MaxLengthValidator(4)],
        ),
        text(minLength=2, maxLength=4), 'ab', None,
    ),
    'pattern': (
        models.CharField(
            max_length=9, blank=True, validators=[validators.RegexValidator('^[a-c]+$')]
        ),
        text(maxLength=9, pattern='^$|^[a-c]+$'), 'ab', None,
    ),
    'patterns': (
        models.CharField(
            max_length=9,
            validators=[validators.RegexValidator('a|b'), validators.RegexValidator('c$')],
        ),
        text(minLength=1, maxLength=9, pattern=r'^(?=[\s\S]*?(?:a|b))(?=[\s\S]*?(?:c$))'), 'xbc',
        None,
    ),
    'letters': (
        models.CharField(max_length=1, choices=[('a', 'A'), ('More', [('b', 'B')])], blank=True),
        text(maxLength=1, enum=['a', 'b', '']), 'b', None,
    ),
    'numbers': (
        models.SmallIntegerField(choices=[(1, 'One'), (2, 'Two')]),
        number(**SMALL, enum=[1, 2]), 2, None,
    ),
    'named': (
        models.CharField('The name', max_length=5, help_text='What it is called.'),
        text(title='The name', description='What it is called.', minLength=1, maxLength=5), 'a',
        None,
    ),
    'nullable': (
        models.CharField(max_length=5, null=True),
        {'type': ['string', 'null'], 'minLength': 1, 'maxLength': 5, 'default': None}, None, None,
    ),
    'with_default': (
        models.IntegerField(default=5), number(**PLAIN, default=5), 6, None,
    ),
}  # fmt: skip

Zoo = type(
    'Zoo',
    (models.Model,),
    {
        '__module__': __name__,
        'Meta': type(
            'Meta',
            (),
            {
                'app_label': 'project',
                # Else Django's check of models asks the database, in tests that have none.
                'required_db_features': {'supports_json_field'},
            },
        ),
        **{name: field for name, (field, *_) in FIELDS.items()},
    },
)


class ZooType(ModelType):
    class Meta:
        model = Zoo
        fields = list(FIELDS)


def create(zoo: ZooType) -> ZooType:
    return ZooType(zoo.create())


def change(zoo: ZooType.partial) -> ZooType:
    return ZooType(zoo.save_to(Zoo.objects.get()))


ROUTES = [Route('/', 'POST', create), Route('/', 'PATCH', change)]
SENT = {name: sent for name, (_, _, sent, _) in FIELDS.items()}
SHOWN = {name: sent if shown is None else shown for name, (_, _, sent, shown) in FIELDS.items()}


def make_type(field, *, name='field', **meta):
    """Return a ModelType of a model with the *field* alone."""
    model_meta = type('Meta', (), {'app_label': 'project', 'apps': Apps()})
    model = type('Odd', (models.Model,), {'__module__': __name__, 'Meta': model_meta, name: field})
    return type(ModelType)('OddType', (ModelType,), {'Meta': type('Meta', (), {
        'model': model, 'fields': [name], **meta,
    })})  # fmt: skip


def describe(cls, version='3.1'):
    """Return the schemas of the components, and what was warned of."""
    warnings = []
    schemas = Schemas(DIALECTS[version], warnings.append)
    schemas.of(cls)
    return schemas.components, warnings


def get_property(cls):
    [found] = describe(cls)[0]['OddType']['properties'].values()
    return found
