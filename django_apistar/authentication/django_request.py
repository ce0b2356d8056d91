"""The Django request for backends, signal receivers and the CSRF check.

Handlers do not get it. It has no body: only the handler may read that.
"""

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict

from django_apistar.api.content_types import normalize_content_type

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# The keys of all session backends, signed_cookies included. A NUL would fail in a database.
_SESSION_KEY = re.compile('[A-Za-z0-9_:.=-]{8,4096}')


def build_request(environ: 'WSGIEnvironment') -> Any:
    """Return a WSGIRequest of *environ* with an empty body and its session, read lazily."""
    request: Any = WSGIRequest(normalize_content_type({**environ, 'CONTENT_LENGTH': '0'}))
    request.POST = QueryDict()
    session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, '')
    session_store = import_module(settings.SESSION_ENGINE).SessionStore
    request.session = session_store(session_key if _SESSION_KEY.fullmatch(session_key) else None)
    return request
