"""Random apps and requests: both modes answer as stock API Star does.

An app is a graph of components, routes in Includes, Types, hooks. What runs is logged in the
environ, so that the order of components counts, as does every byte of the answer.
`ORACLE_EXAMPLES` sets how many apps are made; each gets several requests. `make test` makes the
same ones each time, `make faults` others.
"""

import inspect
import json
import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import apistar
import pytest
from apistar import Component, Include, Route, exceptions, http, types, validators
from apistar.server.wsgi import WSGIEnviron
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from django_apistar.routes.entries import walk_apistar
from management_tests.support import gates
from management_tests.support.oracle import LOG, Request, build_trio, quiet

pytestmark = pytest.mark.once

EXAMPLES = int(os.environ.get('ORACLE_EXAMPLES', gates.choose(250, 3000)))
EMPTY = inspect.Parameter.empty
PRIMITIVES = (EMPTY, str, int, float, bool)
HTTP = (
    http.Method, http.URL, http.Scheme, http.Host, http.Port, http.Path, http.QueryString,
    http.QueryParams, http.QueryParam, http.Headers, http.Header, http.Body, http.Request,
    http.RequestData, http.PathParams, Route, apistar.App, WSGIEnviron,
)  # fmt: skip
NAMES = ('a', 'b', 'c', 'x_token', 'content_type', 'q')
TEXTS = ('', '0', '7', '-3', '1.5', 'x', 'true', 'null', 'a b', 'é', '%', '+', '1e3', '00', 'nan')
SEGMENTS = (*'7777777', '0', 'x', '1.5', '1.5', '-3', 'a b', 'x/y', '', 'é', '12', '٣')
FAILURES = (
    None, None, None, None, exceptions.Forbidden, exceptions.BadRequest({'a': 'b'}), ValueError,
    exceptions.Found('/x/'), exceptions.HTTPException('gone', 410),
)  # fmt: skip


def describe(value: Any) -> Any:
    """Return *value*, which a handler was given, as JSON."""
    if isinstance(value, (types.Type, str, int, float, list, type(None))):
        return value
    if isinstance(value, bytes):
        return value.decode('latin-1')
    if isinstance(value, http.Request):
        return [value.method, str(value.url), list(value.headers), value.body.decode('latin-1')]
    if isinstance(value, (http.QueryParams, http.Headers)):
        return list(value)
    if type(value) is OrderedDict:  # stock's object of a body, which is a dict of ours
        return json.loads(json.dumps(value))
    if isinstance(value, dict):
        return sorted(key for key in value if key.isupper()) if LOG in value else value
    if isinstance(value, apistar.App):
        return 'App'
    return getattr(value, 'text', None) or getattr(value, 'name', None) or type(value).__name__


def make_function(
    name: str, parameters: list[inspect.Parameter], body: Callable[..., Any], returns: Any = EMPTY,
    is_method: bool = False,
) -> Any:  # fmt: skip
    """Return a function with that signature; *body* gets the arguments as a dict."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return body(kwargs)

    first = [inspect.Parameter('self', inspect.Parameter.POSITIONAL_OR_KEYWORD)] * is_method
    keyword_only = [parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in parameters]
    function.__name__ = function.__qualname__ = name
    function.__signature__ = inspect.Signature([*first, *keyword_only], return_annotation=returns)
    return function


def parameter(name: str, annotation: Any, default: Any = EMPTY) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
    )


ENVIRON = parameter('environ', WSGIEnviron)


def fail(failure: Any) -> None:
    if failure is not None:
        raise failure


# Types


@st.composite
def draw_validator(draw: Any, depth: int = 1) -> Any:
    common = draw(st.sampled_from([{}, {}, {'allow_null': True}]))
    kinds = ['string', 'integer', 'number', 'boolean', 'date', 'enum']
    kind = draw(st.sampled_from(kinds + ['array', 'type', 'object'] * (depth > 0)))
    if kind == 'string':
        default = draw(st.sampled_from([{}, {'default': 'd'}]))
        limits = draw(st.sampled_from([{}, {'max_length': 3}, {'min_length': 2}, {'pattern': 'x'}]))
        return validators.String(**common, **default, **limits)
    if kind == 'enum':
        return validators.String(enum=['x', 'null'], **common)
    if kind == 'date':
        return draw(st.sampled_from([validators.Date, validators.DateTime, validators.Time]))()
    if kind in ('integer', 'number'):
        limits = draw(st.sampled_from([
            {}, {'minimum': 0}, {'maximum': 5}, {'minimum': 0, 'exclusive_minimum': True},
            {'multiple_of': 7},
        ]))  # fmt: skip
        default = draw(st.sampled_from([{}, {'default': 3}]))
        cls = validators.Integer if kind == 'integer' else validators.Number
        return cls(**common, **default, **limits)
    if kind == 'boolean':
        return validators.Boolean(**common)
    if kind == 'array':
        return validators.Array(items=draw(draw_validator(depth - 1)), **common)
    if kind == 'object':
        return validators.Object(**common)
    return draw(draw_type(depth - 1))


@st.composite
def draw_type(draw: Any, depth: int = 1) -> Any:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    attributes = {name: draw(draw_validator(depth)) for name in names}
    return type('Random', (types.Type,), attributes)


# Components


@st.composite
def draw_components(draw: Any) -> tuple[list[Component], list[Any]]:
    """Return components and the classes that they provide; later ones may need earlier ones."""
    provided: list[Any] = []
    components: list[Component] = []
    for index in range(draw(st.integers(0, 4))):
        wanted = draw(draw_parameters(provided, is_component=True))
        cls = type(f'Provided{index}', (), {})
        by_name = draw(st.booleans())
        if by_name:
            wanted.append(parameter('asked', inspect.Parameter))
        failure = draw(st.sampled_from(FAILURES + (None,) * 8))
        components.append(make_component(cls, wanted, failure))
        provided.append(cls)
    order = draw(st.permutations(components))
    return list(order), provided


def make_component(cls: Any, wanted: list[inspect.Parameter], failure: Any) -> Component:
    def resolve(values: dict[str, Any]) -> Any:
        values['environ'][LOG].append(cls.__name__)
        fail(failure)
        provided = cls()
        provided.text = ' '.join(
            str(value.name if name == 'asked' else describe(value))
            for name, value in values.items()
        )
        return provided

    function = make_function('resolve', [*wanted, ENVIRON], resolve, cls, is_method=True)
    return type(f'{cls.__name__}Component', (Component,), {'resolve': function})()


@st.composite
def draw_parameters(
    draw: Any, provided: list[Any], is_component: bool = False, names: tuple[str, ...] = NAMES
) -> list[inspect.Parameter]:
    """Primitives in components and hooks are API Star's oddity too: by the route's fields."""
    chosen = draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
    parameters = []
    for name in chosen:
        kind = draw(st.sampled_from(['primitive', 'http', 'provided', 'provided']))
        if kind == 'provided' and provided:
            parameters.append(parameter(name, draw(st.sampled_from(provided))))
        elif kind == 'primitive':
            annotation = draw(st.sampled_from(PRIMITIVES))
            parameters.append(parameter(name, annotation, draw(draw_default(annotation))))
        else:
            parameters.append(parameter(name, draw(st.sampled_from(HTTP))))
    return parameters


def draw_default(annotation: Any) -> Any:
    values = {str: 'd', int: 4, float: 2.5, bool: True, EMPTY: 'e'}
    return st.sampled_from([EMPTY, None, values[annotation], values[annotation]])


# Routes


def answer(outcome: str, described: Any, body: Any, status: int, failure: Any) -> Any:
    match outcome:
        case 'list':
            return list(described.values())
        case 'text':
            return str(described)
        case 'body':
            return body
        case 'response':
            return http.Response(str(described))
        case 'status':
            return http.JSONResponse(described, status, {'X-Status': str(status)})
        case 'raise':
            fail(failure)
    return described


@st.composite
def draw_handler(draw: Any, provided: list[Any], path_types: dict[str, Any]) -> Any:
    names = tuple(name for name in NAMES if name not in path_types)
    parameters = draw(draw_parameters(provided, names=names))
    for name, annotation in path_types.items():
        if draw(st.integers(0, 9)):  # now and then the handler does not ask for it
            parameters.append(parameter(name, annotation))
    returns = EMPTY
    if draw(st.booleans()):
        body_type = draw(draw_type())
        parameters.append(parameter('body', body_type))
        returns = draw(st.sampled_from([EMPTY, EMPTY, body_type]))
    outcome = draw(st.sampled_from(
        ['list', 'list', 'list', 'dict', 'text', 'body', 'response', 'status', 'raise']
    ))  # fmt: skip
    failure = draw(st.sampled_from([item for item in FAILURES if item is not None]))
    status = draw(st.sampled_from([200, 201, 299, 404, 204, 304, 500]))

    def handle(values: dict[str, Any]) -> Any:
        described = {name: describe(value) for name, value in values.items()}
        values['environ'][LOG].append('handler')
        return answer(outcome, described, values.get('body'), status, failure)

    return make_function('handler', [*parameters, ENVIRON], handle, returns)


@st.composite
def draw_route(draw: Any, provided: list[Any], number: int) -> Any:
    """Return what makes the Route, because API Star's own App changes Includes."""
    segments = []
    path_types: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(['literal', 'literal', int, float, str, EMPTY, 'rest']))
        name = draw(st.sampled_from(('a', 'b', 'c')))
        if kind == 'literal' or name in path_types:
            segments.append(draw(st.sampled_from(['x', 'y', '7', 'a.b', 'é'])))
            continue
        path_types[name] = str if kind == 'rest' else kind
        segments.append('{+%s}' % name if kind == 'rest' else '{%s}' % name)  # noqa: UP031
        if kind == 'rest':
            break
    path = '/' + '/'.join(segments) + draw(st.sampled_from(['', '/', '/']))
    path = path.replace('//', '/')
    method = draw(st.sampled_from(['GET', 'GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']))
    handler = draw(draw_handler(provided, path_types))
    has_body = any(item.name == 'body' for item in handler.__signature__.parameters.values())
    if has_body and method in ('GET', 'DELETE', 'OPTIONS'):
        method = 'POST'  # R12: stock reads a Type from the body of a GET.
    return path, method, lambda: Route(path, method, handler, name=f'route{number}')


@st.composite
def draw_routes(draw: Any, provided: list[Any]) -> tuple[list[tuple[str, str]], Any]:
    drawn = [draw(draw_route(provided, number)) for number in range(draw(st.integers(1, 3)))]
    prefix = draw(st.sampled_from(['', '/in', '/in/{z}']))

    def make_routes() -> list[Any]:
        made = [make() for _, _, make in drawn]
        return [*made[:1], Include(prefix, 'included', made[1:])] if prefix else made

    paths = [
        ((prefix if prefix and index else '') + path, method)
        for index, (path, method, _) in enumerate(drawn)
    ]
    return paths, make_routes


# Hooks


@st.composite
def draw_hook(draw: Any, provided: list[Any], number: int) -> Any:
    attributes: dict[str, Any] = {}
    methods = draw(st.sets(st.sampled_from(['on_request', 'on_response', 'on_error'])))
    for method in sorted(methods):
        wanted = draw(draw_parameters(provided))
        replaces = method == 'on_response' and draw(st.booleans())
        if method == 'on_response':
            wanted.append(parameter('response', http.Response))
        failure = draw(st.sampled_from(FAILURES + (None,) * 8))
        attributes[method] = make_hook_method(f'Hook{number}.{method}', wanted, failure, replaces)
    cls = type(f'Hook{number}', (), attributes)
    return cls() if draw(st.booleans()) else cls


def make_hook_method(
    name: str, wanted: list[inspect.Parameter], failure: Any, replaces: bool
) -> Any:
    def run(values: dict[str, Any]) -> Any:
        values['environ'][LOG].append(name)
        response = values.get('response')
        fail(failure)
        if replaces:
            text = {'replaced': response.status_code}
            headers = {'X-Was': str(response.status_code), 'X-By': name}
            return http.JSONResponse(text, 202, headers)
        if response is not None:
            response.headers[f'X-{name}'] = str(len(values))
        return 'ignored'

    method = name.partition('.')[2]
    returns = http.Response if replaces else EMPTY
    return make_function(method, [*wanted, ENVIRON], run, returns, is_method=True)


# Requests


@st.composite
def draw_request(draw: Any, paths: list[tuple[str, str]]) -> Request:
    path, method = draw(st.sampled_from(paths))
    segments = [
        draw(st.sampled_from(SEGMENTS))
        if segment.startswith('{') else segment
        for segment in path.split('/')
    ]  # fmt: skip
    path = '/'.join(segments)
    match draw(st.integers(0, 9)):
        case 0:
            path += '/'
        case 1:
            path = path.rstrip('/') or '/'
        case 2:
            path += draw(st.sampled_from(['x', '/x/', '..', '/./', '%2F', '\\']))
        case 3:
            method = draw(st.sampled_from(['GET', 'HEAD', 'POST', 'OPTIONS', 'PATCH', 'get']))
    query = draw(draw_query())
    body, content_type = draw(st.just((b'', None)) if method in ('GET', 'HEAD') else draw_body())
    headers = draw(st.sampled_from([(), (('X_TOKEN', 't'),), (('A', 'é'), ('B', ''))]))
    wire = path.encode('utf-8').decode('latin-1')
    return Request(wire, method, query, body, content_type, headers)


@st.composite
def draw_query(draw: Any) -> str:
    pairs = draw(st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(TEXTS)), max_size=4
    ))  # fmt: skip
    encode = draw(st.sampled_from([quote, quote_plus]))
    query = '&'.join(f'{name}={encode(value)}' for name, value in pairs)
    return query + draw(st.sampled_from(['', '', '', '&', '&a', '&=1', '&c=%FF', '&b=%', ';c=1']))


JSON_VALUES = st.recursive(
    st.sampled_from([
        None, True, False, 0, 7, -3, 1.5, 7.0, '', 'x', 'xxxx', '7', 'true', 'null', '2018-01-02',
        '2018-13-45', '12:00', '2018-01-02T12:00:00Z', 'é', 10**20,
    ]),
    lambda values: st.lists(values, max_size=2)
    | st.dictionaries(st.sampled_from(NAMES), values, max_size=3),
    max_leaves=4,
)  # fmt: skip


@st.composite
def draw_body(draw: Any) -> tuple[bytes, str | None]:
    kind = draw(st.sampled_from(['object'] * 5 + ['json', 'form', 'junk', 'none']))
    if kind == 'none':
        return b'', draw(st.sampled_from([None, 'application/json']))
    if kind == 'form':
        return draw(draw_query()).encode(), 'application/x-www-form-urlencoded'
    if kind == 'junk':
        body = draw(st.sampled_from([b'{', b'\xff', b'{"a": 1} x', b'NaN', b'"\\ud800"', b'[' * 9]))
    else:
        objects = st.dictionaries(st.sampled_from(NAMES), JSON_VALUES, max_size=4)
        body = json.dumps(draw(objects if kind == 'object' else JSON_VALUES)).encode()
    content_type = draw(st.sampled_from([
        'application/json', 'application/json', 'application/json', None, '', 'text/plain',
        'application/json; charset=utf-8',
    ]))  # fmt: skip
    return body, content_type


@st.composite
def draw_case(draw: Any) -> tuple[Any, list[Component], list[Any], list[Request]]:
    components, provided = draw(draw_components())
    paths, make_routes = draw(draw_routes(provided))
    hooks = [draw(draw_hook(provided, number)) for number in range(draw(st.integers(0, 2)))]
    requests = draw(st.lists(draw_request(paths), min_size=1, max_size=4))
    return make_routes, components, hooks, requests


def show(case: Any) -> str:
    """Return *case* as text, for those who have to understand a failure."""
    make_routes, components, hooks, _ = case
    lines = []
    for entry in walk_apistar(make_routes()):
        lines.append(f'{entry.methods[0]} {entry.path} {entry.handler.__signature__}')
    for component in components:
        lines.append(f'{type(component).__name__} {component.resolve.__func__.__signature__}')
    for hook in hooks:
        cls = hook if isinstance(hook, type) else type(hook)
        methods = {name: value for name, value in vars(cls).items() if name.startswith('on_')}
        lines += [f'{cls.__name__}.{name} {value.__signature__}' for name, value in methods.items()]
    return '\n'.join(lines)


@pytest.mark.slow
@pytest.mark.faults
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=not gates.IS_FULL, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(draw_case())
def test_random_apps_answer_as_stock_api_star(case):
    make_routes, components, hooks, requests = case
    note(show(case))
    trio = build_trio(make_routes, components, hooks)

    with quiet():
        for request in requests:
            trio.compare(request)
