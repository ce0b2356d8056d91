"""What users write into the document, beyond JSON: lazy text, Decimal, dates, sets, enums."""

import datetime
import enum
import functools
import json
import uuid
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from apistar import Component, Route, types, validators
from django.test import override_settings
from django.urls import reverse_lazy
from django.utils import translation
from django.utils.functional import SimpleLazyObject, lazystr
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, ngettext_lazy

from django_apistar.test import TestClient
from management_tests.test_apistar_docs import fail, run

DAY = gettext_lazy('Monday')  # 'Montag' in German


class Size(enum.Enum):
    SMALL = 'small'


class Part(types.Type):
    weight = validators.Number()


class Product(types.Type):
    example = {
        'name': lazystr('Cake'), 'price': Decimal('9.90'), 'code': Decimal('1.10'),
        'sold': {'b', 'a'}, 'parts': [{'weight': Decimal(2)}], 'on': datetime.date(2026, 1, 2),
        'size': Size.SMALL, 'free': {1: Decimal('0.5'), None: (1, 2)},
    }  # fmt: skip

    name = validators.String(default=lazystr('Pie'))
    price = validators.Number(default=Decimal('9.5'))
    code = validators.String()
    sold = validators.Array(items=validators.String())
    parts = validators.Array(items=Part)
    on = validators.Date()
    size = validators.String()
    free = validators.Object()


class Tokens(Component):
    security_scheme = {'type': 'apiKey', 'in': 'header', 'name': 'X-Key', 'description': DAY}

    def resolve(self) -> uuid.UUID:
        return uuid.uuid4()


def find(limit: float = Decimal('2.5')) -> Product:  # type: ignore[assignment]
    return None


PLAIN = {
    'summary': DAY,
    'description': mark_safe('<b>'),
    'externalDocs': {'url': reverse_lazy('admin:index')},
    'tags': {'b', 'a'},
    'x-when': [
        datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.timezone.utc),
        datetime.date(2026, 1, 2), datetime.time(3, 4), datetime.timedelta(hours=1),
    ],
    'x-other': (
        uuid.UUID(int=0), Size.SMALL, Decimal('1.50'), HTTPStatus.OK, Part(weight=1),
        SimpleLazyObject(lambda: 'simple'), ngettext_lazy('%d day', '%d days', 2) % 2,
        frozenset({2, 1}), 1.5, None, True,
    ),
    'parameters': [
        {
            'name': 'page', 'in': 'query',
            'schema': {
                'type': 'number', 'minimum': Decimal('0.5'), 'maximum': Decimal(10),
                'default': Decimal('1.5'), 'enum': [Decimal('1.5'), Decimal(2)],
            },
        },
        {
            'name': 'price', 'in': 'query',
            'schema': {'type': 'string', 'example': Decimal('1.50')},
        },
    ],
    'responses': {HTTPStatus.ACCEPTED: {'description': DAY}, 404: {'description': 'Gone.'}},
}  # fmt: skip
find.openapi = PLAIN  # type: ignore[attr-defined]
routes = [Route('/find/', 'GET', find)]
SETTINGS: dict[str, Any] = {
    'TITLE': DAY,
    'DESCRIPTION': lazystr('About'),
    'VERSION': SimpleLazyObject(lambda: '2.0'),
    'SERVERS': [
        lazystr('https://a.example'),
        {'url': '/{v}', 'description': DAY, 'variables': {'v': {'default': 'x', 'enum': {'x'}}}},
    ],
    'COMPONENTS': [Tokens()],
}
EXPECTED = {
    'operationId': 'find',
    'summary': 'Monday',
    'description': '<b>',
    'externalDocs': {'url': '/admin/'},
    'tags': ['a', 'b'],
    'x-when': ['2026-01-02T03:04:00Z', '2026-01-02', '03:04:00', 'P0DT01H00M00S'],
    'x-other': [
        '00000000-0000-0000-0000-000000000000', 'small', '1.50', 200, {'weight': 1}, 'simple',
        '2 days', [1, 2], 1.5, None, True,
    ],
    'parameters': [
        {
            'name': 'page', 'in': 'query',
            'schema': {
                'type': 'number', 'minimum': 0.5, 'maximum': 10, 'default': 1.5, 'enum': [1.5, 2],
            },
        },
        {'name': 'price', 'in': 'query', 'schema': {'type': 'string', 'example': '1.50'}},
    ],
    'responses': {
        '200': {
            'description': 'OK',
            'content': {'application/json': {'schema': {'$ref': '#/components/schemas/Product'}}},
        },
        '202': {'description': 'Monday'},
        '400': {'$ref': '#/components/responses/BadRequest'},
        '404': {'description': 'Gone.'},
        'default': {'$ref': '#/components/responses/Error'},
    },
}  # fmt: skip
EXAMPLE = {
    'name': 'Cake', 'price': 9.9, 'code': '1.10', 'sold': ['a', 'b'], 'parts': [{'weight': 2}],
    'on': '2026-01-02', 'size': 'small', 'free': {'1': '0.5', 'null': [1, 2]},
}  # fmt: skip


@pytest.fixture
def _project(settings: Any) -> None:
    settings.APISTAR_ROUTE_CONF = __name__
    settings.APISTAR_SETTINGS = SETTINGS


@pytest.mark.usefixtures('_project')
def test_what_django_projects_write_is_json_in_the_document():
    stdout, stderr = run('--validate')

    document = json.loads(stdout)
    assert stderr == 'The schema is valid.\n'
    assert document['info'] == {'title': 'Monday', 'version': '2.0', 'description': 'About'}
    assert document['servers'] == [
        {'url': 'https://a.example'},
        {
            'url': '/{v}', 'description': 'Monday',
            'variables': {'v': {'default': 'x', 'enum': ['x']}},
        },
    ]  # fmt: skip
    assert document['paths']['/find/']['get'] == EXPECTED
    assert document['components']['securitySchemes']['Tokens']['description'] == 'Monday'
    product = document['components']['schemas']['Product']
    assert product['examples'] == [EXAMPLE]
    assert product['properties']['name']['default'] == 'Pie'
    assert product['properties']['price']['default'] == 9.5


@pytest.mark.usefixtures('_project')
@pytest.mark.parametrize('name', ['openapi', 'openapi-3.0', 'swagger', 'jsonschema'])
@pytest.mark.parametrize('write', ['--yaml', '--indent=0'])
def test_each_format_takes_it(name, write):
    assert run('--format', name, write)[0]


@pytest.mark.usefixtures('_project')
def test_the_default_of_a_parameter_may_be_a_decimal(monkeypatch):
    monkeypatch.delattr(find, 'openapi')

    [parameter] = json.loads(run()[0])['paths']['/find/']['get']['parameters']

    assert parameter['schema'] == {'type': 'number', 'default': 2.5}


@pytest.mark.usefixtures('_project')
def test_the_served_document_is_in_the_projects_language_whoever_asks_first():
    with translation.override('de'):
        document = TestClient().get('/schema/').json()

    assert document == json.loads(run()[0])
    assert document['info']['title'] == 'Monday'


@pytest.mark.usefixtures('_project')
def test_a_language_of_the_project_is_that_of_its_document(settings):
    settings.LANGUAGE_CODE = 'de'

    assert TestClient().get('/schema/').json()['info']['title'] == 'Montag'


@pytest.mark.usefixtures('_project')
def test_the_pages_are_written(tmp_path):
    run('--format', 'html', '--output', str(tmp_path))

    assert '<title>Monday</title>' in (tmp_path / 'index.html').read_text()
    assert '<title>Monday</title>' in (tmp_path / 'redoc.html').read_text()


# What JSON does not have


HOLDS_ITSELF: dict[str, Any] = {}
HOLDS_ITSELF['a'] = HOLDS_ITSELF
FOREIGN = functools.partial(print)


@pytest.mark.usefixtures('_project')
@pytest.mark.parametrize(
    ('said', 'warning'),
    [
        ({'x-a': [1, FOREIGN]}, f'holds {FOREIGN!r} at x-a.1, which JSON does not have'),
        ({'x-a': b'bytes'}, "holds b'bytes' at x-a, which JSON does not have"),
        ({'x-a': float('nan')}, 'holds nan at x-a, which JSON does not have'),
        ({'x-a': HOLDS_ITSELF}, 'holds itself at x-a.a, which JSON does not have'),
        (
            {'x-a': {'type': 'number', 'default': Decimal('Infinity')}},
            "holds Decimal('Infinity') at x-a.default, which JSON does not have",
        ),
        ([1], 'is [1], no dict'),
    ],
    ids=lambda value: value if isinstance(value, str) else '',
)
def test_what_json_does_not_have_is_left_out_and_told(monkeypatch, said, warning):
    monkeypatch.setattr(find, 'openapi', said)

    stdout, stderr = run('--validate')
    message, _, _ = fail('--fail-on-warn')

    assert stderr == (
        f'Warning: The openapi of {__name__}.find {warning}; it is left out.\n'
        'The schema is valid.\n'
    )
    assert 'x-a' not in stdout or json.loads(stdout)['paths']['/find/']['get']['x-a'] in (
        [1], {}, {'type': 'number'},
    )  # fmt: skip
    assert message == '1 thing cannot be described, see above.'


def test_lazy_text_that_cannot_be_read_is_left_out_and_told(monkeypatch, settings):
    settings.APISTAR_ROUTE_CONF = __name__
    monkeypatch.setattr(find, 'openapi', {'externalDocs': {'url': reverse_lazy('nowhere')}})

    _, stderr = run()

    assert stderr == (
        f'Warning: The openapi of {__name__}.find holds lazy text at externalDocs.url, which '
        "cannot be read: NoReverseMatch: Reverse for 'nowhere' not found. 'nowhere' is not a valid "
        'view function or pattern name; it is left out.\n'
    )


def test_a_script_prefix_is_before_the_urls_of_the_document(settings):
    settings.APISTAR_ROUTE_CONF = __name__
    with override_settings(FORCE_SCRIPT_NAME='/mnt'):
        document = TestClient().get('/schema/').json()

    assert document['paths']['/find/']['get']['externalDocs']['url'] == '/mnt/admin/'


def test_the_documentation_says_what_is_taken():
    page = (Path(__file__).resolve().parent.parent / 'docs/apistar_docs.md').read_text()

    assert 'lazy text, `Decimal`' in page
