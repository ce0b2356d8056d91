"""apistar_token, for operations, and the admin."""

import io
import json
from datetime import datetime, timezone

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.templatetags.admin_list import result_headers
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser
from django.test import override_settings
from django.utils import timezone as django_timezone

from django_apistar.authentication.management.commands import apistar_token
from django_apistar.authentication.models import Token
from management_tests.support.authentication_project import (
    Client,
    age,
    bearer,
    make_user,
    settings,
)

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def _settings(request):
    with settings():
        yield


def run(*args):
    stdout, stderr = io.StringIO(), io.StringIO()
    call_command('apistar_token', *args, stdout=stdout, stderr=stderr, no_color=True)
    return stdout.getvalue(), stderr.getvalue()


def user_of(key):
    return Client().get('/whoami/', bearer(key)).json()['user']


def test_issue_prints_the_key_and_nothing_else(alice):
    stdout, stderr = run('issue', 'alice')

    token = Token.objects.get()
    assert user_of(stdout.removesuffix('\n')) == 'alice'
    expires = django_timezone.localtime(token.expires).isoformat(sep=' ', timespec='seconds')
    assert stderr == (
        f'Token {token.id} of alice, expires: {expires}. Its key is not shown again.\n'
    )


def test_issue_as_json(alice):
    stdout, stderr = run('issue', 'alice', '--never-expires', '--format', 'json')

    token = Token.objects.get()
    document = json.loads(stdout)
    assert document == {'id': token.id, 'token': document['token'], 'expires': None}
    assert user_of(document['token']) == 'alice'
    assert stderr == ''


def test_list_shows_no_key_and_no_digest(alice):
    make_user('bob', is_active=False)
    first, second = (
        Token.objects.issue(alice),
        Token.objects.issue(alice, expires=django_timezone.now()),
    )
    third = Token.objects.create(user_id=make_user('carol').pk)

    stdout, _ = run('list')
    lines = [line.split() for line in stdout.splitlines()]

    assert lines[0] == ['ID', 'USER', 'CREATED', 'LAST', 'USED', 'EXPIRES', 'USABLE']
    assert [(line[0], line[1], line[-1]) for line in lines[1:]] == [
        (first.id, 'alice', 'yes'), (second.id, 'alice', 'no'), (third.id, 'carol', 'yes'),
    ]  # fmt: skip
    for token in (first, second, third):
        assert token.key not in stdout
        assert token.digest not in stdout


@override_settings(TIME_ZONE='America/Sao_Paulo')
def test_list_is_a_table_to_the_second_in_local_time(alice):
    noon, later = (datetime(2026, 3, 1, hour, 30, 9, 5, timezone.utc) for hour in (12, 13))
    bob = make_user('bob', is_active=False)
    age(Token.objects.create(id='a', user=alice), created=noon, last_used=later, expires=None)
    age(Token.objects.create(id='bb', user=bob), created=later, expires=None)

    assert run('list')[0].splitlines() == [
        'ID  USER   CREATED                    LAST USED                  EXPIRES  USABLE',
        'a   alice  2026-03-01 09:30:09-03:00  2026-03-01 10:30:09-03:00  never    yes',
        'bb  bob    2026-03-01 10:30:09-03:00  never                      never    no',
    ]


@override_settings(USE_TZ=False)
def test_json_is_indented_and_has_the_times_as_they_are_stored(alice):
    token = Token.objects.create(id='a', user=alice)
    age(token, created=datetime(2026, 3, 1, 12), expires=None)

    assert run('list', '--format', 'json')[0] == (
        '{\n  "tokens": [\n    {\n      "id": "a",\n      "user": "alice",\n'
        '      "created": "2026-03-01T12:00:00",\n      "last_used": null,\n'
        '      "expires": null,\n      "usable": true\n    }\n  ]\n}\n'
    )
    assert run('list')[0].splitlines()[1] == (
        'a   alice  2026-03-01 12:00:00  never      never    yes'
    )


def test_list_of_one_user_as_json(alice):
    Token.objects.issue(make_user('bob'))
    token = Token.objects.issue(alice)

    stdout, _ = run('list', 'alice', '--format', 'json')

    assert json.loads(stdout) == {
        'tokens': [
            {
                'id': token.id, 'user': 'alice', 'created': token.created.isoformat(),
                'last_used': None, 'expires': token.expires.isoformat(), 'usable': True,
            }
        ]
    }  # fmt: skip


def test_revoke_by_id(alice):
    first, second, third = (Token.objects.issue(alice) for _ in range(3))

    assert run('revoke', first.id, second.id) == ('', '2 tokens revoked.\n')
    assert list(Token.objects.all()) == [third]
    assert user_of(first.key) == 'nobody'


def test_revoke_all_of_a_user(alice):
    other = Token.objects.issue(make_user('bob'))
    Token.objects.issue(alice)

    assert run('revoke', '--user', 'alice') == ('', '1 token revoked.\n')
    assert list(Token.objects.all()) == [other]


def test_purge_deletes_what_is_expired_or_revoked(alice):
    bob = make_user('bob')
    usable = Token.objects.issue(alice)
    Token.objects.create(user=alice, expires=django_timezone.now())
    Token.objects.create(user=bob)
    bob.set_password('new')
    bob.save()

    assert run('purge') == ('', '2 tokens purged.\n')
    assert list(Token.objects.all()) == [usable]


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (['issue', 'nobody'], "There is no user 'nobody'."),
        (['issue', 'bob'], "'bob' is not active: a token would be refused."),
        (['list', 'nobody'], "There is no user 'nobody'."),
        (['revoke', '--user', 'nobody'], "There is no user 'nobody'."),
        (['revoke'], 'Name either token IDs or --user USERNAME.'),
        (['revoke', 'x', '--user', 'bob'], 'Name either token IDs or --user USERNAME.'),
        (['revoke', 'x', 'y'], "No token has the ID 'x', 'y'. Nothing was revoked."),
    ],
)
def test_a_mistake_is_one_sentence(db, args, message):
    make_user('bob', is_active=False)

    with pytest.raises(CommandError) as caught:
        run(*args)

    assert str(caught.value) == message


@pytest.mark.django_db(transaction=True)
def test_a_missing_table_is_one_sentence():
    with connection.schema_editor() as editor:
        editor.delete_model(Token)
    try:
        with pytest.raises(CommandError) as failure:
            run('list')
        assert str(failure.value) == (
            f'The tokens cannot be read or written: {str(failure.value.__cause__).strip()}. '
            'Run manage.py migrate authentication.'
        )
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(Token)


HELP = {
    'issue': '[--never-expires] [--format {text,json}] username positional arguments: username '
             'options: -h, --help show this help message and exit '
             '--never-expires Leave TOKEN_TTL aside. --format {text,json} Default: text.',
    'list': '[--format {text,json}] [username] positional arguments: username '
            'options: -h, --help show this help message and exit '
            '--format {text,json} Default: text.',
    'revoke': '[--user USERNAME] [id ...] positional arguments: id ID as listed. '
              'options: -h, --help show this help message and exit '
              '--user USERNAME Revoke all tokens of this user.',
    'purge': 'options: -h, --help show this help message and exit',
}  # fmt: skip


def read_help(capsys, *args):
    with pytest.raises(SystemExit):
        apistar_token.Command().run_from_argv(['manage.py', 'apistar_token', *args, '--help'])
    return ' '.join(capsys.readouterr().out.split())


def test_help_tells_what_there_is_to_do(capsys):
    _, _, text = read_help(capsys).partition('ACTION ... ')

    assert text.partition(' options:')[0] == (
        'Issue, list, revoke and purge the tokens that authenticate API requests. '
        'positional arguments: ACTION issue Issue a token and print its key, once. '
        'list List the tokens of one user or of all. revoke Delete tokens by ID, or all of a user. '
        'purge Delete all expired and revoked tokens.'
    )


@pytest.mark.parametrize('action', HELP)
def test_help_of_an_action_tells_its_options(capsys, action):
    assert read_help(capsys, action) == (
        f'usage: manage.py apistar_token {action} [-h] {HELP[action]}'
    )


def test_an_action_must_be_named(db):
    with pytest.raises(CommandError) as caught:
        call_command('apistar_token')

    assert str(caught.value) == 'Error: the following arguments are required: ACTION'


# The admin


@pytest.fixture
def browser(alice):
    alice.is_staff = alice.is_superuser = True
    alice.save()
    browser = Browser()
    browser.force_login(alice)
    return browser


def test_the_admin_shows_neither_key_nor_digest(browser, alice):
    token = Token.objects.issue(alice)

    pages = [
        browser.get('/admin/authentication/token/'),
        browser.get(f'/admin/authentication/token/{token.pk}/change/'),
    ]

    assert [page.status_code for page in pages] == [200, 200]
    for page in pages:
        text = page.content.decode()
        assert token.id in text
        assert token.digest not in text
        assert token.fingerprint not in text
        assert token.key not in text


def test_the_admin_issues_and_changes_no_tokens(browser, alice):
    path = f'/admin/authentication/token/{Token.objects.issue(alice).pk}/change/'

    assert browser.get('/admin/authentication/token/add/').status_code == 403
    assert browser.post(path, {'user': alice.pk}).status_code == 403
    assert b'name="_save"' not in browser.get(path).content


def test_the_admin_lists_tokens_the_newest_first_with_their_dates_to_choose(browser, alice):
    for name, day in (('a', 1), ('b', 3), ('c', 2)):
        age(
            Token.objects.create(id=name, user=alice),
            created=datetime(2026, 3, day, tzinfo=timezone.utc),
        )

    page = browser.get('/admin/authentication/token/')
    listed = page.context_data['cl']

    assert [token.pk for token in listed.result_list] == ['b', 'c', 'a']
    assert [spec.title for spec in listed.filter_specs] == ['Created', 'Last used', 'Expires']
    assert [str(header['text']) for header in result_headers(listed)][1:] == [
        'ID', 'User', 'Created', 'Last used', 'Expires'
    ]  # fmt: skip
    assert [choice for choice, _ in page.context_data['action_form'].fields['action'].choices] == [
        '', 'delete_selected'
    ]  # fmt: skip
    assert b'?created__day=3&amp;created__month=3' in page.content
    assert b'<link href="/static/django_apistar/admin.css" media="all"' in page.content


def test_the_admin_revokes_tokens(browser, alice):
    token = Token.objects.issue(alice)
    page = browser.get('/admin/authentication/token/').content.decode()
    action = {'action': 'delete_selected', '_selected_action': [token.pk]}

    asked = browser.post('/admin/authentication/token/', action)
    browser.post('/admin/authentication/token/', {**action, 'post': 'yes'})

    assert 'Revoke the selected tokens' in page
    assert asked.status_code == 200
    assert user_of(token.key) == 'nobody'
    assert [entry.object_repr for entry in LogEntry.objects.all()] == [f'{token.id} of alice']
