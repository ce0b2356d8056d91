"""Which framework answers a request, and that HTTP is right in both."""

import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from apistar import Include, Route, exceptions, http
from django.conf import settings as django_settings
from django.core.exceptions import PermissionDenied
from django.core.handlers.wsgi import WSGIHandler
from django.http import Http404
from django.test import override_settings

from django_apistar.dispatch.dispatcher import Dispatcher, get_application
from django_apistar.test import TestClient
from management_tests.support.raw_wsgi import call

# Django's part of a request looks after its connections.
pytestmark = pytest.mark.django_db

NOT_FOUND = (404, 'apistar', b'"Not found"')

# What must not reach Django: PATH_INFO, as servers decode it.
OUTSIDE = [
    '//admin/', '///admin/', '//admin//', '/./admin/', '/x/../admin/', '/../admin/',
    '/administrate', '/administrate/', '/admin;x/', '/admin\\x', '/admin\\', '\\admin\\',
    '/admin.', '/admin./', '/admin%2f', '/%61dmin/', '/ADMIN/', '/Admin/', '/admin\0/',
    '/admin\n/', '/admin ', '/ admin/', '/admin\u200b/', '/\uff41dmin/', 'admin/', '*',
]  # fmt: skip
# What is below the prefix as it is spelled, and Django's to answer: by 404.
INSIDE = ['/admin/../products/', '/admin//', '/admin/./', '/admin/%2e%2e/x', '/admin/\0']
# What must not leave the static files: manage.py stands beside the folder of static files.
STATIC_TRICKS = [
    '/static/../manage.py', '/static/../../manage.py', '/static//../manage.py',
    '/static/./../manage.py', '/static/apistar/../../manage.py', '/static/..%2fmanage.py',
    '/static/%2e%2e/manage.py', '/static/..\\manage.py', '/static/..\\..\\manage.py',
    '/static/\0', '/static/a\0.css', '/static//etc/passwd', '/static///etc/passwd',
    '/static/C:\\manage.py', '/static/', '/static/apistar/', '/static/apistar', '/static/.',
    '/static/..', '/static/' + 'x' * 5000, '/static/' + '../' * 50 + 'etc/passwd',
    '/static/caf\udce9.css',
]  # fmt: skip


def answer(path_info: str, **more: Any) -> tuple[int, str, bytes]:
    response = call(path_info, **more)
    return response.status, response.framework, response.body


# Boundaries


@pytest.mark.case('D01', 'D04')
@pytest.mark.parametrize('path_info', OUTSIDE)
def test_tricks_with_paths_never_reach_django(path_info):
    assert answer(path_info) == NOT_FOUND


@pytest.mark.parametrize('path_info', INSIDE)
def test_path_below_the_prefix_is_djangos_to_refuse(path_info):
    status, framework, _ = answer(path_info)

    assert framework == 'django'
    assert status in (302, 404)  # 302: to the admin's login, with the path as it is


@pytest.mark.case('J02')
@pytest.mark.parametrize('debug', [False, True])
@pytest.mark.parametrize('path_info', STATIC_TRICKS)
def test_tricks_with_paths_never_leave_the_static_files(tmp_path, path_info, debug):
    (tmp_path / 'static').mkdir()
    (tmp_path / 'manage.py').write_text('secret')
    (tmp_path / 'static' / 'a.css').write_text('a {}')
    folder = str(tmp_path / 'static')

    with override_settings(DEBUG=debug, STATIC_ROOT=folder, STATICFILES_DIRS=[folder]):
        assert call('/static/a.css').body == b'a {}'
        status, framework, body = answer(path_info)

    assert (status, framework, body) == (404, 'static', b'"Not found"')


@pytest.mark.case('D11')
def test_path_info_may_be_missing_or_empty():
    assert call('').json() == {'message': 'Welcome!'}
    environ = dict(call('/').environ)
    del environ['PATH_INFO'], environ['SCRIPT_NAME'], environ['QUERY_STRING']
    assert get_application()(environ, lambda *args: None) == [b'{"message":"Welcome!"}']


@pytest.mark.parametrize(
    ('path_info', 'method', 'status', 'framework', 'body'),
    [
        ('/word/a/', 'GET', 200, 'apistar', b'["a"]'),
        ('/word/a/', 'HEAD', 200, 'apistar', b''),
        ('/word/a/', 'get', 200, 'apistar', b'["a"]'),
        ('/word/a/', 'POST', 405, 'apistar', b'"Method not allowed"'),
        ('/admin', 'GET', 200, 'apistar', b'{"who":"API Star"}'),
        ('/admin/nope', 'GET', 302, 'django', b''),
        ('/nope/', 'GET', *NOT_FOUND),
    ],
)
def test_path_is_answered_the_same_however_often(path_info, method, status, framework, body):
    with own_routes:
        answers = {answer(path_info, method=method) for _ in range(30)}

    assert answers == {(status, framework, body)}


@pytest.mark.slow
def test_paths_of_clients_are_not_kept():
    numbers = iter(range(100_000))

    def ask(times: int) -> int:
        for _ in range(times):
            call(f'/word/{next(numbers)}/', app=application)
        return tracemalloc.get_traced_memory()[0]

    with own_routes:
        application = get_application()
        tracemalloc.start()
        try:
            growth = -ask(9_000) + ask(27_000)
        finally:
            tracemalloc.stop()

    assert growth < 600_000


# Slashes


@pytest.mark.case('D02')
def test_slashless_prefix_redirects_as_django_does():
    response = call('/admin')

    assert (response.status, response.framework) == (301, 'django')
    assert response.headers['location'] == '/admin/'


def slashless() -> dict:
    return {'who': 'API Star'}


def test_apistar_route_wins_over_the_slashless_prefix():
    with own_routes:
        assert call('/admin').json() == {'who': 'API Star'}
        assert call('/admin/').framework == 'django'


@pytest.mark.case('D06')
@pytest.mark.parametrize('method', ['GET', 'HEAD'])
def test_missing_slash_is_302_for_get_and_head(method):
    response = call('/echo', method, QUERY_STRING='a=1&b=%C3%A9')

    assert response.status == 302
    assert response.headers['location'] == '/echo/?a=1&b=%C3%A9'


@pytest.mark.case('D07')
@pytest.mark.parametrize('method', ['POST', 'PUT'])
def test_missing_slash_is_308_for_other_methods(method):
    response = call('/echo', method, b'{}', QUERY_STRING='a=1')

    assert response.status == 308
    assert response.headers['location'] == '/echo/?a=1'


def test_method_and_body_survive_the_missing_slash(client):
    echo = client.post('/echo?a=1', data='body').json()

    assert (echo['method'], echo['query'], echo['body']) == ('POST', [['a', '1']], 'body')


@pytest.mark.case('D12')
def test_missing_slash_below_a_script_name():
    assert call('/echo', SCRIPT_NAME='/mnt').headers['location'] == '/mnt/echo/'
    assert call('/admin', SCRIPT_NAME='/mnt').headers['location'] == '/mnt/admin/'


def test_missing_slash_of_a_path_that_is_not_ascii():
    assert call('/echo/é').headers['location'] == '/echo/%C3%A9/'
    assert call('/echo', SCRIPT_NAME='/caf\xc3\xa9').headers['location'] == '/caf%C3%A9/echo/'


@pytest.mark.case('D05')
@pytest.mark.parametrize(
    'path_info',
    ['//echo/', '/echo//', '/echo//x/', '//example.com', '/\\example.com', '//example.com/echo'],
)
def test_redirect_never_leads_to_another_host(path_info):
    assert answer(path_info) == NOT_FOUND


# Paths and parameters that are not ASCII


@pytest.mark.case('D08')
@pytest.mark.parametrize('name', ['é', '日本', 'a b', '100%', 'a+b', "'", '😀'])
def test_path_parameters_arrive_decoded_in_both_frameworks(client, name):
    from urllib.parse import quote

    api = client.get(f'/echo/{quote(name)}/').json()
    django = client.get(f'/django/echo/{quote(name)}/').json()

    assert api['parameters'] == django['parameters'] == {'name': name}


def test_routes_that_are_not_ascii(client):
    assert client.get('/número/5/').json() == {'number': 5, 'limit': 10}
    assert client.get('/café/x/').json()['parameters'] == {'name': 'x'}


def test_query_string_that_is_not_ascii(client):
    assert client.get('/', params={'name': 'é&+ %'}).json() == {'message': 'Welcome, é&+ %!'}


@pytest.mark.case('D09')
@pytest.mark.parametrize('raw', ['/echo/\udcff/', '/echo/\udcc3(/'])
def test_path_that_is_no_utf8_is_not_found(raw):
    assert answer(raw)[0] == 404


@pytest.mark.case('D10')
@pytest.mark.parametrize('name', ['\0', '\n', '\r\n', '\x7f', '..', '.', 'a\\b'])
def test_path_parameter_with_a_control_character_or_a_dot_segment_is_not_found(name):
    assert answer(f'/echo/{name}/') == NOT_FOUND


@pytest.mark.case('D13')
@pytest.mark.parametrize(
    ('number', 'status'),
    [
        ('5', 200), ('-5', 200), ('007', 200), (str(2**63 - 1), 200), (str(2**63), 404),
        ('1' * 40, 404), ('1' * 5000, 404), ('٣', 404), ('1_000', 404), ('5.0', 404), ('+5', 404),
    ],
)  # fmt: skip
def test_integers_in_paths(number, status):
    assert call(f'/número/{number}/').status == status


def test_wildcard_takes_the_rest_of_the_path(client):
    assert client.get('/files/a/b%20c/d.txt').json() == {'path': 'a/b c/d.txt'}


def test_wildcard_takes_no_dot_segments():
    assert answer('/files/a/../b') == NOT_FOUND


# SCRIPT_NAME


@pytest.mark.case('D12')
def test_both_frameworks_know_the_script_name():
    api = call('/echo/', SCRIPT_NAME='/mnt').json()
    django = call('/django/echo/', SCRIPT_NAME='/mnt').json()

    assert api['url'] == 'http://testserver/mnt/echo/'
    assert (django['path'], django['path_info']) == ('/mnt/django/echo/', '/django/echo/')


@override_settings(FORCE_SCRIPT_NAME='/mnt')
def test_force_script_name_holds_for_both_frameworks():
    assert call('/echo').headers['location'] == '/mnt/echo/'
    assert call('/admin').headers['location'] == '/mnt/admin/'
    assert call('/echo/').json()['url'] == 'http://testserver/mnt/echo/'


@pytest.mark.parametrize('forced', ['/X', '/X/'])
def test_force_script_name_may_end_in_a_slash(forced):
    with override_settings(FORCE_SCRIPT_NAME=forced):
        assert call('/echo').headers['location'] == '/X/echo/'
        assert call('/admin').headers['location'] == '/X/admin/'


@override_settings(FORCE_SCRIPT_NAME='')
def test_an_empty_force_script_name_hides_that_of_the_server():
    assert call('/echo', SCRIPT_NAME='/mnt').headers['location'] == '/echo/'
    assert call('/admin', SCRIPT_NAME='/mnt').headers['location'] == '/admin/'


def test_prefixes_are_below_the_script_name():
    assert call('/', SCRIPT_NAME='/admin').framework == 'apistar'


# Methods


@pytest.mark.case('E02')
@pytest.mark.parametrize(
    'path',
    [
        '/', '/html/', '/docs/', '/schema/', '/stream/', '/nope', '/admin/login/', '/boom/',
        '/auth/token-login/', '/echo',
    ],
)  # fmt: skip
def test_head_is_get_without_the_body(path):
    get, head = call(path), call(path, 'HEAD')

    assert head.body == b''
    assert head.status == get.status
    assert head.headers.get('content-length') == get.headers.get('content-length')
    assert head.headers.get('content-type') == get.headers.get('content-type')


@pytest.mark.case('E01')
def test_head_over_a_connection_that_stays_open(server):
    """A body after HEAD would be read as the beginning of the next response."""
    with socket.create_connection(server) as connection:
        connection.sendall(
            b'HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n'
            b'GET /nope/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
        )
        received = read_all(connection)

    head = received.partition(b'\r\n\r\n')[0]
    assert head.startswith(b'HTTP/1.')
    assert b'Welcome' not in received


@pytest.mark.case('E05')
@pytest.mark.parametrize(
    ('path', 'allow'),
    [
        ('/', 'GET, HEAD, OPTIONS'),
        ('/echo/', 'GET, HEAD, POST, PUT, OPTIONS'),
        ('/docs/', 'GET, HEAD, OPTIONS'),
    ],
)
def test_options_is_204_with_allow(path, allow):
    response = call(path, 'OPTIONS')

    assert (response.status, response.body) == (204, b'')
    assert response.headers['allow'] == allow
    assert 'content-length' not in response.headers
    assert 'content-type' not in response.headers


def own_options() -> dict:
    return {'mine': True}


def test_options_of_its_own():
    with own_routes:
        assert call('/options/', 'OPTIONS').json() == {'mine': True}


def test_options_of_an_unknown_path_is_404():
    assert answer('/nope/', method='OPTIONS') == NOT_FOUND


@pytest.mark.case('E04', 'E06')
@pytest.mark.parametrize('method', ['DELETE', 'PATCH', 'TRACE', 'FOO', 'CONNECT'])
def test_wrong_method_is_405_with_allow(method):
    response = call('/echo/', method)

    assert (response.status, response.json()) == (405, 'Method not allowed')
    assert response.headers['allow'] == 'GET, HEAD, POST, PUT, OPTIONS'


def test_wrong_method_of_a_django_view_class_is_djangos():
    response = call('/admin/login/', 'DELETE')

    assert response.framework == 'django'


# Errors


def http404() -> None:
    raise Http404('secret')


def denied() -> None:
    raise PermissionDenied('secret')


def unauthorized() -> None:
    raise exceptions.HTTPException({'message': 'no'}, status_code=401)


def bad_header() -> http.Response:
    return http.Response(b'', headers={'X-Bad': 'a\r\nSet-Cookie: evil=1'})


def unknown_status() -> http.Response:
    return http.Response(b'', status_code=299, headers={'Content-Type': 'text/plain'})


def impossible_status() -> http.Response:
    return http.Response(b'', status_code=999)


def word(name: str, params: http.PathParams) -> list:
    params['name'] = 'changed'
    return [name]


routes = [
    Route('/admin', 'GET', slashless),
    Route('/word/{name}/', 'GET', word),
    Route('/options/', 'OPTIONS', own_options),
    Include('/errors', 'errors', [
        Route(f'/{handler.__name__}/', 'GET', handler)
        for handler in (
            http404, denied, unauthorized, bad_header, unknown_status, impossible_status,
        )
    ]),
]  # fmt: skip
own_routes = override_settings(APISTAR_ROUTE_CONF=__name__)


@pytest.mark.case('E10')
@pytest.mark.parametrize(
    ('name', 'status', 'body'),
    [
        ('http404', 404, 'Not found'),
        ('denied', 403, 'Forbidden'),
        ('unauthorized', 401, {'message': 'no'}),
        ('bad_header', 500, 'Server error'),
        ('impossible_status', 500, 'Server error'),
    ],
)
def test_exceptions_are_answered_as_json(name, status, body):
    with own_routes:
        response = call(f'/errors/{name}/')

    assert (response.status, response.json()) == (status, body)
    assert response.headers['content-type'] == 'application/json'
    assert 'set-cookie' not in response.headers


@pytest.mark.case('E11')
@pytest.mark.parametrize('path', ['/nope/', '/boom/', '/static/nope.css'])
@pytest.mark.parametrize('accept', ['text/html', 'text/plain;q=0.5', 'image/png', '*/*', ''])
def test_errors_are_json_whatever_the_client_accepts(path, accept):
    response = call(path, HTTP_ACCEPT=accept)

    assert response.headers['content-type'] == 'application/json'
    assert isinstance(response.json(), str)


@pytest.mark.case('E08')
def test_status_without_a_name():
    with own_routes:
        assert call('/errors/unknown_status/').status == 299


@pytest.mark.case('I01')
@pytest.mark.parametrize('host', ['evil.example', 'testserver:80:80', 'a b', ''])
def test_unknown_host_is_refused_by_both_frameworks(host):
    api, django = call('/', HTTP_HOST=host), call('/django/echo/', HTTP_HOST=host)

    assert (api.status, django.status) == (400, 400)
    assert api.headers['content-type'] == 'application/json'


@pytest.mark.case('I01')
@pytest.mark.parametrize('host', ['testserver', 'testserver:8000', 'TESTSERVER', 'testserver.'])
def test_allowed_host(host):
    assert call('/', HTTP_HOST=host).status == 200


def test_health_url_is_answered_before_either_framework():
    keys = {**django_settings.APISTAR_SETTINGS, 'HEALTH_URL': '/healthz'}
    with override_settings(APISTAR_SETTINGS=keys):
        response = call('/healthz', HTTP_HOST='10.0.0.1')

    assert response.status == 200


# A real server and raw bytes


# Django raises an exception for the first, Python for the second, and the third takes it seconds.
ODD_PARAMETERS = ["x*=none''a", 'x*0=a; x*=b', ';' * 400_000]


@pytest.mark.case('F15', 'F20')
@pytest.mark.parametrize('parameters', ODD_PARAMETERS, ids=['charset', 'parts', 'many'])
@pytest.mark.parametrize(
    ('path', 'status'),
    [('/nowhere/', 404), ('/boom/', 500), ('/admin/login/', 200), ('/static/none.css', 404)],
)
def test_no_content_type_fails_or_delays_what_reads_no_body(path, status, parameters):
    started = time.process_time()

    response = call(path, CONTENT_TYPE=f'text/plain; {parameters}')

    assert response.status == status
    assert time.process_time() - started < 1


@pytest.mark.django_db
@pytest.mark.parametrize(('length', 'status'), [(40, 200), (8190, 200), (8191, 400)])
def test_django_reads_a_form_whose_content_type_is_as_long_as_a_line_of_gunicorn(length, status):
    token = 't' * 32
    form = ''.join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (('username', 'ann'), ('csrfmiddlewaretoken', token))
    )

    response = call(
        '/admin/login/', 'POST', f'{form}--x--'.encode(), HTTP_COOKIE=f'csrftoken={token}',
        CONTENT_TYPE='multipart/form-data; boundary=x; y='.ljust(length, '1'),
    )  # fmt: skip

    assert (response.status, response.framework) == (status, 'django')
    assert (b'name="username" value="ann"' in response.body) is (status == 200)


@pytest.fixture(scope='module')
def server() -> Iterator[tuple[str, int]]:
    """The application behind wsgiref's server; the address."""

    class QuietHandler(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on stderr."""

    httpd = make_server('127.0.0.1', 0, lambda *args: get_application()(*args))
    httpd.RequestHandlerClass = QuietHandler
    thread = threading.Thread(target=httpd.serve_forever, kwargs={'poll_interval': 0.01})
    thread.start()
    yield httpd.server_address
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def read_all(connection: socket.socket) -> bytes:
    connection.settimeout(10)
    return b''.join(iter(lambda: connection.recv(65536), b''))


def send(server: tuple[str, int], target: bytes, method: bytes = b'GET') -> bytes:
    """Send a request with *target* as it is; return the answer."""
    with socket.create_connection(server) as connection:
        connection.sendall(method + b' ' + target + b' HTTP/1.0\r\nHost: localhost\r\n\r\n')
        return read_all(connection)


@pytest.mark.case('D04')
@pytest.mark.parametrize(
    'target',
    [
        b'/%2fadmin/', b'/%2Fadmin%2F', b'/x/../admin/', b'/x/%2e%2e/admin/',
        b'/x/%2E%2E%2Fadmin/', b'/x/..%2fadmin/', b'/.%2fadmin/', b'/%5cadmin/', b'/admin%00/',
        b'/admin%0d%0a/', b'/%2561dmin/', b'/administrate', b'/ADMIN/', b'/admin%3bx/',
        b'/%c0%afadmin/', b'/..%c0%afadmin/', b'/%e2%88%95admin/', b'/admin%ff',
    ],
)  # fmt: skip
def test_no_encoding_leads_to_the_admin(server, target):
    received = send(server, target)

    assert received.startswith(b'HTTP/1.0 404 Not Found\r\n')
    assert received.endswith(b'\r\n\r\n"Not found"')


@pytest.mark.case('D03')
@pytest.mark.parametrize('target', [b'/%61dmin/login/', b'/admin%2flogin/', b'/admin/login/'])
def test_decoded_path_decides(server, target):
    assert send(server, target).startswith(b'HTTP/1.0 200 OK\r\n')


@pytest.mark.case('J02')
@pytest.mark.parametrize(
    'target',
    [
        b'/static/../manage.py', b'/static/%2e%2e/manage.py', b'/static/..%2fmanage.py',
        b'/static/..%5cmanage.py', b'/static/%252e%252e/manage.py', b'/static//etc/passwd',
        b'/static/%2fetc/passwd', b'/static/%00', b'/static/.%2e/%2e./settings.py',
        b'/static/..%c0%af..%c0%afetc/passwd', b'/static/%ff',
        b'/static/apistar/../../../../../../etc/passwd',
    ],
)  # fmt: skip
def test_no_encoding_leads_out_of_the_static_files(server, target):
    assert send(server, target).startswith(b'HTTP/1.0 404 Not Found\r\n')


def test_non_ascii_path_over_the_network(server):
    received = send(server, b'/echo/caf%C3%A9/')

    assert '"name":"café"'.encode() in received


# Both frameworks in turn


def test_requests_of_both_frameworks_do_not_disturb_each_other(db):
    client = TestClient()
    for _ in range(3):
        assert client.get('/echo/x/').json()['parameters'] == {'name': 'x'}
        assert client.get('/django/echo/x/').json()['parameters'] == {'name': 'x'}
        assert client.get('/static/apistar/css/base.css').status_code == 200


def test_threads_do_not_disturb_each_other():
    wrong: list[Any] = []

    def requests(number: int) -> None:
        for turn in range(50):
            name = f'{number}-{turn}'
            for path in (f'/echo/{name}/', f'/django/echo/{name}/'):
                if call(path).json()['parameters'] != {'name': name}:
                    wrong.append(path)

    threads = [threading.Thread(target=requests, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


# The WSGI module


def test_the_application_has_the_originals_attributes():
    """Code that mounts or wraps one of the two finds it."""
    from django_apistar.wsgi import application

    assert isinstance(application, Dispatcher)
    assert type(application.django_wsgi_app) is WSGIHandler
    assert application.apistar_wsgi_app.reverse_url('welcome') == '/'
    assert call('/', app=application).json() == {'message': 'Welcome!'}


@pytest.mark.parametrize(
    ('name', 'sentence'),
    [
        ('DjangoAPIStarWSGIApplication',
         ('Use `application`, which has the same apistar_wsgi_app and django_wsgi_app; '
          'django_apistar.dispatch.get_application() builds it.')),
        ('DebugApp', 'Set DEBUG = True: any App then answers a fault with its traceback.'),
        ('WSGIApp',
         ('Use django_apistar.application.App, and name a subclass of yours in '
          "APISTAR_SETTINGS['APP_CLASS'].")),
        ('Include', "Use apistar.Include, as in your APISTAR_ROUTE_CONF's module."),
    ],
)  # fmt: skip
def test_a_name_of_the_original_says_what_does_its_work(name, sentence):
    with pytest.raises(ImportError) as failure:
        exec(f'from django_apistar.wsgi import {name}')

    assert str(failure.value) == f'{name} of the original django_apistar.wsgi is gone. {sentence}'


def test_any_other_name_is_missing_as_from_any_module():
    with pytest.raises(ImportError, match="cannot import name 'nothing' from"):
        exec('from django_apistar.wsgi import nothing')
