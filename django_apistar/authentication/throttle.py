"""Counts failed logins per user and address, in Django's default cache."""

import hashlib
import ipaddress
import math
import time
import unicodedata

from django.core.cache import cache

from django_apistar.conf import get_settings


def get_wait(username: str, address: str) -> int:
    """Return for how many seconds *username* at *address* must not try again: 0 for not at all."""
    throttle = get_settings().login_throttle
    if throttle is None:
        return 0
    limit, period_s = throttle
    key = _get_key(username, address)
    if cache.get(key, 0) < limit:
        return 0
    remaining_s: float = cache.get(f'{key}.until', 0) - time.time()
    return min(max(math.ceil(remaining_s), 1), period_s)


def count_failure(username: str, address: str) -> None:
    """Count one more failed login. The period starts with the first; more do not prolong it."""
    throttle = get_settings().login_throttle
    if throttle is None:
        return
    _, period_s = throttle
    key = _get_key(username, address)
    if cache.add(key, 1, period_s):
        cache.set(f'{key}.until', time.time() + period_s, period_s)
        return
    try:
        cache.incr(key)
    except ValueError:  # The period ended between `add` and here.
        cache.add(key, 1, period_s)


def forget_failures(username: str, address: str) -> None:
    """Start anew for *username* at *address*: they have logged in."""
    if get_settings().login_throttle is not None:
        cache.delete(_get_key(username, address))


def _get_key(username: str, address: str) -> str:
    """Return a cache key that is the same for all spellings that a database may equate."""
    name = unicodedata.normalize('NFKC', username).casefold()
    text = f'{_get_network(address)} {name}'
    return f'django_apistar.login.{hashlib.sha256(text.encode()).hexdigest()}'


def _get_network(address: str) -> str:
    """Return *address*; of an IPv6 address the /64, all of which one host can use."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed.packed, 64), strict=False))
