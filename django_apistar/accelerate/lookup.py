"""Finds a route by its path's segments, for paths never seen before.

Either finds what Werkzeug's Map finds, or leaves the path to the Map: redirects, floats,
wildcards and whatever is unusual.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

Params = dict[str, object]
Leaf = tuple[int, tuple[str, ...]]  # a route's position and the names of its parameters
# Literal text, or a parameter's name and kind, or None for what only Werkzeug knows.
Segment = str | tuple[str, str] | None
STRING, NUMBER, DIGITS = 'string', 'number', 'digits'  # kinds; a NUMBER may have a sign

_MAX_DIGITS = 18  # fewer than the largest 64 bit number has, so that size needs no check


_NOT_FOUND: frozenset[str] = frozenset()


class _Node:
    """What may follow the segments so far."""

    __slots__ = (
        'children',
        'integers',
        'integers_kind',
        'is_closed',
        'is_plain',
        'is_sure',
        'leaves',
        'methods',
        'strings',
    )

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.integers: _Node | None = None
        self.integers_kind = ''
        self.strings: _Node | None = None
        self.leaves: dict[str, Leaf] = {}  # by method
        self.is_closed = False  # beyond here only Werkzeug knows
        self.is_plain = True  # only literal segments may follow
        self.is_sure = False  # the segments so far lead to no other node
        self.methods: frozenset[str] | None = None  # of the path that ends here, where it is sure


class _UnsureError(Exception):
    """Only Werkzeug can tell."""


class Lookup:
    """A trie of path segments. Built once, never changed."""

    def __init__(self, routes: Iterable[tuple[Sequence[Segment], str]]) -> None:
        """*routes*: what stands between the slashes of the path, and the method; in order."""
        self._root = _Node()
        for position, (segments, method) in enumerate(routes):
            _insert(self._root, segments, method, position)
        _settle(self._root, True)

    def find(self, path: str, method: str) -> tuple[int, Params] | frozenset[str] | None:
        """Return (position, parameters), or the path's methods where *method* is none of them.

        A path without a route has no methods. None where only Werkzeug can tell.

        Takes the first way at each segment; where that leads nowhere `_search` tries them all.
        The parameters are the caller's to change.
        """
        if not path.isascii():
            return None
        node = self._root
        values: list[object] = []
        for segment in path.split('/'):
            child = node.children.get(segment)
            if child is None:
                if node.is_plain and node.is_sure:
                    return _NOT_FOUND
                if node.is_plain or node.is_closed:
                    return self._search(path, method)
                if node.integers is not None and segment.isdigit() and len(segment) <= _MAX_DIGITS:
                    child = node.integers
                    values.append(int(segment))
                elif node.integers is None and node.strings is not None and _is_usual(segment):
                    child = node.strings
                    values.append(segment)
                else:
                    return self._search(path, method)
            node = child
        leaf = node.leaves.get(method)
        if leaf is None:
            return self._search(path, method) if node.methods is None else node.methods
        position, names = leaf
        if len(names) == 1:
            return position, {names[0]: values[0]}
        return position, dict(zip(names, values))  # noqa: B905 - as many, by construction

    def _search(self, path: str, method: str) -> tuple[int, Params] | frozenset[str] | None:
        """Do what `find` does, by every way there is."""
        segments = path.split('/')
        values: list[object] = []
        try:
            leaf = _find(self._root, segments, 0, method, values)
            if leaf is None:
                return self._find_methods(segments)
        except _UnsureError:
            return None
        return leaf[0], dict(zip(leaf[1], values))  # noqa: B905 - as above

    def _find_methods(self, segments: list[str]) -> frozenset[str] | None:
        if next(_iter_leaves(self._root, [*segments, ''], 0), None):
            return None  # A redirect, perhaps.
        return frozenset(
            method for leaves in _iter_leaves(self._root, segments, 0) for method in leaves
        )


def _insert(root: _Node, segments: Sequence[Segment], method: str, position: int) -> None:
    node = root
    names = []
    for segment in segments:
        if isinstance(segment, str):
            node = node.children.setdefault(segment, _Node())
            continue
        child = _add_parameter(node, segment[1]) if segment else None
        node.is_plain = False
        if segment is None or child is None:
            node.is_closed = True
            return
        names.append(segment[0])
        node = child
    node.leaves.setdefault(method, (position, tuple(names)))
    if method == 'GET':
        node.leaves.setdefault('HEAD', (position, tuple(names)))


def _add_parameter(node: _Node, kind: str) -> _Node | None:
    """Return the node behind a parameter, None where Werkzeug ranks two kinds by their order."""
    if kind == STRING:
        node.strings = node.strings or _Node()
        return node.strings
    node.integers_kind = node.integers_kind or kind
    if node.integers_kind != kind:
        return None
    node.integers = node.integers or _Node()
    return node.integers


def _settle(node: _Node, is_sure: bool) -> None:
    """Set `is_sure` and `methods` of *node* and of all beyond it."""
    node.is_sure = is_sure
    if is_sure and node.is_plain and '' not in node.children:  # That would be a redirect.
        node.methods = frozenset(node.leaves)
    parameters = [child for child in (node.integers, node.strings) if child is not None]
    has_one_kind = node.is_plain or (not node.children and len(parameters) == 1)
    for child in (*node.children.values(), *parameters):
        _settle(child, is_sure and has_one_kind and not node.is_closed)


def _find(
    node: _Node, segments: list[str], index: int, method: str, values: list[object]
) -> Leaf | None:
    """Return the leaf that *segments* lead to for *method*; *values* are its parameters.

    Literal segments first, then integers, then text, as Werkzeug weighs them.
    """
    end = len(segments)
    while node.is_plain and index < end:
        child = node.children.get(segments[index])
        if child is None:
            return None
        node, index = child, index + 1
    if index == end:
        return node.leaves.get(method)
    for child, value in _ways(node, segments[index]):
        if value is not None:
            values.append(value)
        leaf = _find(child, segments, index + 1, method, values)
        if leaf is not None:
            return leaf
        if value is not None:
            values.pop()
    return None


def _ways(node: _Node, segment: str) -> Iterator[tuple[_Node, object]]:
    """Yield where *segment* leads, and its value where it is a parameter."""
    child = node.children.get(segment)
    if child is not None:
        yield child, None
    if node.is_closed:
        raise _UnsureError
    if node.integers is not None:
        if segment.isdigit():
            if not segment.isascii() or len(segment) > _MAX_DIGITS:
                raise _UnsureError
            yield node.integers, int(segment)
        elif segment.startswith('-'):
            raise _UnsureError
    if node.strings is not None and segment:
        if not _is_usual(segment):
            raise _UnsureError
        yield node.strings, segment


def _is_usual(segment: str) -> bool:
    """Whether Werkzeug takes *segment* for the text that it is."""
    return (
        segment != '' and segment.isprintable() and '\\' not in segment
        and segment not in ('.', '..')
    )  # fmt: skip


def _iter_leaves(node: _Node, segments: list[str], index: int) -> Iterator[dict[str, Leaf]]:
    """Yield the leaves of every way that *segments* may go."""
    if index == len(segments):
        if node.leaves:
            yield node.leaves
        return
    for child, _ in _ways(node, segments[index]):
        yield from _iter_leaves(child, segments, index + 1)
