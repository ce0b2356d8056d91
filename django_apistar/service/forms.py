"""The blank values of HTML forms, read as a ModelForm reads them: null, where a field has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.db import models
from werkzeug.datastructures import MultiDict


def build_reader(fields: Mapping[str, Any]) -> Callable[[Any], Any] | None:
    """Return what reads the body of a request, for the model's *fields* by their names in it.

    None where no blank is null.
    """
    blanks = frozenset(
        name
        for name, field in fields.items()
        if field.null and field.blank and not isinstance(field, models.FileField)
    )
    return partial(_read, blanks) if blanks else None


def _read(blanks: frozenset[str], data: object) -> Any:
    if not isinstance(data, MultiDict):
        return data
    return {name: None if name in blanks and data[name] == '' else data[name] for name in data}
