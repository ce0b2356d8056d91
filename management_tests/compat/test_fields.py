"""What a route's handler takes, as API Star's document has it: `fields`."""

from __future__ import annotations

import inspect
import json
from typing import Any, List, Optional

import pytest
from apistar import Route, http, types, validators
from apistar.exceptions import ConfigurationError

from django_apistar.compat.fields import get_item, is_type
from management_tests.support.oracle import ask, both_modes, build

pytestmark = pytest.mark.once


class Item(types.Type):
    name = validators.String()
    size = validators.Integer(default=1)


def take(
    id: int, other, plain: str, flag: bool = True, rate: Optional[float] = None,
    numbers: Optional[List[int]] = None, words: list[str] = ('a',), method: http.Method = None,
    *args: int, **rest: int,
) -> dict:  # fmt: skip
    return {}


def take_type(item: Item) -> dict:
    return {}


def take_type_or_none(item: Item = None) -> dict:
    return {}


def take_list(items: List[Item]) -> dict:
    return {}


def take_two(one: Item, two: List[Item], three: Item = None) -> dict:
    return {}


def describe(handler: Any, url: str = '/a/', method: str = 'POST') -> list[Any]:
    found = []
    for field in Route(url, method, handler).link.fields:
        schema = field.schema
        text = type(schema).__name__ if schema is not None else None
        if isinstance(schema, validators.Array):
            text += f' of {getattr(schema.items, "__name__", type(schema.items).__name__)}'
        if schema is not None and schema.has_default():
            text += f' = {schema.default!r}'
        if getattr(schema, 'allow_null', False):
            text += ' or null'
        found.append((field.name, field.location, field.required, text))
    return found


@pytest.mark.parametrize(
    ('handler', 'url', 'method', 'fields'),
    [
        (
            take, '/{id}/{+other}/', 'GET',
            [
                ('id', 'path', True, 'Integer'), ('other', 'path', True, None),
                ('plain', 'query', False, 'String'), ('flag', 'query', False, 'Boolean = True'),
                ('rate', 'query', False, 'Number = None or null'),
                ('numbers', 'query', False, 'Array of Integer = None or null'),
                ('words', 'query', False, "Array of String = ('a',)"),
            ],
        ),
        (
            take, '/', 'POST',
            [
                ('id', 'query', False, 'Integer'), ('other', 'query', False, None),
                ('plain', 'query', False, 'String'), ('flag', 'query', False, 'Boolean = True'),
                ('rate', 'query', False, 'Number = None or null'),
                ('numbers', 'query', False, 'Array of Integer = None or null'),
                ('words', 'query', False, "Array of String = ('a',)"),
            ],
        ),
        (take_type, '/', 'POST', [('item', 'body', True, 'Object')]),
        (take_type, '/', 'put', [('item', 'body', True, 'Object')]),
        (take_type_or_none, '/', 'PATCH', [('item', 'body', False, 'Object')]),
        (
            take_type, '/', 'GET',
            [('name', 'query', False, 'String'), ('size', 'query', False, 'Integer = 1')],
        ),
        (
            take_type, '/', 'delete',
            [('name', 'query', False, 'String'), ('size', 'query', False, 'Integer = 1')],
        ),
        (take_list, '/', 'POST', [('items', 'body', True, 'Array of Item')]),
    ],
)  # fmt: skip
def test_a_handler_takes_these_fields(
    handler: Any, url: str, method: str, fields: list[Any]
) -> None:
    assert describe(handler, url, method) == fields


def take_more(rate: Optional[float] = None, *args: int, size: int = 1, **rest: int) -> dict:
    return {'rate': rate, 'args': args, 'size': size, 'rest': rest}


@both_modes
def test_a_handler_that_takes_more_is_given_what_it_names(app_class: Any) -> None:
    app = build(app_class, Route('/', 'GET', take_more))

    answer = ask(app, query='rate=2.5&size=3&args=4&rest=5')

    assert (answer.status, json.loads(answer.body)) == (
        '200 OK', {'rate': 2.5, 'args': [], 'size': 3, 'rest': {}}
    )  # fmt: skip


def test_a_body_is_taken_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        describe(take_two)

    assert str(caught.value) == (
        f"{__name__}.take_two takes the body of a request 3 times, as 'one' and 'two' and 'three'. "
        'Make one Type of them.'
    )


@pytest.mark.parametrize('method', ['FETCH', '', 5])
def test_a_method_is_one_of_http(method: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        describe(take, '/b/', method)

    assert str(caught.value) == (
        f"The route '/b/' has the method {method!r}. Write one of GET, POST, PUT, PATCH, DELETE, "
        'OPTIONS, HEAD, TRACE.'
    )


@pytest.mark.parametrize(
    ('annotation', 'item'),
    [
        (List[int], int), (list[Item], Item), (list, None), (dict[str, int], None), (int, None),
        (list[[1]], None), (inspect.Parameter.empty, None),
    ],
)  # fmt: skip
def test_the_item_of_a_list(annotation: Any, item: Any) -> None:
    assert get_item(annotation) is item


@pytest.mark.parametrize(
    ('annotation', 'expected'),
    [(Item, True), (types.Type, True), (int, False), (Item({'name': 'a'}), False)],
)
def test_what_is_a_type(annotation: Any, expected: bool) -> None:
    assert is_type(annotation) is expected
