"""How long a client may let a server wait, and what becomes of one that takes longer."""

from __future__ import annotations

import errno
import os

from django.core.exceptions import BadRequest

DEFAULT_S = 20
LEAST_RATE = 500  # bytes a second, as Apache's mod_reqtimeout


class SlowBodyError(BadRequest):
    """The rest of a request's body has not come in time: a 408 of the API, a 400 of Django.

    No OSError, of which Django would make a 500.
    """


class SlowReaderError(BrokenPipeError):
    """A client does not take its answer; the connection has been closed."""

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, os.strerror(errno.EPIPE))


class Patience:
    """The seconds that a client may still be waited for, within one body or one answer.

    Waiting takes of them, bytes give back, never beyond the limit: who moves LEAST_RATE is never
    given up, who moves nothing after *limit_s*, and who moves a little soon after that.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = self.left_s = limit_s

    def count(self, waited_s: float, moved: int) -> None:
        """Count a wait, and the bytes that have moved meanwhile."""
        self.left_s = min(self.left_s - waited_s + moved / LEAST_RATE, self.limit_s)

    @property
    def is_over(self) -> bool:
        return self.left_s <= 0
