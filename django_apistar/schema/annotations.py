"""What a Python annotation says about the JSON of a parameter or of a response."""

import collections.abc
import datetime
import decimal
import enum
import inspect
import types
import typing
import uuid
from typing import Any, Protocol

from django_apistar.schema.dialect import Dialect, Schema

# Told, as some generators take silence for no properties.
ANY_OBJECT: Schema = {'type': 'object', 'additionalProperties': True}
PLAIN: dict[object, Schema] = {
    str: {'type': 'string'},
    int: {'type': 'integer'},
    float: {'type': 'number'},
    bool: {'type': 'boolean'},
    dict: ANY_OBJECT,
    bytes: {'type': 'string'},
    datetime.datetime: {'type': 'string', 'format': 'date-time'},
    datetime.date: {'type': 'string', 'format': 'date'},
    datetime.time: {'type': 'string', 'format': 'time'},
    datetime.timedelta: {'type': 'string', 'format': 'duration'},
    uuid.UUID: {'type': 'string', 'format': 'uuid'},
    decimal.Decimal: {'type': 'string'},
}
SEQUENCES = (
    list, tuple, set, frozenset, collections.abc.Sequence, collections.abc.Iterable,
    collections.abc.Collection, collections.abc.Set,
)  # fmt: skip
STREAMS = (collections.abc.Iterator, collections.abc.Generator)
MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
EMPTY = inspect.Parameter.empty


def is_union(annotation: object) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def is_stream(annotation: object) -> bool:
    return annotation in STREAMS or typing.get_origin(annotation) in STREAMS


class SchemaBuilder(Protocol):
    """What makes the schemas of a document, and remarks on what it cannot describe."""

    dialect: Dialect

    @property
    def place(self) -> str:
        """What is being described, for a remark."""

    def of(self, item: object) -> Schema:
        """Return the schema of a validator, Type or annotation."""

    def warn(self, text: str) -> None:
        """Remark on what the document does not say."""


def schema_of(annotation: object, schemas: SchemaBuilder) -> Schema:
    """Return the schema of *annotation*; what is not known fits anything, with a warning."""
    if annotation in (None, type(None)):
        return schemas.dialect.null()
    if annotation is Any or annotation is EMPTY or annotation is object:
        return {}
    if not typing.get_args(annotation):
        return _of_class(typing.get_origin(annotation) or annotation, schemas)
    return _of_generic(annotation, schemas)


def _of_class(annotation: object, schemas: SchemaBuilder) -> Schema:
    if hasattr(annotation, '__supertype__'):  # typing.NewType
        return schemas.of(annotation.__supertype__)
    if isinstance(annotation, type):
        if issubclass(annotation, enum.Enum):
            return schemas.dialect.any_of([_of_literal([member.value for member in annotation])])
        for known in annotation.__mro__:
            if known in PLAIN:
                return dict(PLAIN[known])
        if issubclass(annotation, collections.abc.Mapping):  # which is a Collection as well
            return dict(ANY_OBJECT)
        if issubclass(annotation, SEQUENCES):
            return {'type': 'array', 'items': {}}
    schemas.warn(f'The annotation {annotation!r} of {schemas.place} is not known; anything fits.')
    return {}


def _of_generic(annotation: object, schemas: SchemaBuilder) -> Schema:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return schemas.of(arguments[0])
    if origin is typing.Literal:
        return _of_literal(list(arguments))
    if is_union(annotation):
        members = [member for member in arguments if member is not type(None)]
        schema = schemas.dialect.any_of([schemas.of(member) for member in members])
        has_none = len(members) < len(arguments)
        return schemas.dialect.nullable(schema) if has_none else schema
    if origin in MAPPINGS:
        values = schemas.of(arguments[1])
        return {'type': 'object', 'additionalProperties': values or True}
    if origin is tuple and arguments[-1:] != (...,):
        items = [schemas.of(argument) for argument in arguments]
        size = {'minItems': len(items), 'maxItems': len(items)}
        return {'type': 'array', **schemas.dialect.tuple_of(items, False), **size}
    if origin in SEQUENCES:
        return {'type': 'array', 'items': schemas.of(arguments[0])}
    return _of_class(origin, schemas)


def _of_literal(values: list[object]) -> Schema:
    for known, name in ((bool, 'boolean'), (int, 'integer'), (str, 'string')):
        if all(isinstance(value, known) for value in values):
            return {'type': name, 'enum': values}
    plain = [value for value in values if _is_plain(value)]
    return {'enum': plain} if plain else {}


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))
