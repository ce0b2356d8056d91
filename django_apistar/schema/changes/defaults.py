"""What a schema says is meant where no value is sent."""

from django_apistar.schema.changes.keywords import Node
from django_apistar.schema.changes.values import write


def get_default(node: Node) -> list[object]:
    """Return [the default of *node*], [] where it has none."""
    return [node['default']] if isinstance(node, dict) and 'default' in node else []


def show_default(default: list[object]) -> str:
    return write(*default) if default else 'none'
