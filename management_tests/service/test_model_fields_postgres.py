"""The same of PostgreSQL's own fields, and all others written to a PostgreSQL server."""

import json

import pytest
from apistar import Route
from django.db import connections, models

from management_tests.service import zoo
from management_tests.service.zoo_filters import FEW, ONE_OF_EACH, sweep
from management_tests.support.oracle import ask, both_modes, build

pytest.importorskip('psycopg')

from apistar.exceptions import ConfigurationError
from django.contrib.postgres import fields as postgres_fields
from django.contrib.postgres import search

from django_apistar.types import ModelType

ALIAS = 'fields'
BLANK = {'type': 'string', 'minLength': 1, 'maxLength': 5}


class Shelf(models.Model):
    numbers = postgres_fields.ArrayField(models.SmallIntegerField(), size=3)
    names = postgres_fields.ArrayField(models.CharField(max_length=5), null=True)
    rows = postgres_fields.ArrayField(
        postgres_fields.ArrayField(models.IntegerField()), default=list
    )

    class Meta:
        app_label = 'project'
        managed = False  # The tests of other databases make no table of it.


class ShelfType(ModelType):
    class Meta:
        model = Shelf
        fields = ['numbers', 'names', 'rows']


def create(shelf: ShelfType) -> ShelfType:
    return ShelfType(shelf.create())


class ToServer:
    """A database router."""

    def db_for_read(self, model, **hints):
        return ALIAS

    db_for_write = db_for_read

    def allow_relation(self, *args, **hints):
        return True


@pytest.fixture
def server(postgres, django_db_blocker, settings):
    """The connection to which all of the test's queries go."""
    config = postgres.databases()
    connections.settings[ALIAS] = connections.configure_settings(config)['default']
    settings.DATABASE_ROUTERS = [ToServer()]
    with django_db_blocker.unblock():
        yield connections[ALIAS]
        connections[ALIAS].close()
    del connections[ALIAS], connections.settings[ALIAS]


@both_modes
def test_arrays_are_written_and_shown(app_class, server):
    with server.schema_editor() as editor:
        editor.create_model(Shelf)
    app = build(app_class, Route('/', 'POST', create))

    def post(**shelf):
        answer = ask(app, method='POST', body=json.dumps(shelf).encode())
        return answer.code, answer.json()

    assert post(numbers=[1, 2], rows=[[1], [2]]) == (
        200, {'numbers': [1, 2], 'names': None, 'rows': [[1], [2]]},
    )  # fmt: skip
    assert post(numbers=[1], names=['a']) == (200, {'numbers': [1], 'names': ['a'], 'rows': []})
    assert post(numbers=[2**15], names=['']) == (400, {
        'numbers': {'0': 'Must be less than or equal to 32767.'},
        'names': {'0': 'Must not be blank.'},
    })  # fmt: skip
    assert post(numbers=[1], names=['a\0']) == (
        400, {'names': 'Null characters are not allowed.'},
    )  # fmt: skip
    assert post(numbers=[1, 2, 3, 4]) == (400, {'numbers': 'Must have no more than 3 items.'})


def test_arrays_are_in_the_document():
    properties = zoo.describe(ShelfType)[0]['ShelfType']['properties']

    assert properties == {
        'numbers': {
            'type': 'array', 'items': zoo.number(**zoo.SMALL), 'minItems': 1, 'maxItems': 3,
        },
        'names': {'type': ['array', 'null'], 'items': BLANK, 'minItems': 1, 'default': None},
        'rows': {
            'type': 'array',
            'items': {
                'type': 'array', 'items': zoo.number(**zoo.PLAIN), 'minItems': 1,
            },
            'minItems': 1,
        },
    }  # fmt: skip


def test_a_store_of_text_is_an_object_of_text():
    field = postgres_fields.HStoreField()

    assert zoo.get_property(zoo.make_type(field)) == {
        'type': 'object', 'additionalProperties': {'type': ['string', 'null']}, 'minProperties': 1,
    }  # fmt: skip


RANGES = [
    postgres_fields.IntegerRangeField,
    postgres_fields.BigIntegerRangeField,
    postgres_fields.DecimalRangeField,
    postgres_fields.DateRangeField,
    postgres_fields.DateTimeRangeField,
]


@pytest.mark.parametrize('cls', [*RANGES, search.SearchVectorField])
def test_what_json_lacks_is_an_error_at_start(cls):
    with pytest.raises(ConfigurationError) as raised:
        zoo.make_type(cls())

    reason = 'JSON has no ranges' if cls in RANGES else 'it is for searches in the database'
    assert str(raised.value).startswith(
        f'project.Odd.field is of the class {cls.__name__}: {reason}. Declare'
    )


@pytest.fixture
def tables(server):
    with server.schema_editor() as editor:
        for model in (zoo.Owner, zoo.Coded, zoo.Zoo):
            editor.create_model(model)


def test_no_lookup_of_any_field_is_a_500_on_postgresql(tables):
    for name in ONE_OF_EACH:
        sweep(name, FEW)


@both_modes
def test_all_other_fields_are_written_to_postgresql(app_class, tables):
    zoo.Owner.objects.create(pk=1, name='a')
    zoo.Coded.objects.create(code='a')

    answer = ask(build(app_class, *zoo.ROUTES), method='POST', body=json.dumps(zoo.SENT).encode())

    assert (answer.code, answer.json()) == (200, zoo.SHOWN)
