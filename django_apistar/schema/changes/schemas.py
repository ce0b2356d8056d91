"""Two schemas as sets: what the one gives that the other does not take."""

from collections.abc import Callable, Iterable, Iterator

from django_apistar.schema.changes.arrays import compare_arrays, get_longest
from django_apistar.schema.changes.disjoint import are_disjoint
from django_apistar.schema.changes.findings import MOST, UNSEEN, Finding, doubt, prove, weigh
from django_apistar.schema.changes.forms import TOO_MANY, Form, get_forms, is_whole
from django_apistar.schema.changes.instances import fits
from django_apistar.schema.changes.keywords import ILL_FORMED
from django_apistar.schema.changes.limits import (
    get_high,
    get_low,
    get_names,
    get_number,
    get_required,
    property_of,
)
from django_apistar.schema.changes.objects import Objects
from django_apistar.schema.changes.regexes import UnsureError
from django_apistar.schema.changes.samples import find_witness
from django_apistar.schema.changes.scalars import compare_numbers, compare_strings, get_integers
from django_apistar.schema.changes.sources import Source
from django_apistar.schema.changes.values import TYPES

DEEPEST = 60  # schemas within schemas
NEVER = 1 << 30


class Comparison:
    """Compares schemas of *giver* with those of *taker*.

    A request is given by the old document and taken by the new one, a response is given by the new
    one. `_open`: the pairs that are being compared, each of which is taken for granted within
    itself, as recursion asks for.
    """

    def __init__(self, giver: Source, taker: Source, is_request: bool) -> None:
        self.giver = giver
        self.taker = taker
        self.is_request = is_request
        self._open: dict[tuple[str, str], int] = {}
        self._known: dict[tuple[str, str], list[Finding]] = {}
        self._lowest = NEVER
        self._other: Comparison | None = None

    @property
    def swapped(self) -> 'Comparison':
        if self._other is None:
            self._other = Comparison(self.taker, self.giver, not self.is_request)
            self._other._other = self
        return self._other

    def find(self, giver: object, taker: object) -> list[Finding]:
        """Return a finding for each reason why some values of *giver* do not fit *taker*.

        The list is empty if all values fit. Raises MalformedError.
        """
        key = (self.giver.key(giver), self.taker.key(taker))
        if key in self._known:
            return self._known[key]
        if key in self._open or len(self._open) >= DEEPEST:
            self._lowest = min(self._lowest, self._open.get(key, 0))
            return []
        depth, before, self._lowest = len(self._open), self._lowest, NEVER
        self._open[key] = depth
        try:
            found = _without_echo(list(_distinct(self._compare(giver, taker))))
        except ILL_FORMED:
            if not depth:
                raise
            found = [Finding('unknown', taker='something that is not well-formed')]
        finally:
            del self._open[key]
        if self._lowest >= depth:
            self._known[key] = found
        self._lowest = min(self._lowest, before)
        return found

    def _compare(self, giver: object, taker: object) -> Iterator[Finding]:
        lost: list[str] = []
        for kind in TYPES:
            givers = [form for form in get_forms(self.giver, giver, kind) if self._has_any(form)]
            takers = get_forms(self.taker, taker, kind)
            if givers and (not takers or _are_all_integers(takers, givers)):
                lost.append('integer' if kind == 'number' and all(map(is_whole, givers)) else kind)
                continue
            for form in givers:
                yield from self._form(form, takers, (giver, taker), len(givers))
        if lost:
            yield from self._lost_types(lost, giver, taker)

    def _lost_types(self, lost: list[str], giver: object, taker: object) -> Iterator[Finding]:
        forms = [form for kind in TYPES for form in get_forms(self.giver, giver, kind)]
        example = find_witness((self.giver, giver), (self.taker, taker), forms)
        kind = 'null' if lost == ['null'] else 'type'
        yield prove(Finding(kind, giver=sorted(lost)), example)

    def _has_any(self, form: Form, depth: int = 3) -> bool:
        """Whether *form* has a value, as far as its bounds tell."""
        if form.values is not None:
            return True
        if form.type == 'number':
            low, high = get_low(form, is_whole(form)), get_high(form, is_whole(form))
            return not (low and high) or low[0] < high[0] or (
                low[0] == high[0] and not (low[1] or high[1])
            )  # fmt: skip
        noun = {'string': 'Length', 'array': 'Items', 'object': 'Properties'}[form.type]
        low_size = get_number(form, f'min{noun}', max) or 0
        high_size = get_number(form, f'max{noun}', min)
        if form.type == 'array':
            high_size = get_longest(form)
        elif form.type == 'object':
            low_size = max(low_size, len(get_required(form)))
            if depth and not self._has_required(form, depth):
                return False
        return high_size is None or bool(low_size <= high_size)

    def _has_required(self, form: Form, depth: int) -> bool:
        for name in get_required(form):
            try:
                child = property_of(form, name)
            except UnsureError:
                continue
            if not any(
                self._has_any(part, depth - 1)
                for kind in TYPES for part in get_forms(self.giver, child, kind)
            ):  # fmt: skip
                return False
        return True

    # One alternative of the giver

    def _form(
        self, form: Form, takers: list[Form], schemas: tuple[object, object], count: int
    ) -> Iterator[Finding]:
        if form.values is not None:
            yield from self._values(form.values, schemas)
            return
        integers = get_integers(form)
        is_free = bool(form.all_of('format'))
        if integers is not None and not is_free and not list(self._values(integers, schemas)):
            return
        names = set(get_names(form))
        likely = sorted(takers, key=lambda taker: -len(names.intersection(get_names(taker))))
        best = min((list(self._against(form, other)) for other in likely), key=weigh)
        if not best:
            return
        yield from self._judged(best, form, schemas, len(takers), count)

    def _judged(
        self,
        found: list[Finding],
        form: Form,
        schemas: tuple[object, object],
        takers: int,
        givers: int,
    ) -> Iterator[Finding]:
        """Look for a value that proves what *found* says."""
        giver, taker = (self.giver, schemas[0]), (self.taker, schemas[1])
        is_own = any(not finding.place and not finding.is_sure for finding in found)
        if not is_own and takers == 1 == givers:
            yield from found
            return
        example = find_witness(giver, taker, [form])
        if takers > 1 or givers > 1:
            kind = self._name_alternatives(schemas)
            if kind and any(finding.kind not in UNSEEN for finding in found):
                yield prove(Finding(kind), example)
                return
        for finding in found:
            if takers > 1 and not example and finding.kind not in UNSEEN:
                yield doubt(finding)
            else:
                yield prove(finding, example) if not finding.place else finding

    def _name_alternatives(self, schemas: tuple[object, object]) -> str | None:
        """Return the kind of a change of alternatives, None if it is a change within one."""
        given, taken = self.giver.look(schemas[0]), self.taker.look(schemas[1])
        if isinstance(given, bool) or isinstance(taken, bool):
            return None
        if any(word in taken and taken.get(word) != given.get(word) for word in CONDITIONS):
            return 'condition'
        for word in ('anyOf', 'oneOf'):
            own, other = given.get(word), taken.get(word)
            if (own is None) != (other is None) or len(own or ()) != len(other or ()):
                return 'alternative'
        return None

    def _values(
        self, values: Iterable[object], schemas: tuple[object, object]
    ) -> Iterator[Finding]:
        lost, doubtful = [], []
        for value in values:
            try:
                if not fits(self.taker, schemas[1], value):
                    lost.append(value)
            except UnsureError:
                doubtful.append(value)
        if lost:
            yield Finding('value', giver=tuple(lost), is_sure=True, example=(lost[0],))
        elif doubtful:
            yield Finding('value', giver=tuple(doubtful))

    # One alternative of each

    def _against(self, form: Form, other: Form) -> Iterator[Finding]:
        if other.values is not None:
            yield Finding('enum', taker=other.values)
            return
        yield from BY_TYPE[form.type](self, form, other)
        for schema in other.nots:
            if not self._is_kept_out(form, schema):
                yield Finding('not')
        for riddle in other.riddles:
            if riddle not in form.riddles:
                word = riddle if riddle == TOO_MANY else riddle.partition(' ')[0]
                yield Finding('unevaluated' if riddle.endswith(' false') else 'unknown', taker=word,
                              is_sure=riddle.endswith(' false'))  # fmt: skip

    def _is_kept_out(self, form: Form, schema: object) -> bool:
        """Whether no value of *form* fits *schema*, the taker's."""
        if are_disjoint(self.giver, form, self.taker, schema):
            return True
        return any(not self.swapped.find(schema, own) for own in form.nots)

    def _arrays(self, form: Form, other: Form) -> Iterator[Finding]:
        yield from compare_arrays(form, other, self.find, self.swapped.find)

    def _objects(self, form: Form, other: Form) -> Iterator[Finding]:
        skipped = 'readOnly' if self.is_request else 'writeOnly'
        yield from Objects(
            (self.giver, form), (self.taker, other), self.find, skipped, self.is_request
        ).iter_findings()


def _are_all_integers(takers: list[Form], givers: list[Form]) -> bool:
    """Whether *takers* are the integers, and *givers* other numbers as well."""
    return all(any(word.get('type') == 'integer' for word in form.words) for form in takers) and (
        any(form.type == 'number' and form.values is None and not is_whole(form)
            for form in givers)
    )  # fmt: skip


def _without_echo(findings: list[Finding]) -> list[Finding]:
    """Leave out the bounds of a value whose type does not fit at all."""
    if any(finding.kind == 'type' and not finding.place and finding.is_sure
           for finding in findings):  # fmt: skip
        return [finding for finding in findings if finding.place or finding.kind in KEPT]
    return findings


def _distinct(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Yield each different finding once, and no more than MOST."""
    seen: set[tuple[str, str, str]] = set()
    for finding in findings:
        key = (finding.kind, finding.place, repr((finding.giver, finding.taker)))
        if key not in seen and len(seen) < MOST:
            seen.add(key)
            yield finding


KEPT = ('type', 'null', *UNSEEN)
CONDITIONS = ('if', 'then', 'else', 'dependentSchemas')
BY_TYPE: dict[str, Callable[[Comparison, Form, Form], Iterator[Finding]]] = {
    'number': lambda comparison, form, other: compare_numbers(form, other),
    'string': lambda comparison, form, other: compare_strings(form, other),
    'array': Comparison._arrays,
    'object': Comparison._objects,
}
