"""Routes, settings and helpers that the tests of authentication share."""

import base64
from typing import Any, Optional

from apistar import Include, Route, exceptions, types, validators
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import User as DjangoUser
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import override_settings

from django_apistar.authentication import AuthenticatedUser, User, public
from django_apistar.authentication import routes as authentication_routes
from django_apistar.test import TestClient
from management_tests.support.raw_wsgi import Answer, call

PASSWORD = 'correct horse'
MODULE = __name__
COMPONENTS = 'django_apistar.authentication.components.'
BASIC = COMPONENTS + 'DjangoBasicAuthentication'
TOKEN = COMPONENTS + 'DjangoTokenAuthentication'
SESSION = COMPONENTS + 'DjangoSessionAuthentication'
HOOK = 'django_apistar.authentication.hooks.MustBeAuthenticated'
MUST_LOG_IN = {'message': 'User must be logged in.'}


class Note(types.Type):
    text = validators.String()


def _name(user: Any) -> str:
    return user.get_username() if user else 'nobody'


def whoami(user: User) -> dict:
    return {'user': _name(user)}


def by_model(user: DjangoUser) -> dict:
    return {'user': _name(user)}


def by_base(user: AbstractBaseUser) -> dict:
    return {'user': _name(user)}


def by_abstract(user: AbstractUser) -> dict:
    return {'user': _name(user)}


def by_optional(user: Optional[User]) -> dict:
    return {'user': _name(user)}


def by_union(user: DjangoUser | None) -> dict:
    return {'user': _name(user)}


def by_default(user: User = None) -> dict:
    return {'user': _name(user)}


def twice(user: User, other: DjangoUser) -> dict:
    return {'same': user is other, 'user': _name(user)}


def demanding(user: AuthenticatedUser) -> dict:
    return {'user': _name(user)}


def forbidden(user: User) -> None:
    raise exceptions.Forbidden()


def create_note(note: Note, user: User) -> dict:
    return {'text': note.text, 'user': _name(user)}


def secret() -> str:
    return 'secret'


@public
def open_to_all(user: User) -> dict:
    return {'user': _name(user)}


@public
def demanding_although_public(user: AuthenticatedUser) -> dict:
    return {'user': _name(user)}


def who_has_a_token(user: User) -> dict:
    return {'id': user.auth_token.id, 'key': user.auth_token.key}


HANDLERS = (
    whoami, by_model, by_base, by_abstract, by_optional, by_union, by_default, twice, demanding,
    forbidden, secret, open_to_all, demanding_although_public, who_has_a_token,
)  # fmt: skip

SHARED = [Route('/secret/', 'GET', secret)]

routes = [
    *(Route(f'/{handler.__name__.replace("_", "-")}/', 'GET', handler) for handler in HANDLERS),
    Route('/notes/', 'POST', create_note),
    Include('/auth', 'auth', authentication_routes),
    Include('/v1', 'v1', SHARED),
    Include('/v2', 'v2', SHARED),
    Include('/other', 'other', [Route('/secret/', 'GET', secret, name='other_secret')]),
]


def settings(
    *hooks: str, module: str = MODULE, components: Any = (BASIC, TOKEN), **keys: Any
) -> override_settings:
    """Settings with these routes; a decorator and a context manager."""
    return override_settings(
        APISTAR_ROUTE_CONF=module,
        APISTAR_SETTINGS={
            'ALLOWED_DJANGO_ROUTES': ['/admin/'], 'COMPONENTS': list(components),
            'EVENT_HOOKS': list(hooks), 'DOCS_URL': '/docs/', **keys,
        },
        ALLOWED_HOSTS=['*'],
        PASSWORD_HASHERS=['django.contrib.auth.hashers.MD5PasswordHasher'],
    )  # fmt: skip


class Client:
    """The hybrid client, from an address of choice, as a browser of another site would call."""

    def __init__(self, address: str = '192.0.2.1') -> None:
        self.session = TestClient(environ={'REMOTE_ADDR': address}, enforce_csrf_checks=True)

    def get(self, path: str, authorization: str | None = None, **kwargs: Any) -> Any:
        return self.request('GET', path, authorization, **kwargs)

    def post(self, path: str, authorization: str | None = None, **kwargs: Any) -> Any:
        return self.request('POST', path, authorization, **kwargs)

    def request(
        self, method: str, path: str, authorization: str | None = None, **kwargs: Any
    ) -> Any:
        headers = kwargs.pop('headers', {})
        if authorization is not None:
            headers = {**headers, 'Authorization': authorization}
        return self.session.request(method, path, headers=headers, **kwargs)

    def log_in(self, username: str = 'alice', password: str = PASSWORD, **headers: str) -> Any:
        user = {'username': username, 'password': password}
        return self.post('/auth/token-login/', json=user, headers=headers)


def call_raw(path: str, method: str = 'GET', app: Any = None, **environ: Any) -> Answer:
    """Send exactly this environ, and leave the test's connection and transaction alone."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        return call(path, method, app=app, **environ)
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


def basic(username: str, password: str, encoding: str = 'utf-8') -> str:
    return 'Basic ' + base64.b64encode(f'{username}:{password}'.encode(encoding)).decode()


def bearer(key: str) -> str:
    return f'Bearer {key}'


def answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()


def is_usable(client: Client, key: str) -> bool:
    """Return whether *key* is alice's."""
    return bool(client.get('/whoami/', bearer(key)).json() == {'user': 'alice'})


def age(token: Any, **fields: Any) -> None:
    """Write *fields* of the token past its model."""
    type(token).objects.filter(pk=token.pk).update(**fields)


def make_user(username: str = 'alice', password: str = PASSWORD, **fields: Any) -> Any:
    return get_user_model().objects.create_user(username, password=password, **fields)
