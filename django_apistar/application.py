"""API Star's App, repaired, and the project's one App with its route table."""

import functools
import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, quote

import apistar
from apistar import Route, http
from apistar.http import PathParams, Response
from apistar.server.components import ReturnValue
from apistar.server.wsgi import WSGIEnviron, WSGIStartResponse
from django.conf import settings as django_settings
from django.core.serializers.json import DjangoJSONEncoder

from django_apistar.api import errors, responses
from django_apistar.api.components import (
    QUERY_PARAMS,
    REQUEST_DATA,
    VALIDATION_COMPONENTS,
    WSGI_COMPONENTS,
)
from django_apistar.api.encoding import build_default
from django_apistar.api.exchange import Exchange, group_methods
from django_apistar.api.injector import Injector
from django_apistar.api.security import build_headers, format_query
from django_apistar.api.transactions import make_atomic
from django_apistar.conf import prefixes
from django_apistar.conf.folders import TEMPLATES, Folders, has_folder
from django_apistar.conf.parser import SettingsError, get_settings
from django_apistar.routes.router import MethodNotAllowed, PathRedirect, Router
from django_apistar.routes.table import RouteTable
from django_apistar.schema import served

FindAnswer = Callable[[str, str], tuple[Callable[..., Iterable[bytes]], Any]]
NOT_PLANNED = ('find_route', 'create_hooks', 'get_event_hooks', 'get_route_name')


class App(apistar.App):
    """API Star's App with its known defects repaired; takes the same arguments.

    Lives as long as the process; a request's values live in an Exchange.
    """

    json_encoder: type[json.JSONEncoder] = DjangoJSONEncoder
    accelerate = True
    router: Router
    injector: Injector
    extra_headers: tuple[tuple[str, str], ...] = ()  # of every response that has none of the name
    docs_ui = 'apistar'  # or 'swagger' or 'redoc'
    docs_csp: str | None = ''  # the page's own
    servers: tuple[Any, ...] = ()  # for the schema
    auth_components: tuple[Any, ...] = ()

    def __init__(self, routes: Iterable[Any], *args: Any, **kwargs: Any) -> None:
        self.encode_default = build_default(self.json_encoder)
        for name in ('components', 'event_hooks'):
            if kwargs.get(name) is not None:
                kwargs[name] = list(kwargs[name])
        super().__init__(list(routes), *args, **kwargs)

    # What API Star's constructor builds

    def include_extra_routes(
        self,
        schema_url: str | None = None,
        docs_url: str | None = None,
        static_url: str | None = None,
    ) -> list[Route]:
        # A new Route for each, as API Star does: its handlers import no Django.
        handlers = {'serve_schema': serve_schema, 'serve_documentation': serve_documentation}
        routes = super().include_extra_routes(schema_url, docs_url, static_url)
        for route in routes:
            route.handler = handlers.get(route.name, route.handler)
        return routes

    def init_document(self, routes: Iterable[Any]) -> None:
        self.document: Any = None  # Built from the router's entries, in init_router.

    def init_router(self, routes: Iterable[Any]) -> None:
        self.router = Router(routes)
        self.document = served.build_document(self.router.entries)
        self._names = {id(entry.route): entry.name for entry in self.router.entries}

    def init_templates(self, template_dir: Any = None, packages: Any = None) -> None:
        """Leave out packages without templates: Jinja2 refuses them since 3.0."""
        with_templates = [name for name in packages or () if has_folder(name, TEMPLATES)]
        super().init_templates(template_dir, with_templates)

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
        return f'{(django_settings.STATIC_URL or "/").rstrip("/")}/{filename}'

    # Requests

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        respond, found = self._find_answer(
            environ.get('PATH_INFO') or '/', environ['REQUEST_METHOD']
        )
        return respond(environ, start_response, found)

    def respond_to_any(
        self, environ: dict[str, Any], start_response: Callable[..., Any], found: Any
    ) -> Iterable[bytes]:
        """Answer any request, for which the plans have *found* what they can."""
        if self._plans is None:
            body = Exchange(self, environ, start_response).respond()
        else:
            body = self._plans.respond(environ, start_response, found)
        return body if environ['REQUEST_METHOD'].upper() != 'HEAD' else _discard(body)

    @property
    def find_answer(self) -> FindAnswer:
        """What finds, by PATH_INFO and method, who answers: a function and its third argument.

        The argument is a dict where the two serve every such request.
        """
        if type(self).__call__ is App.__call__:
            return self._find_answer
        return lambda path_info, method: (self._answer_by_call, None)

    @property
    def _find_answer(self) -> FindAnswer:
        if self._plans is not None:
            return self._plans.find  # type: ignore[no-any-return]
        return lambda path_info, method: (self.respond_to_any, None)

    def _answer_by_call(
        self, environ: dict[str, Any], start_response: Callable[..., Any], found: None
    ) -> Iterable[bytes]:
        return self(environ, start_response)

    @functools.cached_property
    def _plans(self) -> Any:
        """The compiled plans, None where the App is not to have them or overrides their parts."""
        if not self.accelerate or any(
            getattr(type(self), name) is not getattr(App, name) for name in NOT_PLANNED
        ):
            return None
        if type(self.router) is not Router or type(self.injector) is not Injector:
            return None
        from django_apistar.api.plans import Plans

        return Plans(self)

    def is_compiled(self, route: Any) -> bool:
        """Whether compiled code answers requests for *route*, one of this App's."""
        return self._plans is not None and self._plans.is_compiled(route)

    @property
    def uses_own_rendering(self) -> bool:
        """Whether no subclass makes responses its own way."""
        cls = type(self)
        return cls.render_response is App.render_response and cls.finalize_wsgi is App.finalize_wsgi

    @property
    def answers_plainly(self) -> bool:
        """Whether neither hooks nor a subclass take part in the answer to an HTTPException."""
        is_own = type(self).exception_handler is App.exception_handler
        return is_own and self.uses_own_rendering and not self.event_hooks

    def decode_body(self, content: http.Body, environ: dict[str, Any]) -> Any:
        """Return the decoded body as http.RequestData."""
        if not content:
            return None
        content_type = environ.get('CONTENT_TYPE')
        headers = http.Headers([] if content_type is None else [('content-type', content_type)])
        return REQUEST_DATA.resolve(content, headers)

    def validate_query(self, route: Any, environ: dict[str, Any]) -> Any:
        """Return the validated query string of a request for *route*."""
        params = http.QueryParams(parse_qsl(environ.get('QUERY_STRING', '')))
        return QUERY_PARAMS.resolve(route, params)

    def find_route(self, environ: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return (route, path parameters) of *environ*.

        Raises API Star's NotFound and MethodNotAllowed, Redirect to the path with its slash,
        and Options where the route has no handler of its own for that method.
        """
        method = environ['REQUEST_METHOD'].upper()
        try:
            return self.router.lookup(decode_path(environ.get('PATH_INFO') or '/'), method)
        except PathRedirect as exc:
            raise Redirect(exc.location, environ) from None
        except MethodNotAllowed as exc:
            raise self.build_miss(exc.methods, method) from None

    def build_miss(self, methods: Iterable[str], method: str) -> apistar.exceptions.HTTPException:
        """Return the answer to *method* for a path whose routes have *methods*, if any."""
        if not methods:
            return apistar.exceptions.NotFound()
        return Options(methods) if method == 'OPTIONS' else MethodNotAllowed(methods)

    def get_route_name(self, route: Any) -> str:
        """Return the name of *route* with those of its Includes: 'auth:token_login'."""
        return self._names.get(id(route), route.name)  # type: ignore[no-any-return]

    def create_hooks(self) -> list[Any]:
        """Return this request's hooks: an object of each class, instances as they are."""
        if type(self).get_event_hooks is not apistar.App.get_event_hooks:
            return group_methods(*self.get_event_hooks())
        return [hook() if isinstance(hook, type) else hook for hook in self.event_hooks or ()]

    def get_handler(self, route: Any) -> Callable[..., Any]:
        """Return what is called for *route*: its handler, in a transaction where Django says so."""
        return make_atomic(route.handler)

    def render_response(self, return_value: ReturnValue) -> Response:
        return responses.build_response(return_value, self.encode_default)

    def exception_handler(self, exc: Exception) -> Response:
        answer = errors.translate(exc)
        if answer is None:
            raise exc
        return responses.EncodedJSONResponse(
            self.encode_default, answer.detail, answer.status_code, answer.get_headers()
        )

    def can_answer(self, exc: BaseException) -> bool:
        """Return whether exception_handler may have an answer to *exc*."""
        if type(self).exception_handler is not App.exception_handler:
            return isinstance(exc, Exception)
        return errors.translate(exc) is not None

    def report_exception(self, exc: BaseException, environ: dict[str, Any]) -> None:
        """Tell the operator of a fault; a subclass may tell others."""
        errors.report(exc, environ)

    def error_handler(self, environ: WSGIEnviron = None) -> Response:
        return errors.build_fault_response(environ or {})

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


class Redirect(apistar.exceptions.Found):
    """To the path with its slash: 302 for GET and HEAD, as API Star, else 308, which keeps the
    method and the body. SCRIPT_NAME and the query string stay."""

    def __init__(self, path: str, environ: dict[str, Any]) -> None:
        script_name = environ.get('SCRIPT_NAME', '').encode('latin-1', 'replace')
        location = quote(script_name + path.encode('utf-8'), safe="/:@!$&'()*+,;=~")
        location = f'/{location.lstrip("/")}{format_query(environ)}'  # //a is another host's
        if environ['REQUEST_METHOD'].upper() in ('GET', 'HEAD'):
            super().__init__(location)
        else:
            super().__init__(location, 'Permanent Redirect', 308)


class Options(MethodNotAllowed):
    """The answer to OPTIONS where no route has that method: 204 with Allow."""

    default_status_code = 204


def _discard(body: Iterable[bytes]) -> list[bytes]:
    """HEAD has no body; servers before gunicorn 26 would send it."""
    getattr(body, 'close', lambda: None)()
    return []


def decode_path(path_info: str) -> str:
    """Return *path_info*, UTF-8 read as latin-1 (PEP 3333), as text.

    Raises API Star's NotFound for bytes that are not UTF-8.
    """
    if path_info.isascii():
        return path_info
    try:
        return path_info.encode('latin-1').decode('utf-8')
    except UnicodeEncodeError:  # Not from a WSGI server: text already.
        return path_info
    except UnicodeDecodeError:
        raise apistar.exceptions.NotFound() from None


def serve_schema(app: apistar.App) -> Response:
    return served.render_schema(app)


def serve_documentation(app: apistar.App) -> Response:
    return served.render_page(app)


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
    app.accelerate = settings.accelerate
    accelerate_types(settings.accelerate)
    app.json_encoder = settings.json_encoder
    app.encode_default = build_default(settings.json_encoder)
    app.extra_headers = build_headers()
    app.document.title = settings.title
    app.document.description = settings.description
    app.document.version = settings.version
    app.docs_ui = settings.docs_ui
    app.docs_csp = settings.docs_csp
    app.servers = settings.servers
    app.auth_components = settings.auth_components
    return app


def _get_templates(folders: Folders) -> dict[str, Any]:
    """Return what the App gets of *folders*: static files are served before it is asked."""
    given: dict[str, Any] = {}
    if folders.template_dir is not None:
        given['template_dir'] = folders.template_dir
    if folders.packages:
        given['packages'] = [package.name for package in folders.packages]
    return given


def accelerate_types(is_on: bool) -> None:
    """Give every types.Type its compiled constructor, or its own back."""
    from django_apistar.accelerate.types import constructors

    if is_on:
        constructors.install_everywhere()
    else:
        constructors.uninstall_everywhere()


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
    )
