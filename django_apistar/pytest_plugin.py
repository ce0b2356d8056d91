"""The pytest fixtures, and `--apistar-coverage`. setup.cfg registers this as a pytest plugin."""

import argparse
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from django_apistar.schema.coverage.operations import Coverage
    from django_apistar.test import TestClient

_SENT = 'apistar_coverage'  # what a worker of pytest-xdist sends, in its workeroutput
_WITHOUT_SETTINGS = (
    '--apistar-coverage needs Django settings. Install pytest-django and set '
    'DJANGO_SETTINGS_MODULE, or call settings.configure() in pytest_configure.'
)


@pytest.fixture
def apistar_client() -> 'Iterator[TestClient]':
    """A `django_apistar.test.TestClient` for the project's application."""
    from django_apistar.api.counts import get_local_counts
    from django_apistar.test import TestClient

    get_local_counts.cache_clear()
    with TestClient() as client:
        yield client


@pytest.fixture
def reverse_url() -> Callable[..., str]:
    """`django_apistar.reverse_url`."""
    from django_apistar import reverse_url

    return reverse_url


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup('django-apistar', 'coverage of the API document')
    group.addoption(
        '--apistar-coverage',
        action='store_true',
        help='list the documented statuses that no TestClient has seen',
    )
    group.addoption(
        '--apistar-coverage-report',
        type=_read_report,
        metavar='json:FILE',
        help='write what was seen and what was not to FILE, as JSON',
    )
    group.addoption(
        '--apistar-coverage-fail-under',
        type=_read_percent,
        metavar='PERCENT',
        help='fail the run if less of the documented statuses was seen',
    )


def _read_report(text: str) -> Path:
    # Not the bare FILE: where it exists and is elsewhere, pytest looks for its pytest.ini there.
    kind, _, name = text.partition(':')
    if kind != 'json' or not name:
        raise argparse.ArgumentTypeError(f'{text!r} is no report; write json:FILE.')
    path = Path(name)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f'{name!r} is a folder; name a file.')
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f'there is no folder {str(path.parent)!r}; create it.')
    return path


def _read_percent(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 <= (percent := float(text)) <= 100:
            return percent
    raise argparse.ArgumentTypeError(f'{text!r} is not a number from 0 to 100.')


def pytest_configure(config: pytest.Config) -> None:
    names = ('apistar_coverage', 'apistar_coverage_report', 'apistar_coverage_fail_under')
    is_wanted = any(config.getoption(name) not in (None, False) for name in names)
    if is_wanted and not config.getoption('collectonly'):
        config.pluginmanager.register(_Collector(config), 'django_apistar_coverage')


class _Collector:
    """Collects the answers that all clients of a run get, and reports them at its end."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.answers: set[Any] = set()
        self.lost: list[str] = []  # workers that have sent nothing
        self.coverage: Coverage | None = None
        self.failure = ''

    def pytest_sessionstart(self) -> None:
        from django.conf import settings

        if not settings.configured:
            raise pytest.UsageError(_WITHOUT_SETTINGS)
        from django_apistar.test import TestClient

        TestClient.observers.append(self.observe)

    def observe(self, environ: 'WSGIEnvironment', status: int) -> None:
        """Note the answer to a request, with the routes that the settings name at the time."""
        from django_apistar.api.environ_keys import FRAMEWORK_KEY
        from django_apistar.application import get_app
        from django_apistar.schema.coverage.answers import find_answers

        if environ.get(FRAMEWORK_KEY) == 'apistar':
            path, method = environ.get('PATH_INFO') or '/', environ['REQUEST_METHOD']
            self.answers.update(find_answers(get_app().router, path, method, status))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of pytest-xdist has collected."""
        from django_apistar.schema.coverage.answers import Answer

        sent = getattr(node, 'workeroutput', {}).get(_SENT)
        if sent is None:
            self.lost.append(node.gateway.id)
        self.answers.update(Answer(*answer) for answer in sent or ())

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self.config, 'workeroutput'):
            self.config.workeroutput[_SENT] = sorted(map(tuple, self.answers))
            return
        self.failure = self._finish()
        if self.failure and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _finish(self) -> str:
        """Measure, and write the file. Return what fails the run, '' for nothing."""
        from django.core.exceptions import ImproperlyConfigured

        from django_apistar.application import get_app
        from django_apistar.schema.coverage.operations import measure_coverage

        try:
            self.coverage = measure_coverage(get_app(), self.answers)
        except ImproperlyConfigured as exc:
            return f'The API has no document. {exc}'
        return self._write(self.coverage) or self._judge(self.coverage)

    def _write(self, coverage: 'Coverage') -> str:
        from django_apistar.schema.coverage.reports import render_json

        path: Path | None = self.config.getoption('apistar_coverage_report')
        if path is None:
            return ''
        try:
            path.write_text(render_json(coverage), 'utf-8')
        except OSError as exc:
            return f'{path} cannot be written: {exc.strerror}.'
        return ''

    def _judge(self, coverage: 'Coverage') -> str:
        required: float | None = self.config.getoption('apistar_coverage_fail_under')
        if required is None or coverage.seen * 100 >= required * coverage.documented:
            return ''
        return f'Required API coverage of {required:g}% not reached: {coverage.percent:.2f}%.'

    # The class has a public name since pytest 8.4.
    def pytest_terminal_summary(self, terminalreporter: 'pytest.TerminalReporter') -> None:
        from django_apistar.schema.coverage.reports import iter_table

        terminalreporter.section('documented statuses that the tests have seen')
        if self.coverage:
            for line in iter_table(self.coverage):
                terminalreporter.line(line)
        if self.lost:
            workers = ', '.join(self.lost)
            terminalreporter.line(f'Not counted is what these workers have seen: {workers}.')
        if self.failure:
            terminalreporter.line(f'FAIL {self.failure}', red=True, bold=True)

    def pytest_unconfigure(self) -> None:
        from django_apistar.test import TestClient

        if self.observe in TestClient.observers:
            TestClient.observers.remove(self.observe)
