"""The documentation pages in Chromium: nothing foreign runs in them, and nothing of theirs stops.

A policy and the sanitising of texts are two walls; each is tested without the other.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, ClassVar
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from apistar import Component, Route, http, types, validators

from django_apistar.dispatch.dispatcher import get_application
from management_tests.support import hostile
from management_tests.support.chromium import browser, note_troubles, open_page, troubles
from management_tests.support.docs_command import run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ['browser', 'troubles']

pytestmark = [pytest.mark.once, pytest.mark.browser, pytest.mark.slow]

UIS = ('apistar', 'swagger', 'redoc')
EXPORTED = {'apistar': 'index.html', 'swagger': 'swagger.html', 'redoc': 'redoc.html'}
# What is there when a page is complete: the last operation.
COMPLETE = {
    'apistar': '.coredocs-link >> nth=-1',
    'swagger': '.opblock >> nth=-1',
    'redoc': '[data-section-id*="operation"] >> nth=-1',
}
WATCH = 'window.ran = []; window.run = what => window.ran.push(what)'
UNFOLD = """
() => document.querySelectorAll(
    '.opblock-summary-control[aria-expanded=false], button[aria-expanded=false]'
).forEach(control => control.click())
"""
# An event of each kind that came before is heard before that of our own.
TRY_EVERYTHING = """
async () => {
    const links = [...document.querySelectorAll('a')]
    links.filter(link => /^javascript:/i.test(link.href)).forEach(link => {
        link.removeAttribute('target')
        link.click()
    })
    document.querySelectorAll('form[action^=javascript] button').forEach(button => button.click())
    for (let turn = 0; turn < 3; turn++) {
        const image = document.createElement('img')
        const heard = new Promise(resolve => image.addEventListener('error', resolve))
        image.src = 'data:,'
        await heard
        await new Promise(resolve => setTimeout(resolve, 20))
    }
    return window.ran
}
"""
INTRUDE = """
() => {
    const target = document.createElement('div')
    document.body.append(target)
    target.innerHTML = `<img src="data:," onerror="run('handler')">
        <a id="link" href="javascript:run('link')">x</a>`
    const file = '/static/apistar/js/bootstrap.min.js'
    for (const words of [{ text: "run('inline')" }, { src: file }]) {
        document.body.append(Object.assign(document.createElement('script'), words))
    }
    const image = new Image()
    image.src = 'https://foreign.invalid/pixel.png'
    document.querySelector('#link').click()
    fetch('https://foreign.invalid/').catch(() => 0)
}
"""


class Thing(types.Type):
    """What a page shows: *text*, `code`, and a table.

    | left | middle |
    | ---- | :----: |
    | 1    | 2      |
    """

    example = {'name': 'a < b'}

    name = validators.String(title='Name', max_length=10, pattern='^[a-z]')


def find_thing(name: str = 'x') -> Thing:
    """Find a thing: [more](https://example.com/).

    ```python
    find_thing('a') < 2
    ```
    """
    return Thing(name=name)


def create_thing(thing: Thing) -> Thing:
    return thing


routes = [Route('/things/', 'GET', find_thing), Route('/things/', 'POST', create_thing)]


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@contextmanager
def serve(application: Any) -> Iterator[str]:
    server = make_server('127.0.0.1', 0, application, Threads, Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.05})
    thread.start()
    try:
        yield f'http://127.0.0.1:{server.server_port}'
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope='module')
def shared_page(browser: Browser) -> Page:
    page = open_page(browser)
    page.add_init_script(WATCH)
    return page


@pytest.fixture
def page(shared_page: Page, troubles: list[str]) -> Iterator[Page]:
    with note_troubles(shared_page, troubles) as page:
        yield page


def set_up(settings: Any, name: str, routes: str = __name__, **keys: Any) -> None:
    settings.APISTAR_ROUTE_CONF = routes
    settings.APISTAR_SETTINGS = {'DOCS_URL': '/docs/', 'DOCS_UI': name, **keys}


def show(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.locator(COMPLETE[name]).wait_for()
    for _ in range(3):  # What is unfolded has something to unfold, and so once more.
        page.evaluate(UNFOLD)


@pytest.mark.case('J06')
@pytest.mark.parametrize('name', UIS)
def test_no_text_runs_in_a_served_page_even_without_a_policy(
    settings: Any, page: Page, name: str
) -> None:
    set_up(settings, name, hostile.__name__, **hostile.SETTINGS, DOCS_CSP=None)
    with serve(get_application()) as url:
        show(page, f'{url}/docs/', name)

        assert page.evaluate(TRY_EVERYTHING) == []


@pytest.mark.case('J06')
@pytest.mark.parametrize('name', UIS)
def test_no_text_runs_in_an_exported_page_even_without_a_policy(
    settings: Any, page: Page, tmp_path: Path, name: str
) -> None:
    set_up(settings, name, hostile.__name__, **hostile.SETTINGS)
    run('--format', 'html', '--output', str(tmp_path))
    file = tmp_path / EXPORTED[name]
    file.write_text(file.read_text().replace('http-equiv="Content-Security-Policy"', ''))

    show(page, file.as_uri(), name)

    assert page.evaluate(TRY_EVERYTHING) == []


@pytest.mark.case('J07')
@pytest.mark.parametrize('name', UIS)
def test_a_served_page_stops_what_is_foreign_and_nothing_of_its_own(
    settings: Any, page: Page, troubles: list[str], name: str
) -> None:
    set_up(settings, name)
    with serve(get_application()) as url:
        show(page, f'{url}/docs/', name)
        own = list(troubles)
        page.evaluate(INTRUDE)
        ran = page.evaluate(TRY_EVERYTHING)

    assert own == []
    assert ran == []
    assert len([trouble for trouble in troubles if 'Content Security Policy' in trouble]) >= 5


@pytest.mark.case('J07')
@pytest.mark.parametrize('name', UIS)
def test_a_page_has_its_static_files_from_another_origin(
    settings: Any, page: Page, troubles: list[str], name: str
) -> None:
    set_up(settings, name)
    with serve(get_application()) as other:
        settings.STATIC_URL = f'{other}/static/'
        set_up(settings, name)
        with serve(get_application()) as url:
            show(page, f'{url}/docs/', name)
            sources = page.evaluate('() => [...document.scripts].map(script => script.src)')

    assert troubles == []
    assert sources
    assert [source for source in sources if not source.startswith(f'{other}/static/')] == []


@pytest.mark.case('J07')
@pytest.mark.parametrize('name', UIS)
def test_an_exported_page_stops_what_is_foreign_and_nothing_of_its_own(
    settings: Any, page: Page, troubles: list[str], tmp_path: Path, name: str
) -> None:
    set_up(settings, name)
    run('--format', 'html', '--output', str(tmp_path))

    show(page, (tmp_path / EXPORTED[name]).as_uri(), name)
    own = list(troubles)
    page.evaluate(INTRUDE)

    assert own == []
    assert page.evaluate(TRY_EVERYTHING) == []


@pytest.mark.case('J07')
def test_swagger_tries_the_api_out(settings: Any, page: Page, troubles: list[str]) -> None:
    set_up(settings, 'swagger')
    with serve(get_application()) as url:
        page.goto(f'{url}/docs/')
        operation = page.locator('#operations-management_tests-find_thing')
        operation.locator('.opblock-summary-control').click()
        operation.locator('.try-out__btn').click()
        operation.locator('.execute').click()
        operation.locator('.live-responses-table').wait_for()
        answered = operation.locator('.live-responses-table .response .response-col_status')

        assert answered.first.inner_text().strip() == '200'
    assert troubles == []


@pytest.mark.case('J07')
def test_redoc_searches(settings: Any, page: Page, troubles: list[str]) -> None:
    set_up(settings, 'redoc')
    with serve(get_application()) as url:
        show(page, f'{url}/docs/', 'redoc')
        page.locator('input[placeholder^="Search"]').fill('thing')
        page.locator('[role=search] [role=menuitem]').first.wait_for()

    assert troubles == []


class Key: ...


class Keys(Component):
    security_scheme: ClassVar = {'type': 'apiKey', 'in': 'header', 'name': 'X-Key'}

    def resolve(self, authorization: http.Header) -> Key:
        return Key()


def delete_thing(headers: http.Headers, key: Key, host: http.Header) -> str:
    return headers.get('x-csrftoken', '')


delete_thing.openapi = {'tags': ['things']}
session_routes = [Route('/things/', 'DELETE', delete_thing)]


def test_swagger_sends_the_sessions_token_and_offers_what_a_browser_can_set(
    settings: Any, page: Page, troubles: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], 'routes', session_routes)
    session = 'django_apistar.authentication.components.DjangoSessionAuthentication'
    set_up(settings, 'swagger', COMPONENTS=[Keys()], AUTH_COMPONENTS=[session])
    with serve(get_application()) as url:
        page.context.add_cookies([{'name': 'csrftoken', 'value': 'T0ken', 'url': url}])
        page.goto(f'{url}/docs/')
        operation = page.locator('#operations-things-delete_thing')
        operation.locator('.opblock-summary-control').click()
        operation.locator('.try-out__btn').click()
        operation.locator('.execute').click()
        answer = operation.locator('.live-responses-table .microlight').first
        answer.wait_for()
        shown = answer.text_content()
        parameters = operation.locator('tr[data-param-name]').count()
        page.locator('.btn.authorize').first.click()
        schemes = page.locator('.auth-container h4 code').all_inner_texts()
        page.locator('.auth-container input').fill('secret')
        page.locator('.auth-container .btn.authorize').click()
        page.goto(f'{url}/docs/?again')
        page.locator('.btn.authorize.locked').first.wait_for()

    assert (shown, parameters, schemes) == ('T0ken', 0, ['Keys'])
    assert troubles == []
