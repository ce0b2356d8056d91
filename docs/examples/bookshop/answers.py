import csv
import datetime
import decimal
import io
import uuid
from collections.abc import Iterator

from apistar import Route, http
from apistar.exceptions import Found

from django_apistar.responses import StreamingResponse


def show_values() -> dict:
    return {
        'date': datetime.date(2026, 11, 28),
        'datetime': datetime.datetime(2026, 11, 28, 12, 30, tzinfo=datetime.timezone.utc),
        'price': decimal.Decimal('12.50'),
        'id': uuid.UUID(int=7),
        'tags': {'new'},
    }


def show_page(name: str = 'reader') -> str:
    return f'<p>Hello, {name}</p>'


def create_book() -> http.Response:
    headers = {'Location': '/books/7/'}
    return http.JSONResponse({'id': 7}, status_code=201, headers=headers)


def delete_book() -> http.Response:
    return http.Response(b'', status_code=204)


def show_text() -> http.Response:
    return http.Response('plain text', headers={'Content-Type': 'text/plain; charset=utf-8'})


def move() -> None:
    raise Found('/page/')


def count(up_to: int = 3) -> Iterator[dict]:
    for number in range(up_to):
        yield {'number': number}


def export() -> http.Response:
    return StreamingResponse(iter_lines(), headers={'Content-Type': 'text/csv'})


def iter_lines() -> Iterator[str]:
    for row in (['id', 'title'], [1, 'Emma'], [2, 'Persuasion']):
        line = io.StringIO()
        csv.writer(line, lineterminator='\n').writerow(row)
        yield line.getvalue()


def remember(theme: str) -> http.Response:
    cookie = f'theme={theme}; Path=/; SameSite=Lax'
    return http.JSONResponse({'theme': theme}, headers={'Set-Cookie': cookie})


routes = [
    Route('/values/', 'GET', show_values),
    Route('/page/', 'GET', show_page),
    Route('/books/', 'POST', create_book),
    Route('/books/7/', 'DELETE', delete_book),
    Route('/text/', 'GET', show_text),
    Route('/move/', 'GET', move),
    Route('/count/', 'GET', count),
    Route('/export/', 'GET', export),
    Route('/theme/{theme}/', 'POST', remember),
]
