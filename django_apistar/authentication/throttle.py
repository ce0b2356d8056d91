"""Counts failed logins, for each user at an address and for each address over all users."""

import dataclasses
import hashlib
import math
import time
import unicodedata
from collections.abc import Iterator

from django_apistar.api.addresses import get_network
from django_apistar.api.counts import Count, Counts, find_shared_counts, get_local_counts
from django_apistar.conf.parser import get_settings

_NAME_LENGTH = 255  # that are looked at: normalizing 4,096 accents takes 30 ms


@dataclasses.dataclass(frozen=True, slots=True)
class _Limit:
    key: str
    attempts: int
    period_s: int
    places: tuple[Counts, ...]  # that count the same; the strictest holds

    def get_wait(self) -> int:
        return max(self._get_wait(place.get(self.key)) for place in self.places)

    def _get_wait(self, count: Count) -> int:
        if count.number < self.attempts:
            return 0
        return min(max(math.ceil(count.until - time.time()), 1), self.period_s)


def get_wait(username: str, address: str) -> int:
    """Return for how many seconds *username* at *address* must not try again: 0 for not at all."""
    limits = (*_iter_user_limits(username, address), *_iter_address_limits(address))
    return max((limit.get_wait() for limit in limits), default=0)


def count_failure(username: str, address: str) -> None:
    """Count one more failed login. The period starts with the first; more do not prolong it."""
    for limit in (*_iter_user_limits(username, address), *_iter_address_limits(address)):
        for place in limit.places:
            place.increase(limit.key, limit.period_s)


def forget_failures(username: str, address: str) -> None:
    """Start anew for *username* at *address*: they have logged in.

    The address's count stays: who has one good password must not guess others without end.
    """
    for limit in _iter_user_limits(username, address):
        for place in limit.places:
            place.forget(limit.key)


def _iter_user_limits(username: str, address: str) -> Iterator[_Limit]:
    throttle = get_settings().login_throttle
    if throttle is not None:
        # In one place only, as a login elsewhere has to reach the count.
        place = find_shared_counts() or get_local_counts('login')
        key = _build_key('login', f'{get_network(address)} {_fold_name(username)}')
        yield _Limit(key, *throttle, (place,))


def _iter_address_limits(address: str) -> Iterator[_Limit]:
    """A server on a Unix socket knows no address, and all its clients must not be one."""
    throttle = get_settings().login_throttle_address
    if throttle is not None and address:
        # In this process as well: invented names may push a count out of a cache.
        places = (get_local_counts('login_address'), find_shared_counts())
        key = _build_key('login_address', get_network(address))
        yield _Limit(key, *throttle, tuple(place for place in places if place))


def _fold_name(username: str) -> str:
    """Return what is the same for all spellings of a name that a database may equate.

    MySQL's default collation knows neither case, accents and strokes nor invisible characters,
    others no spaces at the end. Two users who become one here share a count.
    """
    name = unicodedata.normalize('NFKD', username[:_NAME_LENGTH]).casefold()
    text = unicodedata.normalize('NFKD', name)
    return ''.join(_find_base(char) for char in text if unicodedata.category(char)[0] not in 'MCZ')


def _find_base(char: str) -> str:
    """Return the letter of a letter with a stroke, which Unicode does not decompose."""
    if char.isascii():
        return char
    base, is_with, _ = unicodedata.name(char, '').partition(' WITH ')
    try:
        return unicodedata.lookup(base) if is_with else char
    except KeyError:
        return char


def _build_key(name: str, text: str) -> str:
    return f'django_apistar.{name}.{hashlib.sha256(text.encode()).hexdigest()}'
