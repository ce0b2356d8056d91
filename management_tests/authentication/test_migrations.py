"""A deployment of the original is upgraded in place, and can go back, on both databases."""

import contextlib
import hashlib
import shutil
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from django_apistar.authentication.models import Token
from management_tests.support.authentication_project import settings

pytestmark = pytest.mark.once

APP = 'authentication'
KEYS = {'alice': 'a1' * 20, 'bob': 'b2' * 20, 'carol': 'made-by-hand'}
ALIAS = 'original'


@contextlib.contextmanager
def database(config: dict[str, Any]) -> Any:
    """A second database under ALIAS for the time of a test."""
    defaults = connections.settings['default'] | {'NAME': '', 'TEST': {}}
    connections.settings[ALIAS] = defaults | config
    connections.databases[ALIAS] = connections.settings[ALIAS]
    try:
        yield connections[ALIAS]
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.settings[ALIAS]


def migrate(target: str) -> None:
    call_command('migrate', APP, target, database=ALIAS, verbosity=0)


@pytest.fixture(scope='module', params=['sqlite', 'postgresql'])
def template(request, tmp_path_factory, django_db_blocker):
    """A database as the original left it: users with one plain key each. Tests have copies."""
    if request.param == 'sqlite':
        folder = tmp_path_factory.mktemp('template')
        config = {'ENGINE': 'django.db.backends.sqlite3', 'NAME': str(folder / 'db.sqlite3')}
    else:
        config = request.getfixturevalue('postgres').databases()['default']
    with django_db_blocker.unblock(), database(config) as connection, settings():
        call_command('migrate', 'auth', database=ALIAS, verbosity=0)
        migrate('0001')
        fill(connection)
    return config


@pytest.fixture
def original(request, template, tmp_path, django_db_blocker):
    if 'sqlite3' in template['ENGINE']:
        name = shutil.copy(template['NAME'], tmp_path)
    else:
        name = request.getfixturevalue('postgres').create_database(template['NAME'])
    config = {**template, 'NAME': name}
    with django_db_blocker.unblock(), database(config) as connection, settings():
        yield connection


def fill(connection: Any) -> None:
    now = timezone.now()
    with connection.cursor() as cursor:
        for user_id, (name, key) in enumerate(KEYS.items(), 1):
            cursor.execute(
                'INSERT INTO auth_user (id, username, password, first_name, last_name, email,'
                ' is_active, is_staff, is_superuser, date_joined)'
                ' VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)',
                [user_id, name, make_password(name), '', '', '', True, False, False, now],
            )
            cursor.execute(
                'INSERT INTO authentication_token (key, created, user_id) VALUES (%s, %s, %s)',
                [key, now - timedelta(days=400), user_id],
            )


def read(connection: Any, query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def authenticate(key: str) -> str | None:
    token = Token.objects.using(ALIAS).select_related('user').filter(
        digest=hashlib.sha256(key.encode()).hexdigest()
    ).first()  # fmt: skip
    if token is None or token.is_expired or token.is_revoked:
        return None
    return token.user.username


def test_the_first_migration_makes_the_originals_table(original):
    with original.cursor() as cursor:
        columns = {
            column.name: bool(column.null_ok)
            for column in original.introspection.get_table_description(
                cursor, 'authentication_token'
            )
        }
        constraints = original.introspection.get_constraints(cursor, 'authentication_token')
    unique = {
        tuple(item['columns'])
        for item in constraints.values()
        if item['unique'] or item['primary_key']
    }

    assert columns == {'key': False, 'created': False, 'user_id': False}
    assert unique == {('key',), ('user_id',)}


def test_every_old_key_keeps_working_and_is_no_longer_readable(original):
    migrate('0002')

    assert {name: authenticate(key) for name, key in KEYS.items()} == {name: name for name in KEYS}
    stored = repr(read(original, 'SELECT * FROM authentication_token'))
    assert [key for key in KEYS.values() if key in stored] == []


def test_the_time_of_an_old_key_starts_with_the_migration(original):
    before = timezone.now()
    migrate('0002')

    for token in Token.objects.using(ALIAS):
        assert timedelta(days=30) <= token.expires - before < timedelta(days=30, minutes=5)
        assert token.created < before - timedelta(days=399)


def test_a_password_change_ends_an_old_key(original):
    migrate('0002')
    user = Token.objects.using(ALIAS).get(user__username='alice').user
    user.set_password('new')
    user.save()

    assert {name: authenticate(key) for name, key in KEYS.items()} == {
        'alice': None, 'bob': 'bob', 'carol': 'carol'
    }  # fmt: skip


def test_a_user_may_have_several_tokens_after_the_migration(original):
    migrate('0002')
    user = Token.objects.using(ALIAS).get(user__username='alice').user

    token = Token(user=user)
    token.save(using=ALIAS)

    assert authenticate(token.key) == 'alice'
    assert authenticate(KEYS['alice']) == 'alice'


def test_the_way_back_keeps_every_user_with_one_fresh_key(original):
    migrate('0002')
    user = Token.objects.using(ALIAS).get(user__username='alice').user
    newest = Token(user=user)
    newest.save(using=ALIAS)
    known = {*KEYS.values(), *Token.objects.using(ALIAS).values_list('pk', flat=True), newest.key}

    migrate('0001')

    rows = read(original, 'SELECT user_id, key FROM authentication_token ORDER BY user_id')
    assert [user_id for user_id, _ in rows] == [1, 2, 3]
    assert {len(key) for _, key in rows} == {40}
    assert known.isdisjoint(key for _, key in rows)
    assert read(original, 'SELECT count(*) FROM auth_user') == [(3,)]


def test_there_and_back_and_there_again(original):
    migrate('0002')
    migrate('0001')
    keys = dict(read(original, 'SELECT user_id, key FROM authentication_token'))
    migrate('0002')

    assert [authenticate(keys[user_id]) for user_id in sorted(keys)] == ['alice', 'bob', 'carol']


def test_an_empty_table_goes_both_ways(original):
    with original.cursor() as cursor:
        cursor.execute('DELETE FROM authentication_token')

    migrate('0002')
    migrate('0001')

    assert read(original, 'SELECT count(*) FROM authentication_token') == [(0,)]


def test_the_migrations_match_the_models(db):
    call_command('makemigrations', APP, check=True, dry_run=True, verbosity=0)


def test_the_label_is_the_originals(db):
    from django.db import connection

    assert (APP, '0001_initial') in MigrationExecutor(connection).loader.disk_migrations
