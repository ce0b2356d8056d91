"""Patterns: whether a text fits one, and texts that do."""

import functools
import importlib
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

# The parser of the standard library, under the name that it has since Python 3.11.
PARSER = 're._parser' if sys.version_info >= (3, 11) else 'sre_parse'
MATCH_ALL = frozenset({'', '^', '.*', '^.*'})
LONGEST = 400  # characters of a text that a pattern is asked about
REPEATS = ('MAX_REPEAT', 'MIN_REPEAT', 'POSSESSIVE_REPEAT')
CATEGORIES = {
    'CATEGORY_DIGIT': '7', 'CATEGORY_WORD': 'w', 'CATEGORY_SPACE': ' ',
    'CATEGORY_NOT_DIGIT': 'x', 'CATEGORY_NOT_WORD': '-', 'CATEGORY_NOT_SPACE': 'y',
}  # fmt: skip


class UnsureError(Exception):
    """Nobody here can tell whether a value fits."""


def fits(pattern: str, text: str) -> bool:
    """Whether *text* fits *pattern*. Raises UnsureError for a pattern that cannot be asked."""
    compiled = _compile(pattern)
    if compiled is None or len(text) > LONGEST:
        raise UnsureError(pattern)
    return compiled.search(text) is not None


@functools.lru_cache(4096)
def _compile(pattern: str) -> re.Pattern[str] | None:
    """Return None where Python does not know it, or where it could run for years."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            return None if _is_slow(_parse(pattern)) else re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return None


def _parse(pattern: str) -> list[Any]:
    return list(importlib.import_module(PARSER).parse(pattern))


def _is_slow(tokens: Iterable[Any], is_repeated: bool = False) -> bool:
    """Whether a repetition stands within another one, or three follow each other."""
    count = 0
    for word, value in tokens:
        if str(word) in REPEATS:
            is_many = value[1] > 1
            count += is_many
            if (is_many and is_repeated) or _is_slow(value[2], is_many or is_repeated):
                return True
        elif any(_is_slow(part, is_repeated) for part in _parts(str(word), value)):
            return True
    return count > 6


def _parts(word: str, value: Any) -> list[Any]:
    if word == 'BRANCH':
        return list(value[1])
    if word == 'SUBPATTERN':
        return [value[-1]]
    if word == 'ATOMIC_GROUP':
        return [value]
    return [value[1]] if word in ('ASSERT', 'ASSERT_NOT') else []


@functools.lru_cache(1024)
def make_texts(pattern: str) -> tuple[str, ...]:
    """Return a few texts that fit *pattern*, none where none is found."""
    if _compile(pattern) is None:
        return ()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        tokens = _parse(pattern)
    texts = dict.fromkeys(
        text for turn in range(4)
        for text in (_write(tokens, turn), 'x' + _write(tokens, turn) + 'x')
    )  # fmt: skip
    return tuple(text for text in texts if len(text) <= LONGEST and fits(pattern, text))


def _write(tokens: Iterable[Any], turn: int) -> str:
    return ''.join(_write_one(str(word), value, turn) for word, value in tokens)


def _write_one(word: str, value: Any, turn: int) -> str:
    if word == 'LITERAL':
        return chr(value)
    if word == 'ANY':
        return 'ab1-'[turn]
    if word in ('IN', 'NOT_LITERAL'):
        return _write_class(word, value, turn)
    if word in REPEATS:
        low, high, what = value
        count = min(low + turn, high, LONGEST)
        return ''.join(_write(what, (turn + at) % 4) for at in range(count))
    if word == 'BRANCH':
        return _write(value[1][turn % len(value[1])], turn)
    is_group = word in ('SUBPATTERN', 'ATOMIC_GROUP')
    return _write(_parts(word, value)[0], turn) if is_group else ''


def _write_class(word: str, value: Any, turn: int) -> str:
    if word == 'NOT_LITERAL' or str(value[0][0]) == 'NEGATE':
        taken = value if word == 'NOT_LITERAL' else value[1:]
        return next((c for c in 'zZ9-é'[turn:] + 'zZ9-' if not _is_among(c, taken)), 'z')
    name, item = value[turn % len(value)]
    if str(name) == 'RANGE':
        return chr(item[0] if turn % 2 == 0 else item[1])
    return chr(item) if str(name) == 'LITERAL' else CATEGORIES.get(str(item), 'w')


def _is_among(character: str, taken: Any) -> bool:
    if isinstance(taken, int):
        return ord(character) == taken
    return any(
        (str(name) == 'LITERAL' and item == ord(character))
        or (str(name) == 'RANGE' and item[0] <= ord(character) <= item[1])
        for name, item in taken
    )


def iter_texts(patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        yield from make_texts(pattern)
