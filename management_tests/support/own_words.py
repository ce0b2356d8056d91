"""Routes whose handlers describe themselves, with what each format has and has not."""

from typing import Any

from apistar import Route, types, validators


class Ware(types.Type):
    size = validators.String(enum=['s', 'l'], default='s')
    the_kind_of_it = validators.String(enum=['a'], allow_null=True)
    parts = validators.Array(items=validators.Integer(), min_items=1, max_items=3)


STRING = {'type': 'string'}
FORM = 'multipart/form-data'
SCHEMAS: dict[str, Any] = {
    'plain': {
        'type': 'object', 'title': 'Plain', 'description': 'All.', 'required': ['a'],
        'minProperties': 1, 'maxProperties': 5, 'readOnly': True, 'x-own': {'a': [1]},
        'example': {'a': 1}, 'writeOnly': True, 'propertyNames': STRING, 'deprecated': True,
        'additionalProperties': {'type': ['integer', 'null']},
        'properties': {
            'a': {'type': 'number', 'exclusiveMinimum': 1, 'exclusiveMaximum': 9},
            'b': {'type': 'number', 'minimum': 1, 'exclusiveMinimum': True},
            'c': {'type': ['string', 'null'], 'format': 'date', 'default': None},
            'd': {'type': ['string', 'integer'], 'nullable': True}, 'e': {'const': 'x'},
            'j': {'type': ['string', 'integer']},
            'f': {'type': 'array'}, 'g': {'type': 'array', 'items': {'const': 1}},
            'h': {'$ref': '#/components/schemas/Ware'}, 'i': {'$ref': '#/nowhere'},
        },
    },
    'all': {'allOf': [{'const': 1}, {'oneOf': [STRING]}], 'additionalProperties': False},
    'any': {'anyOf': [STRING], 'title': 'Any'}, 'one': {'oneOf': [STRING], 'title': 'One'},
    'not': {'not': STRING, 'title': 'Not'}, 'odd': {'properties': 1, 'allOf': 2, 'items': 3},
    'true': True,
}  # fmt: skip
PARAMETERS = [
    {'name': 'a', 'in': 'query', 'required': True, 'description': 'A.', 'x-own': 1,
     'allowEmptyValue': True, 'schema': {**STRING, 'minLength': 1, 'pattern': '^a', 'title': 'no'}},
    {'name': 'b', 'in': 'query',
     'schema': {'type': 'array', 'items': STRING, 'default': ['a'], 'uniqueItems': True}},
    {'name': 'step', 'in': 'query', 'schema': {'type': 'number', 'multipleOf': 2}},
    {'name': 'c', 'in': 'query', 'explode': False, 'style': 'pipeDelimited',
     'schema': {'type': 'array', 'items': {'type': 'object'}, 'default': [{}]}},
    {'name': 'd', 'in': 'query', 'explode': False, 'style': 'spaceDelimited',
     'schema': {'type': 'array', 'items': {'type': 'array', 'items': STRING}}},
    {'name': 'e', 'in': 'header', 'schema': {'type': 'array'}},
    {'name': 'f', 'in': 'header', 'schema': {'anyOf': [STRING]}},
    {'name': 'g', 'in': 'cookie', 'schema': STRING},
    {'name': 'h', 'in': 'query', 'content': {'application/json': {'schema': STRING}}},
    {'name': 'i', 'in': 'query', 'schema': {'type': 'object'}},
    {'in': 'query', 'schema': STRING}, {'$ref': '#/components/parameters/p'}, 5,
]  # fmt: skip
RESPONSES = {
    **{f'20{at}': {'description': name, 'content': {'application/json': {'schema': schema}}}
       for at, (name, schema) in enumerate(SCHEMAS.items())},
    '2XX': {'description': 'Any.'}, 'default': {'description': 'Else.'},
    '400': {'$ref': '#/components/responses/Error'}, '404': {'$ref': '#/nowhere'},
    '410': {}, '411': {'content': {'text/plain': {}}}, '412': {'content': 1}, '413': 1,
    '429': {'headers': {'Retry-After': {'description': 'Wait.', 'schema': STRING}, 'X-A': 1}},
}  # fmt: skip
FIELDS = {
    'photo': {'type': 'string', 'format': 'binary', 'description': 'A photo.'}, 'name': STRING,
    'tags': {'type': 'array', 'items': STRING}, 'any': {'type': 'object'},
}  # fmt: skip
BODIES: dict[str, Any] = {
    'json': {'content': {'application/json': {'schema': SCHEMAS['plain']}}, 'required': True,
             'description': 'A body.'},
    'form': {'content': {FORM: {'schema': {'properties': FIELDS, 'required': ['photo']}}}},
    'both': {'content': {FORM: {'schema': {'properties': FIELDS}}, 'text/plain': {}}},
    'text': {'content': {'text/plain': {}}}, 'formless': {'content': {FORM: {'schema': STRING}}},
    'empty': {}, 'referred': {'$ref': '#/components/requestBodies/b'}, 'odd': 1,
}  # fmt: skip


def show() -> Ware:
    raise NotImplementedError


def build(name: str, **words: Any) -> Any:
    def handler() -> dict[str, Any]:
        raise NotImplementedError

    handler.__name__ = handler.__qualname__ = name
    vars(handler)['openapi'] = words
    return handler


DESCRIBED = {
    'parameters': PARAMETERS, 'responses': RESPONSES, 'summary': 'Own.', 'x-own': 1,
    'externalDocs': {'url': 'https://a.example/'}, 'callbacks': {}, 'servers': [], 'tags': ['own'],
    'consumes': ['text/x'], 'produces': ['text/y'], 'schemes': ['wss'],
    'deprecated': True, 'operationId': 'own', 'description': 'Own words.',
}  # fmt: skip
routes = [
    Route('/ware/', 'GET', show),
    Route('/described/', 'GET', build('described', **DESCRIBED)),
    Route('/odd/', 'GET', build('odd', parameters=5, responses={}, tags=6)),
    *(Route(f'/{name}/', 'POST', build(name, requestBody=body)) for name, body in BODIES.items()),
]
