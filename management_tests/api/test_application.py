"""The App itself: what it has by default, what settings change, and who answers for it."""

import json
from types import SimpleNamespace
from typing import Any

import apistar
import pytest
from apistar import Route, exceptions, http
from django.core.serializers.json import DjangoJSONEncoder
from django.test import override_settings

from django_apistar.accelerate.types.stock import STOCK_INIT
from django_apistar.api.compiled import Compiled
from django_apistar.api.stepped import Stepped
from django_apistar.application import App, compile_constructors, get_app, get_route_table
from django_apistar.authentication.components import DjangoBasicAuthentication
from django_apistar.conf import get_settings
from django_apistar.service.problems import ProblemDetails
from management_tests.support.oracle import Accelerated, Request, ask, both_modes, build, quiet

pytestmark = pytest.mark.once

NAMES = (
    'json_encoder', 'accelerate', 'notes_routes', 'sends_problems', 'extra_headers', 'docs_ui',
    'docs_csp', 'servers', 'tags', 'more_info', 'auth_components', 'wrappers', 'event_hooks',
    'problem_type', 'debug',
)  # fmt: skip
DEFAULTS = {
    'json_encoder': DjangoJSONEncoder, 'accelerate': True, 'notes_routes': False,
    'sends_problems': False, 'extra_headers': (), 'docs_ui': 'apistar', 'docs_csp': '',
    'servers': (), 'tags': {}, 'more_info': {}, 'auth_components': (), 'wrappers': [],
    'event_hooks': [], 'problem_type': None, 'debug': False,
}  # fmt: skip


class Encoder(json.JSONEncoder):
    """For JSON_ENCODER."""

    def default(self, value: object) -> str:
        return 'encoded'


class Hook:
    def on_request(self) -> None:
        """Nothing to do."""


class Around:
    """Stands around the responder, and notes the headers that it is given."""

    def __init__(self) -> None:
        self.headers: Any = None

    def wrap_responder(self, responder: Any, headers: Any) -> Any:
        self.headers = headers
        return SimpleNamespace(wrapped=responder, by=self)


def hello() -> dict:
    return {'message': 'hello'}


def fail() -> dict:
    raise ZeroDivisionError('from a handler')


def show(app: Any) -> dict[str, Any]:
    return {name: getattr(app, name) for name in NAMES}


def test_an_app_of_its_own_has_these_attributes() -> None:
    """`application`"""
    assert show(App([Route('/', 'GET', hello)], event_hooks=())) == DEFAULTS


def test_the_projects_app_has_those_of_the_settings() -> None:
    around, hook, basic = Around(), Hook(), DjangoBasicAuthentication()
    keys = {
        'JSON_ENCODER': Encoder, 'ACCELERATE': False, 'REQUEST_ID_HEADER': 'X-Id',
        'ERRORS': 'problem', 'DOCS_UI': 'redoc', 'DOCS_CSP': None, 'SERVERS': ['/v1'],
        'TAGS': {'a': 'A'}, 'INFO': {'contact': {}}, 'AUTH_COMPONENTS': [basic],
        'EVENT_HOOKS': [around, hook], 'TITLE': 'Shop', 'DESCRIPTION': 'Sells.', 'VERSION': '2',
    }  # fmt: skip
    with override_settings(APISTAR_SETTINGS=keys):
        app = get_app()
        document = app.document

        assert get_app() is app
        assert show(app) == {
            'json_encoder': Encoder, 'accelerate': False, 'notes_routes': True,
            'sends_problems': True, 'extra_headers': app.extra_headers, 'docs_ui': 'redoc',
            'docs_csp': None, 'servers': ('/v1',), 'tags': {'a': 'A'}, 'more_info': {'contact': {}},
            'auth_components': (basic,), 'wrappers': [around], 'event_hooks': [hook],
            'problem_type': ProblemDetails, 'debug': False,
        }  # fmt: skip
        assert app.extra_headers[0] == ('x-content-type-options', 'nosniff')
        assert (document.title, document.description, document.version) == (
            'Shop', 'Sells.', '2'
        )  # fmt: skip
        assert app.encode_default(5j) == 'encoded'


@pytest.mark.parametrize('accelerate', [True, False])
def test_accelerate_decides_whether_types_have_compiled_constructors(accelerate: bool) -> None:
    with override_settings(APISTAR_SETTINGS={'ACCELERATE': accelerate}):
        get_app()
        is_compiled = apistar.types.Type.__init__ is not STOCK_INIT
    compile_constructors(get_settings().accelerate)

    assert is_compiled is accelerate


def test_hooks_around_the_responder_are_in_their_order() -> None:
    first, second = Around(), Around()
    app = build(App, hooks=[first, Hook(), second])
    app.extra_headers = (('X-One', '1'),)

    assert app.responder.by is first
    assert app.responder.wrapped.by is second
    assert type(app.responder.wrapped.wrapped) is Compiled
    assert first.headers == second.headers == (('X-One', '1'),)
    assert app.responder is app.responder


def test_parts_may_be_any_iterable() -> None:
    hooks = (Hook() for _ in range(2))
    app = App(iter([Route('/', 'GET', hello)]), event_hooks=hooks, components=iter([]))

    assert len(app.event_hooks) == 2
    assert ask(app).json() == {'message': 'hello'}
    assert App([]).event_hooks is None


def test_extra_routes_are_ours() -> None:
    app = App([], schema_url='/s/', docs_url='/d/', static_url=None)

    assert [(entry.path, entry.name, entry.handler.__module__) for entry in app.router.entries] == [
        ('/s/', 'serve_schema', 'django_apistar.application'),
        ('/d/', 'serve_documentation', 'django_apistar.application'),
    ]
    assert [*App([], schema_url=None, docs_url=None, static_url=None).router.entries] == []


@pytest.mark.parametrize(
    ('static_url', 'url'),
    [('/static/', '/static/a.css'), ('https://cdn/x/', 'https://cdn/x/a.css'), (None, '/a.css')],
)
def test_urls_of_static_files_are_djangos(static_url: str | None, url: str) -> None:
    with override_settings(STATIC_URL=static_url):
        assert build(App).static_url('a.css') == url


def test_an_app_with_static_files_of_its_own_knows_their_urls() -> None:
    app = App([], static_url='/own/', packages=['apistar'])

    assert app.static_url('apistar/css/base.css').startswith('/own/apistar/css/base.css')


@both_modes
def test_an_empty_path_is_the_root(app_class: Any) -> None:
    """PEP 3333 lets a server send none."""
    app = build(app_class, Route('/', 'GET', hello))

    assert ask(app, '').json() == {'message': 'hello'}
    environ = Request().build_environ()
    del environ['PATH_INFO']
    assert b''.join(app(environ, lambda *_: None)) == b'{"message":"hello"}'


@both_modes
def test_a_refusal_without_a_path_is_logged(app_class: Any, caplog: Any) -> None:
    app = build(app_class, Route('/', 'GET', hello))
    environ = Request(method='POST').build_environ()
    del environ['PATH_INFO']

    app(environ, lambda *_: None)

    assert [record.getMessage() for record in caplog.records] == ['MethodNotAllowed: ']


class OwnRouter(type(build(App).router)):  # type: ignore[misc]
    """A router of a project's own."""


class OwnInjector(type(build(App).injector)):  # type: ignore[misc]
    """An injector of a project's own."""


class WithRouter(Accelerated):
    def init_router(self, routes: Any) -> None:
        super().init_router(routes)
        self.router = OwnRouter(routes)


class WithInjector(Accelerated):
    def init_injector(self, components: Any = None) -> None:
        super().init_injector(components)
        self.injector.__class__ = OwnInjector


class WithEventHooks(Accelerated):
    def get_event_hooks(self) -> Any:
        return super().get_event_hooks()


class WithRendering(Accelerated):
    def render_response(self, return_value: Any) -> http.Response:
        return super().render_response(return_value)


class WithErrors(Accelerated):
    def exception_handler(self, exc: Exception, environ: Any = None) -> http.Response:
        return super().exception_handler(exc, environ)


class WithAccelerateOff(Accelerated):
    accelerate = False


@pytest.mark.parametrize(
    ('app_class', 'responder', 'overridden'),
    [
        (Accelerated, Compiled, set()), (WithRendering, Compiled, {'render_response'}),
        (WithErrors, Compiled, {'exception_handler'}), (WithRouter, Stepped, set()),
        (WithInjector, Stepped, set()), (WithEventHooks, Stepped, {'get_event_hooks'}),
        (WithAccelerateOff, Stepped, set()),
    ],
)  # fmt: skip
def test_who_answers_for_an_app(app_class: Any, responder: type, overridden: set[str]) -> None:
    found = build(app_class, Route('/', 'GET', hello)).responder
    stepped = found if responder is Stepped else found._stepped

    assert type(found) is responder
    assert stepped.overridden == overridden


@both_modes
def test_under_debug_a_fault_is_raised(app_class: Any) -> None:
    """As `App.serve(debug=True)` of API Star has it, for its debugger."""
    app = build(app_class, Route('/', 'GET', fail), Route('/hello/', 'GET', hello))
    app.debug = True

    with quiet(), pytest.raises(ZeroDivisionError, match=r'^from a handler$') as caught:
        ask(app)

    assert caught.traceback[-1].name == 'fail'
    assert ask(app, '/hello/').code == 200


def test_an_app_translates_exceptions_also_without_an_environ() -> None:
    app = build(App)
    refusal = app.exception_handler(exceptions.NotFound())
    fault = KeyError('a')

    assert (refusal.status_code, refusal.content) == (404, b'"Not found"')
    with pytest.raises(KeyError) as caught:
        app.exception_handler(fault)
    assert caught.value is fault
    assert app.error_handler().status_code == 500


def test_media_files_are_served_under_debug_alone() -> None:
    media: list[Any] = []
    for debug in (False, True):
        with override_settings(MEDIA_URL='/media/', DEBUG=debug):
            media.append(get_route_table()._media_prefix)

    assert media == ['/media/', None]


def test_a_handler_may_name_the_app_by_each_of_its_classes() -> None:
    def both(one: apistar.App, two: App, three: WithErrors) -> dict:
        return {'same': one is two is three}

    assert ask(build(WithErrors, Route('/', 'GET', both))).json() == {'same': True}
