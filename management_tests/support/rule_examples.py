"""The smallest example of each rule, in whole documents."""

from typing import Any

from django_apistar.schema.changes import Report, compare
from django_apistar.schema.changes.rules import Rule


def fire(rule: Rule) -> Report:
    """Return what is said of the example of *rule*."""
    return compare(build(rule, rule.before), build(rule, rule.after))


def build(rule: Rule, part: Any) -> dict[str, Any]:
    if rule.is_of_schemas:
        part = build_operation(rule.direction, part)
    elif 'openapi' in part or '$schema' in part:
        return dict(part)
    return {'openapi': '3.1.0', 'paths': {'/p/': {'post': part}}}


def build_operation(direction: str, schema: Any) -> dict[str, Any]:
    content = {'content': {'application/json': {'schema': schema}}}
    if direction == 'request':
        return {'requestBody': content, 'responses': {'200': {'description': 'OK'}}}
    return {'responses': {'200': {'description': 'OK', **content}}}
