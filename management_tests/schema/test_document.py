"""What the document says, and that it is what the runtime does."""

import collections.abc
import datetime
import decimal
import enum
import functools
import typing
import uuid

import apistar
import pytest
from apistar import Component, Include, Route, exceptions, http, types, validators

from django_apistar import schema
from django_apistar.application import App
from django_apistar.authentication.components import AuthenticatedUser
from django_apistar.authentication.views import token_login
from django_apistar.pagination import Page
from django_apistar.routes.entries import walk_apistar
from django_apistar.schema import defaults, responses
from django_apistar.schema.statuses import read_statuses
from management_tests.support import nasty

pytestmark = pytest.mark.once


class Product(types.Type):
    """Something to buy."""

    name = validators.String(max_length=100)
    rating = validators.Integer(minimum=1, maximum=5, allow_null=True, description='Stars.')
    size = validators.String(enum=['small', 'large'], allow_null=True)


def list_products(name: str = '', limit: int = None) -> list[Product]:  # noqa: RUF013
    """List products. All of them."""
    return []


def create_product(product: Product) -> Product:
    return http.JSONResponse(product, status_code=201)


def delete_product(product_id: int) -> dict:
    """
    Remove a product.

    For ever.
    """
    if product_id == 0:
        raise exceptions.Forbidden()
    return {}


PRODUCT_ROUTES = [
    Route('/products/', 'GET', list_products),
    Route('/products/', 'POST', create_product),
    Include('/shop', 'shop', [Route('/{product_id}/', 'DELETE', delete_product)]),
]


NULL_3_0 = {'type': 'string', 'nullable': True, 'enum': [None]}
OBJECT = {'type': 'object', 'additionalProperties': True}


def build(routes, **options):
    return schema.build_openapi(list(walk_apistar(routes)), **options)


def operation_of(handler, method='GET', path='/x/', **options):
    document = build([Route(path, method, handler, name='x')], **options)
    [item] = document['paths'].values()
    return item[method.lower()]


def schema_of(annotation, version='3.1'):
    """Return the schema of a response that is annotated with *annotation*."""

    def handler(): ...

    handler.__annotations__['return'] = annotation
    content = operation_of(handler, version=version)['responses']['200']['content']
    return content['application/json']['schema']


def ref(name, section='responses'):
    return {'$ref': f'#/components/{section}/{name}'}


def test_the_whole_document_of_an_app():
    document = build(PRODUCT_ROUTES, info=schema.Info(title='Shop', version='1.2'))

    product = ref('Product', 'schemas')
    error = {'application/json': {'schema': ref('ErrorBody', 'schemas')}}
    assert document == {
        'openapi': '3.1.0',
        'info': {'title': 'Shop', 'version': '1.2'},
        'servers': [{'url': '/'}],
        'paths': {
            '/products/': {
                'get': {
                    'operationId': 'list_products',
                    'tags': ['management_tests'],
                    'summary': 'List products.',
                    'description': 'List products. All of them.',
                    'parameters': [
                        {
                            'name': 'name',
                            'in': 'query',
                            'schema': {'type': 'string', 'default': ''},
                        },
                        {'name': 'limit', 'in': 'query', 'schema': {'type': 'integer'}},
                    ],
                    'responses': {
                        '200': {
                            'description': 'OK',
                            'content': {
                                'application/json': {'schema': {'type': 'array', 'items': product}}
                            },
                        },
                        '400': ref('BadRequest'),
                        'default': ref('Error'),
                    },
                    'security': [],
                },
                'post': {
                    'operationId': 'create_product',
                    'tags': ['management_tests'],
                    'requestBody': {
                        'content': {'application/json': {'schema': product}},
                        'required': True,
                    },
                    'responses': {
                        '201': {
                            'description': 'Created',
                            'content': {'application/json': {'schema': product}},
                        },
                        '400': ref('BadRequest'),
                        '413': ref('ContentTooLarge'),
                        '415': ref('UnsupportedMediaType'),
                        'default': ref('Error'),
                    },
                    'security': [],
                },
            },
            '/shop/{product_id}/': {
                'delete': {
                    'operationId': 'shop_delete_product',
                    'summary': 'Remove a product.',
                    'description': 'Remove a product.\n\nFor ever.',
                    'tags': ['shop'],
                    'parameters': [
                        {
                            'name': 'product_id',
                            'in': 'path',
                            'required': True,
                            'schema': {'type': 'integer'},
                        },
                    ],
                    'responses': {
                        '200': {
                            'description': 'OK',
                            'content': {'application/json': {'schema': OBJECT}},
                        },
                        '403': ref('Forbidden'),
                        '404': ref('NotFound'),
                        'default': ref('Error'),
                    },
                    'security': [],
                },
            },
        },
        'components': {
            'schemas': {
                'Product': {
                    'description': 'Something to buy.',
                    'type': 'object',
                    'properties': {
                        'name': {'type': 'string', 'maxLength': 100},
                        'rating': {
                            'description': 'Stars.',
                            'default': None,
                            'type': ['integer', 'null'],
                            'minimum': 1,
                            'maximum': 5,
                        },
                        'size': {
                            'default': None,
                            'anyOf': [ref('ProductSize', 'schemas'), {'type': 'null'}],
                        },
                    },
                    'required': ['name'],
                },
                'ProductSize': {'type': 'string', 'enum': ['small', 'large']},
                'ErrorMessages': {
                    'description': 'Messages by field or parameter, nested as what was sent.',
                    **OBJECT,
                },
                'ErrorBody': {
                    'description': 'A message, or messages by field.',
                    'anyOf': [{'type': 'string'}, ref('ErrorMessages', 'schemas')],
                },
            },
            'responses': {
                name: {'description': description, 'content': error}
                for name, description in {
                    'BadRequest': 'The request is malformed or does not validate.',
                    'ContentTooLarge': 'The body is larger than the server accepts.',
                    'Error': 'Any other error, or an answer with a status of its own.',
                    'Forbidden': 'Forbidden.',
                    'NotFound': 'There is nothing under this URL, or a parameter of it is not '
                    'valid.',
                    'UnsupportedMediaType': 'The Content-Type of the body is not known.',
                }.items()
            },
        },
        'tags': [
            {'name': 'management_tests', 'description': 'The API of management_tests.'},
            {'name': 'shop', 'description': 'Under /shop.'},
        ],
    }


def test_openapi_3_0_writes_null_and_bounds_in_its_own_way():
    class Thing(types.Type):
        number = validators.Number(minimum=0, exclusive_minimum=True, allow_null=True)
        main_color = validators.String(enum=['red'], allow_null=True)
        pair = validators.Array(
            items=[validators.String(), validators.Integer()], additional_items=False
        )
        single = validators.Array(
            items=[validators.String()] * 2, additional_items=False, max_items=1
        )
        roomy = validators.Array(items=[validators.String()], additional_items=False, max_items=2)
        friend = validators.Ref('Thing', allow_null=True)

    def handler() -> Thing: ...

    document = build([Route('/', 'GET', handler)], version='3.0')

    assert document['components']['schemas']['Thing']['properties'] == {
        'number': {
            'default': None, 'type': 'number', 'minimum': 0, 'exclusiveMinimum': True,
            'nullable': True,
        },
        'main_color': {'default': None, 'anyOf': [ref('ThingMainColor', 'schemas'), NULL_3_0]},
        'pair': {
            'type': 'array', 'items': {'anyOf': [{'type': 'string'}, {'type': 'integer'}]},
            'maxItems': 2,
        },
        'single': {'type': 'array', 'items': {'type': 'string'}, 'maxItems': 1},
        'roomy': {'type': 'array', 'items': {'type': 'string'}, 'maxItems': 1},
        'friend': {'anyOf': [ref('Thing', 'schemas'), NULL_3_0]},
    }  # fmt: skip
    assert document['components']['schemas']['ThingMainColor'] == {
        'type': 'string',
        'enum': ['red'],
    }


def test_swagger_2_has_no_word_for_null():
    class Nothing(types.Type):
        name = validators.String(enum=[], allow_null=True)

    def nothing() -> None: ...

    def show() -> Nothing: ...

    routes = [Route('/', 'GET', nothing), Route('/n/', 'GET', show)]
    document = schema.build_swagger(list(walk_apistar(routes)))

    response = document['paths']['/']['get']['responses']['200']
    assert response == {'description': 'OK', 'schema': {}}
    assert document['definitions']['Nothing']['properties'] == {
        'name': {'type': 'string', 'x-nullable': True}
    }


def test_a_count_that_says_nothing_is_left_out():
    class Counted(types.Type):
        a = validators.Object(min_properties=0, max_properties=-1)
        b = validators.Object(min_properties=1, max_properties=0)
        c = validators.Array(min_items=0)

    def show() -> Counted: ...

    schemas = build([Route('/', 'GET', show)])['components']['schemas']

    assert schemas['Counted']['properties'] == {
        'a': {**OBJECT, 'maxProperties': 0},
        'b': {**OBJECT, 'minProperties': 1, 'maxProperties': 0},
        'c': {'type': 'array'},
    }


def test_swagger_2():
    document = schema.build_swagger(
        list(walk_apistar(PRODUCT_ROUTES)),
        schema.Info(servers=('https://example.com/api',)),
        schema.Surroundings(security={'basic': {'type': 'http', 'scheme': 'basic'}}),
    )

    assert list(document) == [
        'swagger', 'info', 'host', 'basePath', 'schemes', 'paths', 'definitions', 'responses',
        'securityDefinitions', 'tags',
    ]  # fmt: skip
    assert document['securityDefinitions'] == {'basic': {'type': 'basic'}}
    assert document['definitions']['Product']['properties']['size'] == {
        'type': 'string', 'enum': ['small', 'large', None], 'x-nullable': True,
    }  # fmt: skip
    assert document['definitions']['ErrorBody'] == {
        'description': 'A message, or messages by field.',
    }
    assert document['tags'][1] == {'name': 'shop', 'description': 'Under /shop.'}
    assert document['paths']['/products/']['post'] == {
        'operationId': 'create_product',
        'tags': ['management_tests'],
        'security': [],
        'consumes': ['application/json'],
        'parameters': [
            {
                'name': 'body',
                'in': 'body',
                'required': True,
                'schema': {'$ref': '#/definitions/Product'},
            }
        ],
        'produces': ['application/json'],
        'responses': {
            '201': {'description': 'Created', 'schema': {'$ref': '#/definitions/Product'}},
            '400': {'$ref': '#/responses/BadRequest'},
            '413': {'$ref': '#/responses/ContentTooLarge'},
            '415': {'$ref': '#/responses/UnsupportedMediaType'},
            'default': {'$ref': '#/responses/Error'},
        },
    }


def test_swagger_2_knows_passwords_and_keys_alone():
    header = {'type': 'apiKey', 'in': 'header', 'name': 'Authorization'}
    schemes = {
        'basic': {'type': 'http', 'scheme': 'basic'},
        'bearer': {'type': 'http', 'scheme': 'bearer'},
        'oauth2': {'type': 'oauth2', 'flows': {}, 'scheme': 'basic'},
        'own': {'type': 'own', 'in': 'header', 'name': 'X-Own'},
        'query': {'type': 'apiKey', 'in': 'query', 'name': 'key'},
        'session': {'type': 'apiKey', 'in': 'cookie', 'name': 'sessionid'},
    }

    document = schema.build_swagger([], None, schema.Surroundings(security=schemes))

    assert document['securityDefinitions'] == {
        'basic': {'type': 'basic'}, 'bearer': header, 'oauth2': header, 'own': header,
        'query': schemes['query'], 'session': {'type': 'apiKey', 'in': 'header', 'name': 'Cookie'},
    }  # fmt: skip


def test_json_schema_holds_the_types():
    document = schema.build_json_schema(list(walk_apistar(PRODUCT_ROUTES)))

    assert list(document) == ['$schema', 'title', '$defs']
    assert list(document['$defs']) == ['Product', 'ProductSize']


# Routes


def test_what_is_not_documented_is_left_out():
    paths = build(nasty.routes)['paths']

    assert '/hidden/' not in paths
    assert '/secret/' not in paths


def test_nested_includes_are_tags_with_their_whole_name():
    document = build(nasty.routes)

    assert document['tags'][1:] == [
        {'name': 'outer', 'description': 'Under /outer.'},
        {'name': 'outer:inner', 'description': 'Under /outer/inner.'},
        {'name': 'again', 'description': 'Under /again.'},
    ]
    assert document['paths']['/outer/inner/{a}/{rest}']['get']['tags'] == ['outer:inner']


def test_a_partial_has_the_tag_of_its_function():
    routes = [Route('/', 'GET', functools.partial(nasty.hidden), name='a')]

    assert build(routes)['tags'] == [
        {'name': 'management_tests', 'description': 'The API of management_tests.'},
    ]


def test_a_default_that_is_no_text_says_nothing_of_what_has_no_annotation():
    def handler(a=3, b='x', *, c: int = 4, d): ...

    assert [
        (item['name'], item.get('required', False), item['schema'])
        for item in operation_of(handler)['parameters']
    ] == [
        ('a', False, {'type': 'string'}), ('b', False, {'type': 'string', 'default': 'x'}),
        ('c', False, {'type': 'integer', 'default': 4}), ('d', True, {'type': 'string'}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('status', 'name'),
    [
        ('404', 'NotFound'), ('413', 'ContentTooLarge'), ('414', 'UriTooLong'),
        ('416', 'RangeNotSatisfiable'), ('418', 'ImATeapot'),
        ('422', 'UnprocessableContent'), ('505', 'HttpVersionNotSupported'), ('299', 'Status299'),
    ],
)  # fmt: skip
def test_each_status_has_one_name_on_every_python(status, name):
    assert responses.error_name(status) == name


def ids_of(*routes):
    return [
        operation['operationId']
        for item in build(routes)['paths'].values()
        for operation in item.values()
    ]


def route(path, name, method='GET', **openapi):
    def handler(): ...

    handler.openapi = openapi
    return Route(path, method, handler, name=name)


def test_operation_ids_are_names_of_the_includes_and_the_route():
    inner = Include('/in', 'in', [route('/x/', 'x')])

    assert ids_of(Include('/out', 'my-out', [inner]), route('/', 'X2-naïve.name2')) == [
        'my_out_in_x', 'X2_naive_name2',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('name', 'path', 'expected'),
    [
        ('2fa', '/2fa/', 'post_2fa'),
        ('<lambda>', '/x/', 'post_lambda'),
        ('import', '/x/', 'post_import'),
        ('класс', '/a/{b}/', 'post_a_b'),
        ('класс', '/', 'post'),
    ],
)
def test_what_is_no_identifier_gets_the_method_before_it(name, path, expected):
    assert ids_of(route(path, name, 'POST')) == [expected]


@pytest.mark.parametrize('other', ['list_items', 'listItems', 'List-Items', 'listITEMS'])
def test_the_second_route_of_an_id_has_its_method_and_path_in_it(other):
    """`operation_ids`"""
    first, second = route('/items/', 'list_items'), route('/old/{id}/', other)
    own = f'{other.replace("-", "_")}_get_old_id'

    assert ids_of(first, second) == ['list_items', own]
    assert ids_of(first, route('/more/', 'list_items'), second) == [
        'list_items', 'list_items_get_more', own,
    ]  # fmt: skip


def test_paths_of_one_spelling_are_numbered():
    paths = ('/a-b/', '/a_b/', '/a.b/')

    assert ids_of(*(route(path, 'x') for path in paths)) == ['x', 'x_get_a_b', 'x_get_a_b_2']


def test_an_id_of_the_handlers_own_comes_before_names():
    chosen = route('/b/', 'y', operationId='x')

    assert ids_of(route('/a/', 'x'), chosen) == ['x_get_a', 'x']


def test_a_handler_with_an_id_in_two_routes_has_it_once():
    def handler(): ...

    handler.openapi = {'operationId': 'find:it'}

    assert ids_of(Route('/a/', 'GET', handler), Route('/b/', 'GET', handler)) == [
        'find:it', 'find_it_get_b',
    ]  # fmt: skip


def test_a_tag_that_a_handler_says_is_described_too():
    [included] = [Include('/a', 'a', [route('/x/', 'x', tags=['mine', 'a'])])]

    assert build([included])['tags'] == [
        {'name': 'mine', 'description': 'Under /a.'}, {'name': 'a', 'description': 'Under /a.'},
    ]  # fmt: skip


def test_a_tag_of_several_includes_is_described_by_all_their_prefixes_once():
    routes = [
        Include('/a', 'a', [route('/x/', 'x', tags=['mine']), route('/y/', 'y', tags=['mine'])]),
        Include('/b/{id}', 'b', [route('/x/', 'x', tags=['mine'])]),
        Include('/c', 'c', [route('/x/', 'x', tags=['mine'])]),
    ]

    assert build(routes)['tags'] == [{'name': 'mine', 'description': 'Under /a, /b/{id}, /c.'}]


def test_a_route_outside_of_includes_has_its_apps_tag():
    assert operation_of(token_login, 'POST')['tags'] == ['authentication']


def test_the_same_include_in_two_apps_is_documented_alike():
    include = Include('/inner', 'inner', nasty.inner)

    assert build([include]) == build([include])


def test_paths_that_differ_in_parameter_names_are_one_path():
    document = build(nasty.routes)

    assert '/people/{id}/' not in document['paths']
    patch = document['paths']['/people/{person_id}/']['patch']
    assert (patch['operationId'], patch['parameters'][0]['name']) == (
        'other_parameter_name',
        'person_id',
    )


def test_a_second_route_for_method_and_path_is_left_out_as_at_runtime():
    warnings = []

    document = build(nasty.routes, warn=warnings.append)

    assert document['paths']['/people/']['get']['operationId'] == 'list_people'
    assert "GET /people/ has two routes; 'never_called' is left out." in warnings


@pytest.mark.parametrize(
    'method', ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE']
)
def test_every_method_of_openapi_is_documented(method):
    def handler() -> None: ...

    document = build([Route('/', method, handler)], warn=pytest.fail)

    assert list(document['paths']['/']) == [method.lower()]


def test_a_method_that_openapi_does_not_know_is_told():
    def handler(): ...

    entry = next(walk_apistar([Route('/', 'GET', handler)]))
    entry = type(entry)(**{
        name: getattr(entry, name) for name in type(entry).__dataclass_fields__
    } | {'methods': ('PURGE',)})  # fmt: skip
    warnings = []

    assert schema.build_openapi([entry], warn=warnings.append)['paths'] == {}
    assert warnings == ['OpenAPI has no method PURGE; / is left out.']


# Parameters


def parameters_of(handler, method='GET', path='/x/', **options):
    found = operation_of(handler, method, path, **options).get('parameters', [])
    return [
        (item['in'], item['name'], item.get('required', False), item['schema']) for item in found
    ]


def test_path_parameters():
    def handler(number: int, ratio: float, untyped): ...

    assert parameters_of(handler, path='/{number}/{ratio}/{untyped}/{+rest}') == [
        ('path', 'number', True, {'type': 'integer'}),
        ('path', 'ratio', True, {'type': 'number'}),
        ('path', 'untyped', True, {'type': 'string'}),
        ('path', 'rest', True, {'type': 'string'}),
    ]


def test_headers_are_written_with_dashes_and_those_that_openapi_reserves_are_left_out():
    def handler(x_request_id: http.Header, accept: http.Header, authorization: http.Header): ...

    assert parameters_of(handler) == [('header', 'x-request-id', False, {'type': 'string'})]


def test_parameters_of_components_and_hooks_are_parameters_of_the_route():
    class Limit:
        pass

    class LimitComponent(Component):
        def resolve(self, limit: int, page: nasty.Page) -> Limit: ...

    class Trace:
        def on_request(self, x_trace: http.Header): ...

    def handler(limit: Limit): ...

    around = schema.Surroundings(
        components=(LimitComponent(), nasty.PageComponent()), hooks=(Trace().on_request,)
    )

    assert parameters_of(handler, surroundings=around) == [
        ('query', 'limit', True, {'type': 'integer'}),
        ('query', 'page', True, {'type': 'integer'}),
        ('header', 'x-page-size', False, {'type': 'string'}),
        ('header', 'x-trace', False, {'type': 'string'}),
    ]


def test_a_component_that_chooses_by_name_comes_before_the_query():
    class ByName(Component):
        def can_handle_parameter(self, parameter):
            return parameter.name == 'chosen'

        def resolve(self) -> str: ...

    def handler(chosen, other): ...

    around = schema.Surroundings(components=(ByName(),))

    assert parameters_of(handler, surroundings=around) == [
        ('query', 'other', True, {'type': 'string'}),
    ]


def test_a_type_on_get_is_its_fields_in_the_query():
    def handler(filter: nasty.Filter): ...

    assert parameters_of(handler) == [
        ('query', 'text', True, {'type': 'string'}),
        ('query', 'limit', False, {'type': 'integer', 'minimum': 1, 'maximum': 100, 'default': 10}),
        ('query', 'color', False, {'type': 'string', 'enum': ['red', 'blue']}),
    ]


def test_a_parameter_that_nothing_resolves_is_told():
    class Nowhere: ...

    def handler(nowhere: Nowhere): ...

    warnings = []

    operation_of(handler, warn=warnings.append)

    [warning] = [warning for warning in warnings if 'resolved' in warning]
    assert warning == (
        f'GET /x/ ({__name__}.{handler.__qualname__}): the parameter '
        f"'nowhere: {__name__}.{Nowhere.__qualname__}' cannot be resolved."
    )


def test_a_default_that_does_not_fit_is_left_out_and_told():
    def handler(limit: int = 'many'): ...

    warnings = []

    operation = operation_of(handler, warn=warnings.append)

    assert operation['parameters'][0]['schema'] == {'type': 'integer'}
    assert warnings[0] == (
        f"The default 'many' of 'limit' in GET /x/ ({__name__}.{handler.__qualname__}) does not "
        'fit its schema; it is left out.'
    )


def test_a_default_that_json_does_not_have_is_left_out_and_told():
    class Anything(types.Type):
        thing = validators.Any(default=object)

    def handler(anything: Anything) -> dict: ...

    warnings = []

    document = build([Route('/x/', 'POST', handler)], warn=warnings.append)

    assert document['components']['schemas']['Anything']['properties'] == {'thing': {}}
    assert warnings == [
        "The default <class 'object'> of Anything.thing does not fit its schema; it is left out."
    ]


# Bodies


@pytest.mark.parametrize(
    ('annotation', 'body'),
    [
        (
            typing.List[Product],
            {
                'content': {
                    'application/json': {
                        'schema': {'type': 'array', 'items': ref('Product', 'schemas')}
                    }
                },
                'required': True,
            },
        ),
        (
            typing.Optional[typing.List[Product]],
            {
                'content': {
                    'application/json': {
                        'schema': {'type': 'array', 'items': ref('Product', 'schemas')}
                    }
                }
            },
        ),
        (
            typing.Optional[Product],
            {'content': {'application/json': {'schema': ref('Product', 'schemas')}}},
        ),
        (
            http.RequestData,
            {
                'content': {
                    'application/json': {'schema': {}},
                    'application/x-www-form-urlencoded': {'schema': OBJECT},
                    'multipart/form-data': {'schema': OBJECT},
                }
            },
        ),
        (http.Body, {'content': {'*/*': {'schema': {}}}}),
    ],
)
def test_bodies(annotation, body):
    def handler(body): ...

    handler.__annotations__['body'] = annotation

    assert operation_of(handler, 'POST')['requestBody'] == body


# Responses


class Color(enum.Enum):
    RED = 'red'


class Opaque: ...


@pytest.mark.parametrize(
    ('annotation', 'expected'),
    [
        (dict, OBJECT),
        (list, {'type': 'array', 'items': {}}),
        (typing.List, {'type': 'array', 'items': {}}),
        (typing.Dict, OBJECT),
        (tuple[()], {'type': 'array', 'items': {}}),
        (int, {'type': 'integer'}),
        (float, {'type': 'number'}),
        (bool, {'type': 'boolean'}),
        (bytes, {'type': 'string'}),
        (None, {'type': 'null'}),
        (Color, {'type': 'string', 'enum': ['red']}),
        (datetime.datetime, {'type': 'string', 'format': 'date-time'}),
        (datetime.date, {'type': 'string', 'format': 'date'}),
        (datetime.time, {'type': 'string', 'format': 'time'}),
        (datetime.timedelta, {'type': 'string', 'format': 'duration'}),
        (uuid.UUID, {'type': 'string', 'format': 'uuid'}),
        (decimal.Decimal, {'type': 'string'}),
        (typing.Literal['a', 'b'], {'type': 'string', 'enum': ['a', 'b']}),
        (typing.Literal['a', 1], {'enum': ['a', 1]}),
        (typing.Literal['a', 1, None, True, b'b', Color.RED], {'enum': ['a', 1, None, True]}),
        (typing.Literal[b'a', Color.RED], {}),
        (dict[str, int], {'type': 'object', 'additionalProperties': {'type': 'integer'}}),
        (collections.abc.Sequence[int], {'type': 'array', 'items': {'type': 'integer'}}),
        (tuple[int, ...], {'type': 'array', 'items': {'type': 'integer'}}),
        (typing.NewType('Id', int), {'type': 'integer'}),
        (typing.Annotated[int, 'note'], {'type': 'integer'}),
        (typing.Optional[int], {'type': ['integer', 'null']}),
        (
            typing.Optional[Color],
            {'anyOf': [{'type': 'string', 'enum': ['red']}, {'type': 'null'}]},
        ),
        (typing.Union[int, str], {'anyOf': [{'type': 'integer'}, {'type': 'string'}]}),
        (validators.Integer(minimum=1), {'type': 'integer', 'minimum': 1}),
        (http.JSONResponse, {}),
        (Opaque, {}),
    ],
)
def test_return_annotations(annotation, expected):
    """`annotations`"""
    assert schema_of(annotation) == expected


@pytest.mark.parametrize(
    ('annotation', 'media_types'),
    [
        (str, {'text/html': {'schema': {'type': 'string'}}}),
        (http.HTMLResponse, {'text/html': {'schema': {'type': 'string'}}}),
        (http.Response, {'*/*': {}}),
        (typing.Any, {'*/*': {}}),
        (collections.abc.Iterator[bytes], {'*/*': {}}),
    ],
)
def test_answers_that_are_no_json(annotation, media_types):
    def handler(): ...

    handler.__annotations__['return'] = annotation

    assert operation_of(handler)['responses']['200']['content'] == media_types


def test_statuses_are_read_from_the_source():
    def handler(flag: bool):
        def inner():
            raise exceptions.NotAcceptable()

        if flag:
            raise exceptions.HTTPException('Conflict', 409)
        if inner:
            return http.JSONResponse({}, 201)
        if inner():
            return http.JSONResponse({}, status_code=handler.status)
        return {}

    statuses = read_statuses(handler)

    assert (statuses.successes, statuses.errors) == ((200, 201), (409,))


def test_a_handler_without_source_answers_200():
    handler = eval('lambda: 1')

    assert read_statuses(handler).successes == (200,)


def test_no_content_has_no_content():
    def handler() -> None:
        return http.Response(b'', status_code=204)

    assert operation_of(handler)['responses']['204'] == {'description': 'No Content'}


def test_a_handler_may_complete_its_operation():
    assert build(nasty.routes)['paths']['/by-hand/']['get'] == {
        'operationId': 'documented_by_hand',
        'tags': ['management_tests'],
        'security': [],
        'responses': {
            '200': {
                'description': 'OK',
                'content': {'application/json': {'schema': OBJECT}},
            },
            'default': ref('Error'),
            '202': {'description': 'Later.'},
        },
        'deprecated': True,
    }


# Security


SECURITY = {'bearer': {'type': 'http', 'scheme': 'bearer'}}


def test_a_route_that_reads_authorization_takes_users_and_strangers():
    def handler(authorization: http.Header): ...

    operation = operation_of(handler, surroundings=schema.Surroundings(security=SECURITY))

    assert operation['security'] == [{}, {'bearer': []}]
    assert operation['responses']['401'] == ref('Unauthorized')


def test_the_answer_to_a_stranger_names_its_header():
    class UserComponent(Component):
        def resolve(self, authorization: http.Header) -> AuthenticatedUser: ...

    def handler(user: AuthenticatedUser) -> dict: ...

    around = schema.Surroundings(components=(UserComponent(),), security=SECURITY)
    responses = build([Route('/', 'GET', handler)], surroundings=around)['components']['responses']

    assert responses['Unauthorized'] == {
        'description': 'The request needs valid credentials.',
        'content': {'application/json': {'schema': ref('ErrorBody', 'schemas')}},
        'headers': {
            'WWW-Authenticate': {
                'description': 'How to authenticate.',
                'schema': {'type': 'string'},
            }
        },
    }


def test_a_parameter_that_takes_no_stranger_demands_a_user():
    class UserComponent(Component):
        def resolve(self, authorization: http.Header) -> AuthenticatedUser: ...

    def handler(user: AuthenticatedUser): ...

    around = schema.Surroundings(components=(UserComponent(),), security=SECURITY)

    assert operation_of(handler, surroundings=around)['security'] == [{'bearer': []}]


def test_a_public_operation_says_that_it_needs_no_user():
    def handler(): ...

    assert operation_of(handler)['security'] == []


def test_nothing_is_said_of_credentials_that_no_component_names():
    def handler(authorization: http.Header): ...

    assert 'security' not in operation_of(handler)


def test_a_component_may_name_its_own_scheme():
    class ApiKey(Component):
        security_scheme = {'type': 'apiKey', 'in': 'header', 'name': 'X-Key'}

        def resolve(self) -> int: ...

    assert schema.security_schemes([ApiKey()]) == {
        'ApiKey': {'type': 'apiKey', 'in': 'header', 'name': 'X-Key'}
    }


# Types


def test_two_types_with_one_name_have_two_schemas():
    schemas = build(nasty.routes)['components']['schemas']

    assert list(schemas['Person']['properties'])[:2] == ['address', 'name']
    assert list(schemas['management_tests.support.nasty.Person']['properties']) == ['nickname']


def test_every_reference_leads_somewhere():
    document = build(nasty.routes)
    text = schema.render(document).decode()

    references = {part.split('"')[0] for part in text.split('"$ref":"')[1:]}

    assert references
    for reference in references:
        target = document
        for part in reference.removeprefix('#/').split('/'):
            target = target[part]


def test_python_patterns_become_javascripts():
    class Thing(types.Type):
        anchored = validators.String(pattern=r'\A\d+\Z')
        named = validators.String(pattern=r'(?P<year>\d{4})')
        flagged = validators.String(pattern='(?i)abc')

    warnings = []

    def handler() -> Thing: ...

    document = build([Route('/', 'GET', handler)], warn=warnings.append)

    assert document['components']['schemas']['Thing']['properties'] == {
        'anchored': {'type': 'string', 'pattern': r'^\d+$'},
        'named': {'type': 'string', 'pattern': r'(\d{4})'},
        'flagged': {'type': 'string'},
    }
    assert warnings == [
        "The pattern '(?i)abc' of Thing.flagged has no form in JSON Schema; it is left out.",
    ]


class Unknown(validators.Validator):
    """Of no kind that a schema has."""


class Strange:
    """Of no kind that a schema has."""


def test_remarks_name_the_type_and_the_field():
    class Address(types.Type):
        since = validators.Date(default='')

    class Customer(types.Type):
        born = validators.Date(default='today')
        codes = validators.Array(items=validators.String(pattern='(?i)a'))
        other = validators.Object(properties={'thing': Unknown(), 'tree': validators.Ref('T')})
        address = Address

    def customers(limit: int = 'x', when: Strange = None) -> list[Customer]: ...

    def strange() -> Strange: ...

    routes = [Route('/', 'GET', customers), Route('/strange/', 'GET', strange)]
    warnings = []
    build(routes, warn=warnings.append)

    names = f'{__name__}.test_remarks_name_the_type_and_the_field.<locals>.'
    assert [warning.replace(names, '…') for warning in warnings] == [
        f"GET / (…customers): the parameter 'when: {__name__}.Strange = None' cannot be resolved.",
        "The default 'x' of 'limit' in GET / (…customers) does not fit its schema; it is left out.",
        "The default '' of Address.since does not fit its schema; it is left out.",
        "The default 'today' of Customer.born does not fit its schema; it is left out.",
        "The pattern '(?i)a' of Customer.codes has no form in JSON Schema; it is left out.",
        'The validator Unknown of Customer.other.thing is not known; anything fits.',
        "Ref 'T' of Customer.other.tree names no definition; anything fits.",
        f'The annotation {Strange!r} of GET /strange/ (…strange) is not known; anything fits.',
    ]


def test_the_example_of_a_type_is_in_its_schema():
    new, old = (build(nasty.routes, version=version) for version in ('3.1', '3.0'))
    example = {'name': 'Zoë', 'born': '1990-01-02'}

    assert new['components']['schemas']['Person']['examples'] == [example]
    assert old['components']['schemas']['Person']['example'] == example


@pytest.mark.parametrize(
    ('change', 'expected'),
    [
        (
            {'description': 'Gone.'},
            {'$ref': '#/components/responses/NotFound', 'description': 'Gone.'},
        ),
        ({'description': 'Gone.', 'content': {}}, {'description': 'Gone.', 'content': {}}),
        ({'$ref': '#/components/responses/Own'}, {'$ref': '#/components/responses/Own'}),
    ],
)
def test_beside_a_shared_response_stand_words_alone(change, expected):
    def handler() -> dict:
        raise exceptions.NotFound()

    handler.openapi = {'responses': {'404': change}}

    assert operation_of(handler)['responses']['404'] == expected


# The document and the runtime


OR_NULL = {'allow_null': True}
NULLABLE = validators.Object(def_name='Nullable', properties={}, **OR_NULL)
UNIONS = [
    validators.String(**OR_NULL) | validators.Integer(),
    validators.String(**OR_NULL) | validators.Integer(**OR_NULL),
    validators.Union([validators.String(enum=['a'], **OR_NULL)]),
    validators.Union([
        validators.Union([validators.String(), validators.Integer()], **OR_NULL),
        validators.Boolean(),
    ]),
    validators.Union([NULLABLE, validators.String()]),
    validators.Union([validators.Ref('Nullable', **OR_NULL), validators.String()]),
    validators.Union([validators.Ref('Unnamed'), validators.String()]),
    validators.Union([validators.String(**OR_NULL)], **OR_NULL),
    validators.Union([NULLABLE, validators.String()], **OR_NULL),
    NULLABLE,
]  # fmt: skip


@pytest.mark.parametrize('version', ['3.1', '3.0'])
@pytest.mark.parametrize('union', UNIONS, ids=range(len(UNIONS)))
def test_null_is_in_the_schema_of_a_union_where_the_runtime_takes_it(union, version):
    definitions = {'Nullable': NULLABLE, 'Unnamed': validators.Array(**OR_NULL)}
    validator = validators.Array(items=union, definitions=definitions)
    thing = types.TypeMetaclass('Thing', (types.Type,), {'all': validator})

    def handler() -> thing: ...

    document = build([Route('/', 'GET', handler)], version=version)
    components = document['components']['schemas']

    items = components['Thing']['properties']['all']['items']
    assert takes_null(items, components) is thing.validator.is_valid({'all': [None]})


def takes_null(schema_, components):
    """Return whether null fits *schema_*, which has no words but those of our own documents."""
    if '$ref' in schema_:
        return takes_null(components[schema_['$ref'].rpartition('/')[2]], components)
    if 'anyOf' in schema_:
        return any(takes_null(child, components) for child in schema_['anyOf'])
    return 'null' in schema_['type'] or bool(schema_.get('nullable')) or 'default' in schema_


@pytest.mark.parametrize(
    ('method', 'path', 'options', 'status'),
    [
        ('GET', '/people/?page=1&text=a', {}, 200),
        ('GET', '/people/?page=1', {}, 400),  # a field of a Type
        ('GET', '/people/?text=a', {}, 404),  # a parameter, as in API Star
        ('GET', '/people/?page=1&text=a&limit=500', {}, 400),
        ('POST', '/people/', {'json': {}}, 400),
        ('POST', '/people/bulk/', {'json': []}, 200),
        ('POST', '/people/bulk/', {'data': b'{', 'headers': {'Content-Type': 'text/x'}}, 415),
        ('PUT', '/people/1/', {'json': {'nickname': 'x'}}, 200),
        ('PUT', '/people/1/', {'json': {'nickname': 'x'}, 'headers': {'If-Match': '*'}}, 403),
        ('DELETE', '/people/1/?text=x', {}, 204),
        ('GET', '/find/?text=a&ids=1&ids=2&tags=x', {}, 200),
        ('GET', '/find/?text=a&ids=x', {}, 400),
        ('GET', '/find/', {}, 404),
        ('GET', '/files/a/b', {}, 200),
        ('GET', '/page/', {}, 200),
        ('GET', '/text/', {}, 404),
        ('POST', '/upload/', {'data': {'a': '1'}}, 200),
        ('POST', '/upload/', {'data': b'x', 'headers': {'Content-Type': 'image/png'}}, 415),
    ],
)
def test_the_runtime_answers_as_documented(method, path, options, status):
    app = App(nasty.routes, components=nasty.components)
    route, _ = app.router.lookup(path.partition('?')[0], method)
    [template] = [entry.path for entry in app.router.entries if entry.route is route]

    response = apistar.TestClient(app).request(method, path, **options)

    documented = schema.build_app_openapi(app)['paths'][template.replace('{+', '{')][
        method.lower()
    ]['responses']
    assert response.status_code == status
    assert str(status) in documented


def any_text(a: str = '', *, b='', c: typing.List[str] = (), d: http.QueryParam = '') -> dict:
    return {}


def number(a: int = 0) -> dict:
    return {}


def numbers(a: typing.List[float] = ()) -> dict:
    return {}


@pytest.mark.parametrize(
    ('name', 'is_portable'),
    [
        *[
            (name, False)
            for name in (
                'date-time', 'time', 'uuid', 'email', 'idn-email', 'idn-hostname', 'hostname',
                'ipv4', 'ipv6', 'uri', 'uri-reference', 'iri', 'iri-reference', 'regex',
                'json-pointer', 'duration', 'byte', 'binary', 'int32', 'int64', 'float', 'double',
            )
        ],
        *[(name, True) for name in ('date', 'password', 'slug')],
    ],
)  # fmt: skip
def test_a_default_is_not_written_beside_a_format_that_others_check(name, is_portable):
    """`defaults`"""
    schema = {'type': 'string', 'format': name}

    assert defaults.is_portable(schema, 'x') is is_portable
    assert defaults.is_portable({'properties': {'a': schema}}, {'a': 'x'}) is is_portable
    assert defaults.is_portable({'items': schema}, ['x']) is is_portable
    assert defaults.is_portable({'prefixItems': [schema]}, ['x']) is is_portable
    assert defaults.is_portable({'anyOf': [schema]}, 'x') is is_portable
    assert defaults.is_portable({'allOf': [schema]}, 'x') is is_portable
    assert defaults.is_portable({'items': schema}, [])


def test_a_moment_without_a_zone_is_no_default():
    """JSON Schema wants an offset."""
    moment = datetime.datetime(2026, 1, 2, 3)

    class Event(types.Type):
        at = validators.DateTime(default=moment.replace(tzinfo=datetime.timezone.utc))
        local = validators.DateTime(default=moment)
        day = validators.Date(default='2026-1-2')

    def show() -> Event: ...

    warnings = []
    document = build([Route('/', 'GET', show)], warn=warnings.append)
    plain = {'type': 'string', 'format': 'date-time'}
    assert document['components']['schemas']['Event']['properties'] == {
        'at': {'default': '2026-01-02T03:00:00+00:00', **plain}, 'local': plain,
        'day': {'default': '2026-01-02', 'type': 'string', 'format': 'date'},
    }  # fmt: skip
    assert warnings == [
        f'The default {moment!r} of Event.local does not fit its schema; it is left out.'
    ]


def test_a_choice_that_refuses_null_keeps_every_other_default():
    """A Union takes null before it asks its choices."""
    inner = validators.Union(items=[validators.Integer(), validators.Boolean()], allow_null=True)
    word = validators.String(allow_null=True, default='x')

    class Chosen(types.Type):
        thing = validators.Union(items=[word, validators.Date(allow_null=True), inner])

    def show() -> Chosen: ...

    schemas = build([Route('/', 'GET', show)])['components']['schemas']

    assert schemas['Chosen']['properties']['thing'] == {
        'anyOf': [
            {'default': 'x', 'type': 'string'}, {'format': 'date', 'type': 'string'},
            {'anyOf': [{'type': 'integer'}, {'type': 'boolean'}]},
        ]
    }  # fmt: skip


def test_a_page_is_named_by_its_rows_where_they_have_a_name():
    pages = [schema_of(row) for row in (Page[Product], Page[int], Page[int | str])]

    assert pages[:2] == [ref('ProductPage', 'schemas'), ref('intPage', 'schemas')]
    # From Python 3.14 on a union has a name.
    assert pages[2] in (ref('Page', 'schemas'), ref('UnionPage', 'schemas'))


class Word: ...


PERHAPS = Word | None


class WordComponent(Component):
    def resolve(self, x_word: http.Header) -> Word: ...


class OptionalWordComponent(Component):
    def resolve(self, x_perhaps: http.Header) -> PERHAPS: ...


@pytest.mark.parametrize(
    ('annotation', 'component', 'header'),
    [
        (Word, WordComponent(), 'x-word'), (Word | None, WordComponent(), 'x-word'),
        (PERHAPS, OptionalWordComponent(), 'x-perhaps'),
    ],
)  # fmt: skip
def test_a_component_gives_what_it_says_and_what_may_be_none(annotation, component, header):
    def show(word) -> dict: ...

    show.__annotations__['word'] = annotation
    warnings = []
    around = schema.Surroundings(components=(component,))
    operation = operation_of(show, surroundings=around, warn=warnings.append)

    assert [parameter['name'] for parameter in operation['parameters']] == [header]
    assert warnings == []


@pytest.mark.parametrize(
    ('method', 'is_in_query', 'has_body'),
    [
        ('GET', True, False), ('HEAD', True, False), ('DELETE', True, True),
        ('POST', False, True), ('PUT', False, True), ('PATCH', False, True),
        ('OPTIONS', False, False), ('TRACE', False, False),
    ],
)  # fmt: skip
def test_where_a_method_has_a_type_and_whether_it_has_a_body(method, is_in_query, has_body):
    """`inputs`"""

    def take(product: Product) -> dict: ...

    def take_raw(body: http.Body) -> dict: ...

    typed, raw = (operation_of(handler, method) for handler in (take, take_raw))

    assert ('parameters' in typed) is is_in_query
    assert ('requestBody' in typed) is (has_body and not is_in_query)
    assert ('requestBody' in raw) is has_body


class Numbered(types.Type):
    a = validators.Integer(default=0)


def numbered(query: Numbered) -> dict:
    return {}


@pytest.mark.parametrize('item', [any_text, number, numbers, numbered])
def test_400_is_documented_where_a_query_may_be_refused(item):
    client = apistar.TestClient(App([Route('/', 'GET', item)]))
    statuses = {client.get('/', params={'a': text}).status_code for text in ('', 'x', '\0', '1')}

    responses = operation_of(item)['responses']

    assert ('400' in responses) is (400 in statuses)
    assert (item is any_text) is (statuses == {200})
