import typing
from collections.abc import Mapping, Sequence
from typing import ClassVar, NoReturn, TypeAlias

from apistar import formats
from apistar.exceptions import ValidationError as ValidationError
from apistar.types import Type

NO_DEFAULT: object
FORMATS: dict[str, formats.BaseFormat]

# API Star takes a Type wherever it takes a validator: both have `validate` and `has_default`.
_Schema: TypeAlias = Validator | type[Type]
_Definitions: TypeAlias = dict[str, Validator]

class ErrorMessage(str):
    code: str
    def __new__(cls, message: str, code: str) -> ErrorMessage: ...

class Validator:
    errors: ClassVar[dict[str, str]]
    _creation_counter: int
    default: typing.Any  # not set where there is none: ask `has_default`
    title: str
    description: str
    allow_null: bool
    definitions: _Definitions
    def_name: str | None
    def __init__(
        self,
        title: str = ...,
        description: str = ...,
        default: object = ...,
        allow_null: bool = ...,
        definitions: Mapping[str, Validator] | None = ...,
        def_name: str | None = ...,
    ) -> None: ...
    def validate(
        self, value: object, definitions: _Definitions | None = ..., allow_coerce: bool = ...
    ) -> typing.Any: ...
    def is_valid(self, value: object) -> bool: ...
    def has_default(self) -> bool: ...
    def error(self, code: str, **context: object) -> NoReturn: ...
    def error_message(self, code: str, **context: object) -> ErrorMessage: ...
    def get_definitions(self, definitions: _Definitions | None = ...) -> _Definitions: ...
    def __or__(self, other: Validator) -> Union: ...

class String(Validator):
    max_length: int | None
    min_length: int | None
    pattern: str | None
    enum: list[str] | None
    format: str | None
    def __init__(
        self,
        max_length: int | None = ...,
        min_length: int | None = ...,
        pattern: str | None = ...,
        enum: list[str] | None = ...,
        format: str | None = ...,
        **kwargs: typing.Any,
    ) -> None: ...

class NumericType(Validator):
    numeric_type: ClassVar[type[int] | type[float]]
    minimum: float | None
    maximum: float | None
    exclusive_minimum: bool
    exclusive_maximum: bool
    multiple_of: float | None
    enum: list[str] | None
    format: str | None
    def __init__(
        self,
        minimum: float | None = ...,
        maximum: float | None = ...,
        exclusive_minimum: bool = ...,
        exclusive_maximum: bool = ...,
        multiple_of: float | None = ...,
        enum: list[str] | None = ...,
        format: str | None = ...,
        **kwargs: typing.Any,
    ) -> None: ...

class Number(NumericType): ...
class Integer(NumericType): ...

class Boolean(Validator):
    values: ClassVar[dict[str, bool]]
    null_values: ClassVar[dict[str, None]]

class Object(Validator):
    properties: dict[str, _Schema]
    pattern_properties: dict[str, _Schema]
    additional_properties: bool | _Schema | None
    min_properties: int | None
    max_properties: int | None
    required: list[str]
    def __init__(
        self,
        properties: Mapping[str, _Schema] | Sequence[tuple[str, _Schema]] | None = ...,
        pattern_properties: Mapping[str, _Schema] | Sequence[tuple[str, _Schema]] | None = ...,
        additional_properties: bool | _Schema | None = ...,
        min_properties: int | None = ...,
        max_properties: int | None = ...,
        required: Sequence[str] | None = ...,
        **kwargs: typing.Any,
    ) -> None: ...

class Array(Validator):
    items: _Schema | list[_Schema] | None
    additional_items: bool | _Schema | None
    min_items: int | None
    max_items: int | None
    unique_items: bool
    def __init__(
        self,
        items: _Schema | Sequence[_Schema] | None = ...,
        additional_items: bool | _Schema | None = ...,
        min_items: int | None = ...,
        max_items: int | None = ...,
        unique_items: bool = ...,
        **kwargs: typing.Any,
    ) -> None: ...

class Date(String): ...
class Time(String): ...
class DateTime(String): ...
class Any(Validator): ...

class Union(Validator):
    items: list[Validator]
    def __init__(self, items: list[Validator], **kwargs: typing.Any) -> None: ...

class Ref(Validator):
    ref: str
    def __init__(self, ref: str, **kwargs: typing.Any) -> None: ...

class Uniqueness:
    TRUE: ClassVar[object]
    FALSE: ClassVar[object]
    def __contains__(self, item: object) -> bool: ...
    def add(self, item: object) -> None: ...
    def make_hashable(self, element: object) -> object: ...

class Messages(dict[object, object]):  # set by django_apistar.compat
    def add(self, key: object, detail: object) -> None: ...
    def refuse(self) -> None: ...
