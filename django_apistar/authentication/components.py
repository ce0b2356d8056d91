"""Components that inject the Django user of the request.

Can be imported in settings.py. Annotations here are runtime input to API Star.
"""

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from apistar import App, http
from apistar.exceptions import Forbidden
from apistar.server.components import Component
from apistar.server.wsgi import WSGIEnviron

from django_apistar.api import http_errors
from django_apistar.api.environ_keys import AUTHENTICATORS_KEY
from django_apistar.authentication import credentials
from django_apistar.compat.signatures import strip_optional
from django_apistar.conf.parser import get_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from django.contrib.auth.base_user import AbstractBaseUser

    User: TypeAlias = AbstractBaseUser
    AuthenticatedUser: TypeAlias = AbstractBaseUser
else:

    class User:
        """Annotation for the user of the request, None without one."""

    class AuthenticatedUser:
        """Annotation for the user of the request, 401 without one."""


# The user is whatever AUTH_USER_MODEL names.
DjangoUser = Any

BEARER_CHALLENGE = 'Bearer realm="api"'
INVALID_TOKEN_CHALLENGE = 'Bearer realm="api", error="invalid_token"'

FORMS = ('application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain', '')

_FOUND = 'django_apistar.user'
_IDENTITY = 'django_apistar.authentication.user'
_DEMANDED = 'django_apistar.authentication.authenticated_user'


class NotAuthenticated(http_errors.NotAuthenticated):
    """401 with the challenges of the authentication components (RFC 9110 11.6.1)."""

    default_detail = {'message': 'User must be logged in.'}

    def __init__(self, challenges: Iterable[str]) -> None:
        self.challenges = tuple(challenges)
        super().__init__(headers={'WWW-Authenticate': ', '.join(self.challenges)})


class CsrfFailed(Forbidden):
    """403: another site's page may have sent the request in the name of its user."""

    def __init__(self, reason: str) -> None:
        super().__init__({'message': f'CSRF check failed: {reason}'})


class AuthenticationComponent(Component):
    """Injects the user that any of the authentication components finds.

    API Star resolves a parameter by the first component that can handle it. So each of them asks
    all of `get_authenticators`.
    """

    challenge: str | None = None

    def authenticate(
        self,
        given: credentials.Basic | credentials.Bearer | None,
        environ: 'WSGIEnvironment | None',
    ) -> DjangoUser | None:
        """Return the active user that this component finds, else None. Bad input raises nothing.

        *environ* is None where `resolve` is called without a request.
        """
        raise NotImplementedError

    def resolve(
        self,
        authorization: http.Header,
        environ: WSGIEnviron = None,
        app: App = None,
        parameter: inspect.Parameter = None,  # noqa: RUF013
    ) -> Any:
        """Return the user or None. Called with a header alone, it asks this component only."""
        if environ is None or app is None:
            return self.authenticate(credentials.parse_authorization(authorization), None)
        user = find_user(environ, app)
        if user is None and getattr(parameter, 'annotation', None) is AuthenticatedUser:
            raise self.build_refusal(environ, app)
        return user

    def build_refusal(self, environ: 'WSGIEnvironment', app: App) -> NotAuthenticated:
        """Return the 401 of a request without a user."""
        return NotAuthenticated(get_challenges(environ, app))

    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool:
        annotation, _ = strip_optional(parameter.annotation)
        is_marker = annotation is User or annotation is AuthenticatedUser
        return is_marker or _is_user_model(annotation)

    def demands_user(self, parameter: inspect.Parameter) -> bool:
        """Return whether a handler with *parameter* runs for users only."""
        return parameter.annotation is AuthenticatedUser

    def identity(self, parameter: inspect.Parameter) -> str:
        """Return the same identity for each annotation, and another where a user is required."""
        return _DEMANDED if parameter.annotation is AuthenticatedUser else _IDENTITY


class DjangoBasicAuthentication(AuthenticationComponent):
    """User name and password in each request (RFC 7617), over TLS only.

    A browser sends them by itself, also with a form of another origin, which is refused.
    """

    challenge = 'Basic realm="api", charset="UTF-8"'

    def authenticate(
        self,
        given: credentials.Basic | credentials.Bearer | None,
        environ: 'WSGIEnvironment | None',
    ) -> DjangoUser | None:
        if not isinstance(given, credentials.Basic):
            return None
        from django_apistar.authentication.passwords import verify_basic

        user = verify_basic(environ, given.username, given.password)
        if user is not None and environ is not None and _is_form(environ):
            from django_apistar.authentication.sessions import is_foreign

            if is_foreign(environ):
                raise CsrfFailed('The form is of another origin.')
        return user


def _is_form(environ: 'WSGIEnvironment') -> bool:
    """Whether a browser sends this to another origin without a preflight request."""
    content_type = environ.get('CONTENT_TYPE', '').partition(';')[0].strip().lower()
    return environ['REQUEST_METHOD'] == 'POST' and content_type in FORMS


class DjangoTokenAuthentication(AuthenticationComponent):
    """A token of `token_login` (RFC 6750). `user.auth_token` is the token of the request."""

    challenge = BEARER_CHALLENGE

    def authenticate(
        self,
        given: credentials.Basic | credentials.Bearer | None,
        environ: 'WSGIEnvironment | None',
    ) -> DjangoUser | None:
        if not isinstance(given, credentials.Bearer):
            return None
        from django_apistar.authentication.models import Token

        token = Token.objects.authenticate(given.token)
        return None if token is None else token.user


class DjangoSessionAuthentication(AuthenticationComponent):
    """A session of Django, such as the admin's. Unsafe methods need Django's CSRF token."""

    challenge = 'Session realm="api"'

    def authenticate(
        self,
        given: credentials.Basic | credentials.Bearer | None,
        environ: 'WSGIEnvironment | None',
    ) -> DjangoUser | None:
        if environ is None or 'HTTP_COOKIE' not in environ:
            return None
        from django_apistar.authentication.sessions import find_session_user

        user, csrf_failure = find_session_user(environ)
        if csrf_failure:
            raise CsrfFailed(csrf_failure)
        return user


def get_authenticators(environ: 'WSGIEnvironment', app: App) -> tuple[Component, ...]:
    """Return the components that look for the user of a request to *app*.

    They are the route's own, or AUTH_COMPONENTS, or else the App's authentication components. An
    App that was not built from the project's COMPONENTS has its own.
    """
    of_route: tuple[Component, ...] = environ.get(AUTHENTICATORS_KEY, ())
    if of_route:
        return of_route
    settings = get_settings()
    own = tuple(
        component
        for component in app.injector.components
        if isinstance(component, AuthenticationComponent)
    )
    is_projects = all(component in settings.components for component in own)
    return settings.auth_components if is_projects and settings.auth_components else own


def get_challenges(environ: 'WSGIEnvironment', app: App) -> list[str]:
    """Return the WWW-Authenticate challenges of the authenticators, Bearer first.

    To a request with a token they say that it is invalid (RFC 6750 3.1).
    """
    components = get_authenticators(environ, app)
    given = {getattr(component, 'challenge', None) for component in components}
    challenges = [challenge for challenge in given if challenge] or [BEARER_CHALLENGE]
    challenges.sort(key=lambda challenge: (not challenge.startswith('Bearer '), challenge))
    if credentials.get_scheme(environ.get('HTTP_AUTHORIZATION')) != 'bearer':
        return challenges
    return [
        INVALID_TOKEN_CHALLENGE if challenge == BEARER_CHALLENGE else challenge
        for challenge in challenges
    ]


def find_user(environ: 'WSGIEnvironment', app: App) -> DjangoUser | None:
    """Return the user of the request or None, looked up once. Raises CsrfFailed."""
    if _FOUND not in environ:
        environ[_FOUND] = _ask(get_authenticators(environ, app), environ)
    return environ[_FOUND]


def _ask(components: tuple[Component, ...], environ: 'WSGIEnvironment') -> DjangoUser | None:
    """Return the user that the first component finds. Raises CsrfFailed if only a session did."""
    authorization = environ.get('HTTP_AUTHORIZATION')
    given = credentials.parse_authorization(authorization)
    failure: CsrfFailed | None = None
    for component in components:
        try:
            user = _ask_one(component, authorization, given, environ)
        except CsrfFailed as exc:
            failure = exc
            continue
        if user is not None:
            return user
    if failure is not None:
        raise failure
    return None


def _ask_one(
    component: Component,
    authorization: str | None,
    given: credentials.Basic | credentials.Bearer | None,
    environ: 'WSGIEnvironment',
) -> DjangoUser | None:
    """Ask *component*; a project's own `resolve` is called as in the original."""
    if (
        isinstance(component, AuthenticationComponent)
        and type(component).resolve is AuthenticationComponent.resolve
    ):
        return component.authenticate(given, environ)
    user = component.resolve(authorization)
    is_refused = not user or not getattr(user, 'is_active', True)  # AnonymousUser is not active.
    return None if is_refused else user


def _is_user_model(annotation: object) -> bool:
    """Whether *annotation* is the project's user model or a base of it."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.db.models import Model

    if not (isinstance(annotation, type) and issubclass(annotation, Model)):
        return False
    user_model = get_user_model()
    return annotation is user_model or (
        issubclass(annotation, AbstractBaseUser) and issubclass(user_model, annotation)
    )
