# ruff: noqa: RUF013 (API Star writes `x: str = None`)
"""Our App answers as stock API Star does, byte for byte, in both modes: a table of requests."""

import datetime
import gc
import inspect
import typing
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from apistar import App, Component, Include, Route, exceptions, http, types, validators
from apistar.server.wsgi import WSGIEnviron

from management_tests.support.oracle import LOG, Request, Trio, build_trio, quiet

pytestmark = pytest.mark.once


class Address(types.Type):
    street = validators.String(max_length=10)
    zip = validators.Integer(minimum=0, allow_null=True)


class Person(types.Type):
    name = validators.String(min_length=1, max_length=20)
    age = validators.Integer(minimum=0, maximum=150)
    height = validators.Number(default=1.5)
    size = validators.String(enum=['small', 'large'], allow_null=True)
    born = validators.Date(allow_null=True)
    tags = validators.Array(items=validators.String(), default=[])
    address = Address


class Account:
    def __init__(self, name: str) -> None:
        self.name = name


class Session:
    def __init__(self, account: Account, token: typing.Any) -> None:
        self.text = f'{account.name}/{token}'


class AccountComponent(Component):
    def resolve(self, environ: WSGIEnviron, x_account: http.Header) -> Account:
        environ[LOG].append('account')
        if x_account == 'nobody':
            raise exceptions.Forbidden()
        if x_account == 'broken':
            raise RuntimeError('broken account')
        return Account(str(x_account))


class SessionComponent(Component):
    def resolve(self, environ: WSGIEnviron, account: Account, token: http.QueryParam) -> Session:
        environ[LOG].append('session')
        return Session(account, token)


class Named:
    """Whatever the parameter is called."""


class NamedComponent(Component):
    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        return parameter.annotation is Named

    def resolve(self, parameter: inspect.Parameter, account: Account) -> Named:
        named = Named()
        named.text = f'{parameter.name}:{account.name}'
        return named


def hello() -> dict:
    return {'message': 'hello'}


def text() -> str:
    return '<p>é</p>'


def nothing() -> None:
    return None


def number(pk: int, limit: int = 10, ratio: float = 0.5, flag: bool = False) -> dict:
    return {'pk': pk, 'limit': limit, 'ratio': ratio, 'flag': flag}


def decimal(ratio: float) -> dict:
    return {'ratio': ratio}


def words(a: str, b, c: str = 'c', d: str = None) -> list:
    return [a, b, c, d]


def rest(path: str, q: http.QueryParam) -> dict:
    return {'path': path, 'q': q}


def required(q: int, flag: bool) -> dict:
    return {'q': q, 'flag': flag}


def nullable(q: int = None, ratio: float = None, word: str = None) -> list:
    return [q, ratio, word]


def create(person: Person) -> Person:
    return person


def update(pk: int, person: Person, note: str = '') -> dict:
    return {'pk': pk, 'person': person, 'note': note, 'name': person.name}


def raw(
    method: http.Method, url: http.URL, scheme: http.Scheme, host: http.Host, port: http.Port,
    path: http.Path, query_string: http.QueryString, params: http.QueryParams, body: http.Body,
    headers: http.Headers, x_one: http.Header, request: http.Request,
) -> dict:  # fmt: skip
    return {
        'method': method, 'url': url, 'scheme': scheme, 'host': host, 'port': port, 'path': path,
        'query_string': query_string, 'params': list(params), 'body': body.decode('latin-1'),
        'headers': list(headers), 'x_one': x_one, 'request': [request.method, str(request.url)],
    }  # fmt: skip


def data(data: http.RequestData) -> typing.Any:
    if hasattr(data, 'to_dict'):
        return {name: repr(value) for name, value in data.items()}
    return {'data': data}


def session(session: Session, account: Account, first: Named, second: Named) -> list:
    return [session.text, account.name, first.text, second.text]


def inside(app: App, route: Route, path_params: http.PathParams, environ: WSGIEnviron) -> list:
    return [route.name, path_params, environ['REQUEST_METHOD'], app.reverse_url('hello')]


def early(response: http.Response, exc: Exception) -> list:
    return [response, exc]


def response(status: int = 200) -> http.Response:
    return http.JSONResponse({'a': 1}, status_code=status, headers={'X-One': '1', 'Etag': 'é'})


def bare() -> http.Response:
    return http.Response('bare', headers=[('Set-Cookie', 'a=1'), ('Set-Cookie', 'b=2')])


def refuse(status: int = 400) -> None:
    raise exceptions.HTTPException({'reason': 'refused'}, status)


def found() -> None:
    raise exceptions.Found('/hello/')


def fail() -> None:
    raise ZeroDivisionError


def invalid() -> dict:
    return {'x': object()}


def typed() -> list:
    return [Address(street='x', zip=None)]


def dates() -> Person:
    address = Address(street='x', zip=1)
    return Person(name='n', age=1, born=datetime.date(2018, 1, 2), size=None, address=address)


def defaults(a: int = 1, *, b: str = 'b') -> list:
    return [a, b]


def make_routes() -> list[Any]:
    return [
        Route('/', 'GET', hello, name='root'),
        Route('/hello/', 'GET', hello),
        Route('/text/', 'GET', text),
        Route('/nothing', 'GET', nothing),
        Route('/number/{pk}/', 'GET', number),
        Route('/decimal/{ratio}/', 'GET', decimal),
        Route('/words/{a}/{b}', 'GET', words),
        Route('/rest/{+path}', 'GET', rest),
        Route('/required/', 'GET', required),
        Route('/nullable/', 'GET', nullable),
        Route('/people/', 'POST', create),
        Route('/people/{pk}/', 'PUT', update),
        Route('/raw/', 'GET', raw, name='raw_get'),
        Route('/raw/', 'POST', raw),
        Route('/data/', 'POST', data),
        Route('/session/', 'GET', session),
        Route('/early/', 'GET', early),
        Route('/response/', 'GET', response),
        Route('/bare/', 'GET', bare),
        Route('/refuse/', 'GET', refuse),
        Route('/found/', 'GET', found),
        Route('/fail/', 'GET', fail),
        Route('/invalid/', 'GET', invalid),
        Route('/typed/', 'GET', typed),
        Route('/dates/', 'GET', dates),
        Route('/defaults/', 'GET', defaults),
        Include('/inner', 'inner', [
            Route('/hello/', 'GET', hello), Route('/{a}/{b}/', 'DELETE', words),
            Route('/inside/{x}/{y}', 'POST', inside), Route('/12/', 'GET', text),
            Route('/{pk}/', 'GET', number),
        ]),
    ]  # fmt: skip


JSON = 'application/json'
FORM = 'application/x-www-form-urlencoded'
PERSON = b'{"name": "n", "age": 3, "address": {"street": "s", "zip": null}, "size": null}'
MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\nfile\r\n--x--\r\n'
)


def requests() -> Iterator[Request]:
    yield from map(Request, (
        '/', '/hello/', '/hello', '/text/', '/nothing', '/nothing/', '/nope', '/nope/', '/hello/x',
        '/number/1/', '/number/0012/', '/number/x/', '/number/1.5/', '/number//', '/decimal/1.5/',
        '/decimal/x/', '/words/a/b', '/words/a/', '/words/a b/ c', '/words/12/b', '/rest/a/b/c',
        '/rest/a', '/rest/', '/nullable/', '/raw/', '/data/', '/session/', '/early/', '/response/',
        '/bare/', '/found/', '/fail/', '/invalid/', '/typed/', '/dates/', '/defaults/',
        '/inner/hello/', '/inner/hello', '/inner/12/', '/inner/13/', '/inner/x/', '/inner',
        '/required/',
    ))  # fmt: skip
    for path in ('/', '/hello/', '/number/1/', '/people/', '/nope', '/inner/a/b/', '/inner/hello'):
        for method in ('HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'get'):
            yield Request(path, method)
    for query in (
        'limit=5', 'limit=x', 'limit=', 'limit=+5', 'limit=%205', 'limit=5&limit=6', 'limit=1_0',
        'ratio=1', 'ratio=1e3', 'ratio=nan', 'ratio=inf', 'ratio=-0', 'flag=true', 'flag=1',
        'flag=on', 'flag=yes', 'flag=', 'flag=null', 'limit=007', 'limit=-3', 'limit=5.0',
        'limit=99999999999999999999', 'limit=x&ratio=x', 'limit=%D9%A3', 'unknown=1', '&&&', '=',
        'limit', 'limit=5;ratio=2', 'limit=5&ratio=.5', 'Limit=5', 'limit=1&pk=7', 'pk=x',
    ):  # fmt: skip
        yield Request('/number/1/', query=query)
        yield Request('/nullable/', query=query.replace('limit', 'q'))
        yield Request('/required/', query=query.replace('limit', 'q') + '&flag=true')
    for query in ('c=%C3%A9+x', 'c=a%2Bb', 'c=%FF', 'd=', 'd=None', 'c=1&c=2', 'c=%00', 'b=7&a=8'):
        yield Request('/words/a/b', query=query)
        yield Request('/rest/a', query=query.replace('c=', 'q='))
        yield Request('/raw/', query=query)
    for body in (
        PERSON, b'{}', b'[]', b'null', b'"x"', b'3', b'true', b'', b'{', b'\xff', b'{"a": 1} x',
        PERSON.replace(b'3', b'"3"'), PERSON.replace(b'3', b'3.0'), PERSON.replace(b'3', b'999'),
        PERSON.replace(b'3', b'true'), PERSON.replace(b'null}', b'-1}'),
        PERSON.replace(b'"n"', b'""'), PERSON.replace(b'"n"', b'null'),
        PERSON.replace(b'"size": null', b'"size": "huge", "extra": 1'),
        PERSON.replace(b'"size": null', b'"size": "small", "tags": ["a", "b"], "height": 2'),
        PERSON.replace(b'"size": null', b'"tags": [1, "b", {}]'),
        PERSON.replace(b'"size": null', b'"born": "2018-02-30"'),
        PERSON.replace(b'"size": null', b'"born": "2018-02-03"'),
        PERSON.replace(b'"size": null', b'"address": []'),
    ):  # fmt: skip
        yield Request('/people/', 'POST', body=body, content_type=JSON)
        yield Request('/people/7/', 'PUT', query='note=x', body=body, content_type=JSON)
        yield Request('/data/', 'POST', body=body, content_type=JSON)
    for content_type in (
        None, '', JSON, JSON + '; charset=utf-8', 'application/JSON', 'text/plain', '*/*', FORM,
        'multipart/form-data; boundary=x', 'application/vnd.api+json', 'é', ';',
    ):  # fmt: skip
        for body in (PERSON, b'a=1&b=&a=2&c=%C3%A9+x', MULTIPART):
            yield Request('/data/', 'POST', body=body, content_type=content_type)
            yield Request('/people/', 'POST', body=body, content_type=content_type)
            yield Request('/raw/', 'POST', body=body, content_type=content_type)
    form = b'name=n&age=3&height=2'
    yield Request('/people/', 'POST', body=form, content_type=FORM)
    for account in ('me', 'nobody', 'broken'):
        yield Request('/session/', headers=(('X_ACCOUNT', account),), query='token=t')
    yield Request('/raw/', headers=(('X_ONE', 'é'), ('X_TWO', '2')))
    for status in (200, 201, 204, 299, 304, 404, 418, 500, 599, 99, 600):
        yield Request('/response/', query=f'status={status}')
        yield Request('/refuse/', query=f'status={status}')
    yield Request('/inner/inside/1/2', 'POST')


REQUESTS = list(dict.fromkeys(requests()))


class Stamp:
    """Every method, no state that a missing on_request would break."""

    def on_request(self, environ: WSGIEnviron, method: http.Method) -> None:
        environ[LOG].append(f'Stamp.on_request {method}')

    def on_response(self, response: http.Response, environ: WSGIEnviron) -> None:
        environ[LOG].append('Stamp.on_response')
        response.headers['X-Stamp'] = str(response.status_code)

    def on_error(self, environ: WSGIEnviron, exc: Exception) -> None:
        # H10: stock looks for a status that is none among its own, and ours refuses it.
        kind = ValueError if type(exc) is KeyError else type(exc)
        environ[LOG].append(f'Stamp.on_error {kind}')


class Replace:
    """Answers in place of the handler's response, and asks for a component of the project."""

    def on_response(
        self, response: http.Response, environ: WSGIEnviron, account: Account
    ) -> http.Response:
        environ[LOG].append('Replace.on_response')
        headers = {'X-Was': str(response.status_code), 'X-Account': account.name}
        return http.JSONResponse({'was': response.status_code}, 200, headers)


class Refuse:
    def on_request(self, environ: WSGIEnviron, limit: http.QueryParam, q: str = 'no') -> None:
        environ[LOG].append(f'Refuse.on_request {q}')
        if limit == '5':
            raise exceptions.Forbidden()
        if limit == 'x':
            raise ValueError


class Log:
    def on_request(self, route: Route, params: http.PathParams, environ: WSGIEnviron) -> None:
        environ[LOG].append(f'Log.on_request {route.name} {params}')

    def on_error(self, response: http.Response, environ: WSGIEnviron) -> None:
        environ[LOG].append(f'Log.on_error {isinstance(response, http.JSONResponse)}')


HOOKS = {
    'none': (), 'class': (Stamp,), 'instance': (Stamp(),), 'replace': (Replace,),
    'refuse': (Refuse,), 'log': (Log,), 'all': (Stamp, Log, Replace(), Refuse),
}  # fmt: skip


@pytest.fixture(scope='module', params=HOOKS)
def trio(request) -> Iterator[Trio]:
    components = [AccountComponent(), SessionComponent(), NamedComponent()]
    with quiet():
        yield build_trio(make_routes, components, HOOKS[request.param])
    with warnings.catch_warnings():  # of stock's uploads, which nobody closes
        warnings.simplefilter('ignore', ResourceWarning)
        gc.collect()


@pytest.mark.filterwarnings('ignore:Unclosed file:ResourceWarning')  # stock's uploads
def test_answers_are_stock_api_stars(trio):
    differences = []
    for request in REQUESTS:
        try:
            trio.compare(request)
        except AssertionError as exc:
            differences.append(str(exc).partition('\nassert')[0])

    assert '\n'.join(differences) == ''


def test_every_route_without_peculiarities_has_a_plan():
    trio = build_trio(make_routes, [AccountComponent(), SessionComponent(), NamedComponent()])
    responder = trio.accelerated.responder

    unplanned = [
        entry.path for position, entry in enumerate(trio.accelerated.router.entries)
        if responder.get_plan(position) is None
    ]  # fmt: skip

    assert unplanned == []


class Word(str):
    """What orjson and the standard library write differently where nobody looks."""


WRITTEN = [
    {}, {'a': 'é\u2028'}, {'a': None, 'b': True, 'c': -1}, {'a': 2**70}, {'a': 1e-7}, {'a': 1e16},
    {'a': {'b': [1.5]}}, {'a': Word('x')}, {Word('a'): 1}, {1: 'a'}, {None: 'a'}, {True: 'a'},
    {str(n): n for n in range(8)}, {str(n): n for n in range(9)}, {'1': 1, 1: 2},
    {str(n): n for n in range(100)},
]  # fmt: skip
REFUSED = [{'a': float('nan')}, {'a': '\ud800'}, {'\ud800': 'a'}, {(1, 2): 'a'}, {'a': b'bytes'}]
DICTS = [*((value, 200) for value in WRITTEN), *((value, 500) for value in REFUSED)]


@pytest.mark.parametrize(('value', 'code'), DICTS, ids=ascii)
def test_dict_is_written_as_stock_writes_it(value, code):
    def handler() -> dict:
        return value

    with quiet():
        answer = build_trio(lambda: [Route('/', 'GET', handler)]).compare(Request())

    assert answer.code == code


def show_parameters(params: http.PathParams) -> dict:
    return {**params}


@pytest.mark.parametrize(
    ('paths', 'asked', 'code'),
    [
        ('GET /{a}, GET /in/', 'GET /in', 302), ('GET /in/, GET /{a}', 'HEAD /in', 302),
        ('GET /{a}, POST /in/', 'GET /in', 200), ('POST /{a}, GET /in/', 'POST /in', 200),
        ('GET /{a}, GET /{b}/', 'GET /in', 200), ('PUT /{a}, GET /{b}/', 'GET /in', 302),
        ('GET /{a}/c, GET /b/c/', 'GET /b/c', 302),
    ],
)  # fmt: skip
def test_a_path_that_lacks_a_slash_is_redirected_before_parameters_are_tried(paths, asked, code):
    trio = build_trio(lambda: [
        Route(path, method, show_parameters, name=path)
        for method, path in (each.split() for each in paths.split(', '))
    ])  # fmt: skip
    method, path = asked.split()

    assert trio.compare(Request(path, method)).code == code
