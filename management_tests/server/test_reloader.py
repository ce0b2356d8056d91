"""Autoreload in process: what a development worker loads, shows and waits for, `reloader`."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import SystemCheckError
from django.test import override_settings
from django.utils import autoreload

from django_apistar.application import get_route_table
from django_apistar.server import banner, reloader
from django_apistar.server.launch import Launch
from management_tests.support.raw_wsgi import build_environ

pytestmark = pytest.mark.once


def answer(environ: Any, start_response: Any) -> list[bytes]:
    """The project's application."""
    return [b'answered']


OURS = f'{__name__}.answer'


@pytest.fixture(autouse=True)
def _without_models_of_other_tests() -> Iterator[None]:
    """Whose fields of PostgreSQL want its app, as Django 6 tells of all models that are there."""
    with override_settings(SILENCED_SYSTEM_CHECKS=['postgres.E005']):
        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules can be imported, and are forgotten after the test."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], '__file__', '')).startswith(str(tmp_path)):
            del sys.modules[name]


class Loaded:
    """What a worker has loaded, and what it was told of changes."""

    def __init__(self) -> None:
        self.changed_since: list[float] = []
        self.files: set[Path] = set()
        self.threads: list[tuple[str, bool]] = []
        self.replaced: list[Any] = []

    def wait_for_change(self, began: float, files: set[Path]) -> None:
        self.changed_since.append(began)
        self.files |= files
        thread = threading.current_thread()
        self.threads.append((thread.name, thread.daemon))

    def load(self, is_first_load: bool = True, **launch: Any) -> Any:
        given = Launch(**launch)
        watched = reloader.load_watched(given, is_first_load, self.replaced.append)
        for thread in threading.enumerate():
            if thread.name == 'runapistar-autoreload':
                thread.join(10)
        return watched


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    made = Loaded()
    monkeypatch.setattr(reloader, 'wait_for_change', made.wait_for_change)
    monkeypatch.setenv('NO_COLOR', '1')
    return made


def ask(watched: Any, method: str = 'GET') -> tuple[Any, ...]:
    started: list[Any] = []
    body = watched(build_environ(REQUEST_METHOD=method), lambda *given: started.extend(given))
    return *started, b''.join(body)


def fail(watched: Any) -> str:
    """Return the text of the page that every request gets, without its last line."""
    status, headers, body = ask(watched)
    assert status == '500 Internal Server Error'
    assert headers == [
        ('Content-Type', 'text/plain; charset=utf-8'), ('Content-Length', str(len(body))),
        ('Cache-Control', 'no-store'),
    ]  # fmt: skip
    assert ask(watched, 'HEAD') == (status, headers, b'')
    text, last = str(body, 'utf-8').split('\nThe server waits')
    assert last == ' for a change.\n'
    return text


def test_an_application_that_loads_is_served_and_watched(
    loaded: Loaded, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / 'urls_to_watch.py').write_text('import json.tool, also_to_watch\nurlpatterns = []')
    (folder / 'also_to_watch.py').touch()
    began = time.time()

    with override_settings(WSGI_APPLICATION=OURS, ROOT_URLCONF='urls_to_watch'):
        watched = loaded.load()

    assert ask(watched) == (b'answered',)
    assert watched.application is answer
    assert (loaded.replaced, loaded.threads) == ([watched], [('runapistar-autoreload', True)])
    assert began <= loaded.changed_since[0] <= time.time()
    assert {file.name for file in loaded.files} >= {'urls_to_watch.py', 'also_to_watch.py'}
    assert not any(isinstance(each, reloader.ImportRecorder) for each in sys.meta_path)
    assert capsys.readouterr() == ('', '')


def test_a_worker_after_a_change_checks_the_project_and_says_what_is_served(
    loaded: Loaded, capsys: pytest.CaptureFixture[str]
) -> None:
    with override_settings(WSGI_APPLICATION=OURS):
        assert loaded.load(is_first_load=False).application is answer

    assert capsys.readouterr().out.splitlines()[-1] == (
        f'Reloaded: {banner.format_routes(get_route_table())}.'
    )


BROKEN = {'APISTAR_ROUTE_CONF': 5, 'WSGI_APPLICATION': OURS}


def test_what_the_checks_find_after_a_change_is_shown(
    loaded: Loaded, capsys: pytest.CaptureFixture[str]
) -> None:
    with override_settings(**BROKEN):
        text = fail(loaded.load(is_first_load=False))

    assert text == (
        'SystemCheckError: System check identified some issues:\n\nERRORS:\n'
        '?: (django_apistar.E001) APISTAR_ROUTE_CONF is 5; it must be a string.\n'
        "\tHINT: Set it to the module that holds your API Star routes, e.g. 'shop.routes'.\n"
    )
    assert capsys.readouterr().err == f'{text}\nWaiting for a change.\n'
    assert len(loaded.replaced) == 1


@pytest.mark.parametrize('launch', [{'is_first_load': True}, {'skips_checks': True}])
def test_the_checks_are_left_out_at_first_and_where_nobody_wants_them(
    loaded: Loaded, launch: Any
) -> None:
    with override_settings(**BROKEN, ROOT_URLCONF=None):
        assert loaded.load(**launch).application is answer


@pytest.mark.parametrize('is_first_load', [False, True])
def test_a_mistake_in_the_settings_is_a_sentence(
    loaded: Loaded, is_first_load: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with override_settings(WSGI_APPLICATION='nowhere.application'):
        text = fail(loaded.load(is_first_load))

    assert text == (
        "runapistar: WSGI_APPLICATION is 'nowhere.application', which cannot be imported: "
        "ModuleNotFoundError: No module named 'nowhere'. "
        "Set it to 'django_apistar.wsgi.application'."
    )
    assert capsys.readouterr().err == f'{text}\nWaiting for a change.\n'


@pytest.mark.parametrize(
    ('source', 'last'),
    [
        ('1 / 0', 'ZeroDivisionError: division by zero'), ('raise SystemExit(3)', 'SystemExit: 3'),
        ('import nowhere', "ModuleNotFoundError: No module named 'nowhere'"),
        ('len(5)', "TypeError: object of type 'int' has no len()"),
        ('float("x")', "ValueError: could not convert string to float: 'x'"),
    ],
)  # fmt: skip
def test_faulty_code_is_a_traceback_of_the_project(
    loaded: Loaded, folder: Path, source: str, last: str
) -> None:
    """Of the routes, which are imported before the checks would only name them."""
    (folder / 'routes_with_a_fault.py').write_text(source)
    with override_settings(APISTAR_ROUTE_CONF='routes_with_a_fault', WSGI_APPLICATION=OURS):
        lines = fail(loaded.load(is_first_load=False)).splitlines()

    assert lines[0] == 'Traceback (most recent call last):'
    assert lines[1] == f'  File "{folder}/routes_with_a_fault.py", line 1, in <module>'
    assert last in lines
    assert folder / 'routes_with_a_fault.py' in loaded.files


@pytest.mark.parametrize('name', ['nowhere_at_all', 'nowhere_at_all.routes', '.routes', '', None])
def test_routes_that_are_missing_are_left_to_the_checks(name: Any) -> None:
    """`_import_routes`, at a name that none has, that is relative, or that is no text."""
    with override_settings(APISTAR_ROUTE_CONF=name):
        reloader._import_routes()


def test_a_stream_that_is_closed_or_full_changes_nothing() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError

    closed, full, lines = io.StringIO(), Full(), io.StringIO()
    closed.close()
    for stream in (closed, full, lines):
        reloader._print(stream, 'text')

    assert lines.getvalue() == 'text\n'


@pytest.mark.parametrize(
    ('exc', 'text'),
    [
        (SystemCheckError('checked'), 'checked'),
        (ImproperlyConfigured('one\ntwo'), 'runapistar: one\nrunapistar: two'),
        (SystemExit(3), 'SystemExit: 3\n'),
    ],
)
def test_a_failure_is_told_as_its_kind_wants(exc: BaseException, text: str) -> None:
    assert reloader.format_failure(exc) == text


def test_text_that_utf_8_does_not_hold_is_shown() -> None:
    assert fail(reloader.FailurePage('a \udce9')) == 'a ?'


# The end of a worker


class Left(BaseException):
    """The end of the process."""


@pytest.mark.parametrize(
    ('running', 'slept'), [([], [0.3]), ([1, 1], [0.3, 0.05, 0.05]), ([1] * 999, None)]
)
def test_a_worker_that_is_replaced_answers_what_runs(
    running: list[int], slept: list[float] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    now = [100.0]

    def sleep(seconds: float) -> None:
        told.append(seconds)
        now[0] += seconds

    def leave(status: int) -> None:
        told.append(('exit', status))
        raise Left

    class Watched(reloader.WatchedApplication):
        @property
        def running(self) -> int:
            return running.pop() if running else 0

        @running.setter
        def running(self, value: int) -> None: ...

    monkeypatch.setattr(os, 'kill', lambda *given: told.append(given))
    monkeypatch.setattr(os, '_exit', leave)
    monkeypatch.setattr(time, 'sleep', sleep)
    monkeypatch.setattr(time, 'monotonic', lambda: now[0])
    with pytest.raises(Left):
        reloader.end_worker(Watched())

    assert (told[0], told[-1]) == ((os.getpid(), signal.SIGTERM), ('exit', 0))
    if slept is None:
        assert round(now[0] - 100, 1) in (5.3, 5.4)
    else:
        assert told[1:-1] == slept


def test_requests_that_run_are_counted() -> None:
    counts = []
    watched = reloader.WatchedApplication()

    def application(environ: Any, start_response: Any) -> list[bytes]:
        counts.append(watched.running)
        if len(counts) < 3:
            watched(environ, start_response)
        raise ZeroDivisionError

    watched.application = application
    with pytest.raises(ZeroDivisionError):
        ask(watched)

    assert (counts, watched.running) == ([1, 2, 3], 0)


# What is watched


def test_a_file_that_was_saved_while_the_project_loaded_has_changed(tmp_path: Path) -> None:
    began = time.time() - 100
    times = {'before': began - 1, 'then': began, 'meanwhile': began + 1, 'later': began + 9999}
    files = {}
    for name, changed in times.items():
        files[name] = tmp_path / name
        files[name].touch()
        os.utime(files[name], (changed, changed))
    watching = reloader.PromptReloader(began)
    watching.extra_files.update(files.values())

    def look() -> list[tuple[str, int]]:
        found = watching.snapshot_files()
        return sorted(
            (file.name, round(changed - began)) for file, changed in found
            if file.parent == tmp_path
        )  # fmt: skip

    usual = [('before', -1), ('later', 9999), ('meanwhile', 1), ('then', 0)]
    assert look() == sorted([*usual, ('meanwhile', 0)])
    assert look() == usual


@pytest.mark.parametrize('are_apps_ready', [True, False])
def test_a_change_of_a_file_is_waited_for(
    tmp_path: Path, are_apps_ready: bool, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    began = time.time()
    time.sleep(0.02)
    (tmp_path / 'at_start.py').touch()
    (tmp_path / 'link.py').symlink_to(tmp_path / 'at_start.py')
    monkeypatch.setattr(autoreload.StatReloader, 'SLEEP_TIME', 0.02)
    monkeypatch.setattr(autoreload, 'get_reloader', autoreload.StatReloader)
    monkeypatch.setattr(apps, 'ready', are_apps_ready)
    told: list[Path] = []

    def notify(self: Any, path: Path) -> None:
        told.append(path)
        sys.exit(3)

    monkeypatch.setattr(autoreload.BaseReloader, 'notify_file_changed', notify)

    reloader.wait_for_change(began, [tmp_path / 'link.py', tmp_path / 'none.py'])
    assert told == [tmp_path / 'at_start.py']

    began = time.time()
    waiting = threading.Thread(
        target=reloader.wait_for_change, args=(began, [tmp_path / 'link.py'])
    )
    waiting.start()
    time.sleep(0.1)
    assert waiting.is_alive()
    for later in range(50, 2000):  # once is not enough where it has yet to look for the first time
        os.utime(tmp_path / 'at_start.py', (began + later,) * 2)
        waiting.join(0.1)
        if not waiting.is_alive():
            break
    assert not waiting.is_alive()
    assert told == [tmp_path / 'at_start.py'] * 2
