"""Renders QuerySets as plain data or as JSON, for handlers annotated `-> List[Type]`."""

from collections.abc import Callable
from typing import Any

from apistar import types
from apistar.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.query import ModelIterable

from django_apistar.accelerate.json.flat_types import (
    JSONWriter,
    compile_instances,
    compile_rows,
    is_flat,
)
from django_apistar.accelerate.json.nested_types import (
    UnusualRowError,
    compile_joined_rows,
    is_nested,
)
from django_apistar.accelerate.types.compilers import compile_from_object, compile_from_row
from django_apistar.api import prefetching
from django_apistar.api.joined_columns import find_columns, is_plain_field
from django_apistar.api.plain_rows import read_rows
from django_apistar.api.responses import is_page
from django_apistar.compat.attributes import build_row_reader

Renderer = Callable[[Any], object]
Writer = Callable[[Any], bytes | None]
FAULTS_OF_ROWS = (UnusualRowError, ValidationError, TypeError, ValueError, OverflowError)


def build_renderer(type_: type[types.Type]) -> Renderer:
    """Return a function from a handler's value to what is encoded.

    A QuerySet becomes a list of what `dict(type_(row))` gives; any other value stays as it is.
    """
    names = _list_columns(type_)
    relations = prefetching.list_relations(type_)
    from_object = build_row_reader(type_, compile_from_object(type_))
    from_row = compile_from_row(type_)

    def render(value: Any) -> object:
        if is_page(value):
            return value.wrap(render(value.rows))
        if not isinstance(value, QuerySet):
            return value
        if _has_plain_rows(value, names):
            return [from_row(row) for row in value.values_list(*names)]
        return [from_object(row) for row in prefetching.prefetch(value, relations)]

    return render


def build_writer(type_: type[types.Type], json_writer: JSONWriter) -> Writer | None:
    """Return a function from a handler's value to its JSON; None if *type_* is not that simple.

    The function returns None for what is neither a QuerySet, a page of one, nor a list of *type_*.
    """
    if is_flat(type_, json_writer):
        write = _build_flat_writer(type_, json_writer)
    elif is_nested(type_, json_writer):
        write = _build_joined_writer(type_, json_writer)
    else:
        return None

    def write_any(value: Any) -> bytes | None:
        if not is_page(value):
            return write(value)
        rows = write(value.rows)
        beside = json_writer.encode(value.beside)
        return None if rows is None else b'%b,"results":%b}' % (beside[:-1], rows)

    return write_any


def _build_flat_writer(type_: type[types.Type], json_writer: JSONWriter) -> Writer:
    names = _list_columns(type_)
    render = build_renderer(type_)
    write_rows, write_instances = (
        compile_rows(type_, json_writer),
        compile_instances(type_, json_writer),
    )

    def write(value: object) -> bytes | None:
        if type(value) is list:
            is_known = bool(value) and type(value[0]) is type_
            return write_instances(value) if is_known else None
        if not isinstance(value, QuerySet):
            return None
        if _has_plain_rows(value, names):
            return write_rows(list(value.values_list(*names)))
        return json_writer.encode(render(value))

    return write


def _build_joined_writer(type_: type[types.Type], json_writer: JSONWriter) -> Writer:
    render, write_rows = build_renderer(type_), compile_joined_rows(type_, json_writer)

    def write(value: object) -> bytes | None:
        if not isinstance(value, QuerySet):
            return None
        columns = _is_fresh(value) and find_columns(type_, value)
        if columns:
            try:
                return write_rows(read_rows(value, columns))
            except FAULTS_OF_ROWS:
                pass  # Read one by one: the error must be the one that comes first there.
        return json_writer.encode(render(value))

    return write


def _list_columns(type_: type[types.Type]) -> tuple[str, ...]:
    properties = type_.validator.properties
    return tuple(getattr(child, 'attribute', name) for name, child in properties.items())


def _has_plain_rows(queryset: QuerySet[Any], names: tuple[str, ...]) -> bool:
    """Return whether the columns *names* of *queryset* equal its instances' attributes."""
    return _is_fresh(queryset) and all(is_plain_field(queryset.model, name) for name in names)


def _is_fresh(queryset: Any) -> bool:
    """Return whether *queryset* would make instances, of which nobody knows yet."""
    return (
        queryset._result_cache is None
        and queryset._iterable_class is ModelIterable
        and not queryset._prefetch_related_lookups
    )
