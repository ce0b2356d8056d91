"""Why a database has refused a row that Django's checks let pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, router

from django_apistar.service.field_rules import Field


def explain(instance: models.Model) -> None:
    """Raise ValidationError with the fields that *instance* lacks, or another row has.

    Of a field with `blank=True` Django does not ask whether it is null, and it looks for other rows
    by the model's own manager, which may hide some: so do constraints.
    """
    errors: dict[str, Any] = {
        field.name: field.error_messages['null'] for field in _iter_lacking(instance)
    }
    if not errors:
        errors = _find_taken(instance)
        for name, error in _iter_broken(instance):
            errors.setdefault(name, []).append(error)
    if errors:
        raise ValidationError(errors)


def _iter_lacking(instance: models.Model) -> Iterator[Field]:
    for field in instance._meta.concrete_fields:
        is_made = field.primary_key or getattr(field, 'generated', False)
        if not (field.null or is_made) and getattr(instance, field.attname) is None:
            yield field


def _find_taken(instance: Any) -> dict[str, list[ValidationError]]:
    """Return Django's errors for each unique set that another row has, by name."""
    checks, _ = instance._get_unique_checks()
    asked = [(_Unhidden(model), names) for model, names in checks]
    errors: dict[str, list[ValidationError]] = instance._perform_unique_checks(asked)
    return errors


class _Unhidden:
    """A model as Django asks it for other rows: by the manager that hides none."""

    def __init__(self, model: type[models.Model]) -> None:
        self._model = model
        self._default_manager = model._base_manager

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)  # what a project's own constraints ask for


def _iter_broken(instance: Any) -> Iterator[tuple[str, ValidationError]]:
    """Yield each constraint that another row breaks with *instance*, named as by Django."""
    database = router.db_for_write(type(instance), instance=instance)
    for model, constraints in instance.get_constraints():
        for constraint in constraints:
            try:
                constraint.validate(_Unhidden(model), instance, using=database)
            except ValidationError as error:
                names: tuple[str, ...] = getattr(constraint, 'fields', ())  # not all have some
                is_of_one = error.code == 'unique' and len(names) == 1
                yield names[0] if is_of_one else NON_FIELD_ERRORS, error
