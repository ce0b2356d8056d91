"""Values that fit a schema, for the samples of the documentation page."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django_apistar.schema.dialect import Schema

DEEPEST = 5  # Types may hold each other without an end.
TEXTS = {
    'date': '2026-01-31', 'time': '12:30:00', 'date-time': '2026-01-31T12:30:00Z',
    'duration': 'P1D', 'uuid': '3f2b8c1e-6d4a-4b5f-9c7d-0e1f2a3b4c5d', 'email': 'alice@example.com',
    'uri': 'https://example.com/', 'url': 'https://example.com/', 'ipv4': '192.0.2.1',
    'ipv6': '2001:db8::1', 'hostname': 'example.com',
}  # fmt: skip
DECIMALS = ('1.00', '1.0', '1', '0.10', '0.1')
Follow = Callable[[Any], Schema]


def build_example(schema: object, follow: Follow, name: str = 'text', depth: int = 0) -> Any:
    """Return a value to send for *schema*: its own example where it has one.

    *follow* leads from a reference to what it names. *name*: of what is described, a likely text.
    """
    schema = follow(schema)
    for given in _iter_given(schema):
        return given
    alternative = next(_iter_alternatives(schema), None)
    if alternative is not None:
        return build_example(alternative, follow, name, depth + 1) if depth < DEEPEST else None
    kind = schema.get('type')
    if isinstance(kind, list):
        kind = next((item for item in kind if item != 'null'), None)
    if kind == 'object' or 'properties' in schema:
        return _build_object(schema, follow, depth)
    if kind == 'array':
        return _build_array(schema, follow, name, depth)
    return _build_scalar(kind, schema, name)


def _iter_given(schema: Schema) -> Iterator[Any]:
    """Yield what *schema* itself names."""
    yield from (schema[key] for key in ('example', 'const') if key in schema)
    yield from schema.get('examples', ())
    if schema.get('default') not in (None, ''):
        yield schema['default']
    yield from (value for value in schema.get('enum', ()) if value is not None)


def _iter_alternatives(schema: Schema) -> Iterator[Schema]:
    for word in ('allOf', 'anyOf', 'oneOf'):
        yield from (item for item in schema.get(word, ()) if item.get('type') != 'null')


def _build_object(schema: Schema, follow: Follow, depth: int) -> dict[str, Any]:
    """Return the properties that are required, or all of them where none is."""
    properties: Mapping[str, Schema] = {
        name: child for name, child in schema.get('properties', {}).items()
        if not follow(child).get('readOnly')
    }  # fmt: skip
    required = [name for name in schema.get('required', ()) if name in properties]
    if depth == DEEPEST:
        return {}
    return {
        name: build_example(properties[name], follow, name, depth + 1)
        for name in required or properties
    }


def _build_array(schema: Schema, follow: Follow, name: str, depth: int) -> list[Any]:
    if depth == DEEPEST or schema.get('maxItems') == 0:
        return []
    items = schema.get('prefixItems') or [schema.get('items') or {}]
    return [build_example(item, follow, name, depth + 1) for item in items]


def _build_scalar(kind: object, schema: Schema, name: str) -> Any:
    if kind == 'boolean':
        return True
    if kind in ('integer', 'number'):
        return _build_number(schema)
    return _build_text(schema, name) if kind == 'string' else None


def _build_number(schema: Schema) -> Any:
    step = schema.get('multipleOf', 1)
    low, high = schema.get('minimum', -math.inf), schema.get('maximum', math.inf)
    if 'exclusiveMinimum' in schema:
        low = max(low, schema['exclusiveMinimum'] + step)
    if 'exclusiveMaximum' in schema:
        high = min(high, schema['exclusiveMaximum'] - step)
    return min(max(low, step), high)


def _build_text(schema: Schema, name: str) -> str:
    known = TEXTS.get(str(schema.get('format')))
    if known:
        return known
    pattern = schema.get('pattern')
    if schema.get('format') == 'decimal':
        fitting = (text for text in DECIMALS if pattern is None or _matches(pattern, text))
        return next(fitting, '0')
    shortest, longest = schema.get('minLength', 0), schema.get('maxLength')
    text = name.replace('_', ' ').ljust(shortest, '.')[:longest]
    return text if pattern is None or _matches(pattern, text) else '…'


def _matches(pattern: str, text: str) -> bool:
    """Whether *text* fits; a pattern of JavaScript need not be one of Python."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False
