"""Counts by key, each for a period from its first increase, here or in Django's cache."""

import functools
import threading
import time
from typing import NamedTuple, Protocol

from django.core.cache import DEFAULT_CACHE_ALIAS, cache, caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache

SIZE = 10_000


class Count(NamedTuple):
    number: int
    until: float  # time.time()


NONE = Count(0, 0.0)


class Counts(Protocol):
    def get(self, key: str) -> Count: ...

    def increase(self, key: str, period_s: int) -> int: ...

    def forget(self, key: str) -> None: ...


class LocalCounts:
    """Lives as long as the process, and holds at most *size* keys.

    When it is full the lowest counts go first: many keys that are used once displace no key that
    is used often. (LocMemCache drops the keys that were used longest ago.)
    """

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._counts: dict[str, Count] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> Count:
        count = self._counts.get(key, NONE)
        return count if count.until > time.time() else NONE

    def increase(self, key: str, period_s: int) -> int:
        with self._lock:
            count = self.get(key)
            if key not in self._counts and len(self._counts) >= self._size:
                self._make_room()
            self._counts[key] = Count(count.number + 1, count.until or time.time() + period_s)
        return count.number + 1

    def forget(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)

    def _make_room(self) -> None:
        """Drop counts whose period is over; if that frees none, the lowest quarter."""
        now = time.time()
        counts = {key: count for key, count in self._counts.items() if count.until > now}
        if len(counts) >= self._size:
            for key in sorted(counts, key=counts.__getitem__)[: self._size // 4 or 1]:
                del counts[key]
        self._counts = counts


class CachedCounts:
    """Lives in Django's default cache, for all processes that share it."""

    def get(self, key: str) -> Count:
        found = cache.get_many([key, f'{key}.until'])
        return Count(found.get(key, 0), found.get(f'{key}.until', 0.0))

    def increase(self, key: str, period_s: int) -> int:
        try:
            return self._increase(key)
        except ValueError:  # There is none of that key.
            is_first = cache.add(key, 1, period_s)
        if not is_first:  # Another process was faster.
            return self._increase(key)
        cache.set(f'{key}.until', time.time() + period_s, period_s)
        return 1

    def _increase(self, key: str) -> int:
        """Return the new number of *key*. Raises ValueError where there is none."""
        if type(caches[DEFAULT_CACHE_ALIAS]).incr is not BaseCache.incr:
            number: int = cache.incr(key)
            return number
        # In a database or in files `incr` would keep the number for the cache's own TIMEOUT.
        count = self.get(key)
        if not count.number:
            raise ValueError(key)
        cache.set(key, count.number + 1, max(count.until - time.time(), 0))
        return count.number + 1

    def forget(self, key: str) -> None:
        cache.delete(key)


@functools.cache
def get_local_counts(name: str) -> LocalCounts:
    """Return the counts of that *name* in this process. `cache_clear` forgets all."""
    return LocalCounts()


def find_shared_counts() -> CachedCounts | None:
    """Return the counts that other processes share, None if the default cache is not shared."""
    is_local = isinstance(caches[DEFAULT_CACHE_ALIAS], (LocMemCache, DummyCache))
    return None if is_local else CachedCounts()
