"""Logging in, the throttle and the signals (rows B of the safety table)."""

import functools
import operator
import time

import pytest
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.test import override_settings
from django.utils import timezone

from django_apistar.api.counts import get_local_counts
from django_apistar.authentication import views
from django_apistar.authentication.models import Token
from management_tests.support.authentication_project import (
    PASSWORD,
    Client,
    age,
    answer,
    basic,
    bearer,
    is_usable,
    make_user,
    settings,
)

INVALID = (400, {'message': 'Invalid credentials.'})


@pytest.mark.case('B01')
@settings()
def test_login_answers_with_the_bare_key(client, alice):
    response = client.log_in()

    assert response.status_code == 200
    assert response.headers['Content-Type'] == 'text/plain; charset=utf-8'
    assert response.headers['Cache-Control'] == 'no-store'
    assert len(response.text) == 40
    assert is_usable(client, response.text)


@pytest.mark.case('B01')
@settings()
@pytest.mark.parametrize(
    ('accept', 'is_json'),
    [
        ('application/json', True),
        ('application/json, */*;q=0.5', True),
        ('text/plain;q=0.5, application/json', True),
        ('*/*', False),
        ('', False),
        ('application/json, text/plain, */*', False),
        ('text/html', False),
        ('application/json;q=0', False),
        (';;,=q', False),
    ],
)
def test_login_answers_with_json_to_who_prefers_it(client, alice, accept, is_json):
    response = client.log_in(Accept=accept)

    token = Token.objects.get()
    assert (response.status_code, response.headers['Cache-Control']) == (200, 'no-store')
    assert response.headers['Content-Type'].startswith('application/json') is is_json
    if is_json:
        key = response.json()['token']
        assert response.json() == {'token': key, 'expires': token.expires.isoformat()}
        assert is_usable(client, key)


@pytest.mark.case('B01')
@settings(TOKEN_TTL=None)
def test_expires_is_null_without_a_ttl(client, alice):
    assert client.log_in(Accept='application/json').json()['expires'] is None


@pytest.mark.case('B02')
@settings()
def test_wrong_inactive_and_unknown_get_one_answer(client, alice):
    make_user('bob', is_active=False)

    responses = [client.log_in(password='wrong'), client.log_in('bob'), client.log_in('carol')]

    assert [answer(response) for response in responses] == [INVALID] * 3
    assert {response.headers['Cache-Control'] for response in responses} == {'no-store'}


@pytest.mark.case('B03')
@settings()
@pytest.mark.parametrize(
    'body',
    [
        '{}', '[]', 'null', '', '""', '1', '{"username": "alice"}', '{"password": "x"}',
        '{"username": 1, "password": "x"}', '{"username": "alice", "password": ["x"]}',
        '{"username": null, "password": null}', '{', '{"username": {}, "password": {}}',
    ],
)  # fmt: skip
def test_login_without_a_name_and_a_password_is_400(client, db, body):
    response = client.post(
        '/auth/token-login/', data=body, headers={'Content-Type': 'application/json'}
    )

    assert response.status_code == 400
    response.json()


@pytest.mark.case('B03')
@settings()
@pytest.mark.parametrize(
    ('form', 'expected'),
    [
        ({'username': 'alice'}, (400, {'password': 'The "password" field is required.'})),
        ({'password': PASSWORD}, (400, {'username': 'The "username" field is required.'})),
        ({'username': 'alice', 'password': ''}, INVALID),
        ({'username': '', 'password': PASSWORD}, INVALID),
    ],
    ids=str,
)
def test_a_form_without_a_name_or_a_password_is_refused_unasked(client, alice, form, expected):
    """No backend is asked, so nothing is counted as a failed login."""
    failed = []
    user_login_failed.connect(failed.append, weak=False, dispatch_uid='asked')

    response = client.post('/auth/token-login/', data=form)

    user_login_failed.disconnect(dispatch_uid='asked')
    assert (answer(response), failed) == (expected, [])


@pytest.mark.case('B04')
@settings()
@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('\\u0000', INVALID),
        ('a\\u0000b', INVALID),
        ('\\ud800', (400, 'Malformed JSON. Lone surrogate in a string')),
    ],
)
def test_login_with_what_no_database_stores_is_400(client, alice, text, expected):
    for body in (
        f'{{"username": "{text}", "password": "x"}}',
        f'{{"username": "alice", "password": "{text}"}}',
    ):
        response = client.post(
            '/auth/token-login/', data=body, headers={'Content-Type': 'application/json'}
        )
        assert answer(response) == expected


@pytest.mark.case('B04')
@settings()
@pytest.mark.parametrize('text', ['\0', 'a\0b', '\ud800', 'a\udfff'])
@pytest.mark.parametrize('field', ['username', 'password'])
def test_what_no_database_stores_is_looked_for_by_no_backend(alice, text, field):
    failed = []
    user_login_failed.connect(failed.append, weak=False, dispatch_uid='asked')

    response = views.token_login(user={'username': 'alice', 'password': 'wrong', field: text})

    user_login_failed.disconnect(dispatch_uid='asked')
    assert (response.status_code, failed) == (400, [])


@pytest.mark.case('B05', 'B06')
@settings()
@pytest.mark.parametrize('password', ['x' * 1_000_000, '1' * 1_000_000], ids=['text', 'digits'])
def test_a_long_password_is_refused_unhashed(client, alice, password):
    hashers = ['django.contrib.auth.hashers.PBKDF2PasswordHasher']

    with override_settings(PASSWORD_HASHERS=hashers):
        started = time.thread_time()
        response = client.log_in(password=password)

    assert response.status_code == 400
    assert time.thread_time() - started < 0.1


@pytest.mark.case('B05')
@settings()
def test_names_and_passwords_have_4096_characters_at_most(client, db):
    longest = 'x' * 4096
    make_user(password=longest)
    too_long = 'Must have no more than 4096 characters.'

    assert client.log_in(password=longest).status_code == 200
    assert client.get('/whoami/', basic('alice', longest)).json() == {'user': 'alice'}
    assert answer(client.log_in(password=longest + 'x')) == (400, {'password': too_long})
    assert answer(client.log_in(longest)) == INVALID
    assert answer(client.log_in(longest + 'x')) == (400, {'username': too_long})


@pytest.mark.case('B08')
@settings(LOGIN_THROTTLE=None)
def test_every_login_gives_another_token_and_all_are_valid(client, alice):
    keys = {client.log_in().text for _ in range(3)}

    assert [is_usable(client, key) for key in keys] == [True] * 3


@pytest.mark.case('B09')
@pytest.mark.parametrize(
    ('limit', 'usable'),
    [(2, [False, True, True]), (1, [False, False, True]), (0, [False, False, True])],
)
def test_the_oldest_token_beyond_the_limit_is_dropped(client, alice, limit, usable):
    with settings(TOKEN_LIMIT_PER_USER=limit):
        keys = [client.log_in().text for _ in range(3)]

        assert [is_usable(client, key) for key in keys] == usable


@pytest.mark.case('B09')
@settings(TOKEN_LIMIT_PER_USER=2)
def test_expired_tokens_do_not_count(client, alice):
    first, second = client.log_in().text, client.log_in().text
    age(Token.objects.order_by('created').last(), expires=timezone.now())

    third = client.log_in().text

    assert [is_usable(client, key) for key in (first, second, third)] == [True, False, True]
    assert Token.objects.count() == 2


@pytest.mark.case('B09')
@settings(TOKEN_LIMIT_PER_USER=1)
def test_the_limit_is_per_user(client, alice):
    make_user('bob')
    key = client.log_in().text
    client.log_in('bob')

    assert is_usable(client, key)


@settings()
def test_login_notes_the_time_as_djangos_does(client, alice):
    assert alice.last_login is None
    before = timezone.now()

    client.log_in()

    alice.refresh_from_db()
    [token] = Token.objects.all()
    assert before <= token.last_used <= alice.last_login <= timezone.now()


@pytest.mark.case('B19')
@settings()
def test_the_eleventh_wrong_login_in_a_minute_is_429(client, alice):
    make_user('bob')

    statuses = [client.log_in(password='wrong').status_code for _ in range(10)]
    response = client.log_in(password='wrong')

    assert statuses == [400] * 10
    seconds = int(response.headers['Retry-After'])
    assert 0 < seconds <= 60
    assert answer(response) == (
        429, {'message': f'Too many failed logins. Try again in {seconds} seconds.'}
    )  # fmt: skip
    assert response.headers['Cache-Control'] == 'no-store'
    assert client.log_in().status_code == 429
    assert client.log_in('ALICE').status_code == 429
    assert client.log_in('bob').status_code == 200
    assert Client('192.0.2.2').log_in().status_code == 200


@pytest.mark.case('B19')
@settings()
def test_retry_after_is_the_time_that_is_left(client, alice, monkeypatch):
    start = time.time()
    told = []
    for passed in (*[0] * 10, 0, 20.5, 59.9, 60):
        monkeypatch.setattr(time, 'time', functools.partial(operator.add, start, passed))
        told.append(client.log_in(password='wrong').headers.get('Retry-After'))

    assert told == [*[None] * 10, '60', '40', '1', None]


ONE_CLIENT = [
    ('2001:db8::1', '2001:db8::2'),
    ('2001:db8::1', '2001:DB8:0:0:ffff:ffff:ffff:ffff'),
    ('192.0.2.1', '::ffff:192.0.2.1'),
    ('192.0.2.1', '::ffff:c000:201'),
    ('192.0.2.1', '64:ff9b::192.0.2.1'),
    ('192.0.2.1', '::ffff:0:192.0.2.1'),
    ('192.0.2.1:50000', '192.0.2.1:50001'),
    ('192.0.2.1', '192.0.2.1:50001'),
    ('[2001:db8::1]:50000', '2001:db8::2'),
    ('fe80::1%eth0', 'fe80::2'),
    ('unknown', 'unknown'),
]
TWO_CLIENTS = [
    ('2001:db8::1', '2001:db8:0:1::1'),
    ('::ffff:192.0.2.1', '::ffff:192.0.2.2'),
    ('64:ff9b::192.0.2.1', '64:ff9b::192.0.2.2'),
    ('::ffff:0:192.0.2.1', '::ffff:0:192.0.2.2'),
    ('64:ff9b:1::192.0.2.1', '64:ff9b:1::192.0.2.2'),
    ('64:ff9b:1:c000:2:100::', '64:ff9b:1:c000:2:200::'),
    ('192.0.2.1:50000', '192.0.2.2:50000'),
]


@pytest.mark.case('B22')
@settings(LOGIN_THROTTLE='1/minute')
@pytest.mark.parametrize(('first', 'second'), ONE_CLIENT)
def test_addresses_that_one_client_has_share_a_count(client, alice, first, second):
    Client(first).log_in(password='wrong')

    assert Client(second).log_in().status_code == 429


@pytest.mark.case('B22')
@settings(LOGIN_THROTTLE='1/minute')
@pytest.mark.parametrize(('first', 'second'), TWO_CLIENTS)
def test_addresses_of_two_clients_have_their_own_counts(client, alice, first, second):
    Client(first).log_in(password='wrong')

    assert Client(second).log_in().status_code == 200


def invent_logins(number, addresses=('192.0.2.1',)):
    """Return the statuses of failed logins, each with a name of its own."""
    clients = [Client(address) for address in addresses]
    return [clients[i % len(clients)].log_in(f'user{i}').status_code for i in range(number)]


@pytest.mark.case('B23')
@settings()
def test_a_thousand_invented_names_are_bounded_and_end_no_lock(client, alice):
    make_user('bob')
    for _ in range(10):
        client.log_in(password='wrong')

    statuses = invent_logins(1000)

    assert statuses == [400] * 90 + [429] * 910
    response = client.log_in('bob')
    seconds = int(response.headers['Retry-After'])
    assert 0 < seconds <= 60
    assert answer(response) == (
        429, {'message': f'Too many failed logins. Try again in {seconds} seconds.'}
    )  # fmt: skip
    assert client.log_in().status_code == 429
    assert Client('192.0.2.2').log_in('bob').status_code == 200


@pytest.mark.case('B23')
@settings()
def test_invented_names_from_many_addresses_end_no_lock(client, alice):
    for _ in range(10):
        client.log_in(password='wrong')

    statuses = invent_logins(400, [f'198.51.100.{i}' for i in range(5)])

    assert statuses == [400] * 400
    assert client.log_in().status_code == 429


@pytest.mark.case('B23')
@settings(LOGIN_THROTTLE_ADDRESS='3/minute')
def test_a_login_does_not_begin_the_address_anew(client, alice):
    statuses = [*invent_logins(2), client.log_in().status_code, *invent_logins(2)]

    assert statuses == [400, 400, 200, 400, 429]


@pytest.mark.case('B23')
@settings(LOGIN_THROTTLE_ADDRESS='3/minute')
def test_basic_counts_for_the_address_and_is_refused_by_it(client, alice):
    for i in range(3):
        client.get('/whoami/', basic(f'user{i}', 'wrong'))

    assert client.get('/whoami/', basic('alice', PASSWORD)).json() == {'user': 'nobody'}
    assert client.log_in().status_code == 429


@pytest.mark.case('B23')
@settings(LOGIN_THROTTLE_ADDRESS=None)
def test_the_limit_of_an_address_can_be_off(client, alice):
    assert set(invent_logins(120)) == {400}


@pytest.mark.case('B23')
@settings(LOGIN_THROTTLE_ADDRESS='1/minute')
def test_clients_without_an_address_are_not_one(db):
    """A server on a Unix socket knows none."""
    by_hand = [
        views.token_login(user={'username': f'user{i}', 'password': PASSWORD}) for i in range(3)
    ]

    assert invent_logins(3, ['']) == [response.status_code for response in by_hand] == [400] * 3


@pytest.fixture
def shared_cache(tmp_path):
    """A cache that processes share, and that drops names: 300 entries, as Django's default."""
    backend = 'django.core.cache.backends.filebased.FileBasedCache'
    with override_settings(CACHES={'default': {'BACKEND': backend, 'LOCATION': str(tmp_path)}}):
        yield


@pytest.mark.case('B23')
def test_processes_count_together_in_a_shared_cache(shared_cache, alice):
    with settings(LOGIN_THROTTLE_ADDRESS='12/minute'):
        client = Client()
        statuses = [client.log_in(password='wrong').status_code for _ in range(10)]
        get_local_counts.cache_clear()  # another process

        assert statuses == [400] * 10
        assert client.log_in().status_code == 429
        assert invent_logins(3) == [400, 400, 429]


@pytest.mark.case('B23')
def test_names_push_no_address_out_of_a_shared_cache(shared_cache, db):
    with settings(LOGIN_THROTTLE_ADDRESS='200/minute'):
        assert invent_logins(250) == [400] * 200 + [429] * 50


@pytest.mark.case('B23')
def test_a_login_elsewhere_begins_anew_with_a_shared_cache(shared_cache, alice):
    with settings(LOGIN_THROTTLE='2/minute'):
        client = Client()
        client.log_in(password='wrong')
        get_local_counts.cache_clear()  # another process
        client.log_in()
        statuses = [client.log_in(password='wrong').status_code for _ in range(3)]

        assert statuses == [400, 400, 429]


@pytest.mark.case('B19')
@settings(LOGIN_THROTTLE='1/minute', LOGIN_THROTTLE_ADDRESS=None)
@pytest.mark.parametrize(
    'spelling',
    [
        'BOB', 'bob ', ' bob', 'bób', 'BÖB', 'b\u00f8b', 'bo\u0301b', '\uff42\uff4f\uff42',
        '\U0001d41b\U0001d428\U0001d41b', 'b\u00adob', 'b\u200bob', 'bob\ufe0f',
    ],
)  # fmt: skip
def test_spellings_that_a_database_may_equate_share_a_count(client, db, spelling):
    """`throttle`"""
    client.log_in(spelling)

    assert client.log_in('bob').status_code == 429


@pytest.mark.case('B19')
@settings(LOGIN_THROTTLE='1/minute', LOGIN_THROTTLE_ADDRESS=None)
@pytest.mark.parametrize(('length', 'status'), [(254, 400), (255, 429)])
def test_the_first_255_characters_of_a_name_count(client, db, length, status):
    client.log_in('b' * length + 'x')

    assert client.log_in('b' * length + 'y').status_code == status


@pytest.mark.case('B19')
@settings(LOGIN_THROTTLE='1/minute', LOGIN_THROTTLE_ADDRESS=None)
@pytest.mark.parametrize(
    'name', ['bub', 'bobo', 'b0b', 'b.ob', 'bob@example.com', '\u0431\u043e\u0431']
)
def test_other_names_have_their_own_count(client, db, name):
    client.log_in(name)

    assert client.log_in('bob').status_code == 400


@pytest.mark.case('B19')
@settings(LOGIN_THROTTLE='2/minute')
def test_a_login_forgets_the_failures_before(client, alice):
    passwords = ['wrong', PASSWORD, 'wrong', PASSWORD, 'wrong', 'wrong', PASSWORD]

    statuses = [client.log_in(password=password).status_code for password in passwords]

    assert statuses == [400, 200, 400, 200, 400, 400, 429]


@pytest.mark.case('B19')
@settings(LOGIN_THROTTLE=None, LOGIN_THROTTLE_ADDRESS=None)
def test_the_throttle_can_be_off(client, alice):
    assert {client.log_in(password='wrong').status_code for _ in range(12)} == {400}


@pytest.mark.case('B19', 'B23')
@settings(LOGIN_THROTTLE='1/second', LOGIN_THROTTLE_ADDRESS='2/second')
def test_the_throttle_ends(client, alice):
    client.log_in(password='wrong')
    assert client.log_in().status_code == 429
    assert client.log_in('bob').status_code == 400
    assert client.log_in('carol').status_code == 429
    time.sleep(1.1)

    assert client.log_in().status_code == 200
    assert client.log_in('bob').status_code == 400


@pytest.mark.case('B19')
@settings(LOGIN_THROTTLE='1/minute')
def test_good_logins_are_never_counted(client, alice):
    assert {client.log_in().status_code for _ in range(5)} == {200}


@pytest.mark.case('B20')
@settings()
def test_signals_carry_a_real_request(client, alice):
    received = []

    def receive(sender, request, signal, **kwargs):
        user = getattr(request, 'user', None)
        received.append((signal, type(request), request.META['REMOTE_ADDR'], request.body, user))

    signals = (user_logged_in, user_logged_out, user_login_failed)
    for signal in signals:
        signal.connect(receive)
    try:
        client.log_in(password='wrong')
        client.post('/auth/token-logout/', bearer(client.log_in().text))
    finally:
        for signal in signals:
            signal.disconnect(receive)

    assert received == [
        (signal, WSGIRequest, '192.0.2.1', b'', user)
        for signal, user in zip(
            (user_login_failed, user_logged_in, user_logged_out), (None, alice, alice), strict=True
        )
    ]


# Handlers called by hand, as the original's tests did


@settings()
def test_login_by_hand_refuses_with_a_response(alice):
    for user in ({}, {'username': 'lala', 'password': 'lala'}):
        response = views.token_login(user=user)
        assert (response.status_code, response.content) == (
            400, b'{"message":"Invalid credentials."}'
        )  # fmt: skip


@settings()
def test_login_and_logout_by_hand(alice):
    key = views.token_login(user={'username': 'alice', 'password': PASSWORD})
    assert Token.objects.count() == 1

    response = views.token_logout(authorization=bearer(key))

    assert (response.status_code, response.content) == (200, b'{"message":"Logged out."}')
    assert Token.objects.count() == 0


@settings()
@pytest.mark.parametrize('authorization', [None, 'not_bearer token', 'Bearer invalid_token'])
def test_logout_by_hand_returns_none_without_a_token(db, authorization):
    assert views.token_logout(authorization=authorization) is None


def test_http_request_stands_in_for_a_request_by_hand(alice):
    received = []

    def receive(sender, request, **kwargs):
        received.append(type(request))

    user_logged_in.connect(receive)
    try:
        with settings():
            views.token_login(user={'username': 'alice', 'password': PASSWORD})
    finally:
        user_logged_in.disconnect(receive)

    assert received == [HttpRequest]


# The document


@settings()
def test_the_document_tells_what_login_and_logout_answer(client, db):
    paths = client.get('/schema/').json()['paths']

    answers = {
        (path, method): operation['responses']['200']['content']
        for path, operations in paths.items()
        for method, operation in operations.items()
        if path.startswith('/auth/')
    }
    message = {
        'application/json': {
            'schema': {
                'type': 'object',
                'properties': {'message': {'type': 'string'}},
                'required': ['message'],
            }
        }
    }
    expires = {'description': 'Date and time, or null for a token that does not expire.'}
    assert answers == {
        ('/auth/token-login/', 'post'): {
            'text/plain': {'schema': {'type': 'string'}},
            'application/json': {
                'schema': {
                    'type': 'object',
                    'properties': {'token': {'type': 'string'}, 'expires': expires},
                    'required': ['token', 'expires'],
                }
            },
        },
        ('/auth/token-logout/', 'get'): message,
        ('/auth/token-logout/', 'post'): message,
        ('/auth/token-logout-all/', 'post'): message,
    }
