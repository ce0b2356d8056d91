"""Whether a value fits a schema: JSON Schema 2020-12, but for what nobody can tell."""

from collections.abc import Callable, Iterator
from typing import Any

from django_apistar.schema.changes import regexes
from django_apistar.schema.changes.keywords import Schema, get_types
from django_apistar.schema.changes.regexes import UnsureError
from django_apistar.schema.changes.sources import NOWHERE, Source
from django_apistar.schema.changes.values import (
    are_equal,
    are_unique,
    is_among,
    is_integer,
    is_multiple,
    type_of,
)

UNSURE_WORDS = ('$dynamicRef', '$recursiveRef', 'unevaluatedProperties', 'unevaluatedItems')


def fits(source: Source, schema: object, value: object, seen: tuple[str, ...] = ()) -> bool:
    """Whether *value* fits *schema* of *source*. Raises UnsureError, MalformedError."""
    node = source.read(schema)
    if isinstance(node, bool):
        return node
    if any(word in node for word in UNSURE_WORDS):
        raise UnsureError('not known')
    if '$ref' in node and not _fits_reference(source, node['$ref'], value, seen):
        return False
    return (
        _fits_type(node, value)
        and _fits_values(node, value)
        and _fits_parts(source, node, value, seen)
        and BY_TYPE.get(type_of(value), _fits_anything)(source, node, value)
    )


def _fits_reference(source: Source, ref: str, value: object, seen: tuple[str, ...]) -> bool:
    if ref in seen:
        raise UnsureError('a circle')
    target = source.find(ref)
    if target is NOWHERE:
        raise UnsureError(str(ref))
    return fits(source, target, value, (*seen, ref))


def _fits_anything(source: Source, node: Schema, value: object) -> bool:
    return True


def _fits_type(node: Schema, value: object) -> bool:
    types = get_types(node)
    return types is None or type_of(value) in types or ('integer' in types and is_integer(value))


def _fits_values(node: Schema, value: object) -> bool:
    if 'const' in node and not are_equal(node['const'], value):
        return False
    return 'enum' not in node or is_among(value, node['enum'])


def _fits_parts(source: Source, node: Schema, value: object, seen: tuple[str, ...]) -> bool:
    def does(part: object) -> bool:
        return fits(source, part, value, seen)

    if not all(does(part) for part in node.get('allOf', ())):
        return False
    if 'anyOf' in node and not any(does(part) for part in node['anyOf']):
        return False
    if 'oneOf' in node and sum(does(part) for part in node['oneOf']) != 1:
        return False
    if 'not' in node and does(node['not']):
        return False
    if 'if' in node:
        return does(node.get('then' if does(node['if']) else 'else', True))
    return True


def _fits_number(source: Source, node: Schema, value: float) -> bool:
    return (
        node.get('minimum', value) <= value <= node.get('maximum', value)
        and ('exclusiveMinimum' not in node or value > node['exclusiveMinimum'])
        and ('exclusiveMaximum' not in node or value < node['exclusiveMaximum'])
        and ('multipleOf' not in node or is_multiple(value, node['multipleOf']))
    )


def _fits_string(source: Source, node: Schema, value: str) -> bool:
    if not node.get('minLength', 0) <= len(value) <= node.get('maxLength', len(value)):
        return False
    return 'pattern' not in node or regexes.fits(node['pattern'], value)


def _fits_array(source: Source, node: Schema, value: list[object]) -> bool:
    if not node.get('minItems', 0) <= len(value) <= node.get('maxItems', len(value)):
        return False
    if node.get('uniqueItems') and not are_unique(value):
        return False
    prefix = node.get('prefixItems', [])
    rest = node.get('items', True)
    if not all(
        fits(source, prefix[at] if at < len(prefix) else rest, item)
        for at, item in enumerate(value)
    ):
        return False
    return 'contains' not in node or _contains(source, node, value)


def _contains(source: Source, node: Schema, value: list[object]) -> bool:
    found = sum(fits(source, node['contains'], item) for item in value)
    return bool(node.get('minContains', 1) <= found <= node.get('maxContains', found))


def _fits_object(source: Source, node: Schema, value: Schema) -> bool:
    if not node.get('minProperties', 0) <= len(value) <= node.get('maxProperties', len(value)):
        return False
    if any(name not in value for name in node.get('required', ())):
        return False
    for name, others in node.get('dependentRequired', {}).items():
        if name in value and any(other not in value for other in others):
            return False
    for name, schema in node.get('dependentSchemas', {}).items():
        if name in value and not fits(source, schema, value):
            return False
    names = node.get('propertyNames', True)
    return all(fits(source, names, name) for name in value) and all(
        fits(source, schema, value[name])
        for name in value
        for schema in iter_schemas_of(node, name)
    )


def iter_schemas_of(node: Schema, name: str) -> Iterator[object]:
    """Yield the schemas that *node* has for the property *name*. Raises UnsureError."""
    is_listed = False
    if name in node.get('properties', {}):
        is_listed = True
        yield node['properties'][name]
    for pattern, schema in node.get('patternProperties', {}).items():
        if regexes.fits(pattern, name):
            is_listed = True
            yield schema
    if not is_listed and 'additionalProperties' in node:
        yield node['additionalProperties']


BY_TYPE: dict[str, Callable[[Source, Schema, Any], bool]] = {
    'number': _fits_number,
    'string': _fits_string,
    'array': _fits_array,
    'object': _fits_object,
}
