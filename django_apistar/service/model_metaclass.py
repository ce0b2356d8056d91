"""Makes the Types of a model: what goes out, what comes in, and what changes a row."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from apistar import types, validators
from apistar.exceptions import ConfigurationError, ValidationError
from django.db.models.fields import NOT_PROVIDED

from django_apistar.compat.fields import is_type
from django_apistar.compat.incoming import ATTRIBUTE
from django_apistar.service.field_rules import Field
from django_apistar.service.forms import build_reader
from django_apistar.service.model_fields import build_incoming, build_outgoing
from django_apistar.service.model_options import Options, read_options

Properties = Mapping[str, Any]  # validators and Types by the names of fields


class ModelTypeMetaclass(types.TypeMetaclass):
    """Makes three Types of a class: itself for what goes out, and two for what comes in."""

    def __new__(mcls, name: str, bases: tuple[type, ...], attrs: dict[str, object]) -> Any:
        own = {key: value for key, value in attrs.items() if hasattr(value, 'validate')}
        module, qualname = attrs.get('__module__'), str(attrs.get('__qualname__', name))
        place = f'{module}.{qualname}' if module else qualname  # a call of `type` may tell none
        _check_body(place, own)
        cls: Any = super().__new__(mcls, name, bases, attrs)
        cls.declared = {**_list_inherited(bases), **own}
        meta = getattr(cls, 'Meta', None)
        if meta is not None:
            options = read_options(place, meta, cls.declared)
            _check_body(place, {key: attrs[key] for key in options.names if key in attrs})
            _build_shapes(cls, options)
        return cls


def _check_body(place: str, declared: Properties) -> None:
    """Refuse what a class body has for a field, and what is no validator."""
    for name, value in declared.items():
        if not (isinstance(value, validators.Validator) or is_type(value)):
            raise ConfigurationError(
                f'{place}: the field {name!r} is {value!r} in the class body, which is no '
                'validator. Write one, as in validators.String().'
            )


def _build_shapes(cls: Any, options: Options) -> None:
    full = {name: _build_full(cls, options, name) for name in options.names}
    incoming = {name: full[name] for name in full if name not in options.read_only}
    required = [name for name in incoming if _is_required(cls, options, name, full[name])]
    given = [name for name in full if name in options.read_only or name in required]
    changes = {name: _without_default(incoming[name]) for name in incoming}
    cls.options = options
    cls.validator = _build_object(cls.__name__, _build_outgoing(cls, options))
    cls.documented = _document(cls.__name__, full, given, options)
    changed_name = f'{cls.__name__}Partial'
    documents = cls.documented, _document(changed_name, changes, (), options)
    cls.incoming = _derive(cls, 'incoming', incoming, required, documents[0])
    cls.partial = _derive(cls, 'partial', changes, (), documents[1])
    cls.incoming.partial = cls.partial
    fields = {n: field for n, field in options.fields.items() if n not in cls.declared}
    read_form = build_reader(fields, incoming)
    for derived in (cls, cls.incoming, cls.partial):
        setattr(derived, ATTRIBUTE, derived.incoming)
        vars(derived.validator)['read_form'] = read_form  # told by attribute


def _derive(cls: Any, role: str, properties: Properties, required: Any, documented: Any) -> Any:
    """Return the Type of what comes in, a subclass of *cls*."""
    qualname = f'{cls.__qualname__}.{role}'
    attrs = {'__module__': cls.__module__, '__qualname__': qualname, '__doc__': cls.__doc__}
    name = documented.def_name
    derived: Any = types.TypeMetaclass.__new__(type(cls), name, (cls,), attrs)
    derived.validator = _build_object(name, properties, required)
    derived.documented = documented
    derived.incoming = derived.partial = derived
    derived.is_partial = role == 'partial'
    if cls.options.write_only:
        derived.__iter__ = _iter_shown
    return derived


def _iter_shown(instance: Any) -> Iterator[str]:
    """Yield the names of the incoming properties that an answer may show."""
    return (name for name in instance._dict if name not in instance.options.write_only)


def _list_inherited(bases: tuple[object, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(bases):
        if hasattr(base, 'validator'):
            found.update(getattr(base, 'declared', base.validator.properties))
    return found


def _build_object(name: str, properties: Properties, required: Any = None) -> validators.Object:
    if required is None:
        required = [key for key, value in properties.items() if not value.has_default()]
    return validators.Object(
        def_name=name, properties=list(properties.items()), required=list(required),
        additional_properties=None,
    )  # fmt: skip


def _document(
    name: str, properties: Properties, required: object, options: Options
) -> validators.Object:
    """Return the Object that the API's document shows: what comes in and what goes out as one."""
    documented = _build_object(name, properties, required)
    vars(documented).update(read_only=options.read_only, write_only=options.write_only)
    return documented


def _build_outgoing(cls: Any, options: Options) -> dict[str, Any]:
    return {
        name: cls.declared.get(name) or build_outgoing(options.fields[name])
        for name in options.names
        if name not in options.write_only
    }


def _build_full(cls: Any, options: Options, name: str) -> Any:
    """Return the validator of the field *name* with all of its rules, and its default."""
    if name in cls.declared:
        return cls.declared[name]
    validator = build_incoming(options.fields[name])
    if name not in options.read_only and name not in options.optional:
        _add_default(validator, options.fields[name])
    return validator


def _add_default(validator: Any, field: Field) -> None:
    """Give *validator* the default of *field*, unless it is made anew each time."""
    default = getattr(field.default, 'value', field.default)
    if default is NOT_PROVIDED:
        default = None if field.null else NOT_PROVIDED
    # One that is made anew for each row is left to the model.
    if default is NOT_PROVIDED or callable(default) or isinstance(default, (list, dict)):
        return
    try:
        validator.default = validator.validate(default)
    except ValidationError:  # The model has it all the same.
        return


def _is_required(cls: Any, options: Options, name: str, validator: Any) -> bool:
    if name in options.optional or validator.has_default():
        return False
    field = None if name in cls.declared else options.fields[name]
    return field is None or not (field.has_default() or field.blank or _has_db_default(field))


def _has_db_default(field: object) -> bool:
    return getattr(field, 'db_default', NOT_PROVIDED) is not NOT_PROVIDED


def _without_default(validator: Any) -> Any:
    if isinstance(validator, type) or not validator.has_default():
        return validator
    bare = copy.copy(validator)
    del bare.default
    return bare
