"""API Star's components of body, query string and path, repaired.

They replace those of the same names, and resolve the same values.
"""

import inspect
import typing
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from apistar import Route, exceptions, http, validators
from apistar.conneg import negotiate_content_type
from apistar.document import Field, Link
from apistar.server import validation, wsgi
from apistar.server.components import Component
from apistar.server.validation import (
    ValidatedPathParams,
    ValidatedQueryParams,
    ValidatedRequestData,
)
from apistar.server.wsgi import WSGIEnviron

from django_apistar.api.body import JSONCodec, MultiPartCodec, URLEncodedCodec, read_body
from django_apistar.api.filter_sets import build_filter_set, demand_model, is_filter_set
from django_apistar.compat.fields import NO_BODY, VALIDATORS, get_item, is_type
from django_apistar.compat.incoming import get_incoming


class BodyComponent(Component):
    """The whole body, within Django's limit."""

    def resolve(self, environ: WSGIEnviron) -> http.Body:
        return http.Body(read_body(environ))


class PathComponent(Component):
    """The path with SCRIPT_NAME, which PEP 3333 allows to be missing."""

    def resolve(self, environ: WSGIEnviron) -> http.Path:
        return http.Path(environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', ''))


class RequestDataComponent(validation.RequestDataComponent):
    """The decoded body, by codecs that refuse what they cannot read."""

    def __init__(self) -> None:
        self.codecs: list[Any] = [JSONCodec(), URLEncodedCodec(), MultiPartCodec()]

    def resolve(self, content: http.Body, headers: http.Headers) -> Any:
        if not content:
            return None
        try:
            codec = negotiate_content_type(self.codecs, headers.get('Content-Type'))
        except exceptions.NoCodecAvailable:
            raise exceptions.UnsupportedMediaType() from None
        try:
            return codec.decode(content, headers=headers)
        except exceptions.ParseError as exc:
            raise exceptions.BadRequest(str(exc)) from None


class ValidateQueryParamsComponent(Component):
    """The query string's values by the fields of the route's link; lists where one is wanted.

    A hook may ask where no route was found: then there are no fields.
    """

    def resolve(self, route: Route, query_params: http.QueryParams) -> ValidatedQueryParams:
        fields = link.get_query_fields() if (link := _get_link(route)) else []
        given: dict[str, Any] = dict(query_params._dict)
        for field in fields:
            if isinstance(field.schema, validators.Array) and field.name in given:
                given[field.name] = query_params.get_list(field.name)
        try:
            return ValidatedQueryParams(_build_object(fields).validate(given, allow_coerce=True))
        except validators.ValidationError as exc:
            raise _refuse_query(exc.detail) from None


class ValidatePathParamsComponent(Component):
    """The path's values by the fields of the route's link."""

    def resolve(self, route: Route, path_params: http.PathParams) -> ValidatedPathParams:
        fields = link.get_path_fields() if (link := _get_link(route)) else []
        try:
            validated = _build_object(fields, required=True).validate(
                path_params or {}, allow_coerce=True
            )
        except validators.ValidationError as exc:
            raise exceptions.NotFound(exc.detail) from None
        return ValidatedPathParams(validated)


def _get_link(route: Route | None) -> Link | None:
    """Return the link of *route*; None without a route, or where its class makes none."""
    return None if route is None else route.link


def _build_object(fields: Iterable[Field], required: bool = False) -> Any:
    return validators.Object(
        properties=[(field.name, field.schema or validators.Any()) for field in fields],
        required=[field.name for field in fields] if required else [],
    )


class ValidateRequestDataComponent(Component):
    """The decoded body by the schema of the route's link; a body may be left out where optional."""

    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        return parameter.annotation is ValidatedRequestData

    def resolve(self, route: Route, data: http.RequestData) -> Any:
        field = link.get_body_field() if (link := _get_link(route)) else None
        if not field or not field.schema or (data is None and not field.required):
            return data
        read_form = getattr(field.schema, 'read_form', None)
        try:
            return field.schema.validate(read_form(data) if read_form else data, allow_coerce=True)
        except validators.ValidationError as exc:
            raise exceptions.BadRequest(exc.detail) from None


class PathParamComponent(Component):
    """A UUID of the path, as Werkzeug's rule `<uuid:id>` makes it."""

    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        return parameter.annotation is uuid.UUID

    def resolve(self, parameter: inspect.Parameter, path_params: http.PathParams) -> uuid.UUID:
        number: uuid.UUID = path_params[parameter.name]
        return number


class RequestReaderComponent(Component):
    """A class that makes its instances of a request's environ, such as PageNumber."""

    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        return getattr(parameter.annotation, 'reads_request', None) is True

    def resolve(self, parameter: inspect.Parameter, environ: WSGIEnviron) -> Any:
        return parameter.annotation(environ)


class FilterSetComponent(Component):
    """A FilterSet of django-filter, with the rows of its model."""

    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        if not is_filter_set(parameter.annotation):
            return False
        demand_model(parameter.annotation)
        return True

    def resolve(self, parameter: inspect.Parameter, environ: WSGIEnviron) -> Any:
        return build_filter_set(parameter.annotation, environ)


class CompositeParamComponent(Component):
    """A types.Type of the body, or of the query string where the method has no body."""

    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        return is_type(parameter.annotation)

    def resolve(
        self,
        parameter: inspect.Parameter,
        route: Route,
        data: ValidatedRequestData,
        query_params: ValidatedQueryParams,
    ) -> Any:
        if data is None and parameter.default is None:
            return None
        cls = get_incoming(parameter.annotation)
        if data is None and route.method.upper() in NO_BODY:
            properties = cls.validator.properties
            data = {name: query_params[name] for name in properties if name in query_params}
        try:
            return cls(data)
        except validators.ValidationError as exc:
            raise exceptions.BadRequest(exc.detail) from None


class ListBodyComponent(Component):
    """A `List[Type]`: the body, validated item by item."""

    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        return is_type(get_item(parameter.annotation))

    def resolve(self, parameter: inspect.Parameter, data: ValidatedRequestData) -> Any:
        if data is None and parameter.default is not parameter.empty:
            return parameter.default
        return data


class ListParamComponent(Component):
    """A `List[T]` of the query string: every value of the name, none is an empty list."""

    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        return get_item(parameter.annotation) in VALIDATORS

    def resolve(
        self,
        parameter: inspect.Parameter,
        query_params: ValidatedQueryParams,
        given: http.QueryParams,
    ) -> typing.List[Any]:  # noqa: UP006
        texts = given.get_list(parameter.name)
        if not texts:
            return [] if parameter.default is parameter.empty else parameter.default
        # A handler's are valid already, together with its others; a hook's are validated here.
        validator = validators.Array(items=VALIDATORS[get_item(parameter.annotation)]())
        try:
            items: list[Any] = validator.validate(texts, allow_coerce=True)
        except validators.ValidationError as exc:
            raise _refuse_query({parameter.name: exc.detail}) from None
        return items


def _refuse_query(detail: Any) -> exceptions.BadRequest:
    """Return the 400 of a query string, whose messages name parameters and no parts of a body."""
    refusal = exceptions.BadRequest(detail)
    refusal.is_of_query = True
    return refusal


def decode_body(content: bytes, environ: WSGIEnviron) -> Any:
    """Return the decoded body as http.RequestData."""
    if not content:
        return None
    content_type = environ.get('CONTENT_TYPE')
    headers = http.Headers([] if content_type is None else [('content-type', content_type)])
    return REQUEST_DATA.resolve(http.Body(content), headers)


def validate_query(route: Route, environ: WSGIEnviron) -> Any:
    """Return the validated query string of a request for *route*."""
    params = http.QueryParams(parse_qsl(environ.get('QUERY_STRING', '')))
    return QUERY_PARAMS.resolve(route, params)


WSGI_COMPONENTS = tuple(
    {wsgi.BodyComponent: BodyComponent(), wsgi.PathComponent: PathComponent()}.get(
        type(component), component
    )
    for component in wsgi.WSGI_COMPONENTS
)
REQUEST_DATA = RequestDataComponent()
QUERY_PARAMS = ValidateQueryParamsComponent()
VALIDATION_COMPONENTS = (
    REQUEST_DATA,
    ValidatePathParamsComponent(),
    QUERY_PARAMS,
    ValidateRequestDataComponent(),
    validation.PrimitiveParamComponent(),
    PathParamComponent(),
    ListParamComponent(),
    ListBodyComponent(),
    CompositeParamComponent(),
    RequestReaderComponent(),
    FilterSetComponent(),
)
