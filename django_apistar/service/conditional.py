"""Handlers that answer by what the client knows already: ETag, Last-Modified, 304 and 412."""

from __future__ import annotations

import datetime
import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import apistar
from apistar.exceptions import ConfigurationError
from apistar.http import Response
from apistar.server.wsgi import WSGIEnviron
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import ETAG_MATCH, http_date, parse_etags

from django_apistar.api.errors import build_request
from django_apistar.api.http_errors import PreconditionFailed
from django_apistar.api.responses import build_rows
from django_apistar.compat.signatures import (
    Function,
    get_dotted_name,
    get_signature,
    mark_decorator,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from django_apistar.api.responders import AppParts

# What the wrapper asks for beside the parameters of its functions.
_OWN = {'conditional_environ': WSGIEnviron, 'conditional_app': apistar.App}
_PRECONDITIONS = (
    'HTTP_IF_MATCH', 'HTTP_IF_NONE_MATCH', 'HTTP_IF_MODIFIED_SINCE', 'HTTP_IF_UNMODIFIED_SINCE',
)  # fmt: skip
# RFC 9110, section 8.8.3, but for the comma, at which Django splits lists of ETags.
_IN_ETAG = ''.join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '",')


def conditional(
    etag: Function | None = None, last_modified: Function | None = None
) -> Callable[[Function], Function]:
    """Let a handler answer 304 and 412 by the client's preconditions, as Django's `condition`.

    *etag* returns the version of the resource, *last_modified* its datetime; None where there is
    no such resource. Their parameters are injected as a handler's are. They are called before the
    handler, which runs only where the preconditions hold.
    """
    functions = _list_functions(etag, last_modified)

    def decorate(handler: Function) -> Function:
        signatures = {function: get_signature(function) for function in (handler, *functions)}
        names = {function: set(found.parameters) for function, found in signatures.items()}

        def call(function: Function | None, values: dict[str, object]) -> Any:
            if function is None:
                return None
            return function(**{name: values[name] for name in names[function]})

        @functools.wraps(handler)
        def inner(**values: Any) -> Any:
            environ, app = (values.pop(name) for name in _OWN)
            modified = call(last_modified, values)
            _demand_datetime(modified, last_modified)
            version = _Version.build(call(etag, values), modified)
            if not version.is_wanted_by(environ):
                return Response(b'', 304, version.headers)
            value = call(handler, values)
            return value if _is_unsafe(environ) else _add_headers(value, handler, app, version)

        sent = {'ETag': etag, 'Last-Modified': last_modified}
        vars(inner).update(
            __signature__=_merge(handler, signatures),
            own_parameters=tuple(_OWN),  # none of the project's
            # For the schema and for listings.
            conditional_headers={name: find for name, find in sent.items() if find is not None},
        )
        return inner

    mark_decorator(decorate, 'conditional', etag)
    return decorate


def _list_functions(etag: Function | None, last_modified: Function | None) -> list[Function]:
    """Return those that are given. Raises ConfigurationError where none is, or is no function."""
    functions = [function for function in (etag, last_modified) if function is not None]
    if not functions or not all(map(callable, functions)):
        raise ConfigurationError(
            f'conditional() has etag={etag!r} and last_modified={last_modified!r}; it needs a '
            'function for one of them: @conditional(etag=get_version).'
        )
    return functions


def _demand_datetime(modified: object, function: Function | None) -> None:
    if modified is not None and not isinstance(modified, datetime.datetime):
        name = get_dotted_name(function)
        raise TypeError(f'{name} returned {modified!r}; it must be a datetime or None.')


def _merge(handler: Function, signatures: dict[Function, inspect.Signature]) -> inspect.Signature:
    """Return the signature of *handler* with the parameters of the others, and with our own."""
    merged: dict[str, inspect.Parameter] = {}
    for function, signature in signatures.items():
        for name, parameter in signature.parameters.items():
            known = merged.setdefault(name, parameter)
            if parameter.annotation not in (known.annotation, parameter.empty):
                raise ConfigurationError(
                    f'{get_dotted_name(function)} takes {parameter}, and '
                    f'{get_dotted_name(handler)} takes {known}; annotate both alike.'
                )
    keyword = inspect.Parameter.KEYWORD_ONLY  # as injection is by name
    parameters = [parameter.replace(kind=keyword) for parameter in merged.values()]
    parameters += [inspect.Parameter(name, keyword, annotation=_OWN[name]) for name in _OWN]
    return signatures[handler].replace(parameters=parameters)


def _is_unsafe(environ: WSGIEnvironment) -> bool:
    return environ['REQUEST_METHOD'].upper() not in ('GET', 'HEAD')


def _add_headers(value: Any, handler: Function, app: AppParts, version: _Version) -> Response:
    """Return the response of a handler's *value*; a success gets the headers that it lacks."""
    response = app.render_response(build_rows(value, handler))
    is_success = response.status_code < 300
    for name, text in version.headers.items():
        if is_success and name not in response.headers:
            response.headers[name] = text
    return response


class _Version(NamedTuple):
    """The version of a resource: its ETag, and seconds since 1970; None where there is none."""

    etag: str | None
    modified: int | None

    @classmethod
    def build(cls, etag: object, modified: datetime.datetime | None) -> _Version:
        if modified is not None and timezone.is_naive(modified):
            modified = timezone.make_aware(modified, datetime.timezone.utc)
        return cls(
            None if etag is None else quote_etag(str(etag)),
            None if modified is None else int(modified.timestamp()),
        )

    @property
    def headers(self) -> dict[str, str]:
        found = {
            'ETag': self.etag,
            'Last-Modified': None if self.modified is None else http_date(self.modified),
        }
        return {name: value for name, value in found.items() if value is not None}

    def is_wanted_by(self, environ: WSGIEnvironment) -> bool:
        """Return whether the preconditions of *environ* let the handler run; False for a 304.

        Raises PreconditionFailed. Django decides, but for headers that cannot be read or compared:
        those are judged by RFC 9110.
        """
        if not any(key in environ for key in _PRECONDITIONS):
            return True
        request = build_request(environ)
        headers = request.META
        if 'HTTP_IF_MATCH' in headers and not parse_etags(headers['HTTP_IF_MATCH']):
            raise PreconditionFailed()
        if 'HTTP_IF_NONE_MATCH' in headers:  # section 13.1.3
            headers.pop('HTTP_IF_MODIFIED_SINCE', None)
        if self.modified is None:  # section 13.1.4
            headers.pop('HTTP_IF_UNMODIFIED_SINCE', None)
        etag = self.etag
        if etag is None and self.modified is not None:
            etag = f'W/"{self.modified}"'  # never sent: there is something for '*' to match
        response = get_conditional_response(request, etag, self.modified)
        if response is not None and response.status_code == 412:
            refusal = PreconditionFailed()
            refusal.is_logged = True  # by Django
            raise refusal
        return response is None


def quote_etag(text: str) -> str:
    """Return *text* as an ETag, a strong one where it is not quoted, with what none may hold."""
    is_quoted = ETAG_MATCH.match(text) is not None
    weak, bare = (text[:-1].split('"', 1)) if is_quoted else ('', text)
    return f'{weak}"{quote(bare, safe=_IN_ETAG)}"'
