"""A document that is compared: which language it is written in, and whether it can be read."""

from collections.abc import Iterable, Iterator

from django_apistar.schema.changes.keywords import Schema
from django_apistar.schema.changes.sources import NOWHERE, Source
from django_apistar.schema.changes.swagger import modernize_document

OPENAPI, SWAGGER, JSON_SCHEMA = 'OpenAPI', 'Swagger', 'JSON Schema'
DEEPEST = 400  # levels of a document
SCHEMA_WORDS = frozenset({
    '$schema', '$defs', 'definitions', 'type', 'properties', 'anyOf', 'oneOf', 'allOf', 'enum',
    'const', '$ref', 'items',
})  # fmt: skip


class UnreadableError(Exception):
    """A document that cannot be compared. The message says what it is, without its name."""


class Document:
    """`content` has paths, servers and security as OpenAPI 3 has them, in each language."""

    def __init__(self, content: Schema) -> None:
        self.kind = _get_kind(content)
        _check_depth(content)
        _check_circles(content)
        self.source = Source(content, _get_version(content, self.kind))
        self.content = modernize_document(content) if self.kind == SWAGGER else content


def _get_kind(content: Schema) -> str:
    if isinstance(content.get('openapi'), str) and content['openapi'].startswith('3.'):
        return OPENAPI
    if str(content.get('swagger')) in ('2.0', '2'):
        return SWAGGER
    if 'openapi' in content or 'swagger' in content:
        version = content.get('openapi', content.get('swagger'))
        raise UnreadableError(f'is of the version {version!r}; OpenAPI 3 and Swagger 2 are known')
    if SCHEMA_WORDS & content.keys() and 'paths' not in content:
        return JSON_SCHEMA
    raise UnreadableError('is neither OpenAPI, Swagger nor JSON Schema')


def _get_version(content: Schema, kind: str) -> str:
    if kind == SWAGGER:
        return '2.0'
    is_old = kind == OPENAPI and content['openapi'].startswith('3.0')
    return '3.0' if is_old else '3.1'


def iter_nodes(content: object) -> Iterator[Schema]:
    """Yield each object of *content*, without recursion."""
    waiting = [content]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _check_depth(content: Schema) -> None:
    level: list[object] = [content]
    for _ in range(DEEPEST):
        level = [child for node in level for child in _get_children(node)]
        if not level:
            return
    raise UnreadableError(f'is deeper than {DEEPEST} levels')


def _get_children(node: object) -> Iterable[object]:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def _check_circles(content: Schema) -> None:
    """A reference that leads to references alone, and back to itself, means nothing."""
    source = Source(content, '3.1')
    for start in iter_nodes(content):
        node: object = start
        seen: list[str] = []
        while isinstance(node, dict) and isinstance(node.get('$ref'), str):
            if node['$ref'] in seen:
                raise UnreadableError(f'holds the reference {seen[0]!r}, which is only a circle')
            seen.append(node['$ref'])
            found = source.peek(node['$ref'])
            node = found if found is not NOWHERE else None
