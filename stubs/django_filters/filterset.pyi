from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.forms import Form
from django.forms.utils import ErrorDict
from django.http import HttpRequest, QueryDict
from django_filters.filters import Filter

class FilterSetOptions:
    model: Any  # the class; None where Meta has none
    form: type[Form]

class BaseFilterSet:
    _meta: ClassVar[FilterSetOptions]
    base_filters: ClassVar[dict[str, Filter]]
    filters: dict[str, Filter]
    data: QueryDict
    queryset: QuerySet[Any]
    _qs: QuerySet[Any]
    def __init__(
        self,
        data: Mapping[str, Any] | None = ...,
        queryset: QuerySet[Any] | None = ...,
        *,
        request: HttpRequest | None = ...,
    ) -> None: ...
    @property
    def errors(self) -> ErrorDict: ...
    @property
    def form(self) -> Form: ...
    @property
    def qs(self) -> QuerySet[Any]: ...
    def is_valid(self) -> bool: ...
    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]: ...
    def get_form_class(self) -> type[Form]: ...
