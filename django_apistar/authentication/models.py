"""Tokens, of which only a digest is stored."""

import hashlib
import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import DatabaseError, models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_apistar.authentication.passwords import DjangoUser, get_fingerprint, is_active
from django_apistar.conf.parser import get_settings

# As in the original, whose table may hold shorter keys that were made by hand.
KEY_LENGTH = 40
# A token that is used a thousand times a minute is written once.
RENEWAL_INTERVAL = timedelta(seconds=60)

logger = logging.getLogger(__name__)


def generate_id() -> str:
    return secrets.token_hex(8)


def compute_digest(key: str) -> str:
    """Return the digest of *key* that is stored. Keys are random: they need no salt, no hasher."""
    return hashlib.sha256(key.encode()).hexdigest()


def get_expiry() -> datetime | None:
    """Return the expiry of a token that is issued or renewed now, by TOKEN_TTL."""
    ttl = get_settings().token_ttl
    return None if ttl is None else timezone.now() + ttl


class TokenManager(models.Manager['Token']):
    def issue(self, user: DjangoUser, **fields: object) -> 'Token':
        """Return a new token of *user*. Only this object has its `key`.

        Deletes the expired and revoked tokens of *user*, and the oldest beyond
        TOKEN_LIMIT_PER_USER.
        """
        token = self.create(user=user, **fields)
        others = self.filter(user=user).exclude(pk=token.pk)
        others.filter(
            models.Q(expires__lte=timezone.now()) | ~models.Q(fingerprint=token.fingerprint)
        ).delete()
        limit = get_settings().token_limit_per_user
        if limit is not None:
            newest_first = others.order_by('-created', '-pk').values_list('pk', flat=True)
            self.filter(pk__in=list(newest_first[max(limit - 1, 0) :])).delete()
        return token

    def authenticate(self, key: str) -> 'Token | None':
        """Return the usable token with *key*, with its user in the same query; else None.

        Deletes an expired or revoked token, renews a usable one.
        """
        if len(key) > KEY_LENGTH:
            return None
        token = self.select_related('user').filter(digest=compute_digest(key)).first()
        if token is None:
            return None
        if token.is_expired or token.is_revoked:
            _write(token.delete)
            return None
        if not is_active(token.user):
            return None
        token.hand_out(key)
        token.renew()
        return token


class Token(models.Model):
    """A key that authenticates a user until it expires. Only its digest is stored."""

    # Random and not secret: the admin and the command name the token by it.
    id = models.CharField(
        _('ID'), max_length=40, primary_key=True, default=generate_id, editable=False
    )
    digest = models.CharField(_('Digest'), max_length=64, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name='auth_tokens',
        verbose_name=_('User'),
    )
    fingerprint = models.CharField(_('Fingerprint'), max_length=64, editable=False)
    created = models.DateTimeField(_('Created'), auto_now_add=True)
    last_used = models.DateTimeField(_('Last used'), null=True, blank=True, editable=False)
    expires = models.DateTimeField(_('Expires'), null=True, blank=True, default=get_expiry)

    objects: ClassVar[TokenManager] = TokenManager()

    class Meta:
        verbose_name = _('Token')
        verbose_name_plural = _('Tokens')

    def __str__(self) -> str:
        return f'{self.id} of {self.user}'

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.digest:
            self.generate_key()
        if not self.fingerprint:
            self.fingerprint = get_fingerprint(self.user)
        super().save(*args, **kwargs)

    @property
    def key(self) -> str:
        """The plain key. Only the object that was issued has it, and the request that sent it."""
        try:
            return str(self.__dict__['plain_key'])
        except KeyError:
            raise AttributeError(
                f'The key of token {self.id} is not stored. '
                'It is known only where the token is issued: Token.objects.issue(user).key.'
            ) from None

    @key.setter
    def key(self, key: str) -> None:
        self.__dict__['plain_key'] = key
        self.digest = compute_digest(key)

    def generate_key(self) -> str:
        """Give the token a new key, of 160 random bits, and return it."""
        self.key = secrets.token_hex(KEY_LENGTH // 2)
        return self.key

    @property
    def is_expired(self) -> bool:
        return self.expires is not None and self.expires <= timezone.now()

    @property
    def is_revoked(self) -> bool:
        """Whether the user's password has changed since the token was issued."""
        return self.fingerprint != get_fingerprint(self.user)

    def hand_out(self, key: str) -> None:
        """Set `user.auth_token` for the request that sent *key*.

        In `__dict__`, as another app's tokens may have a descriptor of that name.
        """
        self.__dict__['plain_key'] = key
        self.user.__dict__['auth_token'] = self

    def renew(self) -> None:
        """Store the use and the new expiry, at most once per interval."""
        now, used = timezone.now(), self.last_used
        if now - (used or self.created) < _get_renewal_interval():
            return
        self.last_used, self.expires = now, self.expires and get_expiry()
        unchanged = Token.objects.filter(pk=self.pk, last_used=used)
        _write(lambda: unchanged.update(last_used=self.last_used, expires=self.expires))


class OneToken:
    """`user.auth_token`: in the original a token of every user, here that of the request.

    `Token.hand_out` sets it in the user's `__dict__`, which is found before this descriptor.
    """

    def __get__(self, user: object, owner: type) -> 'OneToken':
        if user is None:
            return self
        raise AttributeError(
            f'{owner.__name__} {user} has no auth_token: only the user of a request that sent a '
            'token has, that token. Use user.auth_tokens, which holds all tokens of the user.',
            name='auth_token',
            obj=user,
        )


def _get_renewal_interval() -> timedelta:
    ttl = get_settings().token_ttl
    return RENEWAL_INTERVAL if ttl is None else min(RENEWAL_INTERVAL, ttl / 2)


def _write(change: Callable[[], object]) -> None:
    """Make *change*, and log where it fails: a locked database still serves reads."""
    try:
        with transaction.atomic(using=router.db_for_write(Token)):
            change()
    except DatabaseError:
        logger.warning('A token could not be updated.', exc_info=True)
