"""What the validators of Django's values share."""

from typing import Any

from apistar import validators
from apistar.exceptions import ConfigurationError, ValidationError

Definitions = dict[str, validators.Validator] | None


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

    def build_schema(self, dialect: Any) -> dict[str, Any]:  # schema's Dialect, which is above
        """Return the JSON Schema of what JSON has, null aside."""
        raise NotImplementedError

    def to_json(self, value: Any) -> object:
        """Return *value*, a valid one, as JSON has it."""
        return str(value)
