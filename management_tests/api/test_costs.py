"""What a request costs: as much as it weighs, whatever its bytes are."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import List

import pytest
from apistar import Route, http, types, validators

from django_apistar.application import App
from management_tests.support.oracle import Accelerated, Plain, ask, build

pytestmark = pytest.mark.once

SIZE = 2_500_000  # bytes; Django's limit is a little more
MOST = 8  # times what json.loads takes for a list of small objects of that size


class Anything(types.Type):
    anything = validators.Any(default=None)


def drop(data: http.RequestData) -> None:
    """Read the body and no more."""


def drop_type(body: Anything) -> None:
    """Read the body for a Type, by orjson where plans may."""


def fill(unit: bytes, head: bytes = b'[', tail: bytes = b']', between: bytes = b',') -> bytes:
    """Return *head*, as many of *unit* as make SIZE bytes, and *tail*."""
    number = (SIZE - len(head) - len(tail)) // len(unit + between)
    return head + between.join([unit] * number) + tail


def nest(opening: bytes, closing: bytes, levels: int) -> bytes:
    return opening * levels + closing * levels


HOSTILE_JSON = {
    'open arrays': lambda: b'[' * SIZE,
    'arrays in arrays': lambda: nest(b'[', b']', SIZE // 2),
    'nests as deep as may be': lambda: fill(nest(b'[', b']', 255)),
    'nests of nine levels': lambda: fill(nest(b'[', b']', 9)),
    'a nest around lists': lambda: fill(b'[]', b'[' * 200, b']' * 200),
    'escaped quotes in a string without end': lambda: fill(b'\\"', b'[' * 257 + b'"', b'', b''),
    'quotes and brackets': lambda: fill(b'"[', b'[' * 255, b'', b''),
    'brackets behind escaped quotes': lambda: fill(b'"\\"["'),
    'floats beside half a character': lambda: fill(b'{"":1e1}', b'[1e100,"\\ud800",'),
    'objects and more behind them': lambda: fill(b'{"":{}}', tail=b'] x'),
    'objects and a long number': lambda: fill(b'{"":{}}', b'[%d,' % 10**30),
    'numbers below the least float': lambda: fill(b'1e-314'),
    'other numbers below it': lambda: b'[%b]' % b','.join(
        b'%de-%d' % (n // 80 + 1, n % 80 + 330) for n in range(SIZE // 10)
    ),
    'long numbers': lambda: fill(b'9' * 4300, b'["\\u0041",'),
}  # fmt: skip


class Row(types.Type):
    name = validators.String(default='')
    tags = validators.Array(items=validators.Integer(), default=None)
    prices = validators.Object(additional_properties=validators.Number(), default=None)


def drop_rows(rows: List[Row]) -> None:
    """Read the body for a list of Types."""


WRONG_ITEMS = {
    'rows': lambda: fill(b'1'),
    'names': lambda: fill(b'{"name":1}'),
    'tags of one row': lambda: fill(b'""', b'[{"tags":[', b']}]'),
    'tags of many rows': lambda: fill(b'{"tags":["","",""]}'),
    'prices': lambda: b'[{"prices":{%b}}]' % b','.join(b'"%x":""' % n for n in range(SIZE // 12)),
}  # fmt: skip
USUAL = fill(b'{"name": "Chair", "price": 12.5}', between=b', ')


def time_cpu(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def measure(read: Callable[[], object], body: bytes) -> float:
    """Return what part *read* takes of the time that it may take.

    It may take MOST times what `json.loads` takes for a usual body of SIZE, or what that takes for
    *body* itself: for lists in lists that is more, and suffers as much from who shares the caches.
    """

    def read_usual() -> None:
        json.loads(USUAL)

    def read_itself() -> None:
        with contextlib.suppress(ValueError, RecursionError):
            json.loads(body)

    part = time_cpu(read) / (MOST * time_cpu(read_usual))
    if part >= 1:  # One look tells what is below.
        runs = (read, read_usual, read_itself)
        times = [[time_cpu(run) for run in runs] for _ in range(3)]
        took, usual, itself = map(min, zip(*times, strict=True))
        part = took / max(MOST * usual, itself)
    return part


@pytest.mark.case('F19')
@pytest.mark.parametrize('name', HOSTILE_JSON)
@pytest.mark.parametrize('reader', ['json', 'orjson'])
def test_json_of_any_content_costs_no_more_than_it_weighs(reader: str, name: str) -> None:
    app = (
        build(Plain, Route('/', 'POST', drop)) if reader == 'json'
        else build(Accelerated, Route('/', 'POST', drop_type))
    )  # fmt: skip
    body = HOSTILE_JSON[name]()

    def read() -> None:
        assert ask(app, '/', 'POST', body=body).code in (200, 204, 400)

    assert measure(read, body) < 1


@pytest.mark.case('F19')
@pytest.mark.parametrize('name', WRONG_ITEMS)
@pytest.mark.parametrize('app_class', [Plain, Accelerated])
def test_wrong_items_cost_no_more_than_they_weigh(app_class: type[App], name: str) -> None:
    app = build(app_class, Route('/', 'POST', drop_rows))
    body = WRONG_ITEMS[name]()

    def refuse() -> None:
        answer = ask(app, '/', 'POST', body=body)
        assert answer.code == 400
        assert len(answer.body) < 100_000

    assert measure(refuse, body) < 1
