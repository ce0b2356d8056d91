"""What a password with every request costs, and who stops guesses (Basic)."""

import time
import types

import pytest
from apistar import App, Route, TestClient
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.signals import user_login_failed
from django.core.handlers.wsgi import WSGIRequest
from django.test import override_settings

from django_apistar.authentication.components import DjangoBasicAuthentication, User
from management_tests.support.authentication_project import (
    HOOK,
    PASSWORD,
    Client,
    basic,
    make_user,
    settings,
)


class SlowHasher(PBKDF2PasswordHasher):
    """Slow enough to drown everything else, quick enough for a test."""

    iterations = 100_000


@pytest.mark.case('A14')
@pytest.mark.slow
def test_wrong_password_unknown_and_unusable_take_the_same_time(db):
    hashers = [f'{SlowHasher.__module__}.{SlowHasher.__qualname__}']

    with settings(LOGIN_THROTTLE=None), override_settings(PASSWORD_HASHERS=hashers):
        make_user('alice')
        make_user('bob', password=None)
        make_user('carol', is_active=False)
        times = {name: [] for name in ('alice', 'bob', 'carol', 'nobody')}
        for _ in range(9):
            for name in times:
                started = time.thread_time()
                DjangoBasicAuthentication().resolve(basic(name, 'wrong'))
                times[name].append(time.thread_time() - started)
    least = {name: min(values) for name, values in times.items()}  # what no neighbour has slowed

    assert max(least.values()) < 1.15 * min(least.values()), least


class CountingBackend:
    """Counts how often a password is hashed."""

    calls = 0

    def authenticate(self, request, username=None, password=None):
        from django.contrib.auth.backends import ModelBackend

        type(self).calls += 1
        assert type(request) is WSGIRequest
        return ModelBackend().authenticate(request, username, password)

    def get_user(self, user_id):
        from django.contrib.auth.backends import ModelBackend

        return ModelBackend().get_user(user_id)


@pytest.fixture
def counting(alice, monkeypatch):
    monkeypatch.setattr(CountingBackend, 'calls', 0)
    backends = [f'{CountingBackend.__module__}.{CountingBackend.__qualname__}']
    with override_settings(AUTHENTICATION_BACKENDS=backends):
        yield CountingBackend


class GuestBackend:
    """Has users of its own: of no model, and without a password."""

    def authenticate(self, request, username=None, password=None):
        return types.SimpleNamespace(pk=7, name=username)

    def get_user(self, user_id):
        return types.SimpleNamespace(pk=user_id, name='remembered')


@settings()
def test_user_of_a_backend_of_the_projects_own_is_active():
    backends = [f'{GuestBackend.__module__}.{GuestBackend.__qualname__}']
    with override_settings(AUTHENTICATION_BACKENDS=backends):
        found = [DjangoBasicAuthentication().resolve(basic('guest', PASSWORD)) for _ in range(2)]

    assert [(user.pk, user.name) for user in found] == [(7, 'guest'), (7, 'remembered')]


def log_in_by_basic(client, password=PASSWORD):
    return client.get('/whoami/', basic('alice', password)).json()['user']


def tell_backend(user: User) -> str:
    return user.backend


@settings()
def test_user_has_the_backend_that_has_verified_the_password(counting):
    app = App([Route('/', 'GET', tell_backend)], components=[DjangoBasicAuthentication()])
    known, others = f'{__name__}.CountingBackend', 'django.contrib.auth.backends.ModelBackend'

    def ask():
        return TestClient(app).get('/', headers={'Authorization': basic('alice', PASSWORD)}).text

    assert [ask(), ask()] == [known, known]
    with override_settings(AUTHENTICATION_BACKENDS=[others]):
        assert ask() == others


@settings()
def test_a_verified_password_is_not_hashed_again(client, counting, django_assert_num_queries):
    log_in_by_basic(client)

    with django_assert_num_queries(1):
        assert log_in_by_basic(client) == 'alice'
    assert counting.calls == 1


@settings()
def test_a_verified_password_is_that_of_its_user_alone(client, counting):
    make_user('bob', 'battery staple')
    log_in_by_basic(client)

    assert log_in_by_basic(client, 'wrong') == 'nobody'
    for name, password in (('bob', PASSWORD), ('alic', f'e{PASSWORD}'), ('alicec', PASSWORD[1:])):
        assert client.get('/whoami/', basic(name, password)).json() == {'user': 'nobody'}
    assert client.get('/whoami/', basic('bob', 'battery staple')).json() == {'user': 'bob'}
    assert log_in_by_basic(client) == 'alice'


class ReadingBackend:
    """Looks for a body, which is the handler's."""

    def authenticate(self, request, username=None, password=None):
        from django.contrib.auth.backends import ModelBackend

        assert (request.body, request.POST, request.FILES) == (b'', {}, {})
        return ModelBackend().authenticate(request, username, password)


@settings(HOOK, BASIC_CACHE_TTL=0)
@pytest.mark.parametrize('size', [1, 3_000_000])
def test_a_backend_leaves_the_body_to_the_handler(client, alice, size):
    backends = [f'{ReadingBackend.__module__}.{ReadingBackend.__qualname__}']
    text = 'x' * size
    with override_settings(
        AUTHENTICATION_BACKENDS=backends, DATA_UPLOAD_MAX_MEMORY_SIZE=size + 100
    ):
        answer = client.post('/notes/', basic('alice', PASSWORD), json={'text': text})

    assert answer.json() == {'text': text, 'user': 'alice'}


@settings(BASIC_CACHE_TTL=0)
def test_every_password_is_hashed_with_the_cache_off(client, counting):
    assert [log_in_by_basic(client), log_in_by_basic(client)] == ['alice', 'alice']
    assert counting.calls == 2


@settings()
def test_a_changed_password_ends_the_cached_one_at_once(client, counting, alice):
    log_in_by_basic(client)
    alice.set_password('new')
    alice.save()

    assert log_in_by_basic(client) == 'nobody'
    assert log_in_by_basic(client, 'new') == 'alice'


@settings()
def test_a_cached_password_does_not_outlive_its_user(client, counting, alice):
    log_in_by_basic(client)
    alice.is_active = False
    alice.save()

    assert log_in_by_basic(client) == 'nobody'


@settings()
def test_a_cached_password_ends_after_its_time(client, counting, monkeypatch):
    log_in_by_basic(client)
    now = time.monotonic()
    monkeypatch.setattr(time, 'monotonic', lambda: now + 61)

    log_in_by_basic(client)

    assert counting.calls == 2


@settings()
def test_a_wrong_password_is_never_cached(client, counting):
    assert [log_in_by_basic(client, 'wrong') for _ in range(3)] == ['nobody'] * 3
    assert counting.calls == 3


@pytest.mark.case('B19')
@settings(LOGIN_THROTTLE='3/minute')
def test_basic_is_throttled_as_the_login_is(client, counting):
    for _ in range(5):
        log_in_by_basic(client, 'wrong')

    assert log_in_by_basic(client) == 'nobody'
    assert log_in_by_basic(Client(address='192.0.2.2')) == 'alice'
    assert counting.calls == 4


@pytest.mark.case('B20')
@settings()
def test_a_failed_password_is_signalled_with_a_request(client, alice):
    received = []

    def receive(sender, credentials, request, **kwargs):
        received.append((credentials['username'], type(request), request.META['REMOTE_ADDR']))

    user_login_failed.connect(receive)
    try:
        client.get('/whoami/', basic('alice', 'wrong'))
    finally:
        user_login_failed.disconnect(receive)

    assert received == [('alice', WSGIRequest, '192.0.2.1')]
