"""Many-to-many relations whose keys a Type shows: fetched by one query for all rows of a list."""

from typing import Any

from apistar import types


def list_relations(type_: type[types.Type]) -> list[str]:
    """Return the names of the relations whose keys *type_* shows."""
    children = type_.validator.properties.items()
    return [name for name, child in children if getattr(child, 'is_of_many', False)]


def prefetch(queryset: Any, names: list[str]) -> Any:
    """Return *queryset*, which fetches those of its relations *names* that nobody prefetches."""
    if not names or queryset._result_cache is not None or queryset._fields is not None:
        return queryset
    lookups = queryset._prefetch_related_lookups
    known = {getattr(lookup, 'prefetch_to', lookup) for lookup in lookups}
    relations = {field.name for field in queryset.model._meta.many_to_many}
    return queryset.prefetch_related(*(name for name in names if name in relations - known))
