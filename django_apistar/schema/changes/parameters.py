"""Judges parameters: query, header, path and cookie."""

from collections.abc import Iterator

from django_apistar.schema.changes.changes import Change, make_change
from django_apistar.schema.changes.defaults import get_default, show_default
from django_apistar.schema.changes.judges import Judgement
from django_apistar.schema.changes.keywords import Schema
from django_apistar.schema.changes.lifecycle import judge_sunset
from django_apistar.schema.changes.sources import Source
from django_apistar.schema.changes.texts import as_text
from django_apistar.schema.changes.values import are_equal
from django_apistar.schema.changes.walk import Pair, match_type

STYLES = {'path': 'simple', 'header': 'simple'}  # of others 'form'


def judge_parameters(judgement: Judgement, pair: Pair) -> Iterator[Change]:
    olds, news = pair.old.parameters(), pair.new.parameters()
    if pair.old.odd_parameters() or pair.new.odd_parameters():
        judgement.remark(f'{pair.place}: a parameter cannot be compared: not well-formed.')
    for key, old in olds.items():
        if key in news:
            noun = _name(old)
            yield from judgement.guard(pair.place, noun, _judge(judgement, pair, old, news[key]))
        else:
            yield _gone(pair, old, news)
    for key, new in news.items():
        if key not in olds:
            rule = 'request-required-parameter-added' if new.get('required') else None
            yield make_change(rule or 'request-parameter-added', pair.place, _name(new))


def _name(parameter: Schema) -> str:
    return f'the {parameter["in"]} parameter {parameter["name"]!r}'


def _gone(pair: Pair, old: Schema, news: dict[tuple[str, str], Schema]) -> Change:
    for place, name in news:
        if name == (old['name'].lower() if place == 'header' else old['name']):
            return make_change('request-parameter-moved', pair.place, _name(old), new=place)
    return make_change('request-parameter-removed', pair.place, _name(old))


def _judge(judgement: Judgement, pair: Pair, old: Schema, new: Schema) -> Iterator[Change]:
    place, where = pair.place, _name(new)
    is_needed = bool(new.get('required'))
    if is_needed != bool(old.get('required')) and new['in'] != 'path':
        word = 'required' if is_needed else 'optional'
        yield make_change(f'request-parameter-became-{word}', place, where)
    yield from judge_sunset(place, where, old, new)
    yield from _judge_writing(pair, where, old, new)
    if 'content' in old and 'content' in new:
        yield from _judge_content(judgement, pair, where, old['content'], new['content'])
    elif 'content' in old or 'content' in new:
        yield make_change(
            'request-parameter-content-changed', place, where,
            old=_get_form(old), new=_get_form(new),
        )  # fmt: skip
    else:
        one, two = old.get('schema', {}), new.get('schema', {})
        yield from _judge_default(judgement, pair, where, one, two, is_needed)
        sources = (judgement.new.source, judgement.old.source)
        yield from judgement.compare(
            place, where, one, two, is_request=True,
            taker=lambda: as_text(*sources, two, one, new['in'] == 'query'),
        )  # fmt: skip


def _get_form(parameter: Schema) -> str:
    return next(iter(parameter['content']), '') if 'content' in parameter else 'text'


def _judge_content(
    judgement: Judgement, pair: Pair, where: str, old: Schema, new: Schema
) -> Iterator[Change]:
    for name, media in old.items():
        match = match_type(name, new)
        if match is None:
            rule = 'request-parameter-content-changed'
            yield make_change(rule, pair.place, where, old=name, new=', '.join(new))
        else:
            schemas = media.get('schema', {}), new[match].get('schema', {})
            yield from judgement.compare(pair.place, where, *schemas, is_request=True)


def _judge_writing(pair: Pair, where: str, old: Schema, new: Schema) -> Iterator[Change]:
    before, after = (_style(side.source, item)
                     for side, item in ((pair.old, old), (pair.new, new)))  # fmt: skip
    if before != after and None not in (before, after):
        rule = 'request-parameter-style-changed'
        yield make_change(rule, pair.place, where, old=before, new=after)
    for word, rule in (('allowEmptyValue', 'empty'), ('allowReserved', 'reserved')):
        if old.get(word) is True and new.get(word) is not True:
            yield make_change(f'request-parameter-{rule}-refused', pair.place, where)


def _style(source: Source, parameter: Schema) -> str | None:
    """Return how a list or an object is written; None for a single value, which is as it is."""
    style = parameter.get('style', STYLES.get(parameter['in'], 'form'))
    explode = parameter.get('explode', style == 'form')
    schema = source.look(parameter.get('schema', {}))
    types = schema.get('type') if isinstance(schema, dict) else None
    if isinstance(types, str) and types not in ('array', 'object'):
        return None if style in ('form', 'simple') else str(style)
    return f'{style}, {"exploded" if explode else "in one"}'


def _judge_default(
    judgement: Judgement, pair: Pair, where: str, old: object, new: object, is_needed: bool
) -> Iterator[Change]:
    one, two = get_default(pair.old.source.look(old)), get_default(pair.new.source.look(new))
    if are_equal(one, two) or is_needed:
        return
    word = 'added' if not one else 'removed' if not two else 'changed'
    yield make_change(
        f'request-parameter-default-{word}', pair.place, where,
        old=show_default(one), new=show_default(two),
    )  # fmt: skip
