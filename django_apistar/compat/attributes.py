"""Converts the attributes of an object, such as a Django model, to values of JSON for a Type.

API Star's validators know the values of JSON only. So the attributes of an object are converted
before a Type reads them, and the rows of a QuerySet. A dict is not: it may be a client's.
"""

import datetime
import enum
import functools
import reprlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, TypeAlias, TypeGuard

from apistar import types, validators
from apistar.exceptions import ValidationError

from django_apistar.compat.fields import ValidatorOrType
from django_apistar.compat.signatures import Function

Reader: TypeAlias = Callable[[object], object]
# Instead of None for a nested Type, which refuses null: there is no related instance.
NULL = object()

_PLAIN = (str, int, float)  # validators read these, and None, as they are
_READY = (*_PLAIN, type(None))
_NO_OBJECTS = (*_READY, bool, list, dict)  # Type's constructor reads no attributes of these
_NO_ROWS = (str, bytes, bytearray, Mapping)
# Names of django_apistar.validators, which is above.
_VALIDATORS: dict[type, str] = {
    Decimal: 'Decimal',
    datetime.timedelta: 'Duration',
    uuid.UUID: 'UUID',
    dict: 'JSON',
}
_MOST_FAULTS = 5  # in one message
_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 200


def build_constructor(make: Callable[..., None]) -> Callable[..., None]:
    """Return *make*, `Type.__init__`, with a conversion of objects before it."""

    @functools.wraps(make)
    def make_of_anything(self: types.Type, *args: Any, **kwargs: Any) -> None:
        if not args or isinstance(args[0], _NO_OBJECTS):
            return make(self, *args, **kwargs)
        source, *rest = args
        try:
            # An instance of the Type itself may lack properties that are not required.
            is_own = type(source) is type(self)
            values = source._dict if is_own else _read_attributes(self.validator, source)
            make(self, values, *rest, **kwargs)
        except ValidationError as exc:
            raise refuse(type(self), source, exc.detail) from None

    return make_of_anything


def build_validate(validate: Function) -> object:
    """Return *validate*, `Type.validate`, as a class method that takes NULL for None."""

    @functools.wraps(validate)
    def validate_instance(
        cls: type[types.Type], value: object, *args: object, **kwargs: object
    ) -> object:
        return None if value is NULL else validate(cls, value, *args, **kwargs)

    bound: Any = validate_instance  # whose parameters mypy counts otherwise
    return classmethod(bound)


def build_attribute_reader(validator: ValidatorOrType, name: str) -> Reader:
    """Return a reader of the attribute *name* of objects, converted; null for a missing relation.

    A validator may name another attribute: that of a relation's key, which takes no query.
    """
    convert, null = build_reader(validator), NULL if _is_nested(validator) else None
    name = getattr(validator, 'attribute', name)

    def read(source: object) -> object:
        try:
            value = getattr(source, name)
        except _load_django().ObjectDoesNotExist:
            if not _takes_instance(validator):
                raise
            return null
        if value is None:
            return null
        return value if convert is None or isinstance(value, _PLAIN) else convert(value)

    return read


def read_value(validator: object, value: object) -> object:
    """Return *value*, of a property, converted where *validator* needs that."""
    if value is None:
        return NULL if _is_nested(validator) else None
    return _convert(validator, value)


def build_reader(validator: object) -> Reader | None:
    """Return what converts values for *validator*, None where it reads them as they are."""
    if _is_nested(validator):
        return lambda value: (
            _convert_dict(validator.validator, value) if isinstance(value, dict) else value
        )
    for base, convert in _CONVERSIONS.items():
        if isinstance(validator, base):
            return functools.partial(convert, validator) if _is_stock(validator, base) else None
    return None


def build_row_reader(cls: type[types.Type], read: Reader) -> Reader:
    """Return a function that reads a row of a QuerySet as *read* reads an object.

    A row of `values()` is a dict, but its values are Python's, not a client's: they are converted.
    """

    def read_row(row: object) -> object:
        if not isinstance(row, dict):
            return read(row)
        try:
            return read(_convert_dict(cls.validator, row))
        except ValidationError as exc:
            raise UnreadableError(cls, row, exc.detail) from None

    return read_row


def refuse(cls: type[types.Type], source: object, detail: object) -> ValidationError:
    """Return the error for *source*, a dict, object or row that is no valid *cls*."""
    if isinstance(source, dict):
        return ValidationError(detail)
    if type(source) is tuple:
        source = dict(zip(cls.validator.properties, source, strict=True))
    return UnreadableError(cls, source, detail)


class UnreadableError(ValidationError):
    """An object that is no valid Type. `detail` is API Star's."""

    def __init__(self, cls: type[types.Type], source: object, detail: object) -> None:
        super().__init__(detail)
        self._cls = cls
        self._source = source

    def __str__(self) -> str:
        faults = list(_iter_faults(self.detail, self._source))
        more = [f'{len(faults) - _MOST_FAULTS} more'] if len(faults) > _MOST_FAULTS else []
        name = f'{self._cls.__module__}.{self._cls.__qualname__}'
        text = '; '.join([*faults[:_MOST_FAULTS], *more])
        return f'{name} cannot be made of {_get_name(self._source)}: {text}'


def _get_name(source: object) -> str:
    """Return what *source* is, without calling its `__str__`, which may query the database."""
    if isinstance(source, dict):
        return 'a row'
    key = getattr(source, 'pk', None)
    name = f'{type(source).__module__}.{type(source).__qualname__}'
    return name if key is None else f'{name} with pk={key!r}'


def _iter_faults(detail: object, value: object, path: str = '') -> Iterator[str]:
    """Yield 'field is value: message' for each message of *detail*."""
    if not isinstance(detail, Mapping):
        said = f'{detail}{_name_remedy(detail, value)}'
        yield f'{path} is {_repr.repr(value)}: {said}' if path else said
        return
    for key, inner in detail.items():
        below = f'{path}.{key}' if path else str(key)
        try:
            found = _get(value, key)
        except Exception:  # The value cannot be read: the message alone must do.
            yield f'{below}: {inner}'
        else:
            yield from _iter_faults(inner, found, below)


def _name_remedy(detail: object, value: object) -> str:
    """Return the validator to use for a *value* that another refuses for its type."""
    if getattr(detail, 'code', None) != 'type':
        return ''
    names = [name for base, name in _VALIDATORS.items() if isinstance(value, base)]
    return f' Use django_apistar.validators.{names[0]}.' if names else ''


def _get(value: object, key: Any) -> object:
    if isinstance(value, dict):
        return value[key]
    return (_as_list(value) or [])[key] if isinstance(key, int) else getattr(value, key)


# Conversions. Other values are left to the validator, which refuses them.


def _convert(validator: object, value: object) -> object:
    if isinstance(value, _READY):
        return value
    convert = build_reader(validator)
    return value if convert is None else convert(value)


def _is_stock(validator: validators.Validator, base: type[validators.Validator]) -> bool:
    """Whether *validator* validates as *base* does. A project's own may need the original value."""
    return type(validator).validate is base.validate and 'validate' not in vars(validator)


def _is_nested(validator: object) -> TypeGuard[type[types.Type]]:
    # isinstance, as issubclass of a Type is slow.
    return (
        isinstance(validator, types.TypeMetaclass)
        and validator.validate.__func__ is types.Type.validate.__func__
    )


def _takes_instance(validator: object) -> bool:
    is_container = isinstance(validator, (validators.Object, validators.Union))
    return is_container or isinstance(validator, type)


def _read_text(validator: validators.String, value: object) -> object:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, enum.Enum):
        return _convert(validator, value.value)
    django = _load_django()
    if isinstance(value, django.Promise):
        return str(value)
    if isinstance(value, django.FieldFile):
        return value.url if value else None
    return value


def _read_number(validator: validators.NumericType, value: object) -> object:
    if isinstance(value, Decimal):
        return value if value.is_snan() else _read_decimal(validator, value)
    return _convert(validator, value.value) if isinstance(value, enum.Enum) else value


def _read_decimal(validator: validators.NumericType, value: Decimal) -> object:
    number = float(value)
    if validator.numeric_type is not int or not isfinite(number):
        return number
    if value == value.to_integral_value():
        return int(value)
    return value if number.is_integer() else number  # as a float it would lose its fraction


def _read_items(validator: validators.Array, value: object) -> object:
    rows = _as_list(value)
    items = validator.items
    if rows is None:
        return value
    if not isinstance(items, list):
        convert = build_reader(items)
        if convert is None:
            return rows
        return [row if isinstance(row, _READY) else convert(row) for row in rows]
    rest = validator.additional_items
    return [_convert(items[n] if n < len(items) else rest, row) for n, row in enumerate(rows)]


def _as_list(value: Any) -> list[object] | None:
    """Return the rows of a list, a related manager, a QuerySet or another iterable."""
    django = _load_django()
    if isinstance(value, list):
        return value
    if isinstance(value, django.BaseManager):
        return list(value.all())
    is_rows = isinstance(value, Iterable) and not isinstance(value, (*_NO_ROWS, django.File))
    return list(value) if is_rows and not isinstance(value, type) else None


def _read_members(validator: validators.Object, value: object) -> object:
    if isinstance(value, dict):
        return _convert_dict(validator, value)
    is_instance = isinstance(value, _load_django().Model)
    return _read_attributes(validator, value) if is_instance else value


def _read_attributes(validator: validators.Object, source: object) -> dict[str, object]:
    return {
        name: build_attribute_reader(child, name)(source)
        for name, child in validator.properties.items()
    }


def _convert_dict(validator: validators.Object, value: dict[str, object]) -> dict[str, object]:
    if validator.pattern_properties:  # several validators may read one value
        return value
    rest, properties = validator.additional_properties, validator.properties
    return {key: read_value(properties.get(key, rest), item) for key, item in value.items()}


def _read_alternative(validator: validators.Union, value: object) -> object:
    """Return *value* converted for the first alternative that accepts it."""
    for child in validator.items:
        converted = _convert(child, value)
        try:
            child.validate(converted)
        except ValidationError:
            continue
        except Exception:  # a project's own validator, or a Ref without its definitions
            break
        return converted
    return value


_CONVERSIONS: dict[type[validators.Validator], Callable[[Any, object], object]] = {
    validators.String: _read_text,
    validators.NumericType: _read_number,
    validators.Array: _read_items,
    validators.Object: _read_members,
    validators.Union: _read_alternative,
}


class _Django:
    """The classes of Django that are needed here, imported with the first object."""

    def __init__(self) -> None:
        from django.core.exceptions import ObjectDoesNotExist
        from django.core.files import File
        from django.db.models import Model
        from django.db.models.fields.files import FieldFile
        from django.db.models.manager import BaseManager
        from django.utils.functional import Promise

        self.ObjectDoesNotExist = ObjectDoesNotExist
        self.File = File
        self.Model = Model
        self.FieldFile = FieldFile
        self.BaseManager = BaseManager
        self.Promise = Promise


_load_django = functools.cache(_Django)
