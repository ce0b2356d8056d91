"""Rows of the tables: parameters and fields of bodies, in words."""

import dataclasses
from collections.abc import Iterator

from markupsafe import Markup

from django_apistar.schema.dialect import Schema
from django_apistar.schema.documentation.markdown import render_markdown
from django_apistar.schema.documentation.parts import Parts, as_list, as_mapping

LIMITS = (
    ('minimum', 'at least {}'), ('exclusiveMinimum', 'more than {}'), ('maximum', 'at most {}'),
    ('exclusiveMaximum', 'less than {}'), ('minLength', 'at least {} characters'),
    ('maxLength', 'at most {} characters'), ('minItems', 'at least {} items'),
    ('maxItems', 'at most {} items'), ('multipleOf', 'a multiple of {}'),
)  # fmt: skip
ANYTHING = 'anything'


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One row: a parameter, or a field of a body."""

    name: str
    kind: str  # 'integer or null'
    limits: str  # 'at least 1, at most 5'
    is_required: bool
    description: Markup


def read_parameter(parameter: Schema, parts: Parts) -> Field:
    schema = parts.follow(parameter.get('schema'))
    text = str(parameter.get('description') or schema.get('description') or '')
    return Field(
        str(parameter.get('name')), name_kind(schema, parts), list_limits(schema, parts),
        parameter.get('required') is True, render_markdown(text),
    )  # fmt: skip


def read_fields(schema: object, parts: Parts) -> tuple[Field, ...]:
    """Return the fields of *schema*: of an object, or of those in an array."""
    found = parts.follow(schema)
    if found.get('type') == 'array':
        found = parts.follow(found.get('items'))
    required = as_list(found.get('required'))
    return tuple(
        _read_field(str(name), child, name in required, parts)
        for name, child in as_mapping(found.get('properties')).items()
    )


def _read_field(name: str, schema: object, is_required: bool, parts: Parts) -> Field:
    text = str(parts.follow(schema).get('description') or '')
    kind, limits = name_kind(schema, parts), list_limits(schema, parts)
    return Field(name, kind, limits, is_required, render_markdown(text))


def name_kind(schema: object, parts: Parts) -> str:
    """Return what *schema* is, in a few words: 'array of Product', 'integer or null'."""
    ref = as_mapping(schema).get('$ref')
    found = parts.follow(schema)
    if isinstance(ref, str) and 'enum' not in found:
        return ref.rpartition('/')[2]
    if found.get('type') == 'array':
        items = name_kind(found.get('items'), parts)
        return 'array' if items == ANYTHING else f'array of {items}'
    alternatives = as_list(found.get('anyOf')) or as_list(found.get('oneOf'))
    if alternatives:
        return ' or '.join(dict.fromkeys(name_kind(item, parts) for item in alternatives))
    kind = found.get('type')
    named = ' or '.join(map(str, kind)) if isinstance(kind, list) else kind
    if named == 'string' and found.get('format'):
        return str(found['format'])
    return str(named or ('one of' if 'enum' in found else ANYTHING))


def list_limits(schema: object, parts: Parts) -> str:
    return ', '.join(_iter_limits(schema, parts))


def _iter_limits(schema: object, parts: Parts) -> Iterator[str]:
    found = parts.follow(schema)
    for item in (*as_list(found.get('anyOf')), *as_list(found.get('oneOf'))):
        yield from _iter_limits(item, parts)
    if 'enum' in found:
        yield ', '.join(str(value) for value in as_list(found['enum']) if value is not None)
    yield from (text.format(found[word]) for word, text in LIMITS if word in found)
    if found.get('default') not in (None, ''):
        yield f'{found["default"]} by default'
