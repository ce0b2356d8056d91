"""Writes API Star's validators as Python: a function for each that has children.

The code holds inline the checks that usual values pass. A value that fails one goes to the same
validator's own `validate`, which raises or accepts. So every error text is API Star's own, rare
valid values are accepted, and nothing is validated twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from apistar import types, validators
from apistar.exceptions import ValidationError

from django_apistar.accelerate.collector import uncollected
from django_apistar.accelerate.source import Source
from django_apistar.accelerate.types.scalars import build_check
from django_apistar.accelerate.types.stock import (
    ValidatorOrType,
    is_opaque,
    is_scalar,
    is_stock,
    walk,
)

Reader = Callable[[Any], Any]  # of a value that came in, or of a row


class RevalidationError(Exception):
    """A coerced value that a second validation, without coercion, might refuse or change."""


class Writer:
    """Writes the validators of one tree into *source*.

    *containers* maps a test of validators to the function that writes the reader of those that
    pass it. *compile_type* returns the function that reads a nested Type; its attribute `of_all`,
    if it has one, reads a list of them. With *validates_once* the code raises `RevalidationError`
    for a value that needs a second validation, without coercion.
    """

    def __init__(
        self,
        source: Source,
        root: ValidatorOrType,
        containers: Mapping[Callable[[object], bool], Callable[[Writer, Any], None]],
        compile_type: Callable[[type[types.Type]], Reader],
        *,
        allow_coerce: bool,
        validates_once: bool = False,
    ) -> None:
        self.source = source
        self.allow_coerce = allow_coerce
        self.validates_once = validates_once
        # Opaque validators are called with `definitions`, which API Star hands down.
        self.pass_definitions = any(map(is_opaque, walk(root)))
        self._containers = containers
        self._compile_type = compile_type
        self._functions: dict[int, str] = {}
        self._validates: dict[int, Callable[..., object]] = {}
        self._pending: list[validators.Validator] = []

    def write_pending(self) -> None:
        """Write the functions that the lines written so far call."""
        while self._pending:
            validator = self._pending.pop(0)
            parameters = 'value, definitions' if self.pass_definitions else 'value'
            with self.source.block(f'def {self._functions[id(validator)]}({parameters}):'):
                [write] = [write for test, write in self._containers.items() if test(validator)]
                write(self, validator)

    def write_checks(
        self, validator: ValidatorOrType, item: str, on_error: list[str] | None
    ) -> None:
        """Write lines that replace the variable *item* by its validated value.

        *on_error* are the lines for `except ValidationError as exc`; None lets it pass.
        """
        if is_stock(validator, validators.Any):
            return
        if is_scalar(validator):
            self._write_scalar(validator, item, on_error)
        else:
            self._write_guarded(f'{item} = {self.call(validator, item)}', on_error)

    def _write_scalar(
        self, validator: ValidatorOrType, item: str, on_error: list[str] | None
    ) -> None:
        check = build_check(self.source, validator, item, self.allow_coerce)
        if check is None:
            self._write_conversion(validator, item)
            self._write_stock(validator, item, on_error)
            return
        for conversion in check.conversions:
            self.source.line(conversion)
        with self.source.block(f'if {check.refusal}:'):
            if not self._write_conversion(validator, item):
                self._write_stock(validator, item, on_error)
                return
            with self.source.block(f'if {check.refusal}:'):
                self._write_stock(validator, item, on_error)

    def _write_conversion(self, validator: ValidatorOrType, item: str) -> bool:
        """Write the conversion of *item* for a value that *validator* refuses, if there is one."""
        converted = self.convert(validator, item)
        if converted:
            self.source.line(f'{item} = {converted}')
        return bool(converted)

    def _write_stock(
        self, validator: ValidatorOrType, item: str, on_error: list[str] | None
    ) -> None:
        stock = self.call_stock(validator, item)
        if self.validates_once and is_stock(validator, validators.Number):
            stock = f'{self.source.const(_refuse_infinite, "refuse_infinite")}({stock})'
        self._write_guarded(f'{item} = {stock}', on_error)

    def convert(self, validator: ValidatorOrType, item: str) -> str:
        """Return an expression for what JSON would hold of *item*, '' if that is *item* itself."""
        return ''

    def _write_guarded(self, statement: str, on_error: list[str] | None) -> None:
        if on_error is None:
            self.source.line(statement)
            return
        with self.source.block('try:'):
            self.source.line(statement)
        error = self.source.const(ValidationError, 'ValidationError')
        with self.source.block(f'except {error} as exc:'):
            for line in on_error:
                self.source.line(line)

    def call(self, validator: ValidatorOrType, item: str) -> str:
        """Return the expression for the validated value of the variable *item*."""
        if is_opaque(validator):
            name = self.source.const(validator, hint(validator))
            arguments = f'{item}, definitions=definitions, allow_coerce={self.allow_coerce}'
            return f'{name}.validate({arguments})'
        if isinstance(validator, type):
            new = self.source.const(self._compile_type(validator), f'new_{hint(validator)}')
            null = self.source.const(types.attributes.NULL, 'NULL')
            return f'None if {item} is {null} else {new}({item})'
        if id(validator) not in self._functions:
            self._functions[id(validator)] = self.source.name(f'read_{hint(validator)}')
            self._pending.append(validator)
        definitions = ', definitions' if self.pass_definitions else ''
        return f'{self._functions[id(validator)]}({item}{definitions})'

    def call_for_all(self, cls: type[types.Type], values: str) -> str:
        """Return the expression for a list: each of *values* read by the Type *cls*."""
        new = self._compile_type(cls)
        read_all = getattr(new, 'of_all', None)
        if read_all is None:
            return f'[{self.source.const(new, f"new_{hint(cls)}")}(item) for item in {values}]'
        if self.validates_once:  # A body: no code of the project's runs meanwhile.
            read_all = uncollected(read_all)
        return f'{self.source.const(read_all, f"new_{hint(cls)}_of_all")}({values})'

    def call_stock(self, validator: ValidatorOrType, item: str) -> str:
        """Return the call of API Star's own `validate` for *validator*."""
        # Kept: each look-up makes another bound method.
        validate = self._validates.setdefault(id(validator), validator.validate)
        name = self.source.const(validate, f'stock_{hint(validator)}')
        definitions = 'definitions' if self.pass_definitions else 'None'
        return f'{name}({item}, {definitions}, {self.allow_coerce})'

    def record_error(self, key: str, detail: str = 'exc.detail') -> str:
        record = self.source.const(_record_error, 'record_error')
        return f'errors = {record}(errors, {key}, {detail})'

    def write_raise_errors(self) -> None:
        with self.source.block('if errors is not None:'):
            self.source.line('errors.refuse()')

    def write_revalidation(self) -> None:
        self.source.line(f'raise {self.source.const(RevalidationError, "RevalidationError")}')

    def write_definitions(self, validator: ValidatorOrType) -> None:
        if self.pass_definitions:
            name = self.source.const(validator, hint(validator))
            self.source.line(f'definitions = {name}.get_definitions(definitions)')

    def write_rare(self, validator: ValidatorOrType) -> None:
        """Write the call for a null, a wrong type, a subclass of dict or list."""
        call = self.call_stock(validator, 'value')
        if self.validates_once:
            call = f'{self.source.const(_refuse_value, "refuse_value")}({call})'
        self.source.line(f'return {call}')


def _record_error(
    messages: validators.Messages | None, key: object, detail: object
) -> validators.Messages:
    messages = validators.Messages() if messages is None else messages
    messages.add(key, detail)
    return messages


def _refuse_value(value: object) -> object:
    if value is not None:
        raise RevalidationError
    return value


def _refuse_infinite(value: float | None) -> float | None:
    # 'nan' and 'inf' pass with coercion, and are refused without.
    if value is not None and not isfinite(value):
        raise RevalidationError
    return value


def hint(validator: ValidatorOrType) -> str:
    """Return a hint for the name of *validator*."""
    if isinstance(validator, type):
        return validator.__name__
    return str(getattr(validator, 'def_name', None) or type(validator).__name__).lower()
