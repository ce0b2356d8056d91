"""What users write into the document, beyond JSON: lazy text, Decimal, dates, sets, enums."""

import datetime
import enum
import functools
import json
import sys
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

from django_apistar import schema
from django_apistar.test import TestClient
from management_tests.support.docs_command import fail, run

pytestmark = pytest.mark.once

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
            'schema': {'type': 'string', 'example': Decimal('1.50'), 'x-own': Decimal(9)},
        },
        {
            'name': 'count', 'in': 'query', 'schema': {
                'type': ('integer', 'null'), 'exclusiveMinimum': Decimal(1),
                'exclusiveMaximum': Decimal('9.5'), 'multipleOf': Decimal(2),
                'examples': [Decimal(4)], 'const': Decimal(4), 'x-own': Decimal(4),
            }, 'example': Decimal(4),
        },
        {
            'name': 'size', 'in': 'query',
            'schema': {'type': 'number', 'example': Decimal(4)},
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
        {
            'name': 'price', 'in': 'query',
            'schema': {'type': 'string', 'example': '1.50', 'x-own': '9'},
        },
        {
            'name': 'count', 'in': 'query', 'schema': {
                'type': ['integer', 'null'], 'exclusiveMinimum': 1, 'exclusiveMaximum': 9.5,
                'multipleOf': 2, 'examples': [4], 'const': 4, 'x-own': '4',
            }, 'example': '4',
        },
        {'name': 'size', 'in': 'query', 'schema': {'type': 'number', 'example': 4}},
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
    'security': [],
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
def test_the_served_document_is_in_the_projects_language_not_the_first_clients():
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
    folder = tmp_path / 'site/api'

    run('--format', 'html', '--output', str(folder))

    assert '<title>Monday</title>' in (folder / 'index.html').read_text()
    assert '<title>Monday</title>' in (folder / 'redoc.html').read_text()


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
        (
            {'x-a': {'type': 'integer', 'default': Decimal('NaN')}},
            "holds Decimal('NaN') at x-a.default, which JSON does not have",
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
        [1], {}, {'type': 'number'}, {'type': 'integer'},
    )  # fmt: skip
    assert message == '1 thing cannot be described, see above.'


class Foreign(validators.Validator):
    def build_schema(self, dialect):
        return {'type': 'string', 'x-a': b'a'}


class Holder(types.Type):
    foreign = Foreign()


class ForeignTokens(Component):
    security_scheme = {'type': 'apiKey', 'in': 'header', 'name': 'X-Key', 'x-b': b'b'}

    def resolve(self) -> uuid.UUID: ...


def hold() -> Holder:
    return None


def test_what_json_does_not_have_is_told_with_its_place_in_settings_and_types(
    monkeypatch, settings
):
    monkeypatch.setattr(sys.modules[__name__], 'routes', [Route('/', 'GET', hold)])
    settings.APISTAR_ROUTE_CONF = __name__
    settings.APISTAR_SETTINGS = {
        'INFO': {'x-d': b'd'}, 'SERVERS': ['/', {'url': '/', 'x-e': b'e'}],
        'COMPONENTS': [ForeignTokens()],
    }  # fmt: skip
    lines = {
        'openapi': [
            "The document holds b'a' at components.schemas.Holder.properties.foreign.x-a",
            "The document holds b'b' at components.securitySchemes.ForeignTokens.x-b",
        ],
        'jsonschema': ["The document holds b'a' at Holder.properties.foreign.x-a"],
    }
    described = ["SERVERS holds b'e' at 1.x-e", "INFO holds b'd' at x-d"]

    for name, expected in lines.items():
        stderr = run('--format', name)[1]

        told = [line.partition(', which')[0] for line in stderr.splitlines()]
        assert sorted(told) == sorted(f'Warning: {line}' for line in (*expected, *described))


def test_what_an_app_says_of_itself_may_be_lazy_text():
    document = schema.build_openapi([], schema.Info(title=DAY, description=lazystr('About')))

    assert document['info'] == {'title': 'Monday', 'version': '1.0.0', 'description': 'About'}
    assert schema.render(document)


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


# Swagger 2.0, which knows less than OpenAPI 3 of what a handler may say


def create(product: Product) -> Part:
    return None


OWN_BODY = {'name': 'body', 'in': 'body', 'required': True,
            'schema': {'$ref': '#/definitions/Product'}}  # fmt: skip
PAGE = {'name': 'page', 'in': 'query', 'type': 'integer'}


def say_in_swagger(monkeypatch, settings, openapi):
    return say(monkeypatch, settings, 'swagger', openapi)


def say(monkeypatch, settings, format_, openapi):
    """Return the operation of `create` that says *openapi*, and the warnings."""
    monkeypatch.setattr(create, 'openapi', openapi, raising=False)
    monkeypatch.setattr(sys.modules[__name__], 'routes', [Route('/', 'POST', create)])
    settings.APISTAR_ROUTE_CONF = __name__
    stdout, stderr = run('--format', format_, '--validate')
    *warnings, last = stderr.splitlines()
    assert last == 'The schema is valid.'
    return json.loads(stdout)['paths']['/']['post'], warnings


@pytest.mark.parametrize('version', ['openapi', 'openapi-3.0'])
@pytest.mark.parametrize(
    ('part', 'said', 'shown'),
    [
        ('400', {'description': 'Mine.', 'content': {'text/plain': {}}}, None),
        ('400', {'description': 'Mine.'},
         {'$ref': '#/components/responses/BadRequest', 'description': 'Mine.'}),
        ('200', {'$ref': '#/components/responses/Error'}, None),
    ],
    ids=['over a reference', 'words', 'reference'],
)  # fmt: skip
def test_a_reference_and_what_a_handler_says_are_not_mixed(
    monkeypatch, settings, version, part, said, shown
):
    operation, _ = say(monkeypatch, settings, version, {'responses': {part: said}})

    assert operation['responses'][part] == (shown or said)


@pytest.mark.parametrize('version', ['openapi', 'openapi-3.0'])
def test_a_reference_as_body_is_the_whole_body(monkeypatch, settings, version):
    said = {'requestBody': {'$ref': '#/components/responses/Error'}}

    operation, _ = say(monkeypatch, settings, version, said)

    assert operation['requestBody'] == said['requestBody']


def in_query(name, **words):
    return {'name': name, 'in': 'query', **words}


@pytest.mark.parametrize(
    ('said', 'parameters', 'warning'),
    [
        (
            in_query('filter', content={'application/json': {}}), [],
            "Swagger 2.0 has no content of a parameter; 'filter' of 'create' is left out.",
        ),
        (
            {'name': 'sid', 'in': 'cookie', 'schema': {'type': 'string'}}, [],
            "Swagger 2.0 has no parameter in 'cookie'; 'sid' of 'create' is left out.",
        ),
        (
            {'$ref': 'p'}, [],
            "Swagger 2.0 has no reference to a parameter; {'$ref': 'p'} of 'create' is left out.",
        ),
        (
            'page', [],
            "Swagger 2.0 has no parameter without a name; 'page' of 'create' is left out.",
        ),
        (
            in_query('page', schema={'type': ['integer', 'null']}, deprecated=True, example=1),
            [PAGE], None,
        ),
        (
            in_query('ids', explode=False, schema={'type': 'array', 'items': {'type': 'integer'}}),
            [{
                'name': 'ids', 'in': 'query', 'type': 'array', 'items': {'type': 'integer'},
                'collectionFormat': 'csv',
            }],
            None,
        ),
        (
            in_query('low', schema={'type': 'integer', 'exclusiveMinimum': 1, 'const': 3}),
            [{
                'name': 'low', 'in': 'query', 'type': 'integer', 'minimum': 1,
                'exclusiveMinimum': True, 'enum': [3],
            }],
            None,
        ),
    ],
    ids=str,
)  # fmt: skip
def test_parameters_in_swagger(monkeypatch, settings, said, parameters, warning):
    operation, warnings = say_in_swagger(monkeypatch, settings, {'parameters': [said]})

    assert operation['parameters'] == [*parameters, OWN_BODY]
    assert warnings == ([f'Warning: {warning}'] if warning else [])


def test_swagger_has_all_words_of_its_schemas(monkeypatch, settings):
    schema = {
        'type': 'object', 'format': 'a', 'title': 'A', 'description': 'B', 'maxProperties': 3,
        'minProperties': 1, 'required': ['a'], 'allOf': [{'type': 'object'}], 'readOnly': True,
        'properties': {'a': {'type': 'string'}}, 'additionalProperties': {'type': 'string'},
        'xml': {'name': 'c'}, 'externalDocs': {'url': 'https://a.example/'}, 'example': {'a': 'b'},
        'default': {'a': 'b'}, 'enum': [{'a': 'b'}], 'items': {}, 'maximum': 1,
        'exclusiveMaximum': True,
        'minimum': 0, 'exclusiveMinimum': True, 'maxLength': 2, 'minLength': 1, 'pattern': 'a',
        'maxItems': 2, 'minItems': 1, 'uniqueItems': True, 'multipleOf': 2,
    }  # fmt: skip
    said = {'requestBody': {'content': {'application/json': {'schema': schema}}}}
    schema['patternProperties'] = {}  # which it has not

    operation, _ = say_in_swagger(monkeypatch, settings, said)

    del schema['patternProperties']
    assert operation['parameters'][0]['schema'] == schema


def test_a_reference_as_body_in_swagger(monkeypatch, settings):
    said = {'requestBody': {'$ref': '#/components/requestBodies/Product'}}

    operation, warnings = say_in_swagger(monkeypatch, settings, said)

    assert 'parameters' not in operation
    assert warnings == [
        "Warning: Swagger 2.0 has no reference to a body; that of 'create' is left out."
    ]


def test_a_body_of_nothing_but_a_reference_in_swagger(monkeypatch, settings):
    monkeypatch.setattr(create, '__annotations__', {'return': Part})
    monkeypatch.setattr(create, '__defaults__', ('',))
    said = {'requestBody': {'$ref': '#/components/requestBodies/Product'}, 'parameters': []}

    operation, warnings = say_in_swagger(monkeypatch, settings, said)

    assert 'parameters' not in operation
    assert len(warnings) == 1


@pytest.mark.parametrize(
    ('said', 'key', 'expected', 'warning'),
    [
        ({'requestBody': 5}, 'parameters', None,
         "Swagger 2.0 has no body without content; that of 'create' is left out."),
        ({'servers': [{'url': '/'}]}, 'servers', None,
         "Swagger 2.0 has no 'servers'; that of 'create' is left out."),
        ({'responses': {'2XX': {}}}, 'deprecated', None,
         "Swagger 2.0 has no status '2XX'; that of 'create' is left out."),
        ({'responses': 5}, 'responses',
         {'default': {'description': 'Any other error, or an answer with a status of its own.'}},
         None),
        ({'deprecated': True, 'x-own': [1]}, 'x-own', [1], None),
    ],
    ids=str,
)  # fmt: skip
def test_operations_in_swagger(monkeypatch, settings, said, key, expected, warning):
    operation, warnings = say_in_swagger(monkeypatch, settings, said)

    assert operation.get(key) == expected
    assert warnings == ([f'Warning: {warning}'] if warning else [])


@pytest.mark.parametrize(
    ('said', 'expected', 'warning'),
    [
        ({}, {'description': 'Accepted'}, None),
        (
            {'$ref': '#/components/responses/Nowhere'}, {'description': 'Accepted'},
            "'#/components/responses/Nowhere' names no response; it is left out.",
        ),
        ({'$ref': '#/components/responses/Error'}, {'$ref': '#/responses/Error'}, None),
        (
            {'content': {'text/plain': {'schema': {
                'type': 'array', 'items': {'$ref': '#/components/schemas/Part'},
            }}}, 'headers': {'X-A': {'$ref': '#/components/headers/A'}}},
            {
                'description': 'Accepted',
                'schema': {'type': 'array', 'items': {'$ref': '#/definitions/Part'}},
                'headers': {'X-A': {'type': 'string', 'description': ''}},
            },
            None,
        ),
        (
            {'content': {'text/plain': {'schema': {
                'properties': {
                    'a': {'oneOf': [{'type': 'string'}]}, 'b': {'nullable': True},
                    'c': {'type': 'array', 'prefixItems': []}, 'd': {'$ref': 'elsewhere.json'},
                },
                'additionalProperties': {'type': ['string', 'integer']},
                'allOf': [{'type': ['null', 'string'], 'contentEncoding': 'base64'}],
            }}}},
            {
                'description': 'Accepted',
                'schema': {
                    'properties': {
                        'a': {}, 'b': {'x-nullable': True}, 'c': {'type': 'array', 'items': {}},
                        'd': {},
                    },
                    'additionalProperties': {},
                    'allOf': [{'type': 'string', 'x-nullable': True}],
                },
            },
            "'elsewhere.json' names no schema; anything fits.",
        ),
    ],
    ids=str,
)  # fmt: skip
def test_responses_in_swagger(monkeypatch, settings, said, expected, warning):
    openapi = {'responses': {'202': said}}
    operation, warnings = say_in_swagger(monkeypatch, settings, openapi)

    assert operation['responses']['202'] == expected
    assert warnings == ([f'Warning: {warning}'] if warning else [])


@pytest.mark.parametrize(
    ('servers', 'parts'),
    [
        ([{}], {'basePath': '/'}), (['//[::1'], {}), ([{'url': 5}], {'basePath': '/5'}),
        (['https://{region}.a.example/{v}'], {'schemes': ['https']}),
        (['ws://a.example:81/X/'], {'host': 'a.example:81', 'basePath': '/X'}),
        (['http://a.example', 'https://b.example'],
         {'host': 'a.example', 'basePath': '/', 'schemes': ['http']}),
    ],
)  # fmt: skip
def test_swagger_has_the_parts_of_the_first_server(settings, servers, parts):
    settings.APISTAR_ROUTE_CONF = __name__
    settings.APISTAR_SETTINGS = {'SERVERS': servers}

    document = json.loads(run('--format', 'swagger')[0])

    assert {
        key: document[key] for key in ('host', 'basePath', 'schemes') if key in document
    } == parts


@pytest.mark.parametrize('name', ['openapi', 'openapi-3.0'])
def test_a_reference_to_nowhere_is_an_error_of_validation(monkeypatch, settings, name):
    settings.APISTAR_ROUTE_CONF = __name__
    said = {'responses': {'202': {'$ref': '#/components/responses/Nowhere'}}}
    monkeypatch.setattr(find, 'openapi', said)

    message, _, stderr = fail('--format', name, '--validate')

    assert message == 'The schema is not valid: 1 error, see above.'
    assert stderr == "document: '/components/responses/Nowhere' leads nowhere.\n"


def test_the_documentation_says_what_is_taken():
    page = (Path(__file__).resolve().parents[2] / 'docs/reference/apistar_docs.md').read_text()

    assert 'lazy text, `Decimal`' in page
