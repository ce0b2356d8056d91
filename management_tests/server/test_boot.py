"""How a server starts, in process: `boot`, `launch`, `metrics_folder`."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gunicorn
import pytest
from django.test import override_settings

from django_apistar.server import boot, launch, loading, metrics_folder
from django_apistar.server.gunicorn.server import GunicornServer
from django_apistar.server.launch import Launch, ServerError
from django_apistar.server.private_names import FOOTING, GRANIAN

pytestmark = pytest.mark.once

SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}


def answer(environ: Any, start_response: Any) -> list[bytes]:
    """The project's application."""
    return []


OURS = f'{__name__}.answer'


@pytest.fixture
def held() -> Iterator[Callable[[], set[int]]]:
    """Return what tells which signals wait, and let none wait after the test."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield lambda: set(signal.pthread_sigmask(signal.SIG_BLOCK, ())) - before
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Serving:
    """A server that only notes what it was told, and where its metrics would be."""

    def __init__(self) -> None:
        self.launches: list[Launch] = []
        self.folders: list[Path] = []

    def __call__(self, launch: Launch) -> Serving:
        self.launches.append(launch)
        return self

    def run(self) -> None:
        folder = os.environ.get('PROMETHEUS_MULTIPROC_DIR')
        if folder:
            self.folders.append(Path(folder))
            Path(folder, 'of_a_worker').touch()


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Serving:
    made = Serving()
    monkeypatch.setattr(boot, 'get_server', made)
    return made


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what a start sets for its process."""
    for name in ('RUN_MAIN', 'PROMETHEUS_MULTIPROC_DIR'):
        monkeypatch.setenv(name, '')
        monkeypatch.delenv(name)


# The process of the command


def test_signals_wait_until_the_server_handles_them(held: Any) -> None:
    launch.hold_signals()
    assert held() == SIGNALS
    launch.accept_signals()
    assert held() == set()


@pytest.mark.parametrize(('is_reloading', 'mark'), [(False, None), (True, 'true')])
def test_the_command_becomes_the_server(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, is_reloading: bool, mark: str | None
) -> None:
    become: list[Any] = []
    monkeypatch.setattr(os, 'execv', lambda *given: become.append(given))
    given = Launch(is_reloading=is_reloading)
    with override_settings(SETTINGS_MODULE='shop.settings'):
        boot.start(given)

    assert become == [(sys.executable, given.command())]
    assert os.environ.get('RUN_MAIN') == mark
    assert serving.launches == []


def test_settings_of_this_process_alone_are_served_by_it(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Launch('granian', is_reloading=True)
    with override_settings(SETTINGS_MODULE=None):
        boot.start(given)

    assert serving.launches == [dataclasses.replace(given, is_reloading=False)]
    assert 'RUN_MAIN' not in os.environ


def test_the_command_line_of_a_server_runs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[str] = []
    given = Launch(settings={'workers': 2}, sockets=[3], path=[str(tmp_path), *sys.path])
    *interpreter, option, program, argument = given.command()
    assert (interpreter, option) == (launch.get_interpreter(), '-c')
    assert interpreter[0] == sys.executable
    assert Launch(**json.loads(argument)) == given

    monkeypatch.setattr(boot, 'main', told.append)
    monkeypatch.setattr(sys, 'argv', ['-c', argument])
    monkeypatch.setattr(sys, 'path', ['other'])
    exec(program, {})

    assert (told, sys.path) == ([argument], given.path)


def test_an_interpreter_is_started_with_the_options_of_this_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, 'warnoptions', ['error'])

    assert '-Werror' in launch.get_interpreter()


def test_what_is_launched_where_nothing_else_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    assert dataclasses.asdict(Launch('gunicorn')) == {
        'server': 'gunicorn', 'application': 'django_apistar.wsgi.application', 'settings': {},
        'arguments': [], 'config': None, 'is_development': False, 'is_reloading': False,
        'skips_checks': False, 'shares_metrics': False, 'uses_gevent': False, 'is_trial': False,
        'sockets': [], 'directory': str(tmp_path), 'path': sys.path,
    }  # fmt: skip


# The fresh process


def serve(**given: Any) -> None:
    boot.main(json.dumps(dataclasses.asdict(Launch(**given))))


def test_a_server_is_served_without_a_folder_of_metrics(serving: Serving) -> None:
    serve(server='granian')

    assert serving.launches == [Launch('granian')]
    assert serving.folders == []


def test_workers_share_a_folder_of_metrics_until_the_server_ends(serving: Serving) -> None:
    serve(shares_metrics=True)

    [folder] = serving.folders
    assert folder.name.startswith('runapistar-metrics-')
    assert not folder.exists()


def test_a_worker_leaves_the_folder_of_metrics_to_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    with metrics_folder.shared_metrics(True):
        monkeypatch.setattr(os, 'getpid', lambda: -1)  # as if it was forked

    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_of_metrics_that_is_gone_ends_nothing(serving: Serving) -> None:
    with metrics_folder.shared_metrics(True):
        Path(os.environ['PROMETHEUS_MULTIPROC_DIR']).rmdir()


def test_a_trial_loads_the_project_and_serves_nobody(
    serving: Serving, held: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'urls_of_a_trial.py').write_text('urlpatterns = []')
    monkeypatch.syspath_prepend(tmp_path)
    launch.hold_signals()
    with override_settings(WSGI_APPLICATION=OURS, ROOT_URLCONF='urls_of_a_trial'):
        serve(is_trial=True)

    assert sys.modules.pop('urls_of_a_trial') is not None
    assert (serving.launches, held()) == ([], set())


def test_a_trial_of_a_broken_project_fails_with_its_sentence(
    capsys: pytest.CaptureFixture[str], held: Any
) -> None:
    with override_settings(WSGI_APPLICATION='nowhere.app'), pytest.raises(SystemExit) as left:
        serve(is_trial=True)

    assert left.value.code == 1
    assert capsys.readouterr().err == (
        "runapistar: WSGI_APPLICATION is 'nowhere.app', which cannot be imported: "
        "ModuleNotFoundError: No module named 'nowhere'. "
        "Set it to 'django_apistar.wsgi.application'.\n"
    )


@pytest.mark.parametrize(('status', 'is_loadable'), [('0', True), ('1', False)])
def test_a_fresh_process_tries_the_project(
    monkeypatch: pytest.MonkeyPatch, status: str, is_loadable: bool, tmp_path: Path
) -> None:
    told = tmp_path / 'told'
    program = f'import sys; open({str(told)!r}, "w").write(sys.argv[1]); sys.exit({status})'
    monkeypatch.setattr(launch, '_BOOT', program)
    given = Launch('granian', path=['old'])

    assert loading.is_loadable(given) is is_loadable

    expected = dataclasses.replace(given, is_trial=True, path=list(sys.path))
    assert Launch(**json.loads(told.read_text())) == expected


# Which server


def test_a_server_is_gunicorn_or_granian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert type(boot.get_server(Launch())) is GunicornServer
    pytest.importorskip('django_apistar.server.granian.server', exc_type=ImportError)
    assert type(boot.get_server(Launch('granian'))).__name__ == 'GranianServer'


@pytest.mark.parametrize('server', ['gunicorn', 'granian'])
def test_a_wrong_number_of_workers_is_a_sentence_before_anything_is_imported(
    monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    monkeypatch.setenv('WEB_CONCURRENCY', 'x')
    monkeypatch.setattr(boot, 'find_missing', lambda part: 'a.name')

    assert refuse(server) == (
        "WEB_CONCURRENCY is 'x'. Set it to a number of workers, 1 or more."
    )  # fmt: skip


def refuse(server: str) -> str:
    with pytest.raises(ServerError) as caught:
        boot.get_server(Launch(server))
    return str(caught.value)


@pytest.mark.parametrize('server', ['gunicorn', 'granian'])
def test_a_gunicorn_that_lacks_a_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    monkeypatch.setattr(boot, 'find_missing', lambda part: 'a.name' if part is FOOTING else '')

    assert refuse(server) == (
        f'gunicorn {gunicorn.__version__} has no a.name as runapistar knows it, which it needs. '
        'Install another release.'
    )


def test_a_granian_that_lacks_a_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    granian = pytest.importorskip('granian')
    monkeypatch.setattr(boot, 'find_missing', lambda part: 'a.name' if part is GRANIAN else '')

    assert refuse('granian') == (
        f'granian {granian.__version__} has no a.name as runapistar knows it, which it needs. '
        'Install another release, or use gunicorn.'
    )


def test_a_granian_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boot, 'find_spec', lambda name: None if name == 'granian' else 1)

    assert refuse('granian') == (
        "granian is not installed. Install it: pip install 'django-apistar[granian]'."
    )
