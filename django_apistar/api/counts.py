"""Counts by key, each for a period that its first increase begins: here, or in Django's cache."""

import functools
import threading
import time
from typing import NamedTuple, Protocol

from django.core.cache import DEFAULT_CACHE_ALIAS, cache, caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache

SIZE = 10_000


class Count(NamedTuple):
    number: int
    until: float  # time.time()


NONE = Count(0, 0.0)


class Counts(Protocol):
    def get(self, key: str) -> Count: ...

    def increase(self, key: str, period_s: int) -> None: ...

    def forget(self, key: str) -> None: ...


class LocalCounts:
    """Lives as long as the process, and never holds more than *size* keys.

    Where that is too few, the lowest counts go first: many keys that are used once push out no key
    that is used often. (LocMemCache drops what was used longest ago.)
    """

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._counts: dict[str, Count] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> Count:
        count = self._counts.get(key, NONE)
        return count if count.until > time.time() else NONE

    def increase(self, key: str, period_s: int) -> None:
        with self._lock:
            count = self.get(key)
            if key not in self._counts and len(self._counts) >= self._size:
                self._make_room()
            self._counts[key] = Count(count.number + 1, count.until or time.time() + period_s)

    def forget(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)

    def _make_room(self) -> None:
        """Drop what is over; if there is still no room, a quarter, by number and then by end."""
        now = time.time()
        counts = {key: count for key, count in self._counts.items() if count.until > now}
        if len(counts) >= self._size:
            for key in sorted(counts, key=counts.__getitem__)[: self._size // 4 or 1]:
                del counts[key]
        self._counts = counts


class CachedCounts:
    """In Django's default cache, for all who share it, as long as it does not drop them."""

    def get(self, key: str) -> Count:
        found = cache.get_many([key, f'{key}.until'])
        return Count(found.get(key, 0), found.get(f'{key}.until', 0.0))

    def increase(self, key: str, period_s: int) -> None:
        if not cache.add(key, 1, period_s):
            try:
                cache.incr(key)
                return
            except ValueError:  # The period ended between `add` and here.
                cache.add(key, 1, period_s)
        cache.set(f'{key}.until', time.time() + period_s, period_s)

    def forget(self, key: str) -> None:
        cache.delete(key)


@functools.cache
def get_local_counts(name: str) -> LocalCounts:
    """Return this process's counts of that *name*. `cache_clear` forgets all."""
    return LocalCounts()


def find_shared_counts() -> CachedCounts | None:
    """Return the counts that other processes see, None where the default cache is this one's."""
    is_local = isinstance(caches[DEFAULT_CACHE_ALIAS], (LocMemCache, DummyCache))
    return None if is_local else CachedCounts()
