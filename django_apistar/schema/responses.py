"""What a handler answers: its return annotation, and the errors that the runtime gives."""

import inspect
import typing
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from apistar import http

from django_apistar.compat.signatures import Function, get_signature
from django_apistar.schema.annotations import is_stream
from django_apistar.schema.dialect import Schema
from django_apistar.schema.inputs import ANY_MEDIA_TYPE, Inputs
from django_apistar.schema.schemas import Schemas

EMPTY = inspect.Signature.empty
ANYTHING: Schema = {'*/*': {}}
DESCRIPTIONS = {
    '400': 'The request is malformed or does not validate.',
    '401': 'The request needs valid credentials.',
    '404': 'There is nothing under this URL, or a parameter of it is not valid.',
    '413': 'The body is larger than the server accepts.',
    '415': 'The Content-Type of the body is not known.',
    'default': 'Any other error, or an answer with a status of its own.',
}
ERROR_MESSAGES: Schema = {
    'description': 'Messages by field or parameter, nested as what was sent.',
    'type': 'object', 'additionalProperties': True,
}  # fmt: skip
ERROR_BODY = 'A message, or messages by field.'
NO_CONTENT = (204, 205)
_WORDS = {'summary', 'description'}  # what a reference may have beside it


def is_annotated(handler: Function) -> bool:
    return get_signature(handler).return_annotation is not EMPTY


def success_content(handler: Function, schemas: Schemas) -> Schema:
    """Return the media types of a normal answer and their schemas."""
    return _content_of(get_signature(handler).return_annotation, handler, schemas)


def _content_of(annotation: object, handler: Function, schemas: Schemas) -> Schema:
    if annotation is EMPTY:
        return ANYTHING
    if isinstance(annotation, type) and issubclass(annotation, http.Response):
        return _content_of_response(annotation)
    if is_stream(annotation) or annotation is Any:
        return ANYTHING
    if annotation is str:
        return {'text/html': {'schema': {'type': 'string'}}}
    if getattr(typing.get_origin(annotation), 'is_page', None) is True:
        schema = _add_page(annotation, _has_count(handler), schemas)
    else:
        schema = schemas.of(annotation)
    return {'application/json': {'schema': schema}}


def _has_count(handler: Function) -> bool:
    parameters = get_signature(handler).parameters.values()
    return all(getattr(item.annotation, 'has_count', True) for item in parameters)


def _add_page(annotation: object, has_count: bool, schemas: Schemas) -> Schema:
    """Return a reference to the schema of `Page[Product]`, added once: 'ProductPage'."""
    [row] = typing.get_args(annotation)
    url = schemas.dialect.nullable({'type': 'string', 'format': 'uri'})
    properties = {
        **({'count': {'type': 'integer', 'minimum': 0}} if has_count else {}),
        'next': url, 'previous': url,
        'results': {'type': 'array', 'items': schemas.of(row)},
    }  # fmt: skip
    page: Schema = {'type': 'object', 'properties': properties, 'required': list(properties)}
    for name, known in schemas.components.items():
        if known == page:
            return schemas.dialect.reference(name)
    kind = 'Page' if has_count else 'CursorPage'
    return schemas.add(f'{getattr(row, "__name__", "")}{kind}', page)


def _content_of_response(response_class: type[http.Response]) -> Schema:
    if response_class.media_type is None:
        return ANYTHING
    is_json = issubclass(response_class, http.JSONResponse)
    return {response_class.media_type: {'schema': {} if is_json else {'type': 'string'}}}


def success_responses(statuses: Iterable[int], content: Schema) -> Schema:
    return {
        str(status): {
            'description': _phrase(status),
            **({} if status in NO_CONTENT else {'content': content}),
        }
        for status in statuses
    }


def declared_responses(
    declared: Mapping[int, object], handler: Function, schemas: Schemas
) -> Schema:
    """Return the responses that *handler* declares by `responds`."""
    responses: Schema = {}
    for status, annotation in sorted(declared.items()):
        response: Schema = {'description': DESCRIPTIONS.get(str(status)) or _phrase(status)}
        if annotation is not None and status not in NO_CONTENT:
            content = _content_of(annotation, handler, schemas)
            response['content'] = _as_error(annotation, content) if status >= 400 else content
        responses[str(status)] = response
    return responses


def _as_error(annotation: object, content: Schema) -> Schema:
    """Return the *content* of an error: a problem has two media types, by Accept."""
    names = getattr(annotation, 'media_types', ())
    return dict.fromkeys(names, content['application/json']) if names else content


def error_statuses(inputs: Inputs, needs_user: bool, named: Iterable[int]) -> tuple[str, ...]:
    """Return the statuses of the errors that a request for this operation can meet.

    *named* are those of the handler's source; the others come from what runs around it.
    """
    queries, body = inputs.located('query'), inputs.body
    around = {
        '400': inputs.may_refuse_query or body is not None,
        '401': needs_user or inputs.reads_authorization,
        '404': bool(inputs.located('path')) or any(query.is_required for query in queries),
        '413': body is not None,
        '415': body is not None and body.media_types != ANY_MEDIA_TYPE,
    }
    statuses = {status for status, is_given in around.items() if is_given}
    return (*sorted(statuses | {str(status) for status in (*named, *inputs.statuses)}), 'default')


def error_name(status: str) -> str:
    """Return the response's name among the document's components: 'NotFound'."""
    return 'Error' if status == 'default' else _phrase(int(status)).title().replace(' ', '')


def add_error_contents(schemas: Schemas, problem: object) -> Schema:
    """Return the schema of every error by its media types; *problem*: the Type of problems."""
    json = {'application/json': _add_error_body(schemas)}
    return {'application/problem+json': schemas.of(problem), **json} if problem else json


def _add_error_body(schemas: Schemas) -> Schema:
    """Return a reference to the schema of every error's body, which is added to *schemas*."""
    if not schemas.dialect.has_alternatives:
        return schemas.add('ErrorBody', {'description': ERROR_BODY})
    messages = schemas.add('ErrorMessages', ERROR_MESSAGES)
    alternatives = schemas.dialect.any_of([{'type': 'string'}, messages])
    return schemas.add('ErrorBody', {'description': ERROR_BODY, **alternatives})


def error_response(status: str, contents: Mapping[str, Schema]) -> Schema:
    """Return the response object of an error; *contents* are schemas by media type."""
    response: Schema = {
        'description': DESCRIPTIONS.get(status) or f'{_phrase(int(status))}.',
        'content': {name: {'schema': schema} for name, schema in contents.items()},
    }
    if status == '401':
        header = {'description': 'How to authenticate.', 'schema': {'type': 'string'}}
        response['headers'] = {'WWW-Authenticate': header}
    return response


def add_wait(response: Schema) -> Schema:
    """Return *response*, a 429 of our own, with the header that it has."""
    header = {'description': 'Seconds to wait.', 'schema': {'type': 'integer'}}
    return {**response, 'headers': {'Retry-After': header}}


def describe_status(status: str) -> str:
    """Return the description of a response with that *status*, or 'default', that has none."""
    return DESCRIPTIONS.get(status) or _phrase(int(status))


def _phrase(status: int) -> str:
    # Python 3.13 renamed all but the teapot; the document is the same on every Python.
    renamed = {
        413: 'Content Too Large', 414: 'URI Too Long', 416: 'Range Not Satisfiable',
        418: 'Im A Teapot', 422: 'Unprocessable Content',
    }  # fmt: skip
    known = {item.value: item.phrase for item in HTTPStatus}
    return renamed.get(status) or known.get(status, f'Status {status}').replace('-', ' ')


def merged(base: Mapping[str, object], changes: Mapping[str, object]) -> Schema:
    """Return *base* with *changes* laid over it, key by key and as deep as both are mappings.

    A reference has nothing beside it but words: what it does not share replaces the whole.
    """
    if _refers(changes) or (_refers(base) and not changes.keys() <= _WORDS):
        return dict(changes)
    result = dict(base)
    for key, change in changes.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(change, Mapping):
            change = merged(old, change)
        result[key] = change
    return result


def narrowed(operation: Schema) -> Schema:
    """Return *operation* without the content that is anything beside content that is known."""
    responses = operation['responses']
    for response in responses.values() if isinstance(responses, dict) else ():
        content = response.get('content') if isinstance(response, dict) else None
        if isinstance(content, dict) and len(content) > 1:
            response['content'] = {
                media_type: found for media_type, found in content.items()
                if {media_type: found} != ANYTHING
            }  # fmt: skip
    return operation


def _refers(part: Mapping[str, object]) -> bool:
    return isinstance(part.get('$ref'), str)  # else it is the schema of a field of that name
