"""The example as a person sees it: Chromium reads the docs page, then uses the admin."""

from __future__ import annotations

import contextlib
import io
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from management_tests.support.chromium import browser, note_troubles, open_page, troubles
from management_tests.support.example_server import Example

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ['browser', 'troubles']

pytestmark = [pytest.mark.once, pytest.mark.browser, pytest.mark.slow]

# Anchor in the page: title, method and path, as in example/products/routes.py.
DOCUMENTED_ROUTES = {
    'welcome': ('welcome', 'GET', '/'),
    'list_products': ('list_products', 'GET', '/products/'),
    'create_product': ('create_product', 'POST', '/products/'),
    'update_product': ('update_product', 'PUT', '/product/{product_id}/'),
    'delete_product': ('delete_product', 'DELETE', '/product/{product_id}/'),
    'auth-token_login': ('token_login', 'POST', '/auth/token-login/'),
    'auth-token_logout': ('token_logout', 'GET', '/auth/token-logout/'),
    'auth-token_logout_post': ('token_logout_post', 'POST', '/auth/token-logout/'),
    'auth-token_logout_all': ('token_logout_all', 'POST', '/auth/token-logout-all/'),
}


@pytest.fixture(scope='module')
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    example = Example(tmp_path_factory.mktemp('browser'))
    example.hash_quickly()
    example.manage('migrate', '--verbosity', '0')
    example.manage('demo')
    return example


@pytest.fixture(scope='module')
def url(example: Example) -> Iterator[str]:
    with example.serve() as server:
        yield server.url


@pytest.fixture(scope='module')
def shared_page(browser: Browser, url: str) -> Page:
    return open_page(browser, base_url=url)


@pytest.fixture
def page(shared_page: Page, troubles: list[str]) -> Iterator[Page]:
    with note_troubles(shared_page, troubles) as page:
        yield page


def take_picture(page: Page, folder: Path, name: str) -> None:
    """Keep a picture for a person to look at: pytest --basetemp FOLDER says where."""
    picture = folder / f'{name}.png'
    page.screenshot(path=picture)
    assert picture.stat().st_size > 10_000


def test_docs_page_shows_every_documented_route(
    page: Page, tmp_path: Path, troubles: list[str]
) -> None:
    page.goto('/docs/')
    take_picture(page, tmp_path, 'docs')
    sidebar = page.locator('.sidebar .menu-content a[href]').all()
    entries = page.locator('.coredocs-link').all()

    links = {link.get_attribute('href'): link.inner_text().strip() for link in sidebar}
    shown = {
        entry.locator('h3').get_attribute('id'): (
            entry.locator('h3').inner_text().strip(),
            entry.locator('.meta .label').inner_text().strip(),
            entry.locator('.meta code').inner_text().strip(),
        )
        for entry in entries
    }

    assert shown == DOCUMENTED_ROUTES
    assert links == {f'#{anchor}': title for anchor, (title, _, _) in shown.items()}
    assert troubles == []


def test_sidebar_link_leads_to_its_route(page: Page, tmp_path: Path, troubles: list[str]) -> None:
    page.goto('/docs/')

    page.locator('.sidebar .menu-content a[href="#delete_product"]').click()
    page.wait_for_function('window.scrollY > 0')
    take_picture(page, tmp_path, 'docs-delete-product')

    assert page.url.endswith('/docs/#delete_product')
    assert page.locator('#delete_product').is_visible()
    assert 0 <= page.locator('#delete_product').bounding_box()['y'] < 900
    assert troubles == []


def test_code_samples_change_their_language(
    page: Page, tmp_path: Path, troubles: list[str]
) -> None:
    page.goto('/docs/')
    python = page.locator('pre[data-language=python]')
    javascript = page.locator('pre[data-language=javascript]')

    page.locator('#language-control a[data-language=python]').click()
    python.first.wait_for(state='visible')
    take_picture(page, tmp_path, 'docs-python')
    shown_first = (python.first.is_visible(), javascript.first.is_visible())
    page.locator('#language-control a[data-language=javascript]').click()
    javascript.first.wait_for(state='visible')
    shown_last = (python.first.is_visible(), javascript.first.is_visible())

    assert shown_first == (True, False)
    assert shown_last == (False, True)
    assert troubles == []


def test_product_added_in_the_admin_is_listed_by_the_api(
    page: Page, url: str, tmp_path: Path, troubles: list[str]
) -> None:
    page.goto('/admin/')
    take_picture(page, tmp_path, 'admin-login')
    page.fill('#id_username', 'admin')
    page.fill('#id_password', 'admin')
    page.click('input[type=submit]')
    page.wait_for_url('**/admin/')
    page.click('a[href="/admin/products/product/add/"]')
    page.wait_for_url('**/add/')
    page.fill('#id_name', 'Added by a person')
    page.check('#id_in_stock')
    page.fill('#id_rating', '5')
    page.select_option('#id_size', 'medium')
    take_picture(page, tmp_path, 'admin-add')
    page.click('input[name=_save]')
    page.wait_for_url('**/product/')
    page.locator('.messagelist .success').wait_for()
    take_picture(page, tmp_path, 'admin-list')

    listed = requests.get(f'{url}/products/', params={'name': 'by a person'}, timeout=30).json()

    [product] = listed
    del product['id']
    assert product == {'name': 'Added by a person', 'rating': 5, 'in_stock': True, 'size': 'medium'}
    assert troubles == []


@pytest.fixture(scope='module')
def cookies(url: str, example: Example) -> list[dict[str, str]]:
    """The cookies of the admin, logged in; there is a token to list."""
    example.manage('apistar_token', 'issue', 'admin')
    with requests.Session() as session:
        session.get(f'{url}/admin/login/', timeout=30)
        given = {'username': 'admin', 'password': 'admin', 'next': '/'}
        token = session.cookies['csrftoken']
        session.post(
            f'{url}/admin/login/', {**given, 'csrfmiddlewaretoken': token}, timeout=30
        ).raise_for_status()
        return [{'name': each.name, 'value': each.value, 'url': url} for each in session.cookies]


@pytest.fixture
def admin_page(page: Page, cookies: list[dict[str, str]]) -> Page:
    page.context.add_cookies(cookies)
    return page


@pytest.mark.parametrize('width', [1280, 390])
@pytest.mark.parametrize(
    'path', ['/admin/django_apistar/?framework=', '/admin/authentication/token/']
)
def test_nothing_is_cut_off_in_the_admin(
    admin_page: Page, tmp_path: Path, troubles: list[str], path: str, width: int
) -> None:
    page = admin_page
    page.set_viewport_size({'width': width, 'height': 900})
    page.goto(path)
    page.locator('main tbody tr').first.wait_for()
    take_picture(page, tmp_path, f'admin-{width}')

    beyond = page.evaluate("""width => [...document.querySelectorAll('main td, main th')]
        .filter(cell => cell.getBoundingClientRect().right > width)
        .map(cell => cell.textContent)""", width)  # fmt: skip
    scrolled = page.evaluate("""[...document.querySelectorAll('html, main, .results')]
        .filter(box => box.scrollWidth > box.clientWidth).map(box => box.className)""")

    assert beyond == []
    assert scrolled == []
    assert troubles == []


RESTORE = """
from django.contrib.auth import get_user_model
from products.models import Product
users = get_user_model().objects
users.filter(username='username').exists() or users.create_user('username', password='password')
Product.objects.update_or_create(id=1, defaults={'name': 'Chocolate', 'in_stock': True})
"""
LOGIN = {'username': 'username', 'password': 'password'}  # as the sample has it


@pytest.fixture(scope='module')
def shared_free_page(browser: Browser, url: str) -> Page:
    """A page without the policy that keeps the documentation's own scripts from asking the API."""
    return open_page(browser, base_url=url, bypass_csp=True)


@pytest.fixture
def free_page(shared_free_page: Page, troubles: list[str]) -> Iterator[Page]:
    with note_troubles(shared_free_page, troubles) as page:
        yield page


@pytest.fixture(params=['javascript', 'python', 'curl'])
def samples(
    request: pytest.FixtureRequest, free_page: Page, url: str, example: Example
) -> dict[str, str]:
    """Return the samples of one language by the title of their route, each with a token to use."""
    example.manage('shell', '-c', RESTORE)
    free_page.goto('/docs/')
    found = {}
    for entry in free_page.locator('.coredocs-link').all():
        title = entry.locator('h3').inner_text().strip()
        code = entry.locator(f'pre[data-language={request.param}]').text_content() or ''
        if 'YOUR_TOKEN' in code:
            token = requests.post(f'{url}/auth/token-login/', json=LOGIN, timeout=30).text
            code = code.replace('YOUR_TOKEN', token)
        found[title] = code
    return {'language': request.param, **found}


def run_sample(page: Page, language: str, code: str) -> str:
    """Return what *code* prints."""
    if language == 'javascript':
        with page.expect_console_message(lambda message: message.type == 'log') as message:
            page.evaluate(f'(async () => {{ {code} }})()')
        return message.value.text + '\n'
    if language == 'curl':
        done = subprocess.run(['bash', '-c', code], capture_output=True, text=True, check=True)
        return done.stdout
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        exec(code, {})
    return stdout.getvalue()


def test_each_sample_of_the_docs_page_runs_as_printed(
    free_page: Page, samples: dict[str, str], troubles: list[str]
) -> None:
    language = samples.pop('language')

    printed = {title: run_sample(free_page, language, code) for title, code in samples.items()}

    titles = {title for title, _, _ in DOCUMENTED_ROUTES.values()}
    assert printed.keys() == titles
    assert 'Welcome to API Star!' in printed['welcome']
    assert len(printed['token_login'].strip()) > 30
    for title in titles:
        assert 'error' not in printed[title].lower(), printed[title]
    for title in ('token_logout', 'token_logout_post', 'token_logout_all'):
        assert 'Logged out.' in printed[title]
    assert troubles == []
