"""The look-up of a path by its segments: what it finds itself, and what it leaves to Werkzeug."""

import pytest

from django_apistar.accelerate.lookup import DIGITS, NUMBER, STRING, Lookup

pytestmark = pytest.mark.once

WERKZEUG = None  # can tell what the path leads to
N, D, S, T = ('n', NUMBER), ('d', DIGITS), ('s', STRING), ('t', STRING)
ROUTES = [
    (['', ''], 'GET'),  # 0
    (['', 'a', ''], 'GET'), (['', 'a', ''], 'POST'), (['', 'a'], 'PUT'),  # 1 to 3
    (['', 'n', N, ''], 'GET'), (['', 'n', N, ''], 'DELETE'),  # 4, 5
    (['', 'd', D], 'GET'), (['', 's', S, ''], 'GET'),  # 6, 7
    (['', 'both', N, ''], 'GET'), (['', 'both', S, ''], 'GET'), (['', 'both', S, 'x'], 'PUT'),
    (['', 'both', '5', ''], 'POST'),  # 8 to 11
    (['', 'mix', N], 'GET'), (['', 'mix', D, 'y'], 'GET'),  # 12, 13
    (['', 'wild', WERKZEUG], 'GET'), (['', 'wild', 'known'], 'GET'),  # 14, 15
    (['', 'deep', S, N, T], 'PATCH'), (['', 'deep', 'x', N, 'y'], 'GET'),  # 16, 17
    (['', 'head', ''], 'HEAD'), (['', 'head', ''], 'GET'),  # 18, 19
    (['', 'slash'], 'GET'), (['', 'slash', ''], 'GET'),  # 20, 21
    (['', 'twice', S], 'GET'), (['', 'twice', T], 'GET'),  # 22, 23
]  # fmt: skip
FOUND = [
    ('/', 'GET', (0, {})), ('/', 'HEAD', (0, {})), ('/a/', 'GET', (1, {})),
    ('/a/', 'POST', (2, {})),
    ('/a', 'PUT', (3, {})), ('/n/5/', 'GET', (4, {'n': 5})), ('/n/0012/', 'HEAD', (4, {'n': 12})),
    ('/n/5/', 'DELETE', (5, {'n': 5})), (f'/n/{"9" * 18}/', 'GET', (4, {'n': 10**18 - 1})),
    ('/d/5', 'GET', (6, {'d': 5})), ('/s/x/', 'GET', (7, {'s': 'x'})),
    ('/s/5/', 'GET', (7, {'s': '5'})), ('/s/a b/', 'GET', (7, {'s': 'a b'})),
    ('/s/.../', 'GET', (7, {'s': '...'})), ('/both/5/', 'GET', (8, {'n': 5})),
    ('/both/x/', 'GET', (9, {'s': 'x'})), ('/both/7/x', 'PUT', (10, {'s': '7'})),
    ('/both/5/x', 'PUT', (10, {'s': '5'})), ('/both/5/', 'POST', (11, {})),
    ('/wild/known', 'GET', (15, {})), ('/deep/x/5/y', 'GET', (17, {'n': 5})),
    ('/deep/x/5/y', 'PATCH', (16, {'s': 'x', 'n': 5, 't': 'y'})),
    ('/deep/z/5/x', 'PATCH', (16, {'s': 'z', 'n': 5, 't': 'x'})), ('/head/', 'HEAD', (18, {})),
    ('/head/', 'GET', (19, {})), ('/slash', 'GET', (20, {})), ('/slash/', 'GET', (21, {})),
    ('/twice/a', 'GET', (22, {'s': 'a'})),
]  # fmt: skip
# Of a path without a route there are none.
METHODS = [
    ('/', {'GET', 'HEAD'}), ('/a/', {'GET', 'HEAD', 'POST'}), ('/n/5/', {'GET', 'HEAD', 'DELETE'}),
    ('/d/5', {'GET', 'HEAD'}), ('/both/5/', {'GET', 'HEAD', 'POST'}), ('/both/x/', {'GET', 'HEAD'}),
    ('/both/7/x', {'PUT'}), ('/deep/x/5/y', {'GET', 'HEAD', 'PATCH'}), ('/deep/x/5/z', {'PATCH'}),
    ('/slash/', {'GET', 'HEAD'}), ('/twice/a', {'GET', 'HEAD'}),
    *((path, set()) for path in (
        '/a//', '/b', '/n/x/', '/n//', '/d/x', '/s//', '/deep/x/a/y', '/deep/x/5/', '/nope',
        '/nope/',
        '/a/b', '/n/5/x', '/deep', '/s', 'a', '//', '/both/x/y',
    )),
]  # fmt: skip
LEFT = [
    '', '/a', '/n/5', '/n/-5/', f'/n/{"1" * 19}/', '/n/\uff15/', '/n/²/', '/d/-5', '/s/./',
    '/s/../',
    '/s/a\\b/', '/s/a\tb/', '/s/é/', '/s/x', '/both/-5/', f'/both/{"1" * 19}/', '/mix/5',
    '/mix/5/y',
    '/mix/x', '/wild/x', '/wild/', '/é', '/slash', '/head',
]  # fmt: skip


@pytest.mark.parametrize(('path', 'method', 'found'), FOUND)
def test_a_path_leads_to_its_route(path, method, found):
    """`lookup`"""
    assert Lookup(ROUTES).find(path, method) == found


@pytest.mark.parametrize(('path', 'methods'), METHODS)
def test_of_another_method_those_of_the_path_are_told(path, methods):
    assert Lookup(ROUTES).find(path, 'OPTIONS') == methods


@pytest.mark.parametrize('path', LEFT)
def test_what_is_unusual_is_left_to_werkzeug(path):
    assert Lookup(ROUTES).find(path, 'OPTIONS') is WERKZEUG


def test_parameters_are_the_callers_to_change():
    lookup = Lookup(ROUTES)
    _, params = lookup.find('/n/5/', 'GET')
    params.clear()

    assert lookup.find('/n/5/', 'GET') == (4, {'n': 5})
