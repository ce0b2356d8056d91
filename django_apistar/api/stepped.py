"""Answers a request step by step: hooks, handler, rendering, and what can fail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from apistar import Route
from apistar.exceptions import HTTPException
from django.conf import settings as django_settings

from django_apistar.api import errors, responses
from django_apistar.api.declared import explain, watch_all
from django_apistar.api.environ_keys import AUTHENTICATORS_KEY, ROUTE_KEY, ROUTE_NAME_KEY
from django_apistar.api.guards import build_guards, find_authenticators
from django_apistar.api.hooks import create_hooks
from django_apistar.api.injector import Injector
from django_apistar.api.matching import Match, Miss, look_up
from django_apistar.api.responders import AppParts, Found, Hook, without_body
from django_apistar.api.transactions import make_atomic
from django_apistar.compat.signatures import Function
from django_apistar.routes.entries import APIStarEntry
from django_apistar.routes.rules import read_rules

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


_NONE: list[Function] = []


class Stepped:
    """The responder that takes one step after the other, for any App.

    Lives as long as its App. *overridden*: the methods of App that the App's class replaces.
    """

    def __init__(self, app: AppParts, overridden: frozenset[str]) -> None:
        self.app = app
        self.overridden = overridden
        # A router of another kind has none.
        entries: Sequence[APIStarEntry] = getattr(app.router, 'entries', ())
        self._has_entries = hasattr(app.router, 'entries')
        self._names: dict[int, str] = {id(entry.route): entry.name for entry in entries}
        self._paths: dict[int, str] = {id(entry.route): entry.path for entry in entries}
        self._guards = {
            id(entry.route): build_guards(entry.rules, app) for entry in entries if entry.rules
        }
        handlers = [entry.handler for entry in entries] if django_settings.DEBUG else []
        self._watched = watch_all(handlers)
        self._authenticators = {
            id(entry.route): found
            for entry in entries
            if (found := find_authenticators(entry.rules))
        }

    def find(self, path_info: str, method: str) -> Found:
        """See Responder. The route is found within `respond`: a hook sees every request."""
        is_head = method.upper() == 'HEAD'
        return without_body(self.respond) if is_head else self.respond, None, False

    def respond(
        self, environ: WSGIEnvironment, start_response: StartResponse, match: Match | None
    ) -> Iterable[bytes]:
        """Answer a request for the route of *match*; None where nobody has looked for one."""
        return Exchange(self, environ, start_response).respond(match)

    def is_compiled(self, route: Route) -> bool:
        return False

    def get_route_name(self, route: Route) -> str:
        """Return the name of *route* with those of its Includes: 'auth:token_login'."""
        return self._names.get(id(route)) or str(route.name)

    def note_route(self, route: Route, environ: WSGIEnvironment) -> None:
        """Put what hooks and logs are told of *route* into *environ*."""
        environ[ROUTE_NAME_KEY] = self.get_route_name(route)
        environ.update(self.list_notes(route))

    def list_notes(self, route: Route) -> dict[str, Any]:
        """Return what else the environ of a request for *route* says, by key."""
        notes: dict[str, Any] = {}
        if self.app.notes_routes:
            notes[ROUTE_KEY] = self._paths.get(id(route)) or str(route.url)
        if id(route) in self._authenticators:
            notes[AUTHENTICATORS_KEY] = self._authenticators[id(route)]
        return notes

    def get_handler(self, route: Route) -> Function:
        """Return the handler of *route*, which is watched where it declares answers, in DEBUG."""
        return (
            self._watched.get(id(route.handler), route.handler) if self._watched else route.handler
        )

    def list_guards(self, route: Route) -> list[Function]:
        """Return what decides by the headers whether a request for *route* may go on: [] or one."""
        if not self._has_entries:  # A router of another kind knows no Includes.
            return build_guards(read_rules(route.handler, ''), self.app)
        return self._guards.get(id(route), _NONE)

    def can_answer(self, exc: BaseException) -> bool:
        """Return whether the App's exception_handler may answer *exc*."""
        if 'exception_handler' in self.overridden:
            return isinstance(exc, Exception)
        return errors.translate(exc) is not None


class Exchange:
    """One request and its response.

    Each hook object belongs to one exchange. `on_response` of a hook runs only if its
    `on_request` has been called, or it has none, and never twice. `on_error` of every hook runs
    when an exception is not answered: a hook that reports errors must miss none.
    """

    def __init__(
        self, responder: Stepped, environ: WSGIEnvironment, start_response: StartResponse
    ) -> None:
        self.responder = responder
        self.app = responder.app
        self.environ = environ
        self.hooks: list[Hook] = []
        self.entered: list[Hook] = []
        self.responded: list[Hook] = []
        self.state: dict[Any, Any] = {
            'environ': environ, 'start_response': start_response, 'exc': None, 'app': self.app,
            'path_params': None, 'route': None, 'response': None,
        }  # fmt: skip

    def respond(self, match: Match | None) -> Iterable[bytes]:
        """Return the response's body; `start_response` has been called."""
        try:
            return self._respond(match)
        except errors.FAULTS as exc:
            return self.recover(exc)

    def _respond(self, match: Match | None) -> Iterable[bytes]:
        self.hooks = create_hooks(self.app)
        self.entered = [hook for hook in self.hooks if not hasattr(hook, 'on_request')]
        try:
            route, path_params = self._find_route(match)
        except HTTPException:
            self._enter_without_route()
            raise
        self.state['route'], self.state['path_params'] = route, dict(path_params)
        self.responder.note_route(route, self.environ)
        return self._walk(route)

    def _find_route(self, match: Match | None) -> tuple[Route, dict[str, Any]]:
        """Return the route and its path parameters. Raises HTTPException where there is none."""
        if match is None:
            path_info = self.environ.get('PATH_INFO') or '/'
            match = look_up(self.app.router, path_info, self.environ['REQUEST_METHOD'].upper())
        if isinstance(match, Miss):
            raise match.build_exception(self.environ)
        return match

    def _enter_without_route(self) -> None:
        """Run on_request of the hooks that need no route: their on_response relies on it."""
        for hook in self.hooks:
            if not self._needs_route(hook, 'on_request'):
                self._enter(hook)
            elif self._needs_route(hook, 'on_response'):
                # It is prepared for a missing route, as a hook that counts 404s.
                self.entered.append(hook)

    def _walk(self, route: Route) -> Iterable[bytes]:
        guards = self.responder.list_guards(route)
        if route.standalone:
            if guards:
                self._run(guards)
            return self._send(route.handler)
        for hook in self.hooks:
            self._enter(hook)
        if guards:
            self._run(guards)
        value = self._run([make_atomic(self.responder.get_handler(route))])
        self.state['return_value'] = responses.build_rows(value, route.handler)
        self._run([self.app.render_response])
        return self._finish()

    def _needs_route(self, hook: Hook, name: str) -> bool:
        """Return whether the hook's method, or a component for it, needs what only a route has."""
        injector = self.app.injector
        if not hasattr(hook, name) or not isinstance(injector, Injector):
            return False
        return injector.needs(getattr(hook, name), ('route', 'path_params'), self.state)

    def _enter(self, hook: Hook) -> None:
        """Run the hook's on_request. The hook is entered once its arguments are resolved."""
        if not hasattr(hook, 'on_request'):
            return
        injector = self.app.injector
        if isinstance(injector, Injector):
            injector.run([hook.on_request], self.state, lambda: self.entered.append(hook))
        else:  # API Star's, or one of its kind
            self.entered.append(hook)
            self._run([hook.on_request])

    def _finish(self) -> Iterable[bytes]:
        """Run the on_response of the hooks that have not had it, last first; send the response."""
        for hook in reversed(self.hooks):
            if hasattr(hook, 'on_response') and self._is_due(hook):
                self.responded.append(hook)
                self._run([hook.on_response])
        return self._send(self.app.finalize_wsgi)

    def _is_due(self, hook: Hook) -> bool:
        return _holds(self.entered, hook) and not _holds(self.responded, hook)

    def _run(self, funcs: list[Function]) -> Any:
        return self.app.injector.run(funcs, self.state)

    def _send(self, func: Function) -> Iterable[bytes]:
        """Run *func*, which calls start_response and returns the body."""
        body: Iterable[bytes] = self._run([func])
        return body

    # Failures

    def recover(self, exc: BaseException) -> Iterable[bytes]:
        """Return the response to *exc*, which is being handled; never raises an Exception."""
        try:
            return self._handle(exc) if self.responder.can_answer(exc) else self._fail(exc)
        finally:
            self.state['exc'] = None  # Kept, it would be a cycle.

    def _handle(self, exc: BaseException) -> Iterable[bytes]:
        try:
            self.state['exc'] = exc
            self._set_response(self._run([self.app.exception_handler]))
            errors.warn(exc, self.environ)
            return self._finish()
        except errors.FAULTS as fault:
            return self._fail(fault)

    def _fail(self, fault: BaseException) -> Iterable[bytes]:
        self.state['exc'] = fault
        if self.state['route'] is not None:
            explain(fault, self.state['route'].handler)
        errors.report(fault, self.environ)
        for hook in reversed(self.hooks):
            if hasattr(hook, 'on_error'):
                self._run_on_error(hook)
        self._set_response(self._run([self.app.error_handler]))
        return self._send(self.app.finalize_wsgi)

    def _run_on_error(self, hook: Hook) -> None:
        try:
            self._run([hook.on_error])
        except errors.FAULTS as fault:
            errors.report(fault, self.environ)

    def _set_response(self, response: object) -> None:
        """Put *response* in the state: an override without `-> Response` does not."""
        if response is not None:
            self.state['response'] = response


def _holds(hooks: list[Hook], hook: Hook) -> bool:
    """Compare by identity: hooks may define equality as they like."""
    return any(item is hook for item in hooks)
