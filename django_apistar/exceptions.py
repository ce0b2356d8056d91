"""HTTP exceptions that API Star lacks, and RFC 9457's form of every error."""

from django_apistar.api.http_errors import (
    Conflict,
    HTTPError,
    NotAuthenticated,
    PreconditionFailed,
    TooManyRequests,
)
from django_apistar.service.problems import InvalidValue, ProblemDetails

__all__ = [
    'Conflict', 'HTTPError', 'InvalidValue', 'NotAuthenticated', 'PreconditionFailed',
    'ProblemDetails', 'TooManyRequests',
]  # fmt: skip
