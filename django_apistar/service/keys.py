"""The keys of related rows, as a list."""

from typing import Any

from apistar import validators
from django.db.models.manager import BaseManager

from django_apistar.service.validator import ValueValidator


class Keys(ValueValidator):
    """The keys of the rows of a related manager, in the order that it has them."""

    is_of_many = True  # told by attribute: rows are fetched with those of all others
    errors = {**ValueValidator.errors, 'type': 'Must be an array.'}

    def __init__(self, key: validators.Validator, **options: Any) -> None:
        self.key = key
        super().__init__(**options)

    def read(self, value: object) -> list[Any]:
        if isinstance(value, BaseManager):
            return _list_keys(value)
        if not isinstance(value, list):
            self.error('type')
        return [self.key.validate(item) for item in value]


def _list_keys(manager: BaseManager[Any]) -> list[Any]:
    rows: Any = manager.all()
    is_prefetched = rows._result_cache is not None
    return [row.pk for row in rows] if is_prefetched else list(rows.values_list('pk', flat=True))
