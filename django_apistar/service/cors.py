"""The hook that lets pages of other origins call the API, by django-cors-headers' settings."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings

from django_apistar.api.responses import TOKEN
from django_apistar.conf.problems import Problem

if TYPE_CHECKING:
    from django_apistar.api.responders import Responder

_TOKENS = ('CORS_ALLOW_HEADERS', 'CORS_ALLOW_METHODS', 'CORS_EXPOSE_HEADERS')
_REGEXES = ('CORS_ALLOWED_ORIGIN_REGEXES', 'CORS_URLS_REGEX')
_ENDS = ('$', r'\Z', '$)', r'\Z)')
# The package's older names; those that it has given up its own check names.
_ALIASES = (
    'CORS_ORIGIN_ALLOW_ALL', 'CORS_ORIGIN_WHITELIST', 'CORS_ORIGIN_REGEX_WHITELIST',
    'CORS_MODEL', 'CORS_REPLACE_HTTPS_REFERER',
)  # fmt: skip


class Cors:
    """Answers preflights, and gives every answer of the API the headers of CORS.

    For EVENT_HOOKS; its place in there does not matter: it stands around all hooks, and around the
    answers to what has no route.
    """

    @staticmethod
    def wrap_responder(responder: Responder, headers: tuple[tuple[str, str], ...]) -> Responder:
        """Return *responder* with CORS. *headers*: those of every response."""
        from django_apistar.service.cors_responder import CorsResponder

        return CorsResponder(responder, headers)

    @staticmethod
    def covers(path: str) -> bool:
        """Whether it stands around the answers to *path*, or a receiver of the signal may say so.

        Around those alone it answers preflights.
        """
        from corsheaders.signals import check_request_enabled

        return bool(check_request_enabled.receivers or re.match(_get('CORS_URLS_REGEX'), path))

    @staticmethod
    def find_problems() -> Iterator[Problem]:
        """Yield each mistake in the settings that it reads."""
        if find_spec('corsheaders') is None:
            yield Problem(
                'E023',
                'EVENT_HOOKS has Cors, and django-cors-headers is not installed.',
                "Run pip install 'django-apistar[cors]'.",
            )
            return
        yield from _find_unknown()
        wrong = [*_find_wrong()] or [*_find_invalid_names(), *_find_invalid_regexes()]
        yield from wrong or _find_open_regexes()


def _find_unknown() -> Iterator[Problem]:
    from corsheaders.conf import Settings

    names = [name for name in dir(Settings) if name.startswith('CORS_')]
    for name in sorted(dir(django_settings)):
        if name.startswith('CORS_') and name not in (*names, *_ALIASES):
            close = difflib.get_close_matches(name, names, n=1, cutoff=0)
            yield Problem(
                'W023',
                f'{name} is no setting of django-cors-headers: Cors does not read it.',
                f'Did you mean {close[0]}?',
            )


def _find_wrong() -> Iterator[Problem]:
    """Yield what the package's own check finds, which runs where the package is an app alone."""
    from corsheaders.checks import check_settings

    try:
        messages = check_settings()
    except ValueError as exc:  # of an origin that is no URL
        yield Problem(
            'E023', f'CORS_ALLOWED_ORIGINS has what is no URL: {exc}.', 'Correct or remove it.'
        )
        return
    for message in messages:
        hint = message.hint or 'See the documentation of django-cors-headers.'
        yield Problem('E023', f'{message.msg.rstrip(".")}.', hint)


def _get(name: str) -> Any:
    from corsheaders.conf import conf

    return getattr(conf, name)


def _find_invalid_names() -> Iterator[Problem]:
    for key in _TOKENS:
        for name in _get(key):
            if not TOKEN.fullmatch(name):
                yield Problem(
                    'E023', f'{key} has {name!r}, which HTTP cannot send there.', 'Correct it.'
                )


def _find_invalid_regexes() -> Iterator[Problem]:
    for key in _REGEXES:
        given = _get(key)
        for pattern in [given] if key == 'CORS_URLS_REGEX' else given:
            try:
                re.match(pattern, '')
            except (re.error, TypeError) as exc:
                yield Problem(
                    'E023', f'{key} has {pattern!r}, which is no regex of text: {exc}.',
                    'Correct it.',
                )  # fmt: skip


def _find_open_regexes() -> Iterator[Problem]:
    for given in _get('CORS_ALLOWED_ORIGIN_REGEXES'):
        pattern = re.compile(given).pattern
        if not pattern.endswith(_ENDS):
            yield Problem(
                'W024',
                f'CORS_ALLOWED_ORIGIN_REGEXES has {pattern!r}, which does not end with $: it lets '
                'in every origin that begins so.',
                'Add $ to it: https://app.example.com.evil.com is another origin.',
            )
