"""What the validators of Django's values share."""

from typing import Any, Protocol, TypedDict

from apistar import validators
from apistar.exceptions import ConfigurationError, ValidationError

Definitions = dict[str, validators.Validator] | None
Schema = dict[str, object]


class CommonOptions(TypedDict, total=False):
    """The options of every validator that a field of a model gives."""

    title: str
    description: str
    allow_null: bool


class Dialect(Protocol):
    """What `schema`, which is above, knows of the JSON Schema that it writes."""

    @property
    def is_2020(self) -> bool: ...

    def any_of(self, schemas: list[dict[str, Any]]) -> dict[str, Any]: ...


class Source(Protocol):
    """What `accelerate` writes of a check: text, whose constants have names."""

    def const(self, value: object, hint: str) -> str: ...


class ValueValidator(validators.Validator):
    """A validator whose valid values are no JSON, but become it.

    `build_schema` and `to_json` are for the API's document, which knows no validator of ours.
    """

    errors = {'null': 'May not be null.'}

    def __init__(self, **options: Any) -> None:  # API Star's own options
        super().__init__(**options)
        if self.has_default() and self.default is not None:
            self.default = self._read_default(self.default)

    def _read_default(self, default: object) -> object:
        """Return *default* as a valid value: API Star validates none."""
        try:
            return self.read(default)
        except ValidationError as exc:
            name = type(self).__name__
            raise ConfigurationError(
                f'The default {default!r} of {name} is not valid: {exc.detail}'
            ) from None

    def validate(
        self, value: object, definitions: Definitions = None, allow_coerce: bool = False
    ) -> Any:
        if value is not None:
            return self.read(value)
        if not self.allow_null:
            self.error('null')
        return None

    def read(self, value: object) -> object:
        """Return *value*, which is not None, as Python has it. Raises ValidationError."""
        raise NotImplementedError

    def build_schema(self, dialect: Dialect) -> Schema:
        """Return the JSON Schema of what JSON has, null aside."""
        raise NotImplementedError

    def to_json(self, value: Any) -> object:
        """Return *value*, a valid one, as JSON has it."""
        return str(value)
