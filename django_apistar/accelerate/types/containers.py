"""Writes the functions that read objects, arrays and unions.

In each of them `value` is what came in, `errors` the details of API Star's ValidationError as
they gather, by key, and `validated` what goes out.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apistar import validators
from apistar.exceptions import ValidationError

from django_apistar.accelerate.source import Source
from django_apistar.accelerate.types.idempotent import has_idempotent_default
from django_apistar.accelerate.types.scalars import build_check
from django_apistar.accelerate.types.stock import (
    ValidatorOrType,
    is_array,
    is_flat_type,
    is_object,
    is_scalar,
    is_union,
)
from django_apistar.accelerate.types.writer import Writer

MISSING = object()


@dataclass(frozen=True, slots=True)
class Property:
    """A property of an object, and the variable that holds its value while it is checked.

    `key` and `default` are expressions; no `default` is None.
    """

    name: str
    key: str
    validator: ValidatorOrType
    variable: str
    is_required: bool
    default: str | None


def read_properties(source: Source, validator: validators.Object) -> list[Property]:
    """Return the properties of an Object in their order."""
    return [
        Property(
            name=name,
            key=source.const(name, 'key'),
            validator=child,
            # It ends in an underscore, as no other variable does.
            variable=source.name(f'{name.strip("_")}_'),
            is_required=name in validator.required,
            default=_default_expression(source, child),
        )
        for name, child in validator.properties.items()
    ]


def _default_expression(source: Source, validator: ValidatorOrType) -> str | None:
    if isinstance(validator, type) or not validator.has_default():
        return None
    if 'default' in vars(validator) and not hasattr(type(validator), 'default'):
        return source.const(validator.default, 'default')
    return f'{source.const(validator, "validator")}.default'


def write_object(writer: Writer, validator: validators.Object) -> None:
    source = writer.source
    properties = read_properties(source, validator)
    with source.block(f'if not ({is_plain_dict(source)}):'):
        writer.write_rare(validator)
    _write_size_limits(writer, validator, validator.min_properties, validator.max_properties)
    write_dict_reading(writer, validator, properties)
    writer.write_definitions(validator)
    write_property_checks(writer, properties)
    write_validated(source, properties)
    _write_pattern_properties(writer, validator)
    _write_additional_properties(writer, validator)
    writer.write_raise_errors()
    source.line('return validated')


def is_plain_dict(source: Source) -> str:
    """Return the condition that `value` is what JSON decoders make, API Star's included."""
    return f'type(value) is dict or type(value) is {source.const(OrderedDict, "OrderedDict")}'


def _write_size_limits(
    writer: Writer, validator: validators.Validator, least: int | None, most: int | None
) -> None:
    const = writer.source.const
    refusals = [] if least is None else [f'len(value) < {const(least, "least")}']
    refusals += [] if most is None else [f'len(value) > {const(most, "most")}']
    if refusals:
        with writer.source.block(f'if {" or ".join(refusals)}:'):
            writer.source.line(f'return {writer.call_stock(validator, "value")}')


def write_dict_reading(
    writer: Writer, validator: validators.Object, properties: list[Property]
) -> None:
    """Write lines that read the plain dict `value` into the variables of *properties*.

    API Star refuses a missing key that is required and keys that are not text. It does so here,
    before any property is validated, so that no validator runs twice.
    """
    _write_required_reading(writer, validator, properties)
    source = writer.source
    missing = source.const(MISSING, 'MISSING')
    count = str(len(properties))
    for item in properties:
        if not item.is_required:
            source.line(f'{item.variable} = value.get({item.key}, {missing})')
            count += f' - ({item.variable} is {missing})'
    has_odd_key = source.const(_has_odd_key, 'has_odd_key')
    with source.block(f'if len(value) != {count} and {has_odd_key}(value):'):
        source.line(writer.call_stock(validator, 'value'))


def _has_odd_key(value: Mapping[object, object]) -> bool:
    # A loop: all() with a generator costs twice as much.
    for key in value:  # noqa: SIM110
        if not isinstance(key, str):
            return True
    return False


def _write_required_reading(
    writer: Writer, validator: validators.Object, properties: list[Property]
) -> None:
    source = writer.source
    others = [name for name in validator.required if name not in validator.properties]
    statements = [
        *(f'{item.variable} = value[{item.key}]' for item in properties if item.is_required),
        *(f'value[{source.const(name, "key")}]' for name in others),
    ]
    if not statements:
        return
    with source.block('try:'):
        for statement in statements:
            source.line(statement)
    with source.block('except KeyError:'):
        source.line(writer.call_stock(validator, 'value'))
        source.line('raise')


def write_property_checks(writer: Writer, properties: list[Property]) -> None:
    """Write lines that replace each property's variable by its validated value."""
    writer.source.line('errors = None')
    for item in properties:
        if item.is_required:
            _write_property_check(writer, item)
        else:
            _write_optional_check(writer, item)


def _write_property_check(writer: Writer, item: Property) -> None:
    writer.write_checks(item.validator, item.variable, [writer.record_error(item.key)])


def _write_optional_check(writer: Writer, item: Property) -> None:
    source = writer.source
    missing = source.const(MISSING, 'MISSING')
    if item.default is None:
        with source.block(f'if {item.variable} is not {missing}:'):
            _write_property_check(writer, item)
        return
    with source.block(f'if {item.variable} is {missing}:'):
        if writer.validates_once and not has_idempotent_default(item.validator):
            writer.write_revalidation()
        else:
            source.line(f'{item.variable} = {item.default}')
    with source.block('else:'):
        _write_property_check(writer, item)


def write_validated(source: Source, properties: list[Property]) -> None:
    """Write lines that collect the properties in `validated`, in their order."""
    certain = list(itertools.takewhile(lambda item: not _may_be_absent(item), properties))
    write_dict(source, 'validated = ', {item.key: item.variable for item in certain})
    for item in properties[len(certain) :]:
        condition = f'if {item.variable} is not {source.const(MISSING, "MISSING")}:'
        with source.block(condition) if _may_be_absent(item) else contextlib.nullcontext():
            source.line(f'validated[{item.key}] = {item.variable}')


def _may_be_absent(item: Property) -> bool:
    return not item.is_required and item.default is None


def write_dict(
    source: Source, before: str, items: Mapping[str, str], *, start: str | None = None
) -> None:
    """Write *before* and a dict of expressions, one to a line."""
    source.line(before + '{')
    if start is not None:
        source.line(f'    {start},')
    for key, value in items.items():
        source.line(f'    {key}: {value},')
    source.line('}')


def _write_pattern_properties(writer: Writer, validator: validators.Object) -> None:
    source = writer.source
    if not validator.pattern_properties:
        return
    with source.block('for key in list(value):'):
        for pattern, child in validator.pattern_properties.items():
            search = source.const(re.compile(pattern).search, 'search')
            with source.block(f'if {search}(key):'):
                source.line('item = value[key]')
                writer.write_checks(child, 'item', [writer.record_error('key')])
                # With an error the validated items are never returned.
                source.line('validated[key] = item')


def _write_additional_properties(writer: Writer, validator: validators.Object) -> None:
    source = writer.source
    additional = validator.additional_properties
    if additional is None:
        return
    with source.block('for key in value:'), source.block('if key not in validated:'):
        if additional is False:
            message = f'{source.const(validator.error_message, "message")}({"invalid_property"!r})'
            source.line(writer.record_error('key', message))
            return
        source.line('item = value[key]')
        if additional is not True:
            writer.write_checks(additional, 'item', [writer.record_error('key')])
        source.line('validated[key] = item')


def write_array(writer: Writer, validator: validators.Array) -> None:
    source = writer.source
    with source.block('if type(value) is not list:'):
        writer.write_rare(validator)
    _write_size_limits(writer, validator, validator.min_items, _most_items(validator))
    writer.write_definitions(validator)
    _write_shortcut(writer, validator)
    _write_quick_items(writer, validator)
    source.line('validated = []')
    source.line('errors = None')
    if validator.unique_items:
        source.line(f'seen = {source.const(validators.Uniqueness, "Uniqueness")}()')
    with source.block('for position, item in enumerate(value):'):
        _write_item_checks(writer, validator)
        if validator.unique_items:
            _write_uniqueness(writer, validator)
        source.line('validated.append(item)')
    writer.write_raise_errors()
    source.line('return validated')


def _most_items(validator: validators.Array) -> int | None:
    limits = [validator.max_items]
    if isinstance(validator.items, list) and validator.additional_items is False:
        limits.append(len(validator.items))
    return min((limit for limit in limits if limit is not None), default=None)


def _write_shortcut(writer: Writer, validator: validators.Array) -> None:
    """Write a check of all items at once, if their type alone makes them valid."""
    items = validator.items
    if validator.unique_items or not is_scalar(items):
        return
    check = build_check(writer.source, items, 'item', writer.allow_coerce)
    if check is not None and check.sufficient_type is not None:
        only = writer.source.const(frozenset([check.sufficient_type]), 'only')
        with writer.source.block(f'if {only}.issuperset(map(type, value)):'):
            writer.source.line('return value.copy()')


def _write_quick_items(writer: Writer, validator: validators.Array) -> None:
    """Write a reading of all flat Types at once, which starts anew item by item at an error."""
    if not is_flat_type(validator.items) or validator.unique_items:
        return
    source = writer.source
    with source.block('try:'):
        source.line(f'return {writer.call_for_all(validator.items, "value")}')
    with source.block(f'except {source.const(ValidationError, "ValidationError")}:'):
        source.line('pass')


def _write_item_checks(writer: Writer, validator: validators.Array) -> None:
    on_error = [writer.record_error('position'), 'continue']
    if not isinstance(validator.items, list):
        if validator.items is not None:
            writer.write_checks(validator.items, 'item', on_error)
        return
    for position, child in enumerate(validator.items):
        with writer.source.block(f'if position == {position}:'):
            writer.write_checks(child, 'item', on_error)
    if isinstance(validator.additional_items, validators.Validator):
        with writer.source.block(f'if position >= {len(validator.items)}:'):
            writer.write_checks(validator.additional_items, 'item', on_error)


def _write_uniqueness(writer: Writer, validator: validators.Array) -> None:
    source = writer.source
    message = f'{source.const(validator.error_message, "message")}({"unique_items"!r})'
    with source.block('if item in seen:'):
        source.line(writer.record_error('position', message))
        source.line('continue')
    source.line('seen.add(item)')


def write_union(writer: Writer, validator: validators.Union) -> None:
    source = writer.source
    with source.block('if value is None:'):
        writer.write_rare(validator)
    for child in validator.items:
        source.line('item = value')
        source.line('is_valid = True')
        writer.write_checks(child, 'item', ['is_valid = False'])
        with source.block('if is_valid:'):
            source.line('return item')
    source.line(f'{source.const(validator.error, "error")}({"union"!r})')


CONTAINERS: dict[Callable[[Any], bool], Callable[[Writer, Any], None]] = {
    is_object: write_object,
    is_array: write_array,
    is_union: write_union,
}
