"""Writes what came in to a row: fields and relations, checked as the model asks, or nothing."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from inspect import getattr_static
from typing import Any, Protocol, TypeGuard, TypeVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    FieldDoesNotExist,
    SuspiciousFileOperation,
    ValidationError,
)
from django.core.validators import ProhibitNullCharactersValidator
from django.db import IntegrityError, models, router, transaction
from django.forms.utils import from_current_timezone
from django.utils import timezone

from django_apistar.service import integrity_errors
from django_apistar.service.field_rules import Field

Instance = TypeVar('Instance', bound=models.Model)
_make_aware: Any = from_current_timezone  # which has no types
_LONGEST_DURATION = datetime.timedelta(microseconds=2**63 - 1)  # where a column is a number
_refuse_null_characters = ProhibitNullCharactersValidator()
# A value of one of these is as a database takes it.
_AS_IT_IS = frozenset({
    type(None), bool, int, float, decimal.Decimal, datetime.date, datetime.time, uuid.UUID,
})  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A field of a model, with what is asked of it once: fields are of many classes."""

    field: Field
    name: str  # the model's own: JSON may have another
    attribute: str  # of an instance, that takes a usual value as it is; '' for none


Columns = Mapping[str, Column]
Values = Mapping[str, Any]  # by the same names, and more: what is no column is not written
Relations = list[tuple['Relation', list[Any]]]  # with their values


class Relation(Protocol):
    """A field of many to many, Django's or another's."""

    name: str

    @property
    def related_model(self) -> type[models.Model]: ...

    def get_limit_choices_to(self) -> Any: ...  # a Q, or a dict


class Described(Protocol):
    """What the `Meta` of a ModelType says: see model_options, which is above."""

    @property
    def fields(self) -> Mapping[str, Field]: ...

    @property
    def columns(self) -> Columns: ...


class Written(Protocol):
    """What came in: a ModelType."""

    _dict: dict[str, Any]

    @property
    def options(self) -> Described: ...

    @property
    def is_partial(self) -> bool: ...


def _is_relation(field: object) -> TypeGuard[Relation]:
    return bool(getattr(field, 'many_to_many', False))


def read_column(field: Field) -> Column:
    """Return the Column of *field*."""
    is_key = field.is_relation and not field.many_to_many
    is_plain = (
        getattr(type(field), 'save_form_data', None) is models.Field.save_form_data
        and field.name != 'password'
    )
    own = field.name if is_plain else ''
    return Column(field, field.name, field.attname if is_key else own)


def is_stored(field: Field | models.ForeignObjectRel) -> TypeGuard[Field]:
    """Return whether a row stores *field* itself: a column, or a relation of many to many."""
    return bool(field.concrete or (field.many_to_many and not field.auto_created))


def save(instance: Instance, values: Written, others: Mapping[str, object]) -> Instance:
    """Write *values*, a ModelType, and *others* to *instance* and its relations, and save it.

    Raises ValidationError, with the names that the client knows; then nothing is written.
    """
    columns, given = values.options.columns, values._dict
    attributes: Mapping[str, object] = {}
    if others:
        columns, given, attributes = _add_others(columns, given, others, type(instance))
    try:
        relations = _assign(instance, columns, given)
        for name, value in attributes.items():
            _assign_attribute(instance, name, value)
        _write(instance, columns, given, relations, values.is_partial)
    except ValidationError as exc:
        names = {field.name: name for name, field in values.options.fields.items()}
        raise _rename(exc, names) from None
    return instance


def _add_others(
    columns: Columns, given: Values, others: Mapping[str, object], model: type[models.Model]
) -> tuple[dict[str, Column], dict[str, Any], dict[str, object]]:
    """Return *columns* and *given* by the model's own names, with *others*, which go first.

    At last those of *others* that are no column.
    """
    values = {columns[name].name: value for name, value in given.items() if name in columns}
    named = {column.name: column for column in columns.values()}
    attributes = {}
    for name, value in others.items():
        field = _find_stored(model, name)
        if field is None:
            attributes[name] = value
        else:
            named[field.name], values[field.name] = read_column(field), value
    return named, values, attributes


def _find_stored(model: type[models.Model], name: str) -> Field | None:
    """Return the field *name* of *model*; None where a row stores none of that name."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if is_stored(field) else None


def _assign_attribute(instance: models.Model, name: str, value: object) -> None:
    """Set a property, such as `pk`, or a generic key. Django tells what cannot be set, and why."""
    if not hasattr(type(getattr_static(type(instance), name, None)), '__set__'):
        raise TypeError(
            f'{instance._meta.label} has no field and no property {name!r} that create() or '
            'save_to() could set.'
        )
    setattr(instance, name, value)


def _write(
    instance: models.Model, columns: Columns, given: Values, relations: Relations, is_partial: bool
) -> None:
    database = router.db_for_write(type(instance), instance=instance)
    key, is_new = instance.pk, instance._state.adding
    try:
        with transaction.atomic(using=database):
            _check(instance, columns, given, is_partial)
            if relations:
                _check_relations(relations)
            # Else a row that has the key already, unseen so far, would be written over.
            instance.save(using=database, force_insert=is_new and key is not None)
            for field, related in relations:
                getattr(instance, field.name).set(related)
    except SuspiciousFileOperation:
        files = [
            columns[name].name for name in given
            if name in columns and isinstance(columns[name].field, models.FileField)
        ]  # fmt: skip
        if not files:
            raise
        said = 'Must have a file name that can be stored.'
        raise ValidationError(dict.fromkeys(files, said)) from None
    except IntegrityError:
        # Another request was faster: what it wrote is seen now.
        instance.pk, instance._state.adding = key, is_new
        _check(instance, columns, given, is_partial)
        instance.validate_unique()
        integrity_errors.explain(instance)
        raise


def _assign(instance: models.Model, columns: Columns, given: Values) -> Relations:
    """Give *instance* its values, and return those that a row has once it is saved."""
    relations: Relations = []
    errors: dict[str, Any] = {}
    for name, value in given.items():
        if name not in columns:
            continue
        column = columns[name]
        kind = type(value)
        if column.attribute and (kind in _AS_IT_IS or (kind is str and '\0' not in value)):
            setattr(instance, column.attribute, value)
        elif _is_relation(field := column.field):
            relations.append((field, list(value)))  # it is gone through twice
        else:
            try:
                _assign_one(instance, column.field, value)
            except ValidationError as exc:
                errors[column.name] = exc
    if errors:
        raise ValidationError(errors)
    return relations


def _assign_one(instance: models.Model, field: Field, value: Any) -> None:
    if isinstance(field, models.JSONField):
        _refuse_null_characters_in(value)
    else:
        value = _adapt(value)
    is_key = field.is_relation and not hasattr(value, '_meta')
    if is_key:
        setattr(instance, field.attname, value)
    elif field.name == 'password' and isinstance(instance, AbstractBaseUser):
        instance.set_password(value)
    else:
        field.save_form_data(instance, value)


def _adapt(value: object) -> Any:
    """Return *value*, or a list of such, as a database takes it."""
    match value:
        case str() | dict():
            _refuse_null_characters_in(value)
        case datetime.datetime():
            return _adapt_moment(value)
        case datetime.timedelta() if abs(value) > _LONGEST_DURATION:
            raise ValidationError('Must be less than 292,000 years.')
        case list():
            return [_adapt(item) for item in value]
    return value


def _refuse_null_characters_in(value: object) -> None:
    match value:
        case str():
            if '\0' in value:
                _refuse_null_characters(value)
        case list():
            for item in value:
                _refuse_null_characters_in(item)
        case dict():
            _refuse_null_characters_in([*value, *value.values()])


def _adapt_moment(value: datetime.datetime) -> Any:
    """Return *value* in UTC where the project has time zones, else without one."""
    try:
        if settings.USE_TZ:
            # PostgreSQL takes no offset of 16 hours and more.
            return _make_aware(value).astimezone(datetime.timezone.utc)
        return timezone.make_naive(value) if timezone.is_aware(value) else value
    except OverflowError:
        raise ValidationError('Must be between the years 1 and 9999.') from None


def _check(instance: models.Model, columns: Columns, given: Values, is_partial: bool) -> None:
    lenient = _list_lenient_fields(instance._meta)
    names = set()
    if lenient or is_partial:
        names = {columns[name].name for name in given if name in columns}
    valid = set()
    for field in lenient:
        if _is_valid(instance, field, names):
            valid.add(field.name)
    if not is_partial:
        instance.full_clean(exclude=valid)
        return
    fields = {field.name for field in instance._meta.fields}
    names -= valid
    touched = names.union(*_iter_unique_sets(instance, names))
    errors: dict[str, Any] = {}
    checks: tuple[Callable[[], object], ...] = (
        lambda: instance.clean_fields(exclude=fields - names),
        instance.clean,
        lambda: instance.validate_unique(exclude=fields - touched),
        instance.validate_constraints,
    )
    for check in checks:
        try:
            check()
        except ValidationError as exc:
            errors = exc.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


@cache
def _list_lenient_fields(meta: models.options.Options[models.Model]) -> list[Field]:
    """Return the fields of a model that may have a value that Django takes for blank."""
    return [
        field for field in meta.fields
        if field.null or field.has_default() or isinstance(field, models.JSONField)
    ]  # fmt: skip


def _is_valid(instance: models.Model, field: Field, given: set[str]) -> bool:
    """Return whether *field* has a value that Django takes for blank, and that is none.

    Null where the column holds it, an empty object of JSON, and the model's own default.
    """
    value = getattr(instance, field.attname)
    is_default = field.name not in given and field.has_default()
    is_taken = is_default or isinstance(field, models.JSONField) or (field.null and value is None)
    return is_taken and value in field.empty_values  # last: to compare a Decimal takes long


def _iter_unique_sets(instance: Any, names: set[str]) -> Iterator[set[str]]:
    """Yield the fields of each unique set of *instance*'s model that one of *names* is in."""
    # No stub has this method.
    checks, date_checks = instance._get_unique_checks()
    found = [set(fields) for _, fields in checks]
    found += [{field, date} for _, _, field, date in date_checks]
    return (fields for fields in found if fields & names)


def _check_relations(relations: Relations) -> None:
    """Raise ValidationError for a row that is not there."""
    errors: dict[str, Any] = {}
    for field, value in relations:
        try:
            missing = _find_missing(field, _adapt(value))
        except ValidationError as exc:
            errors[field.name] = exc
            continue
        if missing:
            said = ', '.join(map(str, missing))
            errors[field.name] = f'There is no {field.related_model._meta.verbose_name} {said}.'
    if errors:
        raise ValidationError(errors)


def _find_missing(field: Relation, keys: Any) -> list[Any]:
    asked = [key for key in keys if not hasattr(key, '_meta')]
    if not asked:
        return []
    rows = field.related_model._default_manager.complex_filter(field.get_limit_choices_to())
    found = set(rows.filter(pk__in=asked).values_list('pk', flat=True))
    return [key for key in asked if key not in found]


def _rename(exc: ValidationError, names: Mapping[str, str]) -> ValidationError:
    """Return *exc* with its messages by the names in JSON."""
    if not hasattr(exc, 'error_dict'):
        return ValidationError({NON_FIELD_ERRORS: exc.error_list})
    return ValidationError({names.get(name, name): said for name, said in exc.error_dict.items()})
