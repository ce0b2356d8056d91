# ruff: noqa: RUF013 (API Star writes `x: str = None`)
"""Routes, and the text of each one's plan, which `plan_texts.txt` holds.

`WRITE_PLANS=1` in the environment of its test writes the file anew: read what changed.
"""

import json
import re
import typing
from collections.abc import Iterator
from pathlib import Path

from apistar import Component, Include, Route, http, types, validators
from apistar.server.components import ReturnValue
from apistar.server.wsgi import WSGIEnviron, WSGIStartResponse

from django_apistar.application import App
from management_tests.support.oracle import build

FILE = Path(__file__).with_suffix('.txt')


class Item(types.Type):
    name = validators.String()


class Order(types.Type):
    lines = validators.Array(items=Item)


class User:
    pass


class UserComponent(Component):
    def resolve(self, authorization: http.Header) -> User:
        return User()


class Accelerated(App):
    accelerate = True


class Rendering(Accelerated):
    def render_response(self, return_value: ReturnValue) -> http.Response:
        return super().render_response(return_value)


class Encoding(Accelerated):
    json_encoder = json.JSONEncoder


class Timing:
    def on_request(self, environ: WSGIEnviron) -> None:
        pass

    def on_response(self, response: http.Response, app: App, user: User) -> None:
        pass


class Limiting:
    """Its own default differs from the handler's."""

    def on_request(self, limit: int = 7, q: http.QueryParam = None) -> None:
        pass


class Reading:
    """Wants all at once, as components give it."""

    def on_request(self, params: http.PathParams, query: http.QueryParams) -> None:
        pass


class Closing:
    def on_response(self, response: http.Response) -> None:
        pass


def hello() -> dict:
    return {}


def show(pk: int, text: str, any, limit: int = 10) -> Item:
    return Item(name='a')


def search(
    q: str, least: int, ratio: float = 0.5, flag: bool = False, word: str = 'x', none: int = None
) -> list:
    return []


def limited(limit: int = 10) -> list:
    return []


def read_headers(host: http.Header, content_type: http.Header, x_one: http.Header, é: http.Header):
    return {}


def create(item: Item, user: User) -> Item:
    return item


def create_all(items: typing.List[Item]) -> typing.List[Item]:
    return items


def order(order: Order = None) -> Order:
    return order


def take(body: http.Body, data: http.RequestData) -> dict:
    return {}


def take_twice(data: http.RequestData, item: Item) -> dict:
    return {}


def read_all(
    params: http.PathParams, query: http.QueryParams, headers: http.Headers, limit: int, pk: int
) -> dict:
    return {}


def read_state(
    environ: WSGIEnviron, start: WSGIStartResponse, app: App, route: Route,
    response: http.Response, exc: Exception,
) -> dict:  # fmt: skip
    return {}


ROUTES = [
    Route('/', 'GET', hello, name="it's"),
    Route('/{pk}/{text}/{any}', 'GET', show),
    Route('/search/', 'GET', search),
    Route('/limited/', 'GET', limited),
    Route('/headers/', 'GET', read_headers),
    Route('/items/', 'POST', create),
    Route('/all/', 'POST', create_all),
    Route('/orders/', 'PUT', order),
    Route('/take/', 'POST', take),
    Route('/twice/', 'POST', take_twice),
    Route('/read/{pk}/', 'GET', read_all),
    Route('/state/', 'GET', read_state),
    Include('/in/{pk}', 'in', [Route('/', 'GET', limited), Route('/of/{any}/', 'GET', read_all)]),
]
HELLO, LIMITED, CREATE, READ = ROUTES[0], ROUTES[3], ROUTES[5], ROUTES[10]
APPS = {
    'without hooks': (Accelerated, ROUTES, []),
    'with hooks': (Accelerated, [HELLO, CREATE], [Timing, Closing()]),
    'with a hook of another default': (Accelerated, [LIMITED, READ], [Limiting]),
    'with a hook that reads all': (Accelerated, [LIMITED, READ], [Reading()]),
    'with an own rendering': (Rendering, [HELLO], [Timing]),
    'with an own encoder': (Encoding, [HELLO], []),
}
# The end of a plan is the same for all handlers that are annotated alike.
ENDS = re.compile(r'(?<=\n)( +kind = type\(value\)|    except _faults).*', re.DOTALL)


def iter_texts() -> Iterator[str]:
    """Yield a heading and the text of the plan of each route; an end but once for each App."""
    for name, (app_class, routes, hooks) in APPS.items():
        app = build(app_class, *routes, components=[UserComponent()], hooks=hooks)
        ends: dict[str, str] = {}
        for position, entry in enumerate(app.router.entries):
            plan = app.responder.get_plan(position)
            title = f'{entry.route.method} {entry.path}'
            text = plan.text if plan else 'No plan.\n'
            end = ENDS.search(text)
            same = ends.setdefault(end[0], title) if end else title
            if same != title:
                text = f'{ENDS.sub("", text)}    ... as {same}\n'
            yield f'# {title} {name}\n\n{text}'
