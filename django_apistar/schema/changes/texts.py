"""Parameters arrive as text, so a number and its digits are equal."""

from django_apistar.schema.changes.forms import get_forms
from django_apistar.schema.changes.keywords import Schema
from django_apistar.schema.changes.sources import Source

SCALARS = ['number', 'boolean', 'null']


def as_text(
    takers: Source, givers: Source, schema: object, given: object, is_query: bool
) -> object:
    """Return what *schema* takes where its values are written as text.

    Text that is free takes what a number is written as. One value is a list of one.
    """
    texts = get_forms(takers, schema, 'string')
    if any(not set().union(*form.words) - {'x-extensible-enum'} and form.values is None
           and not form.nots for form in texts):  # fmt: skip
        return {'anyOf': [schema, {'type': SCALARS}]}
    node = takers.look(schema)
    if isinstance(node, dict) and 'items' in node:
        items = as_text(takers, givers, node['items'], True, False)
        schema = {**node, 'items': items}
    lists = get_forms(takers, schema, 'array')
    if is_query and lists and not texts and not get_forms(givers, given, 'array'):
        ones = [_item(form.words) for form in lists if _may_be_one(form.words)]
        ones = [as_text(takers, givers, one, given, False) for one in ones]
        return {'anyOf': [schema, *ones]} if ones else schema
    return schema


def _item(words: tuple[Schema, ...]) -> object:
    return {'allOf': [word.get('items', True) for word in words]} if words else True


def _may_be_one(words: tuple[Schema, ...]) -> bool:
    return all(word.get('minItems', 0) <= 1 and word.get('maxItems', 1) >= 1 for word in words)
