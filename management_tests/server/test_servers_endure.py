"""What handlers and views may do wrong: each server answers it as promised, and goes on.

The servers are `runapistar` with gunicorn and granian, and gunicorn's own two worker classes.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from management_tests.support.server_process import Project, Server, free_port

pytestmark = pytest.mark.slow

HELLO = b'{"message":"hello"}'

ROUTES = """
    import sys
    from collections.abc import Iterator

    from apistar import Route, http
    from apistar.server.wsgi import WSGIEnviron
    from django_apistar.responses import StreamingResponse


    class Hook:
        def __init__(self):
            self.leaves = ''

        def on_request(self, leave: http.QueryParam):
            self.leaves = leave or ''
            if self.leaves == 'on_request':
                sys.exit(3)

        def on_response(self):
            if self.leaves == 'on_response':
                sys.exit(3)

        def on_error(self):
            if self.leaves == 'on_error':
                sys.exit(3)


    class Leaving:
        def __init__(self, when):
            self.when = when

        def __iter__(self):
            if self.when == 'first':
                sys.exit(3)
            yield 'a'
            if self.when == 'later':
                sys.exit(3)

        def close(self):
            if self.when == 'close':
                sys.exit(3)


    def hello() -> dict:
        return {'message': 'hello'}

    def leave():
        sys.exit(3)

    def fail():
        raise ZeroDivisionError

    def stream(when: http.QueryParam):
        return StreamingResponse(Leaving(when))

    def generate(when: http.QueryParam) -> Iterator[str]:
        yield from Leaving(when)

    def header(name: http.QueryParam, value: http.QueryParam):
        good = [('Set-Cookie', 'good=1'), ('Content-Length', '2')]
        return http.JSONResponse({}, headers=[*good, (name, value)])

    def show(environ: WSGIEnviron):
        return {key: value for key, value in environ.items() if isinstance(value, str)}

    def status(code: int):
        return http.JSONResponse('text', code, {'ETag': '"a"'})

    routes = [
        Route('/hello/', 'GET', hello), Route('/leave/', 'GET', leave),
        Route('/fail/', 'GET', fail), Route('/stream/', 'GET', stream),
        Route('/environ/', 'GET', show), Route('/generate/', 'GET', generate),
        Route('/header/', 'GET', header), Route('/status/', 'GET', status),
    ]
"""
URLS = """
    import sys

    from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
    from django.urls import path

    from shop.routes import Leaving, show

    def environ(request):
        return JsonResponse(show(request.META))

    def leave(request):
        sys.exit(3)

    def stream(request):
        return StreamingHttpResponse(Leaving(request.GET['when']))

    def header(request):
        response = HttpResponse('x', headers={'Set-Cookie': 'good=1', 'Content-Length': '1'})
        response[request.GET['name']] = request.GET['value']
        return response

    def status(request):
        return HttpResponse('text', status=int(request.GET['code']), headers={'ETag': '"a"'})

    urlpatterns = [
        path('page/environ/', environ), path('page/leave/', leave), path('page/stream/', stream),
        path('page/header/', header), path('page/status/', status),
    ]
"""
WEB = """
    from django_apistar.wsgi import application as inner

    def application(environ, start_response):
        if environ['PATH_INFO'] == '/wrapper/':
            raise {'exit': SystemExit(3), 'interrupt': KeyboardInterrupt}[environ['QUERY_STRING']]
        return inner(environ, start_response)
"""
VARIABLES = {
    'HTTP_REMOTE_USER': 'root', 'HTTP_X_FORWARDED_PROTO': 'https', 'REMOTE_USER': 'root',
    'CONTENT_TYPE': 'text/x', 'CONTENT_LENGTH': '9', 'HTTPS': 'on', 'SCRIPT_URL': '/x',
    'DATABASE_URL': 'postgres://user:secret@host/', 'wsgi.url_scheme': 'https',
}  # fmt: skip
SERVERS = {
    'gunicorn': ('manage.py', 'runapistar', '{address}', '--workers', '1'),
    'granian': ('manage.py', 'runapistar', '{address}', '--workers', '1', '--server', 'granian'),
    'gthread': ('-m', 'gunicorn', '-b', '{address}', '-k', 'gthread', '--threads', '2',
                'django_apistar.wsgi'),
    'sync': ('-m', 'gunicorn', '-b', '{address}', '-k', 'sync', 'django_apistar.wsgi'),
}  # fmt: skip


@pytest.fixture(scope='module')
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp('endure'))
    project.write('shop/routes.py', ROUTES)
    project.write('shop/urls.py', URLS)
    project.write('shop/web.py', WEB)
    project.append(
        'shop/settings.py',
        """
        APISTAR_SETTINGS = {
            'ALLOWED_DJANGO_ROUTES': ('/page/',), 'EVENT_HOOKS': ['shop.routes.Hook'],
        }
        WSGI_APPLICATION = 'shop.web.application'
        LOGGING = {
            'version': 1, 'disable_existing_loggers': False,
            'handlers': {'stderr': {'class': 'logging.StreamHandler'}},
            'loggers': {'django': {'handlers': ['stderr'], 'propagate': False}},
        }
        """,
    )
    return project


@pytest.fixture(scope='module', params=SERVERS)
def server(request: pytest.FixtureRequest, project: Project) -> Iterator[Server]:
    if request.param == 'granian':
        pytest.importorskip('granian')
    address = f'127.0.0.1:{free_port()}'
    command = [argument.format(address=address) for argument in SERVERS[request.param]]
    variables = {'DJANGO_SETTINGS_MODULE': 'shop.settings', **VARIABLES}
    with Server(project, [sys.executable, *command], variables) as server:
        server.url = f'http://{address}'
        server.wait_for(lambda: server.answers('/hello/'), 'an answer')
        server.name = request.param
        yield server


def ask(server: Server, target: str, fields: str = '') -> tuple[int, list[str], bytes]:
    """Return status, header lines in lower case, and body as it came, to the connection's end."""
    address = urlsplit(server.url)
    with socket.create_connection((str(address.hostname), int(address.port or 80))) as client:
        client.settimeout(30)
        head = f'GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n'
        client.sendall(head.encode())
        answer = client.makefile('rb').read()
    head, _, body = answer.partition(b'\r\n\r\n')
    line, *headers = head.decode('latin-1').split('\r\n')
    return int((line.split() or [0, 0])[1]), [header.lower() for header in headers], body


@contextlib.contextmanager
def enduring(server: Server, *logged: str) -> Iterator[None]:
    """Expect a line of the log with each of *logged*, and the same processes in the end."""
    processes, begin = server.children(), len(server.output)
    yield
    for text in logged:
        server.wait_for(lambda text=text: text in server.output[begin:], f'{text!r} in the log')
    assert ask(server, '/hello/')[::2] == (200, HELLO)
    assert server.children() == processes


@pytest.mark.case('H10')
@pytest.mark.parametrize(
    'target',
    ['/leave/', '/hello/?leave=on_request', '/hello/?leave=on_response', '/stream/?when=first',
     '/generate/?when=first', '/page/leave/', '/page/stream/?when=first'],
)  # fmt: skip
def test_exit_is_a_logged_500(server: Server, target: str) -> None:
    path = target.partition('?')[0]
    with enduring(server, f'Internal Server Error: {path}', 'SystemExit: 3'):
        status, headers, body = ask(server, target)

    assert (status, body) == (500, b'"Server error"')
    about_content = [header for header in headers if header.startswith('content-')]
    assert sorted(about_content) == ['content-length: 14', 'content-type: application/json']


@pytest.mark.case('H10')
def test_exit_in_on_error_is_logged_beside_the_fault(server: Server) -> None:
    with enduring(server, 'ZeroDivisionError', 'SystemExit: 3'):
        status, _, body = ask(server, '/fail/?leave=on_error')

    assert (status, body) == (500, b'"Server error"')


@pytest.mark.case('H10')
@pytest.mark.parametrize('path', ['/stream/', '/generate/', '/page/stream/'])
def test_exit_in_a_later_part_ends_the_connection(server: Server, path: str) -> None:
    with enduring(server, f'Internal Server Error: {path}', 'SystemExit: 3'):
        status, _, body = ask(server, f'{path}?when=later')

    found = [(200, b'1\r\na\r\n')]  # without the chunk that ends it
    if server.name == 'granian':  # which may not have sent what it has, or the head alone
        found += [(0, b''), (200, b'')]
    assert (status, body) in found


@pytest.mark.case('H10')
@pytest.mark.parametrize('path', ['/stream/', '/page/stream/'])
def test_exit_in_close_is_logged(server: Server, path: str) -> None:
    with enduring(server, f'Internal Server Error: {path}', 'SystemExit: 3'):
        status, _, body = ask(server, f'{path}?when=close')

    assert (status, body) == (200, b'1\r\na\r\n0\r\n\r\n')


@pytest.mark.case('H10')
@pytest.mark.parametrize('exit_', ['exit', 'interrupt'])
def test_exit_of_a_wrapper_ends_no_worker_of_runapistar(server: Server, exit_: str) -> None:
    if server.name not in ('gunicorn', 'granian'):
        pytest.skip('The wrapper is WSGI_APPLICATION, which runapistar serves.')
    name = {'exit': 'SystemExit', 'interrupt': 'KeyboardInterrupt'}[exit_]
    with enduring(server, name):
        status, _, _ = ask(server, f'/wrapper/?{exit_}')

    # The head may have left before an interruption, which nobody answers.
    assert status == (0 if (server.name, exit_) == ('gunicorn', 'interrupt') else 500)


@pytest.mark.case('E14')
@pytest.mark.parametrize('path', ['/header/', '/page/header/'])
@pytest.mark.parametrize(
    ('name', 'value'),
    [('x-a', 'a%08b'), ('x-a', '%7f'), ('x-a', '%1b[0m'), ('location', '/a%0b'),
     ('set-cookie', 'a=b%1f'), ('a%20b', 'a'), ('a:b', 'a'), ('a(', 'a')],
)  # fmt: skip
def test_header_that_http_does_not_have_is_a_logged_500(
    server: Server, path: str, name: str, value: str
) -> None:
    """The good headers before it, a cookie and a length, are not sent either."""
    with enduring(server, f'Internal Server Error: {path}', 'which HTTP cannot send'):
        status, headers, body = ask(server, f'{path}?name={name}&value={value}')

    assert (status, body) == (500, b'"Server error"')
    of_server = ('connection:', 'date:', 'server:')
    assert sorted(header for header in headers if not header.startswith(of_server)) == [
        'content-length: 14', 'content-type: application/json', 'x-content-type-options: nosniff',
    ]  # fmt: skip


@pytest.mark.case('E07')
@pytest.mark.parametrize('path', ['/header/', '/page/header/'])
def test_tab_in_a_header_is_sent(server: Server, path: str) -> None:
    status, headers, _ = ask(server, f'{path}?name=x-a&value=a%09b')

    assert (status, 'x-a: a\tb' in headers) == (200, True)


@pytest.mark.case('E15')
@pytest.mark.parametrize(('path', 'sent'), [('/header/', b'{}'), ('/page/header/', b'x')])
def test_transfer_encoding_beside_a_length_empties_no_answer(
    server: Server, path: str, sent: bytes
) -> None:
    status, headers, body = ask(server, f'{path}?name=transfer-encoding&value=chunked')

    assert (status, body, f'content-length: {len(sent)}' in headers) == (200, sent, True)


@pytest.mark.case('E13')
@pytest.mark.parametrize('path', ['/status/', '/page/status/'])
def test_205_has_no_body(server: Server, path: str) -> None:
    status, headers, body = ask(server, f'{path}?code=205')

    assert (status, body) == (205, b'')
    assert {'content-length: 0', 'etag: "a"'} <= set(headers)
    assert not [header for header in headers if header.startswith('transfer-encoding')]


@pytest.mark.case('E03')
@pytest.mark.parametrize('path', ['/status/', '/page/status/'])
@pytest.mark.parametrize('code', [204, 304])
def test_status_without_body_has_none(server: Server, path: str, code: int) -> None:
    status, headers, body = ask(server, f'{path}?code={code}')

    assert (status, body) == (code, b'')
    assert not [
        header for header in headers if header.startswith(('content-', 'transfer-encoding'))
    ]


@pytest.mark.case('E13')
@pytest.mark.parametrize('path', ['/status/', '/page/status/'])
@pytest.mark.parametrize('code', [100, 101, 103])
def test_1xx_is_no_answer(server: Server, path: str, code: int) -> None:
    with enduring(server, f'Internal Server Error: {path}', f'The status {code}'):
        status, _, body = ask(server, f'{path}?code={code}')

    assert (status, body) == (500, b'"Server error"')


@pytest.mark.case('I08')
@pytest.mark.parametrize('path', ['/environ/', '/page/environ/'])
def test_nothing_of_the_environment_is_in_a_request(server: Server, path: str) -> None:
    _, _, body = ask(server, path)

    environ = json.loads(body[body.index(b'{') : body.rindex(b'}') + 1])
    environment = server.project.environment(**VARIABLES)
    assert {key for key in environ if key in environment} == {'wsgi.url_scheme'}
    assert environ['wsgi.url_scheme'] == 'http'
    assert not {'root', 'on', 'text/x', '9'} & set(environ.values())


@pytest.mark.case('I07')
def test_underscore_in_the_name_of_a_header_drops_it(server: Server) -> None:
    if server.name == 'granian':
        pytest.skip('It is refused where a setting trusts a header.')
    names = ('X_Forwarded_For', 'X_Forwarded_Proto', 'X_Forwarded_Host', 'Remote_User')
    alone = ''.join(f'{name}: evil\r\n' for name in names)
    beside = f'X-Forwarded-For: good\r\n{alone}'

    _, _, nothing = ask(server, '/environ/', alone)
    _, _, something = ask(server, '/environ/', beside)

    assert b'evil' not in nothing + something
    assert b'"HTTP_X_FORWARDED_FOR":"good"' in something


@pytest.mark.case('I09')
def test_script_name_of_a_client_is_no_part_of_the_path(server: Server) -> None:
    if server.name not in ('gunicorn', 'granian'):
        pytest.skip('gunicorn itself takes it from 127.0.0.1.')
    fields = 'SCRIPT_NAME: /x\r\nPATH_INFO: /page/environ/\r\n'

    assert ask(server, '/x/page/environ/', fields)[0] == 404
    assert b'"SCRIPT_NAME":""' in ask(server, '/environ/', fields)[2]


@pytest.mark.case('I09')
def test_script_name_that_the_operator_chooses_is_a_path(project: Project) -> None:
    arguments = ('--workers', '1', '--', '--forwarder-headers', 'SCRIPT_NAME')
    with project.serve(*arguments) as server:
        locations = [
            line
            for path in ('//evil.com/environ', '/shop/environ')
            for line in ask(server, path, f'SCRIPT_NAME: {path.removesuffix("/environ")}\r\n')[1]
            if line.startswith('location: ')
        ]

    assert locations == ['location: /evil.com/environ/', 'location: /shop/environ/']
