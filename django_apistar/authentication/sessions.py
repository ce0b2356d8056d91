"""The user of a Django session, which is never written; and the check for other sites' requests."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from django_apistar.authentication.django_request import build_request
from django_apistar.authentication.passwords import DjangoUser, is_active

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def find_session_user(environ: 'WSGIEnvironment') -> tuple[DjangoUser | None, str]:
    """Return (the active user of the request's session, why its CSRF check fails or '')."""
    request = build_request(environ)
    request.session = _Snapshot(request.session.items())
    user = get_user(request)
    if not (user.is_authenticated and is_active(user)):
        return None, ''
    return user, _find_csrf_failure(request)


def is_foreign(environ: 'WSGIEnvironment') -> bool:
    """Whether, by the browser's headers, a page of an untrusted origin sent this."""
    if 'HTTP_ORIGIN' not in environ:
        return environ.get('HTTP_SEC_FETCH_SITE') == 'cross-site'
    check: Any = _CsrfCheck(_view)  # its rule for origins is private
    return not check._origin_verified(build_request(environ))


class _Snapshot(dict[str, Any]):
    """A copy of a session's data. What `get_user` changes is not stored: only Django's own pages
    may renew or end a session, as they tell the browser.
    """

    def cycle_key(self) -> None:
        pass

    def flush(self) -> None:
        pass


def _find_csrf_failure(request: Any) -> str:
    check = _CsrfCheck(_view)
    return str(check.process_view(request, _view, (), {}) or '')


def _view(request: object) -> HttpResponse:
    """Stand in for the handler, which is not exempt from the check."""
    return HttpResponse()


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check, which returns the reason instead of a page."""

    def _reject(self, request: object, reason: str) -> Any:
        return reason
