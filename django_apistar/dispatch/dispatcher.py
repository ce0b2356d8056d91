"""The WSGI application that picks a framework for each request."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.signals import request_finished, request_started
from django.urls import set_script_prefix

from django_apistar.api import errors, filter_problems, guards, responses, unresolvable
from django_apistar.api.content_types import normalize_content_type
from django_apistar.api.environ_keys import FRAMEWORK_KEY
from django_apistar.api.responders import Find, Found
from django_apistar.application import App, get_app, get_route_table
from django_apistar.conf.parser import Settings, get_settings
from django_apistar.conf.problems import SettingsError
from django_apistar.dispatch.bodies import NoBody, StreamedBody, begin_streamed, fit_head
from django_apistar.dispatch.django_handler import build_django_handler
from django_apistar.dispatch.hosts import Hosts
from django_apistar.dispatch.layers import Layer, mount, name_requests
from django_apistar.dispatch.lifecycle import Lifecycle, get_connections, send_finished, thread
from django_apistar.dispatch.pages import build_pages, load_metrics
from django_apistar.dispatch.path_memory import PathMemory
from django_apistar.dispatch.static import StaticFiles, not_found
from django_apistar.routes.entries import APISTAR, DJANGO
from django_apistar.routes.table import RouteTable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    # The App's `Found`; or (None, another application, whether path memory may keep it).
    Target = Found | tuple[None, WSGIApplication, bool]

_MOST_PATHS = 1024  # that are remembered, beside those of the routes themselves
# Of answers with a body, as Django words them.
_PLAIN_STATUS_LINES = frozenset(map(responses.STATUS_LINES.__getitem__, responses.PLAIN_STATUSES))
_NO_METHODS: dict[str, Target] = {}


class Dispatcher:
    """Sends each request to static files, Django or API Star, as the route table decides."""

    def __init__(
        self,
        table: RouteTable,
        apistar_app: App,
        django_app: WSGIApplication,
        static_app: WSGIApplication,
        pages: Mapping[str, WSGIApplication] | None = None,
    ) -> None:
        """*pages*: applications by path, which answer before either framework, on any host."""
        self.table = table
        self.apistar_wsgi_app = apistar_app
        self.django_wsgi_app = django_app
        self.static_app = static_app
        self.lifecycle = Lifecycle()
        self._hosts = Hosts(apistar_app.extra_headers, apistar_app.sends_problems)
        self._cleared_hosts = self._hosts.cleared
        self._pages = pages or {}
        self._find = _get_find(apistar_app)
        self._memory: PathMemory[Target] = PathMemory(_MOST_PATHS + len(table.apistar_entries))
        self._known = self._memory.targets

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send a request on; one for API Star is answered here, within Django's lifecycle.

        One function where three would read better: each call would cost as much as a look-up.
        """
        method, path_info = environ['REQUEST_METHOD'], environ.get('PATH_INFO', '/')
        known = self._known.get(path_info, _NO_METHODS).get(method)
        respond, argument, _ = known or self._decide(path_info or '/', method)
        if respond is None:
            application: WSGIApplication = argument
            return application(environ, start_response)
        environ[FRAMEWORK_KEY] = 'apistar'
        if environ.get('HTTP_HOST') not in self._cleared_hosts:
            respond = self._hosts.screen(respond, environ)
        lifecycle, is_signalled = self.lifecycle, False
        try:  # as in `get_connections`, without its call
            connections = thread.connections
        except AttributeError:
            connections = get_connections()
        # A copy of the context, so that what a handler activates ends with its request:
        # language, time zone, URLconf and script prefix are context variables.
        context = copy_context()
        try:
            if (
                connections
                or request_started.receivers != lifecycle.started
                or request_finished.receivers != lifecycle.finished
            ):
                is_signalled = lifecycle.begin(connections, environ)
            if environ.get('SCRIPT_NAME'):
                context.run(set_script_prefix, normalize_script_name(environ) + '/')
            body = context.run(respond, environ, start_response, argument)
        except BaseException as exc:
            lifecycle.end(connections, is_signalled)
            return self._answer_fault(exc, environ, start_response)
        if type(body) is not list:  # Servers do not close lists.
            report = functools.partial(errors.report, environ=environ)
            end = functools.partial(lifecycle.end, connections, is_signalled)
            return StreamedBody(body, context, report, end)
        if connections or is_signalled or lifecycle.closes_caches:
            lifecycle.end(connections, is_signalled)
        return body

    def _decide(self, path_info: str, method: str) -> Target:
        if path_info in self._pages:
            return None, self._pages[path_info], False
        framework = self.table.rule.framework_for(path_info)
        if framework is APISTAR:
            target: Target = self._find(path_info, method)
        elif framework is DJANGO:  # which takes any method that a client makes up
            target = None, self._call_django, method in ('GET', 'POST')
        else:
            target = None, self._call_static, False
        if target[2]:
            self._memory.offer(path_info, method, target)
        return target

    def _call_django(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        environ[FRAMEWORK_KEY] = 'django'
        if environ.get('SCRIPT_NAME') or ';' in environ.get('CONTENT_TYPE', ''):
            normalize_environ(environ)
        if not hasattr(thread, 'connections'):
            get_connections()
        is_bodiless = False
        head: Any = None  # sent when nothing can fail any more: servers send each that they get

        # A closure, as an object that is made and called costs more than what it does.
        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
            nonlocal is_bodiless, head
            if status not in _PLAIN_STATUS_LINES:
                is_bodiless, headers = fit_head(status, headers)
            if not responses.are_checked(headers):
                responses.check_headers(headers)
            head = status, headers

        context = copy_context()
        try:
            body = context.run(self.django_wsgi_app, environ, start)
            is_bodiless = is_bodiless or environ['REQUEST_METHOD'] == 'HEAD'
            is_streamed = getattr(body, 'streaming', False) and not is_bodiless
            if not is_streamed:
                start_response(*head)
        except BaseException as exc:
            send_finished()  # as the response's `close` would
            return self._answer_fault(exc, environ, start_response)
        if not is_streamed:
            return NoBody(body) if is_bodiless else body
        # Only a streamed body is made outside of the call, in the language that was active then.
        try:
            body = context.run(begin_streamed, body, start_response, head)
        except BaseException as exc:
            return self._answer_fault(exc, environ, start_response)
        return StreamedBody(body, context, functools.partial(errors.report, environ=environ))

    def _call_static(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        environ[FRAMEWORK_KEY] = 'static'
        return self.static_app(environ, start_response)

    def _answer_fault(
        self, exc: BaseException, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer 500 to an exception of a framework. Raises it again if it ends processes."""
        if not isinstance(exc, errors.FAULTS) or django_settings.DEBUG_PROPAGATE_EXCEPTIONS:
            raise exc
        errors.report(exc, environ)
        app = self.apistar_wsgi_app
        response = errors.build_fault_response(environ, app.sends_problems)
        status, headers = responses.finalize(response, app.extra_headers)
        headers += self._hosts.list_hsts(environ)
        start_response(status, headers, sys.exc_info())
        return [] if environ['REQUEST_METHOD'] == 'HEAD' else responses.get_body(response)


class LayeredDispatcher(Dispatcher):
    """A dispatcher within *layers*, which see each request. The innermost is the first."""

    def __init__(self, *args: Any, layers: Iterable[Layer] = ()) -> None:
        super().__init__(*args)
        self._call: WSGIApplication = super().__call__
        for layer in layers:
            self._call = layer(self._call)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._call(environ, start_response)


def normalize_environ(environ: WSGIEnvironment) -> None:
    """Bring into order what Django would take as it came."""
    if environ.get('SCRIPT_NAME'):
        normalize_script_name(environ)
    normalize_content_type(environ)


def normalize_script_name(environ: WSGIEnvironment) -> str:
    """Return SCRIPT_NAME with one slash before it: a URL '//a/…' would name another host."""
    name = environ['SCRIPT_NAME'].lstrip('/\\')
    environ['SCRIPT_NAME'] = script_name = f'/{name}' if name else ''
    return script_name


def _get_find(app: App) -> Find:
    """Return what finds who answers for *app*: its responder, or its own `__call__`."""
    if type(app).__call__ is App.__call__:
        return app.responder.find

    def respond(
        environ: WSGIEnvironment, start_response: StartResponse, _: None
    ) -> Iterable[bytes]:
        return app(environ, start_response)

    return lambda path_info, method: (respond, None, False)


@functools.cache
def get_application() -> Dispatcher:
    """Return the project's WSGI application, built once. Raises SettingsError."""
    settings = get_settings()
    app = get_app()
    problems = (
        *get_route_table().errors(), *unresolvable.find_problems(app), *guards.find_errors(app),
        *filter_problems.find_errors(app),
    )  # fmt: skip
    if problems:
        raise SettingsError(problems)
    static_app: WSGIApplication = not_found
    if settings.static_prefix:
        static_app = StaticFiles(settings.static_prefix, settings.debug)
    handler = build_django_handler(settings.notes_routes)
    parts = get_route_table(), app, handler, static_app, build_pages(settings)
    layers = [*iter_layers(settings)]
    return LayeredDispatcher(*parts, layers=layers) if layers else Dispatcher(*parts)


def iter_layers(settings: Settings) -> Iterator[Layer]:
    """Yield the layers around the dispatcher, the innermost first."""
    if django_settings.FORCE_SCRIPT_NAME is not None:
        yield mount
    if settings.metrics_url:
        yield load_metrics().measure
    if settings.request_id_header:
        yield name_requests(settings.request_id_header)
