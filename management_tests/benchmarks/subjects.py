"""Who is measured: WSGI applications that do a case's work, and the calls that a server makes."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import override_settings
from django.utils.module_loading import import_string

from django_apistar.accelerate.json import encoder
from django_apistar.api.responses import close
from django_apistar.dispatch.dispatcher import get_application
from management_tests.benchmarks import applications
from management_tests.benchmarks.cases import CASES, WITHOUT, Case, Variant
from management_tests.benchmarks.stock import unadjusted

Application = Callable[[dict[str, Any], Callable[..., Any]], Any]
Run = Callable[[int], None]


def build_run(case: Case, subject: str) -> Run:
    """Return what sends *case* to *subject* as many times as told. It has answered before."""
    connection.ensure_connection()  # kept, as in any thread that has served a list before
    is_fast = subject == 'fast' or is_least(subject)
    with _json_library(is_fast), override_settings(**build_settings(case.variant)):
        application = build_application(subject, case.variant)
        case = case.of(subject)
        if case.after and not is_least(subject):  # which refuses nothing
            ask(application, CASES[case.after], CASES[case.after].path)
        check(application, case, subject)
        run = build_loop(application, case)
        run(case.routes)  # each route is compiled when it is first asked for
    return run


def build_settings(variant: Variant) -> dict[str, Any]:
    settings = {
        'ALLOWED_DJANGO_ROUTES': variant.prefixes, 'EVENT_HOOKS': variant.hooks,
        **dict(variant.keys),
    }  # fmt: skip
    return {'APISTAR_ROUTE_CONF': variant.routes, 'APISTAR_SETTINGS': settings}


@contextlib.contextmanager
def _json_library(is_fast: bool) -> Iterator[None]:
    """Let what is built meanwhile find orjson, or not."""
    known = sys.modules.get('orjson')
    if not is_fast:
        sys.modules['orjson'] = None  # type: ignore[assignment]
    encoder._load_orjson.cache_clear()
    try:
        yield
    finally:
        encoder._load_orjson.cache_clear()
        sys.modules.pop('orjson', None)
        if known is not None:
            sys.modules['orjson'] = known


# Applications


def floor(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The least that an application can do: what its calls cost is the harness' own."""
    start_response('200 OK', [])
    return []


def build_stock(variant: Variant) -> Application:
    with unadjusted():
        return build_adjusted(variant)


def build_adjusted(variant: Variant) -> Application:
    """API Star's own App, repaired by our `compat`."""
    import apistar

    routes = import_module('management_tests.benchmarks.project.routes')
    count = variant.routes.rpartition('_')[2]
    own = routes.build_things(int(count)) if count.isdigit() else routes.build_routes(False)
    hooks = [import_string(hook) for hook in variant.hooks]
    return apistar.App(own, event_hooks=hooks or None, static_url=None, docs_url=None)


def build_django(variant: Variant) -> Application:
    import_module('management_tests.benchmarks.project.urls')
    return get_wsgi_application()


def is_least(subject: str) -> bool:
    """Whether *subject* is an application of `ladder`."""
    return ': ' in subject


def build_application(subject: str, variant: Variant) -> Application:
    if is_least(subject):
        from management_tests.benchmarks.ladder import APPLICATIONS  # which needs orjson

        return APPLICATIONS[subject]()
    return BUILDERS[subject](variant)


BUILDERS: dict[str, Callable[[Variant], Application]] = {
    'floor': lambda variant: floor,
    'stock': build_stock,
    'adjusted': build_adjusted,
    'ours': lambda variant: get_application().__call__,  # as our workers call it
    'fast': lambda variant: get_application().__call__,
    'page': lambda variant: applications.page_rows,
    'orm': lambda variant: applications.create_row,
    'orm_of_brand': lambda variant: applications.create_row_of_brand,
    'orm_clean': lambda variant: applications.create_clean_row,
    'dispatcher': lambda variant: get_application().__call__,
    'django': build_django,
    'ninja': build_django,
    'drf': build_django,
}


# Requests


def build_environ(case: Case, path: str) -> dict[str, Any]:
    """Return an environ as gunicorn makes it for a request of a browser-like client."""
    # By hand: it is copied for each request, and Werkzeug's `create_environ` has other keys.
    environ: dict[str, Any] = {
        'wsgi.errors': sys.stderr, 'wsgi.version': (1, 0), 'wsgi.multithread': True,
        'wsgi.multiprocess': False, 'wsgi.run_once': False, 'wsgi.file_wrapper': object,
        'wsgi.input_terminated': True, 'wsgi.url_scheme': 'http',
        'SERVER_SOFTWARE': 'gunicorn/27.0.1', 'REQUEST_METHOD': case.method,
        'QUERY_STRING': case.query, 'RAW_URI': path, 'SERVER_PROTOCOL': 'HTTP/1.1',
        'HTTP_HOST': '127.0.0.1:8000', 'HTTP_USER_AGENT': 'Mozilla/5.0 (X11; Linux x86_64)',
        'HTTP_ACCEPT': 'application/json, */*', 'HTTP_ACCEPT_ENCODING': 'gzip, deflate',
        'HTTP_ACCEPT_LANGUAGE': 'en', 'HTTP_CONNECTION': 'keep-alive',
        'REMOTE_ADDR': '127.0.0.1', 'REMOTE_PORT': '40000', 'SERVER_NAME': '127.0.0.1',
        'SERVER_PORT': '8000', 'PATH_INFO': path, 'SCRIPT_NAME': '',
    }  # fmt: skip
    if case.body:
        environ.update(CONTENT_TYPE='application/json', CONTENT_LENGTH=str(len(case.body)))
    return environ


def build_loop(application: Application, case: Case) -> Run:
    environ = build_environ(case, case.path)
    paths = case.iter_paths() if case.routes else None
    body = case.body

    def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
        """What a server does here is not measured."""

    def run(loops: int) -> None:
        for _ in itertools.repeat(None, loops):
            request = environ.copy()
            request['wsgi.input'] = io.BytesIO(body)
            if paths:
                request['PATH_INFO'] = next(paths)
            chunks = application(request, start_response)
            for _chunk in chunks:
                pass
            if hasattr(chunks, 'close'):
                chunks.close()

    return run


def ask(application: Application, case: Case, path: str) -> tuple[int, Any]:
    """Return the status and the JSON that *application* answers *case* with."""
    started: list[str] = []
    environ = build_environ(case, path) | {'wsgi.input': io.BytesIO(case.body)}
    chunks = application(environ, lambda status, headers, exc_info=None: started.append(status))
    content = b''.join(chunks)
    close(chunks)
    return int(started[-1][:3]), json.loads(content or 'null')


EXPECTED = {
    'hello': {'message': 'Hello, world!'},
    'item': {'pk': 42, 'limit': 20, 'q': 'chair'},
    'create': {'name': 'Chair', 'price': 12.5, 'quantity': 3, 'in_stock': True},
}
LISTED = {'devices': 100}  # results of a page
COUNTS = {'list': 100, 'queryset': 100, 'list_1000': 1000}


def check(application: Application, case: Case, subject: str) -> None:
    """Exit where *subject* does not do the work of *case*."""
    if subject in ('floor', 'page', *WITHOUT.values()):
        return  # They answer nothing.
    path = next(case.iter_paths()) if case.routes else case.path
    status, answer = ask(application, case, path)
    is_right = answer == EXPECTED.get(case.name, answer)
    if case.name in COUNTS:
        is_right = len(answer) == COUNTS[case.name]
    if case.name in LISTED:
        is_right = len(answer.get('results') or answer.get('items', ())) == LISTED[case.name]
    if case.writes:
        is_right = isinstance(answer.get('id'), int)
    if status not in case.statuses or not is_right:
        sys.exit(f'{subject} answers {case.name} with {status} {answer!r:.200}')
