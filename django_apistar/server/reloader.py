"""Autoreload in a development worker: Django's watcher in a thread, a new worker per change."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
import time
import traceback
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import django
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.urls import get_resolver
from django.utils import autoreload

from django_apistar.application import get_route_table
from django_apistar.server import banner, loading
from django_apistar.server.launch import format_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_GRACE_S = 0.3  # for idle connections of a worker that is replaced
_REQUEST_GRACE_S = 5.0  # for its running requests


def load_watched(
    load: Callable[[], Any], replace_worker: Callable[[WatchedApplication], None]
) -> WatchedApplication:
    """Return what *load* returns, or a page with its traceback, and watch the project's files.

    A change calls *replace_worker*, in another thread. Never raises: the worker lives until
    the fault is repaired.
    """
    began = time.time()
    watched = WatchedApplication()
    with ImportRecorder() as imports:
        try:
            watched.application = load()
            import_urlconf()
        except (Exception, SystemExit) as exc:
            text = describe_failure(exc)
            tell(sys.stderr, f'{text}\nWaiting for a change.')
            watched.application = FailurePage(text)

    def watch() -> None:
        wait_for_change(began, imports.files)
        replace_worker(watched)

    threading.Thread(target=watch, name='runapistar-autoreload', daemon=True).start()
    return watched


def load_again(skip_checks: bool) -> Any:
    """Load the application of a changed project, and say so."""
    django.setup()
    import_routes()
    if not skip_checks:
        BaseCommand().check()
    application = loading.load_application()
    tell(sys.stdout, f'Reloaded: {banner.describe_routes(get_route_table())}.')
    return application


def tell(stream: TextIO, text: str) -> None:
    """Write *text* as a line; a stream that nobody reads any more changes nothing."""
    with contextlib.suppress(OSError, ValueError):
        stream.write(f'{text}\n')
        stream.flush()


def import_routes() -> None:
    """Import the routes. A check would name the fault in them, and drop its traceback."""
    name = getattr(settings, 'APISTAR_ROUTE_CONF', None)
    if not isinstance(name, str):
        return  # a check says so
    try:
        importlib.import_module(name)
    except ImportError as exc:
        if not loading.is_missing(exc, name):
            raise
    except ValueError:
        return  # a relative or empty name: a check says so


def import_urlconf() -> None:
    """Import Django's URLs, which the first request would do: a fault in them shows at once."""
    if getattr(settings, 'ROOT_URLCONF', None):
        get_resolver().urlconf_module  # noqa: B018  # imports it


def leave(watched: WatchedApplication) -> None:
    """End this process as soon as its requests are answered; the master starts the next one."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    deadline = time.monotonic() + _REQUEST_GRACE_S
    while watched.running and time.monotonic() < deadline:
        time.sleep(0.05)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(0)


class WatchedApplication:
    """The WSGI application of a worker that is about to be replaced; counts running requests."""

    application: Any

    def __init__(self) -> None:
        self.running = 0
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        with self._lock:
            self.running += 1
        try:
            return self.application(environ, start_response)
        finally:
            with self._lock:
                self.running -= 1


class FailurePage:
    """A WSGI application that answers everything with the text of a failure."""

    def __init__(self, text: str) -> None:
        self.body = f'{text}\nThe server waits for a change.\n'.encode(errors='replace')

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        headers = [
            ('Content-Type', 'text/plain; charset=utf-8'),
            ('Content-Length', str(len(self.body))),
            ('Cache-Control', 'no-store'),
        ]
        start_response('500 Internal Server Error', headers)
        return [] if environ['REQUEST_METHOD'] == 'HEAD' else [self.body]


def describe_failure(exc: BaseException) -> str:
    """Return the sentences of a mistake in the settings, or else the traceback."""
    if isinstance(exc, CommandError):  # of the system checks
        return str(exc)
    if isinstance(exc, ImproperlyConfigured):
        return format_error(exc)
    return ''.join(traceback.format_exception(exc))


class ImportRecorder:
    """Notes which files are imported. A failed import leaves no module behind to watch."""

    def __init__(self) -> None:
        self.files: set[Path] = set()

    def __enter__(self) -> ImportRecorder:
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        sys.meta_path.remove(self)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Note the file of module *name*, and leave its import to the other finders."""
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
        """Yield files and their times; a changed one, at first, with a time before the change."""
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
        else:  # the settings cannot be imported: nothing but modules can be watched
            reloader.run_loop()
    except SystemExit:
        return
