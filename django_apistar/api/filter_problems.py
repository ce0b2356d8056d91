"""Filters of FilterSets that never work: their model or its database has not what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from django.core.exceptions import FieldError
from django.db import NotSupportedError, OperationalError, connections, router
from django.db.models import F, Model
from django.db.models.constants import LOOKUP_SEP

from django_apistar.api.filter_lookups import get_module, iter_lookups, walk
from django_apistar.api.filter_misfits import Asked, find_misfit
from django_apistar.api.filter_sets import is_filter_set
from django_apistar.compat.signatures import get_dotted_name, get_plain_signature
from django_apistar.conf.problems import Problem

if TYPE_CHECKING:
    from django_filters.filters import Filter
    from django_filters.filterset import BaseFilterSet

    from django_apistar.api.responders import AppParts


def find_problems(app: AppParts) -> Iterator[Problem]:
    """Yield a W021 for a filter whose field the model lacks, an E026 for one that cannot work."""
    found = {
        parameter.annotation: None
        for entry in app.router.entries
        for parameter in get_plain_signature(entry.route.handler).parameters.values()
        if is_filter_set(parameter.annotation)
    }
    for cls in found:
        if cls._meta.model is not None:  # else it is an E015
            for name, filter_ in cls.base_filters.items():
                yield from _find_problems(cls, name, filter_)


def find_errors(app: AppParts) -> tuple[Problem, ...]:
    """Return those problems that stop a worker."""
    return tuple(problem for problem in find_problems(app) if problem.is_error)


def _find_problems(cls: type[BaseFilterSet], name: str, filter_: Filter) -> Iterator[Problem]:
    model = cls._meta.model
    for lookup in iter_lookups(model, filter_):
        what = f'The filter {name!r} of {get_dotted_name(cls)} cannot ask for {lookup!r}: '
        try:
            asked = _resolve(model, lookup)
        except FieldError as exc:
            yield Problem(
                'W021',
                f'{what}{str(exc).rstrip(".")}.',
                'Correct its field_name or lookup_expr: each request with it is a 500.',
            )
            continue
        found = find_misfit(filter_, asked) or _find_unsupported(model, lookup)
        if found:
            yield Problem('E026', what + found[0], found[1])


def _resolve(model: type[Model], lookup: str) -> Asked:
    """Raise FieldError if *model* has not what *lookup* asks for."""
    field, rest = walk(model, lookup)
    get_module('utils').resolve_field(field, LOOKUP_SEP.join(rest))
    path, _, kind = lookup.rpartition(LOOKUP_SEP)
    if connections[router.db_for_read(model)].vendor != 'postgresql':
        return Asked(field, kind)
    query = model._default_manager.all().query
    column = F(path).resolve_expression(query)
    if column.get_lookup(kind) is None:  # a transform, of which 'exact' is asked for
        column, kind = F(lookup).resolve_expression(query), 'exact'
    return Asked(field, kind, column)


# The database


def _find_unsupported(model: type[Model], lookup: str) -> tuple[str, str] | None:
    """Return what is wrong, and a remedy, where the database of *model* has no such lookup."""
    connection = connections[router.db_for_read(model)].copy()
    vars(connection)['connect'] = _refuse_to_connect  # of this copy alone
    for sample in (['1', '1'], True):
        try:
            query = model._default_manager.filter(**{lookup: sample}).query
            query.get_compiler(connection=connection).as_sql()
        except (NotSupportedError, NotImplementedError):
            return f'{connection.display_name} has no such lookup.', (
                'Leave it out, or use another database.'
            )
        except Exception:  # of the sample, or of what is known once there is a connection
            continue
    return None


def _refuse_to_connect() -> NoReturn:
    """A check asks no database."""
    raise OperationalError
