"""The banner that runapistar prints before it serves."""

from __future__ import annotations

import dataclasses
import textwrap
from typing import TYPE_CHECKING

import apistar
import django
from django.template.defaultfilters import pluralize

import django_apistar
from django_apistar.routes.entries import Framework
from django_apistar.routes.reverse import NoReverseMatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.management.color import Style

    from django_apistar.routes.table import RouteTable

_LABEL_WIDTH = 9
_WIDTH = 80
UNREACHABLE = ' unreachable: '


@dataclasses.dataclass(frozen=True, slots=True)
class Banner:
    """The facts of a start. `addresses`: 'HOST:PORT', 'unix:PATH', …; URLs are paths or None."""

    settings_module: str
    addresses: tuple[str, ...]
    scheme: str
    docs_url: str | None
    admin_url: str | None
    server: str
    is_reloading: bool
    routes: str


def format_banner(banner: Banner, style: Style) -> str:
    """Return *banner* as lines in the colours of *style*, none wider than 80 columns.

    But a URL or a path is never broken.
    """
    title = (
        f'django-apistar {django_apistar.__version__}, API Star {apistar.__version__}, '
        f'Django {django.__version__}'
    )
    rows = [line for label, text in _rows(banner) for line in _format_row(label, text, style)]
    return '\n'.join([style.MIGRATE_HEADING(title), '', *rows, '', ''])


def _format_row(label: str, text: str, style: Style) -> Iterator[str]:
    paint = style.WARNING if UNREACHABLE in text else str
    lines = textwrap.wrap(
        text, _WIDTH - 2 - _LABEL_WIDTH, break_long_words=False, break_on_hyphens=False
    )
    for line in lines:
        yield f'  {style.MIGRATE_LABEL(label.ljust(_LABEL_WIDTH))}{paint(line)}'
        label = ''


def _rows(banner: Banner) -> Iterator[tuple[str, str]]:
    for address in banner.addresses:
        yield 'Site', format_url(banner, address, '/')
    first = min(banner.addresses, key=_is_local, default='')
    if banner.docs_url:
        yield 'Docs', format_url(banner, first, banner.docs_url)
    if banner.admin_url:
        yield 'Admin', format_url(banner, first, banner.admin_url)
    yield 'Server', banner.server + (', autoreload' if banner.is_reloading else '')
    yield 'Routes', banner.routes
    yield 'Settings', banner.settings_module


def _is_local(address: str) -> bool:
    return address.startswith(('unix:', 'fd:'))


def format_url(banner: Banner, address: str, path: str) -> str:
    """Return the URL of *path* at *address*. A Unix socket has none: it is returned as it is."""
    if not _is_local(address):
        return f'{banner.scheme}://{address}{path}'
    return address if path == '/' else path


def format_routes(table: RouteTable) -> str:
    """Return how many routes each framework has, and how many of them are unreachable."""
    frameworks = (
        (table.apistar_entries, 'API Star route'),
        (table.django_entries, 'Django URL'),
    )
    counts = ', '.join(f'{len(entries)} {noun}{pluralize(entries)}' for entries, noun in frameworks)
    unreachable = sum(not table.is_reachable(entry) for entry in table)
    if not unreachable:
        return f'{counts}, all reachable'
    return f'{counts}, {unreachable} unreachable: manage.py apistar_routes --unreachable'


def find_admin_url(table: RouteTable) -> str | None:
    """Return the path of the Django admin, None where it is not installed or unreachable."""
    try:
        url = table.reverse('admin:index')
    except NoReverseMatch:
        return None
    return url if table.framework_for(url) is Framework.DJANGO else None
