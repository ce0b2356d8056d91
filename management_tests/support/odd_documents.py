"""Documents that have one of everything, and what is told where a part is not what it must be.

`python -m management_tests.support.odd_documents` writes told_oddities.json anew: read its diff.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django_apistar.schema.changes import UnreadableError, compare

FILE = Path(__file__).parent.parent / 'schema/told_oddities.json'
ODD = (1, [None])
TEXT = {'type': 'string', 'default': 'a'}
SCHEMA = {'type': 'array', 'items': {'$ref': '#/components/schemas/A'}}
JSON = {'application/json': {'schema': SCHEMA}}
ANSWER = {
    'description': '', 'content': JSON, 'links': {'next': {}},
    'headers': {'X-A': {'required': True, 'schema': TEXT}},
}  # fmt: skip
OPENAPI = {
    'openapi': '3.1.0',
    'servers': [{'url': 'https://a.example/'}],
    'security': [{'key': ['one']}],
    'paths': {'/p/{id}': {
        'parameters': [{'in': 'path', 'name': 'id', 'required': True, 'schema': TEXT}],
        'post': {
            'operationId': 'p', 'tags': ['t'], 'deprecated': True, 'x-sunset': '2050-01-01',
            'x-stability-level': 'beta',
            'parameters': [
                {'in': 'query', 'name': 'q', 'style': 'form', 'explode': False,
                 'schema': {'type': 'array', 'items': TEXT}},
                {'in': 'cookie', 'name': 'c', 'content': JSON},
            ],
            'requestBody': {'required': True, 'content': {'multipart/form-data': {
                'schema': SCHEMA, 'encoding': {'a': {'contentType': 'text/plain'}},
            }}},
            'responses': {'200': ANSWER, '4XX': {'$ref': '#/components/responses/R'}},
            'callbacks': {'done': {}},
        },
    }},
    'webhooks': {'w': {'post': {'requestBody': {'content': JSON}}}},
    'components': {
        'schemas': {'A': {'type': 'integer'}}, 'responses': {'R': ANSWER},
        'securitySchemes': {'key': {'type': 'apiKey', 'in': 'header', 'name': 'X-Key'}},
    },
}  # fmt: skip
SWAGGER = {
    'swagger': '2.0', 'host': 'a.example', 'basePath': '/v1', 'schemes': ['https'],
    'consumes': ['application/json'], 'produces': ['application/json'],
    'security': [{'oauth': ['one']}],
    'paths': {'/p/{id}': {
        'parameters': [{'in': 'path', 'name': 'id', 'required': True, 'type': 'string'}],
        'post': {
            'parameters': [
                {'in': 'query', 'name': 'q', 'type': 'array', 'collectionFormat': 'multi',
                 'items': {'type': 'string'}},
                {'in': 'body', 'name': 'body', 'required': True,
                 'schema': {'type': 'array', 'items': {'$ref': '#/definitions/A'}}},
            ],
            'responses': {'200': {
                'schema': {'$ref': '#/definitions/A'}, 'headers': {'X-A': {'type': 'string'}},
            }},
        },
        'put': {
            'consumes': ['multipart/form-data'], 'produces': ['text/plain'],
            'parameters': [{'in': 'formData', 'name': 'f', 'required': True, 'type': 'file'}],
            'responses': {'200': {'$ref': '#/responses/R'}},
        },
    }},
    'definitions': {'A': {'type': 'integer', 'x-nullable': True}},
    'responses': {'R': {'schema': {'type': 'string'}}},
    'securityDefinitions': {'oauth': {'type': 'oauth2', 'flow': 'application'}},
}  # fmt: skip
LIST = {
    'type': 'array', 'prefixItems': [TEXT], 'items': {'type': 'integer'}, 'uniqueItems': True,
    'minItems': 1, 'maxItems': 5, 'contains': {'const': 1}, 'minContains': 1, 'maxContains': 3,
}  # fmt: skip
WHOLE = {
    'type': 'object', 'required': ['a'], 'minProperties': 1, 'maxProperties': 9,
    'propertyNames': {'maxLength': 5}, 'patternProperties': {'^x': TEXT},
    'dependentRequired': {'a': ['b']}, 'dependentSchemas': {'b': {'required': ['c']}},
    'unevaluatedProperties': False,
    'properties': {
        'a': {'type': 'string', 'minLength': 1, 'maxLength': 5, 'pattern': '^a', 'format': 'date',
              'contentEncoding': 'base64', 'x-extensible-enum': ['a', 'b']},
        'b': {'type': ['number', 'null'], 'minimum': 1, 'exclusiveMaximum': 9, 'multipleOf': 0.5},
        'c': LIST, 'd': {'oneOf': [{'const': 1}, {'$ref': '#/$defs/D'}]},
        'e': {'if': {'type': 'string'}, 'then': {'minLength': 1}, 'else': {'not': {'enum': [1]}}},
    },
}  # fmt: skip
JSON_SCHEMA = {
    '$schema': 'x', '$defs': {'D': {'enum': ['a', 2]}, 'E': LIST}, 'definitions': {'F': TEXT},
    **WHOLE,
}  # fmt: skip
DOCUMENTS: dict[str, dict[str, Any]] = {
    'OpenAPI': OPENAPI,
    'Swagger': SWAGGER,
    'JSON Schema': JSON_SCHEMA,
}


def tell_odd(document: dict[str, Any]) -> dict[str, list[str]]:
    """Return what cannot be compared where a place of *document* becomes odd, or was it."""
    found = {}
    for path in _iter_paths(document):
        others = [_replace(document, path, odd) for odd in ODD]
        pairs = [pair for other in others for pair in ((document, other), (other, document))]
        told = [_remark(*pair) for pair in pairs]
        if any(told):
            found['/'.join(map(str, path))] = told
    return found


def _remark(before: Any, after: Any) -> str:
    try:
        return ' '.join(compare(before, after).remarks)
    except UnreadableError as exc:
        return str(exc)


def _iter_paths(node: Any) -> Iterator[tuple[str | int, ...]]:
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        yield (key,)
        if isinstance(child, (dict, list)):
            yield from ((key, *path) for path in _iter_paths(child))


def _replace(document: Any, path: tuple[str | int, ...], odd: object) -> Any:
    changed = json.loads(json.dumps(document))  # with nothing that is there twice
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = odd
    return changed


def write() -> str:
    """Return the content of the file: a line for each place."""
    documents = (
        f'{json.dumps(name)}: {{\n' + ',\n'.join(
            f'  {json.dumps(place)}: {json.dumps(told)}'
            for place, told in tell_odd(document).items()
        ) + '\n}' for name, document in DOCUMENTS.items()
    )  # fmt: skip
    return '{\n' + ',\n'.join(documents) + '\n}\n'


if __name__ == '__main__':
    FILE.write_text(write())
