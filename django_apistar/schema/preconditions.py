"""What the document says of a handler that answers 304 and 412 by the client's preconditions."""

from collections.abc import Collection
from http import HTTPStatus

from django_apistar.compat.signatures import Function
from django_apistar.schema.dialect import Schema

SAFE = ('GET', 'HEAD')
NOT_MODIFIED = 'The client has the current version already.'
# By the header of an answer: what it says, and the preconditions of a read and of a write.
_HEADERS = {
    'ETag': ('The version of what is answered.', 'If-None-Match', 'If-Match'),
    'Last-Modified': ('When that was changed.', 'If-Modified-Since', 'If-Unmodified-Since'),
}
_MEANINGS = {
    'If-None-Match': 'ETags that the client has: 304 where one is current.',
    'If-Match': 'ETags that the client knows: 412 where none is current.',
    'If-Modified-Since': 'The date of what the client has: 304 where that is current.',
    'If-Unmodified-Since': 'The date of what the client knows: 412 where there is a newer version.',
}
_TEXT: Schema = {'type': 'string'}


def get_headers(handler: Function) -> Collection[str]:
    """Return the headers of versions that *handler* sends: none, where it asks no precondition."""
    headers: Collection[str] = getattr(handler, 'conditional_headers', ())
    return headers


def list_statuses(handler: Function) -> list[int]:
    """Return the errors of the preconditions of *handler*."""
    return [HTTPStatus.PRECONDITION_FAILED.value] if get_headers(handler) else []


def build_parameters(handler: Function, method: str) -> list[Schema]:
    """Return the headers by which a client makes its request for *handler* conditional."""
    names = [_HEADERS[name][1 if method in SAFE else 2] for name in get_headers(handler)]
    return [
        {'name': name, 'in': 'header', 'description': _MEANINGS[name], 'schema': _TEXT}
        for name in names
    ]


def add_versions(responses: Schema, handler: Function, method: str) -> Schema:
    """Return *responses*, the successes of *handler*, with headers and with 304."""
    if not get_headers(handler) or method not in SAFE:
        return responses
    headers = {
        name: {'description': _HEADERS[name][0], 'schema': _TEXT} for name in get_headers(handler)
    }
    found = {status: {**response, 'headers': headers} for status, response in responses.items()}
    return {**found, '304': {'description': NOT_MODIFIED, 'headers': headers}}
