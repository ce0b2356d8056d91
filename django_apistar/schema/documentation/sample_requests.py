"""The request of an operation that its samples send."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from django_apistar.schema.dialect import Schema
from django_apistar.schema.documentation.examples import build_example
from django_apistar.schema.documentation.parts import Parts, as_list, as_mapping
from django_apistar.schema.documentation.samples import FORMS, JSON, Request

BASE = 'https://base-url.invalid'  # until the request for the page tells the real one
TEMPLATE = re.compile(r'{([^}]*)}')


def find_body(operation: Schema, parts: Parts) -> tuple[str, Any]:
    """Return media type and schema of the body of *operation*: its first that samples can send."""
    contents = as_mapping(parts.follow(operation.get('requestBody')).get('content'))
    known = [media_type for media_type in (JSON, *FORMS) if media_type in contents]
    for media_type in (*known, *contents):
        return media_type, as_mapping(contents[media_type]).get('schema')
    return '', None


def build_request(method: str, path: str, operation: Schema, parts: Parts) -> Request:
    parameters = [parts.follow(item) for item in as_list(operation.get('parameters'))]
    needed = [item for item in parameters if item.get('required') is True]
    values = {(item.get('in'), str(item.get('name'))): _build_value(item, parts) for item in needed}
    url = TEMPLATE.sub(
        lambda match: quote(_to_text(values.get(('path', match[1]), match[1])), safe=''), path
    )
    query = [
        (name, [_to_text(item) for item in value] if isinstance(value, list) else _to_text(value))
        for (place, name), value in values.items() if place == 'query'
    ]  # fmt: skip
    headers = {
        name: _to_text(value) for (place, name), value in values.items() if place == 'header'
    }
    scheme = _choose_scheme(operation, parts)
    media_type, schema = find_body(operation, parts)
    body = build_example(schema, parts.follow) if media_type else None
    files = tuple(_iter_files(schema, parts)) if media_type == FORMS[1] else ()
    return Request(
        method=method,
        url=BASE + url + ('?' + urlencode(query, doseq=True) if query else ''),
        headers={**_build_credentials(scheme), **headers},
        credentials=scheme.get('scheme') == 'basic',
        media_type='text/plain' if media_type == '*/*' else media_type,
        body={**as_mapping(body), **dict.fromkeys(files)} if media_type in FORMS else body,
        files=files,
        answer=_read_answer(operation, parts),
    )


def _build_value(parameter: Schema, parts: Parts) -> Any:
    if 'example' in parameter:
        return parameter['example']
    return build_example(parameter.get('schema'), parts.follow, str(parameter.get('name')))


def _to_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _choose_scheme(operation: Schema, parts: Parts) -> Schema:
    """Return the scheme that a program finds simplest: no cookie where there is another."""
    components = as_mapping(parts.document.get('components'))
    schemes = as_mapping(components.get('securitySchemes'))
    options = as_list(operation.get('security'))
    found = [as_mapping(schemes.get(name)) for option in options for name in as_mapping(option)]
    return min(found, key=lambda scheme: _RANKS.get(_name_kind(scheme), 2), default={})


_RANKS = {'bearer': 0, 'basic': 1, 'cookie': 3}


def _name_kind(scheme: Schema) -> str:
    return str(scheme.get('scheme') or scheme.get('in'))


def _build_credentials(scheme: Schema) -> dict[str, str]:
    if scheme.get('scheme') == 'bearer':
        return {'Authorization': 'Bearer YOUR_TOKEN'}
    if scheme.get('in') == 'header':
        return {str(scheme.get('name')): 'YOUR_KEY'}
    if scheme.get('in') == 'cookie':
        return {'Cookie': f'{scheme.get("name")}=YOUR_SESSION'}
    return {}


def _iter_files(schema: object, parts: Parts) -> Iterator[str]:
    for name, child in as_mapping(parts.follow(schema).get('properties')).items():
        if parts.follow(child).get('format') == 'binary':
            yield str(name)


def _read_answer(operation: Schema, parts: Parts) -> str:
    """Return how to read the first success: 'json', 'text', or '' for nothing to read."""
    responses = as_mapping(operation.get('responses'))
    for status, response in sorted(responses.items()):
        if status.startswith('2'):
            contents = as_mapping(parts.follow(response).get('content'))
            kinds = ['json' if 'json' in media_type else 'text' for media_type in contents]
            return kinds[0] if kinds else ''
    return ''
