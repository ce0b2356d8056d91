"""Swagger UI and Redoc, from the package of the extra docs-ui. No asset comes from elsewhere."""

import importlib.util
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path

from django.conf import settings as django_settings

SIDECAR = 'drf_spectacular_sidecar'  # the package that brings Swagger UI and Redoc
ASSETS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # styles, scripts
    'swagger': (
        (f'{SIDECAR}/swagger-ui-dist/swagger-ui.css',),
        (f'{SIDECAR}/swagger-ui-dist/swagger-ui-bundle.js',),
    ),
    'redoc': ((), (f'{SIDECAR}/redoc/bundles/redoc.standalone.js',)),
}
ICON = 'apistar/img/favicon.ico'  # A browser that finds none asks for /favicon.ico, in vain.
PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{title}</title>
    <link rel="icon" href="{icon}">
{styles}  </head>
  <body>
    <div id="docs-ui" data-ui="{ui}" data-url="{url}" data-csrf-cookie="{csrf_cookie}"
         data-csrf-header="{csrf_header}"></div>
{scripts}  </body>
</html>
"""


def is_installed() -> bool:
    """Return whether Swagger UI and Redoc are there: the extra docs-ui."""
    return importlib.util.find_spec(SIDECAR) is not None


def render_ui(
    ui: str, title: str, static_url: Callable[[str], str], schema_url: str = '',
    scripts: Iterable[str] = (), *, nonce: str,
) -> str:  # fmt: skip
    """Return the page of *ui*, 'swagger' or 'redoc', for the document under *schema_url*.

    Without one, *scripts* (URLs) have to set `window.apiDocument`. Each script has the *nonce*.
    """
    styles, own_scripts = ASSETS[ui]
    header = django_settings.CSRF_HEADER_NAME.removeprefix('HTTP_').replace('_', '-')
    sources = [*map(static_url, own_scripts), *scripts, static_url('django_apistar/docs-ui.js')]
    return PAGE.format(
        csrf_cookie=escape(django_settings.CSRF_COOKIE_NAME), csrf_header=escape(header),
        title=escape(title), icon=escape(static_url(ICON)), ui=ui, url=escape(schema_url),
        styles=''.join(
            f'    <link rel="stylesheet" href="{escape(static_url(style))}">\n' for style in styles
        ),
        scripts=''.join(
            f'    <script nonce="{nonce}" src="{escape(source)}"></script>\n' for source in sources
        ),
    )  # fmt: skip


def sidecar_folder() -> Path:
    """Return the folder of the package's assets. Raises ValueError where it is not installed."""
    spec = importlib.util.find_spec(SIDECAR)
    [location] = spec.submodule_search_locations or [] if spec else []
    return Path(location) / 'static' / SIDECAR
