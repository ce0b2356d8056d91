"""Writes flat Types as JSON in one step, without a dict of each instance.

A Type of texts, numbers, booleans and dates is flat. The code holds the checks that usual values
pass; a value that fails one is read, rendered and encoded step by step.
"""

from __future__ import annotations

import contextlib
import json.encoder
from collections.abc import Callable, Iterable, Iterator
from math import inf
from types import ModuleType
from typing import Any, Protocol

from apistar import types, validators

from django_apistar.accelerate.source import Source
from django_apistar.accelerate.types.compilers import compile_from_row, compile_render, compile_type
from django_apistar.accelerate.types.containers import Property
from django_apistar.accelerate.types.idempotent import has_idempotent_default
from django_apistar.accelerate.types.rendering import find_format, format_expression, is_renderable
from django_apistar.accelerate.types.scalars import ScalarCheck, build_check, find_native
from django_apistar.accelerate.types.stock import ValidatorOrType, has_text, is_inline, is_stock
from django_apistar.accelerate.types.type_writer import TypeWriter

Encode = Callable[[Any], bytes]
Write = Callable[[Any], list[Any]]  # the parts of a list


_BUILT_IN = (str, int, bool)


class JSONWriter(Protocol):
    """Writes Types as JSON: each Type's values become a part, the parts a document."""

    encode: Encode  # of any value, with the bytes of API Star
    writes_texts: bool  # A Decimal, a UUID and a timedelta are the text that Django's JSON has.
    null: str | None  # a part
    trusts_types: bool  # A value of another type raises, or is written right without a check.

    def enclose(self, document: bytes) -> object:
        """Return *document* as a part."""

    def join(self, parts: list[object]) -> bytes:
        """Return the document of an array of *parts*."""

    def document_expression(self, source: Source, part: str) -> str:
        """Return the expression for the document of *part* alone."""

    def part_expression(
        self, source: Source, properties: Iterable[Property], *, are_checked: bool
    ) -> str:
        """Return the expression for the part of the values in the properties' variables.

        It may write lines that change them. *are_checked*: by `write_check`, and none is refused.
        """

    def refuse_float(self, source: Source, variable: str) -> list[str]:
        """Return the conditions for a number that API Star would write in another way."""


class TextWriter:
    """Writes text, as the standard library does."""

    null: str | None = 'null'
    trusts_types = False

    def __init__(self, encode: Encode, *, writes_texts: bool) -> None:
        self.encode = encode
        self.writes_texts = writes_texts

    def enclose(self, document: bytes) -> str:
        return document.decode()

    def join(self, parts: list[Any]) -> bytes:
        return f'[{",".join(parts)}]'.encode()

    def document_expression(self, source: Source, part: str) -> str:
        return f'{part}.encode()'

    def part_expression(
        self, source: Source, properties: Iterable[Property], *, are_checked: bool
    ) -> str:
        fields = []
        for item in properties:
            key = json.encoder.encode_basestring(item.name)
            fields.append(f'{_double_braces(key)}:{{{_write_text(source, item, are_checked)}}}')
        return f'f{"{{" + ",".join(fields) + "}}"!r}'

    def refuse_float(self, source: Source, variable: str) -> list[str]:
        return []


def _double_braces(text: str) -> str:
    return text.replace('{', '{{').replace('}', '}}')


def _write_text(source: Source, item: Property, is_checked: bool) -> str:
    """Write a line that makes text of the property's variable; return what an f-string shows."""
    variable, validator = item.variable, item.validator
    if isinstance(validator, type):  # a part by now
        return variable
    if has_text(validator):
        shown = validator.write_text(source, variable, is_checked=is_checked)
        text = f"""'"' + {shown} + '"'"""
    elif is_stock(validator, validators.Boolean):
        text = f"'true' if {variable} else 'false'"
    elif find_format(validator) is not None:
        text = f"""'"' + ({format_expression(source, validator, variable)}) + '"'"""
    elif is_stock(validator, validators.String):
        text = f'{source.const(json.encoder.encode_basestring, "quote")}({variable})'
    elif _allows_null(item):
        text = f'repr({variable})'
    else:
        return f'{variable}!r'
    if _allows_null(item):
        text = f"'null' if {variable} is None else {text}"
    source.line(f'{variable} = {text}')
    return variable


class OrjsonWriter:
    """Makes dicts, which orjson writes. Refuses what orjson would write in another way."""

    null: str | None = None
    writes_texts = trusts_types = True

    def __init__(self, encode: Encode, orjson: ModuleType) -> None:
        self.encode = encode
        self.enclose = orjson.Fragment
        self._dumps = orjson.dumps
        self._option = (
            orjson.OPT_PASSTHROUGH_DATACLASS
            | orjson.OPT_PASSTHROUGH_DATETIME
            | orjson.OPT_PASSTHROUGH_SUBCLASS
        )

    def join(self, parts: list[object]) -> bytes:
        document: bytes = self._dumps(parts, None, self._option)
        return document

    def document_expression(self, source: Source, part: str) -> str:
        return f'{source.const(self._dumps, "dumps")}({part}, None, {self._option})'

    def part_expression(
        self, source: Source, properties: Iterable[Property], *, are_checked: bool
    ) -> str:
        return f'{{{_dict_items(source, properties, are_checked)}}}'

    def refuse_float(self, source: Source, variable: str) -> list[str]:
        is_unlike = source.const(_is_unlike, 'is_unlike')
        return [f'({variable} < 0.0001 or {variable} >= 1e16) and {is_unlike}({variable})']


def _dict_items(source: Source, properties: Iterable[Property], are_checked: bool) -> str:
    return ', '.join(
        f'{item.key}: {_plain_expression(source, item, are_checked)}' for item in properties
    )


def _plain_expression(source: Source, item: Property, is_checked: bool) -> str:
    """Return the expression for the property's variable as orjson writes it."""
    validator, variable = item.validator, item.variable
    if isinstance(validator, type):
        return variable
    if not has_text(validator):
        return format_expression(source, validator, variable)
    text = validator.write_text(source, variable, is_checked=is_checked)
    return f'None if {variable} is None else {text}' if validator.allow_null else text


def _has_form(validator: ValidatorOrType) -> bool:
    """Return whether JSON has the values of *validator* in another form, such as text."""
    return has_text(validator) or find_format(validator) is not None


def _is_unlike(number: float) -> bool:
    # Python writes 1e-05 and 1e+16, orjson 0.00001 and 1e16.
    return number != 0 and not 0.0001 <= abs(number) < 1e16


def is_flat(cls: type[types.Type], json_writer: JSONWriter) -> bool:
    """Return whether this module can write *cls* by *json_writer*."""
    return is_renderable(cls) and all(
        is_writable(validator, json_writer) for validator in cls.validator.properties.values()
    )


def is_writable(validator: ValidatorOrType, json_writer: JSONWriter) -> bool:
    """Return whether values of *validator*, a property, are written in one step."""
    has_check = build_check(Source(), validator, 'item', allow_coerce=False) is not None
    return has_check and (
        not is_inline(validator) or (json_writer.writes_texts and has_text(validator))
    )


def compile_rows(cls: type[types.Type], json_writer: JSONWriter) -> Encode:
    """Return a function from a list of tuples, one value for each property of *cls*, to JSON."""
    writer = TypeWriter(cls, 'JSON of row', compile_type)
    source, read = writer.source, compile_from_row(cls)
    rare = source.const(
        lambda row: json_writer.enclose(json_writer.encode(read(row))), 'write_rarely'
    )
    refusals: list[str] = []
    with _loop(source):
        writer.write_row_reading()
        for item in writer.properties:
            refusals += write_check(source, json_writer, item)
        if refusals:
            with source.block(f'if {" or ".join(refusals)}:'):
                for item in writer.properties:
                    write_conversion(source, item)
                _write_refusals(source, refusals, _append_rarely(rare))
        part = json_writer.part_expression(source, writer.properties, are_checked=True)
        source.line(f'parts.append({part})')
    encode = json_writer.encode
    return _join(
        json_writer, writer.build('write'), lambda rows: encode([read(row) for row in rows])
    )


def write_check(source: Source, json_writer: JSONWriter, item: Property) -> list[str]:
    """Write the conversions of a column's variable; return when it is refused."""
    check = build_property_check(source, item)
    for conversion in check.conversions:
        source.line(conversion)
    return [check.refusal, *refuse_float(source, json_writer, item)]


def compile_instances(cls: type[types.Type], json_writer: JSONWriter) -> Encode:
    """Return a function from a list to JSON, faster for instances of the flat *cls*."""
    writer = TypeWriter(cls, 'JSON', compile_type)
    source = writer.source
    rare = source.const(
        lambda value: json_writer.enclose(json_writer.encode(value)), 'write_rarely'
    )
    with _loop(source):
        with source.block(f'if type(value) is not {source.const(cls, cls.__name__)}:'):
            source.lines(_append_rarely(rare))
        part = _write_instance(writer, json_writer, _append_rarely(rare))
        source.line(f'parts.append({part})')
    return _join(json_writer, writer.build('write'), json_writer.encode)


@contextlib.contextmanager
def _loop(source: Source) -> Iterator[None]:
    """Write a function that makes `parts` of `items`; inside of it, the lines for one `value`."""
    with source.block('def write(items):'):
        source.line('parts = []')
        with source.block('for value in items:'):
            yield
        source.line('return parts')


def _append_rarely(rare: str) -> list[str]:
    return [f'parts.append({rare}(value))', 'continue']


def _join(json_writer: JSONWriter, write: Write, write_rarely: Encode) -> Encode:
    def write_all(values: Iterable[object]) -> bytes:
        try:
            return json_writer.join(write(values))
        except Exception:
            # Encoded step by step: the error must be the one that comes first there.
            return write_rarely(values)

    return write_all


def compile_document(cls: type[types.Type], json_writer: JSONWriter, encode: Encode) -> Encode:
    """Return a function from an instance of *cls* to JSON: *encode* if *cls* is not flat."""
    render = compile_render(cls)
    if not is_flat(cls, json_writer):
        return lambda value: encode(render(value))
    writer = TypeWriter(cls, 'JSON document', compile_type)
    source = writer.source
    rare = source.const(lambda value: json_writer.encode(render(value)), 'write_rarely')
    with source.block('def write(value):'):
        part = _write_instance(writer, json_writer, [f'return {rare}(value)'])
        with source.block('try:'):
            source.line(f'return {json_writer.document_expression(source, part)}')
        with source.block('except Exception:'):
            source.line(f'return {rare}(value)')
    return writer.build('write')


def _write_instance(writer: TypeWriter, json_writer: JSONWriter, write_rarely: list[str]) -> str:
    """Write the lines *write_rarely* for unusual values; return the expression for the others."""
    source, properties = writer.source, writer.properties
    # Only a default, which is not validated, can have another type than its validator's.
    is_trusted = json_writer.trusts_types and all(
        has_idempotent_default(item.validator) for item in properties
    )
    refusals: list[str] = []
    source.line('values = value._dict')
    for item in properties:
        conditions = [] if is_trusted else [_refuse_unshown(source, item)]
        conditions += refuse_float(source, json_writer, item)
        if conditions or _has_form(item.validator):
            source.line(f'{item.variable} = values[{item.key}]')
        refusals += conditions
    _write_refusals(source, refusals, write_rarely)
    if not is_trusted:
        return json_writer.part_expression(source, properties, are_checked=False)
    formatted = [item for item in properties if _has_form(item.validator)]
    return f'{{**values, {_dict_items(source, formatted, False)}}}' if formatted else 'values'


def build_property_check(source: Source, item: Property) -> ScalarCheck:
    """Return the check of a property of a flat Type, which has one."""
    check = build_check(source, item.validator, item.variable, allow_coerce=False)
    assert check is not None  # Else its Type would not be flat.
    return check


def write_conversion(source: Source, item: Property) -> None:
    """Write the conversion of a value that the property's validator does not accept."""
    if isinstance(item.validator, type):
        return
    read = types.attributes.build_reader(item.validator)
    if read is not None:
        check = build_property_check(source, item)
        with source.block(f'if {check.refusal}:'):
            source.line(f'{item.variable} = {source.const(read, "read")}({item.variable})')


def _write_refusals(source: Source, refusals: list[str], write_rarely: list[str]) -> None:
    if refusals:
        with source.block(f'if {" or ".join(refusals)}:'):
            source.lines(write_rarely)


def _refuse_unshown(source: Source, item: Property) -> str:
    """Return the condition that the value is not of the type that the validator makes."""
    variable, validator = item.variable, item.validator
    if is_stock(validator, validators.Number):
        const = source.const
        refusal = (
            f'type({variable}) is not float and type({variable}) is not int'
            f' or not {const(-inf, "minus_inf")} < {variable} < {const(inf, "inf")}'
        )
    else:
        native = find_native(validator)
        name = native.__name__ if native in _BUILT_IN else source.const(native, native.__name__)
        refusal = f'type({variable}) is not {name}'
    return f'{variable} is not None and ({refusal})' if _allows_null(item) else refusal


def _allows_null(item: Property) -> bool:
    return not isinstance(item.validator, type) and item.validator.allow_null


def refuse_float(source: Source, json_writer: JSONWriter, item: Property) -> list[str]:
    """Return the conditions that refuse a float. The value is a number by now, or None."""
    if not is_stock(item.validator, validators.Number):
        return []
    refusals = json_writer.refuse_float(source, item.variable)
    if _allows_null(item):
        refusals = [f'{item.variable} is not None and ({one})' for one in refusals]
    return refusals
