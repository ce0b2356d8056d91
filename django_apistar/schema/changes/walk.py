"""What belongs together in two documents: operations, parameters, media types, statuses.

Knows where things stand; what a difference means is judged elsewhere.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator

from django_apistar.schema.changes.changes import Place
from django_apistar.schema.changes.documents import Document
from django_apistar.schema.changes.keywords import MalformedError, Schema
from django_apistar.schema.changes.sources import Source

METHODS = ('get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query')
IGNORED_HEADERS = ('accept', 'content-type', 'authorization')  # OpenAPI says so


@dataclasses.dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one document, with what its path item says for it."""

    document: Document
    path: str
    content: Schema
    item: Schema

    @property
    def source(self) -> Source:
        return self.document.source

    def parameters(self) -> dict[tuple[str, str], Schema]:
        """Return the parameters by place and name; path parameters by their position."""
        found: dict[tuple[str, str], Schema] = {}
        for holder in (self.item, self.content):
            for item in holder.get('parameters') or ():
                try:
                    parameter = self.source.follow(item)
                    key = self._key(parameter)
                except (MalformedError, KeyError, AttributeError):
                    continue  # told by get_odd_parameters
                if key[0] != 'header' or key[1] not in IGNORED_HEADERS:
                    found[key] = parameter
        return found

    def odd_parameters(self) -> int:
        count = 0
        for holder in (self.item, self.content):
            for item in holder.get('parameters') or ():
                try:
                    self._key(self.source.follow(item))
                except (MalformedError, KeyError, AttributeError):
                    count += 1
        return count

    def _key(self, parameter: Schema) -> tuple[str, str]:
        place, name = parameter['in'], parameter['name']
        if place == 'path':
            names = re.findall(r'{([^}]*)}', self.path)
            name = str(names.index(name)) if name in names else name
        return place, name.lower() if place == 'header' else name


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """An operation in both documents. `is_hook`: the server sends it, as a webhook."""

    place: Place
    old: Operation
    new: Operation
    is_hook: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Lone:
    """What one document has and the other has not; `operation` is None for a whole path."""

    place: Place
    is_old: bool
    operations: list[Schema]
    is_hook: bool


def walk(old: Document, new: Document) -> Iterator[Pair | Lone]:
    yield from _walk_items(old, new, 'paths', False)
    yield from _walk_items(old, new, 'webhooks', True)


def _walk_items(old: Document, new: Document, key: str, is_hook: bool) -> Iterator[Pair | Lone]:
    olds, news = _items(old, key), _items(new, key)
    for shape, (path, item) in olds.items():
        if shape not in news:
            yield Lone(Place(path=path), True, _operations(item), is_hook)
        else:
            other_path, other = news[shape]
            sides = Operation(old, path, {}, item), Operation(new, other_path, {}, other)
            yield from _walk_methods(*sides, is_hook)
    for shape, (path, item) in news.items():
        if shape not in olds:
            yield Lone(Place(path=path), False, _operations(item), is_hook)


def _walk_methods(old: Operation, new: Operation, is_hook: bool) -> Iterator[Pair | Lone]:
    for method in METHODS:
        one, two = old.item.get(method), new.item.get(method)
        place = Place(method.upper(), old.path)
        if isinstance(one, dict) and isinstance(two, dict):
            before, after = (
                dataclasses.replace(old, content=one),
                dataclasses.replace(new, content=two),
            )
            yield Pair(place, before, after, is_hook)
        elif isinstance(one, dict):
            yield Lone(place, True, [one], is_hook)
        elif isinstance(two, dict):
            yield Lone(place, False, [two], is_hook)


def _items(document: Document, key: str) -> dict[str, tuple[str, Schema]]:
    """Return the path items by the shape of their paths: names of parameters mean nothing."""
    items = document.content.get(key)
    found = {}
    for path, item in items.items() if isinstance(items, dict) else ():
        try:
            followed = document.source.follow(item)
        except MalformedError:
            continue
        found[re.sub('{[^}]*}', '{}', path)] = (path, followed)
    return found


def _operations(item: Schema) -> list[Schema]:
    return [item[method] for method in METHODS if isinstance(item.get(method), dict)]


# Media types and statuses


def match_type(name: str, others: Iterable[str]) -> str | None:
    """Return the one of *others*, media types and ranges, that holds the media type *name*."""
    exact = {_essence(other): other for other in others}
    wanted = _essence(name)
    main = wanted.partition('/')[0]
    for candidate in (wanted, wanted.partition(';')[0], f'{main}/*', '*/*'):
        if candidate in exact:
            return str(exact[candidate])
    return None


def _essence(name: str) -> str:
    """Return *name* in lower case, without its charset."""
    kind, *parameters = (part.strip().lower() for part in name.split(';'))
    return ';'.join([kind, *sorted(part for part in parameters if not part.startswith('charset'))])


def is_success(status: str) -> bool:
    return status.startswith(('1', '2', '3'))


def match_status(status: str, others: Schema) -> list[str]:
    """Return those of *others*, statuses and ranges, that *status* is answered by."""
    if status in others:
        return [status]
    digit = status[:1]
    ranges = [other for other in others if other.upper() == f'{digit}XX']
    if status.upper() == f'{digit}XX':
        return ranges or [other for other in others if other[:1] == digit]
    if not ranges and is_success(status) and not any(map(is_success, others)):
        return ['default'] if 'default' in others else []
    return ranges
