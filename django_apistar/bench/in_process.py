"""Calls of a target within this process, whose rows are rolled back."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from django.db import connections, transaction
from werkzeug.test import create_environ

from django_apistar.api.responses import close
from django_apistar.bench.load import Load, get_percentile
from django_apistar.bench.targets import HOST, Answer, Target, TargetError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_NO_DATABASE = 'django.db.backends.dummy'


def build_environ(target: Target) -> WSGIEnvironment:
    """Return the environ of the request to *target*."""
    request = target.request
    return create_environ(
        target.path, f'http://{HOST}', method=request.method, input_stream=io.BytesIO(request.body),
        headers={'Accept': '*/*', **dict(request.headers)}, environ_base={'REMOTE_ADDR': HOST},
    )  # fmt: skip


@contextlib.contextmanager
def rolled_back(target: Target) -> Iterator[None]:
    """Roll back what requests to *target* write within this context, in every database."""
    if not target.request.may_write:
        yield
        return
    with contextlib.ExitStack() as stack:
        for alias in list_databases():
            stack.enter_context(transaction.atomic(using=alias))
            stack.callback(transaction.set_rollback, True, using=alias)
        yield


def list_databases() -> list[str]:
    """Return the aliases of the project's databases."""
    return [
        alias for alias in connections if connections[alias].settings_dict['ENGINE'] != _NO_DATABASE
    ]


def call(application: WSGIApplication, target: Target) -> Answer:
    """Return the answer of *application* to one request; its rows are rolled back."""
    with rolled_back(target):
        return _call(application, target)


def _call(application: WSGIApplication, target: Target) -> Answer:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        started[:] = [(status, headers)]
        return _write

    body = application(build_environ(target), start_response)
    try:
        content = b''.join(body)
    finally:
        close(body)
    [(status, headers)] = started
    types = [value for name, value in headers if name.lower() == 'content-type']
    return Answer(int(status[:3]), ''.join(types[:1]).partition(';')[0], content)


def _write(data: bytes) -> None:
    """PEP 3333's write(), which no measured application uses."""
    raise TargetError('An application that calls write() cannot be measured.')


def load_in_process(application: WSGIApplication, target: Target, duration_s: float) -> Load:
    """Call *application* again and again for *duration_s* seconds, without a server.

    The rows of the round are rolled back. Raises TargetError.
    """
    with rolled_back(target):
        return _load(application, target, duration_s)


def _load(application: WSGIApplication, target: Target, duration_s: float) -> Load:
    times: list[float] = []
    errors = 0
    statuses: list[str] = []
    base, body = build_environ(target), target.request.body

    def start_response(
        status: str, headers: object, exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        statuses.append(status)
        return _write

    clock = time.perf_counter
    cpu_before, started = time.thread_time(), clock()
    while (before := clock()) - started < duration_s or not times:
        environ = {**base, 'wsgi.input': io.BytesIO(body)}
        answer = application(environ, start_response)
        for _ in answer:
            pass
        if type(answer) is not list:
            close(answer)
        times.append(clock() - before)
        errors += statuses.pop()[0] != '2'
    elapsed_s, cpu_s = clock() - started, time.thread_time() - cpu_before
    if errors == len(times):
        raise TargetError(
            f'{target.path} is no longer answered with 2xx: {errors} requests of a round.'
        )
    times.sort()
    p50, p90, p99 = (get_percentile(times, percent) for percent in (50, 90, 99))
    return Load(
        len(times) - errors, elapsed_s, times[-1], p50, p90, p99, errors, cpu_s / len(times)
    )
