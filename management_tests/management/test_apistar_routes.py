"""`manage.py apistar_routes`: the listings, by every option and format."""

import csv
import gc
import inspect
import io
import json
import re
import sys
import time
import types
from typing import Any
from unittest import mock

import pytest
from apistar import Component, Include, Route, exceptions, http
from apistar.server.injector import Injector as StockInjector
from apistar.server.wsgi import WSGIEnviron
from django.conf import settings as django_settings
from django.conf.urls.i18n import i18n_patterns
from django.core.management import CommandError, call_command
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path, re_path
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from rich.cells import cell_len

from django_apistar.application import App
from django_apistar.authentication import views
from django_apistar.authentication.components import AuthenticatedUser, User
from django_apistar.authentication.hooks import MustBeAuthenticated
from django_apistar.routes.table import CONFLICTS
from management_tests.support.server_process import REPOSITORY, Project, run_in_terminal

pytestmark = pytest.mark.once

TOKEN = 'django_apistar.authentication.components.DjangoTokenAuthentication'
HOOK = 'django_apistar.authentication.hooks.MustBeAuthenticated'
FILE = 'management_tests/management/test_apistar_routes.py'


def hello() -> dict:
    return {}


def mine(user: AuthenticatedUser) -> dict:
    return {}


def maybe(user: User) -> dict:
    return {}


class Page(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


@csrf_exempt
@require_http_methods(['GET', 'POST'])
def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


ROUTES = [
    Route('/', 'GET', hello),
    Include('/shop', 'shop', [
        Route('/mine/', 'GET', mine),
        Route('/maybe/{id}/', 'POST', maybe),
        Include('/deep', 'deep', [Route('/', 'DELETE', hello, documented=False)]),
    ]),
    Route('/web/hidden/', 'GET', hello, name='hidden'),
]  # fmt: skip
URLS = [
    path('web/page/', Page.as_view(), name='page'),
    path('web/', include(([path('form/', form, name='form')], 'forms'))),
    path('lost/', form),
]


@pytest.fixture(autouse=True)
def _project(request):
    routes, urls = types.ModuleType('listed_routes'), types.ModuleType('listed_urls')
    routes.routes, urls.urlpatterns = ROUTES, URLS
    sys.modules.update(listed_routes=routes, listed_urls=urls)
    settings = override_settings(
        APISTAR_ROUTE_CONF='listed_routes',
        ROOT_URLCONF='listed_urls',
        APISTAR_SETTINGS={
            'ALLOWED_DJANGO_ROUTES': ['/web/', '/dead/'],
            'COMPONENTS': [TOKEN],
            'SCHEMA_URL': None,
        },
    )
    with settings:
        yield
    del sys.modules['listed_routes'], sys.modules['listed_urls']


def run(*options: str, **more: Any) -> tuple[str, str]:
    """Return what the command wrote to stdout, and to stderr."""
    stdout, stderr = io.StringIO(), io.StringIO()
    call_command('apistar_routes', *options, stdout=stdout, stderr=stderr, **more)
    return stdout.getvalue(), stderr.getvalue()


def fail(*options: str) -> tuple[str, str]:
    """Return the sentence of failure, and stdout."""
    stdout = io.StringIO()
    with pytest.raises(CommandError) as failure:
        call_command('apistar_routes', *options, stdout=stdout, stderr=io.StringIO())
    return str(failure.value), stdout.getvalue()


def list_paths(*options: str) -> list[str]:
    routes = json.loads(run('--format', 'json', *options)[0])['routes']
    return [f'{",".join(route["methods"])} {route["path"]}' for route in routes]


def line_of(func: Any) -> int:
    return getattr(func, '__wrapped__', func).__code__.co_firstlineno


# What a row says


def test_json_has_the_shape_of_the_contract():
    document = json.loads(run('--format', 'json')[0])

    assert list(document) == ['routes', 'conflicts']
    assert document['routes'][1] == {
        'framework': 'apistar',
        'methods': ['GET'],
        'path': '/shop/mine/',
        'name': 'shop:mine',
        'handler': f'{__name__}.mine',
        'source': f'{FILE}:{line_of(mine)}',
        'documented': True,
        'auth': 'user',
        'permissions': [],
        'compiled': True,
        'reachable': True,
        'reason': '',
    }
    assert document['routes'][-1] == {
        'framework': 'django',
        'methods': ['GET', 'POST'],
        'path': '/lost/',
        'name': '',
        'handler': f'{__name__}.form',
        'source': f'{FILE}:{line_of(form.__wrapped__)}',
        'documented': False,
        'auth': '',
        'permissions': [],
        'compiled': None,
        'reachable': False,
        'reason': 'no prefix in ALLOWED_DJANGO_ROUTES covers the path',
    }
    assert [(found['id'], sorted(found)) for found in document['conflicts']] == [
        (number, ['hint', 'id', 'message']) for number in ('E012', 'W003', 'W004')
    ]


def test_rows_are_in_the_order_in_which_they_are_tried():
    assert list_paths() == [
        'GET /', 'GET /shop/mine/', 'POST /shop/maybe/{id}/', 'DELETE /shop/deep/',
        'GET /web/hidden/', 'GET,HEAD,OPTIONS /web/page/', 'GET,POST /web/form/',
        'GET,POST /lost/',
    ]  # fmt: skip


def test_class_based_view_is_named_by_its_class():
    [row] = json.loads(run('--format', 'json', '--name', 'page')[0])['routes']

    assert row['handler'] == f'{__name__}.Page'
    assert row['source'].startswith(f'{FILE}:')


def test_source_of_a_package_on_no_path_begins_with_the_package(tmp_path, monkeypatch):
    """As an editable install has it: a finder of its own knows where the package is."""
    # The folder of all temporary files may be on the path.
    others = [name for name in sys.path if not str(tmp_path).startswith(name or '.')]
    monkeypatch.setattr(sys, 'path', others)
    folder = tmp_path / 'outer/inner'
    folder.mkdir(parents=True)
    for where in (folder, folder.parent):
        (where / '__init__.py').touch()
    files = {'packed': folder / 'views.py', 'alone': tmp_path / 'alone/views.py'}
    sys.modules['listed_routes'].routes = [
        Route(f'/{name}/', 'GET', define(str(file)), name=name) for name, file in files.items()
    ]

    with override_settings(APISTAR_ROUTE_CONF='listed_routes'):
        rows = json.loads(run('--format', 'json', '--framework', 'apistar')[0])['routes']

    assert {row['name']: row['source'] for row in rows} == {
        'packed': 'outer/inner/views.py:2', 'alone': f'{tmp_path}/alone/views.py:2',
    }  # fmt: skip


def define(file: str) -> Any:
    """Return a handler of the second line of *file*."""
    namespace: dict[str, Any] = {'__name__': 'views'}
    exec(compile('\ndef show(): ...', file, 'exec'), namespace)
    return namespace['show']


def test_auth_is_read_from_the_handlers_parameters():
    rows = json.loads(run('--format', 'json', '--framework', 'apistar')[0])['routes']

    assert [row['auth'] for row in rows] == ['anyone', 'user', 'optional', 'anyone', 'anyone']


class KeyHook:
    """A project's own, of which nobody knows whom it refuses."""

    def on_request(self, key: http.Header) -> None:
        if key != 'secret':
            raise exceptions.Forbidden()


class LateHook:
    """Comes when the handler has run."""

    def on_response(self, response: http.Response) -> None:
        response.headers['x-late'] = 'yes'


class TellingHook(KeyHook):
    """Says which routes it lets nobody but users into."""

    def guards(self, handler: Any, name: str) -> bool:
        return name == 'hidden'


class StrictHook(MustBeAuthenticated):
    """Adds to ours, and so tells as ours does."""

    def on_request(self, environ: WSGIEnviron, route: Route, app: App) -> None:
        super().on_request(environ, route, app)


class Basket:
    """What a component of the project makes."""


class BasketComponent(Component):
    def resolve(self, key: http.Header) -> Basket:
        raise exceptions.Forbidden()


class TellingComponent(BasketComponent):
    def demands_user(self, parameter: inspect.Parameter) -> bool:
        return parameter.name == 'own'


class SchemedComponent(TellingComponent):
    security_scheme = {'type': 'apiKey', 'in': 'header', 'name': 'key'}


class GroupedApp(App):
    """Chooses its hooks itself, as API Star's extensions do."""

    def get_event_hooks(self) -> Any:
        hook = MustBeAuthenticated()
        return [hook.on_request], [], []


class StockInjectorApp(App):
    def init_injector(self, components: Any = None) -> None:
        super().init_injector(components)
        self.injector = StockInjector([*self.injector.components], self.injector.initial)


class GuardedApp(App):
    def __call__(self, environ: Any, start_response: Any) -> Any:
        return super().__call__(environ, start_response)


def shop(basket: Basket) -> dict:
    return {}


def own_shop(own: Basket) -> dict:
    return {}


def list_access(routes: Any = None, **keys: Any) -> list[str]:
    module = types.ModuleType('access_routes')
    module.routes = routes or ROUTES
    keys = {'COMPONENTS': [TOKEN], 'SCHEMA_URL': None, **keys}
    with (
        mock.patch.dict(sys.modules, access_routes=module),
        override_settings(APISTAR_ROUTE_CONF='access_routes', APISTAR_SETTINGS=keys),
    ):
        rows = json.loads(run('--format', 'json', '--framework', 'apistar')[0])['routes']
    return [row['auth'] for row in rows]


@pytest.mark.parametrize(
    ('hook', 'expected'),
    [
        (KeyHook, ['', 'user', '', '', '']),
        (LateHook, ['anyone', 'user', 'optional', 'anyone', 'anyone']),
        (TellingHook, ['anyone', 'user', 'optional', 'anyone', 'user']),
        (StrictHook, ['user', 'user', 'user', 'user', 'user']),
    ],
)
def test_auth_is_empty_where_a_hook_of_the_project_may_refuse(hook, expected):
    assert list_access(EVENT_HOOKS=[hook]) == expected


def test_auth_is_empty_where_a_component_of_the_project_may_refuse():
    routes = [Route('/', 'GET', hello), Route('/a/', 'GET', shop), Route('/b/', 'GET', own_shop)]

    assert list_access(routes, COMPONENTS=[BasketComponent]) == ['anyone', '', '']
    assert list_access(routes, COMPONENTS=[TellingComponent]) == ['anyone', 'anyone', 'user']
    assert list_access(routes, COMPONENTS=[SchemedComponent]) == ['anyone', 'optional', 'user']


def test_auth_knows_the_handlers_that_refuse_by_themselves():
    assert list_access(views.routes) == ['anyone', 'user', 'user', 'user']


def test_no_hook_guards_a_standalone_route():
    """API Star runs none for it."""
    routes = [Route('/', 'GET', hello), Route('/a/', 'GET', mine, name='a', standalone=True),
              Route('/b/', 'GET', hello, name='b', standalone=True)]  # fmt: skip

    assert list_access(routes, EVENT_HOOKS=[HOOK]) == ['user', 'user', 'anyone']
    assert list_access(routes, EVENT_HOOKS=[KeyHook]) == ['', 'user', 'anyone']


def test_auth_knows_what_an_app_of_the_project_does_by_itself():
    name = f'{__name__}.GroupedApp'
    assert list_access(APP_CLASS=name) == ['user', 'user', 'user', 'user', 'user']
    assert list_access(APP_CLASS=f'{__name__}.GuardedApp') == ['', 'user', '', '', '']
    assert list_access(APP_CLASS=f'{__name__}.StockInjectorApp') == ['', '', '', '', '']


def test_auth_is_empty_where_no_request_could_be_answered():
    assert list_access([Route('/', 'GET', shop)]) == ['']


def test_auth_is_read_from_the_hooks():
    keys = {'COMPONENTS': [TOKEN], 'EVENT_HOOKS': [HOOK], 'PUBLIC_ROUTES': ['hello', 'hidden']}
    with override_settings(APISTAR_SETTINGS={**keys, 'SCHEMA_URL': None}):
        rows = json.loads(run('--format', 'json', '--framework', 'apistar')[0])['routes']

    assert [row['auth'] for row in rows] == ['anyone', 'user', 'user', 'user', 'anyone']


# Filters and order


@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        (['--framework', 'django'],
         ['GET,HEAD,OPTIONS /web/page/', 'GET,POST /web/form/', 'GET,POST /lost/']),
        (['--framework', 'apistar', '--method', 'post'], ['POST /shop/maybe/{id}/']),
        (['--method', 'HEAD'],
         ['GET /', 'GET /shop/mine/', 'GET /web/hidden/', 'GET,HEAD,OPTIONS /web/page/']),
        (['--method', 'PROPFIND'], []),
        (['--path', '/shop/*'],
         ['GET /shop/mine/', 'POST /shop/maybe/{id}/', 'DELETE /shop/deep/']),
        (['--name', 'shop:deep:*'], ['DELETE /shop/deep/']),
        (['--name', 'forms:form'], ['GET,POST /web/form/']),
        (['--unreachable'], ['GET /web/hidden/', 'GET,POST /lost/']),
        (['--unreachable', '--framework', 'django'], ['GET,POST /lost/']),
        (['--path', '/', '--path', '/lost/'], ['GET /', 'GET,POST /lost/']),
        (['--path', '!/web/*', '--path', '!/shop/*'], ['GET /', 'GET,POST /lost/']),
        (['--path', '/shop/*', '--path', '!*/deep/', '--method', '!GET'],
         ['POST /shop/maybe/{id}/']),
        (['--framework', '!apistar', '--name', '!*'], []),
        (['--handler', '*.form'], ['GET,POST /web/form/', 'GET,POST /lost/']),
        (['--handler', '!*.form', '--framework', 'django'], ['GET,HEAD,OPTIONS /web/page/']),
        (['--auth', 'user', '--auth', 'optional'], ['GET /shop/mine/', 'POST /shop/maybe/{id}/']),
        (['--auth', '!anyone', '--framework', 'apistar'],
         ['GET /shop/mine/', 'POST /shop/maybe/{id}/']),
    ],
)  # fmt: skip
def test_filters(options, expected):
    assert list_paths(*options) == expected


def test_except_vendor_leaves_out_the_routes_of_installed_packages():
    with override_settings(
        ROOT_URLCONF='management_tests.project.urls',
        APISTAR_SETTINGS={'ALLOWED_DJANGO_ROUTES': ['/admin/', '/django/'], 'DOCS_URL': '/docs/'},
    ):
        rows = json.loads(run('--format', 'json', '--except-vendor')[0])['routes']
        every = json.loads(run('--format', 'json')[0])['routes']

    assert rows == [row for row in every if row['handler'].startswith('management_tests.')]
    assert {'serve_schema', 'admin:index'} <= {row['name'] for row in every}


@pytest.mark.parametrize(
    ('key', 'attribute'),
    [('path', 'path'), ('name', 'name'), ('framework', 'framework'), ('method', 'methods'),
     ('handler', 'handler')],
)  # fmt: skip
def test_sort(key, attribute):
    rows = json.loads(run('--format', 'json', '--sort', key)[0])['routes']

    assert len(rows) == 8
    assert rows == sorted(rows, key=lambda row: (row[attribute], row['path'], row['methods']))


# The fast path


def whole_route() -> Route:
    """Its annotation says that it returns what the request has already."""
    return {}


@pytest.fixture
def slow_route():
    routes = [Route('/', 'GET', hello), Route('/slow/', 'GET', whole_route, name='slow')]
    sys.modules['listed_routes'].routes = routes
    with override_settings(ROOT_URLCONF='management_tests.project.urls'):
        yield


@pytest.mark.usefixtures('slow_route')
def test_route_off_the_fast_path_says_so():
    stdout, stderr = run('--path', '/slow/', verbosity=2)

    assert stderr == (
        'Routes: API Star 1, Django 0, open to anyone 1, unreachable 0, not compiled 1.\n'
    )
    assert stdout.splitlines()[1:] == [
        'apistar   GET     /slow/                                    anyone     yes',
        '                  slow',
        '                  management_tests.management.test_apistar_',
        '                  routes.whole_route',
        '                  management_tests/management/test_apistar_',
        f'                  routes.py:{line_of(whole_route)}',
        '                  not compiled',
    ]
    assert 'compiled' not in run('--path', '/', verbosity=2)[0]


@pytest.mark.usefixtures('slow_route')
@pytest.mark.parametrize(('wish', 'paths'), [('yes', ['GET /']), ('no', ['GET /slow/'])])
def test_filter_by_compiled(wish, paths):
    assert list_paths('--compiled', wish) == paths


def test_without_accelerate_no_route_is_compiled_and_the_table_is_silent():
    with override_settings(APISTAR_SETTINGS={'ACCELERATE': False, 'SCHEMA_URL': None}):
        routes = json.loads(run('--format', 'json', '--framework', 'apistar')[0])['routes']
        table, summary = run('--framework', 'apistar', verbosity=2)

    assert {route['compiled'] for route in routes} == {False}
    assert 'compiled' not in table
    assert summary.endswith(', not compiled 0.\n')


# Formats


TABLES = {
    12: (
        'framework  …d        …h\n'
        'apistar    …T        /\n'
        'apistar    …T        /…\n'
        'apistar    …T        /…\n'
        'apistar    …E        /…\n'
        'apistar    …T        /…\n'
        'django     …T        /…\n'
        'django     …T        /…\n'
        'django     …T        /…\n'
    ),
    24: (
        'framework  method    …th\n'
        'apistar    GET       /\n'
        'apistar    GET       /s…\n'
        'apistar    POST      /s…\n'
        'apistar    DELETE    /s…\n'
        'apistar    GET       /w…\n'
        'django     GET       /w…\n'
        'django     GET,POST  /w…\n'
        'django     GET,POST  /l…\n'
    ),
    36: (
        'framework  method    path\n'
        'apistar    GET       /\n'
        'apistar    GET       /shop/mine/\n'
        'apistar    POST      /shop/maybe/{i…\n'
        'apistar    DELETE    /shop/deep/\n'
        'apistar    GET       /web/hidden/\n'
        'django     GET       /web/page/\n'
        'django     GET,POST  /web/form/\n'
        'django     GET,POST  /lost/\n'
    ),
    60: (
        'framework  method    path               name\n'
        'apistar    GET       /                  hello\n'
        'apistar    GET       /shop/mine/        shop:mine\n'
        'apistar    POST      /shop/maybe/{id}/  shop:maybe\n'
        'apistar    DELETE    /shop/deep/        shop:deep:hello\n'
        'apistar    GET       /web/hidden/       never reached: ALLO…\n'
        'django     GET       /web/page/         page\n'
        'django     GET,POST  /web/form/         forms:form\n'
        'django     GET,POST  /lost/             never reached: no p…\n'
    ),
    72: (
        'framework  method    path               name\n'
        'apistar    GET       /                  hello\n'
        'apistar    GET       /shop/mine/        shop:mine\n'
        'apistar    POST      /shop/maybe/{id}/  shop:maybe\n'
        'apistar    DELETE    /shop/deep/        shop:deep:hello\n'
        'apistar    GET       /web/hidden/       never reached: ALLOWED_DJANGO_R…\n'
        'django     GET       /web/page/         page\n'
        'django     GET,POST  /web/form/         forms:form\n'
        'django     GET,POST  /lost/             never reached: no prefix in ALL…\n'
    ),
    84: (
        'framework  method    path               name             handler\n'
        'apistar    GET       /                  hello            …test_apistar_routes.hello\n'
        'apistar    GET       /shop/mine/        shop:mine        …test_apistar_routes.mine\n'
        'apistar    POST      /shop/maybe/{id}/  shop:maybe       …test_apistar_routes.maybe\n'
        'apistar    DELETE    /shop/deep/        shop:deep:hello  …test_apistar_routes.hello\n'
        'apistar    GET       /web/hidden/       never reached: ALLOWED_DJANGO_ROUTES covers…\n'
        'django     GET       /web/page/         page             …test_apistar_routes.Page\n'
        'django     GET,POST  /web/form/         forms:form       …test_apistar_routes.form\n'
        'django     GET,POST  /lost/             never reached: no prefix in ALLOWED_DJANGO_…\n'
    ),
}
COLOURED = (
    '<bold>framework  method    path               name<>\n'
    'apistar<green>    GET<><cyan>       /<>                  hello\n'
    'apistar<green>    GET<>       /shop/mine/        shop:mine\n'
    'apistar<yellow>    POST<><cyan>      /shop/maybe/{id}/<>  shop:maybe\n'
    'apistar<red>    DELETE<><cyan>    /shop/deep/<>        shop:deep:hello\n'
    'apistar<green>    GET<><red>       /web/hidden/<><red>       never reached: ALLO…<>\n'
    'django<green>     GET<>       /web/page/         page\n'
    'django<yellow>     GET,POST<>  /web/form/         forms:form\n'
    'django<yellow>     GET,POST<><red>  /lost/<><red>             never reached: no p…<>\n'
)


def test_table_has_a_line_for_each_route():
    stdout, stderr = run()

    assert stderr == (
        'Routes: API Star 5, Django 3, open to anyone 4, unreachable 2, not compiled 0.\n'
    )
    assert stdout == (
        'framework  method    path               name             handler\n'
        'apistar    GET       /                  hello            …hello\n'
        'apistar    GET       /shop/mine/        shop:mine        …mine\n'
        'apistar    POST      /shop/maybe/{id}/  shop:maybe       …maybe\n'
        'apistar    DELETE    /shop/deep/        shop:deep:hello  …hello\n'
        'apistar    GET       /web/hidden/       never reached: ALLOWED_DJANGO_ROUTES co…\n'
        'django     GET       /web/page/         page             …Page\n'
        'django     GET,POST  /web/form/         forms:form       …form\n'
        'django     GET,POST  /lost/             never reached: no prefix in ALLOWED_DJA…\n'
    )


def test_table_of_one_framework_names_handlers():
    stdout, _ = run('--framework', 'apistar', '--name', 'shop:*')

    assert stdout == (
        'method  path               name             handler\n'
        'GET     /shop/mine/        shop:mine        …test_apistar_routes.mine\n'
        'POST    /shop/maybe/{id}/  shop:maybe       …test_apistar_routes.maybe\n'
        'DELETE  /shop/deep/        shop:deep:hello  …test_apistar_routes.hello\n'
    )


def test_blocks_have_all_that_is_known():
    """`listing`"""
    keys = {'COMPONENTS': [TOKEN], 'EVENT_HOOKS': [HOOK], 'SCHEMA_URL': None}
    with override_settings(APISTAR_SETTINGS=keys):
        stdout, _ = run('--path', '/[sl]*[em]*', verbosity=2)

    hook = (
        '                  hook django_apistar.authentication.hooks.\n'
        '                  MustBeAuthenticated\n'
    )
    assert stdout == (
        'framework method  path, name, handler, source               auth       reachable\n'
        'apistar   GET     /shop/mine/                               user       yes\n'
        '                  shop:mine\n'
        '                  management_tests.management.test_apistar_\n'
        '                  routes.mine\n'
        '                  management_tests/management/test_apistar_\n'
        f'                  routes.py:{line_of(mine)}\n'
        f'{hook}'
        'apistar   POST    /shop/maybe/{id}/                         user       yes\n'
        '                  shop:maybe\n'
        '                  management_tests.management.test_apistar_\n'
        '                  routes.maybe\n'
        '                  management_tests/management/test_apistar_\n'
        f'                  routes.py:{line_of(maybe)}\n'
        f'{hook}'
        'apistar   DELETE  /shop/deep/                               user       yes\n'
        '                  shop:deep:hello\n'
        '                  management_tests.management.test_apistar_\n'
        '                  routes.hello\n'
        '                  management_tests/management/test_apistar_\n'
        f'                  routes.py:{line_of(hello)}\n'
        f'{hook}'
    )


def test_blocks_say_why_a_route_is_unreachable():
    stdout, _ = run('--unreachable', verbosity=2)

    words = ' '.join(stdout.split())
    assert words.count('ALLOWED_DJANGO_ROUTES covers /web/ ') == 1
    assert words.endswith('no prefix in ALLOWED_DJANGO_ROUTES covers the path')
    assert re.findall(r'(yes|no)$', stdout, re.MULTILINE) == ['no', 'no']


@pytest.mark.parametrize('columns', ['1', '10', '20', '30', '40'])
def test_no_terminal_is_too_narrow_for_the_table(columns, monkeypatch):
    monkeypatch.setenv('COLUMNS', columns)
    stdout = io.StringIO()
    stdout.isatty = lambda: True

    call_command('apistar_routes', stdout=stdout, stderr=io.StringIO(), force_color=True)

    assert len(stdout.getvalue().splitlines()) == 1 + len(list_paths())


def draw(columns, monkeypatch, **options):
    """Return the table in a terminal of *columns*, colours by their names."""
    monkeypatch.setenv('COLUMNS', str(columns))
    monkeypatch.delenv('NO_COLOR', raising=False)
    stdout = io.StringIO()
    stdout.isatty = lambda: True
    call_command('apistar_routes', stdout=stdout, stderr=io.StringIO(), **options)
    colours = {'0': '', '1': 'bold', '31': 'red', '32': 'green', '33': 'yellow', '36': 'cyan'}
    return re.sub(r'\x1b\[(\d+)m', lambda match: f'<{colours[match[1]]}>', stdout.getvalue())


def test_blocks_break_what_is_long_behind_dots_and_underscores(monkeypatch):
    options = {'path': ['/shop/mine/'], 'verbosity': 2, 'no_color': True}

    lines = [line.strip() for line in draw(70, monkeypatch, **options).splitlines()]

    assert lines[2:] == [
        'shop:mine', 'management_tests.management.', 'test_apistar_routes.mine',
        'management_tests/management/', f'test_apistar_routes.py:{line_of(mine)}',
    ]  # fmt: skip


@pytest.mark.parametrize('columns', TABLES)
def test_where_it_is_narrow_handlers_give_way_then_names_then_paths(columns, monkeypatch):
    assert draw(columns, monkeypatch, no_color=True) == TABLES[columns]


WIDER = (
    'method  path                         name                                      handler\n'
    'GET     /loans/                      administration:loans_loan_list            …hello\n'
    'GET     /administration/loans/{id}/  administration:loans_loan_show            …hello\n'
    'GET     /administration/loans/{id}/extensions/  …on:loans_loan_extension_list  …hello\n'
    'GET     /administration/loans/{id}/extensions/{x}/history/of/all/              …hello\n'
)


def test_a_long_path_takes_the_place_of_its_name_where_handlers_have_no_room(monkeypatch):
    long = [
        Route('/loans/', 'GET', hello, name='loans_loan_list'),
        Route('/administration/loans/{id}/', 'GET', hello, name='loans_loan_show'),
        Route('/administration/loans/{id}/extensions/', 'GET', hello, 'loans_loan_extension_list'),
        Route('/administration/loans/{id}/extensions/{x}/history/of/all/', 'GET', hello, 'history'),
    ]
    monkeypatch.setitem(sys.modules, 'long_routes', types.ModuleType('long_routes'))
    sys.modules['long_routes'].routes = [Include('', 'administration', long)]
    with override_settings(APISTAR_ROUTE_CONF='long_routes'):
        assert draw(100, monkeypatch, framework=['apistar'], no_color=True) == WIDER


def test_colours_tell_methods_what_is_public_and_what_is_never_reached(monkeypatch):
    assert draw(60, monkeypatch, force_color=True) == COLOURED


def test_summary_breaks_between_words_where_the_terminal_ends(monkeypatch):
    monkeypatch.setenv('COLUMNS', '60')
    stderr = io.StringIO()
    stderr.isatty = lambda: True

    call_command('apistar_routes', stdout=io.StringIO(), stderr=stderr)

    assert stderr.getvalue() == (
        'Routes: API Star 5, Django 3, open to anyone 4, unreachable\n2, not compiled 0.\n'
    )


LONG = 'a_very_long_name_' * 8
WIDE = '/とても長い名前のルート/' * 6


@pytest.mark.parametrize('url', [f'/{LONG}/{{id}}/', WIDE, '/' + 'x' * 200])
def test_table_fits_80_columns(url):
    with override_settings(APISTAR_ROUTE_CONF='wide_routes'):
        sys.modules['wide_routes'] = types.ModuleType('wide_routes')
        sys.modules['wide_routes'].routes = [Route(url, 'OPTIONS', hello, name=LONG)]
        table, _ = run()
        stdout, _ = run(verbosity=2)

    assert max(map(cell_len, (table + stdout).splitlines())) <= 80
    assert table.splitlines()[1].endswith('…')
    shown = re.sub('anyone|yes', '', ''.join(line[18:] for line in stdout.splitlines()[1:]))
    assert ''.join(shown.split()).startswith(f'{url}{LONG}management_tests.')


def test_csv():
    """`rows`, `listing`"""
    text = run('--format', 'csv')[0]

    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(text.splitlines()) == 1 + len(rows)
    assert rows[1] == {
        'framework': 'apistar', 'methods': 'GET', 'path': '/shop/mine/', 'name': 'shop:mine',
        'handler': f'{__name__}.mine',
        'source': f'{FILE}:{line_of(mine)}', 'documented': 'yes', 'auth': 'user',
        'permissions': '', 'compiled': 'yes', 'reachable': 'yes', 'reason': '',
    }  # fmt: skip
    assert (rows[6]['methods'], rows[6]['compiled']) == ('GET,POST', '')


def test_markdown():
    assert run('--format', 'markdown', '--name', 'hello')[0] == (
        '| framework | methods | path | name | handler | source | documented | auth |'
        ' permissions | compiled | reachable | reason |\n'
        '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n'
        '| apistar | GET | / | hello | management_tests.management.test_apistar_routes.hello | '
        f'{FILE}:{line_of(hello)} | yes | anyone |  | yes | yes |  |\n'
    )


def test_tree():
    assert run('--format', 'tree')[0] == (
        '/\n'
        '├── django\n'
        '│   ├── web\n'
        '│   │   ├── page  GET,HEAD,OPTIONS page\n'
        '│   │   └── form  GET,POST forms:form\n'
        '│   └── lost  GET,POST\n'
        '└── apistar\n'
        '    ├── /  GET hello\n'
        '    ├── shop\n'
        '    │   ├── mine  GET shop:mine\n'
        '    │   ├── maybe\n'
        '    │   │   └── {id}  POST shop:maybe\n'
        '    │   └── deep  DELETE shop:deep:hello\n'
        '    └── web\n'
        '        └── hidden  GET hidden\n'
    )


def test_tree_has_each_letter_of_a_path():
    sys.modules['listed_routes'].routes = [Route('/X/YX', 'GET', hello)]

    with override_settings(APISTAR_ROUTE_CONF='listed_routes'):
        tree = run('--format', 'tree', '--framework', 'apistar')[0]

    assert tree == '/\n└── apistar\n    └── X\n        └── YX  GET hello\n'


def test_no_route_matches():
    assert run('--name', 'nope') == ('', 'No route matches.\n')
    assert run('--path', '/shop/', '--method', 'PUT') == ('', 'No route matches.\n')
    assert json.loads(run('--name', 'nope', '--format', 'json')[0])['routes'] == []


@pytest.mark.parametrize(
    ('option', 'glob', 'proposal'),
    [
        ('--path', '/shop', '/shop*'),
        ('--name', 'mine', '*mine'),
        ('--handler', 'routes', '*routes*'),
    ],
)
def test_a_glob_without_a_star_that_finds_nothing_proposes_one_that_does(option, glob, proposal):
    assert run(option, glob) == ('', f"No route matches. Did you mean {option} '{proposal}'?\n")


# Django's URLs as requests meet them


def page(request: HttpRequest, **params: Any) -> HttpResponse:
    return HttpResponse()


def list_django(*urls: Any, prefixes: Any = ('/web/',), **settings: Any) -> list[Any]:
    """Return the path and the reason of each row of a URLconf."""
    urlconf = types.ModuleType(f'urls_{id(urls)}')
    urlconf.urlpatterns = [*urls]  # type: ignore[attr-defined]
    sys.modules[urlconf.__name__] = urlconf
    settings['APISTAR_SETTINGS'] = {'ALLOWED_DJANGO_ROUTES': prefixes}
    with override_settings(ROOT_URLCONF=urlconf.__name__, **settings):
        rows = json.loads(run('--format', 'json', '--framework', 'django')[0])['routes']
    return [(row['path'], row['reason']) for row in rows]


def test_a_django_url_behind_one_that_takes_its_path():
    rows = list_django(
        path('web/', page, name='first'), path('web/', page),
        path('web/<slug:name>/', page), path('web/<slug:name>/', page),
        path('web/app/', include([re_path('^.*$', page)])), path('web/app/late/', page),
    )  # fmt: skip

    assert rows == [
        ('/web/', ''),
        ('/web/', 'first has the same path and comes first'),
        ('/web/<slug:name>/', ''),
        (
            '/web/<slug:name>/',
            f'{__name__}.page has the same path and comes first',
        ),
        ('/web/app/^.*$', ''),
        ('/web/app/late/', '/web/app/^.*$ comes first and takes every path'),
    ]


LOCALE = {
    'MIDDLEWARE': ['django.middleware.locale.LocaleMiddleware'], 'USE_I18N': True,
    'LANGUAGE_CODE': 'en-us',
}  # fmt: skip
NO_PREFIX = 'no prefix in ALLOWED_DJANGO_ROUTES covers the path'


def test_i18n_patterns_are_listed_in_each_language_of_the_project():
    rows = list_django(
        *i18n_patterns(path('home/', page)), prefixes=('/en/', '/de/'),
        LANGUAGES=[('en', 'English'), ('de', 'German'), ('fr', 'French')], **LOCALE,
    )  # fmt: skip

    assert rows == [('/en/home/', ''), ('/de/home/', ''), ('/fr/home/', NO_PREFIX)]


def test_i18n_patterns_are_listed_in_the_languages_of_the_prefixes():
    urls = i18n_patterns(path('home/', page), prefix_default_language=False)

    rows = list_django(*urls, prefixes=('/home/', '/de/'), **LOCALE)

    assert rows == [('/home/', ''), ('/de/home/', '')]


# Conflicts


def test_check_names_each_conflict():
    sentence, stdout = fail('--check')

    assert sentence == '3 conflicts between routes.'
    assert stdout == (
        "E012: The API Star route /web/hidden/ ('hidden') is never reached: ALLOWED_DJANGO_ROUTES "
        'covers its path.\n  Move the route, or remove the prefix.\n'
        'W003: The Django URL /lost/ is never reached: no prefix in ALLOWED_DJANGO_ROUTES covers '
        "it.\n  Add '/lost/' to ALLOWED_DJANGO_ROUTES.\n"
        "W004: ALLOWED_DJANGO_ROUTES holds '/dead/', under which the URLconf has no URL.\n"
        '  Remove the prefix, or add the URLs.\n'
    )


def test_route_and_url_on_the_path_of_an_own_page_are_never_reached():
    pages = {'READY_URL': '/', 'HEALTH_URL': '/web/page/'}
    with override_settings(APISTAR_SETTINGS={**django_settings.APISTAR_SETTINGS, **pages}):
        rows = json.loads(run('--unreachable', '--format', 'json')[0])['routes']
        conflicts = fail('--check')[1].splitlines()

    reasons = {row['path']: row['reason'] for row in rows}
    assert reasons['/'] == 'READY_URL has its path'
    assert reasons['/web/page/'] == 'HEALTH_URL has its path'
    assert conflicts[0] == (
        "E012: The API Star route / ('hello') is never reached: READY_URL has its path."
    )
    assert [line for line in conflicts if '/web/page/' in line] == [
        'W003: The Django URL /web/page/ is never reached: HEALTH_URL has its path.'
    ]


def test_check_names_duplicates():
    routes = [Route('/a/', 'GET', hello), Route('/b/', 'GET', hello),
              Route('/a/', 'GET', mine)]  # fmt: skip
    sys.modules['listed_routes'].routes = routes
    with override_settings(APISTAR_ROUTE_CONF='listed_routes'):
        document = json.loads(fail('--check', '--format', 'json')[1])

    assert document['routes'] == []
    assert [found['id'] for found in document['conflicts']] == ['E005', 'E013', 'W003', 'W004']
    # The command's own check lets these pass: they are what is asked for.
    listed = [name.removeprefix('django_apistar.') for name in CONFLICTS]
    assert listed == ['E005', 'E012', 'E013', 'W003', 'W004']


def test_check_is_silent_about_what_the_project_silences():
    silenced = [f'django_apistar.{number}' for number in ('E012', 'W003', 'W004')]

    with override_settings(SILENCED_SYSTEM_CHECKS=silenced):
        assert run('--check') == ('', 'No conflicts.\n')


def test_check_without_conflicts():
    with override_settings(
        ROOT_URLCONF='management_tests.project.urls',
        APISTAR_ROUTE_CONF='management_tests.project.routes',
        APISTAR_SETTINGS={'ALLOWED_DJANGO_ROUTES': ['/admin/', '/django/', '/café/']},
    ):
        assert run('--check') == ('', 'No conflicts.\n')
        assert run('--check', '--format', 'json') == (
            '{\n  "routes": [],\n  "conflicts": []\n}\n',
            '',
        )


# Bad input


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (['--method', 'G ET'], "--method 'G ET' is no HTTP method."),
        (['--method', ''], "--method '' is no HTTP method."),
        (['--check', '--format', 'csv'], '--check knows --format table and json.'),
        (['--resolve', '/', '--format', 'tree'], '--resolve knows --format table and json.'),
        (['--check', '--unreachable'], '--check does not go with --unreachable.'),
        (['--check', '--except-vendor'], '--check does not go with --except-vendor.'),
        (['--resolve', '/', '--method', 'GET', '--method', 'PUT'], '--resolve takes one --method.'),
        (['--resolve', '/', '--method', '!GET'], '--resolve takes one --method.'),
        (['--auth', 'nobody'], "Error: argument --auth: invalid choice: 'nobody' (choose from"),
        (['--resolve', '/', '--name', 'x', '--sort', 'path'],
         '--resolve does not go with --name, --sort.'),
        (['--resolve', 'X/'], "--resolve 'X/': a path starts with a slash. Write /X/."),
        (['--resolve', 'ftp://localhost/shop/'],
         "--resolve 'ftp://localhost/shop/' is no URL of http or https with a host."),
        (['--resolve', 'http://[x/'], "--resolve 'http://[x/' is no URL: Invalid IPv6 URL."),
        (['--resolve', 'http://a:b/'], "--resolve 'http://a:b/' is no URL: Port could not be cast"),
        (['--resolve', ''], "--resolve '': a path starts with a slash. Write /."),
        (['--format', 'xml'],
         "Error: argument --format: invalid choice: 'xml' (choose from"),
        (['--check', '--resolve', '/'],
         'Error: argument --resolve: not allowed with argument --check'),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(options, sentence):
    assert fail(*options)[0].startswith(sentence)


def test_settings_that_cannot_be_used_are_one_sentence():
    with override_settings(APISTAR_ROUTE_CONF='nowhere'):
        assert fail()[0] == (
            "APISTAR_ROUTE_CONF 'nowhere' cannot be imported: ModuleNotFoundError: No module named "
            "'nowhere'. Correct the name, or the module."
        )


# Size


def copy_function(func: Any) -> Any:
    copied = types.FunctionType(func.__code__, func.__globals__, func.__name__)
    copied.__annotations__ = func.__annotations__
    return copied


def time_listing(groups: int) -> float:
    """Return the seconds of CPU time that a list of 25 routes in each of *groups* takes.

    The first of the App's lists is not timed: it builds the App.
    """
    sys.modules['listed_routes'].routes = [
        Include(f'/group{n}', f'group{n}', [
            Route(f'/item{m}/{{id}}/', 'GET', copy_function(maybe), name=f'item{m}')
            for m in range(25)
        ])
        for n in range(groups)
    ]  # fmt: skip
    times = []
    with override_settings(APISTAR_ROUTE_CONF='listed_routes'):
        for _ in range(3):
            began = time.process_time()
            stdout, _ = run()
            times.append(time.process_time() - began)
    assert stdout.count('maybe') == 25 * groups
    return min(times[1:])


def test_five_hundred_routes_take_what_each_takes():
    gc.collect()
    gc.freeze()  # what other tests have left is none of its work
    few, many = time_listing(5), time_listing(20)

    assert many < 8 * few  # 16 times, were each route compared with each
    assert many < 1.5  # 0.25 s on a quiet machine


# Terminals


def has_colour(project: Project, *options: str, **variables: str) -> bool:
    """Return whether the table is coloured in a terminal."""
    status, text = run_in_terminal(project, 'apistar_routes', *options, **variables)
    assert (status, 'hello' in text) == (0, True)
    return '\x1b[' in text


@pytest.mark.slow
def test_colour_is_for_terminals_that_want_it(tmp_path):
    project = Project(tmp_path)

    assert has_colour(project)
    assert not has_colour(project, NO_COLOR='1')
    assert not has_colour(project, '--no-color')
    assert '\x1b' not in project.run('apistar_routes').stdout
    assert '\x1b[' in project.run('apistar_routes', '--force-color').stdout


@pytest.mark.slow
def test_a_failure_is_one_line_and_exit_1(tmp_path):
    done = Project(tmp_path).run('apistar_routes', '--resolve', '/nope/')

    assert done.returncode == 1
    assert done.stdout == (
        'GET /nope/\n'
        '  framework   apistar\n'
        '  rule        No prefix in ALLOWED_DJANGO_ROUTES covers the path.\n'
        "  near        /page/  ('nope' is not 'page')\n"
    )
    assert done.stderr == 'CommandError: GET /nope/ is answered with 404.\n'


@pytest.mark.slow
def test_system_checks_come_first_but_conflicts_stop_no_listing(tmp_path):
    project = Project(tmp_path)
    project.write(
        'shop/routes.py',
        """
        from apistar import Route


        def hello() -> dict:
            return {}


        def lost(basket: dict[str, open]) -> dict:
            return {}


        routes = [
            Route('/a/', 'GET', hello),
            Route('/b/', 'GET', hello),
            Route('/lost/', 'GET', lost),
        ]
        """,
    )

    done = project.run('apistar_routes', '--path', '/b/')
    unchecked = project.run('apistar_routes', '--path', '/b/', '--skip-checks')

    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr.startswith(
        'SystemCheckError: System check identified some issues:\n\nERRORS:\n'
        '?: (django_apistar.E015) '
    )
    assert 'E005' not in done.stderr
    assert (unchecked.returncode, unchecked.stderr) == (
        0,
        'Routes: API Star 1, Django 0, open to anyone 1, unreachable 0, not compiled 0.\n',
    )
    assert '/b/' in unchecked.stdout


def test_every_option_is_documented():
    page = (REPOSITORY / 'docs/reference/apistar_routes.md').read_text()
    command = REPOSITORY / 'django_apistar/management/commands/apistar_routes.py'
    options = set(re.findall(r"'(--[a-z-]+)'", command.read_text()))

    assert len(options) == 17
    assert [option for option in options if f'`{option}' not in page] == []
