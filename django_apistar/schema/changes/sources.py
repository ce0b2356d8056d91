"""The schemas of one document: what its references lead to, and which values fit."""

import json
from typing import Any
from urllib.parse import unquote

from django_apistar.schema.changes.keywords import MalformedError, Node, Schema, modernize

NOWHERE = object()
LONGEST_CHAIN = 64  # references that lead to references


class Source:
    """A document. `unknown`: the references in it that nobody here can follow."""

    def __init__(self, document: Schema, version: str) -> None:
        self.document = document
        self.version = version
        self.unknown: dict[str, None] = {}
        self.caches: dict[str, dict[Any, Any]] = {}
        self._dumps: dict[int, tuple[object, str]] = {}

    def cache(self, name: str) -> dict[Any, Any]:
        return self.caches.setdefault(name, {})

    def read(self, schema: object) -> Node:
        """Return *schema* in the words of JSON Schema 2020-12. Raises MalformedError."""
        return modernize(schema, self.version)

    def find(self, ref: object) -> object:
        """Return what *ref* leads to, NOWHERE where it leads out of the document."""
        target = self.peek(ref)
        if target is NOWHERE:
            self.unknown[str(ref)] = None
        return target

    def peek(self, ref: object) -> object:
        """The same for who only looks whether it leads somewhere."""
        if not isinstance(ref, str) or not (ref == '#' or ref.startswith('#/')):
            return NOWHERE
        target: object = self.document
        for part in ref[2:].split('/') if len(ref) > 1 else ():
            target = _step(target, unquote(part).replace('~1', '/').replace('~0', '~'))
        return target

    def follow(self, item: object) -> Schema:
        """Return the object that *item* is or refers to. Raises MalformedError."""
        for _ in range(LONGEST_CHAIN):
            if not isinstance(item, dict):
                raise MalformedError
            if '$ref' not in item:
                return item
            item = self.find(item['$ref'])
        raise MalformedError  # a circle of references

    def look(self, schema: object) -> Node:
        """Return *schema* without references, and without an allOf of one, on its own level."""
        for _ in range(LONGEST_CHAIN):
            node = self.read(schema)
            if isinstance(node, dict) and '$ref' in node:
                target = self.find(node['$ref'])
                if target is NOWHERE:
                    return {}
                schema = target
            elif isinstance(node, dict) and _is_one(node.get('allOf')):
                rest = {word: value for word, value in node.items() if word != 'allOf'}
                inner = self.look(node['allOf'][0])
                return {**inner, **rest} if isinstance(inner, dict) else node
            else:
                return node
        return {}

    def key(self, schema: object) -> str:
        """Return a key of *schema* that equal schemas of this document share."""
        if isinstance(schema, dict) and len(schema) > 1:
            known = self._dumps.get(id(schema))
            if known is not None:
                return known[1]
            text = json.dumps(schema, sort_keys=True)
            self._dumps[id(schema)] = (schema, text)
            return text
        return json.dumps(schema, sort_keys=True)


def _is_one(items: object) -> bool:
    return isinstance(items, list) and len(items) == 1


def _step(target: object, part: str) -> object:
    if isinstance(target, dict):
        return target.get(part, NOWHERE)
    if isinstance(target, list) and part.isdecimal() and int(part) < len(target):
        return target[int(part)]
    return NOWHERE
