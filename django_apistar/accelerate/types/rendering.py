"""Writes Python expressions that turn the values of a Type into those of JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apistar import formats, types, validators

from django_apistar.accelerate.source import Source
from django_apistar.accelerate.types.stock import (
    ValidatorOrType,
    is_array,
    is_plain_type,
    is_stock,
    walk,
)

Renderer = Callable[[Any], Any]
Compile = Callable[[type[types.Type]], Renderer]


def once_per_class(cls: type[types.Type], name: str, compile_it: Compile) -> Renderer:
    # Kept on the class and not in a table of ours, so that the code goes when the class goes.
    attribute = f'__django_apistar_{name}__'
    kept: Renderer | None = vars(cls).get(attribute)
    if kept is None:
        kept = compile_it(cls)
        type.__setattr__(cls, attribute, kept)
    return kept


def find_render(cls: type) -> Renderer | None:
    """Return the compiled equal of `dict` for instances of *cls*, None if there is none."""
    render: Renderer | None = cls.__dict__.get('__django_apistar_render__')
    return render


def is_renderable(cls: type[types.Type]) -> bool:
    """Return whether ``dict(instance)`` is made by `Type` itself, format by format."""
    return (
        is_plain_type(cls)
        and all(
            getattr(cls, name) is getattr(types.Type, name)
            for name in ('keys', '__iter__', '__getitem__')
        )
        and all(map(_has_plain_format, cls.validator.properties.values()))
    )


def _has_plain_format(validator: ValidatorOrType) -> bool:
    # Type.__getitem__ renders with the `format` of any validator that has one.
    value_format = find_format(validator)
    if value_format is None:
        return True
    return (
        is_stock(validator, validators.String)
        and type(value_format) in (formats.DateFormat, formats.TimeFormat, formats.DateTimeFormat)
        and _has_showable_default(validator, value_format)
    )


def _has_showable_default(validator: ValidatorOrType, value_format: formats.BaseFormat) -> bool:
    # A default is not validated: rendering text as a date would fail.
    default = vars(validator).get('default')
    return not hasattr(type(validator), 'default') and (
        default is None or bool(value_format.is_native_type(default))
    )


def find_format(validator: ValidatorOrType) -> formats.BaseFormat | None:
    """Return API Star's format for what *validator* accepts, None if there is none."""
    name = getattr(validator, 'format', None)
    return validators.FORMATS.get(name) if isinstance(name, str) else None


def is_readable_as_data(cls: type[types.Type]) -> bool:
    """Return whether nested Types may become dicts while *cls* is validated.

    Not if rendering them can fail: API Star would first report the errors of all other properties.
    """
    return is_renderable(cls) and all(map(_may_hold_data, walk(cls.validator)))


def _may_hold_data(validator: ValidatorOrType) -> bool:
    return not is_plain_type(validator) or is_readable_as_data(validator)


def format_expression(source: Source, validator: ValidatorOrType, variable: str) -> str:
    """Return the expression for *variable* as `Type.__getitem__` gives it."""
    value_format = find_format(validator)
    if value_format is None:
        return variable
    if type(value_format) in (formats.DateFormat, formats.TimeFormat):
        rendered = f'{variable}.isoformat()'
    else:
        rendered = f'{source.const(value_format.to_string, "to_string")}({variable})'
    return f'None if {variable} is None else {rendered}'


def nested_expression(
    source: Source, validator: ValidatorOrType, variable: str, compile_render: Compile
) -> str:
    """Return the expression for *variable* with the Types in it as dicts.

    The JSON encoder renders what lies deeper than a Type or an array of it.
    """
    if isinstance(validator, type) and is_plain_type(validator):
        return _render_instance(source, validator, variable, compile_render)
    items = validator.items if is_array(validator) else None
    if isinstance(items, type) and is_plain_type(items):
        item = _render_instance(source, items, 'item', compile_render)
        return f'[{item} for item in {variable}] if type({variable}) is list else {variable}'
    return format_expression(source, validator, variable)


def _render_instance(
    source: Source, cls: type[types.Type], variable: str, compile_render: Compile
) -> str:
    # A default is not validated and may be anything else.
    render = source.const(compile_render(cls), f'render_{cls.__name__}')
    name = source.const(cls, cls.__name__)
    return f'{render}({variable}) if type({variable}) is {name} else {variable}'
