"""Handlers that issue and revoke tokens. Annotations here are runtime input to API Star."""

from typing import TYPE_CHECKING, Any

from apistar import Route, http
from apistar.exceptions import MethodNotAllowed
from apistar.server.wsgi import WSGIEnviron
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest
from django.utils import timezone
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from django_apistar.api.http_errors import TooManyRequests
from django_apistar.authentication import credentials, schemas
from django_apistar.authentication.components import (
    BEARER_CHALLENGE,
    INVALID_TOKEN_CHALLENGE,
    NotAuthenticated,
)
from django_apistar.authentication.django_request import build_request
from django_apistar.authentication.hooks import public
from django_apistar.authentication.passwords import TooManyFailuresError, verify_password

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed.wsgi import WSGIEnvironment

    from django_apistar.authentication.models import Token

NO_STORE = {'Cache-Control': 'no-store'}


class TooManyLogins(TooManyRequests):
    def __init__(self, wait_s: int) -> None:
        super().__init__(
            {'message': f'Too many failed logins. Try again in {wait_s} seconds.'},
            headers={**NO_STORE, 'Retry-After': str(wait_s)},
        )


class NotByHead(MethodNotAllowed):
    """405 for HEAD, which a GET route would answer: HEAD must change nothing (RFC 9110 9.2.1)."""

    def get_headers(self) -> dict[str, str]:
        return {'Allow': 'GET, POST'}


def _describe(handler: Any, content: dict[str, Any]) -> None:
    """Say for the schema what *handler* answers."""
    handler.openapi = {'responses': {'200': {'content': content}}}


@public
def token_login(user: schemas.TokenUser, environ: WSGIEnviron = None) -> Any:
    """
    Issues a token for a user name and a password. The answer is the bare key; to a client that
    prefers `application/json` it is `{"token", "expires"}`. The key is not shown again.
    """
    request = HttpRequest() if environ is None else build_request(environ)
    try:
        token = _log_in(request, user)
    except TooManyFailuresError as exc:
        raise TooManyLogins(exc.wait_s) from None
    if token is None:
        return http.JSONResponse({'message': 'Invalid credentials.'}, 400, NO_STORE)
    if environ is None:
        return token.key
    return _render_token(token, environ.get('HTTP_ACCEPT'))


def token_logout(authorization: http.Header, environ: WSGIEnviron = None) -> Any:
    """
    Revokes the token that the request carries.
    """
    return _log_out(authorization, environ, is_everywhere=False)


def token_logout_all(authorization: http.Header, environ: WSGIEnviron = None) -> Any:
    """
    Revokes all tokens of the user whose token the request carries.
    """
    return _log_out(authorization, environ, is_everywhere=True)


_describe(token_login, {
    'text/plain': {'schema': {'type': 'string'}},
    'application/json': {'schema': {
        'type': 'object',
        'properties': {
            'token': {'type': 'string'},
            'expires': {'description': 'Date and time, or null for a token that does not expire.'},
        },
        'required': ['token', 'expires'],
    }},
})  # fmt: skip
for handler in (token_logout, token_logout_all):
    handler.challenge = BEARER_CHALLENGE  # type: ignore[attr-defined]  # as in hooks
    _describe(handler, {'application/json': {'schema': {
        'type': 'object',
        'properties': {'message': {'type': 'string'}},
        'required': ['message'],
    }}})  # fmt: skip

routes = [
    Route('/token-login/', 'POST', token_login),
    Route('/token-logout/', 'GET', token_logout),
    Route('/token-logout/', 'POST', token_logout, name='token_logout_post'),
    Route('/token-logout-all/', 'POST', token_logout_all),
]


def _log_in(request: HttpRequest, user: 'Mapping[str, str]') -> 'Token | None':
    """Return a new token, or None. Unknown, inactive and wrong passwords take the same time.

    Raises TooManyFailuresError.
    """
    from django_apistar.authentication.models import Token

    username, password = user.get('username') or '', user.get('password') or ''
    if not (credentials.is_plausible(username) and credentials.is_plausible(password)):
        return None
    found = verify_password(request, username, password)
    if found is None:
        return None
    request.user = found
    token = Token.objects.issue(found, last_used=timezone.now())
    user_logged_in.send(sender=type(found), request=request, user=found)
    return token


def _render_token(token: 'Token', accept: str | None) -> http.Response:
    """Render *token* as text, as the original; as JSON where *accept* prefers that."""
    accepted = parse_accept_header(accept, MIMEAccept)
    if accepted.quality('application/json') > accepted.quality('text/plain'):
        expires = token.expires and token.expires.isoformat()
        return http.JSONResponse({'token': token.key, 'expires': expires}, 200, NO_STORE)
    return http.Response(token.key, 200, {**NO_STORE, 'Content-Type': 'text/plain; charset=utf-8'})


def _log_out(
    authorization: str | None, environ: 'WSGIEnvironment | None', *, is_everywhere: bool
) -> http.Response | None:
    if environ is not None and environ['REQUEST_METHOD'] == 'HEAD':
        raise NotByHead()
    token = _find_token(authorization)
    if token is None:
        if environ is None:  # called without a request: None, as in the original
            return None
        raise NotAuthenticated([INVALID_TOKEN_CHALLENGE if authorization else BEARER_CHALLENGE])
    _revoke(token, HttpRequest() if environ is None else build_request(environ), is_everywhere)
    return http.JSONResponse({'message': 'Logged out.'}, 200, NO_STORE)


def _find_token(authorization: str | None) -> 'Token | None':
    from django_apistar.authentication.models import Token

    given = credentials.parse_authorization(authorization)
    if not isinstance(given, credentials.Bearer):
        return None
    return Token.objects.authenticate(given.token)


def _revoke(token: 'Token', request: HttpRequest, is_everywhere: bool) -> None:
    user = token.user
    if is_everywhere:
        type(token).objects.filter(user=user).delete()
    else:
        token.delete()
    request.user = user
    user_logged_out.send(sender=type(user), request=request, user=user)
