"""What the `Meta` of a ModelType says, read and checked."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any, NoReturn

from apistar import validators
from apistar.exceptions import ConfigurationError
from django.apps import apps
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from django_apistar.service.field_rules import Field
from django_apistar.service.saving import Column, is_stored, read_column

ALL = '__all__'
_KNOWN = ('model', 'fields', 'exclude', 'read_only', 'write_only', 'optional')
_RESERVED = ('keys', 'items', 'values', 'get', 'validator', 'validate', 'has_default', 'partial',
             'incoming', 'documented', 'create', 'save_to', 'options')  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Options:
    """What a ModelType is made of. `fields`: the model's, by their names in JSON."""

    model: type[models.Model]
    fields: Mapping[str, Field]
    names: tuple[str, ...]  # in their order: those of `fields`, and those that are declared
    read_only: frozenset[str]
    write_only: frozenset[str]
    optional: frozenset[str]

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The model's fields that a client may send, by their names in JSON."""
        return {
            name: read_column(field)
            for name, field in self.fields.items() if name not in self.read_only
        }  # fmt: skip


def read_options(name: str, meta: object, declared: Mapping[str, object]) -> Options:
    """Return the options of the ModelType *name*. Raises ConfigurationError."""
    return _Reader(name, meta, declared).read()


class _Reader:
    def __init__(self, name: str, meta: object, declared: Mapping[str, object]) -> None:
        self.name = name
        self.meta = meta
        self.declared = declared

    def refuse(self, message: str) -> NoReturn:
        raise ConfigurationError(f'{self.name}: {message}')

    def read(self) -> Options:
        if not isinstance(self.meta, type):
            self.refuse(f'Meta is {self.meta!r}. Write it as a class.')
        self._check_names()
        self.model = self._read_model()
        names = self._read_fields()
        fields = {name: field for name in names if (field := self._find_field(name)) is not None}
        names = (*names, *(name for name in self.declared if name not in names))
        self._check_reserved(names)
        listed = {
            key: self._read_listed(key, names) for key in ('read_only', 'write_only', 'optional')
        }
        self._check_secrets(names, listed['write_only'])
        own = frozenset(self._iter_read_only(names, fields, listed['write_only']))
        both = listed['read_only'] & listed['write_only']
        if both:
            self.refuse(f'{min(both)!r} is both in Meta.read_only and in Meta.write_only.')
        return Options(
            self.model, fields, names, listed['read_only'] | own, listed['write_only'],
            listed['optional'],
        )  # fmt: skip

    def _check_names(self) -> None:
        for key in vars(self.meta):
            if not key.startswith('__') and key not in _KNOWN:
                self.refuse(f'Meta.{key} is not known. Meta has {_join(_KNOWN)}.')

    def _read_model(self) -> type[models.Model]:
        model = getattr(self.meta, 'model', None)
        if not (isinstance(model, type) and issubclass(model, models.Model)):
            self.refuse(f'Meta.model is {model!r}. Set it to a model.')
        if model._meta.abstract:
            self.refuse(f'Meta.model is {model.__name__}, which is abstract. Set it to a model.')
        if not apps.models_ready:  # relations are known from then on
            self.refuse(
                'It is made before all models are loaded. Put it into a module that no models.py '
                'imports, such as that of its handlers.'
            )
        return model

    def _read_fields(self) -> tuple[str, ...]:
        given, excluded = getattr(self.meta, 'fields', None), getattr(self.meta, 'exclude', None)
        if given is None and excluded is None:
            self.refuse("Meta has neither 'fields' nor 'exclude'. List the fields of the Type.")
        if given is None or given == ALL:
            self._check_user(given)
            left_out = self._read_names('exclude', excluded or ())
            for name in left_out:
                self._find_field(name)
            return tuple(name for name in self._iter_names() if name not in left_out)
        if excluded is not None:
            self.refuse("Meta has both 'fields' and 'exclude'. Leave 'exclude' out.")
        names = self._read_names('fields', given)
        self._check_columns(names)
        return names

    def _check_user(self, given: object) -> None:
        """Refuse all fields of users: their passwords and rights are among them."""
        if _is_user(self.model):
            asked = f'Meta.fields = {ALL!r}' if given else 'Meta.exclude'
            self.refuse(
                f'{asked} would show and set the passwords and rights of {self.model.__name__}. '
                'List the fields of a user in Meta.fields.'
            )

    def _check_secrets(self, names: Collection[str], write_only: Collection[str]) -> None:
        is_shown = 'password' in names and 'password' not in write_only
        if _is_user(self.model) and is_shown and 'password' not in self.declared:
            self.refuse(
                "Meta.fields has 'password', which would be shown. Add it to Meta.write_only."
            )

    def _iter_names(self) -> Iterator[str]:
        meta = self.model._meta
        for field in (*meta.concrete_fields, *meta.many_to_many):
            yield field.name

    def _read_names(self, key: str, given: object) -> tuple[str, ...]:
        if not isinstance(given, (list, tuple, set, frozenset)):
            self.refuse(f'Meta.{key} is {given!r}. Set it to a list of names.')
        for name in given:
            if not isinstance(name, str):
                self.refuse(f'Meta.{key} has {name!r}. Set it to a list of names.')
        doubled = [name for at, name in enumerate(given) if name in list(given)[:at]]
        if doubled:
            self.refuse(f'Meta.{key} has {doubled[0]!r} twice. Leave one out.')
        return tuple(given)

    def _check_columns(self, names: Collection[str]) -> None:
        """Refuse one field by two names, such as 'maker' and 'maker_id'."""
        seen: dict[str, str] = {}
        for name in names:
            field = self._find_field(name)
            if field is None or name in self.declared:
                continue
            if field.name in seen:
                self.refuse(
                    f'Meta.fields has {seen[field.name]!r} and {name!r}, which are one field. '
                    'Leave one out.'
                )
            seen[field.name] = name

    def _find_field(self, name: str) -> Field | None:
        """Return the field *name* of the model; None for another name that is declared."""
        try:
            found: Any = self.model._meta.get_field(name)
        except FieldDoesNotExist:
            if name in self.declared:
                return None
            self._refuse_unknown(name)
        field: Field = found  # or a relation from another model, where its name is declared
        if _is_reverse(field) and name not in self.declared:
            self._refuse_reverse(name)
        return field

    def _refuse_unknown(self, name: str) -> NoReturn:
        names = [field.name for field in self.model._meta.get_fields()]
        close = difflib.get_close_matches(name, names, n=1)
        remedy = f'Did you mean {close[0]!r}?' if close else f'It has {_join(names)}.'
        self.refuse(f'{self.model._meta.label} has no field {name!r}. {remedy}')

    def _refuse_reverse(self, name: str) -> NoReturn:
        self.refuse(
            f'{name!r} is a relation from another model. Declare it in the body of the Type, such '
            f'as `{name} = validators.Array(items=…)` with a Type of its rows.'
        )

    def _check_reserved(self, names: Collection[str]) -> None:
        for name in names:
            if name in _RESERVED:
                self.refuse(f'{name!r} is a name that every Type has itself. Leave it out.')

    def _read_listed(self, key: str, names: Collection[str]) -> frozenset[str]:
        given = getattr(self.meta, key, ())
        listed = names if given == ALL else self._read_names(key, given)
        for name in listed:
            if name not in names:
                self.refuse(f'Meta.{key} has {name!r}, which is no field of the Type.')
        return frozenset(listed)

    def _iter_read_only(
        self, names: Collection[str], fields: Mapping[str, Field], write_only: Collection[str]
    ) -> Iterator[str]:
        """Yield what no client sets, unless it is declared: keys, times of changes, values."""
        for name in names:
            if name in write_only:
                continue
            field = fields.get(name)
            if name in self.declared:
                if field is None or not is_stored(field) or _shows_rows(self.declared[name]):
                    yield name
            elif not is_writable(fields[name]):
                yield name


def is_writable(field: Field) -> bool:
    """Return whether a client sets *field*, unless the Type says otherwise."""
    is_managed = getattr(field, 'auto_now', False) or getattr(field, 'auto_now_add', False)
    through = getattr(field.remote_field, 'through', None)  # of many to many
    is_own_table = through is None or through._meta.auto_created
    is_computed = getattr(field, 'generated', False)
    return bool(
        field.editable and is_own_table and not (field.primary_key or is_managed or is_computed)
    )


def _is_reverse(field: Field) -> bool:
    return bool(field.auto_created and not field.concrete)


def _shows_rows(validator: Any) -> bool:
    """Return whether *validator* is a Type or a list of one."""
    is_list = isinstance(validator, validators.Array)
    return isinstance(validator.items if is_list else validator, type)


def _is_user(model: type[models.Model]) -> bool:
    return issubclass(model, AbstractBaseUser) or model._meta.label == settings.AUTH_USER_MODEL


def _join(names: Collection[str]) -> str:
    return ', '.join(map(repr, names))
