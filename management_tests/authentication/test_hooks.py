"""MustBeAuthenticated: default deny, by route and headers alone (rows C of the safety table)."""

import gc
import logging

import pytest
from django.test import override_settings

from django_apistar.authentication.hooks import MustBeAuthenticated
from django_apistar.authentication.models import Token
from management_tests.support.authentication_project import (
    BASIC,
    HOOK,
    MUST_LOG_IN,
    PASSWORD,
    SESSION,
    TOKEN,
    basic,
    bearer,
    call_raw,
    settings,
)
from management_tests.support.raw_wsgi import call


def statuses(client, *paths):
    return [client.get(path).status_code for path in paths]


@pytest.mark.case('C01')
@settings(HOOK)
@pytest.mark.parametrize(
    'path',
    ['/secret/?x=/auth/', '/secret/?/auth/', '/secret/?next=/auth/token-login/', '/secret/#/auth/'],
)
def test_nothing_in_the_url_opens_a_route(client, db, path):
    assert (client.get(path).status_code, client.get(path).json()) == (401, MUST_LOG_IN)


@pytest.mark.case('C01')
@settings(HOOK)
def test_nor_does_it_for_post(client, db):
    assert client.post('/notes/?/auth/', json={'text': 'x'}).status_code == 401


@pytest.mark.case('C02')
@settings(HOOK)
def test_a_host_header_opens_nothing(db):
    assert call_raw('/secret/', HTTP_HOST='x/auth/').status in (400, 401)


@pytest.mark.case('C03')
@settings(HOOK)
@pytest.mark.parametrize('path', ['/auth/../secret/', '//auth/', '/auth//token-login/'])
def test_no_other_path_leads_to_a_route(db, path):
    assert call_raw(path).status == 404


@pytest.mark.case('C04')
@settings(HOOK)
def test_a_public_handler_and_the_login_are_open(client, alice):
    assert client.get('/open-to-all/').json() == {'user': 'nobody'}
    assert client.get('/open-to-all/', basic('alice', PASSWORD)).json() == {'user': 'alice'}
    assert client.log_in().status_code == 200


@pytest.mark.case('C05')
@settings(HOOK)
def test_everything_else_is_closed(client, db):
    paths = ['/secret/', '/whoami/', '/schema/', '/docs/', '/auth/token-logout/']

    assert statuses(client, *paths) == [401] * 5


@pytest.mark.case('C05')
@settings(HOOK)
def test_and_open_to_users(client, alice):
    for path in ('/secret/', '/schema/', '/docs/'):
        assert client.get(path, basic('alice', PASSWORD)).status_code == 200


@pytest.mark.case('C04')
@pytest.mark.parametrize(
    ('names', 'expected'),
    [
        (['secret'], [200, 401, 401, 401]),
        (['other:other_secret'], [401, 200, 401, 401]),
        (['other:*'], [401, 200, 401, 401]),
        (['*secret'], [200, 200, 401, 401]),
        (['other_secret', '/secret/', 'SECRET'], [401, 401, 401, 401]),
        (['serve_*'], [401, 401, 200, 200]),
    ],
)
def test_public_routes_are_named_by_globs(client, db, names, expected):
    with settings(HOOK, PUBLIC_ROUTES=names):
        found = statuses(client, '/secret/', '/other/secret/', '/schema/', '/docs/')

    assert found == expected


@pytest.mark.case('C04')
@pytest.mark.parametrize('accelerate', [True, False])
@pytest.mark.parametrize(('name', 'expected'), [('v1:*', [200, 401]), ('v2:*', [401, 200])])
def test_one_list_of_routes_in_two_includes_is_two_names(client, db, accelerate, name, expected):
    with settings(HOOK, PUBLIC_ROUTES=[name], ACCELERATE=accelerate):
        assert statuses(client, '/v1/secret/', '/v2/secret/') == expected


class UnreadableBody:
    """A body of 300 MB that nobody may touch."""

    def read(self, *args):
        raise AssertionError('The body was read.')

    readline = readlines = __iter__ = read


@pytest.mark.case('C06')
@settings(HOOK)
@pytest.mark.parametrize('header', [None, 'Bearer x', basic('alice', 'wrong')])
@pytest.mark.parametrize('content_type', ['application/json', 'multipart/form-data; boundary=x'])
def test_an_anonymous_body_is_not_read(alice, header, content_type):
    environ = {
        'wsgi.input': UnreadableBody(), 'CONTENT_LENGTH': '1000', 'CONTENT_TYPE': content_type,
        'HTTP_COOKIE': 'sessionid=abcdefgh',
    }  # fmt: skip
    if header:
        environ['HTTP_AUTHORIZATION'] = header

    with settings(HOOK, components=[SESSION, TOKEN]):
        answer = call_raw('/notes/', 'POST', **environ)

    assert answer.status == 401


@settings(HOOK)
def test_the_body_is_still_there_for_a_user(client, alice):
    response = client.post('/notes/', basic('alice', PASSWORD), json={'text': 'x'})

    assert response.json() == {'text': 'x', 'user': 'alice'}


@pytest.mark.case('C07')
@settings(HOOK)
def test_an_unknown_path_is_404_and_a_wrong_method_405(client, db):
    assert client.get('/nowhere/').status_code == 404
    assert client.post('/secret/').status_code == 405


@pytest.mark.case('C08')
@pytest.mark.parametrize('hook', [MustBeAuthenticated, MustBeAuthenticated(), HOOK])
def test_class_instance_and_dotted_path_answer_the_same(client, alice, hook):
    with settings(hook):
        found = [
            client.get('/secret/').json(),
            client.get('/secret/', basic('alice', PASSWORD)).text,
            client.get('/open-to-all/').json(),
            client.get('/secret/', 'Bearer x').headers['WWW-Authenticate'],
        ]

    assert found == [
        MUST_LOG_IN, 'secret', {'user': 'nobody'},
        'Bearer realm="api", error="invalid_token", Basic realm="api", charset="UTF-8"',
    ]  # fmt: skip


@pytest.mark.case('C08')
@pytest.mark.slow
@pytest.mark.parametrize('hook', [MustBeAuthenticated, MustBeAuthenticated()])
def test_requests_leave_nothing_behind(db, monkeypatch, hook):
    # pytest keeps log records.
    monkeypatch.setattr(logging.root.manager, 'disable', logging.CRITICAL)
    with settings(hook):
        for _ in range(200):
            call('/secret/')
        gc.collect()
        before = len(gc.get_objects())
        for _ in range(2000):
            call('/secret/')
        gc.collect()

    assert len(gc.get_objects()) - before < 200


@settings(HOOK, module='management_tests.support.userless_routes', components=[])
def test_without_components_nobody_gets_in(client, alice):
    response = client.get('/secret/', basic('alice', PASSWORD))

    assert (response.status_code, response.headers['WWW-Authenticate']) == (
        401, 'Bearer realm="api"'
    )  # fmt: skip


# Sessions


def log_in_to_django(user):
    from django.conf import settings as django_settings
    from django.test import Client as DjangoClient

    browser = DjangoClient()
    browser.force_login(user)
    return f'{django_settings.SESSION_COOKIE_NAME}={browser.session.session_key}'


TOKEN_TEXT = 'a' * 32


@settings(HOOK, components=[SESSION])
def test_a_session_of_the_admin_calls_the_api(client, alice):
    response = client.get('/whoami/', headers={'Cookie': log_in_to_django(alice)})

    assert response.json() == {'user': 'alice'}


@settings(HOOK, components=[SESSION])
def test_an_unsafe_method_needs_the_csrf_token(client, alice):
    cookies = f'{log_in_to_django(alice)}; csrftoken={TOKEN_TEXT}'
    good = {'Cookie': cookies, 'X-CSRFToken': TOKEN_TEXT}

    refused = client.post('/notes/', json={'text': 'x'}, headers={'Cookie': cookies})
    accepted = client.post('/notes/', json={'text': 'x'}, headers=good)
    elsewhere = client.post(
        '/notes/', json={'text': 'x'}, headers={**good, 'Origin': 'https://evil.example'}
    )

    assert (refused.status_code, refused.json()) == (
        403, {'message': 'CSRF check failed: CSRF token missing.'}
    )  # fmt: skip
    assert accepted.json() == {'text': 'x', 'user': 'alice'}
    assert elsewhere.status_code == 403


@pytest.mark.case('I06')
@settings(HOOK, components=[SESSION])
def test_a_form_of_another_site_is_refused(client, alice):
    cookies = f'{log_in_to_django(alice)}; csrftoken={TOKEN_TEXT}'

    response = client.post(
        '/notes/', data={'text': 'x', 'csrfmiddlewaretoken': 'b' * 32}, headers={'Cookie': cookies}
    )

    assert response.status_code == 403


@pytest.mark.case('I06')
@settings(HOOK, components=[SESSION])
def test_a_form_that_nobody_can_read_is_refused_unread(client, alice):
    cookies = f'{log_in_to_django(alice)}; csrftoken={TOKEN_TEXT}'

    response = client.post(
        '/notes/', data='x', headers={'Cookie': cookies, 'Content-Type': 'multipart/form-data'}
    )

    assert (response.status_code, response.json()) == (
        403, {'message': 'CSRF check failed: CSRF token missing.'}
    )  # fmt: skip


FORM = 'application/x-www-form-urlencoded'


@pytest.mark.case('I06')
@pytest.mark.parametrize(
    ('headers', 'status'),
    [
        ({}, 200), ({'Origin': 'http://testserver'}, 200), ({'Sec-Fetch-Site': 'same-origin'}, 200),
        ({'Origin': 'https://trusted.example'}, 200), ({'Origin': 'https://evil.example'}, 403),
        ({'Origin': 'null'}, 403), ({'Origin': 'https://testserver'}, 403),
        ({'Origin': 'http://testserver.evil.example'}, 403),
        ({'Sec-Fetch-Site': 'cross-site'}, 403),
    ],
)  # fmt: skip
@settings(HOOK, components=[BASIC])
def test_a_form_of_another_site_does_not_use_the_browsers_password(client, alice, headers, status):
    with override_settings(CSRF_TRUSTED_ORIGINS=['https://trusted.example']):
        form = client.post(
            '/notes/', basic('alice', PASSWORD), data='text=x',
            headers={'Content-Type': FORM, **headers},
        )  # fmt: skip
        json = client.post('/notes/', basic('alice', PASSWORD), json={'text': 'x'}, headers=headers)

    assert form.status_code == status
    assert status == 200 or form.json() == {
        'message': 'CSRF check failed: The form is of another origin.'
    }
    assert json.status_code == 200  # Which no page can send without a preflight.


@pytest.mark.case('I06')
@pytest.mark.parametrize('content_type', ['text/plain', 'multipart/form-data; boundary=x', ''])
@settings(HOOK, components=[BASIC])
def test_every_sort_of_form_is_a_form(client, alice, content_type):
    response = client.post(
        '/notes/', basic('alice', PASSWORD), data='x',
        headers={'Content-Type': content_type, 'Origin': 'https://evil.example'},
    )  # fmt: skip

    assert response.status_code == 403


@pytest.mark.case('I06')
@settings(HOOK, components=[BASIC])
def test_what_has_no_type_may_be_a_form(alice):
    answer = call_raw(
        '/notes/', 'POST', HTTP_ORIGIN='https://evil.example',
        HTTP_AUTHORIZATION=basic('alice', PASSWORD),
    )  # fmt: skip

    assert (answer.status, answer.json()) == (
        403, {'message': 'CSRF check failed: The form is of another origin.'}
    )  # fmt: skip


@settings(HOOK, components=[SESSION, TOKEN])
def test_a_token_needs_no_csrf_token_beside_a_session(client, alice):
    headers = {'Cookie': log_in_to_django(alice)}
    key = Token.objects.issue(alice).key

    response = client.post('/notes/', bearer(key), json={'text': 'x'}, headers=headers)

    assert response.json() == {'text': 'x', 'user': 'alice'}


@settings(HOOK, components=[SESSION])
def test_an_inactive_users_session_is_refused(client, alice):
    cookies = log_in_to_django(alice)
    alice.is_active = False
    alice.save()

    response = client.get('/whoami/', headers={'Cookie': cookies})

    assert (response.status_code, response.headers['WWW-Authenticate']) == (
        401, 'Session realm="api"'
    )  # fmt: skip


@settings(HOOK, components=[SESSION])
def test_a_password_change_ends_sessions_and_the_api_deletes_none(client, alice):
    from django.contrib.sessions.models import Session

    cookies = log_in_to_django(alice)
    alice.set_password('new')
    alice.save()

    assert client.get('/whoami/', headers={'Cookie': cookies}).status_code == 401
    assert Session.objects.count() == 1


@settings(HOOK, components=[SESSION])
@pytest.mark.parametrize(
    'cookie',
    ['', '=', 'sessionid', 'sessionid=', 'sessionid=x', 'sessionid="\\000bcdefgh"',
     'sessionid=' + 'a' * 10_000, 'sessionid=abcdefgh', 'sessionid="\\351bcdefghi"', ';;;', '\xff'],
)  # fmt: skip
def test_a_cookie_without_a_session_is_401(db, cookie):
    answer = call_raw('/whoami/', HTTP_COOKIE=cookie)

    assert (answer.status, answer.json()) == (401, MUST_LOG_IN)
