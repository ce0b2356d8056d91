"""What changed between two documents, and which changes break a client."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django_apistar.schema.dialect import Schema

METHODS = ('get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace')
# Keyword, and whether a greater value allows less.
LIMITS = {
    'minimum': True, 'exclusiveMinimum': True, 'minLength': True, 'minItems': True,
    'minProperties': True, 'maximum': False, 'exclusiveMaximum': False, 'maxLength': False,
    'maxItems': False, 'maxProperties': False,
}  # fmt: skip
ALL_TYPES = frozenset({'string', 'number', 'integer', 'boolean', 'object', 'array', 'null'})
SCALARS = frozenset({'number', 'integer', 'boolean'})


def diff(old: Schema, new: Schema, old_name: str, new_name: str) -> tuple[str, ...]:
    """Return the lines of a unified diff of the two documents, () where they are equal."""
    return tuple(
        difflib.unified_diff(_lines(old), _lines(new), old_name, new_name, n=2, lineterm='')
    )


def _lines(document: Schema) -> list[str]:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True).splitlines()


def breaking_changes(old: Schema, new: Schema) -> tuple[str, ...]:
    """Return a sentence for each change from *old* to *new* that an existing client may not bear.

    Knows OpenAPI 3. What is only added breaks nobody, a new demand on requests excepted.
    """
    if not ('openapi' in old and 'openapi' in new):
        return ()
    try:
        return tuple(dict.fromkeys(_Comparison(old, new).changes()))
    except (AttributeError, KeyError, TypeError, ValueError):
        return ('The old document is not well-formed OpenAPI: its changes cannot be named.',)


class _Alternative(NamedTuple):
    """A schema without anyOf and references of its own, and the reference that led to it."""

    ref: str | None
    schema: Schema

    @property
    def types(self) -> frozenset[str]:
        return _types(self.schema)

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(self.schema.get('properties', ()))

    def only(self, name: str) -> '_Alternative':
        """Return what of it is of the type *name*."""
        return self._replace(schema={**self.schema, 'type': name, 'nullable': False})


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self.old = old
        self.new = new

    def changes(self) -> Iterator[str]:
        new_paths = {_shape(path): item for path, item in self.new.get('paths', {}).items()}
        for path, old_item in self.old.get('paths', {}).items():
            new_item = new_paths.get(_shape(path))
            if new_item is None:
                yield f'{path}: the path was removed.'
                continue
            for method in METHODS:
                if method in old_item:
                    place = f'{method.upper()} {path}'
                    if method not in new_item:
                        yield f'{place}: the operation was removed.'
                    else:
                        yield from self._operation(place, old_item[method], new_item[method])

    def _operation(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        yield from self._parameters(place, old, new)
        yield from self._body(place, old.get('requestBody'), new.get('requestBody'))
        yield from self._responses(place, old['responses'], new['responses'])
        yield from self._security(place, old, new)

    def _security(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        if not _demands_user(new):
            return
        if not _demands_user(old):
            yield f'{place}: authentication is now required.'
        taken = [_get_schemes(demand, self.new) for demand in new['security']]
        for demand in old.get('security', ()):
            if demand and _get_schemes(demand, self.old) not in taken:
                yield f'{place}: authentication by {_listed(demand)} is no longer possible.'

    # Requests

    def _parameters(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        before = {_key(item): item for item in self._resolved(old.get('parameters', ()), self.old)}
        for item in self._resolved(new.get('parameters', ()), self.new):
            if item['in'] == 'path':
                continue
            name = f'{item["in"]} parameter {item["name"]!r}'
            known = before.get(_key(item))
            if known is None:
                if item.get('required'):
                    yield f'{place}: the new {name} is required.'
                continue
            if item.get('required') and not known.get('required'):
                yield f'{place}: the {name} is now required.'
            yield from self._narrowed(
                f'{place}: the {name}', known['schema'], item['schema'], is_text=True
            )
        yield from self._path_parameters(place, old, new)

    def _path_parameters(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        """By position: their names are the document's own business."""
        before, after = (
            [item for item in self._resolved(operation.get('parameters', ()), document)
             if item['in'] == 'path']
            for operation, document in ((old, self.old), (new, self.new))
        )  # fmt: skip
        for known, item in zip(before, after, strict=False):
            name = f'{place}: the path parameter {item["name"]!r}'
            yield from self._narrowed(name, known['schema'], item['schema'], is_text=True)

    def _body(self, place: str, old: Schema | None, new: Schema | None) -> Iterator[str]:
        if new is None:
            return
        if new.get('required') and not (old or {}).get('required'):
            yield f'{place}: a request body is now required.'
        for media_type, content in (old or {}).get('content', {}).items():
            after = new['content'].get(media_type) or new['content'].get('*/*')
            if after is None:
                yield f'{place}: the body may no longer be {media_type}.'
                continue
            yield from self._narrowed(
                f'{place}: the body', content.get('schema', {}), after.get('schema', {})
            )

    # Responses

    def _responses(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        for status, before in old.items():
            if not status.startswith('2'):
                continue
            if status not in new:
                yield f'{place}: the response {status} was removed.'
                continue
            [old_response] = self._resolved([before], self.old)
            [new_response] = self._resolved([new[status]], self.new)
            contents = new_response.get('content', {})
            for media_type, content in old_response.get('content', {}).items():
                if media_type not in contents:
                    yield f'{place}: the response {status} is no longer {media_type}.'
                    continue
                yield from self._widened(
                    f'{place}: the response', content.get('schema', {}),
                    contents[media_type].get('schema', {}),
                )  # fmt: skip

    # Schemas

    def _narrowed(
        self, place: str, old: Schema, new: Schema, seen: frozenset[Any] = frozenset(),
        is_text: bool = False,
    ) -> Iterator[str]:  # fmt: skip
        """Yield what *new* refuses and *old* took. *is_text*: as text, as in a query string."""
        olds, news = _split(old, self.old), _split(new, self.new)
        taken = _all_types(news)
        lost = _all_types(olds) - taken - (SCALARS if is_text and 'string' in taken else set())
        if lost:
            yield f'{place} no longer takes {_listed(lost)}.'
            return
        for before, candidates in _pair(olds, news):
            yield from _fewest(
                self._narrower(place, before, after, seen, is_text) for after in candidates
            )

    def _narrower(
        self, place: str, before: _Alternative, after: _Alternative, seen: frozenset[Any],
        is_text: bool,
    ) -> Iterator[str]:  # fmt: skip
        visit = (before.ref, after.ref)
        if any(visit) and visit in seen:
            return
        seen |= {visit}
        old, new = before.schema, after.schema
        yield from _narrower_words(place, old, new)
        for name in new.get('required', ()):
            if name not in old.get('required', ()):
                yield f'{place} now needs {name!r}.'
        if _is_closed(new) and not _is_closed(old):
            yield f'{place} no longer takes properties that are not listed.'
        for name, child, other in _common(old, new, 'properties'):
            yield from self._narrowed(f'{place}.{name}', child, other, seen)
        for name, child, other in _get_children(before, after):
            yield from self._narrowed(f'{place}{name}', child, other, seen, is_text)

    def _widened(
        self, place: str, old: Schema, new: Schema, seen: frozenset[Any] = frozenset()
    ) -> Iterator[str]:
        """Yield what *new* may answer and *old* never did, and what it no longer holds."""
        olds, news = _split(old, self.old), _split(new, self.new)
        gained = _all_types(news) - _all_types(olds)
        if gained:
            yield f'{place} may now be {_listed(gained)}.'
            return
        for after, candidates in _pair(news, olds):
            yield from _fewest(self._wider(place, before, after, seen) for before in candidates)

    def _wider(
        self, place: str, before: _Alternative, after: _Alternative, seen: frozenset[Any]
    ) -> Iterator[str]:
        visit = (before.ref, after.ref)
        if any(visit) and visit in seen:
            return
        seen |= {visit}
        old, new = before.schema, after.schema
        if 'enum' in old:
            added = [value for value in new.get('enum', ()) if value not in old['enum']]
            if added or 'enum' not in new:
                yield f'{place} may now have other values than {_listed(old["enum"])}.'
        if 'format' in old and new.get('format') != old['format']:
            yield f'{place} may now have another format than {old["format"]!r}.'
        for name in old.get('properties', {}):
            if name not in new.get('properties', {}):
                yield f'{place}.{name} was removed.'
            elif name in old.get('required', ()) and name not in new.get('required', ()):
                yield f'{place}.{name} may now be missing.'
        for name, child, other in _common(old, new, 'properties'):
            yield from self._widened(f'{place}.{name}', child, other, seen)
        for name, child, other in _get_children(before, after):
            yield from self._widened(f'{place}{name}', child, other, seen)

    def _resolved(self, items: Iterable[Schema], document: Schema) -> list[Schema]:
        return [_follow(item, document) for item in items]


def _follow(item: Schema, document: Schema) -> Schema:
    return _find(item, document).schema


def _find(item: Schema, document: Schema) -> _Alternative:
    """Return what *item* refers to. References are the document's own: '#/components/…'."""
    ref = None
    for _ in range(32):  # A cycle of references alone has no end.
        if len(item.get('allOf', ())) == 1:  # OpenAPI 3.0 writes notes beside a reference so.
            [item] = item['allOf']
        if '$ref' not in item:
            break
        ref = item['$ref']
        target: Any = document
        for part in ref.removeprefix('#/').split('/'):
            target = target.get(part, {}) if isinstance(target, dict) else {}
        item = target
    return _Alternative(ref, item)


def _split(
    item: Schema, document: Schema, seen: frozenset[str | None] = frozenset()
) -> list[_Alternative]:
    """Return the alternatives of *item*, those of alternatives among them."""
    found = _find(item, document)
    if 'anyOf' not in found.schema:
        return [found]
    if found.ref in seen:
        return []
    seen |= {found.ref} if found.ref else set()
    return [one for part in found.schema['anyOf'] for one in _split(part, document, seen)]


def _pair(
    givers: list[_Alternative], takers: list[_Alternative]
) -> Iterator[tuple[_Alternative, list[_Alternative]]]:
    """Yield each giver, type by type, with the takers of that type, the likeliest first."""
    if len(givers) == len(takers) == 1:
        yield givers[0], takers
        return
    for giver in givers:
        likely = sorted(takers, key=lambda taker: -len(taker.fields & giver.fields))
        for name in sorted(giver.types):
            yield giver.only(name), [taker.only(name) for taker in likely if name in taker.types]


def _fewest(answers: Iterable[Iterator[str]]) -> list[str]:
    """Return the shortest list of sentences: what the alternative that fits best says."""
    return min(map(list, answers), key=len, default=[])


def _get_children(
    before: _Alternative, after: _Alternative
) -> Iterator[tuple[str, Schema, Schema]]:
    """Yield the name and the schemas of what an array or an object holds, besides properties."""
    old, new = before.schema, after.schema
    pairs = zip(old.get('prefixItems', ()), new.get('prefixItems', ()), strict=False)
    for index, (child, other) in enumerate(pairs):
        yield f'[{index}]', child, other
    for name, word, kind in (('[]', 'items', 'array'), ('.*', 'additionalProperties', 'object')):
        children = [item.get(word, True) for item in (old, new)]
        is_known = any(isinstance(item, dict) for item in children) and False not in children
        if is_known and kind in before.types & after.types:
            # What is left out allows anything; False, nothing, is told by the object itself.
            child, other = ({} if item is True else item for item in children)
            yield name, child, other


def _shape(path: str) -> str:
    return re.sub('{[^}]*}', '{}', path)


def _key(parameter: Schema) -> tuple[str, str]:
    return parameter['in'], parameter['name']


def _demands_user(operation: Schema) -> bool:
    security = operation.get('security', [])
    return bool(security) and {} not in security


def _get_schemes(demand: Schema, document: Schema) -> list[Schema]:
    """Return how a client proves who it is; the names of schemes are the document's business."""
    known = document.get('components', {}).get('securitySchemes', {})
    words = ('type', 'scheme', 'in', 'name')
    schemes = [_follow(known.get(name, {}), document) for name in demand]
    return [{word: scheme.get(word) for word in words} for scheme in schemes]


def _all_types(alternatives: Iterable[_Alternative]) -> frozenset[str]:
    return frozenset().union(*(alternative.types for alternative in alternatives))


def _types(schema: Schema) -> frozenset[str]:
    """Return the JSON types that *schema* takes. An integer is a number as well."""
    if schema.get('enum') == [None]:
        return frozenset({'null'})
    if schema.get('not') == {}:
        return frozenset()
    types = schema.get('type')
    if types is None:
        return ALL_TYPES
    found = {types} if isinstance(types, str) else set(types)
    found |= {'integer'} if 'number' in found else set()
    return frozenset(found | ({'null'} if schema.get('nullable') else set()))


def _narrower_words(place: str, old: Schema, new: Schema) -> Iterator[str]:
    if 'enum' in new:
        lost = [value for value in old.get('enum', ()) if value not in new['enum']]
        if lost:
            yield f'{place} no longer takes {_listed(lost)}.'
        if 'enum' not in old:
            yield f'{place} now takes nothing but {_listed(new["enum"])}.'
    for word, greater_allows_less in LIMITS.items():
        limit, before = new.get(word), old.get(word)
        if isinstance(limit, bool) or limit is None or limit == before:
            continue
        if before is None or (limit > before) is greater_allows_less:
            yield f'{place} is now limited by {word} {limit}' + (
                '.' if before is None else f', before {before}.'
            )
    for word in ('pattern', 'format', 'multipleOf'):
        if word in new and new[word] != old.get(word):
            yield f'{place} must now fit the {word} {new[word]!r}.'
    if new.get('uniqueItems') and not old.get('uniqueItems'):
        yield f'{place} must now have unique items.'


def _is_closed(schema: Schema) -> bool:
    return schema.get('additionalProperties') is False


def _common(old: Schema, new: Schema, key: str) -> Iterator[tuple[str, Schema, Schema]]:
    for name, child in old.get(key, {}).items():
        if name in new.get(key, {}):
            yield name, child, new[key][name]


def _listed(values: Iterable[Any]) -> str:
    return ', '.join(sorted(map(str, values)))
