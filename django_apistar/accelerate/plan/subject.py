"""What a plan is made of, and what is made: data for `plan`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django_apistar.accelerate.plan.response_writer import AnswerTools

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from apistar import App, Route


@dataclasses.dataclass(frozen=True, slots=True)
class Tools:
    """What a plan calls of the App's: the same for all its routes."""

    app: App
    faults: tuple[type[BaseException], ...]  # what is recovered from
    recover: Callable[
        ..., Iterable[bytes]
    ]  # (exception, environ, start_response, route, keys, variables)
    read_body: Callable[[WSGIEnvironment], bytes]
    decode_body: Callable[[bytes, WSGIEnvironment], object]
    read_json: Callable[[bytes], object]  # where only Types see the data; raises ParseError
    validate_query: Callable[[Route, WSGIEnvironment], object]
    route_name_key: str
    answer: AnswerTools


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """A route and what runs for it. `hooks` are classes, or objects that live with the App."""

    route: Route
    name: str
    path: str
    steps: Sequence[Any]  # of on_request…, handler, render_response, …
    types: dict[str, type]  # of all the path's parameters, as the router converts them
    hooks: Sequence[object]
    calls: Sequence[tuple[str, int | None]]  # what each planned function is, and its hook
    uses_own_rendering: bool  # neither render_response nor finalize_wsgi is overridden


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """A compiled plan: `respond(environ, start_response, path_params)` and its text."""

    respond: Callable[[WSGIEnvironment, StartResponse, dict[str, Any]], Iterable[bytes]]
    text: str
