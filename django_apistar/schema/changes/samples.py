"""Values to try: those at the edges of two schemas, where one may take what the other does not."""

import contextlib
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator

from django_apistar.schema.changes.forms import Form, get_forms
from django_apistar.schema.changes.instances import fits
from django_apistar.schema.changes.keywords import ILL_FORMED, Schema
from django_apistar.schema.changes.limits import get_names, get_required, item_at, property_of
from django_apistar.schema.changes.regexes import UnsureError, iter_texts
from django_apistar.schema.changes.sources import Source
from django_apistar.schema.changes.values import is_among, type_of

DEEPEST = 3
MOST = 200  # values of one form
FEW = 8  # values of a schema within it
MOST_NAMES = 16
BUDGET = 1500  # values within values
ORDER = ('string', 'number', 'object', 'array', 'boolean', 'null')
UNKNOWN = (UnsureError, OverflowError, RecursionError, *ILL_FORMED)
ANYTHING: tuple[object, ...] = ('', 1, {}, [], True, None, 'a', 0.5)
LONGEST = 70  # items
LONGEST_TEXT = 300  # characters
SIZES = ('minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties',
         'minContains', 'maxContains')  # fmt: skip
NUMBERS = ('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf')


class Hints:
    """What two schemas speak of: numbers, sizes, names, patterns, whole values."""

    def __init__(self) -> None:
        self.numbers: dict[float, None] = dict.fromkeys((0, 1, -1, 0.5))
        self.sizes: dict[int, None] = dict.fromkeys((0, 1, 2))
        self.names: dict[str, None] = {}
        self.patterns: dict[str, None] = {}
        self.values: list[object] = []

    def collect(self, source: Source, schema: object, depth: int = DEEPEST) -> None:
        with contextlib.suppress(*ILL_FORMED):
            node = source.look(schema)
            if isinstance(node, dict) and depth:
                self._read(node)
                for part in _iter_parts(node):
                    self.collect(source, part, depth - 1)

    def _read(self, node: Schema) -> None:
        self.numbers.update(dict.fromkeys(node[word] for word in NUMBERS if word in node))
        for word in SIZES:
            size = node.get(word)
            if isinstance(size, int) and size <= LONGEST_TEXT:
                self.sizes.update(dict.fromkeys((max(0, size - 1), size, size + 1)))
        for word in ('properties', 'dependentRequired', 'dependentSchemas'):
            self.names.update(dict.fromkeys(node.get(word, {})))
        self.names.update(dict.fromkeys(node.get('required', ())))
        self.patterns.update(dict.fromkeys(node.get('patternProperties', {})))
        if 'pattern' in node:
            self.patterns[node['pattern']] = None
        values = [node['const']] if 'const' in node else node.get('enum', ())
        self.values += [value for value in values if not is_among(value, self.values)][:FEW]


def _iter_parts(node: Schema) -> Iterator[object]:
    for word in ('allOf', 'anyOf', 'oneOf', 'prefixItems'):
        yield from node.get(word, ())
    for word in ('properties', 'patternProperties', 'dependentSchemas'):
        yield from node.get(word, {}).values()
    for word in ('not', 'if', 'then', 'else', 'items', 'contains', 'additionalProperties',
                 'propertyNames'):  # fmt: skip
        if word in node:
            yield node[word]


def find_witness(
    giver: tuple[Source, object], taker: tuple[Source, object], forms: Iterable[Form]
) -> list[object]:
    """Return [a value of *forms* that fits *giver* and not *taker*], [] where none is found."""
    hints = Hints()
    hints.collect(*giver)
    hints.collect(*taker)
    sampler = _Sampler(giver[0], hints)
    for form in forms:
        for value in itertools.islice(sampler.sample(form, DEEPEST), MOST):
            with contextlib.suppress(*UNKNOWN):
                if fits(*giver, value) and not fits(*taker, value):
                    return [value]
    return []


class _Sampler:
    """Makes values of one document's forms. `budget`: how many it may still look at."""

    def __init__(self, source: Source, hints: Hints) -> None:
        self.source = source
        self.hints = hints
        self.budget = BUDGET
        self.known: dict[tuple[str, int], list[object]] = {}

    def sample(self, form: Form, depth: int) -> Iterator[object]:
        if form.values is not None:
            yield from form.values
            return
        yield from (value for value in self.hints.values if type_of(value) == form.type)
        yield from SAMPLERS[form.type](self, form, depth)

    def of(self, schema: object, depth: int) -> list[object]:
        """Return a few values that fit *schema*, of each type."""
        if schema is True or schema == {}:
            return [*ANYTHING, *self.hints.values[:FEW], *self.hints.numbers]
        key = (self.source.key(schema), depth)
        if key not in self.known:
            self.known[key] = []  # of a schema that holds itself: none, while they are made
            self.known[key] = self._make(schema, depth) if depth > 0 else []
        return self.known[key]

    def _make(self, schema: object, depth: int) -> list[object]:
        found: list[object] = []
        for kind in ORDER:
            for form in get_forms(self.source, schema, kind)[:3]:
                fitting = self._fitting(schema, self.sample(form, depth - 1))
                found += itertools.islice(fitting, FEW if depth >= DEEPEST - 1 else 3)
        return found

    def _fitting(self, schema: object, values: Iterator[object]) -> Iterator[object]:
        for value in itertools.islice(values, 60):
            self.budget -= 1
            if self.budget < 0:
                return
            with contextlib.suppress(*UNKNOWN):
                if fits(self.source, schema, value):
                    yield value


def _numbers(sampler: _Sampler, form: Form, depth: int) -> Iterator[object]:
    numbers = _without_huge(sampler.hints.numbers)
    for number in numbers:
        for step in (0, 1, -1, 0.5, -0.5):
            yield number + step
    for number in filter(None, _without_huge(form.all_of('multipleOf'))):
        for limit in numbers:
            yield limit // number * number
            yield (limit // number + 1) * number
    for one, other in itertools.product(numbers, repeat=2):
        yield one * other


def _without_huge(numbers: Iterable[float]) -> list[float]:
    """Return those that can be added to any float: an integer may be larger than the largest."""
    return [number for number in numbers if abs(number) <= sys.float_info.max]


def _strings(sampler: _Sampler, form: Form, depth: int) -> Iterator[object]:
    hints = sampler.hints
    texts = [*iter_texts(form.all_of('pattern')), *hints.names, *iter_texts(hints.patterns)]
    yield from ('', 'a', *texts)
    for size in hints.sizes:
        yield 'x' * size
        yield from (text.ljust(size, text[-1])[:size] for text in texts if text)


def _arrays(sampler: _Sampler, form: Form, depth: int) -> Iterator[object]:
    sizes = [size for size in sampler.hints.sizes if size <= LONGEST]
    children = [sampler.of(item_at(form, at), depth) for at in range(min(max(sizes), 4) + 1)]
    for size in sizes:
        columns = [children[min(at, len(children) - 1)] for at in range(size)]
        if not all(columns):
            continue
        yield [column[0] for column in columns]
        yield [column[at % len(column)] for at, column in enumerate(columns)]
        for at, column in enumerate(columns[:3]):
            for value in column[1:]:
                yield [value if index == at else columns[index][0] for index in range(size)]
        yield from ([value] * size for value in columns[-1][:FEW]) if size else ()
    for part in form.all_of('contains'):
        yield from ([value] * size for value in sampler.of(part, depth)[:3] for size in sizes)


def _objects(sampler: _Sampler, form: Form, depth: int) -> Iterator[object]:
    hints = sampler.hints
    required = get_required(form)
    names = [*required, *get_names(form), *hints.names, *iter_texts(hints.patterns), 'other']
    children: dict[str, list[object]] = {}
    for name in itertools.islice(dict.fromkeys(names), MOST_NAMES):
        with contextlib.suppress(UnsureError):
            children[name] = sampler.of(property_of(form, name), depth)
    if all(children.get(name) for name in required):
        yield from _vary({name: children[name][0] for name in required}, children, hints)


def _vary(base: Schema, children: dict[str, list[object]], hints: Hints) -> Iterator[Schema]:
    yield base
    for name, values in children.items():
        yield from ({**base, name: value} for value in values[:FEW])
    whole = {name: values[0] for name, values in children.items() if values}
    yield whole
    more = [name for name in whole if name not in base]
    for name in more:
        yield {key: value for key, value in whole.items() if key != name}
    for size in hints.sizes:
        count = min(max(0, size - len(base)), LONGEST)
        yield {**base, **{name: whole[name] for name in more[:count]}}
        yield {**base, **{f'other{at}': whole.get('other', 1) for at in range(count)}}
    for one, other in itertools.combinations(more, 2):
        yield {**base, one: whole[one], other: whole[other]}


SAMPLERS: dict[str, Callable[[_Sampler, Form, int], Iterator[object]]] = {
    'number': _numbers,
    'string': _strings,
    'array': _arrays,
    'object': _objects,
}
