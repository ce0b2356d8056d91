"""How OpenAPI 3.1, OpenAPI 3.0, Swagger 2.0 and JSON Schema write the same schema."""

import dataclasses
from typing import Any

Schema = dict[str, Any]

NULL_2020: Schema = {'type': 'null'}
NULL_3_0: Schema = {'type': 'string', 'nullable': True, 'enum': [None]}


@dataclasses.dataclass(frozen=True, slots=True)
class Dialect:
    """One way to write schemas.

    `is_2020`: as JSON Schema 2020-12, with a null type, prefixItems and exclusive bounds that are
    numbers. `has_alternatives`: knows anyOf and not. Swagger 2.0 is neither.
    """

    ref_prefix: str
    is_2020: bool = True
    has_alternatives: bool = True

    def reference(self, name: str) -> Schema:
        return {'$ref': self.ref_prefix + name}

    def nothing(self) -> Schema:
        """Return the schema that no value fits."""
        return {'not': {}} if self.has_alternatives else {}

    def any_of(self, schemas: list[Schema]) -> Schema:
        distinct = [schema for at, schema in enumerate(schemas) if schema not in schemas[:at]]
        if len(distinct) == 1:
            return distinct[0]
        if not distinct:
            return self.nothing()
        return {'anyOf': distinct} if self.has_alternatives else {}

    def nullable(self, schema: Schema) -> Schema:
        """Return *schema*, which then fits null as well."""
        if not schema:
            return schema
        if 'not' in schema:  # Nothing fits but null.
            return self.null()
        if not self.has_alternatives:
            return schema if '$ref' in schema else _nullable_in_swagger(schema)
        if 'type' not in schema or 'enum' in schema:  # generators make null a member of an enum
            return self._with_null_alternative(schema)
        if self.is_2020:
            return {**schema, 'type': _with_null(schema['type'])}
        return {**schema, 'nullable': True}

    def _with_null_alternative(self, schema: Schema) -> Schema:
        if set(schema) == {'anyOf'}:
            return self.any_of([*schema['anyOf'], self.null()])
        return self.any_of([schema, self.null()])

    def null(self) -> Schema:
        if not self.has_alternatives:
            return {}
        return dict(NULL_2020 if self.is_2020 else NULL_3_0)

    def without_null(self, schema: Schema) -> Schema:
        """Return *schema* for a place where null cannot be written, as in a query string."""
        schema = {key: value for key, value in schema.items() if key != 'nullable'}
        if schema.get('default', ...) is None:
            del schema['default']
        if 'enum' in schema:
            schema['enum'] = [value for value in schema['enum'] if value is not None]
        if isinstance(schema.get('type'), list):
            schema['type'] = schema['type'][0]
        if 'anyOf' in schema:
            kept = [item for item in schema.pop('anyOf') if item not in (NULL_3_0, NULL_2020)]
            schema = {**self.any_of(kept), **schema}
        return schema

    def bounds(self, low: float | None, high: float | None, *, above: bool, below: bool) -> Schema:
        """Return the keywords for *low* to *high*; *above* and *below* leave the limit out."""
        return {
            **self._bound('Minimum', low, above),
            **self._bound('Maximum', high, below),
        }

    def _bound(self, name: str, limit: float | None, is_exclusive: bool) -> Schema:
        if limit is None:
            return {}
        if not is_exclusive:
            return {name.lower(): limit}
        if self.is_2020:
            return {f'exclusive{name}': limit}
        return {name.lower(): limit, f'exclusive{name}': True}

    def tuple_of(self, schemas: list[Schema], rest: Schema | bool) -> Schema:
        """Return the keywords for an array that starts with *schemas*; *rest* are the others."""
        if self.is_2020:
            prefix: Schema = {'prefixItems': schemas} if schemas else {}
            return prefix if rest is True else {**prefix, 'items': rest}
        if rest is True:
            return {'items': {}}
        if rest is False:
            return {'items': self.any_of(schemas) if schemas else {}, 'maxItems': len(schemas)}
        return {'items': self.any_of([*schemas, rest])}

    def annotated(self, schema: Schema, notes: Schema) -> Schema:
        """Return *schema* with *notes* (title, description, default) beside it."""
        if not notes:
            return schema
        if '$ref' not in schema or self.is_2020:
            return {**notes, **schema}
        if not self.has_alternatives:
            return schema
        return {**notes, 'allOf': [schema]}


DIALECTS = {
    '3.1': Dialect('#/components/schemas/'),
    '3.0': Dialect('#/components/schemas/', is_2020=False),
    '2.0': Dialect('#/definitions/', is_2020=False, has_alternatives=False),
    'jsonschema': Dialect('#/$defs/'),
}


def _nullable_in_swagger(schema: Schema) -> Schema:
    if 'enum' in schema and None not in schema['enum']:
        schema = {**schema, 'enum': [*schema['enum'], None]}
    return {**schema, 'x-nullable': True}


def _with_null(types: str | list[str]) -> str | list[str]:
    listed = [types] if isinstance(types, str) else types
    return types if 'null' in listed else [*listed, 'null']
