"""Pages that begin behind a row: stable while rows are inserted, and without a count."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from apistar import exceptions, validators
from django.core import signing
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ValidationError
from django.db.models import JSONField, Q

from django_apistar.service.pages import Page, PageRequest, demand_queryset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Field, QuerySet

_SALT = 'django_apistar.pagination.Cursor'


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """One field of an order."""

    field: Field[Any, Any]
    is_descending: bool


class Cursor(PageRequest):
    """`?cursor=…&page_size=20`. The cursor is signed: for this list and its order alone."""

    statuses = (400,)
    has_count = False

    @classmethod
    def describe(cls) -> dict[str, validators.Validator]:
        cursor = validators.String(description='Where the page begins: of `next` or `previous`.')
        return {'cursor': cursor, **super().describe()}

    def of(self, queryset: QuerySet[Any]) -> Page[Any]:
        """Return the page of *queryset*: a query for the keys, and one for their rows."""
        demand_queryset(queryset)
        keys = read_order(queryset)
        if not queryset.query.standard_ordering:
            queryset = queryset.reverse()  # The keys have it.
        salt = self._build_salt(queryset, keys)
        is_backwards, position = self._read(keys, salt)
        ordered = queryset.order_by(*_list_names(keys, is_reversed=is_backwards))
        if position is not None:
            ordered = ordered.filter(_behind(keys, position, is_backwards))
        names = [key.field.attname for key in keys]
        found = list(ordered.values_list('pk', *names)[: self.size + 1])
        has_more, found = len(found) > self.size, found[: self.size]
        if is_backwards:
            found.reverse()
        has_next = bool(found) and (is_backwards or has_more)
        has_previous = bool(found) and (has_more if is_backwards else position is not None)
        return Page(
            queryset.order_by(*_list_names(keys)).filter(pk__in=[row[0] for row in found]),
            next=self._build_link(salt, False, found[-1]) if has_next else None,
            previous=self._build_link(salt, True, found[0]) if has_previous else None,
        )

    def _build_salt(self, queryset: QuerySet[Any], keys: Sequence[Key]) -> str:
        """Return what a cursor of this list is signed for: its path, its model and its order."""
        label, order = queryset.model._meta.label, ','.join(_list_names(keys))
        return f'{_SALT}:{self.request.path_info}:{label}:{order}'

    def _build_link(self, salt: str, is_backwards: bool, row: Sequence[object]) -> str:
        texts = [str(value) for value in row[1:]]
        return self.build_url(cursor=signing.dumps([is_backwards, texts], salt=salt))

    def _read(self, keys: Sequence[Key], salt: str) -> tuple[bool, list[Any] | None]:
        """Return the direction and the row's values of the request's cursor."""
        text = self.read_text('cursor')
        if text is None:
            return False, None
        try:
            is_backwards, texts = signing.loads(text, salt=salt)
            pairs = zip(keys, texts, strict=True)
            return is_backwards, [key.field.to_python(value) for key, value in pairs]
        except (signing.BadSignature, ValidationError, ValueError):
            raise exceptions.BadRequest({'cursor': 'Not a cursor of this list.'}) from None


def read_order(queryset: QuerySet[Any]) -> list[Key]:
    """Return the keys of *queryset*'s order, the primary key last where no other is unique."""
    given = queryset.query.order_by or (
        queryset.model._meta.ordering if queryset.query.default_ordering else ()
    )
    keys = [_read_key(queryset, name) for name in given]
    if not any(key.field.unique for key in keys):
        keys.append(Key(queryset.model._meta.pk, keys[-1].is_descending if keys else False))
    if queryset.query.standard_ordering:
        return keys
    return [Key(key.field, not key.is_descending) for key in keys]


def _read_key(queryset: QuerySet[Any], name: object) -> Key:
    meta = queryset.model._meta
    bare = name.lstrip('-') if isinstance(name, str) else ''
    try:
        field = meta.pk if bare == 'pk' else meta.get_field(bare)
    except FieldDoesNotExist:
        field = None
    # By a relation's name the order is that of the other model.
    is_other = field is not None and field.is_relation and bare == field.name
    is_json = isinstance(field, JSONField)  # whose values have no text that compares as they do
    if field is None or is_other or is_json or not field.concrete or field.null:
        raise ImproperlyConfigured(
            f'A cursor cannot follow the order {name!r} of {meta.label}: it must be a field of the '
            'model that is neither null nor JSON. Order the QuerySet by such a field, or use '
            'PageNumber.'
        )
    return Key(field, str(name).startswith('-'))


def _list_names(keys: Sequence[Key], is_reversed: bool = False) -> list[str]:
    return [f'{"-" if key.is_descending != is_reversed else ""}{key.field.attname}' for key in keys]


def _behind(keys: Sequence[Key], position: Sequence[object], is_backwards: bool) -> Q:
    """Return the condition of the rows behind *position*: (a > x) or (a = x and b > y)."""
    behind, equal = Q(pk__in=[]), Q()
    for key, value in zip(keys, position, strict=True):
        name = key.field.attname
        test = 'lt' if key.is_descending != is_backwards else 'gt'
        behind |= equal & Q(**{f'{name}__{test}': value})
        equal &= Q(**{name: value})
    return behind
