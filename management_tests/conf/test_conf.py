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
from django_apistar.conf.parser import Settings, find_problems, get_settings
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
    with translation.override('de'):  # of whoever asks first
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


def test_static_prefix_is_below_the_forced_script_name():
    with override_settings(STATIC_URL='/mnt/static/', FORCE_SCRIPT_NAME='/mnt'):
        assert get_settings().static_prefix == '/static/'


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
