"""Errors as RFC 9457 has them, for clients that prefer that to API Star's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.core.exceptions import NON_FIELD_ERRORS
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from django_apistar.api import responses
from django_apistar.conf.lazies import is_lazy

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from apistar.exceptions import HTTPException

PROBLEM, JSON = 'application/problem+json', 'application/json'
_TEXTS = ('type', 'title', 'detail', 'instance')  # members whose values are text
_OF_VALUES = frozenset((400, 404, 409, 422))  # whose details are messages by field
_Message = tuple[tuple[str, ...], Any]  # its path in what was sent, and text
_IN_FRAGMENT = "!$&'()*+,;=:@?~"  # RFC 3986, section 3.5, beside what `quote` leaves


def are_preferred(environ: WSGIEnvironment, is_default: bool) -> bool:
    """Return whether the client gets problems; *is_default*: unless it prefers JSON.

    Where it takes both alike, the default decides; but a client that names problems takes them
    before what it has only a wildcard for.
    """
    accept = environ.get('HTTP_ACCEPT') or ''
    if not is_default and 'problem' not in accept.lower():
        return False
    accepted = parse_accept_header(accept, MIMEAccept)
    if is_default:
        return accepted.quality(PROBLEM) >= accepted.quality(JSON)
    return accepted.best_match((JSON, PROBLEM)) == PROBLEM


def add_headers(headers: Mapping[str, str], media_type: str) -> dict[str, str]:
    """Return *headers*, those of an error, with its media type, which Accept has chosen."""
    named = {name.lower(): value for name, value in headers.items()}
    vary = ', '.join(filter(None, (named.get('vary'), 'Accept')))
    return {**named, 'content-type': media_type, 'vary': vary}


def build(exc: HTTPException, environ: WSGIEnvironment) -> dict[str, Any]:
    """Return the problem of the HTTPException *exc*: members that are its own, and ours."""
    status, detail = exc.status_code, exc.detail
    problem = {
        'type': 'about:blank', 'title': responses.STATUS_LINES[status][4:], 'status': status,
    }  # fmt: skip
    messages = [*_iter_messages(detail)] if status in _OF_VALUES else []
    if isinstance(detail, (dict, list)) and messages and all(map(_has_text, messages)):
        name = _name_parameter if _is_of_url(exc, environ) else _point
        return {**problem, 'errors': [{'detail': text, **name(path)} for path, text in messages]}
    members = _read_members(detail) if isinstance(detail, Mapping) else {'detail': str(detail)}
    return {**problem, **members}


def _read_members(detail: Mapping[Any, object]) -> dict[str, Any]:
    """Return *detail* as members of a problem. RFC 9457, section 3.1, ignores those of wrong type.

    A message is the detail, where there is no other.
    """
    members = {str(name): value for name, value in detail.items()}
    if isinstance(members.get('message'), str) and 'detail' not in members:
        members['detail'] = members.pop('message')
    wrong = {name for name in _TEXTS if not isinstance(members.get(name), str)}
    return {name: value for name, value in members.items() if name not in wrong | {'status'}}


def _iter_messages(detail: object, path: tuple[str, ...] = ()) -> Iterator[_Message]:
    """Yield (path, text) of each message in *detail*; what is no message as it is."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _iter_messages(value, (*path, str(key)))
    elif isinstance(detail, (list, tuple)):
        for text in detail:
            yield path, str(text) if is_lazy(text) else text
    else:
        yield path, str(detail) if is_lazy(detail) else detail


def _has_text(message: _Message) -> bool:
    return isinstance(message[1], str)


def _is_of_url(exc: HTTPException, environ: WSGIEnvironment) -> bool:
    """Return whether the messages of *exc* are about parameters, and not about a body."""
    if exc.status_code == 404 or getattr(exc, 'is_of_query', False):
        return True
    has_length = environ.get('CONTENT_LENGTH') not in (None, '', '0')
    return not has_length and 'HTTP_TRANSFER_ENCODING' not in environ


def _name_parameter(path: tuple[str, ...]) -> dict[str, str]:
    return {} if path in ((), (NON_FIELD_ERRORS,)) else {'parameter': '.'.join(path)}


def _point(path: tuple[str, ...]) -> dict[str, str]:
    """Return the JSON Pointer of *path* as a URI fragment: RFC 6901, section 6."""
    if path == (NON_FIELD_ERRORS,):
        return {'pointer': '#'}
    escaped = (key.replace('~', '~0').replace('/', '~1') for key in path)
    quoted = (quote(key, _IN_FRAGMENT, errors='replace') for key in escaped)
    return {'pointer': '#' + ''.join(f'/{key}' for key in quoted)}
