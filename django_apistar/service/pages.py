"""One page of a list, and the request for it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar
from urllib.parse import urlencode

from apistar import exceptions, validators
from django.db.models import Manager, QuerySet
from django.utils.encoding import escape_uri_path

from django_apistar.api.shared_requests import share_request, split_plainly
from django_apistar.conf.parser import get_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Row = TypeVar('Row')
MOST = 10**18 - 1  # what every database takes for an offset


class Page(Generic[Row]):
    """A page: its rows and what is told beside them. `Page[Product]` annotates a handler."""

    is_page = True  # told by attribute: `api` and `schema` do not import this room
    json_hint = ' Annotate the handler with the Type of its rows, such as -> Page[Product].'

    def __init__(self, rows: QuerySet[Any], **beside: object) -> None:
        self.rows = rows
        self.beside = beside  # next, previous; count, but for pages by cursor

    def wrap(self, results: object) -> dict[str, object]:
        """Return the page with *results* in place of its rows, as it is sent."""
        return {**self.beside, 'results': results}


class PageRequest:
    """What a client asks for. A subclass names its parameters and makes the Page."""

    reads_request = True  # told by attribute, as is_page
    has_count: ClassVar[bool] = True
    size_name: ClassVar[str] = 'page_size'

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.request = share_request(environ)
        self.query = self.request.GET
        self._kept: dict[frozenset[str], str] = {}
        settings = get_settings()
        self.size = self.read_number(self.size_name, settings.page_size, 1, settings.page_size_max)

    @classmethod
    def describe(cls) -> dict[str, validators.Validator]:
        """Return the query parameters that it reads, for the schema."""
        settings = get_settings()
        size = validators.Integer(
            minimum=1, maximum=settings.page_size_max, default=settings.page_size,
            description='How many results a page has.',
        )  # fmt: skip
        return {cls.size_name: size}

    def read_text(self, name: str) -> str | None:
        """Return the first value of *name* in the query that is not blank."""
        return next(filter(None, self.query.getlist(name)), None)

    def read_number(self, name: str, default: int, lowest: int, highest: int) -> int:
        """Return the number *name* of the query. Raises BadRequest, with its name."""
        text = self.read_text(name)
        if text is None:
            return default
        digits = text.lstrip('0') or '0'
        is_number = text.isascii() and text.isdigit() and len(digits) <= len(str(MOST))
        if is_number and lowest <= int(digits) <= highest:
            return int(digits)
        raise exceptions.BadRequest({name: f'Must be a whole number from {lowest} to {highest}.'})

    def build_url(self, **changes: object) -> str:
        """Return the absolute URL of this request with *changes* of its query; None removes."""
        added = [_encode(name, value) for name, value in changes.items() if value is not None]
        text = '&'.join(filter(None, [self._encode_without(frozenset(changes)), *added]))
        return f'{self._address}?{text}' if text else self._address

    def _encode_without(self, names: frozenset[str]) -> str:
        """Return the query of this request without *names*, encoded once for next and previous."""
        if names not in self._kept:
            self._kept[names] = self._encode(names)
        return self._kept[names]

    def _encode(self, without: frozenset[str]) -> str:
        pairs = split_plainly(self.request.META.get('QUERY_STRING', ''))
        if pairs and len(pairs) == len(self.query):  # each name once: none has to be moved
            return '&'.join(f'{name}={value}' for name, value in pairs if name not in without)
        kept = {name: value for name, value in self.query.lists() if name not in without}
        return urlencode(kept, doseq=True)

    @cached_property
    def _address(self) -> str:
        """The absolute URL of this request without its query."""
        path = escape_uri_path('/' + self.request.path.lstrip('/'))
        if '/.' in path:  # It may lead upwards.
            return self.request.build_absolute_uri(path)
        return f'{self.request.scheme}://{self.request.get_host()}{path}'


def _encode(name: str, value: object) -> str:
    is_plain = type(value) is int and name.isascii()
    return f'{name}={value}' if is_plain else urlencode({name: value})


def demand_queryset(rows: object) -> None:
    """Raise TypeError where a project asks for a page of what is no QuerySet."""
    if isinstance(rows, QuerySet):
        return
    if isinstance(rows, Manager):
        raise TypeError(f'page.of() takes a QuerySet, not the manager {rows}: write {rows}.all().')
    raise TypeError(f'page.of() takes a QuerySet, not {rows!r:.80}.')


def order(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return *queryset* in its own order, by the primary key where it has none."""
    return queryset if queryset.ordered else queryset.order_by('pk')
