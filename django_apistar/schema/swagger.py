"""The same document as Swagger 2.0, with what that version can say."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django_apistar.routes.entries import APIStarEntry
from django_apistar.schema.dialect import DIALECTS, Schema
from django_apistar.schema.openapi import Info, Surroundings, Warn, build_sections, describe
from django_apistar.schema.swagger_operations import Operations

SECTIONS = {'schemas': 'definitions', 'responses': 'responses'}


def build_swagger(
    entries: Iterable[APIStarEntry],
    info: Info | None = None,
    surroundings: Surroundings | None = None,
    warn: Warn = lambda sentence: None,
) -> Schema:
    """Return the Swagger 2.0 document of the documented *entries*."""
    info = info or Info()
    sections = build_sections(entries, info, surroundings, DIALECTS['2.0'], warn)
    described = describe(info, warn)
    components = sections.get('components', {})
    document: Schema = {'swagger': '2.0', 'info': described['info']}
    document |= _server(described['servers'])
    operations = Operations(_find_targets(components), warn)
    document['paths'] = {
        path: {method: operations.convert(operation) for method, operation in item.items()}
        for path, item in sections['paths'].items()
    }
    for source, target, convert in (
        ('schemas', 'definitions', dict),
        ('responses', 'responses', operations.response),
        ('securitySchemes', 'securityDefinitions', _security_scheme),
    ):
        found = components.get(source, {})
        if found:
            document[target] = _converted(found, convert)
    return document | {key: sections[key] for key in ('tags',) if key in sections}


def _converted(items: Mapping[str, Schema], convert: Callable[[Any], Schema]) -> Schema:
    return {name: convert(item) for name, item in items.items()}


def _find_targets(components: Schema) -> dict[str, str]:
    """Return {a `$ref` of either version: the same in Swagger 2.0}."""
    targets = {}
    for section, name in SECTIONS.items():
        for key in components.get(section, {}):
            targets[f'#/components/{section}/{key}'] = f'#/{name}/{key}'
            targets[f'#/{name}/{key}'] = f'#/{name}/{key}'
    return targets


def _server(servers: list[Schema]) -> Schema:
    """Return host, basePath and schemes of the first server: Swagger 2.0 has only one."""
    try:
        url = urlsplit(str(servers[0].get('url', '')))
    except ValueError:  # It is not a URL.
        return {}
    parts: Schema = {}
    if url.netloc and '{' not in url.netloc:
        parts['host'] = url.netloc
    if '{' not in url.path:
        parts['basePath'] = '/' + url.path.strip('/')
    if url.scheme in ('http', 'https'):
        parts['schemes'] = [url.scheme]
    return parts


def _security_scheme(scheme: Schema) -> Schema:
    """Return *scheme* for Swagger 2.0, which knows Basic; tokens and cookies are headers."""
    if scheme.get('type') == 'http' and scheme.get('scheme') == 'basic':
        return {'type': 'basic'}
    if scheme.get('type') == 'apiKey' and scheme.get('in') != 'cookie':
        return scheme
    header = 'Cookie' if scheme.get('in') == 'cookie' else 'Authorization'
    return {'type': 'apiKey', 'in': 'header', 'name': header}
