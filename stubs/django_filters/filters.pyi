from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.forms import Field

class Filter:
    field_class: type[Field]
    field_name: str
    lookup_expr: str | Sequence[str] | None
    label: str | None
    method: str | Callable[..., Any] | None
    extra: dict[str, Any]  # the arguments of its field
    @property
    def field(self) -> Field: ...
    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]: ...

class ChoiceFilter(Filter):
    null_value: Any
