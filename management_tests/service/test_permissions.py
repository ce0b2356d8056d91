"""Rules of handlers and Includes: who gets in, in each mode, decided before the body is read."""

import datetime
import functools
import time
from types import SimpleNamespace

import pytest
from apistar import Component, Include, Route, http, types, validators
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Permission
from django.test import override_settings

from django_apistar.api import counts
from django_apistar.authentication import (
    DjangoBasicAuthentication,
    DjangoSessionAuthentication,
    DjangoTokenAuthentication,
    User,
    public,
)
from django_apistar.authentication.hooks import MustBeAuthenticated
from django_apistar.authentication.models import Token
from django_apistar.permissions import authenticated_by, check, limit_rate, requires
from management_tests.support.authentication_project import (
    MUST_LOG_IN,
    PASSWORD,
    basic,
    bearer,
    make_user,
)
from management_tests.support.oracle import Answer, Request, both_modes, build, send

pytestmark = [pytest.mark.django_db, both_modes]
FAST = override_settings(PASSWORD_HASHERS=['django.contrib.auth.hashers.MD5PasswordHasher'])
ADD = 'project.add_note'
TOKENS = (DjangoTokenAuthentication(),)
DENIED = {'message': 'User has no permission for this.'}


class NewNote(types.Type):
    text = validators.String()


def name(user: User) -> dict:
    return {'user': user and user.get_username()}


@requires(ADD)
def add(note: NewNote, user: User) -> dict:
    return {'text': note.text, 'user': user.get_username()}


@requires(staff=True)
def staff_only() -> dict:
    return {}


@requires(superuser=True)
def superusers_only() -> dict:
    return {}


@requires(authenticated=True)
def users_only() -> dict:
    return {}


@requires(ADD, 'project.delete_note')
def needs_two() -> dict:
    return {}


@requires('project.delete_note')
@requires(ADD)
def needs_two_by_two() -> dict:
    return {}


@requires(ADD, staff=True)
def needs_a_mix() -> dict:
    return {}


@public
@requires(ADD)
def public_too() -> dict:
    return {}


class Robot:
    @requires(ADD)
    def __call__(self) -> dict:
        return {}

    @requires(ADD)
    def call(self) -> dict:
        return {}


@pytest.fixture(autouse=True)
def fast_passwords():
    with FAST:
        yield


@pytest.fixture
def alice():
    return make_user()


def permit(user, *names):
    for name in names:
        user.user_permissions.add(Permission.objects.get(codename=name.split('.')[1]))


def key(user):
    return bearer(Token.objects.issue(user).key)


def build_app(app_class, *routes, components=TOKENS, hooks=()):
    return build(app_class, *routes, components=components, hooks=hooks)


def ask(app, path='/', method='GET', authorization=None, **environ) -> Answer:
    extra = {} if authorization is None else {'HTTP_AUTHORIZATION': authorization}
    return send(app, Request(path, method), {**extra, **environ})


def get_status(app_class, handler, user=None):
    app = build_app(app_class, Route('/', 'GET', handler, name='tested'))
    return ask(app, authorization=user and key(user)).code


def test_request_without_a_user_is_401_with_the_challenges(app_class):
    components = DjangoTokenAuthentication(), DjangoBasicAuthentication()
    app = build_app(app_class, Route('/', 'GET', staff_only), components=components)

    answers = [ask(app), ask(app, authorization='Bearer x')]

    assert [(each.code, each.json()) for each in answers] == [(401, MUST_LOG_IN)] * 2
    assert [each.get('www-authenticate') for each in answers] == [
        f'{bearer}, Basic realm="api", charset="UTF-8"'
        for bearer in ('Bearer realm="api"', 'Bearer realm="api", error="invalid_token"')
    ]


def test_user_without_the_permission_is_403(app_class, alice):
    app = build_app(app_class, Route('/', 'POST', add))

    answer = ask(app, method='POST', authorization=key(alice))

    assert (answer.code, answer.json()) == (403, DENIED)


def test_user_with_the_permission_gets_in_and_the_body_is_there(app_class, alice):
    permit(alice, ADD)
    app = build_app(app_class, Route('/', 'POST', add))

    answer = send(
        app,
        Request('/', 'POST', body=b'{"text": "x"}', content_type='application/json'),
        {'HTTP_AUTHORIZATION': key(alice)},
    )

    assert (answer.code, answer.json()) == (200, {'text': 'x', 'user': 'alice'})


@pytest.mark.parametrize(
    ('handler', 'flags', 'permissions', 'status'),
    [
        (users_only, {}, (), 200),
        (staff_only, {}, (), 403),
        (staff_only, {'is_staff': True}, (), 200),
        (staff_only, {'is_superuser': True}, (), 403),
        (superusers_only, {'is_staff': True}, (), 403),
        (superusers_only, {'is_superuser': True}, (), 200),
        (needs_two, {}, (ADD,), 403),
        (needs_two, {}, (ADD, 'project.delete_note'), 200),
        (needs_two, {'is_superuser': True}, (), 200),
        (needs_two_by_two, {}, (ADD,), 403),
        (needs_two_by_two, {}, ('project.delete_note',), 403),
        (needs_two_by_two, {}, (ADD, 'project.delete_note'), 200),
        (needs_a_mix, {}, (ADD,), 403),
        (needs_a_mix, {'is_staff': True}, (), 403),
        (needs_a_mix, {'is_staff': True}, (ADD,), 200),
        (public_too, {}, (), 403),
        (Robot().call, {}, (), 403),
        (Robot(), {}, (), 403),
        (functools.partial(staff_only), {}, (), 403),
    ],
)
def test_all_that_is_asked_for_must_hold(app_class, handler, flags, permissions, status):
    user = make_user('bob', **flags)
    permit(user, *permissions)

    assert [get_status(app_class, handler), get_status(app_class, handler, user)] == [401, status]


def test_inactive_user_is_none(app_class, alice):
    authorization = key(alice)
    alice.is_active = False
    alice.save()
    app = build_app(app_class, Route('/', 'GET', users_only))

    assert ask(app, authorization=authorization).code == 401


def test_include_asks_for_all_its_routes_and_their_own_come_on_top(app_class, alice):
    routes = [Route('/open/', 'GET', name), Include('/in', 'in', [Route('/', 'GET', staff_only)])]
    app = build_app(
        app_class,
        requires(ADD)(Include('/shop', 'shop', routes)),
        Include('/other', 'other', routes),
        requires(ADD)(Include('/late', 'late', routes)),
    )
    paths = [f'/{name}{path}' for name in ('shop', 'other', 'late') for path in ('/open/', '/in/')]

    def ask_all(user):
        return [ask(app, path, authorization=user and key(user)).code for path in paths]

    found = [ask_all(None), ask_all(alice)]
    permit(alice, ADD)
    found.append(ask_all(alice))

    assert found == [
        [401, 401, 200, 401, 401, 401], [403, 403, 200, 403, 403, 403],
        [200, 403, 200, 403, 200, 403],
    ]  # fmt: skip


def test_route_takes_a_rule_too(app_class):
    app = build_app(app_class, requires(ADD)(Route('/', 'GET', name)), Route('/b/', 'GET', name))

    assert [ask(app).code, ask(app, '/b/').code] == [401, 200]


def test_standalone_route_is_guarded(app_class):
    @requires(ADD)
    def alone(environ, start_response):
        raise AssertionError

    alone.__annotations__ = {}
    app = build_app(app_class, Route('/', 'GET', alone, standalone=True))

    assert ask(app).code == 401


class UnreadableBody:
    def read(self, *args):
        raise AssertionError('The body was read.')

    readline = readlines = __iter__ = read


@pytest.mark.parametrize(('is_known', 'status'), [(False, 401), (True, 403)])
def test_refusal_reads_no_body(app_class, alice, is_known, status):
    app = build_app(app_class, Route('/', 'POST', add))
    body = {'wsgi.input': UnreadableBody(), 'CONTENT_LENGTH': '9', 'CONTENT_TYPE': 'text/plain'}

    assert ask(app, '/', 'POST', key(alice) if is_known else None, **body).code == status


class Recorder:
    seen: list = []

    def on_request(self):
        self.seen.append('request')

    def on_response(self, response: http.Response):
        self.seen.append(response.status_code)


def test_hooks_see_the_refusal(app_class):
    Recorder.seen = []
    app = build_app(app_class, Route('/', 'GET', staff_only), hooks=[Recorder])

    assert (ask(app).code, Recorder.seen) == (401, ['request', 401])


def test_head_is_guarded_and_options_is_not(app_class):
    app = build_app(app_class, Route('/', 'GET', staff_only))

    assert [ask(app, method=method).code for method in ('HEAD', 'OPTIONS')] == [401, 204]


class FromHeader(Component):
    """A project's own way to know users."""

    def resolve(self, x_user: http.Header) -> get_user_model():
        return get_user_model().objects.filter(username=x_user).first() or AnonymousUser()


def test_projects_own_component_gives_the_user(app_class, alice):
    app = build_app(app_class, Route('/', 'GET', users_only), components=[FromHeader()])

    refused, answer = ask(app), ask(app, HTTP_X_USER='alice')

    assert (refused.code, refused.json(), refused.get('www-authenticate')) == (
        401, {'message': 'User must be logged in.'}, 'Bearer realm="api"',
    )  # fmt: skip
    assert answer.code == 200


class Machine(Component):
    """Knows a user that is no instance of a model, and has a challenge."""

    challenge = 'Machine realm="api"'

    def resolve(self, x_machine: http.Header) -> get_user_model():
        return x_machine and SimpleNamespace(has_perm=ADD.__eq__)


class Other(Component):
    challenge = 'Other realm="api"'

    def resolve(self) -> datetime.date:
        return datetime.date.today()


def test_users_of_a_project_need_only_have_permissions(app_class):
    app = build_app(
        app_class, Route('/', 'GET', needs_two), Route('/add/', 'GET', Robot().call),
        components=[Machine(), Other()],
    )  # fmt: skip

    refused, answers = ask(app), [ask(app, path, HTTP_X_MACHINE='1') for path in ('/', '/add/')]

    assert (refused.code, refused.get('www-authenticate')) == (
        401, 'Machine realm="api", Other realm="api"',
    )  # fmt: skip
    assert [answer.code for answer in answers] == [403, 200]


def test_user_is_looked_up_once_for_rules_and_handler(app_class, alice, django_assert_num_queries):
    permit(alice, ADD)

    @requires(ADD)
    def mine(user: User) -> dict:
        return {'user': user.get_username()}

    app = build_app(app_class, Route('/', 'GET', mine))
    authorization = key(alice)
    ask(app, authorization=authorization)  # writes when the token was used

    with django_assert_num_queries(3):  # the token with its user; permissions: own, of groups
        assert ask(app, authorization=authorization).code == 200


def test_route_without_rules_has_the_plan_that_it_has_alone(app_class):
    """A rule of one route costs the others nothing."""

    def build_plan(*others):
        app = build_app(app_class, Route('/', 'GET', name), *others)
        app.responder.find('/', 'GET')
        get_plan = getattr(app.responder, 'get_plan', None)
        return get_plan and get_plan(0).text

    others = (
        Route('/add/', 'POST', add),
        limit_rate('1/minute')(Include('/in', 'in', [Route('/', 'GET', name)])),
    )

    assert build_plan(*others) == build_plan()


def test_decorated_function_is_itself(app_class):
    def plain(a: int) -> int:
        return a + 1

    assert requires(ADD)(plain) is plain
    assert plain(1) == 2


# Objects


class OwnNotes:
    """A backend that lets users change what has their name."""

    def authenticate(self, request, **credentials):
        return None

    def has_perm(self, user, permission, obj=None):
        return permission == 'project.change_note' and obj == user.get_username()


@pytest.mark.parametrize(
    ('permission', 'obj', 'status'),
    [
        ('project.change_note', 'alice', 200),
        ('project.change_note', 'bob', 403),
        ('project.delete_note', 'alice', 403),
    ],
)
def test_backends_decide_about_objects(app_class, alice, permission, obj, status):
    def change(user: User) -> dict:
        check(user, permission, obj)
        return {}

    app = build_app(app_class, Route('/', 'GET', change))
    backends = ['django.contrib.auth.backends.ModelBackend', f'{__name__}.OwnNotes']
    with override_settings(AUTHENTICATION_BACKENDS=backends):
        found = [ask(app, authorization=key(alice)), ask(app)]

    assert [each.code for each in found] == [status, 403]
    assert found[1].json() == DENIED


# Several authentications


BOTH = (DjangoTokenAuthentication(), DjangoBasicAuthentication())


@authenticated_by(DjangoBasicAuthentication)
def by_password(user: User) -> dict:
    return {'user': user.get_username()}


@authenticated_by(DjangoTokenAuthentication(), DjangoSessionAuthentication())
def by_token_or_session(user: User) -> dict:
    return {'user': user.get_username()}


@pytest.mark.parametrize('hooks', [[], [MustBeAuthenticated]], ids=['alone', 'behind the hook'])
def test_route_knows_users_by_its_own_components(app_class, alice, hooks):
    app = build_app(
        app_class,
        Route('/password/', 'GET', by_password),
        Route('/either/', 'GET', by_token_or_session),
        Route('/any/', 'GET', name),
        components=BOTH,
        hooks=hooks,
    )
    token, password = key(alice), basic('alice', PASSWORD)

    def ask_all(path):
        return [ask(app, path, authorization=each).code for each in (token, password)]

    assert [ask_all(path) for path in ('/password/', '/either/', '/any/')] == [
        [401, 200], [200, 401], [200, 200]
    ]  # fmt: skip
    assert ask(app, '/password/').get('www-authenticate') == 'Basic realm="api", charset="UTF-8"'
    assert ask(app, '/either/').get('www-authenticate') == (
        'Bearer realm="api", Session realm="api"'
    )


def test_innermost_components_count(app_class, alice):
    inner = [Route('/token/', 'GET', by_token_or_session), Route('/', 'GET', name)]
    app = build_app(
        app_class, authenticated_by(DjangoBasicAuthentication)(Include('/in', 'in', inner)),
        components=BOTH,
    )  # fmt: skip

    found = [ask(app, path, authorization=key(alice)).code for path in ('/in/token/', '/in/')]

    assert found == [200, 401]


# Rates


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The time, which stands still; and nothing is counted yet."""
    counts.get_local_counts.cache_clear()
    now = [time.time()]
    monkeypatch.setattr(time, 'time', lambda: now[0])
    return now


def make_handler():
    """Return a function that has no rule yet."""

    def limited() -> dict:
        return {}

    return limited


def say_waits(answers):
    return [(each.code, each.get('retry-after')) for each in answers]


OK, WAIT = (200, None), (429, '60')


def test_more_than_the_rate_is_429(app_class):
    app = build_app(app_class, Route('/', 'GET', limit_rate('2/minute')(make_handler())))

    answers = [ask(app) for _ in range(4)]

    assert say_waits(answers) == [OK, OK, WAIT, WAIT]
    assert answers[-1].json() == {'message': 'Too many requests. Try again in 60 seconds.'}


def test_period_begins_with_the_first_request_and_ends(app_class, clock):
    app = build_app(app_class, Route('/', 'GET', limit_rate('1/minute')(make_handler())))

    def ask_after(seconds):
        clock[0] += seconds
        return ask(app)

    answers = [ask_after(seconds) for seconds in (0, 20, 39.5, 0.5, 1)]

    assert say_waits(answers) == [OK, (429, '40'), (429, '1'), OK, (429, '59')]
    assert answers[2].json() == {'message': 'Too many requests. Try again in 1 second.'}


def test_users_and_addresses_have_a_count_each(app_class, alice):
    bob = make_user('bob')
    app = build_app(app_class, Route('/', 'GET', limit_rate('1/minute')(make_handler())))
    callers = [
        {'REMOTE_ADDR': '192.0.2.1'}, {'REMOTE_ADDR': '192.0.2.2'}, {'authorization': key(alice)},
        {'authorization': key(bob)}, {'REMOTE_ADDR': '2001:db8::1'},
    ]  # fmt: skip

    first = [ask(app, **caller).code for caller in callers]
    second = [ask(app, **caller).code for caller in callers]
    neighbours = [ask(app, REMOTE_ADDR='2001:db8::2'), ask(app, REMOTE_ADDR='')]

    assert (first, second) == ([200] * 5, [429] * 5)
    assert [each.code for each in neighbours] == [429, 200]


def test_clients_whose_address_nobody_knows_are_not_one(app_class):
    app = build_app(app_class, Route('/', 'GET', limit_rate('1/minute')(make_handler())))
    environ = Request().build_environ()
    environ.pop('REMOTE_ADDR', None)
    statuses = []

    for _ in range(2):
        app({**environ}, lambda status, *_: statuses.append(status))

    assert statuses == ['200 OK', '200 OK']


def test_routes_of_an_include_share_its_count_and_others_have_their_own(app_class):
    routes = [
        Route('/a/', 'GET', make_handler()),
        Route('/b/', 'GET', limit_rate('1/hour')(make_handler()), name='b'),
    ]
    app = build_app(
        app_class,
        limit_rate('3/minute')(Include('/in', 'in', routes)),
        Include('/out', 'out', routes),
    )

    found = [ask(app, path).code for path in ('/in/a/', '/in/b/', '/out/b/', '/in/a/', '/in/a/')]

    assert found == [200, 200, 429, 200, 429]
    assert ask(app, '/out/a/').code == 200


@pytest.mark.parametrize(('rate', 'wait'), [('1/second', 1), ('1/hour', 3600), ('1/day', 86400)])
def test_wait_is_what_is_left_of_the_period(app_class, rate, wait):
    app = build_app(app_class, Route('/', 'GET', limit_rate(rate)(make_handler())))

    answers = [ask(app), ask(app)]

    assert say_waits(answers) == [OK, (429, str(wait))]


def test_what_is_written_above_comes_first(app_class, alice):
    above = requires(ADD)(limit_rate('1/minute')(make_handler()))
    below = limit_rate('1/minute')(requires(ADD)(make_handler()))
    app = build_app(app_class, Route('/a/', 'GET', above), Route('/b/', 'GET', below, name='b'))
    authorization = key(alice)

    found = [[ask(app, path, authorization=authorization).code for _ in 'xx']
             for path in ('/a/', '/b/')]  # fmt: skip

    assert found == [[403, 403], [403, 429]]
    assert ask(app, '/b/').code == 401


def test_processes_share_the_count_through_a_cache_that_they_share(app_class, tmp_path):
    app = build_app(app_class, Route('/', 'GET', limit_rate('2/minute')(make_handler())))
    backend = 'django.core.cache.backends.filebased.FileBasedCache'
    shared = {'default': {'BACKEND': backend, 'LOCATION': tmp_path}}

    with override_settings(CACHES=shared):
        answers = [ask(app), ask(app)]
        counts.get_local_counts.cache_clear()  # another process
        answers.append(ask(app))

    assert say_waits(answers) == [OK, OK, WAIT]


def test_refusal_by_rate_reads_no_body_and_costs_no_query(app_class, django_assert_num_queries):
    @limit_rate('1/minute')
    def limited(data: http.RequestData) -> dict:
        return {}

    app = build_app(app_class, Route('/', 'POST', limited))
    body = {'wsgi.input': UnreadableBody(), 'CONTENT_LENGTH': '9'}
    ask(app, method='POST')

    with django_assert_num_queries(0):
        assert ask(app, method='POST', **body).code == 429


def test_app_that_knows_no_users_counts_addresses(app_class):
    handler = limit_rate('1/minute')(make_handler())
    app = build_app(app_class, Route('/', 'GET', handler), components=())

    assert say_waits([ask(app, authorization='Bearer x'), ask(app)]) == [OK, WAIT]
