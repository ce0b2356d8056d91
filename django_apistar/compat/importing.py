"""What API Star 0.5.4x needs to be imported by today's Python, with today's Werkzeug.

Everything else that we adjust in it is a repair (`adjustments`).
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from email.message import Message
from typing import TypeVar
from urllib.parse import unquote_plus

from django_apistar.compat.signatures import replace

Made = TypeVar('Made')


@contextlib.contextmanager
def importable() -> Iterator[None]:
    """Let `import apistar` succeed within this context."""
    with _url_decode(), _cgi(), _quiet_byte_compilation():
        yield


@contextlib.contextmanager
def _url_decode() -> Iterator[None]:
    """`werkzeug.urls.url_decode` is gone since Werkzeug 3.0.

    API Star imports it in codecs/urlencoded.py line 2. It exists during the import only, so that no
    other code takes this Werkzeug for an old one. Remove when API Star stops importing it.
    """
    import werkzeug.urls

    if hasattr(werkzeug.urls, 'url_decode'):
        yield
        return
    replace(werkzeug.urls, url_decode=_decode_form)
    try:
        yield
    finally:
        delattr(werkzeug.urls, 'url_decode')


def _decode_form(form: bytes, cls: Callable[[list[tuple[str, str]]], Made]) -> Made:
    """Return *form*, `application/x-www-form-urlencoded`, as *cls* of (name, value) pairs.

    As in Werkzeug 2: keeps blank values, replaces undecodable bytes, has no limit.
    """
    pairs = (pair.partition(b'=') for pair in form.split(b'&') if pair)
    return cls([(_unquote_plus(name), _unquote_plus(value)) for name, _, value in pairs])


def _unquote_plus(part: bytes) -> str:
    return unquote_plus(part.decode('utf-8', 'replace'), errors='replace')


@contextlib.contextmanager
def _cgi() -> Iterator[None]:
    """The standard library's `cgi` is gone since Python 3.13.

    API Star imports it in codecs/download.py line 1, for `cgi.parse_header` in its HTTP client.
    It exists during the import only. Remove when API Star stops importing it.
    """
    if importlib.util.find_spec('cgi') is not None:
        yield
        return
    stand_in = types.ModuleType('cgi', 'Stand-in for the part of cgi that API Star uses.')
    replace(stand_in, parse_header=_parse_header)
    sys.modules['cgi'] = stand_in
    try:
        yield
    finally:
        del sys.modules['cgi']


def _parse_header(line: str) -> tuple[str, dict[str, str]]:
    message = Message()
    message['content-type'] = line
    [(value, _), *parameters] = message.get_params(failobj=[(line, '')])
    return value, dict(parameters)


@contextlib.contextmanager
def _quiet_byte_compilation() -> Iterator[None]:
    r"""`\_` in a docstring and `return` in `finally` warn when API Star is byte-compiled.

    apistar/__init__.py line 2 (Python 3.12) and server/app.py line 243 (Python 3.14); `import
    cgi` warns on 3.11 and 3.12. Under `-W error` the import would fail. Remove with them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', SyntaxWarning)
        warnings.simplefilter('ignore', DeprecationWarning)
        yield
