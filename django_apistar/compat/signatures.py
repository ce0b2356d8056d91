"""Signatures with real types, as API Star needs them of handlers, components and hooks.

API Star reads annotations as they are written. `from __future__ import annotations` makes them
text, and `Optional[T]` is unknown to it; both are resolved here.
"""

import inspect
import types
import typing
from collections.abc import Callable
from typing import Any, TypeAlias

_UNIONS = (typing.Union, types.UnionType)
# A handler, a view, a component's `resolve`, a hook's method: its signature says what it takes.
Function: TypeAlias = Callable[..., Any]


def get_signature(func: Function) -> inspect.Signature:
    """Return the signature of *func*, with annotations that are text evaluated.

    Where one cannot be evaluated they stay text, which callers report.
    """
    signature = inspect.signature(func)
    if not any(isinstance(item, str) for item in _annotations(signature)):
        return signature
    try:
        return inspect.signature(func, eval_str=True)
    except Exception:
        return signature


def get_plain_signature(func: Function) -> inspect.Signature:
    """Return the signature with each `Optional[T]` read as API Star's `T = None`."""
    signature = get_signature(func)
    parameters = signature.parameters.values()
    if not any(strip_optional(parameter.annotation)[1] for parameter in parameters):
        return signature
    plain = [_call_by_name(without_optional(parameter)) for parameter in parameters]
    return signature.replace(parameters=sorted(plain, key=lambda parameter: parameter.kind))


def _call_by_name(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return *parameter* as keyword-only: one without a default may then follow one with."""
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return parameter
    return parameter.replace(kind=parameter.KEYWORD_ONLY)


def without_optional(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return *parameter* as API Star writes it: `x: T = None` for `x: Optional[T]`."""
    annotation, is_optional = strip_optional(parameter.annotation)
    if not is_optional:
        return parameter
    default = None if parameter.default is parameter.empty else parameter.default
    return parameter.replace(annotation=annotation, default=default)


def strip_optional(annotation: object) -> tuple[object, bool]:
    """Return (T, True) for `Optional[T]` and `T | None`, else (annotation, False)."""
    if typing.get_origin(annotation) not in _UNIONS:
        return annotation, False
    members = typing.get_args(annotation)
    others = [member for member in members if member is not type(None)]
    if len(others) == 1 and len(others) < len(members):
        return others[0], True
    return annotation, False


def get_source(func: object) -> str:
    """Return 'file:line' of *func* or of its class, '' where Python does not know it."""
    code = getattr(inspect.unwrap(func) if callable(func) else func, '__code__', None)
    if code is not None:
        return f'{code.co_filename}:{code.co_firstlineno}'
    subject = func if isinstance(func, type) else getattr(func, 'func', type(func))
    try:
        return f'{inspect.getsourcefile(subject)}:{inspect.getsourcelines(subject)[1]}'
    except (OSError, TypeError):
        return ''


def get_dotted_name(func: object) -> str:
    """Return 'module.qualified_name' of a function, method, class or callable object."""
    while not hasattr(func, '__qualname__'):
        func = getattr(func, 'func', type(func))  # of a functools.partial, of which it may be any
    return f'{func.__module__}.{func.__qualname__}'


def takes_one(func: Function) -> bool:
    """Return whether *func* can be called with one argument by its place."""
    try:
        inspect.signature(func).bind(None)
    except TypeError:
        return False
    return True


def mark_decorator(decorate: Function, name: str, given: object) -> None:
    """Note in *decorate* that *name* made it of *given*, where that is a function.

    So it is where the decorator is written without parentheses: a route then has *decorate* in
    place of its handler.
    """
    if isinstance(given, types.FunctionType):
        vars(decorate)['written_bare'] = f'@{name}', get_dotted_name(given)


def _annotations(signature: inspect.Signature) -> list[object]:
    parameters = signature.parameters.values()
    return [signature.return_annotation, *(parameter.annotation for parameter in parameters)]


def replace(owner: object, **new: object) -> None:
    """Set attributes of a class or module of API Star: mypy refuses to assign to methods."""
    for name, value in new.items():
        setattr(owner, name, value)
