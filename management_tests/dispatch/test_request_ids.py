"""REQUEST_ID_HEADER: an id for each request, in its answer, its environ and its log records."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import pytest
from apistar import Route
from apistar.server.wsgi import WSGIEnviron
from django.conf import settings as django_settings
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path

from django_apistar.conf.operation import NOTE_ROUTES
from django_apistar.dispatch import Dispatcher, get_application
from django_apistar.logs import RequestIdFilter
from django_apistar.test import TestClient
from management_tests.support.raw_wsgi import build_environ

HEADER = 'X-Request-ID'
logger = logging.getLogger(__name__)


def show(environ: WSGIEnviron) -> dict:
    return {'id': environ['django_apistar.request_id'], 'header': environ['HTTP_X_REQUEST_ID']}


def stream() -> Iterator[str]:
    yield 'first'
    logger.warning('within the stream')


def fail() -> None:
    raise ZeroDivisionError


def show_django(request: HttpRequest) -> HttpResponse:
    return JsonResponse(show(request.META))


def stream_django(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(stream())


def send_file(request: HttpRequest) -> FileResponse:
    return FileResponse(Path(__file__).open('rb'))


routes = [
    Route('/show/', 'GET', show), Route('/stream/', 'GET', stream), Route('/fail/', 'GET', fail),
]  # fmt: skip
urlpatterns = [
    path('page/show/', show_django), path('page/stream/', stream_django),
    path('page/file/', send_file),
]  # fmt: skip


@pytest.fixture(autouse=True)
def with_ids() -> Iterator[None]:
    keys = {
        **django_settings.APISTAR_SETTINGS, 'REQUEST_ID_HEADER': HEADER,
        'ALLOWED_DJANGO_ROUTES': ['/page/'],
    }  # fmt: skip
    with override_settings(
        APISTAR_SETTINGS=keys, APISTAR_ROUTE_CONF=__name__, ROOT_URLCONF=__name__
    ):
        yield


@pytest.fixture
def records() -> Iterator[list[tuple[str, str]]]:
    """Yield what is logged meanwhile: (logger, request id)."""
    seen: list[tuple[str, str]] = []

    class Handler(logging.Handler):
        def emit(self, record: Any) -> None:
            seen.append((record.name, record.request_id))

    handler = Handler()
    handler.addFilter(RequestIdFilter())
    logging.getLogger().addHandler(handler)
    yield seen
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize('path_', ['/show/', '/page/show/'])
@pytest.mark.parametrize('given', ['a', 'A-b_c.1', 'x' * 128])
def test_id_that_is_harmless_is_taken(path_: str, given: str) -> None:
    answer = TestClient().get(path_, headers={HEADER: given})

    assert answer.headers[HEADER] == given
    assert answer.json() == {'id': given, 'header': given}


@pytest.mark.parametrize('path_', ['/show/', '/page/show/'])
@pytest.mark.parametrize('given', [None, '', 'x' * 129, 'a b', 'é', 'a\tb', 'a"', '${jndi:x}'])
def test_any_other_id_is_replaced_by_a_new_one(path_: str, given: str | None) -> None:
    headers = {} if given is None else {HEADER: given.encode('latin-1')}
    first, second = (TestClient().get(path_, headers=headers) for _ in range(2))

    made = first.headers[HEADER]
    assert re.fullmatch('[0-9a-f]{32}', made)
    assert first.json() == {'id': made, 'header': made}
    assert second.headers[HEADER] != made


@pytest.mark.parametrize(
    ('path_', 'status'), [('/nope/', 404), ('/show', 302), ('/fail/', 500), ('/page/nope/', 404)]
)
def test_answer_without_a_handler_has_one_too(path_: str, status: int) -> None:
    client = TestClient(raise_server_exceptions=False)

    answer = client.get(path_, headers={HEADER: 'a'}, allow_redirects=False)

    assert (answer.status_code, answer.headers[HEADER]) == (status, 'a')


@pytest.mark.parametrize('path_', ['/stream/', '/page/stream/'])
def test_each_log_record_of_a_request_has_its_id(
    path_: str, records: list[tuple[str, str]]
) -> None:
    TestClient().get(path_, headers={HEADER: 'of-this-request'})
    logger.warning('outside')

    assert records == [(__name__, 'of-this-request'), (__name__, '-')]


def test_fault_is_logged_with_the_id(records: list[tuple[str, str]]) -> None:
    client = TestClient(raise_server_exceptions=False)

    client.get('/fail/', headers={HEADER: 'of-this-request'})

    assert records == [('django.request', 'of-this-request')]


@pytest.mark.django_db
def test_a_file_that_the_server_may_send_reaches_it_as_it_is() -> None:
    environ = build_environ('/page/file/', **{'wsgi.file_wrapper': FileWrapper})

    body = get_application()(environ, lambda *head: None)

    assert type(body) is FileWrapper
    body.close()


def test_header_that_a_handler_sets_itself_is_not_doubled() -> None:
    def call(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response('200 OK', [('x-request-id', 'mine'), ('a', 'b')])
        return []

    from django_apistar.dispatch.layers import name_requests

    seen: list[Any] = []
    name_requests(HEADER)(call)({'HTTP_X_REQUEST_ID': 'given'}, lambda *args: seen.append(args))

    assert seen == [('200 OK', [('a', 'b'), (HEADER, 'given')], None)]


def test_without_the_setting_nothing_stands_around_the_dispatcher() -> None:
    keys = {**django_settings.APISTAR_SETTINGS, 'REQUEST_ID_HEADER': None}
    with override_settings(APISTAR_SETTINGS=keys):
        assert type(get_application()) is Dispatcher
        assert HEADER not in TestClient().get('/nope/', headers={HEADER: 'a'}).headers


@pytest.mark.django_db
@pytest.mark.parametrize(
    ('header', 'note', 'routes'),
    [
        (None, None, [None, None, None]),
        (HEADER, None, ['/stream/', '/page/stream/', None]),
        (None, '1', ['/stream/', '/page/stream/', None]),
    ],
)  # fmt: skip
def test_route_is_in_the_environ_for_ids_and_for_a_log_that_names_it(
    header: str | None, note: str | None, routes: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(NOTE_ROUTES, raising=False)
    if note:
        monkeypatch.setenv(NOTE_ROUTES, note)
    keys = {**django_settings.APISTAR_SETTINGS, 'REQUEST_ID_HEADER': header}
    with override_settings(APISTAR_SETTINGS=keys):
        found = [note_route(path_) for path_ in ('/stream/', '/page/stream/', '/nope/')]

    assert found == routes


def note_route(path_: str) -> str | None:
    """Return the route in the environ of a request that has been answered."""
    environ = RequestFactory().get(path_).environ
    list(get_application()(environ, lambda *_: None))
    return environ.get('django_apistar.route')
