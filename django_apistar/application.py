"""API Star's App, repaired, and the project's one App with its route table."""

import functools
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import apistar
from apistar import Route
from apistar.http import PathParams, Response
from apistar.server.components import ReturnValue
from apistar.server.wsgi import WSGIEnviron, WSGIStartResponse
from django.conf import settings as django_settings
from django.core.serializers.json import DjangoJSONEncoder

from django_apistar.api import errors, responses
from django_apistar.api.components import VALIDATION_COMPONENTS, WSGI_COMPONENTS
from django_apistar.api.encoding import build_default
from django_apistar.api.injector import Injector
from django_apistar.api.responders import Responder, Wrapper
from django_apistar.api.security import build_headers
from django_apistar.api.stepped import Stepped
from django_apistar.conf import prefixes
from django_apistar.conf.folders import Folders
from django_apistar.conf.parser import Settings, get_settings
from django_apistar.conf.problems import SettingsError
from django_apistar.routes.router import Router
from django_apistar.routes.table import RouteTable
from django_apistar.schema import served
from django_apistar.schema.documentation import page

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# What a subclass may replace, and a responder then has to ask.
_OVERRIDABLE = (
    'exception_handler', 'finalize_wsgi', 'get_event_hooks', 'render_response',
)  # fmt: skip
_CONSTRUCTORS = 'django_apistar.accelerate.types.constructors'


class App(apistar.App):
    """API Star's App with its known defects repaired; takes the same arguments.

    Lives as long as the process; a request's values live in an Exchange.
    """

    json_encoder: type[json.JSONEncoder] = DjangoJSONEncoder
    accelerate = True
    router: Router
    injector: Injector
    notes_routes = False  # each request's in its environ, for logs and metrics
    sends_problems = False  # as RFC 9457 has errors, unless the client prefers JSON
    extra_headers: tuple[tuple[str, str], ...] = ()  # of every response that has none of the name
    docs_ui = 'apistar'  # or 'swagger' or 'redoc'
    docs_csp: str | None = ''  # '' for the policy that fits the page
    servers: tuple[Any, ...] = ()  # for the schema
    tags: Mapping[str, object] = MappingProxyType({})  # their descriptions, for the schema
    more_info: Mapping[str, object] = MappingProxyType({})  # laid over the schema's `info`
    auth_components: tuple[Any, ...] = ()

    def __init__(self, routes: Iterable[Any], *args: Any, **kwargs: Any) -> None:
        self.encode_default = build_default(self.json_encoder)
        for name in ('components', 'event_hooks'):
            if kwargs.get(name) is not None:
                kwargs[name] = list(kwargs[name])
        super().__init__(list(routes), *args, **kwargs)
        hooks = self.event_hooks or ()
        # Those that stand around the responder, where all others run: see `responder`.
        self.wrappers: list[Wrapper] = [hook for hook in hooks if hasattr(hook, 'wrap_responder')]
        if self.wrappers:
            self.event_hooks = [hook for hook in hooks if not hasattr(hook, 'wrap_responder')]

    def configure(self, settings: Settings) -> None:
        """Take from *settings* what API Star's constructor has no argument for."""
        self.accelerate = settings.accelerate
        self.notes_routes = settings.notes_routes
        self.sends_problems = settings.sends_problems
        self.json_encoder = settings.json_encoder
        self.encode_default = build_default(settings.json_encoder)
        self.extra_headers = build_headers()
        self.document.title = settings.title
        self.document.description = settings.description
        self.document.version = settings.version
        self.docs_ui = settings.docs_ui
        self.docs_csp = settings.docs_csp
        self.servers = settings.servers
        self.tags = settings.tags
        self.more_info = settings.info
        self.auth_components = settings.auth_components

    # What API Star's constructor builds

    def include_extra_routes(
        self,
        schema_url: str | None = None,
        docs_url: str | None = None,
        static_url: str | None = None,
    ) -> list[Route]:
        # A new Route for each, as API Star does: its handlers import no Django.
        handlers: dict[str, Callable[..., Any]] = {
            'serve_schema': serve_schema,
            'serve_documentation': serve_documentation,
        }
        routes = super().include_extra_routes(schema_url, docs_url, static_url)
        for route in routes:
            route.handler = handlers.get(route.name, route.handler)
        return routes

    def init_document(self, routes: Iterable[object]) -> None:
        self.document = None  # type: ignore[assignment]  # until init_router

    def init_router(self, routes: Iterable[Any]) -> None:
        self.router = Router(routes)
        self.document = served.build_document(self.router.entries)

    def init_templates(self, template_dir: Any = None, packages: Any = None) -> None:
        super().init_templates(template_dir, packages or ())
        page.add_templates(self.templates)

    def init_staticfiles(
        self, static_url: Any, static_dir: Any = None, packages: Any = None
    ) -> None:
        if static_url is None:
            self.statics = None
        else:
            super().init_staticfiles(static_url, static_dir, packages)

    def init_injector(self, components: Any = None) -> None:
        self.injector = Injector(
            [*WSGI_COMPONENTS, *VALIDATION_COMPONENTS, *(components or ())],
            {
                'environ': WSGIEnviron, 'start_response': WSGIStartResponse, 'exc': Exception,
                'app': apistar.App, 'path_params': PathParams, 'route': Route,
                'response': Response,
            },
        )  # fmt: skip
        # A handler may name the App by any of its classes.
        own = [cls for cls in type(self).__mro__ if issubclass(cls, apistar.App)]
        self.injector.reverse_initial.update(dict.fromkeys(own, 'app'))

    # URLs

    def static_url(self, filename: str) -> str:
        """Return the URL of the static file *filename*."""
        if self.statics is not None:
            return str(super().static_url(filename))
        return f'{django_settings.STATIC_URL or "/"}{filename}'

    # Requests

    def __call__(
        self, environ: 'WSGIEnvironment', start_response: 'StartResponse'
    ) -> Iterable[bytes]:
        path_info, method = environ.get('PATH_INFO') or '/', environ['REQUEST_METHOD']
        respond, argument, _ = self.responder.find(path_info, method)
        return respond(environ, start_response, argument)

    @functools.cached_property
    def responder(self) -> Responder:
        """What answers the requests, within the hooks that stand around all others."""
        responder = self._build_responder()
        for hook in reversed(self.wrappers):
            responder = hook.wrap_responder(responder, self.extra_headers)
        return responder

    def _build_responder(self) -> Responder:
        """Return what runs compiled plans, or one step after the other.

        An App with a router, an injector or a `get_event_hooks` of its own has no plans.
        """
        overridden = frozenset(
            name for name in _OVERRIDABLE if getattr(type(self), name) is not getattr(App, name)
        )
        stepped = Stepped(self, overridden)
        is_usual = type(self.router) is Router and type(self.injector) is Injector
        if not self.accelerate or not is_usual or 'get_event_hooks' in overridden:
            return stepped
        from django_apistar.api.compiled import Compiled

        return Compiled(self, stepped)

    @property
    def problem_type(self) -> type | None:
        """The Type of errors for the document, where they are problems by default."""
        if not self.sends_problems:
            return None
        from django_apistar.service.problems import ProblemDetails

        return ProblemDetails

    def render_response(self, return_value: ReturnValue) -> Response:
        return responses.build_response(return_value, self.encode_default)

    def exception_handler(self, exc: Exception, environ: WSGIEnviron = None) -> Response:
        answer = errors.translate(exc)
        if answer is None:
            raise exc
        return errors.build_response(
            answer, environ or {}, self.encode_default, self.sends_problems
        )

    def error_handler(self, environ: WSGIEnviron = None) -> Response:
        return errors.build_fault_response(environ or {}, self.sends_problems)

    def finalize_wsgi(
        self, response: Response, start_response: WSGIStartResponse
    ) -> Iterable[bytes]:
        exc_info, response.exc_info = response.exc_info, None  # Kept, it would be a cycle.
        if self.debug and exc_info is not None and exc_info[1] is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        status, headers = responses.finalize(response, self.extra_headers)
        body = responses.get_body(response)
        start_response(status, headers, exc_info)
        return body


def serve_schema(app: apistar.App) -> Response:
    assert isinstance(app, App)  # It has added the route.
    return served.render_schema(app)


def serve_documentation(app: apistar.App, environ: WSGIEnviron) -> Response:
    assert isinstance(app, App)  # as above
    return served.render_page(app, environ)


# The project's App


@functools.cache
def get_app() -> App:
    """Return the project's App, built once. Raises SettingsError."""
    settings = get_settings()
    app_class = settings.app_class or App
    app: App = app_class(
        routes=list(settings.routes),
        components=list(settings.components),
        event_hooks=list(settings.event_hooks),
        schema_url=settings.schema_url,
        docs_url=settings.docs_url,
        static_url=None,
        **_get_templates(settings.folders),
    )
    app.configure(settings)
    compile_constructors(settings.accelerate)
    return app


def _get_templates(folders: Folders) -> dict[str, Any]:
    """Return what the App gets of *folders*: static files are served before it is asked."""
    given: dict[str, Any] = {}
    if folders.template_dir is not None:
        given['template_dir'] = folders.template_dir
    if folders.packages:
        given['packages'] = [package.name for package in folders.packages]
    return given


def compile_constructors(is_on: bool) -> None:
    """Give every types.Type its compiled constructor, or its own back."""
    if is_on or _CONSTRUCTORS in sys.modules:
        from django_apistar.accelerate.types import constructors

        (constructors.install_everywhere if is_on else constructors.uninstall_everywhere)()


@functools.cache
def get_route_table() -> RouteTable:
    """Return the project's routes of both frameworks. Raises SettingsError."""
    settings = get_settings()
    router = get_app().router
    django_prefixes, problems = prefixes.read(settings.django_prefixes)
    if problems:
        raise SettingsError(problems)
    return RouteTable(
        router.entries,
        router.build_url,
        django_prefixes=django_prefixes,
        static_prefix=settings.static_prefix,
        # Django's static() gives no URLs without DEBUG.
        media_prefix=None if settings.debug else settings.media_prefix,
        own_pages=settings.own_pages,
    )
