"""The id of the request that is being answered: taken from a header or made, and for logs."""

from __future__ import annotations

import logging
import os
import re
from contextvars import ContextVar

_TAKEN = re.compile(r'[A-Za-z0-9._-]{1,128}')

request_id: ContextVar[str] = ContextVar('request_id', default='-')


def choose_request_id(given: str | None) -> str:
    """Return the client's id where it is harmless in logs and headers, else a new one."""
    if given is not None and _TAKEN.fullmatch(given):
        return given
    return os.urandom(16).hex()


class RequestIdFilter(logging.Filter):
    """Gives each log record its `request_id`, '-' outside of a request. It drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True
