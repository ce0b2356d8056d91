"""So many in a period: failed logins, requests for a route."""

import dataclasses
import hashlib
import math
import time

from django_apistar.api.counts import Count, Counts


@dataclasses.dataclass(frozen=True, slots=True)
class Limit:
    """At most *number* under *key* in a period, which begins with the first."""

    key: str
    number: int
    period_s: int
    stores: tuple[Counts, ...]  # with the same count; the highest is used

    def get_wait(self) -> int:
        """Return the seconds until there may be one more, 0 for now."""
        return max(self._get_wait(store.get(self.key)) for store in self.stores)

    def increase(self) -> int:
        """Count one more, which does not extend the period. Return how many there are."""
        return max(store.increase(self.key, self.period_s) for store in self.stores)

    def forget(self) -> None:
        for store in self.stores:
            store.forget(self.key)

    def _get_wait(self, count: Count) -> int:
        if count.number < self.number:
            return 0
        return min(max(math.ceil(count.until - time.time()), 1), self.period_s)


def build_key(name: str, text: str) -> str:
    """Return a key for every cache, which does not show *text*: a user's name, an address."""
    return f'django_apistar.{name}.{hashlib.sha256(text.encode()).hexdigest()}'
