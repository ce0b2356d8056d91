"""The documented operations, each with the statuses that were seen and that were not."""

import dataclasses
import re
from collections.abc import Iterable, Iterator

from django_apistar.compat.path_template import to_uri_template
from django_apistar.routes.entries import APIStarEntry
from django_apistar.schema.coverage.answers import Answer
from django_apistar.schema.dialect import Schema
from django_apistar.schema.documentation.parts import as_mapping
from django_apistar.schema.openapi import TEMPLATE
from django_apistar.schema.project import DescribedApp, build_app_openapi

_STATUS = re.compile(r'[1-5](\d\d|XX)')  # 'default' names no status, so no answer can show it


@dataclasses.dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document. Statuses as the document has them: '200', or '4XX'."""

    method: str
    path: str
    name: str  # of the route, with its Includes
    documented: tuple[str, ...]
    seen: tuple[str, ...]
    undocumented: tuple[str, ...]  # seen as well, which only `default` covers

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(status for status in self.documented if status not in self.seen)


@dataclasses.dataclass(frozen=True, slots=True)
class Coverage:
    """All operations of a document, in its order."""

    operations: tuple[Operation, ...]

    @property
    def documented(self) -> int:
        return sum(len(operation.documented) for operation in self.operations)

    @property
    def seen(self) -> int:
        return sum(len(operation.seen) for operation in self.operations)

    @property
    def percent(self) -> float:
        """Two decimals, rounded down: 100 says that nothing is missing."""
        return (self.seen * 10_000 // self.documented) / 100 if self.documented else 100.0


def measure_coverage(app: DescribedApp, answers: Iterable[Answer]) -> Coverage:
    """Return how much of the document of *app* the *answers* have shown."""
    statuses: dict[tuple[str, ...], set[str]] = {}
    for answer in answers:
        statuses.setdefault(answer[:3], set()).add(str(answer.status))
    return Coverage(
        tuple(
            _compare(path, entry, operation, statuses)
            for path, entry, operation in _iter_operations(app)
        )
    )


def _iter_operations(app: DescribedApp) -> Iterator[tuple[str, APIStarEntry, Schema]]:
    """Yield (path, route, operation): of routes whose paths differ in names alone, the first."""
    document = build_app_openapi(app)
    left = {
        (TEMPLATE.sub('{}', path), method.upper()): (path, operation)
        for path, item in document['paths'].items()
        for method, operation in item.items()
    }
    for entry in app.router.entries:
        key = TEMPLATE.sub('{}', to_uri_template(entry.path)), entry.methods[0]
        if entry.documented and key in left:
            path, operation = left.pop(key)
            yield path, entry, operation


def _compare(
    path: str, entry: APIStarEntry, operation: Schema, statuses: dict[tuple[str, ...], set[str]]
) -> Operation:
    method = entry.methods[0]
    responses = as_mapping(operation.get('responses'))
    documented = [status for status in responses if _STATUS.fullmatch(status)]
    met = {
        status if status in documented else f'{status[0]}XX' if f'{status[0]}XX' in documented
        else status
        for status in statuses.get((method, entry.path, entry.handler_name), ())
    }  # fmt: skip
    return Operation(
        method=method,
        path=path,
        name=entry.name,
        documented=tuple(sorted(documented)),
        seen=tuple(sorted(met.intersection(documented))),
        undocumented=tuple(sorted(met.difference(documented))),
    )
