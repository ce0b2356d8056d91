"""The access log: gunicorn's logger, which names the framework and fails no request."""

from __future__ import annotations

import datetime
import logging
import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gunicorn import glogging
from gunicorn.glogging import Logger

from django_apistar.api.responses import close
from django_apistar.conf.operation import NOTE_ROUTES
from django_apistar.server.json_lines import format_line
from django_apistar.server.terminal import get_style, paint_status
from django_apistar.server.trace_context import parse_traceparent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TextIO

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from django.core.management.color import Style

# The Common Log Format with its usual two headers; then the framework and the milliseconds.
FORMAT = (
    '%(h)s - - %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %({django_apistar.framework}e)s %(M)sms'
    '%(ids)s'
)
DEVELOPMENT_FORMAT = '%(t)s "%(r)s" %(s)s %(b)s %({django_apistar.framework}e)s %(M)sms%(ids)s'
JSON_FORMAT = '%(json)s'
# Settings of gunicorn that turn the access log on without --access-log.
_OTHER_LOGS = ('logconfig', 'logconfig_dict', 'logconfig_json', 'syslog')

_SECRETS = (
    '{authorization}i',
    '{proxy-authorization}i',
    '{cookie}i',
    '{set-cookie}o',
    '{http_authorization}e',
    '{http_proxy_authorization}e',
    '{http_cookie}e',
)


def choose_format(config: Any, is_development: bool) -> None:
    """Set the format of *config*, gunicorn's `Config`, where that is 'text' or 'json'.

    JSON without a log goes to stdout, and has the application note each request's route.
    """
    given = getattr(config, 'access_log_format', None)
    if given == 'text':
        config.set('access_log_format', DEVELOPMENT_FORMAT if is_development else FORMAT)
    elif given in ('json', JSON_FORMAT):
        config.set('access_log_format', JSON_FORMAT)
        os.environ[NOTE_ROUTES] = '1'
        if not any(getattr(config, name, None) for name in ('accesslog', *_OTHER_LOGS)):
            config.set('accesslog', '-')


class _Ready(dict[str, Any]):
    """Values that a format of our own takes as they are."""


class AccessLogger(Logger):
    """gunicorn's logger, which logs no credentials, whatever the format asks for."""

    def atoms(
        self, resp: object, req: object, environ: WSGIEnvironment, request_time: datetime.timedelta
    ) -> dict[str, Any]:
        """Return the values that a format may name: all but headers with credentials."""
        chosen = getattr(self.cfg, 'access_log_format', None)
        if chosen == JSON_FORMAT:
            return _Ready(json=format_line(resp, environ, request_time))
        if chosen in (FORMAT, DEVELOPMENT_FORMAT):
            return self._get_own_atoms(resp, environ, request_time)
        atoms = super().atoms(resp, req, environ, request_time)
        for secret in _SECRETS:
            atoms.pop(secret, None)
        atoms['ids'] = ''.join(_iter_ids(environ))
        return atoms

    def _get_own_atoms(
        self, resp: Any, environ: WSGIEnvironment, request_time: datetime.timedelta
    ) -> _Ready:
        """Return what our own formats name, as gunicorn has it.

        gunicorn's values hold each header and the whole environ, which takes longer than the line.
        """
        status, sent = resp.status, getattr(resp, 'sent', None)
        words = (environ['REQUEST_METHOD'], environ['RAW_URI'], environ['SERVER_PROTOCOL'])
        return _Ready({
            'h': environ.get('REMOTE_ADDR', '-'), 't': self.now(),
            'r': ' '.join(words).replace('"', '\\"'),
            's': status.split(None, 1)[0] if isinstance(status, str) else status,
            'b': '-' if sent is None else str(sent),
            'f': environ.get('HTTP_REFERER', '-').replace('"', '\\"'),
            'a': environ.get('HTTP_USER_AGENT', '-').replace('"', '\\"'),
            'M': request_time.seconds * 1000 + request_time.microseconds // 1000,
            '{django_apistar.framework}e': environ.get('django_apistar.framework', '-'),
            'ids': ''.join(_iter_ids(environ)),
        })  # fmt: skip

    def atoms_wrapper_class(self, atoms: dict[str, object]) -> dict[str, Any]:
        """Return *atoms* for a format; gunicorn's escape their quotes and lack none."""
        # Looked up when it is called: without it gunicorn's own logger serves, and this is none.
        return atoms if isinstance(atoms, _Ready) else glogging.SafeAtoms(atoms)

    def _get_user(self, environ: WSGIEnvironment) -> None:
        # gunicorn would decode the Authorization header, and not escape it.
        return None

    def _set_handler(
        self,
        log: logging.Logger,
        output: str | None,
        fmt: logging.Formatter,
        stream: TextIO | None = None,
    ) -> None:
        super()._set_handler(log, output, fmt, stream)
        if log is self.access_log:
            is_text = getattr(self.cfg, 'access_log_format', None) != JSON_FORMAT
            for handler in log.handlers:
                vars(handler)['handleError'] = _Complaint(output)
                if is_text and output == '-':
                    handler.setFormatter(_ColouredLines(get_style(sys.stdout)))


class _ColouredLines(logging.Formatter):
    """Gives each line the colour of its status."""

    def __init__(self, style: Style) -> None:
        super().__init__()
        self._palette = style

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        status = record.args.get('s') if isinstance(record.args, Mapping) else None
        return paint_status(self._palette, str(status), line) if status else line


def _iter_ids(environ: dict[str, Any]) -> Iterator[str]:
    """Yield the ids that end a line of text: of the request and of its trace, if any."""
    request_id = environ.get('django_apistar.request_id')
    if request_id:
        yield f' request_id={request_id}'
    trace = parse_traceparent(environ.get('HTTP_TRACEPARENT'))
    if trace:
        yield f' trace_id={trace["trace_id"]}'


def get_logger_class(sends_statistics: bool) -> type[AccessLogger]:
    """Return our logger; where *sends_statistics*, one that sends gunicorn's figures to statsd."""
    if not sends_statistics:
        return AccessLogger
    from gunicorn.instrument.statsd import Statsd

    return type('StatsdLogger', (AccessLogger, Statsd), {})


class _Complaint:
    """Logs once that the access log cannot be written. Requests go on without it."""

    def __init__(self, output: str | None) -> None:
        self.output = output
        self.is_logged = False

    def __call__(self, record: logging.LogRecord) -> None:
        if self.is_logged:
            return
        self.is_logged = True
        logging.getLogger('gunicorn.error').error(
            'The access log %s cannot be written: %s. Requests are answered, but not logged.',
            'on stdout' if self.output == '-' else self.output,
            sys.exc_info()[1],
        )


class AccessLogged:
    """A WSGI application that writes gunicorn's access log: granian's own lacks the environ."""

    def __init__(self, application: WSGIApplication, log: Logger) -> None:
        self.application = application
        self.log = log

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = _Response(environ)
        body = self.application(environ, response.record(start_response))
        if isinstance(body, list):
            response.sent = sum(map(len, body))
            response.write_to(self.log)
            return body
        return self._stream(body, response)

    def _stream(self, body: Iterable[bytes], response: _Response) -> Iterator[bytes]:
        try:
            for chunk in body:
                response.sent += len(chunk)
                yield chunk
        finally:
            close(body)
            response.write_to(self.log)


class _Response:
    """One response, with the attributes that gunicorn's logger reads."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ = environ
        self.began = time.monotonic()
        self.status = '-'
        self.headers: list[tuple[str, str]] = []
        self.sent = 0

    def record(self, start_response: StartResponse) -> StartResponse:
        """Return *start_response*, which also records the status and the headers here."""

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            self.status, self.headers = status, headers
            return start_response(status, headers, exc_info)

        return start

    def write_to(self, log: Logger) -> None:
        """Write the line of this response."""
        took = datetime.timedelta(seconds=time.monotonic() - self.began)
        environ = {**self.environ, 'RAW_URI': self._raw_uri()}
        log.access(self, self._request_headers(), environ, took)

    def _raw_uri(self) -> str:
        path = quote(self.environ['PATH_INFO'].encode('latin-1'), safe="/:@!$&'()*+,;=~")
        query = self.environ.get('QUERY_STRING')
        return f'{path}?{query}' if query else path

    def _request_headers(self) -> Iterator[tuple[str, str]]:
        for name, value in self.environ.items():
            if name.startswith('HTTP_'):
                yield name[5:].replace('_', '-'), value
