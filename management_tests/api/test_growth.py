"""Twice the bytes of a client take about twice the time, wherever a request holds them.

A door is a place of a request that is read before a handler runs. It is sent texts of hostile
repetition, a head, a unit again and again, a tail: those that have been found to hurt, and those
that hypothesis makes of the door's parts, more of them with FAULTS=full.
"""

from __future__ import annotations

import dataclasses
import gc
import logging
import math
import time
from collections.abc import Callable
from typing import Any

import pytest
from apistar import Route, http, types, validators
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from django_apistar.authentication.components import (
    DjangoBasicAuthentication,
    DjangoSessionAuthentication,
    DjangoTokenAuthentication,
    User,
)
from management_tests.support import gates
from management_tests.support.oracle import Accelerated, Plain, ask, build
from management_tests.support.raw_wsgi import call

pytestmark = pytest.mark.once

GROWTH = 2.5  # at most, from n characters to 2n, where
LONG_S = 0.02  # 2n take so long
LARGEST = 2**20  # or are so many
SMALLEST = 2**12
NOTHING_S = 0.002  # of CPU time, in which caches and the allocator tell more than the code


@dataclasses.dataclass(frozen=True)
class Hostile:
    """A text whose unit is repeated; '#' in it is another number each time."""

    head: str
    unit: str
    tail: str = ''

    def build(self, size: int) -> str:
        number = size // len(self.unit)
        middle = self.unit * number
        if '#' in self.unit:
            middle = ''.join(self.unit.replace('#', str(n)) for n in range(number))
        return self.head + middle + self.tail


@dataclasses.dataclass(frozen=True)
class Door:
    """`send` puts a text, whose characters are bytes, into a request to an App."""

    send: Callable[[Any, str], Any]
    heads: tuple[str, ...]
    units: tuple[str, ...]
    tails: tuple[str, ...] = ('',)

    def texts(self) -> st.SearchStrategy[Hostile]:
        units = st.lists(st.sampled_from(self.units), min_size=1, max_size=3).map(''.join)
        return st.builds(Hostile, st.sampled_from(self.heads), units, st.sampled_from(self.tails))


class Values(types.Type):
    text = validators.String(max_length=10, default='')
    day = validators.Date(allow_null=True)
    at = validators.Time(allow_null=True)
    moment = validators.DateTime(allow_null=True)
    number = validators.Number(allow_null=True)
    whole = validators.Integer(allow_null=True)
    flag = validators.Boolean(allow_null=True)
    many = validators.Array(items=validators.Integer(), unique_items=True, default=[])
    either = validators.Integer(allow_null=True) | validators.Date() | validators.Boolean()
    labels = validators.Object(
        pattern_properties={'^x': validators.Integer()},
        additional_properties=validators.String(), default={},
    )  # fmt: skip
    closed = validators.Object(additional_properties=False, default={})
    open = validators.Object(default={})


def drop(data: http.RequestData) -> None:
    pass


def drop_values(values: Values) -> None:
    pass


def drop_query(
    text: str = '', number: float = 0, whole: int = 0, flag: bool = False, many: list[int] = [],  # noqa: B006
) -> None:  # fmt: skip
    pass


def drop_headers(headers: http.Headers, cookie: http.Header, params: http.QueryParams) -> None:
    pass


def name_user(user: User) -> None:
    pass


def drop_path(name: str) -> None:
    pass


AUTHENTICATION = (
    DjangoBasicAuthentication(), DjangoTokenAuthentication(), DjangoSessionAuthentication(),
)  # fmt: skip
FORM = 'application/x-www-form-urlencoded'
MULTIPART = 'multipart/form-data; boundary=x'
PART = '--x\r\nContent-Disposition: form-data; name="a"'
APPS = {
    app_class.__name__: build(
        app_class,
        Route('/', 'POST', drop),
        Route('/values/', 'POST', drop_values),
        Route('/', 'GET', drop_query),
        Route('/headers/', 'GET', drop_headers),
        Route('/user/', 'POST', name_user),
        Route('/one/{name}/', 'GET', drop_path, name='one'),
        Route('/two/{+name}', 'GET', drop_path, name='two'),
        components=AUTHENTICATION,
    )
    for app_class in (Accelerated, Plain)
}  # fmt: skip


def post(app: Any, text: str, content_type: str = 'application/json', path: str = '/') -> Any:
    return ask(app, path, 'POST', body=text.encode('latin-1'), content_type=content_type)


class Pieces:
    """A body that comes byte by byte, as a slow client's may."""

    def __init__(self, text: str) -> None:
        self.bytes = iter(text)

    def read(self, size: int) -> bytes:
        return next(self.bytes, '').encode('latin-1')


def post_in_pieces(app: Any, text: str, **more: Any) -> Any:
    return ask(app, '/', 'POST', body=b' ', environ={'wsgi.input': Pieces(text), **more})


def in_header(name: str, path: str = '/headers/', method: str = 'GET') -> Any:
    return lambda app, text: ask(app, path, method, environ={name: text})


def in_static(name: str) -> Any:
    return lambda app, text: call('/static/apistar/css/base.css', **{name: text})


JSON_UNITS = (
    '"', '\\', '\\"', '[', '{"":', '[],', '{"":{}},', '"["', '"#":0,', '1', '1e100,', ' ',
    '\\ud83d\\ude00', '0' * 299 + ',', '\xff',
)  # fmt: skip
TEXT_UNITS = ('1', '-', '1-', '1:', ' ', '.', '_', '\\n', '\xd9\xa3')
QUERY_UNITS = ('&', '=', 'a=&', '#=b&', '%', '%41', '%C3', '+', ';', 'text=a&', 'many=1&', '\xff')
HEADER_UNITS = (
    ';', '=', ',', '"', '\\', '\\"', ';a=', ';a="', ';a=b', ";a*#*=utf-8''%41", '%', ' ', '\t',
    'a', 'a,', 'a;q=1,', '/', '\\101', ':', "'",
)  # fmt: skip
RANGE_UNITS = ('1-,', '-1,', '0-0,', ',', ' ', '-', '1', '"a",', 'W/"a",', '"', '\\')
HOST_UNITS = ('.', 'a.', ':', '[', '[:', 'a', '1', ',', ' ', '@', 'xn--a.')
PATH_UNITS = (
    '/', './', '../', 'a', '-', '1', 'a/', '%', '\\', '\0', '\xff', 'one/', 'one/a/', ';', 'é',
)  # fmt: skip
BREAKS = ('\r', '\n', '\r\n', '\r\n ', '\r\na: b', '--x', '\r\n--x', '\r\n--x \r\n')
DOORS = {
    'JSON': Door(post, ('', '[', '["', '[' * 257 + '"', '["\\u0041",'), JSON_UNITS, ('', '0]')),
    'body in pieces': Door(
        lambda app, text: post_in_pieces(app, text, CONTENT_LENGTH=str(len(text))), ('',), ('1',)
    ),
    'chunked body in pieces': Door(
        lambda app, text: post_in_pieces(
            app, text, CONTENT_LENGTH='', **{'wsgi.input_terminated': True}
        ),
        ('',), ('1',),
    ),
    'texts of a Type': Door(
        lambda app, text: post(app, text, path='/values/'),
        tuple(f'{{"{name}":"' for name in ('text', 'day', 'at', 'moment', 'number', 'whole')),
        TEXT_UNITS, ('"}',),
    ),
    'items of a Type': Door(
        lambda app, text: post(app, text, path='/values/'),
        ('{"many":[', '{"labels":{', '{"closed":{', '{'), ('#,', '1,', '[#],', '"x#":0,', '"#":0,'),
        ('0]}', '"":0}}', '"":0}'),
    ),
    'form': Door(lambda app, text: post(app, text, FORM), ('', 'a='), QUERY_UNITS),
    'head of a part': Door(
        lambda app, text: post(app, text, MULTIPART),
        (PART, f'{PART}; filename="', f'{PART}\r\nContent-Type: text/plain'),
        (*HEADER_UNITS, *BREAKS), ('\r\n\r\nv\r\n--x--',),
    ),
    'parts': Door(
        lambda app, text: post(app, text, MULTIPART),
        ('', f'{PART}\r\n\r\n', f'{PART}; filename=a\r\n\r\n'),
        (*BREAKS, '-', '\r\n--x--', f'\r\n{PART}\r\n\r\n', f'\r\n{PART};filename=a\r\n\r\n', 'a'),
        ('\r\n--x--', ''),
    ),
    'Content-Type': Door(
        lambda app, text: post(app, 'a=b', text),
        ('', 'application/json', f'{MULTIPART[:-1]}"', 'multipart/form-data'), HEADER_UNITS,
    ),
    'Content-Length': Door(
        lambda app, text: ask(app, '/', 'POST', body=b'1', environ={'CONTENT_LENGTH': text}),
        ('', '1'), ('0', '1', ' ', '\xd9\xa1', '-', '_', ','),
    ),
    'query string': Door(
        lambda app, text: ask(app, '/', query=text),
        ('', 'text=', 'whole=', 'number=', 'many='), (*QUERY_UNITS, *TEXT_UNITS),
    ),
    'any query string': Door(
        lambda app, text: ask(app, '/headers/', query=text), ('', 'a='), QUERY_UNITS
    ),
    'a header': Door(in_header('HTTP_COOKIE'), ('',), HEADER_UNITS),
    'Cookie': Door(
        in_header('HTTP_COOKIE', '/user/', 'POST'),
        ('', 'a="', 'sessionid="', 'sessionid='), HEADER_UNITS, ('', '"'),
    ),
    'Authorization': Door(
        in_header('HTTP_AUTHORIZATION', '/user/', 'POST'),
        ('', 'Basic ', 'Bearer ', 'Basic'), (*HEADER_UNITS, 'Og==', 'YTpi', '\xa0'), ('', '='),
    ),
    'path': Door(
        lambda app, text: ask(app, text), ('/', '/one/', '/two/'), PATH_UNITS, ('', '/')
    ),
    'path of a project': Door(
        lambda app, text: call(text), ('/', '/echo/', '/files/', '/static/'), PATH_UNITS, ('', '/')
    ),
    'Host': Door(
        lambda app, text: call(HTTP_HOST=text), ('', '[', 'a:', 'localhost:'), HOST_UNITS, ('', ']')
    ),
    'Range': Door(in_static('HTTP_RANGE'), ('', 'bytes=', 'bytes=0-'), RANGE_UNITS),
    'If-None-Match': Door(in_static('HTTP_IF_NONE_MATCH'), ('', '"'), RANGE_UNITS),
    'If-Modified-Since': Door(
        in_static('HTTP_IF_MODIFIED_SINCE'), ('', 'Thu, 01 Jan'),
        (*RANGE_UNITS, ' 1', ':1', '(', 'Jan '),
    ),
    'Accept-Encoding': Door(in_static('HTTP_ACCEPT_ENCODING'), ('', 'gzip'), HEADER_UNITS),
}  # fmt: skip
FOUND = (
    ('JSON', Hostile('[' * 257 + '"', '\\"')),
    ('JSON', Hostile('', '[')),
    ('JSON', Hostile('["', '0' * 299 + ',')),
    ('items of a Type', Hostile('{"labels":{', '"x#":0,', '"":0}}')),
    ('items of a Type', Hostile('{"labels":{', '"x#":0,', '"":""}}')),
    ('head of a part', Hostile(PART, ';', '\r\n\r\nv\r\n--x--')),
    ('parts', Hostile('', '--x\r\n', '')),
    ('Cookie', Hostile('a="', '\\"', '"')),
    ('Content-Type', Hostile('multipart/form-data', ';a=')),
    ('form', Hostile('a=', '%41')),
)  # fmt: skip


def measure_growth(send: Callable[[str], Any], hostile: Hostile) -> float:
    """Return what the time for 2n characters is to that for n: the mean of two doublings.

    One alone may cross the size of a cache.
    """
    size, times = SMALLEST, [0.0]
    while times[-1] < LONG_S and size < LARGEST:
        size *= 2
        times.append(_time(send, hostile.build(size)))
    if times[-1] < NOTHING_S or times[-1] < GROWTH * times[-2]:
        return 2
    small, large = hostile.build(size // 4), hostile.build(size)
    pairs = [(_time(send, small), _time(send, large)) for _ in range(7)]
    least_small, least_large = map(min, zip(*pairs, strict=True))
    return math.sqrt((least_large + NOTHING_S) / (least_small + NOTHING_S))


def _time(send: Callable[[str], Any], text: str) -> float:
    started = time.process_time()
    send(text)
    return time.process_time() - started


@pytest.fixture(autouse=True)
def quiet():
    """No log, and no collection, whose rounds come at sizes of their own."""
    logging.disable(logging.CRITICAL)
    gc.disable()
    yield
    gc.enable()
    logging.disable(logging.NOTSET)


@pytest.mark.case('F20')
@pytest.mark.django_db  # a connection that an earlier test has left is looked at
@pytest.mark.parametrize('mode', APPS)
@pytest.mark.parametrize(('door', 'hostile'), FOUND)
def test_repetition_that_was_found_to_hurt_costs_what_it_weighs(door, hostile, mode):
    assert measure_growth(lambda text: DOORS[door].send(APPS[mode], text), hostile) <= GROWTH


@pytest.mark.case('F20')
@pytest.mark.faults
@pytest.mark.django_db
@pytest.mark.parametrize('mode', APPS)
@pytest.mark.parametrize('door', DOORS)
def test_repetition_of_any_kind_costs_what_it_weighs(door, mode):
    @settings(
        max_examples=gates.choose(5, 50), derandomize=not gates.IS_FULL, database=None,
        deadline=None, phases=[Phase.generate],
    )  # fmt: skip
    @given(DOORS[door].texts())
    def send_twice(hostile):
        growth = measure_growth(lambda text: DOORS[door].send(APPS[mode], text), hostile)
        assert growth <= GROWTH, hostile

    send_twice()
