"""`manage.py check --deploy`, and what settings need beside them: one test for each id."""

import importlib.util
import io
import re
from typing import Any

import pytest
from apistar import http
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import ConnectionHandler, connections
from django.test import modify_settings, override_settings

from django_apistar.checks import check_deployment
from django_apistar.conf.problems import SettingsError
from django_apistar.dispatch.dispatcher import get_application
from management_tests.support.checks import PREFIXES
from management_tests.support.example_server import PRODUCTION, Example

pytestmark = pytest.mark.once

COMPONENTS = 'django_apistar.authentication.components'
BASIC = f'{COMPONENTS}.DjangoBasicAuthentication'
TOKEN = f'{COMPONENTS}.DjangoTokenAuthentication'
HOOK = 'django_apistar.authentication.hooks.MustBeAuthenticated'
TLS = {'SECURE_SSL_REDIRECT': True, 'SECURE_HSTS_SECONDS': 3600}
GUARD = 'HINT: Set it to None, or add MustBeAuthenticated to EVENT_HOOKS.'


def check(*options: str, keys: dict[str, Any] | None = None, **settings: Any) -> list[str]:
    """Return '(id) message HINT: hint' of each message about us; *keys*: of APISTAR_SETTINGS."""
    apistar_settings = {'ALLOWED_DJANGO_ROUTES': PREFIXES, 'SCHEMA_URL': None, **(keys or {})}
    stderr = io.StringIO()
    with override_settings(APISTAR_SETTINGS=apistar_settings, **settings):
        try:
            call_command('check', *options, stdout=io.StringIO(), stderr=stderr)
            text = stderr.getvalue()
        except SystemCheckError as exc:
            text = str(exc)
    joined = text.replace('\n\tHINT', ' HINT')
    return [line.removeprefix('?: ') for line in joined.splitlines() if '(django_apistar.' in line]


def deploy(keys: dict[str, Any] | None = None, **settings: Any) -> list[str]:
    return check('--deploy', keys=keys, **settings)


def test_a_closed_project_has_nothing_to_report():
    keys = {'COMPONENTS': [BASIC], 'EVENT_HOOKS': [HOOK], 'DOCS_URL': '/docs/'}

    assert deploy({**keys, 'SCHEMA_URL': '/schema/'}, **TLS) == []


def test_W020_public_metrics():
    pytest.importorskip('prometheus_client')

    assert deploy({'METRICS_URL': '/metrics/'}) == [
        (
            "(django_apistar.W020) METRICS_URL is '/metrics/': anyone can read the metrics. HINT: "
            'Let the proxy answer 404 for it, and silence this warning.'
        )
    ]


def test_without_deploy_nothing_of_it_is_reported():
    assert check(keys={'COMPONENTS': [BASIC], 'TOKEN_TTL': None, 'DOCS_URL': '/docs/'}) == []


@pytest.mark.parametrize('key', ['COMPONENTS', 'AUTH_COMPONENTS'])
def test_E016_tokens_without_their_app(key):
    with modify_settings(INSTALLED_APPS={'remove': 'django_apistar.authentication'}):
        # The project's own routes need the models of that app.
        routes = 'management_tests.support.userless_routes'
        lines = check(keys={key: [TOKEN]}, APISTAR_ROUTE_CONF=routes)

    assert [line for line in lines if 'E016' in line] == [
        (
            '(django_apistar.E016) DjangoTokenAuthentication is used, and '
            "'django_apistar.authentication' is not in INSTALLED_APPS. HINT: Add "
            "'django_apistar.authentication' to INSTALLED_APPS and run migrate."
        )
    ]


def test_E016_stops_a_worker():
    settings = override_settings(
        APISTAR_ROUTE_CONF='management_tests.support.userless_routes',
        APISTAR_SETTINGS={'COMPONENTS': [TOKEN]},
    )
    without_tokens = modify_settings(INSTALLED_APPS={'remove': 'django_apistar.authentication'})

    with settings, without_tokens, pytest.raises(SettingsError) as failure:
        get_application()

    assert str(failure.value) == (
        'DjangoTokenAuthentication is used, and '
        "'django_apistar.authentication' is not in INSTALLED_APPS. "
        "Add 'django_apistar.authentication' to INSTALLED_APPS and run migrate."
    )


@pytest.mark.parametrize('name', ['swagger', 'redoc'])
def test_W005_docs_ui_whose_package_is_not_installed(name, monkeypatch):
    find_spec = importlib.util.find_spec
    missing = 'drf_spectacular_sidecar'
    monkeypatch.setattr(
        importlib.util, 'find_spec', lambda *args: None if args[0] == missing else find_spec(*args)
    )

    assert check(keys={'DOCS_UI': name, 'DOCS_URL': '/docs/', 'SCHEMA_URL': '/schema/'}) == [
        (
            f'(django_apistar.W005) DOCS_UI is {name!r}, whose package is not installed. HINT: Run '
            "pip install 'django-apistar[docs-ui]'."
        )
    ]


@pytest.mark.parametrize('name', ['swagger', 'redoc'])
def test_W006_docs_ui_without_a_document(name):
    assert check(keys={'DOCS_UI': name, 'DOCS_URL': '/docs/'}) == [
        (
            f'(django_apistar.W006) DOCS_UI is {name!r} and SCHEMA_URL is None: the page has no '
            "document to show. HINT: Set SCHEMA_URL, or write 'DOCS_UI': 'apistar'."
        )
    ]


def test_W006_is_not_for_a_page_that_is_off():
    assert check(keys={'DOCS_UI': 'redoc'}) == []


def test_W007_debug():
    assert deploy({'DOCS_URL': None}, DEBUG=True) == [
        (
            '(django_apistar.W007) DEBUG is True: a fault of the API is answered with its '
            'traceback. HINT: Set DEBUG = False.'
        )
    ]


def test_W008_public_documentation():
    assert deploy({'DOCS_URL': '/docs/'}) == [
        f"(django_apistar.W008) DOCS_URL is '/docs/': anyone can read the documentation. {GUARD}"
    ]


def test_W009_public_schema():
    assert deploy({'SCHEMA_URL': '/schema/'}) == [
        f"(django_apistar.W009) SCHEMA_URL is '/schema/': anyone can read the schema. {GUARD}"
    ]


class KeyHook:
    def on_request(self, key: http.Header) -> None:
        """Refuses, or not: nobody knows."""


def test_W008_and_W009_are_not_for_what_a_hook_of_the_project_may_guard():
    keys = {'DOCS_URL': '/docs/', 'SCHEMA_URL': '/schema/', 'EVENT_HOOKS': [KeyHook]}

    assert deploy(keys) == []


def test_W009_schema_that_public_routes_open():
    keys = {'SCHEMA_URL': '/s/', 'EVENT_HOOKS': [HOOK], 'PUBLIC_ROUTES': ['serve_schema']}

    assert deploy({**keys, 'COMPONENTS': [TOKEN]}) == [
        f"(django_apistar.W009) SCHEMA_URL is '/s/': anyone can read the schema. {GUARD}"
    ]


@pytest.mark.parametrize(
    ('settings', 'lacking'),
    [
        ({}, 'SECURE_SSL_REDIRECT and SECURE_HSTS_SECONDS'),
        ({'SECURE_SSL_REDIRECT': True}, 'SECURE_HSTS_SECONDS'),
        ({'SECURE_HSTS_SECONDS': 3600}, 'SECURE_SSL_REDIRECT'),
    ],
)
@pytest.mark.parametrize('key', ['COMPONENTS', 'AUTH_COMPONENTS'])
def test_W010_basic_authentication_without_tls(key, settings, lacking):
    assert deploy({key: [BASIC]}, **settings) == [
        (
            f'(django_apistar.W010) Basic authentication is used without {lacking}: passwords may '
            'travel in the clear. HINT: Serve the API by HTTPS alone, and set both.'
        )
    ]


def test_W011_basic_authentication_without_the_cost_guard():
    assert deploy({'COMPONENTS': [BASIC], 'BASIC_CACHE_TTL': 0}, **TLS) == [
        (
            '(django_apistar.W011) Basic authentication is used with BASIC_CACHE_TTL = 0: each '
            'request hashes a password. HINT: Remove BASIC_CACHE_TTL, or authenticate by tokens.'
        )
    ]


def test_W012_tokens_for_ever():
    assert deploy({'COMPONENTS': [TOKEN], 'TOKEN_TTL': None}) == [
        (
            '(django_apistar.W012) TOKEN_TTL is None: a token that leaks is good for ever. HINT: '
            'Remove TOKEN_TTL (30 days), or set a time.'
        )
    ]


@pytest.fixture(scope='module')
def production(tmp_path_factory: pytest.TempPathFactory) -> Example:
    example = Example(tmp_path_factory.mktemp('deploy'), **PRODUCTION)
    manifest = example.directory / 'staticfiles/staticfiles.json'  # as of collectstatic
    manifest.parent.mkdir()
    manifest.write_text('{"version": "1.1", "paths": {}, "hash": ""}')
    return example


def deploy_example(example: Example, database: str) -> list[str]:
    done = example.run('check', '--deploy', DATABASE_URL=database)
    return re.findall(r'django_apistar\.([EW]\d+)', done.stdout + done.stderr)


def test_W013_database_that_each_request_connects_to(production):
    settings = production.directory / 'shop/settings.py'
    text = settings.read_text()
    settings.write_text(text.replace('conn_max_age=60', 'conn_max_age=0'))
    try:
        postgres = production.run(
            'check', '--deploy', DATABASE_URL='postgres://nobody@127.0.0.1:1/none'
        )
        sqlite = production.run('check', '--deploy', DATABASE_URL='sqlite://:memory:')
    finally:
        settings.write_text(text)

    assert (
        "?: (django_apistar.W013) CONN_MAX_AGE of the database 'default' is 0: each request "
        "connects anew.\n\tHINT: Set 'CONN_MAX_AGE': 60 and 'CONN_HEALTH_CHECKS': True.\n"
    ) in postgres.stderr
    assert 'W013' not in sqlite.stderr


@pytest.mark.parametrize(
    ('database', 'is_costly'),
    [
        ({'ENGINE': 'django.db.backends.mysql'}, True),
        ({'ENGINE': 'django.db.backends.postgresql', 'CONN_MAX_AGE': 0}, True),
        ({'ENGINE': 'django.db.backends.postgresql', 'OPTIONS': {'pool': False}}, True),
        ({'ENGINE': 'django.db.backends.postgresql', 'OPTIONS': {'pool': True}}, False),
        ({'ENGINE': 'django.db.backends.postgresql', 'CONN_MAX_AGE': None}, False),
        ({'ENGINE': 'django.db.backends.postgresql', 'CONN_MAX_AGE': 1}, False),
        ({'ENGINE': 'django.db.backends.sqlite3'}, False),
        ({'ENGINE': 'django.contrib.gis.db.backends.spatialite'}, False),
        ({'ENGINE': 'django.db.backends.dummy'}, False),
        ({'ENGINE': ''}, False),
        ({}, False),
    ],
)  # fmt: skip
def test_W013_is_for_databases_whose_connections_are_costly(database, is_costly, monkeypatch):
    configured = ConnectionHandler({'default': {}, 'other': database}).settings
    monkeypatch.setattr(connections, 'settings', configured)

    found = [message for message in check_deployment(None) if message.id == 'django_apistar.W013']

    assert [message.msg for message in found] == is_costly * [
        "CONN_MAX_AGE of the database 'other' is 0: each request connects anew."
    ]


def test_the_example_in_production_has_no_warning(production):
    assert deploy_example(production, 'postgres://nobody@127.0.0.1:1/none') == []


STORAGES = {
    'default': {'BACKEND': 'django.core.files.storage.FileSystemStorage'},
    'staticfiles': {'BACKEND': 'django.contrib.staticfiles.storage.ManifestStaticFilesStorage'},
}
NOT_COLLECTED = (
    '(django_apistar.W025) STATIC_ROOT has no staticfiles.json: each page that names a static '
    'file, as the admin does, is a 500. HINT: Run manage.py collectstatic.'
)


def test_W025_static_files_are_not_collected(tmp_path, monkeypatch):
    settings = {'STORAGES': STORAGES, 'STATIC_ROOT': str(tmp_path)}

    assert deploy(**settings) == [NOT_COLLECTED]
    assert check(**settings) == []
    assert NOT_COLLECTED not in deploy(**settings, DEBUG=True)
    assert deploy(STATIC_ROOT=str(tmp_path)) == []
    assert deploy(STORAGES=STORAGES, STATIC_ROOT=None) == []

    monkeypatch.setattr('sys.argv', ['manage.py', 'runapistar'])
    assert check(**settings) == [NOT_COLLECTED]
    (tmp_path / 'staticfiles.json').write_text('{"version": "1.1", "paths": {}, "hash": ""}')
    assert check(**settings) == deploy(**settings) == []
