"""API Star's documentation: the document of an App, its page and its schema."""

import dataclasses
import json
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from apistar import http
from apistar.document import Document, Link, Section
from django.conf import settings
from django.utils import translation

from django_apistar import schema
from django_apistar.api.errors import build_request
from django_apistar.compat.path_template import to_uri_template
from django_apistar.routes.entries import APIStarEntry
from django_apistar.schema import policy
from django_apistar.schema.documentation import page
from django_apistar.schema.project import DescribedApp
from django_apistar.schema.ui import render_ui

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SCRIPT = '<script src="{url}"></script>\n    </body>'


def build_document(entries: Iterable[APIStarEntry]) -> Document:
    """Return the Document of the documented *entries*, with a section for each Include.

    API Star's own leaves nested Includes out and writes prefixes into the user's routes. The
    sections are flat, 'outer:inner', as its page and its codecs walk one level.
    """
    content: list[Section | Link] = []
    sections: dict[str, list[Section | Link]] = {}
    names: dict[int, set[str]] = {}
    for entry in entries:
        link = entry.route.link
        if not entry.documented or link is None:
            continue
        siblings = content
        if entry.sections:
            siblings = sections.setdefault(':'.join(entry.sections), [])
        taken = names.setdefault(id(siblings), set())
        siblings.append(_build_link(entry, link, taken))
    return Document([*content, *(Section(name, links) for name, links in sections.items())])


def _build_link(entry: APIStarEntry, link: Link, taken: set[str]) -> Link:
    """Return a copy of *link* with the whole path and a name that none has *taken*."""
    name, number = link.name, 1
    while name in taken:
        number += 1
        name = f'{link.name}_{number}'
    taken.add(name)
    return Link(
        url=to_uri_template(entry.path), method=link.method, name=name, encoding=link.encoding,
        response=link.response, title=link.title, description=link.description,
        fields=link.fields,
    )  # fmt: skip


def render_page(app: DescribedApp, environ: 'WSGIEnvironment') -> http.Response:
    """Return the response with the documentation page of *app*: API Star's, or `app.docs_ui`'s."""
    nonce = policy.make_nonce()
    is_own = app.docs_ui == 'apistar'
    text = _render_apistar(app, environ, nonce) if is_own else _render_ui(app, nonce)
    sent = build_policy(app) if app.docs_csp == '' else app.docs_csp
    headers = {policy.HEADER: sent.replace(policy.NONCE, nonce)} if sent else {}
    return http.HTMLResponse(text, headers=headers)


def _render_apistar(app: DescribedApp, environ: 'WSGIEnvironment', nonce: str) -> str:
    context = _build_context(app)
    request = build_request(environ)
    own = f'{request.scheme}://{request.get_host()}{environ.get("SCRIPT_NAME", "")}/'
    text: str = app.render_template(page.TEMPLATE, csp_nonce=nonce, **context)
    return page.set_base(finish_page(text, app.static_url, nonce), page.find_base(app.servers, own))


def finish_page(text: str, static_url: Callable[[str], str], nonce: str) -> str:
    """Return the page *text* with our script, and with *nonce* for the scripts beside it.

    A template of API Star or of the project has the script too, for its buttons of languages.
    """
    script = _SCRIPT.format(url=static_url('django_apistar/docs.js'))
    text = script.join(text.rsplit('</body>', 1))
    return policy.add_nonce(text, nonce, _get_base(static_url))


def _get_base(static_url: Callable[[str], str]) -> str:
    return static_url('name').removesuffix('name')


def _render_ui(app: DescribedApp, nonce: str) -> str:
    title = schema.info_of(app).title or schema.DEFAULT_TITLE
    url = app.reverse_url('serve_schema')
    return render_ui(app.docs_ui, title, app.static_url, url, nonce=nonce)


def build_policy(app: DescribedApp) -> str:
    """Return the policy of the documentation page of *app*, with policy.NONCE in it."""
    origins = _build(app).origins if app.docs_ui == 'swagger' else ()
    return policy.build_policy(app.docs_ui, _get_base(app.static_url), origins)


def render_schema(app: DescribedApp) -> http.Response:
    """Return the response with the OpenAPI document of *app*, which is built once."""
    return http.Response(_build(app).content, headers={'Content-Type': schema.MEDIA_TYPE})


def _build_context(app: DescribedApp) -> dict[str, Any]:
    context = _CONTEXTS.get(app)
    if context is None:
        with translation.override(settings.LANGUAGE_CODE):
            context = page.build_context(app.document, json.loads(_build(app).content))
        _CONTEXTS[app] = context
    return context


@dataclasses.dataclass(frozen=True, slots=True)
class _Built:
    content: bytes
    origins: tuple[str, ...]  # of the servers that it names


def _build(app: DescribedApp) -> _Built:
    built = _DOCUMENTS.get(app)
    if built is None:
        with translation.override(settings.LANGUAGE_CODE):  # not the first client's
            document = schema.build_app_openapi(app)
        built = _Built(schema.render(document), policy.find_origins(document))
        _DOCUMENTS[app] = built
    return built


_DOCUMENTS: 'weakref.WeakKeyDictionary[DescribedApp, _Built]' = weakref.WeakKeyDictionary()
_CONTEXTS: 'weakref.WeakKeyDictionary[DescribedApp, dict[str, Any]]' = weakref.WeakKeyDictionary()
