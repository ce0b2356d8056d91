"""Finds a route by its path's segments, for paths never seen before.

Finds what Werkzeug's Map finds, or leaves the path to the Map: redirects, floats, wildcards and
whatever else is unusual.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

Params = dict[str, object]
Endpoint = tuple[int, tuple[str, ...]]  # a route's position and the names of its parameters
# Literal text, or a parameter's name and kind, or None if only Werkzeug can match it.
Segment = str | tuple[str, str] | None
STRING, NUMBER, DIGITS = 'string', 'number', 'digits'  # kinds; a NUMBER may have a sign

_MAX_DIGITS = 18  # fewer than the largest 64 bit number has, so that size needs no check
_NOT_FOUND: frozenset[str] = frozenset()


class _Node:
    """The segments that may follow those that led to this node."""

    __slots__ = (
        'children',
        'endpoints',
        'has_only_literals',
        'integers',
        'integers_kind',
        'is_left_to_werkzeug',
        'is_unambiguous',
        'methods',
        'strings',
    )

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.integers: _Node | None = None
        self.integers_kind = ''
        self.strings: _Node | None = None
        self.endpoints: dict[str, Endpoint] = {}  # by method
        self.is_left_to_werkzeug = False  # Only the Map knows what follows.
        self.has_only_literals = True  # No parameter may follow.
        self.is_unambiguous = False  # The segments so far lead to no other node.
        self.methods: frozenset[str] | None = None  # of the path, if the Map has no more


class _AmbiguousError(Exception):
    """Only Werkzeug can tell."""


class Lookup:
    """A trie of path segments. Built once, never changed."""

    def __init__(self, routes: Iterable[tuple[Sequence[Segment], str]]) -> None:
        """*routes*: (segments of the path, method) of each route, in order."""
        self._root = _Node()
        for position, (segments, method) in enumerate(routes):
            _insert(self._root, segments, method, position)
        _mark(self._root, True)

    def find(self, path: str, method: str) -> tuple[int, Params] | frozenset[str] | None:
        """Return (position, parameters), or the path's methods where *method* is none of them.

        A path without a route has no methods. None where only Werkzeug can tell.

        Follows the first match of each segment; where that leads nowhere `_search` tries them all.
        The parameters are the caller's to change.
        """
        if not path.isascii():
            return None
        node = self._root
        values: list[object] = []
        for segment in path.split('/'):
            child = node.children.get(segment)
            if child is None:
                if node.has_only_literals and node.is_unambiguous:
                    return _NOT_FOUND
                if node.has_only_literals or node.is_left_to_werkzeug:
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
        endpoint = node.endpoints.get(method)
        if endpoint is None:
            return self._search(path, method) if node.methods is None else node.methods
        position, names = endpoint
        if len(names) == 1:
            return position, {names[0]: values[0]}
        return position, dict(zip(names, values))  # noqa: B905 - as many, by construction

    def _search(self, path: str, method: str) -> tuple[int, Params] | frozenset[str] | None:
        """Do what `find` does, with every match of each segment."""
        segments = path.split('/')
        values: list[object] = []
        try:
            endpoint = _find(self._root, segments, 0, method, values)
            if endpoint is None:
                return self._find_methods(segments)
        except _AmbiguousError:
            return None
        return endpoint[0], dict(zip(endpoint[1], values))  # noqa: B905 - as above

    def _find_methods(self, segments: list[str]) -> frozenset[str] | None:
        if next(_iter_endpoints(self._root, [*segments, ''], 0), None):
            return None  # A redirect, perhaps.
        return frozenset(
            method for endpoints in _iter_endpoints(self._root, segments, 0) for method in endpoints
        )


def _insert(root: _Node, segments: Sequence[Segment], method: str, position: int) -> None:
    node = root
    names = []
    for segment in segments:
        if isinstance(segment, str):
            node = node.children.setdefault(segment, _Node())
            continue
        child = _add_parameter(node, segment[1]) if segment else None
        node.has_only_literals = False
        if segment is None or child is None:
            node.is_left_to_werkzeug = True
            return
        names.append(segment[0])
        node = child
    node.endpoints.setdefault(method, (position, tuple(names)))
    if method == 'GET':
        node.endpoints.setdefault('HEAD', (position, tuple(names)))


def _add_parameter(node: _Node, kind: str) -> _Node | None:
    """Return the node after a parameter, None if Werkzeug ranks two kinds by their order."""
    if kind == STRING:
        node.strings = node.strings or _Node()
        return node.strings
    node.integers_kind = node.integers_kind or kind
    if node.integers_kind != kind:
        return None
    node.integers = node.integers or _Node()
    return node.integers


def _mark(node: _Node, is_unambiguous: bool) -> None:
    """Set `is_unambiguous` and `methods` of *node* and of all beyond it."""
    node.is_unambiguous = is_unambiguous
    if (
        is_unambiguous and node.has_only_literals and '' not in node.children
    ):  # That would be a redirect.
        node.methods = frozenset(node.endpoints)
    parameters = [child for child in (node.integers, node.strings) if child is not None]
    has_one_kind = node.has_only_literals or (not node.children and len(parameters) == 1)
    for child in (*node.children.values(), *parameters):
        _mark(child, is_unambiguous and has_one_kind and not node.is_left_to_werkzeug)


def _find(
    node: _Node, segments: list[str], index: int, method: str, values: list[object]
) -> Endpoint | None:
    """Return the endpoint that *segments* lead to for *method*; *values* are its parameters.

    Literal segments first, then integers, then text, as Werkzeug weighs them.
    """
    end = len(segments)
    while node.has_only_literals and index < end:
        child = node.children.get(segments[index])
        if child is None:
            return None
        node, index = child, index + 1
    if index == end:
        endpoint = node.endpoints.get(method)
        with_slash = node.children.get('')
        if endpoint is None and with_slash is not None and method in with_slash.endpoints:
            raise _AmbiguousError  # Werkzeug redirects, and looks at no parameter.
        return endpoint
    for child, value in _match(node, segments[index]):
        if value is not None:
            values.append(value)
        endpoint = _find(child, segments, index + 1, method, values)
        if endpoint is not None:
            return endpoint
        if value is not None:
            values.pop()
    return None


def _match(node: _Node, segment: str) -> Iterator[tuple[_Node, object]]:
    """Yield each node that *segment* leads to, and its value where it is a parameter's."""
    child = node.children.get(segment)
    if child is not None:
        yield child, None
    if node.is_left_to_werkzeug:
        raise _AmbiguousError
    if node.integers is not None:
        if segment.isdigit():
            if not segment.isascii() or len(segment) > _MAX_DIGITS:
                raise _AmbiguousError
            yield node.integers, int(segment)
        elif segment.startswith('-'):
            raise _AmbiguousError
    if node.strings is not None and segment:
        if not _is_usual(segment):
            raise _AmbiguousError
        yield node.strings, segment


def _is_usual(segment: str) -> bool:
    """Return whether Werkzeug reads *segment* as this very text."""
    return (
        segment != '' and segment.isprintable() and '\\' not in segment
        and segment not in ('.', '..')
    )  # fmt: skip


def _iter_endpoints(node: _Node, segments: list[str], index: int) -> Iterator[dict[str, Endpoint]]:
    """Yield the endpoints of every node that *segments* lead to."""
    if index == len(segments):
        if node.endpoints:
            yield node.endpoints
        return
    for child, _ in _match(node, segments[index]):
        yield from _iter_endpoints(child, segments, index + 1)
