"""A release of gunicorn or granian in which a name is gone: its sources, read with another name.

`make_release(directory, 'gunicorn.arbiter.Arbiter.WORKERS', ...)` writes a sitecustomize.py, which
a process with *directory* in PYTHONPATH imports at its start. The package itself goes on working.
"""

from __future__ import annotations

import functools
import importlib
import io
import sys
import tokenize
from collections.abc import Iterator
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import Any, NamedTuple

# What gunicorn calls its own objects, so that `os.write` is not taken for a response's `write`.
_OWNERS = {
    'self', 'cls', 'resp', 'conn', 'worker', 'sibling', 'req', 'mesg', 'message', ')', 'w', ']',
    'parser', 'arbiter', 'inst', 'wrk', 'tmp', 'body', 'queue', 'server', 'method_queue',
    'unreader',
}  # fmt: skip
# Where a name means something else than elsewhere.
_HOUSES = ('gunicorn.app', 'gunicorn.config')


def make_release(directory: Path, *names: str) -> None:
    """Write a sitecustomize.py below which *names* (dotted, of a package) are called otherwise."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / 'renaming.py').write_text(Path(__file__).read_text())
    found = [Name(*place(name)) for name in names]
    (directory / 'sitecustomize.py').write_text(
        'import sys, renaming\n'
        f'sys.meta_path.insert(0, renaming.Renaming({[tuple(name) for name in found]!r}))\n'
    )


class Name(NamedTuple):
    """A name that goes."""

    house: str  # its module
    last: str
    is_global: bool  # of a module, or read by a function
    is_lent: bool  # from another module, so that it can only be deleted


def place(name: str) -> tuple[str, str, bool, bool]:
    """Return the fields of the `Name` that is written *name*."""
    parts = name.split('.')
    house = next(
        '.'.join(parts[:length])
        for length in range(len(parts) - 1, 0, -1)
        if '.'.join(parts[:length]) in sys.modules or _is_module('.'.join(parts[:length]))
    )
    module = importlib.import_module(house)
    owner = functools.reduce(getattr, name.removeprefix(f'{house}.').split('.')[:-1], module)
    is_global = not isinstance(owner, type)
    found = getattr(module, parts[-1], None)
    is_lent = is_global and hasattr(found, '__qualname__') and found.__module__ != house
    return house, parts[-1], is_global, is_lent


def _is_module(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


class Renaming(MetaPathFinder):
    """Finds the modules of a package, with names replaced in their sources."""

    def __init__(self, names: list[tuple[str, str, bool, bool]]) -> None:
        self.names = [Name(*name) for name in names]
        self.package = self.names[0].house.partition('.')[0]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name.partition('.')[0] != self.package:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec and isinstance(spec.loader, SourceFileLoader):
            spec.loader = Loader(spec.name, str(spec.origin), self.names)
        return spec


class Loader(SourceFileLoader):
    """Loads a module from its source with other names, and never from its bytecode."""

    def __init__(self, name: str, path: str, names: list[Name]) -> None:
        super().__init__(name, path)
        self.names = names

    def exec_module(self, module: Any) -> None:
        super().exec_module(module)
        for name in self.names:
            if name.is_lent and name.house == module.__name__:
                delattr(module, name.last)

    def get_code(self, fullname: str) -> Any:
        source = self.get_data(self.path).decode()
        for name in self.names:
            if not name.is_lent:
                source = rename(source, self.name, name)
        return compile(source, self.path, 'exec', dont_inherit=True)


def rename(source: str, module: str, name: Name) -> str:
    """Return the *source* of *module* in which *name* is called otherwise."""
    last, other = name.last, f'{name.last}_elsewhere'
    if not _concerns(module, name.house):
        return source.replace(f'Arbiter(self).{last}(', f'Arbiter(self).{other}(')
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    lines = source.splitlines(keepends=True)
    for index in reversed(list(_iter_places(tokens, last, name.is_global))):
        (row, column), (_, end) = tokens[index].start, tokens[index].end
        line = lines[row - 1]
        is_import = line.strip() == f'import {last}'
        new = f'{last} as {other}' if is_import else other
        lines[row - 1] = f'{line[:column]}{new}{line[end:]}'
    return ''.join(lines)


def _concerns(module: str, house: str) -> bool:
    """Return whether *module* may use a name of *house*: `run` of an application is another."""
    return all(house.startswith(each) == module.startswith(each) for each in _HOUSES)


def _iter_places(tokens: list[Any], last: str, is_global: bool) -> Iterator[int]:
    for index, token in enumerate(tokens):
        if token.type != tokenize.NAME or token.string != last:
            continue
        if not is_global and token.line.lstrip().startswith(('from ', 'import ')):
            continue
        before = [each.string for each in tokens[max(index - 2, 0) : index]]
        if before[-1:] == ['.']:
            if is_global or before[0] in _OWNERS:
                yield index
        elif is_global or _is_of_class(tokens, index):
            yield index


def _is_of_class(tokens: list[Any], index: int) -> bool:
    """Return whether the name is bound at the level of a class: `def start`, `START_CTX = {}`."""
    token = tokens[index]
    before = token.line[: token.start[1]]
    return before in ('    def ', '    async def ') or (
        before == '    ' and tokens[index + 1].string == '='
    )
