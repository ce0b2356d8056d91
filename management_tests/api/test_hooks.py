"""What API Star did wrong with hooks and exceptions (H1 to H10 of compatibility.md)."""

import decimal
import gc
import logging
from typing import Any

import pytest
from apistar import Component, Route, exceptions, http
from apistar.server.wsgi import WSGIEnviron, WSGIStartResponse
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.core.signals import got_request_exception
from django.db import connection
from django.http import Http404
from werkzeug.exceptions import ImATeapot, MethodNotAllowed, RequestEntityTooLarge

from django_apistar.application import App
from django_apistar.exceptions import Conflict, NotAuthenticated, TooManyRequests
from management_tests.support.oracle import (
    LOG,
    Request,
    ask,
    both_modes,
    build,
    build_trio,
    quiet,
)


def hello() -> str:
    return 'hello'


def fail() -> None:
    raise ZeroDivisionError('in the handler')


def refuse() -> None:
    raise exceptions.BadRequest()


def leave() -> None:
    raise SystemExit(3)


class Timing:
    """API Star's documentation has this hook."""

    def on_request(self) -> None:
        self.started = 'started'

    def on_response(self, response: http.Response) -> None:
        response.headers['X-Timing'] = self.started


def note(environ: Any, name: str) -> None:
    environ[LOG].append(name)


class Outer:
    def on_request(self, environ: WSGIEnviron) -> None:
        note(environ, 'Outer.on_request')

    def on_response(self, environ: WSGIEnviron, response: http.Response) -> None:
        note(environ, f'Outer.on_response {response.status_code}')

    def on_error(self, environ: WSGIEnviron, exc: Exception, response: http.Response) -> None:
        note(environ, f'Outer.on_error {type(exc).__name__} {type(response).__name__}')


class Inner(Outer):
    def on_request(self, environ: WSGIEnviron) -> None:
        note(environ, 'Inner.on_request')
        if environ['QUERY_STRING'] == 'refuse':
            raise exceptions.Forbidden()

    def on_response(self, environ: WSGIEnviron, response: http.Response) -> None:
        note(environ, f'Inner.on_response {response.status_code}')
        if environ['QUERY_STRING'] == 'late':
            raise exceptions.Forbidden()
        if environ['QUERY_STRING'] == 'broken':
            raise KeyError('in on_response')

    def on_error(self, environ: WSGIEnviron, exc: Exception) -> None:
        note(environ, f'Inner.on_error {type(exc).__name__}')
        if environ['QUERY_STRING'] == 'on_error':
            raise KeyError('in on_error')
        if environ['QUERY_STRING'] == 'exit':
            raise SystemExit(3)


both_ways = pytest.mark.parametrize('make_hook', [lambda cls: cls, lambda cls: cls()],
                                    ids=['class', 'instance'])  # fmt: skip


@both_modes
@both_ways
@pytest.mark.parametrize(
    ('path', 'method', 'status'),
    [('/nope', 'GET', 404), ('/', 'POST', 405), ('/x', 'GET', 302), ('/', 'OPTIONS', 204),
     ('/', 'GET', 200), ('/refuse/', 'GET', 400)],
)  # fmt: skip
def test_on_response_can_rely_on_on_request(app_class, make_hook, path, method, status):
    """H1: a missing path was a 500 with API Star's own example."""
    routes = [Route('/', 'GET', hello), Route('/x/', 'GET', hello, name='x'),
              Route('/refuse/', 'GET', refuse)]  # fmt: skip
    app = build(app_class, *routes, hooks=[make_hook(Timing)])

    answer = ask(app, path, method)

    assert (answer.code, answer.get('x-timing')) == (status, 'started')


class RouteHook(Timing):
    def on_request(self, route: Route, params: http.PathParams) -> None:
        self.started = route.name


class NeedsRoute:
    pass


class NeedsRouteComponent(Component):
    def resolve(self, route: Route) -> NeedsRoute:
        return NeedsRoute()


class ComponentHook(Timing):
    def on_request(self, needs: NeedsRoute) -> None:
        self.started = 'with a route'


@both_modes
@pytest.mark.parametrize('hook', [RouteHook, ComponentHook])
def test_hook_that_needs_a_route_is_left_out_where_there_is_none(app_class, hook):
    """H1"""
    app = build(
        app_class, Route('/', 'GET', hello), components=[NeedsRouteComponent()], hooks=[hook]
    )

    answer = ask(app, '/nope')

    assert (answer.status, answer.get('x-timing')) == ('404 Not Found', None)
    assert ask(app).get('x-timing') in ('hello', 'with a route')


class QueryHook(Timing):
    def on_request(self, version: str = 'none') -> None:
        self.started = version

    def on_response(self, response: http.Response, version: str = 'none') -> None:
        response.headers['X-Timing'] = f'{self.started} {version}'


@both_modes
def test_hook_may_read_the_query_string_where_no_route_is_found(app_class):
    """H1: 'NoneType' object has no attribute 'link'."""
    app = build(app_class, Route('/', 'GET', hello), hooks=[QueryHook])

    answer = ask(app, '/nope', query='version=2')

    assert (answer.status, answer.get('x-timing')) == ('404 Not Found', '2 2')


@both_modes
@both_ways
def test_hooks_run_first_to_last_and_back(app_class, make_hook):
    app = build(app_class, Route('/', 'GET', hello), hooks=[make_hook(Outer), make_hook(Inner)])

    assert ask(app).log == (
        'Outer.on_request', 'Inner.on_request', 'Inner.on_response 200', 'Outer.on_response 200'
    )  # fmt: skip


@both_modes
@both_ways
def test_refusal_of_on_request_is_seen_by_the_hooks_that_have_begun(app_class, make_hook):
    """H1"""
    app = build(app_class, Route('/', 'GET', hello), hooks=[make_hook(Inner), make_hook(Outer)])

    answer = ask(app, query='refuse')

    assert (answer.status, answer.log) == (
        '403 Forbidden', ('Inner.on_request', 'Inner.on_response 403')
    )  # fmt: skip


@both_modes
@both_ways
def test_on_response_that_refuses_runs_once(app_class, make_hook):
    """H2: it ran for the 200 and for its own 403, which ended as a 500."""
    app = build(app_class, Route('/', 'GET', hello), hooks=[make_hook(Outer), make_hook(Inner)])

    answer = ask(app, query='late')

    assert (answer.status, answer.log) == (
        '403 Forbidden',
        (
            'Outer.on_request', 'Inner.on_request', 'Inner.on_response 200',
            'Outer.on_response 403',
        ),
    )  # fmt: skip


class Versioned:
    """Its on_response cannot be injected where the query string has no version."""

    def on_response(self, environ: WSGIEnviron, version: str) -> None:
        note(environ, f'Versioned.on_response {version}')

    def on_error(self, environ: WSGIEnviron) -> None:
        note(environ, 'Versioned.on_error')


class Broken:
    def on_response(self, environ: WSGIEnviron, response: http.Response) -> None:
        note(environ, f'Broken.on_response {response.status_code}')
        raise KeyError('in on_response')


@both_modes
@pytest.mark.parametrize(
    ('query', 'status', 'log'),
    [
        ('version=2', 200, ('Outer.on_request', 'Versioned.on_response 2',
                            'Outer.on_response 200')),
        ('', 404, ('Outer.on_request', 'Outer.on_response 404')),
    ],
)  # fmt: skip
def test_on_response_without_its_parameter_is_a_404_that_the_others_see(
    app_class, query, status, log
):
    """H2: it was asked for its parameter again for its own 404, which ended as a 500."""
    app = build(app_class, Route('/', 'GET', hello), hooks=[Outer, Versioned])

    answer = ask(app, query=query)

    assert (answer.code, answer.log) == (status, log)


def test_stock_asks_on_response_for_its_parameter_again_and_stops():
    """H2, as a random app found it: the other hook breaks, so that both answer 500."""
    trio = build_trio(lambda: [Route('/', 'GET', hello)], hooks=[Broken, Versioned])

    with quiet():
        answer, stock = trio.compare(Request()), ask(trio.stock)

    assert (stock.code, stock.log) == (500, ('Versioned.on_error',))
    assert (answer.code, answer.log) == (500, ('Broken.on_response 404', 'Versioned.on_error'))


class NeedsLog(Component):
    def resolve(self, environ: WSGIEnviron) -> NeedsRoute:
        note(environ, 'component')
        return NeedsRoute()


class RefusingFirst(Versioned):
    def on_request(self, environ: WSGIEnviron) -> None:
        note(environ, 'RefusingFirst.on_request')
        raise exceptions.Forbidden()


class NeverBegun(Versioned):
    def on_request(self) -> None:
        pass

    def on_response(self, needs: NeedsRoute, version: str) -> None:
        pass


def test_stock_runs_components_for_on_response_of_a_hook_that_has_not_begun():
    """H1, as a random app found it."""
    trio = build_trio(
        lambda: [Route('/', 'GET', hello)], [NeedsLog()], hooks=[RefusingFirst, NeverBegun]
    )

    with quiet():
        answer, stock = trio.compare(Request()), ask(trio.stock)

    begun, failed = 'RefusingFirst.on_request', ('Versioned.on_error', 'Versioned.on_error')
    assert (stock.code, stock.log) == (500, (begun, 'component', *failed))
    assert (answer.code, answer.log) == (500, (begun, *failed))


@pytest.mark.case('H04')
@both_modes
def test_on_response_that_fails_is_a_500(app_class):
    app = build(app_class, Route('/', 'GET', hello), hooks=[Outer, Inner])

    with quiet():
        answer = ask(app, query='broken')

    assert (answer.status, answer.body, answer.log[3:]) == (
        '500 Internal Server Error', b'"Server error"',
        ('Inner.on_error KeyError', 'Outer.on_error KeyError HTMLResponse'),
    )  # fmt: skip


@pytest.mark.case('H04')
@both_modes
@pytest.mark.parametrize('query', ['', 'on_error', 'exit'])
def test_every_on_error_runs_and_none_hides_the_exception(app_class, query, caplog):
    """H3: an on_error that failed left the others out, and its exception was the one seen."""
    app = build(app_class, Route('/', 'GET', fail), hooks=[Outer, Inner])

    answer = ask(app, query=query)

    assert (answer.status, answer.log[2:]) == (
        '500 Internal Server Error',
        ('Inner.on_error ZeroDivisionError', 'Outer.on_error ZeroDivisionError NoneType'),
    )
    reported = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert reported == [ZeroDivisionError, *{'on_error': [KeyError], 'exit': [SystemExit]}.get(
        query, []
    )]  # fmt: skip


@pytest.mark.case('H07')
@both_modes
def test_exit_of_a_handler_is_a_500_and_the_server_goes_on(app_class, caplog):
    """H4: SystemExit left the application, and gunicorn's worker stopped."""
    app = build(app_class, Route('/', 'GET', leave), hooks=[Outer])

    answer = ask(app)

    assert (answer.status, answer.log) == (
        '500 Internal Server Error', ('Outer.on_request', 'Outer.on_error SystemExit NoneType')
    )  # fmt: skip
    assert [record.exc_info[0] for record in caplog.records] == [SystemExit]


@both_modes
@pytest.mark.parametrize('kind', [KeyboardInterrupt, GeneratorExit])
def test_ctrl_c_stops_the_server(app_class, kind):
    """H4 is kept for what is meant for the process."""

    def interrupt() -> None:
        raise kind

    app = build(app_class, Route('/', 'GET', interrupt))

    with pytest.raises(kind):
        ask(app)


@both_modes
def test_unhandled_exception_is_logged_once_with_its_traceback(app_class, caplog):
    """H5: nothing was logged anywhere."""
    told: list[Any] = []
    app = build(app_class, Route('/boom/', 'GET', fail))

    def receive(sender: Any, request: Any, **kwargs: Any) -> None:
        told.append((request.path, request.method))

    got_request_exception.connect(receive)
    try:
        answer = ask(app, '/boom/')
    finally:
        got_request_exception.disconnect(receive)

    assert (answer.status, answer.body) == ('500 Internal Server Error', b'"Server error"')
    [record] = caplog.records
    assert (record.name, record.levelno, record.getMessage(), record.exc_info[0]) == (
        'django.request', logging.ERROR, 'Internal Server Error: /boom/', ZeroDivisionError
    )  # fmt: skip
    assert told == [('/boom/', 'GET')]


@both_modes
def test_unhandled_exception_is_logged_where_the_server_names_no_script(app_class, caplog):
    environ = Request('/boom/').build_environ()
    del environ['SCRIPT_NAME']

    body = build(app_class, Route('/boom/', 'GET', fail))(environ, lambda *args: None)

    assert b''.join(body) == b'"Server error"'
    [record] = caplog.records
    assert (record.getMessage(), record.request.path) == (
        'Internal Server Error: /boom/', '/boom/'
    )  # fmt: skip


def test_exception_handler_may_be_called_anywhere():
    """H6: RuntimeError 'No active exception to reraise'."""
    app = build(App, Route('/', 'GET', hello))

    with pytest.raises(ZeroDivisionError, match='mine'):
        app.exception_handler(ZeroDivisionError('mine'))


@both_modes
def test_request_cannot_be_answered_by_what_on_request_returns(app_class):
    """H7 is kept: it is ignored. Raise an HTTPException."""

    class Answering:
        def on_request(self) -> http.Response:
            return http.JSONResponse('mine')

    app = build(app_class, Route('/', 'GET', hello), hooks=[Answering])

    assert ask(app).body == b'hello'


@both_modes
def test_standalone_route_has_no_hooks(app_class):
    """H7 is kept: API Star's static files are such a route."""

    app = build(app_class, Route('/', 'GET', standalone, standalone=True), hooks=[Outer])

    answer = ask(app)

    assert (answer.body, answer.log) == (b'standalone', ())


def standalone(environ: WSGIEnviron, start_response: WSGIStartResponse) -> list[bytes]:
    start_response('200 OK', [])
    return [b'standalone']


@both_modes
@pytest.mark.parametrize(
    ('exc', 'status', 'body', 'header'),
    [
        (NotAuthenticated(headers={'WWW-Authenticate': 'Bearer'}), '401 Unauthorized',
         b'"Not authenticated"', ('www-authenticate', 'Bearer')),
        (Conflict({'id': 'exists'}), '409 Conflict', b'{"id":"exists"}', None),
        (TooManyRequests(headers={'Retry-After': '5'}), '429 Too Many Requests',
         b'"Too many requests"', ('retry-after', '5')),
    ],
)  # fmt: skip
def test_exceptions_that_api_star_never_had(app_class, exc, status, body, header):
    """H8"""

    def handler() -> None:
        raise exc

    answer = ask(build(app_class, Route('/', 'GET', handler)))

    assert (answer.status, answer.body) == (status, body)
    assert header is None or header in answer.headers


@pytest.mark.case('H05')
@both_modes
@pytest.mark.parametrize(
    ('exc', 'status', 'body'),
    [
        (exceptions.BadRequest(), 400, b'"Bad request"'),
        (Http404('no such row'), 404, b'"Not found"'),
        (PermissionDenied('secret'), 403, b'"Forbidden"'),
        (SuspiciousOperation('secret'), 400, b'"Bad request"'),
        (RequestDataTooBig('secret'), 413, b'"Request body is too large"'),
        (ValidationError('Too short.'), 400, b'"Too short."'),
        (ValidationError({'name': ['Too short.', 'Not pretty.']}), 400,
         b'{"name":"Too short. Not pretty."}'),
        (ImATeapot('short and stout'), 418, b'"short and stout"'),
        (RequestEntityTooLarge(), 413, b'"The data value transmitted exceeds the capacity limit."'),
    ],
)  # fmt: skip
def test_exceptions_that_are_the_clients_fault_are_answered_and_logged(
    app_class, exc, status, body, caplog
):
    """H9: each was a 500."""

    def handler() -> None:
        raise exc

    answer = ask(build(app_class, Route('/', 'GET', handler)))

    assert (answer.code, answer.body) == (status, body)
    name = type(exc).__name__
    logger = f'django.security.{name}' if isinstance(exc, SuspiciousOperation) else 'django.request'
    assert caplog.record_tuples == [(logger, logging.WARNING, f'{name}: /')]


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != 'sqlite', reason='others have larger numbers')
@both_modes
@pytest.mark.parametrize(
    ('method', 'values', 'code'),
    [('execute', [2**63 - 1], 200), ('execute', [2**63], 400), ('executemany', [[2**63]], 400)],
)
def test_value_that_no_query_of_ones_own_can_send_is_a_bad_request(
    app_class, method, values, code, caplog
):
    def handler() -> dict:
        with connection.cursor() as cursor:
            getattr(cursor, method)('INSERT INTO project_maker (name) SELECT %s', values)
        return {}

    answer = ask(build(app_class, Route('/', 'GET', handler)))

    assert (answer.code, answer.json()) == (code, {} if code == 200 else 'Bad request')
    assert [record.getMessage() for record in caplog.records] == ['OverflowError: /'][: code == 400]


@both_modes
def test_headers_of_a_werkzeug_exception_are_sent_but_for_the_type_of_its_page(app_class):
    def handler() -> None:
        raise MethodNotAllowed(['GET', 'PUT'])

    answer = ask(build(app_class, Route('/', 'GET', handler)))

    assert (answer.code, sorted(answer.headers)) == (405, [
        ('allow', 'GET, PUT'), ('content-length', '50'), ('content-type', 'application/json'),
    ])  # fmt: skip


@both_modes
def test_detail_of_an_exception_may_be_what_json_of_a_handler_may_be(app_class):
    """H10: TypeError, 500."""

    def handler() -> None:
        raise exceptions.BadRequest({'price': decimal.Decimal('1.50')})

    answer = ask(build(app_class, Route('/', 'GET', handler)))

    assert (answer.status, answer.body) == ('400 Bad Request', b'{"price":"1.50"}')


@pytest.mark.case('E08', 'E13')
@both_modes
@pytest.mark.parametrize('status', [0, 99, 100, 103, 199, 600, 700])
def test_status_that_http_does_not_have_is_a_logged_500(app_class, status, caplog):
    """H10: kept as a 500, which is the project's fault; but no longer silent."""

    def handler() -> None:
        raise exceptions.HTTPException('x', status)

    answer = ask(build(app_class, Route('/', 'GET', handler)))

    assert (answer.status, answer.body) == ('500 Internal Server Error', b'"Server error"')
    assert [record.levelname for record in caplog.records][-1] == 'ERROR'


@both_modes
def test_failing_request_leaves_no_reference_cycle(app_class):
    """L9: 20 requests kept 20 frames with their bodies until the collector came."""

    def handler(body: http.Body) -> None:
        raise ZeroDivisionError

    app = build(app_class, Route('/', 'POST', handler))
    with quiet():
        ask(app, '/', 'POST', body=b'x')
        gc.collect()
        gc.disable()
        try:
            ask(app, '/', 'POST', body=b'x' * 1000)
            found = gc.collect()
        finally:
            gc.enable()

    assert found == 0
