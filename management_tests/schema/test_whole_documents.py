"""The documents of an app with everything that is hard to describe, whole, in each format.

`python -m management_tests.schema.test_whole_documents` writes `whole_documents.json` anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from management_tests.support.docs_command import run

pytestmark = pytest.mark.once

WHOLE = Path(__file__).with_name('whole_documents.json')
FORMATS = ('openapi', 'openapi-3.0', 'swagger', 'jsonschema')


def export(name: str) -> dict[str, Any]:
    """Return the document in the format *name*, and the sentences about what it cannot say."""
    from management_tests.support import nasty  # which needs Django set up

    given = {
        'COMPONENTS': nasty.components,
        'DESCRIPTION': 'Hard to *describe*.',
        'SERVERS': ['https://a.example/v1'],
    }
    with override_settings(APISTAR_ROUTE_CONF=nasty.__name__, APISTAR_SETTINGS=given):
        stdout, stderr = run('--format', name)
    return {'document': json.loads(stdout), 'warnings': stderr.splitlines()}


@pytest.mark.parametrize('name', FORMATS)
def test_the_document_is_as_it_was(name: str) -> None:
    expected = json.loads(WHOLE.read_text())[name]

    found = export(name)

    assert found == expected
    # The order is for people: equal dicts of another order would be another text.
    assert json.dumps(found) == json.dumps(expected)


def write() -> None:
    WHOLE.write_text(
        json.dumps({name: export(name) for name in FORMATS}, indent=1, ensure_ascii=False) + '\n'
    )


if __name__ == '__main__':
    import os

    import django

    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'management_tests.project.settings')
    django.setup()
    write()
