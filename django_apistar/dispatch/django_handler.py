"""Django's own handler, which may note the route of each request."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from django_apistar.api.environ_keys import ROUTE_KEY


class NotingHandler(WSGIHandler):
    """Notes the URL pattern in the environ, when Django has resolved it."""

    def resolve_request(self, request: Any) -> Any:
        match = super().resolve_request(request)
        request.environ[ROUTE_KEY] = f'/{match.route}'
        return match


def build_django_handler(notes_routes: bool) -> WSGIHandler:
    """Return the WSGI application of Django, set up."""
    handler = get_wsgi_application()
    return NotingHandler() if notes_routes else handler
