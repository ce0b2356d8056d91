"""Counts failed logins: of each user at an address, and of each address for all users."""

import unicodedata
from collections.abc import Iterator

from django_apistar.api.addresses import get_network
from django_apistar.api.counts import find_shared_counts, get_local_counts
from django_apistar.api.limits import Limit, build_key
from django_apistar.conf.parser import get_settings

_NAME_LENGTH = 255  # characters that count: normalizing 4,096 accents takes 30 ms


def get_wait(username: str, address: str) -> int:
    """Return the seconds until *username* at *address* may try again, 0 for now."""
    limits = (*_iter_user_limits(username, address), *_iter_address_limits(address))
    return max((limit.get_wait() for limit in limits), default=0)


def count_failure(username: str, address: str) -> None:
    """Count a failed login. The period starts with the first one; others do not extend it."""
    for limit in (*_iter_user_limits(username, address), *_iter_address_limits(address)):
        limit.increase()


def forget_failures(username: str, address: str) -> None:
    """Reset the count of *username* at *address* after a login.

    The count of the address stays: with one good password nobody may guess others for ever.
    """
    for limit in _iter_user_limits(username, address):
        limit.forget()


def _iter_user_limits(username: str, address: str) -> Iterator[Limit]:
    throttle = get_settings().login_throttle
    if throttle is not None:
        # In one store only: a login in another process must reset the count.
        store = find_shared_counts() or get_local_counts('login')
        key = build_key('login', f'{get_network(address)} {_fold_name(username)}')
        yield Limit(key, *throttle, (store,))


def _iter_address_limits(address: str) -> Iterator[Limit]:
    """Yield no limit without an address: on a Unix socket all clients would share it."""
    throttle = get_settings().login_throttle_address
    if throttle is not None and address:
        # Also in this process: keys of invented names may evict a count from the cache.
        stores = (get_local_counts('login_address'), find_shared_counts())
        key = build_key('login_address', get_network(address))
        yield Limit(key, *throttle, tuple(store for store in stores if store))


def _fold_name(username: str) -> str:
    """Return *username* in one spelling for all that a database may take for the same.

    MySQL's default collation ignores case, accents, strokes and invisible characters, others
    trailing spaces. Users with the same spelling share a count.
    """
    name = unicodedata.normalize('NFKD', username[:_NAME_LENGTH]).casefold()
    text = unicodedata.normalize('NFKD', name)
    return ''.join(_find_base(char) for char in text if unicodedata.category(char)[0] not in 'MCZ')


def _find_base(char: str) -> str:
    """Return the base of a letter with a stroke, which Unicode does not decompose."""
    if char.isascii():
        return char
    base, is_with, _ = unicodedata.name(char, '').partition(' WITH ')
    try:
        return unicodedata.lookup(base) if is_with else char
    except KeyError:
        return char
