"""The WSGI application that picks a framework for each request."""

import contextvars
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.wsgi import get_wsgi_application

from django_apistar.application import App, get_app, get_route_table
from django_apistar.conf import get_settings
from django_apistar.lifecycle import Lifecycle
from django_apistar.routing import Framework, RouteTable
from django_apistar.static import StaticFiles, not_found

Environ = dict[str, Any]
WSGI = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
FRAMEWORK_KEY = 'django_apistar.framework'


class Dispatcher:
    """Sends each request to static files, Django or API Star, as the route table decides."""

    def __init__(
        self, table: RouteTable, apistar_app: App, django_app: WSGI, static_app: WSGI
    ) -> None:
        self.table = table
        self.apistar_wsgi_app = apistar_app
        self.django_wsgi_app = django_app
        self.static_app = static_app
        self.lifecycle = Lifecycle()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        framework = self.table.framework_for(environ.get('PATH_INFO') or '/')
        environ[FRAMEWORK_KEY] = framework.value
        if framework is Framework.APISTAR:
            return self._call_apistar(environ, start_response)
        if framework is Framework.DJANGO:
            return _isolate(self.django_wsgi_app, environ, start_response)
        return self.static_app(environ, start_response)

    def _call_apistar(
        self, environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Call API Star within Django's lifecycle.

        A list is complete when it is returned, and servers do not close lists, so the request
        ends here; anything else ends it when the server closes it.
        """
        self.lifecycle.begin(environ)
        try:
            body = _isolate(self.apistar_wsgi_app, environ, start_response)
        except BaseException:
            self.lifecycle.end()
            raise
        if type(body) is list:
            self.lifecycle.end()
            return body
        return ClosingBody(body, self.lifecycle.end)


class ClosingBody:
    """A streamed body that calls *on_close* once when the server closes it."""

    def __init__(self, body: Iterable[bytes], on_close: Callable[[], None]) -> None:
        self._body = body
        self._on_close = on_close
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        try:
            getattr(self._body, 'close', lambda: None)()
        finally:
            self._on_close()


def _isolate(app: WSGI, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Call *app* in a copy of the context, so that what it activates ends with the request.

    Language, time zone, URLconf and script prefix live in context variables, and one thread
    serves both frameworks in turn.
    """
    return contextvars.copy_context().run(app, environ, start_response)


@functools.cache
def get_application() -> Dispatcher:
    """Return the project's WSGI application, built once. Raises SettingsError."""
    settings = get_settings()
    static_app: WSGI = not_found
    if settings.static_prefix:
        static_app = StaticFiles(settings.static_prefix, settings.debug)
    return Dispatcher(get_route_table(), get_app(), get_wsgi_application(), static_app)


