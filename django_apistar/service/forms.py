"""Forms of HTML, read as a ModelForm reads them: blank values, and many of one name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from apistar import validators
from django.db import models
from werkzeug.datastructures import MultiDict

from django_apistar.service.field_rules import Field


def build_reader(
    fields: Mapping[str, Field], incoming: Mapping[str, validators.Validator]
) -> Callable[[Any], Any] | None:
    """Return what reads the body of a request, for the model's *fields* by their names in it.

    A blank is null where the field has it, and a field of *incoming* that is an array has all its
    values. None where neither is so.
    """
    blanks = frozenset(
        name
        for name, field in fields.items()
        if field.null and field.blank and not isinstance(field, models.FileField)
    )
    lists = frozenset(name for name in fields if isinstance(incoming.get(name), validators.Array))
    return partial(_read, blanks, lists) if blanks or lists else None


def _read(blanks: frozenset[str], lists: frozenset[str], data: object) -> Any:
    if not isinstance(data, MultiDict):
        return data
    read: dict[str, object] = {name: data[name] for name in data}
    read.update((name, None) for name in blanks if read.get(name) == '')
    read.update((name, data.getlist(name)) for name in lists if name in read)
    return read
