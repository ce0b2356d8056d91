"""The document as pages for a browser: API Star's own, Swagger UI and Redoc.

Served, they take their assets from `static_url`. Written to a folder, they bring them along and
open without a server.
"""

import importlib.util
import shutil
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path

import apistar
import jinja2

from django_apistar.documentation import LANGUAGES, build_document
from django_apistar.routing import RouteEntry
from django_apistar.schema.dialect import Schema
from django_apistar.schema.rendering import render

SIDECAR = 'drf_spectacular_sidecar'  # the package that brings Swagger UI and Redoc
ASSETS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # styles, scripts
    'swagger': (
        (f'{SIDECAR}/swagger-ui-dist/swagger-ui.css',),
        (f'{SIDECAR}/swagger-ui-dist/swagger-ui-bundle.js',),
    ),
    'redoc': ((), (f'{SIDECAR}/redoc/bundles/redoc.standalone.js',)),
}
PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{title}</title>
{styles}  </head>
  <body>
    <div id="docs-ui" data-ui="{ui}" data-url="{url}"></div>
{scripts}  </body>
</html>
"""


def is_ui_installed() -> bool:
    """Return whether Swagger UI and Redoc are there: the extra docs-ui."""
    return importlib.util.find_spec(SIDECAR) is not None


def render_ui(
    ui: str, title: str, static_url: Callable[[str], str], schema_url: str = '',
    scripts: Iterable[str] = (),
) -> str:  # fmt: skip
    """Return the page of *ui*, 'swagger' or 'redoc', for the document under *schema_url*.

    Without one, *scripts* (URLs) have to set `window.apiDocument`.
    """
    styles, own_scripts = ASSETS[ui]
    sources = [*map(static_url, own_scripts), *scripts, static_url('django_apistar/docs-ui.js')]
    return PAGE.format(
        title=escape(title), ui=ui, url=escape(schema_url),
        styles=''.join(
            f'    <link rel="stylesheet" href="{escape(static_url(style))}">\n' for style in styles
        ),
        scripts=''.join(f'    <script src="{escape(source)}"></script>\n' for source in sources),
    )  # fmt: skip


def write_folder(folder: Path, entries: Iterable[RouteEntry], document: Schema) -> list[str]:
    """Write the pages of *document* into *folder* and return their names. Raises OSError.

    `index.html` is API Star's page; the others are there where the extra docs-ui is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    info = document['info']
    pages = {'index.html': _render_apistar(entries, info)}
    _copy(Path(apistar.__file__).parent / 'static', folder / 'apistar')
    _copy(Path(__file__).parent.parent / 'static' / 'django_apistar', folder / 'django_apistar')
    (folder / 'schema.json').write_bytes(render(document, indent=2) + b'\n')
    if is_ui_installed():
        script = b'window.apiDocument = ' + render(document) + b'\n'
        (folder / 'schema.js').write_bytes(script)
        _copy(_sidecar_folder(), folder / SIDECAR)
        for ui in ASSETS:
            pages[f'{ui}.html'] = render_ui(ui, info['title'], str, scripts=['schema.js'])
    for name, page in pages.items():
        (folder / name).write_text(page, encoding='utf-8')
    return list(pages)


def _render_apistar(entries: Iterable[RouteEntry], info: Schema) -> str:
    described = build_document(entries)
    described.title, described.description = info['title'], info.get('description', '')
    described.version = info['version']
    loader = jinja2.PrefixLoader({'apistar': jinja2.PackageLoader('apistar', 'templates')})
    template = jinja2.Environment(autoescape=True, loader=loader).get_template(
        'apistar/docs/index.html'
    )
    page = template.render(
        document=described, langs=LANGUAGES, code_style=None, static_url=lambda name: name
    )
    script = '<script src="django_apistar/docs.js"></script>\n    </body>'
    return script.join(page.rsplit('</body>', 1))


def _sidecar_folder() -> Path:
    spec = importlib.util.find_spec(SIDECAR)
    [location] = spec.submodule_search_locations or [] if spec else []
    return Path(location) / 'static' / SIDECAR


def _copy(source: Path, target: Path) -> None:
    """Copy a folder of assets, without the source maps, which are larger than the rest."""
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns('*.map'))
