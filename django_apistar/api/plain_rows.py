"""The rows of a QuerySet as tuples of columns, where no instances are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from django.db.models import Field, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import Col, Expression
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

from django_apistar.api.column_values import read_results
from django_apistar.api.known_selects import build_compiler


def read_rows(queryset: QuerySet[Any], columns: Sequence[str]) -> Iterable[Sequence[Any]]:
    """Return the rows of `queryset.values_list(*columns)`, which is no union of others.

    Django looks for the way to each column anew, where here a relation is followed once.
    """
    query, names, using = queryset.query, tuple(columns), queryset.db
    compiler = None
    if _has_only_fields(query):
        compiler = build_compiler(query, names, using, lambda: _prepare(query, names, using))
    if compiler is None:
        rows: Iterable[Sequence[Any]] = queryset.values_list(*columns)
        return rows
    return read_results(compiler)


def _prepare(query: Query, columns: tuple[str, ...], using: str) -> SQLCompiler | None:
    """Return Django's compiler of *columns* alone; None where one is in a parent's table."""
    query = query.chain()
    cols: list[Expression] = list(_iter_cols(query, columns))
    if len(cols) < len(columns):
        return None
    query.select_related = False
    query.clear_deferred_loading()
    query.set_select(cols)
    compiler: SQLCompiler = query.get_compiler(using)
    return compiler


def _has_only_fields(query: Query) -> bool:
    return type(query) is Query and not (query.annotations or query.extra)


def _iter_cols(query: Query, columns: Sequence[str]) -> Iterator[Col]:
    """Yield the expression of each column, up to one that is in the table of a model's parent."""
    meta, alias = query.get_meta(), query.get_initial_alias()
    tables = {'': (meta, alias)}
    for column in columns:
        path, _, name = column.rpartition(LOOKUP_SEP)
        if path not in tables:
            join = query.setup_joins(path.split(LOOKUP_SEP), meta, alias)
            tables[path] = (join.opts, join.joins[-1])
        of, table = tables[path]
        field = of.get_field(name)
        if field.model is not of.concrete_model:
            return
        yield _get_col(field, table)


@lru_cache(maxsize=1000)
def _get_col(field: Field[Any, Any], table: str) -> Col:
    """Return the expression of a column. To sort rows Django hashes it: that of a key costs."""
    return field.get_col(table)
