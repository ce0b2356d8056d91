"""manage.py apistar_docs --format html, and the pages that DOCS_UI chooses."""

import html
import html.parser
import re
from pathlib import Path

import apistar
import pytest
from apistar import Component

from django_apistar.application import App
from django_apistar.schema import ui
from django_apistar.test import TestClient
from management_tests.support import nasty
from management_tests.support.docs_command import run
from management_tests.support.oracle import ask

pytestmark = pytest.mark.once


class Links(html.parser.HTMLParser):
    """Collects the assets that a page loads."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == 'script' and 'src' in attributes:
            self.found.append(attributes['src'])
        if tag == 'link':
            self.found.append(attributes['href'])


@pytest.fixture
def folder(settings, tmp_path):
    settings.APISTAR_ROUTE_CONF = 'management_tests.support.nasty'
    settings.APISTAR_SETTINGS = {
        'COMPONENTS': nasty.components, 'TITLE': 'A & B', 'DESCRIPTION': 'All *words*.',
        'VERSION': '2.0',
    }  # fmt: skip
    run('--format', 'html', '--output', str(tmp_path / 'site'))
    return tmp_path / 'site'


def test_the_pages_have_all_their_assets_in_the_folder(folder):
    pages = sorted(page.name for page in folder.glob('*.html'))
    assert pages == ['index.html', 'redoc.html', 'swagger.html']

    for page in pages:
        links = Links((folder / page).read_text()).found
        assert links
        for link in links:
            assert (folder / link).is_file(), link


def test_the_assets_are_those_of_the_installed_packages(folder):
    installed = Path(apistar.__file__).parent / 'static' / 'css' / 'base.css'

    assert (folder / 'apistar/css/base.css').read_bytes() == installed.read_bytes()
    assert [path.name for path in folder.rglob('*.map')] == []  # larger than the rest


def test_api_stars_page_lists_every_documented_route(folder):
    page = (folder / 'index.html').read_text()

    assert '<title>A &amp; B</title>' in page
    assert '<p class="version">Version 2.0</p>' in page
    assert '<div class="intro-title"><p>All <em>words</em>.</p>\n</div>' in page
    for path in ('/people/', '/find/', '/outer/inner/{a}/{+rest}'):
        assert f'<code>{path}</code>' in page
    assert '/hidden/' not in page
    assert '/secret/' not in page


def test_the_folder_holds_the_document(folder):
    assert (folder / 'schema.json').read_text() == run()[0]
    assert (folder / 'schema.js').read_text() == f'window.apiDocument = {run("--indent", "0")[0]}'


def test_samples_name_the_server_of_development_where_servers_is_not_set(settings, tmp_path):
    settings.APISTAR_ROUTE_CONF = 'management_tests.support.nasty'
    settings.APISTAR_SETTINGS = {'COMPONENTS': nasty.components}

    _, stderr = run('--format', 'html', '--output', str(tmp_path))

    assert stderr.splitlines()[-2:] == [
        'Wrote index.html, swagger.html, redoc.html to ' + f'{tmp_path}.',
        'Its samples ask http://127.0.0.1:8000: set SERVERS to the address of the API.',
    ]
    page = html.unescape((tmp_path / 'index.html').read_text())
    assert 'curl http://127.0.0.1:8000/people/' in page
    assert 'intro-title' not in page  # there is no description


def test_samples_of_a_folder_name_the_first_server(settings, tmp_path):
    settings.APISTAR_ROUTE_CONF = 'management_tests.support.nasty'
    settings.APISTAR_SETTINGS = {
        'COMPONENTS': nasty.components, 'SERVERS': ['https://api.example/v1/'],
    }  # fmt: skip

    _, stderr = run('--format', 'html', '--output', str(tmp_path))

    assert stderr.splitlines()[-1] == f'Wrote index.html, swagger.html, redoc.html to {tmp_path}.'
    page = (tmp_path / 'index.html').read_text()
    assert 'https://api.example/v1/people/' in page
    assert '127.0.0.1' not in page


def test_an_older_folder_is_written_over(folder):
    (folder / 'index.html').write_text('old')

    run('--format', 'html', '--output', str(folder))

    assert 'old' not in (folder / 'index.html').read_text()[:20]


def test_without_the_extra_there_is_api_stars_page_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(ui, 'SIDECAR', 'no_such_package')

    _, stderr = run('--format', 'html', '--output', str(tmp_path))

    assert f'Wrote index.html to {tmp_path}.' in stderr.splitlines()
    assert not (tmp_path / 'schema.js').exists()


UI_PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>A &amp; B</title>
    <link rel="icon" href="/static/apistar/img/favicon.ico">
{styles}  </head>
  <body>
    <div id="docs-ui" data-ui="{name}" data-url="/schema/" data-csrf-cookie="csrftoken"
         data-csrf-header="X-CSRFTOKEN"></div>
{scripts}  </body>
</html>
"""
UI_ASSETS = {
    'swagger': (('swagger-ui-dist/swagger-ui.css',), 'swagger-ui-dist/swagger-ui-bundle.js'),
    'redoc': ((), 'redoc/bundles/redoc.standalone.js'),
}


@pytest.mark.parametrize('name', UI_ASSETS)
def test_a_served_page_takes_the_served_document(settings, name):
    """`ui`"""
    settings.APISTAR_SETTINGS = {'DOCS_URL': '/docs/', 'DOCS_UI': name, 'TITLE': 'A & B'}
    styles, script = UI_ASSETS[name]
    base = '/static/drf_spectacular_sidecar'

    page = re.sub(r'nonce="[\w-]{22}"', 'nonce="N"', TestClient().get('/docs/').text)

    assert page == UI_PAGE.format(
        name=name,
        styles=''.join(f'    <link rel="stylesheet" href="{base}/{style}">\n' for style in styles),
        scripts=(
            f'    <script nonce="N" src="{base}/{script}"></script>\n'
            '    <script nonce="N" src="/static/django_apistar/docs-ui.js"></script>\n'
        ),
    )


@pytest.mark.parametrize('name', UI_ASSETS)
def test_an_exported_page_takes_the_document_beside_it(folder, name):
    """`ui`, `pages`"""
    styles, script = UI_ASSETS[name]
    base = 'drf_spectacular_sidecar'
    page = re.sub('    <meta http-equiv=.*\n', '', (folder / f'{name}.html').read_text())

    expected = UI_PAGE.replace('/static/', '').replace('/schema/', '')
    assert re.sub(r'nonce="[\w-]{22}"', 'nonce="N"', page) == expected.format(
        name=name,
        styles=''.join(f'    <link rel="stylesheet" href="{base}/{style}">\n' for style in styles),
        scripts=''.join(
            f'    <script nonce="N" src="{source}"></script>\n'
            for source in (f'{base}/{script}', 'schema.js', 'django_apistar/docs-ui.js')
        ),
    )


@pytest.mark.parametrize('name', ['apistar', 'swagger', 'redoc'])
@pytest.mark.parametrize('debug', [True, False])
def test_docs_ui_is_served_with_all_its_assets(settings, name, debug):
    settings.DEBUG = debug
    settings.STATIC_ROOT = None
    settings.APISTAR_SETTINGS = {'DOCS_URL': '/docs/', 'DOCS_UI': name}
    client = TestClient()

    page = client.get('/docs/').text

    assert (f'data-ui="{name}" data-url="/schema/"' in page) is (name != 'apistar')
    buttons = (
        r'\n *<script nonce="[\w-]{22}" src="/static/django_apistar/docs\.js"></script>\n *</body>'
    )
    assert (re.search(buttons, page) is not None) is (name == 'apistar')
    assert '/static/apistar/img/favicon.ico' in Links(page).found
    for link in Links(page).found:
        assert client.get(link).status_code == 200, link


# Content-Security-Policy


STRICT = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "script-src 'nonce-N'"
)
EXPORTED = (
    "script-src 'nonce-N' 'unsafe-hashes' 'sha256-47mKTaMaEn1L3m5DAz9muidMqw636xxw7EFAK/YnPdg='; "
    "img-src 'self' file: data: blob:; worker-src blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'"
)
POLICIES = {
    'apistar': (
        f"{STRICT} 'unsafe-hashes' 'sha256-47mKTaMaEn1L3m5DAz9muidMqw636xxw7EFAK/YnPdg='; "
        "style-src 'self'; font-src 'self'; img-src 'self' data:"
    ),
    'swagger': (
        f"{STRICT}; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; "
        "connect-src 'self'; media-src 'self' blob:"
    ),
    'redoc': (
        f"{STRICT}; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
        'worker-src blob:'
    ),
}  # fmt: skip


def read_policy(settings, **keys):
    """Return the policy of the page, its nonce as N, and the nonces of its scripts."""
    settings.APISTAR_SETTINGS = {'DOCS_URL': '/docs/', **keys}
    answer = TestClient().get('/docs/')
    nonces = re.findall(r'<script nonce="([^"]+)" src="', answer.text)
    assert len(nonces) == answer.text.count('<script') > 0
    policy = answer.headers.get('Content-Security-Policy')
    return policy and policy.replace(nonces[0], 'N'), nonces


@pytest.mark.case('J07')
@pytest.mark.parametrize('name', POLICIES)
def test_each_page_has_the_policy_that_fits_it(settings, name):
    """`policy`"""
    policy, nonces = read_policy(settings, DOCS_UI=name)
    _, others = read_policy(settings, DOCS_UI=name)

    assert policy == POLICIES[name]
    assert len(set(nonces)) == 1
    assert set(nonces) != set(others)


@pytest.mark.case('J07')
@pytest.mark.parametrize(
    ('static_url', 'origin'),
    [('https://cdn.example/x/', 'https://cdn.example'), ('//cdn.example:84/', 'cdn.example:84')],
)
@pytest.mark.parametrize('name', POLICIES)
def test_static_files_of_another_origin_are_in_the_policy(settings, name, static_url, origin):
    settings.STATIC_URL = static_url

    policy, _ = read_policy(settings, DOCS_UI=name)

    expected = POLICIES[name].replace("style-src 'self'", f"style-src 'self' {origin}")
    expected = expected.replace("font-src 'self'", f"font-src 'self' {origin}")
    assert policy == expected.replace("img-src 'self'", f"img-src 'self' {origin}")


class OAuth(Component):
    security_scheme = {'type': 'oauth2', 'flows': {'clientCredentials': {
        'tokenUrl': 'http://token_1.example/t', 'refreshUrl': 'https://[::1]:81/r', 'scopes': {},
    }}}  # fmt: skip

    def resolve(self) -> 'OAuth': ...


class OpenId(Component):
    security_scheme = {'type': 'openIdConnect', 'openIdConnectUrl': '//id.example/i'}

    def resolve(self) -> 'OpenId': ...


@pytest.mark.case('J07')
def test_swagger_may_ask_the_servers_of_the_document(settings):
    """`policy`"""
    servers = [
        'https://api.example/v1', {'url': 'https://{region}.example.com:444/'}, '/v2', '//[::1',
        'http://{a}.example/', '//{zone}.example', 'ftp://files.example/',
        "https://x'; script-src */",
    ]  # fmt: skip

    policy, _ = read_policy(
        settings, DOCS_UI='swagger', SERVERS=servers, COMPONENTS=[OAuth(), OpenId()]
    )

    api = (
        "'self' https://api.example https: http: http://token_1.example https://[::1]:81 id.example"
    )
    assert policy == POLICIES['swagger'].replace(
        "connect-src 'self'; media-src 'self'", f'connect-src {api}; media-src {api}'
    )


@pytest.mark.case('J07')
@pytest.mark.parametrize(('frames', 'ancestors'), [('SAMEORIGIN', "'self'"), ('DENY', "'none'")])
def test_frames_are_those_of_x_frame_options(settings, frames, ancestors):
    settings.X_FRAME_OPTIONS = frames

    policy, _ = read_policy(settings)

    assert f'frame-ancestors {ancestors};' in policy


@pytest.mark.case('J07')
def test_a_project_has_a_policy_of_its_own_or_none(settings):
    own = """
        default-src 'self';
        script-src 'nonce-{nonce}'
    """

    assert read_policy(settings, DOCS_CSP=own)[0] == "default-src 'self'; script-src 'nonce-N'"
    assert read_policy(settings, DOCS_CSP=None)[0] is None


@pytest.mark.case('J07')
def test_a_template_of_the_project_has_the_nonce(tmp_path):
    template = tmp_path / 'apistar/docs/index.html'
    template.parent.mkdir(parents=True)
    template.write_text('<script nonce="{{ csp_nonce }}">1</script>[{{ schema_url }}]')
    app = App([], template_dir=str(tmp_path), docs_url='/docs/', static_url='/static/')

    answer = ask(app, '/docs/')

    [nonce] = re.findall(rb'<script nonce="([^"]+)">1</script>', answer.body)
    assert f"script-src 'nonce-{nonce.decode()}'" in answer.get('content-security-policy')
    assert b'[]' in answer.body  # the document is in the page itself


@pytest.mark.case('J07')
def test_exported_pages_have_a_policy_and_the_same_bytes_each_time(folder):
    pages = {page.name: page.read_bytes() for page in folder.glob('*.html')}
    run('--format', 'html', '--output', str(folder))

    assert pages == {page.name: page.read_bytes() for page in folder.glob('*.html')}
    for page in pages.values():
        [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', str(page))
        nonces = re.findall(r'<script nonce="([\w-]{22})" src="', page.decode())
        assert html.unescape(policy) == EXPORTED.replace('nonce-N', f'nonce-{nonces[0]}')
        assert (
            page.decode()
            .partition('<meta http-equiv="')[0]
            .endswith('<meta charset="utf-8">\n    ')
        )
        assert len(nonces) == page.count(b'<script')
