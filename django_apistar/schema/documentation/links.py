"""The links of the documentation page: API Star's, with what the document says of each."""

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

from apistar.document import Link
from markupsafe import Markup

from django_apistar.schema.dialect import Schema
from django_apistar.schema.documentation import sample_requests
from django_apistar.schema.documentation.fields import (
    Field,
    name_kind,
    read_fields,
    read_parameter,
)
from django_apistar.schema.documentation.markdown import render_markdown
from django_apistar.schema.documentation.parts import Parts, as_list, as_mapping
from django_apistar.schema.documentation.samples import WRITERS

TEMPLATE = re.compile(r'{\+?([^}]*)}')
PLACES = ('path', 'query', 'header', 'cookie')


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A response. `kind`: of its content, 'array of Product', '' where it has none."""

    status: str
    description: Markup
    kind: str
    fields: tuple[Field, ...]

    @property
    def is_success(self) -> bool:
        return self.status.startswith('2')


@dataclasses.dataclass(frozen=True, slots=True)
class Operation:
    """What the templates show of an operation beside what API Star's Link has."""

    description: Markup
    parameters: dict[str, tuple[Field, ...]]  # by where they are: 'path', 'query', 'header'
    media_type: str  # of the body
    body_kind: str
    body: tuple[Field, ...]
    answers: tuple[Answer, ...]
    schemes: tuple[str, ...]  # of authentication; empty where anybody may ask
    is_optional: bool  # the authentication
    is_deprecated: bool
    samples: dict[str, str]  # code, by language


class Operations:
    """The operations of one *document*, OpenAPI 3.1, by method and path."""

    def __init__(self, document: Schema) -> None:
        self._parts = Parts(document)
        self._found = {
            (method.upper(), TEMPLATE.sub('{}', path)): (path, operation)
            for path, item in document['paths'].items()
            for method, operation in item.items()
        }

    def find(self, method: str, path: str) -> Operation | None:
        """Return what is told of *path*, None where the document has another route for it."""
        found = self._found.get((method, TEMPLATE.sub('{}', path)))
        return self._read(method, *found) if found else None

    def _read(self, method: str, path: str, operation: Schema) -> Operation:
        parts = self._parts
        given = [parts.follow(item) for item in as_list(operation.get('parameters'))]
        media_type, body = sample_requests.find_body(operation, parts)
        options = [as_mapping(option) for option in as_list(operation.get('security'))]
        text = operation.get('description') or operation.get('summary') or ''
        return Operation(
            description=render_markdown(str(text)),
            parameters={
                place: tuple(
                    read_parameter(item, parts) for item in given if item.get('in') == place
                )
                for place in PLACES
            },
            media_type=media_type,
            body_kind=name_kind(body, parts) if media_type else '',
            body=read_fields(body, parts),
            answers=tuple(_iter_answers(operation, parts)),
            schemes=tuple(dict.fromkeys(name for option in options for name in option)),
            is_optional={} in options,
            is_deprecated=operation.get('deprecated') is True,
            samples={
                language: write(sample_requests.build_request(method, path, operation, parts))
                for language, write in WRITERS.items()
            },
        )


def _iter_answers(operation: Schema, parts: Parts) -> Iterator[Answer]:
    for status, given in as_mapping(operation.get('responses')).items():
        response = parts.follow(given)
        contents = list(as_mapping(response.get('content')).values())
        schemas = [as_mapping(content).get('schema') for content in contents]
        is_success = status.startswith('2')
        fields = [read_fields(schema, parts) for schema in schemas if is_success]
        kinds = [name_kind(schema, parts) for schema in schemas]
        yield Answer(
            status, render_markdown(str(response.get('description', ''))),
            ' or '.join(dict.fromkeys(kinds)), next(filter(None, fields), ()),
        )  # fmt: skip


class DescribedLink(Link):
    """API Star's Link, with `operation`: None where the document has another for its path."""

    def __init__(self, operation: Operation | None, **words: Any) -> None:
        super().__init__(**words)
        self.operation = operation
