"""What projects and API Star's extensions of its time build upon stays: each in both modes.

The extensions here are written in the style of the published ones (JWT, CORS, metrics, request id,
Sentry, pydantic, SQLAlchemy, pagination); those themselves ran unedited, see
docs/explanation/compatibility.md.
"""

import inspect
import sys
import typing

import apistar
import pytest
from apistar import Component, Route, exceptions, http
from apistar.server.injector import Injector as StockInjector
from apistar.server.wsgi import WSGIEnviron, WSGIStartResponse

from django_apistar.api.compiled import Compiled
from django_apistar.application import App
from management_tests.support.oracle import Accelerated, ask, both_modes, build, quiet


def hello() -> dict:
    return {'hello': 'world'}


def boom() -> None:
    raise ZeroDivisionError


def refuse() -> None:
    raise exceptions.BadRequest()


ROUTES = [
    ('/', 'GET', hello), ('/boom/', 'GET', boom), ('/refuse/', 'GET', refuse),
]  # fmt: skip


def make_routes() -> list[Route]:
    return [Route(*route) for route in ROUTES]


def mix(mixin: type, app_class: type, **attributes: typing.Any) -> typing.Any:
    return type('Mixed', (mixin, app_class), attributes)


class Tracker:
    def __init__(self) -> None:
        self.seen: list[typing.Any] = []


class TrackerComponent(Component):
    def __init__(self) -> None:
        self.tracker = Tracker()

    def resolve(self) -> Tracker:
        return self.tracker


# Mixins of the App


class ReportingMixin:
    """As error trackers do: an extra parameter, the App's own answer, and the exception again."""

    def exception_handler(self, exc: Exception, tracker: Tracker) -> http.Response:
        try:
            return super().exception_handler(exc)
        except Exception:
            tracker.seen.append(sys.exc_info()[0])
            raise


@both_modes
def test_exception_handler_with_an_injected_parameter(app_class):
    component = TrackerComponent()
    app = build(mix(ReportingMixin, app_class), *make_routes(), components=[component])

    with quiet():
        codes = [ask(app, path).code for path in ('/', '/boom/', '/refuse/', '/nope')]

    assert codes == [200, 500, 400, 404]
    assert component.tracker.seen == [ZeroDivisionError]


class OwnErrorsMixin:
    def exception_handler(self, exc: Exception) -> http.Response:
        if isinstance(exc, ZeroDivisionError):
            return http.JSONResponse({'error': 'division'}, 422)
        return super().exception_handler(exc)

    def error_handler(self, environ: WSGIEnviron) -> http.Response:
        return http.JSONResponse({'error': environ['PATH_INFO']}, 503)


@both_modes
def test_exception_handler_and_error_handler_of_a_subclass(app_class):
    def other() -> None:
        raise KeyError

    app = build(mix(OwnErrorsMixin, app_class), *make_routes(), Route('/other/', 'GET', other))

    with quiet():
        answers = [ask(app, path) for path in ('/boom/', '/refuse/', '/other/')]

    assert [(answer.code, answer.json()) for answer in answers] == [
        (422, {'error': 'division'}), (400, 'Bad request'), (503, {'error': '/other/'})
    ]  # fmt: skip


class EnvelopeMixin:
    def render_response(
        self, return_value: apistar.server.components.ReturnValue, tracker: Tracker
    ) -> http.Response:
        tracker.seen.append(return_value)
        return super().render_response({'data': return_value})


@both_modes
def test_render_response_with_an_injected_parameter(app_class):
    component = TrackerComponent()
    app = build(mix(EnvelopeMixin, app_class), *make_routes(), components=[component])

    assert ask(app).json() == {'data': {'hello': 'world'}}
    assert component.tracker.seen == [{'hello': 'world'}]


class SigningMixin:
    def finalize_wsgi(
        self, response: http.Response, start_response: WSGIStartResponse, tracker: Tracker
    ) -> typing.Any:
        tracker.seen.append(response.status_code)
        response.headers['X-Signature'] = 'signed'
        return super().finalize_wsgi(response, start_response)


@both_modes
def test_finalize_wsgi_with_an_injected_parameter(app_class):
    component = TrackerComponent()
    app = build(mix(SigningMixin, app_class), *make_routes(), components=[component])

    with quiet():
        answers = [ask(app, path) for path in ('/', '/boom/', '/nope')]

    assert [answer.get('x-signature') for answer in answers] == ['signed'] * 3
    assert component.tracker.seen == [200, 500, 404]


class CallMixin:
    """As instrumentation does."""

    def __call__(self, environ: typing.Any, start_response: typing.Any) -> typing.Any:
        def start(status: str, headers: typing.Any, exc_info: typing.Any = None) -> None:
            start_response(status, [*headers, ('x-wrapped', environ['REQUEST_METHOD'])], exc_info)

        return super().__call__(environ, start)


@both_modes
def test_call_of_a_subclass(app_class):
    app = build(mix(CallMixin, app_class), *make_routes())

    assert [ask(app).get('x-wrapped') for _ in range(2)] == ['GET', 'GET']
    assert ask(app, '/nope', 'POST').get('x-wrapped') == 'POST'


class InitMixin:
    """Every init_… of API Star's, called with its arguments and by its own code."""

    def init_document(self, routes: typing.Any) -> None:
        self.order = ['document']
        super().init_document(routes)

    def init_router(self, routes: typing.Any) -> None:
        self.order.append('router')
        super().init_router([*routes, Route('/added/', 'GET', hello, name='added')])

    def init_templates(self, template_dir: typing.Any = None, packages: typing.Any = None) -> None:
        self.order.append('templates')
        super().init_templates(template_dir, packages)

    def init_staticfiles(self, *args: typing.Any, **kwargs: typing.Any) -> None:
        self.order.append('staticfiles')
        super().init_staticfiles(*args, **kwargs)

    def init_injector(self, components: typing.Any = None) -> None:
        self.order.append('injector')
        super().init_injector([*(components or ()), TrackerComponent()])

    def include_extra_routes(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        extra = super().include_extra_routes(*args, **kwargs)
        return [*extra, Route('/health/', 'GET', hello, name='health', documented=False)]


def tracked(tracker: Tracker) -> str:
    return type(tracker).__name__


@both_modes
def test_init_methods_of_a_subclass(app_class):
    app = build(mix(InitMixin, app_class), Route('/', 'GET', tracked))

    assert app.order == ['document', 'router', 'templates', 'staticfiles', 'injector']
    assert [ask(app, path).code for path in ('/', '/added/', '/health/')] == [200, 200, 200]
    assert [link.url for link in app.document.content] == ['/', '/added/']


class StockInjectorMixin:
    def init_injector(self, components: typing.Any = None) -> None:
        super().init_injector(components)
        parts = [*self.injector.components]
        self.injector = StockInjector(parts, self.injector.initial)


class Waiting:
    def on_request(self) -> None:
        self.started = 'yes'

    def on_response(self, response: http.Response) -> None:
        response.headers['X-Started'] = self.started


@both_modes
def test_injector_of_another_kind(app_class):
    app = build(mix(StockInjectorMixin, app_class), *make_routes(), hooks=[Waiting])

    with quiet():
        answers = [ask(app, path) for path in ('/', '/boom/', '/refuse/', '/nope')]

    assert [(answer.code, answer.get('x-started')) for answer in answers] == [
        (200, 'yes'), (500, None), (400, 'yes'), (404, 'yes')
    ]  # fmt: skip


class ExtraStateMixin:
    """An initial component of its own, which __call__ fills: as multi-tenant projects do."""

    def init_injector(self, components: typing.Any = None) -> None:
        super().init_injector(components)
        self.injector = type(self.injector)(
            self.injector.components, {**self.injector.initial, 'tenant': Tracker}
        )

    def __call__(self, environ: typing.Any, start_response: typing.Any) -> typing.Any:
        route, params = self.router.lookup(environ['PATH_INFO'], environ['REQUEST_METHOD'])
        state = {
            'environ': environ, 'start_response': start_response, 'exc': None, 'app': self,
            'path_params': params, 'route': route, 'response': None, 'tenant': Tracker(),
        }  # fmt: skip
        return self.injector.run([route.handler, self.render_response, self.finalize_wsgi], state)


@both_modes
def test_call_that_runs_the_injector_itself(app_class):
    app = build(mix(ExtraStateMixin, app_class), Route('/', 'GET', tracked))

    assert ask(app).body == b'Tracker'


class HooksMixin:
    def get_event_hooks(self) -> typing.Any:
        on_request, on_response, on_error = super().get_event_hooks()
        return on_request, [*on_response, self.stamp], on_error

    def stamp(self, response: http.Response) -> None:
        response.headers['X-Stamp'] = 'mixin'


@both_modes
def test_get_event_hooks_of_a_subclass(app_class):
    app = build(mix(HooksMixin, app_class), *make_routes(), hooks=[Waiting])

    answers = [ask(app, path) for path in ('/', '/refuse/', '/nope')]

    assert [(answer.get('x-started'), answer.get('x-stamp')) for answer in answers] == [
        ('yes', 'mixin')
    ] * 3  # fmt: skip


class SameHooksMixin:
    """Chooses its hooks itself, and chooses API Star's."""

    def get_event_hooks(self) -> typing.Any:
        return super().get_event_hooks()


@both_modes
def test_hooks_of_a_subclass_keep_their_order_whichever_methods_they_have(app_class):
    ran: list[str] = []

    class First:
        def on_request(self) -> None:
            ran.append('first request')

        def on_response(self) -> None:
            ran.append('first response')

    class Middle:
        def on_response(self) -> None:
            ran.append('middle response')

    class Last:
        def on_request(self) -> None:
            ran.append('last request')

        def on_response(self) -> None:
            ran.append('last response')

    app = build(mix(SameHooksMixin, app_class), *make_routes(), hooks=[First, Middle, Last])

    ask(app)

    assert ran == [
        'first request', 'last request', 'last response', 'middle response', 'first response'
    ]  # fmt: skip


@both_modes
def test_faults_are_told_to_the_hooks_of_a_subclass_the_last_first(app_class):
    ran: list[str] = []

    class First:
        def on_error(self) -> None:
            ran.append('first')

    class Last:
        def on_error(self) -> None:
            ran.append('last')

    app = build(
        mix(SameHooksMixin, app_class), Route('/', 'GET', lambda: 1 / 0, name='fail'),
        hooks=[First, Last],
    )  # fmt: skip

    assert (ask(app).code, ran) == (500, ['last', 'first'])


@both_modes
def test_hook_of_a_subclass_that_is_not_reached_does_not_respond(app_class):
    ran: list[str] = []

    class Refusing:
        def on_request(self) -> None:
            raise exceptions.Forbidden()

        def on_response(self) -> None:
            ran.append('refusing')

    class Unreached:
        def on_request(self) -> None:
            ran.append('request')

        def on_response(self) -> None:
            ran.append('response')

    app = build(mix(SameHooksMixin, app_class), *make_routes(), hooks=[Refusing, Unreached])

    assert (ask(app).code, ran) == (403, ['refusing'])


@both_modes
def test_a_hook_may_take_what_was_returned_last(app_class):
    seen: list[typing.Any] = []

    class Recorder:
        def on_response(self, value: apistar.server.components.ReturnValue) -> None:
            seen.append(value)

    ask(build(app_class, *make_routes(), hooks=[Recorder]))

    assert [value.content for value in seen] == [b'{"hello":"world"}']


@both_modes
def test_reverse_url_and_static_url(app_class):
    app = build(app_class, Route('/a/{pk}/', 'GET', hello))

    assert (app.reverse_url('hello', pk=7), app.static_url('x.css')) == (
        '/a/7/', '/static/x.css'
    )  # fmt: skip


# Routes


class UndocumentedRoute(Route):
    """As extensions with parameters of their own do."""

    def generate_link(self, *args: typing.Any) -> None:
        return None


class OwnLinkRoute(Route):
    def generate_link(self, url: str, method: str, handler: typing.Any, name: str) -> typing.Any:
        link = super().generate_link(url, method, handler, name)
        link.description = 'own'
        return link


class Number(int):
    """A parameter's own type."""


class NumberComponent(Component):
    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        return issubclass(parameter.annotation, Number)

    def resolve(self, parameter: inspect.Parameter, params: http.PathParams) -> typing.Any:
        try:
            return parameter.annotation(params[parameter.name])
        except ValueError:
            raise exceptions.BadRequest(f'{parameter.name} is no number') from None


def show_number(n: Number, missing: typing.List[str]) -> list:
    return [n, type(n).__name__, missing]


@both_modes
def test_route_without_link_and_component_that_chooses_its_parameters(app_class):
    route = UndocumentedRoute('/{n}/', 'GET', show_number)
    app = build(app_class, route, components=[NumberComponent()])

    answers = [ask(app, path, query='missing=1') for path in ('/7/', '/x/')]

    assert [(answer.code, answer.json()) for answer in answers] == [
        (200, [7, 'Number', ['1']]), (400, 'n is no number')
    ]  # fmt: skip
    assert app.document.content == []


@both_modes
def test_route_without_link_takes_path_and_query_parameters(app_class):
    """API Star: AttributeError, 500."""

    def handler(name: str, q: int = 1) -> list:
        return [name, q]

    app = build(app_class, UndocumentedRoute('/{name}/', 'GET', handler))

    assert ask(app, '/x/', query='q=5').code == 200


@both_modes
def test_route_with_a_link_of_its_own(app_class):
    app = build(app_class, OwnLinkRoute('/', 'GET', hello))

    assert (app.document.content[0].description, ask(app).code) == ('own', 200)


@both_modes
def test_standalone_route(app_class):
    def raw(environ: WSGIEnviron, start_response: WSGIStartResponse) -> list[bytes]:
        start_response('200 OK', [('x-raw', environ['PATH_INFO'])])
        return [b'raw']

    app = build(app_class, Route('/raw/{+rest}', 'GET', raw, standalone=True), hooks=[Waiting])

    answer = ask(app, '/raw/a/b')

    assert (answer.headers, answer.body) == ((('x-raw', '/raw/a/b'),), b'raw')


# Hooks and components in the style of the extensions


class Metrics:
    counted: list[typing.Any]

    def start(self, route: typing.Any) -> None:
        self.started = True

    def end(self, method: str, route: typing.Any, status: int) -> None:
        name = route.name if route else '<none>'
        self.counted.append((method, name, status, getattr(self, 'started', False)))


class MetricsComponent(Component):
    def __init__(self) -> None:
        self.counted: list[typing.Any] = []

    def resolve(self) -> Metrics:
        metrics = Metrics()
        metrics.counted = self.counted
        return metrics


class MetricsHook:
    def on_request(self, metrics: Metrics, method: http.Method, route: Route) -> None:
        metrics.start(route and route.handler)

    def on_response(
        self, metrics: Metrics, method: http.Method, route: Route, response: http.Response,
        exc: Exception,
    ) -> None:  # fmt: skip
        metrics.end(method, route, exc.status_code if exc else response.status_code)

    def on_error(
        self, metrics: Metrics, method: http.Method, route: Route, response: http.Response
    ) -> None:
        metrics.end(method, route, 500)


@both_modes
@pytest.mark.parametrize('hook', [MetricsHook, MetricsHook()], ids=['class', 'instance'])
def test_metrics_count_every_request_once(app_class, hook):
    """A hook whose on_response asks for the Route sees a missing one as None, as in API Star."""
    component = MetricsComponent()
    app = build(app_class, *make_routes(), components=[component], hooks=[hook])

    with quiet():
        for path in ('/', '/nope', '/refuse/', '/boom/', '/'):
            ask(app, path)

    assert component.counted == [
        ('GET', 'hello', 200, True), ('GET', '<none>', 404, False), ('GET', 'refuse', 400, True),
        ('GET', 'boom', 500, True), ('GET', 'hello', 200, True),
    ]  # fmt: skip


class OptionalRouteHook:
    def on_request(self, route: typing.Optional[Route]) -> None:
        self.name = route.name if route else 'none'

    def on_response(self, response: typing.Optional[http.Response]) -> None:
        response.headers['X-Route'] = self.name


@both_modes
def test_hook_that_takes_an_optional_route_runs_without_one(app_class):
    app = build(app_class, *make_routes(), hooks=[OptionalRouteHook])

    assert [ask(app, path).get('x-route') for path in ('/', '/nope')] == ['hello', 'none']


class CorsHook:
    def __init__(self, origin: str = '*') -> None:
        self.origin = origin

    def on_request(self, environ: WSGIEnviron, start_response: WSGIStartResponse) -> None:
        self.asked = environ.get('HTTP_ORIGIN')

    def on_response(self, response: http.Response) -> None:
        if self.asked:
            response.headers['Access-Control-Allow-Origin'] = self.origin


@both_modes
@pytest.mark.parametrize('hook', [CorsHook, CorsHook()], ids=['class', 'instance'])
def test_cors_hook_sees_preflight_requests(app_class, hook):
    """R9: API Star answered 405 before any hook."""
    app = build(app_class, *make_routes(), hooks=[hook])
    headers = (('ORIGIN', 'http://a'), ('ACCESS_CONTROL_REQUEST_METHOD', 'GET'))

    answers = [ask(app, path, method, headers=headers) for path, method in
               (('/', 'OPTIONS'), ('/', 'GET'), ('/refuse/', 'GET'), ('/nope', 'GET'))]  # fmt: skip

    assert [(answer.code, answer.get('access-control-allow-origin')) for answer in answers] == [
        (204, '*'), (200, '*'), (400, '*'), (404, '*')
    ]  # fmt: skip


class TokenUser:
    def __init__(self, name: str) -> None:
        self.name = name


class TokenComponent(Component):
    """As the JWT component: a Union for its return annotation, the route, the parameter."""

    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        return parameter.annotation in (TokenUser, TokenComponent)

    def resolve(
        self, authorization: http.Header, route: Route, parameter: inspect.Parameter
    ) -> typing.Union[TokenUser, 'TokenComponent', None]:
        if parameter.annotation is TokenComponent:
            return self
        if authorization is None:
            if getattr(route.handler, 'is_open', False):
                return None
            raise exceptions.HTTPException('No token.', 401)
        return TokenUser(authorization.split()[-1])


def who(user: TokenUser, tokens: TokenComponent) -> list:
    return [user and user.name, type(tokens).__name__]


def who_open(user: TokenUser) -> list:
    return [user and user.name]


who_open.is_open = True


@both_modes
def test_component_that_provides_several_types(app_class):
    app = build(
        app_class, Route('/', 'GET', who), Route('/open/', 'GET', who_open),
        components=[TokenComponent()],
    )  # fmt: skip
    headers = (('AUTHORIZATION', 'Bearer me'),)

    assert (ask(app).code, ask(app).json()) == (401, 'No token.')
    assert ask(app, headers=headers).json() == ['me', 'TokenComponent']
    assert ask(app, '/open/').json() == [None]


class Page(http.JSONResponse):
    """As the pagination extension: a response that renders a part of its content."""

    def __init__(self, page: typing.Any, **kwargs: typing.Any) -> None:
        self.page = int(page or 1)
        super().__init__(**kwargs)

    def render(self, content: typing.Any) -> bytes:
        start = (self.page - 1) * 2
        return super().render({'page': self.page, 'data': content[start : start + 2]})


@both_modes
def test_response_class_of_a_project(app_class):
    def numbers(page: http.QueryParam) -> Page:
        return Page(page=page, content=[1, 2, 3])

    app = build(app_class, Route('/', 'GET', numbers))

    assert [ask(app, query=query).json() for query in ('', 'page=2')] == [
        {'page': 1, 'data': [1, 2]}, {'page': 2, 'data': [3]}
    ]  # fmt: skip


class Transaction:
    """As the SQLAlchemy extension: on_response gives the response back."""

    log: typing.ClassVar[list[str]] = []

    def on_response(self, response: http.Response, exc: Exception) -> http.Response:
        self.log.append('rollback' if exc else 'commit')
        return response

    def on_error(self, response: http.Response) -> http.Response:
        self.log.append('error')
        return response


@both_modes
def test_transaction_hook(app_class):
    Transaction.log.clear()
    app = build(app_class, *make_routes(), hooks=[Transaction()])

    with quiet():
        codes = [ask(app, path).code for path in ('/', '/refuse/', '/boom/')]

    assert (codes, Transaction.log) == ([200, 400, 500], ['commit', 'rollback', 'error'])


def test_extension_points_keep_their_plans_where_they_can():
    """Only what replaces the walk itself goes without plans."""
    for mixin in (ReportingMixin, EnvelopeMixin, SigningMixin, CallMixin, InitMixin):
        app = build(mix(mixin, Accelerated), *make_routes(), components=[TrackerComponent()])
        assert type(app.responder) is Compiled
        assert app.responder.get_plan(0) is not None


def test_stock_app_has_the_same_methods():
    """A mixin for apistar.App finds every method that it may override or call."""
    own = {name for name, value in vars(apistar.App).items() if callable(value)}

    assert {name for name in own if not hasattr(App, name)} == set()


UNHASHABLE = typing.Annotated[str, []]


@both_modes
def test_annotations_that_cannot_be_hashed_are_resolved_and_returned(app_class):
    class Odd(Component):
        def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
            return parameter.annotation == UNHASHABLE

        def resolve(self, parameter: inspect.Parameter) -> typing.Any:
            return f'what is {parameter.name}'

    def handler(odd: UNHASHABLE) -> list[UNHASHABLE]:
        return [odd]

    app = build(app_class, Route('/', 'GET', handler), components=[Odd()])

    assert ask(app).json() == ['what is odd']
