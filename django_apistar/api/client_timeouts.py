"""Limits how long a client may let a server wait."""

from __future__ import annotations

import errno
import os

from django.core.exceptions import BadRequest

DEFAULT_S = 20
MAX_S = 3600
LEAST_RATE = 500  # bytes a second, as Apache's mod_reqtimeout


class SlowBodyError(BadRequest):
    """The rest of a request's body did not arrive in time: the API answers 408, Django 400.

    Not an OSError, which Django would answer with 500.
    """


class SlowReaderError(BrokenPipeError):
    """A client does not read its response; the connection has been closed."""

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, os.strerror(errno.EPIPE))


class Patience:
    """The seconds left to wait for a client, within one body or one response.

    Waiting costs seconds, transferred bytes give some back, up to *limit_s*. A client that keeps up
    LEAST_RATE is never given up, one that transfers nothing after *limit_s*, a slower one later.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = self.left_s = limit_s

    def count(self, waited_s: float, moved: int) -> None:
        """Count a wait, and the bytes transferred meanwhile."""
        self.left_s = min(self.left_s - waited_s + moved / LEAST_RATE, self.limit_s)

    @property
    def is_over(self) -> bool:
        return self.left_s <= 0
