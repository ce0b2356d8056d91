"""Quoted cookies, read in linear time on every Python."""

import http.cookies
import re
from typing import Any

_library: Any = http.cookies  # typed as Any, as the function is private
_ESCAPE = re.compile(r'\\(?:([0-3][0-7][0-7])|(.))')


def repair() -> None:
    """Replace `http.cookies._unquote` where it takes quadratic time. Idempotent.

    Django calls it for every cookie: 16 kB of backslashes took 0.3 s, and 800 kB, which servers
    let pass, would take minutes (CVE-2024-7592). Fixed in Python 3.10.15, 3.11.10, 3.12.6 and
    3.13, whose module has no `_QuotePatt`. Remove when older ones are no longer supported.
    """
    if hasattr(_library, '_QuotePatt'):
        _library._unquote = unquote


def unquote(value: str | None) -> str | None:
    """Return the text of a cookie's *value*, as fixed Pythons do."""
    if value is None or len(value) < 2 or not value[0] == value[-1] == '"':
        return value
    return _ESCAPE.sub(_unescape, value[1:-1])


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 8)) if match[1] else match[2]
