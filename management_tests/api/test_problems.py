"""Errors by Accept: API Star's JSON, or a problem as RFC 9457 has it, in both modes."""

from http import HTTPStatus
from typing import Any, List

import hypothesis
import pytest
from apistar import Route, exceptions, types, validators
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DataError, OperationalError
from django.http import Http404, UnreadablePostError
from django.test import override_settings
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequestKeyError, Gone, ServiceUnavailable

from django_apistar import schema
from django_apistar.api import problems
from django_apistar.api.client_timeouts import SlowBodyError
from django_apistar.application import get_app
from django_apistar.authentication.components import DjangoBasicAuthentication
from django_apistar.authentication.hooks import MustBeAuthenticated
from django_apistar.conf.parser import find_problems
from django_apistar.exceptions import Conflict, HTTPError, ProblemDetails, TooManyRequests
from django_apistar.schema.validation import find_errors
from management_tests.support.oracle import ask, both_modes, build
from management_tests.support.raw_wsgi import call

PROBLEM = 'application/problem+json'
REQUEST_TOO_LARGE = HTTPStatus(413).phrase  # by the version of Python
WANTS = (('ACCEPT', PROBLEM),)


class Part(types.Type):
    name = validators.String()


class Product(types.Type):
    name = validators.String(max_length=5)
    parts = validators.Array(items=Part, default=[])


def create(product: Product) -> Product:
    return product


def create_many(products: List[Product]) -> dict:
    return {'created': len(products)}


def search(limit: int = 5) -> dict:
    return {'limit': limit}


def tag(product: Product, limit: int = 5) -> dict:
    return {'limit': limit}


def get_item(item_id: int, size: int) -> dict:
    return {'id': item_id}


def change_item(item_id: int, size: int, product: Product) -> dict:
    return {'id': item_id}


ROUTES = [
    Route('/', 'POST', create),
    Route('/', 'GET', search),
    Route('/', 'PUT', tag),
    Route('/{item_id}/', 'GET', get_item),
    Route('/{item_id}/', 'PUT', change_item),
]


def refuse(raised: Any) -> Any:
    def handler() -> dict:
        raise raised

    return handler


def ask_problem(app_class: Any, *routes: Route, **request: Any) -> tuple[int, Any, dict]:
    """Return the status, the problem and the other headers of the answer."""
    answer = ask(build(app_class, *routes), headers=WANTS, **request)
    headers = dict(answer.headers)
    assert headers.pop('content-type') == PROBLEM
    assert headers.pop('content-length') == str(len(answer.body))
    return answer.code, answer.json(), headers


def build_problem(status: int, title: str, **members: Any) -> dict[str, Any]:
    return {'type': 'about:blank', 'title': title, 'status': status, **members}


@both_modes
@pytest.mark.parametrize(
    ('raised', 'expected', 'headers'),
    [
        (Http404(), build_problem(404, 'Not Found', detail='Not found'), {}),
        (PermissionDenied(), build_problem(403, 'Forbidden', detail='Forbidden'), {}),
        (SuspiciousOperation(), build_problem(400, 'Bad Request', detail='Bad request'), {}),
        (exceptions.NotAcceptable(),
         build_problem(406, 'Not Acceptable', detail='Could not satisfy the request Accept header'),
         {}),
        (Conflict('Two are left.'), build_problem(409, 'Conflict', detail='Two are left.'), {}),
        (TooManyRequests(headers={'Retry-After': '30'}),
         build_problem(429, 'Too Many Requests', detail='Too many requests'),
         {'retry-after': '30'}),
        (OperationalError('database is locked'),
         build_problem(503, 'Service Unavailable', detail='Service unavailable'),
         {'retry-after': '1'}),
        *(
            (OperationalError(f'Sorry: {text}.'),
             build_problem(400, 'Bad Request', detail='Bad request'), {})
            for text in (
                'Expression tree is too large', 'too many SQL variables', 'pattern too complex',
                'string or blob too big',
            )
        ),
        (OperationalError('no such table: a'),
         build_problem(500, 'Internal Server Error', detail='Server error'), {}),
        (DataError('too long'), build_problem(400, 'Bad Request', detail='Bad request'), {}),
        (ValueError('too long'),
         build_problem(500, 'Internal Server Error', detail='Server error'), {}),
        (RequestDataTooBig(),
         build_problem(413, REQUEST_TOO_LARGE, detail='Request body is too large'), {}),
        (SlowBodyError(), build_problem(408, 'Request Timeout', detail='Request timeout'), {}),
        (UnreadablePostError(), build_problem(400, 'Bad Request', detail='Bad request'), {}),
        (ValidationError(['One.', 'Two.']),
         build_problem(400, 'Bad Request', detail='One. Two.'), {}),
        (ValidationError({'name': ['One.', 'Two.']}), build_problem(
            400, 'Bad Request', errors=[{'detail': 'One. Two.', 'parameter': 'name'}]
        ), {}),
        (BadRequestKeyError('file'), build_problem(400, 'Bad Request', errors=[
            {'detail': 'The "file" field is required.', 'parameter': 'file'}
        ]), {}),
        (Gone('No more.'), build_problem(410, 'Gone', detail='No more.'), {}),
        (ServiceUnavailable('Later.', retry_after=5),
         build_problem(503, 'Service Unavailable', detail='Later.'), {'retry-after': '5'}),
        (HTTPError({'message': 'Log in.'}, 401, {'WWW-Authenticate': 'Token'}),
         build_problem(401, 'Unauthorized', detail='Log in.'), {'www-authenticate': 'Token'}),
        (HTTPError({'balance': 30, 'title': 'Out of credit', 'status': 5, 'type': 7}, 403),
         build_problem(403, 'Out of credit', balance=30), {}),
        (HTTPError('Tired', 499), build_problem(499, 'Unknown', detail='Tired'), {}),
        (HTTPError(['One.', 'Two.'], 400),
         build_problem(400, 'Bad Request', errors=[{'detail': 'One.'}, {'detail': 'Two.'}]), {}),
        (HTTPError(gettext_lazy('Sold'), 404),
         build_problem(404, 'Not Found', detail='Sold'), {}),
        (HTTPError({'state': gettext_lazy('Sold')}, 404),
         build_problem(404, 'Not Found', errors=[{'detail': 'Sold', 'parameter': 'state'}]), {}),
        (HTTPError(5, 400), build_problem(400, 'Bad Request', detail='5'), {}),
        (HTTPError('No.', 403, {'Vary': 'Origin'}),
         build_problem(403, 'Forbidden', detail='No.'), {'vary': 'Origin, Accept'}),
        (HTTPError({'message': 'No.', 'detail': 5, 'instance': 7}, 403),
         build_problem(403, 'Forbidden', message='No.'), {}),
        *(
            (HTTPError({'name': 'Bad.'}, status),
             build_problem(status, HTTPStatus(status).phrase, **members), {})
            for members, statuses in [
                ({'errors': [{'detail': 'Bad.', 'parameter': 'name'}]}, (400, 404, 409, 422)),
                ({'name': 'Bad.'}, (401, 403, 405, 410, 423, 500)),
            ]
            for status in statuses
        ),
        (ZeroDivisionError(),
         build_problem(500, 'Internal Server Error', detail='Server error'), {}),
    ],
)  # fmt: skip
def test_each_exception_is_a_problem_with_its_own_headers(
    app_class, raised, expected, headers
) -> None:
    status, problem, others = ask_problem(app_class, Route('/', 'GET', refuse(raised)))

    assert (status, problem) == (expected['status'], expected)
    assert others == {'vary': 'Accept', **headers}


@both_modes
def test_handler_raises_a_problem_of_its_own(app_class) -> None:
    raised = HTTPError(
        ProblemDetails(type='/problems/stock', title='Out of stock', status=409, instance='/a/1'),
        409,
    )
    route = Route('/', 'GET', refuse(raised))
    _, problem, _ = ask_problem(app_class, route)

    assert problem == {
        'type': '/problems/stock', 'title': 'Out of stock', 'status': 409, 'instance': '/a/1',
    }  # fmt: skip
    plain = ask(build(app_class, route))
    assert (plain.code, plain.json()) == (409, problem)
    assert dict(plain.headers)['content-type'] == 'application/json'


@both_modes
@pytest.mark.parametrize(
    ('body', 'errors'),
    [
        (b'{"name": "A"}', None),
        (b'{}', [{'detail': 'The "name" field is required.', 'pointer': '#/name'}]),
        (b'{"name": "longer than five", "parts": [{"name": "a"}, {"name": 7}]}', [
            {'detail': 'Must have no more than 5 characters.', 'pointer': '#/name'},
            {'detail': 'Must be a string.', 'pointer': '#/parts/1/name'},
        ]),
    ],
)  # fmt: skip
def test_invalid_body_is_pointed_into(app_class, body, errors) -> None:
    if errors is None:
        assert ask(build(app_class, *ROUTES), method='POST', body=body, headers=WANTS).code == 200
        return
    status, problem, _ = ask_problem(app_class, *ROUTES, method='POST', body=body)

    assert (status, problem) == (400, build_problem(400, 'Bad Request', errors=errors))


@both_modes
@pytest.mark.parametrize(
    ('environ', 'member'),
    [
        ({'CONTENT_LENGTH': '0'}, 'parameter'), ({'CONTENT_LENGTH': ''}, 'parameter'),
        ({'CONTENT_LENGTH': '2'}, 'pointer'),
        ({'CONTENT_LENGTH': '', 'HTTP_TRANSFER_ENCODING': 'chunked'}, 'pointer'),
    ],
)  # fmt: skip
def test_messages_are_of_the_body_where_there_is_one(app_class, environ, member) -> None:
    route = Route('/', 'POST', refuse(HTTPError({'name': 'Bad.'}, 400)))
    _, problem, _ = ask_problem(app_class, route, method='POST', environ=environ)

    assert [list(error) for error in problem['errors']] == [['detail', member]]


@both_modes
def test_invalid_list_is_pointed_into(app_class) -> None:
    body = b'[{"name": "A"}, {"name": 5}]'
    _, problem, _ = ask_problem(
        app_class, Route('/', 'POST', create_many), method='POST', body=body
    )

    assert problem['errors'] == [{'detail': 'Must be a string.', 'pointer': '#/1/name'}]


@both_modes
@pytest.mark.parametrize(
    ('method', 'path', 'query', 'status', 'errors'),
    [
        ('GET', '/', 'limit=x', 400, [{'detail': 'Must be a number.', 'parameter': 'limit'}]),
        ('PUT', '/', 'limit=x', 400, [{'detail': 'Must be a number.', 'parameter': 'limit'}]),
        ('GET', '/5/', '', 404,
         [{'detail': 'The "size" field is required.', 'parameter': 'size'}]),
        ('PUT', '/5/', '', 404,
         [{'detail': 'The "size" field is required.', 'parameter': 'size'}]),
    ],
)  # fmt: skip
def test_invalid_parameter_is_named(app_class, method, path, query, status, errors) -> None:
    body = b'{"name": "A"}' if method == 'PUT' else b''
    answered, problem, _ = ask_problem(
        app_class, *ROUTES, method=method, path=path, query=query, body=body
    )

    assert (answered, problem['errors']) == (status, errors)


@both_modes
@pytest.mark.parametrize(
    ('messages', 'pointers'),
    [
        ({'a/b~c': ['Bad.']}, ['#/a~1b~0c']),
        ({'größe': ['Bad.']}, ['#/gr%C3%B6%C3%9Fe']),
        ({'a b%': ['Bad.']}, ['#/a%20b%25']),
        ({'a\ud800': ['Bad.']}, ['#/a?']),
        ({"!$&'()*+,;=:@?~#": ['Bad.']}, ["#/!$&'()*+,;=:@?~0%23"]),
        ({NON_FIELD_ERRORS: ['Bad.']}, ['#']),
    ],
)
def test_django_validation_errors_are_pointed_into(app_class, messages, pointers) -> None:
    route = Route('/', 'POST', refuse(ValidationError(messages)))
    _, problem, _ = ask_problem(app_class, route, method='POST', body=b'{}')

    assert [error['pointer'] for error in problem['errors']] == pointers


@both_modes
@pytest.mark.parametrize(
    ('request_of', 'expected', 'headers'),
    [
        ({'path': '/none/at/all'}, build_problem(404, 'Not Found', detail='Not found'), {}),
        ({'method': 'DELETE'},
         build_problem(405, 'Method Not Allowed', detail='Method not allowed'),
         {'allow': 'GET, HEAD, POST, PUT, OPTIONS'}),
        ({'method': 'POST', 'body': b'{'},
         build_problem(400, 'Bad Request',
                       detail='Malformed JSON. Expecting property name enclosed in double quotes: '
                       'line 1 column 2 (char 1)'), {}),
        ({'method': 'POST', 'body': b'a', 'content_type': 'text/csv'},
         build_problem(415, 'Unsupported Media Type',
                       detail='Unsupported Content-Type header in request'), {}),
    ],
)  # fmt: skip
def test_what_no_handler_sees_is_a_problem(app_class, request_of, expected, headers) -> None:
    status, problem, others = ask_problem(app_class, *ROUTES, **request_of)

    assert (status, problem) == (expected['status'], expected)
    assert others == {'vary': 'Accept', **headers}


@both_modes
def test_redirects_and_answers_stay_what_they_are(app_class) -> None:
    app = build(app_class, *ROUTES)

    for request in ({'path': '/5'}, {'query': 'limit=3'}, {'method': 'OPTIONS'}):
        assert ask(app, headers=WANTS, **request) == ask(app, **request)


class Problems:
    """The same, with ERRORS = 'problem'."""

    sends_problems = True


@both_modes
@pytest.mark.parametrize(
    ('accept', 'by_default', 'by_setting'),
    [
        (None, 'JSON', 'problem'),
        ('', 'JSON', 'problem'),
        ('*/*', 'JSON', 'problem'),
        ('text/html', 'JSON', 'problem'),
        ('application/json', 'JSON', 'JSON'),
        ('application/json, text/plain, */*', 'JSON', 'problem'),
        ('application/problem+json', 'problem', 'problem'),
        ('Application/Problem+JSON', 'problem', 'problem'),
        ('application/json, application/problem+json', 'JSON', 'problem'),
        ('application/problem+json, application/json;q=0.9', 'problem', 'problem'),
        ('application/problem+json;q=0.2, application/json;q=0.9', 'JSON', 'JSON'),
        ('application/problem+json, */*', 'problem', 'problem'),
        ('application/problem+json;q=0.5, */*', 'JSON', 'JSON'),
        ('application/problem+json;q=0, */*', 'JSON', 'JSON'),
        ('application/problem+json;q=0', 'JSON', 'problem'),
        ('application/problem+json;q=x, , ;;', 'JSON', 'problem'),
        ('problem', 'JSON', 'problem'),
    ],
)
def test_client_gets_the_form_that_it_prefers(app_class, accept, by_default, by_setting) -> None:
    headers = () if accept is None else (('ACCEPT', accept),)
    forms = {'application/json': 'JSON', PROBLEM: 'problem'}
    found = []
    for base in (app_class, type('Sending', (Problems, app_class), {})):
        app = build(base, *ROUTES)
        for request in ({'path': '/none/'}, {'query': 'limit=x'}):
            answer = ask(app, headers=headers, **request)
            found.append((answer.code, forms[dict(answer.headers)['content-type']]))

    assert found == [(404, by_default), (400, by_default), (404, by_setting), (400, by_setting)]


@pytest.mark.once
@hypothesis.settings(deadline=None)
@given(st.text(st.characters(max_codepoint=255)))
def test_no_accept_header_is_too_odd(text) -> None:
    for accept in (text, f'application/problem+json;{text}', f'{text},application/problem+json'):
        environ = {'HTTP_ACCEPT': accept}
        assert problems.are_preferred(environ, False) in (True, False)
        assert problems.are_preferred(environ, True) in (True, False)


@pytest.mark.django_db
def test_refusals_before_the_app_are_problems() -> None:
    wrong_host = call('/', HTTP_HOST='evil.example.com', HTTP_ACCEPT=PROBLEM)
    no_file = call('/static/none.css', HTTP_ACCEPT=PROBLEM)
    posted = call('/static/apistar/css/base.css', 'POST', HTTP_ACCEPT=PROBLEM)

    assert [answer.json() for answer in (wrong_host, no_file, posted)] == [
        build_problem(400, 'Bad Request', detail='Invalid Host header'),
        build_problem(404, 'Not Found', detail='Not found'),
        build_problem(405, 'Method Not Allowed', detail='Method not allowed'),
    ]  # fmt: skip
    assert {answer.headers['content-type'] for answer in (wrong_host, no_file, posted)} == {PROBLEM}
    assert posted.headers['allow'] == 'GET, HEAD, OPTIONS'


@pytest.mark.django_db
def test_setting_makes_problems_the_default(settings) -> None:
    settings.APISTAR_SETTINGS = {**settings.APISTAR_SETTINGS, 'ERRORS': 'problem'}

    answers = [call('/none/'), call('/', HTTP_HOST='evil.example.com'), call('/static/none.css')]
    assert [answer.headers['content-type'] for answer in answers] == [PROBLEM] * 3
    plain = call('/none/', HTTP_ACCEPT='application/json')
    assert (plain.body, plain.headers['content-type']) == (b'"Not found"', 'application/json')
    assert plain.headers['vary'] == answers[0].headers['vary'] == 'Accept'


@both_modes
def test_browser_keeps_its_traceback_under_debug(app_class) -> None:
    app = build(app_class, Route('/', 'GET', refuse(ZeroDivisionError())))
    with override_settings(DEBUG=True):
        answer = ask(app, headers=(('ACCEPT', 'text/html, application/problem+json'),))

    assert (answer.code, dict(answer.headers)['content-type']) == (500, 'text/html; charset=utf-8')


@both_modes
def test_an_apps_own_exception_handler_stays(app_class) -> None:
    class Own(app_class):
        def exception_handler(self, exc: Exception) -> Any:
            response = super().exception_handler(exc)
            response.headers['x-own'] = '1'
            return response

    answer = ask(build(Own, Route('/', 'GET', refuse(Http404()))), headers=WANTS)

    assert (answer.code, answer.json()) == (404, 'Not found')


@both_modes
def test_body_that_is_too_large_is_a_problem(app_class) -> None:
    status, problem, _ = ask_problem(app_class, Route('/', 'GET', refuse(RequestDataTooBig())))

    assert (status, problem['detail']) == (413, 'Request body is too large')


@pytest.mark.once
@pytest.mark.parametrize('version', ['3.1', '3.0'])
def test_document_has_problems_where_they_are_the_default(settings, version) -> None:
    plain = schema.build_app_openapi(get_app(), version)['components']
    settings.APISTAR_SETTINGS = {**settings.APISTAR_SETTINGS, 'ERRORS': 'problem'}
    document = schema.build_app_openapi(get_app(), version)['components']

    assert find_errors(schema.build_app_openapi(get_app(), version)) == ()
    body = {'schema': {'$ref': '#/components/schemas/ErrorBody'}}
    problem = {'schema': {'$ref': '#/components/schemas/ProblemDetails'}}
    assert plain['responses']['NotFound']['content'] == {'application/json': body}
    assert 'ProblemDetails' not in plain['schemas']
    assert {name: item['content'] for name, item in document['responses'].items()} == {
        name: {PROBLEM: problem, 'application/json': body} for name in document['responses']
    }
    assert document['schemas']['ProblemDetails']['required'] == ['title', 'status']


@pytest.mark.once
def test_swagger_document_has_problems_where_they_are_the_default(settings) -> None:
    settings.APISTAR_SETTINGS = {**settings.APISTAR_SETTINGS, 'ERRORS': 'problem'}
    app = get_app()
    document = schema.build_swagger(
        app.router.entries, schema.info_of(app), schema.surroundings_of(app)
    )

    assert document['responses']['NotFound']['schema'] == {'$ref': '#/definitions/ProblemDetails'}


@pytest.mark.once
@pytest.mark.parametrize('given', ['problems', None, 5, ['problem']])
def test_E011_errors_of_a_form_that_there_is_not(settings, given) -> None:
    settings.APISTAR_SETTINGS = {**settings.APISTAR_SETTINGS, 'ERRORS': given}

    assert [(problem.id, problem.message) for problem in find_problems()] == [
        ('E011', f"ERRORS is {given!r}; it must be 'apistar' or 'problem'."),
    ]  # fmt: skip


@both_modes
def test_refusal_of_a_hook_is_a_problem_with_its_challenge(app_class) -> None:
    app = build(
        app_class, *ROUTES, components=[DjangoBasicAuthentication()], hooks=[MustBeAuthenticated]
    )
    answer = ask(app, headers=WANTS)

    assert (answer.code, answer.json()) == (
        401, build_problem(401, 'Unauthorized', detail='User must be logged in.'),
    )  # fmt: skip
    assert dict(answer.headers)['www-authenticate'] == 'Basic realm="api", charset="UTF-8"'
