"""Who may call a route, as its rules say: decided by its headers, before its body is read.

Annotations here are runtime input to API Star.
"""

from collections.abc import Callable, Iterator, Sequence
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from apistar import App
from apistar.exceptions import ConfigurationError
from apistar.server.wsgi import WSGIEnviron
from django.apps import apps
from django.contrib.auth import get_user_model

from django_apistar.api.http_errors import NotAuthenticated
from django_apistar.compat.signatures import Function
from django_apistar.conf.problems import Problem
from django_apistar.routes.rules import Rule

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from apistar import Component

    from django_apistar.api.responders import AppParts


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
    needs_user = any(rule.needs_user for rule in rules)
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
    if any(rule.needs_user for rule in rules):
        return True
    return any(rule.asks_for_user for rule in rules) and knows_users(app)


def knows_users(app: 'AppParts') -> bool:
    """Return whether a component of *app* gives a handler the user of the request."""
    if not apps.is_installed('django.contrib.auth'):
        return False
    parameter = Parameter('user', Parameter.KEYWORD_ONLY, annotation=get_user_model())
    try:
        app.injector.find_component(parameter, knows_users)
    except (ConfigurationError, AttributeError):  # an injector of API Star's kind cannot tell
        return False
    return True


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
    for entry in app.router.entries:
        if any(rule.needs_user for rule in entry.rules) and not knows_users(app):
            yield Problem(
                'E022',
                f'{entry.handler_name} is for users only, and no component knows a user: '
                'nobody gets in.',
                'Add DjangoTokenAuthentication() to COMPONENTS.',
            )
            return


def find_errors(app: 'AppParts') -> tuple[Problem, ...]:
    """Return those problems that stop a worker."""
    return tuple(problem for problem in find_problems(app) if problem.is_error)
