"""What the command shows before it serves, whole: `banner`."""

from __future__ import annotations

import dataclasses
from typing import Any

import apistar
import django
import pytest
from apistar import Route
from django.core.management.color import color_style, no_style
from django.test import override_settings
from django.urls import path

import django_apistar
from django_apistar.application import get_route_table
from django_apistar.server.banner import Banner, format_banner, format_routes, format_url

pytestmark = pytest.mark.once

TITLE = (
    f'django-apistar {django_apistar.__version__}, API Star {apistar.__version__}, '
    f'Django {django.__version__}'
)
USUAL = Banner(
    settings_module='shop.settings', addresses=('127.0.0.1:8000',), scheme='http', docs_url=None,
    admin_url=None, server='gunicorn 1, 2 workers', is_reloading=False, routes='1 API Star route',
)  # fmt: skip
# 69 columns, which a row has beside its label, and 70.
FITS = ' '.join(['a' * 22, 'a' * 22, 'a' * 23])
TOO_LONG = f'{FITS}b'


@pytest.mark.parametrize(
    ('changes', 'rows'),
    [
        (
            {},
            ['  Site     http://127.0.0.1:8000/', '  Server   gunicorn 1, 2 workers',
             '  Routes   1 API Star route', '  Settings shop.settings'],
        ),
        (
            {'docs_url': '/docs/', 'admin_url': '/admin/', 'is_reloading': True, 'scheme': 'https',
             'addresses': ('unix:/a/b', '[::1]:443', '0.0.0.0:444', 'fd://3')},
            ['  Site     unix:/a/b', '  Site     https://[::1]:443/',
             '  Site     https://0.0.0.0:444/', '  Site     fd://3',
             '  Docs     https://[::1]:443/docs/', '  Admin    https://[::1]:443/admin/',
             '  Server   gunicorn 1, 2 workers, autoreload', '  Routes   1 API Star route',
             '  Settings shop.settings'],
        ),
        (
            {'docs_url': '/docs/', 'admin_url': '/admin/', 'addresses': ('fd://3', 'unix:/a')},
            ['  Site     fd://3', '  Site     unix:/a', '  Docs     /docs/', '  Admin    /admin/',
             '  Server   gunicorn 1, 2 workers', '  Routes   1 API Star route',
             '  Settings shop.settings'],
        ),
        (
            {'routes': FITS, 'server': TOO_LONG, 'settings_module': 'a-' * 40,
             'addresses': ('a' * 80,)},
            [f'  Site     http://{"a" * 80}/', f'  Server   {"a" * 22} {"a" * 22}',
             f'           {"a" * 23}b', f'  Routes   {FITS}', f'  Settings {"a-" * 40}'],
        ),
    ],
)  # fmt: skip
def test_a_banner_has_these_rows(changes: Any, rows: list[str]) -> None:
    banner = dataclasses.replace(USUAL, **changes)

    assert format_banner(banner, no_style()) == '\n'.join([TITLE, '', *rows, '', ''])


def test_a_banner_on_a_terminal_has_colours() -> None:
    style = color_style(force_color=True)
    routes = f'{"a" * 60} unreachable: 1 b'
    title, _, site, server, first, second, settings, *_ = format_banner(
        dataclasses.replace(USUAL, routes=routes), style
    ).split('\n')

    assert title == style.MIGRATE_HEADING(TITLE) != TITLE
    assert site == f'  {style.MIGRATE_LABEL("Site     ")}http://127.0.0.1:8000/'
    assert server == f'  {style.MIGRATE_LABEL("Server   ")}gunicorn 1, 2 workers'
    assert first == f'  {style.MIGRATE_LABEL("Routes   ")}{style.WARNING("a" * 60)}'
    assert second == f'  {style.MIGRATE_LABEL("         ")}{style.WARNING("unreachable: 1 b")}'
    assert settings == f'  {style.MIGRATE_LABEL("Settings ")}shop.settings'


@pytest.mark.parametrize(
    ('address', 'path', 'url'),
    [
        ('a:1', '/', 'http://a:1/'), ('a:1', '/b', 'http://a:1/b'), ('unix:/a', '/', 'unix:/a'),
        ('unix:/a', '/b', '/b'), ('fd://3', '/', 'fd://3'), ('fd://3', '/b', '/b'),
    ],
)  # fmt: skip
def test_a_path_has_a_url_where_a_browser_can_reach_it(address: str, path: str, url: str) -> None:
    assert format_url(USUAL, address, path) == url


def hello() -> dict:
    return {}


@pytest.mark.parametrize(
    ('paths', 'prefixes', 'text'),
    [
        ([], ['/django/'], '1 API Star route, {urls}, all reachable'),
        (['/a/'], ['/django/'], '2 API Star routes, {urls}, all reachable'),
        (
            ['/a/', '/django/b/', '/django/c/'], ['/django/'],
            '4 API Star routes, {urls}, 2 unreachable: manage.py apistar_routes --unreachable',
        ),
    ],
)  # fmt: skip
def test_routes_are_counted_with_that_of_the_document(
    paths: list[str], prefixes: list[str], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    routes = [Route(each, 'GET', hello, name=each) for each in paths]
    monkeypatch.setattr('management_tests.project.routes.routes', routes)

    with override_settings(
        ROOT_URLCONF='management_tests.server.test_banner',
        APISTAR_SETTINGS={'ALLOWED_DJANGO_ROUTES': prefixes},
    ):
        assert format_routes(get_route_table()) == text.format(urls='1 Django URL')


def view(request: Any) -> None:
    """Django's only view."""


urlpatterns = [path('django/', view)]
