"""What each class of a model's field becomes: in the document, of a client's JSON, and in JSON."""

import inspect
import json
import re

import pytest
from apistar.exceptions import ConfigurationError, ValidationError
from django.core import exceptions, validators
from django.db import models

from management_tests.project.models import Article
from management_tests.service.zoo import (
    BIG,
    FIELDS,
    PLAIN,
    ROUTES,
    SENT,
    SHOWN,
    SMALL,
    UUID,
    Coded,
    Owner,
    Zoo,
    ZooType,
    describe,
    get_property,
    make_type,
    number,
    text,
)
from management_tests.support.oracle import Accelerated, ask, both_modes, build


@pytest.mark.parametrize('name', FIELDS)
def test_each_field_is_in_the_document_with_all_that_it_says(name):
    components, warnings = describe(ZooType)

    assert (components['ZooType']['properties'][name], warnings) == (FIELDS[name][1], [])


@pytest.mark.django_db
@both_modes
def test_each_field_is_written_and_shown(app_class):
    Owner.objects.create(pk=1, name='a')
    Coded.objects.create(code='a')

    answer = ask(build(app_class, *ROUTES), '/', 'POST', body=json.dumps(SENT).encode())

    assert (answer.code, answer.json()) == (200, SHOWN)


@pytest.mark.django_db
@both_modes
@pytest.mark.parametrize('name', FIELDS)
def test_each_field_refuses_what_it_cannot_hold(app_class, name):
    wrong = None if name == 'anything' else {}
    body = json.dumps({**SENT, name: wrong}).encode()

    answer = ask(build(app_class, *ROUTES), '/', 'POST', body=body)

    assert (answer.code, list(answer.json())) == (400, [name])


@pytest.mark.django_db
@both_modes
@pytest.mark.parametrize('has_zones', [True, False])
@pytest.mark.parametrize('sent', ['0001-01-01T00:00:00+14:00', '9999-12-31T23:59:59-14:00'])
def test_a_moment_beyond_the_calendar_is_refused(app_class, sent, has_zones, settings):
    settings.USE_TZ, settings.TIME_ZONE = has_zones, 'UTC'
    body = json.dumps({**SENT, 'moment': sent, 'owner': 1}).encode()

    answer = ask(build(app_class, *ROUTES), '/', 'POST', body=body)

    assert (answer.code, answer.json()) == (
        400, {'moment': 'Must be between the years 1 and 9999.'},
    )  # fmt: skip


NULLS = 'Null characters are not allowed.'


@pytest.mark.django_db
@pytest.mark.parametrize(
    ('name', 'sent', 'said'),
    [
        ('char', 'a\0', NULLS),
        ('anything', 'a\0', NULLS),
        ('anything', ['a\0'], NULLS),
        ('anything', {'a': [{'b\0': 1}]}, NULLS),
        ('span', 'P999999999D', 'Must be less than 292,000 years.'),
        ('span', '-P999999999D', 'Must be less than 292,000 years.'),
        ('span', 'P106751991DT4H0M54.775808S', 'Must be less than 292,000 years.'),
    ],
)
def test_what_a_database_cannot_hold_is_refused_by_name(name, sent, said):
    Owner.objects.create(pk=1, name='a')
    Coded.objects.create(code='a')
    body = json.dumps({**SENT, name: sent}).encode()

    answer = ask(build(Accelerated, *ROUTES), '/', 'POST', body=body)

    assert (answer.code, answer.json()) == (400, {name: said})
    assert not Zoo.objects.exists()


@pytest.mark.django_db
def test_the_longest_duration_that_a_number_holds_is_stored():
    Owner.objects.create(pk=1, name='a')
    Coded.objects.create(code='a')
    longest = 'P106751991DT04H00M54.775807S'
    body = json.dumps({**SENT, 'span': longest}).encode()

    answer = ask(build(Accelerated, *ROUTES), '/', 'POST', body=body)

    assert (answer.code, answer.json()) == (200, {**SHOWN, 'span': longest})


@pytest.mark.parametrize('field_class', [models.EmailField, models.URLField])
def test_an_empty_text_is_as_documented(field_class):
    """schemathesis and typed clients hold an answer to its format."""
    cls = make_type(field_class(blank=True, max_length=99))

    assert get_property(cls) == {'type': 'string', 'maxLength': 99}


class Strict(validators.RegexValidator):
    def __call__(self, value):
        raise exceptions.ValidationError(['Not this.', 'Nor another.'])


def matching(pattern, **options):
    rule = validators.RegexValidator(pattern, 'Something else.', **options)
    return models.CharField(max_length=9, blank=True, validators=[rule])


@pytest.mark.parametrize(
    ('field', 'sent', 'said'),
    [
        (models.EmailField(), 'nobody', 'Enter a valid email address.'),
        (models.GenericIPAddressField(), '1.2.3', 'Enter a valid IPv4 or IPv6 address.'),
        (matching('a', flags=re.IGNORECASE), 'b', 'Something else.'),
        (matching('a', inverse_match=True), 'a', 'Something else.'),
        (matching('a', flags=re.IGNORECASE), 'A', None),
        (matching('a', flags=re.IGNORECASE), '', None),
        (matching('a'), 'b', 'Must match the pattern /\\A\\Z|a/.'),
        (models.CharField(max_length=9, validators=[Strict()]), 'b', 'Not this. Nor another.'),
    ],
)
def test_what_a_text_is_held_to_needs_no_row(field, sent, said):
    cls = make_type(field)

    try:
        found = cls.incoming({'field': sent}).field
    except ValidationError as exc:
        found = exc.detail

    assert found == ({'field': said} if said else sent)


@pytest.mark.parametrize(
    ('field', 'limits'),
    [
        (models.AutoField(primary_key=True), PLAIN),
        (models.BigAutoField(primary_key=True), BIG),
        (models.SmallAutoField(primary_key=True), SMALL),
    ],
)
def test_a_number_that_the_database_counts_is_read_only(field, limits):
    assert get_property(make_type(field)) == {'readOnly': True, **number(**limits)}


@pytest.mark.parametrize(
    'field',
    [
        models.DateTimeField(auto_now=True),
        models.DateField(auto_now_add=True),
        models.IntegerField(editable=False),
        models.UUIDField(primary_key=True, default=UUID),
    ],
    ids=['auto_now', 'auto_now_add', 'not editable', 'key'],
)
def test_what_the_model_sets_is_read_only(field):
    cls = make_type(field)

    assert get_property(cls)['readOnly']
    assert describe(cls)[0]['OddType']['required'] == ['field']
    assert list(cls.incoming.validator.properties) == []


def test_an_upload_comes_in_and_a_url_goes_out():
    for field in (models.FileField(), models.ImageField()):
        assert get_property(make_type(field)) == text(format='uri-reference')


@pytest.mark.skipif(not hasattr(models, 'GeneratedField'), reason='since Django 5.0')
def test_a_generated_field_is_read_only_and_of_its_output():
    field = models.GeneratedField(
        expression=models.Value(1), output_field=models.SmallIntegerField(), db_persist=True
    )

    expected = {'readOnly': True, 'type': ['integer', 'null'], **SMALL}
    assert get_property(make_type(field)) == expected


@pytest.mark.skipif(not hasattr(models.Field(), 'db_default'), reason='since Django 5.0')
def test_what_the_database_has_a_default_for_is_not_required():
    cls = make_type(models.IntegerField(db_default=5))

    assert describe(cls)[0]['OddType'] == {
        'type': 'object', 'properties': {'field': number(**PLAIN)},
    }  # fmt: skip


class OddField(models.Field):
    pass


@pytest.mark.parametrize(
    ('field', 'error'),
    [
        (
            models.BinaryField(editable=True),
            'project.Odd.field is of the class BinaryField: JSON has no bytes.',
        ),
        (
            OddField(),
            'project.Odd.field is of the class OddField: no validator knows it.',
        ),
    ],
    ids=['BinaryField', 'OddField'],
)
def test_a_field_that_no_validator_knows_is_an_error_at_start(field, error):
    remedy = (
        " Declare 'field' in the body of the Type with a validator, or leave it out of its fields."
    )

    with pytest.raises(ConfigurationError) as raised:
        make_type(field)

    assert str(raised.value) == error + remedy


def test_every_class_of_field_has_a_test():
    """Of those that a model of today can have."""
    tested = {type(field) for field, *_ in FIELDS.values()} | {
        models.AutoField, models.BigAutoField, models.SmallAutoField, models.FileField,
        models.ImageField, models.BinaryField,
    }  # fmt: skip
    bases = {'Field', 'ForeignObject', 'OrderWrt', 'GeneratedField', 'CompositePrimaryKey'}
    removed = {'CommaSeparatedIntegerField', 'IPAddressField', 'NullBooleanField'}

    known = {
        name for name, cls in vars(models).items()
        if inspect.isclass(cls) and issubclass(cls, models.Field)
    }  # fmt: skip

    assert known - bases - removed == {cls.__name__ for cls in tested}


class OwnInteger(models.IntegerField):
    """Of a class that Django's table of ranges does not know."""

    def get_internal_type(self):
        return 'OwnInteger'


@pytest.mark.once  # of which Django's own table for PostgreSQL makes a KeyError
def test_an_integer_of_an_own_class_has_the_range_of_8_bytes():
    limits = {'minimum': -(2**63), 'maximum': 2**63 - 1}

    assert get_property(make_type(OwnInteger())) == number(**limits)


def test_choices_that_are_members_of_an_enum_are_told_by_their_values():
    states = [(state, state.label) for state in Article.State]
    cls = make_type(models.CharField(max_length=9, choices=states))

    with pytest.raises(ValidationError) as refused:
        cls.incoming(field='x')

    assert refused.value.detail == {'field': "Must be one of ['new', 'sold']."}
