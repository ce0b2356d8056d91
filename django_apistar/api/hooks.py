"""The event hooks of one request."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import apistar

if TYPE_CHECKING:
    from django_apistar.api.responders import AppParts, Hook


def create_hooks(app: AppParts) -> list[Hook]:
    """Return a request's hooks: an object of each class, instances as they are."""
    own: object = type(app).get_event_hooks
    if own is not apistar.App.get_event_hooks:
        return _group_methods(*app.get_event_hooks())
    return [hook() if isinstance(hook, type) else hook for hook in app.event_hooks or ()]


def _group_methods(
    on_request: Sequence[object], on_response: Sequence[object], on_error: Sequence[object]
) -> list[Hook]:
    """Return hooks made of the methods that `get_event_hooks` of a subclass returns.

    Methods of one object become one hook. *on_response* and *on_error* are in the order in which
    they run, last hook first.
    """
    hooks: dict[int, Any] = {}
    order: list[int] = []
    for name, methods in (
        ('on_request', on_request),
        ('on_response', on_response[::-1]),
        ('on_error', on_error[::-1]),
    ):
        owners = [id(getattr(method, '__self__', method)) for method in methods]
        for owner, method in zip(owners, methods, strict=True):
            setattr(hooks.setdefault(owner, SimpleNamespace()), name, method)
        order = _merge(order, owners)
    return [hooks[owner] for owner in order]


def _merge(first: list[int], second: list[int]) -> list[int]:
    """Return the items of both, once each, in the order that each has them."""
    merged: list[int] = []
    rest = list(second)
    for item in first:
        if item in rest:
            merged += rest[: rest.index(item)]
            rest = rest[rest.index(item) + 1 :]
        merged.append(item)
    return list(dict.fromkeys([*merged, *rest]))
