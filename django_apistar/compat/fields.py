"""The fields of a Route's link: what a handler's parameters are in HTTP.

Replaces API Star's `Route.generate_fields`, which fails for a bool in the path, ignores lists, and
takes 'get' for a method with a body.
"""

import inspect
import re
import typing
from typing import Any, TypeAlias, TypeGuard

from apistar import Route, http, types, validators
from apistar.document import Field
from apistar.exceptions import ConfigurationError

from django_apistar.compat.incoming import get_incoming
from django_apistar.compat.signatures import Function, get_dotted_name, get_plain_signature

NO_BODY = ('GET', 'DELETE', 'HEAD')
METHODS = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE')
# API Star takes a Type wherever it takes a validator.
ValidatorOrType: TypeAlias = validators.Validator | type[types.Type]
VALIDATORS: dict[object, type[validators.Validator]] = {
    int: validators.Integer,
    float: validators.Number,
    bool: validators.Boolean,
    str: validators.String,
    http.QueryParam: validators.String,
}


def generate_fields(route: Route, url: str, method: str, handler: Function) -> list[Field]:
    """Return the link's fields of *handler*; replaces `Route.generate_fields`.

    Raises ConfigurationError where API Star has an assertion without a word.
    """
    if str(method).upper() not in METHODS:
        raise ConfigurationError(
            f'The route {url!r} has the method {method!r}. Write one of {", ".join(METHODS)}.'
        )
    path_names = [part.strip('{}').lstrip('+') for part in re.findall('{[^}]*}', url)]
    fields: list[Field] = []
    for parameter in get_plain_signature(handler).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.name in path_names:
            fields.append(_path_field(parameter))
        else:
            fields.extend(_other_fields(parameter, method.upper()))
    bodies = [repr(field.name) for field in fields if field.location == 'body']
    if len(bodies) > 1:
        raise ConfigurationError(
            f'{get_dotted_name(handler)} takes the body of a request {len(bodies)} times, as '
            f'{" and ".join(bodies)}. Make one Type of them.'
        )
    return fields


def _path_field(parameter: inspect.Parameter) -> Field:
    validator = VALIDATORS.get(parameter.annotation)
    return Field(parameter.name, 'path', schema=validator() if validator else None)


def _other_fields(parameter: inspect.Parameter, method: str) -> list[Field]:
    annotation = parameter.annotation
    if annotation is parameter.empty:
        return [Field(parameter.name, 'query')]
    if _is_hashable(annotation) and annotation in VALIDATORS:
        schema = VALIDATORS[annotation](**_default(parameter))
        return [Field(parameter.name, 'query', schema=schema)]
    item = get_item(annotation)
    if item in VALIDATORS:
        schema = validators.Array(items=VALIDATORS[item](), **_default(parameter))
        return [Field(parameter.name, 'query', schema=schema)]
    if is_type(item):
        return [_body_field(parameter, validators.Array(items=get_incoming(item)))]
    if is_type(annotation):
        return _type_fields(parameter, method)
    return []


def _type_fields(parameter: inspect.Parameter, method: str) -> list[Field]:
    validator = get_incoming(parameter.annotation).validator
    if method in NO_BODY:
        properties = validator.properties.items()
        return [Field(name, 'query', schema=schema) for name, schema in properties]
    return [_body_field(parameter, validator)]


def _body_field(parameter: inspect.Parameter, schema: validators.Validator) -> Field:
    required = parameter.default is parameter.empty
    return Field(parameter.name, 'body', schema=schema, required=required)


def _default(parameter: inspect.Parameter) -> dict[str, Any]:
    if parameter.default is parameter.empty:
        return {}
    if parameter.default is None:
        return {'default': None, 'allow_null': True}
    return {'default': parameter.default}


def get_item(annotation: object) -> object:
    """Return T for `List[T]` and `list[T]`, else None."""
    if typing.get_origin(annotation) is not list:
        return None
    [item] = typing.get_args(annotation) or [None]
    return item if _is_hashable(item) else None


def is_type(annotation: object) -> TypeGuard[type[types.Type]]:
    """Return whether *annotation* is a subclass of types.Type."""
    return isinstance(annotation, type) and issubclass(annotation, types.Type)


def _is_hashable(annotation: object) -> bool:
    try:
        hash(annotation)
    except TypeError:
        return False
    return True
