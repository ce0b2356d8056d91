"""Hosts, HTTPS, headers and other origins: the API answers as Django's own views do."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from apistar import Include, Route
from django.conf import settings as django_settings
from django.test import override_settings

from django_apistar.api.responses import close
from django_apistar.dispatch.dispatcher import get_application
from management_tests.support.oracle import ask, both_modes
from management_tests.support.raw_wsgi import Answer, build_environ, call

# Django's part of a request looks after its connections.
pytestmark = pytest.mark.django_db

API, DJANGO = '/echo/', '/django/echo/'
HEADERS = (
    'x-content-type-options', 'x-frame-options', 'referrer-policy', 'cross-origin-opener-policy',
    'strict-transport-security',
)  # fmt: skip
HOSTS = [
    'testserver', 'testserver:8000', 'TESTSERVER', 'testserver.', 'testserver..', 'testserver:',
    'testserver:x', 'testserver:80:80', 'testserver/', 'testserver/auth/', 'x@testserver',
    'testserver,evil.example', 'testserver evil.example', 'evil.example', 'testserver.evil.example',
    'a.shop.example', 'shop.example', '.shop.example', 'evilshop.example', 'a b', '', ' ', '*',
    '[::1]', '[::1]:8000', '[::1', '::1', '[::2]', '127.0.0.1', 'localhost', 'a\tb', 'a\\b', 'é',
]  # fmt: skip
ALLOWED = [['testserver', '[::1]', '.shop.example'], ['*'], []]


def call_both(**environ: Any) -> tuple[Answer, Answer]:
    """Ask the API and Django for the same; the hosts that are known from before count as well."""
    call(API, **environ)
    return call(API, **environ), call(DJANGO, **environ)


def pick(answer: Answer) -> dict[str, str]:
    return {name: answer.headers[name] for name in HEADERS if name in answer.headers}


# Hosts


@pytest.mark.case('I01')
@pytest.mark.parametrize('allowed', ALLOWED, ids=str)
@pytest.mark.parametrize('debug', [False, True])
def test_hosts_are_those_that_django_allows(allowed, debug):
    with override_settings(ALLOWED_HOSTS=allowed, DEBUG=debug):
        answers = {host: call_both(HTTP_HOST=host) for host in HOSTS}

    statuses = {host: api.status for host, (api, _) in answers.items()}
    assert statuses == {host: django.status for host, (_, django) in answers.items()}
    assert set(statuses.values()) <= {200, 400}


@pytest.mark.case('I01')
def test_a_host_is_asked_for_before_and_after_another_was_allowed():
    statuses, expected = {}, {}
    for host in HOSTS:
        with override_settings(ALLOWED_HOSTS=ALLOWED[0]):  # an application that knows no host
            first = call(API, HTTP_HOST=host)
            before = call(API, HTTP_HOST='testserver')
            api, django = call_both(HTTP_HOST=host)
            after = call(API, HTTP_HOST='testserver')
        statuses[host] = (first.status, before.status, api.status, after.status)
        expected[host] = (django.status, 200, django.status, 200)

    assert statuses == expected


@pytest.mark.case('I01')
@pytest.mark.parametrize('name', ['testserver', 'evil.example', '::1', ''])
@pytest.mark.parametrize('port', ['80', '8000', '443'])
def test_without_a_host_header_the_servers_name_counts(name, port):
    statuses = []
    for path in (API, DJANGO):
        environ = build_environ(path, SERVER_NAME=name, SERVER_PORT=port)
        del environ['HTTP_HOST']
        body = get_application()(environ, lambda status, *args: statuses.append(status))
        close(body)

    assert statuses == [statuses[0]] * 2


@pytest.mark.case('I03')
@pytest.mark.parametrize('port', ['80', '8000', '443'])
@pytest.mark.parametrize(
    'way',
    [{}, {'wsgi.url_scheme': 'https', 'HTTP_X_FORWARDED_PROTO': 'http'}],
    ids=['http', 'https behind http'],
)
def test_without_a_host_header_https_is_demanded_where_django_demands_it(port, way):
    locations = []
    with override_settings(**HTTPS, ALLOWED_HOSTS=['testserver']):
        for path in (API, DJANGO):
            environ = build_environ(path, SERVER_PORT=port, **way)
            del environ['HTTP_HOST']
            body = get_application()(
                environ, lambda status, headers, *args: locations.append(dict(headers))
            )
            close(body)

    ours, djangos = (
        next(value for name, value in headers.items() if name.lower() == 'location')
        for headers in locations
    )
    assert ours == djangos.replace('/django/echo/', '/echo/')
    assert ours.startswith('https://testserver')


@pytest.mark.case('I02')
@pytest.mark.parametrize('is_used', [False, True])
@pytest.mark.parametrize('host', ['testserver', 'evil.example'])
@pytest.mark.parametrize('forwarded', ['testserver', 'evil.example', '', 'testserver, evil'])
def test_forwarded_host_counts_where_the_setting_says_so(is_used, host, forwarded):
    with override_settings(USE_X_FORWARDED_HOST=is_used):
        api, django = call_both(HTTP_HOST=host, HTTP_X_FORWARDED_HOST=forwarded)

    assert api.status == django.status
    assert is_used or api.status == (200 if host == 'testserver' else 400)


@pytest.mark.case('I02')
@override_settings(USE_X_FORWARDED_HOST=True)
def test_a_forwarded_host_is_asked_for_after_that_of_the_proxy_was_allowed():
    assert call(API).status == 200
    assert call(API, HTTP_X_FORWARDED_HOST='evil.example').status == 400


# HTTPS


HTTPS = {
    'SECURE_SSL_REDIRECT': True, 'SECURE_HSTS_SECONDS': 3600, 'SECURE_HSTS_PRELOAD': True,
    'SECURE_HSTS_INCLUDE_SUBDOMAINS': True,
    'SECURE_PROXY_SSL_HEADER': ('HTTP_X_FORWARDED_PROTO', 'https'),
}  # fmt: skip
WAYS: list[dict[str, Any]] = [
    {}, {'wsgi.url_scheme': 'https'}, {'HTTP_X_FORWARDED_PROTO': 'https'},
    {'HTTP_X_FORWARDED_PROTO': 'http'}, {'HTTP_X_FORWARDED_PROTO': 'https, http'},
    {'HTTP_X_FORWARDED_PROTO': 'http', 'wsgi.url_scheme': 'https'},
    {'QUERY_STRING': 'a=%C3%A9&b'}, {'SCRIPT_NAME': '/mnt'}, {'REQUEST_METHOD': 'POST'},
]  # fmt: skip


@pytest.mark.case('I03')
@pytest.mark.parametrize(
    'changed',
    [{}, {'SECURE_SSL_HOST': 'secure.example'}, {'SECURE_PROXY_SSL_HEADER': None},
     {'SECURE_SSL_REDIRECT': False}, {'SECURE_HSTS_SECONDS': 0},
     {'SECURE_HSTS_PRELOAD': False, 'SECURE_HSTS_INCLUDE_SUBDOMAINS': False},
     {'SECURE_REDIRECT_EXEMPT': ['echo/$']}, {'MIDDLEWARE': []}],
    ids=str,
)  # fmt: skip
def test_https_is_demanded_as_django_demands_it(changed):
    with override_settings(**{**HTTPS, **changed}):
        answers = [(way, *call_both(**way)) for way in WAYS]

    for way, api, django in answers:
        expected = django.headers.get('location', '').replace('/django/echo/', '/echo/')
        location = api.headers.get('location', '')
        assert (way, api.status, location) == (way, django.status, expected)
        ours, djangos = pick(api), pick(django)
        if api.status == 301:  # Where Django's middleware for frames is not reached.
            del ours['x-frame-options']
        assert (way, ours) == (way, {**djangos, 'x-content-type-options': 'nosniff'})


# Headers


ANSWERS = {
    '200': {'path_info': '/'}, 'page': {'path_info': '/docs/'}, 'schema': {'path_info': '/schema/'},
    'html': {'path_info': '/html/'}, 'stream': {'path_info': '/stream/'},
    '404': {'path_info': '/nope/'}, '405': {'path_info': '/', 'method': 'POST'},
    '400': {'path_info': '/notes/', 'method': 'POST', 'body': b'{'},
    '500': {'path_info': '/boom/'}, 'slash': {'path_info': '/echo'},
    'options': {'path_info': '/', 'method': 'OPTIONS'},
    'host': {'path_info': '/', 'HTTP_HOST': 'evil.example'},
}  # fmt: skip


@pytest.mark.case('I04')
@pytest.mark.parametrize(
    'changed',
    [
        {},
        {'X_FRAME_OPTIONS': 'SAMEORIGIN', 'SECURE_REFERRER_POLICY': 'origin, no-referrer'},
        {'SECURE_CROSS_ORIGIN_OPENER_POLICY': None, 'SECURE_REFERRER_POLICY': None},
    ],
    ids=['default', 'changed', 'off'],
)
def test_every_answer_has_the_headers_of_djangos(changed):
    with override_settings(**changed):
        found = {name: pick(call(**request)) for name, request in ANSWERS.items()}
        assert found == dict.fromkeys(ANSWERS, pick(call(DJANGO)))


@pytest.mark.case('I04')
def test_nosniff_stays_without_djangos_middleware():
    with override_settings(MIDDLEWARE=[]):
        assert pick(call('/')) == {'x-content-type-options': 'nosniff'}


@pytest.mark.case('I04')
@pytest.mark.parametrize('path', ['/static/apistar/css/base.css', '/static/nope.css'])
def test_static_files_are_not_sniffed(path):
    assert pick(call(path)) == {'x-content-type-options': 'nosniff'}


# Other origins


@pytest.mark.case('I05')
@pytest.mark.parametrize('method', ['GET', 'OPTIONS', 'POST'])
@pytest.mark.parametrize('path', ['/', '/docs/', '/schema/', '/nope/', '/boom/', '/echo'])
def test_no_other_origin_may_read_the_api(path, method):
    answer = call(
        path, method, HTTP_ORIGIN='https://evil.example',
        HTTP_ACCESS_CONTROL_REQUEST_METHOD='POST', HTTP_ACCESS_CONTROL_REQUEST_HEADERS='x',
    )  # fmt: skip

    assert [name for name in answer.headers if name.startswith('access-control')] == []


ROOT = Path(__file__).resolve().parents[2]


def cors_headers(answer: Answer) -> dict[str, str]:
    return {
        name: value
        for name, value in answer.headers.items()
        if name.startswith('access-control') or name == 'vary'
    }


@pytest.mark.case('I05')
def test_cors_lets_an_origin_in_that_the_settings_name():
    pytest.importorskip('corsheaders')
    keys = {**django_settings.APISTAR_SETTINGS, 'EVENT_HOOKS': ['django_apistar.cors.Cors']}
    ours = {'HTTP_ORIGIN': 'https://app.example.com'}
    preflight = {'HTTP_ACCESS_CONTROL_REQUEST_METHOD': 'PUT'}
    with override_settings(APISTAR_SETTINGS=keys, CORS_ALLOWED_ORIGINS=['https://app.example.com']):
        asked = call('/echo/', 'OPTIONS', **ours, **preflight)
        read = call('/echo/', **ours)
        missing = call('/nope/', **ours)
        evil = call('/echo/', 'OPTIONS', HTTP_ORIGIN='https://evil.example', **preflight)

    allowed = {'access-control-allow-origin': 'https://app.example.com', 'vary': 'origin'}
    assert (asked.status, asked.body, cors_headers(asked)) == (200, b'', {
        **allowed, 'access-control-allow-methods': 'DELETE, GET, OPTIONS, PATCH, POST, PUT',
        'access-control-allow-headers':
            'accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with',
        'access-control-max-age': '86400',
    })  # fmt: skip
    assert (read.status, cors_headers(read)) == (200, allowed)
    assert (missing.status, cors_headers(missing)) == (404, allowed)
    assert (evil.status, cors_headers(evil)) == (200, {'vary': 'origin'})


# Pages


SCRIPT = '<script>alert(1)</script>'


def scripted(text: str = SCRIPT) -> str:
    return text


scripted.__doc__ = f'{SCRIPT} <img src=x onerror=alert(1)>'


@pytest.mark.case('J05')
@both_modes
@pytest.mark.parametrize('page', ['apistar', 'swagger', 'redoc'])
def test_what_a_docstring_says_is_text_on_the_page(app_class, page):
    inner = [Route('/', 'GET', scripted, name=SCRIPT)]
    routes = [Route('/', 'GET', scripted, name=SCRIPT), Include('/a', SCRIPT, inner)]
    app = app_class(routes=routes, docs_url='/docs/', schema_url='/schema/', static_url='/static/')
    app.docs_ui = page

    answer = ask(app, '/docs/')

    assert answer.code == 200
    assert b'<script>alert' not in answer.body
    assert b'<img' not in answer.body


# Logs


@pytest.mark.case('H09')
@pytest.mark.django_db(transaction=True)  # A test before it closes the connection.
def test_no_log_line_holds_a_password(caplog):
    body = b'{"username": "alice", "password": "t0p-s3cret"}'
    with caplog.at_level(logging.DEBUG):
        answer = call('/auth/token-login/', 'POST', body, CONTENT_TYPE='application/json')

    assert (answer.status, 't0p-s3cret' in caplog.text) == (400, False)


@pytest.mark.case('H09')
@pytest.mark.parametrize('header', ['Bearer t0p-s3cret', 'Basic dDBwLXMzY3JldDp0MHAtczNjcmV0'])
@pytest.mark.parametrize('path', ['/boom/', '/nope/', '/notes/', '/exit/'])
def test_no_log_line_holds_what_authorizes(caplog, header, path):
    with caplog.at_level(logging.DEBUG):
        call(path, 'GET' if path != '/notes/' else 'POST', HTTP_AUTHORIZATION=header,
             HTTP_COOKIE='sessionid=t0p-s3cret')  # fmt: skip

    assert caplog.records
    assert header.split()[1] not in caplog.text
    assert 't0p-s3cret' not in caplog.text


SENTRY = """
import django
import sentry_sdk
from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware
from sentry_sdk.transport import Transport


class Printing(Transport):
    def capture_envelope(self, envelope):
        event = envelope.get_event()
        request = event.get('request', {})
        [exception] = event['exception']['values']
        authorization = request.get('headers', {}).get('Authorization')
        print(exception['type'], request.get('url'), authorization)


sentry_sdk.init('https://key@sentry.example/1', transport=Printing)
django.setup()

from django_apistar.wsgi import application
from management_tests.support.raw_wsgi import call

for app in (application, SentryWsgiMiddleware(application)):
    for path in ('/', '/nope/', '/boom/', '/exit/', '/django/boom/'):
        print(path)
        call(path, app=app, HTTP_AUTHORIZATION='Bearer t0p-s3cret')
"""


@pytest.mark.case('H02')
def test_sentry_has_one_event_for_each_fault():
    """Wrapped in Sentry's middleware the API's events have their request, as Django's always."""
    done = subprocess.run(
        [sys.executable, '-c', SENTRY],
        env={**os.environ, 'DJANGO_SETTINGS_MODULE': 'management_tests.project.settings'},
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip

    about = {path: f'http://testserver{path} [Filtered]' for path in ('/boom/', '/exit/')}
    plain, wrapped = dict.fromkeys(about, 'None None'), about
    assert done.stdout.splitlines() == [
        line
        for way in (plain, wrapped)
        for line in (
            '/', '/nope/',
            '/boom/', f'ZeroDivisionError {way["/boom/"]}',
            '/exit/', f'SystemExit {way["/exit/"]}',
            '/django/boom/', 'ZeroDivisionError http://testserver/django/boom/ [Filtered]',
        )
    ], done.stderr  # fmt: skip


# Redirects


@pytest.mark.case('I09')
@pytest.mark.parametrize('path_info', ['/echo', '/django/echo'])
@pytest.mark.parametrize('script_name', ['//evil.com', '/\\evil.com', '///evil.com', '\\/evil.com'])
def test_redirect_stays_on_this_host(path_info, script_name):
    answer = call(path_info, SCRIPT_NAME=script_name)

    assert answer.headers['location'] == f'/evil.com{path_info}/'


@pytest.mark.parametrize('path_info', ['/echo', '/django/echo'])
@pytest.mark.parametrize(('script_name', 'prefix'), [('//X', '/X'), ('/', ''), ('/\\', '')])
def test_redirect_is_below_the_script_name_with_one_slash(path_info, script_name, prefix):
    answer = call(path_info, SCRIPT_NAME=script_name)

    assert answer.headers['location'] == f'{prefix}{path_info}/'


@pytest.mark.case('I09')
@both_modes
def test_redirect_of_an_app_by_itself_stays_on_this_host(app_class):
    app = app_class([Route('/echo/', 'GET', lambda: '', name='echo')])

    answer = ask(app, '/echo', environ={'SCRIPT_NAME': '//evil.com'})

    assert answer.get('location') == '/evil.com/echo/'


@pytest.mark.case('D06')
@pytest.mark.parametrize('is_secure', [False, True])
def test_redirect_quotes_what_its_query_string_must_not_have(is_secure):
    changed = {'SECURE_SSL_REDIRECT': is_secure}
    with override_settings(**changed):
        answer = call('/echo', QUERY_STRING='a=b%20c&d=\x7f\xe9[]"<\\')

    start = 'https://testserver/echo' if is_secure else '/echo/'
    assert answer.headers['location'] == start + '?a=b%20c&d=%7F%E9[]"<\\'
