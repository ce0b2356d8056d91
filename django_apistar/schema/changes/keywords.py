"""One schema as JSON Schema 2020-12 has it, whatever version it is written in.

One level at a time: what it holds is translated when somebody looks at it.
"""

from typing import Any

Schema = dict[str, Any]
Node = Schema | bool

EXCLUSIVE = (('minimum', 'exclusiveMinimum'), ('maximum', 'exclusiveMaximum'))
NULLABLE = {'3.0': 'nullable', '2.0': 'x-nullable'}
REF_STANDS_ALONE = ('3.0', '2.0')
# What stands in a schema and allows or forbids nothing that a validator would see.
APPLICATORS = ('$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas')

# What a part of a document that is not what it has to be can raise.
ILL_FORMED = (AttributeError, KeyError, TypeError, ValueError, IndexError)


class MalformedError(ValueError):
    """A part of a document is not what it has to be."""


def modernize(schema: object, version: str) -> Node:
    """Return *schema* in the words of 2020-12. Raises MalformedError."""
    if isinstance(schema, bool):
        return schema
    if not isinstance(schema, dict):
        raise MalformedError
    if '$ref' in schema and version in REF_STANDS_ALONE:
        return {'$ref': schema['$ref']}
    schema = _with_exclusive_numbers(schema)
    schema = _with_tuples(schema)
    schema = _with_dependents(schema)
    schema = _with_null(schema, NULLABLE.get(version))
    return _without_unevaluated(schema)


def _with_exclusive_numbers(schema: Schema) -> Schema:
    for limit, exclusive in EXCLUSIVE:
        if isinstance(schema.get(exclusive), bool):
            schema = dict(schema)
            if schema.pop(exclusive) and limit in schema:
                schema[exclusive] = schema.pop(limit)
    return schema


def _with_tuples(schema: Schema) -> Schema:
    if not isinstance(schema.get('items'), list):
        return schema
    schema = dict(schema)
    schema['prefixItems'] = schema.pop('items')
    if 'additionalItems' in schema:
        schema['items'] = schema.pop('additionalItems')
    return schema


def _with_dependents(schema: Schema) -> Schema:
    if not isinstance(schema.get('dependencies'), dict):
        return schema
    schema = dict(schema)
    for name, value in schema.pop('dependencies').items():
        word = 'dependentRequired' if isinstance(value, list) else 'dependentSchemas'
        schema[word] = {**schema.get(word, {}), name: value}
    return schema


def _with_null(schema: Schema, word: str | None) -> Schema:
    if word is None or schema.get(word) is not True or 'type' not in schema:
        return schema
    types = schema['type'] if isinstance(schema['type'], list) else [schema['type']]
    return {**schema, 'type': [*types, 'null']}


def _without_unevaluated(schema: Schema) -> Schema:
    """Where nothing else applies in place, what is not evaluated is what is not listed."""
    for word, plain in (('unevaluatedProperties', 'additionalProperties'),
                        ('unevaluatedItems', 'items')):  # fmt: skip
        if word in schema and not any(name in schema for name in APPLICATORS):
            schema = {name: value for name, value in schema.items() if name != word} | (
                {} if plain in schema else {plain: schema[word]}
            )
    return schema


def get_types(schema: Schema) -> frozenset[str] | None:
    """Return the JSON types that the word `type` names, None where it names none."""
    types = schema.get('type')
    if types is None:
        return None
    return frozenset([types] if isinstance(types, str) else types)
