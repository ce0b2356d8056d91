"""Any value of JSON, as a JSONField holds it."""

from math import isfinite

from django_apistar.service.validator import Dialect, Schema, Source, ValueValidator

_USUAL = frozenset({str, int, bool})
_TYPES = ('object', 'array', 'string', 'number', 'boolean')


class JSON(ValueValidator):
    """Any value of JSON but null, which `allow_null` allows."""

    errors = {
        **ValueValidator.errors,
        'type': 'Must be a value of JSON.',
        'depth': 'Is nested too deeply.',
    }

    def read(self, value: object) -> object:
        try:
            is_json = _is_json(value)
        except RecursionError:
            self.error('depth')
        if not is_json:
            self.error('type')
        return value

    def write_check(self, source: Source, item: str) -> tuple[str, str]:
        usual, is_json = (
            source.const(_USUAL, 'usual'), source.const(_is_flat_enough, 'is_json')
        )  # fmt: skip
        return '', f'type({item}) not in {usual} and not {is_json}({item})'

    def build_schema(self, dialect: Dialect) -> Schema:
        return dialect.any_of(
            [{'type': name, **({'items': {}} if name == 'array' else {})} for name in _TYPES]
        )

    def to_json(self, value: object) -> object:
        return value


def _is_flat_enough(value: object) -> bool:
    try:
        return value is not None and _is_json(value)
    except RecursionError:
        return False


def _is_json(value: object) -> bool:
    if value is None or isinstance(value, (str, int)):
        return True
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    return isinstance(value, (list, tuple)) and all(map(_is_json, value))
