"""The WSGI application that picks a framework for each request."""

import contextlib
import functools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import Context, copy_context
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.urls import set_script_prefix

from django_apistar.api import errors, responses, security, slips, unresolvable
from django_apistar.application import App, get_app, get_route_table
from django_apistar.conf.parser import Settings, SettingsError, get_settings
from django_apistar.dispatch.lifecycle import Lifecycle, enter_thread, send_finished, thread
from django_apistar.dispatch.readiness import Readiness
from django_apistar.dispatch.static import StaticFiles, not_found
from django_apistar.routes.entries import APISTAR, DJANGO
from django_apistar.routes.table import RouteTable, to_path_info

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGI = Callable[[Environ, StartResponse], Iterable[bytes]]
Respond = Callable[..., Iterable[bytes]]  # of environ, start_response and what was found
# What the App has found for a path: who responds, and with what; or None and another application.
Answer = tuple[Respond | None, Any]
FRAMEWORK_KEY = 'django_apistar.framework'  # in environ, for access logs
_MOST_KNOWN = 1024  # paths beside those of the routes themselves, each no longer than this:
_LONGEST_KNOWN = 256
_NO_METHODS: dict[str, Answer] = {}
_REMEMBER_EACH = 8  # of the requests for a path that is not known


class Dispatcher:
    """Sends each request to static files, Django or API Star, as the route table decides."""

    def __init__(
        self,
        table: RouteTable,
        apistar_app: App,
        django_app: WSGI,
        static_app: WSGI,
        pages: Mapping[str, WSGI] | None = None,
    ) -> None:
        """*pages*: who answers a path before either framework, whatever the host."""
        self.table = table
        self.apistar_wsgi_app = apistar_app
        self.django_wsgi_app = django_app
        self.static_app = static_app
        self.lifecycle = Lifecycle()
        self.transport = security.Transport()
        self.hosts = security.Hosts()
        # Hosts with which nothing is left to ask. Where a proxy names the host, the Host header
        # says nothing.
        is_named = django_settings.USE_X_FORWARDED_HOST
        self._known_hosts = set() if is_named else self.hosts.known
        self._settled_hosts = set() if self.transport.is_needed else self._known_hosts
        self._usual_host: object = object()  # one of them: to compare costs less than to look up
        self._pages = pages or {}
        self._rule = table.rule
        self._find_answer = apistar_app.find_answer
        self._django_answer: Answer = (None, self._call_django)
        self._known: dict[str, dict[str, Answer]] = {}  # by PATH_INFO and method
        self._most_known = _MOST_KNOWN + len(table.apistar_entries)
        self._until_next = _REMEMBER_EACH
        self._headers = apistar_app.extra_headers

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Send a request on; one for API Star is answered here, within Django's lifecycle.

        One function where three would read better: each call would cost as much as a look-up.
        """
        method = environ['REQUEST_METHOD']
        try:
            path_info = environ['PATH_INFO']
            host = environ['HTTP_HOST']
            script_name = environ['SCRIPT_NAME']
        except KeyError:  # HTTP/1.0 knows no Host. To `get` each would cost twice as much.
            get = environ.get
            path_info, host, script_name = get('PATH_INFO'), get('HTTP_HOST'), get('SCRIPT_NAME')
        known = self._known.get(path_info, _NO_METHODS).get(method)
        respond, found = known or self._decide(path_info or '/', method)
        if respond is None:
            return found(environ, start_response)  # type: ignore[no-any-return]
        environ[FRAMEWORK_KEY] = 'apistar'
        if host != self._usual_host and host not in self._settled_hosts:
            respond = self._screen(respond, environ)
        lifecycle = self.lifecycle
        try:  # as in `enter_thread`, without its call
            first = thread.first
        except AttributeError:
            first = enter_thread()
        # A copy of the context, so that what a handler activates ends with its request:
        # language, time zone, URLconf and script prefix are context variables.
        context = copy_context()
        try:
            if (
                first.next is not None
                or request_started.receivers != lifecycle.started
                or request_finished.receivers != lifecycle.finished
            ):
                first = lifecycle.begin(first, environ)
            if script_name:
                context.run(set_script_prefix, settle_script_name(environ) + '/')
            body = context.run(respond, environ, start_response, found)
        except BaseException as exc:
            lifecycle.end(first)
            return self._answer_fault(exc, environ, start_response)
        if type(body) is not list:  # Servers do not close lists.
            report = self.apistar_wsgi_app.report_exception
            on_close = functools.partial(lifecycle.end, first)
            return ContextBody(body, context, functools.partial(report, environ=environ), on_close)
        if first.next is not None:
            lifecycle.end(first)
        return body

    def _screen(self, respond: Respond, environ: Environ) -> Respond:
        """Return who responds to a request whose host is not settled: *respond* or who refuses."""
        host = environ.get('HTTP_HOST')
        if host not in self._known_hosts and not self.hosts.is_allowed(environ):
            return self._refuse
        if host in self._settled_hosts:
            self._usual_host = host
        location = self.transport.find_redirect(environ)
        if location:
            return functools.partial(self._redirect, location)
        if self.transport.hsts and security.is_secure(environ):
            return functools.partial(self._respond_securely, respond)
        return respond

    def _refuse(self, environ: Environ, start_response: StartResponse, found: Any) -> list[bytes]:
        return _answer(start_response, '400 Bad Request', 'Invalid Host header', self._headers)

    def _redirect(
        self, location: str, environ: Environ, start_response: StartResponse, found: Any
    ) -> list[bytes]:
        headers = [('content-length', '0'), ('content-type', 'text/html'), ('location', location)]
        start_response('301 Moved Permanently', [*headers, *self._headers])
        return []

    def _respond_securely(
        self, respond: Respond, environ: Environ, start_response: StartResponse, found: Any
    ) -> Iterable[bytes]:
        hsts = ('strict-transport-security', self.transport.hsts)

        def start_secure_response(status: str, headers: list[Any], exc_info: Any = None) -> Any:
            return start_response(status, [*headers, hsts], exc_info)

        return respond(environ, start_secure_response, found)

    def _decide(self, path_info: str, method: str) -> Answer:
        page = self._pages.get(path_info)
        if page is not None:
            return None, page
        framework = self._rule.framework_for(path_info)
        if framework is APISTAR:
            answer: Answer = self._find_answer(path_info, method)
        elif framework is DJANGO:
            answer = self._django_answer
        else:
            return None, self._call_static
        self._until_next -= 1
        if self._until_next <= 0:
            self._remember(path_info, method, answer)
        return answer

    def _remember(self, path_info: str, method: str, answer: Answer) -> None:
        """Keep *answer* for the next request.

        Called for one in `_REMEMBER_EACH`: a path that is asked for often is known soon, and one
        that never comes again mostly costs nothing.
        """
        # Django takes any method that a client makes up.
        is_usual = answer is self._django_answer and method in ('GET', 'POST')
        if len(path_info) > _LONGEST_KNOWN or not (is_usual or type(answer[1]) is dict):
            return
        self._until_next = _REMEMBER_EACH
        if len(self._known) >= self._most_known:
            self._known.clear()
        self._known.setdefault(path_info, {})[method] = answer

    def _call_django(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environ[FRAMEWORK_KEY] = 'django'
        if environ.get('SCRIPT_NAME'):
            settle_script_name(environ)
        enter_thread()
        context = copy_context()
        head = Head(start_response)
        try:
            body = context.run(self.django_wsgi_app, environ, head.start_response)
        except BaseException as exc:
            send_finished()  # as the response's `close` would
            return self._answer_fault(exc, environ, start_response)
        if environ['REQUEST_METHOD'] == 'HEAD' or head.is_bodiless:
            return NoBody(body)
        if not getattr(body, 'streaming', False):
            return body
        # Only a streamed body is made outside of the call, in the language that was active then.
        try:
            body = context.run(responses.begin, body)
        except BaseException as exc:
            return self._answer_fault(exc, environ, start_response)
        return ContextBody(body, context, functools.partial(errors.report, environ=environ))

    def _call_static(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environ[FRAMEWORK_KEY] = 'static'
        return self.static_app(environ, start_response)

    def _answer_fault(
        self, exc: BaseException, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer 500 to what no framework has answered. Raises what is meant for the process."""
        if not isinstance(exc, errors.FAULTS) or django_settings.DEBUG_PROPAGATE_EXCEPTIONS:
            raise exc
        errors.report(exc, environ)
        response = errors.build_fault_response(environ)
        status, headers = responses.finalize(response, self._headers)
        if self.transport.hsts and security.is_secure(environ):
            headers.append(('strict-transport-security', self.transport.hsts))
        start_response(status, headers, sys.exc_info())
        return [] if environ['REQUEST_METHOD'] == 'HEAD' else responses.get_body(response)


class Head:
    """A `start_response` for Django's views, which may say what HTTP does not allow."""

    is_bodiless = False

    def __init__(self, start_response: StartResponse) -> None:
        self._start_response = start_response

    def start_response(self, status: str, headers: responses.Headers, exc_info: Any = None) -> Any:
        """Pass the head on. Raises ValueError where HTTP does not have it."""
        if status < '2':
            responses.check_status(int(status[:3]))
        if status.startswith(('204', '205', '304')):
            self.is_bodiless = True
            headers = responses.without_content(headers, int(status[:3]))
        responses.check_headers(headers)
        return self._start_response(status, headers, exc_info)


def settle_script_name(environ: Environ) -> str:
    """Return SCRIPT_NAME, made a path: '//a' before a path would be another host's URL."""
    name = environ['SCRIPT_NAME'].lstrip('/\\')
    environ['SCRIPT_NAME'] = script_name = f'/{name}' if name else ''
    return script_name


class MountedDispatcher(Dispatcher):
    """Is mounted where FORCE_SCRIPT_NAME says, whatever the server says, as Django is by itself."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        forced = django_settings.FORCE_SCRIPT_NAME or ''
        environ['SCRIPT_NAME'] = to_path_info(forced.rstrip('/'))
        return super().__call__(environ, start_response)


class NoBody:
    """No body, as HEAD and some statuses want; the one that was made is closed with it."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        responses.close(self._body)


class BrokenBodyError(Exception):
    """A body that ends before its end, by what would end a server's worker."""


class ContextBody:
    """A streamed body, made in the request's context; *on_close* is called once at its end.

    A fault is given to *report*, and to the server, which ends the connection.
    """

    def __init__(
        self,
        body: Iterable[bytes],
        context: Context,
        report: Callable[[BaseException], None],
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self._body = body
        self._context = context
        self._report = report
        self._on_close = on_close
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        with self._reporting():
            iterator = self._context.run(iter, self._body)
            end = object()
            while (chunk := self._context.run(next, iterator, end)) is not end:
                yield chunk  # type: ignore[misc]

    def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        with self._reporting():
            try:
                self._context.run(responses.close, self._body)
            finally:
                if self._on_close:
                    self._on_close()

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except errors.FAULTS as exc:
            self._report(exc)
            if isinstance(exc, Exception):
                raise
            raise BrokenBodyError(f'{type(exc).__name__} in a streamed body.') from exc


def answer_health(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answer a load balancer's question whether this process serves requests."""
    return _answer(start_response, '200 OK', 'OK')


def _answer(
    start_response: StartResponse, status: str, text: str, extra: security.Headers = ()
) -> list[bytes]:
    body = json.dumps(text).encode()
    length = ('content-length', str(len(body)))
    start_response(status, [length, ('content-type', 'application/json'), *extra])
    return [body]


@functools.cache
def get_application() -> Dispatcher:
    """Return the project's WSGI application, built once. Raises SettingsError."""
    settings = get_settings()
    app = get_app()
    problems = (
        *get_route_table().errors(), *unresolvable.find_problems(app), *slips.find_errors(app),
    )  # fmt: skip
    if problems:
        raise SettingsError(problems)
    static_app: WSGI = not_found
    if settings.static_prefix:
        static_app = StaticFiles(settings.static_prefix, settings.debug)
    is_mounted = django_settings.FORCE_SCRIPT_NAME is not None
    return (MountedDispatcher if is_mounted else Dispatcher)(
        get_route_table(), get_app(), get_wsgi_application(), static_app, build_pages(settings)
    )


def build_pages(settings: Settings) -> dict[str, WSGI]:
    """Return who answers which path before either framework."""
    pages: dict[str, WSGI] = {}
    if settings.health_url:
        pages[settings.health_url] = answer_health
    if settings.ready_url:
        pages[settings.ready_url] = Readiness().answer
    return pages
