"""Fixtures that several test files use, and what differs in the run without plans."""

import gc
import os
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import setting_changed

from django_apistar.application import App
from django_apistar.test import TestClient
from management_tests.support.cases import note_cases
from management_tests.support.postgres import postgres

__all__ = ['client', 'postgres']

collect_ignore = ['dropin_2018']  # a project, whose own tests test_dropin runs
UNWANTED = re.compile(r'not (\w+)')
ALL_UNWANTED = re.compile(r'not \w+( and not \w+)*')
OF_FILE = re.compile(r'^pytestmark = (\[\n( .*\n)+|.*)', re.MULTILINE)
MARKS = re.compile(r'pytest\.mark\.(\w+)')
# A pytest that a test starts does not load what takes a second and is not asked for.
os.environ.setdefault('PYTEST_ADDOPTS', '-p no:schemathesis -p no:anyio -p no:platformdirs')
WITHOUT_PLANS = os.environ.get('DJANGO_APISTAR_ACCELERATE') == '0'


@pytest.fixture(scope='module', autouse=True)
def frozen_heap() -> None:
    """Let no collection of garbage go through the tests themselves and what other files left."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def client() -> TestClient:
    """The client of both frameworks, in place of pytest-django's."""
    return TestClient()


@pytest.fixture(params=['gunicorn', 'granian'])
def server_name(request: pytest.FixtureRequest) -> str:
    """Each server, for `runapistar --server`."""
    if request.param == 'granian':
        pytest.importorskip('granian')
    return str(request.param)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage meanwhile: what is made then stays, and each search takes longer."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no file of a folder that has no test for this run: most of collecting is importing."""
    expression = config.option.markexpr
    if not collection_path.is_file() or collection_path in list_named_files(config):
        return None
    text = collection_path.read_text()
    if expression == 'server':
        return 'mark.server' not in text or None
    unwanted = set(UNWANTED.findall(expression)) if ALL_UNWANTED.fullmatch(expression) else set()
    unwanted |= {'once'} if WITHOUT_PLANS else set()
    marks = OF_FILE.search(text)
    return bool(marks and unwanted.intersection(MARKS.findall(marks[0]))) or None


def list_named_files(config: pytest.Config) -> set[Path]:
    return {Path(name.partition('::')[0]).absolute() for name in config.args}


def run_without_plans(setting: str, value: Any, **kwargs: Any) -> None:
    """Receiver of setting_changed: settings of a single test are in the mode of the run, too."""
    if setting == 'APISTAR_SETTINGS' and isinstance(value, dict):
        value.setdefault('ACCELERATE', False)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of the second run what the first has told, and begin with the slow files.

    Each process of pytest takes a file at a time: servers take the longest, and the quick files are
    what is left to share.
    """
    note_cases(config, items)
    slow = {item.path for item in items if item.get_closest_marker('slow')}
    items.sort(key=lambda item: (item.path not in slow, item.path.parent.name != 'server'))
    if WITHOUT_PLANS:
        told = [item for item in items if item.get_closest_marker('once')]
        items[:] = [item for item in items if not item.get_closest_marker('once')]
        config.hook.pytest_deselected(items=told)


if WITHOUT_PLANS:
    setting_changed.connect(run_without_plans)
    App.accelerate = False
