"""API Star's documentation: the document of an App, its page and its schema."""

import weakref
from collections.abc import Iterable
from typing import Any

from apistar import http
from apistar.document import Document, Link, Section

from django_apistar import schema
from django_apistar.entries import RouteEntry
from django_apistar.schema.ui import render_ui

LANGUAGES = ['javascript', 'python']
_SCRIPT = '<script src="{url}"></script>\n    </body>'


def build_document(entries: Iterable[RouteEntry]) -> Any:
    """Return the Document of the documented *entries*, with a section for each Include.

    API Star's own leaves nested Includes out and writes prefixes into the user's routes. The
    sections are flat, 'outer:inner', as its page and its codecs walk one level.
    """
    content: list[Any] = []
    sections: dict[str, list[Any]] = {}
    names: dict[int, set[str]] = {}
    for entry in entries:
        if not entry.documented:
            continue
        siblings = content
        if entry.sections:
            siblings = sections.setdefault(':'.join(entry.sections), [])
        taken = names.setdefault(id(siblings), set())
        siblings.append(_build_link(entry, taken))
    return Document([*content, *(Section(name, links) for name, links in sections.items())])


def _build_link(entry: RouteEntry, taken: set[str]) -> Any:
    """Return a copy of the route's link with the whole path and a name that none has *taken*."""
    link = entry.route.link
    name, number = link.name, 1
    while name in taken:
        number += 1
        name = f'{link.name}_{number}'
    taken.add(name)
    return Link(
        url=entry.path, method=link.method, name=name, encoding=link.encoding,
        response=link.response, title=link.title, description=link.description,
        fields=link.fields,
    )  # fmt: skip


def render_page(app: Any) -> str:
    """Return the documentation page of *app* as HTML: API Star's, or that of `app.docs_ui`.

    API Star's language buttons do nothing by themselves: it never shipped their script.
    """
    if app.docs_ui != 'apistar':
        title = schema.info_of(app).title or schema.DEFAULT_TITLE
        return render_ui(app.docs_ui, title, app.static_url, app.reverse_url('serve_schema'))
    page: str = app.render_template(
        'apistar/docs/index.html', document=app.document, langs=LANGUAGES, code_style=None
    )
    script = _SCRIPT.format(url=app.static_url('django_apistar/docs.js'))
    return script.join(page.rsplit('</body>', 1))


def render_schema(app: Any) -> Any:
    """Return the response with the OpenAPI document of *app*, which is built once."""
    content = _SCHEMAS.get(app)
    if content is None:
        content = _SCHEMAS[app] = schema.render(schema.build_app_openapi(app))
    return http.Response(content, headers={'Content-Type': schema.MEDIA_TYPE})


_SCHEMAS: 'weakref.WeakKeyDictionary[Any, bytes]' = weakref.WeakKeyDictionary()
