"""The validators of Django's values: through HTTP in each mode, and in the document."""

import datetime
import decimal
import functools
import json
import subprocess
import sys
import time
import uuid
from typing import List

import pytest
from apistar import Route, types, validators
from apistar.exceptions import ConfigurationError, ValidationError

from django_apistar.schema import build_openapi
from django_apistar.validators import JSON, UUID, Decimal, Duration
from management_tests.project import models
from management_tests.support.oracle import Plain, ask, both_modes, build

KEY = '00000000-0000-0000-0000-000000000007'


class Product(types.Type):
    key = UUID()
    price = Decimal(max_digits=8, decimal_places=2)
    delivery = Duration(allow_null=True)
    extra = JSON(default={})


class Article(types.Type):
    key = UUID()
    price = Decimal(max_digits=30, decimal_places=2)


class Thing:
    key = uuid.UUID(KEY)
    price = decimal.Decimal('3')
    delivery = datetime.timedelta(days=1, hours=2)
    extra = {'a': [1, None]}


def create(product: Product) -> Product:
    return product


def post(app_class, **fields):
    """Return the status and JSON that a product with *fields* is answered with."""
    app = build(app_class, Route('/', 'POST', create))
    body = json.dumps({'key': KEY, 'price': '1.00', **fields}).encode()
    answer = ask(app, method='POST', body=body)
    return answer.code, answer.json()


@both_modes
@pytest.mark.parametrize(
    ('field', 'sent', 'shown'),
    [
        ('price', '12.5', '12.50'),
        ('price', '-0.07', '-0.07'),
        ('price', 3, '3.00'),
        ('price', 0.1, '0.10'),
        ('price', 3.0, '3.00'),
        ('price', '999999.99', '999999.99'),
        ('price', 999999.99, '999999.99'),
        ('price', 999999, '999999.00'),
        ('price', -999999, '-999999.00'),
        ('key', KEY.replace('7', 'A'), KEY.replace('7', 'a')),
        ('delivery', '1 02:00:00', 'P1DT02H00M00S'),
        ('delivery', 'P1DT2H', 'P1DT02H00M00S'),
        ('delivery', '-00:00:01.5', '-P0DT00H00M01.500000S'),
        ('delivery', f'P{1:062}D', 'P1DT00H00M00S'),  # as long as may be
        ('delivery', None, None),
        ('extra', [1, {'a': None}, 'x', 0.5, True], [1, {'a': None}, 'x', 0.5, True]),
        ('extra', False, False),
    ],
)
def test_what_a_client_sends_comes_back_in_one_form(app_class, field, sent, shown):
    code, product = post(app_class, **{field: sent})

    assert (code, product[field]) == (200, shown)


@both_modes
@pytest.mark.parametrize(
    ('field', 'sent', 'error'),
    [
        ('price', 'NaN', 'Must be finite.'),
        ('price', '-Infinity', 'Must be finite.'),
        ('price', '+inf', 'Must be finite.'),
        ('price', 'sNaN', 'Must be finite.'),
        ('price', 'abc', 'Must be a decimal number.'),
        ('price', 'x' * 4000, 'Must be a decimal number.'),
        ('price', 'x' * 4001, 'Must have no more than 8 digits.'),  # not looked at
        ('price', '', 'Must be a decimal number.'),
        ('price', '1e2', 'Must be a decimal number.'),
        ('price', ' 1', 'Must be a decimal number.'),
        ('price', '\uff11', 'Must be a decimal number.'),
        ('price', True, 'Must be a decimal number.'),
        ('price', [1], 'Must be a decimal number.'),
        ('price', None, 'May not be null.'),
        ('price', '1.234', 'Must have no more than 2 decimal places.'),
        ('price', 1.234, 'Must have no more than 2 decimal places.'),
        *(
            ('price', sent, 'Must have no more than 6 digits before the decimal point.')
            for sent in ('1234567', '-1000000', 10**6, -(10**6), 10**30, 1e6, 1e300)
        ),
        (
            'price',
            0.1 + 0.2,
            'Must be a string: a number of so many digits is not exact.',
        ),
        ('key', KEY.replace('-', ''), 'Must be a valid UUID.'),
        ('key', KEY + '\n', 'Must be a valid UUID.'),
        ('key', 7, 'Must be a string.'),
        ('delivery', 'soon', 'Must be a valid duration.'),
        ('delivery', '', 'Must be a valid duration.'),
        ('delivery', 'PT', 'Must be a valid duration.'),
        ('delivery', '9' * 30 + ' 00:00:00', 'Must be a valid duration.'),
        ('delivery', '1' * 1000, 'Must be a valid duration.'),
        ('delivery', f'P{1:063}D', 'Must be a valid duration.'),
        ('delivery', 5, 'Must be a string.'),
        ('extra', None, 'May not be null.'),
    ],
)
def test_what_is_refused_is_a_400_that_names_the_field(app_class, field, sent, error):
    """`decimals`, `texts`, `json_values`"""
    assert post(app_class, **{field: sent}) == (400, {field: error})


@both_modes
def test_a_million_digits_are_refused_at_once(app_class):
    start = time.process_time()

    answer = post(app_class, price='9' * 10**6)

    assert answer == (400, {'price': 'Must have no more than 8 digits.'})
    assert time.process_time() - start < 1


@both_modes
def test_an_object_is_shown_by_its_type(app_class):
    def show() -> Product:
        return Product(Thing())

    app = build(app_class, Route('/', 'GET', show))

    assert ask(app).json() == {
        'key': KEY, 'price': '3.00', 'delivery': 'P1DT02H00M00S', 'extra': {'a': [1, None]},
    }  # fmt: skip


@both_modes
@pytest.mark.django_db
@pytest.mark.parametrize('names', [[], ['key', 'price']])
def test_rows_of_a_queryset_are_shown_by_their_type(app_class, names):
    models.Article.objects.create(price=decimal.Decimal('12345678901.9'))

    def show() -> List[Article]:
        rows = models.Article.objects.all()
        return rows.values(*names) if names else rows

    app = build(app_class, Route('/', 'GET', show))

    assert ask(app).json() == [{'key': KEY, 'price': '12345678901.90'}]


class Cheap(types.Type):
    price = Decimal(max_digits=8, decimal_places=2)


@both_modes
@pytest.mark.django_db
@pytest.mark.parametrize(
    ('price', 'shown'),
    [('999999.99', '999999.99'), ('-999999.99', '-999999.99'), ('1000000.00', None)],
)
def test_rows_show_as_many_digits_as_their_type_has(app_class, price, shown, caplog):
    models.Article.objects.create(price=decimal.Decimal(price))

    def show() -> List[Cheap]:
        return models.Article.objects.all()

    answer = ask(build(app_class, Route('/', 'GET', show)))

    if shown is not None:
        assert answer.json() == [{'price': shown}]
        return
    assert str(caplog.records[-1].exc_info[1]).endswith(
        f'price is {decimal.Decimal(price)!r}: '
        'Must have no more than 6 digits before the decimal point.'
    )


@both_modes
@pytest.mark.parametrize(
    ('attribute', 'value', 'error'),
    [
        ('price', decimal.Decimal('0.125'), 'Must have no more than 2 decimal places.'),
        ('price', decimal.Decimal('NaN'), 'Must be finite.'),
        *(
            ('extra', value, 'Must be a value of JSON.')
            for value in ({1}, {'a': {1}}, {1: 'a'}, ['a', {1}], float('nan'), b'a')
        ),
        ('extra', functools.reduce(lambda inner, _: [inner], range(5000)), 'Is nested too deeply.'),
    ],
)
def test_what_an_object_holds_that_its_type_does_not_show_is_named(
    app_class, attribute, value, error, caplog
):
    thing = Thing()
    setattr(thing, attribute, value)

    def show() -> Product:
        return Product(thing)

    answer = ask(build(app_class, Route('/', 'GET', show)))

    assert answer.code == 500
    said = str(caplog.records[-1].exc_info[1])
    assert said.startswith(f'{__name__}.Product cannot be made of {__name__}.Thing: {attribute} is')
    assert f': {error}' in said


@pytest.mark.parametrize(
    ('digits', 'value', 'shown'),
    [((3, 0), 999, '999'), ((1, 0), '7', '7'), ((1, 1), '0.7', '0.7')],
)
def test_as_many_digits_as_may_be_are_read(digits, value, shown):
    assert str(Decimal(*digits).validate(value)) == shown


def test_small_decimals_have_no_exponent():
    assert str(Decimal(20, 10).validate('0.0000000001')) == '0.0000000001'
    assert str(Decimal(20, 10).validate(0)) == '0.0000000000'


def test_a_number_is_as_exact_as_a_float_of_15_digits():
    digits = Decimal(max_digits=30, decimal_places=20)

    assert str(digits.validate(0.123456789012345)) == '0.12345678901234500000'
    with pytest.raises(ValidationError) as caught:
        digits.validate(0.1234567890123456)
    assert caught.value.detail == 'Must be a string: a number of so many digits is not exact.'


@pytest.mark.parametrize('version', ['3.1', '3.0'])
def test_document_has_a_format_for_each(version):
    class Sized(types.Type):
        key = UUID(default=KEY)
        price = Decimal(max_digits=8, decimal_places=2, default=0)
        delivery = Duration(default=datetime.timedelta(days=1))
        extra = JSON(default={'a': [1]})

    def size(sized: Sized) -> Sized:
        return sized

    document = build_openapi(build(Plain, Route('/', 'POST', size)).router.entries, version=version)

    assert document['components']['schemas']['Sized']['properties'] == {
        'key': {'type': 'string', 'format': 'uuid', 'default': KEY},
        'price': {
            'type': 'string', 'format': 'decimal', 'default': '0.00',
            'pattern': r'^[+-]?[0-9]{1,6}(\.[0-9]{1,2})?$',
        },
        'delivery': {
            'type': 'string', 'format': 'duration', 'default': 'P1DT00H00M00S',
            'pattern': (
                '^-?P([0-9]{1,8}D)?'
                r'(T([0-9]{1,8}H)?([0-9]{1,8}M)?([0-9]{1,8}(\.[0-9]{1,6})?S)?)?$'
            ),
        },
        'extra': {
            'default': {'a': [1]},
            'anyOf': [
                {'type': 'object'}, {'type': 'array', 'items': {}}, {'type': 'string'},
                {'type': 'number'}, {'type': 'boolean'},
            ],
        },
    }  # fmt: skip


def test_document_says_of_json_all_but_null():
    class Noted(types.Type):
        note = JSON()

    def show() -> Noted: ...

    document = build_openapi(build(Plain, Route('/', 'GET', show)).router.entries)

    assert document['components']['schemas']['Noted']['properties']['note'] == {
        'anyOf': [
            {'type': 'object'}, {'type': 'array', 'items': {}}, {'type': 'string'},
            {'type': 'number'}, {'type': 'boolean'},
        ]
    }  # fmt: skip


@pytest.mark.parametrize(
    ('value', 'name'),
    [
        (datetime.timedelta(1), 'Duration'),
        (decimal.Decimal(1), 'Decimal'),
        ({'a': 1}, 'JSON'),
    ],
)
def test_what_cannot_be_read_says_what_to_use(value, name):
    class Titled(types.Type):
        title = validators.String()

    thing = type('Row', (), {'title': value})()

    with pytest.raises(ValidationError) as caught:
        Titled(thing)

    assert f'title is {value!r}: Must be a string. Use django_apistar.validators.{name}.' in str(
        caught.value
    )


@pytest.mark.parametrize('digits', [(2, 3), (0, 0), (-1, 0), (3, -1), ('3', 1), (True, 0)])
def test_decimal_without_room_for_a_number_is_refused(digits):
    with pytest.raises(ConfigurationError) as caught:
        Decimal(*digits)

    assert str(caught.value) == (
        f'Decimal(max_digits={digits[0]!r}, decimal_places={digits[1]!r}) holds no number. Give '
        'two whole numbers, max_digits above 0 and no smaller than the other.'
    )


def test_default_that_is_not_valid_is_refused():
    with pytest.raises(ConfigurationError) as caught:
        UUID(default='x')

    assert str(caught.value) == "The default 'x' of UUID is not valid: Must be a valid UUID."


def test_who_imports_none_loads_none():
    code = (
        'import django_apistar.application, django_apistar.schema, sys;'
        "print([name for name in sys.modules if 'apistar.service' in name])"
    )

    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ('[]\n', '')
