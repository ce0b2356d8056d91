"""What API Star did wrong with query strings, bodies and Types (J1 to J15, L10)."""

import copy
import datetime
import gc
import gzip
import io
import json
import pickle
import typing

import pytest
from apistar import Route, http, types, validators
from django.test import override_settings
from gunicorn.http.errors import InvalidChunkSize

from django_apistar.api.client_timeouts import SlowBodyError
from django_apistar.exceptions import Conflict
from management_tests.support.oracle import MODES, ask, both_modes, build

FORM = 'application/x-www-form-urlencoded'
MULTIPART = 'multipart/form-data; boundary=x'
TOO_MANY = (400, 'Too many form fields')


class Event(types.Type):
    name = validators.String(max_length=10)
    day = validators.Date(allow_null=True)
    at = validators.Time(allow_null=True)
    moment = validators.DateTime(allow_null=True)


class Tagged(types.Type):
    tags = validators.Array(items=validators.String(), default=[])


def echo(data: http.RequestData) -> typing.Any:
    return data


def make_event(event: Event) -> Event:
    return event


def post(app, body, content_type='application/json', **more):
    return ask(app, '/', 'POST', body=body, content_type=content_type, **more)


def describe(answer) -> tuple[int, typing.Any]:
    return answer.code, answer.json()


@both_modes
@pytest.mark.parametrize('content_type', ['application/json', FORM, MULTIPART])
def test_compressed_body_is_read_as_it_is(app_class, content_type):
    def measure(body: http.Body) -> dict:
        return {'is_gzip': body[:2] == b'\x1f\x8b'}

    app = build(app_class, Route('/', 'POST', make_event), Route('/bytes/', 'POST', measure))
    body, headers = gzip.compress(b'{"name": "x"}', mtime=0), (('CONTENT_ENCODING', 'gzip'),)

    assert post(app, body, content_type, headers=headers).code == 400
    answer = ask(app, '/bytes/', 'POST', body=body, content_type=content_type, headers=headers)
    assert describe(answer) == (200, {'is_gzip': True})


@pytest.mark.case('F06', 'F07', 'F08')
@both_modes
@pytest.mark.parametrize(
    ('body', 'text'),
    [
        (b'[' * 100_000, 'More than 256 levels'),
        (b'{"a":' * 100_000, 'More than 256 levels'),
        (b'"\\ud800"', 'Lone surrogate in a string'),
        (b'{"a": ["\\udfff x"]}', 'Lone surrogate in a string'),
        (b'NaN', 'NaN is not a JSON number'),
        (b'[-Infinity]', '-Infinity is not a JSON number'),
        (b'1e999', 'Number out of range'),
        (b'[9%s.5E+99]' % (b'0' * 209), 'Number out of range'),
        (b'{', 'Expecting property name enclosed in double quotes: line 1 column 2 (char 1)'),
    ],
)  # fmt: skip
def test_json_that_cannot_be_read_is_the_clients_fault(app_class, body, text):
    """J3: RecursionError, UnicodeEncodeError or ValueError, each a 500."""
    app = build(app_class, Route('/', 'POST', echo))

    assert describe(post(app, body)) == (400, f'Malformed JSON. {text}')


@pytest.mark.case('F06')
@both_modes
@pytest.mark.parametrize('pad', [b'""', b'"%s"' % (b'x' * 100_000)], ids=['short', 'long'])
@pytest.mark.parametrize(
    ('opening', 'closing'),
    [
        (b'[', b']'),
        (b'{"":', b'}'),
        (b'["[[",', b']'),
        (b'["\\"[[",', b']'),
        (b'["[\\\\",', b']'),
        (b'["]\\\\\\"]",', b']'),
        (b'{"]\\u005b}":[],"":', b',"[":"[{"}'),
    ],
)
def test_json_of_256_levels_is_read_and_of_257_is_not(app_class, opening, closing, pad):
    """Brackets in strings are no levels, wherever the string ends."""
    app = build(app_class, Route('/', 'POST', echo))
    innermost = {b'{': b'{"":%s}', b'[': b'[%s]'}[opening[:1]] % pad

    def nest(levels):
        return opening * (levels - 1) + innermost + closing * (levels - 1)

    deepest = nest(256)
    assert describe(post(app, deepest)) == (200, json.loads(deepest))
    assert describe(post(app, nest(257))) == (400, 'Malformed JSON. More than 256 levels')


@pytest.mark.case('F07', 'F08', 'F09')
@both_modes
@pytest.mark.parametrize('pad', ['', 'x' * 100_000], ids=['short', 'long'])
@pytest.mark.parametrize(
    ('tail', 'text'),
    [
        ('1e999]', 'Number out of range'),
        (f'{"9" * 210}e99]', 'Number out of range'),
        ('NaN]', 'NaN is not a JSON number'),
        ('"\\udc00"]', 'Lone surrogate in a string'),
        ('"\\ud83d\\\\\\ude00"]', 'Lone surrogate in a string'),
        ('"\\ud83d\\ud83d\\ude00"]', 'Lone surrogate in a string'),
        ('1] x', 'Extra data: line 1 column {end} (char {before})'),
        ('1', "Expecting ',' delimiter: line 1 column {after} (char {end})"),
        ('"', 'Unterminated string starting at: line 1 column {end} (char {before})'),
    ],
)
def test_fault_at_the_end_of_json_has_one_sentence_whatever_its_size(app_class, pad, tail, text):
    app = build(app_class, Route('/', 'POST', echo))
    body = f'["{pad}",{tail}'
    end = len(body)

    text = text.format(before=end - 1, end=end, after=end + 1)
    assert describe(post(app, body.encode())) == (400, f'Malformed JSON. {text}')


@both_modes
@pytest.mark.parametrize('pad', [b'', b'x' * 100_000], ids=['short', 'long'])
@pytest.mark.parametrize(
    'value',
    [
        b'"\\ud83d\\ude00"', b'"\\\\ud800"', b'1e2', b'1e-999', b'-1e-999',
        b'%d' % 10**400, b'1.5, 1e-999', b' \n\t{} ',
        b'%d' % -(10**18), b'%d' % (1 - 10**19), b'%d' % 2**64, b'1e308', b'9%s' % (b'0' * 308),
        b'%s.5e99' % (b'9' * 209),
    ],
)  # fmt: skip
def test_unusual_json_is_read_whatever_its_size(app_class, pad, value):
    app = build(app_class, Route('/', 'POST', echo))
    body = b' ["%s", %s] \n' % (pad, value)

    answer = post(app, body)

    assert (answer.code, repr(answer.json())) == (200, repr(json.loads(body)))


@both_modes
def test_objects_of_json_are_dicts_in_the_clients_order(app_class):
    def name_types(data: http.RequestData) -> list:
        return [type(data).__name__, type(data['b']).__name__, list(data)]

    app = build(app_class, Route('/', 'POST', name_types))

    assert post(app, b'{"b": {}, "a": 1}').json() == ['dict', 'dict', ['b', 'a']]


@both_modes
def test_garbage_is_collected_after_a_large_body(app_class):
    app = build(app_class, Route('/', 'POST', echo))

    for body in (b'[%s1]' % (b'{},' * 50_000), b'[%s1' % (b'{},' * 50_000)):
        post(app, body)
        assert gc.isenabled()


class Line(types.Type):
    name = validators.String()


class Lines(types.Type):
    lines = validators.Array(items=Line)


def count_lines(data: Lines) -> int:
    return len(data.lines)


def test_a_long_list_of_types_is_read_without_the_garbage_collector():
    app = build(MODES['accelerated'], Route('/', 'POST', count_lines))
    body = b'{"lines": [%s{"name": "last"}]}' % (b'{"name": "Chair"},' * 9_999)
    wrong = body.replace(b'"last"', b'1')
    assert describe(post(app, b'{"lines": []}')) == (200, 0)  # which compiles the Type
    collections: list[str] = []

    def note(phase, info):
        collections.append(phase)

    gc.callbacks.append(note)
    try:
        answer = describe(post(app, body))
    finally:
        gc.callbacks.remove(note)

    assert answer == (200, 10_000)
    assert collections.count('start') <= 3  # else 43
    assert describe(post(app, wrong)) == (400, {'lines': {'9999': {'name': 'Must be a string.'}}})
    assert gc.isenabled()


@pytest.mark.case('F09')
@both_modes
@pytest.mark.parametrize('body', [b'\xff', b'\xef\xbb\xbf{}', b'1 2', b'1' * 5000])
def test_other_json_that_cannot_be_read_is_the_clients_fault_too(app_class, body):
    app = build(app_class, Route('/', 'POST', echo))

    answer = post(app, body)

    assert (answer.code, answer.json()[:15]) == (400, 'Malformed JSON.')


@both_modes
@pytest.mark.parametrize(
    'body',
    [
        b'[' * 255 + b']' * 255, b'"\\ud83d\\ude00"', b'"[[[[[[[["', b'"\\"{"', b'-1.5e-7',
        b'["' + b'{' * 1000 + b'"]',
    ],
)  # fmt: skip
def test_unusual_json_is_read(app_class, body):
    app = build(app_class, Route('/', 'POST', echo))

    assert post(app, body).status == '200 OK'


@both_modes
@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('day', '2018-13-45', 'Must be a valid date.'),
        ('at', '25:00', 'Must be a valid time.'),
        ('at', '12:00garbage', 'Must be a valid time.'),
        ('moment', '2018-02-30T00:00:00Z', 'Must be a valid datetime.'),
        ('moment', '2018-01-01T00:00:00+99:99', 'Must be a valid datetime.'),
    ],
)  # fmt: skip
def test_date_that_does_not_exist_is_a_bad_request(app_class, field, value, message):
    """J4"""
    app = build(app_class, Route('/', 'POST', make_event))
    fields = {'name': 'n', 'day': None, 'at': None, 'moment': None, field: value}

    answer = post(app, str(fields).replace("'", '"').replace('None', 'null').encode())

    assert describe(answer) == (400, {field: message})


def flag(b: bool = None) -> list:  # noqa: RUF013
    return [b]


@both_modes
@pytest.mark.parametrize(
    ('query', 'expected'),
    [('', None), ('b=true', True), ('b=off', False), ('b=1', True), ('b=null', None), ('b=', None)],
)
def test_boolean_query_parameter_may_be_none(app_class, query, expected):
    """J5: AttributeError, 500."""
    app = build(app_class, Route('/', 'GET', flag))

    assert ask(app, query=query).json() == [expected]


def name_headers(content_type: http.Header, content_length: http.Header, x_a: http.Header) -> list:
    return [content_type, content_length, x_a]


@both_modes
def test_headers_of_the_body_are_headers(app_class):
    app = build(app_class, Route('/', 'POST', name_headers))

    answer = ask(app, '/', 'POST', body=b'{}', environ={'HTTP_X_A': 'b'})

    assert answer.json() == ['application/json', '2', 'b']


def required(q: int) -> list:
    return [q]


@both_modes
@pytest.mark.parametrize(
    ('query', 'expected'),
    [
        ('', (404, {'q': 'The "q" field is required.'})),
        ('q=', (404, {'q': 'The "q" field is required.'})),
        ('q=x', (400, {'q': 'Must be a number.'})),
        ('q=5&q=x', (200, [5])),
    ],
)
def test_missing_query_parameter_stays_a_404(app_class, query, expected):
    """J6, J10 are kept: clients of API Star know these answers."""
    app = build(app_class, Route('/', 'GET', required))

    assert describe(ask(app, query=query)) == expected


@both_modes
@pytest.mark.parametrize(('text', 'number'), [('1_000', 1000), ('%205%20', 5), ('%EF%BC%95', 5)])
def test_query_parameter_is_read_as_python_reads_numbers(app_class, text, number):
    """J7 is kept."""
    app = build(app_class, Route('/', 'GET', required))

    assert ask(app, query=f'q={text}').json() == [number]


@pytest.mark.parametrize(
    'make_copy', [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]
)
def test_types_can_be_copied(make_copy):
    """J8: RecursionError."""
    event = Event(name='n', day=datetime.date(2018, 1, 2), at=None, moment=None)

    made = make_copy(event)

    assert (type(made), dict(made), made.day) == (Event, dict(event), event.day)


def maybe(event: Event = None) -> typing.Any:
    return event


@both_modes
@pytest.mark.parametrize('body', [b'', b'null'])
def test_body_that_is_optional_may_be_missing(app_class, body):
    """J8: it was required all the same."""
    app = build(app_class, Route('/', 'POST', maybe))

    assert describe(post(app, body)) == (200, None)


@both_modes
def test_body_that_is_optional_is_validated_where_it_is_there(app_class):
    app = build(app_class, Route('/', 'POST', maybe))

    answer = post(app, b'{"day": "x"}')

    assert describe(answer) == (
        400, {'name': 'The "name" field is required.', 'day': 'Must be a valid date.'}
    )  # fmt: skip


def test_union_of_a_union_leaves_the_first_one_as_it_was():
    """J9"""
    first = validators.String() | validators.Integer()

    second = first | validators.Boolean()

    assert (len(first.items), len(second.items)) == (2, 3)


def test_default_that_can_change_is_shared():
    """L10 is kept: as with any Python default. A body that is injected has a copy."""
    Tagged().tags.append('x')
    assert Tagged().tags == ['x']
    Tagged().tags.clear()


@both_modes
def test_default_of_an_injected_body_is_its_own(app_class):
    """L10"""

    def handler(tagged: Tagged) -> list:
        tagged.tags.append('x')
        return tagged.tags

    app = build(app_class, Route('/', 'POST', handler))

    assert [post(app, b'{}').json() for _ in range(2)] == [['x'], ['x']]


@pytest.mark.case('F01')
@both_modes
@pytest.mark.parametrize('content_type', [FORM, 'application/json', MULTIPART, 'text/plain'])
def test_body_beyond_the_limit_is_refused_unread(app_class, content_type):
    """J11: 50 MB were read and decoded."""

    class Unreadable(io.BytesIO):
        def read(self, *args: typing.Any) -> bytes:
            raise AssertionError('read')

    app = build(app_class, Route('/', 'POST', echo))
    environ = {'wsgi.input': Unreadable(), 'CONTENT_LENGTH': '2621441'}

    answer = post(app, b'x', content_type, environ=environ)

    assert describe(answer) == (413, 'Request body is too large')


@both_modes
def test_body_that_comes_in_parts_is_read_to_its_length_and_no_further(app_class):
    asked = []

    class Parts(io.BytesIO):
        def read(self, size: int = -1) -> bytes:
            asked.append(size)
            return super().read(min(size, 3))

    app = build(app_class, Route('/', 'POST', echo))
    environ = {'wsgi.input': Parts(b'[1,2,3]GET / HTTP/1.1'), 'CONTENT_LENGTH': '7'}

    assert describe(post(app, b'', environ=environ)) == (200, [1, 2, 3])
    assert asked == [7, 4, 1]


@pytest.mark.case('F02', 'F03')
@both_modes
def test_chunked_body_is_read_where_the_server_ends_it(app_class):
    """J11: it was empty, or read without limit."""
    app = build(app_class, Route('/', 'POST', echo))
    ended = {'wsgi.input_terminated': True, 'CONTENT_LENGTH': ''}
    long = {**ended, 'wsgi.input': io.BytesIO(b'"' + b'x' * 3_000_000 + b'"')}

    assert describe(post(app, b'[1]', environ=ended)) == (200, [1])
    assert describe(post(app, b'', environ=long)) == (413, 'Request body is too large')


@pytest.mark.case('F01', 'F02')
@both_modes
@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=5)
@pytest.mark.parametrize(
    'environ', [{}, {'wsgi.input_terminated': True, 'CONTENT_LENGTH': ''}], ids=['length', 'chunks']
)
def test_body_may_be_as_large_as_the_limit(app_class, environ):
    app = build(app_class, Route('/', 'POST', echo))

    assert describe(post(app, b'[1,2]', environ=environ)) == (200, [1, 2])
    assert describe(post(app, b'[1,23]', environ=environ)) == (413, 'Request body is too large')


@pytest.mark.case('F12')
@both_modes
@pytest.mark.parametrize('body', [b'[]', b'null', b'"a"', b'1', b'true', b'', b' ', b'{}x'])
def test_body_that_is_no_object_is_a_bad_request(app_class, body):
    app = build(app_class, Route('/', 'POST', make_event))

    assert post(app, body).code == 400


@pytest.mark.case('F16')
@both_modes
def test_keys_that_a_type_does_not_have_are_dropped(app_class):
    app = build(app_class, Route('/', 'POST', make_event))
    body = (
        b'{"name": "n", "day": null, "at": null, "moment": null, "is_admin": true, "__class__": 1}'
    )

    assert post(app, body).json() == {'name': 'n', 'day': None, 'at': None, 'moment': None}


def limited(limit: int = 10) -> int:
    return limit


@pytest.mark.case('F17')
@both_modes
@pytest.mark.parametrize('query', ['limit=', '', 'limit'])
def test_blank_query_parameter_is_its_default(app_class, query):
    app = build(app_class, Route('/', 'GET', limited))

    assert describe(ask(app, query=query)) == (200, 10)


class Country(types.Type):
    anchored = validators.String(pattern=r'\A[A-Z]{2}\Z', default='DE')
    searched = validators.String(pattern='[A-Z]{2}', default='DE')


def wait(delay: float) -> list:
    return [delay]


def wait_or_not(delay: typing.Optional[float] = None) -> list:
    return [delay]


def wait_often(delay: typing.List[float]) -> list:
    return delay


class Delay(types.Type):
    delay = validators.Number(minimum=0)


def wait_as_told(delay: Delay) -> list:
    return [delay.delay]


NOT_FINITE = (
    'nan', 'NaN', '-nan', 'inf', '-inf', 'Infinity', '-Infinity', '1e999', '-1e999', '9' * 400,
)  # fmt: skip


@both_modes
@pytest.mark.parametrize(
    ('handler', 'detail'),
    [
        (wait, {'delay': 'Must be finite.'}),
        (wait_or_not, {'delay': 'Must be finite.'}),
        (wait_often, {'delay': {'0': 'Must be finite.'}}),
        (wait_as_told, {'delay': 'Must be finite.'}),
    ],
)
def test_number_that_is_not_finite_is_a_bad_request_in_a_query(app_class, handler, detail):
    """It was a 404, a list let it through, and below a minimum it was told of that."""
    app = build(app_class, Route('/', 'GET', handler))

    answers = [describe(ask(app, query=f'delay={text}')) for text in NOT_FINITE]

    assert answers == [(400, detail)] * len(NOT_FINITE)
    assert ask(app, query='delay=abc').code == 400


@both_modes
def test_number_that_is_not_finite_is_a_bad_request_in_a_form(app_class):
    app = build(app_class, Route('/', 'POST', wait_as_told))
    part = '--x\r\nContent-Disposition: form-data; name="delay"\r\n\r\n{}\r\n--x--\r\n'

    answers = [
        describe(post(app, template.format(text).encode(), content_type))
        for template, content_type in (('delay={}', FORM), (part, MULTIPART))
        for text in NOT_FINITE
    ]

    assert answers == [(400, {'delay': 'Must be finite.'})] * 2 * len(NOT_FINITE)


@both_modes
@pytest.mark.parametrize('url', ['/{delay}', '/{+delay}'])
def test_path_that_is_no_finite_number_is_not_found(app_class, url):
    app = build(app_class, Route(url, 'GET', wait))

    statuses = [ask(app, f'/{text}').code for text in ('1.5', 'abc', *NOT_FINITE)]

    assert statuses == [200, *[404] * (1 + len(NOT_FINITE))]


class WaitingHook:
    def on_request(self, delay: float):
        pass


@both_modes
def test_hook_that_wants_a_number_is_never_given_one_that_is_not_finite(app_class):
    """As without a number or with another text: API Star's answer is a 404."""
    app = build(app_class, Route('/', 'GET', limited), hooks=[WaitingHook])

    statuses = [ask(app, query=f'delay={text}').code for text in ('1.5', 'abc', *NOT_FINITE)]

    assert statuses == [200, *[404] * (1 + len(NOT_FINITE))]


@pytest.mark.case('F18')
@both_modes
@pytest.mark.parametrize('text', ['xDE', 'DEx', 'DE\\n', 'de'])
def test_pattern_is_searched_and_holds_for_the_whole_text_where_it_is_anchored(app_class, text):
    """As in JSON Schema."""

    def handler(country: Country) -> Country:
        return country

    app = build(app_class, Route('/', 'POST', handler))
    statuses = [post(app, b'{"%s": "%s"}' % (name, text.encode())).code
                for name in (b'anchored', b'searched')]  # fmt: skip

    assert statuses == [400, 400 if text == 'de' else 200]


@both_modes
@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=None)
def test_limit_of_bodies_can_be_switched_off(app_class):
    app = build(app_class, Route('/', 'POST', echo))

    answer = post(app, b'"' + b'x' * 3_000_000 + b'"')

    assert len(answer.body) == 3_000_000


@pytest.mark.case('F05')
@both_modes
@pytest.mark.parametrize('length', ['-1', '+3', 'x', '3, 3', '1_0', '٣', '3.0'])
def test_content_length_that_is_no_number_is_a_bad_request(app_class, length):
    """J11: it was an empty body, silently."""
    app = build(app_class, Route('/', 'POST', echo))

    answer = post(app, b'[1]', environ={'CONTENT_LENGTH': length})

    assert describe(answer) == (400, 'Invalid Content-Length header')


@both_modes
@pytest.mark.parametrize('length', ['0', '', None])
def test_a_body_of_no_length_is_empty(app_class, length):
    def name(body: http.Body) -> list:
        return [repr(body)]

    app = build(app_class, Route('/', 'POST', name))

    assert post(app, b'rest', environ={'CONTENT_LENGTH': length}).json() == ["b''"]


@pytest.mark.case('F04')
@both_modes
def test_body_shorter_than_its_length_is_a_bad_request(app_class):
    """J11"""
    app = build(app_class, Route('/', 'POST', echo))

    answer = post(app, b'[1]', environ={'CONTENT_LENGTH': '100'})

    assert describe(answer) == (400, 'Request body is shorter than its Content-Length')


UNREADABLE = (400, 'Request body cannot be read')


@pytest.mark.case('F04')
@both_modes
@pytest.mark.parametrize('length', ['100', None])
@pytest.mark.parametrize(
    ('fault', 'expected'),
    [
        (InvalidChunkSize(b'z'), UNREADABLE),
        (ConnectionResetError(), UNREADABLE),
        (SlowBodyError('The body has not come within 1 s.'), (408, 'Request timeout')),
    ],
)
def test_body_that_the_server_cannot_read_is_the_clients_fault(app_class, length, fault, expected):
    """gunicorn's exceptions for chunks that are none are no OSError."""

    class Broken(io.BytesIO):
        def read(self, *args: typing.Any) -> bytes:
            raise fault

    app = build(app_class, Route('/', 'POST', echo))
    environ = {
        'wsgi.input': Broken(), 'CONTENT_LENGTH': length, 'wsgi.input_terminated': length is None,
    }  # fmt: skip

    answer = post(app, b'[1]', environ=environ)

    assert describe(answer) == expected


@pytest.mark.case('F15')
@both_modes
@pytest.mark.parametrize(
    ('content_type', 'status'),
    [
        ('application/json', 200), ('application/json; charset=utf-8', 200), (None, 200),
        ('', 415), ('text/plain', 415), ('application/vnd.api+json', 415), ('é', 415),
    ],
)  # fmt: skip
def test_content_types_of_json(app_class, content_type, status):
    """J12 is kept."""
    app = build(app_class, Route('/', 'POST', echo))

    assert post(app, b'[1]', content_type).code == status


@pytest.mark.case('F13')
@both_modes
@pytest.mark.parametrize(
    ('content_type', 'body'),
    [
        ('multipart/form-data', b'--x\r\n'), (MULTIPART, b'garbage'),
        (MULTIPART, b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1'),
    ],
)  # fmt: skip
def test_broken_form_is_a_bad_request(app_class, content_type, body):
    """J13: it was an empty form, silently."""
    app = build(app_class, Route('/', 'POST', echo))

    answer = post(app, body, content_type)

    assert (answer.code, answer.json()[:26]) == (400, 'Malformed multipart form. ')
    if content_type != MULTIPART:
        assert answer.json() == 'Malformed multipart form. No boundary'


def name_fields(data: http.RequestData) -> list:
    return list(data)


@pytest.mark.case('F13')
@both_modes
@pytest.mark.parametrize('line_break', [b'\r\n', b'\n', b'\r'])
def test_head_of_a_part_has_djangos_limit(app_class, line_break):
    """What Django reads is read; a head of `;` alone took Werkzeug 4 s for 2.4 MB."""
    app = build(app_class, Route('/', 'POST', name_fields))
    name = b'Content-Disposition: form-data; name="a"'

    def send(length, step=1):
        padding = b';' * (length - len(name) - 2 * len(line_break))
        first, last = [name + padding, name][::step]
        lines = [b'--x', first, b'', b'v' * 3000, b'--x ', last, b'', b'', b'--x--', b'']
        return post(app, line_break.join(lines), MULTIPART)

    refusal = (400, 'Malformed multipart form. More than 1024 bytes of headers')
    assert describe(send(1024)) == describe(send(1024, -1)) == (200, ['a'])
    assert describe(send(1025)) == describe(send(1025, -1)) == refusal
    assert send(2_400_000).code == 400


def upload(data: http.RequestData) -> list:
    file = data['f']
    return [file.filename, file.read().decode(), file.content_type, data.get('a')]


def build_upload(filename: str, content: bytes = b'content') -> bytes:
    return (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n'
        b'Content-Type: text/plain\r\n\r\n%s\r\n--x--\r\n' % (filename.encode(), content)
    )


def build_form(fields: int) -> bytes:
    part = b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n1\r\n'
    return b''.join(part % number for number in range(fields)) + b'--x--\r\n'


def count_fields(data: http.RequestData) -> int:
    return len(list(data.items(multi=True)))


@both_modes
@pytest.mark.parametrize(
    ('given', 'name'),
    [
        ('b.txt', 'b.txt'), ('../../etc/passwd', 'passwd'), ('C:\\\\a\\\\b.txt', 'b.txt'),
        ('/etc/b.txt', 'b.txt'), ('é.txt', 'é.txt'), ('a/', ''), ('..\\\\..\\\\b', 'b'),
    ],
)  # fmt: skip
def test_name_of_an_upload_has_no_path(app_class, given, name):
    app = build(app_class, Route('/', 'POST', upload))

    answer = post(app, build_upload(given), MULTIPART)

    assert answer.json() == [name, 'content', 'text/plain', '1']


@both_modes
@pytest.mark.parametrize(
    ('body', 'content_type'),
    [(build_upload('b.txt').replace(b'name="f"', b'name="g"'), MULTIPART), (b'a=1', FORM)],
    ids=['multipart', 'urlencoded'],
)
def test_field_that_a_form_lacks_is_named(app_class, body, content_type):
    app = build(app_class, Route('/', 'POST', upload))

    answer = post(app, body, content_type)

    assert describe(answer) == (400, {'f': 'The "f" field is required.'})


@both_modes
def test_two_files_of_one_name_are_both_there(app_class):
    def list_files(data: http.RequestData) -> list:
        return [file.filename for file in data.getlist('f')]

    app = build(app_class, Route('/', 'POST', list_files))
    body = build_upload('first')[:-7] + b'\r\n' + build_upload('second')

    assert describe(post(app, body, MULTIPART)) == (200, ['first', 'second'])


@pytest.mark.case('F13', 'F14')
@both_modes
@override_settings(DATA_UPLOAD_MAX_NUMBER_FIELDS=3, DATA_UPLOAD_MAX_NUMBER_FILES=1)
@pytest.mark.parametrize(
    ('body', 'content_type', 'expected'),
    [
        (b'a=1&b=2&c=3', FORM, (200, 3)), (b'a=1&b=2&c=3&d=4', FORM, TOO_MANY),
        (build_form(3), MULTIPART, (200, 3)), (build_form(4), MULTIPART, TOO_MANY),
        (build_form(5), MULTIPART, TOO_MANY),
        (build_upload('f'), MULTIPART, (200, 2)),
        (build_upload('f')[:-7] + b'\r\n' + build_upload('g'), MULTIPART, (400, 'Too many files')),
    ],
)  # fmt: skip
def test_number_of_fields_and_files_has_djangos_limits(app_class, body, content_type, expected):
    app = build(app_class, Route('/', 'POST', count_fields))

    assert describe(post(app, body, content_type)) == expected


@both_modes
@override_settings(DATA_UPLOAD_MAX_NUMBER_FIELDS=None, DATA_UPLOAD_MAX_NUMBER_FILES=1)
def test_limit_of_fields_can_be_switched_off_and_that_of_files_stays(app_class):
    app = build(app_class, Route('/', 'POST', count_fields))
    two_files = build_upload('f')[:-7] + b'\r\n' + build_upload('g')

    assert describe(post(app, b'a=1&' * 2000, FORM)) == (200, 2000)
    assert describe(post(app, build_form(2000), MULTIPART)) == (200, 2000)
    assert describe(post(app, two_files, MULTIPART)) == (400, 'Too many files')


@both_modes
def test_iterating_headers_gives_pairs(app_class):
    """J14 is kept: code that was written for API Star relies on it."""

    def handler(headers: http.Headers, params: http.QueryParams) -> list:
        return [list(headers)[:1], list(params)]

    app = build(app_class, Route('/', 'GET', handler))

    assert ask(app, query='a=1').json() == [[['host', 'testserver']], [['a', '1']]]


@both_modes
def test_refusal_with_a_detail_and_a_status(app_class):
    def handler() -> None:
        raise Conflict('taken', 423)

    assert describe(ask(build(app_class, Route('/', 'GET', handler)))) == (423, 'taken')
