"""Keeps the garbage collector asleep while many instances are made at once."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

_MANY = 5000  # of fewer it wakes a few times only


def uncollected(make: Callable[[object], object]) -> Callable[[Any], Any]:
    """Return *make*, which reads a list, without the collector where the list is long.

    As the reader of large JSON documents does it, for the same reasons: see `api/body`.
    """

    def make_all(values: Any) -> Any:
        if len(values) < _MANY or not gc.isenabled():
            return make(values)
        gc.disable()
        try:
            return make(values)
        finally:
            gc.enable()

    return make_all
