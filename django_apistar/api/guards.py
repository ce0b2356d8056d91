"""Who may call a route, as its rules say: decided by its headers, before its body is read.

Annotations here are runtime input to API Star.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from apistar import App
from apistar.exceptions import ConfigurationError
from apistar.server.wsgi import WSGIEnviron
from django.apps import apps
from django.contrib.auth import get_user_model

from django_apistar.api.hooks import create_hooks
from django_apistar.api.http_errors import NotAuthenticated
from django_apistar.api.injector import Injector
from django_apistar.compat.signatures import Function, get_dotted_name
from django_apistar.conf.problems import Problem
from django_apistar.routes.rules import Rule, read_rules

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from apistar import Component

    from django_apistar.api.responders import AppParts


_VIEW = 'a view of Django'
_REMEDIES = {_VIEW: 'Decorate it with permission_required of django.contrib.auth.decorators.'}


def build_guards(rules: Sequence[Rule], app: 'AppParts') -> list[Function]:
    """Return the function that refuses requests as *rules* say, alone; [] where they say nothing.

    The App's injector gives it the user, as it would give it to a handler.
    """
    if not rules:
        return []
    checks = [rule.check for rule in rules]
    if not _wants_user(rules, app):

        def guard_without_user(environ: WSGIEnviron) -> None:
            for check in checks:
                check(None, environ)

        return [guard_without_user]
    needs_user = any(_needs_user(rules))
    refuse = _find_refusal(app)

    def guard(user: Any, environ: WSGIEnviron, app: App) -> None:
        known = user if user and getattr(user, 'is_active', True) else None
        if needs_user and known is None:
            raise refuse(environ, app)
        for check in checks:
            check(known, environ)

    guard.__annotations__['user'] = get_user_model()
    return [guard]


def _wants_user(rules: Sequence[Rule], app: 'AppParts') -> bool:
    if any(_needs_user(rules)):
        return True
    return any(rule.asks_for_user for rule in rules) and find_user_component(app) is not None


def find_user_component(app: 'AppParts') -> 'Component | None':
    """Return the component of *app* that gives a handler the user of the request, if one does."""
    injector = app.injector
    # One of API Star's kind cannot tell.
    if not isinstance(injector, Injector) or not apps.is_installed('django.contrib.auth'):
        return None
    parameter = Parameter('user', Parameter.KEYWORD_ONLY, annotation=get_user_model())
    try:
        return injector.find_component(parameter, find_user_component)[0]
    except ConfigurationError:
        return None


def _find_refusal(app: 'AppParts') -> Callable[['WSGIEnvironment', App], Exception]:
    """Return what builds the 401: a component's `build_refusal`, with its challenges."""
    for component in app.injector.components:
        if hasattr(component, 'build_refusal'):
            build: Callable[[WSGIEnvironment, App], Exception] = component.build_refusal
            return build
    challenges = [getattr(component, 'challenge', '') for component in app.injector.components]
    challenge = ', '.join(filter(None, challenges)) or 'Bearer realm="api"'
    return lambda environ, app: NotAuthenticated(
        {'message': 'User must be logged in.'}, headers={'WWW-Authenticate': challenge}
    )


def find_authenticators(rules: Sequence[Rule]) -> 'tuple[Component, ...]':
    """Return what looks for the user, as the innermost of *rules* says; () for the App's own."""
    return next((rule.authenticators for rule in reversed(rules) if rule.authenticators), ())


def find_problems(app: 'AppParts') -> Iterator[Problem]:
    """Yield what is wrong with the rules of *app*'s routes: the same once for all its routes."""
    rules = {rule: None for entry in app.router.entries for rule in entry.rules}
    seen: dict[Problem, None] = {}
    for rule in rules:
        seen.update(dict.fromkeys(rule.find_mistakes()))
    yield from seen
    yield from _find_lonely_users(app)


def _find_lonely_users(app: 'AppParts') -> Iterator[Problem]:
    """Yield a problem for routes that need a user whom nothing, or nothing of theirs, finds."""
    demanding = (entry for entry in app.router.entries if any(_needs_user(entry.rules)))
    component = find_user_component(app)
    for entry in demanding:
        if component is None:
            yield Problem(
                'E022',
                f'{entry.handler_name} is for users only, and no component knows a user: '
                'nobody gets in.',
                'Add DjangoTokenAuthentication() to COMPONENTS.',
            )
            return
        if find_authenticators(entry.rules) and not hasattr(component, 'build_refusal'):
            name = get_dotted_name(type(component))
            yield Problem(
                'E024',
                f'authenticated_by() on {entry.handler_name} has no effect: {name} gives the user, '
                'and asks no other component.',
                'Put a component of django_apistar.authentication before it.',
            )


def _needs_user(rules: Sequence[Rule]) -> Iterator[bool]:
    return (rule.needs_user for rule in rules)


def find_misplaced(app: 'AppParts', views: Iterable[Function]) -> Iterator[Problem]:
    """Yield an E020 for each rule on what runs no handler of *app*: hooks, components, *views*."""
    seen = set()
    for what, owner in _list_others(app, views):
        name = get_dotted_name(owner)
        if read_rules(owner, '') and name not in seen:
            seen.add(name)
            yield Problem(
                'E020',
                f'{name} is {what}: a rule of django_apistar.permissions refuses nobody there.',
                _REMEDIES.get(what, 'Lay it on handlers, Routes or Includes.'),
            )


def _list_others(app: 'AppParts', views: Iterable[Function]) -> Iterator[tuple[str, Any]]:
    for hook in create_hooks(app):
        yield 'a hook', type(hook)
        for name in ('on_request', 'on_response', 'on_error'):
            if hasattr(hook, name):
                yield 'a hook', getattr(hook, name)
    for component in app.injector.components:
        yield 'a component', type(component)
        yield 'a component', component.resolve
    for view in views:
        view_class = getattr(view, 'view_class', None)
        yield _VIEW, view_class or view
        for name in getattr(view_class, 'http_method_names', ()):
            if hasattr(view_class, name):
                yield _VIEW, getattr(view_class, name)


def find_errors(app: 'AppParts') -> tuple[Problem, ...]:
    """Return those problems that stop a worker."""
    problems = (*find_problems(app), *find_misplaced(app, ()))
    return tuple(problem for problem in problems if problem.is_error)
