"""Which values a parameter of a path takes, in words: in errors and in near misses."""

from typing import Any

import pytest
from apistar import Route
from django.urls import path, re_path

from django_apistar.routes.entries import walk_apistar, walk_django
from django_apistar.routes.kinds import find_misfits
from django_apistar.routes.near_misses import find_near
from django_apistar.routes.table import RouteTable

pytestmark = pytest.mark.once


def integer(n: int) -> dict: ...


def number(n: float) -> dict: ...


def text(n: str) -> dict: ...


def anything(n) -> dict: ...


def view(request: Any) -> None:
    """Never called."""


UUID = '12345678-1234-1234-1234-123456789abc'
# A path, its handler, values that it takes, others, and what it takes in words.
APISTAR = [
    ('/{n}/', integer, [0, -1, '5', 10**18, '9' * 19], ['', 'a', 1.5, '+1', '\uff11', '9' * 20],
     'an integer'),
    ('/{n}/', number, [0, -1.5, '2.25', 5], ['', '.5', '5.', '1e5', 'nan', '1.2.3'], 'a number'),
    ('/{n}/', text, ['a', 'é b', 5, '\n'], ['', 'a/b', '/'], 'text without a slash'),
    ('/{n}/', anything, ['a', 5], ['a/b'], 'text without a slash'),
    ('/{+n}', text, ['a/b', '/', '\n', 5], [''], 'text'),
    ('/<path:n>', text, ['a/b', 5], [''], 'text'),
    ('/<n>/', text, ['a'], ['', 'a/b'], 'text without a slash'),
    ('/<string:n>/', text, ['a'], ['a/b'], 'text without a slash'),
    ('/<default:n>/', text, ['a'], ['a/b'], 'text without a slash'),
    ('/<int:n>/', integer, [0, '007'], [-1, 'a', 1.5, ''], 'an integer from 0 on'),
    ('/<float:n>/', number, [0.5, '1.0'], [1, -0.5, '.5', '1.', 'a'], 'a number with a point'),
    ('/<uuid:n>/', text, [UUID, UUID.upper()], ['a', UUID[1:], UUID + '0', UUID.replace('-', '')],
     'a UUID'),
    ('/<any(a,b):n>/', text, ['a', 'b'], ['c', 'ab', ''], 'a value of <any(a,b):n>'),
    ('/<string(length=2):n>/', text, ['ab'], ['a', 'abc'], 'a value of <string(length=2):n>'),
    ('/<int(min=3, max=5):n>/', integer, [3, 5], [2, 6, 'a'], 'a value of <int(min=3, max=5):n>'),
    ('/<int(signed=True):n>/', integer, [3, -5], ['a', 1.5], 'a value of <int(signed=True):n>'),
]  # fmt: skip
DJANGO = [
    ('<int:n>/', [0, '007'], [-1, 'a', ''], 'an integer from 0 on'),
    ('<str:n>/', ['a', 5], ['a/b', ''], 'text without a slash'),
    ('<n>/', ['a', 5], ['a/b', ''], 'text without a slash'),
    ('<uuid:n>/', [UUID], ['a', UUID[1:]], 'a UUID'),
    ('<path:n>', ['a/b', 'a'], [''], 'text'),
    ('<slug:n>/', ['a-b_1'], ['a b', 'é', ''], "a value of the converter 'slug'"),
]
known = pytest.mark.parametrize(('entry', 'taken', 'others', 'kind'), [
    *((next(walk_apistar([Route(url, 'GET', handler)])), *rest)
      for url, handler, *rest in APISTAR),
    *((next(walk_django([path(url, view)])), *rest) for url, *rest in DJANGO),
    # What a regular expression has in angle brackets is text.
    (next(walk_django([re_path('^<odd:n>/$', view)])), ['a/b'], [''],
     "a value of the converter 'odd'"),
], ids=lambda value: str(getattr(value, 'path', value)))  # fmt: skip


@known
def test_values_that_a_parameter_does_not_take(
    entry: Any, taken: Any, others: Any, kind: str
) -> None:
    """`kinds`"""
    assert [[*find_misfits(entry, {'n': value, 'm': '/'})] for value in taken] == [[]] * len(taken)
    assert [*find_misfits(entry, {'n': None})] == [*find_misfits(entry, {})] == []
    for value in others:
        assert [*find_misfits(entry, {'n': value})] == [f'n is {value!r}, which is not {kind}.']


def test_a_parameter_without_a_value_is_passed_over() -> None:
    [entry] = walk_apistar([Route('/{m}/{n}/{o}/', 'GET', integer)])

    found = [*find_misfits(entry, {'m': None, 'n': 'a', 'o': '/'})]

    assert found == [
        "n is 'a', which is not an integer.", "o is '/', which is not text without a slash.",
    ]  # fmt: skip


ROUTES = [
    Route('/', 'GET', text, name='root'),
    Route('/products/', 'GET', text), Route('/products/{n}/', 'GET', integer),
    Route('/products/{n}/parts/', 'GET', integer), Route('/products/', 'POST', text, name='add'),
    Route('/people/{n}/', 'GET', text), Route('/files/{+n}', 'GET', text),
    Route('/Papers/<uuid:n>/list', 'GET', text), Route('/page-{n}/', 'GET', integer),
    Route('/X/', 'GET', text, name='x'),
    Route('/w/<uuid:identifier>/', 'GET', text), Route('/v/{identifier_of_it}/', 'GET', text),
]  # fmt: skip
URLS = [path('shop/<int:n>/', view), re_path(r'^old/(?P<n>\d+)/$', view)]


def build_table() -> RouteTable:
    urlconf: Any = type('urls_of_a_test', (), {'urlpatterns': URLS})
    return RouteTable(walk_apistar(ROUTES), lambda *_: None, ['/shop/', '/old/'], urlconf=urlconf)


NEAR = [
    ('/', []), ('/quite/another/path', []),
    ('/product/', [
        ('/products/', "'product' is not 'products'"),
        ('/products/{n}/', "'product' is not 'products'"),
        ('/products/{n}/parts/', "'product' is not 'products'"),
    ]),
    ('/products', [
        ('/products/', ''), ('/products/{n}/', '{n} is missing'),
        ('/products/{n}/parts/', '{n} is missing'),
    ]),
    ('/products/a/', [
        ('/products/{n}/', 'n is not an integer'), ('/products/', "'a' is too much"),
        ('/products/{n}/parts/', 'n is not an integer'),
    ]),
    ('/products/1', [
        ('/products/{n}/', ''), ('/products/', "'1' is too much"),
        ('/products/{n}/parts/', 'parts is missing'),
    ]),
    ('/products/1/part/', [
        ('/products/{n}/parts/', "'part' is not 'parts'"), ('/products/', "'1' is too much"),
        ('/products/{n}/', "'part' is too much"),
    ]),
    ('/people/', [('/people/{n}/', '{n} is missing')]),
    ('/file/a/b', [('/files/{+n}', '')]),
    ('/papers/1/list', [('/Papers/<uuid:n>/list', "'papers' is not 'Papers'")]),
    ('/Papers/1/list/', [('/Papers/<uuid:n>/list', 'n is not a UUID')]),
    ('/w/1/', [
        ('/w/<uuid:identifier>/', 'identifier is not a UUID'),
        ('/v/{identifier_of_it}/', "'w' is not 'v'"),
    ]),
    ('/X/a', [
        ('/X/', "'a' is too much"), ('/w/<uuid:identifier>/', "'X' is not 'w'"),
        ('/v/{identifier_of_it}/', "'X' is not 'v'"),
    ]),
    ('/products/X/', [
        ('/products/{n}/', 'n is not an integer'), ('/products/', "'X' is too much"),
        ('/products/{n}/parts/', 'n is not an integer'),
    ]),
    ('/page-a/', [('/page-{n}/', '')]),
    ('/shop/a/', [('/shop/<int:n>/', 'n is not an integer from 0 on')]),
    ('/old/a/', [('/people/{n}/', "'old' is not 'people'")]),
    ('/^old/(?P<x>.*)', [('/^old/(?P<n>\\d+)/$', '')]),
]  # fmt: skip


@pytest.mark.parametrize(('path_info', 'near'), NEAR)
def test_routes_that_resemble_a_path(path_info: str, near: Any) -> None:
    """`near_misses`"""
    found = find_near(build_table(), path_info)

    assert [(miss.entry.path, miss.reason) for miss in found] == near
