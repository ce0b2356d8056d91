"""Judges request bodies, and what schemas say beside what they take."""

from collections.abc import Iterator

from django_apistar.schema.changes.annotations import judge_notes
from django_apistar.schema.changes.changes import Change, make_change
from django_apistar.schema.changes.judges import Judgement
from django_apistar.schema.changes.keywords import Schema
from django_apistar.schema.changes.walk import Pair, match_type

WHERE = 'the body'


def judge_body(judgement: Judgement, pair: Pair) -> Iterator[Change]:
    old, new = (
        side.source.follow(side.content['requestBody']) if 'requestBody' in side.content else None
        for side in (pair.old, pair.new)
    )
    if old is None or new is None:
        yield from _judge_existence(pair, old, new)
        return
    is_needed = bool(new.get('required'))
    if is_needed != bool(old.get('required')):
        word = 'required' if is_needed else 'optional'
        yield make_change(f'request-body-became-{word}', pair.place, WHERE)
    yield from _judge_contents(judgement, pair, old.get('content', {}), new.get('content', {}))


def _judge_existence(pair: Pair, old: Schema | None, new: Schema | None) -> Iterator[Change]:
    if old is not None:
        yield make_change('request-body-removed', pair.place, WHERE)
    elif new is not None:
        rule = 'request-body-required-added' if new.get('required') else 'request-body-added'
        yield make_change(rule, pair.place, WHERE)


def _judge_contents(judgement: Judgement, pair: Pair, old: Schema, new: Schema) -> Iterator[Change]:
    for name, media in old.items():
        match = match_type(name, new)
        if match is None:
            yield make_change('request-media-type-removed', pair.place, WHERE, old=name)
            continue
        one, two = media.get('schema', {}), new[match].get('schema', {})
        yield from judgement.compare(pair.place, WHERE, one, two, is_request=not pair.is_hook)
        yield from judge_notes(judgement, pair.place, WHERE, one, two, is_request=not pair.is_hook)
        yield from _judge_encoding(pair, media, new[match])
    for name in new:
        if match_type(name, old) is None:
            yield make_change('request-media-type-added', pair.place, WHERE, new=name)


def _judge_encoding(pair: Pair, old: Schema, new: Schema) -> Iterator[Change]:
    before, after = old.get('encoding', {}), new.get('encoding', {})
    for name in dict.fromkeys([*before, *after]):
        if _writing(before.get(name, {})) != _writing(after.get(name, {})):
            yield make_change('request-encoding-changed', pair.place, WHERE, name=name)


def _writing(encoding: Schema) -> tuple[object, ...]:
    return tuple(encoding.get(word) for word in ('contentType', 'style', 'explode'))
