"""The pytest plugin of a run in a copy: records what each test runs, or runs the tests chosen."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# A file with the tests to run, in their order; and one for what this run has seen.
CHOSEN = os.environ.get('MUTANTS_CHOSEN')
SEEN = os.environ.get('MUTANTS_SEEN')


class Seen:
    """The seconds of each test that passed, and the first that failed."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        _switch_context(item.nodeid)
        started = time.perf_counter()
        try:
            return (yield)
        finally:
            if item.nodeid not in self.failed:
                self.seconds[item.nodeid] = round(time.perf_counter() - started, 3)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.nodeid not in self.failed:
            self.failed.append(report.nodeid)
            self.seconds.pop(report.nodeid, None)

    def pytest_sessionfinish(self) -> None:
        content = json.dumps({'seconds': self.seconds, 'failed': self.failed})
        Path(str(SEEN)).write_text(content)


def _switch_context(test: str) -> None:
    if 'COVERAGE_PROCESS_START' in os.environ:
        import coverage

        # For what it starts. Some tests keep the variables of pytest from that.
        os.environ['MUTANTS_TEST'] = test
        current = coverage.Coverage.current()
        if current is not None:
            current.switch_context(test)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHOSEN:
        order = {test: rank for rank, test in enumerate(json.loads(Path(CHOSEN).read_text()))}
        items[:] = [item for item in items if item.nodeid in order]
        items.sort(key=lambda item: order[item.nodeid])


def pytest_configure(config: pytest.Config) -> None:
    if SEEN:
        with contextlib.suppress(ValueError):
            config.pluginmanager.register(Seen(), 'mutants-seen')
