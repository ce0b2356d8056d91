"""Writes functions that read a Type: from a dict, an object or a row of values.

In each of them `value` is what came in. Every property has a variable of its own; `validated`
is the dict that an instance holds.
"""

from __future__ import annotations

import dataclasses
import functools
import keyword
from collections.abc import Callable

from apistar import types
from apistar.exceptions import ValidationError

from django_apistar.accelerate.source import Function, Source
from django_apistar.accelerate.types.containers import (
    CONTAINERS,
    Property,
    is_plain_dict,
    read_properties,
    write_dict_reading,
    write_property_checks,
    write_validated,
)
from django_apistar.accelerate.types.scalars import ScalarCheck, build_check
from django_apistar.accelerate.types.stock import ValidatorOrType, is_scalar
from django_apistar.accelerate.types.writer import Reader, Writer

# What the constructor of a Type refuses at once (types.py, Type.__init__).
_NO_OBJECTS = (type(None), bool, int, float, str, list)
# With one of these a class decides for each instance what `isinstance` sees.
_OWN_CLASS = frozenset({'__class__', '__getattribute__'})


class KnownKind:
    """The first class whose instances were read by their attributes, so as not to ask again.

    `isinstance` asks an instance for its `__class__`, once for each class that it is not of.
    """

    __slots__ = ('kind',)

    def __init__(self) -> None:
        self.kind: type | None = None  # `object` where the first could pass for another class

    def learn(self, kind: type) -> None:
        """Keep *kind*, of which an instance is no dict and none of `_NO_OBJECTS`."""
        asks_itself = any(
            not _OWN_CLASS.isdisjoint(vars(base)) for base in kind.__mro__ if base is not object
        )
        self.kind = object if asks_itself else kind


class TypeWriter(Writer):
    """Writes one function that reads a plain Type, and those of its validators."""

    def __init__(
        self,
        cls: type[types.Type],
        kind: str,
        compile_nested: Callable[[type[types.Type]], Reader],
        *,
        allow_coerce: bool = False,
        validates_once: bool = False,
    ) -> None:
        super().__init__(
            Source(),
            cls.validator,
            CONTAINERS,
            compile_nested,
            allow_coerce=allow_coerce,
            validates_once=validates_once,
        )
        self.cls = cls
        self.properties = read_properties(self.source, cls.validator)
        self._is_of_type = False  # whether what is written checks the properties of *cls* itself
        self._filename = f'<django_apistar {kind} {cls.__module__}.{cls.__qualname__}>'

    def write_reading(self, write_rare: Callable[[], None]) -> None:
        """Write lines that read `value` as the constructor of a Type reads its argument.

        *write_rare* writes the lines for subclasses of dict, and for instances of the Type itself,
        whose attributes may be others than its values. They must return.
        """
        source = self.source
        self._write_no_definitions()
        known = source.const(KnownKind(), 'known')
        attribute_reading = [
            f'{item.variable} = {self._read_attribute(item)}' for item in self.properties
        ]
        # First of all, as most objects of which a Type is made are of one class.
        with source.block(f'if type(value) is {known}.kind:'):
            source.lines(attribute_reading)
        with source.block(f'elif {is_plain_dict(source)}:'):
            write_dict_reading(self, self.cls.validator, self.properties)
        with source.block(f'elif isinstance(value, {source.const(_NO_OBJECTS, "no_objects")}):'):
            error = source.const(ValidationError, 'ValidationError')
            source.line(f'raise {error}({"Must be an object."!r})')
        itself = source.const(self.cls, self.cls.__name__)
        with source.block(f'elif isinstance(value, dict) or type(value) is {itself}:'):
            write_rare()
        with source.block('else:'):
            with source.block(f'if {known}.kind is None:'):
                source.line(f'{known}.learn(type(value))')
            source.lines(attribute_reading)

    def _read_attribute(self, item: Property) -> str:
        """Return the expression of an attribute. Only a scalar that is refused is converted."""
        if is_scalar(item.validator):
            return _attribute(getattr(item.validator, 'attribute', item.name))
        read = types.attributes.build_attribute_reader(item.validator, item.name)
        return f'{self.source.const(read, f"read_{item.name}")}(value)'

    def convert(self, validator: ValidatorOrType, item: str) -> str:
        read = types.attributes.build_reader(validator)
        if read is None or not self._is_of_type or self.validates_once:  # A body is a dict.
            return ''
        return f'{item} if isinstance(value, dict) else {self.source.const(read, "read")}({item})'

    def write_quick(self, write_result: Callable[[], None]) -> None:
        """Write lines for a dict with these properties and no others, none of which needs coercion.

        The lines of *write_result* must return. Any other `value` falls through to later lines.
        """
        checks = self._build_checks()
        if not checks:
            return
        source = self.source
        with source.block(f'if type(value) is dict and len(value) == {len(checks)}:'):
            with source.block('try:'):
                for item in self.properties:
                    source.line(f'{item.variable} = value[{item.key}]')
            with source.block('except KeyError:'):
                source.line('pass')
            with source.block('else:'):
                for check in checks:
                    for conversion in check.conversions:
                        source.line(conversion)
                refusal = ' or '.join(check.refusal for check in checks)
                with source.block(f'if not ({refusal}):'):
                    write_result()

    def _build_checks(self) -> list[ScalarCheck]:
        """Return the check of each property, without coercion; [] if one has none."""
        checks = []
        for item in self.properties:
            check = build_check(self.source, item.validator, item.variable, allow_coerce=False)
            if check is None:
                return []
            checks.append(check)
        return checks

    def write_dict_reading(self) -> None:
        write_dict_reading(self, self.cls.validator, self.properties)

    def write_row_reading(self) -> None:
        self._write_no_definitions()
        self.source.line(f'({"".join(f"{item.variable}, " for item in self.properties)}) = value')
        for item in self.properties:
            if not is_scalar(item.validator):
                read = functools.partial(types.attributes.read_value, item.validator)
                name = self.source.const(read, f'read_{item.name}')
                self.source.line(f'{item.variable} = {name}({item.variable})')

    def _write_no_definitions(self) -> None:
        if self.pass_definitions:
            self.source.line('definitions = None')

    def write_property_checks(self, *, may_be_missing: bool = True) -> None:
        self.write_definitions(self.cls.validator)
        properties = self.properties
        if not may_be_missing:
            properties = [dataclasses.replace(item, is_required=True) for item in properties]
        self._is_of_type = True
        write_property_checks(self, properties)
        self._is_of_type = False
        refuse = functools.partial(types.attributes.refuse, self.cls)
        with self.source.block('if errors is not None:'):
            self.source.line(f'raise {self.source.const(refuse, "refuse")}(value, dict(errors))')

    def write_validated(self) -> None:
        write_validated(self.source, self.properties)

    def write_instance(self, statement: str = 'return instance') -> None:
        const = self.source.const
        self.write_validated()
        new, cls = const(object.__new__, 'new'), const(self.cls, self.cls.__name__)
        self.source.line(f'instance = {new}({cls})')
        self.write_dict_assignment('instance')
        self.source.line(statement)

    def write_dict_assignment(self, instance: str) -> None:
        # Past Type.__setattr__, which is for properties, as Type's constructor does; in fewer steps
        # than by object.__setattr__: a body of 14 Types takes 2 % fewer instructions.
        self.source.line(f"{instance}.__dict__['_dict'] = validated")

    def build(self, name: str) -> Function:
        self.write_pending()
        return self.source.build(name, self._filename)


def _attribute(name: str) -> str:
    # getattr is what API Star calls, but the interpreter is faster with the plain form.
    if name.isascii() and name.isidentifier() and not keyword.iskeyword(name):
        return f'value.{name}'
    return f'getattr(value, {name!r})'
