"""How a server loads the project, in process: `loading`."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import django
import pytest
from django.db import connections
from django.test import override_settings

from django_apistar.server.launch import Launch, ServerError
from django_apistar.server.loading import (
    bind,
    get_application_name,
    import_urlconf,
    is_missing,
    load_application,
    load_or_exit,
)

pytestmark = pytest.mark.once


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules can be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_the_urlconf_is_imported_before_the_first_request(folder: Path) -> None:
    (folder / 'urls_of_a_start.py').write_text('urlpatterns = []')

    with override_settings(ROOT_URLCONF='urls_of_a_start'):
        import_urlconf()

    assert 'urls_of_a_start' in sys.modules
    with override_settings(ROOT_URLCONF=None):
        import_urlconf()


@pytest.mark.parametrize(
    ('missing', 'expected'),
    [('shop', True), ('shop.wsgi', True), ('shop.other', False), ('sho', False), (None, True)],
)
def test_a_module_is_missing_itself_or_one_that_it_imports(
    missing: str | None, expected: bool
) -> None:
    assert is_missing(ImportError('x', name=missing), 'shop.wsgi.application') is expected


def test_our_application_is_called_without_a_look_up() -> None:
    class Ours:
        apistar_wsgi_app = None

        def __call__(self, environ: Any, start_response: Any) -> Any:
            return self

    ours = Ours()

    assert bind(ours) == ours.__call__
    assert bind(print) is print


def test_the_application_is_ours_where_none_is_named() -> None:
    with override_settings(WSGI_APPLICATION='shop.wsgi.application'):
        assert get_application_name() == 'shop.wsgi.application'
    with override_settings(WSGI_APPLICATION=None):
        assert get_application_name() == 'django_apistar.wsgi.application'


@pytest.mark.parametrize(
    ('source', 'said', 'has_traceback'),
    [
        (
            None,
            ("WSGI_APPLICATION is 'wsgi_of_a_start.application', which cannot be imported: "
            "ModuleNotFoundError: No module named 'wsgi_of_a_start'. "
            "Set it to 'django_apistar.wsgi.application'."),
            False,
        ),
        ('1 / 0', 'The application cannot be loaded: ZeroDivisionError: division by zero.', True),
        (
            'import nowhere_within',
            ("The application cannot be loaded: ModuleNotFoundError: No module named "
             "'nowhere_within'."),
            True,
        ),
        (
            '',
            ("WSGI_APPLICATION is 'wsgi_of_a_start.application', which cannot be imported: "
             'ImportError: Module "wsgi_of_a_start" does not define a "application" '
             "attribute/class. Set it to 'django_apistar.wsgi.application'."),
            False,
        ),
        ('raise SystemExit(5)', 'The application cannot be loaded: SystemExit: 5.', True),
    ],
)  # fmt: skip
def test_an_application_that_cannot_be_loaded_ends_its_worker(
    folder: Path, source: str | None, said: str, has_traceback: bool,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.delitem(sys.modules, 'wsgi_of_a_start', raising=False)
    if source is not None:
        (folder / 'wsgi_of_a_start.py').write_text(source)

    with (
        override_settings(WSGI_APPLICATION='wsgi_of_a_start.application'),
        pytest.raises(SystemExit) as ended,
    ):
        load_or_exit(Launch(), 3)

    assert ended.value.code == 3
    stderr = capsys.readouterr().err
    assert stderr.endswith(f'runapistar: {said}\n')
    assert ('Traceback' in stderr) is has_traceback


NOTED: list[str] = []


def answer(environ: Any, start_response: Any) -> list[bytes]:
    """The project's application."""
    return []


@pytest.mark.parametrize(
    ('source', 'said'),
    [
        ('from management_tests.server.test_loading import NOTED, answer\nNOTED.append("imported")',
         ['setup', 'imported', 'closed']),
        ('1 / 0', ['setup', 'closed']),
    ],
)  # fmt: skip
def test_django_is_set_up_before_the_project_is_imported_and_no_connection_is_left_open(
    folder: Path, source: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`load_application`: forked workers must not share a connection."""
    monkeypatch.delitem(sys.modules, 'wsgi_of_a_start', raising=False)
    monkeypatch.setattr(django, 'setup', lambda: NOTED.append('setup'))
    monkeypatch.setattr(connections, 'close_all', lambda: NOTED.append('closed'))
    (folder / 'wsgi_of_a_start.py').write_text(source)
    NOTED.clear()

    with (
        override_settings(WSGI_APPLICATION='wsgi_of_a_start.answer'),
        contextlib.suppress(ZeroDivisionError),
    ):
        assert load_application(Launch()) is answer

    assert said == NOTED
    sys.modules.pop('wsgi_of_a_start', None)


def test_granian_does_not_serve_who_trusts_a_header_that_a_client_can_write() -> None:
    with override_settings(USE_X_FORWARDED_HOST=True, WSGI_APPLICATION=f'{__name__}.answer'):
        assert load_application(Launch()) is answer
        with pytest.raises(ServerError, match=r'^USE_X_FORWARDED_HOST trusts X-Forwarded-Host, '):
            load_application(Launch('granian'))
    with override_settings(WSGI_APPLICATION=f'{__name__}.answer'):
        assert load_application(Launch('granian')) is answer
