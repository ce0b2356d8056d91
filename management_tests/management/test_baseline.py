"""`apistar_routes --check --baseline`: what an audit does not let pass, and who may call what."""

import contextlib
import io
import json
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from apistar import Include, Route
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_apistar.authentication.components import AuthenticatedUser, User
from django_apistar.authentication.models import Token
from django_apistar.permissions import requires
from django_apistar.test import TestClient

pytestmark = pytest.mark.once

TOKEN = 'django_apistar.authentication.components.DjangoTokenAuthentication'
HOOK = 'django_apistar.authentication.hooks.MustBeAuthenticated'


def hello() -> dict:
    return {}


def mine(user: AuthenticatedUser) -> dict:
    return {}


def maybe(user: User, limit: int = 10) -> dict:
    return {}


@requires('project.add_note')
def adds() -> dict:
    return {}


@requires(authenticated=True)
def known() -> dict:
    return {}


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


ROUTES = [
    Route('/', 'GET', hello, name='home'),
    Include('/shop', 'shop', [Route('/{number}/', 'POST', mine), Route('/', 'GET', maybe)]),
]


@contextlib.contextmanager
def serve(routes: Sequence[Any], urls: Sequence[Any] = (), **keys: Any) -> Iterator[None]:
    """Make *routes*, *urls* and the *keys* of APISTAR_SETTINGS the project's."""
    modules = types.ModuleType('audited_routes'), types.ModuleType('audited_urls')
    modules[0].routes, modules[1].urlpatterns = routes, urls
    named = {module.__name__: module for module in modules}
    with (
        mock.patch.dict(sys.modules, named),
        override_settings(
            APISTAR_ROUTE_CONF='audited_routes',
            ROOT_URLCONF='audited_urls',
            APISTAR_SETTINGS={'COMPONENTS': [TOKEN], 'SCHEMA_URL': None, **keys},
        ),
    ):
        yield


def run(*options: str) -> tuple[str, str]:
    """Return what the command writes to stdout, and the sentence of its failure or on stderr."""
    stdout, stderr = io.StringIO(), io.StringIO()
    try:
        call_command('apistar_routes', *options, stdout=stdout, stderr=stderr, skip_checks=True)
    except CommandError as exc:
        return stdout.getvalue(), str(exc)
    return stdout.getvalue(), stderr.getvalue()


@pytest.fixture
def baseline(tmp_path):
    """The file of a project whose hook guards all its routes."""
    file = tmp_path / 'routes.json'
    with serve(ROUTES, EVENT_HOOKS=[HOOK]):
        assert run('--write-baseline', str(file)) == ('', f'Wrote 3 routes to {file}.\n')
        assert file.read_text() == run('--format', 'json')[0]
        yield file


def test_the_same_project_passes(baseline):
    assert run('--check', '--baseline', str(baseline)) == ('', 'No conflicts.\n')
    document = json.loads(run('--check', '--baseline', str(baseline), '--format', 'json')[0])
    assert document == {'routes': [], 'conflicts': [], 'changes': []}


@pytest.mark.parametrize(
    ('routes', 'urls', 'keys', 'lines'),
    [
        (ROUTES, [], {'PUBLIC_ROUTES': ['home', 'shop:maybe']},
         ["public: GET / (home) is open to anyone: its auth was 'user'.",
          "public: GET /shop/ (shop:maybe) is open to anyone: its auth was 'user'."]),
        (ROUTES[1:], [], {}, ['gone: GET / (home) is gone.']),
        ([*ROUTES, Route('/new/', 'GET', hello, name='new')], [], {}, []),
        ([*ROUTES, Route('/new/', 'GET', hello, name='new', documented=False)], [], {},
         ['undocumented: GET /new/ (new) is new, and the schema does not show it.']),
        ([Route('/', 'GET', hello, name='home', documented=False), *ROUTES[1:]], [], {},
         ['undocumented: GET / (home) is not in the schema any more.']),
        (ROUTES[:1], [path('shop/<number>/', page, name='sell'), path('shop/', page)],
         {'ALLOWED_DJANGO_ROUTES': ['/shop/']},
         ['gone: POST /shop/{number}/ (shop:mine) is gone.',
          'gone: GET /shop/ (shop:maybe) is gone.']),
    ],
    ids=['public', 'gone', 'new', 'new undocumented', 'undocumented', 'other methods'],
)  # fmt: skip
def test_changes_that_fail_are_named(baseline, routes, urls, keys, lines):
    with serve(routes, urls, EVENT_HOOKS=[HOOK], **keys):
        stdout, sentence = run('--check', '--baseline', str(baseline))

    plural = 's' * (len(lines) != 1)
    assert stdout.splitlines() == lines
    assert sentence == (
        f'{len(lines)} change{plural} against {baseline}.' if lines else 'No conflicts.\n'
    )


def test_a_route_of_another_framework_is_a_change(baseline):
    routes = json.loads(baseline.read_text())
    routes['routes'][0].update(framework='django', documented=False)
    view = {**routes['routes'][0], 'methods': ['GET', 'HEAD'], 'path': '/old/', 'name': ''}
    baseline.write_text(json.dumps({'routes': [*routes['routes'], view]}))

    stdout, _ = run('--check', '--baseline', str(baseline), '--format', 'json')

    assert json.loads(stdout)['changes'] == [
        {
            'rule': 'framework',
            'route': 'home',
            'message': 'GET / (home) goes to apistar, not to django.',
        },
        {'rule': 'gone', 'route': '', 'message': 'GET,HEAD /old/ is gone.'},
    ]


def test_permissions_that_went_are_named(tmp_path):
    @requires('project.add_note', staff=True)
    def before() -> dict:
        return {}

    def build(rule):
        return [Route('/', 'GET', rule(before), name='home')]

    file = str(tmp_path / 'routes.json')
    with serve(build(lambda handler: handler)):
        run('--write-baseline', file)
    del before.access_rules
    found = []
    for rule in (requires('project.add_note', 'project.view_note'), requires(authenticated=True)):
        with serve(build(rule)):
            found.append(run('--check', '--baseline', file)[0])
        del before.access_rules
    with serve(build(lambda handler: handler)):
        found.append(run('--check', '--baseline', file)[0])

    assert found == [
        'permission: GET / (home) asks no more for staff.\n',
        'permission: GET / (home) asks no more for project.add_note, staff.\n',
        "public: GET / (home) is open to anyone: its auth was 'permission'.\n",
    ]


NO_LISTING = 'is not what --format json prints. Write it anew with --write-baseline.'
OLD = (
    "was written by another version: its routes have no 'methods'. Write it anew with "
    '--write-baseline.'
)


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        ('', NO_LISTING),
        ('[]', NO_LISTING),
        ('{"routes": 5}', NO_LISTING),
        ('{"routes": [1]}', NO_LISTING),
        ('{"routes": ' + '[' * 100_000, NO_LISTING),
        ('{"routes": [{"framework": "apistar"}]}', OLD),
    ],
)
def test_a_file_that_is_no_baseline_is_one_sentence(tmp_path, text, sentence):
    file = tmp_path / 'routes.json'
    file.write_text(text)

    assert run('--check', '--baseline', str(file)) == ('', f'{file} {sentence}')


def test_files_that_cannot_be_opened_are_one_sentence(tmp_path):
    missing = tmp_path / 'no' / 'routes.json'

    reason = 'cannot be read: No such file or directory. Write it anew with --write-baseline.'
    assert run('--check', '--baseline', str(missing)) == ('', f'{missing} {reason}')
    assert run('--write-baseline', str(missing)) == (
        '',
        f'{missing} cannot be written: No such file or directory.',
    )
    assert run('--baseline', str(missing)) == ('', '--baseline goes with --check.')


# What a stranger may call

HANDLERS = st.sampled_from([hello, mine, maybe, adds, known])
SEGMENTS = st.sampled_from(['/a/', '/b/', '/{number}/', '/c/{name}/'])


@st.composite
def build_routes(draw) -> list[Route]:
    paths = draw(
        st.lists(st.tuples(SEGMENTS, st.sampled_from(['GET', 'POST'])), unique=True, max_size=4)
    )
    return [
        Route(url, method, draw(HANDLERS), name=f'route{index}')
        for index, (url, method) in enumerate(paths)
    ]


LAID = st.sampled_from([lambda item: item, requires(staff=True), requires(authenticated=True)])


def iter_statuses(rows, authorization=None) -> Iterator[tuple[str, int]]:
    client = TestClient()
    headers = {'Authorization': authorization} if authorization else {}
    for row in rows:
        path = row['path'].replace('{number}', '5').replace('{name}', 'x')
        yield row['name'], client.request(row['methods'][0], path, headers=headers).status_code


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    routes=build_routes(),
    inner=build_routes(),
    lay=LAID,
    has_hook=st.booleans(),
    public=st.lists(st.sampled_from(['route0', 'route1', 'inner:*', 'inner:route0'])),
)
def test_anyone_may_call_what_anonymous_requests_reach(routes, inner, lay, has_hook, public):
    hooks = [HOOK] if has_hook else []
    with serve(
        [*routes, lay(Include('/inner', 'inner', inner))], EVENT_HOOKS=hooks, PUBLIC_ROUTES=public
    ):
        stdout, _ = run('--format', 'json', '--auth', 'anyone', '--auth', 'optional')
        listed = {row['name'] for row in json.loads(stdout)['routes']}
        every = json.loads(run('--format', 'json')[0])['routes']
        reached = {name for name, status in iter_statuses(every) if status != 401}
        user, _ = get_user_model().objects.get_or_create(username='nobody')
        authorization = f'Bearer {Token.objects.issue(user).key}'
        refused = {name for name, status in iter_statuses(every, authorization) if status == 403}

    assert listed == reached
    assert {row['name'] for row in every if row['auth'] == 'permission'} == refused
    assert {row['name'] for row in every if row['permissions']} == refused


def test_the_file_is_written_where_it_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with serve(ROUTES):
        run('--write-baseline', 'routes.json')

    assert json.loads(Path('routes.json').read_text())['routes'][0]['name'] == 'home'
