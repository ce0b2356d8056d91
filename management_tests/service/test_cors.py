"""Cors beside django-cors-headers' middleware: the same headers for the same request."""

import re
import subprocess
import sys
from typing import Any

import hypothesis
import pytest
from apistar import Route, exceptions, http
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip('corsheaders')

from corsheaders.middleware import CorsMiddleware
from corsheaders.signals import check_request_enabled

from django_apistar.authentication.hooks import MustBeAuthenticated
from django_apistar.cors import Cors
from management_tests.support.checks import check, check_keys
from management_tests.support.oracle import (
    Accelerated,
    ask,
    both_modes,
    build,
)
from management_tests.support.raw_wsgi import call

APP = 'https://app.example.com'
ALLOWED = override_settings(CORS_ALLOWED_ORIGINS=[APP])
ORIGIN = (('ORIGIN', APP),)
PREFLIGHT = (*ORIGIN, ('ACCESS_CONTROL_REQUEST_METHOD', 'PUT'))
HEADERS = ('access-control-', 'vary')


def show() -> dict:
    return {'a': 1}


def stream() -> Any:
    yield b'a'
    yield b'b'


def divide() -> dict:
    return {'a': 1 / 0}


def refuse() -> dict:
    raise exceptions.Forbidden()


def vary(accept: str = 'Accept') -> dict:
    return http.JSONResponse({}, headers={'Vary': accept, 'Access-Control-Allow-Origin': 'own'})


def options() -> dict:
    return {'own': True}


ROUTES = [
    Route('/', 'GET', show), Route('/', 'POST', refuse), Route('/stream/', 'GET', stream),
    Route('/divide/', 'GET', divide), Route('/vary/', 'GET', vary),
    Route('/options/', 'OPTIONS', options),
]  # fmt: skip


def keep_cors(headers: Any) -> dict[str, str]:
    """Return the headers that CORS is about."""
    return {
        name.lower(): value for name, value in headers if name.lower().startswith(HEADERS)
    }  # fmt: skip


def ask_ours(app_class: Any, path: str = '/', method: str = 'GET', headers: Any = ()) -> Any:
    """Return the status, the headers of CORS and the body."""
    answer = ask(build(app_class, *ROUTES, hooks=[Cors]), path=path, method=method, headers=headers)
    return answer.code, keep_cors(answer.headers), answer.body


def ask_theirs(path: str = '/', method: str = 'GET', headers: Any = ()) -> dict[str, str]:
    request = RequestFactory().generic(
        method, path, **{f'HTTP_{name}': value for name, value in headers}
    )
    response: Any = CorsMiddleware(lambda request: HttpResponse())(request)
    return keep_cors(response.items())


SETTINGS = [
    {'CORS_ALLOWED_ORIGINS': [APP]},
    {'CORS_ALLOWED_ORIGINS': (APP, 'null', 'http://localhost:3000')},
    {'CORS_ORIGIN_WHITELIST': [APP]},
    {'CORS_ALLOW_ALL_ORIGINS': True},
    {'CORS_ALLOW_ALL_ORIGINS': True, 'CORS_ALLOW_CREDENTIALS': True},
    {'CORS_ALLOWED_ORIGIN_REGEXES': [r'^https://\w+\.example\.com$', re.compile('^http://local')]},
    {'CORS_ALLOWED_ORIGINS': [APP], 'CORS_ALLOW_CREDENTIALS': True,
     'CORS_EXPOSE_HEADERS': ['ETag', 'X-Request-ID']},
    {'CORS_ALLOWED_ORIGINS': [APP], 'CORS_ALLOW_HEADERS': ['accept', 'x-own'],
     'CORS_ALLOW_METHODS': ['GET'], 'CORS_PREFLIGHT_MAX_AGE': 5},
    {'CORS_ALLOWED_ORIGINS': [APP], 'CORS_PREFLIGHT_MAX_AGE': 0},
    {'CORS_ALLOWED_ORIGINS': [APP], 'CORS_ALLOW_PRIVATE_NETWORK': True},
    {'CORS_ALLOWED_ORIGINS': [APP], 'CORS_URLS_REGEX': r'^/stream/.*$'},
    {},
]  # fmt: skip
REQUESTS = [
    (path, method, headers)
    for path in ('/', '/stream/', '/none/')
    for method, more in (
        ('GET', ()), ('POST', ()), ('OPTIONS', ()),
        ('OPTIONS', (('ACCESS_CONTROL_REQUEST_METHOD', 'PUT'),)),
        ('OPTIONS', (('ACCESS_CONTROL_REQUEST_METHOD', 'PUT'),
                     ('ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK', 'true'))),
    )
    for headers in (
        more, *((*more, ('ORIGIN', origin)) for origin in (
            APP, 'https://evil.example.com', 'https://app.example.com.evil.com', 'null',
            'http://localhost:3000', 'HTTPS://APP.EXAMPLE.COM', 'http://[', '', 'app.example.com',
            'https://app.example.com/path', 'https://a@app.example.com', 'é', '*',
        ))
    )
]  # fmt: skip


@both_modes
@pytest.mark.parametrize('settings', SETTINGS, ids=str)
def test_every_answer_has_the_headers_that_djangos_view_would_have(app_class, settings) -> None:
    with override_settings(**settings):
        app = build(app_class, *ROUTES, hooks=[Cors])
        found = {
            request: keep_cors(
                ask(app, path=request[0], method=request[1], headers=request[2]).headers
            )
            for request in REQUESTS
        }
        expected = {request: ask_theirs(*request) for request in REQUESTS}

    assert found == expected


@both_modes
@ALLOWED
@pytest.mark.parametrize(
    ('path', 'method', 'status'),
    [
        ('/', 'GET', 200), ('/', 'HEAD', 200), ('/', 'POST', 403), ('/none/', 'GET', 404),
        ('/', 'DELETE', 405), ('/', 'OPTIONS', 204), ('/divide/', 'GET', 500),
        ('/stream/', 'GET', 200), ('/stream', 'GET', 302), ('/stream/', 'PATCH', 405),
    ],
)  # fmt: skip
def test_every_kind_of_answer_has_the_headers(app_class, path, method, status) -> None:
    answered, headers, _ = ask_ours(app_class, path, method, ORIGIN)

    assert answered == status
    assert headers['access-control-allow-origin'] == APP
    assert headers['vary'] == 'origin'


@both_modes
@ALLOWED
@pytest.mark.parametrize('path', ['/', '/none/', '/options/'])
@pytest.mark.parametrize('hooks', [[MustBeAuthenticated, Cors], [Cors(), MustBeAuthenticated]])
def test_preflight_is_answered_before_all_hooks(app_class, path, hooks) -> None:
    app = build(app_class, *ROUTES, hooks=hooks)
    answer = ask(app, path=path, method='OPTIONS', headers=PREFLIGHT)

    assert (answer.status, dict(answer.headers), answer.body) == ('200 OK', {
        'content-length': '0', 'vary': 'origin', 'access-control-allow-origin': APP,
        'access-control-allow-headers':
            'accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with',
        'access-control-allow-methods': 'DELETE, GET, OPTIONS, PATCH, POST, PUT',
        'access-control-max-age': '86400',
    }, b'')  # fmt: skip


@both_modes
@ALLOWED
def test_refusal_of_another_hook_has_the_headers(app_class) -> None:
    app = build(app_class, *ROUTES, hooks=[MustBeAuthenticated, Cors])
    answer = ask(app, headers=ORIGIN)

    assert answer.code == 401
    assert dict(answer.headers)['access-control-allow-origin'] == APP


@both_modes
@ALLOWED
@pytest.mark.parametrize(
    ('own', 'expected'),
    [('Accept', 'Accept, origin'), ('accept, Origin', 'accept, Origin'), ('*', '*')],
)
def test_vary_and_headers_of_a_handler_are_kept_as_django_keeps_them(
    app_class, own, expected
) -> None:
    app = build(app_class, *ROUTES, hooks=[Cors])
    allowed = ask(app, path='/vary/', query=f'accept={own}', headers=ORIGIN)
    other = ask(app, path='/vary/', query=f'accept={own}', headers=(('ORIGIN', 'http://b.com'),))

    assert keep_cors(allowed.headers) == {'vary': expected, 'access-control-allow-origin': APP}
    assert keep_cors(other.headers) == {'vary': expected, 'access-control-allow-origin': 'own'}
    assert len(allowed.headers) == len(dict(allowed.headers))


@both_modes
def test_receivers_of_the_packages_signal_are_asked(app_class) -> None:
    def allow(sender: Any, request: Any, **kwargs: Any) -> bool:
        return request.META.get('HTTP_X_KEY') == 'yes'

    check_request_enabled.connect(allow)
    try:
        answers = [
            ask_ours(app_class, headers=(*ORIGIN, ('X_KEY', key)))[1] for key in ('yes', 'no')
        ]
    finally:
        check_request_enabled.disconnect(allow)

    assert answers == [{'vary': 'origin', 'access-control-allow-origin': APP}, {'vary': 'origin'}]


@both_modes
@ALLOWED
def test_routes_keep_their_compiled_code_and_what_they_answer(app_class) -> None:
    with_cors = build(app_class, *ROUTES, hooks=[Cors])
    without = build(app_class, *ROUTES)

    assert [with_cors.responder.is_compiled(route) for route in ROUTES] == [
        without.responder.is_compiled(route) for route in ROUTES
    ]
    for path in ('/', '/none/'):
        ours, plain = ask(with_cors, path=path), ask(without, path=path)
        assert ours.body == plain.body
        assert set(ours.headers) - set(plain.headers) == {('vary', 'origin')}


@pytest.mark.once
def test_no_origin_is_too_odd() -> None:
    app = build(Accelerated, *ROUTES, hooks=[Cors])

    @hypothesis.settings(deadline=None)
    @given(st.text(st.characters(max_codepoint=255)))
    def ask_from(text: str) -> None:
        for origin in (text, f'https://{text}', f'{APP}{text}'):
            assert ask(app, headers=(('ORIGIN', origin),)).code == 200

    with override_settings(CORS_ALLOW_ALL_ORIGINS=True, CORS_ALLOW_CREDENTIALS=True):
        ask_from()


@both_modes
@override_settings(CORS_ALLOWED_ORIGINS=[APP], CORS_URLS_REGEX='^/$')
def test_an_empty_path_is_the_root_for_cors_too(app_class) -> None:
    headers = (('ORIGIN', APP),)

    assert ask_ours(app_class, '', headers=headers) == ask_ours(app_class, '/', headers=headers)
    assert ask_ours(app_class, '', headers=headers)[1]['access-control-allow-origin'] == APP


@pytest.mark.django_db
def test_project_answers_with_cors_and_django_answers_without(settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [APP]
    keys = {**settings.APISTAR_SETTINGS, 'EVENT_HOOKS': ['django_apistar.cors.Cors']}
    settings.APISTAR_SETTINGS = keys
    found = {
        path: keep_cors(call(path, HTTP_ORIGIN=APP).headers.items())
        for path in ('/none/', '/django/none/', '/schema/')
    }

    allowed = {'vary': 'origin', 'access-control-allow-origin': APP}
    assert (found['/none/'], found['/schema/']) == (allowed, allowed)
    assert 'access-control-allow-origin' not in found['/django/none/']


# Mistakes


def check_cors(**settings: Any) -> list[str]:
    with override_settings(**settings):
        return check_keys(EVENT_HOOKS=['django_apistar.cors.Cors'])


SEE = 'See the documentation of django-cors-headers.'


@pytest.mark.once
@pytest.mark.parametrize(
    ('settings', 'sentence', 'hint'),
    [
        ({'CORS_ALLOWED_ORIGINS': ['app.example.com']},
         "Origin 'app.example.com' in CORS_ALLOWED_ORIGINS is missing scheme or netloc.",
         'Add a scheme (e.g. https://) or netloc (e.g. example.com).'),
        ({'CORS_ALLOWED_ORIGINS': 5}, 'CORS_ALLOWED_ORIGINS should be a sequence of strings.', SEE),
        ({'CORS_ALLOWED_ORIGINS': ['http://[']},
         'CORS_ALLOWED_ORIGINS has what is no URL: Invalid IPv6 URL.', 'Correct or remove it.'),
        ({'CORS_MODEL': 'shop.Cors'},
         "The CORS_MODEL setting has been removed - see django-cors-headers' HISTORY.", SEE),
        ({'CORS_ALLOW_HEADERS': ['x-own, accept']},
         "CORS_ALLOW_HEADERS has 'x-own, accept', which HTTP cannot send there.", 'Correct it.'),
        ({'CORS_ALLOWED_ORIGIN_REGEXES': ['(']},
         ("CORS_ALLOWED_ORIGIN_REGEXES has '(', which is no regex of text: missing ), unterminated "
         'subpattern at position 0.'), 'Correct it.'),
        ({'CORS_URLS_REGEX': re.compile(b'/')},
         ("CORS_URLS_REGEX has re.compile(b'/'), which is no regex of text: cannot use a bytes "
         'pattern on a string-like object.'), 'Correct it.'),
    ],
)  # fmt: skip
def test_E023_wrong_setting(settings, sentence, hint) -> None:
    assert check_cors(**settings) == [f'(django_apistar.E023) {sentence} HINT: {hint}']
    assert check(**settings) == []  # without Cors nobody reads them


@pytest.mark.once
def test_W023_setting_that_the_package_has_not() -> None:
    [line] = check_cors(CORS_ALLOW_ORIGINS=[APP])

    assert line == (
        '(django_apistar.W023) CORS_ALLOW_ORIGINS is no setting of django-cors-headers: Cors does '
        'not read it. HINT: Did you mean CORS_ALLOWED_ORIGINS?'
    )


@pytest.mark.once
@pytest.mark.parametrize(
    'name',
    ['CORS_ORIGIN_ALLOW_ALL', 'CORS_ORIGIN_WHITELIST', 'CORS_ORIGIN_REGEX_WHITELIST', 'CORS_MODEL',
     'CORS_REPLACE_HTTPS_REFERER'],
)  # fmt: skip
def test_older_name_of_a_setting_is_known(name) -> None:
    assert [line for line in check_cors(**{name: ()}) if 'W023' in line] == []


@pytest.mark.once
def test_W024_regex_that_lets_in_what_only_begins_so() -> None:
    regexes = [r'^https://app\.example\.com', r'^https://a\.com$', re.compile(r'(x$|y\Z)')]
    regexes += [r'^https://(b|c)\.com\Z', r'^(https://d\.com|https://e\.com$)']
    [line] = check_cors(CORS_ALLOWED_ORIGIN_REGEXES=regexes)

    assert line == (
        r"(django_apistar.W024) CORS_ALLOWED_ORIGIN_REGEXES has '^https://app\\.example\\.com', "
        'which does not end with $: it lets in every origin that begins so. HINT: Add $ to it: '
        'https://app.example.com.evil.com is another origin.'
    )


@pytest.mark.once
def test_E023_package_that_is_not_installed(monkeypatch) -> None:
    monkeypatch.setattr('django_apistar.service.cors.find_spec', lambda name: None)
    [line] = check_cors(CORS_ALLOWED_ORIGINS=['no origin'])

    assert line == (
        '(django_apistar.E023) EVENT_HOOKS has Cors, and django-cors-headers is not installed. '
        "HINT: Run pip install 'django-apistar[cors]'."
    )


@pytest.mark.once
def test_naming_the_hook_needs_no_package() -> None:
    program = (
        "import sys; sys.modules['corsheaders'] = None; import django_apistar.cors; "
        "print([name for name in sys.modules if 'cors_responder' in name])"
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, '[]\n')
