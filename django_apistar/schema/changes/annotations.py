"""Judges what schemas say beside what fits: defaults, readOnly, deprecated, discriminators."""

from collections.abc import Iterator

from django_apistar.schema.changes.changes import Change, Place, make_change
from django_apistar.schema.changes.defaults import get_default, show_default
from django_apistar.schema.changes.judges import Judgement
from django_apistar.schema.changes.keywords import Schema
from django_apistar.schema.changes.lifecycle import judge_sunset
from django_apistar.schema.changes.values import are_equal, write

DEEPEST = 12


def judge_notes(
    judgement: Judgement, place: Place, where: str, old: object, new: object, is_request: bool,
    seen: frozenset[object] = frozenset(),
) -> Iterator[Change]:  # fmt: skip
    if judgement.unchanged.are_same(old, new):
        return
    key = (judgement.old.source.key(old), judgement.new.source.key(new))
    if key in seen or len(seen) > DEEPEST:
        return
    one, two = judgement.old.source.look(old), judgement.new.source.look(new)
    if not isinstance(one, dict) or not isinstance(two, dict):
        return
    yield from _judge_words(place, where, one, two, is_request)
    for step, child, other in _iter_children(one, two):
        yield from judge_notes(
            judgement, place, where + step, child, other, is_request, seen | {key}
        )


def _iter_children(one: Schema, two: Schema) -> Iterator[tuple[str, object, object]]:
    others = two.get('properties', {})
    for name, child in one.get('properties', {}).items():
        if name in others:
            yield f'.{name}', child, others[name]
    for word, step in (('items', '[]'), ('additionalProperties', '.*')):
        if isinstance(one.get(word), dict) and isinstance(two.get(word), dict):
            yield step, one[word], two[word]
    for word in ('allOf', 'anyOf', 'oneOf'):
        parts, more = one.get(word, ()), two.get(word, ())
        if len(parts) == len(more):
            yield from (('', *pair) for pair in zip(parts, more, strict=True))


def _judge_words(
    place: Place, where: str, old: Schema, new: Schema, is_request: bool
) -> Iterator[Change]:
    before, after = get_default(old), get_default(new)
    if is_request and not are_equal(before, after):
        yield make_change(
            'request-property-default-changed', place, where,
            old=show_default(before), new=show_default(after),
        )  # fmt: skip
    word = 'readOnly' if is_request else 'writeOnly'
    if new.get(word) is True and old.get(word) is not True:
        rule = 'request-property-became-read-only'
        yield make_change(
            rule if is_request else 'response-property-became-write-only', place, where
        )
    yield from judge_sunset(place, where, old, new)
    one, two = _discriminator(old), _discriminator(new)
    if one != two:
        yield make_change('discriminator-changed', place, where, old=write(one), new=write(two))


def _discriminator(node: Schema) -> object:
    item = node.get('discriminator')
    return item.get('propertyName') if isinstance(item, dict) else item
