"""Autoreload in a development worker: Django's watcher in a thread, a new worker per change."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils import autoreload

from django_apistar import banner, server
from django_apistar.application import get_route_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
    failed_files: list[Path] = []
    try:
        watched.application = load()
    except (Exception, SystemExit) as exc:
        text = describe_failure(exc)
        print(text, 'Waiting for a change.', sep='\n', file=sys.stderr, flush=True)
        watched.application = FailurePage(text)
        failed_files = list(find_files(exc))

    def watch() -> None:
        wait_for_change(began, failed_files)
        replace_worker(watched)

    threading.Thread(target=watch, name='runapistar-autoreload', daemon=True).start()
    return watched


def load_again(skip_checks: bool) -> Any:
    """Load the application of a changed project, and say so."""
    django.setup()
    if not skip_checks:
        BaseCommand().check()
    application = server.load_application()
    print(f'Reloaded: {banner.describe_routes(get_route_table())}.', flush=True)
    return application


def leave(watched: WatchedApplication) -> None:
    """End this process as soon as its requests are answered; the master starts the next one."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    deadline = time.monotonic() + _REQUEST_GRACE_S
    while watched.running and time.monotonic() < deadline:
        time.sleep(0.05)
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
        return server.format_error(exc)
    return ''.join(traceback.format_exception(exc))


def find_files(exc: BaseException | None) -> Iterable[Path]:
    """Yield the files that *exc* went through: a failed import leaves no module to watch."""
    while exc is not None:
        yield from (Path(frame.filename) for frame in traceback.extract_tb(exc.__traceback__))
        if isinstance(exc, SyntaxError) and exc.filename:
            yield Path(exc.filename)
        exc = exc.__cause__ or exc.__context__


def wait_for_change(began: float, extra_files: Iterable[Path]) -> None:
    """Return when a file of the project changes, or has changed since *began* (time.time())."""
    reloader = autoreload.get_reloader()
    reloader.extra_files.update(file.resolve() for file in extra_files if file.is_file())
    changed = find_changed(reloader.watched_files(), began)
    try:
        if changed:
            autoreload.trigger_reload(changed)
        if apps.ready:
            reloader.run(threading.Thread())
        else:  # the settings cannot be imported: nothing but modules can be watched
            reloader.run_loop()
    except SystemExit:
        return


def find_changed(files: Iterable[Path], began: float) -> Path | None:
    """Return a file that was saved while the project was loading: the watcher starts too late."""
    now = time.time()
    for file in files:
        try:
            if began < file.stat().st_mtime <= now:
                return file
        except OSError:
            continue
    return None
