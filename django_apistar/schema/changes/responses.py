"""Judges responses: statuses, media types, bodies, headers, links."""

import functools
from collections.abc import Iterator

from django_apistar.schema.changes.annotations import judge_notes
from django_apistar.schema.changes.changes import Change, make_change
from django_apistar.schema.changes.judges import Judgement
from django_apistar.schema.changes.keywords import Schema
from django_apistar.schema.changes.texts import as_text
from django_apistar.schema.changes.walk import Pair, is_success, match_status, match_type


def judge_responses(judgement: Judgement, pair: Pair) -> Iterator[Change]:
    olds, news = (
        {str(status): item for status, item in (side.content.get('responses') or {}).items()}
        for side in (pair.old, pair.new)
    )
    for status, item in olds.items():
        matches = match_status(status, news)
        if not matches:
            yield _change(pair, 'removed', status, old=status)
        for match in matches:
            changes = _judge(judgement, pair, match, item, news[match])
            yield from judgement.guard(pair.place, f'the response {status}', changes)
    for status in news:
        if not match_status(status, olds) and status != 'default':
            yield _change(pair, 'added', status, new=status)


def _change(pair: Pair, word: str, status: str, **facts: str) -> Change:
    noun = 'success' if is_success(status) else 'error'
    return make_change(f'response-{noun}-{word}', pair.place, f'the response {status}', **facts)


def _judge(
    judgement: Judgement, pair: Pair, status: str, old: object, new: object
) -> Iterator[Change]:
    if judgement.unchanged.are_same(old, new):
        return
    one, two = pair.old.source.follow(old), pair.new.source.follow(new)
    where = 'the response' if status[:1] == '2' else f'the response {status}'
    yield from _judge_contents(judgement, pair, where, one.get('content'), two.get('content'))
    yield from _judge_headers(judgement, pair, where, one.get('headers'), two.get('headers'))
    for name in one.get('links') or {}:
        if name not in (two.get('links') or {}):
            yield make_change('response-link-removed', pair.place, f'{where}, link {name!r}')


def _judge_contents(
    judgement: Judgement, pair: Pair, where: str, old: Schema | None, new: Schema | None
) -> Iterator[Change]:
    old, new = old or {}, new or {}
    for name, media in old.items():
        match = match_type(name, new)
        match = match or next((other for other in new if match_type(other, [name])), None)
        if match is None:
            yield make_change('response-media-type-removed', pair.place, where, old=name)
            continue
        if match_type(match, old) is None:
            yield make_change(
                'response-media-type-widened', pair.place, where, old=name, new=match
            )  # fmt: skip
        one, two = media.get('schema', {}), new[match].get('schema', {})
        yield from judgement.compare(pair.place, where, one, two, is_request=pair.is_hook)
        yield from judge_notes(judgement, pair.place, where, one, two, is_request=pair.is_hook)
    for name in new:
        if match_type(name, old) is None and not any(match_type(other, [name]) for other in old):
            yield make_change('response-media-type-added', pair.place, where, new=name)


def _judge_headers(
    judgement: Judgement, pair: Pair, where: str, old: Schema | None, new: Schema | None
) -> Iterator[Change]:
    news = {name.lower(): item for name, item in (new or {}).items()}
    for name, item in (old or {}).items():
        place = f'{where}, header {name!r}'
        before = pair.old.source.follow(item)
        is_needed = bool(before.get('required'))
        if name.lower() not in news:
            rule = 'response-header-removed' if is_needed else 'response-optional-header-removed'
            yield make_change(rule, pair.place, place)
            continue
        after = pair.new.source.follow(news.pop(name.lower()))
        if is_needed and not after.get('required'):
            yield make_change('response-header-became-optional', pair.place, place)
        one, two = before.get('schema', {}), after.get('schema', {})
        yield from judgement.compare(
            pair.place, place, one, two, is_request=False,
            taker=functools.partial(
                as_text, judgement.old.source, judgement.new.source, one, two, False
            ),
        )  # fmt: skip
    for name in news:
        if name not in {other.lower() for other in old or {}}:
            yield make_change('response-header-added', pair.place, f'{where}, header {name!r}')
