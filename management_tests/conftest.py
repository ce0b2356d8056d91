"""Fixtures that several test files use, and what differs in the run without plans."""

import gc
import os
from typing import Any

import pytest
from django.core.signals import setting_changed

from django_apistar.application import App
from django_apistar.test import TestClient
from management_tests.postgres import postgres

__all__ = ['client', 'postgres']

WITHOUT_PLANS = os.environ.get('DJANGO_APISTAR_ACCELERATE') == '0'
# Files that run once: no request of theirs goes through a plan of this process and to its database,
# or they compare both modes, or several databases, themselves.
ONCE = frozenset({
    'test_accelerate_encoding', 'test_accelerate_texts', 'test_accelerate_validation',
    'test_apistar_bench', 'test_apistar_docs', 'test_apistar_docs_check',
    'test_apistar_docs_comparison',
    'test_apistar_docs_document', 'test_apistar_docs_generated', 'test_apistar_docs_page',
    'test_apistar_docs_pages', 'test_apistar_docs_values', 'test_apistar_routes',
    'test_apistar_routes_resolve',
    'test_authentication_commands', 'test_authentication_credentials',
    'test_authentication_migrations', 'test_browser', 'test_checks', 'test_command_pages',
    'test_compat', 'test_conf', 'test_deploy_checks', 'test_docs_policy', 'test_documentation',
    'test_example_http',
    'test_costs', 'test_fuzz', 'test_growth', 'test_layers', 'test_oracle', 'test_oracle_random',
    'test_packaging', 'test_plans', 'test_readiness',
    'test_reliability_page', 'test_safety_ids', 'test_schema_changes',
    'test_schema_changes_proof', 'test_schema_changes_types', 'test_schemathesis', 'test_speed',
    'test_threads', 'test_wsgi',
})  # fmt: skip


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


def run_without_plans(setting: str, value: Any, **kwargs: Any) -> None:
    """Receiver of setting_changed: settings of a single test are in the mode of the run, too."""
    if setting == 'APISTAR_SETTINGS' and isinstance(value, dict):
        value.setdefault('ACCELERATE', False)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of the second run what the first has told, and begin with the slow files.

    Each process of pytest takes a file at a time: the quick ones are what is left to share.
    """
    slow = {item.path for item in items if item.get_closest_marker('slow')}
    items.sort(key=lambda item: item.path not in slow)
    if WITHOUT_PLANS:
        told = [item for item in items if item.path.stem in ONCE]
        items[:] = [item for item in items if item.path.stem not in ONCE]
        config.hook.pytest_deselected(items=told)


if WITHOUT_PLANS:
    setting_changed.connect(run_without_plans)
    App.accelerate = False
