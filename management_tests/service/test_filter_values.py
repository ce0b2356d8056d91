"""What a client may send to a filter: each class of field, each lookup, values that are odd.

A filter is refused at start, or what it cannot look for is a 400 that names it: never a 500.
"""

import django_filters as filters
import pytest
from django import forms
from django.db import DatabaseError, NotSupportedError, connection
from django.db.models import BinaryField, CharField, Lookup, Model
from django.test.utils import isolate_apps, register_lookup

from django_apistar.api.filter_problems import find_problems
from django_apistar.conf import SettingsError
from django_apistar.dispatch import dispatcher
from management_tests.project.models import Note
from management_tests.service.zoo import Zoo
from management_tests.service.zoo_filters import (
    FEW,
    HUGE,
    ONE_OF_EACH,
    build_app,
    find_readers,
    list_problems,
    make_filter_set,
    sweep,
)
from management_tests.support.oracle import ask

KEY = '00000000-0000-0000-0000-000000000007'
ZOO_FILTER = 'management_tests.service.zoo_filters.ZooFilter'
VALUES = [
    *FEW, '-1', '1e400', 'true,false', '{"a":1}', 'a' * 400, '1' * 400, ',', '%ED%A0%80', '%FF',
    '%D9%A1', '0000-01-01', '9999-12-31T23:59:59-14:00', '2026-01-01T00:00:00-15:59', '10:00',
    f'{KEY},{KEY}',
]  # fmt: skip


class NumbersFilter(filters.BaseInFilter, filters.NumberFilter):
    pass


@pytest.mark.django_db
@pytest.mark.parametrize('name', ONE_OF_EACH)
def test_no_lookup_of_a_field_is_a_500(name):
    sweep(name, VALUES)


def test_a_text_that_is_too_long_for_the_database_is_a_400(db):
    Note.objects.create(text='a')
    app = build_app(make_filter_set(meta={'model': Note, 'fields': {'text': ['contains']}}))
    expected = 400 if connection.vendor == 'sqlite' else 200

    assert ask(app, query='text__contains=' + 'a' * 50_001).code == expected


@pytest.mark.parametrize(
    ('name', 'value', 'said'),
    [
        ('moment', '0001-01-01T00:00:00%2B14:00', 'Must be between the years 1 and 9999.'),
        ('moment', '9999-12-31T23:59:59-14:00', 'Must be between the years 1 and 9999.'),
        ('moment', '2026-01-01T00:00:00-16:00', 'Must be less than 16 hours from UTC.'),
        ('moment', '2026-01-01T00:00:00%2B23:59', 'Must be less than 16 hours from UTC.'),
        ('address', 'abc', 'Enter a valid IPv4 or IPv6 address.'),
        ('address__in', '::1,1', 'Enter a valid IPv4 or IPv6 address.'),
        *(
            ('owners', key, f'Select a valid choice. {key} is not one of the available choices.')
            for key in (HUGE, str(2**63))
        ),
        ('truth', 'maybe', 'Must be true or false.'),
        ('span', '106751992 00:00:00',
         'Ensure this value is less than or equal to 9223372036854775807.'),
        ('price', '1000', 'Ensure that there are no more than 3 digits before the decimal point.'),
        ('price', '-1000', 'Ensure that there are no more than 3 digits before the decimal point.'),
        # Filters that do not fit to their fields
        ('whole', 'abc', 'Must be a value that this filter can look for.'),
        ('day', 'abc', 'Must be a value that this filter can look for.'),
        ('chosen', 'abc&chosen_lookup=range', 'Must be a value that this filter can look for.'),
        ('chosen', 'abc&chosen_lookup=isnull', 'Must be a value that this filter can look for.'),
        ('number', '1&number_lookup=regex', 'Must be text, as a pattern is.'),
        ('two', '1', 'Must be a value that this filter can look for.'),
        ('two', '1,2,3', 'Must be a value that this filter can look for.'),
    ],
)  # fmt: skip
def test_what_a_query_cannot_hold_is_a_400_that_names_it(db, name, value, said):
    filter_set = make_filter_set(
        whole=filters.CharFilter(), day=filters.CharFilter(field_name='date'),
        chosen=filters.LookupChoiceFilter(field_name='char'),
        number=filters.LookupChoiceFilter(field_name='whole', field_class=forms.DecimalField),
        two=NumbersFilter(field_name='whole', lookup_expr='range'),
        meta={
            'fields': {
                'moment': ['exact'], 'address': ['exact', 'in'], 'truth': ['exact'],
                'owners': ['exact'], 'span': ['exact'], 'price': ['exact'],
            },
        },
    )  # fmt: skip

    answer = ask(build_app(filter_set), query=f'{name}={value}')

    assert (answer.code, answer.json()) == (400, {name: said})


@pytest.mark.parametrize(
    'query',
    [
        'span=106751991 00:00:00', 'price=999.999', 'price=-999', f'big={2**63 - 1}',
        f'big={-(2**63)}', 'moment=2026-01-01T00:00:00-15:59', 'truth=unknown', 'truth=',
    ],
)  # fmt: skip
def test_what_a_query_can_hold_is_looked_for(db, query):
    names = ('span', 'price', 'big', 'moment', 'truth')
    filter_set = make_filter_set(meta={'fields': {name: ['exact'] for name in names}})

    answer = ask(build_app(filter_set), query=query)

    assert (answer.code, answer.json()) == (200, {'count': 0})


@pytest.mark.parametrize(
    ('said', 'code'),
    [('Illegal argument to a regular expression.', 400), ('disk I/O error', 500)],
)
def test_pattern_is_refused_where_the_database_says_so(db, said, code):
    declared = filters.CharFilter(field_name='char', lookup_expr='regex')

    def refuse(execute, sql, params, many, context):
        raise DatabaseError(said)

    with connection.execute_wrapper(refuse):
        answer = ask(build_app(make_filter_set(pattern=declared)), query='pattern=a')

    assert (answer.code, answer.json()) == (
        code, {'pattern': 'Must be a valid regular expression.'} if code == 400 else 'Server error'
    )  # fmt: skip


def test_a_moment_with_a_zone_is_refused_where_the_project_has_none(db, settings):
    settings.USE_TZ = False
    app = build_app(make_filter_set(meta={'fields': {'moment': ['exact']}}))

    answer = ask(app, query='moment=2026-01-02T10:00:00Z')

    assert (answer.code, answer.json()) == (400, {'moment': 'Must have no time zone.'})


class Overflowing(forms.CharField):
    def clean(self, value):
        raise OverflowError('mine')


class OverflowingFilter(filters.CharFilter):
    field_class = Overflowing


def test_a_field_of_the_project_that_raises_is_its_fault(db, caplog):
    app = build_app(make_filter_set(odd=OverflowingFilter(field_name='char')))

    assert ask(app, query='odd=1').code == 500
    assert [str(record.exc_info[1]) for record in caplog.records] == ['mine']


def test_a_method_of_the_project_that_raises_is_its_fault(db):
    def look(self, rows, name, value):
        return rows.filter(pk=int(value))

    filter_set = make_filter_set(look=look, nearly=filters.CharFilter(method='look'))

    assert ask(build_app(filter_set), query='nearly=abc').code == 500


class TruthsFilter(filters.BaseInFilter, filters.BooleanFilter):
    pass


class TextsFilter(filters.BaseInFilter, filters.CharFilter):
    pass


class RatioFilter(filters.Filter):
    field_class = forms.FloatField


E026 = [
    (
        {'truths': TruthsFilter(field_name='truth')}, 'truths', 'truth__in',
        'TruthsFilter reads one truth value, and no list.',
        "Ask for 'exact', or give it widget=django_filters.widgets.CSVWidget.",
    ),
    (
        {'spans': filters.DurationFilter(field_name='span', lookup_expr='regex')}, 'spans',
        'span__regex', "'regex' takes text, and DurationFilter reads none.",
        "Declare it as CharFilter(field_name='span', lookup_expr='regex').",
    ),
    (
        {'keys': filters.UUIDFilter(field_name='key', lookup_expr='iregex')}, 'keys',
        'key__iregex', "'iregex' takes text, and UUIDFilter reads none.",
        "Declare it as CharFilter(field_name='key', lookup_expr='iregex').",
    ),
    (
        {'between': filters.CharFilter(field_name='char', lookup_expr='range')}, 'between',
        'char__range', "'range' takes two values, and CharFilter reads one.",
        'Declare it with a class of BaseRangeFilter and another filter.',
    ),
    (
        {'gone': filters.CharFilter(field_name='char', lookup_expr='isnull')}, 'gone',
        'char__isnull', "'isnull' takes a truth value, and CharFilter reads text.",
        "Declare it as BooleanFilter(field_name='char', lookup_expr='isnull').",
    ),
    (
        {'cost': filters.NumberFilter(field_name='anything__cost', lookup_expr='lt')}, 'cost',
        'anything__cost__lt', 'what NumberFilter reads is no JSON.',
        'Give it a class whose field_class is django.forms.FloatField.',
    ),
    (
        {'holds': filters.NumberFilter(field_name='anything', lookup_expr='has_key')}, 'holds',
        'anything__has_key', "'has_key' takes text, and NumberFilter reads none.",
        "Declare it as CharFilter(field_name='anything', lookup_expr='has_key').",
    ),
    (
        {'holds': TextsFilter(field_name='anything', lookup_expr='has_key')}, 'holds',
        'anything__has_key', "'has_key' takes text, and TextsFilter reads none.",
        "Declare it as CharFilter(field_name='anything', lookup_expr='has_key').",
    ),
    (
        {'born': filters.DateFilter(field_name='anything__born')}, 'born',
        'anything__born__exact', 'what DateFilter reads is no JSON.',
        "Declare it as CharFilter(field_name='anything__born', lookup_expr='exact').",
    ),
]  # fmt: skip


@pytest.mark.parametrize(('declared', 'name', 'lookup', 'reason', 'hint'), E026)
def test_E026_filter_that_reads_no_value_of_its_lookup(declared, name, lookup, reason, hint):
    problem = list_problems(make_filter_set(**declared))[name]

    assert (problem.id, problem.hint) == ('E026', hint)
    assert problem.message == (
        f'The filter {name!r} of {ZOO_FILTER} cannot ask for {lookup!r}: {reason}'
    )


class DatesFilter(filters.BaseInFilter, filters.DateFilter):
    pass


CLASSES = {
    'Char': filters.CharFilter, 'Number': filters.NumberFilter, 'Date': filters.DateFilter,
    'DateTime': filters.DateTimeFilter, 'Duration': filters.DurationFilter,
    'Truth': filters.BooleanFilter, 'Texts': TextsFilter, 'Numbers': NumbersFilter,
    'Dates': DatesFilter, 'UUID': filters.UUIDFilter, 'Time': filters.TimeFilter,
    'Choice': filters.ChoiceFilter, 'Range': filters.RangeFilter, 'Float': RatioFilter,
}  # fmt: skip
READERS = {
    'char': {
        'any': (
            'contains endswith exact gt gte icontains iendswith iexact in istartswith lt lte '
            'startswith'
        ),
        'Char Texts Choice Range': 'iregex regex',
        'Number Date DateTime Duration Truth Numbers Dates Time Choice Range Float': 'isnull',
        'Number Date DateTime Duration Truth Texts Numbers Dates Time Choice Range Float': 'range',
    },
    'anything': {
        '': 'contained_by contains',
        'Char Number Date DateTime Duration Truth Texts Numbers Dates UUID Time Choice Float': (
            'endswith has_any_keys has_keys icontains iendswith iexact istartswith startswith'
        ),
        'Char Truth Texts Choice Float': 'exact gt gte in lt lte',
        'Char Choice': 'has_key',
        'Char Texts Choice': 'iregex regex',
        'Number Date DateTime Duration Truth Numbers Dates Time Choice Float': 'isnull',
        'Truth Texts Choice Float': 'range',
    },
}  # fmt: skip


@pytest.mark.skipif(connection.vendor != 'sqlite', reason='others have more lookups')
@pytest.mark.django_db(databases=[])
@pytest.mark.parametrize('name', READERS)
def test_each_lookup_takes_the_classes_that_read_its_values(name):
    assert find_readers(Zoo, name, CLASSES) == READERS[name]


@pytest.mark.skipif(connection.vendor != 'sqlite', reason='others have it')
@pytest.mark.parametrize('lookup', ['contains', 'contained_by'])
@pytest.mark.django_db(databases=[])
def test_E026_lookup_that_the_database_has_not(lookup):
    declared = filters.CharFilter(field_name='anything', lookup_expr=lookup)

    problem = list_problems(make_filter_set(inside=declared))['inside']

    assert (problem.id, problem.message, problem.hint) == (
        'E026',
        (
            f"The filter 'inside' of {ZOO_FILTER} cannot ask for 'anything__{lookup}': "
            'SQLite has no such lookup.'
        ),
        'Leave it out, or use another database.',
    )


class Asking(Lookup):
    """Knows what its database has once it is connected."""

    lookup_name = 'asking'

    def as_sql(self, compiler, connection):
        connection.ensure_connection()
        raise NotSupportedError


@pytest.mark.django_db
def test_lookup_that_asks_the_database_is_no_error_at_start():
    with register_lookup(CharField, Asking):
        declared = filters.CharFilter(field_name='char', lookup_expr='asking')

        assert list_problems(make_filter_set(asked=declared)) == {}


@pytest.mark.parametrize(
    ('choices', 'lookup'),
    [(['exact', 'regex'], 'regex'), ([('iregex', 'looks like')], 'iregex')],
)
def test_E026_of_a_lookup_that_a_client_chooses(choices, lookup):
    chosen = filters.LookupChoiceFilter(
        field_name='whole', field_class=forms.DecimalField, lookup_choices=choices
    )
    filter_set = make_filter_set(chosen=chosen)

    problem = list_problems(filter_set)['chosen']

    assert problem.message == (
        f"The filter 'chosen' of {filter_set.__module__}.ZooFilter cannot ask for "
        f"'whole__{lookup}': {lookup!r} takes text, and LookupChoiceFilter reads none."
    )


@isolate_apps('management_tests.project')
def test_E026_of_bytes_for_each_lookup_that_a_client_may_choose():
    class Picture(Model):
        data = BinaryField()

        class Meta:
            app_label = 'project'

    chosen = filters.LookupChoiceFilter(field_name='data')
    filter_set = make_filter_set(meta={'model': Picture}, chosen=chosen)

    found = [(one.message, one.hint) for one in find_problems(build_app(filter_set))]

    start = f"The filter 'chosen' of {filter_set.__module__}.ZooFilter cannot ask for"
    assert found == [
        (f"{start} 'data__{lookup}': a query string has no bytes.", 'Leave it out.')
        for lookup in ('exact', 'gt', 'gte', 'lt', 'lte', 'in', 'range')
    ]


def test_what_the_hints_say_works(db):
    declared = {
        'truths': TruthsFilter(field_name='truth', widget=filters.widgets.CSVWidget),
        'spans': filters.CharFilter(field_name='span', lookup_expr='regex'),
        'keys': filters.CharFilter(field_name='key', lookup_expr='iregex'),
        'cost': RatioFilter(field_name='anything__cost', lookup_expr='lt'),
        'born': filters.CharFilter(field_name='anything__born', lookup_expr='exact'),
        'holds': filters.CharFilter(field_name='anything', lookup_expr='has_key'),
    }
    filter_set = make_filter_set(**declared)

    assert list_problems(filter_set) == {}
    query = 'truths=true,false&spans=[0-9]%2B&keys=^0&cost=1.5&born=2026-11-29&holds=a'
    assert ask(build_app(filter_set), query=query).json() == {'count': 0}


def test_worker_does_not_start_with_such_a_filter(monkeypatch):
    filter_set = make_filter_set(**E026[0][0])
    monkeypatch.setattr(dispatcher, 'get_app', lambda: build_app(filter_set))

    with pytest.raises(SettingsError) as raised:
        dispatcher.get_application.__wrapped__()

    assert 'TruthsFilter reads one truth value, and no list.' in str(raised.value)
