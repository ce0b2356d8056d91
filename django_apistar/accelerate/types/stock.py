"""Finds validators and Types that behave as API Star's own, so that they can be compiled."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias, TypeGuard, TypeVar

from apistar import types, validators

from django_apistar.accelerate.source import Source

# API Star takes a Type wherever it takes a validator.
ValidatorOrType: TypeAlias = validators.Validator | type[types.Type]
Base = TypeVar('Base', bound=validators.Validator)

SCALARS = (
    validators.Any,
    validators.String,
    validators.Integer,
    validators.Number,
    validators.Boolean,
)

# Kept here, because `constructors` may put another in its place.
STOCK_INIT = types.Type.__init__
# Any: mypy takes `is` between methods of two classes for a mistake.
_CALL_OF_TYPE: Any = type.__call__
_GETATTRIBUTE: Any = object.__getattribute__
COMPILED_MARK = 'is_compiled_by_django_apistar'


def is_stock(validator: object, base: type[Base]) -> TypeGuard[Base]:
    """Return whether *validator* behaves as the class *base* of API Star.

    Subclasses that only choose options, as `DateTime` and most users' do, are stock.
    """
    cls: Any = type(validator)
    stock: Any = base
    return (
        isinstance(validator, base)
        and cls.validate is stock.validate
        and 'validate' not in vars(validator)
        and cls.__getattribute__ is _GETATTRIBUTE
        # A property with the name of an option could give another value each time.
        and all(name in vars(validator) and not hasattr(cls, name) for name in _options(stock))
    )


@functools.cache
def _options(base: Any) -> frozenset[str]:
    sample = base([]) if base is validators.Union else base()
    return frozenset(vars(sample)) - {'_creation_counter'}


class InlineValidator(Protocol):
    """A validator of no class of API Star's that writes its own check, with the same results."""

    allow_null: bool

    def write_check(self, source: Source, item: str) -> tuple[str, str]:
        """Return a conversion of the variable *item*, or '', and its refusal: see ScalarCheck."""


class TextValidator(InlineValidator, Protocol):
    """One whose values are text in JSON."""

    native: type  # of the values that it makes

    def write_text(self, source: Source, item: str, *, is_checked: bool) -> str:
        """Return the expression for the text of the variable *item*, which is not null.

        *is_checked*: its refusal has just been found false, so that what it made is there.
        """


def is_inline(validator: object) -> TypeGuard[InlineValidator]:
    """Return whether *validator* writes its own check. A subclass may validate otherwise."""
    return 'write_check' in vars(type(validator)) and 'validate' not in vars(validator)


def has_text(validator: object) -> TypeGuard[TextValidator]:
    return is_inline(validator) and hasattr(validator, 'write_text')


def is_scalar(validator: object) -> TypeGuard[validators.Validator]:
    return is_inline(validator) or any(is_stock(validator, base) for base in SCALARS)


def is_array(validator: object) -> TypeGuard[validators.Array]:
    return is_stock(validator, validators.Array) and _has_stock_methods(validator)


def is_union(validator: object) -> TypeGuard[validators.Union]:
    return is_stock(validator, validators.Union) and _has_stock_methods(validator)


def is_object(validator: object) -> TypeGuard[validators.Object]:
    return (
        is_stock(validator, validators.Object)
        and _has_stock_methods(validator)
        and all(map(has_stock_default, validator.properties.values()))
        and all(map(_is_pattern, validator.pattern_properties))
    )


def _has_stock_methods(validator: validators.Validator) -> bool:
    stock = validators.Validator
    return has_stock_message(validator) and type(validator).get_definitions is stock.get_definitions


def has_stock_message(validator: validators.Validator) -> bool:
    # Whoever refuses calls the validator's own `error`.
    return type(validator).error_message is validators.Validator.error_message


def has_stock_default(validator: ValidatorOrType) -> bool:
    if isinstance(validator, type):
        has_default = getattr(validator, 'has_default', None)
        return getattr(has_default, '__func__', None) is types.Type.has_default.__func__
    cls = type(validator)
    return getattr(cls, 'has_default', None) is validators.Validator.has_default


def _is_pattern(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except Exception:  # API Star raises for each value; so do we.
        return False
    return True


def is_plain_type(cls: object) -> TypeGuard[type[types.Type]]:
    """Return whether *cls* makes its instances exactly as `Type` does, with all properties."""
    return is_readable_type(cls) and not may_lack_some(cls.validator)


def is_readable_type(cls: object) -> TypeGuard[type[types.Type]]:
    """Return whether *cls* makes its instances as `Type` does; they may lack what is optional."""
    return (
        is_type(cls)
        and type(cls).__call__ is _CALL_OF_TYPE
        and cls.__new__ is object.__new__
        and (cls.__init__ is STOCK_INIT or hasattr(cls.__init__, COMPILED_MARK))
        and cls.__getattribute__ is _GETATTRIBUTE
        and cls.validate.__func__ is types.Type.validate.__func__
        and not hasattr(cls, '_dict')
        and _is_plain_object(cls.validator)
    )


def is_flat_type(cls: object) -> TypeGuard[type[types.Type]]:
    """Return whether *cls* is a plain Type all of whose properties are scalars."""
    return (
        is_type(cls)
        and is_plain_type(cls)
        and all(map(is_scalar, cls.validator.properties.values()))
    )


def is_type(cls: object) -> TypeGuard[type[types.Type]]:
    return isinstance(cls, type) and issubclass(cls, types.Type)


def _is_plain_object(validator: validators.Object) -> bool:
    """Return whether *validator* has properties and no other rules, as the metaclass makes it."""
    return (
        is_object(validator)
        and not validator.pattern_properties
        and validator.additional_properties is None
        and validator.min_properties is None
        and validator.max_properties is None
        and not validator.allow_null
        and set(validator.required) <= set(validator.properties)
    )


def may_lack_some(validator: validators.Object) -> bool:
    """Return whether a value may lack a property. API Star's metaclass forbids that."""
    return not all(
        name in validator.required or child.has_default()
        for name, child in validator.properties.items()
    )


def is_opaque(validator: ValidatorOrType) -> bool:
    """Return whether *validator* cannot be compiled: its own `validate` is called."""
    if isinstance(validator, type):
        return not is_readable_type(validator)
    return not any(test(validator) for test in (is_scalar, is_array, is_union, is_object))


def walk(validator: ValidatorOrType) -> Iterator[ValidatorOrType]:
    """Yield *validator* and all below it, but nothing that is below a Type."""
    seen: set[int] = set()
    pending = [validator]
    while pending:
        current = pending.pop()
        if id(current) not in seen:
            seen.add(id(current))
            yield current
            pending.extend(_iter_children(current))


def _iter_children(validator: ValidatorOrType) -> Iterator[ValidatorOrType]:
    if is_object(validator):
        yield from validator.properties.values()
        yield from validator.pattern_properties.values()
        additional = validator.additional_properties
        if additional is not None and not isinstance(additional, bool):
            yield additional
    elif is_array(validator):
        items = validator.items if isinstance(validator.items, list) else [validator.items]
        yield from [item for item in items if item is not None]
        if isinstance(validator.additional_items, validators.Validator):
            yield validator.additional_items
    elif is_union(validator):
        yield from validator.items
