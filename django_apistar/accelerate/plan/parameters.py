"""Writes lines that read parameters from the environ, in place of API Star's components.

The lines read usual values themselves, and call API Star's own code for any other, so that errors
and odd values are the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from apistar import exceptions, validators

from django_apistar.accelerate.source import Source

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from apistar.document import Field
    from apistar.types import Type

MISSING = object()
_INTEGER = '{0}.isascii() and {0}.isdigit() and len({0}) < 19'
_NUMBER = '{0}.isascii() and {0}.isdigit() and len({0}) < 16'
_BOOLEANS = {'true': True, 'false': False, '1': True, '0': False}


def parse_query(query: str) -> dict[str, str]:
    """Return the query string's first value of each name, without blank values."""
    if '%' in query or '+' in query:
        return dict(reversed(parse_qsl(query)))
    values: dict[str, str] = {}
    for pair in query.split('&'):
        name, _, value = pair.partition('=')
        if value:
            values.setdefault(name, value)
    return values


@dataclasses.dataclass(frozen=True, slots=True)
class QueryField:
    """A query parameter that needs no more than its type: `kind` is one of str, int, …"""

    name: str
    kind: type
    variable: str
    default: object  # MISSING where there is none


def describe_query(
    fields: Iterable[Field], name_variable: Callable[[str], str]
) -> list[QueryField] | None:
    """Return the link's query *fields* as QueryFields, None where one is not plain."""
    described = []
    for field in fields:
        kind = find_kind(field.schema)
        if kind is None:
            return None
        default = getattr(field.schema, 'default', MISSING) if field.schema else MISSING
        described.append(QueryField(field.name, kind, name_variable(field.name), default))
    return described


def find_kind(schema: validators.Validator | type[Type] | None) -> type | None:
    """Return the type that *schema* demands, None where it demands more than a type."""
    if schema is None or type(schema) is validators.Any:
        return str
    if isinstance(schema, type):
        return None
    kinds = {validators.String: str, validators.Integer: int, validators.Number: float,
             validators.Boolean: bool}  # fmt: skip
    kind = kinds.get(type(schema))
    plain = type(schema)(allow_null=schema.allow_null) if kind else None
    ignored = {'_creation_counter', 'default', 'title', 'description'}
    if kind is None or any(
        value != vars(plain).get(name) for name, value in vars(schema).items()
        if name not in ignored
    ):  # fmt: skip
        return None
    default = getattr(schema, 'default', None)
    return kind if default is None or type(default) is kind else None


def write_query(
    source: Source,
    fields: Iterable[QueryField],
    validate_query: Callable[[WSGIEnvironment], object],
) -> None:
    """Write lines that read each of *fields*, or all of them by *validate_query*(environ).

    They set `validated` to the values that API Star's components read from the query string, or to
    None where these are not needed.
    """
    source.line('validated = None')
    source.line("query = environ.get('QUERY_STRING')")
    with source.block('if query:'):
        source.line(f'query = {source.const(parse_query, "parse_query")}(query)')
        for field in fields:
            _write_field(source, field, source.const(validate_query, 'validate_query'))
    with source.block('else:'):
        for field in fields:
            source.line(f'{field.variable} = {_default(source, field)}')


def _default(source: Source, field: QueryField) -> str:
    return source.const(field.default, 'missing' if field.default is MISSING else 'default')


def _write_field(source: Source, field: QueryField, validate_query: str) -> None:
    name = field.variable
    default = _default(source, field)
    source.line(f'{name} = query.get({source.const(field.name, "name")})')
    with source.block(f'if {name} is None:'):
        source.line(f'{name} = {default}')
    if field.kind is str:
        return
    if field.kind is bool:
        with source.block(f'elif {name} in {source.const(_BOOLEANS, "booleans")}:'):
            source.line(f'{name} = {source.const(_BOOLEANS, "booleans")}[{name}]')
    else:
        usual = _INTEGER if field.kind is int else _NUMBER
        with source.block(f'elif {usual.format(name)}:'):
            source.line(f'{name} = {field.kind.__name__}({name})')
    with source.block('elif validated is None:'):
        source.line(f'validated = {validate_query}(environ)')


def write_required(source: Source, field: QueryField) -> None:
    """Write the refusal of a request that lacks *field*: 404, as API Star's component."""
    refuse = source.const(_refuse_missing, 'refuse_missing')
    with source.block(f'if {field.variable} is {_default(source, field)}:'):
        source.line(f'{refuse}({source.const(field.name, "name")})')


def _refuse_missing(name: str) -> None:
    message = validators.Object().error_message('required', field_name=name)
    raise exceptions.NotFound({name: message})


def header_expression(source: Source, name: str) -> str | None:
    """Return the expression of the header that the parameter *name* asks for."""
    key = name.upper().replace('-', '_')
    if key in ('CONTENT_TYPE', 'CONTENT_LENGTH') or not key.isascii():
        return None
    return f'environ.get({source.const("HTTP_" + key, "header")})'
