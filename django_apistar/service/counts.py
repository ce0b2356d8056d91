"""How many rows a QuerySet has, asked for with less work than `count()` of an aggregate."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.constants import SINGLE

from django_apistar.api.known_selects import build_compiler

_NAME = '__count'
_ALL = Count('*')


def count_rows(queryset: QuerySet[Any]) -> int:
    """Return `queryset.count()`, by the same SQL.

    Django resolves and hashes the aggregate anew each time, which only other queries need.
    """
    query, using = queryset.query, queryset.db
    is_own = type(queryset).count is not QuerySet.count
    if is_own or queryset._result_cache is not None or not _is_plain(query):
        return queryset.count()
    compiler = build_compiler(query, (_NAME,), using, lambda: _prepare(query, using))
    row: Any = compiler.execute_sql(SINGLE)
    return row[0] if row else 0  # none where no row can match


def _prepare(query: Query, using: str) -> SQLCompiler:
    """Return Django's own compiler of the same."""
    query = query.clone()
    query.clear_select_clause()
    query.clear_ordering(force=True)
    query.select_for_update = False
    query.annotations = {_NAME: _ALL}
    query.set_annotation_mask([_NAME])
    compiler: SQLCompiler = query.get_compiler(using)
    return compiler


def _is_plain(query: Query) -> bool:
    """Return whether the rows of *query* are those of its tables that match, one by one."""
    return type(query) is Query and not (
        query.annotations
        or query.distinct
        or query.combinator
        or query.is_sliced
        or query.where.contains_aggregate
        or query.where.contains_over_clause
    )
