"""APISTAR_* settings as they are read; how wrong ones are reported is in test_checks."""

import dataclasses
import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from apistar import Component, http
from django.core.serializers.json import DjangoJSONEncoder
from django.test import override_settings
from django.urls import get_resolver, get_script_prefix, reverse_lazy, set_script_prefix
from django.utils import translation
from django.utils.functional import SimpleLazyObject, lazystr
from django.utils.translation import gettext_lazy

from django_apistar.application import App, get_route_table
from django_apistar.conf.folders import Folders
from django_apistar.conf.parser import KEYS, Settings, find_problems, get_settings
from django_apistar.conf.problems import SettingsError
from management_tests.support.raw_wsgi import call
from management_tests.support.server_process import Project

pytestmark = pytest.mark.once


class Clock:
    """What the component gives."""


class ClockComponent(Component):
    def resolve(self, authorization: http.Header) -> Clock:
        return Clock()


class Hook:
    def on_request(self) -> None:
        """Nothing to do."""


class Encoder(json.JSONEncoder):
    """For JSON_ENCODER."""


class OwnApp(App):
    """For APP_CLASS."""


INSTANCE = ClockComponent()
HOOK = Hook()


def read(**keys: Any) -> Settings:
    """Return the settings with *keys* in APISTAR_SETTINGS."""
    with override_settings(APISTAR_SETTINGS=keys):
        return get_settings()


def refuse(**keys: Any) -> str:
    """Return what is said of *keys* in APISTAR_SETTINGS."""
    with pytest.raises(SettingsError) as caught:
        read(**keys)
    return str(caught.value)


def test_defaults():
    """`parser`, `operation`, `amounts`"""
    settings = read()

    values = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    assert len(values.pop('routes')) > 1
    assert values == {
        'route_conf': 'management_tests.project.routes',
        'django_prefixes': (),
        'static_prefix': '/static/',
        'media_prefix': None,
        'components': (),
        'event_hooks': (),
        'auth_components': (),
        'app_class': None,
        'folders': Folders(),
        'docs_url': None,
        'docs_ui': 'apistar',
        'docs_csp': '',
        'schema_url': '/schema/',
        'health_url': None,
        'ready_url': None,
        'metrics_url': None,
        'page_size': 20,
        'page_size_max': 100,
        'sends_problems': False,
        'request_id_header': None,
        'title': '',
        'description': '',
        'version': '',
        'servers': (),
        'token_ttl': timedelta(days=30),
        'token_limit_per_user': None,
        'login_throttle': (10, 60),
        'login_throttle_address': (100, 60),
        'basic_cache_ttl': 60,
        'public_routes': (),
        'schema_accepted': {},
        'tags': {},
        'info': {},
        'accelerate': True,
        'json_encoder': DjangoJSONEncoder,
        'debug': False,
    }


RATE = "attempts per second, minute, hour or day, as in '10/minute', or None"
# A value that is no default, and what the settings have of it where that is another.
EACH = {
    'ALLOWED_DJANGO_ROUTES': ['/admin/'], 'COMPONENTS': [INSTANCE], 'EVENT_HOOKS': [HOOK],
    'AUTH_COMPONENTS': (INSTANCE,), 'APP_CLASS': OwnApp, 'TAGS': {'a': 'About a.'},
    'DOCS_URL': '/help', 'DOCS_UI': 'swagger', 'DOCS_CSP': "img-src\n  'self'",
    'SCHEMA_URL': '/openapi', 'TITLE': 'Shop', 'DESCRIPTION': 'Sells.', 'VERSION': '2',
    'SERVERS': ['/v1', {'url': '/v2'}], 'INFO': {'contact': {}}, 'TOKEN_TTL': 60,
    'TOKEN_LIMIT_PER_USER': 0, 'LOGIN_THROTTLE': '1/second', 'PUBLIC_ROUTES': ['a:*'],
    'ACCELERATE': False, 'JSON_ENCODER': Encoder, 'HEALTH_URL': '/up', 'BASIC_CACHE_TTL': 5,
    'LOGIN_THROTTLE_ADDRESS': '7/hour', 'SCHEMA_ACCEPTED': {'a:*': 'why'}, 'READY_URL': '/ready',
    'METRICS_URL': '/figures', 'REQUEST_ID_HEADER': 'X-Id', 'PAGE_SIZE': 7, 'PAGE_SIZE_MAX': 8,
    'ERRORS': 'problem',
}  # fmt: skip
READ = {
    'ALLOWED_DJANGO_ROUTES': ('/admin/',), 'COMPONENTS': (INSTANCE,), 'EVENT_HOOKS': (HOOK,),
    'DOCS_CSP': "img-src 'self'", 'SERVERS': ('/v1', {'url': '/v2'}), 'PUBLIC_ROUTES': ('a:*',),
    'TOKEN_TTL': timedelta(minutes=1), 'LOGIN_THROTTLE': (1, 1), 'ERRORS': True,
    'LOGIN_THROTTLE_ADDRESS': (7, 3600),
}  # fmt: skip
NAMES = {'ALLOWED_DJANGO_ROUTES': 'django_prefixes', 'ERRORS': 'sends_problems'}


def test_each_setting_is_read():
    """`parser`, `operation`, `amounts`"""
    settings = read(**EACH)

    assert {key: getattr(settings, NAMES.get(key, key.lower())) for key in EACH} == EACH | READ
    assert {*KEYS} - EACH.keys() == {'TEMPLATE_DIR', 'STATIC_DIR', 'PACKAGES'}
    assert settings.own_pages == {
        'HEALTH_URL': '/up', 'READY_URL': '/ready', 'METRICS_URL': '/figures'
    }  # fmt: skip
    with override_settings(APISTAR_SETTINGS=EACH):
        assert find_problems() == ()


@pytest.mark.parametrize('key', ['DOCS_URL', 'SCHEMA_URL', 'APP_CLASS', 'DOCS_CSP', 'TOKEN_TTL'])
def test_a_setting_may_be_none(key):
    assert getattr(read(**{key: None}), key.lower()) is None


@pytest.mark.parametrize(
    'path', ['/', '/a', '/a/b/', '/a//b', '/é', '/a.b-c_d~e%20', '/a:@!$&=+,;']
)
def test_paths_of_settings(path):
    assert read(DOCS_URL=path, SCHEMA_URL=path, HEALTH_URL=path).docs_url == path


@pytest.mark.parametrize(
    'path', ['', 'a', '//', '//a', *(f'/a{sign}' for sign in '{}<>?#\\ \t\n\xa0')]
)
def test_no_paths_of_settings(path):
    assert refuse(READY_URL=path) == (
        f'READY_URL is {path!r}; it must be a path that starts with a slash and has no '
        'parameters, or None. Remove READY_URL, or correct it.'
    )


@pytest.mark.parametrize('header', ['X-Id', 'a', 'A1-b2-C3', 'Traceparents', 'X-Cookie'])
def test_headers_of_request_ids(header):
    assert read(REQUEST_ID_HEADER=header).request_id_header == header


@pytest.mark.parametrize(
    'header',
    [
        'authorization', 'connection', 'content-length', 'content-type', 'cookie', 'date', 'Host',
        'proxy-authorization', 'server', 'set-cookie', 'traceparent', 'Transfer-Encoding',
        'upgrade', '', '-', 'a-', '-a', 'a--b', 'a_b', 'a b', 'a:', 'é', 5, True, ['X-Id'],
    ],
)  # fmt: skip
def test_no_headers_of_request_ids(header):
    assert refuse(REQUEST_ID_HEADER=header) == (
        f'REQUEST_ID_HEADER is {header!r}; it must be the name of a header of its own, or None. '
        "Write 'REQUEST_ID_HEADER': 'X-Request-ID'."
    )


@pytest.mark.parametrize(
    ('keys', 'sizes'),
    [
        ({'PAGE_SIZE': 1}, (1, 100)), ({'PAGE_SIZE': 100}, (100, 100)),
        ({'PAGE_SIZE_MAX': 1}, (1, 1)), ({'PAGE_SIZE_MAX': 20}, (20, 20)),
        ({'PAGE_SIZE_MAX': 1_000_000}, (20, 1_000_000)),
        ({'PAGE_SIZE': 1_000_000, 'PAGE_SIZE_MAX': 1_000_000}, (1_000_000, 1_000_000)),
    ],
)  # fmt: skip
def test_sizes_of_pages(keys, sizes):
    settings = read(**keys)

    assert (settings.page_size, settings.page_size_max) == sizes


@pytest.mark.parametrize(
    ('keys', 'read'),
    [
        ({'BASIC_CACHE_TTL': None}, 0), ({'BASIC_CACHE_TTL': 0}, 0), ({'BASIC_CACHE_TTL': 1}, 1),
        ({'TOKEN_LIMIT_PER_USER': None}, None), ({'TOKEN_LIMIT_PER_USER': 1}, 1),
        ({'TOKEN_TTL': 1e-6}, timedelta(microseconds=1)),
        ({'LOGIN_THROTTLE': '1/day'}, (1, 86400)),
        ({'DOCS_CSP': "  default-src 'self' "}, "default-src 'self'"),
        ({'SERVERS': None}, ()), ({'SERVERS': ()}, ()), ({'DOCS_UI': 'apistar'}, 'apistar'),
        ({'JSON_ENCODER': None}, DjangoJSONEncoder), ({'ACCELERATE': True}, True),
    ],
)  # fmt: skip
def test_values_at_the_edge_are_taken(keys, read):
    [key] = keys
    with override_settings(APISTAR_SETTINGS=keys):
        assert getattr(get_settings(), key.lower()) == read


@pytest.mark.parametrize(
    ('keys', 'wanted'),
    [
        ({'TOKEN_LIMIT_PER_USER': True}, 'a number that is not negative, or None'),
        ({'BASIC_CACHE_TTL': 1.5}, 'a number that is not negative, or None'),
        ({'TOKEN_TTL': -1}, 'seconds, a timedelta, or None for no end'),
        ({'TOKEN_TTL': timedelta()}, 'seconds, a timedelta, or None for no end'),
        ({'TOKEN_TTL': float('nan')}, 'seconds, a timedelta, or None for no end'),
        ({'TOKEN_TTL': 1e300}, 'seconds, a timedelta, or None for no end'),
        ({'PAGE_SIZE': True}, 'a whole number from 1 to 1,000,000'),
        ({'PAGE_SIZE': '7'}, 'a whole number from 1 to 1,000,000'),
        ({'PAGE_SIZE': -1}, 'a whole number from 1 to 1,000,000'),
        ({'ERRORS': 'html'}, "'apistar' or 'problem'"),
        ({'ERRORS': None}, "'apistar' or 'problem'"),
        ({'SCHEMA_ACCEPTED': []}, "a dict of 'RULE:GLOB'"),
        ({'SERVERS': {'url': '/'}}, 'a list of URLs or OpenAPI server objects'),
        ({'SERVERS': ['/', None]}, 'a list of URLs or OpenAPI server objects'),
        ({'DOCS_CSP': "img-src 'é'"}, 'a Content-Security-Policy, or None'),
        ({'DOCS_CSP': ' '}, 'a Content-Security-Policy, or None'),
        ({'DOCS_UI': None}, "'apistar', 'swagger' or 'redoc'"),
        *(
            ({'LOGIN_THROTTLE': rate}, RATE)
            for rate in ('10', '/minute', '-1/day', '1.5/day', '\uff11/day', '1/Day', '1/', 10)
        ),
    ],
)  # fmt: skip
def test_values_beyond_the_edge_are_refused(keys, wanted):
    [(key, value)] = keys.items()
    assert refuse(**keys) == (
        f'{key} is {value!r}; it must be {wanted}. Remove {key}, or correct it.'
    )


def test_documentation_is_on_by_default_under_debug():
    with override_settings(DEBUG=True):
        assert read().docs_url == '/docs/'
        assert read(DOCS_URL=None).docs_url is None


def test_settings_are_not_needed():
    with override_settings():
        from django.conf import settings

        del settings.APISTAR_SETTINGS

        assert get_settings().schema_url == '/schema/'


def test_settings_of_the_originals_readme():
    """With the comma that makes a tuple of each list."""
    settings = read(
        ALLOWED_DJANGO_ROUTES=('/admin/', '/static/'),
        COMPONENTS=([INSTANCE],),
        EVENT_HOOKS=([Hook],),
        AUTH_COMPONENTS=([INSTANCE],),
    )

    assert settings.django_prefixes == ('/admin/', '/static/')
    assert settings.components == (INSTANCE,)
    assert settings.event_hooks == (Hook,)
    assert settings.auth_components == (INSTANCE,)


@pytest.mark.parametrize('key', ['COMPONENTS', 'AUTH_COMPONENTS'])
def test_components_are_instances_classes_and_dotted_paths_mixed(key):
    settings = read(
        **{key: (INSTANCE, ClockComponent, f'{__name__}.ClockComponent', f'{__name__}.INSTANCE')}
    )

    components = getattr(settings, key.lower())
    assert [type(component) for component in components] == [ClockComponent] * 4
    assert components[0] is components[3] is INSTANCE


def test_hooks_are_instances_classes_and_dotted_paths_mixed():
    settings = read(EVENT_HOOKS=[Hook, HOOK, f'{__name__}.Hook', f'{__name__}.HOOK'])

    assert settings.event_hooks == (Hook, HOOK, Hook, HOOK)


@pytest.mark.parametrize('key', ['COMPONENTS', 'AUTH_COMPONENTS', 'EVENT_HOOKS'])
@pytest.mark.parametrize('empty', [None, [], ()])
def test_lists_may_be_empty(key, empty):
    assert getattr(read(**{key: empty}), key.lower()) == ()


@pytest.mark.parametrize('value', [OwnApp, f'{__name__}.OwnApp'])
def test_app_class(value):
    assert read(APP_CLASS=value).app_class is OwnApp


def test_json_encoder():
    assert read(JSON_ENCODER=f'{__name__}.Encoder').json_encoder is Encoder


@pytest.mark.parametrize(
    ('value', 'ttl'),
    [
        (None, None),
        (60, timedelta(minutes=1)),
        (0.5, timedelta(milliseconds=500)),
        (timedelta(hours=10), timedelta(hours=10)),
    ],
)
def test_token_ttl(value, ttl):
    assert read(TOKEN_TTL=value).token_ttl == ttl


@pytest.mark.parametrize(
    ('value', 'throttle'),
    [
        (None, None),
        ('1/second', (1, 1)),
        ('10/minute', (10, 60)),
        ('100/hour', (100, 3600)),
        ('1000/day', (1000, 86400)),
    ],
)
def test_login_throttle(value, throttle):
    assert read(LOGIN_THROTTLE=value).login_throttle == throttle
    assert read(LOGIN_THROTTLE_ADDRESS=value).login_throttle_address == throttle


@pytest.mark.parametrize(
    ('value', 'throttle'), [(None, None), ('1/second', (10, 1)), ('3/day', (30, 86400))]
)
def test_login_throttle_of_an_address_is_ten_times_that_of_a_user(value, throttle):
    assert read(LOGIN_THROTTLE=value).login_throttle_address == throttle


DAY = gettext_lazy('Monday')  # 'Montag' in German


def test_lazy_text_is_text():
    with translation.override('de'):  # of the client that asks first
        settings = read(
            TITLE=DAY, DESCRIPTION=lazystr('About'), VERSION=SimpleLazyObject(lambda: '1'),
            DOCS_URL=reverse_lazy('admin:index'), SCHEMA_URL=lazystr('/openapi/'),
            HEALTH_URL=lazystr('/ok'), DOCS_UI=lazystr('redoc'), DOCS_CSP=lazystr("img-src 'self'"),
            SERVERS=[lazystr('/v1')], PUBLIC_ROUTES=(lazystr('auth:*'),),
            COMPONENTS=[lazystr(f'{__name__}.INSTANCE')], LOGIN_THROTTLE=lazystr('1/day'),
        )  # fmt: skip

    assert (settings.title, settings.description, settings.version) == ('Monday', 'About', '1')
    assert (settings.docs_url, settings.schema_url, settings.health_url) == (
        '/admin/', '/openapi/', '/ok'
    )  # fmt: skip
    assert (settings.docs_ui, settings.docs_csp) == ('redoc', "img-src 'self'")
    assert (settings.servers, settings.public_routes) == (('/v1',), ('auth:*',))
    assert settings.components == (INSTANCE,)
    assert settings.login_throttle == (1, 86400)
    assert {type(text) for text in (settings.title, settings.version, settings.docs_url)} == {str}


@pytest.mark.django_db
def test_django_prefixes_may_be_lazy():
    keys = {'ALLOWED_DJANGO_ROUTES': [reverse_lazy('admin:index')]}
    with override_settings(APISTAR_SETTINGS=keys):
        assert get_route_table().django_prefixes == ('/admin/',)
        assert call('/admin/').status == 302
        assert call('/admin').status == 301
        assert call('/django/echo/').status == 404


def test_a_lazy_prefix_is_without_the_script_name():
    admin = reverse_lazy('admin:index')
    keys = {'ALLOWED_DJANGO_ROUTES': [admin], 'DOCS_URL': admin}
    with override_settings(APISTAR_SETTINGS=keys, FORCE_SCRIPT_NAME='/mnt'):
        set_script_prefix('/mnt/')
        try:
            assert get_route_table().django_prefixes == ('/admin/',)
            assert get_settings().docs_url == '/admin/'
            assert get_script_prefix() == '/mnt/'
        finally:
            set_script_prefix('/')


def test_a_urlconf_may_ask_for_the_settings_while_it_is_imported(tmp_path, monkeypatch):
    """Where a lazy prefix has no answer yet."""
    (tmp_path / 'asking_urls.py').write_text(
        'from management_tests.project.urls import urlpatterns as patterns\n'
        'from django_apistar.conf import get_settings\n'
        'get_settings()\n'
        'urlpatterns = patterns\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    keys = {'ALLOWED_DJANGO_ROUTES': [reverse_lazy('admin:index')]}
    with override_settings(APISTAR_SETTINGS=keys, ROOT_URLCONF='asking_urls'):
        assert get_resolver().url_patterns
        assert get_route_table().django_prefixes == ('/admin/',)


@pytest.mark.parametrize(
    ('static_url', 'prefix'),
    [
        ('/static/', '/static/'),
        ('static/', '/static/'),  # relative to the script name, as in Django
        ('/assets', '/assets/'),
        ('https://cdn.example.com/static/', '/static/'),
        ('/', None),
        ('https://cdn.example.com/', None),
        (None, None),
    ],
)
def test_static_prefix_is_the_path_of_static_url(static_url, prefix):
    # Django refuses a STATIC_URL without a slash at its end.
    with override_settings(STATIC_URL=static_url):
        assert get_settings().static_prefix == prefix


@pytest.mark.parametrize(
    ('script_name', 'url', 'prefix'),
    [
        ('/mnt', '/mnt/static/', '/static/'), ('/mnt/', '/mnt/static/', '/static/'),
        ('/mnt', '/mntstatic/', '/mntstatic/'), ('/mnt', '/other/static/', '/other/static/'),
        ('/mntX', '/mntX/static/', '/static/'), ('/mnt', '/mnt/', None),
        ('/', '/static/', '/static/'), ('', '/static/', '/static/'),
        ('/mnt', 'https://cdn.example.com/mnt/static/', '/static/'),
    ],
)  # fmt: skip
def test_static_and_media_prefix_are_below_the_forced_script_name(script_name, url, prefix):
    with override_settings(STATIC_URL=url, MEDIA_URL=url, FORCE_SCRIPT_NAME=script_name):
        assert get_settings().static_prefix == get_settings().media_prefix == prefix


@pytest.mark.parametrize(('value', 'prefix'), [('1', None), ('0', '/static/'), ('', '/static/')])
def test_a_server_may_be_told_to_serve_no_static_files(monkeypatch, value, prefix):
    monkeypatch.setenv('DJANGO_APISTAR_NOSTATIC', value)
    with override_settings(MEDIA_URL='/media/'):  # so that they are read anew
        assert get_settings().static_prefix == prefix


def test_settings_are_read_once_and_again_when_they_change():
    first = get_settings()

    assert get_settings() is first
    with override_settings(APISTAR_SETTINGS={'TITLE': 'changed'}):
        assert get_settings().title == 'changed'
    assert get_settings().title == ''


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        get_settings().title = 'changed'  # type: ignore[misc]


WRONG = {'ALLOWED_DJANGO_ROUTES': '/admin/', 'COMPONENTS': [5], 'COMPONENT': []}


def test_every_error_is_raised_at_once_but_no_warning():
    with override_settings(APISTAR_SETTINGS=WRONG), pytest.raises(SettingsError) as caught:
        get_settings()

    assert [problem.id for problem in caught.value.problems] == ['E006', 'E008']
    assert str(caught.value) == (
        "ALLOWED_DJANGO_ROUTES is the string '/admin/'; it must be a list or tuple of path "
        "prefixes. Write ['/admin/'].\n"
        'COMPONENTS holds 5, which is not an API Star component. Write instances, as in '
        '[MyComponent()], or their dotted paths.'
    )


def test_warnings_are_found_too():
    with override_settings(APISTAR_SETTINGS=WRONG):
        assert [problem.id for problem in find_problems()] == ['W001', 'E006', 'E008']


@pytest.mark.parametrize(
    ('name', 'text', 'sentence'),
    [
        (
            'shop/routes.py',
            'routes = 5',
            (
                'shop.routes.routes is 5; it must be a list of apistar.Route and apistar.Include. '
                "Write routes = [Route('/', 'GET', welcome)]."
            ),
        ),
        (
            'shop/routes.py',
            'import nowhere',
            (
                "APISTAR_ROUTE_CONF 'shop.routes' cannot be imported: ModuleNotFoundError: No "
                "module named 'nowhere' ({directory}/shop/routes.py:1). Correct the name, or the "
                'module.'
            ),
        ),
    ],
)
def test_worker_does_not_start_and_says_why(tmp_path, name, text, sentence):
    project = Project(tmp_path)
    project.write(name, text)

    done = subprocess.run(
        [sys.executable, '-c', 'import django_apistar.wsgi'],
        cwd=tmp_path,
        env=project.environment(DJANGO_SETTINGS_MODULE='shop.settings'),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f'django_apistar.conf.problems.SettingsError: {sentence.format(directory=tmp_path)}'
    )
