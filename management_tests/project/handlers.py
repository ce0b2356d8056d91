"""Handlers that API Star answers with."""

import zoneinfo
from collections.abc import Iterator
from typing import Any

from apistar import http, types, validators
from apistar.server.wsgi import WSGIEnviron
from django.urls import get_urlconf, set_urlconf
from django.utils import timezone, translation

from management_tests.project.models import Note


class NoteType(types.Type):
    id = validators.Integer(allow_null=True)
    text = validators.String(max_length=100)


def welcome(name: str = '') -> dict:
    return {'message': f'Welcome, {name}!' if name else 'Welcome!'}


def echo(request: http.Request, params: http.QueryParams, environ: WSGIEnviron) -> dict:
    """Tell what arrived."""
    return _describe(request, params, environ)


def echo_name(
    name: str, request: http.Request, params: http.QueryParams, environ: WSGIEnviron
) -> dict:
    return {**_describe(request, params, environ), 'parameters': {'name': name}}


def _describe(request: http.Request, params: http.QueryParams, environ: Any) -> dict:
    return {
        'method': str(request.method),
        'url': str(request.url),
        'path_info': environ['PATH_INFO'],
        'query': [list(item) for item in params],
        'body': request.body.decode('latin-1'),
        'client': environ['REMOTE_ADDR'],
        'headers': dict(request.headers),
    }


def number(number: int, limit: int = 10) -> dict:
    return {'number': number, 'limit': limit}


def files(path: str) -> dict:
    return {'path': path}


def list_notes() -> list[NoteType]:
    return [NoteType(note) for note in Note.objects.order_by('id')]


def create_note(note: NoteType) -> NoteType:
    created = Note.objects.create(text=note.text)
    return http.JSONResponse(NoteType(created), status_code=201)


def set_cookies() -> http.Response:
    headers = [('Set-Cookie', 'a=1; Path=/'), ('Set-Cookie', 'b=2; Path=/')]
    return http.JSONResponse({}, headers=headers)


def redirect(to: str, status: int = 302) -> http.Response:
    return http.Response(b'', status_code=status, headers={'Location': to})


def activate() -> str:
    """Leave everything behind that a handler can leave."""
    translation.activate('pt-br')
    timezone.activate(zoneinfo.ZoneInfo('America/Sao_Paulo'))
    set_urlconf('management_tests.project.no_urls')
    return 'activated'


def active() -> dict:
    """Tell what an earlier request may have left."""
    return {
        'language': translation.get_language(),
        'timezone': timezone.get_current_timezone_name(),
        'urlconf': get_urlconf(),
    }


def boom() -> None:
    raise ZeroDivisionError('from a handler')


def leave() -> None:
    raise SystemExit(3)


def html() -> str:
    return '<h1>é</h1>'


def empty() -> http.Response:
    return http.Response(b'', status_code=204)


def stream() -> Iterator[str]:
    yield 'one '
    yield 'two'
