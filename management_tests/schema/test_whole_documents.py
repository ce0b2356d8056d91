"""The documents of whole apps in each format: what is hard to describe, and what docs show.

`python -m management_tests.schema.test_whole_documents` writes `whole_documents.json` anew.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from management_tests.support.docs_command import run

pytestmark = pytest.mark.once

WHOLE = Path(__file__).with_name('whole_documents.json')
FORMATS = ('openapi', 'openapi-3.0', 'swagger', 'jsonschema')
TOKEN = 'django_apistar.authentication.components.DjangoTokenAuthentication'
HARD = 'management_tests.support.nasty'
WORDED = 'management_tests.support.described_routes'
OWN = 'management_tests.support.own_words'
SHAPES = 'management_tests.support.shapes'
# Routes of the documentation: filters, pages, conditions, files.
SHOWN = ('filtering', 'paging', 'versions', 'uploads')
CASES = [
    *((HARD, name) for name in FORMATS),
    (WORDED, 'openapi'),
    *((OWN, name) for name in FORMATS[:3]),
    *((SHAPES, name) for name in FORMATS[:3]),
    *((f'bookshop.{module}', name) for module in SHOWN for name in ('openapi', 'swagger')),
]


def export(module: str, name: str) -> dict[str, Any]:
    """Return *module*'s document in the format *name*, and the sentences about what it lacks."""
    given = {
        'TITLE': 'Shown whole',
        'COMPONENTS': [TOKEN],
        'DESCRIPTION': 'Hard to *describe*.',
        'SERVERS': ['https://a.example/v1'],
    }
    if module in (HARD, SHAPES):
        given['COMPONENTS'] = importlib.import_module(module).components
    with override_settings(APISTAR_ROUTE_CONF=module, APISTAR_SETTINGS=given):
        stdout, stderr = run('--format', name)
    return {'document': json.loads(stdout), 'warnings': stderr.splitlines()}


@pytest.mark.parametrize(('module', 'name'), CASES)
def test_the_document_is_as_it_was(module: str, name: str) -> None:
    """The words of `openapi`, `schemas`, `dialect`, `responses`, `inputs`, `swagger_operations`.

    And of `preconditions`, `operation_ids`, `filter_sets`, `defaults`, `problems`, `pages`,
    `page_requests`, `cursors` and `views`.
    """
    expected = json.loads(WHOLE.read_text())[f'{module} {name}']

    found = export(module, name)

    assert found == expected
    # The order is for people: equal dicts of another order would be another text.
    assert json.dumps(found) == json.dumps(expected)


def write() -> None:
    content = {f'{module} {name}': export(module, name) for module, name in CASES}
    WHOLE.write_text(json.dumps(content, indent=1, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    import os

    import django

    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'management_tests.project.settings')
    django.setup()
    write()
