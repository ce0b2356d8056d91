"""Parts of a document, which handlers may have laid anything over."""

from typing import Any

from django_apistar.schema.dialect import Schema

LONGEST = 10  # references that lead to references


class Parts:
    """Finds the parts of one *document*, of OpenAPI 3.1."""

    def __init__(self, document: Schema) -> None:
        self.document = document

    def follow(self, node: Any) -> Schema:
        """Return *node*, or what it refers to, with the words beside the reference."""
        for _ in range(LONGEST):
            ref = as_mapping(node).get('$ref')
            if not isinstance(ref, str) or not ref.startswith('#/'):
                return as_mapping(node)
            target: Any = self.document
            for name in ref[2:].split('/'):
                target = as_mapping(target).get(name)
            beside = {key: value for key, value in node.items() if key != '$ref'}
            node = {**as_mapping(target), **beside}
        return {}


def as_mapping(node: object) -> Schema:
    return node if isinstance(node, dict) else {}


def as_list(node: object) -> list[Any]:
    return node if isinstance(node, list) else []
