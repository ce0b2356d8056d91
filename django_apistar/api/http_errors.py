"""HTTP exceptions that API Star lacks: 401, 409, 412, 429, and any status with headers.

Raise them in handlers, components and hooks, as API Star's own.
"""

from collections.abc import Mapping
from typing import Any

from apistar.exceptions import HTTPException


class HTTPError(HTTPException):
    """An HTTPException that is sent with *headers*."""

    default_detail: Any = None
    is_logged = False  # already, by the code that refused

    def __init__(
        self,
        detail: Any = None,
        status_code: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, status_code)
        self.headers = dict(headers or {})

    def get_headers(self) -> dict[str, str]:
        return self.headers


class NotAuthenticated(HTTPError):
    """401: RFC 9110, section 15.5.2, requires a WWW-Authenticate header."""

    default_status_code = 401
    default_detail: Any = 'Not authenticated'


class Conflict(HTTPError):
    """409: the state of the resource does not allow it."""

    default_status_code = 409
    default_detail = 'Conflict'


class PreconditionFailed(HTTPError):
    """412: RFC 9110, section 15.5.13: what the client knows of the resource is out of date."""

    default_status_code = 412
    default_detail = 'Precondition failed'


class TooManyRequests(HTTPError):
    """429: RFC 6585, section 4; a Retry-After header says when to try again."""

    default_status_code = 429
    default_detail = 'Too many requests'
