"""What a benchmark measures: a path of each framework, the frameworks alone, and the floor."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import apistar
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, JsonResponse
from django.test.utils import override_settings
from django.urls import path as django_path
from django.utils.module_loading import import_string
from werkzeug.test import create_environ

from django_apistar.application import get_app, get_route_table
from django_apistar.bench.statistics import rotate
from django_apistar.bench.tools import Load, get_percentile
from django_apistar.dispatch.dispatcher import get_application
from django_apistar.routes.entries import ANY_METHOD, Framework, RouteEntry
from django_apistar.routes.resolution import resolve
from django_apistar.routes.table import RouteTable
from django_apistar.server.launch import DEFAULT_APPLICATION
from django_apistar.server.loading import bind, get_application_name

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = '127.0.0.1'
MESSAGE = {'message': 'Hello, World!'}  # of the targets that are not the project's
_BODY = b'{"message":"Hello, World!"}'
_PROBES = 5
_OWN_PACKAGES = ('apistar', 'django_apistar')


class TargetError(Exception):
    """A target that cannot be measured, in one sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """One thing to measure: an application, and the path that is requested."""

    key: str
    label: str
    path: str = '/'  # as in a URL


FLOOR = Target('floor', 'bare WSGI')
BARE_APISTAR = Target('bare-apistar', 'API Star alone')
BARE_DJANGO = Target('bare-django', 'Django without middleware')
APISTAR = Target('apistar', 'API Star')
DJANGO = Target('django', 'Django')
TARGETS = (APISTAR, DJANGO, BARE_APISTAR, BARE_DJANGO, FLOOR)
_OF_FRAMEWORK = {Framework.APISTAR: APISTAR, Framework.DJANGO: DJANGO}


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """The response of a target to one request, as far as it matters."""

    status: int
    content_type: str
    body_size: int

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300 and self.body_size > 0


# Applications


def build_application(key: str) -> WSGIApplication:
    """Return the WSGI application of a target; the project's as runapistar's workers call it."""
    if key == FLOOR.key:
        return respond
    if key == BARE_APISTAR.key:
        routes = [apistar.Route('/', 'GET', greet)]
        app: WSGIApplication = apistar.App(
            routes=routes, schema_url=None, docs_url=None, static_url=None
        )
        return app
    if key == BARE_DJANGO.key:
        with override_settings(MIDDLEWARE=[]):
            return BareDjango()
    name = get_application_name()
    # Built again where settings have changed since its module was imported.
    own = get_application() if name == DEFAULT_APPLICATION else import_string(name)
    return bind(own)


def respond(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Respond to any request: the least that a WSGI application can do."""
    headers = [('content-length', str(len(_BODY))), ('content-type', 'application/json')]
    start_response('200 OK', headers)
    return [_BODY]


def greet() -> dict[str, str]:
    return MESSAGE


def view(request: HttpRequest) -> JsonResponse:
    """Greet, with the length that CommonMiddleware would add to keep the connection open."""
    response = JsonResponse(MESSAGE, json_dumps_params={'separators': (',', ':')})
    response['Content-Length'] = str(len(response.content))
    return response


class BareRequest(WSGIRequest):
    """A request to the one view: the project's URLconf is not used."""

    urlconf: Any = (django_path('', view),)


class BareDjango(WSGIHandler):
    """Django's WSGI application with one view and no middleware."""

    request_class = BareRequest


def open_to_loopback() -> override_settings:
    """Let requests to 127.0.0.1 pass within this context."""
    return override_settings(
        ALLOWED_HOSTS=[*django_settings.ALLOWED_HOSTS, HOST], SECURE_SSL_REDIRECT=False
    )


# Calls within the process


def build_environ(path: str) -> WSGIEnvironment:
    """Return the environ of a GET of *path*, which is as in a URL."""
    return create_environ(
        path, f'http://{HOST}', headers={'Accept': '*/*'}, environ_base={'REMOTE_ADDR': HOST}
    )


def call(application: WSGIApplication, path: str) -> Answer:
    """Return the answer of *application* to a GET of *path*."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        started[:] = [(status, headers)]
        return _write

    body = application(build_environ(path), start_response)
    try:
        size = sum(map(len, body))
    finally:
        getattr(body, 'close', lambda: None)()
    [(status, headers)] = started
    types = [value for name, value in headers if name.lower() == 'content-type']
    return Answer(int(status[:3]), ''.join(types[:1]).partition(';')[0], size)


def _write(data: bytes) -> None:
    """What PEP 3333 has for old applications, none of which is measured."""
    raise TargetError('An application that calls write() cannot be measured.')


def load_in_process(application: WSGIApplication, path: str, duration_s: float) -> Load:
    """Call *application* again and again for *duration_s* seconds, without a server.

    Raises TargetError.
    """
    times: list[float] = []
    errors = 0
    statuses: list[str] = []
    base = build_environ(path)

    def start_response(
        status: str, headers: object, exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        statuses.append(status)
        return _write

    clock = time.perf_counter
    cpu_before, started = time.thread_time(), clock()
    while (before := clock()) - started < duration_s or not times:
        environ = {**base, 'wsgi.input': io.BytesIO()}
        body = application(environ, start_response)
        for _ in body:
            pass
        if type(body) is not list:
            getattr(body, 'close', lambda: None)()
        times.append(clock() - before)
        errors += statuses.pop()[0] != '2'
    elapsed_s, cpu_s = clock() - started, time.thread_time() - cpu_before
    if errors == len(times):
        raise TargetError(f'{path} is no longer answered with 2xx: {errors} requests of a round.')
    times.sort()
    p50, p90, p99 = (get_percentile(times, percent) for percent in (50, 90, 99))
    return Load(
        len(times) - errors, elapsed_s, times[-1], p50, p90, p99, errors, cpu_s / len(times)
    )


def check_answer(target: Target, answer: Answer) -> None:
    """Raise TargetError unless *answer* is worth measuring."""
    if not answer.is_good:
        raise TargetError(
            f'{target.label} answers {target.path} with {answer.status} and '
            f'{answer.body_size} bytes; only an answer of 2xx with a body is measured.'
        )


# Paths


def find_content_types(own: Iterable[Target]) -> dict[str, str]:
    """Return the content type of the project's targets, by label."""
    application = build_application(APISTAR.key)
    return {target.label: call(application, target.path).content_type for target in own}


def find_paths(wishes: dict[Framework, str | None]) -> tuple[list[Target], list[str]]:
    """Return the project's targets, and remarks on those that cannot be found.

    A framework's path is that of *wishes*, else the cheapest GET. Raises TargetError where a wish
    cannot be met. To be called within `open_to_loopback`.
    """
    application = build_application(APISTAR.key)
    found: list[Target] = []
    remarks: list[str] = []
    for framework, target in _OF_FRAMEWORK.items():
        wish = wishes.get(framework)
        if wish is not None:
            check_path(framework, wish)
            found.append(dataclasses.replace(target, path=quote(wish, safe="/%?&=+:@,;~!$'()*")))
            continue
        path = find_cheapest(application, iter_paths(get_route_table(), framework))
        if path is None:
            remarks.append(
                f'{target.label} has no route without parameters that answers GET with 2xx and a '
                f'body; name one by --{framework.value} PATH.'
            )
        else:
            found.append(dataclasses.replace(target, path=path))
    return found, remarks


def check_path(framework: Framework, path: str) -> None:
    """Raise TargetError unless a GET of *path* leads to a route of *framework*."""
    option = f'--{framework.value} {path!r}'
    if not path.startswith('/'):
        raise TargetError(f'{option}: a path starts with a slash. Write /{path}.')
    found = resolve(get_route_table(), get_app().router, path.partition('?')[0])
    if found.framework is not framework:
        raise TargetError(
            f'{option} does not lead to {_OF_FRAMEWORK[framework].label}. {found.rule}'
        )
    if found.status != 200:
        near = ', '.join(dict.fromkeys(miss.entry.path for miss in found.near))
        hint = f' Did you mean {near}?' if near else ' apistar_routes lists the paths.'
        raise TargetError(f'{option}: GET is answered with {found.status}.{hint}')


def iter_paths(table: RouteTable, framework: Framework) -> Iterator[str]:
    """Yield the reachable paths of GET routes without parameters, as in a URL."""
    entries = table.apistar_entries if framework is Framework.APISTAR else table.django_entries
    paths = [_get_plain_path(entry) for entry in entries if _is_candidate(table, entry)]
    yield from dict.fromkeys(quote(path) for path in paths if path)


def _is_candidate(table: RouteTable, entry: RouteEntry) -> bool:
    """Whether *entry* takes GET and is the project's own: schema and documentation are not."""
    module = getattr(entry.handler, '__module__', '') or ''
    is_own = entry.framework is Framework.APISTAR and module.split('.')[0] in _OWN_PACKAGES
    takes_get = entry.methods == ANY_METHOD or 'GET' in entry.methods
    return takes_get and not is_own and table.is_reachable(entry)


def _get_plain_path(entry: RouteEntry) -> str:
    """Return the path of *entry*, '' where it has parameters."""
    path = entry.path
    if entry.framework is Framework.DJANGO:
        path = path.replace('^', '').removesuffix('$').removesuffix('\\Z')
    return '' if set(path) & set('{<([\\*+?|') else path


def find_cheapest(application: WSGIApplication, paths: Iterable[str]) -> str | None:
    """Return the path that is answered fastest, with 2xx and a body; None if there is none."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # of paths that answer with an error
    try:
        times = {path: _time(application, path) for path in paths if _is_good(application, path)}
    finally:
        logging.disable(disabled)
    return min(times, key=times.__getitem__, default=None)


def _is_good(application: WSGIApplication, path: str) -> bool:
    with contextlib.suppress(Exception):
        return call(application, path).is_good
    return False


def _time(application: WSGIApplication, path: str) -> float:
    """Return the seconds of the fastest of some calls."""
    times = []
    for _ in range(_PROBES):
        started = time.perf_counter()
        call(application, path)
        times.append(time.perf_counter() - started)
    return min(times)


# Rounds


def take_turns(
    loads: dict[str, Callable[[float], Load]],
    rounds: int,
    duration_s: float,
    warm_up_s: float,
    on_turn: Callable[[int, str], object],
) -> dict[str, list[Load]]:
    """Return the Loads of each target, by key. Each round starts with another target.

    *on_turn* is called with the number of the round, 0 for the warm-up, and the target's key.
    """
    taken: dict[str, list[Load]] = {key: [] for key in loads}
    for number in range(rounds + 1):
        for key in rotate(list(loads), number):
            on_turn(number, key)
            load = loads[key](duration_s if number else warm_up_s)
            if number:
                taken[key].append(load)
    return taken
