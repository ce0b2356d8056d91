"""Verifies user names and passwords through Django's authentication backends."""

import collections
import dataclasses
import hashlib
import hmac
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import authenticate, load_backend
from django.http import HttpRequest

from django_apistar.authentication import throttle
from django_apistar.authentication.django_request import build_request
from django_apistar.conf.parser import get_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# The user is whatever AUTH_USER_MODEL names.
DjangoUser = Any


class TooManyFailuresError(Exception):
    """`wait_s`: seconds until the next attempt."""

    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s


def verify_password(request: HttpRequest, username: str, password: str) -> DjangoUser | None:
    """Return the active user with that name and password, or None.

    Raises TooManyFailuresError beyond LOGIN_THROTTLE. Attempts at the same moment, as many as there
    are threads, pass before the first has failed: counting before would refuse good logins.
    """
    address = request.META.get('REMOTE_ADDR', '')
    wait_s = throttle.get_wait(username, address)
    if wait_s:
        raise TooManyFailuresError(wait_s)
    user = authenticate(request, username=username, password=password)
    if not is_active(user):
        throttle.count_failure(username, address)
        return None
    throttle.forget_failures(username, address)
    return user


def verify_basic(
    environ: 'WSGIEnvironment | None', username: str, password: str
) -> DjangoUser | None:
    """As `verify_password`, for credentials that are in each request.

    A success is remembered for BASIC_CACHE_TTL seconds, as hashing takes up to half a second.
    Returns None beyond LOGIN_THROTTLE.
    """
    user = _verified.find_user(username, password)
    if user is not None:
        return user
    request = HttpRequest() if environ is None else build_request(environ)
    try:
        user = verify_password(request, username, password)
    except TooManyFailuresError:
        return None
    if user is not None:
        _verified.remember(username, password, user)
    return user


def is_active(user: DjangoUser | None) -> bool:
    """Whether *user* may log in. Some of Django's backends return inactive users."""
    return user is not None and getattr(user, 'is_active', True)


def compute_fingerprint(password_hash: str) -> str:
    """Return a digest that changes with the password, and does not tell it.

    SECRET_KEY is not part of it: its rotation must not end tokens.
    """
    return hashlib.sha256(password_hash.encode()).hexdigest()


def get_fingerprint(user: DjangoUser) -> str:
    return compute_fingerprint(getattr(user, 'password', None) or '')


@dataclasses.dataclass(frozen=True, slots=True)
class _Success:
    user_id: Any  # of the type of the user model's primary key
    fingerprint: str
    backend: str  # dotted path
    verified_at: float  # time.monotonic(), seconds


class _VerifiedPasswords:
    """Who has logged in lately, by a digest of name and password. Bounded, one per process."""

    def __init__(self, size: int = 1024) -> None:
        self._size = size
        self._key = secrets.token_bytes(32)
        self._successes: collections.OrderedDict[bytes, _Success] = collections.OrderedDict()
        self._lock = threading.Lock()

    def find_user(self, username: str, password: str) -> DjangoUser | None:
        """Return the user, read again, where still active and with the same password; else None."""
        success = self._successes.get(self._get_digest(username, password))
        if success is None or not self._is_fresh(success):
            return None
        user: DjangoUser = load_backend(success.backend).get_user(success.user_id)
        if not is_active(user) or get_fingerprint(user) != success.fingerprint:
            return None
        user.backend = success.backend
        return user

    def remember(self, username: str, password: str, user: DjangoUser) -> None:
        if not get_settings().basic_cache_ttl:
            return
        success = _Success(user.pk, get_fingerprint(user), user.backend, time.monotonic())
        digest = self._get_digest(username, password)
        with self._lock:
            self._successes[digest] = success
            self._successes.move_to_end(digest)
            if len(self._successes) > self._size:
                self._successes.popitem(last=False)

    def _is_fresh(self, success: _Success) -> bool:
        age_s = time.monotonic() - success.verified_at
        is_configured = success.backend in settings.AUTHENTICATION_BACKENDS
        return is_configured and age_s < get_settings().basic_cache_ttl

    def _get_digest(self, username: str, password: str) -> bytes:
        text = f'{len(username)}:{username}{password}'
        return hmac.digest(self._key, text.encode(), 'sha256')


_verified = _VerifiedPasswords()
