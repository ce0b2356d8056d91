"""METRICS_URL: prometheus-client's figures of the requests to all processes of a server."""

from __future__ import annotations

import fcntl
import functools
import itertools
import os
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    make_wsgi_app,
    multiprocess,
    values,
)
from prometheus_client.mmap_dict import MmapedDict

from django_apistar.api.environ_keys import FRAMEWORK_KEY, ROUTE_KEY
from django_apistar.api.responses import close
from django_apistar.api.server_state import server_state
from django_apistar.dispatch.layers import is_file

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FOLDER = 'PROMETHEUS_MULTIPROC_DIR'  # prometheus-client's own variable
# OpenTelemetry's advice for http.server.request.duration.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_LABELS = ('framework', 'http_request_method', 'http_route', 'http_response_status_code')
_METHODS = {
    name: name
    for name in ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT')
}
_OTHER = '_OTHER'  # OpenTelemetry's name for a method that a client has made up


class _Series(NamedTuple):
    """The counters of one combination of labels."""

    seconds: Any
    sent: Any  # bytes


class Metrics:
    """The metrics of this process. Made once: a registry refuses a second metric of a name."""

    def __init__(self) -> None:
        folder = os.environ.get(FOLDER)
        self._slots = _Slots(Path(folder)) if folder else None
        if self._slots:
            values.ValueClass = values.MultiProcessValue(self._slots.get)
            multiprocess.MmapedDict = _ReadFile
        # What all processes have written comes from their files, not from a registry.
        registry = None if folder else REGISTRY
        self._seconds = Histogram(
            'http_server_request_duration_seconds', 'From the request to the end of its answer.',
            _LABELS, buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._sent = Counter(
            'http_server_response_body_bytes', 'Bytes of the bodies that were answered.',
            _LABELS, registry=registry,
        )  # fmt: skip
        self._in_flight = self._build_gauge(
            'http_server_active_requests', 'Requests in flight: each keeps a thread busy.', registry
        )
        self._workers = self._build_gauge('runapistar_workers', 'Worker processes.', registry)
        self._threads = self._build_gauge('runapistar_threads', 'Threads of all workers.', registry)
        self._series: dict[tuple[str, str, str, str], _Series] = {}
        server_state.on_start(self._note_worker)
        self._pages = make_wsgi_app(self._build_collector() if folder else REGISTRY)

    def _build_gauge(self, name: str, text: str, registry: object) -> Any:
        return Gauge(name, text, multiprocess_mode='livesum', registry=registry)

    def _build_collector(self) -> Any:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        return registry

    def _note_worker(self, threads: int) -> None:
        self._workers.set(1)
        self._threads.set(threads)

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer METRICS_URL, as a WSGI application."""
        if self._slots:
            self._slots.forget_dead()
        body: Iterable[bytes] = self._pages(environ, start_response)
        return body

    def measure(self, application: WSGIApplication) -> WSGIApplication:
        """Return *application* with each request counted."""

        def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            began = time.perf_counter()
            status = '500'

            def start(
                line: str,
                headers: list[tuple[str, str]],
                exc_info: OptExcInfo | None = None,
            ) -> Callable[[bytes], object]:
                nonlocal status
                status = line[:3]
                return start_response(line, headers, exc_info)

            def end(sent: int) -> None:
                self._count(environ, status, time.perf_counter() - began, sent)

            self._in_flight.inc()
            try:
                body = application(environ, start)
            except BaseException:
                end(0)
                raise
            if type(body) is list:
                end(sum(map(len, body)))
                return body
            return _follow(body, environ, end)

        return call

    def _count(self, environ: WSGIEnvironment, status: str, seconds: float, sent: int) -> None:
        self._in_flight.dec()
        framework = environ.get(FRAMEWORK_KEY)
        if framework is None:  # HEALTH_URL and the like
            return
        method = _METHODS.get(environ['REQUEST_METHOD'], _OTHER)
        key = framework, method, environ.get(ROUTE_KEY, ''), status
        series = self._series.get(key)
        if series is None:
            series = _Series(self._seconds.labels(*key), self._sent.labels(*key))
            self._series[key] = series
        series.seconds.observe(seconds)
        if sent:
            series.sent.inc(sent)


@functools.cache
def get_metrics() -> Metrics:
    """Return this process's metrics."""
    return Metrics()


def _follow(body: Any, environ: WSGIEnvironment, end: Callable[[int], None]) -> Iterable[bytes]:
    """Return *body*. When it is closed, *end* is called with the number of its bytes."""
    size = _find_size(body) if is_file(body, environ) else None
    if size is None:
        return _MeasuredBody(body, end)
    close_file = getattr(body, 'close', lambda: None)

    def close_measured() -> None:
        close_file()
        end(size)

    body.close = close_measured
    measured: Iterable[bytes] = body
    return measured


def _find_size(body: Any) -> int | None:
    """Return the size of the file behind *body*, 0 if unknown; None for a file in memory."""
    if not hasattr(body, 'filelike'):
        return 0
    try:
        return os.fstat(body.filelike.fileno()).st_size
    except (AttributeError, OSError):  # no server sends that by sendfile
        return None


class _MeasuredBody:
    """A body whose bytes are counted until it is closed."""

    def __init__(self, body: Iterable[bytes], end: Callable[[int], None]) -> None:
        self._body = body
        self._end: Callable[[int], None] | None = end
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            self._sent += len(chunk)
            yield chunk

    def close(self) -> None:
        try:
            close(self._body)
        finally:
            end, self._end = self._end, None
            if end:
                end(self._sent)


class _ReadFile:
    """A file of prometheus-client's, as a scrape reads it."""

    @staticmethod
    def read_all_values_from_file(filename: str) -> Any:
        """Return its values: none while it is empty, as its process has only just made it.

        There the library raises an error. A process that is killed then leaves such a file.
        """
        try:
            return MmapedDict.read_all_values_from_file(filename)
        except struct.error:
            return ()


class _Slots:
    """Numbers of the processes that are alive, by which prometheus-client names their files.

    By process ids, as it does itself, each worker that is replaced would leave files behind.
    Whoever comes next takes a dead one's number, and counts on. A process holds its number by a
    lock, which ends with it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid = 0
        self._number = 0
        self._lock: Any = None
        os.register_at_fork(after_in_child=self._let_go)

    def get(self) -> int:
        """Return the number of this process; prometheus-client asks at each count."""
        if self._pid != os.getpid():
            self._take()
        return self._number

    def _take(self) -> None:
        for number in itertools.count():
            lock = self._try(number)
            if lock is not None:
                self._pid, self._number, self._lock = os.getpid(), number, lock
                multiprocess.mark_process_dead(number, str(self._folder))
                return

    def _let_go(self) -> None:
        """Close the lock of the process that forked this one: it would outlive that process."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def _try(self, number: int) -> Any:
        """Return the locked file of *number*, None if another process holds it."""
        file = (self._folder / f'slot{number}').open('w')
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def forget_dead(self) -> None:
        """Drop the gauges of processes that have ended.

        A number without gauges is not locked: a worker that starts at this moment would find it
        taken, and take the next one.
        """
        for path in self._folder.glob('slot*'):
            number = int(path.name.removeprefix('slot'))
            if number == self.get() or not any(self._folder.glob(f'gauge_live*_{number}.db')):
                continue
            lock = self._try(number)
            if lock is not None:
                multiprocess.mark_process_dead(number, str(self._folder))
                lock.close()
