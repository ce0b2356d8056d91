"""The same of PostgreSQL's own fields, and all others written to a PostgreSQL server."""

import json

import django_filters as filters
import pytest
from apistar import Route
from django.db import connections, models

from management_tests.service import zoo
from management_tests.service.zoo_filters import (
    FEW,
    ONE_OF_EACH,
    build_app,
    find_readers,
    list_problems,
    make_filter_set,
    sweep,
)
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
    assert str(raised.value) == (
        f"project.Odd.field is of the class {cls.__name__}: {reason}. Declare 'field' in the body "
        'of the Type with a validator, or leave it out of its fields.'
    )


@pytest.fixture
def tables(server):
    with server.schema_editor() as editor:
        for model in (zoo.Owner, zoo.Coded, zoo.Zoo):
            editor.create_model(model)


def test_no_lookup_of_any_field_is_a_500_on_postgresql(tables):
    for name in ONE_OF_EACH:
        sweep(name, FEW)


class Ranges(models.Model):
    whole = postgres_fields.IntegerRangeField()
    price = postgres_fields.DecimalRangeField()
    days = postgres_fields.DateRangeField()
    moments = postgres_fields.DateTimeRangeField()
    numbers = postgres_fields.ArrayField(models.SmallIntegerField())
    words = search.SearchVectorField()
    day = models.DateField()
    span = models.DurationField()
    count = models.IntegerField()
    anything = models.JSONField()

    class Meta:
        app_label = 'project'
        managed = False


class Texts(filters.BaseInFilter, filters.CharFilter):
    pass


class Numbers(filters.BaseInFilter, filters.NumberFilter):
    pass


class Dates(filters.BaseInFilter, filters.DateFilter):
    pass


CHAR, NUMBER, DATE = filters.CharFilter, filters.NumberFilter, filters.DateFilter
MOMENT, DURATION, TRUTH = filters.DateTimeFilter, filters.DurationFilter, filters.BooleanFilter
CONTENT = 'it takes what is in the range, and'
DAYS = "Django's SQL has no text of a day of the week."
ENDS = 'Declare it with a class of BaseInFilter and CharFilter.'


def declare(kind):
    return f'Declare it as {kind}Filter(field_name={{column!r}}, lookup_expr={{lookup!r}}).'


# A filter, the column and the lookup; why no value of it works, and what to do.
NEVER = [
    (CHAR, 'day__week_day', 'contains', DAYS, "Ask for 'exact', 'in' or 'range'."),
    (NUMBER, 'day__week_day', 'startswith', DAYS, "Ask for 'exact', 'in' or 'range'."),
    (CHAR, 'days__startswith__week_day', 'iregex', DAYS, "Ask for 'exact', 'in' or 'range'."),
    (CHAR, 'day__year', 'contained_by', 'a part of a date is in no range.', "Ask for 'range'."),
    (Texts, 'day', 'contained_by', 'it takes a range as text, and Texts reads a list.',
     declare('Char')),
    (Texts, 'count', 'contained_by', 'it takes a range as text, and Texts reads a list.',
     declare('Char')),
    (CHAR, 'whole', 'contains', f'{CONTENT} CharFilter reads something else.', declare('Number')),
    (DATE, 'whole', 'contains', f'{CONTENT} DateFilter reads something else.', declare('Number')),
    (NUMBER, 'days', 'contains', f'{CONTENT} NumberFilter reads something else.', declare('Date')),
    (NUMBER, 'moments', 'contains', f'{CONTENT} NumberFilter reads something else.',
     declare('DateTime')),
    (NUMBER, 'whole', 'exact', "'exact' takes a range, and NumberFilter reads none.",
     declare('Char')),
    (TRUTH, 'days', 'overlap', "'overlap' takes a range, and BooleanFilter reads none.",
     declare('Char')),
    (Numbers, 'whole', 'in', "'in' takes a range, and Numbers reads none.", ENDS),
    (Numbers, 'whole', 'overlap', "'overlap' takes a range, and Numbers reads none.",
     declare('Char')),
    (Numbers, 'price', 'range', "'range' takes a range, and Numbers reads none.", declare('Char')),
    (Numbers, 'numbers', 'range', "'range' takes an array, and Numbers reads none.",
     declare('Char')),
    (NUMBER, 'numbers', 'contains', "'contains' takes an array, and NumberFilter reads none.",
     declare('Char')),
    (filters.UUIDFilter, 'numbers', 'contains',
     "'contains' takes an array, and UUIDFilter reads none.", declare('Char')),
    (CHAR, 'words', 'gt', 'a query string has no vectors.', "Ask for 'exact', which searches."),
    (NUMBER, 'words', 'exact', "'exact' takes a vector, and NumberFilter reads none.",
     declare('Char')),
    (NUMBER, 'span', 'lt', "'lt' takes durations, and NumberFilter reads none.",
     declare('Duration')),
    (TRUTH, 'anything', 'has_key', "'has_key' takes text, and BooleanFilter reads none.",
     declare('Char')),
]  # fmt: skip
# With a value that works.
WELL = [
    (CHAR, 'day__week_day', 'exact', '7'), (CHAR, 'day__iso_week_day', 'contains', '7'),
    (CHAR, 'day', 'contained_by', '[2026-01-01,2026-01-02)'), (CHAR, 'whole', 'exact', '[1,2)'),
    (NUMBER, 'whole', 'contains', '1'), (DATE, 'days', 'contains', '2026-01-02'),
    (MOMENT, 'moments', 'contains', '2026-01-02T10:00:00Z'), (Texts, 'whole', 'overlap', '1,2'),
    (Numbers, 'price', 'overlap', '1,2'), (Dates, 'days', 'overlap', '2026-01-01,2026-01-02'),
    (Numbers, 'numbers', 'contains', '1,2'), (Numbers, 'numbers', 'contained_by', '1'),
    (TRUTH, 'whole', 'isempty', 'true'), (NUMBER, 'whole', 'startswith', '1'),
    (NUMBER, 'day', 'week_day', '7'), (TRUTH, 'anything', 'contained_by', 'true'),
    (CHAR, 'numbers', 'exact', '{1}'), (CHAR, 'words', 'exact', 'a'),
    (NUMBER, 'words', 'contains', '1'),
    (DURATION, 'span', 'lt', '1 00:00:00'), (CHAR, 'anything', 'has_key', 'a'),
]  # fmt: skip


@pytest.mark.parametrize(('cls', 'column', 'lookup', 'reason', 'hint'), NEVER)
def test_E026_filter_that_never_works_on_postgresql(cls, column, lookup, reason, hint, server):
    declared = cls(field_name=column, lookup_expr=lookup)

    problem = list_problems(make_filter_set(asked=declared, meta={'model': Ranges}))['asked']

    assert (problem.id, problem.message, problem.hint) == (
        'E026',
        (
            f"The filter 'asked' of {make_filter_set.__module__}.ZooFilter cannot ask for "
            f"'{column}__{lookup}': {reason}"
        ),
        hint.format(column=column, lookup=lookup),
    )


CLASSES = {
    'Char': CHAR, 'Number': NUMBER, 'Date': DATE, 'DateTime': MOMENT, 'Duration': DURATION,
    'Boolean': TRUTH, 'Texts': Texts, 'Numbers': Numbers, 'Dates': Dates,
    'UUID': filters.UUIDFilter, 'Time': filters.TimeFilter, 'Choice': filters.ChoiceFilter,
}  # fmt: skip
OF_RANGES = {  # of whatever
    'any': (
        'endswith icontains iendswith isempty istartswith lower_inc lower_inf startswith '
        'upper_inc upper_inf'
    ),
    'Number Date DateTime Duration Boolean Numbers Dates Time Choice': 'isnull',
    'Texts Choice': 'range',
}  # fmt: skip
READERS = {
    'whole': {
        'Char Texts Choice': (
            'adjacent_to contained_by exact fully_gt fully_lt gt gte iexact in iregex lt lte '
            'not_gt not_lt overlap regex'
        ),
        'Number Texts Choice': 'contains',
        **OF_RANGES,
    },
    'price': {
        'Char Texts Numbers Choice': (
            'adjacent_to contained_by exact fully_gt fully_lt gt gte lt lte not_gt not_lt '
            'overlap'
        ),
        'Number Texts Numbers Choice': 'contains',
        'Char Texts Choice': 'iexact in iregex regex',
        **OF_RANGES,
    },
    'days': {
        'Char Texts Dates Choice': (
            'adjacent_to contained_by exact fully_gt fully_lt gt gte lt lte not_gt not_lt '
            'overlap'
        ),
        'Char Date DateTime Texts Dates Choice': 'contains',
        'Char Texts Choice': 'iexact in iregex regex',
        **OF_RANGES,
    },
    'moments': {
        'Char Texts Choice': (
            'adjacent_to contained_by exact fully_gt fully_lt gt gte iexact in iregex lt lte '
            'not_gt not_lt overlap regex'
        ),
        'Char Date DateTime Texts Choice': 'contains',
        **OF_RANGES,
    },
    'numbers': {
        'Char Texts Numbers Dates Choice': 'contained_by contains exact gt gte in lt lte overlap',
        'any': 'endswith icontains iendswith istartswith len startswith',
        'Char Texts Choice': 'iexact iregex regex',
        'Number Date DateTime Duration Boolean Numbers Dates Time Choice': 'isnull',
        'Texts Choice': 'range',
    },
    'words': {
        'any': 'contains endswith icontains iendswith istartswith startswith',
        'Char Texts Choice': 'exact iexact iregex regex',
        '': 'gt gte in lt lte range',
        'Number Date DateTime Duration Boolean Numbers Dates Time Choice': 'isnull',
    },
    'day': {
        'Char Choice': 'contained_by',
        'any': (
            'contains day endswith exact gt gte icontains iendswith in iso_week_day iso_year '
            'istartswith lt lte month quarter startswith week week_day year'
        ),
        'Char Texts Choice': 'iexact iregex regex',
        'Number Date DateTime Duration Boolean Numbers Dates Time Choice': 'isnull',
        'Number Date DateTime Duration Boolean Texts Numbers Dates Time Choice': 'range',
    },
    'span': {
        'any': 'contains endswith icontains iendswith istartswith startswith',
        'Char Duration Texts UUID Choice': 'exact gt gte in lt lte',
        'Char Texts Choice': 'iexact iregex regex',
        'Number Date DateTime Duration Boolean Numbers Dates Time Choice': 'isnull',
        'Duration Texts Choice': 'range',
    },
    'count': {
        'Char Choice': 'contained_by',
        'any': (
            'contains endswith exact gt gte icontains iendswith in istartswith lt lte '
            'startswith'
        ),
        'Char Texts Choice': 'iexact iregex regex',
        'Number Date DateTime Duration Boolean Numbers Dates Time Choice': 'isnull',
        'Number Date DateTime Duration Boolean Texts Numbers Dates Time Choice': 'range',
    },
    'anything': {
        'Char Boolean Texts Choice': 'contained_by contains exact gt gte in lt lte',
        'any': 'endswith has_any_keys has_keys icontains iendswith istartswith startswith',
        'Char Choice': 'has_key',
        'Char Texts Choice': 'iexact iregex regex',
        'Number Date DateTime Duration Boolean Numbers Dates Time Choice': 'isnull',
        'Boolean Texts Choice': 'range',
    },
}  # fmt: skip


def test_each_lookup_of_postgresql_takes_the_classes_that_read_its_values(server):
    assert {name: find_readers(Ranges, name, CLASSES) for name in READERS} == READERS


@pytest.mark.parametrize(
    ('column', 'held'),
    [
        ('whole', 'a range'), ('days', 'a range'), ('numbers', 'an array'), ('words', 'a vector'),
        ('anything', 'JSON'), ('anything__cost', 'JSON'), ('span', 'a duration'),
    ],
)  # fmt: skip
@pytest.mark.parametrize('cls', [filters.RangeFilter, filters.DateFromToRangeFilter])
def test_E026_two_ends_of_a_column_that_has_none(cls, column, held, server):
    declared = cls(field_name=column)

    problem = list_problems(make_filter_set(asked=declared, meta={'model': Ranges}))['asked']

    assert (problem.id, problem.message.partition("__exact': ")[2], problem.hint) == (
        'E026',
        f'{cls.__name__} asks for what is between two ends, and the column is {held}.',
        'Leave it out.',
    )


class Box(models.Model):
    data = postgres_fields.HStoreField()

    class Meta:
        app_label = 'project'
        managed = False


@pytest.mark.parametrize(
    ('cls', 'lookup'),
    [
        (CHAR, 'exact'), (CHAR, 'gt'), (CHAR, 'contains'), (CHAR, 'contained_by'),
        (NUMBER, 'exact'), (TRUTH, 'contains'), (Texts, 'in'), (Texts, 'range'), (Dates, 'exact'),
        (filters.UUIDFilter, 'contains'),
    ],
)  # fmt: skip
def test_E026_filter_of_a_whole_hstore(cls, lookup, server):
    declared = cls(field_name='data', lookup_expr=lookup)

    problem = list_problems(make_filter_set(asked=declared, meta={'model': Box}))['asked']

    assert (problem.id, problem.message, problem.hint) == (
        'E026',
        (
            f"The filter 'asked' of {make_filter_set.__module__}.ZooFilter cannot ask for "
            f"'data__{lookup}': a query string has no hstore."
        ),
        "Ask for one of its keys, as in CharFilter(field_name='data__key'), or for 'has_key'.",
    )


@pytest.mark.parametrize(
    'declared',
    [
        CHAR(field_name='data', lookup_expr='has_key'), CHAR(field_name='data__key'),
        CHAR(field_name='data__key', lookup_expr='contains'),
        Texts(field_name='data', lookup_expr='has_any_keys'),
        Texts(field_name='data__keys', lookup_expr='overlap'),
        TRUTH(field_name='data', lookup_expr='isnull'),
        filters.ChoiceFilter(field_name='data', choices=[('"a"=>"1"', 'A')]),
    ],
)  # fmt: skip
def test_filter_of_what_is_in_an_hstore(declared, server):
    assert list_problems(make_filter_set(asked=declared, meta={'model': Box})) == {}


def test_each_filter_that_fits_its_column_works_on_postgresql(server):
    with server.schema_editor() as editor:
        editor.create_model(Ranges)
    declared = {
        f'f{number}': cls(field_name=column, lookup_expr=lookup)
        for number, (cls, column, lookup, _) in enumerate(WELL)
    }
    declared['times'] = filters.TimeRangeFilter(field_name='span')
    declared['counts'] = filters.RangeFilter(field_name='count')
    declared['firsts'] = filters.RangeFilter(field_name='whole__startswith')
    filter_set = make_filter_set(**declared, meta={'model': Ranges})

    assert list_problems(filter_set) == {}
    query = '&'.join(f'f{number}={value}' for number, (*_, value) in enumerate(WELL))
    assert ask(build_app(filter_set), query=query).json() == {'count': 0}


def test_a_list_for_a_range_must_have_two_ends(server):
    declared = Texts(field_name='whole', lookup_expr='overlap')
    app = build_app(make_filter_set(asked=declared, meta={'model': Ranges}))

    for value in ('1', '1,2,3'):
        answer = ask(app, query=f'asked={value}')
        assert (answer.code, answer.json()) == (
            400, {'asked': 'Must be a value that this filter can look for.'},
        )  # fmt: skip


@both_modes
def test_all_other_fields_are_written_to_postgresql(app_class, tables):
    zoo.Owner.objects.create(pk=1, name='a')
    zoo.Coded.objects.create(code='a')

    answer = ask(build(app_class, *zoo.ROUTES), method='POST', body=json.dumps(zoo.SENT).encode())

    assert (answer.code, answer.json()) == (200, zoo.SHOWN)
