"""One request through an App, step by step: hooks, handler, rendering, and what can fail."""

from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from apistar import exceptions

from django_apistar.api import errors, responses
from django_apistar.api.injector import Injector

Environ = dict[str, Any]
ROUTE_NAME_KEY = 'django_apistar.route_name'  # in environ, for hooks: the name with its Includes


class Exchange:
    """A request's life in an App.

    Each hook object belongs to one exchange. `on_response` of a hook runs only if its
    `on_request` has been called, or it has none, and never twice. `on_error` of every hook runs
    when an exception is not answered: whoever reports errors must miss none.
    """

    def __init__(self, app: Any, environ: Environ, start_response: Callable[..., Any]) -> None:
        self.app = app
        self.environ = environ
        self.hooks: list[Any] = []
        self.entered: list[Any] = []
        self.responded: list[Any] = []
        self.state: dict[Any, Any] = {
            'environ': environ, 'start_response': start_response, 'exc': None, 'app': app,
            'path_params': None, 'route': None, 'response': None,
        }  # fmt: skip

    def respond(self) -> Iterable[bytes]:
        """Return the response's body; `start_response` has been called."""
        try:
            return self._respond()
        except errors.FAULTS as exc:
            return self.recover(exc)

    def _respond(self) -> Iterable[bytes]:
        self.hooks = self.app.create_hooks()
        self.entered = [hook for hook in self.hooks if not hasattr(hook, 'on_request')]
        self._find_route()
        route = self.state['route']
        if route.standalone:
            return self._send(route.handler)
        for hook in self.hooks:
            self._enter(hook)
        value = self._run([self.app.get_handler(route)])
        self.state['return_value'] = responses.build_rows(value, route.handler)
        self._run([self.app.render_response])
        return self._finish()

    def _find_route(self) -> None:
        try:
            route, path_params = self.app.find_route(self.environ)
        except exceptions.HTTPException:
            # A hook sees every request, so that its on_response can rely on its on_request.
            for hook in self.hooks:
                if not self._needs_route(hook, 'on_request'):
                    self._enter(hook)
                elif self._needs_route(hook, 'on_response'):
                    self.entered.append(hook)  # It expects None, as whoever counts 404s does.
            raise
        self.state['route'], self.state['path_params'] = route, path_params
        self.environ[ROUTE_NAME_KEY] = self.app.get_route_name(route)

    def _needs_route(self, hook: Any, name: str) -> bool:
        """Whether the hook's method, or a component for it, asks for what a route has."""
        injector = self.app.injector
        if not hasattr(hook, name) or not isinstance(injector, Injector):
            return False
        return injector.needs(getattr(hook, name), ('route', 'path_params'), self.state)

    def _enter(self, hook: Any) -> None:
        """Run the hook's on_request; it is entered when it is called, its arguments being there."""
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

    def _is_due(self, hook: Any) -> bool:
        return _holds(self.entered, hook) and not _holds(self.responded, hook)

    def _run(self, funcs: list[Callable[..., Any]]) -> Any:
        return self.app.injector.run(funcs, self.state)

    def _send(self, func: Callable[..., Any]) -> Iterable[bytes]:
        """Run *func*, which calls start_response and returns the body."""
        body: Iterable[bytes] = self._run([func])
        return body

    # Failures

    def recover(self, exc: BaseException) -> Iterable[bytes]:
        """Return the answer to *exc*, which is being handled; never raises an Exception."""
        try:
            return self._answer(exc) if self.app.can_answer(exc) else self._fail(exc)
        finally:
            self.state['exc'] = None  # Kept, it would be a cycle.

    def _answer(self, exc: BaseException) -> Iterable[bytes]:
        try:
            self.state['exc'] = exc
            self._set_response(self._run([self.app.exception_handler]))
            errors.warn(exc, self.environ)
            return self._finish()
        except errors.FAULTS as fault:
            return self._fail(fault)

    def _fail(self, fault: BaseException) -> Iterable[bytes]:
        self.state['exc'] = fault
        self.app.report_exception(fault, self.environ)
        for hook in reversed(self.hooks):
            if hasattr(hook, 'on_error'):
                self._run_on_error(hook)
        self._set_response(self._run([self.app.error_handler]))
        return self._send(self.app.finalize_wsgi)

    def _run_on_error(self, hook: Any) -> None:
        try:
            self._run([hook.on_error])
        except errors.FAULTS as fault:
            self.app.report_exception(fault, self.environ)

    def _set_response(self, response: Any) -> None:
        """An override that is not annotated `-> Response` leaves the state without one."""
        if response is not None:
            self.state['response'] = response


def _holds(hooks: list[Any], hook: Any) -> bool:
    """Hooks are told apart by identity; their equality is their own business."""
    return any(item is hook for item in hooks)


def group_methods(
    on_request: Sequence[Any], on_response: Sequence[Any], on_error: Sequence[Any]
) -> list[Any]:
    """Return what `get_event_hooks` of a subclass gives as hooks: the methods by their objects.

    *on_response* and *on_error* are in the order in which they run, last hook first.
    """
    hooks: dict[int, Any] = {}
    order: list[int] = []
    for name, methods in (
        ('on_request', on_request),
        ('on_response', on_response[::-1]),
        ('on_error', on_error[::-1]),
    ):
        owners = [id(getattr(method, '__self__', method)) for method in methods]
        for owner, method in zip(owners, methods, strict=True):
            setattr(hooks.setdefault(owner, SimpleNamespace()), name, method)
        order = _merge(order, owners)
    return [hooks[owner] for owner in order]


def _merge(first: list[int], second: list[int]) -> list[int]:
    """Return the items of both, once each, in the order that each has them."""
    merged: list[int] = []
    rest = list(second)
    for item in first:
        if item in rest:
            merged += rest[: rest.index(item)]
            rest = rest[rest.index(item) + 1 :]
        merged.append(item)
    return list(dict.fromkeys([*merged, *rest]))
