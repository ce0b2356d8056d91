"""What a plan is compiled from, and the plan itself. Data only."""

from __future__ import annotations

import dataclasses
import enum
import inspect
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from django_apistar.accelerate.plan.response_writer import ResponseContext

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from apistar import Route


class Role(enum.Enum):
    """What a built-in component resolves, for those components that a plan can write inline."""

    BODY = enum.auto()
    HEADER = enum.auto()
    HEADERS = enum.auto()
    LIST_BODY = enum.auto()
    PARAMETER = enum.auto()  # of the path or of the query string
    PATH_PARAMS = enum.auto()  # validated
    QUERY_PARAMS = enum.auto()
    REQUEST_DATA = enum.auto()
    TYPE = enum.auto()  # of the body
    VALIDATED_DATA = enum.auto()
    VALIDATED_QUERY = enum.auto()


class Step(Protocol):
    """A call that the injector has planned; see `api.injector.Step`."""

    @property
    def func(self) -> Callable[..., Any]: ...

    @property
    def values(self) -> tuple[tuple[str, Hashable], ...]: ...

    @property
    def consts(self) -> dict[str, Any]: ...

    @property
    def output(self) -> Hashable: ...

    @property
    def function(self) -> int | None: ...

    @property
    def component(self) -> object: ...

    @property
    def parameter(self) -> inspect.Parameter | None: ...


class ComponentStep(Step, Protocol):
    """The call of a component's `resolve`, for a parameter."""

    @property
    def parameter(self) -> inspect.Parameter: ...


@dataclasses.dataclass(frozen=True, slots=True)
class PlanContext:
    """What plans call of their App: the same for all its routes."""

    app: object
    roles: Mapping[type, Role]  # by a component's class
    faults: tuple[type[BaseException], ...]  # exceptions that `recover` answers
    # (exception, environ, start_response, route, keys, variables)
    recover: Callable[..., Iterable[bytes]]
    read_body: Callable[[WSGIEnvironment], bytes]
    decode_body: Callable[[bytes, WSGIEnvironment], object]
    read_json: Callable[[bytes], object]  # for data that only Types see; raises ParseError
    validate_query: Callable[[Route, WSGIEnvironment], object]
    route_name_key: str
    response: ResponseContext


@dataclasses.dataclass(frozen=True, slots=True)
class RouteSpec:
    """A route and what runs for it. `hooks` are classes, or objects that live with the App."""

    route: Route
    name: str
    path: str
    steps: Sequence[Step]  # of on_request…, handler, render_response, …
    types: dict[str, type]  # of all the path's parameters, as the router converts them
    notes: Mapping[str, object]  # for the environ of each request
    hooks: Sequence[object]
    calls: Sequence[tuple[str, int | None]]  # what each planned function is, and its hook
    has_own_rendering: bool  # neither render_response nor finalize_wsgi is overridden


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """A compiled plan: `respond(environ, start_response, path_params)` and its text."""

    respond: Callable[[WSGIEnvironment, StartResponse, dict[str, Any]], Iterable[bytes]]
    text: str
