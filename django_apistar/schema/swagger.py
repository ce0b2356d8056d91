"""The same document as Swagger 2.0, with what that version can say."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django_apistar.entries import RouteEntry
from django_apistar.schema.dialect import DIALECTS, Schema
from django_apistar.schema.openapi import Info, Surroundings, Warn, build_sections, describe

PLACES = {'#/components/responses/': '#/responses/'}
JSON = 'application/json'
# Words of a schema that a Swagger parameter has directly; it knows no other.
PARAMETER_WORDS = (
    'type', 'format', 'items', 'default', 'maximum', 'exclusiveMaximum', 'minimum',
    'exclusiveMinimum', 'maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'uniqueItems',
    'enum', 'multipleOf',
)  # fmt: skip
SIMPLE_TYPES = ('string', 'number', 'integer', 'boolean', 'array')


def build_swagger(
    entries: Iterable[RouteEntry],
    info: Info | None = None,
    surroundings: Surroundings | None = None,
    warn: Warn = lambda sentence: None,
) -> Schema:
    """Return the Swagger 2.0 document of the documented *entries*."""
    sections = build_sections(entries, surroundings, DIALECTS['2.0'], warn)
    described = describe(info or Info(), warn)
    components = sections.get('components', {})
    document: Schema = {'swagger': '2.0', 'info': described['info']}
    document |= _server(described.get('servers', []))
    document['paths'] = {
        path: {method: _operation(operation, warn) for method, operation in item.items()}
        for path, item in sections['paths'].items()
    }
    for source, target, convert in (
        ('schemas', 'definitions', dict),
        ('responses', 'responses', _response),
        ('securitySchemes', 'securityDefinitions', _security_scheme),
    ):
        found = components.get(source, {})
        if found:
            document[target] = _converted(found, convert)
    return document | {key: sections[key] for key in ('tags',) if key in sections}


def _converted(items: Mapping[str, Schema], convert: Callable[[Any], Schema]) -> Schema:
    return {name: convert(item) for name, item in items.items()}


def _server(servers: list[Schema]) -> Schema:
    """Return host, basePath and schemes of the first server: there is room for one."""
    if not servers:
        return {}
    url = urlsplit(servers[0]['url'])
    parts: Schema = {}
    if url.netloc and '{' not in url.netloc:
        parts['host'] = url.netloc
    if url.path.strip('/') and '{' not in url.path:
        parts['basePath'] = '/' + url.path.strip('/')
    if url.scheme in ('http', 'https'):
        parts['schemes'] = [url.scheme]
    return parts


def _operation(operation: Schema, warn: Warn) -> Schema:
    converted = {
        key: value
        for key, value in operation.items()
        if key not in ('parameters', 'requestBody', 'responses')
    }
    parameters = [
        _parameter(parameter) for parameter in operation.get('parameters', ())
        if _is_sayable(parameter, operation, warn)
    ]  # fmt: skip
    if 'requestBody' in operation:
        converted['consumes'] = _media_types(operation['requestBody']['content'])
        parameters.append(_body(operation['requestBody']))
    if parameters:
        converted['parameters'] = parameters
    responses = operation['responses'].values()
    produces = [kind for item in responses for kind in _media_types(item.get('content', {}))]
    if produces:
        converted['produces'] = list(dict.fromkeys([*produces, JSON]))
    converted['responses'] = _converted(operation['responses'], _response)
    return converted


def _is_sayable(parameter: Schema, operation: Schema, warn: Warn) -> bool:
    is_free = parameter['schema'].get('type') == 'object'
    if is_free:
        name = f'{parameter["name"]!r} of {operation["operationId"]!r}'
        warn(f'Swagger 2.0 has no object as a parameter; {name} is left out.')
    return not is_free


def _media_types(content: Schema) -> list[str]:
    return list(content)


def _parameter(parameter: Schema) -> Schema:
    others = {key: value for key, value in parameter.items() if key != 'schema'}
    words = _simple(parameter['schema'])
    if words['type'] == 'array' and parameter['in'] == 'query':
        words['collectionFormat'] = 'multi'
    return {**others, **words}


def _simple(schema: Schema) -> Schema:
    """Return *schema* without what a parameter cannot say: it is text, or lists of text then."""
    if schema.get('type') not in SIMPLE_TYPES:
        return {'type': 'string'}
    words = {word: schema[word] for word in PARAMETER_WORDS if word in schema}
    if words['type'] == 'array':
        items = _simple(schema.get('items', {}))
        if items['type'] != schema.get('items', {}).get('type'):
            words.pop('default', None)
        words['items'] = items
    return words


def _body(body: Schema) -> Schema:
    schema = next(iter(body['content'].values())).get('schema', {})
    required = {'required': True} if body.get('required') else {}
    return {'name': 'body', 'in': 'body', **required, 'schema': schema}


def _response(response: Schema) -> Schema:
    if '$ref' in response:
        reference = response['$ref']
        for old, new in PLACES.items():
            reference = reference.replace(old, new)
        return {'$ref': reference}
    converted: Schema = {'description': response['description']}
    content = response.get('content')
    if content:
        schema = next(iter(content.values())).get('schema')
        if schema is not None:
            converted['schema'] = _without_alternatives(schema)
    if 'headers' in response:
        converted['headers'] = {
            name: {'type': 'string', 'description': header.get('description', '')}
            for name, header in response['headers'].items()
        }
    return converted


def _without_alternatives(schema: Schema) -> Schema:
    return {} if 'anyOf' in schema else schema


def _security_scheme(scheme: Schema) -> Schema:
    """Swagger 2.0 knows Basic; a bearer token is a header to it, and so is a cookie."""
    if scheme.get('type') == 'http' and scheme.get('scheme') == 'basic':
        return {'type': 'basic'}
    if scheme.get('type') == 'apiKey' and scheme.get('in') != 'cookie':
        return scheme
    header = 'Cookie' if scheme.get('in') == 'cookie' else 'Authorization'
    return {'type': 'apiKey', 'in': 'header', 'name': header}
