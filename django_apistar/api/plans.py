"""The App's compiled plans: which routes have one, and where a request finds it.

The only module that uses `accelerate`; without it the App serves every request by an Exchange.
"""

import inspect
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from apistar import exceptions
from django.core.serializers.json import DjangoJSONEncoder

from django_apistar.accelerate.json.encoder import build_encoder, build_style, find_plain_dumps
from django_apistar.accelerate.json.flat_types import compile_document
from django_apistar.accelerate.lookup import DIGITS, NUMBER, STRING, Lookup, Miss, Segment
from django_apistar.accelerate.plan.compiler import NotPlannableError, check_plan, compile_plan
from django_apistar.accelerate.plan.response_writer import AnswerTools
from django_apistar.accelerate.plan.subject import Plan, Subject, Tools
from django_apistar.api import body, errors, querysets, responses
from django_apistar.api.exchange import ROUTE_NAME_KEY, Exchange
from django_apistar.compat.fields import get_item, is_type
from django_apistar.compat.path_template import TEXT, PathParameter, split_segments
from django_apistar.compat.signatures import get_signature
from django_apistar.routes.entries import APIStarEntry, parameter_types

logger = logging.getLogger(__name__)
_UNCOMPILED = (
    '%s %s cannot be compiled, by a fault of django_apistar; it is answered step by step, '
    'with the same answers. Report it with this traceback.'
)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Made = TypeVar('Made')
Respond = Callable[[Environ, StartResponse, Any], Iterable[bytes]]
# What the Lookup calls a rule's converter, and braces of a type.
KINDS = {TEXT: STRING, '{str}': STRING, '{int}': NUMBER, 'int': DIGITS}


class Plans:
    """Compiled on first use, one for each route; lives as long as its App."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.style = build_style(app.encode_default, fast=_is_fast(app))
        self.tools = self._build_tools()
        self.entries = app.router.entries
        self.lookup = Lookup(
            ([*_describe_segments(entry)], entry.methods[0]) for entry in self.entries
        )
        self._positions = {id(entry.route): n for n, entry in enumerate(self.entries)}
        self._plans: dict[int, Plan | None] = {}
        self._answers_plainly = app.answers_plainly

    def find(self, path_info: str, method: str) -> tuple[Respond, Any]:
        """Return what answers *method* for *path_info*, and its third argument.

        That is a dict, the path's parameters, where the route's plan answers: then the two
        serve every such request.
        """
        found = self.lookup.find(path_info, method)
        if type(found) is tuple:
            position, params = found
            plan = self._plans.get(position) or self.get_plan(position)
            if plan is not None and method != 'HEAD':
                return plan.respond, params
        elif method != method.upper():
            return self.find(path_info, method.upper())
        return self.app.respond_to_any, found

    def respond(
        self,
        environ: Environ,
        start_response: StartResponse,
        found: tuple[int, dict[str, Any]] | Miss | None,
    ) -> Iterable[bytes]:
        """Answer a request for what the lookup has *found*, by a plan or by an Exchange."""
        if isinstance(found, Miss):
            miss = self.app.build_miss(found.methods, environ['REQUEST_METHOD'].upper())
            return self._refuse(miss, environ, start_response)
        try:
            position, params = found or self._ask_router(environ)
        except exceptions.HTTPException as exc:
            return self._refuse(exc, environ, start_response)
        plan = self.get_plan(position)
        if plan is None:
            return Exchange(self.app, environ, start_response).respond()
        respond: Respond = plan.respond
        return respond(environ, start_response, params)

    def _refuse(
        self, exc: exceptions.HTTPException, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer a request that has no route."""
        body = self._answer(exc, environ, start_response)
        return body or Exchange(self.app, environ, start_response).respond()

    def _ask_router(self, environ: Environ) -> tuple[int, dict[str, Any]]:
        route, params = self.app.find_route(environ)
        return self._positions[id(route)], params

    def _answer(
        self, exc: BaseException, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> list[bytes] | None:
        """Send what an Exchange would for an HTTPException in an App without hooks.

        None where it takes an Exchange after all.
        """
        if not (
            self._answers_plainly
            and isinstance(exc, exceptions.HTTPException)
            and exc.status_code in responses.PLAIN_STATUSES
        ):
            return None
        try:
            content = self.tools.answer.encode(exc.detail)
            headers = [(name.lower(), str(value)) for name, value in exc.get_headers().items()]
            responses.check_headers(headers)
        except Exception:
            return None
        errors.warn(exc, environ)
        start_response(
            responses.STATUS_LINES[exc.status_code],
            [
                *headers,
                ('content-length', str(len(content))),
                ('content-type', 'application/json'),
                *self.tools.answer.extra_headers,
            ],
        )
        return [content]

    def _recover(
        self,
        exc: BaseException,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
        route: Any,
        keys: dict[str, Any],
        variables: dict[str, Any],
    ) -> Iterable[bytes]:
        """Answer *exc*, or let an Exchange do it with what the plan has resolved so far."""
        variables.pop('exc', None)  # Kept by the plan's frame, it would be a cycle.
        body = self._answer(exc, environ, start_response)
        if body is not None:
            return body
        exchange = Exchange(self.app, environ, start_response)
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

    def is_compiled(self, route: Any) -> bool:
        """Whether *route* has a plan, or will have one at its first request."""
        position = self._positions[id(route)]
        if position in self._plans:
            return self._plans[position] is not None
        return self._make(self.entries[position], _can_plan) is not None

    def get_plan(self, position: int) -> Plan | None:
        """Return the plan of the route at *position* among the router's entries, if it has one."""
        try:
            return self._plans[position]
        except KeyError:
            plan = self._plans[position] = self._make(self.entries[position], compile_plan)
            return plan

    def _make(self, entry: Any, make: Callable[[Subject, Tools], Made]) -> Made | None:
        """Return what *make* makes of a route, None for one without a plan."""
        if entry.route.standalone:
            return None
        try:
            subject = self._build_subject(entry)
        except Exception:
            # A mistake in a handler, a hook or a component: the Exchange meets it, and answers.
            return None
        try:
            return make(subject, self.tools)
        except NotPlannableError:
            return None
        except Exception:
            logger.warning(_UNCOMPILED, entry.methods[0], entry.path, exc_info=True)
            return None

    def _build_subject(self, entry: Any) -> Subject:
        app = self.app
        hooks = list(app.event_hooks or ())
        objects = app.create_hooks()
        calls: list[tuple[str, int | None]] = []
        funcs: list[Any] = []

        def add(what: str, func: Any, hook: int | None = None) -> None:
            calls.append((what, hook))
            funcs.append(func)

        for number, hook in enumerate(objects):
            if hasattr(hook, 'on_request'):
                add('on_request', hook.on_request, number)
        add('handler', app.get_handler(entry.route))
        add('render_response', app.render_response)
        for number, hook in reversed(list(enumerate(objects))):
            if hasattr(hook, 'on_response'):
                add('on_response', hook.on_response, number)
        add('finalize_wsgi', app.finalize_wsgi)
        return Subject(
            route=entry.route, name=entry.name, path=entry.path,
            steps=app.injector.plan(funcs, ()), types=parameter_types(entry), hooks=hooks,
            calls=calls, uses_own_rendering=app.uses_own_rendering,
        )  # fmt: skip

    def _build_tools(self) -> Tools:
        app = self.app
        encode = _build_encode(app)
        return Tools(
            app=app,
            faults=errors.FAULTS,
            recover=self._recover,
            read_body=body.read_body,
            decode_body=app.decode_body,
            read_json=body.JSONCodec(fast=_is_fast(app)).read,
            validate_query=app.validate_query,
            route_name_key=ROUTE_NAME_KEY,
            answer=AnswerTools(
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
        """Return what makes plain data of a QuerySet, for a handler annotated `-> List[Type]`."""
        item = get_item(_get_return_annotation(handler))
        return querysets.build_renderer(item) if is_type(item) else None

    def _find_row_writer(self, handler: Any) -> Callable[[Any], bytes | None] | None:
        item = get_item(_get_return_annotation(handler))
        return querysets.build_writer(item, self.style) if is_type(item) else None

    def _find_type(self, handler: Any) -> tuple[Any, Callable[[Any], bytes]] | None:
        cls = _get_return_annotation(handler)
        if not is_type(cls):
            return None
        return cls, compile_document(cls, self.style, self.tools.answer.encode)


def _describe_segments(entry: APIStarEntry) -> Iterator[Segment]:
    """Yield each segment of the path, for the Lookup."""
    types = parameter_types(entry)
    for parts in split_segments(entry.path):
        match parts:
            case [] | [str()]:
                yield ''.join(parts)  # type: ignore[arg-type]
            case [PathParameter(name=name, arguments='') as parameter] if name:
                kind = parameter.converter or f'{{{types[name].__name__}}}'
                yield (name, KINDS[kind]) if kind in KINDS else None
            case _:
                yield None


def _can_plan(subject: Subject, tools: Tools) -> bool:
    check_plan(subject, tools)
    return True


def _get_return_annotation(handler: Any) -> Any:
    return get_signature(inspect.unwrap(handler)).return_annotation


def _build_encode(app: Any) -> Callable[[Any], bytes]:
    """Return the encoder of *app*: orjson's, where it is installed and writes the same bytes."""
    # Not the cached one: it would keep the App alive.
    return build_encoder.__wrapped__(app.encode_default, fast=_is_fast(app))


def _is_fast(app: Any) -> bool:
    """Whether orjson, where it is installed, writes what the App's JSON encoder would."""
    return app.json_encoder is DjangoJSONEncoder


def _build_response_builder(app: Any, encode: Callable[[Any], bytes]) -> Callable[[Any], Any]:
    """Return what the App's render_response does, with the compiled encoder for plain data."""

    def build_response(value: Any) -> Any:
        kind = value.__class__
        if kind is dict or kind is list:
            return responses.build_json_response(encode(value))
        return responses.build_response(value, app.encode_default)

    return build_response
