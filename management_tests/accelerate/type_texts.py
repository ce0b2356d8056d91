"""Validators and Types, and the text of what is compiled of each, which `type_texts.txt` holds.

`WRITE_TYPES=1` in the environment of its test writes the file anew: read what changed.
"""

import linecache
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from apistar import types, validators

from django_apistar.accelerate.json import encoder, flat_types, nested_types
from django_apistar.accelerate.types import compilers, constructors
from django_apistar.validators import JSON, UUID, Decimal, Duration
from management_tests.accelerate.stock_json import DEFAULT

FILE = Path(__file__).with_suffix('.txt')
START = '<django_apistar '


class Opaque(validators.Validator):
    def validate(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return value


class Dated(validators.Date):
    """Its default is of the class."""

    default = None


SCALARS = {
    'text': validators.String(),
    'limited text': validators.String(min_length=1, max_length=3, pattern='^a'),
    'chosen text': validators.String(enum=['a', 'b'], allow_null=True),
    'text of no pattern': validators.String(pattern='('),
    'e-mail': validators.String(format='email'),
    'day': validators.Date(),
    'limited time': validators.Time(max_length=10),
    'moment': validators.DateTime(allow_null=True),
    'integer': validators.Integer(),
    'limited integer': validators.Integer(minimum=1, maximum=9, allow_null=True),
    'exclusive integer': validators.Integer(
        minimum=1, exclusive_minimum=True, maximum=9, exclusive_maximum=True, multiple_of=2
    ),
    'number': validators.Number(),
    'tenth': validators.Number(minimum=0, maximum=1.5, multiple_of=0.1, allow_null=True),
    'chosen number': validators.Number(minimum=-(10**9), enum=['1']),
    'truth': validators.Boolean(),
    'truth or null': validators.Boolean(allow_null=True),
    'anything': validators.Any(),
    'JSON': JSON(),
    'UUID': UUID(),
    'price': Decimal(max_digits=8, decimal_places=2),
    'share': Decimal(max_digits=2, decimal_places=2, allow_null=True),
    'count': Decimal(max_digits=2, decimal_places=0),
    'exact number': Decimal(max_digits=20, decimal_places=10),
    'duration': Duration(),
    'opaque': Opaque(),
}
WHOLE, TEXT = SCALARS['integer'], SCALARS['text']
Properties = dict[str, validators.Validator]


def make_containers() -> Properties:
    opaque = SCALARS['opaque']
    return {
        'strict object': validators.Object(
            properties={'a': WHOLE, 'b': validators.String(default='x'), '_': TEXT},
            required=['a', 'c'], additional_properties=False, min_properties=1, max_properties=3,
        ),
        'mixed object': validators.Object(
            properties={'a': validators.Array(default=[]), 'b': Dated(default=None), 'c': TEXT},
            pattern_properties={'^x': WHOLE}, additional_properties=SCALARS['number'],
            def_name='Mixed', allow_null=True,
        ),
        'open object': validators.Object(),
        'array': validators.Array(),
        'texts': validators.Array(items=TEXT, min_items=1, max_items=5),
        'limited texts': validators.Array(items=SCALARS['limited text']),
        'unique numbers': validators.Array(items=WHOLE, unique_items=True),
        'pair': validators.Array(items=[WHOLE, TEXT], additional_items=False),
        'more than one': validators.Array(items=[WHOLE], additional_items=SCALARS['number']),
        'array of arrays': validators.Array(items=validators.Array(items=SCALARS['day'])),
        'union': validators.Union([WHOLE, validators.Array(), opaque]),
        'opaque in an object': validators.Object(
            properties={'a': validators.Array(items=opaque)}, additional_properties=None
        ),
    }  # fmt: skip


def make_types() -> list[type[types.Type]]:
    """Return Types that nobody has compiled yet."""

    class Small(types.Type):
        name = validators.String(max_length=5)
        size = validators.Integer(default=1)
        day = validators.Date(allow_null=True)
        locals()['class'] = Decimal(max_digits=8, decimal_places=2)
        span = Duration(allow_null=True)

    class Flat(types.Type):
        moment = validators.DateTime()
        ratio = validators.Number(allow_null=True)
        locals()['{"a"}'] = validators.Boolean()

    class Holder(types.Type):
        small = Small
        flat = validators.Array(items=Flat)
        held = validators.Array(items=validators.Array(items=Small), default=[])

    class Row(types.Type):
        name = validators.String()
        flat = Flat
        ratio = validators.Number()

    class Shelf(types.Type):
        row = Row
        small = Small

    class Called(types.Type):
        opaque = Opaque()

    return [Small, Flat, Holder, Row, Shelf, Called]


def iter_texts() -> Iterator[str]:
    """Yield a heading and the text of each function that is compiled."""
    for name, validator in {**SCALARS, **make_containers()}.items():
        [strict] = iter_compiled(name, partial(compilers.compile_validator, validator, False))
        [lenient] = iter_compiled(name, partial(compilers.compile_validator, validator, True))
        yield strict
        if name in SCALARS and lenient.replace('True', 'False') != strict:
            yield lenient
    small, flat, holder, row, shelf, called = make_types()
    for style in ('from_object', 'type', 'render', 'body', 'from_row'):
        for cls in (flat, small, holder, called):
            yield from iter_compiled(style, partial(getattr(compilers, f'compile_{style}'), cls))
    yield from iter_compiled('install', partial(constructors.install, small))
    for name, fast in (('orjson', True), ('json', False)):
        writer = encoder.build_json_writer(DEFAULT, fast=fast)
        for cls in (flat, small):
            yield from iter_compiled(name, partial(compile_flat, cls, writer))
        for cls in (row, shelf):
            yield from iter_compiled(name, partial(compile_joined, cls, writer))


def compile_flat(cls: type[types.Type], writer: Any) -> object:
    if not flat_types.is_flat(cls, writer):
        return None
    return [
        flat_types.compile_rows(cls, writer), flat_types.compile_instances(cls, writer),
        flat_types.compile_document(cls, writer, encoder.build_encoder(DEFAULT, fast=False)),
    ]  # fmt: skip


def compile_joined(cls: type[types.Type], writer: Any) -> object:
    is_nested = nested_types.is_nested(cls, writer)
    return nested_types.compile_joined_rows(cls, writer) if is_nested else None


def iter_compiled(style: str, compile_it: Callable[[], object]) -> Iterator[str]:
    """Yield the name and the text of each function that *compile_it* writes."""
    before = dict(linecache.cache)
    kept = compile_it()  # A text goes with its function.
    # A copy, as functions that go meanwhile take their texts along.
    for name, entry in linecache.cache.copy().items():
        if name.startswith(START) and entry is not before.get(name):
            bare = re.sub(r'( #\d+)?>$', '', name).replace(f'{__name__}.make_types.<locals>.', '')
            yield f'# {bare.removeprefix(START)}, {style}\n\n{"".join(entry[2])}'
    del kept
