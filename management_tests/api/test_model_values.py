"""What a Type reads of Django's objects: in each mode, as an answer to a request."""

import datetime
import decimal
import enum
import json
import re
import uuid
from typing import List

import pytest
from apistar import Route, types, validators
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.backends.sqlite3.base import DatabaseOperations
from django.db.models import (
    CASCADE,
    CharField,
    Count,
    DecimalField,
    F,
    FilteredRelation,
    ForeignKey,
    IntegerField,
    Model,
    Q,
    Window,
)
from django.db.models.expressions import Col
from django.db.models.functions import Length, RowNumber
from django.db.models.lookups import LessThan
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.utils.timezone import override
from django.utils.translation import gettext_lazy
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from django_apistar.accelerate.types import compilers, constructors
from django_apistar.api import column_values, known_selects
from django_apistar.schema import build_openapi
from django_apistar.validators import Decimal
from management_tests.project import models
from management_tests.support.oracle import Accelerated, ask, both_modes, build

KEY = '00000000-0000-0000-0000-000000000007'


class MakerType(types.Type):
    name = validators.String()


class WarrantyType(types.Type):
    years = validators.Number(maximum=9)


class ArticleType(types.Type):
    key = validators.String(max_length=36)
    price = validators.Number(minimum=0)
    photo = validators.String(allow_null=True)
    state = validators.String(enum=['new', 'sold'])
    label = validators.String()
    maker = MakerType
    warranty = WarrantyType


class PriceType(types.Type):
    """Flat, so that its rows are written in one step."""

    key = validators.String()
    price = validators.Number()


class StockType(types.Type):
    name = validators.String()
    articles = validators.Array(items=ArticleType)


class Size(enum.Enum):
    SMALL = 'S'
    LARGE = 5


class Thing:
    """An object with attributes."""

    def __init__(self, **values):
        self.__dict__.update(values)


@pytest.fixture
def articles(db):
    maker = models.Maker.objects.create(name='Ann')
    whole = models.Article.objects.create(
        price=decimal.Decimal('12.50'), photo='chair.png', maker=maker, state='sold'
    )
    models.Warranty.objects.create(article=whole, years=decimal.Decimal('1.5'))
    return [whole, models.Article.objects.create(price=decimal.Decimal('3'))]


WHOLE = {
    'key': KEY, 'price': 12.5, 'photo': '/chair.png', 'state': 'sold', 'label': 'Sold',
    'maker': {'name': 'Ann'}, 'warranty': {'years': 1.5},
}  # fmt: skip
BARE = {
    'key': KEY, 'price': 3.0, 'photo': None, 'state': 'new', 'label': 'New',
    'maker': None, 'warranty': None,
}  # fmt: skip


def serve(app_class, handler):
    """Return the App of one handler at '/', with or without a plan as its mode says."""
    app = build(app_class, Route('/', 'GET', handler))
    plan = app.responder.get_plan(0) if app.accelerate else None
    assert (plan is not None) is app.accelerate
    return app


# Models


@both_modes
def test_instance_is_read_with_all_that_json_lacks(app_class, articles) -> None:
    def show_all() -> list:
        return [ArticleType(article) for article in models.Article.objects.order_by('id')]

    def show_one() -> ArticleType:
        return ArticleType(models.Article.objects.order_by('id')[0])

    assert ask(serve(app_class, show_all)).json() == [WHOLE, BARE]
    assert ask(serve(app_class, show_one)).json() == WHOLE


@both_modes
@pytest.mark.parametrize('has_hooks', [False, True])
def test_queryset_is_read_by_its_type(app_class, articles, has_hooks) -> None:
    class Hook:
        def on_response(self) -> None: ...

    def articles_of_all() -> List[ArticleType]:
        return models.Article.objects.order_by('id')

    hooks = [Hook] * has_hooks
    app = build(app_class, Route('/', 'GET', articles_of_all), hooks=hooks)

    assert ask(app).json() == [WHOLE, BARE]


@both_modes
@pytest.mark.parametrize('method', [['all'], ['values'], ['select_related', 'maker']])
def test_flat_rows_are_read_by_their_type(app_class, articles, method) -> None:
    def list_prices() -> List[PriceType]:
        name, *arguments = method
        return getattr(models.Article.objects.order_by('id'), name)(*arguments)

    assert ask(serve(app_class, list_prices)).json() == [
        {'key': KEY, 'price': 12.5}, {'key': KEY, 'price': 3.0},
    ]  # fmt: skip


@both_modes
@pytest.mark.parametrize('prefetched', [[], ['articles']])
def test_related_manager_is_an_array(app_class, articles, prefetched) -> None:
    def show_stock() -> StockType:
        return StockType(models.Maker.objects.prefetch_related(*prefetched)[0])

    def list_stock() -> List[StockType]:
        return models.Maker.objects.prefetch_related(*prefetched)

    expected = {'name': 'Ann', 'articles': [WHOLE]}
    assert ask(serve(app_class, show_stock)).json() == expected
    assert ask(serve(app_class, list_stock)).json() == [expected]


@both_modes
def test_new_instance_and_the_same_one_later_are_one_document(app_class, db) -> None:
    """The new one holds what it was given, a float; the later one what the database has."""

    def create(price: PriceType) -> PriceType:
        return PriceType(models.Article.objects.create(price=price.price))

    def show() -> PriceType:
        return PriceType(models.Article.objects.get())

    app = build(app_class, Route('/', 'POST', create), Route('/', 'GET', show))
    body = json.dumps({'key': 'x', 'price': 2.5}).encode()

    assert ask(app, method='POST', body=body).json() == {'key': KEY, 'price': 2.5}
    assert ask(app).json() == {'key': KEY, 'price': 2.5}


@both_modes
def test_object_that_may_be_null_reads_a_related_instance(app_class, articles) -> None:
    """The way to say null in the schema, which a nested Type has not."""

    class Sold(types.Type):
        maker = validators.Object(properties=MakerType.validator.properties, allow_null=True)

    def list_sold() -> List[Sold]:
        return models.Article.objects.order_by('id')

    assert ask(serve(app_class, list_sold)).json() == [{'maker': {'name': 'Ann'}}, {'maker': None}]


def test_what_is_answered_is_what_the_schema_says(articles) -> None:
    class Sold(types.Type):
        """With null where there may be none."""

        key = validators.String(max_length=36)
        price = validators.Number(minimum=0)
        photo = validators.String(allow_null=True)
        label = validators.String(enum=['New', 'Sold'])
        maker = validators.Object(properties=MakerType.validator.properties, allow_null=True)

    class Shop(types.Type):
        name = validators.String()
        articles = validators.Array(items=Sold)

    def show() -> List[Shop]:
        return models.Maker.objects.all()

    models.Article.objects.update(maker=models.Maker.objects.get())
    app = serve(Accelerated, show)
    document = build_openapi(app.router.entries)
    response = document['paths']['/']['get']['responses']['200']
    schema = {**document, **response['content']['application/json']['schema']}
    answer = ask(app).json()

    assert [article['photo'] for article in answer[0]['articles']] == ['/chair.png', None]
    assert list(Draft202012Validator(schema).iter_errors(answer)) == []
    answer[0]['articles'][0]['price'] = '12.5'
    assert len(list(Draft202012Validator(schema).iter_errors(answer))) == 1


# Any object. Each way to make a Type: API Star's own, and the compiled ones.


def make_by_rows(cls, source):
    return compilers.compile_from_row(cls)(tuple(vars(source).values()))


def make_by_constructor(cls, source):
    constructors.install(cls)
    return cls(source)


WAYS = {
    'stock': lambda cls, source: cls(source),
    'compiled': lambda cls, source: compilers.compile_type(cls)(source),
    'constructor': make_by_constructor,
    'data': lambda cls, source: compilers.compile_from_object(cls)(source),
    'row': make_by_rows,
}
each_way = pytest.mark.parametrize('make', WAYS.values(), ids=list(WAYS))


class TripledType(types.Type):
    """Its `validate` needs the value as it was: three times 0.1, a float, is not 0.3."""

    price = validators.Number()

    @classmethod
    def validate(cls, value, definitions=None, allow_coerce=False):
        return super().validate({'price': float(3 * value['price'])}, definitions, allow_coerce)


DECIMAL = decimal.Decimal
LAZY = gettext_lazy('Yes')


@each_way
@pytest.mark.parametrize(
    ('validator', 'value', 'expected'),
    [
        (validators.Number(), DECIMAL('12.50'), 12.5),
        (validators.Number(minimum=0, maximum=1), DECIMAL('0.3'), 0.3),
        (validators.Number(), DECIMAL('12345678901234567.89'), 12345678901234568.0),
        (validators.Integer(), DECIMAL('5.00'), 5),
        (validators.Integer(), DECIMAL('123456789012345678901'), 123456789012345678901),
        (validators.Integer(), Size.LARGE, 5),
        (validators.String(), uuid.UUID(KEY), KEY),
        (validators.String(), LAZY, 'Yes'),
        (validators.String(enum=['S']), Size.SMALL, 'S'),
        (validators.String(), models.Article.State.SOLD, 'sold'),
        (validators.Array(), (1, DECIMAL(1)), [1, DECIMAL(1)]),
        (validators.Array(items=validators.Number()), {DECIMAL('1.5')}, [1.5]),
        (validators.Array(items=validators.String()), [uuid.UUID(KEY), LAZY], [KEY, 'Yes']),
        (validators.Array(items=validators.String()), {'a': 1}.keys(), ['a']),
        (validators.Array(items=[validators.Number()]), (DECIMAL(2), 'x'), [2.0, 'x']),
        (validators.Array(items=PriceType), ({'key': LAZY, 'price': DECIMAL(1)},),
         [{'key': 'Yes', 'price': 1.0}]),
        (validators.Object(properties={'a': validators.Number()}), {'a': DECIMAL(1), 'b': 2},
         {'a': 1.0, 'b': 2}),
        (validators.Integer() | validators.String(), uuid.UUID(KEY), KEY),
        (validators.String() | validators.Number(), DECIMAL('1.5'), 1.5),
        (PriceType, {'key': LAZY, 'price': DECIMAL(1)}, {'key': 'Yes', 'price': 1.0}),
        (TripledType, {'price': DECIMAL('0.1')}, {'price': 0.3}),
    ],
)  # fmt: skip
def test_attribute_is_read_as_json_has_it(make, validator, value, expected) -> None:
    cls = types.TypeMetaclass('Made', (types.Type,), {'field': validator})

    made = make(cls, Thing(field=value))

    found = json.loads(json.dumps(made['field'], default=_plain))
    assert found == json.loads(json.dumps(expected, default=_plain))
    assert type(made['field']) is not DECIMAL


def _plain(value):
    return dict(value) if isinstance(value, types.Type) else str(value)


@each_way
@pytest.mark.parametrize(
    ('validator', 'value', 'detail'),
    [
        (validators.Number(), DECIMAL('NaN'), 'Must be finite.'),
        (validators.Number(), DECIMAL('sNaN'), 'Must be a number.'),
        (validators.Number(), DECIMAL('1e400'), 'Must be finite.'),
        (validators.Number(maximum=1), DECIMAL('1.5'), 'Must be less than or equal to 1.'),
        (validators.Number(), uuid.UUID(KEY), 'Must be a number.'),
        (validators.Integer(), DECIMAL('2.5'), 'Must be an integer.'),
        (validators.Integer(), DECIMAL('5.0000000000000000000001'), 'Must be a number.'),
        (validators.String(), DECIMAL('2.5'), 'Must be a string.'),
        (validators.String(), b'text', 'Must be a string.'),
        (validators.String(max_length=3), LAZY, None),
        (validators.String(max_length=2), LAZY, 'Must have no more than 2 characters.'),
        (validators.String(enum=['M']), Size.SMALL, 'Must be exactly M.'),
        (validators.Array(), 'text', 'Must be an array.'),
        (validators.Array(items=PriceType), 5, 'Must be an array.'),
        (validators.Array(items=[PriceType]), 5, 'Must be an array.'),
        (validators.Array(), {'a': 1}, 'Must be an array.'),
        (validators.Array(), Size, 'Must be an array.'),
        (validators.Array(items=validators.Integer()), uuid.UUID(KEY), 'Must be an array.'),
        (validators.Array(items=[validators.Integer()]), uuid.UUID(KEY), 'Must be an array.'),
        (validators.Array(items=PriceType), [None], {0: 'Must be an object.'}),
        (validators.Object(), uuid.UUID(KEY), 'Must be an object.'),
        (validators.Integer() | validators.Boolean(), LAZY, 'Must match one of the union types.'),
        (PriceType, 5, 'Must be an object.'),
    ],
)  # fmt: skip
def test_what_still_cannot_be_read_is_refused_in_api_stars_words(
    make, validator, value, detail
) -> None:
    cls = types.TypeMetaclass('Made', (types.Type,), {'field': validator})

    if detail is None:
        make(cls, Thing(field=value))
        return
    with pytest.raises(validators.ValidationError) as refusal:
        make(cls, Thing(field=value))

    expected = {'field': detail.replace('exactly ', '') if isinstance(detail, str) else detail}
    assert refusal.value.detail == expected


@both_modes
def test_value_that_cannot_be_read_is_logged_with_type_and_field(app_class, db, caplog) -> None:
    maker = models.Maker.objects.create(name='Ann')
    article = models.Article.objects.create(price=3, maker=maker)
    models.Warranty.objects.create(article=article, years=10)

    def show() -> StockType:
        return StockType(models.Maker.objects.get())

    answer = ask(serve(app_class, show))

    assert (answer.code, answer.json()) == (500, 'Server error')
    [record] = caplog.records
    name = f'{__name__}.StockType cannot be made of management_tests.project.models.Maker'
    assert str(record.exc_info[1]) == (
        f"{name} with pk={maker.pk}: articles.0.warranty.years is Decimal('10.0'): "
        'Must be less than or equal to 9.'
    )


@both_modes
def test_row_that_cannot_be_read_is_logged_with_type_and_field(app_class, db, caplog) -> None:
    class CheapType(types.Type):
        key = validators.String()
        price = validators.Number(maximum=1)

    models.Article.objects.create(price=3)

    def list_all() -> List[CheapType]:
        return models.Article.objects.all()

    def list_values() -> List[CheapType]:
        return models.Article.objects.values()

    for handler in (list_all, list_values):
        assert ask(serve(app_class, handler)).code == 500

    for record in caplog.records:
        text = str(record.exc_info[1])
        assert text.startswith(f'{CheapType.__module__}.{CheapType.__qualname__} cannot be made of')
        assert text.endswith(": price is Decimal('3.00'): Must be less than or equal to 1.")


def test_message_names_five_faults_and_counts_the_others() -> None:
    cls = types.TypeMetaclass('Made', (types.Type,), {'n': validators.Array(items=PriceType)})

    with pytest.raises(validators.ValidationError) as refusal:
        cls(Thing(n=[{'key': b'x' * 300, 'price': 1}, {'price': 1}, 5, 5, 5, 5, 5]))

    kept = f'{b"x" * 300!r}'
    assert str(refusal.value) == (
        f'{cls.__module__}.Made cannot be made of {__name__}.Thing: '
        f'n.0.key is {kept[:98]}...{kept[-99:]}: Must be a string.; '
        'n.1.key: The "key" field is required.; n.2 is 5: Must be an object.; '
        'n.3 is 5: Must be an object.; n.4 is 5: Must be an object.; 2 more'
    )


@pytest.mark.parametrize(('count', 'end'), [(4, ''), (5, ''), (6, '; 1 more')])
def test_message_counts_only_faults_that_it_does_not_name(count, end) -> None:
    cls = types.TypeMetaclass('Made', (types.Type,), {'n': validators.Array(items=PriceType)})

    with pytest.raises(validators.ValidationError) as refusal:
        cls(Thing(n=[5] * count))

    named = '; '.join(f'n.{number} is 5: Must be an object.' for number in range(min(count, 5)))
    name = f'{cls.__module__}.Made cannot be made of {__name__}.Thing'
    assert str(refusal.value) == f'{name}: {named}{end}'


def test_attribute_that_is_missing_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'Thing' object has no attribute 'price'"):
        PriceType(Thing(key='x'))


def test_a_row_that_a_property_of_a_model_misses_is_an_error_unless_it_is_nested(articles) -> None:
    class YearsType(types.Type):
        warranty = validators.Number(allow_null=True)

    article = models.Article.objects.get(warranty=None)

    with pytest.raises(models.Warranty.DoesNotExist):
        YearsType(article)
    assert ArticleType(article).warranty is None


BY_MAKER = F('maker__name').desc(nulls_last=True)  # databases differ in where they put NULL


def join_united(rows):
    joined = rows.order_by().select_related('maker')
    return joined.filter(maker=None).union(joined.exclude(maker=None)).order_by('id')


class PricedType(types.Type):
    """Its rows are written of the columns of one query, if the maker is joined."""

    price = Decimal(max_digits=30, decimal_places=2)
    maker = MakerType
    maker_id = validators.Integer(allow_null=True)


PRICED = [{'price': '12.50', 'maker': {'name': 'Ann'}}, {'price': '3.00', 'maker': None}]


def test_joined_rows_are_read_by_the_columns_of_their_types_alone(articles):
    """`joined_columns`"""

    def show() -> List[PricedType]:
        return models.Article.objects.select_related('maker')

    app = build(Accelerated, Route('/', 'GET', show))
    with CaptureQueriesContext(connection) as captured:
        assert len(ask(app).json()) == 2

    [sql] = [query['sql'] for query in captured]
    columns = re.findall(r'"\."(\w+)"', sql.partition(' FROM ')[0])
    assert columns == ['maker_id', 'name', 'price', 'maker_id']


@both_modes
@pytest.mark.parametrize(
    ('narrow', 'queries'),
    [
        (lambda rows: rows.select_related('maker'), 1),
        (lambda rows: rows.select_related('maker').defer('price'), 1),
        (lambda rows: rows.select_related('maker', 'warranty'), 1),
        (lambda rows: rows.select_related('maker').annotate(size=Length('state')), 1),
        (lambda rows: rows.select_related('maker').annotate(many=Count('warranty')), 1),
        (lambda rows: rows.select_related('maker').extra(select={'one': '1'}), 1),
        (lambda rows: rows.select_related('maker').exclude(maker__name='Bob'), 1),
        (lambda rows: rows.select_related('maker').order_by(BY_MAKER)[:9], 1),
        (lambda rows: rows.select_related('maker').distinct(), 1),
        (join_united, 1),
        (lambda rows: rows.prefetch_related('maker'), 2),
        (lambda rows: rows, 2),
    ],
)
def test_joined_rows_are_shown_by_nested_types(
    app_class, articles, django_assert_num_queries, narrow, queries
):
    def show() -> List[PricedType]:
        return narrow(models.Article.objects.order_by('id'))

    app = build(app_class, Route('/', 'GET', show))
    if narrow(models.Article.objects.all()).query.deferred_loading[0]:
        assert [without_key(row) for row in ask(app).json()] == PRICED
        return

    with django_assert_num_queries(queries):
        answer = ask(app).json()

    assert [without_key(row) for row in answer] == PRICED
    assert [row['maker_id'] for row in answer] == [articles[0].maker_id, None]


class NestedPricedType(types.Type):
    years = validators.Number()
    article = PricedType


@pytest.mark.parametrize(
    ('type_', 'narrow'),
    [
        (MakerType, lambda: models.Maker.objects.all()),
        (PricedType, lambda: models.Article.objects.select_related('maker')),
        (NestedPricedType, lambda: models.Warranty.objects.select_related('article__maker')),
    ],
)
def test_rows_are_written_without_instances_of_their_models(articles, monkeypatch, type_, narrow):
    def make_none(*args: object) -> None:
        raise AssertionError('an instance is made')

    def show() -> List[type_]:
        return narrow()

    monkeypatch.setattr(Model, 'from_db', make_none)
    assert ask(build(Accelerated, Route('/', 'GET', show))).code == 200


@both_modes
def test_rows_are_joined_as_each_query_of_a_handler_says(
    app_class, articles, django_assert_num_queries
):
    joined = ['maker']

    def show() -> List[PricedType]:
        return models.Article.objects.order_by('id').select_related(*joined)

    app = build(app_class, Route('/', 'GET', show))
    for names, queries in ((['maker'], 1), ([None], 2), (['maker', 'warranty'], 1), (['maker'], 1)):
        joined[:] = names
        with django_assert_num_queries(queries):
            answer = ask(app).json()
        assert [without_key(row) for row in answer] == PRICED


@both_modes
def test_rows_that_are_to_be_locked_are_asked_for_so_whatever_was_asked_before(
    app_class, articles, monkeypatch
):
    monkeypatch.setattr(connection.features, 'has_select_for_update', True)  # SQLite refuses it
    rows = models.Article.objects.filter(maker__name='Ann').select_related('maker')
    asked = iter([rows, rows.select_for_update()])

    def show() -> List[PricedType]:
        return next(asked)

    app = build(app_class, Route('/', 'GET', show))
    ask(app)
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        ask(app)

    queries = [query['sql'] for query in captured if query['sql'].startswith('SELECT')]
    assert queries
    assert [query for query in queries if not query.endswith('FOR UPDATE')] == []


@both_modes
def test_rows_of_a_relation_are_joined_with_what_the_database_has(
    app_class, articles, django_assert_num_queries
):
    maker = articles[0].maker
    maker.name = 'not saved'

    def show() -> List[PricedType]:
        return maker.articles.select_related('maker')

    app = build(app_class, Route('/', 'GET', show))
    with django_assert_num_queries(1):
        assert [without_key(row) for row in ask(app).json()] == PRICED[:1]


def by_id(rows):
    return rows.order_by('id')


def guaranteed(years):
    """Return what narrows rows to those with so long a warranty, joined by another name."""
    condition = Q(warranty__years__gt=years)

    def narrow(rows):
        named = rows.annotate(long=FilteredRelation('warranty', condition=condition))
        return by_id(named.filter(long__years__gt=0))

    return narrow


@both_modes
@pytest.mark.parametrize(
    ('before', 'narrow'),
    [
        (by_id, by_id),
        (by_id, lambda rows: rows.order_by('-id')),
        (by_id, lambda rows: by_id(rows).reverse()),
        (by_id, lambda rows: rows.order_by('maker__name', 'id')),
        (by_id, lambda rows: rows.order_by(F('id').desc())),
        (by_id, lambda rows: by_id(rows)[1:2]),
        (lambda rows: by_id(rows)[:1], lambda rows: by_id(rows)[1:]),
        (by_id, lambda rows: by_id(rows).filter(price__lt=5)),
        (lambda rows: by_id(rows.filter(price=3)), lambda rows: by_id(rows.filter(price=12.5))),
        (lambda rows: by_id(rows.filter(pk__in=[1])), lambda rows: by_id(rows.filter(pk__in=[]))),
        (by_id, lambda rows: by_id(rows.filter(pk__in=[]) | rows.exclude(price=3))),
        (by_id, lambda rows: by_id(rows.filter(maker__name='Ann'))),
        (
            lambda rows: by_id(rows.filter(maker__name='Ann')),
            lambda rows: by_id(rows.exclude(maker__name='Bob')),
        ),
        (by_id, lambda rows: by_id(rows.filter(maker__in=models.Maker.objects.filter(name='Ann')))),
        (by_id, lambda rows: by_id(rows.exclude(pk__in=[]))),
        (
            by_id,
            lambda rows: by_id(rows.filter(LessThan(Window(RowNumber(), order_by='id'), 2))),
        ),
        (by_id, lambda rows: by_id(rows).distinct()),
        (by_id, lambda rows: by_id(rows.filter(maker__name='Ann')).select_for_update()),
        (by_id, lambda rows: by_id(rows).extra(order_by=['-id'])),
        (by_id, lambda rows: by_id(rows).extra(select={'one': '1'})),
        (by_id, lambda rows: by_id(rows).extra(tables=['django_content_type'],
                                               where=['django_content_type.id < 3'])),
        (by_id, lambda rows: by_id(rows.filter(warranty__years__gt=1))),
        (by_id, guaranteed(1)), (guaranteed(0), guaranteed(5)),
        (by_id, lambda rows: by_id(rows).select_for_update(of=('self',))),
        (
            by_id,
            lambda rows: by_id(rows.filter(maker__name='Ann')).select_for_update(
                of=('self', 'maker')
            ),
        ),
    ],
)  # fmt: skip
def test_joined_rows_are_asked_for_alike_whatever_was_asked_before(
    app_class, articles, before, narrow
):
    def show(narrow):
        def handle() -> List[PricedType]:
            return narrow(models.Article.objects.select_related('maker'))

        app = build(app_class, Route('/', 'GET', handle))
        with transaction.atomic(), CaptureQueriesContext(connection) as captured:
            rows = ask(app).json()
        return [query['sql'] for query in captured], [row['price'] for row in rows]

    known_selects._known.clear()
    asked_first = show(narrow)
    known_selects._known.clear()
    show(before)

    assert show(narrow) == show(narrow) == asked_first
    with transaction.atomic():
        instances = list(narrow(models.Article.objects.select_related('maker')))
    assert asked_first[1] == [f'{one.price:.2f}' for one in instances]


class UserType(types.Type):
    username = validators.String()


class LogType(types.Type):
    object_repr = validators.String()
    user = UserType


@both_modes
def test_joined_rows_by_the_hour_are_in_the_time_zone_of_each_request(app_class, django_user_model):
    user = django_user_model.objects.create_user('ann')
    content_type = ContentType.objects.get_for_model(models.Article)
    for hour in (1, 18):
        LogEntry.objects.create(
            user=user, content_type=content_type, object_repr=f'{hour}', action_flag=1,
            action_time=datetime.datetime(2026, 1, 1, hour, tzinfo=datetime.timezone.utc),
        )  # fmt: skip

    def show() -> List[LogType]:
        return LogEntry.objects.select_related('user').order_by('action_time__hour')

    app = build(app_class, Route('/', 'GET', show))
    hours = {}
    for zone in ('UTC', 'Asia/Tokyo', 'UTC'):  # there it is 10 and 3 o'clock
        with override(zone):
            hours[zone] = [row['object_repr'] for row in ask(app).json()]

    assert hours == {'UTC': ['1', '18'], 'Asia/Tokyo': ['18', '1']}


def without_key(row):
    return {name: value for name, value in row.items() if name != 'maker_id'}


SHOWN = [
    (125, '125.00'), (-0.5, '-0.50'), (0, '0.00'), (0.1 + 0.2, '0.30'), (0.145, '0.14'),
    (0.155, '0.16'), (1e-9, '0.00'), (99_999_999_999.99, '99999999999.99'),
]  # fmt: skip


@both_modes
@pytest.mark.skipif(connection.vendor != 'sqlite', reason='Other databases have decimals.')
def test_floats_that_sqlite_has_are_shown_as_decimals(app_class, articles) -> None:
    for number, _ in SHOWN:
        row = models.Article.objects.create(price=1, maker=articles[0].maker)
        with connection.cursor() as cursor:
            cursor.execute(f'UPDATE project_article SET price = {number!r} WHERE id = %s', [row.pk])

    def show() -> List[PricedType]:
        return models.Article.objects.select_related('maker').order_by('id')[2:]

    shown = ask(build(app_class, Route('/', 'GET', show))).json()

    assert [row['price'] for row in shown] == [text for _, text in SHOWN]


@st.composite
def draw_decimal_fields(draw):
    digits = draw(st.integers(1, 20))
    return DecimalField(max_digits=digits, decimal_places=draw(st.integers(0, digits)))


@given(
    draw_decimal_fields(),
    st.floats() | st.integers(-(2**63), 2**63 - 1) | st.decimals(-9999, 9999, places=2).map(float),
)
@example(DecimalField(max_digits=4, decimal_places=2), -0.0)
@example(DecimalField(max_digits=4, decimal_places=2), 100)
@example(DecimalField(max_digits=4, decimal_places=2), 99.999)
def test_decimals_are_those_of_djangos_converter(field, number) -> None:
    col = Col('table', field)
    convert = DatabaseOperations(connection).get_decimalfield_converter(col)

    try:
        expected = repr(convert(number, col, connection))
    except decimal.InvalidOperation:
        expected = 'refused'
    try:
        found = repr(column_values.build_converter([convert], col, connection)(number))
    except decimal.InvalidOperation:
        found = 'refused'

    assert found == expected


class SignType(types.Type):
    maker = MakerType
    text = validators.String()


class MoodField(CharField):
    """A field of a project's, whose converters are not always the same."""

    is_loud = False

    def get_db_converters(self, connection):
        return [lambda value, expression, connection: value.upper()] if self.is_loud else []


@both_modes
@pytest.mark.django_db
@isolate_apps()
def test_converters_of_a_projects_field_are_asked_for_each_time(app_class, monkeypatch):
    class Sign(Model):
        maker = ForeignKey(models.Maker, CASCADE)
        text = MoodField()

        class Meta:
            app_label = 'signs'

    def show() -> List[SignType]:
        return Sign.objects.select_related('maker')

    maker = models.Maker.objects.create(name='Ann')
    with connection.cursor() as cursor:
        cursor.execute('CREATE TABLE signs_sign (id integer, maker_id integer, text varchar(9))')
        cursor.execute('INSERT INTO signs_sign VALUES (1, %s, %s)', [maker.pk, 'closed'])
    app = build(app_class, Route('/', 'GET', show))

    texts = []
    for is_loud in (False, True, False):
        monkeypatch.setattr(MoodField, 'is_loud', is_loud)
        texts += [row['text'] for row in ask(app).json()]

    assert texts == ['closed', 'CLOSED', 'closed']


class BookType(types.Type):
    name = validators.String()
    pages = validators.Integer()


class PlaceType(types.Type):
    book = BookType


@both_modes
@pytest.mark.django_db
@isolate_apps()
def test_joined_rows_of_a_model_with_a_parent_are_shown(app_class, django_assert_num_queries):
    class Item(Model):
        name = CharField()

        class Meta:
            app_label = 'parents'

    class Book(Item):
        pages = IntegerField()

        class Meta:
            app_label = 'parents'

    class Place(Model):
        book = ForeignKey(Book, CASCADE)

        class Meta:
            app_label = 'parents'

    def show() -> List[PlaceType]:
        return Place.objects.select_related('book')

    with connection.cursor() as cursor:
        cursor.execute('CREATE TABLE parents_item AS SELECT 7 AS id, %s AS name', ['Emma'])
        cursor.execute('CREATE TABLE parents_book AS SELECT 7 AS item_ptr_id, 99 AS pages')
        cursor.execute('CREATE TABLE parents_place AS SELECT 1 AS id, 7 AS book_id')

    with django_assert_num_queries(1):
        answer = ask(build(app_class, Route('/', 'GET', show)))

    assert answer.json() == [{'book': {'name': 'Emma', 'pages': 99}}]


class ShortType(types.Type):
    name = validators.String(max_length=2)


class StrictType(types.Type):
    price = Decimal(max_digits=3, decimal_places=2)
    maker = ShortType


@both_modes
def test_joined_row_that_does_not_fit_is_named_in_the_log(app_class, articles, caplog):
    def show() -> List[StrictType]:
        return models.Article.objects.select_related('maker').order_by('id')

    answer = ask(build(app_class, Route('/', 'GET', show)))

    assert answer.code == 500
    assert (
        f'StrictType cannot be made of management_tests.project.models.Article with '
        f"pk={articles[0].pk}: maker.name is 'Ann': Must have no more than 2 characters.; price is "
        "Decimal('12.50'): Must have no more than 1 digits before the decimal point."
    ) in caplog.text
