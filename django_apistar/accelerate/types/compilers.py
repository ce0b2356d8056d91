"""Compiles API Star's validators and Types: same values, same errors, a fraction of the work.

Validators are read when they are compiled: options assigned later are not seen (a list such as
`enum` may grow). Validators with a `validate` of their own, `Ref`, and Types that make their
instances themselves are called as they are.
"""

from __future__ import annotations

from types import SimpleNamespace

from apistar.types import Type

from django_apistar.accelerate.source import Source
from django_apistar.accelerate.types.containers import CONTAINERS, is_plain_dict, write_dict
from django_apistar.accelerate.types.idempotent import is_idempotent
from django_apistar.accelerate.types.rendering import (
    Renderer,
    format_expression,
    is_readable_as_data,
    is_renderable,
    nested_expression,
    once_per_class,
)
from django_apistar.accelerate.types.stock import (
    STOCK_INIT,
    ValidatorOrType,
    is_flat_type,
    is_readable_type,
)
from django_apistar.accelerate.types.type_writer import TypeWriter
from django_apistar.accelerate.types.writer import Reader, RevalidationError, Writer


def compile_validator(validator: ValidatorOrType, allow_coerce: bool) -> Reader:
    """Return the equal of ``lambda value: validator.validate(value, None, allow_coerce)``."""
    source = Source()
    writer = Writer(source, validator, CONTAINERS, compile_type, allow_coerce=allow_coerce)
    with source.block('def validate(value):'):
        if writer.pass_definitions:
            source.line('definitions = None')
        writer.write_checks(validator, 'value', None)
        source.line('return value')
    writer.write_pending()
    name = getattr(validator, 'def_name', None) or getattr(validator, 'title', '')
    words = f'django_apistar validator {type(validator).__name__} {name}'
    return source.build('validate', f'<{words.rstrip()}>')


def compile_type(cls: type[Type]) -> Reader:
    """Return the equal of ``lambda value: cls(value)`` for a subclass of `apistar.types.Type`."""
    if not is_readable_type(cls):
        return lambda value: cls(value)
    return once_per_class(cls, 'new', _compile_new)


def _compile_new(cls: type[Type]) -> Reader:
    writer = TypeWriter(cls, 'Type', compile_type)
    stock_new = writer.source.const(lambda value: _make_as_stock(cls, value), 'stock_new')
    with writer.source.block('def new(value):'):
        writer.write_quick(writer.write_instance)
        writer.write_reading(lambda: writer.source.line(f'return {stock_new}(value)'))
        writer.write_property_checks()
        writer.write_instance()
    new = writer.build('new')
    if is_flat_type(cls):
        vars(new)['of_all'] = _compile_new_all(cls, new)
    return new


def _compile_new_all(cls: type[Type], new: Reader) -> Reader:
    """Return the equal of ``lambda values: [cls(value) for value in values]``."""
    writer = TypeWriter(cls, 'Types', compile_type)
    source = writer.source

    def write_append() -> None:
        writer.write_instance('instances.append(instance)')
        source.line('continue')

    with source.block('def new_all(values):'):
        source.line('instances = []')
        with source.block('for value in values:'):
            writer.write_quick(write_append)
            source.line(f'instances.append({source.const(new, "new")}(value))')
        source.line('return instances')
    return writer.build('new_all')


def _make_as_stock(cls: type[Type], value: object) -> Type:
    instance = object.__new__(cls)
    STOCK_INIT(instance, value)
    return instance


def compile_body(cls: type[Type]) -> Reader:
    """Return the equal of API Star's two steps with a request's body.

    ``lambda data: cls(cls.validator.validate(data, None, True))``, where the second validation
    is left out if it would change nothing. `read_form` of the validator reads what is no dict.
    """
    read_once, new = compile_validator(cls.validator, allow_coerce=True), compile_type(cls)
    read_form = getattr(cls.validator, 'read_form', None)

    def read_twice(data: object) -> object:
        return new(read_once(data if read_form is None else read_form(data)))

    if not (is_readable_type(cls) and is_idempotent(cls.validator)):
        return read_twice
    return _compile_idempotent_body(cls, read_twice)


def _compile_idempotent_body(cls: type[Type], read_twice: Reader) -> Reader:
    writer = TypeWriter(cls, 'body', compile_type, allow_coerce=True, validates_once=True)
    source = writer.source
    call_twice = f'return {source.const(read_twice, "read_twice")}(value)'
    with source.block('def read_body(value):'):
        writer.write_quick(writer.write_instance)
        with source.block(f'if not ({is_plain_dict(source)}):'):
            source.line(call_twice)
        with source.block('try:'):
            writer.write_dict_reading()
            writer.write_property_checks()
        with source.block(f'except {source.const(RevalidationError, "RevalidationError")}:'):
            source.line(call_twice)
        writer.write_instance()
    return writer.build('read_body')


def compile_render(cls: type[Type]) -> Renderer:
    """Return the equal of ``lambda instance: dict(instance)``, with nested Types as dicts too.

    Values that need a JSON encoder's `default`, such as dates in an Array, stay as they are.
    """
    return once_per_class(cls, 'render', _compile_render) if is_renderable(cls) else dict


def _compile_render(cls: type[Type]) -> Renderer:
    source = Source()
    rendered = {}
    with source.block('def render(instance):'):
        with source.block(f'if type(instance) is not {source.const(cls, cls.__name__)}:'):
            source.line('return dict(instance)')
        source.line('values = instance._dict')
        for name, validator in cls.validator.properties.items():
            key = source.const(name, 'key')
            value = f'values[{key}]'
            expression = nested_expression(source, validator, value, compile_render)
            if expression != value:
                rendered[key] = expression
        write_dict(source, 'return ', rendered, start='**values')
    return source.build('render', f'<django_apistar render {cls.__module__}.{cls.__qualname__}>')


def compile_from_object(cls: type[Type]) -> Renderer:
    """Return the equal of ``lambda value: render(cls(value))``, which makes no instance.

    `render` is what `compile_render` returns.
    """
    if is_readable_as_data(cls):
        return once_per_class(cls, 'data', _compile_from_object)
    new, render = compile_type(cls), compile_render(cls)
    return lambda value: render(new(value))


def _compile_from_object(cls: type[Type]) -> Renderer:
    writer = TypeWriter(cls, 'data', _compile_nested_data)
    new, render = compile_type(cls), compile_render(cls)
    rare = writer.source.const(lambda value: render(new(value)), 'new_and_render')
    with writer.source.block('def read(value):'):
        writer.write_quick(lambda: _write_rendered(writer))
        writer.write_reading(lambda: writer.source.line(f'return {rare}(value)'))
        writer.write_property_checks()
        _write_rendered(writer)
    return writer.build('read')


def _compile_nested_data(cls: type[Type]) -> Reader:
    # The JSON encoder renders what might fail, after the errors of all other properties.
    return compile_from_object(cls) if is_readable_as_data(cls) else compile_type(cls)


def compile_from_row(cls: type[Type]) -> Renderer:
    """Return the same for a tuple: a value for each property, in their order."""
    if not is_readable_as_data(cls):
        names, read = list(cls.validator.properties), compile_from_object(cls)
        return lambda row: read(SimpleNamespace(**dict(zip(names, row, strict=True))))
    writer = TypeWriter(cls, 'row', _compile_nested_data)
    with writer.source.block('def read_row(value):'):
        writer.write_row_reading()
        writer.write_property_checks(may_be_missing=False)
        _write_rendered(writer)
    return writer.build('read_row')


def _write_rendered(writer: TypeWriter) -> None:
    expressions = {
        item.key: format_expression(writer.source, item.validator, item.variable)
        for item in writer.properties
    }
    write_dict(writer.source, 'return ', expressions)
