"""The example over real HTTP with the original's answers: in development, and in production with
SQLite, with PostgreSQL, and on granian.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from management_tests.support.example_server import PRODUCTION, Example
from management_tests.support.server_process import Server

pytestmark = pytest.mark.once

TIMEOUT_S = 30
TEXT_OF_THE_LOG = 'RuntimeError: this text must stay in the log'
BROKEN_ROUTE = """

def broken():
    raise RuntimeError('this text must stay in the log')


routes.append(Route('/broken/', 'GET', broken))
"""


# Development is quick enough for `make matrix`: there it is the server of every Python and Django.
MODES = [
    'development',
    pytest.param('production', marks=pytest.mark.slow),
    pytest.param('postgresql', marks=pytest.mark.slow),
    pytest.param('granian', marks=pytest.mark.slow),
]


@pytest.fixture(scope='module', params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope='module')
def production(tmp_path_factory: pytest.TempPathFactory) -> Example:
    example = Example(tmp_path_factory.mktemp('production'), **PRODUCTION)
    example.manage('collectstatic', '--noinput', '--verbosity', '0')
    return prepare(example)


@pytest.fixture(scope='module')
def example(
    request: pytest.FixtureRequest, mode: str, tmp_path_factory: pytest.TempPathFactory
) -> Example:
    if mode == 'development':
        return prepare(Example(tmp_path_factory.mktemp(mode)))
    example: Example = request.getfixturevalue('production')
    if mode == 'postgresql':
        postgres = request.getfixturevalue('postgres')
        example = copy.copy(example)
        url = postgres.url(postgres.create_database())
        example.variables = {**example.variables, 'DATABASE_URL': url}
        add_database(example)
    return example


def prepare(example: Example) -> Example:
    with (example.directory / 'products' / 'routes.py').open('a') as routes:
        routes.write(BROKEN_ROUTE)
    example.hash_quickly()
    add_database(example)
    return example


def add_database(example: Example) -> None:
    example.manage('migrate', '--verbosity', '0')
    example.manage(
        'createsuperuser',
        *('--noinput', '--username', 'boss', '--email', 'boss@example.com'),
        DJANGO_SUPERUSER_PASSWORD='correct horse',
    )


@pytest.fixture(scope='module')
def server(example: Example, mode: str) -> Iterator[Server]:
    if mode == 'granian':
        pytest.importorskip('granian')
    options = ('--server', 'granian', '--workers', '1') if mode == 'granian' else ()
    with example.serve(*options) as server:
        yield server


@pytest.fixture(scope='module')
def url(server: Server) -> str:
    return server.url


@pytest.mark.parametrize(
    'path',
    [
        '/',
        '/products/',
        '/schema/',
        '/admin/login/',
        '/static/admin/css/base.css',
        '/static/apistar/css/base.css',
    ],
)
def test_every_part_of_the_site_answers(url: str, path: str) -> None:
    response = requests.get(url + path, timeout=TIMEOUT_S)

    assert response.status_code == 200
    assert response.content


@pytest.mark.case('J04')
def test_docs_are_public_in_development_only(url: str, mode: str) -> None:
    response = requests.get(f'{url}/docs/', timeout=TIMEOUT_S)

    assert response.status_code == (200 if mode == 'development' else 404)


def test_static_files_named_by_the_admin_are_served(url: str) -> None:
    page = requests.get(f'{url}/admin/login/', timeout=TIMEOUT_S).text
    hrefs = [part.split('"')[0] for part in page.split('href="')[1:]]
    stylesheets = [href for href in hrefs if href.endswith('.css')]

    answers = {href: requests.get(url + href, timeout=TIMEOUT_S) for href in stylesheets}

    assert stylesheets
    assert {response.status_code for response in answers.values()} == {200}
    assert {response.headers['Content-Type'].split(';')[0] for response in answers.values()} == {
        'text/css'
    }


def test_missing_slash_redirects(url: str) -> None:
    response = requests.get(f'{url}/products', allow_redirects=False, timeout=TIMEOUT_S)

    assert response.status_code == 302
    assert urlsplit(response.headers['Location']).path == '/products/'


def test_unknown_path(url: str) -> None:
    response = requests.get(f'{url}/nothing/', timeout=TIMEOUT_S)

    assert (response.status_code, response.text) == (404, '"Not found"')
    assert response.headers['Content-Type'] == 'application/json'


def test_wrong_method(url: str) -> None:
    response = requests.delete(f'{url}/products/', timeout=TIMEOUT_S)

    assert (response.status_code, response.text) == (405, '"Method not allowed"')


def test_malformed_json(url: str) -> None:
    response = requests.post(
        f'{url}/products/',
        data='{"name"',
        headers={'Content-Type': 'application/json'},
        timeout=TIMEOUT_S,
    )

    assert response.status_code == 400
    assert response.text.startswith('"Malformed JSON. ')


def test_validation_error(url: str) -> None:
    response = requests.post(f'{url}/products/', json={'in_stock': True}, timeout=TIMEOUT_S)

    assert response.status_code == 400
    assert response.text == '{"name":"The \\"name\\" field is required."}'


def test_wrong_login(url: str) -> None:
    response = requests.post(
        f'{url}/auth/token-login/',
        json={'username': 'boss', 'password': 'wrong'},
        timeout=TIMEOUT_S,
    )

    assert response.status_code == 400
    assert response.text == '{"message":"Invalid credentials."}'


def test_schema_keeps_its_media_type(url: str) -> None:
    response = requests.get(f'{url}/schema/', timeout=TIMEOUT_S)

    assert response.headers['Content-Type'] == 'application/vnd.oai.openapi'
    assert set(response.json()['paths']) >= {'/', '/products/', '/product/{product_id}/'}


def test_unhandled_exception_is_logged_and_kept_from_the_client(server: Server, mode: str) -> None:
    response = server.get('/broken/')

    assert response.status_code == 500
    if mode != 'development':
        assert response.text == '"Server error"'
    server.wait_for(lambda: TEXT_OF_THE_LOG in server.output, 'the traceback')
    assert server.output.count(TEXT_OF_THE_LOG) == 1


def test_a_product_from_its_creation_to_its_removal(url: str) -> None:
    tea = {'name': 'Früchtetee', 'rating': 4, 'in_stock': True, 'size': None}

    created = requests.post(f'{url}/products/', json=tea, timeout=TIMEOUT_S)
    product = f'{url}/product/{created.json()["id"]}/'
    listed = requests.get(f'{url}/products/', params={'name': 'FRÜCH'.lower()}, timeout=TIMEOUT_S)
    updated = requests.put(product, json={**tea, 'size': 'large'}, timeout=TIMEOUT_S)
    removed = requests.delete(product, timeout=TIMEOUT_S)
    gone = requests.delete(product, timeout=TIMEOUT_S)

    identity = {'id': created.json()['id']}
    assert (created.status_code, created.json()) == (201, {**identity, **tea})
    assert (listed.status_code, listed.json()) == (200, [{**identity, **tea}])
    assert (updated.status_code, updated.json()) == (200, {**identity, **tea, 'size': 'large'})
    assert (removed.status_code, removed.json()) == (200, identity)
    assert gone.status_code == 404
    assert isinstance(gone.json(), str)


@pytest.mark.parametrize('text', ['nul \x00', 'surrogate \ud800'])
def test_text_that_no_database_stores_is_refused(url: str, text: str) -> None:
    body = json.dumps({'name': text, 'in_stock': True})
    response = requests.post(
        f'{url}/products/',
        data=body,
        headers={'Content-Type': 'application/json'},
        timeout=TIMEOUT_S,
    )

    assert response.status_code == 400


def test_name_with_a_nul_is_in_no_product(url: str) -> None:
    response = requests.get(f'{url}/products/?name=%00', timeout=TIMEOUT_S)

    assert (response.status_code, response.json()) == (200, [])


def test_a_token_logs_in_and_out(url: str) -> None:
    credentials = {'username': 'boss', 'password': 'correct horse'}

    login = requests.post(f'{url}/auth/token-login/', json=credentials, timeout=TIMEOUT_S)
    logout = requests.post(
        f'{url}/auth/token-logout/',
        headers={'Authorization': f'Bearer {login.text}'},
        timeout=TIMEOUT_S,
    )

    assert login.status_code == 200
    assert login.headers['Cache-Control'] == 'no-store'
    assert (logout.status_code, logout.text) == (200, '{"message":"Logged out."}')


def test_production_needs_a_secret_key(tmp_path: Path) -> None:
    example = Example(tmp_path, **{**PRODUCTION, 'DJANGO_SECRET_KEY': ''})

    with pytest.raises(AssertionError) as caught:
        # Not `check`: it has no order of checks, and one of them looks at the models first.
        example.manage('runapistar')

    assert (
        'ImproperlyConfigured: DJANGO_SECRET_KEY is not set. '
        'Set it to a long random string when DJANGO_DEBUG is 0.'
    ) in str(caught.value)


def test_deployment_check_is_clean_behind_https(tmp_path: Path) -> None:
    example = Example(
        tmp_path,
        **PRODUCTION,
        DJANGO_HTTPS='1',
    )

    example.manage('collectstatic', '--noinput', '--verbosity', '0')

    output = example.manage('check', '--deploy', '--fail-level', 'WARNING', '--tag', 'security')

    assert 'no issues' in output
