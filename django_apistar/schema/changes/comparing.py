"""The comparison of two documents."""

import dataclasses
from collections.abc import Iterator

from django_apistar.schema.changes.bodies import judge_body
from django_apistar.schema.changes.changes import Change, Place, make_change
from django_apistar.schema.changes.documents import JSON_SCHEMA, Document, UnreadableError
from django_apistar.schema.changes.judges import Judgement
from django_apistar.schema.changes.keywords import Schema
from django_apistar.schema.changes.lifecycle import choose_removal, judge_stability, judge_sunset
from django_apistar.schema.changes.parameters import judge_parameters
from django_apistar.schema.changes.responses import judge_responses
from django_apistar.schema.changes.rules import LEVELS
from django_apistar.schema.changes.security import judge_security
from django_apistar.schema.changes.walk import Lone, Pair, walk


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """`changes`: errors first. `remarks`: what could not be compared."""

    changes: tuple[Change, ...]
    remarks: tuple[str, ...]

    def of(self, level: str) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.level == level)


def compare(
    old: Schema, new: Schema, old_name: str = 'The old document',
    new_name: str = 'the new document',
) -> Report:  # fmt: skip
    """Return what changed from *old* to *new*. Raises UnreadableError."""
    documents = _read(old, old_name), _read(new, new_name)
    one, two = (document.kind for document in documents)
    if (one == JSON_SCHEMA) != (two == JSON_SCHEMA):
        raise UnreadableError(
            f'{old_name} is {one} and {new_name} is {two}: they cannot be compared.'
        )
    judgement = Judgement(*documents)
    judge = _judge_definitions if documents[0].kind == JSON_SCHEMA else _judge_all
    changes = dict.fromkeys(judge(judgement))
    for document in documents:
        for ref in document.source.unknown:
            judgement.remark(f'The reference {ref!r} leads nowhere in the document.')
    ordered = sorted(changes, key=lambda change: LEVELS.index(change.level))
    return Report(tuple(ordered), tuple(judgement.remarks))


def _read(content: Schema, name: str) -> Document:
    try:
        return Document(content)
    except UnreadableError as exc:
        raise UnreadableError(f'{name} {exc}.') from None


def _judge_all(judgement: Judgement) -> Iterator[Change]:
    nowhere = Place()
    yield from judgement.guard(nowhere, 'its servers', _judge_servers(judgement))
    for item in walk(judgement.old, judgement.new):
        if isinstance(item, Lone):
            yield from _judge_lone(item)
        else:
            yield from _judge_pair(judgement, item)


def _judge_servers(judgement: Judgement) -> Iterator[Change]:
    olds, news = (_list_servers(document) for document in (judgement.old, judgement.new))
    lost = [url for url in olds if url not in news]
    if olds and news and len(lost) == len(olds):
        yield make_change('servers-replaced', Place(), old=', '.join(lost))
    elif news:
        yield from (make_change('server-removed', Place(), old=url) for url in lost)


def _list_servers(document: Document) -> list[str]:
    """Return the URLs of *document*'s servers, but for '/', which is meant where none is named."""
    servers = document.content.get('servers') or ()
    return [url for server in servers if (url := str(server['url']).rstrip('/'))]


def _judge_lone(item: Lone) -> Iterator[Change]:
    if item.is_hook:
        yield make_change(f'webhook-{"removed" if item.is_old else "added"}', item.place)
    elif not item.is_old:
        yield make_change('operation-added', item.place)
    else:
        default = 'operation-removed' if item.place.method else 'path-removed'
        rule, day = choose_removal(item.operations, default)
        yield make_change(rule, item.place, old=day)


def _judge_pair(judgement: Judgement, pair: Pair) -> Iterator[Change]:
    yield from _judge_operation(pair)
    for noun, changes in (
        ('the parameters', judge_parameters(judgement, pair)),
        ('the body', judge_body(judgement, pair)),
        ('the responses', judge_responses(judgement, pair)),
        ('the security', judge_security(judgement, pair)),
        ('the callbacks', _judge_callbacks(pair)),
    ):
        yield from judgement.guard(pair.place, noun, changes)


def _judge_operation(pair: Pair) -> Iterator[Change]:
    old, new = pair.old.content, pair.new.content
    yield from judge_sunset(pair.place, '', old, new)
    yield from judge_stability(pair.place, old, new)
    for word, rule in (('operationId', 'operation-id-changed'), ('tags', 'tags-changed')):
        if old.get(word) != new.get(word):
            yield make_change(rule, pair.place, old=_show(old.get(word)), new=_show(new.get(word)))


def _show(value: object) -> str:
    return ', '.join(map(str, value)) if isinstance(value, list) else str(value or 'none')


def _judge_callbacks(pair: Pair) -> Iterator[Change]:
    news = pair.new.content.get('callbacks') or {}
    for name in pair.old.content.get('callbacks') or {}:
        if name not in news:
            yield make_change('callback-removed', pair.place, old=name)


# JSON Schema


def _judge_definitions(judgement: Judgement) -> Iterator[Change]:
    """What fitted the old schemas has to fit the new ones."""
    roots = [document.content for document in (judgement.old, judgement.new)]
    whole = judgement.compare(Place(), 'the schema', roots[0], roots[1], is_request=True)
    yield from judgement.guard(Place(), 'the schema', whole)
    yield from judgement.guard(Place(), 'its definitions', _judge_each(judgement, roots))


def _judge_each(judgement: Judgement, roots: list[Schema]) -> Iterator[Change]:
    olds, news = ({**(root.get('definitions') or {}), **(root.get('$defs') or {})}
                  for root in roots)  # fmt: skip
    for name, schema in olds.items():
        if name not in news:
            yield make_change('definition-removed', Place(), old=name)
        else:
            changes = judgement.compare(Place(), name, schema, news[name], is_request=True)
            yield from judgement.guard(Place(), name, changes)
