"""Writes rows as JSON in one step, where their Type holds Types of joined rows.

A row has the columns of the Type, and in place of a nested Type the key of its row and then its
columns. What is unusual in a row raises: the caller reads the rows one by one then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from apistar import types

from django_apistar.accelerate.json.flat_types import (
    JSONWriter,
    is_writable,
    write_check,
    write_conversion,
)
from django_apistar.accelerate.source import Source
from django_apistar.accelerate.types.compilers import compile_type
from django_apistar.accelerate.types.containers import Property
from django_apistar.accelerate.types.rendering import is_renderable
from django_apistar.accelerate.types.stock import ValidatorOrType, is_plain_type
from django_apistar.accelerate.types.type_writer import TypeWriter


class UnusualRowError(Exception):
    """A row with a value that its Type does not take as it is."""


def is_nested(cls: type[types.Type], json_writer: JSONWriter) -> bool:
    """Return whether this module can write *cls* by *json_writer*."""

    def is_known(validator: ValidatorOrType) -> bool:
        if isinstance(validator, type):
            return is_plain_type(validator) and is_nested(validator, json_writer)
        return is_writable(validator, json_writer)

    return is_renderable(cls) and all(map(is_known, cls.validator.properties.values()))


def count_columns(cls: type[types.Type]) -> int:
    """Return how many values a row has."""
    children = cls.validator.properties.values()
    return sum(1 + count_columns(one) if isinstance(one, type) else 1 for one in children)


def compile_joined_rows(cls: type[types.Type], json_writer: JSONWriter) -> Callable[[Any], bytes]:
    """Return a function from the rows of one query to JSON. It may raise anything."""
    writer = TypeWriter(cls, 'JSON of joined rows', compile_type)
    source = writer.source
    nested = [item for item in writer.properties if isinstance(item.validator, type)]
    with source.block('def write(rows):'):
        source.line('parts = []')
        for item in nested:
            source.line(f'{item.variable}seen = {{None: {json_writer.null!r}}}')
        with source.block('for value in rows:'):
            part = _write_row(writer, json_writer, _write_nested_once)
            source.line(f'parts.append({part})')
        source.line('return parts')
    write = writer.build('write')
    return lambda rows: json_writer.join(write(rows))


def _compile_part(cls: type[types.Type], json_writer: JSONWriter) -> Callable[[Any], object]:
    writer = TypeWriter(cls, 'JSON of joined row', compile_type)
    with writer.source.block('def write(value):'):
        part = _write_row(writer, json_writer, _write_nested)
        writer.source.line(f'return {part}')
    return writer.build('write')


def _write_row(
    writer: TypeWriter,
    json_writer: JSONWriter,
    write_nested: Callable[[Source, JSONWriter, Property, str], None],
) -> str:
    """Write lines that read the tuple `value`; return the expression for its part."""
    source = writer.source
    source.line(f'{"".join(_name_columns(writer.properties))}= value')
    refusals: list[str] = []
    position = 0
    for item in writer.properties:
        if isinstance(item.validator, type):
            end = position + 1 + count_columns(item.validator)
            write_nested(source, json_writer, item, f'value[{position + 1}:{end}]')
            position = end
            continue
        position += 1
        refusals += write_check(source, json_writer, item)
    if refusals:
        with source.block(f'if {" or ".join(refusals)}:'):
            for item in writer.properties:
                write_conversion(source, item)
            with source.block(f'if {" or ".join(refusals)}:'):
                source.line(f'raise {source.const(UnusualRowError, "UnusualRow")}')
    return json_writer.part_expression(source, writer.properties, are_checked=True)


def _name_columns(properties: list[Property]) -> Iterator[str]:
    """Yield the variable of each column; that of a nested Type holds its key until it is read."""
    for item in properties:
        yield f'{item.variable}, '
        if isinstance(item.validator, type):
            yield 'unread, ' * count_columns(item.validator)


def _write_nested(source: Source, json_writer: JSONWriter, item: Property, columns: str) -> None:
    variable, null = item.variable, repr(json_writer.null)
    source.line(
        f'{variable} = {null} if {variable} is None else '
        f'{_name_writer(source, json_writer, item)}({columns})'
    )


def _write_nested_once(
    source: Source, json_writer: JSONWriter, item: Property, columns: str
) -> None:
    """Write the same, for many rows: those with one key hold one and the same nested row."""
    key, seen = f'{item.variable}key', f'{item.variable}seen'
    source.line(f'{key} = {item.variable}')
    source.line(f'{item.variable} = {seen}.get({key})')
    with source.block(f'if {item.variable} is None and {key} is not None:'):
        write = _name_writer(source, json_writer, item)
        source.line(f'{item.variable} = {seen}[{key}] = {write}({columns})')


def _name_writer(source: Source, json_writer: JSONWriter, item: Property) -> str:
    cls: Any = item.validator
    return source.const(_compile_part(cls, json_writer), f'write_{cls.__name__}')
