"""Queries for columns or a count: what no value changes of their SQL is compiled once a connection.

That is what they select, their tables and their order. Django compiles these anew for each query,
a tenth of what a page takes. The condition is left to Django: values may change its SQL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from django.core.exceptions import FullResultSet
from django.db import connections
from django.db.models import Count
from django.db.models.expressions import Col
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.datastructures import BaseTable, Join

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_PLAIN = (Col, Count)
_MOST = 500  # of a connection: who sorts as clients like has no end of them
_NOT_KNOWN = (  # what a query may have that makes its parts, or adds to them
    'distinct', 'explain_info', 'extra_order_by', 'extra_tables', 'select_for_update',
    '_filtered_relations',
)  # fmt: skip
_Prepared = TypeVar('_Prepared', bound=SQLCompiler | None)
_Shape = tuple[object, ...]
_known: WeakKeyDictionary[BaseDatabaseWrapper, dict[_Shape, _Parts | None]] = (
    WeakKeyDictionary()
)  # by connection, by shape


class _Parts(NamedTuple):
    """What `SQLCompiler` has found out after its `pre_sql_setup`, and writes."""

    select: list[Any]
    klass_info: Any
    annotation_col_map: Any
    converted: list[Any]  # the columns; None for one whose values are Python's as they come
    head: str  # of the SQL, up to its condition
    tail: str  # what follows that: the order


class KnownSelect(SQLCompiler):
    """Compiles a query whose parts are known."""

    def __init__(
        self, query: Query, connection: BaseDatabaseWrapper, using: str, parts: _Parts
    ) -> None:
        super().__init__(query, connection, using)
        self.parts = parts
        self.select, self.klass_info = parts.select, parts.klass_info
        self.annotation_col_map = parts.annotation_col_map
        self.col_count, self.has_extra_select = len(parts.select), False

    def as_sql(self, *args: object, **kwargs: object) -> Any:
        """Return the SQL that Django would, without its walk through all features."""
        query = self.query
        where, params = self._compile_condition()
        texts = [self.parts.head, where and f'WHERE {where}', self.parts.tail]
        if query.is_sliced:
            limits = self.connection.ops.limit_offset_sql(query.low_mark, query.high_mark)
            texts.append(limits)
        return ' '.join(filter(None, texts)), params

    def _compile_condition(self) -> tuple[str, list[Any]]:
        """Return the SQL of the condition, '' of one that all rows meet. Or EmptyResultSet."""
        condition: Any = self.query.where
        try:
            where, params = self.compile(condition)
        except FullResultSet:
            return '', []
        return where, [*params]


def build_compiler(
    query: Query, columns: tuple[str, ...], using: str, prepare: Callable[[], _Prepared]
) -> KnownSelect | _Prepared:
    """Return a compiler of *query* for *columns*: one of known parts, else what *prepare* returns.

    *query*: of fields alone, without annotations, and no union of others.
    *prepare*: returns Django's own compiler of the same query; None where it has none.
    """
    shape = _get_shape(query, columns)
    if shape is not None:
        connection = connections[using]
        parts = _find_known(connection, shape, prepare)
        if parts is not None:
            return KnownSelect(query, connection, using, parts)
    return prepare()


def _get_shape(query: Any, columns: tuple[str, ...]) -> _Shape | None:
    """Return what the parts of *query* for *columns* follow from; None where other things count."""
    default_order = tuple(query.get_meta().ordering)
    order = (*query.order_by, *default_order)
    if any(map(vars(query).get, _NOT_KNOWN)) or any(type(name) is not str for name in order):
        return None
    if query.where.contains_aggregate or query.where.contains_over_clause:
        return None
    tables: list[object] = []
    for alias, table in query.alias_map.items():
        if type(table) not in (BaseTable, Join):
            return None
        tables += [alias, table, table.join_type, query.alias_refcount[alias] > 0]
    return (
        query.model, columns, query.order_by, default_order, query.default_ordering,
        query.standard_ordering, query.alias_prefix, tuple(tables),
    )  # fmt: skip


def _find_known(
    connection: BaseDatabaseWrapper, shape: _Shape, prepare: Callable[[], SQLCompiler | None]
) -> _Parts | None:
    """Return the parts of a shape; None where they are not the same each time.

    *prepare*: returns a compiler of Django's for such a query, which is used for nothing else.
    """
    of_connection = _known.setdefault(connection, {})
    if shape not in of_connection:
        if len(of_connection) >= _MOST:
            of_connection.clear()
        of_connection[shape] = _find_parts(prepare())
    return of_connection[shape]


def _find_parts(compiler: SQLCompiler | None) -> _Parts | None:
    if type(compiler) is not SQLCompiler:
        return None  # a backend's own, or none at all
    order_by: list[Any] = compiler.pre_sql_setup()[1]
    tables = compiler.get_from_clause()
    is_plain = all(type(col) in _PLAIN and not params for col, (_, params), _ in compiler.select)
    is_sorted_plainly = all(type(by.expression) is Col for by, _ in order_by)
    if tables[1] or not (is_plain and is_sorted_plainly):
        return None  # a transform asks for the time zone of a request
    connection = compiler.connection
    converted = [None if _is_plain(col, connection) else col for col, _, _ in compiler.select]
    parts = _Parts(
        compiler.select, compiler.klass_info, compiler.annotation_col_map,
        converted, _write_head(compiler, tables), _write_order(order_by),
    )  # fmt: skip
    return parts if _is_written_alike(compiler, parts) else None


def _write_head(compiler: Any, tables: Any) -> str:
    quote = compiler.connection.ops.quote_name
    columns = [
        f'{sql} AS {quote(alias)}' if alias else sql for _, (sql, _), alias in compiler.select
    ]
    return f'SELECT {", ".join(columns)} FROM {" ".join(tables[0])}'


def _write_order(order_by: list[Any]) -> str:
    texts = [sql for _, (sql, _, _) in order_by]
    return f'ORDER BY {", ".join(texts)}' if texts else ''


def _is_written_alike(compiler: Any, parts: _Parts) -> bool:
    """Return whether *parts* have the SQL of Django's *compiler*, where no condition is."""
    query = compiler.query
    query.where = type(query.where)()
    known = KnownSelect(query, compiler.connection, compiler.using, parts)
    return bool(known.as_sql()[0] == compiler.as_sql()[0])


def _is_plain(col: object, connection: BaseDatabaseWrapper) -> bool:
    """Return whether nothing converts *col*, ever: code of the project may change its mind."""
    if type(col) is not Col:
        return False
    owners = (type(col.target), type(col.output_field), type(connection.ops))
    return (
        all(owner.__module__.startswith('django.db.') for owner in owners)
        and not col.get_db_converters(connection)
        and not connection.ops.get_db_converters(col)
    )
