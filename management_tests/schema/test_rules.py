"""What the schema and the documentation page say of who may call, and how often."""

import pytest
from apistar import Include, Route

from django_apistar.application import App
from django_apistar.authentication.components import (
    DjangoBasicAuthentication,
    DjangoSessionAuthentication,
    DjangoTokenAuthentication,
)
from django_apistar.permissions import authenticated_by, limit_rate, requires
from django_apistar.schema.project import build_app_openapi
from django_apistar.schema.validation import find_errors
from management_tests.support.oracle import ask

pytestmark = pytest.mark.once


@limit_rate('10/minute')
@requires('project.add_note', 'project.view_note', staff=True)
def add() -> dict:
    """Adds a note."""


@authenticated_by(DjangoBasicAuthentication, DjangoSessionAuthentication)
def export() -> dict:
    """Exports the notes.

    All of them.
    """


@limit_rate('1/day')
def show() -> dict: ...


def plain() -> dict:
    """Shows one."""


ROUTES = [
    Route('/add/', 'POST', add),
    Route('/export/', 'GET', export),
    Route('/show/', 'GET', show),
    requires(superuser=True)(Include('/super', 'super', [Route('/', 'GET', plain)])),
    Route('/plain/', 'GET', plain, name='last'),
]


@pytest.fixture
def app():
    return App(ROUTES, components=[DjangoTokenAuthentication()], schema_url=None)


def read_operation(document, path):
    [operation] = document['paths'][path].values()
    refusals = [status for status in operation['responses'] if status in ('401', '403', '429')]
    return operation.get('summary'), operation.get('description'), operation['security'], refusals


RULES = 'For staff users only. Needs the permissions `project.add_note`, `project.view_note`.'


@pytest.mark.parametrize('version', ['3.1', '3.0'])
def test_operation_says_who_may_call_it_and_how_often(app, version):
    document = build_app_openapi(app, version)

    assert find_errors(document) == ()

    assert {path: read_operation(document, path) for path in document['paths']} == {
        '/add/': (
            'Adds a note.', f'Adds a note.\n\nAt most 10 requests a minute. {RULES}',
            [{'bearer': []}], ['401', '403', '429'],
        ),
        '/export/': (
            'Exports the notes.', 'Exports the notes.\n\nAll of them.',
            [{'basic': []}, {'session': []}], ['401'],
        ),
        '/show/': (None, 'At most 1 request a day.', [], ['429']),
        '/super/': (
            'Shows one.', 'Shows one.\n\nFor superusers only.', [{'bearer': []}], ['401', '403'],
        ),
        '/plain/': ('Shows one.', None, [], []),
    }  # fmt: skip
    assert document['components']['securitySchemes'] == {
        'bearer': {'type': 'http', 'scheme': 'bearer'},
        'basic': {'type': 'http', 'scheme': 'basic'},
        'session': {'type': 'apiKey', 'in': 'cookie', 'name': 'sessionid'},
    }


def test_refusals_are_answers_that_all_operations_share(app):
    document = build_app_openapi(app)

    answers = document['paths']['/add/']['post']['responses']
    shared = document['components']['responses']
    assert {status: answers[status] for status in ('401', '403', '429')} == {
        '401': {'$ref': '#/components/responses/Unauthorized'},
        '403': {'$ref': '#/components/responses/Forbidden'},
        '429': {'$ref': '#/components/responses/TooManyRequests'},
    }
    assert shared['TooManyRequests']['headers'] == {
        'Retry-After': {'description': 'Seconds to wait.', 'schema': {'type': 'integer'}}
    }
    assert list(shared['Unauthorized']['headers']) == ['WWW-Authenticate']


def test_documentation_page_shows_it(app):
    page = ask(app, '/docs/').body.decode()

    assert 'At most 10 requests a minute. For staff users only.' in page
    assert 'Needs the permissions <code>project.add_note</code>' in page
    assert '429' in page
