"""Requests that are no HTTP, each wrong in one way, and what chance makes of them."""

from __future__ import annotations

import random

HOST = b'Host: 127.0.0.1\r\n'
GET = b'GET /hello/ HTTP/1.1\r\n' + HOST


def get(*headers: bytes) -> bytes:
    """Return a GET with more *headers*."""
    return GET + b''.join(header + b'\r\n' for header in headers) + b'\r\n'


def post(body: bytes, *headers: bytes) -> bytes:
    lines = b''.join(header + b'\r\n' for header in headers)
    return b'POST /body/ HTTP/1.1\r\n' + HOST + lines + b'\r\n' + body


def chunked(body: bytes, *headers: bytes) -> bytes:
    return post(body, b'Transfer-Encoding: chunked', *headers)


REQUEST_LINES = [
    line + b'\r\n' + HOST + b'\r\n'
    for line in (
        b'GET',
        b'GET /hello/',
        b'GET  /hello/ HTTP/1.1',
        b'GET /hello/  HTTP/1.1',
        b'GET /hel lo/ HTTP/1.1',
        b'GET\t/hello/\tHTTP/1.1',
        b' GET /hello/ HTTP/1.1',
        b'GET /hello/ HTTP/1.1 more',
        b'GET /hello/ HTTP/3.0',
        b'GET /hello/ HTTP/0.9',
        b'GET /hello/ HTTP/1.10',
        b'GET /hello/ HTTP/11',
        b'GET /hello/ HTTP/1,1',
        b'GET /hello/ HTTP/',
        b'GET /hello/ http/1.1',
        b'GET /hello/ ICY/1.1',
        b'GET /hello/ HTTP/1.\xd9\xa1',
        b'G\xc3\x89T /hello/ HTTP/1.1',
        b'GE\x00T /hello/ HTTP/1.1',
        b'G(ET /hello/ HTTP/1.1',
        b'GET /hello/\x00 HTTP/1.1',
        b'PRI * HTTP/2.0',
        b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',  # TLS to a plain port
        b'',
        b'\x00' * 64,
    )
]
HEADERS = [
    get(header)
    for header in (
        b'Name',
        b': value',
        b'Name : value',
        b'Na me: value',
        b'Name\t: value',
        b'Name\x00: value',
        b'Na\xc3\xa9me: value',
        b'Name: va\x00lue',
        b'Name: va\rlue',
        b'Name: va\nlue',
        b'Name: value\r\n folded',
        b' Name: value',
        b'"Name": value',
        b'Na(me: value',
        b'Content-Length: -1',
        b'Content-Length: +5',
        b'Content-Length: 0x5',
        b'Content-Length: 5, 5',
        b'Content-Length: five',
        b'Content-Length: \xd9\xa5',
        b'Content-Length: 1\r\nContent-Length: 2',
        b'Transfer-Encoding: chunked\r\nContent-Length: 5',
        b'Transfer-Encoding: chunked, chunked',
        b'Transfer-Encoding: chunked, identity',
        b'Transfer-Encoding: xchunked',
        b'Transfer-Encoding: chun ked',
        b'Transfer-Encoding: \x0bchunked',
        b'Transfer-Encoding: "chunked"',
        b'Transfer-Encoding:',
        b'Host: 127.0.0.1\r\nHost: evil.example',
    )
]
CHUNKS = [
    chunked(b'z\r\nhello\r\n0\r\n\r\n'),
    chunked(b'-5\r\nhello\r\n0\r\n\r\n'),
    chunked(b'0x5\r\nhello\r\n0\r\n\r\n'),
    chunked(b'+5\r\nhello\r\n0\r\n\r\n'),
    chunked(b'5 \r\nhello\r\n0\r\n\r\n'),
    chunked(b'5\nhello\n0\n\n'),
    chunked(b'5\r\nhelloworld\r\n0\r\n\r\n'),
    chunked(b'5\r\nhel'),
    chunked(b'ffffffffffffffffff\r\nhello\r\n0\r\n\r\n'),
    chunked(b'1_0\r\nhello\r\n0\r\n\r\n'),
    chunked(b'\r\nhello\r\n0\r\n\r\n'),
]
INVALID = [*REQUEST_LINES, *HEADERS, *CHUNKS]
# In order as HTTP, and no better for a server.
NASTY = [
    post(b'hello', b'Content-Length: 500'),
    post(b'{"a":', b'Content-Length: 5', b'Content-Type: application/json'),
    post(b'\xff\xfe', b'Content-Length: 2', b'Content-Type: application/json; charset=utf-99'),
    post(b'--x', b'Content-Length: 3', b'Content-Type: multipart/form-data; boundary=y'),
    get(b'Authorization: Bearer \xff\xfe', b'Cookie: \xff=\xfe; ;;='),
    get(b'Authorization: Basic ' + b'A' * 5000),
    GET.replace(b'/hello/', b'/%00/%ff/%/..%2f/\\') + b'\r\n',
    GET.replace(b'/hello/', b'/' + b'a' * 4000) + b'\r\n',
    GET.replace(b'/hello/', b'/slow/?seconds=nan&seconds[]=%ff') + b'\r\n',
    GET.replace(b'/hello/', b'/page/?x=%ff') + b'\r\n',
    GET.replace(b'/hello/', b'//evil.example/../hello/') + b'\r\n',
    GET.replace(b'GET', b'DELETE') + b'\r\n',
    get(b'Range: bytes=9-1', b'If-Modified-Since: never', b'Expect: a miracle'),
]
REQUESTS = [*INVALID, *NASTY]


def mutate(request: bytes, chance: random.Random) -> bytes:
    """Return *request* with up to three accidents: bytes lost, repeated, swapped or made up."""
    for _ in range(chance.randint(0, 3)):
        start = chance.randrange(len(request) + 1)
        end = min(len(request), start + chance.choice((1, 1, 2, 8)))
        part = request[start:end]
        accidents = (b'', part * 2, part[::-1], chance.randbytes(len(part)), b'\r\n', b'\x00', b' ')
        request = request[:start] + chance.choice(accidents) + request[end:]
    return request
