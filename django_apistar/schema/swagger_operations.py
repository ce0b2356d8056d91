"""Operations as Swagger 2.0 has them, with what a handler's `openapi` may hold beside our own.

What that version cannot say is told and left out, so that the document is valid.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django_apistar.schema.dialect import Schema
from django_apistar.schema.responses import describe_status

JSON = 'application/json'
FORM = 'multipart/form-data'
METHOD_WORDS = (
    'tags', 'summary', 'description', 'externalDocs', 'operationId', 'consumes', 'produces',
    'schemes', 'deprecated', 'security',
)  # fmt: skip
CONVERTED = ('parameters', 'requestBody', 'responses')
NOTES = ('name', 'in', 'description', 'required', 'allowEmptyValue')
STATUS = re.compile('default|[1-5][0-9]{2}')
LOCATIONS = ('path', 'query', 'header')
SEPARATORS = {'spaceDelimited': 'ssv', 'pipeDelimited': 'pipes'}  # of others a comma
# Words of a schema that a Swagger parameter has directly; it knows no other.
PARAMETER_WORDS = (
    'type', 'format', 'items', 'default', 'maximum', 'exclusiveMaximum', 'minimum',
    'exclusiveMinimum', 'maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'uniqueItems',
    'enum', 'multipleOf',
)  # fmt: skip
SCHEMA_WORDS = (
    *PARAMETER_WORDS, 'title', 'description', 'maxProperties', 'minProperties', 'required',
    'allOf', 'properties', 'additionalProperties', 'readOnly', 'xml', 'externalDocs', 'example',
)  # fmt: skip
SIMPLE_TYPES = ('string', 'number', 'integer', 'boolean', 'array')
ALTERNATIVES = ('anyOf', 'oneOf', 'not')  # A schema with these fits anything.


class Operations:
    """Converts the operations of one document.

    *targets*: what a `$ref` in them may name, by its name in OpenAPI and in Swagger.
    """

    def __init__(self, targets: Mapping[str, str], warn: Callable[[str], None]) -> None:
        self.targets = targets
        self.warn = warn

    def convert(self, operation: Schema) -> Schema:
        """Return *operation*, of OpenAPI 3, as Swagger 2.0 has it."""
        place = f'of {operation["operationId"]!r}'
        converted = {
            key: value for key, value in operation.items()
            if key not in CONVERTED and self._has(METHOD_WORDS, key, place)
        }  # fmt: skip
        parameters = [*self._convert_parameters(operation.get('parameters', []), place)]
        body = _mapping(operation.get('requestBody'))
        if 'requestBody' in operation and self._is_body(body, place):
            converted['consumes'] = list(body['content'])
            parameters += self._convert_body(body)
        if parameters:
            converted['parameters'] = parameters
        responses = _mapping(operation['responses'])
        produces = [kind for item in responses.values() for kind in _contents(item)]
        if produces:
            converted['produces'] = list(dict.fromkeys([*produces, JSON]))
        converted['responses'] = dict(self._convert_responses(responses, place)) or {
            'default': self.response({})
        }
        return converted

    def _has(self, words: tuple[str, ...], key: str, place: str) -> bool:
        return key.startswith('x-') or self._is_sayable(key in words, repr(key), place)

    def _is_sayable(self, is_known: bool, what: str, place: str) -> bool:
        if not is_known:
            self.warn(f'Swagger 2.0 has no {what}; that {place} is left out.')
        return is_known

    # Parameters

    def _convert_parameters(self, parameters: Any, place: str) -> Iterator[Schema]:
        for parameter in parameters if isinstance(parameters, list) else [parameters]:
            what = _unsayable(parameter)
            if what:
                name = _mapping(parameter).get('name', parameter)
                self.warn(f'Swagger 2.0 has no {what}; {name!r} {place} is left out.')
            else:
                yield self._convert_parameter(parameter)

    def _convert_parameter(self, parameter: Schema) -> Schema:
        notes = {key: parameter[key] for key in parameter if key in NOTES or key.startswith('x-')}
        words = self._simple(parameter['schema'])
        if words['type'] == 'array':
            is_repeated = parameter['in'] == 'query' and parameter.get('explode', True)
            style = SEPARATORS.get(str(parameter.get('style')), 'csv')
            words['collectionFormat'] = 'multi' if is_repeated else style
        return {**notes, **words}

    def _simple(self, schema: Schema) -> Schema:
        """Return *schema* without what a parameter cannot say: it is text, or a list of text."""
        schema = self.schema(schema)
        if schema.get('type') not in SIMPLE_TYPES:
            return {'type': 'string'}
        words = {word: schema[word] for word in PARAMETER_WORDS if word in schema}
        if words['type'] == 'array':
            items = self._simple(schema.get('items', {}))
            if items['type'] != schema.get('items', {}).get('type'):
                words.pop('default', None)
            words['items'] = items
        return words

    # Bodies

    def _is_body(self, body: Schema, place: str) -> bool:
        """Return whether *body* has a content of its own; tell what it has not."""
        if '$ref' in body:
            return self._is_sayable(False, 'reference to a body', place)
        return self._is_sayable(bool(_contents(body)), 'body without content', place)

    def _convert_body(self, body: Schema) -> list[Schema]:
        schema = _mapping(next(iter(body['content'].values()))).get('schema', {})
        if [*body['content']] == [FORM] and 'properties' in _mapping(schema):
            return [*self._convert_form(schema)]
        words = {key: body[key] for key in ('description', 'required') if body.get(key)}
        return [{'name': 'body', 'in': 'body', **words, 'schema': self.schema(schema)}]

    def _convert_form(self, form: Schema) -> Iterator[Schema]:
        """Yield a parameter for each field of a multipart form."""
        for name, child in form['properties'].items():
            notes = {'description': child['description']} if 'description' in child else {}
            if name in form.get('required', []):
                notes['required'] = True
            words = {'type': 'file'} if child.get('format') == 'binary' else self._simple(child)
            yield {'name': name, 'in': 'formData', **notes, **words}

    def _convert_responses(self, responses: Schema, place: str) -> Iterator[tuple[str, Schema]]:
        for status, response in responses.items():
            if self._is_sayable(bool(STATUS.fullmatch(status)), f'status {status!r}', place):
                yield status, self.response(_mapping(response), status)

    def response(self, response: Schema, status: str = 'default') -> Schema:
        """Return *response*, one that is named or that of a *status*."""
        if '$ref' in response:
            target = self.targets.get(str(response['$ref']))
            if target:
                return {'$ref': target}
            self.warn(f'{response["$ref"]!r} names no response; it is left out.')
        described = str(response.get('description', describe_status(status)))
        converted: Schema = {'description': described}
        content = next(iter(_contents(response).values()), None)
        if content is not None and 'schema' in _mapping(content):
            converted['schema'] = self.schema(content['schema'])
        if response.get('headers'):
            converted['headers'] = {
                name: {'type': 'string', 'description': str(_mapping(item).get('description', ''))}
                for name, item in _mapping(response['headers']).items()
            }
        return converted

    # Schemas

    def schema(self, schema: object) -> Schema:
        """Return *schema*, of ours or a handler's, in the words of Swagger 2.0."""
        schema = _mapping(schema)
        if '$ref' in schema:
            target = self.targets.get(str(schema['$ref']))
            if not target:
                self.warn(f'{schema["$ref"]!r} names no schema; anything fits.')
            return {'$ref': target} if target else {}
        if any(word in schema for word in ALTERNATIVES):
            return {}
        words = dict(_translate(schema))
        for key in ('items', 'additionalProperties'):
            if isinstance(words.get(key), Mapping):
                words[key] = self.schema(words[key])
        if isinstance(words.get('properties'), Mapping):
            words['properties'] = {
                name: self.schema(child) for name, child in words['properties'].items()
            }
        if isinstance(words.get('allOf'), list):
            words['allOf'] = [self.schema(child) for child in words['allOf']]
        if words.get('type') == 'array':
            words.setdefault('items', {})
        return words


def _translate(schema: Schema) -> Iterator[tuple[str, Any]]:
    """Yield the words that Swagger 2.0 has for *schema*, written for a later version."""
    for key, value in schema.items():
        if key == 'type' and isinstance(value, list):
            types = [name for name in value if name != 'null']
            if len(types) == 1:
                yield 'type', types[0]
            if len(types) < len(value):
                yield 'x-nullable', True
        elif key in ('exclusiveMinimum', 'exclusiveMaximum') and not isinstance(value, bool):
            yield key.removeprefix('exclusive').lower(), value
            yield key, True
        elif key == 'nullable':
            yield 'x-nullable', value
        elif key == 'const':
            yield 'enum', [value]
        elif key in SCHEMA_WORDS or key.startswith('x-'):
            yield key, value


def _unsayable(parameter: Any) -> str:
    """Return the trait of *parameter* that Swagger 2.0 cannot express, '' if there is none."""
    if '$ref' in _mapping(parameter):
        return 'reference to a parameter'
    if 'name' not in _mapping(parameter):
        return 'parameter without a name'
    if parameter.get('in') not in LOCATIONS:
        return f'parameter in {parameter.get("in")!r}'
    if not isinstance(parameter.get('schema'), Mapping):
        return 'content of a parameter'
    return 'object as a parameter' if parameter['schema'].get('type') == 'object' else ''


def _contents(response: object) -> Schema:
    return _mapping(_mapping(response).get('content'))


def _mapping(value: object) -> Schema:
    return value if isinstance(value, dict) else {}
