"""Finds handlers, hooks and components that no request could ever run."""

import inspect
import uuid
from collections.abc import Iterator
from typing import Any

from apistar.exceptions import ConfigurationError
from apistar.server.components import Component
from django.apps import apps

from django_apistar.api.hooks import create_hooks
from django_apistar.api.injector import Injector, UnresolvableParameterError, is_built_in
from django_apistar.api.responders import AppParts
from django_apistar.compat.signatures import (
    Function,
    get_dotted_name,
    get_plain_signature,
    get_signature,
    get_source,
)
from django_apistar.conf.problems import Problem
from django_apistar.routes.entries import parameter_types

AUTHENTICATION = 'django_apistar.authentication'
_TOKEN_COMPONENT = (f'{AUTHENTICATION}.components', 'DjangoTokenAuthentication')
_HOOK_METHODS = ('on_request', 'on_response', 'on_error')
# Annotations that never fit a path parameter, by the type that its Werkzeug rule makes.
_NEVER: dict[type, tuple[Any, ...]] = {
    int: (str, bool), float: (str, bool), uuid.UUID: (str, bool, int, float),
}  # fmt: skip
_OWN_METHODS = ('render_response', 'exception_handler', 'error_handler', 'finalize_wsgi')


def find_problems(app: AppParts) -> tuple[Problem, ...]:
    """Return an E016 for a missing app, and an E015 for each function that cannot be called.

    No E015 for an App with an injector of another kind, whose rules are its own.
    """
    found = [*_find_tokens_without_table(app)]
    if isinstance(app.injector, Injector):
        found += [
            *_find_silent_components(app.injector),
            *_find_unresolvable(app, app.injector),
            *_find_misfits(app),
        ]
    return tuple(dict.fromkeys(found))


def _find_tokens_without_table(app: AppParts) -> Iterator[Problem]:
    components = (*app.injector.components, *app.auth_components)
    has_tokens = any(is_named(component, *_TOKEN_COMPONENT) for component in components)
    if has_tokens and not apps.is_installed(AUTHENTICATION):
        yield Problem(
            'E016',
            f'DjangoTokenAuthentication is used, and {AUTHENTICATION!r} is not in INSTALLED_APPS.',
            f'Add {AUTHENTICATION!r} to INSTALLED_APPS and run migrate.',
        )


def is_named(instance: object, module: str, name: str) -> bool:
    """Return whether *instance* is of the class *name* of *module*.

    By name, for authentication's: nothing here imports that app.
    """
    return any((cls.__module__, cls.__name__) == (module, name) for cls in type(instance).__mro__)


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


def _find_unresolvable(app: AppParts, injector: Injector) -> Iterator[Problem]:
    for func, types in _iter_functions(app):
        if hasattr(func, 'written_bare'):
            yield _explain_bare(*func.written_bare)
            continue
        try:
            for step in injector.plan([func], ()):
                parameter = step.parameter if is_built_in(step.component) else None
                if parameter is not None and parameter.annotation is uuid.UUID:
                    _demand_rule(parameter, func, types)
        except ConfigurationError as exc:
            yield Problem('E015', str(exc), getattr(exc, 'hint', ''))


def _explain_bare(decorator: str, name: str) -> Problem:
    return Problem(
        'E015',
        f'{decorator} on {name} is written without parentheses: it returns no handler.',
        f'Write {decorator}(…).',
    )


def _demand_rule(parameter: inspect.Parameter, func: Function, types: dict[str, type]) -> None:
    """Raise unless the path gives *parameter* a UUID. *types*: those of the path's parameters."""
    if types.get(parameter.name) is not uuid.UUID:
        raise UnresolvableParameterError(parameter, func)


def _iter_functions(app: AppParts) -> Iterator[tuple[Function, dict[str, type]]]:
    """Yield each function that requests call, with the types of its path's parameters."""
    for entry in app.router.entries:
        yield entry.route.handler, parameter_types(entry)
    for hook in create_hooks(app):
        yield from ((getattr(hook, name), {}) for name in _HOOK_METHODS if hasattr(hook, name))
    for component in app.injector.components:
        if not is_built_in(component):
            yield component.resolve, {}
    yield from ((getattr(app, name), {}) for name in _OWN_METHODS)


def _find_misfits(app: AppParts) -> Iterator[Problem]:
    """Yield an E015 for each parameter that no value of its Werkzeug rule fits.

    API Star validates values that the router has converted already: it makes a number of text only.
    """
    for entry in app.router.entries:
        signature = get_plain_signature(entry.route.handler).parameters
        for name, type_ in parameter_types(entry).items():
            annotation = signature[name].annotation if name in signature else type_
            if annotation in _NEVER.get(type_, ()):
                yield Problem(
                    'E015',
                    f"Parameter '{name}: {annotation.__name__}' of "
                    f'{get_dotted_name(entry.handler)} is never what {entry.path} makes of it, '
                    f'{type_.__name__}: each request is a 404 ({get_source(entry.handler)}).',
                    f'Annotate it with {type_.__name__}.',
                )
