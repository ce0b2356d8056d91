"""Pairs of schemas and values for them, at random, for jsonschema and our comparison to judge."""

import copy
import random
from typing import Any

NAMES = ('a', 'b', 'c', 'xa')
PATTERNS = ('^x', 'a', '^[a-c]+$', '^a.*b$', '[0-9]{2}')
TEXTS = ('', 'a', 'b', 'x', 'ab', 'aab', 'xa', 'abc', '12', 'a1b', 'zzz', 'xxxxxx')
NUMBERS = (0, 1, 2, 3, 4, 5, 6, 9, 10, -1, -3, 0.5, 1.5, 2.5, 7.25)
TYPES = ('string', 'integer', 'number', 'boolean', 'null', 'array', 'object')
REFS = ('#/$defs/A', '#/$defs/B')


class Maker:
    """Makes schemas, changes them, and makes values that are near them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    # Schemas

    def document(self) -> dict[str, Any]:
        schema = self.schema(3)
        if isinstance(schema, bool):
            schema = {'allOf': [schema]}
        # Neither is at once a reference again: a circle of references alone is no schema.
        tree = {'type': 'object', 'properties': {'a': self.schema(1), 'b': self.schema(1)}}
        return {**schema, '$defs': {'A': tree, 'B': {'type': 'array', 'items': self.schema(1)}}}

    def schema(self, depth: int) -> Any:
        roll = self.random.random()
        if roll < 0.04:
            return self.random.choice([True, False, {}])
        if roll < 0.12 and depth < 3:
            return {'$ref': self.random.choice(REFS)}
        if roll < 0.3 and depth > 0:
            return self.compound(depth)
        return self.plain(depth)

    def compound(self, depth: int) -> dict[str, Any]:
        word = self.random.choice(['anyOf', 'anyOf', 'oneOf', 'allOf', 'not', 'if'])
        if word == 'not':
            return {'not': self.schema(depth - 1)}
        if word == 'if':
            parts = {'if': self.schema(depth - 1), 'then': self.schema(depth - 1)}
            return {**parts, **self.sometimes(0.4, {'else': self.schema(depth - 1)})}
        schemas = [self.schema(depth - 1) for _ in range(self.random.randint(1, 3))]
        return {word: schemas}

    def sometimes(self, chance: float, words: dict[str, Any]) -> dict[str, Any]:
        return words if self.random.random() < chance else {}

    def plain(self, depth: int) -> dict[str, Any]:
        names = [name for name in TYPES if depth > 0 or name not in ('array', 'object')]
        if self.random.random() < 0.08:
            return self.listed()
        kind = self.random.choice([*names, *(('object',) * 3 if depth > 0 else ())])
        typed: Any = kind if self.random.random() < 0.85 else [kind, self.random.choice(names)]
        words = {'type': typed} if self.random.random() < 0.93 else {}
        kinds = typed if isinstance(typed, list) else [typed]
        for name in kinds:
            words.update(getattr(self, f'{name}_words', lambda depth: {})(depth))
        return words

    def listed(self) -> dict[str, Any]:
        values: list[Any] = [self.random.choice([*TEXTS[:6], *NUMBERS[:6], None, True, [], {}, [1]])
                  for _ in range(self.random.randint(1, 3))]  # fmt: skip
        return self.random.choice([{'enum': values}, {'const': values[0]}])

    def number_words(self, depth: int) -> dict[str, Any]:
        choose = self.random.choice
        return {
            **self.sometimes(0.3, {choose(['minimum', 'exclusiveMinimum']): choose(NUMBERS)}),
            **self.sometimes(0.3, {choose(['maximum', 'exclusiveMaximum']): choose(NUMBERS)}),
            **self.sometimes(0.15, {'multipleOf': choose([1, 2, 3, 4, 6, 0.5])}),
        }

    integer_words = number_words

    def string_words(self, depth: int) -> dict[str, Any]:
        return {
            **self.sometimes(0.25, {'minLength': self.random.randint(0, 4)}),
            **self.sometimes(0.25, {'maxLength': self.random.randint(0, 6)}),
            **self.sometimes(0.2, {'pattern': self.random.choice(PATTERNS)}),
        }

    def array_words(self, depth: int) -> dict[str, Any]:
        prefix = [self.schema(depth - 1) for _ in range(self.random.randint(1, 2))]
        return {
            **self.sometimes(0.6, {'items': self.schema(depth - 1)}),
            **self.sometimes(0.2, {'prefixItems': prefix}),
            **self.sometimes(0.2, {'minItems': self.random.randint(0, 3)}),
            **self.sometimes(0.2, {'maxItems': self.random.randint(0, 4)}),
            **self.sometimes(0.1, {'uniqueItems': True}),
            **self.sometimes(0.1, {'contains': self.schema(depth - 1)}),
        }

    def object_words(self, depth: int) -> dict[str, Any]:
        some = self.random.sample(NAMES, self.random.randint(0, 3))
        return {
            'properties': {name: self.schema(depth - 1) for name in some},
            **self.sometimes(0.5, {'required': self.random.sample(NAMES, 1)}),
            **self.sometimes(0.25, {'additionalProperties': False}),
            **self.sometimes(0.15, {'additionalProperties': self.schema(depth - 1)}),
            **self.sometimes(0.15, {'patternProperties': {
                self.random.choice(PATTERNS): self.schema(depth - 1)}}),
            **self.sometimes(0.1, {'minProperties': self.random.randint(0, 2)}),
            **self.sometimes(0.1, {'maxProperties': self.random.randint(0, 4)}),
            **self.sometimes(0.1, {'propertyNames': {'pattern': self.random.choice(PATTERNS)}}),
            **self.sometimes(0.1, {'dependentRequired': {'a': ['b']}}),
            **self.sometimes(0.05, {'dependentSchemas': {'b': self.schema(depth - 1)}}),
        }  # fmt: skip

    # Changes

    def changed(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of *document* with one to three changes somewhere in it."""
        new = copy.deepcopy(document)
        for _ in range(self.random.randint(1, 3)):
            places = list(iter_places(new))
            holder, key = self.random.choice(places) if places else (new, 'properties')
            self.change(holder, key)
        return new

    def change(self, holder: Any, key: Any) -> None:
        schema = holder[key] if isinstance(holder, list) or key in holder else True
        roll = self.random.random()
        if isinstance(schema, bool) or roll < 0.15:
            holder[key] = self.schema(1)
        elif roll < 0.3:
            wrapped = [schema, self.schema(1)] if roll < 0.25 else [schema]
            holder[key] = {self.random.choice(['allOf', 'anyOf', 'oneOf']): wrapped}
        elif roll < 0.55 and schema:
            schema.pop(self.random.choice(list(schema)))
        else:
            self.change_words(schema)

    def change_words(self, schema: dict[str, Any]) -> None:
        kind = schema.get('type')
        kind = kind if isinstance(kind, str) else 'object'
        words = getattr(self, f'{kind}_words', lambda depth: {'type': ['string', 'null']})(1)
        schema.update(words or {'type': [kind, 'null']})

    # Values

    def value(self, document: dict[str, Any], schema: Any, depth: int = 4) -> Any:
        """Return a value that is near *schema*, or any."""
        if depth <= 0 or self.random.random() < 0.07 or isinstance(schema, bool) or not schema:
            return self.any_value(2)
        if '$ref' in schema:
            return self.value(document, document['$defs'][schema['$ref'][-1]], depth - 1)
        parts = [part for word in ('anyOf', 'oneOf', 'allOf') for part in schema.get(word, ())]
        parts += [schema[word] for word in ('if', 'then', 'else', 'not') if word in schema]
        if 'type' not in schema and parts:
            return self.value(document, self.random.choice(parts), depth - 1)
        if 'enum' in schema or 'const' in schema:
            return self.random.choice([schema.get('const'), *schema.get('enum', ())])
        kinds = schema.get('type', self.random.choice(TYPES))
        kind = self.random.choice(kinds) if isinstance(kinds, list) else kinds
        make = getattr(self, f'a_{kind}', None)
        return make(document, schema, depth) if make else self.any_of_type(kind)

    def any_value(self, depth: int) -> Any:
        return self.any_of_type(self.random.choice(TYPES if depth else TYPES[:5]), depth)

    def any_of_type(self, kind: str, depth: int = 1) -> Any:
        choose = self.random.choice
        if kind == 'array':
            return [self.any_value(depth - 1) for _ in range(self.random.randint(0, 3))]
        if kind == 'object':
            some = self.random.sample([*NAMES, 'zz'], self.random.randint(0, 3))
            return {name: self.any_value(depth - 1) for name in some}
        return {
            'string': choose(TEXTS), 'integer': self.random.randint(-4, 12),
            'number': choose(NUMBERS), 'boolean': choose([True, False]), 'null': None,
        }[kind]  # fmt: skip

    def a_number(self, document: Any, schema: Any, depth: int) -> Any:
        limits = [schema[w] for w in ('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum')
                  if w in schema]  # fmt: skip
        near = self.random.choice(limits or NUMBERS) + self.random.choice([0, 1, -1, 0.5, -0.5])
        return self.random.choice([near, self.random.choice(NUMBERS), self.random.randint(-4, 24)])

    def a_integer(self, document: Any, schema: Any, depth: int) -> Any:
        value = self.a_number(document, schema, depth)
        return int(value) if self.random.random() < 0.9 else value

    def a_array(self, document: Any, schema: Any, depth: int) -> Any:
        prefix = schema.get('prefixItems', ())
        size = self.random.randint(schema.get('minItems', 0), schema.get('minItems', 0) + 3)
        return [
            self.value(
                document, prefix[at] if at < len(prefix) else schema.get('items', True), depth - 1
            )
            for at in range(size)
        ]

    def a_object(self, document: Any, schema: Any, depth: int) -> Any:
        own = schema.get('properties', {})
        names = [name for name in [*own, *NAMES, 'zz', 'ab', '12']
                 if self.random.random() < (0.7 if name in own else 0.2)]  # fmt: skip
        names += schema.get('required', ()) if self.random.random() < 0.9 else ()
        other = schema.get('additionalProperties', True)
        more = list(schema.get('patternProperties', {}).values())
        return {
            name: self.value(document, own.get(name, self.random.choice([other, *more])), depth - 1)
            for name in dict.fromkeys(names)
        }


def iter_places(schema: Any) -> Any:
    """Yield (holder, key) of each schema within *schema*."""
    if not isinstance(schema, dict):
        return
    for word in ('properties', 'patternProperties', '$defs', 'dependentSchemas'):
        for key in schema.get(word, {}):
            yield schema[word], key
            yield from iter_places(schema[word][key])
    for word in ('allOf', 'anyOf', 'oneOf', 'prefixItems'):
        for at, part in enumerate(schema.get(word, ())):
            yield schema[word], at
            yield from iter_places(part)
    for word in ('items', 'not', 'if', 'then', 'else', 'additionalProperties', 'contains'):
        if word in schema:
            yield schema, word
            yield from iter_places(schema[word])
