"""The introspection core: which framework serves a path, and what routes there are."""

import types
from typing import Any

import pytest
from apistar import Include, Route
from django.test import override_settings
from django.urls import include, path, re_path
from django.views import View

from django_apistar.application import get_route_table
from django_apistar.routes.entries import Framework, walk_apistar, walk_django
from django_apistar.routes.table import RouteTable

APISTAR, DJANGO, STATIC = Framework.APISTAR, Framework.DJANGO, Framework.STATIC


def handler() -> dict:
    return {}


def by_number(number: int) -> dict:
    return {}


class ReadOnly(View):
    def get(self, request: Any) -> None:
        """Never called."""


class OwnHead(ReadOnly):
    def head(self, request: Any) -> None:
        """Never called."""


class WriteOnly(View):
    def post(self, request: Any) -> None:
        """Never called."""


def table(*paths: str, prefixes: Any = (), static: str | None = '/static/', urls: Any = ()) -> Any:
    """Return the RouteTable of GET routes at *paths*."""
    urlconf = types.ModuleType('urls_of_a_test')
    urlconf.urlpatterns = list(urls)  # type: ignore[attr-defined]
    routes = [Route(url, 'GET', handler, name=url) for url in paths]
    return RouteTable(
        walk_apistar(routes), lambda entry, params: None, prefixes, static, urlconf  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ('path_info', 'framework'),
    [
        ('', APISTAR),
        ('/', APISTAR),
        ('/products/', APISTAR),
        ('/admin/', DJANGO),
        ('/admin', DJANGO),
        ('/admin/login/', DJANGO),
        ('/admin/../x', DJANGO),  # below the prefix as it is spelled; Django answers 404
        ('/administrate', APISTAR),
        ('/administrate/', APISTAR),
        ('/admin;x/', APISTAR),
        ('/admin\\x', APISTAR),
        ('/admin\0/', APISTAR),
        ('/admin%2f', APISTAR),  # decoded once already, by the server
        ('/ADMIN/', APISTAR),
        ('//admin/', APISTAR),
        ('///admin/', APISTAR),
        ('/./admin/', APISTAR),
        ('/x/../admin/', APISTAR),
        ('admin/', APISTAR),
        ('*', APISTAR),
        ('/static/', STATIC),
        ('/static/a.css', STATIC),
        ('/static', APISTAR),
        ('/statics/', APISTAR),
        ('//static/a.css', APISTAR),
        ('/caf\xc3\xa9/x/', DJANGO),  # as PEP 3333 spells it
        ('/caf\xe9/x/', APISTAR),
        ('/deep/er/x/', DJANGO),
        ('/deep/er', DJANGO),
        ('/deep/', APISTAR),
        ('/X/x', DJANGO),
        ('/noslash/x', DJANGO),
        ('/noslash', DJANGO),
        ('/noslashes', APISTAR),
    ],
)
def test_framework_for(path_info, framework):
    prefixes = ['/admin/', '/café/', '/deep/er/', '/noslash', '/X/']

    assert table(prefixes=prefixes).framework_for(path_info) is framework


def test_apistar_route_wins_over_the_slashless_prefix():
    assert table('/admin', prefixes=['/admin/']).framework_for('/admin') is APISTAR
    assert table('/admin', prefixes=['/admin/']).framework_for('/admin/') is DJANGO


def test_non_ascii_apistar_route_wins_over_the_slashless_prefix():
    assert table('/café', prefixes=['/café/']).framework_for('/caf\xc3\xa9') is APISTAR


def test_static_files_come_before_django():
    assert table(prefixes=['/static/']).framework_for('/static/a.css') is STATIC


def test_static_below_a_django_prefix_and_the_other_way_round():
    inside = table(prefixes=['/site/'], static='/site/static/')
    outside = table(prefixes=['/static/admin/'], static='/static/')

    assert inside.framework_for('/site/static/a.css') is STATIC
    assert inside.framework_for('/site/x/') is DJANGO
    assert outside.framework_for('/static/admin/x') is STATIC


def test_prefix_slash_gives_everything_to_django():
    everything = table(prefixes=['/'])

    assert everything.framework_for('/') is DJANGO
    assert everything.framework_for('/products/') is DJANGO
    assert everything.framework_for('/static/a.css') is STATIC


def test_without_prefixes_everything_is_apistars():
    assert table(static=None).framework_for('/static/a.css') is APISTAR
    assert table(static=None).framework_for('/admin/') is APISTAR


def test_number_of_prefixes_does_not_change_the_answer():
    prefixes = [f'/p{number}/' for number in range(1000)]

    many = table(prefixes=prefixes)

    assert [many.framework_for(f'/p{n}/x') for n in range(1000)] == [DJANGO] * 1000
    assert many.framework_for('/p1000/x') is APISTAR


# Entries


def test_entries_of_apistar():
    routes = [
        Route('/{number}/', 'get', by_number),
        Include('/outer', 'outer', [
            Include('/inner', 'inner', [Route('/', 'POST', handler, name='make')]),
        ]),
        Include('/hidden', 'hidden', [Route('/', 'GET', handler)], documented=False),
        Route('/secret/', 'GET', handler, name='secret', documented=False),
    ]  # fmt: skip

    entries = list(walk_apistar(routes))

    facts = [(e.path, e.name, e.methods, e.sections, e.documented) for e in entries]
    assert facts == [
        ('/{number}/', 'by_number', ('GET',), (), True),
        ('/outer/inner/', 'outer:inner:make', ('POST',), ('outer', 'inner'), True),
        ('/hidden/', 'hidden:handler', ('GET',), ('hidden',), False),
        ('/secret/', 'secret', ('GET',), (), False),
    ]
    assert entries[0].handler is by_number
    assert entries[0].handler_name == f'{__name__}.by_number'
    assert entries[0].source == f'{__file__}:{by_number.__code__.co_firstlineno}'


def test_walking_twice_changes_nothing():
    inner = Include('/inner', 'inner', [Route('/', 'GET', handler)])
    routes = [Include('/outer', 'outer', [inner])]

    first, second = list(walk_apistar(routes)), list(walk_apistar(routes))

    assert first == second
    assert inner.routes[0].url == '/'


def test_entries_of_django():
    """`entries`"""
    patterns = [
        path('a/<int:pk>/', ReadOnly.as_view(), name='a'),
        path('b/', OwnHead.as_view()),
        path('c/', WriteOnly.as_view()),
        path('ns/', include(([re_path(r'^x/(?P<y>.*)$', handler, name='x')], 'app'), 'ns')),
        path('plain/', include([path('', handler)])),
    ]

    entries = list(walk_django(patterns))

    assert [(e.path, e.name, e.methods) for e in entries] == [
        ('/a/<int:pk>/', 'a', ('GET', 'HEAD', 'OPTIONS')),
        ('/b/', '', ('GET', 'HEAD', 'OPTIONS')),
        ('/c/', '', ('POST', 'OPTIONS')),
        ('/ns/^x/(?P<y>.*)$', 'ns:x', ('*',)),
        ('/plain/', '', ('*',)),
    ]


def test_table_of_the_project_lists_apistar_then_django():
    frameworks = [entry.framework for entry in get_route_table()]

    assert frameworks == sorted(frameworks, key=[APISTAR, DJANGO].index)
    assert {APISTAR, DJANGO} == set(frameworks)


def test_urlconf_is_imported_only_when_djangos_routes_are_asked_for():
    with override_settings(ROOT_URLCONF='management_tests.no_such_urls'):
        apistar_entries = get_route_table().apistar_entries

        assert apistar_entries[0].path == '/'
        with pytest.raises(ModuleNotFoundError):
            list(get_route_table())


# Reachability


@pytest.mark.parametrize(
    ('pattern', 'reachable'),
    [
        (path('in/', handler), True),
        (path('in/<str:x>/', handler), True),
        (re_path(r'^in/([0-9]+)/$', handler), True),
        (re_path(r'^in/$', handler), True),
        (path('out/', handler), False),
        (path('<str:x>/', handler), True),  # GET /in/
        (path('<str:x>/deeper/', handler), True),
        (path('<int:x>/', handler), False),
        (path('', handler), False),
        (re_path(r'^inside/$', handler), False),
        (re_path(r'^.*$', handler), True),
        (re_path(r'^ins?/$', handler), True),
        (re_path(r'^(?:in|out)/list/$', handler), True),
        (re_path(r'^(?P<x>in|out)/(?P=x)/$', handler), True),
        (re_path(r'^(?:on|out)/$', handler), False),
        (re_path(r'^i\w\/list/$', handler), True),
        (re_path(r'^o[nu]/$|^out/$', handler), False),
        (re_path(r'^(?:o/n|out)/$', handler), False),
        (re_path(r'^[^/]t/$', handler), False),
        (re_path(r'^i[nm]/list/$', handler), True),
        (re_path(r'^out(/)list/(?:a|b)/$', handler), False),
    ],
)
def test_django_url_outside_the_prefixes_is_unreachable(pattern, reachable):
    routes = table(prefixes=['/in/'], urls=[pattern])

    [entry] = walk_django([pattern])
    assert routes.is_reachable(entry) is reachable


@pytest.mark.case('D17')
@pytest.mark.parametrize(
    ('url', 'reachable'),
    [
        ('/', True),
        ('/in/', False),
        ('/in', True),  # an exact route wins
        ('/in/{x}/', False),
        ('/in{x}/', True),
        ('/{x}/', True),
        ('/static/{+path}', False),
    ],
)
def test_apistar_route_below_a_prefix_is_unreachable(url, reachable):
    routes = table(url, prefixes=['/in/'])

    assert routes.is_reachable(routes.apistar_entries[0]) is reachable
