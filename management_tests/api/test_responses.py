"""What API Star did wrong with responses (J1, J2, P1 to P12), and streaming."""

import datetime
import decimal
import enum
import ipaddress
import json
import string
import tracemalloc
import typing
import uuid
from collections.abc import Iterator
from wsgiref.validate import validator

import hypothesis
import pytest
from apistar import Route, exceptions, http, types, validators
from django.core.serializers.json import DjangoJSONEncoder
from django.test import override_settings
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy
from hypothesis import strategies

from django_apistar.api.responses import JSONResponse, StreamingResponse, check_headers
from django_apistar.validators import UUID, Decimal, Duration
from management_tests.support.oracle import Request, ask, both_modes, build, quiet


class Colour(enum.Enum):
    RED = 'red'


class Point(types.Type):
    x = validators.Integer()
    day = validators.Date()


class Line(types.Type):
    points = validators.Array(items=Point)
    days = validators.Array(items=validators.Date())
    any = validators.Object()


DAY = datetime.date(2018, 1, 2)
V6 = ipaddress.ip_address('::a')
POINT = Point(x=1, day=DAY)
SHOWN_POINT = {'x': 1, 'day': '2018-01-02'}


@both_modes
@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        (DAY, '2018-01-02'),
        (datetime.datetime(2018, 1, 2, 3, 4, 5, 678901), '2018-01-02T03:04:05.678'),
        (datetime.datetime(2018, 1, 2, tzinfo=datetime.timezone.utc), '2018-01-02T00:00:00Z'),
        (datetime.time(3, 4), '03:04:00'),
        (datetime.timedelta(days=1, seconds=2), 'P1DT00H00M02S'),
        (decimal.Decimal('1.50'), '1.50'),
        (uuid.UUID(int=1), '00000000-0000-0000-0000-000000000001'),
        (Colour.RED, 'red'),
        ({1}, [1]),
        (frozenset('a'), ['a']),
        (gettext_lazy('Yes'), 'Yes'),
        (POINT, SHOWN_POINT),
        ([POINT, {'p': POINT}], [SHOWN_POINT, {'p': SHOWN_POINT}]),
        (Line(points=[POINT], days=[DAY], any={}),
         {'points': [SHOWN_POINT], 'days': ['2018-01-02'], 'any': {}}),
        ((1, 2), [1, 2]),
    ],
    ids=str,
)  # fmt: skip
def test_value_becomes_json_wherever_it_is(app_class, value, expected):
    """J1: TypeError, 500."""
    app = build(app_class, Route('/', 'GET', lambda: [value, {'a': value}], name='nested'),
                Route('/alone/', 'GET', lambda: {'alone': value}, name='alone'))  # fmt: skip

    assert ask(app).json() == [expected, {'a': expected}]
    assert ask(app, '/alone/').json() == {'alone': expected}


@both_modes
@pytest.mark.parametrize(
    'value',
    [object(), float('nan'), b'bytes', ipaddress.ip_address('::1'), {1: {(1, 2): 3}},
     SimpleLazyObject(object), '\ud800', ['\ud800']],
    ids=['object', 'nan', 'bytes', 'address', 'keys', 'lazy', 'surrogate', 'surrogates'],
)  # fmt: skip
def test_value_that_json_does_not_have_is_a_logged_500(app_class, value, caplog):
    """J1"""
    app = build(app_class, Route('/', 'GET', lambda: {'a': value}, name='handler'))

    answer = ask(app)

    assert (answer.code, [record.levelname for record in caplog.records]) == (500, ['ERROR'])


@both_modes
@pytest.mark.parametrize(
    'handler',
    [lambda: {'a': object()}, lambda: [object()], lambda: (object(),), object,
     lambda: JSONResponse({'a': object()})],
    ids=['dict', 'list', 'tuple', 'alone', 'response'],
)  # fmt: skip
def test_value_that_json_does_not_have_is_named_in_api_stars_words(app_class, handler, caplog):
    app = build(app_class, Route('/', 'GET', lambda: handler(), name='handler'))

    ask(app)

    [record] = caplog.records
    assert str(record.exc_info[1]) == "Object of type 'object' is not JSON serializable."


@both_modes
def test_error_of_a_projects_own_encoder_keeps_its_words(app_class, caplog):
    class Encoder(DjangoJSONEncoder):
        def default(self, o: typing.Any) -> typing.Any:
            raise TypeError(f'No {type(o).__name__} here')

    own = type('Own', (app_class,), {'json_encoder': Encoder})
    ask(build(own, Route('/', 'GET', lambda: [object()], name='handler')))

    assert str(caplog.records[0].exc_info[1]) == 'No object here'


class UpperEncoder(DjangoJSONEncoder):
    def default(self, o: typing.Any) -> typing.Any:
        return str(o).upper() if isinstance(o, ipaddress.IPv6Address) else super().default(o)


@both_modes
def test_project_may_have_its_own_encoder(app_class):
    own = type('Own', (app_class,), {'json_encoder': UpperEncoder})
    app = build(own, Route('/', 'GET', lambda: [ipaddress.ip_address('::a'), DAY], name='handler'))

    assert ask(app).json() == ['::A', '2018-01-02']


class Record(types.Type):
    price = Decimal(max_digits=5, decimal_places=2)
    key = UUID()
    day = validators.Date()
    length = Duration()


RECORD = Record({'price': '1.5', 'key': uuid.UUID(int=1), 'day': DAY, 'length': 'PT90S'})
SHOWN_RECORD = (
    '{"price":"1.50","key":"00000000-0000-0000-0000-000000000001","day":"2018-01-02",'
    '"length":"P0DT00H01M30S"}'
)


@both_modes
@pytest.mark.parametrize('response_class', [JSONResponse, http.JSONResponse])
@pytest.mark.parametrize(
    ('value', 'written'),
    [
        (RECORD, SHOWN_RECORD),
        ([{'record': RECORD}], f'[{{"record":{SHOWN_RECORD}}}]'),
        ([{1}, DAY], '[[1],"2018-01-02"]'),
        ({1: 'é', 'a': [1e-05, None]}, '{"1":"é","a":[1e-05,null]}'),
    ],
    ids=['type', 'nested', 'others', 'json'],
)
def test_json_response_writes_a_value_as_it_is_returned(app_class, response_class, value, written):
    app = build(
        app_class,
        Route('/', 'POST', lambda: response_class(value, status_code=201), name='response'),
        Route('/', 'GET', lambda: value, name='returned'),
    )

    answer = ask(app, method='POST')

    assert (answer.code, answer.body.decode()) == (201, written)
    assert ask(app).body.decode() == written


class Look:
    def on_response(self, response: http.Response) -> None:
        self.seen = response.headers['content-length']


@both_modes
@pytest.mark.parametrize('hooks', [[], [Look]], ids=['alone', 'seen by a hook'])
@pytest.mark.parametrize('length', [2, 1023, 1024, 70_000])
def test_json_of_any_length_has_its_two_headers(app_class, hooks, length):
    value = ['x' * (length - 4)] if length > 4 else []
    app = build(app_class, Route('/', 'GET', lambda: value, name='handler'), hooks=hooks)

    answer = ask(app)

    assert (answer.json(), len(answer.body)) == (value, length)
    assert sorted(answer.headers) == [
        ('content-length', str(length)), ('content-type', 'application/json'),
    ]  # fmt: skip


@both_modes
@pytest.mark.parametrize(
    ('rows', 'shown'),
    [
        ([], []), ([POINT, POINT], [SHOWN_POINT] * 2), ((POINT,), [SHOWN_POINT]),
        ([{'a': 1}, POINT], [{'a': 1}, SHOWN_POINT]), ([POINT, {'a': 1}], [SHOWN_POINT, {'a': 1}]),
        ([1, None], [1, None]), ([RECORD], [json.loads(SHOWN_RECORD)]), (None, None),
    ],
)  # fmt: skip
def test_what_a_list_of_a_type_holds_is_shown_as_it_is(app_class, rows, shown):
    def handler() -> typing.List[Point]:
        return rows

    answer = ask(build(app_class, Route('/', 'GET', handler)))

    assert (answer.code, answer.json()) == (200, shown)


@both_modes
@pytest.mark.parametrize('response_class', [JSONResponse, http.JSONResponse])
def test_json_response_asks_the_encoder_of_the_settings(app_class, response_class):
    app = build(app_class, Route('/', 'GET', lambda: response_class([V6, DAY]), name='handler'))

    with override_settings(APISTAR_SETTINGS={'JSON_ENCODER': f'{__name__}.UpperEncoder'}):
        assert ask(app).json() == ['::A', '2018-01-02']


@both_modes
def test_text_is_html(app_class):
    """J2 is kept: it is API Star's documented rule. The project's responses have nosniff."""
    app = build(app_class, Route('/', 'GET', lambda: '<p>', name='handler'))

    assert ask(app).get('content-type') == 'text/html; charset=utf-8'


def with_headers(headers: typing.Any) -> typing.Any:
    return lambda: http.JSONResponse({}, headers=headers)


@both_modes
def test_header_of_a_response_takes_the_place_of_the_one_that_all_have(app_class):
    app = build(app_class, Route('/', 'GET', with_headers({'X-Two': 'own'}), name='handler'))
    app.extra_headers = (('x-one', '1'), ('x-two', '2'))

    assert sorted(ask(app).headers) == [
        ('content-length', '2'), ('content-type', 'application/json'), ('x-one', '1'),
        ('x-two', 'own'),
    ]  # fmt: skip


@pytest.mark.case('E07')
@both_modes
@pytest.mark.parametrize('value', ['a\r\nSet-Cookie: evil=1', 'a\nb', 'a\0b', '€'])
def test_header_that_would_break_the_response_is_a_logged_500(app_class, value, caplog):
    """P1: response splitting."""
    app = build(app_class, Route('/', 'GET', with_headers({'X-A': value}), name='handler'))

    answer = ask(app)

    assert (answer.code, answer.get('x-a')) == (500, None)
    assert (
        str(caplog.records[-1].exc_info[1])
        == f"The header 'x-a' has the value {value!r}, which HTTP cannot send."
    )


TOKEN = {*string.ascii_letters, *string.digits, *"!#$%&'*+-.^_`|~"}  # RFC 9110, section 5.6.2
FIELD = {'\t', *map(chr, [*range(0x20, 0x7F), *range(0x80, 0x100)])}  # section 5.5
CHARACTERS = [*map(chr, range(0x200)), '\u2028', '\ud800', '\udfff', '\U00010000', '\U0010ffff']


def is_sent(name: str, value: str) -> bool:
    refused: ValueError | None = None
    try:
        check_headers([(name, value)])
    except ValueError as error:
        refused = error
    text = f'The header {name!r} has the value {value!r}, which HTTP cannot send.'
    assert str(refused) in ('None', text)
    return refused is None


@pytest.mark.case('E07', 'E14')
@pytest.mark.parametrize('around', [('', ''), ('', 'b'), ('a', ''), ('a', 'b')])
@pytest.mark.parametrize('name', ['x-a', 'Set-Cookie'])
def test_each_character_is_sent_where_http_has_it(around, name):
    texts = {character: character.join(around) for character in CHARACTERS}

    for _ in range(2):  # as what is remembered is asked then
        assert {one for one, text in texts.items() if is_sent(name, text)} == FIELD
        assert {one for one, text in texts.items() if is_sent(text, 'a')} == TOKEN


@pytest.mark.case('E07', 'E14')
@hypothesis.given(
    name=strategies.text(strategies.sampled_from(CHARACTERS[:0x90])),
    value=strategies.text(strategies.sampled_from(CHARACTERS)),
)
@hypothesis.example(name='a', value='')
@hypothesis.example(name='', value='a')
@hypothesis.example(name='Expires', value='a' * 300 + '\x7f')
def test_header_is_sent_where_each_of_its_characters_may_be(name, value):
    assert is_sent(name, value) == (
        bool(name) and TOKEN.issuperset(name) and FIELD.issuperset(value)
    )


@pytest.mark.case('E15')
@both_modes
def test_transfer_encoding_is_left_to_the_server(app_class):
    headers = {'X-A': 'a', 'Transfer-Encoding': 'chunked'}
    app = build(app_class, Route('/', 'GET', with_headers(headers), name='handler'))

    for _ in range(2):  # as what is remembered is asked then
        answer = ask(app)

        assert (answer.code, answer.body) == (200, b'{}')
        assert sorted(answer.headers) == [
            ('content-length', '2'), ('content-type', 'application/json'), ('x-a', 'a'),
        ]  # fmt: skip


def test_memory_is_bounded_however_many_headers_there_are():
    tracemalloc.start()
    for number in range(20_000):
        check_headers([('x-a', f'{number:0200}')])
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size < 2_000_000


@pytest.mark.parametrize('header', [('a', 1), ('a', b'a'), (b'a', 'a')])
def test_header_that_is_no_text_is_refused(header):
    with pytest.raises(TypeError):
        check_headers([header])


@both_modes
def test_location_that_would_break_the_response_is_a_500(app_class):
    """P1"""

    def handler(to: str) -> None:
        raise exceptions.Found(to)

    app = build(app_class, Route('/', 'GET', handler))

    with quiet():
        assert ask(app, query='to=/%0d%0aX:%20y').code == 500


@pytest.mark.case('E07')
@both_modes
def test_latin_1_headers_are_sent(app_class):
    app = build(app_class, Route('/', 'GET', with_headers({'X-A': 'é'}), name='handler'))

    assert ask(app).get('x-a') == 'é'


@pytest.mark.case('E08')
@both_modes
@pytest.mark.parametrize(
    ('status', 'line'), [(200, '200 OK'), (299, '299 Unknown'), (599, '599 Unknown')]
)
def test_unknown_status_has_a_phrase(app_class, status, line):
    """P2: wsgiref failed on '299'."""
    app = build(app_class, Route('/', 'GET', lambda: http.JSONResponse(1, status), name='handler'))

    assert ask(app).status == line


@both_modes
@pytest.mark.parametrize('status', [199, 600])
def test_status_that_ends_no_request_is_a_fault(app_class, status, caplog):
    app = build(app_class, Route('/', 'GET', lambda: http.JSONResponse(1, status), name='handler'))

    assert ask(app).code == 500
    assert [str(record.exc_info[1]) for record in caplog.records] == [
        f'The status {status} cannot end a request. Use 200 to 599.'
    ]


@pytest.mark.case('E03')
@both_modes
@pytest.mark.parametrize('status', [204, 304])
def test_status_without_body_has_none(app_class, status):
    """P3: 'null' was sent with Content-Length 4."""

    def handler() -> http.Response:
        return http.JSONResponse(None, status, {'ETag': '"a"'})

    answer = ask(build(app_class, Route('/', 'GET', handler)))

    assert (answer.code, answer.headers, answer.body) == (status, (('etag', '"a"'),), b'')


@pytest.mark.case('E13')
@both_modes
def test_205_says_that_it_has_no_body(app_class):
    app = build(app_class, Route('/', 'GET', lambda: http.JSONResponse('a', 205), name='handler'))

    answer = ask(app)

    assert (answer.code, answer.headers, answer.body) == (205, (('content-length', '0'),), b'')


class Rewrite:
    def on_response(self, response: http.Response) -> None:
        response.content = response.content * 3


@both_modes
@pytest.mark.parametrize('hook', [Rewrite, Rewrite()], ids=['class', 'instance'])
def test_content_that_a_hook_changes_has_its_length(app_class, hook):
    """P4"""
    app = build(app_class, Route('/', 'GET', lambda: '12', name='handler'), hooks=[hook])

    answer = ask(app)

    assert (answer.body, answer.get('content-length')) == (b'121212', '6')


# P5: streaming


def stream_text() -> Iterator[str]:
    yield 'é'
    yield 'b'


def stream_bytes() -> Iterator[bytes]:
    yield b'\xff'
    yield b'b'


def stream_values() -> Iterator[typing.Any]:
    yield {'day': DAY}
    yield POINT


def stream_nothing() -> Iterator[str]:
    yield from ()


def stream_refusal() -> Iterator[str]:
    raise exceptions.Forbidden()
    yield ''


def stream_response() -> http.Response:
    return StreamingResponse(iter(['a,b\n', '1,2\n']), headers={'Content-Type': 'text/csv'})


@both_modes
@pytest.mark.parametrize(
    ('handler', 'content_type', 'body'),
    [
        (stream_text, 'text/html; charset=utf-8', 'éb'.encode()),
        (stream_bytes, 'application/octet-stream', b'\xffb'),
        (stream_values, 'application/json',
         b'[{"day":"2018-01-02"},{"x":1,"day":"2018-01-02"}]'),
        (stream_nothing, 'application/json', b'[]'),
        (stream_response, 'text/csv', b'a,b\n1,2\n'),
        (lambda: iter([1, 'a']), 'application/json', b'[1,"a"]'),
        (lambda: map(str, [1, 2]), 'text/html; charset=utf-8', b'12'),
    ],
    ids=['text', 'bytes', 'values', 'nothing', 'response', 'iterator', 'map'],
)  # fmt: skip
def test_generator_is_streamed(app_class, handler, content_type, body):
    """P5: RuntimeError or TypeError, 500."""
    answer = ask(build(app_class, Route('/', 'GET', handler, name='handler')))

    assert (answer.code, answer.headers, answer.body) == (
        200, (('content-type', content_type),), body
    )  # fmt: skip


@both_modes
def test_generator_that_fails_before_its_first_value_is_answered(app_class):
    answer = ask(build(app_class, Route('/', 'GET', stream_refusal)))

    assert (answer.code, answer.body) == (403, b'"Forbidden"')


@both_modes
def test_rest_of_a_stream_is_made_while_it_is_sent_and_closed_with_it(app_class):
    happened: list[str] = []

    def handler() -> Iterator[str]:
        try:
            for name in 'abc':
                happened.append(name)
                yield name
        finally:
            happened.append('closed')

    app = build(app_class, Route('/', 'GET', handler))
    body = app(Request().build_environ(), lambda *args: None)

    assert happened == ['a']
    iterator = iter(body)
    assert [next(iterator), next(iterator)] == [b'a', b'b']
    body.close()
    assert happened == ['a', 'b', 'closed']


@both_modes
def test_stream_that_fails_at_its_first_part_is_closed(app_class):
    closed: list[str] = []

    class Broken:
        def __iter__(self) -> Iterator[str]:
            raise OSError

        def close(self) -> None:
            closed.append('closed')

    app = build(app_class, Route('/', 'GET', lambda: StreamingResponse(Broken()), name='handler'))

    with quiet():
        assert (ask(app).code, closed) == (500, ['closed'])


@both_modes
def test_head_of_a_stream_closes_it(app_class):
    closed: list[str] = []

    def handler() -> Iterator[str]:
        try:
            yield 'a'
        finally:
            closed.append('closed')

    answer = ask(build(app_class, Route('/', 'GET', handler)), method='HEAD')

    assert (answer.body, closed) == (b'', ['closed'])


@both_modes
def test_hooks_see_a_stream_before_it_is_sent(app_class):
    class Stamp:
        def on_response(self, response: http.Response) -> None:
            response.headers['X-Stamp'] = type(response).__name__

    app = build(app_class, Route('/', 'GET', stream_text), hooks=[Stamp])

    answer = ask(app)

    assert (answer.get('x-stamp'), answer.body) == ('StreamingResponse', 'éb'.encode())


@pytest.mark.case('E09')
@both_modes
@pytest.mark.parametrize('path', ['/', '/nope', '/html/', '/fail/', '/stream/', '/empty/'])
@pytest.mark.parametrize('method', ['GET', 'HEAD', 'POST', 'OPTIONS'])
def test_application_is_what_pep_3333_wants(app_class, path, method):
    """P12"""
    app = build(
        app_class, Route('/', 'GET', lambda: {'a': 1}, name='a'),
        Route('/html/', 'GET', lambda: '<p>', name='b'),
        Route('/fail/', 'GET', lambda: 1 / 0, name='c'),
        Route('/stream/', 'GET', stream_text),
        Route('/empty/', 'GET', lambda: http.JSONResponse(None, 204), name='d'),
    )  # fmt: skip
    environ = Request(path, method).build_environ()
    environ.pop('oracle.log')

    with quiet():
        body = validator(app)(environ, lambda status, headers, exc_info=None: print)
        list(body)
        body.close()


@both_modes
def test_redirect_stays_on_this_server(app_class):
    """P11: no open redirect."""
    app = build(app_class, Route('/{+path}/', 'GET', lambda path: path, name='handler'))

    paths = ('/evil.com/x', '//evil.com/x', '/\\evil.com/x', '/%2F/evil.com/x')
    locations = [ask(app, path).get('location') for path in paths]

    assert locations == ['/evil.com/x/', None, None, '/%252F/evil.com/x/']


@both_modes
def test_bytes_of_json_are_api_stars(app_class):
    value = {'é': [1.0, 1e-7, True, None, '<>&\u2028'], 'b': {'c': -0.0}}
    app = build(app_class, Route('/', 'GET', lambda: value, name='handler'))

    assert (
        ask(app).body
        == json.dumps(value, ensure_ascii=False, separators=(',', ':'), allow_nan=False).encode()
    )
