"""Bytes on the wire, to gunicorn as `runapistar` starts it: what is no HTTP is refused."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from management_tests.support.malformed import GET, INVALID, chunked, get, post
from management_tests.support.server_process import Project, Server

pytestmark = pytest.mark.slow

JSON = b'Content-Type: application/json'
USERS = """
    from apistar import Component, http
    from django.contrib.auth.models import User


    class ByHeader(Component):
        def resolve(self, x_user: http.Header) -> User:
            return User(username=x_user) if x_user else None
"""
GUARDED = """
    from apistar import http

    from django_apistar.permissions import requires


    def body(data: http.RequestData) -> dict:
        return data


    @requires(staff=True)
    def guarded(data: http.RequestData) -> dict:
        return data


    routes += [Route('/body/', 'POST', body), Route('/guarded/', 'POST', guarded)]
"""
HELLO = b'{"message":"hello"}'
STATUS = re.compile(rb'HTTP/1\.[01] (\d{3}) ')


@pytest.fixture(scope='module')
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    project = Project(tmp_path_factory.mktemp('wire'))
    project.write('shop/users.py', USERS)
    project.append('shop/settings.py', "APISTAR_SETTINGS['COMPONENTS'] = ['shop.users.ByHeader']")
    project.append('shop/routes.py', GUARDED)
    with project.serve('--workers', '1') as server:
        yield server
        assert 'Traceback' not in server.output


def exchange(server: Server, *parts: bytes) -> bytes:
    """Send *parts* and return all that comes back until the server closes, which it is asked to."""
    address = urlsplit(server.url)
    answer = b''
    with socket.create_connection((str(address.hostname), int(address.port or 80))) as connection:
        connection.settimeout(30)
        with contextlib.suppress(OSError):  # The server may have refused before the end.
            connection.sendall(b''.join(parts))
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65536):
                answer += chunk
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in STATUS.findall(answer)]


@pytest.mark.case('K01')
def test_what_is_no_http_is_refused(server: Server) -> None:
    """501 is what RFC 9112 wants for an unknown Transfer-Encoding."""
    found = {request: statuses(exchange(server, request)) for request in INVALID}

    assert {
        request: answers
        for request, answers in found.items()
        if any(not 400 <= status < 500 and status != 501 for status in answers)
    } == {}


@pytest.mark.case('K03')
@pytest.mark.parametrize(
    'request_',
    [
        GET.replace(b'/hello/', b'/hello/?' + b'a' * 4094) + b'\r\n',
        get(b'X: ' + b'a' * 8190),
        get(*[b'X-%d: a' % number for number in range(101)]),
    ],
    ids=['request line', 'field', 'number of fields'],
)
def test_long_heads_are_refused(server: Server, request_: bytes) -> None:
    [status] = statuses(exchange(server, request_))

    assert status in (400, 414, 431)


@pytest.mark.case('K04', 'F05')
@pytest.mark.parametrize(
    'request_',
    [
        get(b'Host: evil.example'), post(b'a', b'Content-Length: 1', b'Content-Length: 2'),
        chunked(b'1\r\na\r\n0\r\n\r\n', b'Content-Length: 1'),
    ],
    ids=['Host', 'Content-Length', 'Content-Length and Transfer-Encoding'],
)  # fmt: skip
def test_repeated_and_contradicting_fields_are_refused(server: Server, request_: bytes) -> None:
    assert statuses(exchange(server, request_)) == [400]


@pytest.mark.case('K05')
@pytest.mark.parametrize('target', [b'http://127.0.0.1/hello/', b'http://elsewhere.example/hello/'])
def test_absolute_form_is_its_path(server: Server, target: bytes) -> None:
    answer = exchange(server, GET.replace(b'/hello/', target), b'Connection: close\r\n\r\n')

    assert (statuses(answer), answer.endswith(HELLO)) == ([200], True)


@pytest.mark.case('K06')
@pytest.mark.parametrize('version', [b'1.0', b'1.1'])
def test_without_a_host_the_servers_name_counts(server: Server, version: bytes) -> None:
    """As in Django, for probes that ask for the health of a server."""
    request = b'GET /hello/ HTTP/' + version + b'\r\nConnection: close\r\n\r\n'

    assert statuses(exchange(server, request)) == [200]


@pytest.mark.case('K07')
@pytest.mark.parametrize(('expected', 'found'), [(b'100-continue', [405]), (b'a miracle', [417])])
def test_expect_is_met_or_refused(server: Server, expected: bytes, found: list[int]) -> None:
    head = get(b'Content-Length: 1', b'Expect: ' + expected, b'Connection: close')

    assert statuses(exchange(server, head.replace(b'GET', b'POST'), b'a')) == found


@pytest.mark.case('K07')
@pytest.mark.parametrize(
    'expecting',
    [
        post(b'{"a":1}', b'Expect: 100-continue', b'Content-Length: 7', JSON),
        chunked(b'7\r\n{"a":1}\r\n0\r\n\r\n', b'Expect: 100-continue', JSON),
    ],
    ids=['Content-Length', 'Transfer-Encoding'],
)
def test_body_is_asked_for_when_it_is_read(server: Server, expecting: bytes) -> None:
    answer = exchange(server, expecting, get(b'Connection: close'))

    assert statuses(answer) == [100, 200, 200]
    assert b'{"a":1}HTTP/1.1 200 OK' in answer


@pytest.mark.case('K07')
@pytest.mark.parametrize(('user', 'status'), [(b'', 401), (b'ann', 403)])
@pytest.mark.parametrize('is_sent', [False, True])
def test_who_is_refused_is_asked_for_no_body(
    server: Server, user: bytes, status: int, is_sent: bool
) -> None:
    """The client may send it all the same: so the connection ends."""
    head = post(b'', b'Expect: 100-continue', b'Content-Length: 7', JSON, b'X-User: ' + user)

    answer = exchange(server, head.replace(b'/body/', b'/guarded/'), b'{"a":1}' * is_sent)

    assert statuses(answer) == [status]
    assert b'connection: close' in answer.lower()


@pytest.mark.case('K08')
def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    paths = [b'/hello/', b'/nope/', b'/hello/']

    answer = exchange(server, *(GET.replace(b'/hello/', path) + b'\r\n' for path in paths))

    assert statuses(answer) == [200, 404, 200]


@pytest.mark.case('E06')
def test_method_in_lower_case_is_refused(server: Server) -> None:
    assert statuses(exchange(server, GET.replace(b'GET', b'get'), b'\r\n')) == [400]


@pytest.mark.case('E01')
@pytest.mark.parametrize('path', [b'/hello/', b'/nope/', b'/process/', b'/hello'])
def test_head_on_a_connection_that_goes_on_has_no_body(server: Server, path: bytes) -> None:
    head = GET.replace(b'GET /hello/', b'HEAD ' + path) + b'\r\n'

    answer = exchange(server, head, get(b'Connection: close'))
    first, _, rest = answer.partition(b'\r\n\r\n')

    assert rest.startswith(b'HTTP/1.1 200 OK\r\n')
    assert b'content-length: ' in first.lower() or first.startswith(b'HTTP/1.1 302 ')
    assert answer.endswith(HELLO)
