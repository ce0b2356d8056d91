"""A writer of Python source: lines, indentation and the constants that the lines name."""

from __future__ import annotations

import contextlib
import linecache
import re
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_LITERALS = (str, bytes, int, float, bool, type(None))
# Built-ins that most code names. Until it has run some times, Python looks here first each time.
_NEAR = {'dict': dict, 'len': len, 'list': list, 'type': type}

Function = Callable[..., Any]  # its generated text says what it takes


class Source:
    """Python source under construction.

    Names of constants begin with an underscore and no other name does, so they cannot clash.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._namespace: dict[str, Any] = {'__name__': __name__, **_NEAR}
        self._names: dict[int, str] = {}
        self._taken = {'__name__', '__builtins__', '__loader__'}
        self._counts: dict[str, int] = {}

    @property
    def text(self) -> str:
        return '\n'.join(self._lines) + '\n'

    def line(self, code: str) -> None:
        self._lines.append('    ' * self._depth + code)

    def lines(self, codes: Iterable[str]) -> None:
        for code in codes:
            self.line(code)

    @contextlib.contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Write *header* and indent what follows, as in ``with source.block('if x:')``."""
        self.line(header)
        self._depth += 1
        count = len(self._lines)
        yield
        if len(self._lines) == count:
            self.line('pass')
        self._depth -= 1

    def const(self, value: object, hint: str) -> str:
        """Return an expression for *value*: a literal, or a constant's name, made of *hint*."""
        # inf and nan have no literal, and a subclass's repr() can be anything.
        if type(value) in _LITERALS and repr(value) not in ('inf', '-inf', 'nan'):
            return repr(value)
        if id(value) not in self._names:
            name = self._names[id(value)] = self.name('_' + hint)
            self._namespace[name] = value
        return self._names[id(value)]

    def name(self, hint: str) -> str:
        """Return an identifier like *hint* that this method has not returned before."""
        hint = re.sub(r'\W', '_', hint, flags=re.ASCII)
        name = hint = hint if hint.isidentifier() else 'x' + hint
        while name in self._taken:
            self._counts[hint] = self._counts.get(hint, 1) + 1
            name = f'{hint}_{self._counts[hint]}'
        self._taken.add(name)
        return name

    def build(self, name: str, filename: str) -> Function:
        """Compile the text and return its function *name*; tracebacks and pdb show *filename*.

        *filename* is like ``<django_apistar plan GET /products/>``. It gets a number while
        another function has it, so that each function shows its own lines.
        """
        code_name = _show_in_tracebacks(self.text, filename)
        self._namespace['__loader__'] = _Loader(code_name)
        exec(compile(self.text, code_name, 'exec'), self._namespace)
        function: Function = self._namespace[name]
        weakref.finalize(function, linecache.cache.pop, code_name, None).atexit = False
        return function


class _Loader:
    """Shows a frame's lines to code that does not ask linecache, such as Django's DEBUG page."""

    def __init__(self, code_name: str) -> None:
        self._code_name = code_name

    def get_source(self, name: str) -> str | None:
        return ''.join(linecache.getlines(self._code_name)) or None


def _show_in_tracebacks(text: str, filename: str) -> str:
    candidate, number = filename, 1
    while candidate in linecache.cache:
        number += 1
        candidate = f'{filename[:-1]} #{number}>'
    # Without a modification time linecache never looks for a file.
    linecache.cache[candidate] = (len(text), None, text.splitlines(keepends=True), candidate)
    return candidate
