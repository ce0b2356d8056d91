"""Requests leave nothing behind: what stays is the same after many as after a few.

API Star kept 2 to 6 kB of each request where a hook is a class, 164 MB of paths, and every body
that a hook had seen (L1, L2, L5, L7 of explanation/compatibility.md). `LEAK_REQUESTS` sets how many
requests each case makes: 100,000 for the whole proof. Few are enough, as the limits are in
proportion: what stays of none is 112 bytes at most.
"""

import gc
import io
import os
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from apistar import Include, Route, exceptions, http, types, validators

from management_tests.support.oracle import Request, both_modes, build, quiet

REQUESTS = int(os.environ.get('LEAK_REQUESTS', '500'))
WITHOUT_HOOKS = max(REQUESTS // 10, 250)
# What is enough where no cache takes anything of a request. And more than caches hold: then they
# are full, and their dicts have grown.
WARM_UP, LONG_WARM_UP = 100, 1500
# Bytes: one pointer kept of each request would be more, with a hook; without, one small object.
ALLOWED, ALLOWED_WITHOUT_HOOKS = min(8192, 5 * REQUESTS), min(65536, 32 * WITHOUT_HOOKS)

pytestmark = pytest.mark.slow


class Item(types.Type):
    name = validators.String()


class Keeping:
    """A hook that keeps what it has seen as long as it lives."""

    def on_request(self, body: http.Body, headers: http.Headers, params: http.QueryParams) -> None:
        self.seen = [body, headers, params, 'x' * 1000]

    def on_response(self, response: http.Response) -> None:
        self.seen.append(response)

    def on_error(self, exc: Exception) -> None:
        self.seen.append(exc)


def hello() -> dict:
    return {'message': 'hello'}


def show(name: str, q: str = '') -> dict:
    return {'name': name, 'q': q}


def create(item: Item) -> Item:
    return item


def fail() -> None:
    raise ZeroDivisionError


def refuse(name: str) -> None:
    raise exceptions.BadRequest({'name': name})


ROUTES = [
    ('/', 'GET', hello), ('/show/{name}/', 'GET', show), ('/rest/{+name}', 'GET', show, 'rest'),
    ('/items/', 'POST', create), ('/fail/', 'GET', fail), ('/refuse/{name}', 'GET', refuse),
]  # fmt: skip


def number_text(number: int) -> str:
    return f'{number:08}'


def post(body: bytes) -> Request:
    return Request('/items/', 'POST', '', body, 'application/json')


CASES: dict[str, Callable[[int], Request]] = {
    'the same path': lambda n: Request('/'),
    'another path of 8 kB': lambda n: Request(f'/rest/{number_text(n) * 1000}'),
    'another short path': lambda n: Request(f'/show/{number_text(n)}/'),
    'another path that is redirected': lambda n: Request(f'/show/{number_text(n)}'),
    'another query string': lambda n: Request('/show/x/', query=f'q={number_text(n) * 10}'),
    'another missing path': lambda n: Request(f'/nope/{number_text(n) * 10}'),
    'a wrong method': lambda n: Request(f'/show/{number_text(n)}/', 'DELETE'),
    'another method': lambda n: Request('/', f'M{number_text(n)}'),
    'a body': lambda n: post(b'{"name": "%08d"}' % n),
    'an invalid body': lambda n: post(b'{"%080d": 1}' % n),  # orjson keeps 2,048 shorter names
    'a failing handler': lambda n: Request('/fail/', query=f'q={n}'),
    'a refusing handler': lambda n: Request(f'/refuse/{number_text(n)}'),
}
CACHED = ('another short path', 'a refusing handler')  # short, of a route with a parameter
PROMISED = (
    'the same path', 'another path of 8 kB', 'another missing path', 'a failing handler', 'a body'
)  # fmt: skip


def ignore(*args: Any) -> None:
    """The start_response of a server that sends nothing."""


def measure_growth(app: Any, case: str, requests: int) -> int:
    """Return by how many bytes *app* has grown after *requests* requests of *case*."""
    make_request = CASES[case]
    warm_up = LONG_WARM_UP if case in CACHED else WARM_UP

    def run(numbers: range) -> None:
        for number in numbers:
            app(make_request(number).build_environ(), ignore)

    tracemalloc.start()  # before the caches fill: what they replace must count as freed
    try:
        run(range(warm_up))
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        run(range(warm_up, warm_up + requests))
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


@both_modes
@pytest.mark.parametrize('case', PROMISED)
def test_memory_stays_flat_with_a_class_hook(app_class, case):
    app = build(app_class, *(Route(*route) for route in ROUTES), hooks=[Keeping])

    with quiet():
        growth = measure_growth(app, case, REQUESTS)

    assert growth < ALLOWED


@both_modes
@pytest.mark.parametrize('case', CASES)
def test_memory_stays_flat_without_hooks(app_class, case):
    app = build(app_class, *(Route(*route) for route in ROUTES))

    with quiet():
        growth = measure_growth(app, case, WITHOUT_HOOKS)

    assert growth < ALLOWED_WITHOUT_HOOKS


@both_modes
def test_hook_objects_go_with_their_request(app_class):
    """L1: 50 requests with a body of 100 kB kept 50 objects and 5.2 MB."""
    alive: weakref.WeakSet[Any] = weakref.WeakSet()

    class Watched(Keeping):
        def __init__(self) -> None:
            alive.add(self)

    app = build(app_class, *(Route(*route) for route in ROUTES), hooks=[Watched])
    gc.collect()
    gc.disable()
    try:
        for path in ('/', '/nope', '/refuse/x', '/show/x'):
            app(Request(path, 'GET', '', b'x' * 100_000).build_environ(), ignore)
        left = len(alive)
    finally:
        gc.enable()

    assert left == 0


@both_modes
def test_body_of_a_failing_request_goes_with_it(app_class):
    """L9"""

    class Body(io.BytesIO):
        pass

    app = build(app_class, *(Route(*route) for route in ROUTES))
    environ = Request('/fail/').build_environ()
    environ['wsgi.input'] = body = Body(b'x')
    gone = weakref.ref(body)

    with quiet():
        app(environ, ignore)
    del environ, body

    assert gone() is None


@both_modes
def test_an_app_goes_with_its_plans(app_class):
    app = build(app_class, Include('/a', 'a', [Route('/{name}/', 'GET', show)]), hooks=[Keeping])
    app(Request('/a/x/').build_environ(), ignore)
    gone = weakref.ref(app)

    del app
    gc.collect()

    assert gone() is None


@pytest.mark.case('D15')
@both_modes
def test_parameters_that_a_hook_changes_are_its_own(app_class):
    """L8: the next request saw them."""

    class Poison:
        def on_request(self, params: http.PathParams) -> None:
            params['name'] += '!'

    def handler(name: str, params: http.PathParams) -> list:
        return [name, params['name']]

    app = build(app_class, Route('/{name}/', 'GET', handler), hooks=[Poison])

    # As the dispatcher does, which looks a path up once.
    respond, found, _ = app.responder.find('/x/', 'GET')
    bodies = [respond(Request('/x/').build_environ(), ignore, found) for _ in range(3)]

    assert bodies == [[b'["x!","x!"]']] * 3
