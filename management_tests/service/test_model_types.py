"""Types of models: through HTTP in each mode, and in the document."""

import json
from typing import List

import pytest
from apistar import Route

from django_apistar.types import ModelType
from management_tests.support.oracle import ask, both_modes, build
from management_tests.support.shop import Brand, Label, Ware

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


@both_modes
def test_lists_are_shown_by_the_key_of_a_relation(app_class, brand, django_assert_num_queries):
    Ware.objects.create(**describe(brand, brand=brand))

    with django_assert_num_queries(2):  # the wares, and the labels of the one
        code, [shown] = send(app_class, 'GET')

    assert (code, shown['brand'], shown['labels']) == (200, brand.pk, [])
