"""What the templates of the documentation page are given, and where those templates are."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any
from urllib.parse import quote, urljoin

import jinja2
from apistar.document import Document, Link, Section

from django_apistar.schema.dialect import Schema
from django_apistar.schema.documentation.links import DescribedLink, Operations
from django_apistar.schema.documentation.markdown import render_markdown
from django_apistar.schema.documentation.parts import as_list, as_mapping
from django_apistar.schema.documentation.sample_requests import BASE
from django_apistar.schema.documentation.samples import WRITERS

TEMPLATE = 'apistar/docs/index.html'
URL_CHARACTERS = ':/?#[]@!$&()*+,;=%'  # all that a URL may have but the apostrophe


def build_loader() -> jinja2.BaseLoader:
    """Return the loader of our templates, which go before API Star's."""
    return jinja2.PackageLoader('django_apistar.schema.documentation')


def add_templates(templates: object) -> None:
    """Let an App's *templates* find ours: after the project's, before API Star's."""
    environment = getattr(templates, 'env', None)
    if environment is None:  # of an App with templates of its own kind, or without
        return
    loader = environment.loader
    loaders = [*loader.loaders] if isinstance(loader, jinja2.ChoiceLoader) else [loader]
    *own, stock = loaders
    environment.loader = jinja2.ChoiceLoader([*own, build_loader(), stock])


def build_context(document: Document, openapi: Schema, schema_url: str = '') -> dict[str, Any]:
    """Return what the templates get. *document*: API Star's, of the same routes as *openapi*."""
    return {
        'document': _describe(document, openapi),
        'langs': list(WRITERS),
        'markdown': render_markdown,
        'schema_url': schema_url,
    }


def _describe(document: Document, openapi: Schema) -> Document:
    operations = Operations(openapi)
    texts = {
        item.get('name'): item.get('description')
        for item in map(as_mapping, as_list(openapi.get('tags')))
    }
    content = [
        Section(item.name, _describe_links(item.get_links(), operations), item.title,
                item.description or texts.get(item.name) or '')
        if isinstance(item, Section) else _describe_link(item, operations)
        for item in document.content
    ]  # fmt: skip
    return Document(content, document.url, document.title, document.description, document.version)


def _describe_links(links: Iterable[Link], operations: Operations) -> list[DescribedLink]:
    return [_describe_link(link, operations) for link in links]


def _describe_link(link: Link, operations: Operations) -> DescribedLink:
    return DescribedLink(
        operations.find(link.method, link.url), url=link.url, method=link.method, name=link.name,
        encoding=link.encoding, response=link.response, title=link.title,
        description=link.description, fields=link.fields,
    )  # fmt: skip


def set_base(page: str, base: str) -> str:
    """Return *page* with *base*, the URL of the API, in its samples."""
    return page.replace(BASE, escape(quote(base.rstrip('/'), safe=URL_CHARACTERS)))


def find_base(servers: Iterable[object], own: str) -> str:
    """Return the URL of the first of *servers*, as SERVERS has them, seen from *own*."""
    server = next(iter(servers), '')
    server = server if isinstance(server, Mapping) else {'url': server}
    url = str(server.get('url', ''))
    for name, variable in as_mapping(server.get('variables')).items():
        url = url.replace(f'{{{name}}}', str(as_mapping(variable).get('default', '')))
    try:
        return urljoin(own, url)
    except ValueError:  # of no URL
        return own
