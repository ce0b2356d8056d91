"""Judges who may call: the alternatives of authentication, and their scopes."""

from collections.abc import Iterator

from django_apistar.schema.changes.changes import Change, make_change
from django_apistar.schema.changes.documents import Document
from django_apistar.schema.changes.judges import Judgement
from django_apistar.schema.changes.keywords import MalformedError, Schema
from django_apistar.schema.changes.walk import Operation, Pair

# A scheme as a client sees it: its name is the document's own business.
Scheme = tuple[object, ...]
Demand = dict[Scheme, frozenset[str]]


def judge_security(judgement: Judgement, pair: Pair) -> Iterator[Change]:
    olds, news = (_demands(operation) for operation in (pair.old, pair.new))
    if not news or {} in [demand for _, demand in news]:
        if olds and {} not in [demand for _, demand in olds]:
            yield make_change('security-removed', pair.place)
        return
    if not olds or {} in [demand for _, demand in olds]:
        yield make_change('security-added', pair.place)
    for name, demand in olds:
        if demand and not any(_is_enough(demand, other) for _, other in news):
            yield _lost(pair, name, demand, news)
    for name, demand in news:
        if olds and not any(demand.keys() == other.keys() for _, other in olds):
            yield make_change('security-alternative-added', pair.place, new=name)


def _is_enough(demand: Demand, other: Demand) -> bool:
    """Whether who meets *demand* meets *other*."""
    return all(scheme in demand and other[scheme] <= demand[scheme] for scheme in other)


def _lost(pair: Pair, name: str, demand: Demand, news: list[tuple[str, Demand]]) -> Change:
    for _, other in news:
        if other.keys() == demand.keys():
            more = sorted(scope for key in other for scope in other[key] - demand[key])
            return make_change('security-scope-added', pair.place, old=name, new=', '.join(more))
    return make_change('security-alternative-removed', pair.place, old=name)


def _demands(operation: Operation) -> list[tuple[str, Demand]]:
    """Return the alternatives of *operation*, each with its names."""
    own = operation.content.get('security', operation.document.content.get('security'))
    return [
        (' and '.join(demand), {
            _scheme(operation.document, name): frozenset(scopes or ())
            for name, scopes in demand.items()
        })
        for demand in own or ()
    ]  # fmt: skip


def _scheme(document: Document, name: str) -> Scheme:
    components: Schema = document.content.get('components') or {}
    try:
        scheme = document.source.follow((components.get('securitySchemes') or {})[name])
    except (KeyError, MalformedError):
        return ('?', name)
    kind = scheme.get('type')
    if kind == 'apiKey':
        own = str(scheme.get('name'))
        return (kind, scheme.get('in'), own.lower() if scheme.get('in') == 'header' else own)
    if kind == 'oauth2':
        return (kind, *sorted(scheme.get('flows') or {}))
    return (kind, str(scheme.get('scheme')).lower(), scheme.get('openIdConnectUrl'))
