"""A schema as a set: for each JSON type, the alternatives that together are all of its values."""

import dataclasses
import itertools
from collections.abc import Iterable
from typing import Any, TypeVar

from django_apistar.schema.changes.instances import fits
from django_apistar.schema.changes.keywords import Node, Schema, get_types
from django_apistar.schema.changes.regexes import UnsureError
from django_apistar.schema.changes.sources import NOWHERE, Source
from django_apistar.schema.changes.values import is_among, is_integer, type_of

Item = TypeVar('Item')
MOST = 48  # alternatives; a schema of more is not understood
TOO_MANY = f'more than {MOST} alternatives'
FINITE: dict[str, tuple[object, ...]] = {'null': (None,), 'boolean': (False, True)}


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """The values of one type that fit all of `words`, and none of `nots`.

    `words`: schemas without other schemas beside them. `values`: all there are, None for no end.
    `riddles`: what is demanded besides, and not understood.
    """

    type: str
    words: tuple[Schema, ...] = ()
    nots: tuple[object, ...] = ()
    values: tuple[object, ...] | None = None
    riddles: tuple[str, ...] = ()

    def all_of(self, name: str) -> list[Any]:
        return [word[name] for word in self.words if name in word]

    @property
    def is_all(self) -> bool:
        """Whether every value of its type fits, and there is no end of them."""
        return not (self.words or self.nots or self.riddles) and self.values is None

    def and_(self, other: 'Form') -> 'Form':
        return Form(
            self.type, _join(self.words, other.words), _join(self.nots, other.nots),
            _intersect(self.values, other.values), _join(self.riddles, other.riddles),
        )  # fmt: skip


def _join(one: tuple[Item, ...], other: tuple[Item, ...]) -> tuple[Item, ...]:
    return one + tuple(item for item in other if item not in one)


def _intersect(
    one: tuple[object, ...] | None, other: tuple[object, ...] | None
) -> tuple[object, ...] | None:
    if one is None or other is None:
        return other if one is None else one
    return tuple(value for value in one if is_among(value, other))


# Words that speak of one type only.
WORDS = {
    'number': ('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf',
               'format'),
    'string': ('minLength', 'maxLength', 'pattern', 'format', 'contentMediaType',
               'contentEncoding', 'contentSchema', 'x-extensible-enum'),
    'array': ('minItems', 'maxItems', 'uniqueItems', 'prefixItems', 'items', 'contains',
              'minContains', 'maxContains'),
    'object': ('properties', 'patternProperties', 'additionalProperties', 'required',
               'minProperties', 'maxProperties', 'propertyNames', 'dependentRequired'),
}  # fmt: skip
UNSURE = {'object': ('unevaluatedProperties',), 'array': ('unevaluatedItems',)}


def get_forms(
    source: Source, schema: object, kind: str, seen: frozenset[str] = frozenset()
) -> list[Form]:
    """Return the alternatives of *schema* that are of the type *kind*. Raises MalformedError."""
    if seen:
        return _build(source, schema, kind, seen)
    cache = source.cache('forms')
    key = (source.key(schema), kind)
    if key not in cache:
        cache[key] = _build(source, schema, kind, seen)
    forms: list[Form] = cache[key]
    return forms


def _build(source: Source, schema: object, kind: str, seen: frozenset[str]) -> list[Form]:
    node = source.read(schema)
    if node is False or not _allows(node, kind):
        return []
    if node is True:
        return [Form(kind, values=FINITE.get(kind))]
    parts = [[_plain(source, node, kind)], *_parts(source, node, kind, seen)]
    forms = _multiply(parts, kind)
    return [form for form in (_filtered(source, schema, form) for form in forms) if form]


def _allows(node: Node, kind: str) -> bool:
    types = get_types(node) if isinstance(node, dict) else None
    return types is None or kind in types or (kind == 'number' and 'integer' in types)


def _plain(source: Source, node: Schema, kind: str) -> Form:
    word = {name: node[name] for name in WORDS.get(kind, ()) if name in node}
    types = get_types(node)
    if kind == 'number' and types is not None and 'number' not in types:
        word['type'] = 'integer'
    values = FINITE.get(kind)
    if 'enum' in node or 'const' in node:
        listed = [node['const']] if 'const' in node else node['enum']
        values = tuple(value for value in listed if type_of(value) == kind)
    unsure = (*UNSURE.get(kind, ()), '$dynamicRef', '$recursiveRef')
    riddles = tuple(f'{name} {source.key(node[name])}' for name in unsure if name in node)
    is_limited = 'not' in node and bool(get_forms(source, node['not'], kind))
    nots = (node['not'],) if is_limited else ()
    return Form(kind, (word,) if word else (), nots, values, riddles)


def _parts(source: Source, node: Schema, kind: str, seen: frozenset[str]) -> list[list[Form]]:
    """Return a list of alternatives for each schema that stands in *node* for the same value."""

    def forms(part: object) -> list[Form]:
        return get_forms(source, part, kind, seen)

    parts = []
    if '$ref' in node:
        parts.append(_referred(source, node['$ref'], kind, seen))
    parts += [forms(part) for part in node.get('allOf', ())]
    if 'anyOf' in node:
        parts.append([form for part in node['anyOf'] for form in forms(part)])
    if 'oneOf' in node:
        parts.append(_one_of(source, node['oneOf'], kind, seen))
    if 'if' in node:
        then, other = node.get('then', True), node.get('else', True)
        if then is not True or other is not True:
            negated = {'not': node['if']}
            parts.append(forms({'allOf': [node['if'], then]}) + forms({'allOf': [negated, other]}))
    for name, part in node.get('dependentSchemas', {}).items() if kind == 'object' else ():
        without = {'properties': {name: False}}
        parts.append(forms(without) + forms({'allOf': [{'required': [name]}, part]}))
    return parts


def _referred(source: Source, ref: str, kind: str, seen: frozenset[str]) -> list[Form]:
    if ref in seen:
        return []
    target = source.find(ref)
    if target is NOWHERE:
        return [Form(kind, values=FINITE.get(kind), riddles=(f'$ref {ref}',))]
    return get_forms(source, target, kind, seen | {ref})


def _one_of(source: Source, schemas: list[object], kind: str, seen: frozenset[str]) -> list[Form]:
    found = [get_forms(source, schema, kind, seen) for schema in schemas]
    forms = []
    for at, alternatives in enumerate(found):
        others = tuple(
            schema for index, schema in enumerate(schemas) if index != at and found[index]
        )
        forms += [form.and_(Form(kind, nots=others)) for form in alternatives]
    return forms


def _multiply(parts: list[list[Form]], kind: str) -> list[Form]:
    count = 1
    for part in parts:
        count *= len(part)
    if count > MOST:
        return [Form(kind, values=FINITE.get(kind), riddles=(TOO_MANY,))]
    return [_all(forms) for forms in itertools.product(*parts)]


def _all(forms: Iterable[Form]) -> Form:
    first, *rest = forms
    for form in rest:
        first = first.and_(form)
    return first


def _filtered(source: Source, schema: object, form: Form) -> Form | None:
    """Return *form* with those of its values that fit, None where it has none."""
    if any(
        alternative.is_all for schema in form.nots
        for alternative in get_forms(source, schema, form.type)
    ):  # fmt: skip
        return None
    if form.values is None:
        return form
    values = tuple(value for value in form.values if may_fit(source, schema, value))
    return dataclasses.replace(form, values=values) if values else None


def may_fit(source: Source, schema: object, value: object) -> bool:
    try:
        return fits(source, schema, value)
    except UnsureError:
        return True


def is_whole(form: Form) -> bool:
    """Whether the numbers of *form* are integers."""
    return any(word.get('type') == 'integer' for word in form.words) or any(
        is_integer(value) for value in form.all_of('multipleOf')
    )
