"""gunicorn's logger with our access log: it names the framework, keeps secrets, fails no request."""

from __future__ import annotations

import logging
import sys
from typing import Any

from gunicorn.glogging import Logger

# The Common Log Format with its usual two headers; then the framework and the milliseconds.
FORMAT = (
    '%(h)s - - %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %({django_apistar.framework}e)s %(M)sms'
)
DEVELOPMENT_FORMAT = '%(t)s "%(r)s" %(s)s %(b)s %({django_apistar.framework}e)s %(M)sms'

_SECRETS = (
    '{authorization}i',
    '{proxy-authorization}i',
    '{cookie}i',
    '{set-cookie}o',
    '{http_authorization}e',
    '{http_proxy_authorization}e',
    '{http_cookie}e',
)


class AccessLogger(Logger):  # gunicorn has no type information
    """gunicorn's logger. Credentials are never logged, whatever the format asks for."""

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> Any:
        """Return what a format may name; a header that holds credentials is not among it."""
        atoms = super().atoms(resp, req, environ, request_time)
        for secret in _SECRETS:
            atoms.pop(secret, None)
        return atoms

    def _get_user(self, environ: dict[str, Any]) -> None:
        # gunicorn decodes the Authorization header: a part of the credentials, unescaped.
        return None

    def _set_handler(self, log: Any, output: Any, fmt: Any, stream: Any = None) -> None:
        super()._set_handler(log, output, fmt, stream)
        if log is self.access_log:
            for handler in log.handlers:
                handler.handleError = _Complaint(output)


class _Complaint:
    """Says once that the access log cannot be written; requests go on without it."""

    def __init__(self, output: str) -> None:
        self.output = output
        self.is_said = False

    def __call__(self, record: logging.LogRecord) -> None:
        if self.is_said:
            return
        self.is_said = True
        logging.getLogger('gunicorn.error').error(
            'The access log %s cannot be written: %s. Requests are answered, but not logged.',
            'on stdout' if self.output == '-' else self.output,
            sys.exc_info()[1],
        )
