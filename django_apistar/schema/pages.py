"""The document as a folder of pages that open without a server.

API Star's own page, and with the extra docs-ui Swagger UI and Redoc beside it.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

import apistar
import jinja2

from django_apistar.documentation import LANGUAGES, build_document
from django_apistar.entries import RouteEntry
from django_apistar.schema import ui
from django_apistar.schema.dialect import Schema
from django_apistar.schema.rendering import render


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
    if ui.is_installed():
        script = b'window.apiDocument = ' + render(document) + b'\n'
        (folder / 'schema.js').write_bytes(script)
        _copy(ui.sidecar_folder(), folder / ui.SIDECAR)
        for name in ui.ASSETS:
            pages[f'{name}.html'] = ui.render_ui(name, info['title'], str, scripts=['schema.js'])
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


def _copy(source: Path, target: Path) -> None:
    """Copy a folder of assets, without the source maps, which are larger than the rest."""
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns('*.map'))
