"""Issuing, using and revoking tokens (rows B of the safety table)."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test import override_settings
from django.utils import timezone

from django_apistar.authentication.models import Token
from management_tests.support.authentication_project import (
    HOOK,
    TOKEN,
    age,
    answer,
    bearer,
    is_usable,
    make_user,
    settings,
)

DAY = timedelta(days=1)


# Life


@pytest.mark.case('B10')
@settings()
def test_an_expired_token_is_refused_and_purged(client, alice):
    token = Token.objects.issue(alice)
    age(token, expires=timezone.now())

    assert not is_usable(client, token.key)
    assert not Token.objects.exists()


@pytest.mark.case('B11')
@settings()
def test_use_renews_the_token_at_most_once_a_minute(client, alice, django_assert_num_queries):
    token = Token.objects.issue(alice)
    now = timezone.now()
    age(token, created=now - 20 * DAY, expires=now + 10 * DAY)

    assert is_usable(client, token.key)
    with django_assert_num_queries(1):
        assert is_usable(client, token.key)

    token.refresh_from_db()
    assert now + 29 * DAY < token.expires < now + 31 * DAY
    assert token.last_used >= now


@pytest.mark.case('B11')
@pytest.mark.parametrize(
    ('ttl', 'age_s', 'is_renewed'),
    [(3600, 59.5, False), (3600, 60, True), (None, 59.5, False), (None, 60, True),
     (10, 4.5, False), (10, 5, True)],
)  # fmt: skip
def test_a_token_is_renewed_once_a_minute_or_after_half_of_its_life(
    client, alice, ttl, age_s, is_renewed
):
    with settings(TOKEN_TTL=ttl):
        token = Token.objects.issue(alice)
        age(token, created=timezone.now() - timedelta(seconds=age_s))

        assert is_usable(client, token.key)

    issued_to_expire = token.expires
    token.refresh_from_db()
    assert (token.last_used is not None) is is_renewed
    assert ttl is None or (token.expires > issued_to_expire) is is_renewed


@pytest.mark.case('B11')
@settings()
def test_a_token_that_never_expires_stays_so(client, alice):
    token = Token.objects.issue(alice, expires=None)
    age(token, created=timezone.now() - DAY)

    assert is_usable(client, token.key)

    token.refresh_from_db()
    assert (token.expires, token.last_used is None) == (None, False)


@pytest.mark.case('B11')
@settings(TOKEN_TTL=3600)
def test_token_ttl_is_the_life_of_a_token(alice):
    token = Token.objects.issue(alice)

    assert timedelta(seconds=3590) < token.expires - timezone.now() <= timedelta(hours=1)


@settings()
def test_a_database_that_refuses_writes_still_authenticates(client, alice, caplog):
    token = Token.objects.issue(alice)
    age(token, created=timezone.now() - DAY)

    def refuse(execute, sql, params, many, context):
        if sql.startswith('UPDATE'):
            raise DatabaseError('database is locked')
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        assert is_usable(client, token.key)
    [record] = caplog.records
    assert (record.name, record.levelname, record.getMessage(), record.exc_info[0]) == (
        'django_apistar.authentication.models', 'WARNING', 'A token could not be updated.',
        DatabaseError,
    )  # fmt: skip


@pytest.mark.case('B12')
@settings()
def test_no_row_and_no_text_holds_the_key(client, alice):
    key = client.log_in().text

    with connection.cursor() as cursor:
        cursor.execute('SELECT * FROM authentication_token')
        stored = repr(cursor.fetchall())
    token = Token.objects.get()

    assert key not in stored + str(token) + repr(token) + repr(vars(token))
    assert not is_usable(client, token.id)
    assert not is_usable(client, token.digest)


@pytest.mark.case('B12')
@settings()
def test_the_key_of_a_stored_token_is_not_known(alice):
    number = Token.objects.issue(alice).pk

    with pytest.raises(AttributeError) as failure:
        _ = Token.objects.get().key

    assert str(failure.value) == (
        f'The key of token {number} is not stored. It is known only where the token is issued: '
        'Token.objects.issue(user).key.'
    )


@pytest.mark.case('B13')
@settings()
def test_a_password_change_ends_all_tokens(client, alice):
    keys = [client.log_in().text, client.log_in().text]
    alice.set_password('new')
    alice.save()

    assert [is_usable(client, key) for key in keys] == [False, False]
    assert not Token.objects.exists()
    assert is_usable(client, client.log_in(password='new').text)


@pytest.mark.case('B13')
@settings()
def test_another_secret_key_does_not_end_tokens(client, alice):
    key = client.log_in().text

    with override_settings(SECRET_KEY='another'):
        assert is_usable(client, key)


@pytest.mark.case('B14')
@settings()
def test_a_deleted_user_has_no_tokens(client, alice):
    key = client.log_in().text
    alice.delete()

    assert not is_usable(client, key)
    assert not Token.objects.exists()


@pytest.mark.case('B14')
@settings()
def test_a_deactivated_user_is_refused_until_active_again(client, alice):
    key = client.log_in().text
    alice.is_active = False
    alice.save()

    assert not is_usable(client, key)
    alice.is_active = True
    alice.save()
    assert is_usable(client, key)


@pytest.mark.case('B21')
@settings()
def test_keys_are_160_random_bits(alice):
    keys = {Token(user=alice).generate_key() for _ in range(500)}

    assert len(keys) == 500
    assert {len(bytes.fromhex(key)) for key in keys} == {20}


@settings()
def test_ids_are_64_random_bits_and_tell_no_key(alice):
    tokens = [Token.objects.create(user=alice) for _ in range(50)]

    assert {len(bytes.fromhex(token.id)) for token in tokens} == {8}
    assert len({token.id for token in tokens}) == 50
    assert not any(token.id in token.key + token.digest for token in tokens)


@settings()
def test_a_token_may_be_made_as_the_originals_model_was(client, alice):
    token = Token(user=alice)
    token.save()

    assert is_usable(client, token.key)
    assert is_usable(client, Token.objects.create(user=alice, key='b' * 40).key)


def test_a_user_outside_of_a_request_says_where_the_tokens_are(alice):
    with pytest.raises(AttributeError) as failure:
        alice.auth_token  # noqa: B018

    assert (failure.value.name, failure.value.obj) == ('auth_token', alice)

    assert str(failure.value) == (
        'User alice has no auth_token: only the user of a request that sent a token has, that '
        'token. Use user.auth_tokens, which holds all tokens of the user.'
    )
    assert not hasattr(alice, 'auth_token')
    assert hasattr(type(alice).auth_token, '__get__')


# Logout


@pytest.mark.case('B15')
@settings(components=[TOKEN])
@pytest.mark.parametrize('method', ['POST', 'GET'])
def test_logout_ends_this_token_alone(client, alice, method):
    key, other = client.log_in().text, client.log_in().text

    response = client.request(method, '/auth/token-logout/', bearer(key))

    assert answer(response) == (200, {'message': 'Logged out.'})
    assert [is_usable(client, key), is_usable(client, other)] == [False, True]


@pytest.mark.case('B16')
@settings()
@pytest.mark.parametrize('hooks', [(), (HOOK,)])
def test_logout_twice_is_401(client, alice, hooks):
    with settings(*hooks):
        key = client.log_in().text
        client.post('/auth/token-logout/', bearer(key))

        response = client.post('/auth/token-logout/', bearer(key))

    assert answer(response) == (401, {'message': 'User must be logged in.'})
    assert 'error="invalid_token"' in response.headers['WWW-Authenticate']


@pytest.mark.case('B16')
@settings()
def test_logout_without_a_token_is_401(client, db):
    response = client.post('/auth/token-logout/')

    assert response.status_code == 401
    assert response.headers['WWW-Authenticate'] == 'Bearer realm="api"'


@pytest.mark.case('B17')
@settings()
def test_head_never_logs_out(client, alice):
    key = client.log_in().text

    response = client.request('HEAD', '/auth/token-logout/', bearer(key))

    assert (response.status_code, response.headers['Allow']) == (405, 'GET, POST')
    assert is_usable(client, key)


@pytest.mark.case('B18')
@settings()
def test_logout_of_all_ends_the_users_tokens_alone(client, alice):
    bob = make_user('bob')
    keys = [client.log_in().text, client.log_in().text]
    other = Token.objects.issue(bob)

    response = client.post('/auth/token-logout-all/', bearer(keys[0]))

    assert answer(response) == (200, {'message': 'Logged out.'})
    assert list(Token.objects.all()) == [other]
