"""A FilterSet of django-filter as a handler's parameter, in each mode."""

import copy
import copyreg
import decimal
import json
import uuid

import django_filters as filters
import pytest
from apistar import Route, types, validators
from django import forms
from django.core.handlers.wsgi import WSGIRequest
from django.db.migrations.recorder import MigrationRecorder
from django.http import QueryDict

from django_apistar.api import filter_problems, unresolvable
from django_apistar.api.origins import explain_call
from django_apistar.pagination import Page, PageNumber
from django_apistar.schema import build_openapi
from django_apistar.schema.swagger import build_swagger
from django_apistar.validators import Decimal
from management_tests.project.models import Article, Maker
from management_tests.support.oracle import Request, both_modes, build

pytestmark = [pytest.mark.django_db, both_modes]


class ArticleType(types.Type):
    price = Decimal(max_digits=30, decimal_places=2)
    state = validators.String()


class ArticleFilter(filters.FilterSet):
    cheaper = filters.NumberFilter(field_name='price', lookup_expr='lt', help_text='Below it.')
    maker_name = filters.CharFilter(field_name='maker__name', max_length=20)
    mine = filters.BooleanFilter(method='filter_mine')
    order = filters.OrderingFilter(fields=['price'])
    price = filters.RangeFilter()

    class Meta:
        model = Article
        fields = {'state': ['exact', 'in'], 'maker': ['exact', 'isnull'], 'key': ['exact']}

    def filter_mine(self, queryset, name, value):
        return queryset.filter(maker__name=self.request.META.get('HTTP_NAME', ''))


def list_articles(page: PageNumber, articles: ArticleFilter) -> Page[ArticleType]:
    return page.of(articles.qs)


ROUTES = [Route('/', 'GET', list_articles)]


@pytest.fixture
def ask(app_class):
    return build_ask(build(app_class, *ROUTES))


def build_ask(app):
    def ask(query='', **environ):
        given = {**Request('/', query=query).build_environ(), **environ}
        statuses = []
        body = b''.join(app(given, lambda status, headers, exc=None: statuses.append(status)))
        return int(statuses[0][:3]), json.loads(body)

    return ask


@pytest.fixture
def makers():
    makers = [Maker.objects.create(name=name) for name in ('Ada', 'Bob')]
    for number, maker in enumerate([makers[0], makers[1], None], 1):
        state = 'sold' if number == 2 else 'new'
        Article.objects.create(price=decimal.Decimal(number), maker=maker, state=state)
    return makers


def prices(answer):
    status, page = answer
    assert status == 200, answer
    return [row['price'] for row in page['results']]


@pytest.mark.parametrize(
    ('query', 'found'),
    [
        ('', '1 2 3'),
        ('unknown=5', '1 2 3'),
        ('state=', '1 2 3'),
        ('state=sold', '2'),
        ('state__in=sold,new', '1 2 3'),
        ('cheaper=2.5', '1 2'),
        ('cheaper=2.5&state=new', '1'),
        ('price_min=1.5&price_max=2', '2'),
        ('price_min=2', '2 3'),
        ('maker_name=Ada', '1'),
        ('maker__isnull=true', '3'),
        ('mine=true', '2'),
        ('order=-price', '3 2 1'),
        ('key=00000000-0000-0000-0000-000000000008', ''),
    ],
)
def test_rows_are_those_that_the_query_asks_for(ask, makers, query, found):
    assert prices(ask(query, HTTP_NAME='Bob')) == [f'{each}.00' for each in found.split()]


def test_a_relation_is_asked_for_by_its_key(ask, makers):
    assert prices(ask(f'maker={makers[1].pk}')) == ['2.00']


def test_urls_of_pages_keep_the_filter(ask, makers):
    _, page = ask('state=new&page_size=1')

    assert page['count'] == 2
    assert page['next'] == 'http://testserver/?state=new&page_size=1&page=2'


def test_what_a_handler_does_to_a_form_ends_with_its_request(app_class, makers):
    def list_changed(articles: ArticleFilter) -> list[int]:
        field = articles.form.fields['cheaper']
        told = [len(field.validators), len(field.error_messages), articles.filters['cheaper'].extra]
        field.validators.append(print)
        field.error_messages['odd'] = 'Odd.'
        told[2] = told[2].setdefault('seen', len(told[2]))
        for inner in articles.form.fields['price'].fields:
            told.append(len(inner.validators))
            inner.validators.append(print)
        return told

    ask = build_ask(build(app_class, Route('/', 'GET', list_changed)))

    assert ask() == ask()


def test_all_rows_that_a_filter_has_are_asked_for_apart_from_those_that_it_lets_pass(
    app_class, makers
):
    class PriceFilter(filters.FilterSet):
        class Meta:
            model = Article
            fields = ['price']

    def count(articles: PriceFilter) -> list[int]:
        passed = len(articles.qs)
        Article.objects.create(price=4)
        return [passed, len(articles.queryset)]

    assert build_ask(build(app_class, Route('/', 'GET', count)))() == (200, [3, 4])


def remake(self, *args):
    return copyreg.__newobj__, (type(self),), dict(vars(self))


@pytest.mark.parametrize(
    ('name', 'method'),
    [
        ('__copy__', lambda self: copy.copy(self.plain)),
        ('__reduce__', remake),
        ('__reduce_ex__', remake),
        ('__getstate__', lambda self: dict(vars(self))),
        ('__getnewargs__', lambda self: ()),
        ('__getnewargs_ex__', lambda self: ((), {})),
        ('__setstate__', lambda self, state: vars(self).update(state)),
        ('__new__', lambda cls, *args, **kwargs: object.__new__(cls)),
    ],
)
def test_a_filter_that_says_how_it_is_copied_is_copied_so(app_class, makers, name, method):
    called = []

    def note(*args, **kwargs):
        called.append(name)
        return method(*args, **kwargs)

    class Copied(filters.NumberFilter):
        plain = filters.NumberFilter(field_name='price')

    class OfTheProject(Copied):
        pass

    class CopiedFilter(filters.FilterSet):
        cheaper = OfTheProject(field_name='price', lookup_expr='lt')

        class Meta:
            model = Article
            fields = ()

    setattr(Copied, name, note)
    ask = build_ask(build(app_class, build_show(CopiedFilter)))

    ask()
    called.clear()
    assert ask()[0] == 200
    assert called == [name]


class SlottedFilter(filters.Filter):
    __slots__ = ('most',)

    def __init__(self, most):
        super().__init__()
        self.most = most

    def filter(self, rows, value):
        return rows.filter(price__lte=self.most)


def test_a_filter_keeps_what_it_has_in_slots(app_class, makers):
    class CheapFilter(filters.FilterSet):
        cheap = SlottedFilter(2)

        class Meta:
            model = Article
            fields = ()

    ask = build_ask(build(app_class, build_show(CheapFilter)))

    assert ask('cheap=yes') == (200, [1, 2])


class PlainFilter(filters.FilterSet):
    """Which no code of the project takes part in."""

    cheaper = filters.NumberFilter(field_name='price', lookup_expr='lt')
    price = filters.RangeFilter()
    order = filters.OrderingFilter(fields=['price'])
    mine = filters.BooleanFilter(field_name='maker', lookup_expr='isnull')

    class Meta:
        model = Article
        fields = {'state': ['exact', 'in'], 'key': ['exact']}


class UnsoldForm(forms.Form):
    def clean(self):
        return {**self.cleaned_data, 'state': 'new'}


class UnsoldByMeta(PlainFilter):
    class Meta(PlainFilter.Meta):
        form = UnsoldForm


class UnsoldByInit(PlainFilter):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.queryset = self.queryset.filter(state='new')


class UnsoldByForm(PlainFilter):
    @property
    def form(self):
        form = super().form
        form.data = {'state': 'new'}
        return form


class UnsoldByFormClass(PlainFilter):
    def get_form_class(self):
        return type('Form', (super().get_form_class(), UnsoldForm), {})


class UnsoldByRows(PlainFilter):
    def filter_queryset(self, queryset):
        return super().filter_queryset(queryset.filter(state='new'))


class UnsoldByProperty(PlainFilter):
    @property
    def qs(self):
        return super().qs.filter(state='new')


class UnsoldByErrors(PlainFilter):
    @property
    def errors(self):
        errors = super().errors
        self.form.cleaned_data['state'] = 'new'
        return errors


class UnsoldByValidity(PlainFilter):
    def is_valid(self):
        self.queryset = self.queryset.filter(state='new')
        return super().is_valid()


class UnsoldByMethod(PlainFilter):
    cheaper = filters.NumberFilter(method='filter_cheaper')

    def filter_cheaper(self, queryset, name, value):
        assert self.form.cleaned_data[name] == value
        return queryset.filter(state='new')


class UnsoldFilter(filters.NumberFilter):
    def filter(self, rows, value):
        assert self.parent.form.cleaned_data['cheaper'] == value
        return rows.filter(state='new')


class UnsoldByFilter(PlainFilter):
    cheaper = UnsoldFilter()


class HalfField(forms.DecimalField):
    def clean(self, value):
        return super().clean(value) / 5


class HalfFilter(filters.NumberFilter):
    field_class = HalfField


class UnsoldByField(PlainFilter):
    cheaper = HalfFilter(field_name='price', lookup_expr='lt')


class HalfInput(forms.NumberInput):
    def value_from_datadict(self, data, files, name):
        return '2'


class UnsoldByWidget(PlainFilter):
    cheaper = filters.NumberFilter(field_name='price', lookup_expr='lt', widget=HalfInput)


class UnsoldByDisabledField(PlainFilter):
    cheaper = filters.NumberFilter(field_name='price', lookup_expr='lt', disabled=True, initial=2)


OVERRIDING = [
    UnsoldByMeta, UnsoldByInit, UnsoldByForm, UnsoldByFormClass, UnsoldByRows, UnsoldByProperty,
    UnsoldByErrors, UnsoldByValidity, UnsoldByMethod, UnsoldByFilter, UnsoldByField, UnsoldByWidget,
    UnsoldByDisabledField,
]  # fmt: skip


def build_show(cls):
    def show(articles: cls) -> list[int]:
        return [int(article.price) for article in articles.qs.order_by('id')]

    return Route('/', 'GET', show)


@pytest.mark.parametrize('cls', OVERRIDING)
def test_what_a_class_overrides_takes_part(app_class, makers, cls):
    ask = build_ask(build(app_class, build_show(cls)))
    by_hand = cls(QueryDict('cheaper=5'))
    assert by_hand.is_valid()

    assert ask('cheaper=5') == (200, [int(row.price) for row in by_hand.qs.order_by('id')])
    assert 2 not in ask('cheaper=5')[1]


@pytest.mark.parametrize(
    ('filter_', 'makes_one'),
    [
        (filters.NumberFilter(field_name='price', lookup_expr='lt'), False),
        (filters.RangeFilter(field_name='price'), False),
        (filters.CharFilter(field_name='state', lookup_expr='icontains'), False),
        (filters.CharFilter(field_name='state', lookup_expr='iregex'), True),
        (filters.LookupChoiceFilter(field_name='state', lookup_choices=['exact']), True),
        (filters.ModelChoiceFilter(field_name='maker', queryset=Maker.objects.all()), True),
        (filters.BooleanFilter(method=lambda rows, name, value: rows), True),
        (filters.NumberFilter(field_name='price', widget=HalfInput), True),
        (filters.NumberFilter(field_name='price', disabled=True), True),
        (filters.RangeFilter(field_name='price', fields=(HalfField(), HalfField())), True),
    ],
    ids=[
        'number',
        'range',
        'text',
        'pattern',
        'chosen lookup',
        'row',
        'method',
        'own widget',
        'disabled',
        'own fields',
    ],
)
def test_a_form_is_made_only_where_more_than_its_own_fields_reads_it(app_class, filter_, makes_one):
    class OneFilter(filters.FilterSet):
        one = filter_

        class Meta:
            model = Article
            fields = ()

    def tell(articles: OneFilter) -> dict:
        return {'rows': len(articles.qs), 'has_form': '_form' in vars(articles)}

    ask = build_ask(build(app_class, Route('/', 'GET', tell)))

    assert ask() == (200, {'rows': 0, 'has_form': makes_one})


@pytest.mark.parametrize(
    'query',
    ['', 'cheaper=3', 'cheaper=', 'cheaper=+3+', 'state=new', 'state__in=new,sold', 'price_min=2',
     'price_min=2&price_max=2.5', 'order=-price', 'mine=true', 'mine=unknown', 'mine=', 'key=',
     f'key={uuid.UUID(int=7)}', 'cheaper=3&cheaper=2', 'unknown=1'],
)  # fmt: skip
def test_handler_sees_the_filter_set_that_it_would_make(app_class, makers, query):
    def describe(articles: PlainFilter) -> dict:
        return show_filter_set(articles)

    ask = build_ask(build(app_class, Route('/', 'GET', describe)))
    by_hand = PlainFilter(QueryDict(query))
    assert by_hand.is_valid()

    assert ask(query) == (200, show_filter_set(by_hand))


def show_filter_set(articles):
    form = articles.form
    cleaned = repr(form.cleaned_data)  # before anybody has asked whether it is valid
    return {
        'cleaned': cleaned, 'sql': str(articles.qs.query), 'rows': str(articles.queryset.query),
        'is_valid': articles.is_valid(), 'errors': form.errors, 'changed': form.changed_data,
        'fields': [*form.fields], 'form': type(form).__name__, 'is_bound': articles.is_bound,
        'shown': [repr(bound.value()) for bound in form], 'data': articles.data.dict(),
        'filters': [[name, one.parent is articles, one.model.__name__]
                    for name, one in articles.filters.items()],
    }  # fmt: skip


def test_error_that_a_handler_adds_to_a_form_stays_there(app_class, makers):
    def add(articles: PlainFilter) -> list:
        articles.form.add_error('cheaper', 'Too cheap.')
        return [articles.errors, sorted(articles.form.cleaned_data)]

    ask = build_ask(build(app_class, Route('/', 'GET', add)))

    assert ask('cheaper=3') == (
        200, [{'cheaper': ['Too cheap.']}, ['key', 'mine', 'order', 'price', 'state', 'state__in']]
    )  # fmt: skip


@pytest.mark.parametrize('charset', ['', 'latin-1'])
@pytest.mark.parametrize(
    'query',
    ['', 'a=1', 'a=1&b=2&a=3', 'a=', 'a', 'a=%20b', 'a=b+c', '=1', 'a=1&&b=2', 'a=é', 'a=%E9'],
)
def test_query_of_the_request_is_djangos(app_class, query, charset):
    def show(articles: PlainFilter) -> list:
        return show_query(articles.request)

    ask = build_ask(build(app_class, Route('/', 'GET', show)))
    given = {'CONTENT_TYPE': f'text/plain; charset={charset}'} if charset else {}
    environ = {**Request('/', query=query).build_environ(), **given}

    assert ask(query, **given) == (200, show_query(WSGIRequest(environ)))


def show_query(request):
    query = request.GET
    changed = query.copy()
    changed['a'] = 'new'
    with pytest.raises(AttributeError, match='immutable'):
        query['a'] = 'new'
    return [[*map(list, query.lists())], query.encoding, query.urlencode(), changed.urlencode()]


def test_query_of_too_many_fields_is_a_bad_request(app_class, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2
    ask = build_ask(build(app_class, build_show(PlainFilter)))

    assert ask('a=1&b=2') == (200, [])
    assert ask('a=1&b=2&c=3') == (400, 'Bad request')


class TurnedFilter(filters.CharFilter):
    """Excludes what it finds, where it is a copy."""

    def __copy__(self):
        return TurnedFilter(field_name=self.field_name, exclude=True)


class TurnedFilterSet(filters.FilterSet):
    state = TurnedFilter()

    class Meta:
        model = Article
        fields = []


def test_a_filter_is_copied_as_its_class_says(app_class, makers):
    def list_turned(articles: TurnedFilterSet) -> list[int]:
        return [int(article.price) for article in articles.qs.order_by('id')]

    ask = build_ask(build(app_class, Route('/', 'GET', list_turned)))

    assert ask('state=sold') == (200, [1, 3])


def test_a_page_of_filtered_rows_costs_two_queries(ask, makers, django_assert_num_queries):
    with django_assert_num_queries(2):
        ask('cheaper=2')


@pytest.mark.parametrize(
    ('query', 'errors'),
    [
        ('cheaper=abc', {'cheaper': 'Enter a number.'}),
        ('cheaper=NaN', {'cheaper': 'Enter a number.'}),
        ('price_min=x', {'price': 'Enter a number.'}),
        ('key=7', {'key': 'Enter a valid UUID.'}),
        ('maker=99', {'maker': 'Select a valid choice. That choice is not one of the available '
                               'choices.'}),
        (f'maker={10**30}', {'maker': 'Select a valid choice. That choice is not one of the '
                                      'available choices.'}),
        ('state=lost', {'state': 'Select a valid choice. lost is not one of the available '
                                 'choices.'}),
        ('order=color', {'order': 'Select a valid choice. color is not one of the available '
                                  'choices.'}),
        ('maker_name=%00', {'maker_name': 'Null characters are not allowed.'}),
        ('maker_name=' + 'a' * 21, {'maker_name': 'Ensure this value has at most 20 characters '
                                                  '(it has 21).'}),
        ('key=7&cheaper=', {'key': 'Enter a valid UUID.'}),
        ('key=7&cheaper=x', {'key': 'Enter a valid UUID.', 'cheaper': 'Enter a number.'}),
        ('cheaper=' + '9' * 10**6,
         {'cheaper': 'Ensure this value is less than or equal to 1e+50.'}),
        ('cheaper=1e40', {'cheaper': 'Ensure that there are no more than 30 digits in total.'}),
        ('price_max=1e29', {'price': 'Ensure that there are no more than 28 digits before the '
                                     'decimal point.'}),
        ('mine=perhaps', {'mine': 'Must be true or false.'}),
    ],
)  # fmt: skip
def test_what_no_filter_takes_is_a_400_that_names_it(ask, query, errors):
    assert ask(query) == (400, errors)


class EventFilter(filters.FilterSet):
    """Values that a database, or Django on the way to it, raises an error for."""

    choice = filters.LookupChoiceFilter(
        field_name='app', field_class=forms.CharField, lookup_choices=['exact', 'regex']
    )

    class Meta:
        model = MigrationRecorder.Migration
        fields = {
            'app': ['regex', 'iregex'],
            'id': ['exact', 'gt', 'in', 'range'],
            'applied': [
                'year', 'year__gt', 'year__in', 'year__range', 'iso_year', 'month', 'month__in',
            ],
        }  # fmt: skip


def count_events(events: EventFilter) -> dict:
    return {'count': events.qs.count()}


YEAR_LOOKUPS = ('year', 'year__gt', 'year__in', 'year__range', 'iso_year')
BELOW = 'Ensure this value is greater than or equal to 1.'
ABOVE = 'Ensure this value is less than or equal to 9999.'
BEYOND = 'Ensure this value is less than or equal to 9223372036854775807.'
UNREADABLE = 'Must be a valid regular expression.'
HUGE = 10**30


@pytest.mark.parametrize(
    ('name', 'value', 'said'),
    [
        *((f'applied__{lookup}', year, said)
          for lookup in YEAR_LOOKUPS
          for year, said in [(0, BELOW), (-1, BELOW), (10_000, ABOVE), (HUGE, ABOVE)]),
        *((f'app__{lookup}', pattern, UNREADABLE)
          for lookup in ('regex', 'iregex') for pattern in ('(', '*', '[', 'a{2,1}')),
        *((name, HUGE, BEYOND)
          for name in ('id', 'id__gt', 'id__in', 'id__range', 'applied__month__in')),
        ('id', -HUGE, f'Ensure this value is greater than or equal to {-(2**63)}.'),
    ],
)  # fmt: skip
def test_what_a_database_cannot_ask_for_is_a_400_that_names_it(app_class, name, value, said):
    ask = build_ask(build(app_class, Route('/', 'GET', count_events)))
    first = '1,' if name.endswith('__range') else ''

    assert ask(f'{name}={first}{value}') == (400, {name: said})
    assert ask('app__regex=^a(b|c)$&applied__year=2026')[0] == 200


def test_a_pattern_by_a_lookup_that_the_client_chose_is_a_400_that_names_it(app_class):
    ask = build_ask(build(app_class, Route('/', 'GET', count_events)))

    assert ask('choice=(&choice_lookup=exact') == (200, {'count': 0})
    assert ask('choice=(&choice_lookup=regex') == (400, {'choice': UNREADABLE})


def test_document_has_the_limits_of_years(app_class):
    document = build_openapi(build(app_class, Route('/', 'GET', count_events)).router.entries)
    schemas = {item['name']: item['schema'] for item in document['paths']['/']['get']['parameters']}
    year = {'type': 'number', 'minimum': 1, 'maximum': 9999}

    assert schemas['applied__year'] == schemas['applied__iso_year'] == year
    assert schemas['applied__year__in'] == {'type': 'array', 'items': year}
    both = {'type': 'array', 'items': year, 'minItems': 2, 'maxItems': 2}
    assert schemas['applied__year__range'] == both
    assert 'minimum' not in schemas['applied__month']


def test_parameters_stand_in_the_document_with_their_types(app_class):
    document = build_openapi(build(app_class, *ROUTES).router.entries)
    operation = document['paths']['/']['get']
    number = {'type': 'number', 'exclusiveMinimum': -(10**28), 'exclusiveMaximum': 10**28}
    states = {'type': 'string', 'enum': ['new', 'sold']}

    assert [
        (item['name'], item.get('description', ''), item['schema'], item.get('explode'))
        for item in operation['parameters']
        if item.pop('in') == 'query' and 'page' not in item['name']
    ] == [
        ('state', 'State', states, None),
        ('state__in', 'Multiple values may be separated by commas.',
         {'type': 'array', 'items': {'type': 'string'}}, False),
        ('maker', 'Maker', {'type': 'integer'}, None),
        ('maker__isnull', 'Maker is null', {'type': 'boolean'}, None),
        ('key', 'Key', {'type': 'string', 'format': 'uuid'}, None),
        ('cheaper', 'Below it.', number, None),
        ('maker_name', 'Maker name', {'type': 'string', 'maxLength': 20}, None),
        ('mine', '', {'type': 'boolean'}, None),
        ('order', 'Ordering', {'type': 'array', 'items': {
            'type': 'string', 'enum': ['price', '-price'],
        }}, False),
        ('price_min', 'Price', number, None), ('price_max', 'Price', number, None),
    ]  # fmt: skip
    assert '400' in operation['responses']


def test_swagger_separates_values_by_commas(app_class):
    document = build_swagger(build(app_class, *ROUTES).router.entries)
    parameters = {item['name']: item for item in document['paths']['/']['get']['parameters']}

    assert parameters['order']['collectionFormat'] == 'csv'


class NumbersFilter(filters.BaseInFilter, filters.NumberFilter): ...


class MailFilter(filters.Filter):
    field_class = forms.EmailField


class WholeFilter(filters.Filter):
    field_class = forms.IntegerField


class RatioFilter(filters.Filter):
    field_class = forms.FloatField


class Shelf(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=[('Group', [(1, 'One'), (2, 'Two')])], required=True)
    label = filters.ChoiceFilter(choices=lambda: [('x', 'X')], null_label='None')
    makers = filters.ModelMultipleChoiceFilter(
        field_name='maker', queryset=lambda request: Maker.objects.filter(name=request.GET['q'])
    )
    names = filters.AllValuesFilter(field_name='state')
    since = filters.DateFromToRangeFilter(field_name='key', label='Since')
    at = filters.IsoDateTimeFilter(field_name='key')
    on = filters.DateFilter(field_name='key')
    clock = filters.TimeFilter(field_name='key')
    took = filters.DurationFilter(field_name='key')
    size = filters.NumberFilter(field_name='pk', min_value=1, max_value=9)
    looked = filters.LookupChoiceFilter(
        field_name='state', field_class=forms.CharField, lookup_choices=['exact', 'contains']
    )
    grouped = filters.MultipleChoiceFilter(
        field_name='state', choices={'Group': {'a': 'A', '': 'None'}, 'b': 'B', None: 'No'},
        help_text='Some.',
    )  # fmt: skip
    mixed = filters.ChoiceFilter(field_name='state', choices=[(1, '1'), ('a', 'A')])
    perhaps = filters.ChoiceFilter(
        field_name='pk', choices=[(1, '1')], null_label='None', null_value='none'
    )
    nobody = filters.ModelChoiceFilter(queryset=Maker.objects.all(), field_name='nowhere')
    numbers = NumbersFilter(field_name='pk', lookup_expr='in', help_text='Any.')
    mail = MailFilter(field_name='state')
    whole = WholeFilter(field_name='price', max_value=5)
    ratio = RatioFilter(field_name='price', min_value=0)
    word = filters.CharFilter(field_name='state', min_length=1)
    free = filters.Filter(field_name='state', help_text='Free.')

    class Meta:
        model = Article
        fields = []


@pytest.mark.django_db(databases=[])
def test_document_asks_neither_the_database_nor_the_request(app_class):
    """`filter_sets`"""

    def show(shelf: Shelf) -> dict: ...

    document = build_openapi(build(app_class, Route('/', 'GET', show)).router.entries)
    parameters = document['paths']['/']['get']['parameters']
    limits = {'exclusiveMinimum': -(10**28), 'exclusiveMaximum': 10**28}

    assert {item['name']: item['schema'] for item in parameters} == {
        'kind': {'type': 'integer', 'enum': [1, 2]},
        'label': {'type': 'string'},
        'makers': {'type': 'array', 'items': {'type': 'integer'}},
        'names': {'type': 'string'},
        'since_after': {'type': 'string', 'format': 'date'},
        'since_before': {'type': 'string', 'format': 'date'},
        'at': {'type': 'string', 'format': 'date-time'},
        'on': {'type': 'string', 'format': 'date'},
        'clock': {'type': 'string', 'format': 'time'},
        'took': {'type': 'string', 'format': 'duration'},
        'size': {'type': 'number', 'minimum': 1, 'maximum': 9},
        'looked': {'type': 'string'},
        'looked_lookup': {'type': 'string', 'enum': ['exact', 'contains']},
        'grouped': {'type': 'array', 'items': {'type': 'string', 'enum': ['a', 'b']}},
        'mixed': {'type': 'string', 'enum': ['1', 'a']},
        'perhaps': {'type': 'string', 'enum': ['1', 'none']},
        'nobody': {'type': 'string'},
        'numbers': {'type': 'array', 'items': {'type': 'number', 'maximum': 1e50}},
        'mail': {'type': 'string', 'format': 'email'},
        'whole': {'type': 'integer', **limits},
        'ratio': {'type': 'number', **limits},
        'word': {'type': 'string', 'minLength': 1},
        'free': {'type': 'string'},
    }
    assert [item['name'] for item in parameters if item.get('required')] == ['kind']
    said = {item['name']: item.get('description') for item in parameters}
    assert said['grouped'] == 'Some.'
    assert said['numbers'] == 'Any.'
    assert said['free'] == 'Free.'


class Lost(filters.FilterSet):
    color = filters.CharFilter()
    maker_size = filters.NumberFilter(field_name='maker__size')
    cheap = filters.BooleanFilter(field_name='price', lookup_expr='cheap')
    order = filters.OrderingFilter(fields={'weight': 'w', 'pk': 'id'})
    any_ = filters.CharFilter(method='filter_any')

    class Meta:
        model = Article
        fields = ['state']


class Rowless(filters.FilterSet):
    color = filters.CharFilter()


def by_lost(lost: Lost) -> dict: ...


def by_rowless(rowless: Rowless) -> dict: ...


def test_W021_filter_of_what_the_model_has_not(app_class):
    found = [*filter_problems.find_problems(build(app_class, Route('/', 'GET', by_lost)))]
    choices = 'Choices are: id, key, maker, maker_id, photo, price, state, warranty.'

    assert [(problem.id, problem.message) for problem in found] == [
        ('W021', f'The filter {name!r} of {__name__}.Lost cannot ask for {lookup!r}: {reason}')
        for name, lookup, reason in [
            ('color', 'color__exact', f"Cannot resolve keyword 'color' into field. {choices}"),
            ('maker_size', 'maker__size__exact',
             "Unsupported lookup 'size__exact' for field 'project.Article.maker'."),
            ('cheap', 'price__cheap',
             "Unsupported lookup 'cheap' for field 'project.Article.price'."),
            ('order', 'weight__exact', f"Cannot resolve keyword 'weight' into field. {choices}"),
        ]
    ]  # fmt: skip
    assert {problem.hint for problem in found} == {
        'Correct its field_name or lookup_expr: each request with it is a 500.'
    }


def test_filter_set_without_a_model_cannot_be_injected(app_class):
    [problem] = unresolvable.find_problems(build(app_class, Route('/', 'GET', by_rowless)))

    assert (problem.id, problem.hint) == (
        'E015', 'Give its class Meta a model, whose rows it filters.',
    )  # fmt: skip
    assert problem.message.startswith(f'The FilterSet {__name__}.Rowless has no model (')


def test_filter_set_is_injected_without_components(app_class):
    app = build(app_class, *ROUTES)

    assert unresolvable.find_problems(app) == ()
    assert explain_call(app, app.router.entries[0]).origins == {
        'page': 'query',
        'articles': 'query',
    }
