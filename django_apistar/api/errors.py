"""Translates exceptions of Django and Werkzeug into HTTP ones, and reports faults."""

from __future__ import annotations

import logging
import sys
from asyncio import CancelledError
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from apistar import exceptions, http
from django.conf import settings as django_settings
from django.core import signals
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, DataError, OperationalError
from django.http import Http404, UnreadablePostError
from django.views.debug import get_exception_reporter_class
from werkzeug.exceptions import BadRequestKeyError
from werkzeug.exceptions import HTTPException as WerkzeugHTTPException

from django_apistar.api import problems, responses
from django_apistar.api.client_timeouts import SlowBodyError
from django_apistar.api.content_types import normalize_content_type
from django_apistar.api.http_errors import HTTPError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

request_logger = logging.getLogger('django.request')

# Django's functions that send a query, and the one that makes its SQL before.
_QUERIES = frozenset({'execute', 'executemany', 'execute_sql'})
_TOO_LARGE = (
    'Expression tree is too large', 'too many SQL variables', 'pattern too complex',
    'string or blob too big',
)  # fmt: skip

# What a project's code may raise without ending its worker. Ctrl-C is meant for the process.
FAULTS = (Exception, SystemExit, CancelledError)


def translate(exc: BaseException) -> Any:
    """Return the HTTPException that answers *exc*, None where *exc* is a fault: a 500."""
    match exc:
        case exceptions.HTTPException():
            return exc
        case Http404():
            return HTTPError('Not found', 404)
        case PermissionDenied():
            return HTTPError('Forbidden', 403)
        case RequestDataTooBig():
            return HTTPError('Request body is too large', 413)
        case SlowBodyError():
            return HTTPError('Request timeout', 408)
        case SuspiciousOperation() | BadRequest() | UnreadablePostError():
            return HTTPError('Bad request', 400)
        case ValidationError():
            return HTTPError(_describe_validation(exc), 400)
        case BadRequestKeyError(args=(name,)):  # data['file'] of a form without it
            return HTTPError({str(name): f'The "{name}" field is required.'}, 400)
        case WerkzeugHTTPException() if exc.code is not None:
            return _translate_werkzeug(exc)
    return _translate_database(exc)


def _translate_database(exc: BaseException) -> HTTPError | None:
    match exc:
        case DataError():
            return HTTPError('Bad request', 400)
        case OverflowError() | ValueError() if _is_refused_by_the_database(exc):
            return HTTPError('Bad request', 400)
        case OperationalError() if _is_locked(exc):
            return HTTPError('Service unavailable', 503, {'Retry-After': '1'})
        case OperationalError() if _is_too_large(exc):
            return HTTPError('Bad request', 400)
    return None


def _is_refused_by_the_database(exc: BaseException) -> bool:
    """Return whether a query raised *exc* for a value that its database cannot hold.

    Such as an integer beyond 64 bits with SQLite, a moment that is before the year 1 in UTC, or no
    IP address with PostgreSQL's driver; others raise DataError.
    """
    return any(
        frame.f_code.co_name in _QUERIES
        and str(frame.f_globals.get('__name__')).startswith('django.db.')
        for frame, _ in walk_tb(exc.__traceback__)
    )


def _is_locked(exc: OperationalError) -> bool:
    """Return whether SQLite waited in vain for another writer. Python 3.10 has no error codes."""
    return str(exc).endswith(' is locked')


def _is_too_large(exc: OperationalError) -> bool:
    """Return whether SQLite has refused a query for its size, which is that of its values."""
    return any(said in str(exc) for said in _TOO_LARGE)


def _describe_validation(exc: ValidationError) -> Any:
    if hasattr(exc, 'error_dict'):
        return {name: ' '.join(messages) for name, messages in exc.message_dict.items()}
    return ' '.join(exc.messages)


def _translate_werkzeug(exc: WerkzeugHTTPException) -> HTTPError:
    headers = [item for item in exc.get_headers() if item[0].lower() != 'content-type']
    return HTTPError(exc.description or exc.name, exc.code or 500, dict(headers))


def build_request(environ: WSGIEnvironment) -> WSGIRequest:
    """Return Django's request of *environ*, for signals and logs; it reads no body."""
    return WSGIRequest(normalize_content_type({**environ}))


def report(exc: BaseException, environ: WSGIEnvironment) -> None:
    """Log the unhandled *exc* to django.request with its traceback, and tell Django's receivers.

    Never raises: a receiver that does is logged too.
    """
    request = build_request(environ)
    try:
        signals.got_request_exception.send(sender=None, request=request)
    except FAULTS:
        request_logger.exception('A receiver of got_request_exception failed.')
    request_logger.error(
        'Internal Server Error: %s', escape_path(request.path),
        exc_info=(type(exc), exc, exc.__traceback__),
        extra={'status_code': 500, 'request': request},
    )  # fmt: skip


def warn(exc: BaseException, environ: WSGIEnvironment) -> None:
    """Log the refusal *exc* as Django does: with the path, a 4xx as a warning.

    A value that a database refused is logged with its traceback: it may be the project's fault.
    """
    if getattr(exc, 'status_code', 400) < 400 or getattr(exc, 'is_logged', False):
        return
    logger = request_logger
    if isinstance(exc, SuspiciousOperation):
        logger = logging.getLogger(f'django.security.{type(exc).__name__}')
    logger.log(
        logging.ERROR if isinstance(exc, OperationalError) and _is_locked(exc) else logging.WARNING,
        '%s: %s', type(exc).__name__, escape_path(environ.get('PATH_INFO', '')),
        exc_info=exc if isinstance(exc, (DatabaseError, OverflowError, ValueError)) else None,
    )  # fmt: skip


def escape_path(path: str) -> str:
    """Return *path* without characters that would start another line in a log."""
    return path.encode('unicode_escape').decode('ascii')


def wants_traceback(environ: WSGIEnvironment) -> bool:
    """Return whether the client sees a fault's traceback: a browser under DEBUG."""
    return bool(django_settings.DEBUG) and 'text/html' in environ.get('HTTP_ACCEPT', '')


def build_response(
    exc: exceptions.HTTPException,
    environ: WSGIEnvironment,
    encode_default: Callable[[object], object],
    sends_problems: bool,
) -> http.Response:
    """Return the response to the HTTPException *exc*."""
    content, headers = build_content(exc, environ, sends_problems)
    return responses.EncodedJSONResponse(encode_default, content, exc.status_code, headers)


def build_content(
    exc: exceptions.HTTPException, environ: WSGIEnvironment, sends_problems: bool
) -> tuple[Any, dict[str, str]]:
    """Return the JSON and the headers of *exc*: API Star's, or a problem where that is preferred.

    *sends_problems*: so it is unless the client prefers JSON.
    """
    headers = exc.get_headers()
    if exc.status_code < 400:
        return exc.detail, headers
    if problems.are_preferred(environ, sends_problems):
        return problems.build(exc, environ), problems.add_headers(headers, problems.PROBLEM)
    return exc.detail, problems.add_headers(headers, problems.JSON) if sends_problems else headers


def send_refusal(
    exc: exceptions.HTTPException, environ: WSGIEnvironment, start_response: StartResponse,
    extra: Iterable[tuple[str, str]], sends_problems: bool,
) -> list[bytes]:  # fmt: skip
    """Send what answers *exc* where no App is asked."""
    content, headers = build_content(exc, environ, sends_problems)
    return responses.send_json(
        start_response, responses.STATUS_LINES[exc.status_code],
        http.JSONResponse(content).content, headers.items(), extra,
    )  # fmt: skip


def build_fault_response(environ: WSGIEnvironment, sends_problems: bool = False) -> http.Response:
    """Return the response to the fault in flight."""
    if wants_traceback(environ):
        return render_traceback(environ)
    content, headers = build_content(HTTPError('Server error', 500), environ, sends_problems)
    return http.JSONResponse(content, 500, headers, sys.exc_info())


def render_traceback(environ: WSGIEnvironment) -> http.Response:
    """Return Django's page for the exception in flight, as a response with status 500."""
    request = build_request(environ)
    reporter: Any = get_exception_reporter_class(request)
    reporter = reporter(request, *sys.exc_info())
    return http.HTMLResponse(reporter.get_traceback_html(), status_code=500)
