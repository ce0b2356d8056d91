"""Pages that are asked for by their number, and by an offset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apistar import exceptions, validators

from django_apistar.service.counts import count_rows
from django_apistar.service.pages import MOST, Page, PageRequest, demand_queryset, order

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from django.db.models import QuerySet


class PageNumber(PageRequest):
    """`?page=2&page_size=20`. A page beyond the last is a 404; the first may be empty."""

    statuses = (400, 404)

    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        self.number = self.read_number('page', 1, 1, MOST)

    @classmethod
    def describe(cls) -> dict[str, validators.Validator]:
        number = validators.Integer(
            minimum=1, maximum=MOST, default=1, description='The number of the page.'
        )
        return {'page': number, **super().describe()}

    def of(self, queryset: QuerySet[Any]) -> Page[Any]:
        """Return the page of *queryset*. Raises NotFound beyond the last."""
        demand_queryset(queryset)
        count = count_rows(queryset)
        last = max(-(-count // self.size), 1)
        if self.number > last:
            raise exceptions.NotFound({'page': f'The last page is {last}.'})
        start = (self.number - 1) * self.size
        return Page(
            order(queryset)[start : start + self.size],
            count=count,
            next=self.build_url(page=self.number + 1) if self.number < last else None,
            previous=self._build_previous(),
        )

    def _build_previous(self) -> str | None:
        if self.number == 1:
            return None
        return self.build_url(page=self.number - 1 if self.number > 2 else None)


class LimitOffset(PageRequest):
    """`?limit=20&offset=40`. An offset beyond the last row is an empty page."""

    statuses = (400,)
    size_name = 'limit'

    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        self.offset = self.read_number('offset', 0, 0, MOST)

    @classmethod
    def describe(cls) -> dict[str, validators.Validator]:
        offset = validators.Integer(
            minimum=0, maximum=MOST, default=0, description='How many results to leave out.'
        )
        return {**super().describe(), 'offset': offset}

    def of(self, queryset: QuerySet[Any]) -> Page[Any]:
        """Return the page of *queryset*."""
        demand_queryset(queryset)
        count, end = count_rows(queryset), self.offset + self.size
        is_beyond = self.offset >= count
        return Page(
            queryset.none() if is_beyond else order(queryset)[self.offset : end],
            count=count,
            next=self.build_url(limit=self.size, offset=end) if end < count else None,
            previous=self._build_previous(),
        )

    def _build_previous(self) -> str | None:
        if self.offset == 0:
            return None
        before = self.offset - self.size
        return self.build_url(limit=self.size, offset=before if before > 0 else None)
