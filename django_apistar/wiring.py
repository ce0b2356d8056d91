"""Finds what no request could ever run: handlers, hooks and components that lack something."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from apistar.exceptions import ConfigurationError
from apistar.server.components import Component
from django.apps import apps

from django_apistar.injector import Injector, is_built_in
from django_apistar.problems import Problem
from django_apistar.signatures import get_dotted_name, get_signature, get_source

AUTHENTICATION = 'django_apistar.authentication'
_TOKEN_COMPONENT = (f'{AUTHENTICATION}.components', 'DjangoTokenAuthentication')
_HOOK_METHODS = ('on_request', 'on_response', 'on_error')
_OWN_METHODS = ('render_response', 'exception_handler', 'error_handler', 'finalize_wsgi')


def find_problems(app: Any) -> tuple[Problem, ...]:
    """Return what *app* lacks, and an E015 for each function that can never be called, in order.

    No E015 for an App with an injector of another kind, whose rules are its own.
    """
    found = [*_find_tokens_without_table(app)]
    if isinstance(app.injector, Injector):
        found += [*_find_silent_components(app.injector), *_find_unresolvable(app)]
    return tuple(dict.fromkeys(found))


def _find_tokens_without_table(app: Any) -> Iterator[Problem]:
    components = (*app.injector.components, *app.auth_components)
    if any(map(_reads_tokens, components)) and not apps.is_installed(AUTHENTICATION):
        yield Problem(
            'E016',
            f'DjangoTokenAuthentication is used, and {AUTHENTICATION!r} is not in INSTALLED_APPS.',
            f'Add {AUTHENTICATION!r} to INSTALLED_APPS and run migrate.',
        )


def _reads_tokens(component: Any) -> bool:
    """By name: nothing here imports authentication, which is an app of its own."""
    names = ((cls.__module__, cls.__name__) for cls in type(component).__mro__)
    return _TOKEN_COMPONENT in names


def _find_silent_components(injector: Injector) -> Iterator[Problem]:
    for component in injector.components:
        asks_itself = type(component).can_handle_parameter is Component.can_handle_parameter
        annotation = get_signature(component.resolve).return_annotation
        if asks_itself and annotation is inspect.Signature.empty:
            yield Problem(
                'E015',
                f'The component {get_dotted_name(type(component))} does not say what it provides '
                f'({get_source(component.resolve)}).',
                'Annotate what resolve() returns, or override can_handle_parameter().',
            )


def _find_unresolvable(app: Any) -> Iterator[Problem]:
    for func in _iter_functions(app):
        try:
            app.injector.plan([func], ())
        except ConfigurationError as exc:
            yield Problem('E015', str(exc), getattr(exc, 'hint', ''))


def _iter_functions(app: Any) -> Iterator[Callable[..., Any]]:
    for entry in app.router.entries:
        yield entry.route.handler
    for hook in app.create_hooks():
        yield from (getattr(hook, name) for name in _HOOK_METHODS if hasattr(hook, name))
    for component in app.injector.components:
        if not is_built_in(component):
            yield component.resolve
    yield from (getattr(app, name) for name in _OWN_METHODS)
