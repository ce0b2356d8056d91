from abc import ABCMeta
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, ClassVar, Protocol

from apistar import validators

attributes: ModuleType  # set by django_apistar.compat

# Class methods, as bound methods: they have the function itself.
class _Validate(Protocol):
    __func__: Callable[..., Any]
    def __call__(
        self,
        value: object,
        definitions: dict[str, validators.Validator] | None = ...,
        allow_coerce: bool = ...,
    ) -> Any: ...

class _HasDefault(Protocol):
    __func__: Callable[..., bool]
    def __call__(self) -> bool: ...

class TypeMetaclass(ABCMeta):
    validate: _Validate

class Type(Mapping[str, Any], metaclass=TypeMetaclass):
    validator: ClassVar[validators.Object]
    validate: ClassVar[_Validate]
    has_default: ClassVar[_HasDefault]
    default: ClassVar[Any]  # only where a subclass says that it has one
    _creation_counter: ClassVar[int]
    _dict: dict[str, Any]
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __setitem__(self, key: str, value: object) -> None: ...
    def __getattr__(self, key: str) -> Any: ...
    def __setattr__(self, key: str, value: object) -> None: ...
    def __getitem__(self, key: str) -> Any: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...
