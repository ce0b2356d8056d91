"""What a handler takes from a request, as the injector gives it: parameters and a body.

Read from the signatures of the handler, of the components that its parameters need, and of the
hooks around it; not from `route.link`, which knows the handler's own parameters alone.
"""

import dataclasses
import inspect
import re
import uuid
from collections.abc import Iterable
from typing import Any

from apistar import App, Component, Route, http, validators
from apistar.server import validation, wsgi
from apistar.server.components import ReturnValue
from werkzeug.routing.converters import AnyConverter, NumberConverter, UUIDConverter

from django_apistar.api.filter_sets import is_filter_set
from django_apistar.compat.fields import get_item, is_type
from django_apistar.compat.incoming import get_incoming
from django_apistar.compat.path_template import PathParameter
from django_apistar.compat.signatures import (
    Function,
    get_dotted_name,
    get_signature,
    without_optional,
)
from django_apistar.schema.filter_sets import list_parameters
from django_apistar.schema.schemas import is_file

EMPTY = inspect.Parameter.empty
METHODS_WITH_BODY = ('POST', 'PUT', 'PATCH', 'DELETE')
METHODS_WITH_QUERY_TYPES = ('GET', 'HEAD', 'DELETE')  # A Type is read from the query.
PRIMITIVES = (str, int, float, bool)
JSON = ('application/json',)
FILES = ('multipart/form-data',)
ANY_MEDIA_TYPE = ('*/*',)
FORMS = ('application/json', 'application/x-www-form-urlencoded', 'multipart/form-data')
# OpenAPI 3 ignores parameters with these names; they have words of their own.
IGNORED_HEADERS = ('accept', 'content-type', 'authorization')
# Named, not imported: the authentication is the project's to install.
DEMANDED_USER = 'django_apistar.authentication.components.AuthenticatedUser'
INTERNAL: tuple[object, ...] = (
    Exception, App, Route, ReturnValue, inspect.Parameter, wsgi.WSGIEnviron,
    wsgi.WSGIStartResponse, http.Response, http.PathParams, http.Method, http.URL, http.Scheme,
    http.Host, http.Port, http.Path, http.Headers, http.Request, validation.ValidatedPathParams,
)  # fmt: skip
FREE_QUERY = (http.QueryParams, http.QueryString, validation.ValidatedQueryParams)


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """One path, query or header parameter. `item`: a Type, a validator or an annotation."""

    name: str
    location: str  # as OpenAPI's `in`
    item: object
    is_required: bool = True
    default: object = EMPTY
    is_separated: bool = False  # several values with commas between, not the name again


@dataclasses.dataclass(frozen=True, slots=True)
class Body:
    """The request body. `item` is None if it may hold anything."""

    item: object
    media_types: tuple[str, ...]
    is_required: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Inputs:
    """All that a request for one route may hold.

    `unknown`: parameters that nothing can resolve. `demands_user`: a parameter takes no anonymous
    user. `may_refuse_query`: some query does not validate, as where a number is wanted.
    """

    parameters: tuple[Parameter, ...]
    body: Body | None
    unknown: tuple[str, ...]
    reads_authorization: bool
    demands_user: bool
    may_refuse_query: bool
    statuses: tuple[int, ...]  # of errors that parameters raise

    def located(self, location: str) -> tuple[Parameter, ...]:
        return tuple(item for item in self.parameters if item.location == location)


def read_inputs(
    handler: Function,
    path: Iterable[PathParameter],
    method: str,
    components: Iterable[Component] = (),
    hooks: Iterable[Function] = (),
) -> Inputs:
    """Return what *handler* takes from a request for *method*, its *hooks* included."""
    rules = {parameter.name: validator_of_rule(parameter) for parameter in path}
    reader = _Reader(rules, method, tuple(components))
    reader.read(handler)
    for hook in hooks:
        reader.read(hook)
    in_path = [
        reader.parameters.get((name, 'path')) or Parameter(name, 'path', rule)
        for name, rule in rules.items()
    ]
    others = [item for item in reader.parameters.values() if item.location != 'path']
    return Inputs(
        (*in_path, *others), reader.body, tuple(reader.unknown),
        reader.reads_authorization, reader.demands_user, reader.may_refuse_query,
        tuple(sorted(reader.statuses)),
    )  # fmt: skip


class _Reader:
    """Reads one route. The first use of a name counts, as at runtime."""

    def __init__(
        self, rules: dict[str, validators.Validator], method: str, components: tuple[Component, ...]
    ) -> None:
        self.rules = rules  # validators, by the path's names
        self.method = method
        self.components = components
        self.parameters: dict[tuple[str, str], Parameter] = {}
        self.body: Body | None = None
        self.unknown: list[str] = []
        self.reads_authorization = False
        self.demands_user = False
        self.may_refuse_query = False
        self.statuses: set[int] = set()
        self._seen: set[int] = set()

    def read(self, function: Function) -> None:
        for parameter in get_signature(function).parameters.values():
            self._read_parameter(parameter)

    def _read_parameter(self, parameter: inspect.Parameter) -> None:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            return
        plain = without_optional(parameter)
        if self._read_component(parameter) or self._read_component(plain):
            return
        if _is_internal(plain.annotation):
            return
        readers = (self._read_path, self._read_primitive, self._read_list, self._read_type,
                   self._read_http, self._read_request_reader, self._read_filter_set)  # fmt: skip
        if not any(read(plain) for read in readers):
            self.unknown.append(str(parameter))

    def _add(
        self, name: str, location: str, item: object, required: bool = True, default: object = EMPTY
    ) -> bool:
        default = EMPTY if default is None else default
        parameter = Parameter(name, location, item, required, default)
        self.parameters.setdefault((name, location), parameter)
        return True

    def _read_path(self, parameter: inspect.Parameter) -> bool:
        annotation, rule = parameter.annotation, self.rules.get(parameter.name)
        if rule is None:
            return False
        if annotation is EMPTY or annotation is uuid.UUID:
            return self._add(parameter.name, 'path', rule)
        if not _is_one_of(annotation, PRIMITIVES):
            return False
        own = _validator_of(annotation)
        return self._add(parameter.name, 'path', rule if type(rule) is type(own) else own)

    def _read_primitive(self, parameter: inspect.Parameter) -> bool:
        annotation, default = parameter.annotation, parameter.default
        if not (annotation is EMPTY or _is_one_of(annotation, PRIMITIVES)):
            return False
        item = _validator_of(annotation)
        self.may_refuse_query |= annotation not in (EMPTY, str)
        if annotation is EMPTY and not isinstance(default, str):
            default = EMPTY if default is EMPTY else None
        return self._add(parameter.name, 'query', item, default is EMPTY, default)

    def _read_list(self, parameter: inspect.Parameter) -> bool:
        item = get_item(parameter.annotation)
        if is_type(item):
            return self._set_body(parameter.annotation, JSON, parameter.default is EMPTY)
        if not (_is_one_of(item, PRIMITIVES) or item is Any):
            return False
        validator = validators.Array(items=_validator_of(item))
        self.may_refuse_query |= item not in (Any, str)
        default = parameter.default
        if isinstance(default, (tuple, set, frozenset)):
            default = list(default)
        return self._add(parameter.name, 'query', validator, default is EMPTY, default)

    def _read_type(self, parameter: inspect.Parameter) -> bool:
        annotation = parameter.annotation
        if not is_type(annotation):
            return False
        is_required = parameter.default is EMPTY
        if self.method not in METHODS_WITH_QUERY_TYPES:
            has_file = any(map(is_file, get_incoming(annotation).validator.properties.values()))
            return self._set_body(annotation, FILES if has_file else JSON, is_required)
        self.may_refuse_query = True
        incoming = get_incoming(annotation).validator
        for name, validator in incoming.properties.items():
            needed = is_required and name in incoming.required
            self._add(name, 'query', validator, needed)
        return True

    def _read_http(self, parameter: inspect.Parameter) -> bool:
        annotation, name = parameter.annotation, parameter.name
        if annotation is http.QueryParam:
            return self._add(name, 'query', validators.String(), False)
        if annotation is http.Header:
            header = name.replace('_', '-')
            self.reads_authorization |= header.lower() == 'authorization'
            if header.lower() in IGNORED_HEADERS:
                return True
            return self._add(header, 'header', validators.String(), False)
        if _is_one_of(annotation, FREE_QUERY):
            item = validators.Object(additional_properties=validators.String())
            return self._add(name, 'query', item, False)
        if _is_one_of(annotation, (http.RequestData, validation.ValidatedRequestData)):
            return self._set_body(None, FORMS, False)
        return annotation is http.Body and self._set_body(None, ANY_MEDIA_TYPE, False)

    def _read_request_reader(self, parameter: inspect.Parameter) -> bool:
        """Read a class such as PageNumber, which describes its own parameters."""
        annotation = parameter.annotation
        if getattr(annotation, 'reads_request', None) is not True:
            return False
        self.statuses.update(annotation.statuses)
        for name, validator in annotation.describe().items():
            self._add(name, 'query', validator, False)
        return True

    def _read_filter_set(self, parameter: inspect.Parameter) -> bool:
        if not is_filter_set(parameter.annotation):
            return False
        self.may_refuse_query = True
        for found in list_parameters(parameter.annotation):
            parameter_of_it = Parameter(
                found.name, 'query', found.item, found.is_required,
                is_separated=found.is_separated,
            )  # fmt: skip
            self.parameters.setdefault((found.name, 'query'), parameter_of_it)
        return True

    def _read_component(self, parameter: inspect.Parameter) -> bool:
        for component in self.components:
            if _can_handle(component, parameter):
                self.demands_user |= get_dotted_name(parameter.annotation) == DEMANDED_USER
                if id(component) not in self._seen:
                    self._seen.add(id(component))
                    self.read(component.resolve)
                return True
        return False

    def _set_body(self, item: object, media_types: tuple[str, ...], is_required: bool) -> bool:
        """Keep the body. One with a schema counts more than one without, in either order."""
        if self.method in METHODS_WITH_BODY and (self.body is None or self.body.item is None):
            self.body = Body(item, media_types, is_required)
        return True


def validator_of_rule(parameter: PathParameter) -> validators.Validator:
    """Return a validator of the values that a Werkzeug rule takes; for braces, of text."""
    converter = parameter.build_converter()
    if isinstance(converter, NumberConverter):
        cls = validators.Integer if converter.num_convert is int else validators.Number
        lowest = converter.min if converter.signed else converter.min or 0
        return cls(minimum=lowest, maximum=converter.max)
    if isinstance(converter, AnyConverter):
        return validators.String(enum=sorted(converter.items))
    if isinstance(converter, UUIDConverter):
        return validators.String(format='uuid')
    lengths = re.fullmatch(r'\[\^/\]{(\d+)(,?)(\d*)}', converter.regex)
    if not (parameter.arguments and lengths):
        return validators.String()
    low, comma, high = lengths.groups()
    longest = high if comma else low
    return validators.String(min_length=int(low), max_length=int(longest) if longest else None)


def _validator_of(annotation: object) -> validators.Validator:
    known: dict[object, type[validators.Validator]] = {
        int: validators.Integer, float: validators.Number, bool: validators.Boolean,
    }  # fmt: skip
    return known.get(annotation, validators.String)()


def _is_one_of(annotation: object, known: tuple[object, ...]) -> bool:
    """Compare by identity: an annotation need not be hashable, nor comparable."""
    return any(annotation is item for item in known)


def _is_internal(annotation: object) -> bool:
    is_app = isinstance(annotation, type) and issubclass(annotation, App)
    return is_app or _is_one_of(annotation, INTERNAL)


def _can_handle(component: Component, parameter: inspect.Parameter) -> bool:
    """Ask as the injector does: for a primitive only components that choose parameters."""
    annotation = parameter.annotation
    if type(component).can_handle_parameter is Component.can_handle_parameter:
        returned = get_signature(component.resolve).return_annotation
        return returned is annotation and not _is_one_of(annotation, PRIMITIVES)
    try:
        return bool(component.can_handle_parameter(parameter))
    except Exception:  # A component that cannot tell does not handle: the checks report it.
        return False
