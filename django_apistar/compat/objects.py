"""Objects with patterns or many keys, validated in linear time and to enough messages."""

import functools
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeGuard

from apistar.validators import Object, ValidationError, Validator

from django_apistar.compat.fields import ValidatorOrType
from django_apistar.compat.messages import MOST_MESSAGES, Messages
from django_apistar.compat.signatures import replace

Definitions: TypeAlias = dict[str, Validator] | None


def repair() -> None:
    """`Object(pattern_properties=…)` takes quadratic time in the number of keys: 0.1 s for 16 kB.

    validators.py, Object.validate: for each remaining key it builds the set of all validated keys.
    Without patterns that set is never larger than the properties. And it has a message for each
    key that is wrong, however many there are.
    """
    if not hasattr(Object.validate, '__wrapped__'):
        replace(Object, validate=_build_validate(Object.validate))


def _build_validate(stock: Callable[..., dict[str, object]]) -> object:
    @functools.wraps(stock)
    def validate(
        self: Object, value: object, definitions: Definitions = None, allow_coerce: bool = False
    ) -> dict[str, object]:
        if (self.pattern_properties or _is_large(value)) and _is_usual(value, self):
            return _Validation(self, value, definitions, allow_coerce).run()
        return stock(self, value, definitions, allow_coerce)

    return validate


def _is_large(value: object) -> bool:
    return isinstance(value, dict) and len(value) >= MOST_MESSAGES


def _is_usual(value: object, schema: Object) -> TypeGuard[Mapping[str, object]]:
    """Return whether *value* is an object of a size that *schema* allows; others fail at once."""
    return (
        isinstance(value, Mapping)
        and all(isinstance(key, str) for key in value)
        and (schema.min_properties is None or len(value) >= schema.min_properties)
        and (schema.max_properties is None or len(value) <= schema.max_properties)
    )


class _Validation:
    """The validation of one object, in API Star's order."""

    def __init__(
        self,
        schema: Object,
        value: Mapping[str, object],
        definitions: Definitions,
        allow_coerce: bool,
    ) -> None:
        self.schema = schema
        self.value = value
        self.definitions = schema.get_definitions(definitions)
        self.allow_coerce = allow_coerce
        self.validated: dict[str, object] = {}
        self.messages = Messages()

    def run(self) -> dict[str, object]:
        schema = self.schema
        for key in schema.required:
            if key not in self.value:
                self.messages.add(key, schema.error_message('required', field_name=key))
        for key, child in schema.properties.items():
            if key in self.value:
                self._validate(key, child)
            elif child.has_default():
                self.validated[key] = child.default
        for key in self.value:
            for pattern, child in schema.pattern_properties.items():
                if re.search(pattern, key):
                    self._validate(key, child)
        self._add_the_rest(schema.additional_properties)
        self.messages.refuse()
        return self.validated

    def _validate(self, key: str, child: ValidatorOrType) -> None:
        try:
            self.validated[key] = child.validate(
                self.value[key], self.definitions, self.allow_coerce
            )
        except ValidationError as exc:
            self.messages.add(key, exc.detail)

    def _add_the_rest(self, additional: ValidatorOrType | bool | None) -> None:
        rest = [key for key in self.value if not (key in self.validated or key in self.messages)]
        for key in rest:
            if additional is True:
                self.validated[key] = self.value[key]
            elif additional is False:
                self.messages.add(key, self.schema.error_message('invalid_property'))
            elif additional is not None:
                self._validate(key, additional)
