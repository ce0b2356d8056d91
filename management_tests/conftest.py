"""Fixtures that several test files use."""

import os
from typing import Any

import pytest
from django.core.signals import setting_changed

from django_apistar.test import TestClient
from management_tests.postgres import postgres

__all__ = ['client', 'postgres']


@pytest.fixture
def client() -> TestClient:
    """The client of both frameworks, in place of pytest-django's."""
    return TestClient()


def run_without_plans(setting: str, value: Any, **kwargs: Any) -> None:
    """Receiver of setting_changed: settings of a single test are in the mode of the run, too."""
    if setting == 'APISTAR_SETTINGS' and isinstance(value, dict):
        value.setdefault('ACCELERATE', False)


if os.environ.get('DJANGO_APISTAR_ACCELERATE') == '0':
    setting_changed.connect(run_without_plans)
