"""Who may call an API Star route: read from its plan and the App's hooks, not from names."""

from collections.abc import Callable
from typing import Any

from apistar.exceptions import ConfigurationError

from django_apistar.entries import Framework, RouteEntry

USER, ANYONE, OPTIONAL, UNKNOWN = 'user', 'anyone', 'optional', ''


def build_access(app: Any) -> Callable[[RouteEntry], str]:
    """Return a function that tells an entry's access.

    'user': only users get in. 'optional': anyone does, and a user is recognised. 'anyone'.
    '' for Django, whose views decide for themselves. A hook that lets only users in says so by
    `guards(handler, name)`, a component that finds them by `challenge` or `security_scheme`.
    """
    hooks = app.create_hooks()
    guards = [hook.guards for hook in hooks if hasattr(hook, 'guards')]

    def find_access(entry: RouteEntry) -> str:
        if entry.framework is not Framework.APISTAR:
            return UNKNOWN
        if any(guard(entry.handler, entry.name) for guard in guards):
            return USER
        return _read_plan(app, entry)

    return find_access


def _read_plan(app: Any, entry: RouteEntry) -> str:
    try:
        steps = app.injector.plan([entry.handler], ())
    except ConfigurationError:
        return UNKNOWN
    found = [step for step in steps if step.component is not None and _authenticates(step)]
    if any(_demands_user(step) for step in found):
        return USER
    return OPTIONAL if found else ANYONE


def _authenticates(step: Any) -> bool:
    component = step.component
    return bool(getattr(component, 'challenge', '') or getattr(component, 'security_scheme', ''))


def _demands_user(step: Any) -> bool:
    demands = getattr(step.component, 'demands_user', None)
    return demands is not None and bool(demands(step.parameter))
