"""The paths of Django's URLs: how they begin, in which language, below which prefixes."""

import dataclasses
import re
from collections.abc import Iterable
from typing import TypeAlias

from django.conf import global_settings
from django.conf import settings as django_settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.urls import LocalePrefixPattern
from django.urls.resolvers import RegexPattern, RoutePattern
from django.utils import translation

_LANGUAGE_BY_PATH = 'django.middleware.locale.LocaleMiddleware'
_ANYTHING = re.compile(r'(?:\((?:\?P<\w+>)?)?\.\*\)?')
Pattern: TypeAlias = RoutePattern | RegexPattern | LocalePrefixPattern


@dataclasses.dataclass(frozen=True, slots=True)
class URLPath:
    """The paths of a Django URL, from the patterns between the root and it."""

    path: str = '/'  # as Django writes it
    head: str = '/'  # the literal beginning of each path
    is_whole: bool = True  # whether `head` is the whole path
    takes_anything: bool = False  # whether it matches all paths with this head
    patterns: tuple[tuple[Pattern, str], ...] = ()  # with the text of each in its language

    def enter(self, pattern: Pattern) -> 'URLPath':
        """Return the path extended by *pattern*, in the active language."""
        text = str(pattern)
        is_regex = isinstance(pattern, RegexPattern)
        if is_regex:
            literal, is_literal = _split_regex(_strip_anchors(text))
        else:
            literal, parameter, _ = text.partition('<')
            is_literal = not parameter
        takes_anything = is_regex and _ANYTHING.fullmatch(_strip_anchors(text))
        return URLPath(
            path=self.path + text,
            head=self.head + literal if self.is_whole else self.head,
            is_whole=self.is_whole and is_literal,
            takes_anything=self.is_whole and bool(takes_anything),
            patterns=(*self.patterns, (pattern, text)),
        )

    def may_begin_with(self, prefix: str) -> bool:
        """Return whether a path can be *prefix*, which ends with a slash, or lie below it."""
        wanted = _split_path(prefix)
        try:
            return all(
                re.fullmatch(own, text)
                for own, text in zip(self._split_regexes(), wanted, strict=False)
            )
        except re.error:  # The part alone is no valid regex: it refers to a group in another part.
            return True

    def is_deeper_than(self, prefix: str) -> bool:
        """Return whether all paths have more segments than *prefix*."""
        return any(self._split_regexes()[len(_split_path(prefix)) :])

    def _split_regexes(self) -> list[str]:
        return _split_segments(''.join(map(_get_regex, self.patterns)))


ROOT = URLPath()


def _split_path(prefix: str) -> list[str]:
    return prefix[1:-1].split('/')


def _get_regex(pattern_and_text: tuple[Pattern, str]) -> str:
    pattern, text = pattern_and_text
    if isinstance(pattern, RegexPattern):
        return _strip_anchors(text)
    return re.sub(
        '<(?:[^>:]*:)?([^>]*)>', lambda match: f'({pattern.converters[match[1]].regex})',
        re.escape(text),
    )  # fmt: skip


def _strip_anchors(regex: str) -> str:
    """Return *regex* without its anchors."""
    return re.sub(r'\A(?:\^|\\A)|(?<!\\)(?:\$|\\[Zz])\Z', '', regex)


def _split_regex(regex: str) -> tuple[str, bool]:
    """Return the literal beginning of every match of *regex*, and whether it is the whole match."""
    literal = ''
    for part, depth in _iter_parts(regex):
        if part == '|' and not depth:
            return '', False
    for part, _ in _iter_parts(regex):
        if part in ('*', '?', '{'):
            return literal[:-1], False
        if part in ('.', '(', '[', '+') or (len(part) == 2 and part[1].isalnum()):
            return literal, False
        literal += part[-1]
    return literal, True


def _split_segments(regex: str) -> list[str]:
    """Return the parts of *regex* between its slashes; those in a group do not split."""
    segments = ['']
    for part, depth in _iter_parts(regex):
        if part in ('/', r'\/') and not depth:
            segments.append('')
        else:
            segments[-1] += part
    return segments


def _iter_parts(regex: str) -> Iterable[tuple[str, int]]:
    """Yield (character, depth of groups); an escaped character has its backslash."""
    depth = 0
    for part in re.findall(r'\\.|.', regex, re.DOTALL):
        depth += (part in ('(', '[')) - (part in (')', ']'))
        yield part, depth


def find_languages(pattern: Pattern, prefixes: Iterable[str]) -> Iterable[str]:
    """Return the languages in which *pattern* has a path of its own, as in `i18n_patterns`.

    They are LANGUAGES. Where that is Django's own list of a hundred, those that *prefixes* name.
    """
    current = translation.get_language() or django_settings.LANGUAGE_CODE
    if not isinstance(pattern, LocalePrefixPattern) or not _is_language_by_path():
        return [current]
    languages = [code for code, _ in django_settings.LANGUAGES]
    if django_settings.LANGUAGES == global_settings.LANGUAGES:
        first = {prefix.split('/')[1] for prefix in prefixes}
        languages = [code for code in languages if code in first]
    default = _get_default_language(pattern.prefix_default_language)
    return dict.fromkeys([default, *languages])


def find_language(path: str, urlconf: str | None) -> str | None:
    """Return the language in which Django resolves *path* for a client without a preference."""
    if not _is_language_by_path():
        return translation.get_language()
    urlconf = urlconf or django_settings.ROOT_URLCONF
    _, is_prefixed = is_language_prefix_patterns_used(urlconf)
    return translation.get_language_from_path(path) or _get_default_language(is_prefixed)


def _is_language_by_path() -> bool:
    return django_settings.USE_I18N and _LANGUAGE_BY_PATH in django_settings.MIDDLEWARE


def _get_default_language(is_prefixed: bool) -> str:
    language: str = django_settings.LANGUAGE_CODE
    return translation.get_supported_language_variant(language) if is_prefixed else language
