"""Autoreload in a development worker: Django's watcher in a thread, a new worker per change."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
import time
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import django
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils import autoreload

from django_apistar.application import get_route_table
from django_apistar.server import banner
from django_apistar.server.launch import Launch, format_error
from django_apistar.server.loading import import_urlconf, is_missing, load_application
from django_apistar.server.terminal import format_traceback, get_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import ModuleType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_GRACE_S = 0.3  # for idle connections of a worker that is replaced
_REQUEST_GRACE_S = 5.0  # for its running requests


def load_watched(
    launch: Launch, is_first_load: bool, replace_worker: Callable[[WatchedApplication], None]
) -> WatchedApplication:
    """Return the application of a development worker, and watch the project's files.

    Where the project cannot be loaded, the application is a page with the traceback. After a
    change another thread calls *replace_worker*. Never raises: the worker lives until the project
    is repaired.
    """
    began = time.time()
    watched = WatchedApplication()
    with ImportRecorder() as imports:
        try:
            watched.application = _load(launch, is_first_load)
        except (Exception, SystemExit) as exc:
            text = format_failure(exc)
            _print(sys.stderr, get_style(sys.stderr).ERROR(text) + '\nWaiting for a change.')
            watched.application = FailurePage(text)

    def watch() -> None:
        wait_for_change(began, imports.files)
        replace_worker(watched)

    threading.Thread(target=watch, name='runapistar-autoreload', daemon=True).start()
    return watched


def _load(launch: Launch, is_first_load: bool) -> WSGIApplication:
    """Load the application; after a change run the system checks before, and say so after."""
    if not is_first_load:
        django.setup()
        _import_routes()
        if not launch.skips_checks:
            BaseCommand().check()
    application = load_application(launch)
    import_urlconf()
    if not is_first_load:
        _print(sys.stdout, f'Reloaded: {banner.format_routes(get_route_table())}.')
    return application


def _print(stream: TextIO, text: str) -> None:
    """Write *text* as a line; a stream that is closed or full changes nothing."""
    with contextlib.suppress(OSError, ValueError):
        stream.write(f'{text}\n')
        stream.flush()


def _import_routes() -> None:
    """Import the routes before the checks, which would report a fault without its traceback."""
    name = getattr(settings, 'APISTAR_ROUTE_CONF', None)
    if not isinstance(name, str) or not name or name.startswith('.'):
        return  # no name of a module: checks E001 and E002 report it
    try:
        importlib.import_module(name)
    except ImportError as exc:
        if not is_missing(exc, name):
            raise


def end_worker(watched: WatchedApplication) -> None:
    """End this process as soon as its running requests are answered; the master starts another."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    deadline = time.monotonic() + _REQUEST_GRACE_S
    while watched.running and time.monotonic() < deadline:
        time.sleep(0.05)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(0)


class WatchedApplication:
    """The WSGI application of a development worker; counts its running requests."""

    application: WSGIApplication

    def __init__(self) -> None:
        self.running = 0
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            self.running += 1
        try:
            return self.application(environ, start_response)
        finally:
            with self._lock:
                self.running -= 1


class FailurePage:
    """A WSGI application that answers every request with the text of a failure."""

    def __init__(self, text: str) -> None:
        self.body = f'{text}\nThe server waits for a change.\n'.encode(errors='replace')

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        headers = [
            ('Content-Type', 'text/plain; charset=utf-8'),
            ('Content-Length', str(len(self.body))),
            ('Cache-Control', 'no-store'),
        ]
        start_response('500 Internal Server Error', headers)
        return [] if environ['REQUEST_METHOD'] == 'HEAD' else [self.body]


def format_failure(exc: BaseException) -> str:
    """Return the sentences of a check or of a mistake in the settings, else the traceback."""
    if isinstance(exc, CommandError):  # of the system checks
        return str(exc)
    if isinstance(exc, ImproperlyConfigured):
        return format_error(exc)
    return format_traceback(exc)


class ImportRecorder:
    """Records which files are imported. A failed import leaves nothing in sys.modules."""

    def __init__(self) -> None:
        self.files: set[Path] = set()

    def __enter__(self) -> ImportRecorder:
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Record the file of module *name*, and leave its import to the other finders."""
        spec = PathFinder.find_spec(name, path, target)
        if spec and spec.has_location and spec.origin:
            self.files.add(Path(spec.origin))


class PromptReloader(autoreload.StatReloader):
    """Django's reloader, which also sees that a file was saved while the project was loading."""

    def __init__(self, began: float) -> None:
        super().__init__()
        self.began = began
        self._seen: set[Path] = set()

    def snapshot_files(self) -> Iterator[tuple[Path, float]]:
        """Yield files and their times.

        A file that changed while the project was loading comes first with the time before that.
        """
        for file, changed in super().snapshot_files():
            if file not in self._seen:
                self._seen.add(file)
                if self.began < changed <= time.time():
                    yield file, self.began
            yield file, changed


def wait_for_change(began: float, extra_files: Iterable[Path]) -> None:
    """Return when a file of the project changes, or has changed since *began* (time.time())."""
    reloader = autoreload.get_reloader()
    if type(reloader) is autoreload.StatReloader:
        reloader = PromptReloader(began)
    reloader.extra_files.update(file.resolve() for file in extra_files if file.is_file())
    try:
        if apps.ready:
            reloader.run(threading.Thread())
        else:  # The settings cannot be imported: only modules can be watched.
            reloader.run_loop()
    except SystemExit:
        return
