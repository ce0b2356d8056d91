"""Finds a route by its path's segments, for paths never seen before.

Either finds what Werkzeug's Map finds, or nothing: no match, a redirect, a wrong method and
whatever is unusual are left to the Map.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

Params = dict[str, Any]
_PARAMETER = re.compile(r'{([^+{}][^{}]*)}')
_MAX_DIGITS = 18  # fewer than the largest 64 bit number has, so that size needs no check


class _Node:
    """What may follow the segments so far."""

    __slots__ = ('children', 'integers', 'is_closed', 'leaves', 'strings')

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.integers: _Node | None = None
        self.strings: _Node | None = None
        self.leaves: dict[str, tuple[int, tuple[str, ...]]] = {}  # method: position, names
        self.is_closed = False  # beyond here only Werkzeug knows


NOT_FOUND: tuple[int, Params] = (-1, {})


def build_lookup(
    routes: Iterable[tuple[str, str, dict[str, type]]],
) -> Callable[[str, str], tuple[int, Params] | None]:
    """Return a look-up of (path, method), giving (position, parameters), NOT_FOUND or None.

    NOT_FOUND: no route has that path, with any method or with a slash more. None: only
    Werkzeug can tell.

    *routes*: path as API Star writes it, method, and the type of each parameter, in order.
    """
    root = _Node()
    for position, (path, method, types) in enumerate(routes):
        _insert(root, path, method, types, position)

    def look_up(path: str, method: str) -> tuple[int, Params] | None:
        values: list[Any] = []
        segments = path.split('/')
        try:
            leaf = _find(root, segments, 1, method, values)
            if leaf is None:
                return None if _is_near(root, segments) else NOT_FOUND
        except _UnsureError:
            return None
        position, names = leaf
        return position, dict(zip(names, values, strict=True))

    return look_up


def _insert(root: _Node, path: str, method: str, types: dict[str, type], position: int) -> None:
    node = root
    names = []
    for segment in path.split('/')[1:]:
        parameter = _PARAMETER.fullmatch(segment)
        if parameter:
            names.append(parameter[1])
            node = _add_parameter(node, types.get(parameter[1], str))
        elif '{' in segment or '<' in segment:
            node.is_closed = True
        else:
            node = node.children.setdefault(segment, _Node())
        if node.is_closed:
            return
    node.leaves.setdefault(method, (position, tuple(names)))
    if method == 'GET':
        node.leaves.setdefault('HEAD', (position, tuple(names)))


def _add_parameter(node: _Node, type_: type) -> _Node:
    if type_ is float:  # Werkzeug ranks it with int: leave the order to it.
        node.is_closed = True
        return node
    kind = 'integers' if type_ is int else 'strings'
    if getattr(node, kind) is None:
        setattr(node, kind, _Node())
    child: _Node = getattr(node, kind)
    return child


class _UnsureError(Exception):
    """Only Werkzeug can tell."""


def _is_near(root: _Node, segments: list[str]) -> bool:
    """Whether another method, or a slash at the end, would find something."""
    if _find(root, segments, 1, None, []):
        return True
    return bool(_find(root, [*segments, ''], 1, None, []))


def _find(
    node: _Node, segments: list[str], index: int, method: str | None, values: list[Any]
) -> tuple[int, tuple[str, ...]] | None:
    """Return the leaf that *segments* lead to for *method*, for any where it is None.

    Literal segments first, then integers, then text, as Werkzeug weighs them.
    """
    if index == len(segments):
        if method is None:
            return next(iter(node.leaves.values()), None)
        return node.leaves.get(method)
    segment = segments[index]
    child = node.children.get(segment)
    if child is not None:
        leaf = _find(child, segments, index + 1, method, values)
        if leaf is not None:
            return leaf
    if node.is_closed:
        raise _UnsureError
    for child, value in _read_parameter(node, segment):
        values.append(value)
        leaf = _find(child, segments, index + 1, method, values)
        if leaf is not None:
            return leaf
        values.pop()
    return None


def _read_parameter(node: _Node, segment: str) -> list[tuple[_Node, Any]]:
    """Return where *segment* leads as a parameter, and its value there."""
    ways: list[tuple[_Node, Any]] = []
    if node.integers is not None:
        if segment.isdigit():
            if not segment.isascii() or len(segment) > _MAX_DIGITS:
                raise _UnsureError
            ways.append((node.integers, int(segment)))
        elif segment.startswith('-'):
            raise _UnsureError
    if node.strings is not None and segment:
        if not segment.isprintable() or '\\' in segment or segment in ('.', '..'):
            raise _UnsureError
        ways.append((node.strings, segment))
    return ways
