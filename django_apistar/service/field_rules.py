"""What the validators and choices of a model's field say, as options of API Star's validators."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, TypeVar

from apistar import validators
from django.core import exceptions
from django.core import validators as django_validators
from django.db import models

from django_apistar.service.validator import CommonOptions, Definitions

Field: TypeAlias = 'models.Field[Any, Any]'  # of any model
_Scalar = TypeVar('_Scalar', validators.String, validators.Integer, validators.Number)


class Text(validators.String):
    """A string that must pass validators of Django, too: those that no pattern can express."""

    def __init__(self, checks: Iterable[Callable[[str], None]], **options: Any) -> None:
        super().__init__(**options)
        self.checks = tuple(checks)

    def validate(
        self, value: object, definitions: Definitions = None, allow_coerce: bool = False
    ) -> Any:
        text = super().validate(value, definitions, allow_coerce)
        if text:
            for check in self.checks:
                try:
                    check(text)
                except exceptions.ValidationError as exc:
                    raise validators.ValidationError(' '.join(exc.messages)) from None
        return text


def find_limits(
    field: Field, lowest: int | None = None, highest: int | None = None
) -> dict[str, Any]:
    """Return `minimum` and `maximum` of a number: the narrowest that *field* asks for."""
    rules = list(field.validators)
    low = [lowest, *_iter_limits(rules, django_validators.MinValueValidator)]
    high = [highest, *_iter_limits(rules, django_validators.MaxValueValidator)]
    return {
        'minimum': max((limit for limit in low if limit is not None), default=None),
        'maximum': min((limit for limit in high if limit is not None), default=None),
    }


def build_text(field: Field, options: CommonOptions) -> validators.String:
    """Return a String, which can be compiled, or a Text where *field* asks for more."""
    rules: list[Any] = list(field.validators)  # anything that can be called
    lengths = [field.max_length, *_iter_limits(rules, django_validators.MaxLengthValidator)]
    least = list(_iter_limits(rules, django_validators.MinLengthValidator))
    patterns = [rule.regex.pattern for rule in rules if _is_pattern(rule)]
    checks = [rule for rule in rules if _is_check(rule)]
    if isinstance(field, models.FilePathField):
        checks.append(lambda text: _check_path(field, text))
    rules_of_string: dict[str, Any] = {
        'max_length': min((length for length in lengths if length is not None), default=None),
        'min_length': None if field.blank else max([1, *least]),
        'pattern': _join(patterns, field.blank),
        'format': _find_format(field, rules),
        **options,
    }
    return Text(checks, **rules_of_string) if checks else validators.String(**rules_of_string)


def add_choices(validator: _Scalar, field: Field) -> _Scalar:
    """Give *validator* the choices of *field*, and return it."""
    if field.choices:
        values = [value for value, _ in field.flatchoices if value is not None]
        if field.blank and isinstance(validator, validators.String):
            values.append('')
        validator.enum = list(dict.fromkeys(getattr(value, 'value', value) for value in values))
    return validator


def _iter_limits(rules: Iterable[object], cls: type) -> Iterator[Any]:
    """Yield the limits of all *rules* of *cls*. One that is computed is asked when it is saved."""
    for rule in rules:
        limit = getattr(rule, 'limit_value', None)
        if type(rule) is cls and limit is not None and not callable(limit):
            yield limit


def _is_pattern(rule: object) -> bool:
    """Return whether *rule* is a pattern that API Star can search for as Django does."""
    if type(rule) is not django_validators.RegexValidator or rule.inverse_match:
        return False
    pattern: Any = rule.regex  # compiled, but lazily
    return not pattern.flags & ~re.UNICODE


def _is_check(rule: object) -> bool:
    kinds = (
        django_validators.RegexValidator,
        django_validators.EmailValidator,
    )
    known = (
        django_validators.validate_ipv4_address,
        django_validators.validate_ipv6_address,
        django_validators.validate_ipv46_address,
    )
    return rule in known or (isinstance(rule, kinds) and not _is_pattern(rule))


def _join(patterns: list[str], is_blank: bool) -> str | None:
    """Return one pattern for all of *patterns*; Django validates no blank value."""
    if not patterns:
        return None
    joined = patterns[0]
    if len(patterns) > 1:
        joined = '^' + ''.join(f'(?=[\\s\\S]*?(?:{item}))' for item in patterns)
    return rf'\A\Z|{joined}' if is_blank else joined


def _find_format(field: Field, rules: list[object]) -> str | None:
    if field.blank:  # An empty text has no format.
        return None
    if any(isinstance(rule, django_validators.EmailValidator) for rule in rules):
        return 'email'
    if any(isinstance(rule, django_validators.URLValidator) for rule in rules):
        return 'uri'
    protocol = getattr(field, 'protocol', '').lower()
    return protocol if protocol in ('ipv4', 'ipv6') else None


def _check_path(field: Field, text: str) -> None:
    form_field = field.formfield()
    assert form_field is not None  # A key that counts up by itself has none.
    form_field.clean(text)
