"""Which references and schemas mean the same in two documents."""

import json
from collections.abc import Iterator

from django_apistar.schema.changes.documents import iter_nodes
from django_apistar.schema.changes.sources import NOWHERE, Source


class Unchanged:
    """Tells quickly of most things that they are the same: equal, and with equal references."""

    def __init__(self, old: Source, new: Source) -> None:
        self.is_possible = old.version == new.version
        self.changed = _find_changed(old, new) if self.is_possible else set()

    def are_same(self, old: object, new: object) -> bool:
        if not self.is_possible or old != new:
            return False
        if json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True):
            return False  # 1 is not true
        return not any(ref in self.changed for ref in _iter_refs(old))


def _iter_refs(node: object) -> Iterator[str]:
    for part in iter_nodes(node):
        ref = part.get('$ref')
        if isinstance(ref, str):
            yield ref


def _are_equal(one: object, two: object) -> bool:
    """What leads out of both documents is taken for the same."""
    if one is NOWHERE or two is NOWHERE:
        return one is two
    return json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)


def _find_changed(old: Source, new: Source) -> set[str]:
    """Return the references whose targets differ, or lead to such."""
    users: dict[str, set[str]] = {}
    changed = set()
    for ref in dict.fromkeys((*_iter_refs(old.document), *_iter_refs(new.document))):
        one, two = old.peek(ref), new.peek(ref)
        if not _are_equal(one, two):
            changed.add(ref)
        for inner in () if one is NOWHERE else _iter_refs(one):
            users.setdefault(inner, set()).add(ref)
    waiting = list(changed)
    while waiting:
        for user in users.get(waiting.pop(), set()) - changed:
            changed.add(user)
            waiting.append(user)
    return changed
