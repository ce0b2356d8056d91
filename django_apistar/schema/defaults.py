"""Whether a default fits its schema, and how JSON has it."""

import datetime
import math
from collections.abc import Mapping

from apistar import validators

from django_apistar.schema.dialect import Schema

DATES = ('date', 'time', 'datetime')
CHECKED_FORMATS = {
    'date-time', 'time', 'uuid', 'email', 'idn-email', 'idn-hostname', 'hostname', 'ipv4', 'ipv6',
    'uri', 'uri-reference', 'iri', 'iri-reference', 'regex', 'json-pointer', 'duration', 'byte',
    'binary', 'int32', 'int64', 'float', 'double',
}  # fmt: skip


def accepts(validator: validators.Validator, value: object) -> bool:
    try:
        return bool(validator.is_valid(value))
    except Exception:  # A validator of the project's own, or a Ref outside of its definitions.
        return False


def native(validator: validators.Validator, value: object) -> object:
    """Return *value* as a date where the validator has dates, so that '2018-1-1' is written out."""
    return validator.validate(value) if getattr(validator, 'format', None) in DATES else value


def is_portable(schema: Schema, value: object) -> bool:
    """Return whether JSON Schema agrees with API Star that *value* fits.

    API Star ignores the formats that JSON Schema checks, knows times without an offset, and
    divides floats in its own way.
    """
    if value in ([], {}):
        return True
    if isinstance(value, datetime.datetime):
        return schema.get('format') == 'date-time' and value.tzinfo is not None
    if schema.get('format') in CHECKED_FORMATS or isinstance(schema.get('multipleOf'), float):
        return False
    children = [*schema.get('properties', {}).values(), *schema.get('anyOf', [])]
    children += [*schema.get('prefixItems', []), schema.get('items'), *schema.get('allOf', [])]
    return all(is_portable(child, value) for child in children if isinstance(child, dict))


def encoded(value: object) -> object:
    """Return *value* as JSON has it. Raises TypeError where it cannot."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        # OpenAPI 3.0 does not count 1.0 among the integers.
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {str(key): encoded(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [encoded(child) for child in value]
    for form in validators.FORMATS.values():
        if form.is_native_type(value):
            return form.to_string(value)
    raise TypeError(value)
