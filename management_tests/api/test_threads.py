"""Threads share an App and nothing of their requests (L3, L4, L6 of compatibility.md)."""

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from apistar import Component, Route, exceptions, http, types, validators

from django_apistar.application import App
from management_tests.support.oracle import Answer, Request, both_modes, build, quiet, send

pytestmark = [pytest.mark.once, pytest.mark.slow]
THREADS = 64
ROUNDS = 20


class Item(types.Type):
    name = validators.String()
    tags = validators.Array(items=validators.String(), default=[])


class Caller:
    def __init__(self, name: str) -> None:
        self.name = name


class CallerComponent(Component):
    def resolve(self, x_caller: http.Header) -> Caller:
        return Caller(x_caller)


class Stamp:
    def on_request(self, x_caller: http.Header) -> None:
        self.caller = x_caller

    def on_response(self, response: http.Response, caller: Caller) -> None:
        response.headers['X-Stamp'] = f'{self.caller} {caller.name}'


class Counting:
    def on_response(self, response: http.Response, caller: Caller) -> None:
        response.headers['X-Stamp'] = str(caller.name)


def create(pk: int, item: Item, caller: Caller, q: str, params: http.PathParams) -> list:
    item.tags.append(caller.name)
    return [pk, item, caller.name, q, params['pk']]


def show(name: str, caller: Caller) -> list:
    if name.endswith('7'):
        raise exceptions.BadRequest([name, caller.name])
    return [name, caller.name]


@pytest.fixture(autouse=True)
def quick_switches() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def hammer(work: Callable[[int], None]) -> list[BaseException]:
    """Run *work* in 64 threads that begin together; return what went wrong."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> None:
        barrier.wait()
        try:
            work(number)
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def check(answer: Answer, code: int, value: Any, stamp: str | None) -> None:
    assert (answer.code, answer.json(), answer.get('x-stamp')) == (code, value, stamp)


@both_modes
@pytest.mark.parametrize('hooks', [(), (Stamp,)], ids=['no hooks', 'a class hook'])
def test_no_value_crosses_from_one_thread_to_another(app_class, hooks):
    app = build(
        app_class, Route('/items/{pk}/', 'POST', create), Route('/show/{name}/', 'GET', show),
        components=[CallerComponent()], hooks=hooks,
    )  # fmt: skip

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            me = f'{number}-{turn}'
            headers, stamp = (('X_CALLER', me),), f'{me} {me}' if hooks else None
            body = b'{"name": "%d"}' % number
            request = Request(
                f'/items/{number}/', 'POST', f'q={me}', body, 'application/json', headers
            )
            item = {'name': str(number), 'tags': [me]}
            check(send(app, request), 200, [number, item, me, me, number], stamp)
            code = 400 if me.endswith('7') else 200
            check(send(app, Request(f'/show/{me}/', headers=headers)), code, [me, me], stamp)

    with quiet():
        assert hammer(work) == []


@pytest.mark.case('D16')
@both_modes
def test_many_paths_in_many_threads(app_class):
    """L6: a full cache raised KeyError and RuntimeError out of the look-up."""
    app = build(app_class, Route('/{+name}', 'GET', lambda name: {'name': name}, name='show'))

    def work(number: int) -> None:
        for turn in range(ROUNDS * 4):
            name = f'{number}/{turn}/é'
            path = f'/{name}'.encode().decode('latin-1')
            check(send(app, Request(path)), 200, {'name': name}, None)

    assert hammer(work) == []


def test_hook_that_is_an_object_is_shared():
    """L3 is kept: an object in EVENT_HOOKS is one object. Write the class to have one each."""
    hook = Stamp()
    app = build(
        App, Route('/show/{name}/', 'GET', show), components=[CallerComponent()], hooks=[hook]
    )

    send(app, Request('/show/x/', headers=(('X_CALLER', 'me'),)))

    assert hook.caller == 'me'


@both_modes
def test_first_requests_may_come_together(app_class):
    """Plans are made at the first request of each route, in any thread."""

    def handler(q: int, item: Item) -> list:
        return [q, item]

    for _ in range(5):
        app = build(app_class, Route('/', 'POST', handler))

        def work(number: int, app: Any = app) -> None:
            request = Request('/', 'POST', f'q={number}', b'{"name": "n"}', 'application/json')
            check(send(app, request), 200, [number, {'name': 'n', 'tags': []}], None)

        assert hammer(work) == []


@both_modes
def test_plan_of_a_response_hook_does_not_depend_on_the_first_request(app_class):
    """L4: after a 400 a missing path was a 500, KeyError."""
    app = build(
        app_class, Route('/show/{name}/', 'GET', show), components=[CallerComponent()],
        hooks=[Counting()],
    )  # fmt: skip
    headers = (('X_CALLER', 'me'),)

    answers = [
        send(app, Request(path, headers=headers)) for path in ('/show/7/', '/no', '/show/1/')
    ]

    assert [(answer.code, answer.get('x-stamp')) for answer in answers] == [
        (400, 'me'), (404, 'me'), (200, 'me')
    ]  # fmt: skip
