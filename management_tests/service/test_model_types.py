"""Types of models: through HTTP in each mode, and in the document."""

import json
import re
import warnings
from typing import List
from urllib.parse import urlencode

import pytest
from apistar import Route, types, validators
from django.db import IntegrityError
from django.db.models import Prefetch
from django.db.models.signals import post_save

from django_apistar.accelerate.types import constructors
from django_apistar.accelerate.types.compilers import compile_type
from django_apistar.pagination import Page, PageNumber
from django_apistar.routes.entries import walk_apistar
from django_apistar.schema import build_openapi
from django_apistar.schema.dialect import DIALECTS
from django_apistar.schema.schemas import Schemas
from django_apistar.types import ModelType
from management_tests.support.oracle import Accelerated, ask, both_modes, build
from management_tests.support.shop import Blank, Brand, Label, Ware

pytestmark = pytest.mark.django_db


class WareType(ModelType):
    class Meta:
        model = Ware
        fields = '__all__'
        exclude = ['note']
        write_only = ['secret']


def create(ware: WareType) -> WareType:
    return WareType(ware.create())


def list_wares() -> List[WareType]:
    return Ware.objects.order_by('name')


def change(pk: int, ware: WareType.partial) -> WareType:
    return WareType(ware.save_to(Ware.objects.get(pk=pk)))


def replace(pk: int, ware: WareType) -> WareType:
    return WareType(ware.save_to(Ware.objects.get(pk=pk)))


ROUTES = [
    Route('/', 'POST', create),
    Route('/', 'GET', list_wares),
    Route('/{pk}/', 'PATCH', change),
    Route('/{pk}/', 'PUT', replace),
]


@pytest.fixture
def brand():
    return Brand.objects.create(name='Acme')


def send(app_class, method, path='/', **fields):
    """Return the status and the JSON of the answer."""
    answer = ask(build(app_class, *ROUTES), path, method, body=json.dumps(fields).encode())
    return answer.code, answer.json()


def describe(row, /, **changes):
    """Return the fields of a ware as a client sends them."""
    return {
        'name': 'Rope', 'slug': 'rope', 'price': '7.50', 'brand': row.pk, **changes,
    }  # fmt: skip


@both_modes
def test_a_row_is_created_of_a_body_with_its_relations(app_class, brand):
    label = Label.objects.create(name='new')

    code, shown = send(
        app_class, 'POST',
        **describe(brand, labels=[label.pk], secret='x', id=99, created='2000-01-01T00:00:00Z'),
    )  # fmt: skip

    ware = Ware.objects.get()
    assert (code, shown) == (200, {
        'id': ware.pk, 'name': 'Rope', 'slug': 'rope', 'price': '7.50', 'stock': 3, 'size': 1,
        'state': 'new', 'email': '', 'brand': brand.pk, 'created': shown['created'],
        'labels': [label.pk],
    })  # fmt: skip
    assert shown['created'] > '2026'
    assert ware.pk != 99
    assert ware.secret == 'x'
    assert list(ware.labels.all()) == [label]


@both_modes
@pytest.mark.parametrize(
    ('changes', 'errors'),
    [
        ({'name': ''}, {'name': 'Must not be blank.'}),
        ({'name': 'x' * 21}, {'name': 'Must have no more than 20 characters.'}),
        ({'name': 'a\0'}, {'name': 'Null characters are not allowed.'}),
        ({'slug': 'a b'}, {'slug': r'Must match the pattern /^[-a-zA-Z0-9_]+\Z/.'}),
        ({'price': '1e2'}, {'price': 'Must be a decimal number.'}),
        ({'stock': -1}, {'stock': 'Must be greater than or equal to 0.'}),
        ({'stock': 10**30}, {'stock': 'Must be less than or equal to 2147483647.'}),
        ({'size': 3}, {'size': 'Must be one of [1, 2].'}),
        ({'state': 'old'}, {'state': "Must be one of ['new', 'sold']."}),
        ({'email': 'nobody'}, {'email': 'Enter a valid email address.'}),
        ({'brand': None}, {'brand': 'May not be null.'}),
        ({'brand': 10**30}, {'brand': 'Must be less than or equal to 9223372036854775807.'}),
        ({'labels': [1, 'x']}, {'labels': {'1': 'Must be a number.'}}),
        ({'labels': [99]}, {'labels': 'There is no label 99.'}),
        ({'labels': [98, 99]}, {'labels': 'There is no label 98, 99.'}),
        (
            {'name': None, 'price': 'NaN'},
            {'name': 'May not be null.', 'price': 'Must be finite.'},
        ),
    ],
)  # fmt: skip
def test_what_is_refused_is_a_400_that_names_the_field(app_class, brand, changes, errors):
    assert send(app_class, 'POST', **describe(brand, **changes)) == (400, errors)
    assert not Ware.objects.exists()


@both_modes
def test_a_blank_that_a_handler_gives_is_not_the_default(app_class, brand):
    def create_blank(ware: WareType) -> WareType:
        return WareType(ware.create(state=''))

    app = build(app_class, Route('/', 'POST', create_blank))
    answer = ask(app, method='POST', body=json.dumps(describe(brand)).encode())

    assert (answer.code, answer.json()) == (400, {'state': 'This field cannot be blank.'})


@both_modes
def test_a_relation_to_a_row_that_is_not_there_names_the_field(app_class, brand):
    code, errors = send(app_class, 'POST', **describe(brand, brand=99))

    assert code == 400
    assert list(errors) == ['brand']
    assert '99' in errors['brand']


@both_modes
def test_a_patch_changes_only_what_it_sends(app_class, brand):
    ware = Ware.objects.create(**{**describe(brand, brand=brand), 'stock': 8, 'email': 'a@b.ch'})

    code, shown = send(app_class, 'PATCH', f'/{ware.pk}/', price='1')

    ware.refresh_from_db()
    assert (code, shown['price'], shown['stock'], shown['email']) == (200, '1.00', 8, 'a@b.ch')
    assert (str(ware.price), ware.stock) == ('1.00', 8)


class Optional(ModelType):
    class Meta:
        model = Blank
        fields = ['number', 'text', 'day', 'brand', 'least']


def take_form(row: Optional) -> dict:
    return dict(row)


def change_by_form(row: Optional.partial) -> dict:
    return dict(row)


class WareLabels(ModelType):
    class Meta:
        model = Ware
        fields = ['labels']


FORMS = [Route('/', 'POST', take_form), Route('/', 'PATCH', change_by_form)]
BLANKS = {'number': '', 'text': '', 'day': '', 'brand': ''}


def send_form(app_class, method, content_type, **fields):
    if content_type.startswith('multipart'):
        head = '--b\r\nContent-Disposition: form-data; name='
        parts = (f'{head}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
        body = ''.join([*parts, '--b--\r\n'])
    else:
        body = urlencode(fields)
    app = build(app_class, *FORMS)
    answer = ask(app, method=method, body=body.encode(), content_type=content_type)
    return answer.code, answer.json()


@both_modes
@pytest.mark.parametrize('method', ['POST', 'PATCH'])
@pytest.mark.parametrize(
    'content_type', ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=b']
)
def test_blank_of_a_form_is_null_where_a_field_has_it(app_class, method, content_type):
    given = {**BLANKS, 'least': '7'}

    assert send_form(app_class, method, content_type, **given) == (
        200, {'number': None, 'text': None, 'day': None, 'brand': None, 'least': 7},
    )  # fmt: skip
    assert send_form(app_class, method, content_type, **{**given, 'number': '3'})[1]['number'] == 3


@both_modes
def test_blank_of_a_form_is_refused_where_a_field_has_no_null(app_class):
    answer = send_form(app_class, 'POST', 'application/x-www-form-urlencoded', least='')

    assert answer == (400, {'least': 'Must be a number.'})


def echo_change(row: Optional.partial) -> Optional.partial:
    return row


@both_modes
@pytest.mark.parametrize('sent', [{}, {'text': 'a'}, {'day': '2026-11-29', 'least': 3}])
def test_what_changes_a_row_is_shown_as_it_came(app_class, sent):
    app = build(app_class, Route('/', 'PATCH', echo_change))

    answer = ask(app, method='PATCH', body=json.dumps(sent).encode())

    assert (answer.code, answer.json()) == (200, sent)


def take_labels(row: WareLabels) -> dict:
    return {'labels': row.labels}


@both_modes
@pytest.mark.parametrize(
    ('body', 'answer'),
    [
        ('labels=1&labels=2', (200, {'labels': [1, 2]})),
        ('labels=2', (200, {'labels': [2]})),
        ('labels=1&labels=x', (400, {'labels': {'1': 'Must be a number.'}})),
        ('labels=', (400, {'labels': {'0': 'Must be a number.'}})),
    ],
)
def test_a_form_sends_each_of_many_rows_under_one_name(app_class, body, answer):
    app = build(app_class, Route('/', 'POST', take_labels))

    given = ask(
        app, method='POST', body=body.encode(), content_type='application/x-www-form-urlencoded'
    )

    assert (given.code, given.json()) == answer


def show_labels() -> dict:
    return {'labels': WareLabels({'labels': 'ab'})}


@both_modes
def test_what_is_no_list_is_no_list_of_keys(app_class, caplog):
    assert ask(build(app_class, Route('/', 'GET', show_labels))).code == 500
    assert caplog.records[-1].exc_info[1].detail == {'labels': 'Must be an array.'}


@both_modes
def test_blank_of_json_is_no_null(app_class):
    body = json.dumps({**BLANKS, 'least': 7}).encode()

    answer = ask(build(app_class, *FORMS), method='POST', body=body)

    assert (answer.code, sorted(answer.json())) == (400, ['brand', 'day', 'number'])


@both_modes
def test_lists_are_shown_by_the_key_of_a_relation(app_class, brand, django_assert_num_queries):
    Ware.objects.create(**describe(brand, brand=brand))

    with django_assert_num_queries(2):  # the wares, and the labels of the one
        code, [shown] = send(app_class, 'GET')

    assert (code, shown['brand'], shown['labels']) == (200, brand.pk, [])


def list_all() -> List[WareType]:
    return Ware.objects.order_by('pk')


def list_page(page: PageNumber) -> Page[WareType]:
    return page.of(Ware.objects.order_by('pk'))


def list_prefetched() -> List[WareType]:
    return Ware.objects.prefetch_related(Prefetch('labels', Label.objects.order_by('-pk')))


@both_modes
@pytest.mark.parametrize(
    ('handler', 'queries'), [(list_all, 2), (list_prefetched, 2), (list_page, 3)]
)
def test_keys_of_many_rows_are_fetched_by_one_query(
    app_class, handler, queries, brand, django_assert_num_queries
):
    label = Label.objects.create(name='new')
    for stock, name in enumerate(('Rope', 'Cord')):
        fields = describe(brand, brand=brand, name=name, slug=name, stock=stock)
        Ware.objects.create(**fields).labels.add(label)

    with django_assert_num_queries(queries):  # the wares, and the labels of all; a page's count
        answer = ask(build(app_class, Route('/', 'GET', handler)))

    rows = answer.json()['results'] if handler is list_page else answer.json()
    assert [shown['labels'] for shown in rows] == [[label.pk], [label.pk]]


@both_modes
def test_a_put_gives_what_is_left_out_its_default(app_class, brand):
    ware = Ware.objects.create(**{**describe(brand, brand=brand), 'stock': 8, 'email': 'a@b.ch'})

    code, shown = send(app_class, 'PUT', f'/{ware.pk}/', **describe(brand, name='Cord'))

    assert (code, shown['name'], shown['stock'], shown['email']) == (200, 'Cord', 3, 'a@b.ch')


@both_modes
@pytest.mark.parametrize(
    ('changes', 'errors'),
    [
        ({'slug': 'cord'}, {'slug': 'Ware with this Slug already exists.'}),
        (
            {'name': 'Cord'},
            {'__all__': 'Ware with this Name of the ware and Brand already exists.'},
        ),
        ({'stock': 9}, {'__all__': 'Ware with this Brand, Size and Stock already exists.'}),
        ({'price': 5}, None),
    ],
)
def test_a_patch_asks_for_the_unique_sets_that_it_touches(app_class, brand, changes, errors):
    Ware.objects.create(**describe(brand, brand=brand, name='Cord', slug='cord'), stock=9)
    ware = Ware.objects.create(**describe(brand, brand=brand))

    code, shown = send(app_class, 'PATCH', f'/{ware.pk}/', **changes)

    assert (code, shown) == ((400, errors) if errors else (200, {**shown, 'price': '5.00'}))


@both_modes
def test_a_patch_is_not_held_to_what_it_does_not_send(app_class, brand):
    """A row that somebody else wrote against the rules can still be changed."""
    ware = Ware.objects.create(**describe(brand, brand=brand, name='', slug='not a slug'))

    code, shown = send(app_class, 'PATCH', f'/{ware.pk}/', price=5)

    assert (code, shown['name'], shown['slug'], shown['price']) == (200, '', 'not a slug', '5.00')


@both_modes
def test_a_row_that_breaks_the_rules_is_shown(app_class, brand):
    Ware.objects.create(**describe(brand, brand=brand, name='', slug=' ', state='lost', size=7))

    code, [shown] = send(app_class, 'GET')

    assert (code, shown['name'], shown['state'], shown['size']) == (200, '', 'lost', 7)


@both_modes
def test_a_row_that_the_database_refuses_for_a_reason_of_its_own_is_a_fault(
    app_class, brand, caplog
):
    def refuse(**kwargs):
        raise IntegrityError('not on a Sunday')  # as a trigger does

    post_save.connect(refuse, Ware)
    try:
        code, _ = send(app_class, 'POST', **describe(brand))
    finally:
        post_save.disconnect(refuse, Ware)

    assert code == 500
    assert str(caplog.records[0].exc_info[1]) == 'not on a Sunday'
    assert not Ware.objects.exists()


@both_modes
def test_nothing_is_written_where_a_relation_fails(app_class, brand):
    ware = Ware.objects.create(**describe(brand, brand=brand))

    answer = send(app_class, 'PATCH', f'/{ware.pk}/', name='Cord', labels=[99])

    ware.refresh_from_db()
    assert (answer, ware.name) == ((400, {'labels': 'There is no label 99.'}), 'Rope')


@both_modes
def test_a_row_that_another_request_wrote_first_is_a_400(app_class, brand, monkeypatch):
    Ware.objects.create(**describe(brand, brand=brand, name='Cord'), stock=9)
    clean = Ware.full_clean

    def see_no_other_row(self, *args, **kwargs):
        monkeypatch.setattr(Ware, 'full_clean', clean)

    monkeypatch.setattr(Ware, 'full_clean', see_no_other_row)

    answer = send(app_class, 'POST', **describe(brand))

    assert answer == (400, {'slug': 'Ware with this Slug already exists.'})


@both_modes
def test_a_key_that_may_not_be_chosen_names_the_field(app_class):
    closed = Brand.objects.create(name='Gone', is_open=False)

    code, errors = send(app_class, 'POST', **describe(closed))

    assert (code, list(errors)) == (400, ['brand'])


class BrandType(ModelType):
    class Meta:
        model = Brand
        fields = ['id', 'name']


class Shown(ModelType):
    brand = BrandType
    title = validators.String()

    class Meta:
        model = Ware
        fields = ['name', 'slug', 'price', 'brand', 'brand_id']
        write_only = ['brand_id', 'price']
        read_only = ['name']


class Order(types.Type):
    ware = WareType
    others = validators.Array(items=BrandType)


def create_shown(ware: Shown) -> Shown:
    instance = ware.create(name='Given')
    instance.title = 'Title'
    return Shown(instance)


def echo(ware: Shown) -> Shown:
    return ware


def read_order(order: Order) -> dict:
    return {'ware': dict(order.ware), 'others': [dict(other) for other in order.others]}


def read_list(brands: List[BrandType]) -> list:
    return [brand.create().name for brand in brands]


class Anywhere(types.Type):
    named = validators.Object(additional_properties=BrandType, allow_null=True)
    patterned = validators.Object(pattern_properties={'^a': BrandType}, allow_null=True)
    more = validators.Array(
        items=[validators.Integer()], additional_items=validators.Array(items=BrandType),
        allow_null=True,
    )  # fmt: skip
    either = validators.Union(
        items=[validators.Array(items=BrandType), validators.Integer()], allow_null=True
    )


def read_anywhere(anywhere: Anywhere) -> dict:
    return dict(anywhere)


def search(brand: BrandType) -> dict:
    return dict(brand)


MORE = [
    Route('/shown/', 'POST', create_shown),
    Route('/echo/', 'POST', echo),
    Route('/order/', 'POST', read_order),
    Route('/list/', 'POST', read_list),
    Route('/search/', 'GET', search),
    Route('/anywhere/', 'POST', read_anywhere),
]


def post(app_class, path, sent):
    answer = ask(build(app_class, *MORE), path, 'POST', body=json.dumps(sent).encode())
    return answer.code, answer.json()


@both_modes
def test_a_relation_is_shown_by_a_type_and_written_by_its_key(app_class, brand):
    sent = {'name': 'x', 'slug': 'rope', 'price': 1, 'brand_id': brand.pk, 'brand': {'id': 9}}

    assert post(app_class, '/shown/', sent) == (200, {
        'name': 'Given', 'slug': 'rope', 'brand': {'id': brand.pk, 'name': 'Acme'},
        'title': 'Title',
    })  # fmt: skip


@both_modes
def test_an_error_of_a_key_has_the_name_that_the_client_knows(app_class):
    code, errors = post(app_class, '/shown/', {'slug': 'rope', 'price': 1, 'brand_id': 9})

    assert (code, list(errors)) == (400, ['brand_id'])


@both_modes
def test_what_came_in_shows_nothing_that_is_write_only(app_class):
    sent = {'slug': 'rope', 'price': 1, 'brand_id': 9}

    assert post(app_class, '/echo/', sent) == (200, {'slug': 'rope'})


@both_modes
def test_a_type_within_a_body_comes_in_as_it_does_alone(app_class, brand):
    sent = {'ware': {**describe(brand), 'id': 'x'}, 'others': [{'name': 'a'}, {'id': 1}]}

    assert post(app_class, '/order/', sent) == (
        400, {'others': {'1': {'name': 'The "name" field is required.'}}},
    )  # fmt: skip
    sent['others'].pop()
    code, shown = post(app_class, '/order/', sent)
    assert (code, shown['ware']['name'], shown['others']) == (200, 'Rope', [{'name': 'a'}])


@both_modes
def test_a_list_of_a_body_is_of_what_comes_in(app_class):
    assert post(app_class, '/list/', [{'name': 'a'}, {'name': 'b'}]) == (200, ['a', 'b'])
    assert post(app_class, '/list/', [{'name': 'a'}, {}]) == (
        400, {'1': {'name': 'The "name" field is required.'}},
    )  # fmt: skip


@both_modes
@pytest.mark.parametrize(
    ('name', 'wrap'),
    [
        ('named', lambda row: {'a': row}), ('patterned', lambda row: {'a': row}),
        ('more', lambda row: [1, [row]]), ('either', lambda row: [row]),
    ],
)  # fmt: skip
def test_a_type_anywhere_in_a_body_is_of_what_comes_in(app_class, name, wrap):
    empty = dict.fromkeys(['named', 'patterned', 'more', 'either'])

    code, shown = post(app_class, '/anywhere/', {name: wrap({'name': 'a', 'id': 7})})

    assert (code, shown) == (200, {**empty, name: wrap({'name': 'a'})})


@both_modes
def test_a_query_string_is_read_as_a_body(app_class):
    answer = ask(build(app_class, *MORE), '/search/', query='name=a&id=7')

    assert (answer.code, answer.json()) == (200, {'name': 'a'})


@both_modes
def test_rows_of_model_mommy_are_shown(app_class):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # model_mommy announces its successor.
        from model_mommy import mommy
    made = mommy.make(Ware, _quantity=3, price=1, stock=iter((1, 2, 3)), name=iter('abc'))

    code, shown = send(app_class, 'GET')

    assert (code, [row['id'] for row in shown]) == (200, [row.pk for row in made])


@pytest.mark.parametrize('cls', [BrandType.incoming, BrandType.partial, WareType.partial])
def test_what_comes_in_is_read_by_compiled_code(cls):
    read = compile_type(cls)

    assert read.__code__.co_filename == f'<django_apistar Type {__name__}.{cls.__qualname__}>'
    sent = {'name': 'a', 'id': 7}
    assert dict(read(sent)) == dict(cls(sent)) == dict(read(read(sent))) == {'name': 'a'}


def build_schemas(version):
    warnings = []
    entries = list(
        walk_apistar([Route('/', 'POST', create_shown), Route('/', 'PATCH', change_shown)])
    )
    document = build_openapi(entries, version=version, warn=warnings.append)
    operations = document['paths']['/']
    body = {
        method: operations[method]['requestBody']['content']['application/json']['schema']
        for method in ('post', 'patch')
    }
    return document['components']['schemas'], body, warnings


def change_shown(ware: Shown.partial) -> Shown:
    return ware


@pytest.mark.parametrize('version', ['3.1', '3.0'])
def test_the_document_says_what_only_goes_out_and_what_only_comes_in(version):
    schemas, body, warnings = build_schemas(version)
    brand = {'$ref': '#/components/schemas/BrandType'}
    price = {
        'writeOnly': True, 'description': 'In francs.', 'type': 'string', 'format': 'decimal',
        'pattern': r'^[+-]?[0-9]{1,4}(\.[0-9]{1,2})?$',
    }  # fmt: skip
    slug = {'type': 'string', 'minLength': 1, 'maxLength': 50, 'pattern': '^[-a-zA-Z0-9_]+$'}
    key = {'writeOnly': True, 'type': 'integer', 'minimum': -(2**63), 'maximum': 2**63 - 1}

    assert warnings == []
    assert body == {
        'post': {'$ref': '#/components/schemas/Shown'},
        'patch': {'$ref': '#/components/schemas/ShownPartial'},
    }
    assert schemas['Shown'] == {
        'type': 'object',
        'properties': {
            'name': {
                'readOnly': True, 'title': 'Name of the ware', 'type': 'string', 'minLength': 1,
                'maxLength': 20,
            },
            'slug': slug,
            'price': price,
            'brand': (
                {'readOnly': True, **brand} if version == '3.1'
                else {'readOnly': True, 'allOf': [brand]}
            ),
            'brand_id': key,
            'title': {'readOnly': True, 'type': 'string'},
        },
        'required': ['name', 'slug', 'price', 'brand', 'brand_id', 'title'],
    }  # fmt: skip
    assert schemas['ShownPartial'] == {
        'type': 'object', 'properties': {'slug': slug, 'price': price, 'brand_id': key},
    }  # fmt: skip


def test_swagger_2_requires_what_comes_in_and_goes_out_as_well():
    schemas = Schemas(DIALECTS['2.0'], warnings.warn)
    schemas.of(Shown)

    shown = schemas.components['Shown']
    assert shown['required'] == ['slug']
    assert [name for name, child in shown['properties'].items() if 'readOnly' in child] == [
        'name', 'title',
    ]  # fmt: skip
    assert not [name for name, child in shown['properties'].items() if 'writeOnly' in child]


class Flat(ModelType):
    class Meta:
        model = Ware
        fields = ['name', 'brand', 'price', 'created']


@pytest.mark.parametrize('is_page', [False, True], ids=['list', 'page'])
def test_a_list_asks_for_the_columns_of_the_type_alone(brand, is_page, django_assert_num_queries):
    def list_flat(page: PageNumber):
        rows = Ware.objects.order_by('name')
        return page.of(rows) if is_page else rows

    list_flat.__annotations__['return'] = Page[Flat] if is_page else List[Flat]
    Ware.objects.create(**describe(brand, brand=brand))
    app = build(Accelerated, Route('/', 'GET', list_flat))

    with django_assert_num_queries(2 if is_page else 1) as queries:
        answer = ask(app)

    columns = queries.captured_queries[-1]['sql'].partition(' FROM ')[0]
    assert re.findall(r'\."(\w+)"', columns) == ['name', 'brand_id', 'price', 'created']
    shown = answer.json()
    [row] = shown['results'] if is_page else shown
    assert (row['brand'], row['price']) == (brand.pk, '7.50')


@both_modes
def test_a_row_that_a_type_has_read_is_read_by_a_type_around_it(app_class, brand):
    class Sold(ModelType):
        class Meta:
            model = Ware
            fields = ['name', 'brand']

    class Sale(types.Type):
        ware = Sold

    def sell() -> Sale:
        return Sale(ware=Sold(Ware.objects.get()))

    if app_class.accelerate:
        assert constructors.install(Sold)
        assert constructors.install(Sale)
    Ware.objects.create(**describe(brand, brand=brand))

    answer = ask(build(app_class, Route('/', 'GET', sell)))

    assert (answer.code, answer.json()) == (200, {'ware': {'name': 'Rope', 'brand': brand.pk}})


def show_row() -> BrandType:
    return Brand.objects.get()


def list_rows() -> List[BrandType]:
    return list(Brand.objects.all())


@both_modes
@pytest.mark.parametrize(
    ('handler', 'annotated', 'advice'),
    [
        (show_row, 'BrandType', 'BrandType(row)'),
        (list_rows, 'List[BrandType]', '[BrandType(row) for row in rows]'),
    ],
)
def test_a_row_where_its_type_is_annotated_is_a_500_that_says_what_to_return(
    app_class, brand, handler, annotated, advice, caplog
):
    assert ask(build(app_class, Route('/', 'GET', handler))).code == 500
    [record] = caplog.records
    assert str(record.exc_info[1]) == (
        f'{__name__}.{handler.__name__} is annotated -> {annotated} and returned a '
        f'{Brand.__module__}.Brand: return {advice}.'
    )


@both_modes
def test_a_row_where_no_type_is_annotated_is_named_in_api_stars_words(app_class, brand, caplog):
    ask(build(app_class, Route('/', 'GET', lambda: {'brand': brand}, name='show')))

    error = caplog.records[0].exc_info[1]
    assert str(error) == "Object of type 'Brand' is not JSON serializable."


def show_object() -> BrandType:
    return {'brand': object()}


@both_modes
def test_what_is_no_row_is_named_in_api_stars_words(app_class, caplog):
    ask(build(app_class, Route('/', 'GET', show_object)))

    error = caplog.records[0].exc_info[1]
    assert str(error) == "Object of type 'object' is not JSON serializable."


def test_what_a_change_sends_is_described_as_its_type_is():
    class Thing(ModelType):
        """A thing of the shop."""

        class Meta:
            model = Ware
            fields = ['name']

    def change_thing(thing: Thing.partial) -> Thing: ...

    app = build(Accelerated, Route('/', 'PATCH', change_thing))
    schemas = build_openapi(app.router.entries)['components']['schemas']

    shown = {name: schemas[name]['description'] for name in ('Thing', 'ThingPartial')}
    assert shown == dict.fromkeys(shown, 'A thing of the shop.')
