"""The request that is sent to the project's targets: a method, headers and a body."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token

METHODS = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
_SAFE = ('GET', 'OPTIONS')
_JSON = 'application/json'
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\xa0-\xff]*)")
_OF_TOOLS = ('connection', 'content-length', 'host', 'transfer-encoding')


class RequestError(Exception):
    """A request that cannot be sent, in one sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What is sent, but for the path. Each header is there once."""

    method: str = 'GET'
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b''

    @property
    def may_write(self) -> bool:
        """Whether the method may change rows."""
        return self.method not in _SAFE

    @property
    def is_plain(self) -> bool:
        """Whether it is a GET without headers and body."""
        return self == GET

    def get(self, name: str) -> str | None:
        """Return the value of the header *name*."""
        return next((value for own, value in self.headers if own.lower() == name.lower()), None)

    def add(self, *headers: tuple[str, str]) -> Request:
        """Return this request with *headers* where it has none of their names."""
        missing = [(name, value) for name, value in headers if self.get(name) is None]
        return dataclasses.replace(self, headers=(*self.headers, *missing))


GET = Request()


def build_request(
    method: str, headers: Iterable[str], token: str | None, body_file: str | None
) -> Request:
    """Return the request that the options describe. Raises RequestError."""
    if token is not None and not _HEADER.fullmatch(f'Authorization: Bearer {token}'):
        raise RequestError('--token: write a key in one line of latin-1.')
    if token == '':
        raise RequestError('--token is empty. Give a key, or leave it out.')
    lines = [*headers, *([f'Authorization: Bearer {token}'] if token is not None else [])]
    request = Request(method, _parse_headers(lines))
    if body_file is None:
        return request
    if method in _SAFE:
        raise RequestError(f'--body is not sent with {method}. Add --method POST, PUT or PATCH.')
    try:
        body = Path(body_file).read_bytes()
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise RequestError(f'--body {body_file!r} cannot be read: {reason}.') from exc
    return dataclasses.replace(request, body=body).add(('Content-Type', _JSON))


def _parse_headers(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    headers: dict[str, tuple[str, str]] = {}
    for line in lines:
        found = _HEADER.fullmatch(line)
        if found is None:
            # Its value may be a secret, and this sentence may come to stand in a log.
            name = line.partition(':')[0] if ':' in line else '...'
            raise RequestError(f'--header {name!r}: write "Name: value" in one line of latin-1.')
        name, value = found.groups()
        if name.lower() in _OF_TOOLS:
            raise RequestError(f'--header {name!r}: the load tool sets it. Leave it out.')
        if name.lower() in headers:
            raise RequestError(f'The header {name!r} is given twice. Give it once.')
        headers[name.lower()] = (name, value)
    return tuple(headers.values())


def add_csrf_token(request: Request) -> Request:
    """Return *request* as Django's CsrfViewMiddleware wants it: with cookie and header."""
    if not request.may_write or settings.CSRF_USE_SESSIONS:
        return request
    asked = HttpRequest()
    token = get_token(asked)
    cookie = f'{settings.CSRF_COOKIE_NAME}={asked.META["CSRF_COOKIE"]}'
    given = request.get('Cookie')
    others = [header for header in request.headers if header[0].lower() != 'cookie']
    cookies = ('Cookie', f'{given}; {cookie}' if given else cookie)
    name = settings.CSRF_HEADER_NAME.removeprefix('HTTP_').replace('_', '-').title()
    return dataclasses.replace(request, headers=(*others, cookies)).add((name, token))
