"""Who the user of a request is, through the WSGI application (rows A of the safety table)."""

import pytest
from apistar import App, Component, Route, TestClient
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.models import User as DjangoUser
from django.test import override_settings

from django_apistar import authentication
from django_apistar.authentication import User, components, hooks, views
from django_apistar.authentication.components import (
    AuthenticationComponent,
    DjangoBasicAuthentication,
    DjangoSessionAuthentication,
    DjangoTokenAuthentication,
)
from django_apistar.authentication.models import Token
from management_tests.support.authentication_project import (
    BASIC,
    HOOK,
    MUST_LOG_IN,
    PASSWORD,
    TOKEN,
    basic,
    bearer,
    call_raw,
    make_user,
    settings,
)
from management_tests.support.malformed_credentials import MALFORMED

BEARER = 'Bearer realm="api"'
INVALID_TOKEN = 'Bearer realm="api", error="invalid_token"'
BASIC_CHALLENGE = 'Basic realm="api", charset="UTF-8"'


def refusal(response):
    return response.status_code, response.json(), response.headers['WWW-Authenticate']


def test_package_has_what_projects_import():
    """`__init__`"""
    parts = {
        components: [
            'AuthenticatedUser', 'DjangoBasicAuthentication', 'DjangoSessionAuthentication',
            'DjangoTokenAuthentication', 'NotAuthenticated', 'User',
        ],
        hooks: ['MustBeAuthenticated', 'public'],
        views: ['routes'],
    }  # fmt: skip

    for module, names in parts.items():
        for name in names:
            assert getattr(authentication, name) is getattr(module, name)
    with pytest.raises(AttributeError) as failure:
        authentication.Nobody  # noqa: B018
    assert str(failure.value) == "module 'django_apistar.authentication' has no attribute 'Nobody'"


# Handlers


@pytest.mark.case('A28')
@pytest.mark.parametrize(
    'path',
    ['whoami', 'by-model', 'by-base', 'by-abstract', 'by-optional', 'by-union', 'by-default'],
)
@pytest.mark.parametrize('accelerate', [True, False])
def test_handler_gets_the_user_by_every_annotation(client, alice, path, accelerate):
    token = Token.objects.issue(alice)

    with settings(ACCELERATE=accelerate):
        answers = [
            client.get(f'/{path}/', header).json()
            for header in (basic('alice', PASSWORD), bearer(token.key), None)
        ]

    assert answers == [{'user': 'alice'}, {'user': 'alice'}, {'user': 'nobody'}]


@settings()
def test_two_parameters_get_one_user(client, alice):
    response = client.get('/twice/', basic('alice', PASSWORD))

    assert response.json() == {'same': True, 'user': 'alice'}


@settings()
def test_handler_that_demands_a_user_answers_401_without(client, alice):
    assert refusal(client.get('/demanding/')) == (
        401, MUST_LOG_IN, f'{BEARER}, {BASIC_CHALLENGE}'
    )  # fmt: skip
    assert client.get('/demanding/', basic('alice', PASSWORD)).json() == {'user': 'alice'}


@pytest.mark.case('A26')
@settings()
def test_bad_credentials_on_a_route_that_demands_no_user_are_nobody(client, alice):
    response = client.get('/whoami/', basic('alice', 'wrong'))

    assert (response.status_code, response.json()) == (200, {'user': 'nobody'})


@pytest.mark.case('A26')
@settings()
def test_bad_credentials_on_a_public_route_that_demands_a_user_are_401(client, alice):
    assert client.get('/demanding-although-public/', basic('alice', 'wrong')).status_code == 401


@pytest.mark.case('A27')
@settings(HOOK)
def test_authenticated_but_forbidden_is_403_without_challenge(client, alice):
    response = client.get('/forbidden/', basic('alice', PASSWORD))

    assert response.status_code == 403
    assert 'WWW-Authenticate' not in response.headers


@settings()
def test_the_token_of_the_request_is_the_users_auth_token(client, alice):
    token = Token.objects.issue(alice)

    response = client.get('/who-has-a-token/', bearer(token.key))

    assert response.json() == {'id': token.id, 'key': token.key}


class Elsewhere:
    class User:
        """A class of the same name as the marker."""


class OtherUser(Component):
    def resolve(self) -> Elsewhere.User:
        return Elsewhere.User()


def by_two_classes_named_user(mine: User, other: Elsewhere.User) -> dict:
    return {'mine': mine.get_username(), 'other': type(other).__qualname__}


@pytest.mark.case('A29')
@pytest.mark.parametrize('is_first', [True, False])
def test_two_classes_named_user_each_get_their_own(alice, is_first):
    components = [OtherUser(), DjangoBasicAuthentication()]
    app = App(
        [Route('/', 'GET', by_two_classes_named_user)],
        components=components if is_first else components[::-1],
    )

    response = TestClient(app).get('/', headers={'Authorization': basic('alice', PASSWORD)})

    assert response.json() == {'mine': 'alice', 'other': 'Elsewhere.User'}


# The header


@settings(HOOK)
@pytest.mark.parametrize('header', MALFORMED)
def test_malformed_header_is_401(alice, header):
    header = header.encode('utf-8').decode('latin-1')

    answer = call_raw('/whoami/', HTTP_AUTHORIZATION=header)

    assert (answer.status, answer.json()) == (401, MUST_LOG_IN)


@pytest.mark.case('A01')
@settings(HOOK, components=[TOKEN])
def test_no_header_is_401_with_a_challenge_without_error(client, db):
    assert refusal(client.get('/whoami/')) == (401, MUST_LOG_IN, BEARER)


@pytest.mark.case('A08')
@settings(HOOK)
def test_password_with_colons(client, db):
    make_user(password='a:b:c')

    assert client.get('/whoami/', basic('alice', 'a:b:c')).json() == {'user': 'alice'}


@pytest.mark.case('A10')
@settings(HOOK)
def test_password_in_utf_8(client, db):
    make_user('zoë', 'senhaçã€')

    assert client.get('/whoami/', basic('zoë', 'senhaçã€')).json() == {'user': 'zoë'}


@pytest.mark.case('A13')
@settings(HOOK)
def test_inactive_user_by_password(client, db):
    make_user(is_active=False)

    assert client.get('/whoami/', basic('alice', PASSWORD)).status_code == 401


@pytest.mark.case('A13')
@settings(HOOK)
def test_inactive_user_by_password_with_a_backend_that_allows_them(client, db):
    make_user(is_active=False)
    backends = ['django.contrib.auth.backends.AllowAllUsersModelBackend']

    with override_settings(AUTHENTICATION_BACKENDS=backends):
        response = client.get('/whoami/', basic('alice', PASSWORD))

    assert response.status_code == 401


@pytest.mark.case('A14')
@settings(HOOK)
def test_wrong_password_and_unknown_user_get_one_answer(client, alice):
    wrong = client.get('/whoami/', basic('alice', 'wrong'))
    unknown = client.get('/whoami/', basic('nobody', 'wrong'))

    assert refusal(wrong) == refusal(unknown)


@pytest.mark.case('A15')
@settings(HOOK)
@pytest.mark.parametrize('scheme', ['bearer', 'BEARER', 'Bearer'])
def test_token_with_the_scheme_in_any_case(client, alice, scheme):
    key = Token.objects.issue(alice).key

    assert client.get('/whoami/', f'{scheme} {key}').json() == {'user': 'alice'}


@pytest.mark.case('A16')
@settings(HOOK)
@pytest.mark.parametrize('header', ['Bearer', 'Bearer x', 'bearer a b'])
def test_refused_token_is_named_in_the_challenge(client, alice, header):
    response = client.get('/whoami/', header)

    assert response.headers['WWW-Authenticate'] == f'{INVALID_TOKEN}, {BASIC_CHALLENGE}'


@pytest.mark.case('A19')
@settings(HOOK)
@pytest.mark.parametrize(
    ('change', 'queries'),
    [(lambda key: key[:-1], 1), (lambda key: key + 'a', 0), (lambda key: key * 200, 0)],
    ids=['short', 'long', 'very_long'],
)
def test_token_of_another_length(client, alice, django_assert_num_queries, change, queries):
    key = Token.objects.issue(alice).key

    with django_assert_num_queries(queries):
        response = client.get('/whoami/', bearer(change(key)))

    assert response.status_code == 401


@pytest.mark.case('A20')
@settings(HOOK)
def test_token_of_an_inactive_user(client, alice):
    key = Token.objects.issue(alice).key
    alice.is_active = False
    alice.save()

    assert client.get('/whoami/', bearer(key)).status_code == 401


@pytest.mark.case('A25')
@settings(HOOK, components=[BASIC, TOKEN])
def test_both_challenges_where_basic_is_on(client, db):
    response = client.get('/whoami/')

    assert response.headers['WWW-Authenticate'] == f'{BEARER}, {BASIC_CHALLENGE}'


@pytest.mark.case('A30')
@settings(HOOK)
@pytest.mark.parametrize('path', ['/whoami/', '/twice/', '/secret/'])
def test_one_query_per_request_with_a_token(client, alice, django_assert_num_queries, path):
    key = Token.objects.issue(alice).key

    with django_assert_num_queries(1):
        assert client.get(path, bearer(key)).status_code == 200


# Which components count


def test_without_auth_components_those_of_components_count(client, alice):
    with settings(components=[TOKEN, BASIC]):
        assert client.get('/whoami/', basic('alice', PASSWORD)).json() == {'user': 'alice'}


def test_auth_components_alone_decide_where_they_are_set(client, alice):
    with settings(HOOK, components=[BASIC, TOKEN], AUTH_COMPONENTS=[TOKEN]):
        response = client.get('/whoami/', basic('alice', PASSWORD))

    assert refusal(response) == (401, MUST_LOG_IN, BEARER)


class LikeTheOriginal(Component):
    """As projects of the original wrote them: no annotation, the header alone."""

    def can_handle_parameter(self, parameter):
        return False

    def resolve(self, authorization):
        from django.contrib.auth import get_user_model

        return get_user_model().objects.filter(username=authorization).first()


def test_a_projects_own_component_counts(client, alice):
    with settings(HOOK, components=[TOKEN], AUTH_COMPONENTS=[LikeTheOriginal(), TOKEN]):
        assert client.get('/whoami/', 'alice').json() == {'user': 'alice'}
        assert client.get('/whoami/', 'bob').status_code == 401


class Overridden(DjangoTokenAuthentication):
    def resolve(self, authorization):
        users = {
            'open sesame': object(),
            'nobody': AnonymousUser(),
            'gone': DjangoUser(is_active=False),
        }
        return users.get(authorization)


def test_an_overridden_resolve_counts(client, db):
    with settings(HOOK, components=[TOKEN], AUTH_COMPONENTS=[Overridden()]):
        found = [client.get('/secret/', it).status_code for it in ('open sesame', 'nobody', 'gone')]

    assert found == [200, 401, 401]


class Unfinished(AuthenticationComponent):
    """Has no `authenticate`."""


def test_a_component_that_cannot_authenticate_fails_loudly(client, db):
    with settings(components=[Unfinished()]), pytest.raises(NotImplementedError):
        client.get('/whoami/', basic('alice', PASSWORD))


# resolve, called by hand


@pytest.mark.parametrize(
    'component',
    [DjangoBasicAuthentication(), DjangoTokenAuthentication(), DjangoSessionAuthentication()],
)
@pytest.mark.parametrize('header', [None, '', 'Basic', 'Basic %%%', 'Bearer', 'Digest x'])
def test_resolve_returns_none_for_what_carries_no_user(db, component, header):
    assert component.resolve(header) is None
    assert component.resolve(header, {'REQUEST_METHOD': 'GET'}) is None  # nor with one alone


@settings()
def test_resolve_answers_for_its_own_scheme_alone(alice):
    header, key = basic('alice', PASSWORD), bearer(Token.objects.issue(alice).key)

    found = [
        DjangoBasicAuthentication().resolve(header), DjangoBasicAuthentication().resolve(key),
        DjangoTokenAuthentication().resolve(header), DjangoTokenAuthentication().resolve(key),
    ]  # fmt: skip

    assert found == [alice, None, None, alice]
