"""`manage.py check`: one test for each id, as a user reads it, and the list of ids."""

import re
import sys
import types
from pathlib import Path
from typing import Any, List

import apistar
import pytest
from apistar import Component, Include, Route, http
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path, re_path, reverse_lazy
from django.utils.functional import lazystr
from werkzeug.middleware.proxy_fix import ProxyFix

import django_apistar
from django_apistar.application import App
from django_apistar.authentication.components import DjangoBasicAuthentication
from django_apistar.authentication.hooks import MustBeAuthenticated
from django_apistar.checks import _is_djangos
from django_apistar.conf.problems import SettingsError
from django_apistar.dispatch.dispatcher import get_application
from django_apistar.pagination import Page, PageNumber
from django_apistar.responses import responds
from django_apistar.types import ModelType
from management_tests.support.cases import TESTS
from management_tests.support.checks import (
    PREFIXES,
    check,
    check_keys,
    check_routes,
    routes_of_a_module,
)
from management_tests.support.server_process import Project

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
WRITE_ROUTES = "HINT: Write routes = [Route('/', 'GET', welcome)]."
WRITE_INSTANCES = 'HINT: Write instances, as in [MyComponent()], or their dotted paths.'


def welcome() -> dict:
    return {}


def by_number(number: int) -> dict:
    return {}


def by_name(name: str) -> dict:
    return {}


class UserType(ModelType):
    class Meta:
        model = User
        fields = ['username']


class GoodComponent(Component):
    def resolve(self) -> Path:
        return Path()


class GoodHook:
    def on_request(self) -> None:
        """Nothing to do."""


class HookWithArguments(GoodHook):
    def __init__(self, needed: int) -> None:
        """Never called with what it needs."""


class MixedApp(App):
    """A subclass, as APP_CLASS wants it."""


def start_worker(routes: Any) -> str:
    """Return what stops a worker that has *routes*."""
    module = types.ModuleType('checked')
    module.routes = routes  # type: ignore[attr-defined]
    sys.modules['checked'] = module
    keys = {'ALLOWED_DJANGO_ROUTES': list(PREFIXES)}
    settings = override_settings(APISTAR_ROUTE_CONF='checked', APISTAR_SETTINGS=keys)
    with settings, pytest.raises(SettingsError) as failure:
        get_application()
    del sys.modules['checked']
    return str(failure.value)


def test_a_correct_project_has_no_problem():
    assert check() == []


# APISTAR_ROUTE_CONF and its module


@pytest.mark.parametrize('value', [None, ''])
def test_E001_route_conf_is_not_set(value):
    assert check(APISTAR_ROUTE_CONF=value) == [
        (
            '(django_apistar.E001) APISTAR_ROUTE_CONF is not set. HINT: Set it to the module that '
            "holds your API Star routes, e.g. 'shop.routes'."
        )
    ]


def test_E001_route_conf_is_missing():
    with override_settings():
        from django.conf import settings

        del settings.APISTAR_ROUTE_CONF

        assert check()[0].startswith('(django_apistar.E001) APISTAR_ROUTE_CONF is not set.')


def test_E001_route_conf_is_no_string():
    assert check(APISTAR_ROUTE_CONF=['shop.routes']) == [
        (
            "(django_apistar.E001) APISTAR_ROUTE_CONF is ['shop.routes']; it must be a string. "
            "HINT: Set it to the module that holds your API Star routes, e.g. 'shop.routes'."
        )
    ]


def test_E002_route_conf_cannot_be_imported():
    assert check(APISTAR_ROUTE_CONF='shop.nowhere') == [
        (
            "(django_apistar.E002) APISTAR_ROUTE_CONF 'shop.nowhere' cannot be imported: "
            "ModuleNotFoundError: No module named 'shop'. HINT: Correct the name, or the module."
        )
    ]


@pytest.mark.parametrize(
    ('source', 'cause', 'line'),
    [
        ('routes = []\n1 / 0\n', 'ZeroDivisionError: division by zero', 2),
        ('routes = [\n', "SyntaxError: '[' was never closed", 1),
        ('\nimport nowhere_at_all\n', "ModuleNotFoundError: No module named 'nowhere_at_all'", 2),
        ('from django.utils.module_loading import import_string\nimport_string("no.where")\n',
         "ModuleNotFoundError: No module named 'no'", 2),
        ('import apistar.nowhere\n',
         "ModuleNotFoundError: No module named 'apistar.nowhere'", 1),
        ("from apistar import Route\nroutes = [\n    Route('/', 'GET', 5),\n]\n",
         "AttributeError: 'int' object has no attribute '__name__'", 3),
        ("import re\n\nre.compile('(')\n",
         f'{re.error.__name__}: missing ), unterminated subpattern at position 0', 3),
        ('from apistar import validators\n\nvalidators.String(title=5)\n',
         'AssertionError: assert isinstance(title, str)', 3),
        ('raise ValueError\n', 'ValueError: raise ValueError', 1),
        ('raise ValueError("One.\\nTwo.")\n', 'ValueError: One. Two', 1),
        ('from django_apistar.exceptions import Conflict\n\nConflict(headers=5)\n',
         "TypeError: 'int' object is not iterable", 3),
    ],
    ids=['any', 'syntax', 'module', 'dotted', 'submodule', 'library', 'python', 'assert', 'bare',
         'lines', 'ours'],
)  # fmt: skip
def test_E002_names_the_file_and_line_that_fails(source, cause, line, tmp_path, monkeypatch):
    file = tmp_path / 'failing_routes.py'
    file.write_text(source)
    monkeypatch.syspath_prepend(tmp_path)

    assert check(APISTAR_ROUTE_CONF='failing_routes') == [
        (
            f"(django_apistar.E002) APISTAR_ROUTE_CONF 'failing_routes' cannot be imported: "
            f'{cause} ({file}:{line}). HINT: Correct the name, or the module.'
        )
    ]


def check_source(source, tmp_path, monkeypatch):
    """Check with a route module of *source*; return what E002 says of it, and the line."""
    file = tmp_path / 'failing_routes.py'
    file.write_text(f'from typing import List\nfrom apistar import Route, types\n{source}')
    monkeypatch.syspath_prepend(tmp_path)
    [found] = check(APISTAR_ROUTE_CONF='failing_routes')
    return re.fullmatch(
        rf'.*imported: (.*) \({re.escape(str(file))}:(\d+)\)\. HINT.*', found
    ).groups()


def test_E002_handler_takes_two_bodies(tmp_path, monkeypatch):
    source = (
        'class Tea(types.Type): pass\ndef add(tea: Tea, teas: List[Tea]): pass\n'
        "routes = [Route('/', 'POST', add)]\n"
    )

    sentence = (
        'ConfigurationError: failing_routes.add takes the body of a request 2 times, as '
        "'tea' and 'teas'. Make one Type of them"
    )
    assert check_source(source, tmp_path, monkeypatch) == (sentence, '5')


@pytest.mark.parametrize('method', ['FETCH', '', ['GET'], None])
def test_E002_route_has_no_method_of_http(method, tmp_path, monkeypatch):
    source = f"routes = [Route('/', {method!r}, print)]\n"

    sentence = (
        f"ConfigurationError: The route '/' has the method {method!r}. Write one of GET, POST, "
        'PUT, PATCH, DELETE, OPTIONS, HEAD, TRACE'
    )
    assert check_source(source, tmp_path, monkeypatch) == (sentence, '3')


def test_E002_names_the_line_that_imports_a_missing_name(tmp_path, monkeypatch):
    file = tmp_path / 'failing_routes.py'
    file.write_text('from pathlib import Pat\n')
    monkeypatch.syspath_prepend(tmp_path)

    [line] = check(APISTAR_ROUTE_CONF='failing_routes')

    assert "ImportError: cannot import name 'Pat' from 'pathlib' (" in line
    assert line.endswith(f'({file}:1). HINT: Correct the name, or the module.')


def one() -> User: ...


def many() -> List[User]: ...


def page(page: PageNumber) -> Page[User]: ...


@responds({201: User})
def declared(): ...


def shown() -> List[UserType]: ...


@pytest.mark.parametrize('handler', [one, many, page, declared])
def test_W026_model_in_place_of_a_type(handler):
    routes = [Route('/', 'GET', handler), Route('/shown/', 'GET', shown)]

    assert check_routes(routes) == [
        (
            f'(django_apistar.W026) {__name__}.{handler.__name__} is annotated to return the model '
            'django.contrib.auth.models.User, of which no JSON is made: each answer is a 500. '
            'HINT: Write a Type of it: a ModelType, with the model in its Meta.'
        )
    ]


@pytest.mark.parametrize('url', ['/shop/', '/'])
def test_W027_two_slashes_in_a_row(url):
    assert check_routes([Include(url, 'shop', [Route('/', 'GET', welcome)])]) == [
        (
            f"(django_apistar.W027) The path {url}/ ('shop:welcome') has two slashes in a row: "
            'clients must ask for it with both. HINT: Let the path of an Include end without a '
            'slash: those of its routes begin with it.'
        )
    ]


def test_E003_module_without_routes():
    assert check_routes(None) == [
        f"(django_apistar.E003) The module 'checked' has no list named routes. {WRITE_ROUTES}"
    ]


def test_E003_include_of_a_name():
    assert check_routes([Include('/tea', 'tea', 'shop.teas.routes')]) == [
        (
            "(django_apistar.E003) Include 'tea' in checked.routes is given 'shop.teas.routes' in "
            'place of a list. HINT: Import the list of routes, and give it.'
        )
    ]


@pytest.mark.parametrize('item', [Route('/tea/', 'GET', welcome, name=5), Include('/tea/', 5, [])])
def test_E003_name_that_is_no_text(item):
    assert check_routes([item]) == [
        (
            "(django_apistar.E003) checked.routes has '/tea/' with the name 5; it must be a "
            "string. HINT: Write '5'."
        )
    ]


@pytest.mark.parametrize('routes', ['/', {}, Route('/', 'GET', welcome)])
def test_E003_routes_is_no_list(routes):
    assert check_routes(routes) == [
        (
            f'(django_apistar.E003) checked.routes is {routes!r}; it must be a list of '
            f'apistar.Route and apistar.Include. {WRITE_ROUTES}'
        )
    ]


def test_E003_something_else_among_the_routes():
    assert check_routes([welcome]) == [
        (
            f'(django_apistar.E003) checked.routes holds {welcome!r}, which is neither an '
            f'apistar.Route nor an apistar.Include. {WRITE_ROUTES}'
        )
    ]


def test_E003_something_else_in_an_include():
    routes = [Include('/a', 'a', [Include('/b', 'b', [None])])]

    assert check_routes(routes) == [
        (
            "(django_apistar.E003) Include 'b' in Include 'a' in checked.routes holds None, which "
            f'is neither an apistar.Route nor an apistar.Include. {WRITE_ROUTES}'
        )
    ]


def test_E005_two_routes_with_one_name():
    routes = [Route('/a/', 'GET', welcome), Route('/b/', 'GET', welcome)]

    assert check_routes(routes) == [
        (
            "(django_apistar.E005) Two routes are named 'welcome': /a/ and /b/. HINT: Give one of "
            'them another name: Route(..., name=...).'
        )
    ]


def test_E005_two_includes_with_one_name():
    inner = [Route('/', 'GET', welcome)]

    assert check_routes([Include('/a', 'x', inner), Include('/b', 'x', inner)]) == [
        (
            "(django_apistar.E005) Two routes are named 'x:welcome': /a/ and /b/. HINT: Give one "
            'of them another name: Route(..., name=...).'
        )
    ]


def test_E012_route_below_a_django_prefix():
    assert check_routes([Route('/admin/api/', 'GET', welcome)]) == [
        (
            "(django_apistar.E012) The API Star route /admin/api/ ('welcome') is never reached: "
            'ALLOWED_DJANGO_ROUTES covers its path. HINT: Move the route, or remove the prefix.'
        )
    ]


def test_E012_route_below_static_url():
    assert check_routes([Route('/static/{+path}', 'GET', welcome)]) == [
        (
            "(django_apistar.E012) The API Star route /static/{+path} ('welcome') is never "
            'reached: STATIC_URL covers its path. HINT: Move the route, or remove the prefix.'
        )
    ]


@pytest.mark.parametrize('setting', ['HEALTH_URL', 'READY_URL', 'METRICS_URL'])
def test_E012_route_on_the_path_of_an_own_page(setting):
    routes = [Route('/up/', 'GET', welcome), Route('/{name}/', 'GET', by_name)]

    with routes_of_a_module(routes):
        found = check_keys(**{setting: '/up/'})

    assert found == [
        (
            "(django_apistar.E012) The API Star route /up/ ('welcome') is never reached: "
            f'{setting} has its path. HINT: Give {setting} another path.'
        )
    ]


def test_E013_two_routes_for_one_method_and_path():
    routes = [Route('/', 'GET', welcome), Route('/', 'GET', welcome, name='second')]

    assert check_routes(routes) == [
        (
            "(django_apistar.E013) GET / has two routes, 'welcome' and 'second'; the second is "
            'never called. HINT: Remove one of them.'
        )
    ]


def test_E013_paths_that_differ_in_the_names_of_parameters_alone():
    def by_a(a: int) -> dict:
        return {}

    def by_b(b: int) -> dict:
        return {}

    def by_c(c: str) -> dict:
        return {}

    routes = [
        Route('/{a}/', 'GET', by_a), Route('/{b}/', 'GET', by_b), Route('/{c}/', 'GET', by_c),
    ]  # fmt: skip

    assert check_routes(routes) == [
        (
            "(django_apistar.E013) GET /{b}/ has two routes, 'by_a' and 'by_b'; the second is "
            'never called. HINT: Remove one of them.'
        )
    ]


@pytest.mark.parametrize(
    ('path', 'sentence'),
    [
        ('x/', "does not start with a slash. HINT: Write '/x/'."),
        ('/{a', "has a brace without its pair. HINT: Write '{name}'."),
        ('/{a-b}/',
         "has the parameter 'a-b', which is not a Python name. HINT: Name it as in '/{item_id}/'."),
        ('/{a}/{a}/',
         "has the parameter 'a' twice. HINT: Give each parameter a name of its own."),
        ('/<number:x>/',
         ("is refused by Werkzeug: the converter 'number' does not exist. HINT: Converters are "
          "any, float, int, path, string and uuid, as in '/<float(signed=True):lat>'.")),
    ],
)  # fmt: skip
def test_E014_path_that_cannot_be_routed(path, sentence):
    assert check_routes([Route(path, 'GET', welcome)]) == [
        f"(django_apistar.E014) The path {path!r} of the route 'welcome' {sentence}"
    ]


def test_E014_looks_into_includes():
    inner = Route('{a-b}/', 'GET', welcome)

    assert check_routes([Include('/a/', 'a', [inner])])[0].startswith(
        "(django_apistar.E014) The path '/a/{a-b}/' of the route 'welcome' has the parameter"
    )


def copy(a: str, b: str) -> None:
    """Copy a file."""


@pytest.mark.case('D14')
def test_W014_several_parameters_that_take_slashes():
    assert check_routes([Route('/{+a}/to/{+b}', 'GET', copy)]) == [
        (
            "(django_apistar.W014) The path /{+a}/to/{+b} ('copy') has 2 parameters that take "
            'slashes: '
            'a client can keep a worker busy with a long path. HINT: Let one of them take slashes: '
            '{+name}.'
        )
    ]


# What a handler asks for


def by_num(num) -> dict:
    return {}


def by_num_of_query(num: int, limit: int = 10) -> dict:
    return {}


def with_request(request) -> dict:
    return {}


def with_user(user) -> dict:
    return {}


class View:
    def get(self) -> dict:
        return {}


@pytest.mark.parametrize('handler', [by_num, by_num_of_query])
def test_W015_parameter_of_the_path_that_the_handler_names_otherwise(handler):
    name = handler.__name__

    assert check_routes([Route('/{number}/', 'GET', handler)]) == [
        (
            f"(django_apistar.W015) The path /{{number}}/ of the route '{name}' has the parameter "
            f"'number', which {__name__}.{name} does not take; it takes 'num' "
            "from the query string. HINT: Give both one name: '/{num}/'."
        )
    ]


def by_shop_and_num(shop: int, num: int) -> dict:
    return {}


def test_W015_another_parameter_of_the_path_is_taken():
    [message] = check_routes([Route('/{shop}/{number}/', 'GET', by_shop_and_num)])

    assert message == (
        "(django_apistar.W015) The path /{shop}/{number}/ of the route 'by_shop_and_num' has the "
        f"parameter 'number', which {__name__}.by_shop_and_num does not take; it takes 'num' from "
        "the query string. HINT: Give both one name: '/{shop}/{num}/'."
    )


def with_view_and_request(view: View, request) -> dict:
    return {}


def test_W016_beside_a_parameter_that_nothing_can_resolve():
    messages = check_routes([Route('/', 'GET', with_view_and_request)])

    assert [message.partition(' ')[0] for message in messages] == [
        '(django_apistar.E015)', '(django_apistar.W016)',
    ]  # fmt: skip


class NumberComponent(Component):
    def resolve(self, number: int) -> Path:
        return Path(str(number))


def by_component(at: Path, num: str) -> dict:
    return {}


def by_path_params(params: http.PathParams, num: str) -> dict:
    return {}


def by_query(num: int = 5) -> dict:
    return {}


def test_W015_is_not_for_a_parameter_that_somebody_takes_or_nobody_misses():
    routes = [
        Route('/a/{number}/', 'GET', by_component), Route('/b/{number}/', 'GET', by_path_params),
        Route('/c/{number}/', 'GET', by_query), Route('/d/{slug}/{number}/', 'GET', by_number),
    ]  # fmt: skip
    module = types.ModuleType('checked')
    module.routes = routes  # type: ignore[attr-defined]
    sys.modules['checked'] = module
    keys = {'ALLOWED_DJANGO_ROUTES': list(PREFIXES), 'COMPONENTS': [NumberComponent()]}

    assert check(APISTAR_ROUTE_CONF='checked', APISTAR_SETTINGS=keys) == []


@pytest.mark.parametrize(
    ('handler', 'parameter', 'hint'),
    [
        (with_request, 'request', 'Annotate it: request: http.Request.'),
        (with_user, 'user', 'Annotate it with the user model: user: User.'),
        (View.get, 'self', 'Give the route a function, or a method of an instance: View().get.'),
    ],
)
def test_W016_parameter_without_annotation_that_is_no_query_parameter(handler, parameter, hint):
    assert check_routes([Route('/', 'GET', handler, name='route')]) == [
        (
            f"(django_apistar.W016) The parameter '{parameter}' of {__name__}."
            f'{handler.__qualname__} has no annotation, so it is read from the query string. '
            f'HINT: {hint}'
        )
    ]


# APISTAR_SETTINGS


def test_E004_settings_are_no_dict():
    assert check(APISTAR_SETTINGS=['/admin/'])[0] == (
        "(django_apistar.E004) APISTAR_SETTINGS is ['/admin/']; it must be a dict. HINT: Write "
        "APISTAR_SETTINGS = {'ALLOWED_DJANGO_ROUTES': ['/admin/']}."
    )


def test_E006_prefixes_are_a_bare_string():
    assert check_keys(ALLOWED_DJANGO_ROUTES='/admin/') == [
        (
            "(django_apistar.E006) ALLOWED_DJANGO_ROUTES is the string '/admin/'; it must be a "
            "list or tuple of path prefixes. HINT: Write ['/admin/']."
        )
    ]


@pytest.mark.parametrize(
    ('value', 'proposed'), [('admin', '/admin/'), ('shop/list/', '/shop/list/'), ('/', '/admin/')]
)
def test_E006_proposes_what_E007_accepts(value, proposed):
    [line] = check_keys(ALLOWED_DJANGO_ROUTES=value)

    assert line.endswith(f'HINT: Write [{proposed!r}].')
    assert not any('E007' in line for line in check_keys(ALLOWED_DJANGO_ROUTES=[proposed]))


@pytest.mark.parametrize('value', [None, 5, {'/admin/': True}])
def test_E006_prefixes_are_no_list(value):
    assert check_keys(ALLOWED_DJANGO_ROUTES=value) == [
        (
            f'(django_apistar.E006) ALLOWED_DJANGO_ROUTES is {value!r}; it must be a list or tuple '
            "of path prefixes. HINT: Write ['/admin/']."
        )
    ]


@pytest.mark.parametrize(
    ('value', 'hint'), [('admin/', "'/admin/'"), ('', "'/admin/'"), (5, "'/admin/'")]
)
def test_E007_prefix_without_a_leading_slash(value, hint):
    assert check_keys(ALLOWED_DJANGO_ROUTES=[value]) == [
        (
            f'(django_apistar.E007) ALLOWED_DJANGO_ROUTES holds {value!r}; a prefix is a string '
            f'that starts with a slash. HINT: Write {hint}.'
        )
    ]


def test_E007_lazy_prefix_that_is_none_or_cannot_be_read():
    prefixes = [reverse_lazy('admin:index'), lazystr('admin/'), reverse_lazy('nowhere')]

    lines = check_keys(ALLOWED_DJANGO_ROUTES=prefixes)

    assert lines == [
        (
            "(django_apistar.E007) ALLOWED_DJANGO_ROUTES holds 'admin/'; a prefix is a string that "
            "starts with a slash. HINT: Write '/admin/'."
        ),
        (
            '(django_apistar.E007) ALLOWED_DJANGO_ROUTES holds lazy text that cannot be read: '
            "NoReverseMatch: Reverse for 'nowhere' not found. 'nowhere' is not a valid view "
            "function or pattern name. HINT: Correct it, or write the path, as in '/admin/'."
        ),
    ]
    with (
        override_settings(APISTAR_SETTINGS={'ALLOWED_DJANGO_ROUTES': prefixes}),
        pytest.raises(SettingsError) as failure,
    ):
        get_application()
    assert str(failure.value).count('ALLOWED_DJANGO_ROUTES holds') == 2


class ComponentWithArguments(apistar.Component):
    def __init__(self, needed: int) -> None:
        """Never called: a setting that names the class has nothing to give."""


@pytest.mark.parametrize('key', ['COMPONENTS', 'AUTH_COMPONENTS'])
@pytest.mark.parametrize('value', [None, 5, welcome, GoodHook, ComponentWithArguments])
def test_E008_component_that_is_none(key, value):
    assert check_keys(**{key: [value]}) == [
        (
            f'(django_apistar.E008) {key} holds {value!r}, which is not an API Star component. '
            f'{WRITE_INSTANCES}'
        )
    ]


class AuthenticationByRequest(apistar.Component):
    def __repr__(self) -> str:
        return 'Component()'

    def resolve(self, request: http.Request) -> None:
        return None


class AuthenticationByBoth(AuthenticationByRequest):
    def resolve(self, authorization: http.Header, host):
        return None


class NoAuthentication(AuthenticationByRequest):
    def resolve(self):
        return None


@pytest.mark.parametrize(
    ('component', 'signature'),
    [
        (AuthenticationByRequest, '(request: apistar.http.Request) -> None'),
        (AuthenticationByBoth, '(authorization: apistar.http.Header, host)'),
        (NoAuthentication, '()'),
    ],
)
def test_E008_authentication_that_cannot_be_asked_with_a_header(component, signature):
    assert check_keys(AUTH_COMPONENTS=[component]) == [
        (
            f'(django_apistar.E008) AUTH_COMPONENTS holds Component(), whose resolve{signature} '
            'does not take the Authorization header alone. HINT: Write def resolve(self, '
            'authorization: http.Header), which returns the user or None.'
        )
    ]


@pytest.mark.parametrize('value', [None, 5, welcome, GoodComponent])
def test_E009_hook_that_is_none(value):
    assert check_keys(EVENT_HOOKS=[value]) == [
        (
            f'(django_apistar.E009) EVENT_HOOKS holds {value!r}, which is not an event hook. HINT: '
            'A hook is a class with on_request, on_response or on_error.'
        )
    ]


def test_E009_hook_that_cannot_be_made():
    [line] = check_keys(EVENT_HOOKS=[HookWithArguments])

    assert line.startswith(
        f'(django_apistar.E009) EVENT_HOOKS holds {HookWithArguments!r}, which cannot be made: '
        'TypeError: '
    )
    assert line.endswith('HINT: Give its __init__ no parameters that have no default.')


@pytest.mark.parametrize('key', ['COMPONENTS', 'AUTH_COMPONENTS', 'EVENT_HOOKS'])
def test_E010_dotted_path_that_cannot_be_imported(key):
    assert check_keys(**{key: ['shop.components.Missing']}) == [
        (
            f"(django_apistar.E010) {key} names 'shop.components.Missing', which cannot be "
            "imported: ModuleNotFoundError: No module named 'shop'. HINT: Correct the dotted path."
        )
    ]


@pytest.mark.parametrize(
    ('key', 'value', 'wanted'),
    [
        ('COMPONENTS', GoodComponent(), 'a list'),
        ('EVENT_HOOKS', 'shop.hooks.Hook', 'a list'),
        ('APP_CLASS', GoodHook,
         'the dotted path of a subclass of django_apistar.application.App'),
        ('APP_CLASS', apistar.App,
         'the dotted path of a subclass of django_apistar.application.App'),
        ('JSON_ENCODER', 'pathlib.Path',
         'the dotted path of a subclass of json.encoder.JSONEncoder'),
        ('DOCS_URL', 'docs/', 'a path that starts with a slash and has no parameters, or None'),
        ('DOCS_URL', '/{x}/', 'a path that starts with a slash and has no parameters, or None'),
        ('SCHEMA_URL', False, 'a path that starts with a slash and has no parameters, or None'),
        ('HEALTH_URL', '//', 'a path that starts with a slash and has no parameters, or None'),
        ('READY_URL', 'ready', 'a path that starts with a slash and has no parameters, or None'),
        ('REQUEST_ID_HEADER', 'X Request', 'the name of a header of its own, or None'),
        ('REQUEST_ID_HEADER', 'Authorization', 'the name of a header of its own, or None'),
        ('DOCS_UI', 'flask', "'apistar', 'swagger' or 'redoc'"),
        ('DOCS_CSP', '', 'a Content-Security-Policy, or None'),
        ('DOCS_CSP', "img-src 'self'\x00", 'a Content-Security-Policy, or None'),
        ('DOCS_CSP', {'img-src': ['*']}, 'a Content-Security-Policy, or None'),
        ('TITLE', None, 'a string'),
        ('DESCRIPTION', 5, 'a string'),
        ('VERSION', 1.0, 'a string'),
        ('SERVERS', 'https://example.com', 'a list of URLs or OpenAPI server objects'),
        ('SERVERS', [5], 'a list of URLs or OpenAPI server objects'),
        ('TAGS', ['a'], 'a dict of descriptions by tag'),
        ('INFO', 'a', 'a dict, an info object of OpenAPI'),
        ('PACKAGES', 'a', 'a list of names of packages'),
        ('STATIC_DIR', '/no/such/folder', 'the path of a folder that exists'),
        ('PUBLIC_ROUTES', 'auth:*', 'a list of route names or globs'),
        ('PUBLIC_ROUTES', '', 'a list of route names or globs'),
        ('TOKEN_TTL', '30 days', 'seconds, a timedelta, or None for no end'),
        ('TOKEN_TTL', 0, 'seconds, a timedelta, or None for no end'),
        ('TOKEN_TTL', float('inf'), 'seconds, a timedelta, or None for no end'),
        ('TOKEN_TTL', True, 'seconds, a timedelta, or None for no end'),
        ('PAGE_SIZE', 0, 'a whole number from 1 to 1,000,000'),
        ('PAGE_SIZE', 101, 'at most PAGE_SIZE_MAX, which is 100'),
        ('PAGE_SIZE_MAX', True, 'a whole number from 1 to 1,000,000'),
        ('PAGE_SIZE_MAX', 1_000_001, 'a whole number from 1 to 1,000,000'),
        ('TOKEN_LIMIT_PER_USER', -1, 'a number that is not negative, or None'),
        ('BASIC_CACHE_TTL', '60', 'a number that is not negative, or None'),
        ('LOGIN_THROTTLE', '10/fortnight',
         "attempts per second, minute, hour or day, as in '10/minute', or None"),
        ('LOGIN_THROTTLE', '0/minute',
         "attempts per second, minute, hour or day, as in '10/minute', or None"),
        ('LOGIN_THROTTLE_ADDRESS', 100,
         "attempts per second, minute, hour or day, as in '10/minute', or None"),
        ('ACCELERATE', 'yes', 'True or False'),
    ],
)  # fmt: skip
def test_E011_value_of_the_wrong_sort(key, value, wanted):
    [line] = check_keys(**{key: value})

    shown = MIXED.get(key, value)
    hint = HINTS.get(key, f'Remove {key}, or correct it.')
    assert line == f'(django_apistar.E011) {key} is {shown!r}; it must be {wanted}. HINT: {hint}'


HINTS = {
    'COMPONENTS': "Write 'COMPONENTS': [...].", 'EVENT_HOOKS': "Write 'EVENT_HOOKS': [...].",
    'REQUEST_ID_HEADER': "Write 'REQUEST_ID_HEADER': 'X-Request-ID'.",
}  # fmt: skip
MIXED = {'JSON_ENCODER': Path}  # what a dotted path names is shown


def test_E011_lazy_text_that_cannot_be_read():
    [line] = check_keys(DOCS_URL=reverse_lazy('nowhere'))

    assert line.startswith(
        '(django_apistar.E011) DOCS_URL holds lazy text that cannot be read: NoReverseMatch: '
        "Reverse for 'nowhere' not found."
    )
    assert line.endswith('HINT: Remove DOCS_URL, or correct it.')


def test_E011_hints():
    assert check_keys(TITLE=5)[0].endswith('HINT: Remove TITLE, or correct it.')
    assert check_keys(COMPONENTS='x')[0].endswith("HINT: Write 'COMPONENTS': [...].")


def test_E011_two_pages_of_one_path():
    assert check_keys(HEALTH_URL='/up/', READY_URL='/up/') == [
        (
            "(django_apistar.E011) READY_URL is '/up/', which is HEALTH_URL already. HINT: Give "
            'each its own path.'
        )
    ]


def test_W001_unknown_key_with_the_closest_known():
    assert check_keys(COMPONENT=[]) == [
        (
            "(django_apistar.W001) APISTAR_SETTINGS has the unknown key 'COMPONENT'. HINT: Did you "
            "mean 'COMPONENTS'?"
        )
    ]


def test_W001_unknown_key_like_no_other():
    """`parser`"""
    known = (
        'ALLOWED_DJANGO_ROUTES, COMPONENTS, EVENT_HOOKS, AUTH_COMPONENTS, APP_CLASS, TAGS, '
        'DOCS_URL, DOCS_UI, DOCS_CSP, SCHEMA_URL, TITLE, DESCRIPTION, VERSION, SERVERS, INFO, '
        'TOKEN_TTL, TOKEN_LIMIT_PER_USER, LOGIN_THROTTLE, PUBLIC_ROUTES, ACCELERATE, JSON_ENCODER, '
        'TEMPLATE_DIR, STATIC_DIR, PACKAGES, HEALTH_URL, BASIC_CACHE_TTL, LOGIN_THROTTLE_ADDRESS, '
        'SCHEMA_ACCEPTED, READY_URL, METRICS_URL, REQUEST_ID_HEADER, PAGE_SIZE, PAGE_SIZE_MAX, '
        'ERRORS'
    )

    assert check_keys(zzz=1, title='Shop') == [
        (
            "(django_apistar.W001) APISTAR_SETTINGS has the unknown key 'title'. HINT: Did you "
            "mean 'TITLE'?"
        ),
        (
            "(django_apistar.W001) APISTAR_SETTINGS has the unknown key 'zzz'. HINT: Known are "
            f'{known}.'
        ),
    ]


@pytest.mark.parametrize(
    ('key', 'item'), [('COMPONENTS', GoodComponent()), ('EVENT_HOOKS', GoodHook)]
)
def test_W002_nested_list_as_of_a_trailing_comma(key, item):
    value = ([item],)

    assert check_keys(**{key: value}) == [
        (
            f'(django_apistar.W002) {key} holds the nested list {[item]!r}, as a trailing comma '
            'makes it. HINT: Remove the comma behind the list.'
        )
    ]


# Both frameworks


def test_W003_django_url_under_no_prefix():
    lines = check_routes([], prefixes=['/admin/', '/django/'])

    assert lines == [
        (
            '(django_apistar.W003) The Django URL /café/<str:name>/ is never reached: no prefix in '
            "ALLOWED_DJANGO_ROUTES covers it. HINT: Add '/café/' to ALLOWED_DJANGO_ROUTES."
        )
    ]


def check_urls(*patterns: Any, prefixes: Any) -> list[str]:
    """Check a project whose URLconf is *patterns*."""
    urlconf = types.ModuleType('checked_urls')
    urlconf.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    with override_settings(ROOT_URLCONF=urlconf):
        return check_routes([], prefixes)


def test_W003_regular_expression_under_no_prefix():
    pattern = re_path(r'^django/regex/(?P<number>[0-9]+)/$', HttpResponse)

    assert check_urls(pattern, prefixes=()) == [
        (
            '(django_apistar.W003) The Django URL /^django/regex/(?P<number>[0-9]+)/$ is never '
            "reached: no prefix in ALLOWED_DJANGO_ROUTES covers it. HINT: Add '/django/' to "
            'ALLOWED_DJANGO_ROUTES.'
        )
    ]


@pytest.mark.parametrize(
    ('names', 'shown'),
    [
        ('ab', '/shop/a/, /shop/b/'), ('abc', '/shop/a/, /shop/b/, /shop/c/'),
        ('abcd', '/shop/a/, /shop/b/, /shop/c/ and 1 more'),
        ('abcde', '/shop/a/, /shop/b/, /shop/c/ and 2 more'),
    ],
)  # fmt: skip
def test_W003_urls_that_one_prefix_mends_are_one_warning(names, shown):
    patterns = [path(f'shop/{name}/', HttpResponse) for name in names]

    assert check_urls(path('robots.txt', HttpResponse), *patterns, prefixes=()) == [
        (
            f'(django_apistar.W003) {len(names)} Django URLs are never reached: no prefix in '
            f'ALLOWED_DJANGO_ROUTES covers them ({shown}). '
            "HINT: Add '/shop/' to ALLOWED_DJANGO_ROUTES."
        ),
        (
            '(django_apistar.W003) The Django URL /robots.txt is never reached: no prefix in '
            "ALLOWED_DJANGO_ROUTES covers it. HINT: Add '/robots.txt/' to ALLOWED_DJANGO_ROUTES."
        ),
    ]


@pytest.mark.parametrize(
    ('pattern', 'shown', 'remedy'),
    [
        (path('', HttpResponse), '/', "Move it below a prefix, as '/site/'"),
        (re_path('^$', HttpResponse), '/^$', "Move it below a prefix, as '/site/'"),
        (path('<slug:page>/', HttpResponse), '/<slug:page>/',
         'Add what its paths begin with to ALLOWED_DJANGO_ROUTES'),
    ],
    ids=['root', 'regular expression', 'parameter'],
)  # fmt: skip
def test_W003_does_not_propose_the_prefix_that_takes_all_from_the_api(pattern, shown, remedy):
    assert check_urls(pattern, prefixes=()) == [
        (
            f'(django_apistar.W003) The Django URL {shown} is never reached: no prefix in '
            f"ALLOWED_DJANGO_ROUTES covers it. HINT: {remedy}; the prefix '/' would leave API Star "
            'no path.'
        )
    ]


@pytest.mark.parametrize('url', ['metrics', 'robots.txt', 'shop/list'])
@pytest.mark.parametrize('pattern', [path, re_path])
def test_W004_is_not_for_a_url_without_a_closing_slash(url, pattern):
    """What W003 proposes for it is no mistake, and is enough."""
    route = url if pattern is path else f'^{re.escape(url)}$'

    [warning] = check_urls(pattern(route, HttpResponse), prefixes=())
    prefix = re.search(r"Add '(.+)' to", warning)[1]

    assert check_urls(pattern(route, HttpResponse), prefixes=[prefix]) == []
    assert check_urls(pattern(route, HttpResponse), prefixes=[f'/{url}/']) == []


def test_W004_prefix_without_urls():
    lines = check_routes([], prefixes=['/admin/', '/django/', '/café/', '/nothing/'])

    assert lines == [
        (
            "(django_apistar.W004) ALLOWED_DJANGO_ROUTES holds '/nothing/', under which the "
            'URLconf has no URL. HINT: Remove the prefix, or add the URLs.'
        )
    ]


@pytest.mark.parametrize('prefix', ['/django/regex/', '/django/echo/some/'])
def test_W004_is_not_for_a_prefix_that_a_pattern_may_serve(prefix):
    lines = check_routes([], prefixes=['/admin/', '/django/', '/café/', prefix])

    assert lines == []


@pytest.mark.parametrize('url', ['/media/', '/media', 'media/', 'https://cdn.example.com/media/'])
def test_W004_is_not_for_the_media_that_only_debug_serves(url):
    with override_settings(MEDIA_URL=url):
        assert check_urls(prefixes=['/media/']) == []
        with override_settings(DEBUG=True):
            [warning] = check_urls(prefixes=['/media/'])
    with override_settings(MEDIA_URL='/files/'):
        assert check_urls(prefixes=['/media/']) == [warning]

    assert warning.startswith("(django_apistar.W004) ALLOWED_DJANGO_ROUTES holds '/media/', under")


# Who the users are


class OwnAuthentication(Component):
    def resolve(self, authorization: http.Header) -> Path:
        return Path()


def test_W017_nobody_can_be_authenticated():
    assert check_keys(EVENT_HOOKS=[MustBeAuthenticated]) == [
        (
            '(django_apistar.W017) MustBeAuthenticated is used, and no component knows a user: '
            'each route that is not public answers 401. HINT: Add DjangoTokenAuthentication() to '
            'COMPONENTS.'
        )
    ]


@pytest.mark.parametrize(
    'keys',
    [
        {'COMPONENTS': [DjangoBasicAuthentication()]},
        {'AUTH_COMPONENTS': [DjangoBasicAuthentication()]},
        {'AUTH_COMPONENTS': [OwnAuthentication()]},
    ],
)
def test_W017_is_not_where_a_component_knows_a_user(keys):
    assert check_keys(EVENT_HOOKS=[MustBeAuthenticated()], **keys) == []


# All at once


WRONG = {
    'APISTAR_ROUTE_CONF': None,
    'APISTAR_SETTINGS': {
        'ALLOWED_DJANGO_ROUTES': '/admin/', 'COMPONENTS': [5], 'EVENT_HOOKS': [5], 'TITLE': 5,
        'Title': 'x',
    },
}  # fmt: skip


def test_every_mistake_is_reported_at_once():
    ids = [re.search(r'\.([EW]\d+)\)', line)[1] for line in check(**WRONG)]

    assert ids == ['E001', 'E006', 'E008', 'E009', 'E011', 'W001']


# The list


def get_ids_of_the_code() -> set[str]:
    package = Path(django_apistar.__file__).parent
    texts = (path.read_text() for path in package.rglob('*.py'))
    return {found for text in texts for found in re.findall(r"'([EW]0\d\d)',", text)}


def test_every_id_is_documented():
    documented = re.findall(
        r'^### ([EW]0\d\d)$', (ROOT / 'docs/reference/checks.md').read_text(), re.MULTILINE
    )

    assert sorted(documented) == sorted(get_ids_of_the_code())


def test_every_id_has_a_test():
    tests = {
        name.split('_')[1]
        for path in TESTS.rglob('test_*.py')
        for name in re.findall(r'^def (test_[EW]0\d\d_\w+)', path.read_text(), re.MULTILINE)
    }

    assert tests >= get_ids_of_the_code()


def test_every_documented_message_begins_as_the_real_one():
    """reference/checks.md shows each message as `manage.py check` printed it in a test above."""
    text = (ROOT / 'docs/reference/checks.md').read_text()
    shown = re.findall(r'^\?: \(django_apistar\.([EW]0\d\d)\)', text, re.MULTILINE)

    assert set(shown) == get_ids_of_the_code()


@pytest.mark.parametrize(
    'routes',
    [
        [Route('/a/', 'GET', welcome), Route('/b/', 'GET', welcome)],
        [Route('/', 'GET', welcome), Route('/', 'GET', welcome, name='second')],
        [Route('/admin/api/', 'GET', welcome)],
        [welcome],
    ],
    ids=['E005', 'E013', 'E012', 'E003'],
)
def test_an_error_stops_a_worker_with_the_same_sentences(routes):
    [line] = check_routes(routes)

    _, _, sentence = line.partition(') ')
    assert start_worker(routes) == sentence.replace(' HINT:', '')


# Outside of this process


def test_manage_py_check_prints_the_sentence_and_fails(tmp_path):
    project = Project(tmp_path)
    project.write('shop/routes.py', 'routes = 5')

    done = project.run('check')

    assert done.returncode == 1
    assert done.stdout == ''
    assert done.stderr == (
        'SystemCheckError: System check identified some issues:\n'
        '\n'
        'ERRORS:\n'
        '?: (django_apistar.E003) shop.routes.routes is 5; it must be a list of apistar.Route and '
        'apistar.Include.\n'
        "\tHINT: Write routes = [Route('/', 'GET', welcome)].\n"
        '\n'
        'System check identified 1 issue (0 silenced).\n'
    )


DJANGOS_WSGI = """
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
"""
DJANGOS_WARNING = (
    "?: (django_apistar.E017) WSGI_APPLICATION is 'shop.wsgi.application', which is Django's own: "
    'API Star answers nothing.\n'
    "\tHINT: Set it to 'django_apistar.wsgi.application', or write `from django_apistar.wsgi "
    'import application` in its module.\n'
)


def make_project(tmp_path: Path, wsgi: str) -> Project:
    project = Project(tmp_path)
    project.replace('shop/settings.py', 'django_apistar.wsgi.application', 'shop.wsgi.application')
    project.write('shop/wsgi.py', wsgi)
    return project


@pytest.mark.parametrize('command', [('check',), ('runapistar', '--check')])
def test_E017_wsgi_application_is_djangos_own(command, tmp_path):
    project = make_project(tmp_path, DJANGOS_WSGI)

    done = project.run(*command)

    assert done.returncode == 1
    assert done.stdout == ''
    assert DJANGOS_WARNING in done.stderr


def test_workers_inherit_no_connection_from_the_look_at_the_migrations(tmp_path):
    told = 'from django.db import connection\n\nprint(connection.connection)\n'
    project = make_project(tmp_path, f'{told}from django_apistar.wsgi import application\n')

    done = project.run('runapistar', '--check', '--skip-checks')

    assert 'None' in done.stdout.splitlines()


def test_E017_looks_behind_wrappers(tmp_path):
    wrapped = (
        DJANGOS_WSGI
        + """
    from werkzeug.middleware.proxy_fix import ProxyFix

    application = ProxyFix(ProxyFix(application))
    """
    )

    done = make_project(tmp_path, wrapped).run('check')

    assert DJANGOS_WARNING in done.stderr


@pytest.mark.parametrize(('number', 'is_found'), [(15, True), (16, False)])
def test_so_many_wrappers_are_looked_behind(number, is_found):
    application = WSGIHandler()
    for _ in range(number):
        application = ProxyFix(application)

    assert _is_djangos(application) is is_found


@pytest.mark.parametrize(
    ('name', 'is_found'),
    [('app', True), ('application', True), ('wsgi_app', True), ('other', False)],
)
def test_middleware_keeps_what_it_wraps_by_one_of_three_names(name, is_found):
    def middleware() -> None:
        """Never called."""

    setattr(middleware, name, WSGIHandler())

    assert _is_djangos(middleware) is is_found


def test_E017_wsgi_application_that_cannot_be_imported(tmp_path):
    project = make_project(tmp_path, 'import nowhere_at_all')

    done = project.run('check')

    assert done.stderr.splitlines()[3] == (
        "?: (django_apistar.E017) WSGI_APPLICATION is 'shop.wsgi.application', which cannot be "
        "imported: ModuleNotFoundError: No module named 'nowhere_at_all' "
        f'({tmp_path}/shop/wsgi.py:1).'
    )


@pytest.mark.parametrize(
    'wrapper',
    [
        'from werkzeug.middleware.proxy_fix import ProxyFix as Wrapper',
        'from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware as Wrapper',
        'Wrapper = lambda application: lambda *args: application(*args)',
    ],
)
def test_E017_is_not_for_our_application_in_a_wrapper(wrapper, tmp_path):
    ours = f"""
    from django_apistar.wsgi import application

    {wrapper}

    application = Wrapper(application)
    """

    done = make_project(tmp_path, ours).run('check')

    assert (done.returncode, done.stderr) == (0, '')


def test_E017_asks_a_wrapper_without_breaking_on_its_answer(tmp_path):
    ours = """
    from django_apistar.wsgi import application as ours


    class Guarded:
        def __getattr__(self, name):
            raise RuntimeError(f'{name} is asked outside of a request')

        def __call__(self, *args):
            return ours(*args)


    application = Guarded()
    """

    done = make_project(tmp_path, ours).run('check')

    assert (done.returncode, done.stderr) == (0, '')


@pytest.mark.parametrize('command', [('check',), ('runapistar', '--check')])
def test_E017_wsgi_application_that_cannot_be_called(command, tmp_path):
    project = make_project(tmp_path, 'application = 5')

    done = project.run(*command)

    assert done.returncode == 1
    assert done.stdout == ''
    assert done.stderr.splitlines()[3:5] == [
        (
            "?: (django_apistar.E017) WSGI_APPLICATION is 'shop.wsgi.application', which is 5 and "
            'cannot be called.'
        ),
        (
            "\tHINT: Set it to 'django_apistar.wsgi.application', or write `from "
            'django_apistar.wsgi import application` in its module.'
        ),
    ]


def test_E017_no_other_command_builds_the_application(tmp_path):
    project = make_project(tmp_path, 'raise SystemExit("built")')

    done = project.run('apistar_docs')

    assert (done.returncode, done.stderr) == (0, '')
