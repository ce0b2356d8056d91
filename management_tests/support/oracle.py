"""Stock API Star beside our App in both modes: what each answers to one request, byte for byte.

Stock is API Star's own App, Injector, Router and components, made importable by compat. Where a
documented repair makes ours differ, `settle` says which and brings stock's answer to ours.
"""

import dataclasses
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import apistar
import pytest

from django_apistar.application import App
from management_tests.support.raw_wsgi import build_environ

LOG = 'oracle.log'  # in environ: what ran, in order


_NOT_JSON = re.compile(rb'NaN|Infinity|\\u[dD][89a-fA-F]|[\[{]{200}|e[0-9]{3}')


class Accelerated(App):
    """Ours with a plan for each route."""

    accelerate = True


class Plain(App):
    """Ours, step by step."""

    accelerate = False


MODES = {'accelerated': Accelerated, 'plain': Plain}


both_modes = pytest.mark.parametrize('app_class', MODES.values(), ids=list(MODES))


def build(app_class: Any, *routes: Any, components: Any = (), hooks: Any = ()) -> Any:
    """Return an App of that mode with nothing but the given parts."""
    return app_class(
        routes=list(routes), components=list(components), event_hooks=list(hooks),
        schema_url=None, docs_url=None, static_url=None,
    )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Request:
    path: str = '/'  # PATH_INFO as a server spells it
    method: str = 'GET'
    query: str = ''
    body: bytes = b''
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def build_environ(self) -> dict[str, Any]:
        own = {'PATH_INFO': self.path, 'QUERY_STRING': self.query, LOG: []}
        environ: dict[str, Any] = build_environ('/', self.method, self.body, **own)
        if self.content_type is not None:
            environ['CONTENT_TYPE'] = self.content_type
        environ.update({f'HTTP_{name}': value for name, value in self.headers})
        return environ


@dataclasses.dataclass(frozen=True)
class Answer:
    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    log: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        return int(self.status[:3])

    def get(self, name: str) -> str | None:
        return dict(self.headers).get(name)

    def json(self) -> Any:
        return json.loads(self.body)

    def without(self, *names: str) -> 'Answer':
        headers = tuple(header for header in self.headers if header[0] not in names)
        return dataclasses.replace(self, headers=headers)


def ask(app: Any, path: str = '/', method: str = 'GET', **request: Any) -> Answer:
    """Send a request without a body, or with *body* as JSON."""
    environ = request.pop('environ', {})
    if 'body' in request:
        request.setdefault('content_type', 'application/json')
    path = path.encode('utf-8').decode('latin-1')
    return send(app, Request(path, method, **request), environ)


def send(app: Any, request: Request, extra: dict[str, Any] | None = None) -> Answer:
    environ = {**request.build_environ(), **(extra or {})}
    if type(app) is apistar.App:
        # Its key forgets that a plan depends on what the request has resolved before (L4).
        vars(app.injector)['resolver_cache'].clear()
    started: list[tuple[str, tuple[Any, ...]]] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
        started[:] = [(status, tuple(headers))]

    body = b''.join(app(environ, start_response))
    [(status, headers)] = started
    return Answer(status, headers, body, tuple(environ[LOG]))


@dataclasses.dataclass(frozen=True)
class Trio:
    """The same routes, components and hooks in stock API Star and in ours, both modes."""

    stock: Any
    accelerated: Any
    plain: Any

    def compare(self, request: Request) -> Answer:
        """Return our answer to *request*; both modes give it, and stock but for the repairs."""
        stock = send(self.stock, request)
        accelerated, plain = send(self.accelerated, request), send(self.plain, request)
        assert accelerated == plain, f'{request}: modes differ: {accelerated} {plain}'
        if self._is_hook_without_request(stock, plain, request) or self._is_number_in_path(request):
            return plain
        if stock.code == 500 and self._is_failing_hook(stock, plain, request):
            return plain
        expected, ours = settle(stock, plain, request)
        assert ours == expected, f'{request}: stock {expected} ours {ours}'
        return plain

    def _is_hook_without_request(self, stock: Answer, ours: Answer, request: Request) -> bool:
        """H1: stock runs on_response of a hook whose on_request has not run, or components for it.

        Ours runs on_request where no route is found, too.
        """
        waiting = {
            _get_name(hook) for hook in self.stock.event_hooks if hasattr(hook, 'on_request')
        }
        begun = {name.partition('.')[0] for name in stock.log if '.on_request' in name}
        ended = {name.partition('.')[0] for name in stock.log if '.on_response' in name}
        if stock.code == 500 and set(stock.log) - set(ours.log):
            ended |= {
                _get_name(each) for each in self.stock.event_hooks if hasattr(each, 'on_response')
            }
        return bool(waiting & ended - begun or (waiting and self._is_missed(request)))

    def _is_number_in_path(self, request: Request) -> bool:
        """R7: signs, floats without a fraction, and numbers that no database takes."""
        rules = str([rule.rule for rule in self.stock.router.adapter.map.iter_rules()])
        numbers = [
            segment for segment in request.path.split('/')
            if segment.lstrip('-').replace('.', '', 1).isdigit()
        ]  # fmt: skip
        has_signs = '<int:' in rules and any(number.startswith('-') for number in numbers)
        return bool(numbers) and (has_signs or '<float:' in rules or self._is_missed(request))

    def _is_failing_hook(self, stock: Answer, ours: Answer, request: Request) -> bool:
        """H2, and on_response that asks for a parameter where no route was found."""
        names = [
            f'{_get_name(hook)}.on_response'
            for hook in self.stock.event_hooks if hasattr(hook, 'on_response')
        ]  # fmt: skip
        return bool(names) and (
            ours.code != 500 or self._is_missed(request) or _is_hook_stopped_at(names, stock, ours)
        )

    def _is_missed(self, request: Request) -> bool:
        """Whether no route of ours is found."""
        if _has_strange_path(request):
            return True
        try:
            self.stock.router.lookup(request.path, request.method.upper())
        except apistar.exceptions.HTTPException:
            return True
        return False


def _get_name(hook: Any) -> str:
    return hook.__name__ if isinstance(hook, type) else type(hook).__name__


def _is_hook_stopped_at(names: list[str], stock: Answer, ours: Answer) -> bool:
    """H2: on_response of the last hook lacks a parameter. Stock stops there, ours does not.

    *names*: each on_response in the order of event_hooks; the last one is called first.
    """
    *others, last = names
    goes_on = bool(others) and bool(set(ours.log) - set(stock.log))  # at least to a component
    return last not in str(stock.log + ours.log) and goes_on


def build_trio(
    make_routes: Callable[[], Iterable[Any]], components: Iterable[Any] = (), hooks: Any = ()
) -> Trio:
    """*make_routes*: called once per App, because stock writes prefixes into Includes (R4)."""

    def build_one(app_class: Any) -> Any:
        return build(app_class, *make_routes(), components=components, hooks=hooks)

    return Trio(build_one(apistar.App), build_one(Accelerated), build_one(Plain))


def settle(stock: Answer, ours: Answer, request: Request) -> tuple[Answer, Answer]:
    """Return both answers without what the documented repairs change (compatibility.md)."""
    if any(repair(stock, ours, request) for repair in _REPLACED):
        return ours, ours
    if request.method == 'HEAD':  # R8: no body.
        stock = dataclasses.replace(stock, body=b'')
    if stock.code == ours.code == 405:  # R9: with the methods that there are.
        assert ours.get('allow')
        ours = ours.without('allow')
    if ' ' not in stock.status:  # P2: a status line has a phrase.
        stock = dataclasses.replace(stock, status=f'{stock.status} Unknown')
    if stock.code in (204, 304):  # P3: no body, and nothing that speaks of one.
        stock = dataclasses.replace(stock.without('content-length', 'content-type'), body=b'')
    if stock.code == ours.code == 500:  # H3: an on_error that fails does not stop the others.
        ours = dataclasses.replace(ours, log=ours.log[: len(stock.log)])
    if request.method != 'HEAD' and stock.get('content-length') and ours.get('content-length'):
        # P4: counted when it is sent.
        stock = _with_length(stock)
    return stock, ours


def _with_length(answer: Answer) -> Answer:
    length = str(len(answer.body))
    headers = tuple((n, length if n == 'content-length' else v) for n, v in answer.headers)
    return dataclasses.replace(answer, headers=headers)


def _code(answer: Answer) -> int:
    """The status before a hook that says in X-Was which answer it has replaced."""
    return int(answer.get('x-was') or answer.code)


# Repairs after which the two answers have nothing in common that could be compared.


def _is_hook_run_twice(stock: Answer, ours: Answer, request: Request) -> bool:
    """H2: stock runs every on_response, and its components, again when one of them raises."""
    return any(stock.log.count(name) > max(ours.log.count(name), 1) for name in stock.log) and (
        stock.code == 500 or '.on_response' in str(stock.log)
    )


def _is_redirect(stock: Answer, ours: Answer, request: Request) -> bool:
    """R5: the slash's redirect keeps the query string, and 308 the method."""
    return _code(stock) == 302 and (
        _code(ours) == 308 or (_code(ours) == 302 and bool(request.query))
    )


def _is_options(stock: Answer, ours: Answer, request: Request) -> bool:
    """R9: OPTIONS is answered where no route does."""
    return request.method == 'OPTIONS' and _code(stock) == 405


def _is_undecoded(stock: Answer, ours: Answer, request: Request) -> bool:
    """R6: stock takes PATH_INFO's latin-1 for text."""
    return not request.path.isascii()


def _is_strange_path(stock: Answer, ours: Answer, request: Request) -> bool:
    """Control characters, backslashes, dot segments and double slashes are no path of ours."""
    return _code(ours) == 404 and _has_strange_path(request)


def _has_strange_path(request: Request) -> bool:
    segments = request.path.split('/')
    return (
        not request.path.isprintable() or '\\' in request.path or '' in segments[1:-1]
        or bool({'.', '..'} & set(segments))
    )  # fmt: skip


def _is_refused(stock: Answer, ours: Answer) -> bool:
    """Whether our App refuses a body that stock takes; it is a 500 where on_response reads it."""
    return _code(ours) == 400 or (ours.code == 500 and set(stock.log) > set(ours.log))


def _is_refused_json(stock: Answer, ours: Answer, request: Request) -> bool:
    """J3: NaN, Infinity, lone surrogates and deep nesting are malformed JSON."""
    return _is_refused(stock, ours) and bool(_NOT_JSON.search(request.body))


def _is_refused_body(stock: Answer, ours: Answer, request: Request) -> bool:
    """J11, J13: a broken multipart body, or a length that is not the body's."""
    is_multipart = (request.content_type or '').startswith('multipart/')
    return is_multipart and _is_refused(stock, ours)


_REPLACED = (
    _is_hook_run_twice, _is_redirect, _is_options, _is_undecoded,
    _is_strange_path, _is_refused_json, _is_refused_body,
)  # fmt: skip


@contextmanager
def quiet() -> Iterator[None]:
    """Failures are wanted here: nothing of them is logged."""
    logger = logging.getLogger('django.request')
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
