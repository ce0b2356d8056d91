"""manage.py apistar_docs --format html, and the pages that DOCS_UI chooses."""

import html.parser
import json
from pathlib import Path

import apistar
import pytest

from django_apistar.schema import ui
from django_apistar.test import TestClient
from management_tests import nasty
from management_tests.test_apistar_docs import run


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
    settings.APISTAR_ROUTE_CONF = 'management_tests.nasty'
    settings.APISTAR_SETTINGS = {'COMPONENTS': nasty.components, 'TITLE': 'A & B'}
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


def test_api_stars_page_lists_every_documented_route(folder):
    page = (folder / 'index.html').read_text()

    assert '<title>A &amp; B</title>' in page
    for path in ('/people/', '/find/', '/outer/inner/{a}/{+rest}'):
        assert f'<code>{path}</code>' in page
    assert '/hidden/' not in page
    assert '/secret/' not in page


def test_the_folder_holds_the_document(folder):
    document = json.loads((folder / 'schema.json').read_text())
    script = (folder / 'schema.js').read_text()

    assert document == json.loads(run()[0])
    assert json.loads(script.removeprefix('window.apiDocument = ')) == document


def test_an_older_folder_is_written_over(folder):
    (folder / 'index.html').write_text('old')

    run('--format', 'html', '--output', str(folder))

    assert 'old' not in (folder / 'index.html').read_text()[:20]


def test_without_the_extra_there_is_api_stars_page_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(ui, 'SIDECAR', 'no_such_package')

    _, stderr = run('--format', 'html', '--output', str(tmp_path))

    assert stderr.splitlines()[-1] == f'Wrote index.html to {tmp_path}.'
    assert not (tmp_path / 'schema.js').exists()


@pytest.mark.parametrize('name', ['swagger', 'redoc'])
def test_a_served_page_takes_the_served_document(name):
    page = ui.render_ui(name, 'A & B', lambda asset: f'/static/{asset}', '/schema/')

    assert '<title>A &amp; B</title>' in page
    assert f'<div id="docs-ui" data-ui="{name}" data-url="/schema/"></div>' in page
    assert all(link.startswith('/static/') for link in Links(page).found)


@pytest.mark.parametrize('name', ['apistar', 'swagger', 'redoc'])
@pytest.mark.parametrize('debug', [True, False])
def test_docs_ui_is_served_with_all_its_assets(settings, name, debug):
    settings.DEBUG = debug
    settings.STATIC_ROOT = None
    settings.APISTAR_SETTINGS = {'DOCS_URL': '/docs/', 'DOCS_UI': name}
    client = TestClient()

    page = client.get('/docs/').text

    assert (f'data-ui="{name}" data-url="/schema/"' in page) is (name != 'apistar')
    assert '/static/apistar/img/favicon.ico' in Links(page).found
    for link in Links(page).found:
        assert client.get(link).status_code == 200, link
