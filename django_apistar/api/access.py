"""Tells who may call an API Star route, by its plan and the App's hooks, not by names.

Only what is known: hooks and components of the project may refuse any request.
"""

from collections.abc import Callable
from inspect import Parameter
from typing import Any

from apistar import Component
from apistar.exceptions import ConfigurationError

from django_apistar.api.hooks import create_hooks
from django_apistar.api.injector import Injector, is_built_in
from django_apistar.api.responders import AppParts
from django_apistar.routes.entries import APIStarEntry, RouteEntry

PERMISSION, USER, ANYONE, OPTIONAL, UNKNOWN = 'permission', 'user', 'anyone', 'optional', ''


def build_access(app: AppParts) -> Callable[[RouteEntry], str]:
    """Return a function that tells an entry's access.

    'permission': only users whom the route's rules let in. 'user': only users may call.
    'optional': anyone may, and a user is recognised. 'anyone': nobody is recognised. '': unknown,
    as for Django, whose views decide for themselves, and where a hook or component of the project
    may refuse. A hook says by `guards(handler, name)` whether it lets only users in, a component by
    `demands_user(parameter)`, a handler that refuses by itself by its `challenge`. A component
    with a `challenge` or a `security_scheme` recognises users.
    """
    hooks = [_get_owner(hook) for hook in create_hooks(app)]
    guards = [hook.guards for hook in hooks if hasattr(hook, 'guards')]
    has_own_call = not _is_ours(type(app).__call__)
    may_refuse = any(map(_may_refuse, hooks))

    def find_access(entry: RouteEntry) -> str:
        if not isinstance(entry, APIStarEntry):
            return UNKNOWN
        if any(rule.permissions for rule in entry.rules):
            return PERMISSION
        if hasattr(entry.handler, 'challenge') or any(rule.needs_user for rule in entry.rules):
            return USER
        has_hooks = not entry.route.standalone  # API Star runs none for such a route.
        if has_hooks and any(guard(entry.handler, entry.name) for guard in guards):
            return USER
        access = _read_plan(app, entry)
        is_unknown = has_own_call or (has_hooks and may_refuse)
        return UNKNOWN if is_unknown and access != USER else access

    return find_access


def _get_owner(hook: object) -> Any:
    """Return *hook*, or the object whose methods the App's `get_event_hooks` returned."""
    return getattr(getattr(hook, 'on_request', None), '__self__', hook)


def _may_refuse(hook: object) -> bool:
    """Return whether *hook* may refuse a request and does not say for which routes.

    A hook without on_request runs only after the handler.
    """
    on_request = getattr(hook, 'on_request', None)
    return on_request is not None and not hasattr(hook, 'guards') and not _is_ours(on_request)


def _is_ours(function: object) -> bool:
    return str(getattr(function, '__module__', '')).startswith('django_apistar.')


def _read_plan(app: AppParts, entry: APIStarEntry) -> str:
    if not isinstance(app.injector, Injector) or entry.handler is None:
        return UNKNOWN
    try:
        steps = app.injector.plan([entry.handler], ())
    except ConfigurationError:
        return UNKNOWN
    found = [
        (step.component, step.parameter)
        for step in steps
        if step.component and not is_built_in(step.component)
    ]
    if any(_demands_user(component, parameter) for component, parameter in found):
        return USER
    if not all(_is_open(component) for component, _ in found):
        return UNKNOWN
    return OPTIONAL if any(_authenticates(component) for component, _ in found) else ANYONE


def _is_open(component: Component) -> bool:
    """Return whether *component* refuses a request only where it demands a user."""
    return hasattr(component, 'demands_user')  # as all of ours that a project can name


def _authenticates(component: object) -> bool:
    return bool(getattr(component, 'challenge', '') or getattr(component, 'security_scheme', ''))


def _demands_user(component: Component, parameter: Parameter | None) -> bool:
    demands = getattr(component, 'demands_user', None)
    return demands is not None and bool(demands(parameter))
