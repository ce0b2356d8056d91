"""A body with ever so many mistakes: a thousand of them are told, and no more are looked for."""

from __future__ import annotations

import itertools
import json
from typing import Any, List

import pytest
from apistar import Route, types, validators

from django_apistar.application import App
from management_tests.accelerate.dice import outcome
from management_tests.support.oracle import Accelerated, Plain, ask, build

in_both = pytest.mark.parametrize('app_class', [Plain, Accelerated])


class Cell(types.Type):
    n = validators.Integer(maximum=3)


class Row(types.Type):
    cells = validators.Array(items=Cell, default=list)
    pair = validators.Array(
        items=[validators.Integer(), validators.String()], additional_items=validators.Boolean(),
        default=list,
    )  # fmt: skip
    once = validators.Array(unique_items=True, default=list)
    prices = validators.Object(additional_properties=validators.Number(), default=dict)
    known = validators.Object(
        properties={'a': validators.Any()}, additional_properties=False, default=dict
    )
    named = validators.Object(pattern_properties={'^x': validators.Integer()}, default=dict)


def refuse(row: Row) -> None: ...


def refuse_all(rows: List[Row]) -> None: ...


def ask_for_messages(app_class: type[App], handler: Any, body: object) -> Any:
    app = build(app_class, Route('/', 'POST', handler))
    answer = ask(app, '/', 'POST', body=json.dumps(body).encode())
    return answer.code, json.loads(answer.body)


BIG = 'Must be less than or equal to 3.'
NO_NUMBER, NO_TEXT = 'Must be a number.', 'Must be a string.'
NO_TRUTH = 'Must be a valid boolean.'
TWICE, UNKNOWN = 'This item is not unique.', 'Invalid property name.'
# By member: its value with 1,200 mistakes, and the messages of the first 1,000.
MANY: dict[str, tuple[object, dict[object, object]]] = {
    'cells': ([{'n': 9}] * 1200, {str(at): {'n': BIG} for at in range(1000)}),
    'pair': (
        ['', 1, *['x'] * 1200],
        {'0': NO_NUMBER, '1': NO_TEXT, **{str(at): NO_TRUTH for at in range(2, 1000)}},
    ),
    'once': ([0] * 1201, {str(at): TWICE for at in range(1, 1001)}),
    'prices': ({f'k{at}': '' for at in range(1200)}, {f'k{at}': NO_NUMBER for at in range(1000)}),
    'known': ({f'k{at}': 0 for at in range(1200)}, {f'k{at}': UNKNOWN for at in range(1000)}),
    'named': ({f'x{at}': '' for at in range(1200)}, {f'x{at}': NO_NUMBER for at in range(1000)}),
}


@in_both
@pytest.mark.parametrize('name', MANY)
def test_a_thousand_mistakes_of_an_array_or_object_are_told(app_class, name: str) -> None:
    value, messages = MANY[name]

    assert ask_for_messages(app_class, refuse, {name: value}) == (400, {name: messages})


@in_both
@pytest.mark.parametrize('name', MANY)
def test_each_of_fewer_mistakes_is_told(app_class, name: str) -> None:
    value, messages = MANY[name]
    few = dict(list(value.items())[:999]) if isinstance(value, dict) else value[:999]
    told = {
        key: text
        for key, text in messages.items()
        if key in few or (str(key).isdecimal() and int(key) < 999)
    }

    assert ask_for_messages(app_class, refuse, {name: few}) == (400, {name: told})


@in_both
@pytest.mark.parametrize('limit', ['min_properties', 'max_properties'])
def test_an_object_at_the_limit_of_its_size_has_a_thousand_mistakes_told(app_class, limit) -> None:
    class Full(types.Type):
        prices = validators.Object(additional_properties=validators.Number(), **{limit: 1200})

    def refuse_full(full: Any) -> None: ...

    refuse_full.__annotations__['full'] = Full
    value, messages = MANY['prices']
    assert ask_for_messages(app_class, refuse_full, {'prices': value}) == (
        400, {'prices': messages}
    )  # fmt: skip


@in_both
def test_mistakes_are_counted_in_all_items_together(app_class) -> None:
    rows = [{'cells': [{'n': 9}] * 300}] * 10
    cells = {str(at): {'n': BIG} for at in range(300)}

    assert ask_for_messages(app_class, refuse_all, rows) == (
        400, {str(at): {'cells': cells} for at in range(4)},
    )  # fmt: skip


@in_both
def test_valid_items_before_and_between_mistakes_are_not_counted(app_class) -> None:
    cells = [{'n': 1}, {'n': 9}] * 1200

    assert ask_for_messages(app_class, refuse, {'cells': cells}) == (
        400, {'cells': {str(at): {'n': BIG} for at in range(1, 2000, 2)}},
    )  # fmt: skip


RULES = {
    'items': [None, validators.Integer(), Cell, [], [validators.Integer(), Cell]],
    'additional_items': [None, False, True, validators.String()],
    'min_items': [None, 1, 2],
    'max_items': [None, 2],
    'unique_items': [False, True],
    'allow_null': [False, True],
}
SENT = [
    None, 5, {}, (), [], [1], ['1'], [1, 1], [1, True], [1, {'n': 1}], [1, {'n': 9}], ['a', 'a'],
    [{'n': 1}, {'n': 1}], [1, {'n': 9}, 'a'], [1, {'n': 1}, 'a', 'a'], ['x', 5, None, 1.5],
    [[], [1]],
]  # fmt: skip


@pytest.mark.parametrize('allow_coerce', [False, True])
def test_arrays_are_validated_as_by_api_star(allow_coerce: bool) -> None:
    """`arrays`"""
    stock = validators.Array.validate.__wrapped__

    for values in itertools.product(*RULES.values()):
        validator = validators.Array(**dict(zip(RULES, values, strict=True)))
        for value in SENT:
            assert outcome(validator.validate, value, None, allow_coerce) == outcome(
                stock, validator, value, None, allow_coerce
            )
