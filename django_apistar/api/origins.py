"""How a handler is called: where its parameters come from, and which hooks run around it."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from apistar.exceptions import ConfigurationError
from apistar.server import validation, wsgi

from django_apistar.api import components
from django_apistar.api.guards import find_authenticators, find_user_component
from django_apistar.api.hooks import create_hooks
from django_apistar.api.injector import Injector, Step, is_built_in
from django_apistar.api.transactions import list_aliases
from django_apistar.compat.fields import NO_BODY
from django_apistar.compat.path_template import get_names
from django_apistar.compat.signatures import get_dotted_name, get_signature
from django_apistar.routes.entries import APIStarEntry

if TYPE_CHECKING:
    from django_apistar.api.responders import AppParts

PATH, QUERY, BODY, HEADER, REQUEST = 'path', 'query', 'body', 'header', 'request'
DEFAULT = 'its default'
PERMISSION, RATE = 'permission', 'rate'
RATE_LIMITED = 429
# Where a component of API Star reads, unless its parameter decides. REQUEST for all others.
_ORIGINS: dict[type, str] = {
    components.BodyComponent: BODY,
    components.ListBodyComponent: BODY,
    components.FilterSetComponent: QUERY,
    components.ListParamComponent: QUERY,
    components.PathParamComponent: PATH,
    components.RequestDataComponent: BODY,
    components.RequestReaderComponent: QUERY,
    components.ValidatePathParamsComponent: PATH,
    components.ValidateQueryParamsComponent: QUERY,
    components.ValidateRequestDataComponent: BODY,
    wsgi.QueryParamComponent: QUERY,
    wsgi.QueryParamsComponent: QUERY,
    wsgi.QueryStringComponent: QUERY,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """The call of a handler of API Star."""

    origins: dict[str, str]  # of each parameter, in the handler's order
    before: tuple[str, ...]  # dotted names of the hooks' methods, in the order in which they run
    users: tuple[str, ...]  # the components that look for the user; () where none is needed
    demands: tuple[tuple[str, str], ...]  # PERMISSION or RATE, and which, in the order of the rules
    transactions: tuple[str, ...]  # the databases that have one around it, the outermost first
    conditions: tuple[str, ...]  # what `conditional` compares, in words
    after: tuple[str, ...]

    def list_demands(self, kind: str) -> tuple[str, ...]:
        """Return the demands of *kind*, PERMISSION or RATE."""
        return tuple(text for own, text in self.demands if own == kind)


def explain_call(app: AppParts, entry: APIStarEntry) -> Call:
    """Return how *app* calls the handler of *entry*, one of its routes."""
    route = entry.route
    hooks = [] if route.standalone else create_hooks(app)
    return Call(
        dict(_find_origins(app.injector, entry)),
        tuple(_name_methods(hooks, 'on_request')),
        tuple(_name_users(app, entry)),
        tuple(dict.fromkeys(_list_demands(entry))),
        tuple(reversed(list_aliases(route.handler))),
        tuple(_list_conditions(route.handler)),
        tuple(_name_methods(reversed(hooks), 'on_response')),
    )


def _name_users(app: AppParts, entry: APIStarEntry) -> Iterable[str]:
    if any(rule.needs_user for rule in entry.rules):
        component = find_user_component(app)
        found = find_authenticators(entry.rules) or ((component,) if component else ())
        yield from (get_dotted_name(type(authenticator)) for authenticator in found)


def _list_demands(entry: APIStarEntry) -> Iterable[tuple[str, str]]:
    for rule in entry.rules:
        yield from ((PERMISSION, name) for name in rule.permissions)
        if RATE_LIMITED in rule.statuses:
            yield RATE, rule.sentence


def _list_conditions(handler: object) -> Iterable[str]:
    conditions: dict[str, Any] = getattr(handler, 'conditional_headers', {})
    return (f'{header} by {get_dotted_name(find)}' for header, find in conditions.items())


def _name_methods(hooks: Iterable[object], name: str) -> Iterable[str]:
    return [get_dotted_name(getattr(hook, name)) for hook in hooks if hasattr(hook, name)]


def _find_origins(injector: object, entry: APIStarEntry) -> Iterable[tuple[str, str]]:
    try:
        steps = injector.plan([entry.route.handler], ()) if isinstance(injector, Injector) else ()
    except ConfigurationError:
        steps = ()
    if not steps:
        return
    resolved = {step.output: step for step in steps[:-1]}
    keys = dict(steps[-1].values)
    hidden = getattr(entry.route.handler, 'own_parameters', ())  # a decorator's
    for parameter in get_signature(entry.route.handler).parameters.values():
        if parameter.name in hidden:
            continue
        if parameter.name not in keys:
            yield parameter.name, DEFAULT
            continue
        key = keys[parameter.name]
        if key in resolved:
            yield parameter.name, _find_origin(resolved[key], parameter, entry)
        else:
            yield parameter.name, PATH if key == 'path_params' else REQUEST


def _find_origin(step: Step, parameter: inspect.Parameter, entry: APIStarEntry) -> str:
    component = step.component
    if not is_built_in(component):
        return get_dotted_name(type(component))
    cls = type(component)
    if cls is validation.PrimitiveParamComponent:
        return PATH if parameter.name in get_names(entry.path) else QUERY
    if cls is components.CompositeParamComponent:
        return QUERY if entry.route.method.upper() in NO_BODY else BODY
    if cls is wsgi.HeaderComponent:
        return f'{HEADER} {parameter.name.replace("_", "-").title()}'
    return _ORIGINS.get(cls, REQUEST)
