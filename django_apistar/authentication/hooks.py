"""The event hook that demands a user.

Can be imported in settings.py. Annotations here are runtime input to API Star.
"""

import fnmatch
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from apistar import App, Route
from apistar.server.wsgi import WSGIEnviron

from django_apistar.authentication.components import NotAuthenticated, find_user, get_challenges
from django_apistar.conf.parser import get_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Handler = TypeVar('Handler', bound=Callable[..., Any])

ROUTE_NAME = 'django_apistar.route_name'


def public(handler: Handler) -> Handler:
    """Mark *handler* as public: `MustBeAuthenticated` demands no user for it."""
    handler.is_public = True  # type: ignore[attr-defined]  # a function takes any attribute
    return handler


def is_public(handler: Callable[..., object], name: str) -> bool:
    """Whether *handler* is marked, or PUBLIC_ROUTES matches the full *name* of its route."""
    return getattr(handler, 'is_public', False) is True or any(
        fnmatch.fnmatchcase(name, pattern) for pattern in get_settings().public_routes
    )


class MustBeAuthenticated:
    """Answers 401 unless the request has a user or its route is public.

    The route and the headers decide, before the body is read; the URL's text never does.
    EVENT_HOOKS takes the class or an instance.
    """

    def on_request(self, environ: WSGIEnviron, route: Route, app: App) -> None:
        if not self._is_public(environ, route) and find_user(environ, app) is None:
            raise NotAuthenticated(get_challenges(environ, app))

    def guards(self, handler: Callable[..., object], name: str) -> bool:
        """Return whether only users reach *handler*, whose route has the full *name*."""
        return not is_public(handler, name)

    def _is_public(self, environ: 'WSGIEnvironment', route: Route | None) -> bool:
        # Without a route no handler runs: the response is a 404 or 405.
        return route is None or is_public(route.handler, environ.get(ROUTE_NAME, route.name))
