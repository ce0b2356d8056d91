"""Pages of lists, as answers to requests, in each mode."""

import json
from urllib.parse import urlencode, urlsplit

import pytest
from apistar import Route, types, validators
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.db.models import Count, FilteredRelation, Q, QuerySet, Window
from django.db.models.functions import Length, RowNumber
from django.db.models.lookups import Exact, LessThan
from django.db.models.sql import Query
from django.test.utils import CaptureQueriesContext
from django.utils.encoding import escape_uri_path

from django_apistar.api.unresolvable import find_problems
from django_apistar.pagination import Cursor, LimitOffset, Page, PageNumber
from django_apistar.schema import build_openapi
from management_tests.project.models import Article, Maker, Note
from management_tests.service.two_models import Film
from management_tests.support.oracle import Request, both_modes, build

pytestmark = [pytest.mark.django_db, both_modes]


class NoteType(types.Type):
    text = validators.String()


def by_number(page: PageNumber) -> Page[NoteType]:
    return page.of(Note.objects.order_by('id'))


def by_offset(page: LimitOffset) -> Page[NoteType]:
    return page.of(Note.objects.all())


def by_cursor(page: Cursor) -> Page[NoteType]:
    return page.of(Note.objects.order_by('-text'))


def by_other_cursor(page: Cursor) -> Page[NoteType]:
    return page.of(Note.objects.order_by('-text'))


ROUTES = [
    Route('/number/', 'GET', by_number), Route('/offset/', 'GET', by_offset),
    Route('/cursor/', 'GET', by_cursor), Route('/other/', 'GET', by_other_cursor),
]  # fmt: skip


@pytest.fixture
def ask(app_class):
    return build_ask(build(app_class, *ROUTES))


def build_ask(app):
    def ask(path, query='', **environ):
        given = {**Request(path, query=query).build_environ(), **environ}
        statuses = []
        body = b''.join(app(given, lambda status, headers, exc=None: statuses.append(status)))
        return int(statuses[0][:3]), json.loads(body)

    return ask


def make(number):
    Note.objects.bulk_create(Note(text=f'{n:02}') for n in range(number))


def texts(answer):
    return [row['text'] for row in answer['results']]


def test_page_has_20_rows_and_costs_two_queries(ask, django_assert_num_queries):
    make(25)

    with django_assert_num_queries(2):
        status, answer = ask('/number/')

    assert (status, answer) == (200, {
        'count': 25, 'next': 'http://testserver/number/?page=2', 'previous': None,
        'results': [{'text': f'{n:02}'} for n in range(20)],
    })  # fmt: skip


def test_urls_keep_the_query_and_stand_behind_a_proxy(ask, settings):
    settings.USE_X_FORWARDED_HOST = True
    settings.ALLOWED_HOSTS = ['shop.example']
    settings.SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')
    make(3)

    _, answer = ask(
        '/number/', 'q=a+b&page=2&page_size=1', SCRIPT_NAME='/api',
        HTTP_X_FORWARDED_HOST='shop.example', HTTP_X_FORWARDED_PROTO='https',
    )  # fmt: skip

    assert answer == {
        'count': 3, 'previous': 'https://shop.example/api/number/?q=a+b&page_size=1',
        'next': 'https://shop.example/api/number/?q=a+b&page_size=1&page=3',
        'results': [{'text': '01'}],
    }  # fmt: skip


def test_urls_keep_what_a_client_did_not_escape(ask):
    make(3)

    _, answer = ask('/number/', 'q=é&page_size=2'.encode().decode('latin-1'))

    assert answer['next'] == 'http://testserver/number/?q=%C3%A9&page_size=2&page=2'


@pytest.mark.parametrize('script_name', ['', '/a/../b', '/./a', '/a/.b', '/Ã©;x=1', '/X'])
def test_urls_are_those_that_django_makes(app_class, script_name):
    def show(page: PageNumber) -> list:
        return [page.build_url(page=3)]

    ask = build_ask(build(app_class, Route('/shop/', 'GET', show)))
    queries = (
        '', 'q=a', 'q=a&page=2', 'q=a&q=b', 'a=1&b=2&a=3', 'q=', 'q', 'q=a~b.c-d_e', 'q=a%20b',
        'q=a+b', 'q=a;b', 'q=%zz', '=1', '&q=a', 'q=a=b', 'page=2&page=3&q=a',
    )  # fmt: skip
    for query in queries:
        environ = {**Request('/shop/', query=query).build_environ(), 'SCRIPT_NAME': script_name}
        url = build_by_django(WSGIRequest(environ))
        assert ask('/shop/', query, SCRIPT_NAME=script_name) == (200, [url])


def build_by_django(request):
    """Return the URL of the third page."""
    address = request.build_absolute_uri(escape_uri_path(request.path))
    kept = {name: value for name, value in request.GET.lists() if name != 'page'}
    return f'{address}?{urlencode({**kept, "page": 3}, doseq=True)}'


def test_each_url_leaves_out_what_it_changes(app_class):
    def show(page: PageNumber) -> list:
        return [
            page.build_url(page=3), page.build_url(q=None), page.build_url(page=None),
            page.build_url(q='x y', é=1),
        ]  # fmt: skip

    ask = build_ask(build(app_class, Route('/', 'GET', show)))

    assert ask('/', 'q=a&q=b+c&page=2') == (200, [
        'http://testserver/?q=a&q=b+c&page=3', 'http://testserver/?page=2',
        'http://testserver/?q=a&q=b+c', 'http://testserver/?page=2&q=x+y&%C3%A9=1',
    ])  # fmt: skip


@pytest.mark.parametrize(
    ('path', 'query', 'previous', 'following', 'rows'),
    [
        ('number', 'page_size=2&page=1', None, 'page_size=2&page=2', '01'),
        ('number', 'page_size=2&page=02', 'page_size=2', 'page_size=2&page=3', '23'),
        ('number', 'page_size=2&page=3', 'page_size=2&page=2', None, '4'),
        ('number', 'page_size=5&page=', None, None, '01234'),
        ('number', 'page_size=4&page=2', 'page_size=4', None, '4'),
        ('offset', 'limit=2&offset=0', None, 'limit=2&offset=2', '01'),
        ('offset', 'limit=2&offset=1', 'limit=2', 'limit=2&offset=3', '12'),
        ('offset', 'limit=2&offset=2', 'limit=2', 'limit=2&offset=4', '23'),
        ('offset', 'limit=2&offset=3', 'limit=2&offset=1', None, '34'),
        ('offset', 'limit=2&offset=4', 'limit=2&offset=2', None, '4'),
        ('offset', 'limit=2&offset=5', 'limit=2&offset=3', None, ''),
        ('offset', 'limit=5', None, None, '01234'),
        (
            'offset', f'limit=2&offset={10**18 - 1}', f'limit=2&offset={10**18 - 3}', None, '',
        ),
    ],
)  # fmt: skip
def test_each_page_leads_to_its_neighbours(ask, path, query, previous, following, rows):
    make(5)

    def complete(query):
        return query and f'http://testserver/{path}/?{query}'

    assert ask(f'/{path}/', query) == (200, {
        'count': 5, 'next': complete(following), 'previous': complete(previous),
        'results': [{'text': f'0{row}'} for row in rows],
    })  # fmt: skip


def test_rows_beyond_the_last_are_not_asked_for(ask, django_assert_num_queries):
    make(2)

    with django_assert_num_queries(1):  # their number
        ask('/offset/', 'offset=2')


def test_page_beyond_the_last_is_not_found(ask):
    make(3)

    assert ask('/number/', 'page=2') == (404, {'page': 'The last page is 1.'})


@pytest.mark.parametrize('value', ['0', '-1', 'abc', str(10**30), '1.5', '%00', '%D9%A1'])
@pytest.mark.parametrize('name', ['page', 'page_size'])
def test_no_number_is_a_bad_request(ask, name, value):
    highest = {'page': 10**18 - 1, 'page_size': 100}[name]

    assert ask('/number/', f'{name}={value}') == (
        400, {name: f'Must be a whole number from 1 to {highest}.'},
    )  # fmt: skip


def test_empty_list_has_a_first_page(ask):
    assert ask('/number/') == (200, {'count': 0, 'next': None, 'previous': None, 'results': []})


class OddQuery(Query):
    def get_count(self, using):
        return super().get_count(using) % 2


class EvenCount(QuerySet):
    def count(self):
        return super().count() // 2 * 2


@pytest.mark.parametrize(
    ('queryset', 'count'),
    [
        (Note.objects.all(), 5),
        (Note.objects.order_by('-text').select_related(None), 5),
        (Note.objects.filter(text__gt='02'), 2),
        (Note.objects.none(), 0),
        (Note.objects.filter(pk__in=[]), 0),
        (Note.objects.exclude(pk__in=[]), 5),
        (Note.objects.order_by('id')[1:4], 3),
        (Note.objects.annotate(size=Length('text')).filter(size=2), 5),
        (Note.objects.filter(Exact(Count('id'), 1)), 5),
        (Note.objects.annotate(size=Length('text')).values('size').distinct(), 1),
        (Note.objects.values('text').annotate(many=Count('id')).filter(many=1), 5),
        (Note.objects.filter(text='01').union(Note.objects.filter(text='02')), 2),
        (Note.objects.extra(select={'one': '1'}, where=["text = '01'"]), 1),
        (Note.objects.values('text').annotate(many=Count('id')), 5),
        (Note.objects.distinct(), 5),
        (Note.objects.filter(LessThan(Window(RowNumber()), 3)), 2),
        (Note.objects.select_for_update(), 5),
        (EvenCount(Note), 4),
        (QuerySet(Note, OddQuery(Note)), 1),
    ],
)
def test_count_is_that_of_the_queryset(app_class, queryset, count):
    def count_notes(page: PageNumber) -> int:
        return page.of(queryset.all()).beside['count']

    make(5)
    app = build(app_class, Route('/', 'GET', count_notes))

    with CaptureQueriesContext(connection) as djangos:
        assert queryset.all().count() == count

    for _ in range(2):  # of the same kind of query the second is compiled by what is known
        with CaptureQueriesContext(connection) as ours:
            assert build_ask(app)('/') == (200, count)
        assert list_sql(ours) == list_sql(djangos)


def test_rows_joined_on_a_condition_are_counted_and_shown_by_that_condition(app_class):
    class ArticleType(types.Type):
        id = validators.Integer()

    asked = []

    def list_articles(page: PageNumber) -> Page[ArticleType]:
        named = FilteredRelation('maker', condition=Q(maker__name__isnull=asked[-1]))
        return page.of(Article.objects.annotate(named=named).filter(named__isnull=False))

    Article.objects.create(price=1, maker=Maker.objects.create(name='Ann'))
    send = build_ask(build(app_class, Route('/', 'GET', list_articles)))

    for is_null in (False, True, False):  # the same tables and names each time
        asked.append(is_null)
        assert send('/')[1]['count'] == len(send('/')[1]['results']) == 1 - is_null


class Loud(validators.String):
    """A validator of a project's own, which nobody can compile."""

    def validate(self, value, definitions=None, allow_coerce=False):
        return super().validate(value, definitions, allow_coerce).upper()


def test_rows_of_a_page_are_validated_by_what_a_project_has_written(app_class):
    class LoudType(types.Type):
        text = Loud()

    def list_notes(page: PageNumber) -> Page[LoudType]:
        return page.of(Note.objects.all())

    Note.objects.create(text='hello')

    _, answer = build_ask(build(app_class, Route('/', 'GET', list_notes)))('/')

    assert answer == {'count': 1, 'next': None, 'previous': None, 'results': [{'text': 'HELLO'}]}


def list_sql(captured):
    return [query['sql'] for query in captured]


def test_limit_and_offset(ask, django_assert_num_queries):
    make(5)

    with django_assert_num_queries(2):
        status, answer = ask('/offset/', 'limit=2&offset=2')

    assert (status, answer) == (200, {
        'count': 5, 'next': 'http://testserver/offset/?limit=2&offset=4',
        'previous': 'http://testserver/offset/?limit=2',
        'results': [{'text': '02'}, {'text': '03'}],
    })  # fmt: skip


def walk(ask, answer, name):
    pages = [texts(answer)]
    while answer[name]:
        status, answer = ask('/cursor/', urlsplit(answer[name]).query)
        assert status == 200
        pages.append(texts(answer))
    return pages, answer


def test_cursor_is_stable_under_inserts(ask, django_assert_num_queries):
    make(5)
    with django_assert_num_queries(2):
        _, first = ask('/cursor/', 'page_size=2')
    Note.objects.create(text='99')

    pages, last = walk(ask, first, 'next')
    back, _ = walk(ask, last, 'previous')

    assert sorted(first) == ['next', 'previous', 'results']
    assert pages == [['04', '03'], ['02', '01'], ['00']]
    assert back == [['00'], ['02', '01'], ['04', '03'], ['99']]


@pytest.mark.parametrize(('model', 'order'), [(Note, '?'), (Film, 'details'), (Film, '-key')])
def test_cursor_cannot_follow_an_order_that_has_no_place(app_class, model, order, caplog):
    def handler(page: Cursor) -> Page[NoteType]:
        return page.of(model.objects.order_by(order))

    environ = Request('/').build_environ()
    statuses = []
    app = build(app_class, Route('/', 'GET', handler))
    b''.join(app(environ, lambda status, headers, exc=None: statuses.append(status)))

    assert statuses == ['500 Internal Server Error']
    assert [str(record.exc_info[1]) for record in caplog.records] == [
        (f'A cursor cannot follow the order {order!r} of {model._meta.label}: it must be a field '
         'of the model that is neither null nor JSON. Order the QuerySet by such a field, or use '
         'PageNumber.'),
    ]  # fmt: skip


@pytest.mark.parametrize('request_class', [PageNumber, LimitOffset, Cursor])
@pytest.mark.parametrize(
    ('rows', 'reason'),
    [
        ([1, 2], 'not [1, 2].'),
        (None, 'not None.'),
        (Note.objects, 'not the manager project.Note.objects: write project.Note.objects.all().'),
    ],
)
def test_page_of_what_is_no_queryset_says_what_to_write(
    app_class, caplog, request_class, rows, reason
):
    def handler(page: request_class) -> Page[NoteType]:
        return page.of(rows)

    status, _ = build_ask(build(app_class, Route('/', 'GET', handler)))('/')

    assert status == 500
    assert [str(record.exc_info[1]) for record in caplog.records] == [
        f'page.of() takes a QuerySet, {reason}'
    ]


@pytest.mark.parametrize('order', [('text',), ('-text', 'id')])
def test_cursor_follows_a_reversed_order(app_class, order):
    rows = Note.objects.order_by(*order).reverse()

    def handler(page: Cursor) -> Page[NoteType]:
        return page.of(rows.all())

    make(5)
    ask = build_ask(build(app_class, Route('/cursor/', 'GET', handler)))
    pages, last = walk(ask, ask('/cursor/', 'page_size=2')[1], 'next')
    back, _ = walk(ask, last, 'previous')

    assert [text for page in pages for text in page] == [note.text for note in rows]
    assert back == pages[::-1]


def test_cursor_passes_equal_rows_once(ask):
    Note.objects.bulk_create(Note(text='same') for _ in range(5))

    pages, _ = walk(ask, ask('/cursor/', 'page_size=2')[1], 'next')

    assert [len(page) for page in pages] == [2, 2, 1]


def test_cursor_goes_by_the_key_only_among_equal_rows(ask):
    Note.objects.bulk_create(Note(text=text) for text in 'bcacb')

    pages, last = walk(ask, ask('/cursor/', 'page_size=3')[1], 'next')
    back, _ = walk(ask, last, 'previous')

    assert (pages, back) == ([[*'ccb'], [*'ba']], [[*'ba'], [*'ccb']])


def test_cursor_goes_by_the_key_where_nothing_else_orders(app_class):
    def handler(page: Cursor) -> Page[NoteType]:
        return page.of(Note.objects.order_by())

    Note.objects.bulk_create(Note(text=text) for text in 'bca')

    ask = build_ask(build(app_class, Route('/cursor/', 'GET', handler)))
    pages, _ = walk(ask, ask('/cursor/', 'page_size=2')[1], 'next')

    assert pages == [[*'bc'], [*'a']]


class Sorted(Note):
    class Meta:
        app_label = 'project'
        proxy = True
        ordering = ('-text',)


@pytest.mark.parametrize(
    ('queryset', 'shown'), [(Sorted.objects.all(), 'cba'), (Sorted.objects.order_by(), 'bca')]
)
def test_cursor_follows_the_order_of_a_model_where_the_queryset_has_none(
    app_class, queryset, shown
):
    def handler(page: Cursor) -> Page[NoteType]:
        return page.of(queryset.all())

    Note.objects.bulk_create(Note(text=text) for text in 'bca')

    ask = build_ask(build(app_class, Route('/cursor/', 'GET', handler)))
    pages, _ = walk(ask, ask('/cursor/', 'page_size=1')[1], 'next')

    assert pages == [[text] for text in shown]


def test_cursor_of_another_list_or_forged_is_a_bad_request(ask):
    make(3)
    query = urlsplit(ask('/cursor/', 'page_size=1')[1]['next']).query
    refused = 400, {'cursor': 'Not a cursor of this list.'}

    assert ask('/other/', query) == refused
    assert ask('/cursor/', query + 'x') == refused
    assert ask('/cursor/', 'cursor=abc') == refused


def test_parameters_are_injected_without_components(app_class):
    assert find_problems(build(app_class, *ROUTES)) == ()


def test_schema_describes_pages(app_class):
    document = build_openapi(build(app_class, *ROUTES).router.entries)
    operation = document['paths']['/number/']['get']
    url = {'type': ['string', 'null'], 'format': 'uri'}
    rows = {'type': 'array', 'items': {'$ref': '#/components/schemas/NoteType'}}

    limits = {'type': 'integer', 'minimum': 1, 'maximum': 100, 'default': 20}
    size = {'in': 'query', 'description': 'How many results a page has.', 'schema': limits}
    names = 'number', 'offset', 'cursor'
    assert [document['paths'][f'/{name}/']['get']['parameters'] for name in names] == [
        [
            {
                'name': 'page', 'in': 'query', 'description': 'The number of the page.',
                'schema': {**limits, 'maximum': 10**18 - 1, 'default': 1},
            },
            {'name': 'page_size', **size},
        ],
        [
            {'name': 'limit', **size},
            {
                'name': 'offset', 'in': 'query', 'description': 'How many results to leave out.',
                'schema': {'type': 'integer', 'minimum': 0, 'maximum': 10**18 - 1, 'default': 0},
            },
        ],
        [
            {
                'name': 'cursor', 'in': 'query', 'schema': {'type': 'string'},
                'description': 'Where the page begins: of `next` or `previous`.',
            },
            {'name': 'page_size', **size},
        ],
    ]  # fmt: skip
    assert sorted(operation['responses']) == ['200', '400', '404', 'default']
    schemas = document['components']['schemas']
    assert sorted(schemas) == [
        'ErrorBody', 'ErrorMessages', 'NoteType', 'NoteTypeCursorPage', 'NoteTypePage',
    ]  # fmt: skip
    assert schemas['NoteTypeCursorPage'] == {
        'type': 'object', 'properties': {'next': url, 'previous': url, 'results': rows},
        'required': ['next', 'previous', 'results'],
    }  # fmt: skip


def name_no_row(page: PageNumber) -> Page:
    return page.of(Note.objects.all())


def name_no_type(page: PageNumber) -> Page[5]:
    return page.of(Note.objects.all())


def name_nothing(page: PageNumber):
    return page.of(Note.objects.all())


@pytest.mark.parametrize('handler', [name_no_row, name_no_type, name_nothing])
def test_page_without_the_type_of_its_rows_is_a_500_that_says_what_to_write(
    app_class, handler, caplog
):
    make(1)

    assert build_ask(build(app_class, Route('/', 'GET', handler)))('/')[0] == 500
    [record] = caplog.records
    assert str(record.exc_info[1]) == (
        "Object of type 'Page' is not JSON serializable. "
        'Annotate the handler with the Type of its rows, such as -> Page[Product].'
    )


def forget_the_page(page: PageNumber) -> Page[NoteType]:
    return Note.objects.order_by('id')


def list_the_page(page: PageNumber) -> Page[NoteType]:
    return [NoteType(note) for note in Note.objects.all()]


@pytest.mark.parametrize(
    ('handler', 'returned'), [(forget_the_page, 'QuerySet'), (list_the_page, 'list')]
)
def test_rows_where_a_page_is_annotated_are_a_500_that_says_what_to_return(
    app_class, handler, returned, caplog
):
    make(1)

    assert build_ask(build(app_class, Route('/', 'GET', handler)))('/')[0] == 500
    [record] = caplog.records
    assert str(record.exc_info[1]) == (
        f'{__name__}.{handler.__name__} is annotated -> Page[NoteType] and returned a {returned}: '
        'return page.of(rows).'
    )
