"""The document as a folder of pages that open without a server.

API Star's own page, and with the extra docs-ui Swagger UI and Redoc beside it.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

import apistar
import jinja2

from django_apistar.routes.entries import APIStarEntry
from django_apistar.schema import policy, ui
from django_apistar.schema.dialect import Schema
from django_apistar.schema.documentation import page as documentation
from django_apistar.schema.rendering import render
from django_apistar.schema.served import build_document, finish_page

DEVELOPMENT = 'http://127.0.0.1:8000/'  # where no server is named, runapistar's own address


def write_folder(folder: Path, entries: Iterable[APIStarEntry], document: Schema) -> list[str]:
    """Write the pages of *document* into *folder* and return their names. Raises OSError.

    `index.html` is API Star's page; the others are there where the extra docs-ui is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    info, content = document['info'], render(document)
    nonce = policy.derive_nonce(content)
    pages = {'index.html': _render_apistar(entries, document, nonce)}
    _copy(Path(apistar.__file__).parent / 'static', folder / 'apistar')
    _copy(Path(__file__).parent.parent / 'static' / 'django_apistar', folder / 'django_apistar')
    (folder / 'schema.json').write_bytes(render(document, indent=2) + b'\n')
    if ui.is_installed():
        (folder / 'schema.js').write_bytes(b'window.apiDocument = ' + content + b'\n')
        _copy(ui.sidecar_folder(), folder / ui.SIDECAR)
        for name in ui.ASSETS:
            pages[f'{name}.html'] = ui.render_ui(
                name, info['title'], str, scripts=['schema.js'], nonce=nonce
            )
    allowed = policy.EXPORTED.format(nonce=nonce)
    for name, page in pages.items():
        (folder / name).write_text(policy.add_policy(page, allowed), encoding='utf-8')
    return list(pages)


def find_base(document: Schema) -> str:
    """Return the URL that the samples of API Star's page name."""
    return documentation.find_base(document['servers'], DEVELOPMENT)


def _render_apistar(entries: Iterable[APIStarEntry], document: Schema, nonce: str) -> str:
    info = document['info']
    described = build_document(entries)
    described.title, described.description = info['title'], info.get('description', '')
    described.version = info['version']
    environment = jinja2.Environment(autoescape=True, loader=documentation.build_loader())
    context = documentation.build_context(described, document)
    text = environment.get_template(documentation.TEMPLATE).render(static_url=str, **context)
    return finish_page(documentation.set_base(text, find_base(document)), str, nonce)


def _copy(source: Path, target: Path) -> None:
    """Copy a folder of assets, without the source maps, which are larger than the rest."""
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns('*.map'))
