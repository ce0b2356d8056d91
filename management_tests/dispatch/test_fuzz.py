"""Whatever bytes a client sends, the answer is no 500, and what another implementation says.

HYPOTHESIS_EXAMPLES says how many each test tries.
"""

import base64
import json
import math
import os
import re
from typing import Any

import pytest
from apistar import Route, http, types, validators
from django.test import override_settings
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Authorization

from django_apistar.api.body import MAX_DEPTH
from django_apistar.authentication.credentials import Basic, Bearer, parse_authorization
from management_tests.support.authentication_project import (
    HOOK,
    PASSWORD,
    call_raw,
    make_user,
)
from management_tests.support.authentication_project import settings as project_settings
from management_tests.support.oracle import MODES, Request, build, quiet, send

pytestmark = pytest.mark.once

thorough = settings(
    max_examples=int(os.environ.get('HYPOTHESIS_EXAMPLES', 150)),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LATIN_1 = st.text(st.characters(max_codepoint=255), max_size=60)


def soup(*fragments: str, max_size: int = 12) -> Any:
    """Texts of these *fragments*, and of any characters between them."""
    others = st.text(st.characters(max_codepoint=255), max_size=3)
    pieces = st.one_of(st.sampled_from(fragments), others)
    return st.lists(pieces, max_size=max_size).map(''.join)


# The Authorization header

HEADERS = st.one_of(
    LATIN_1,
    soup('Basic ', 'basic', 'Bearer ', 'Digest ', ' ', '\t', ',', '=', ':', 'YWxpY2U6', 'eA==', 'a',
         'é', '\x00', 'realm="x"'),
    st.binary(max_size=40).map(lambda data: 'Basic ' + base64.b64encode(data).decode()),
)  # fmt: skip


def read_by_werkzeug(header: str) -> Any:
    found = Authorization.from_header(header)
    if found is None:
        return None
    if found.type == 'basic':
        return Basic(found.username or '', found.password or '')
    return Bearer(found.token) if found.type == 'bearer' and found.token else None


@thorough
@given(HEADERS)
def test_authorization_says_what_werkzeug_reads_or_nothing(header):
    """Ours is stricter: nothing is guessed from a header that is malformed.

    Space around a value is not of it (RFC 9110, section 5.5): servers take it away.
    """
    found = parse_authorization(header)

    assert found is None or found == read_by_werkzeug(header.strip(' \t'))


NAMES = st.text(st.characters(exclude_categories=['Cc', 'Cs']), min_size=1, max_size=20)


@thorough
@given(NAMES.filter(lambda name: ':' not in name), NAMES)
def test_every_name_and_password_that_werkzeug_sends_is_read(username, password):
    header = Authorization('basic', {'username': username, 'password': password}).to_header()

    assert parse_authorization(header) == Basic(username, password)


@pytest.mark.django_db
@project_settings(HOOK, LOGIN_THROTTLE=None)
def test_no_authorization_is_a_500_and_none_opens_a_closed_route():
    make_user()

    @thorough
    @given(HEADERS)
    def ask(header: str) -> None:
        answer = call_raw('/whoami/', HTTP_AUTHORIZATION=header)
        good = parse_authorization(header) == Basic('alice', PASSWORD)

        assert answer.status == (200 if good else 401)
        assert answer.headers.get('www-authenticate', '').startswith('' if good else 'Bearer realm')

    with quiet():
        ask()


# Paths

PATHS = st.one_of(
    LATIN_1.map('/{}'.format),
    soup('/', '/echo', '/admin', 'admin', '/static', '/files', '.', '..', '%2f', '\\', '\x00', '\n',
         '5', '-', '\xc3\xa9', '\xff', ';', 'número'.encode().decode('latin-1'), '/django/echo/'),
)  # fmt: skip


def find_framework(path_info: str) -> str:
    """Say in the words of docs/explanation/dispatch.md who answers."""
    if path_info.startswith('/static/'):
        return 'static'
    cafe = 'café'.encode().decode('latin-1')
    if re.match(rf'/(admin|django|{cafe})(/|\Z)', path_info):
        return 'django'
    return 'apistar'


@pytest.mark.django_db
def test_no_path_is_a_500_and_each_has_its_framework():
    @thorough
    @example('/admin')
    @example('/admin/')
    @example('/admin\n')
    @given(PATHS)
    def ask(path_info: str) -> None:
        answer = call_raw('/', PATH_INFO=path_info)

        assert answer.framework == find_framework(path_info)
        assert answer.status in (200, 301, 302, 400, 404, 405)

    with quiet():
        ask()


def show(**params: Any) -> Any:
    return params


def numbered(n: int) -> list:
    return [n]


def named(name: str) -> list:
    return [name]


def rest(path: str) -> list:
    return [path]


ROUTES = [
    Route('/', 'GET', lambda: 'root', name='root'), Route('/a/', 'GET', lambda: 'a', name='a'),
    Route('/a/{n}/', 'GET', numbered), Route('/{name}/b', 'GET', named),
    Route('/é/{name}/', 'GET', named, name='accent'), Route('/r/{+path}', 'GET', rest),
]  # fmt: skip
E_ACUTE = 'é'.encode().decode('latin-1')


@thorough
@given(
    soup('/', '/a', '/b', '/r', f'/{E_ACUTE}', '5', '-5', '9' * 20, '.', '..', '//', '\x00', '%',
         '\xff'),
    st.sampled_from(['GET', 'HEAD', 'POST', 'OPTIONS']),
)  # fmt: skip
def test_compiled_look_up_finds_what_werkzeugs_finds(path, method):
    answers = {
        name: send(build(app_class, *ROUTES), Request('/', method), {'PATH_INFO': f'/{path}'})
        for name, app_class in MODES.items()
    }

    assert answers['accelerated'] == answers['plain']
    assert answers['plain'].code in (200, 204, 302, 308, 404, 405)


# JSON

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.integers(-(10**25), 10**25),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def documents(draw: Any) -> bytes:
    """JSON of a value, with a piece of it lost, repeated or put elsewhere."""
    text = json.dumps(draw(VALUES), ensure_ascii=draw(st.booleans()))
    data = text.encode('utf-8', 'surrogatepass')
    for _ in range(draw(st.integers(0, 2))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        piece = draw(
            st.sampled_from([b'', data[start:end] * 2, b' ', b'"', b'\\', b',', b'\xff', b'0'])
        )
        data = data[:start] + piece + data[end:]
    return data


BODIES = st.one_of(
    documents(),
    st.binary(max_size=20),
    soup('{', '}', '[', ']', ':', ',', '"', '"a"', '\\u', 'd83d', '\\ude00', '1e999', '-', '0', '.',
         '1.5', 'NaN', '-Infinity', 'null', 'tru', 'e', ' ', '\ufeff', '9' * 30, '9' * 400, '/*',
         "'", '1' * 4400, '[' * 257, ']' * 257, '[' * 256, ']' * 256, 'E+', 'é',
         '\\n').map(str.encode),
)  # fmt: skip


def refuse_constant(name: str) -> Any:
    raise ValueError(name)


def measure_depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(measure_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(measure_depth, value), default=0)
    return 0


def is_sendable(value: Any) -> bool:
    """Whether *value* has finite numbers and whole characters alone."""
    if isinstance(value, dict):
        return all(is_sendable(item) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return all(map(is_sendable, value))
    if isinstance(value, str):
        return not re.search('[\ud800-\udfff]', value)
    return not isinstance(value, float) or math.isfinite(value)


def read_by_python(body: bytes) -> tuple[Any, ...]:
    """Return the value, or nothing for what the standard library or RFC 8259 refuses."""
    try:
        value = json.loads(body.decode('utf-8'), parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return ()
    if measure_depth(value) > MAX_DEPTH or not is_sendable(value):
        return ()
    return (value,)


def echo(data: http.RequestData) -> Any:
    return {'value': data}


class Anything(types.Type):
    value = validators.Any()


def echo_typed(anything: Anything) -> Any:
    return {'value': anything['value']}


APPS = {
    name: build(app_class, Route('/', 'POST', echo), Route('/typed/', 'POST', echo_typed))
    for name, app_class in MODES.items()
}


@pytest.mark.parametrize('mode', MODES)
@thorough
@example(b'{"a": 1, "a": 2}')
@example(b'"\\ud83d\\ude00"')
@example(b'-0')
@example(b'1E400')
@example(b'18446744073709551616')
@example(b'[' * 255 + b']' * 255)
@example(b'[' * 256 + b']' * 256)
@example(b'[' * 257 + b']' * 257)
@given(BODIES)
def test_json_is_what_pythons_reader_says_or_a_400(mode, body):
    """Read as it is, and within the fields of a Type, which may have another reader."""
    wrapped = b'{"value": ' + body + b'}'
    plain = send(APPS[mode], Request('/', 'POST', '', body or b' ', 'application/json'))
    typed = send(APPS[mode], Request('/typed/', 'POST', '', wrapped, 'application/json'))

    for answer, read in ((plain, read_by_python(body)), (typed, read_by_python(wrapped))):
        assert answer.code == (200 if read else 400)
        if read:
            value = read[0] if answer is plain else read[0]['value']
            # repr tells 1 from 1.0 and 0.0 from -0.0.
            assert repr(json.loads(answer.body)['value']) == repr(value)


# Everything else that a request has


class Item(types.Type):
    text = validators.String(max_length=5)
    number = validators.Integer(maximum=9, default=1)
    day = validators.Date(allow_null=True)


def take(item: Item) -> Item:
    return item


def query(n: int = 1, f: float = 1.0, b: bool = True, ns: list[int] = (), s: str = '') -> list:
    return [n, f, b, s, *ns]


TYPES = st.one_of(
    LATIN_1,
    soup('application/json', 'application/x-www-form-urlencoded', 'multipart/form-data', ';', '=',
         'boundary', '=x', ' ', '"', '; charset=', 'utf-8', 'utf-99', '*', '/', ','),
)  # fmt: skip
FORMS = soup(
    '--x', '--x--', '\r\n', 'Content-Disposition: form-data; ', 'name="text"', 'name=', ';', '&',
    '=', 'filename="a"', 'filename*=', "utf-8''%ff", 'text', 'number', '%', '%ff', '+', '{', '}',
    '"text":', '"a"', 'null', max_size=20,
).map(str.encode)  # fmt: skip


@pytest.mark.parametrize('mode', MODES)
@thorough
@given(FORMS, TYPES)
@example(
    b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\r\n--x--',
    'multipart/form-data; boundary=x',
)
@example(b'text=%ff', 'application/x-www-form-urlencoded; charset=utf-99')
def test_no_form_is_a_500(mode, body, content_type):
    app = build(MODES[mode], Route('/', 'POST', take), Route('/echo/', 'POST', echo))

    for path in ('/', '/echo/'):
        with quiet():
            answer = send(app, Request(path, 'POST', '', body, content_type))
        assert answer.code in (200, 400, 415)


@pytest.mark.parametrize('mode', MODES)
@thorough
@given(
    soup('n', 'f', 'b', 's', 'ns', '=', '&', ';', '%', '%00', '%ff', '+', '1', 'nan', 'inf',
         '1e999', '-', '_', '٣'.encode().decode('latin-1'), '9' * 30, '9' * 5000, 'null', 'true')
)  # fmt: skip
def test_no_query_string_is_a_500(mode, text):
    app = build(MODES[mode], Route('/', 'GET', query))

    assert send(app, Request('/', query=text)).code in (200, 400)


NAMES_OF_HEADERS = st.sampled_from([
    'HTTP_HOST', 'HTTP_COOKIE', 'HTTP_ACCEPT', 'HTTP_ORIGIN', 'HTTP_RANGE', 'HTTP_IF_NONE_MATCH',
    'HTTP_X_FORWARDED_FOR', 'HTTP_ACCEPT_LANGUAGE', 'HTTP_EXPECT', 'CONTENT_TYPE', 'CONTENT_LENGTH',
    'HTTP_ACCESS_CONTROL_REQUEST_METHOD', 'HTTP_X_CSRFTOKEN', 'HTTP_REFERER', 'SERVER_PROTOCOL',
    'HTTP_IF_MODIFIED_SINCE', 'REMOTE_ADDR',
])  # fmt: skip


@pytest.mark.django_db
@override_settings(ALLOWED_HOSTS=['*'])
def test_no_header_is_a_500():
    @thorough
    @given(
        st.dictionaries(NAMES_OF_HEADERS, LATIN_1, max_size=4),
        st.sampled_from(['/', '/echo/', '/notes/', '/auth/token-login/', '/docs/',
                         '/static/apistar/css/base.css']),
        st.sampled_from(['GET', 'POST', 'HEAD', 'OPTIONS']),
    )  # fmt: skip
    def ask(headers: dict[str, str], path: str, method: str) -> None:
        answer = call_raw(path, method, **headers)

        assert answer.status in (200, 204, 206, 304, 400, 401, 404, 405, 413, 415, 416)

    with quiet():
        ask()
