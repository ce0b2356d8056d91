"""The HTTP exceptions that API Star never had: 401, 409, 429, and headers for each of them.

Raise them from handlers, components and hooks, as API Star's own.
"""

from collections.abc import Mapping
from typing import Any

from apistar.exceptions import HTTPException


class Refusal(HTTPException):
    """An HTTPException that is sent with *headers*."""

    default_detail: Any = None

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


class NotAuthenticated(Refusal):
    """401: RFC 9110, section 15.5.2, wants a WWW-Authenticate header with it."""

    default_status_code = 401
    default_detail: Any = 'Not authenticated'


class Conflict(Refusal):
    """409: the state of the resource does not allow it."""

    default_status_code = 409
    default_detail = 'Conflict'


class TooManyRequests(Refusal):
    """429: RFC 6585, section 4; a Retry-After header says when to come back."""

    default_status_code = 429
    default_detail = 'Too many requests'
