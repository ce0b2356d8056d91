"""Finds mistakes that API Star accepts in a route, and that then never work."""

import inspect
import typing
from collections.abc import Iterator

from apistar import http
from apistar.exceptions import ConfigurationError
from apistar.server.validation import PrimitiveParamComponent
from django.db.models import Model

from django_apistar.api.declared import read_declared
from django_apistar.api.hooks import create_hooks
from django_apistar.api.injector import Injector, is_built_in
from django_apistar.api.responders import AppParts
from django_apistar.api.unresolvable import AUTHENTICATION, is_named
from django_apistar.compat.path_template import get_names, rename
from django_apistar.compat.signatures import Function, get_dotted_name, get_plain_signature
from django_apistar.conf.problems import Problem
from django_apistar.routes.entries import APIStarEntry

# Names of parameters that are meant for something else than the query string.
_NO_QUERY_PARAMETERS = {
    'request': 'Annotate it: request: http.Request.',
    'user': 'Annotate it with the user model: user: User.',
    'self': 'Give the route a function, or a method of an instance: View().get.',
}
_HOOK = (f'{AUTHENTICATION}.hooks', 'MustBeAuthenticated')
_COMPONENT = (f'{AUTHENTICATION}.components', 'AuthenticationComponent')


def find_problems(app: AppParts) -> tuple[Problem, ...]:
    """Return the mistakes.

    No W015 and W016 for an App with an injector of another kind, whose rules are its own.
    """
    found = [*_find_lonely_hooks(app), *_find_returned_models(app)]
    if isinstance(app.injector, Injector):
        for entry in app.router.entries:
            found += _find_surprising_queries(app.injector, entry)
    return tuple(found)


# Parameters


def _find_surprising_queries(injector: Injector, entry: APIStarEntry) -> Iterator[Problem]:
    """Yield a W016 for each parameter that is read from the query by mistake, or else a W015."""
    handler = entry.route.handler
    names = list(_list_required_queries(injector, entry))
    parameters = get_plain_signature(handler).parameters
    surprising = [
        name
        for name in names
        if name in _NO_QUERY_PARAMETERS and parameters[name].annotation is inspect.Parameter.empty
    ]
    for name in surprising:
        yield Problem(
            'W016',
            f'The parameter {name!r} of {get_dotted_name(handler)} has no annotation, so it is '
            'read from the query string.',
            _NO_QUERY_PARAMETERS[name],
        )
    unused = [name for name in get_names(entry.path) if not _is_taken(injector, entry, name)]
    if unused and names and not surprising:
        yield Problem(
            'W015',
            f'The path {entry.path} of the route {entry.name!r} has the parameter {unused[0]!r}, '
            f'which {get_dotted_name(handler)} does not take; it takes {names[0]!r} from the '
            'query string.',
            f"Give both one name: '{rename(entry.path, unused[0], names[0])}'.",
        )


def _list_required_queries(injector: Injector, entry: APIStarEntry) -> Iterator[str]:
    """Yield the names of the query parameters that *entry*'s handler requires."""
    handler = entry.route.handler
    taken = get_names(entry.path)
    for parameter in get_plain_signature(handler).parameters.values():
        is_variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if is_variadic or parameter.name in taken or parameter.default is not parameter.empty:
            continue
        try:
            component, _ = injector.find_component(parameter, handler)
        except ConfigurationError:  # an E015
            continue
        if isinstance(component, PrimitiveParamComponent):
            yield parameter.name


def _is_taken(injector: Injector, entry: APIStarEntry, name: str) -> bool:
    """Return whether the handler or one of its components takes *name*, or all of the path."""
    try:
        steps = injector.plan([entry.route.handler], ())
    except ConfigurationError:
        return True
    own = (step.func for step in steps if not step.component or not is_built_in(step.component))
    return any(_takes(func, name) for func in own)


def _takes(func: Function, name: str) -> bool:
    parameters = get_plain_signature(func).parameters
    return name in parameters or any(
        parameter.annotation is http.PathParams for parameter in parameters.values()
    )


# Answers


def _find_returned_models(app: AppParts) -> Iterator[Problem]:
    """Yield a W026 for each handler that is annotated to return a model, or rows of one."""
    for handler in dict.fromkeys(entry.route.handler for entry in app.router.entries):
        annotations = [get_plain_signature(handler).return_annotation]
        annotations += read_declared(handler).values()
        for model in dict.fromkeys(filter(_is_model, map(_get_row, annotations))):
            yield Problem(
                'W026',
                f'{get_dotted_name(handler)} is annotated to return the model '
                f'{get_dotted_name(model)}, of which no JSON is made: each answer is a 500.',
                'Write a Type of it: a ModelType, with the model in its Meta.',
            )


def _get_row(annotation: object) -> object:
    """Return T of `T`, `List[T]` and `Page[T]`."""
    [row] = typing.get_args(annotation)[:1] or [annotation]
    return row


def _is_model(row: object) -> bool:
    return isinstance(row, type) and issubclass(row, Model)


# Users


def _find_lonely_hooks(app: AppParts) -> Iterator[Problem]:
    has_hook = any(is_named(hook, *_HOOK) for hook in create_hooks(app))
    knows_users = any(is_named(each, *_COMPONENT) for each in app.injector.components)
    if has_hook and not knows_users and not app.auth_components:
        yield Problem(
            'W017',
            'MustBeAuthenticated is used, and no component knows a user: each route that is not '
            'public answers 401.',
            'Add DjangoTokenAuthentication() to COMPONENTS.',
        )
