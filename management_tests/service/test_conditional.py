"""ETag, Last-Modified and the preconditions of clients, in each mode."""

import datetime
import functools
import logging
from typing import Any, List

import hypothesis
import pytest
from apistar import Route, http, types, validators
from apistar.exceptions import ConfigurationError, NotFound
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.views.decorators.http import condition
from hypothesis import given
from hypothesis import strategies as st

from django_apistar.responses import conditional
from django_apistar.schema import build_app_openapi, build_swagger
from django_apistar.schema.validation import find_errors
from django_apistar.service.conditional import quote_etag
from management_tests.project import models
from management_tests.support.oracle import Accelerated, ask, both_modes, build

PRINTABLE = "!#$%&'()*+-./09:;<=>?@AZ[\\]^_`az{|}~"  # but for what is escaped
VERSIONS = {1: 'one', 2: 'W/"two"', 3: 'with space, and comma', 6: f' {PRINTABLE}\x7f'}
DAY = datetime.datetime(2026, 11, 28, 12, 0, 0, 999, tzinfo=datetime.timezone.utc)
HTTP_DAY = 'Sat, 28 Nov 2026 12:00:00 GMT'
written: list[int] = []


class Book(types.Type):
    title = validators.String(max_length=5)


def get_version(book_id: int) -> str:
    if book_id == 9:
        raise NotFound()
    return VERSIONS.get(book_id)


def get_day(book_id: int) -> datetime.datetime:
    return {4: None, 5: DAY.replace(tzinfo=None)}.get(book_id, DAY)  # without a zone it is UTC


@conditional(etag=get_version)
def show(book_id: int) -> Book:
    return Book(title='Emma')


@conditional(etag=get_version)
def update(book_id: int, book: Book) -> Book:
    written.append(book_id)
    return book


@conditional(etag=get_version, last_modified=get_day)
def show_dated(book_id: int) -> dict:
    return {'id': book_id}


@conditional(last_modified=get_day)
def touch(book_id: int, accept: http.Header) -> dict:
    return {'id': book_id}


ROUTES = [
    Route('/{book_id}/', 'GET', show),
    Route('/{book_id}/', 'PUT', update),
    Route('/dated/{book_id}/', 'GET', show_dated),
    Route('/touched/{book_id}/', 'GET', touch),
    Route('/touched/{book_id}/', 'PUT', touch, name='put'),
]


@functools.cache
def get_app(app_class: Any) -> Any:
    return build(app_class, *ROUTES)


def answer(app_class: Any, path: str, method: str = 'GET', **headers: str) -> Any:
    """Return (status, ETag, Last-Modified, body)."""
    body = b'{"title": "Emma"}' if method == 'PUT' else b''
    found = ask(
        get_app(app_class), path=path, method=method, body=body, headers=(*headers.items(),)
    )
    names = dict(found.headers)
    return found.code, names.get('etag'), names.get('last-modified'), found.body


@both_modes
def test_first_answer_has_the_version(app_class) -> None:
    assert answer(app_class, '/1/') == (200, '"one"', None, b'{"title":"Emma"}')
    assert answer(app_class, '/2/') == (200, 'W/"two"', None, b'{"title":"Emma"}')
    assert answer(app_class, '/3/')[:2] == (200, '"with%20space%2C%20and%20comma"')
    assert answer(app_class, '/6/')[:2] == (200, f'"%20{PRINTABLE}%7F"')
    assert answer(app_class, '/dated/1/') == (200, '"one"', HTTP_DAY, b'{"id":1}')
    assert answer(app_class, '/dated/1/', 'HEAD') == (200, '"one"', HTTP_DAY, b'')
    assert answer(app_class, '/dated/5/') == (200, None, HTTP_DAY, b'{"id":5}')


@both_modes
@pytest.mark.parametrize(
    ('path', 'headers', 'expected'),
    [
        ('/1/', {'IF_NONE_MATCH': '"one"'}, 304),
        ('/1/', {'IF_NONE_MATCH': 'W/"one"'}, 304),  # weak comparison
        ('/1/', {'IF_NONE_MATCH': '"two", "one"'}, 304),
        ('/1/', {'IF_NONE_MATCH': ' * '}, 304),
        ('/2/', {'IF_NONE_MATCH': '"two"'}, 304),
        ('/3/', {'IF_NONE_MATCH': '"with%20space%2C%20and%20comma"'}, 304),
        ('/1/', {'IF_NONE_MATCH': '"other"'}, 200),
        ('/1/', {'IF_NONE_MATCH': 'one'}, 200),  # no ETag: without quotes
        ('/1/', {'IF_NONE_MATCH': '"one'}, 200),
        ('/1/', {'IF_NONE_MATCH': ''}, 200),
        ('/5/', {'IF_NONE_MATCH': '*'}, 200),  # there is no version
        ('/1/', {'IF_MATCH': '"one"'}, 200),
        ('/1/', {'IF_MATCH': 'W/"one"'}, 412),  # strong comparison
        ('/2/', {'IF_MATCH': 'W/"two"'}, 412),
        ('/2/', {'IF_MATCH': '*'}, 200),
        ('/1/', {'IF_MATCH': '"other"'}, 412),
        ('/1/', {'IF_MATCH': 'one'}, 412),  # what cannot be read matches nothing
        ('/1/', {'IF_MATCH': ''}, 412),
        ('/9/', {'IF_MATCH': '"one"'}, 404),
        ('/dated/1/', {'IF_MODIFIED_SINCE': HTTP_DAY}, 304),
        ('/dated/1/', {'IF_MODIFIED_SINCE': 'Saturday, 28-Nov-26 12:00:00 GMT'}, 304),
        ('/dated/1/', {'IF_MODIFIED_SINCE': 'Sat Nov 28 12:00:00 2026'}, 304),
        ('/dated/1/', {'IF_MODIFIED_SINCE': 'Fri, 27 Nov 2026 12:00:00 GMT'}, 200),
        ('/dated/1/', {'IF_MODIFIED_SINCE': '2026-11-28'}, 200),
        ('/dated/1/', {'IF_MODIFIED_SINCE': HTTP_DAY, 'IF_NONE_MATCH': '"other"'}, 200),
        ('/dated/1/', {'IF_MODIFIED_SINCE': HTTP_DAY, 'IF_NONE_MATCH': 'odd'}, 200),
        ('/dated/1/', {'IF_UNMODIFIED_SINCE': HTTP_DAY}, 200),
        ('/dated/1/', {'IF_UNMODIFIED_SINCE': 'Fri, 27 Nov 2026 12:00:00 GMT'}, 412),
        ('/dated/1/', {'IF_UNMODIFIED_SINCE': 'yesterday'}, 200),
        ('/1/', {'IF_UNMODIFIED_SINCE': 'Fri, 27 Nov 2026 12:00:00 GMT'}, 200),  # no date is known
        ('/touched/1/', {'IF_MATCH': '*'}, 200),
        ('/touched/1/', {'IF_MATCH': '"one"'}, 412),
        ('/touched/1/', {'IF_NONE_MATCH': '*'}, 304),
        ('/touched/4/', {'IF_NONE_MATCH': '*'}, 200),
        ('/touched/4/', {'IF_MATCH': '*'}, 412),
    ],
)  # fmt: skip
def test_preconditions_of_a_read(app_class, path, headers, expected) -> None:
    status, _, _, body = answer(app_class, path, **headers)

    assert status == expected
    assert (body == b'') == (status == 304)


@both_modes
def test_304_has_the_version_and_no_content(app_class) -> None:
    app = build(app_class, *ROUTES)
    found = ask(app, path='/dated/1/', headers=(('IF_NONE_MATCH', '"one"'),))

    assert (found.code, dict(found.headers), found.body) == (
        304, {'etag': '"one"', 'last-modified': HTTP_DAY}, b'',
    )  # fmt: skip


@both_modes
@pytest.mark.parametrize(
    ('path', 'headers', 'expected'),
    [
        ('/1/', {}, 200),
        ('/1/', {'IF_MATCH': '"one"'}, 200),
        ('/1/', {'IF_MATCH': '"two" , "one"'}, 200),
        ('/1/', {'IF_MATCH': '"two"'}, 412),
        ('/1/', {'IF_MATCH': 'odd'}, 412),
        ('/1/', {'IF_NONE_MATCH': '*'}, 412),
        ('/5/', {'IF_NONE_MATCH': '*'}, 200),
        ('/5/', {'IF_MATCH': '*'}, 412),
        ('/touched/1/', {'IF_UNMODIFIED_SINCE': 'Fri, 27 Nov 2026 12:00:00 GMT'}, 412),
        ('/touched/1/', {'IF_MODIFIED_SINCE': HTTP_DAY}, 200),
    ],
)
def test_preconditions_of_a_write_hold_before_the_handler_runs(
    app_class, path, headers, expected
) -> None:
    written.clear()
    status, etag, modified, body = answer(app_class, path, 'PUT', **headers)

    assert (status, etag, modified) == (expected, None, None)
    if expected == 412:
        assert (body, written) == (b'"Precondition failed"', [])
    elif path == '/1/':
        assert written == [1]


@both_modes
def test_412_is_logged_once(app_class, caplog) -> None:
    with caplog.at_level(logging.WARNING, 'django.request'):
        answer(app_class, '/1/', 'PUT', IF_MATCH='"two"')

    assert [record.getMessage() for record in caplog.records] == ['Precondition Failed: /1/']


@both_modes
def test_412_is_a_problem_where_that_is_preferred(app_class) -> None:
    _, _, _, body = answer(
        app_class, '/1/', 'PUT', IF_MATCH='"two"', ACCEPT='application/problem+json'
    )

    assert body == (
        b'{"type":"about:blank","title":"Precondition Failed","status":412,'
        b'"detail":"Precondition failed"}'
    )


@both_modes
def test_parameters_of_both_functions_are_injected_and_validated(app_class) -> None:
    def get_tag(wanted: int, accept: http.Header) -> str:
        return f'{wanted}-{accept}'

    @conditional(etag=get_tag)
    def handler(name: str = 'none') -> dict:
        return {'name': name}

    app = build(app_class, Route('/', 'GET', handler))
    found = ask(app, query='wanted=3&name=x', headers=(('ACCEPT', '*/*'),))

    assert (found.code, dict(found.headers)['etag'], found.json()) == (
        200,
        '"3-*/*"',
        {'name': 'x'},
    )
    assert ask(app, query='wanted=x').code == 400


@both_modes
def test_version_of_the_handlers_own_response_stays(app_class) -> None:
    @conditional(etag=lambda: 'ours')
    def handler() -> dict:
        return http.JSONResponse({}, 201, {'ETag': '"own"'})

    found = ask(build(app_class, Route('/', 'GET', handler)))

    assert (found.code, dict(found.headers)['etag']) == (201, '"own"')


@both_modes
@pytest.mark.parametrize(('status', 'has_version'), [(299, True), (300, False), (404, False)])
def test_answer_that_is_no_success_has_no_version(app_class, status, has_version) -> None:
    @conditional(etag=lambda: 'v1')
    def handler() -> dict:
        return http.JSONResponse('None is left.', status)

    found = ask(build(app_class, Route('/', 'GET', handler)))

    assert (found.code, 'etag' in dict(found.headers)) == (status, has_version)


@both_modes
@pytest.mark.django_db
def test_rows_of_a_queryset_are_shown_by_their_type(app_class) -> None:
    class Row(types.Type):
        text = validators.String()

    def plain() -> List[Row]:
        return models.Note.objects.order_by('pk')

    models.Note.objects.create(text='Pen')
    routes = [
        Route('/plain/', 'GET', plain),
        Route('/', 'GET', conditional(etag=lambda: 'v')(plain), name='conditional'),
    ]
    app = build(app_class, *routes)

    assert ask(app).body == ask(app, path='/plain/').body == b'[{"text":"Pen"}]'


@pytest.mark.once
@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        ({}, 'conditional() has etag=None and last_modified=None; it needs a function'),
        ({'etag': 'v1'}, "conditional() has etag='v1' and last_modified=None; it needs a function"),
    ],
)
def test_conditional_without_a_function_says_so(options, sentence) -> None:
    with pytest.raises(ConfigurationError) as caught:
        conditional(**options)

    rest = ' for one of them: @conditional(etag=get_version).'
    assert str(caught.value) == sentence + rest


@pytest.mark.once
def test_parameter_that_two_functions_annotate_differently_says_so() -> None:
    def get_tag(book_id: str) -> str: ...

    with pytest.raises(ConfigurationError) as caught:
        conditional(etag=get_tag)(show.__wrapped__)

    name = f'{__name__}.test_parameter_that_two_functions_annotate_differently_says_so'
    assert str(caught.value) == (
        f'{name}.<locals>.get_tag takes book_id: str, and {__name__}.show takes book_id: int; '
        'annotate both alike.'
    )


@pytest.mark.once
@hypothesis.settings(deadline=None)
@given(st.text(), st.sampled_from(['{}', '"{}"', 'W/"{}"']))
def test_every_version_is_an_etag_that_matches_itself(text, form) -> None:
    etag = quote_etag(form.format(text))

    assert etag.isascii()
    assert etag.isprintable()
    assert ' ' not in etag


@pytest.mark.once
@hypothesis.settings(deadline=None)
@given(
    st.sampled_from(['IF_MATCH', 'IF_NONE_MATCH', 'IF_MODIFIED_SINCE', 'IF_UNMODIFIED_SINCE']),
    st.text(st.characters(max_codepoint=255)),
    st.sampled_from(['GET', 'PUT']),
)
def test_no_precondition_is_too_odd(header, text, method) -> None:
    status, *_ = answer(Accelerated, '/touched/1/', method, **{header: text})

    assert status in (200, 304, 412)


@pytest.mark.once
@hypothesis.settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(['IF_MATCH', 'IF_NONE_MATCH', 'IF_MODIFIED_SINCE', 'IF_UNMODIFIED_SINCE']),
        st.sampled_from(['*', '"one"', 'W/"one"', '"two"', '"two", W/"one"', HTTP_DAY,
                         'Fri, 27 Nov 2026 12:00:00 GMT']),
    ),
)  # fmt: skip
def test_answers_are_those_of_djangos_condition(headers) -> None:
    """But for If-Match that is no ETag, and a date beside an ETag that is none."""
    if any(name.endswith('MATCH') == ('GMT' in value) for name, value in headers.items()):
        return
    view = condition(lambda request: '"one"', lambda request: DAY)(lambda request: HttpResponse())
    request = RequestFactory().get(
        '/', **{f'HTTP_{name}': value for name, value in headers.items()}
    )
    theirs = view(request)
    status, etag, modified, _ = answer(Accelerated, '/dated/1/', **headers)

    assert status == theirs.status_code
    if status != 412:  # Django has the version beside that as well
        assert (etag, modified) == (theirs['ETag'], theirs['Last-Modified'])


@pytest.mark.once
def test_conditional_handlers_are_compiled() -> None:
    app = build(Accelerated, *ROUTES)

    assert [app.responder.is_compiled(route) for route in ROUTES] == [True] * len(ROUTES)


def build_operations(version: str) -> Any:
    app = build(Accelerated, *ROUTES)
    document = build_app_openapi(app, version)
    assert find_errors(document) == ()
    return document['paths']


@pytest.mark.once
@pytest.mark.parametrize('version', ['3.1', '3.0'])
def test_document_has_the_versions_and_their_preconditions(version) -> None:
    paths = build_operations(version)
    read, write = paths['/{book_id}/']['get'], paths['/{book_id}/']['put']
    etag = {
        'ETag': {'description': 'The version of what is answered.', 'schema': {'type': 'string'}}
    }

    assert read['responses']['200']['headers'] == etag
    assert read['responses']['304'] == {
        'description': 'The client has the current version already.', 'headers': etag,
    }  # fmt: skip
    assert [*read['responses']] == ['200', '304', '404', '412', 'default']
    assert [*write['responses']] == ['200', '400', '404', '412', '413', '415', 'default']
    assert 'headers' not in write['responses']['200']
    assert [item['name'] for item in read['parameters']] == ['book_id', 'If-None-Match']
    assert [item['name'] for item in write['parameters']] == ['book_id', 'If-Match']
    assert [item['name'] for item in paths['/dated/{book_id}/']['get']['parameters']] == [
        'book_id', 'If-None-Match', 'If-Modified-Since',
    ]  # fmt: skip


@pytest.mark.once
def test_swagger_document_has_them_too() -> None:
    app = build(Accelerated, *ROUTES)
    document = build_swagger(app.router.entries)
    read = document['paths']['/{book_id}/']['get']

    assert find_errors(document) == ()
    assert read['responses']['304']['headers']['ETag']['type'] == 'string'
    assert read['parameters'][-1]['name'] == 'If-None-Match'


@both_modes
@pytest.mark.django_db(transaction=True)
def test_version_is_read_in_the_transaction_of_the_write(app_class, monkeypatch) -> None:
    monkeypatch.setitem(settings.DATABASES['default'], 'ATOMIC_REQUESTS', True)

    @conditional(etag=lambda: str(connection.in_atomic_block))
    def handler() -> dict:
        return {}

    found = ask(build(app_class, Route('/', 'GET', handler)))

    assert dict(found.headers)['etag'] == '"True"'


def get_text() -> str:
    return '2026-01-01'


@conditional(last_modified=get_text)
def show_text() -> dict:
    raise NotImplementedError


def test_what_is_no_datetime_is_named(caplog) -> None:
    app = build(Accelerated, Route('/', 'GET', show_text))

    assert ask(app).status == '500 Internal Server Error'
    [record] = [record for record in caplog.records if record.name == 'django.request']
    assert str(record.exc_info[1]) == (
        f"{__name__}.get_text returned '2026-01-01'; it must be a datetime or None."
    )
