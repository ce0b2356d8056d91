"""JSON Schema of API Star's validators and Types, and of Python annotations."""

import contextlib
import copy
import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from apistar import types, validators

from django_apistar.compat.fields import ValidatorOrType, is_type
from django_apistar.conf.lazies import read_text
from django_apistar.schema import annotations, defaults
from django_apistar.schema.dialect import Dialect, Schema
from django_apistar.schema.values import finite, fit, plain

FORMATS = {'datetime': 'date-time'}
INVALID_IN_A_NAME = re.compile(r'[^A-Za-z0-9._-]+')
PYTHON_ONLY = re.compile(r'(?<!\\)\(\?(?:[^:=!<]|<[^=!])')  # flags, conditions, comments
Scope = Mapping[str, validators.Validator]  # those that a Ref may name
NO_SCOPE: Scope = {}


class Schemas:
    """The schemas of one document. Lives as long as the document is built.

    `components` holds the named ones, in the order of their first use. What cannot be expressed
    is told to *warn*, with its place, and left out.
    """

    def __init__(self, dialect: Dialect, warn: Callable[[str], None]) -> None:
        self.dialect = dialect
        self.warn = warn
        self.components: dict[str, Schema] = {}
        self._copies: dict[
            int, tuple[validators.Validator, validators.Validator]
        ] = {}  # with the original, which keeps the id
        self._names: dict[int, tuple[str, object]] = {}  # with its validator, which keeps the id
        self.place = 'the API'  # of what is being converted: 'Product.price'
        self._is_form = False  # whether files are what a client sends, not their URLs
        self._owner = ''  # of what is being converted, as a name: 'ProductPrice'

    @contextlib.contextmanager
    def at(self, place: str, owner: str = '') -> Iterator[None]:
        """While it is open, warnings name *place*, and names of enums begin with *owner*."""
        outer = self.place, self._owner
        self.place, self._owner = place, owner
        yield
        self.place, self._owner = outer

    def of(self, item: object, scope: Scope = NO_SCOPE) -> Schema:
        """Return the schema of *item*: a Type, a validator, or an annotation."""
        if is_type(item):
            return self._named(get_documented(item), item, NO_SCOPE)
        if not isinstance(item, validators.Validator):
            return annotations.schema_of(item, self)
        if item.def_name:
            return self._named(item, item, scope)
        return self._plain(item, scope)

    def of_form(self, item: type[types.Type]) -> Schema:
        """Return the schema of the Type *item* as a multipart form holds it: files come in.

        Without a name: in answers the Type has their URLs.
        """
        self._is_form = True
        try:
            with self.at(item.__name__, item.__name__):
                return self._described(self._plain(get_documented(item), NO_SCOPE), item)
        finally:
            self._is_form = False

    def of_path_or_query(self, item: object) -> Schema:
        """Return the schema of *item* in a URL, which can say nothing but strings: no null."""
        return self.dialect.without_null(self.of(item))

    def default(self, validator: Any, value: object, schema: Schema) -> Schema:
        """Return {'default': …}, or {} if *value* does not fit *validator* or its *schema*."""
        if value is None:
            return {'default': None} if self._may_be_null(schema) else {}
        value = fit(read_text(value), validator)
        if defaults.accepts(validator, value) and defaults.is_portable(schema, value):
            with contextlib.suppress(TypeError):
                encoded = defaults.encoded(defaults.native(validator, value))
                # A date object would skip pattern and enum.
                if defaults.accepts(validator, encoded):
                    return {'default': encoded}
        self.warn(f'The default {value!r} of {self.place} does not fit its schema; it is left out.')
        return {}

    def _may_be_null(self, schema: Schema) -> bool:
        types = schema.get('type', ['null'])
        return self.dialect.has_alternatives and (
            'null' in types if isinstance(types, list) else bool(schema.get('nullable'))
        )

    # Named schemas

    def add(self, name: str, schema: Schema) -> Schema:
        """Return a reference to *schema*, named *name* or, if that is taken, one like it."""
        free = self._free_name(_Definition(name))
        self.components[free] = schema
        return self.dialect.reference(free)

    def _named(self, validator: validators.Validator, owner: 'Owner', scope: Scope) -> Schema:
        name, _ = self._names.get(id(validator), ('', None))
        if not name:
            name = self._free_name(owner)
            self._names[id(validator)] = name, validator
            self.components[name] = {}  # A validator may refer to itself while it is converted.
            with self.at(name, name):
                self.components[name] = self._described(self._plain(validator, scope), owner)
        return self.dialect.reference(name)

    def _free_name(self, owner: 'Owner') -> str:
        """Return the name, then 'module.Name', then 'module.Name_2': never one that is taken."""
        if isinstance(owner, type):
            bare, module = owner.__name__, f'{owner.__module__}.'
        else:
            bare, module = owner.def_name or '', ''
        bare, qualified = (
            INVALID_IN_A_NAME.sub('_', text) or 'Schema' for text in (bare, module + bare)
        )
        numbered = (f'{qualified}_{number}' for number in itertools.count(2))
        candidates = itertools.chain((bare, qualified), numbered)
        return next(name for name in candidates if name not in self.components)

    def _described(self, schema: Schema, owner: 'Owner') -> Schema:
        if not is_type(owner):
            return schema
        if owner.__doc__:
            schema = {'description': inspect.cleandoc(owner.__doc__), **schema}
        example = getattr(owner, 'example', None)
        if isinstance(example, Mapping):
            place = f'The example of {owner.__module__}.{owner.__qualname__}'
            said = plain(fit(example, owner), self.warn, place)
            key = 'examples' if self.dialect.is_2020 else 'example'
            schema[key] = [said] if self.dialect.is_2020 else said
        return schema

    # Validators

    def _plain(self, validator: validators.Validator, scope: Scope) -> Schema:
        schema = self._converter(validator)(validator, self._scope(validator, scope))
        if validator.allow_null:
            schema = self.dialect.nullable(self._name_enum(schema))
        notes = {key: getattr(validator, key) for key in ('title', 'description')}
        notes = {key: note for key, note in notes.items() if note}
        return self.dialect.annotated(schema, {**notes, **self._default_of(validator, schema)})

    def _name_enum(self, schema: Schema) -> Schema:
        """Give an enum a name: generators name no enum that stands beside null."""
        is_named = 'enum' in schema and self._owner and self.dialect.has_alternatives
        return self.add(self._owner, schema) if is_named else schema

    def _converter(self, validator: validators.Validator) -> Callable[[Any, Scope], Schema]:
        for validator_class, converter in (
            (validators.String, self._string),
            (validators.NumericType, self._number),
            (validators.Boolean, lambda validator, scope: {'type': 'boolean'}),
            (validators.Object, self._object),
            (validators.Array, self._array),
            (validators.Union, self._union),
            (validators.Ref, self._ref),
            (validators.Any, lambda validator, scope: {}),
        ):
            if isinstance(validator, validator_class):
                return converter
        name = 'build_upload_schema' if self._is_form and is_file(validator) else 'build_schema'
        build = getattr(validator, name, None)
        if build is not None:
            return lambda validator, scope: build(self.dialect)
        name = type(validator).__qualname__
        self.warn(f'The validator {name} of {self.place} is not known; anything fits.')
        return lambda validator, scope: {}

    def _scope(self, validator: validators.Validator, scope: Scope) -> Scope:
        """As `Validator.get_definitions`, which Object and Array alone call."""
        if not isinstance(validator, (validators.Object, validators.Array)):
            return scope
        own = {validator.def_name: validator} if validator.def_name else {}
        return {**scope, **validator.definitions, **own}

    def _default_of(self, validator: validators.Validator, schema: Schema) -> Schema:
        if not validator.has_default() or isinstance(validator, validators.Ref):
            return {}
        to_json = getattr(validator, 'to_json', None)
        if to_json is not None and validator.default is not None:  # validated by itself
            return {'default': to_json(validator.default)}
        return self.default(validator, validator.default, schema)

    def _string(self, validator: validators.String, scope: Scope) -> Schema:
        schema: Schema = {'type': 'string'}
        schema |= _count_bounds('Length', validator.min_length, validator.max_length)
        pattern = self._pattern(validator.pattern)
        if pattern is not None:
            schema['pattern'] = pattern
        if validator.format:
            schema['format'] = FORMATS.get(validator.format, validator.format)
        return schema | self._enum(validator)

    def _pattern(self, pattern: str | None) -> str | None:
        """Return *pattern*, Python's, as ECMA-262 writes it."""
        if pattern is None:
            return None
        translated = pattern.replace(r'\A', '^').replace(r'\Z', '$')
        translated = re.sub(r'(?<!\\)\(\?P<\w+>', '(', translated)
        if not _can_compile(translated) or PYTHON_ONLY.search(translated):
            self.warn(
                f'The pattern {pattern!r} of {self.place} has no form in JSON Schema; '
                'it is left out.'
            )
            return None
        return translated

    def _enum(self, validator: validators.String | validators.NumericType) -> Schema:
        if validator.enum is None:
            return {}
        values = list(dict.fromkeys(validator.enum))
        return {'enum': values} if values else self.dialect.nothing()

    def _number(self, validator: validators.NumericType, scope: Scope) -> Schema:
        schema: Schema = {'type': 'integer' if validator.numeric_type is int else 'number'}
        schema |= self.dialect.bounds(
            finite(validator.minimum), finite(validator.maximum),
            above=validator.exclusive_minimum, below=validator.exclusive_maximum,
        )  # fmt: skip
        step = finite(validator.multiple_of)
        if step:
            schema['multipleOf'] = abs(step)
        if validator.format:
            schema['format'] = validator.format
        return schema | self._enum(validator)

    def _object(self, validator: validators.Object, scope: Scope) -> Schema:
        schema: Schema = {'type': 'object'}
        if validator.properties:
            schema['properties'] = {
                name: self._annotate_access(validator, name, self._property(name, child, scope))
                for name, child in validator.properties.items()
            }
        if validator.pattern_properties and self.dialect.is_2020:
            schema |= self._pattern_properties(validator.pattern_properties, scope)
        schema |= self._additional_properties(validator, scope)
        required = [
            name for name in dict.fromkeys(validator.required) if self._is_sure(validator, name)
        ]
        if required:
            schema['required'] = required
        return schema | _count_bounds(
            'Properties', validator.min_properties, validator.max_properties
        )

    def _property(self, name: str, child: ValidatorOrType, scope: Scope) -> Schema:
        words = re.split(r'[^A-Za-z0-9]+', name)
        suffix = ''.join(word[:1].upper() + word[1:] for word in words)
        with self.at(f'{self.place}.{name}', self._owner + suffix):
            return self.of(child, scope)

    def _is_sure(self, owner: validators.Object, name: str) -> bool:
        """Return whether the required property *name* is in requests and in answers.

        Swagger 2.0 cannot say that a property is required in one of both.
        """
        return self.dialect.has_alternatives or not _get_access(owner, name)

    def _annotate_access(self, owner: validators.Object, name: str, schema: Schema) -> Schema:
        """Return *schema* as that of a property that only goes out, or only comes in."""
        access = _get_access(owner, name)
        is_known = access and (access == 'readOnly' or self.dialect.has_alternatives)
        return self.dialect.annotated(schema, {access: True} if is_known else {})

    def _pattern_properties(self, children: Mapping[str, ValidatorOrType], scope: Scope) -> Schema:
        patterns = {self._pattern(pattern): child for pattern, child in children.items()}
        known = {
            pattern: self.of(child, scope)
            for pattern, child in patterns.items() if pattern is not None
        }  # fmt: skip
        return {'patternProperties': known} if known else {}

    def _additional_properties(self, validator: validators.Object, scope: Scope) -> Schema:
        additional = validator.additional_properties
        if validator.pattern_properties and not self.dialect.is_2020:
            # There is no patternProperties: additionalProperties allows the values of all patterns.
            others = [self.of(child, scope) for child in validator.pattern_properties.values()]
            if additional in (None, True):
                return {}
            if additional is not False:
                others.append(self.of(additional, scope))
            return {'additionalProperties': self.dialect.any_of(others)}
        if additional is False:
            return {'additionalProperties': False}
        if additional in (None, True):
            # Written out if the schema has nothing else, as in annotations.ANY_OBJECT.
            return {} if validator.properties else {'additionalProperties': True}
        return {'additionalProperties': self.of(additional, scope)}

    def _array(self, validator: validators.Array, scope: Scope) -> Schema:
        schema: Schema = {'type': 'array'}
        if isinstance(validator.items, list):
            rest = validator.additional_items
            schema |= self.dialect.tuple_of(
                [self.of(item, scope) for item in validator.items],
                rest is not False if rest in (None, True, False) else self.of(rest, scope),
            )
        elif validator.items is not None:
            schema['items'] = self.of(validator.items, scope)
        elif not self.dialect.is_2020:
            schema['items'] = {}
        counts = _count_bounds('Items', validator.min_items, validator.max_items)
        if 'maxItems' in counts and 'maxItems' in schema:
            counts['maxItems'] = min(counts['maxItems'], schema['maxItems'])
        schema |= counts
        if validator.unique_items:
            schema['uniqueItems'] = True
        return schema

    def _union(self, validator: validators.Union, scope: Scope) -> Schema:
        return self.dialect.any_of([self._not_null(item, scope) for item in validator.items])

    def _not_null(self, item: ValidatorOrType, scope: Scope) -> Schema:
        """As `of`, for a child of a Union, which refuses null before it asks its children."""
        if isinstance(item, validators.Ref) and getattr(scope.get(item.ref), 'allow_null', False):
            target = self._refusing_null(scope[item.ref])
            return self._named(target, _Definition(target.def_name or item.ref), scope)
        return self.of(item if isinstance(item, type) else self._refusing_null(item), scope)

    def _refusing_null(self, item: validators.Validator) -> validators.Validator:
        """Return *item*, or the one copy of it that refuses null where it takes it."""
        if not item.allow_null:
            return item
        if id(item) not in self._copies:
            refusing = copy.copy(item)
            refusing.allow_null = False
            if getattr(refusing, 'default', ...) is None:
                del refusing.default
            self._copies[id(item)] = refusing, item
        return self._copies[id(item)][0]

    def _ref(self, validator: validators.Ref, scope: Scope) -> Schema:
        if validator.ref not in scope:
            self.warn(f'Ref {validator.ref!r} of {self.place} names no definition; anything fits.')
            return {}
        target = scope[validator.ref]
        owner = target if target.def_name else _Definition(validator.ref)
        return self._named(target, owner, scope)


def _can_compile(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning):
        return False
    return True


def _get_access(owner: validators.Object, name: str) -> str:
    """Return 'readOnly' or 'writeOnly' for such a property of a ModelType, else ''."""
    if name in getattr(owner, 'read_only', ()):
        return 'readOnly'
    return 'writeOnly' if name in getattr(owner, 'write_only', ()) else ''


def get_documented(cls: type[types.Type]) -> validators.Object:
    """Return the Object that shows *cls*: a ModelType has one of what comes in and goes out."""
    documented: validators.Object = getattr(cls, 'documented', cls.validator)
    return documented


def is_file(validator: object) -> bool:
    """Return whether *validator* is a File, which comes in and goes out in two forms."""
    return getattr(validator, 'is_file', None) is True


class _Definition:
    def __init__(self, def_name: str) -> None:
        self.def_name = def_name


# What a name in `components` belongs to.
Owner: TypeAlias = type[types.Type] | validators.Validator | _Definition


def _count_bounds(noun: str, low: int | None, high: int | None) -> Schema:
    """Return e.g. {'minItems': 1}; no count is below zero."""
    bounds: Schema = {}
    if low is not None and low > 0:
        bounds[f'min{noun}'] = low
    if high is not None:
        bounds[f'max{noun}'] = max(high, 0)
    return bounds
