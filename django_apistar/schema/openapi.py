"""The OpenAPI document of an App's routes, version 3.1 or 3.0."""

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from apistar import Component

from django_apistar.api.declared import declares_success, read_declared
from django_apistar.api.guards import find_authenticators
from django_apistar.compat.path_template import get_parameters, to_uri_template
from django_apistar.compat.signatures import Function, get_dotted_name
from django_apistar.routes.entries import APIStarEntry
from django_apistar.schema import preconditions
from django_apistar.schema.annotations import ANY_OBJECT
from django_apistar.schema.dialect import DIALECTS, Dialect, Schema
from django_apistar.schema.inputs import FILES, FORMS, Body, Inputs, Parameter, read_inputs
from django_apistar.schema.operation_ids import OperationIds, build_id
from django_apistar.schema.responses import (
    add_error_contents,
    add_wait,
    declared_responses,
    error_name,
    error_response,
    error_statuses,
    is_annotated,
    merged,
    narrowed,
    success_content,
    success_responses,
)
from django_apistar.schema.schemas import Schemas, is_file
from django_apistar.schema.security import challenged_scheme, security_schemes
from django_apistar.schema.statuses import read_statuses
from django_apistar.schema.tags import Tags, find_tag
from django_apistar.schema.values import plain

VERSIONS = {'3.1': '3.1.0', '3.0': '3.0.3'}
METHODS = ('GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE')
TEMPLATE = re.compile(r'{\+?([^}]*)}')
MOST_NAMED = 5  # of the handlers that one warning is about
DEFAULT_TITLE = 'API'
DEFAULT_VERSION = '1.0.0'
DEFAULT_SERVER = '/'

Warn = Callable[[str], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Info:
    """What a document says about itself.

    `servers`: URLs, or server objects as OpenAPI has them. `tags`: descriptions by name. `more`:
    what is laid over the info object, such as a licence.
    """

    title: str = ''
    version: str = ''
    description: str = ''
    servers: tuple[str | Mapping[str, object], ...] = ()
    tags: Mapping[str, object] = dataclasses.field(default_factory=dict)
    more: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Surroundings:
    """What the App puts around its handlers.

    `components` and `hooks` (functions, e.g. `hook.on_request`) take parameters of the request
    too. `security`: security schemes by name, any of which lets a user in. `needs_user` tells
    which routes demand one. `problem`: the Type of errors, where they are problems by default.
    """

    components: tuple[Component, ...] = ()
    hooks: tuple[Function, ...] = ()
    security: Mapping[str, Schema] = dataclasses.field(default_factory=dict)
    needs_user: Callable[[APIStarEntry], bool] = lambda entry: False
    problem: type | None = None


def build_openapi(
    entries: Iterable[APIStarEntry],
    info: Info | None = None,
    surroundings: Surroundings | None = None,
    version: str = '3.1',
    warn: Warn = lambda sentence: None,
) -> Schema:
    """Return the document of the documented *entries*: the same entries, the same document.

    *warn* is called with a sentence about each thing that the document cannot say.
    """
    info = info or Info()
    sections = build_sections(entries, info, surroundings, DIALECTS[version], warn)
    return {'openapi': VERSIONS[version], **describe(info, warn), **sections}


def build_json_schema(
    entries: Iterable[APIStarEntry],
    info: Info | None = None,
    surroundings: Surroundings | None = None,
    warn: Warn = lambda sentence: None,
) -> Schema:
    """Return a JSON Schema (2020-12) whose $defs are the Types that *entries* use."""
    info = info or Info()
    builder = _Builder(Schemas(DIALECTS['jsonschema'], warn), surroundings or Surroundings(), info)
    builder.add(entries)
    return {
        '$schema': 'https://json-schema.org/draft/2020-12/schema',
        'title': describe(info, warn)['info']['title'],
        '$defs': plain(builder.schemas.components, warn, 'The document'),
    }


def build_sections(
    entries: Iterable[APIStarEntry],
    info: Info,
    surroundings: Surroundings | None,
    dialect: Dialect,
    warn: Warn,
) -> Schema:
    """Return paths, components and tags, structured as in OpenAPI 3, schemas in *dialect*."""
    builder = _Builder(Schemas(dialect, warn), surroundings or Surroundings(), info)
    builder.add(entries)
    sections: Schema = plain(builder.sections(), warn, 'The document')
    return sections


def describe(info: Info, warn: Warn) -> Schema:
    """Return `info` and `servers`: the host that serves the document where none is named."""
    described: Schema = {
        'title': info.title or DEFAULT_TITLE,
        'version': info.version or DEFAULT_VERSION,
    }
    if info.description:
        described['description'] = info.description
    given = plain(info.servers, warn, 'SERVERS') or [DEFAULT_SERVER]
    return {
        'info': merged(plain(described, warn, 'The document'), plain(info.more, warn, 'INFO')),
        'servers': [{'url': item} if isinstance(item, str) else item for item in given],
    }


class _Builder:
    """Builds the sections of one document, route by route."""

    def __init__(self, schemas: Schemas, surroundings: Surroundings, info: Info) -> None:
        self.schemas = schemas
        self.surroundings = surroundings
        self.paths: dict[str, Schema] = {}
        self.tags = Tags(info.tags)
        self.errors: set[str] = set()  # statuses
        self.has_rates = False
        self.security = dict(surroundings.security)  # and that of single routes
        self._templates: dict[str, str] = {}  # '/x/{}': the first path of that shape
        self._names: dict[tuple[str, str], str] = {}  # of the routes, by path and method
        self._unannotated: dict[str, str] = {}  # by handler, its first place

    def add(self, entries: Iterable[APIStarEntry]) -> None:
        for entry in entries:
            if entry.documented:
                for method in entry.methods:
                    self._add_operation(entry, method)
        self._give_ids()
        if self._unannotated:
            self.schemas.warn(_count_unannotated(self._unannotated))

    def sections(self) -> Schema:
        for name in self.tags.find_unused():
            self.schemas.warn(f'TAGS describes {name!r}, which no route has for a tag.')
        responses = self._error_responses()  # adds their schemas
        components = {
            'schemas': self.schemas.components,
            'responses': responses,
            'securitySchemes': self.security,
        }
        components = {name: found for name, found in components.items() if found}
        others = {'components': components, 'tags': self.tags.list()}
        return {'paths': self.paths, **{name: found for name, found in others.items() if found}}

    def _error_responses(self) -> Schema:
        if not self.errors:
            return {}
        contents = add_error_contents(self.schemas, self.surroundings.problem)
        responses = {error_name(status): error_response(status, contents) for status in self.errors}
        if self.has_rates:
            name = error_name('429')
            responses[name] = add_wait(responses[name])
        return {name: responses[name] for name in sorted(responses)}

    def _give_ids(self) -> None:
        """Give each operation its id: first those that say their own."""
        ids = OperationIds()
        found = [
            (path, method, operation)
            for path, item in self.paths.items() for method, operation in item.items()
        ]  # fmt: skip
        for path, method, operation in sorted(found, key=lambda item: not item[2]['operationId']):
            own = operation['operationId'] or build_id(self._names[path, method], method, path)
            operation['operationId'] = ids.give(str(own), method, path)

    def _add_operation(self, entry: APIStarEntry, method: str) -> None:
        if method not in METHODS:
            self.schemas.warn(f'OpenAPI has no method {method}; {entry.path} is left out.')
            return
        path, names = self._template_of(to_uri_template(entry.path))
        item = self.paths.setdefault(path, {})
        if method.lower() in item:
            self.schemas.warn(f'{method} {entry.path} has two routes; {entry.name!r} is left out.')
            return
        handler = entry.handler
        place = f'{method} {entry.path} ({get_dotted_name(handler)})'
        with self.schemas.at(place):
            item[method.lower()] = self._operation(entry, method, names)
        self._names[path, method.lower()] = entry.name
        if not is_annotated(handler) and not declares_success(handler):
            self._unannotated.setdefault(get_dotted_name(handler), place)

    def _template_of(self, path: str) -> tuple[str, dict[str, str]]:
        """Return the document's path for *path*, and its parameters' names by the route's.

        Paths that differ in names alone are one path to OpenAPI: the first names them.
        """
        template = TEMPLATE.sub(r'{\1}', path)
        known = self._templates.setdefault(TEMPLATE.sub('{}', path), template)
        return known, dict(zip(TEMPLATE.findall(template), TEMPLATE.findall(known), strict=True))

    def _operation(self, entry: APIStarEntry, method: str, names: dict[str, str]) -> Schema:
        around = self.surroundings
        handler = entry.handler
        parameters = get_parameters(entry.path)
        inputs = read_inputs(handler, parameters, method, around.components, around.hooks)
        for parameter in inputs.unknown:
            place = self.schemas.place
            self.schemas.warn(f'{place}: the parameter {parameter!r} cannot be resolved.')
        operation: Schema = {'operationId': '', 'tags': [find_tag(entry)]}
        operation |= _documentation(entry)
        described = [self._parameter(item, names) for item in inputs.parameters]
        described += preconditions.build_parameters(handler, method)
        if described:
            operation['parameters'] = described
        if inputs.body:
            operation['requestBody'] = self._body(inputs.body)
        operation |= self._answers(entry, method, inputs)
        operation = narrowed(merged(operation, self._read_openapi(handler)))
        for tag in operation['tags'] if isinstance(operation['tags'], list) else ():
            self.tags.add(str(tag), entry)
        return operation

    def _read_openapi(self, handler: Function) -> Schema:
        """Return what *handler* says of itself: its attribute `openapi`."""
        given = getattr(handler, 'openapi', None) or {}
        name = get_dotted_name(handler)
        if isinstance(given, Mapping):
            said: Schema = plain(given, self.schemas.warn, f'The openapi of {name}')
            return said
        self.schemas.warn(f'The openapi of {name} is {given!r}, no dict; it is left out.')
        return {}

    def _parameter(self, parameter: Parameter, names: dict[str, str]) -> Schema:
        with self.schemas.at(f'{parameter.name!r} in {self.schemas.place}'):
            schema = self.schemas.of_path_or_query(parameter.item)
            if parameter.default is not inspect.Parameter.empty:
                schema |= self.schemas.default(parameter.item, parameter.default, schema)
        name = parameter.name
        described: Schema = {
            'name': names.get(name, name) if parameter.location == 'path' else name,
            'in': parameter.location,
        }
        if 'description' in schema:
            described['description'] = schema.pop('description')
        if parameter.is_required:
            described['required'] = True
        if parameter.is_separated:
            described['explode'] = False
        return {**described, 'schema': schema}

    def _body(self, body: Body) -> Schema:
        if body.media_types == FILES:
            return {'content': {FILES[0]: self._form(body.item)}, 'required': body.is_required}
        contents = {}
        for media_type in body.media_types:
            schema = {} if body.item is None else self.schemas.of(body.item)
            if not schema and media_type in FORMS[1:]:
                schema = dict(ANY_OBJECT)
            contents[media_type] = {'schema': schema}
        return {'content': contents, **({'required': True} if body.is_required else {})}

    def _form(self, item: Any) -> Schema:
        """Return the content of a multipart form, with the types that its files may have."""
        encoding = {
            name: {'contentType': child.types}
            for name, child in item.validator.properties.items()
            if is_file(child) and child.content_types
        }
        form: Schema = {'schema': self.schemas.of_form(item)}
        return {**form, 'encoding': encoding} if encoding else form

    def _answers(self, entry: APIStarEntry, method: str, inputs: Inputs) -> Schema:
        needs_user = inputs.demands_user or self.surroundings.needs_user(entry)
        statuses = read_statuses(entry.handler)
        responses = preconditions.add_versions(
            self._successes(entry.handler, statuses.successes), entry.handler, method
        )
        declared = declared_responses(read_declared(entry.handler), entry.handler, self.schemas)
        responses |= declared
        refusals = [status for rule in entry.rules for status in rule.statuses]
        self.has_rates |= 429 in refusals
        errors = [*statuses.errors, *preconditions.list_statuses(entry.handler), *refusals]
        for status in error_statuses(inputs, needs_user, errors):
            if status in declared:
                continue
            self.errors.add(status)
            responses[status] = {'$ref': f'#/components/responses/{error_name(status)}'}
        if declared:
            responses = dict(sorted(responses.items()))
        return {'responses': responses, **self._security(entry, inputs, needs_user)}

    def _successes(self, handler: Function, statuses: Iterable[int]) -> Schema:
        """Return the successes that are read from *handler*, unless it declares its own."""
        if declares_success(handler):
            return {}
        return success_responses(statuses, success_content(handler, self.schemas))

    def _security(self, entry: APIStarEntry, inputs: Inputs, needs_user: bool) -> Schema:
        """Any scheme will do; where a user is welcome and not demanded, none will do as well.

        Nothing is said where credentials are of a kind that no component names.
        """
        if not (needs_user or inputs.reads_authorization):
            return {'security': []}
        own = challenged_scheme(entry.handler) or security_schemes(find_authenticators(entry.rules))
        self.security.update(own)
        schemes: list[Schema] = [{name: []} for name in own or self.surroundings.security]
        if not schemes:
            return {}
        return {'security': schemes if needs_user else [{}, *schemes]}


def _count_unannotated(places: Mapping[str, str]) -> str:
    """Return one sentence for all handlers without a return annotation, with some by name."""
    if len(places) == 1:
        [place] = places.values()
        return f'{place} has no return annotation: its response has no schema.'
    handlers = list(places)
    named, rest = ', '.join(handlers[:MOST_NAMED]), len(handlers) - MOST_NAMED
    return (
        f'{len(handlers)} handlers have no return annotation, so their responses have no schema: '
        f'{named}{f" and {rest} more" if rest > 0 else ""}.'
    )


def _documentation(entry: APIStarEntry) -> Schema:
    """Return the first sentence of the docstring as summary, the whole as description.

    The description has the rules of the route behind it.
    """
    handler = entry.handler
    function = getattr(handler, 'func', handler)  # functools.partial documents itself.
    text = inspect.getdoc(function) if isinstance(getattr(function, '__doc__', None), str) else ''
    text = (text or '').strip()
    rules = ' '.join(filter(None, (rule.sentence for rule in entry.rules)))
    if not text:
        return {'description': rules} if rules else {}
    paragraph = ' '.join(text.split('\n\n')[0].split())
    summary = re.split(r'(?<=[.!?]) ', paragraph)[0]
    if rules:
        return {'summary': summary, 'description': f'{text}\n\n{rules}'}
    return {'summary': summary, **({'description': text} if text != summary else {})}
