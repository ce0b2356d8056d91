"""What `apistar_routes` and the page "API" of the admin tell of permissions and rates."""

import csv
import io
import json
import sys
import types
from unittest import mock

import pytest
from apistar import Include, Route
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import override_settings

from django_apistar.permissions import limit_rate, requires
from django_apistar.test import TestClient
from management_tests.support.authentication_project import TOKEN

pytestmark = pytest.mark.once


@requires('project.add_note', staff=True)
def add() -> dict: ...


@limit_rate('10/minute')
def hello() -> dict: ...


ROUTES = [
    limit_rate('100/hour')(requires('project.view_note')(Include(
        '/shop', 'shop', [Route('/add/', 'POST', add), Route('/hello/', 'GET', hello)]
    ))),
    Route('/hello/', 'GET', hello),
    requires(authenticated=True)(Route('/known/', 'GET', hello, name='known')),
]  # fmt: skip


@pytest.fixture(autouse=True)
def project():
    module = types.ModuleType('permitted_routes')
    module.routes = ROUTES
    keys = {'COMPONENTS': [TOKEN], 'SCHEMA_URL': None, 'ALLOWED_DJANGO_ROUTES': ['/admin/']}
    with (
        mock.patch.dict(sys.modules, permitted_routes=module),
        override_settings(APISTAR_ROUTE_CONF='permitted_routes', APISTAR_SETTINGS=keys),
    ):
        yield


def run(*options: str) -> tuple[str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    call_command('apistar_routes', *options, stdout=stdout, stderr=stderr, skip_checks=True)
    return stdout.getvalue(), stderr.getvalue()


def test_json_says_who_and_by_what():
    rows = json.loads(run('--framework', 'apistar', '--format', 'json')[0])['routes']

    assert {row['name']: (row['auth'], row['permissions']) for row in rows} == {
        'shop:add': ('permission', ['project.view_note', 'project.add_note', 'staff']),
        'shop:hello': ('permission', ['project.view_note']),
        'hello': ('anyone', []),
        'known': ('user', []),
    }


def test_csv_joins_them():
    [row] = csv.DictReader(io.StringIO(run('--name', 'shop:add', '--format', 'csv')[0]))

    assert row['permissions'] == 'project.view_note,project.add_note,staff'


@pytest.mark.parametrize(
    ('wish', 'names'),
    [
        ('permission', ['shop:add', 'shop:hello']), ('!permission', ['hello', 'known']),
        ('user', ['known']),
    ],
)  # fmt: skip
def test_auth_permission_is_a_filter(wish, names):
    stdout, _ = run('--framework', 'apistar', '--auth', wish, '--format', 'json')

    assert [row['name'] for row in json.loads(stdout)['routes']] == names


def test_summary_counts_them_and_the_block_names_them():
    stdout, stderr = run('--name', 'shop:*', '--framework', 'apistar', '-v', '2')

    assert stderr == (
        'Routes: API Star 2, Django 0, open to anyone 0, by permission 2, unreachable 0, '
        'not compiled 0.\n'
    )
    assert [line.split()[-1] for line in stdout.splitlines() if ' needs ' in line] == [
        'project.view_note', 'project.add_note', 'staff', 'project.view_note',
    ]  # fmt: skip
    assert [line.split()[-2:] for line in stdout.splitlines() if line.startswith('apistar')] == [
        ['permission', 'yes'], ['permission', 'yes'],
    ]  # fmt: skip


def test_resolve_tells_permissions_and_rates():
    text, _ = run('--resolve', '/shop/hello/')
    data = json.loads(run('--resolve', '/shop/hello/', '--format', 'json')[0])

    lines = [line.split(None, 1) for line in text.splitlines()]
    assert [line for line in lines if line[0] in ('permission', 'rate')] == [
        ['rate', 'At most 100 requests an hour.'],
        ['permission', 'project.view_note'],
        ['rate', 'At most 10 requests a minute.'],
    ]
    assert (data['permissions'], data['rates']) == (
        ['project.view_note'], ['At most 100 requests an hour.', 'At most 10 requests a minute.']
    )  # fmt: skip


@pytest.mark.django_db
def test_page_of_the_admin_names_the_permissions():
    client = TestClient()
    client.force_login(User.objects.create_user('staff', is_staff=True))

    page = client.get('/admin/django_apistar/').text

    assert 'permission<p class="help">project.view_note, project.add_note, staff</p>' in page
    assert 'by permission 2' in page
