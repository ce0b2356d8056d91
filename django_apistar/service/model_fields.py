"""What a field of a model becomes: a validator of what comes in, and one of what goes out.

What comes in is held to all that the field says. What goes out is what the database has: a row that
somebody else wrote against the rules must not fail, so that only its type is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from apistar import validators
from apistar.exceptions import ConfigurationError
from django.db import models
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models.fields.related import RelatedField

from django_apistar.service import field_rules
from django_apistar.service.decimals import Decimal
from django_apistar.service.field_rules import Field
from django_apistar.service.files import File
from django_apistar.service.json_values import JSON
from django_apistar.service.keys import Keys
from django_apistar.service.texts import UUID, Duration
from django_apistar.service.validator import CommonOptions

if TYPE_CHECKING:
    from django.contrib.postgres.fields import ArrayField

# Any: each takes a field of its own class.
Build = Callable[[Any, CommonOptions, bool], validators.Validator]


def build_incoming(field: Field) -> validators.Validator:
    """Return the validator of what a client sends for *field*."""
    build = _find_builder(field)
    return _without_default(build(field, _describe(field), True))


def build_outgoing(field: Field) -> validators.Validator:
    """Return the validator of what the attribute of an instance holds.

    Its `attribute` is that of a relation's key, which costs no query.
    """
    build = _find_builder(field)
    validator = build(field, {'allow_null': field.null}, False)
    if field.many_to_one or field.one_to_one:
        validator.attribute = field.attname  # type: ignore[attr-defined]  # told by attribute
    return validator


def _without_default(validator: validators.Validator) -> validators.Validator:
    """Return *validator* without the default that API Star gives it for `allow_null`."""
    if validator.has_default():
        del validator.default
    return validator


def _describe(field: Field) -> CommonOptions:
    """Return the options of every validator that *field* gives."""
    name = str(field.verbose_name)
    is_given = name != field.name.replace('_', ' ')
    return {
        'title': name if is_given else '',
        'description': str(field.help_text),
        'allow_null': field.null,
    }


def _find_builder(field: Field) -> Build:
    for cls in type(field).__mro__:
        found = _BUILDERS.get(cls) or _POSTGRES.get(f'{cls.__module__}.{cls.__qualname__}')
        if isinstance(found, str):
            _refuse(field, found)
        if found is not None:
            return found
    _refuse(field, 'no validator knows it')


def _refuse(field: Field, reason: str) -> NoReturn:
    raise ConfigurationError(
        f'{field.model._meta.label}.{field.name} is of the class {type(field).__name__}: {reason}. '
        f'Declare {field.name!r} in the body of the Type with a validator, or leave it out of its '
        'fields.'
    )


def _build_plain(cls: type[validators.Validator]) -> Build:
    def build(field: Field, options: CommonOptions, is_strict: bool) -> validators.Validator:
        return cls(**options)

    return build


def _build_integer(field: Field, options: CommonOptions, is_strict: bool) -> validators.Validator:
    if not is_strict:
        return validators.Integer(**options)
    ranges: Mapping[str, tuple[int, int]] = BaseDatabaseOperations.integer_field_ranges
    limits = ranges.get(field.get_internal_type(), (-(2**63), 2**63 - 1))
    validator = validators.Integer(**field_rules.find_limits(field, *limits), **options)
    return field_rules.add_choices(validator, field)


def _build_number(field: Field, options: CommonOptions, is_strict: bool) -> validators.Validator:
    limits = field_rules.find_limits(field) if is_strict else {}
    validator = validators.Number(**limits, **options)
    return field_rules.add_choices(validator, field) if is_strict else validator


def _build_text(field: Field, options: CommonOptions, is_strict: bool) -> validators.Validator:
    if not is_strict:
        return validators.String(**options)
    return field_rules.add_choices(field_rules.build_text(field, options), field)


def _build_decimal(
    field: models.DecimalField[object, object], options: CommonOptions, is_strict: bool
) -> validators.Validator:
    return Decimal(field.max_digits, field.decimal_places, **options)


def _build_key(
    field: RelatedField[object, object], options: CommonOptions, is_strict: bool
) -> validators.Validator:
    """Return the validator of the key of a related row: that of the field that it refers to."""
    target = field.target_field
    return _find_builder(target)(target, options, is_strict)


def _build_keys(
    field: RelatedField[object, object], options: CommonOptions, is_strict: bool
) -> validators.Validator:
    options.pop('allow_null')
    key = _build_key(field, {'allow_null': False}, is_strict)
    if not is_strict:
        return Keys(key, **options)
    least = None if field.blank else 1
    return validators.Array(items=key, min_items=least, **options)


def _build_generated(
    field: models.GeneratedField, options: CommonOptions, is_strict: bool
) -> validators.Validator:
    output = field.output_field
    assert output is not None  # Django demands one.
    return _find_builder(output)(output, {**options, 'allow_null': True}, is_strict)


def _build_file(field: Field, options: CommonOptions, is_strict: bool) -> validators.Validator:
    options['allow_null'] = field.null or field.blank
    return File(**options)


def _build_array(
    field: ArrayField[object, object], options: CommonOptions, is_strict: bool
) -> validators.Validator:
    base = field.base_field
    inner = _find_builder(base)(base, {'allow_null': base.null}, is_strict)
    least, most = (None if field.blank else 1, field.size) if is_strict else (None, None)
    return validators.Array(
        items=_without_default(inner), min_items=least, max_items=most, **options
    )


def _build_hstore(field: Field, options: CommonOptions, is_strict: bool) -> validators.Validator:
    value = _without_default(validators.String(allow_null=True))
    least = 1 if is_strict and not field.blank else None
    return validators.Object(additional_properties=value, min_properties=least, **options)


# A text says why there is no validator.
_BUILDERS: dict[type, Build | str] = {
    models.BooleanField: _build_plain(validators.Boolean),
    models.IntegerField: _build_integer,  # and all that count up by themselves
    models.FloatField: _build_number,
    models.DecimalField: _build_decimal,
    models.CharField: _build_text,  # and e-mail, slug, URL
    models.TextField: _build_text,
    models.FilePathField: _build_text,
    models.GenericIPAddressField: _build_text,
    models.DateField: _build_plain(validators.Date),
    models.TimeField: _build_plain(validators.Time),
    models.DateTimeField: _build_plain(validators.DateTime),
    models.DurationField: _build_plain(Duration),
    models.UUIDField: _build_plain(UUID),
    models.JSONField: _build_plain(JSON),
    models.FileField: _build_file,  # and ImageField
    models.BinaryField: 'JSON has no bytes',
    models.ForeignKey: _build_key,  # and OneToOneField
    models.ManyToManyField: _build_keys,
}
if hasattr(models, 'GeneratedField'):  # since Django 5.0
    _BUILDERS[models.GeneratedField] = _build_generated
# By name: to import them takes psycopg.
_POSTGRES: dict[str, Build | str] = {
    'django.contrib.postgres.fields.array.ArrayField': _build_array,
    'django.contrib.postgres.fields.hstore.HStoreField': _build_hstore,
    'django.contrib.postgres.fields.ranges.RangeField': 'JSON has no ranges',
    'django.contrib.postgres.search.SearchVectorField': 'it is for searches in the database',
}
