"""Answers requests with compiled plans, one for each route that can have one.

Only this module, and `querysets` for it, import `accelerate`; but `application` imports what
compiles the constructors of Types.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from apistar import Route, exceptions
from apistar.http import Response
from apistar.server import validation, wsgi
from django.core.serializers.json import DjangoJSONEncoder

from django_apistar.accelerate.json.encoder import (
    build_encoder,
    build_json_writer,
    find_loads,
    find_plain_dumps,
)
from django_apistar.accelerate.json.flat_types import compile_document
from django_apistar.accelerate.lookup import DIGITS, NUMBER, STRING, Lookup, Segment
from django_apistar.accelerate.plan.compiler import check_plan, compile_plan
from django_apistar.accelerate.plan.response_writer import ResponseContext
from django_apistar.accelerate.plan.scope import NotPlannableError
from django_apistar.accelerate.plan.spec import Plan, PlanContext, Role, RouteSpec
from django_apistar.api import body, components, errors, problems, querysets, responses
from django_apistar.api.environ_keys import ROUTE_NAME_KEY
from django_apistar.api.hooks import create_hooks
from django_apistar.api.injector import Injector
from django_apistar.api.matching import Miss, look_up
from django_apistar.api.responders import AppParts, Found, Respond, without_body
from django_apistar.api.stepped import Exchange, Stepped
from django_apistar.api.transactions import make_atomic
from django_apistar.compat.fields import is_type
from django_apistar.compat.path_template import TEXT, PathParameter, split_segments
from django_apistar.routes.entries import APIStarEntry, parameter_types

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)
_UNCOMPILED = (
    '%s %s cannot be compiled, by a fault of django_apistar; it is answered step by step, '
    'with the same answers. Report it with this traceback.'
)

Made = TypeVar('Made')
# The Lookup's name of each converter of a rule, and of each type of a parameter in braces.
KINDS = {TEXT: STRING, '{str}': STRING, '{int}': NUMBER, 'int': DIGITS}
ROLES: dict[type, Role] = {
    components.BodyComponent: Role.BODY,
    components.CompositeParamComponent: Role.TYPE,
    components.ListBodyComponent: Role.LIST_BODY,
    components.RequestDataComponent: Role.REQUEST_DATA,
    components.ValidatePathParamsComponent: Role.PATH_PARAMS,
    components.ValidateQueryParamsComponent: Role.VALIDATED_QUERY,
    components.ValidateRequestDataComponent: Role.VALIDATED_DATA,
    validation.PrimitiveParamComponent: Role.PARAMETER,
    wsgi.HeaderComponent: Role.HEADER,
    wsgi.HeadersComponent: Role.HEADERS,
    wsgi.QueryParamsComponent: Role.QUERY_PARAMS,
}


class Compiled:
    """The responder that compiles each route's plan on first use, and keeps it.

    Lives as long as its App. What has no plan goes to *stepped*, with the route that was found.
    """

    def __init__(self, app: AppParts, stepped: Stepped) -> None:
        self._app = app
        self._stepped = stepped
        self._has_own_rendering = stepped.overridden.isdisjoint(
            ('render_response', 'finalize_wsgi')
        )
        # Whether neither a hook nor an override takes part in the answer to an HTTPException.
        self._answers_plainly = (
            self._has_own_rendering
            and 'exception_handler' not in stepped.overridden
            and not app.event_hooks
            and not app.sends_problems
        )
        self.json_writer = build_json_writer(app.encode_default, fast=_is_fast(app))
        self._context = self._build_context()
        self._entries = app.router.entries
        self._lookup = Lookup(
            ([*_describe_segments(entry)], entry.methods[0]) for entry in self._entries
        )
        self._positions = {id(entry.route): n for n, entry in enumerate(self._entries)}
        self._plans: dict[int, Plan | None] = {}

    # Requests

    def find(self, path_info: str, method: str) -> Found:
        """See Responder. Only what answers a route is lasting."""
        found = self._lookup.find(path_info, method)
        if not isinstance(found, tuple):
            if method != method.upper():
                return self.find(path_info, method.upper())
            match = self._ask_router(path_info, method) if found is None else Miss(found)
            if isinstance(match, Miss):
                refuse: Respond = self._refuse
                return without_body(refuse) if method == 'HEAD' else refuse, match, False
            found = match
        position, params = found
        plan = self._plans.get(position) or self.get_plan(position)
        respond: Respond = self._stepped.respond if plan is None else plan.respond
        argument = (self._entries[position].route, params) if plan is None else params
        return without_body(respond) if method == 'HEAD' else respond, argument, True

    def _ask_router(self, path_info: str, method: str) -> tuple[int, dict[str, Any]] | Miss:
        """Ask the router, for paths that the Lookup does not know: redirects, floats, wildcards."""
        try:
            match = look_up(self._app.router, path_info, method)
        except exceptions.NotFound:
            return Miss()
        return match if isinstance(match, Miss) else (self._positions[id(match[0])], match[1])

    def _refuse(
        self, environ: WSGIEnvironment, start_response: StartResponse, miss: Miss
    ) -> Iterable[bytes]:
        """Answer a request that has no route."""
        exc = miss.build_exception(environ)
        body = self._answer_plainly(exc, environ, start_response)
        return self._stepped.respond(environ, start_response, miss) if body is None else body

    def _answer_plainly(
        self, exc: BaseException, environ: WSGIEnvironment, start_response: StartResponse
    ) -> list[bytes] | None:
        """Send what an Exchange would for an HTTPException in an App without hooks.

        Returns None where an Exchange is needed after all.
        """
        if not (
            self._answers_plainly
            and isinstance(exc, exceptions.HTTPException)
            and exc.status_code in responses.PLAIN_STATUSES
            and not problems.are_preferred(environ, is_default=False)
        ):
            return None
        try:
            content = self._context.response.encode(exc.detail)
            headers = [(name.lower(), str(value)) for name, value in exc.get_headers().items()]
            responses.check_headers(headers)
        except Exception:
            return None
        errors.warn(exc, environ)
        status_line = responses.STATUS_LINES[exc.status_code]
        return responses.send_json(
            start_response, status_line, content, headers, self._app.extra_headers
        )

    def _recover(
        self,
        exc: BaseException,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        route: Route,
        keys: dict[str, Any],
        variables: dict[str, Any],
    ) -> Iterable[bytes]:
        """Answer *exc*, or let an Exchange do it with what the plan has resolved so far."""
        variables.pop('exc', None)  # Kept by the plan's frame, it would be a cycle.
        body = self._answer_plainly(exc, environ, start_response)
        if body is not None:
            return body
        exchange = Exchange(self._stepped, environ, start_response)
        exchange.hooks = variables.get('hooks', [])
        exchange.entered = variables.get('entered', [])
        exchange.responded = variables.get('responded', [])
        exchange.state.update(
            {key: variables[name] for name, key in keys.items() if name in variables},
            route=route,
            path_params=dict(variables['path_params']),
            response=variables.get('response'),
        )
        return exchange.recover(exc)

    # Plans

    def is_compiled(self, route: Route) -> bool:
        """See Responder. Compiles no plan for it."""
        position = self._positions[id(route)]
        if position in self._plans:
            return self._plans[position] is not None
        return self._make(self._entries[position], _can_plan) is not None

    def get_plan(self, position: int) -> Plan | None:
        """Return the plan of the route at *position* among the router's entries, if it has one."""
        try:
            return self._plans[position]
        except KeyError:
            plan = self._plans[position] = self._make(self._entries[position], compile_plan)
            return plan

    def _make(
        self, entry: APIStarEntry, make: Callable[[RouteSpec, PlanContext], Made]
    ) -> Made | None:
        """Return the result of *make* for a route, None if it can have no plan."""
        if entry.route.standalone:
            return None
        try:
            spec = self._build_spec(entry)
        except Exception:
            # A mistake in a handler, a hook or a component: an Exchange answers it.
            return None
        try:
            return make(spec, self._context)
        except NotPlannableError:
            return None
        except Exception:
            logger.warning(_UNCOMPILED, entry.methods[0], entry.path, exc_info=True)
            return None

    def _build_spec(self, entry: APIStarEntry) -> RouteSpec:
        calls = [*self._list_calls(entry.route)]
        injector = self._app.injector
        assert isinstance(injector, Injector)  # Else the App has no plans.
        steps = injector.plan([func for _, _, func in calls], ())
        return RouteSpec(
            route=entry.route, name=entry.name, path=entry.path,
            steps=steps, types=parameter_types(entry), hooks=[*(self._app.event_hooks or ())],
            calls=[(what, number) for what, number, _ in calls],
            has_own_rendering=self._has_own_rendering,
            notes=self._stepped.list_notes(entry.route),
        )  # fmt: skip

    def _list_calls(self, route: Route) -> Iterator[tuple[str, int | None, Any]]:
        """Yield (what it is, the number of its hook, the function) of each call, in order."""
        app, hooks = self._app, [*enumerate(create_hooks(self._app))]
        for number, hook in hooks:
            if hasattr(hook, 'on_request'):
                yield 'on_request', number, hook.on_request
        for guard in self._stepped.list_guards(route):
            yield 'guard', None, guard
        yield 'handler', None, make_atomic(self._stepped.get_handler(route))
        yield 'render_response', None, app.render_response
        for number, hook in reversed(hooks):
            if hasattr(hook, 'on_response'):
                yield 'on_response', number, hook.on_response
        yield 'finalize_wsgi', None, app.finalize_wsgi

    def _build_context(self) -> PlanContext:
        app = self._app
        encode = build_encoder(app.encode_default, fast=_is_fast(app))
        return PlanContext(
            app=app,
            roles=ROLES,
            faults=errors.FAULTS,
            recover=self._recover,
            read_body=body.read_body,
            decode_body=components.decode_body,
            read_json=body.JSONCodec(find_loads(fast=_is_fast(app))).read,
            validate_query=components.validate_query,
            route_name_key=ROUTE_NAME_KEY,
            response=ResponseContext(
                encode=encode,
                plain_dumps=find_plain_dumps(fast=_is_fast(app)),
                build_response=_build_response_builder(app, encode),
                finalize=lambda response: responses.finalize(response, app.extra_headers),
                body_of=responses.get_body,
                render_rows=self._find_row_renderer,
                write_rows=self._find_row_writer,
                find_type=self._find_type,
                lengths=responses.LENGTHS,
                extra_headers=app.extra_headers,
            ),
        )

    def _find_row_renderer(self, handler: Any) -> Callable[[Any], Any] | None:
        """Return the renderer of a QuerySet, for a handler annotated `-> List[Type]`."""
        item = responses.get_row_type(responses.get_return_annotation(handler))
        return _check_page(handler, querysets.build_renderer(item)) if is_type(item) else None

    def _find_row_writer(self, handler: Any) -> Callable[[Any], bytes | None] | None:
        item = responses.get_row_type(responses.get_return_annotation(handler))
        write = querysets.build_writer(item, self.json_writer) if is_type(item) else None
        return None if write is None else _check_page(handler, write)

    def _find_type(self, handler: Any) -> tuple[Any, Callable[[Any], bytes]] | None:
        cls = responses.get_return_annotation(handler)
        if not is_type(cls):
            return None
        return cls, compile_document(cls, self.json_writer, self._context.response.encode)


def _describe_segments(entry: APIStarEntry) -> Iterator[Segment]:
    """Yield each segment of the path, for the Lookup."""
    types = parameter_types(entry)
    for parts in split_segments(entry.path):
        match parts:
            case [] | [str()]:
                yield ''.join(parts)  # type: ignore[arg-type]  # no PathParameter is in it
            case [PathParameter(name=name, arguments='') as parameter] if name:
                kind = parameter.converter or f'{{{types[name].__name__}}}'
                yield (name, KINDS[kind]) if kind in KINDS else None
            case _:
                yield None


def _can_plan(spec: RouteSpec, context: PlanContext) -> bool:
    check_plan(spec, context)
    return True


def _check_page(handler: Any, render: Callable[[object], object]) -> Callable[[Any], Any]:
    """Return *render*, which refuses bare rows where *handler* is annotated `-> Page[Type]`."""
    if not responses.is_page_of_rows(responses.get_return_annotation(handler)):
        return render

    def render_page(value: Any) -> Any:
        responses.check_page(value, handler)
        return render(value)

    return render_page


def _is_fast(app: AppParts) -> bool:
    """Return whether orjson is installed and writes what the App's JSON encoder would."""
    return app.json_encoder is DjangoJSONEncoder


def _build_response_builder(
    app: AppParts, encode: Callable[[object], bytes]
) -> Callable[[object], Response]:
    """Return a function that does as the App's render_response, with the compiled encoder."""

    def build_response(value: object) -> Response:
        kind = value.__class__
        if kind is dict or kind is list:
            return responses.build_json_response(encode(value))
        return responses.build_response(value, app.encode_default)

    return build_response
