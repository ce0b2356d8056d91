"""django_apistar.test: the client and the test cases."""

import gc
import gzip
import io
import os
import subprocess
import sys
import threading
import unittest
import warnings
from typing import Any
from wsgiref.validate import validator

import django.test
import pytest
import requests
from apistar import Route, http
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.models import Session
from django.core.signals import got_request_exception, request_finished, request_started
from django.db import close_old_connections, connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path as url_path

from django_apistar.dispatch.bodies import BrokenBodyError
from django_apistar.dispatch.dispatcher import get_application
from django_apistar.test import LiveServerTestCase, TestCase, TestClient, TransactionTestCase
from management_tests.project.models import Note
from management_tests.support.authentication_project import settings as authentication_settings


class Recorder:
    """A WSGI application that keeps the environ of each request and what it read of the body."""

    def __init__(self, headers: Any = (), body: Any = (b'ok',), status: str = '200 OK') -> None:
        self.environ: dict[str, Any] = {}
        self.environs: list[dict[str, Any]] = []
        self.response = status, list(headers), body

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.environ = {**environ, 'body': environ['wsgi.input'].read()}
        self.environs.append(self.environ)
        status, headers, body = self.response
        start_response(status, headers)
        return body


class Closable:
    """A body that counts how often it is closed."""

    def __init__(self, *parts: bytes, error: Exception | None = None) -> None:
        self.parts = parts
        self.error = error
        self.closed = 0

    def __iter__(self) -> Any:
        yield from self.parts
        if self.error:
            raise self.error

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def alice(db: Any) -> Any:
    return get_user_model().objects.create_superuser('alice', password='correct horse')


# What is served


def test_serves_the_api(client):
    response = client.get('/', params={'name': 'Zoë'})

    assert response.status_code == 200
    assert response.json() == {'message': 'Welcome, Zoë!'}


def test_serves_django(client):
    response = client.get('/django/echo/?a=1')

    assert response.status_code == 200
    assert response.json()['query'] == {'a': ['1']}


def test_serves_static_files(client):
    with override_settings(DEBUG=True):
        admin = client.get('/static/admin/css/base.css')
        apistar = client.get('/static/apistar/css/base.css')

    assert [admin.status_code, apistar.status_code] == [200, 200]
    assert admin.headers['Content-Type'] == 'text/css; charset="utf-8"'


def test_serves_another_application():
    client = TestClient(Recorder(), 'https', 'example.com')

    assert client.get('/').text == 'ok'
    assert client.app.environ['wsgi.url_scheme'] == 'https'
    assert client.app.environ['HTTP_HOST'] == 'example.com'


def test_is_a_requests_session_and_a_context_manager():
    with TestClient() as client:
        assert isinstance(client, requests.Session)
        assert client.get('/').json() == {'message': 'Welcome!'}


def test_absolute_url_keeps_its_host_and_port(client):
    response = client.get('http://localhost:8001/echo/')

    assert response.json()['url'] == 'http://localhost:8001/echo/'


def test_url_without_a_slash_is_refused_in_one_sentence(client):
    sentence = "The URL 'products/' must begin with '/', 'http://' or 'https://'."

    with pytest.raises(ValueError, match=f'^{sentence}$'):
        client.get('products/')


# What a server would do


def test_environ_is_that_of_a_server():
    recorder = Recorder()

    TestClient(recorder).post('/a%20b/caf%C3%A9/?q=%C3%A9&q=2', data='x', headers={'X-Some': 'é'})

    environ = recorder.environ
    assert isinstance(environ.pop('wsgi.input'), io.BytesIO)
    assert hasattr(environ.pop('wsgi.errors'), 'write')
    assert environ.pop('wsgi.file_wrapper')
    assert environ == {
        'REQUEST_METHOD': 'POST', 'SCRIPT_NAME': '',
        'PATH_INFO': '/a b/caf\xc3\xa9/',  # UTF-8 read as latin-1: PEP 3333
        'QUERY_STRING': 'q=%C3%A9&q=2', 'SERVER_NAME': 'testserver', 'SERVER_PORT': '80',
        'SERVER_PROTOCOL': 'HTTP/1.1', 'REMOTE_ADDR': '127.0.0.1',
        'CONTENT_LENGTH': '1', 'body': b'x',
        'HTTP_HOST': 'testserver', 'HTTP_USER_AGENT': 'testclient', 'HTTP_X_SOME': '\xe9',
        'HTTP_ACCEPT': '*/*', 'HTTP_CONNECTION': 'keep-alive',
        'HTTP_ACCEPT_ENCODING': environ['HTTP_ACCEPT_ENCODING'],
        'wsgi.version': (1, 0), 'wsgi.url_scheme': 'http', 'wsgi.multithread': False,
        'wsgi.multiprocess': False, 'wsgi.run_once': False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ('url', 'host', 'port'),
    [
        ('http://h/', 'h', '80'), ('https://h/', 'h', '443'), ('HTTP://h:81/', 'h:81', '81'),
        (b'http://user:password@h:81/', 'h:81', '81'),
    ],
)  # fmt: skip
def test_host_and_port_of_the_server(url, host, port):
    recorder = Recorder()

    TestClient(recorder).get(url)

    names = ('HTTP_HOST', 'SERVER_NAME', 'SERVER_PORT')
    assert [recorder.environ[name] for name in names] == [host, 'h', port]


@pytest.mark.parametrize(
    ('kwargs', 'body', 'content_type'),
    [
        ({'json': {'a': 'é'}}, b'{"a": "\\u00e9"}', 'application/json'),
        ({'data': {'a': 'é'}}, b'a=%C3%A9', 'application/x-www-form-urlencoded'),
        ({'data': 'é'}, b'\xc3\xa9', None),
        ({'data': b'\xff'}, b'\xff', None),
        ({'data': io.BytesIO(b'file')}, b'file', None),
        ({'data': io.StringIO('file')}, b'file', None),
        ({'data': bytearray(b'file')}, b'file', None),
        ({}, b'', None),
    ],
)
def test_body_arrives_as_a_client_sends_it(kwargs, body, content_type):
    recorder = Recorder()

    TestClient(recorder).post('/', **kwargs)

    assert recorder.environ['body'] == body
    assert recorder.environ['CONTENT_LENGTH'] == str(len(body))
    assert recorder.environ.get('CONTENT_TYPE') == content_type
    assert 'wsgi.input_terminated' not in recorder.environ


def test_generator_is_sent_in_chunks():
    recorder = Recorder()

    TestClient(recorder).post('/', data=(part for part in (b'one ', b'two')))

    assert recorder.environ['body'] == b'one two'
    assert recorder.environ['HTTP_TRANSFER_ENCODING'] == 'chunked'
    assert recorder.environ['wsgi.input_terminated'] is True
    assert 'CONTENT_LENGTH' not in recorder.environ


def test_files_are_sent_as_multipart(client):
    response = client.post('/echo/', files={'upload': ('a.txt', b'content')})

    assert response.json()['headers']['content-type'].startswith('multipart/form-data; boundary=')
    assert 'content' in response.json()['body']


def test_header_with_an_underscore_is_dropped_as_servers_do():
    recorder = Recorder()

    TestClient(recorder).get('/', headers={'X_Forwarded_For': '1.2.3.4'})

    assert 'HTTP_X_FORWARDED_FOR' not in recorder.environ


def test_extra_environ_is_sent_with_each_request():
    client = TestClient(environ={'REMOTE_ADDR': '192.0.2.1'})

    assert client.get('/echo/').json()['client'] == '192.0.2.1'
    assert client.get('/django/echo/').json()['client'] == '192.0.2.1'


def test_application_can_be_mounted_under_a_script_name():
    client = TestClient(environ={'SCRIPT_NAME': '/mnt'})

    assert client.get('/mnt/echo/').json()['url'] == 'http://testserver/mnt/echo/'
    assert client.get('/mnt/django/echo/').json()['path'] == '/mnt/django/echo/'


def test_users_proxies_and_netrc_are_not_asked(monkeypatch, tmp_path, client):
    netrc = tmp_path / 'netrc'
    netrc.write_text('machine testserver login a password b')
    monkeypatch.setenv('NETRC', str(netrc))
    monkeypatch.setenv('http_proxy', 'http://127.0.0.1:9')

    assert 'authorization' not in client.get('/echo/').json()['headers']


@pytest.mark.parametrize('method', ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE'])
@pytest.mark.parametrize(
    'path',
    ['/', '/echo/', '/echo', '/stream/', '/empty/', '/html/', '/cookies/', '/nope/', '/docs/',
     '/schema/', '/static/nope.css', '/static/apistar/css/base.css', '/django/echo/',
     '/django/stream/', '/admin', '/admin/login/'],
)  # fmt: skip
def test_every_response_obeys_pep_3333(method, path):
    client = TestClient(validator(get_application()))

    with warnings.catch_warnings():
        warnings.simplefilter('error')
        response = client.request(method, path, allow_redirects=False)
        gc.collect()

    assert response.status_code < 500
    if method == 'HEAD':
        assert response.content == b''


def test_unhandled_exceptions_obey_pep_3333():
    client = TestClient(validator(get_application()), raise_server_exceptions=False)

    statuses = [client.get(path).status_code for path in ('/boom/', '/exit/', '/django/boom/')]

    assert statuses == [500, 500, 500]


@pytest.mark.case('E12')
def test_body_is_closed_once():
    body = Closable(b'one ', b'two')

    response = TestClient(Recorder(body=body)).get('/')

    assert response.text == 'one two'
    assert body.closed == 1


def test_body_that_breaks_off_is_closed_and_raises():
    body = Closable(b'one', error=ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        TestClient(Recorder(body=body)).get('/')

    assert body.closed == 1


def test_write_callable_of_start_response():
    def app(environ: Any, start_response: Any) -> Any:
        write = start_response('200 OK', [])
        write(b'written ')
        return [b'returned']

    assert TestClient(app).get('/').text == 'written returned'


def test_repeated_response_headers_are_kept(client):
    response = client.get('/cookies/')

    assert response.raw.headers.getlist('Set-Cookie') == ['a=1; Path=/', 'b=2; Path=/']
    assert (response.raw.version, response.reason) == (11, 'OK')
    assert response.cookies.get_dict() == {'a': '1', 'b': '2'}


def test_cookies_are_sent_back(client):
    client.get('/cookies/')

    assert client.get('/echo/').json()['headers']['cookie'] == 'a=1; b=2'


def test_head_has_no_body():
    response = TestClient(Recorder([('Content-Length', '2')])).head('/')

    assert response.content == b''
    assert response.headers['Content-Length'] == '2'


@pytest.mark.parametrize('status', ['204 No Content', '304 Not Modified'])
def test_status_without_a_body_has_none(status):
    response = TestClient(Recorder(status=status)).get('/')

    assert response.content == b''


def test_body_of_another_length_than_declared_is_an_error():
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        TestClient(Recorder([('Content-Length', '5')])).get('/')


@pytest.mark.parametrize('value', ['a\r\nSet-Cookie: evil=1', 'a\nb', 'a\0b'])
def test_header_that_no_server_sends_is_an_error(value):
    with pytest.raises(ValueError, match=r"^The header 'X-A' has the value "):
        TestClient(Recorder([('X-A', value)])).get('/')


def test_start_response_must_be_called():
    with pytest.raises(RuntimeError, match=r'^The application has not called start_response\.$'):
        TestClient(lambda environ, start_response: []).get('/')


def test_start_response_must_not_be_called_twice():
    def app(environ: Any, start_response: Any) -> Any:
        start_response('200 OK', [])
        start_response('200 OK', [])
        return []

    with pytest.raises(RuntimeError, match=r'^The application has called start_response twice\.$'):
        TestClient(app).get('/')


def test_compressed_response_is_decoded(client, tmp_path):
    recorder = Recorder([('Content-Encoding', 'gzip')], [gzip.compress(b'text')])

    assert TestClient(recorder).get('/').text == 'text'


# Redirects


@pytest.mark.parametrize(
    ('start', 'target'),
    [('/redirect/?to=', '/django/echo/'), ('/django/redirect/?to=', '/echo/')],
)
def test_redirects_lead_from_one_framework_to_the_other(client, start, target):
    response = client.get(start + target)

    assert response.status_code == 200
    assert [step.status_code for step in response.history] == [302]
    assert response.url == f'http://testserver{target}'


@pytest.mark.parametrize('status', [307, 308])
@pytest.mark.parametrize(
    ('start', 'target'),
    [('/redirect/?to=', '/django/echo/'), ('/django/redirect/?to=', '/echo/')],
)
def test_redirect_that_keeps_method_and_body(client, start, target, status):
    response = client.post(f'{start}{target}&status={status}', data='body')

    assert response.json()['method'] == 'POST'
    assert response.json()['body'] == 'body'


def test_redirect_to_get(client):
    response = client.post('/redirect/?to=/echo/&status=303', data='body')

    assert response.json()['method'] == 'GET'
    assert response.json()['body'] == ''


def test_redirects_can_be_left_alone(client):
    response = client.get('/redirect/?to=/echo/', allow_redirects=False)

    assert response.status_code == 302
    assert response.headers['Location'] == '/echo/'


# Exceptions


@pytest.mark.parametrize(
    ('path', 'exception', 'message'),
    [
        ('/boom/', ZeroDivisionError, 'from a handler'),
        ('/exit/', SystemExit, '3'),
        ('/django/boom/', ZeroDivisionError, 'from a Django view'),
    ],
)
def test_unhandled_exception_is_raised_in_the_test(client, path, exception, message):
    with pytest.raises(exception) as caught:
        client.get(path)

    assert str(caught.value) == message


@pytest.mark.parametrize('path', ['/boom/', '/exit/', '/django/boom/'])
def test_unhandled_exception_can_be_answered_as_in_production(path):
    response = TestClient(raise_server_exceptions=False).get(path)

    assert response.status_code == 500


def test_exception_of_one_request_does_not_reach_the_next(client):
    with pytest.raises(ZeroDivisionError):
        client.get('/boom/')

    assert client.get('/').status_code == 200


def test_exception_of_another_thread_is_not_of_the_request():
    def fail() -> None:
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            got_request_exception.send(sender=None)

    def app(environ: Any, start_response: Any) -> Any:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        start_response('200 OK', [])
        return [b'ok']

    assert TestClient(app).get('/').text == 'ok'


def test_exception_that_the_application_itself_raises():
    def app(environ: Any, start_response: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        TestClient(app, raise_server_exceptions=False).get('/')


def test_exception_that_start_response_is_told_of():
    def app(environ: Any, start_response: Any) -> Any:
        start_response('200 OK', [])
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            start_response('502 Bad Gateway', [], sys.exc_info())
        return []

    with pytest.raises(ZeroDivisionError):
        TestClient(app).get('/')
    assert TestClient(app, raise_server_exceptions=False).get('/').status_code == 502


# Users


def test_force_login_opens_the_admin(client, alice):
    client.force_login(alice)

    response = client.get('/admin/')

    assert response.status_code == 200
    assert response.url == 'http://testserver/admin/'


def test_force_login_is_enough_for_a_form(client, alice):
    client.force_login(alice)

    response = client.post('/admin/project/note/add/', data={'text': 'from the admin'})

    assert response.status_code == 200
    assert response.url == 'http://testserver/admin/project/note/'
    assert Note.objects.get().text == 'from the admin'


def test_form_over_https(alice):
    client = TestClient(scheme='https')
    client.force_login(alice)

    client.post('/admin/project/note/add/', data={'text': 'from the admin'})

    assert Note.objects.count() == 1


@pytest.mark.parametrize(
    ('method', 'is_sent'),
    [
        ('GET', False), ('HEAD', False), ('OPTIONS', False), ('TRACE', False), ('POST', True),
        ('PUT', True), ('PATCH', True), ('DELETE', True),
    ],
)  # fmt: skip
def test_csrf_token_is_sent_with_what_may_change_something(method, is_sent):
    """`test`"""
    recorder = Recorder()
    client = TestClient(recorder)
    client.cookies.set('csrftoken', 't' * 32)

    client.request(method, '/a/')

    sent = [recorder.environ.get(key) for key in ('HTTP_X_CSRFTOKEN', 'HTTP_REFERER')]
    assert sent == (['t' * 32, 'http://testserver/a/'] if is_sent else [None, None])


def test_csrf_checks_can_be_enforced(alice):
    client = TestClient(enforce_csrf_checks=True)
    client.force_login(alice)

    response = client.post('/admin/project/note/add/', data={'text': 'from elsewhere'})

    assert response.status_code == 403
    assert not Note.objects.exists()


def test_login_through_the_admins_own_page(client, alice):
    client.get('/admin/login/')

    response = client.post(
        '/admin/login/?next=/admin/', data={'username': 'alice', 'password': 'correct horse'}
    )

    assert response.url == 'http://testserver/admin/'


def test_logout_ends_the_session(client, alice):
    client.force_login(alice)
    client.credentials(basic=('alice', 'correct horse'))
    left: list[Any] = []

    def note(user: Any, **kwargs: object) -> None:
        left.append(user)

    user_logged_out.connect(note)
    client.logout()

    assert left == [alice]
    assert not Session.objects.exists()
    assert client.get('/admin/').url == 'http://testserver/admin/login/?next=/admin/'
    assert 'authorization' not in client.get('/echo/').json()['headers']


class PermissionsAlone:
    """A backend that finds no users."""


FIRST = 'django.contrib.auth.backends.ModelBackend'
SECOND = 'django.contrib.auth.backends.AllowAllUsersModelBackend'


@pytest.mark.parametrize(('backend', 'used'), [(None, FIRST), (SECOND, SECOND)])
def test_force_login_takes_the_first_backend_that_finds_users(client, alice, backend, used):
    with override_settings(AUTHENTICATION_BACKENDS=[f'{__name__}.PermissionsAlone', FIRST, SECOND]):
        client.force_login(alice, backend)

    [session] = Session.objects.all()
    assert session.get_decoded()['_auth_user_backend'] == used


def test_a_second_user_replaces_the_first(client, alice):
    bob = get_user_model().objects.create_user('bob')
    client.force_login(alice)

    client.force_login(bob)

    assert client.get('/admin/').url == 'http://testserver/admin/login/?next=/admin/'


@override_settings(
    APISTAR_SETTINGS={
        **django_settings.APISTAR_SETTINGS,
        'AUTH_COMPONENTS': ['django_apistar.authentication.components.DjangoSessionAuthentication'],
        'EVENT_HOOKS': ['django_apistar.authentication.hooks.MustBeAuthenticated'],
    }
)
def test_session_of_force_login_calls_the_api(client, alice):
    assert client.post('/notes/', json={'text': 'a'}).status_code == 401
    client.force_login(alice)

    assert client.post('/notes/', json={'text': 'a'}).status_code == 201


def test_basic_credentials(client):
    client.credentials(basic=('zoë', 'a:b'))

    assert client.get('/echo/').json()['headers']['authorization'] == 'Basic em/DqzphOmI='


def test_token_credentials(client):
    client.credentials(token='abc')

    assert client.get('/echo/').json()['headers']['authorization'] == 'Bearer abc'


@override_settings(
    APISTAR_SETTINGS={
        **django_settings.APISTAR_SETTINGS,
        'AUTH_COMPONENTS': ['django_apistar.authentication.components.DjangoTokenAuthentication'],
        'EVENT_HOOKS': ['django_apistar.authentication.hooks.MustBeAuthenticated'],
    }
)
def test_token_of_the_login_view_calls_the_api(client, alice):
    user = {'username': 'alice', 'password': 'correct horse'}
    token = client.post('/auth/token-login/', json=user).text

    client.credentials(token=token)

    assert client.get('/notes/').status_code == 200


def test_credentials_end(client):
    client.credentials(token='abc')
    client.credentials()

    assert 'authorization' not in client.get('/echo/').json()['headers']


# Settings


def test_overridden_settings_take_effect_at_once(client):
    assert client.get('/docs/').status_code == 200

    with override_settings(APISTAR_SETTINGS={'DOCS_URL': None}):
        assert client.get('/docs/').status_code == 404

    assert client.get('/docs/').status_code == 200


@override_settings(APISTAR_SETTINGS={'SCHEMA_URL': '/openapi/'})
def test_overridden_settings_as_a_decorator(client):
    assert client.get('/openapi/').status_code == 200


@override_settings(APISTAR_SETTINGS={'SCHEMA_URL': '/openapi/'})
class OverriddenClassTest(TestCase):
    def test_settings_of_the_class(self):
        self.assertEqual(self.client.get('/openapi/').status_code, 200)

    @override_settings(APISTAR_SETTINGS={'SCHEMA_URL': '/method/'})
    def test_settings_of_the_method(self):
        self.assertEqual(self.client.get('/method/').status_code, 200)


# Test cases


class TestCaseTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.note = Note.objects.create(text='made in setUpTestData')

    def test_client_is_ours(self):
        self.assertIs(type(self.client), TestClient)

    def test_is_djangos(self):
        self.assertIsInstance(self, django.test.TestCase)

    def test_rows_of_the_test_are_visible_to_both_frameworks(self):
        Note.objects.create(text='made in the test')
        texts = ['made in setUpTestData', 'made in the test']

        api = self.client.get(self.reverse_url('list_notes')).json()
        django = self.client.get(self.reverse_url('django-notes')).json()

        self.assertEqual([note['text'] for note in api], texts)
        self.assertEqual(django, texts)

    def test_rows_of_a_request_are_visible_to_the_test(self):
        self.client.post('/notes/', json={'text': 'made by a request'})

        self.assertTrue(Note.objects.filter(text='made by a request').exists())

    def test_rows_of_other_tests_are_gone(self):
        self.assertEqual(list(Note.objects.all()), [self.note])

    def test_the_tests_transaction_and_connection_are_left_alone(self):
        before = connection.connection
        for path in ('/notes/', '/django/notes/', '/static/nope.css', '/nope/'):
            self.client.get(path)
        with self.assertRaises(ZeroDivisionError):
            self.client.get('/boom/')

        self.assertTrue(connection.in_atomic_block)
        self.assertIs(connection.connection, before)
        self.assertEqual(Note.objects.count(), 1)

    def test_queries_of_a_request_are_counted(self):
        with self.assertNumQueries(1):
            self.client.get('/notes/')

    def test_reverse_url_of_both_frameworks(self):
        self.assertEqual(self.reverse_url('echo_name', name='a b'), '/echo/a%20b/')
        self.assertEqual(self.reverse_url('auth:token_login'), '/auth/token-login/')
        self.assertEqual(self.reverse_url('admin:index'), '/admin/')

    def test_parameter_may_be_called_self_or_name(self):
        self.assertEqual(self.reverse_url('django-echo-name', name='x'), '/django/echo/x/')


@authentication_settings(LOGIN_THROTTLE='1/minute')
class FailedLoginsTest(TestCase):
    """None is left for the next test."""

    def fail_until_refused(self) -> list[int]:
        user = {'username': 'nobody', 'password': 'wrong'}
        path = '/auth/token-login/'
        return [self.client.post(path, json=user).status_code for _ in range(2)]

    def test_one_test(self):
        self.assertEqual(self.fail_until_refused(), [400, 429])

    def test_another(self):
        self.assertEqual(self.fail_until_refused(), [400, 429])


class TransactionTestCaseTest(TransactionTestCase):
    def test_rows_are_committed(self):
        self.client.post('/notes/', json={'text': 'committed'})

        self.assertFalse(connection.in_atomic_block)
        self.assertEqual(self.client.get('/django/notes/').json(), ['committed'])


class LiveServerTestCaseTest(LiveServerTestCase):
    @pytest.mark.case('G09')
    def test_serves_both_frameworks_and_static_files_over_http(self):
        Note.objects.create(text='made in the test')

        with requests.Session() as session:
            session.trust_env = False
            answers = [
                session.get(self.live_server_url + path)
                for path in ('/notes/', '/django/notes/', '/static/apistar/css/base.css')
            ]

        self.assertEqual([answer.status_code for answer in answers], [200, 200, 200])
        self.assertEqual([note['text'] for note in answers[0].json()], ['made in the test'])
        self.assertEqual(answers[1].json(), ['made in the test'])


def receivers_of_close_old_connections() -> list[int]:
    """Return for each of the two signals how often Django's receiver is connected."""
    return [
        sum(receiver[0][0] == id(close_old_connections) for receiver in signal.receivers)
        for signal in (request_started, request_finished)
    ]


def test_close_old_connections_is_connected_again(client):
    before = receivers_of_close_old_connections()
    others = list(got_request_exception.receivers)
    client.get('/')
    with pytest.raises(ZeroDivisionError):
        client.get('/boom/')

    assert receivers_of_close_old_connections() == before == [1, 1]
    assert got_request_exception.receivers == others


def test_what_was_disconnected_before_stays_so(client):
    request_started.disconnect(close_old_connections)
    try:
        client.get('/')
        assert receivers_of_close_old_connections() == [0, 1]
    finally:
        request_started.connect(close_old_connections)


# pytest


def test_apistar_client_fixture_begins_without_failed_logins(db, request):
    with authentication_settings(LOGIN_THROTTLE='1/minute'):
        client = TestClient()
        user = {'username': 'nobody', 'password': 'wrong'}
        statuses = [client.post('/auth/token-login/', json=user).status_code for _ in range(2)]
        client = request.getfixturevalue('apistar_client')
        again = client.post('/auth/token-login/', json=user).status_code

    assert (statuses, again) == ([400, 429], 400)


def test_apistar_client_fixture(apistar_client):
    assert type(apistar_client) is TestClient
    assert apistar_client.get('/').status_code == 200


def test_reverse_url_fixture(reverse_url):
    assert reverse_url('auth:token_login') == '/auth/token-login/'
    assert reverse_url('admin:index') == '/admin/'


def test_pytest_collects_no_tests_from_the_client():
    assert TestClient.__test__ is False
    assert unittest.defaultTestLoader.loadTestsFromName('django_apistar.test').countTestCases() == 0


# What no server sends, from either framework


def answer(what: str) -> http.Response:
    if what == 'exit':
        sys.exit(3)
    headers = {'control': {'X-A': 'a\x08'}, 'name': {'a b': 'a'}}.get(what)
    return http.JSONResponse('a', int(what) if what.isdigit() else 200, headers)


def view(request: Any) -> Any:
    response = answer(request.GET['what'])
    return HttpResponse('a', status=response.status_code, headers=dict(response.headers))


def stream(request: Any) -> Any:
    def parts() -> Any:
        yield 'a'
        sys.exit(3)

    return StreamingHttpResponse(parts())


routes = [Route('/answer/', 'GET', answer)]
urlpatterns = [url_path('page/answer/', view), url_path('page/stream/', stream)]
both_of_this_file = override_settings(
    APISTAR_ROUTE_CONF=__name__, ROOT_URLCONF=__name__,
    APISTAR_SETTINGS={'ALLOWED_DJANGO_ROUTES': ['/page/']},
)  # fmt: skip
BOTH = pytest.mark.parametrize('url', ['/answer/', '/page/answer/'])


@pytest.mark.case('H10', 'E13', 'E14')
@BOTH
@pytest.mark.parametrize(
    ('what', 'exception'),
    [('exit', SystemExit), ('control', ValueError), ('name', ValueError), ('103', ValueError)],
)
@both_of_this_file
def test_fault_is_a_500_and_raised_in_the_test(db, url, what, exception):
    response = TestClient(raise_server_exceptions=False).get(url, params={'what': what})

    assert (response.status_code, response.json()) == (500, 'Server error')
    with pytest.raises(exception):
        TestClient().get(url, params={'what': what})


@pytest.mark.case('E13')
@BOTH
@both_of_this_file
def test_205_has_no_body(db, client, url):
    response = client.get(url, params={'what': '205'})

    assert (response.status_code, response.content) == (205, b'')
    assert response.headers['Content-Length'] == '0'
    assert 'Content-Type' not in response.headers


@pytest.mark.case('H10')
@both_of_this_file
def test_exit_in_a_stream_is_an_error_in_the_test(db, client):
    with pytest.raises(BrokenBodyError, match=r'^SystemExit in a streamed body\.$'):
        client.get('/page/stream/')


@pytest.mark.case('I08')
def test_environment_is_not_in_a_request(monkeypatch):
    monkeypatch.setenv('HTTP_REMOTE_USER', 'root')
    app = Recorder()

    TestClient(app).get('/', headers={'Remote_User': 'root'})

    assert set(app.environ).isdisjoint({*os.environ, 'HTTP_REMOTE_USER'})


@pytest.mark.case('G08')
@pytest.mark.slow
def test_all_of_this_holds_on_postgresql(postgres):
    """SQLite in memory hides what happens to a test's connection: it is never closed."""
    options = ['-m', 'not slow', '-k', 'not pep_3333', '-p', 'no:cacheprovider']
    done = subprocess.run(
        [sys.executable, '-m', 'pytest', '-q', *options, __file__],
        env={**os.environ, 'TEST_DATABASE_URL': postgres.url(postgres.create_database())},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
