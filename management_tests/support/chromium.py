"""A real Chromium for tests, and what goes wrong in its pages."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

CHROMIUM_ARGUMENTS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--no-first-run',
    '--disable-component-update',
    '--disable-sync',
]
VIEWPORT: ViewportSize = {'width': 1280, 'height': 900}


def missing(what: str) -> None:
    """Skip where a person works; fail in CI, which has to have everything."""
    if os.environ.get('CI') == 'true':
        pytest.fail(f'{what} is not installed.')
    pytest.skip(f'{what} is not installed.')


@pytest.fixture(scope='module')
def browser() -> Iterator[Browser]:
    executable = shutil.which('chromium') or shutil.which('chromium-browser')
    if executable is None:
        missing('chromium')
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Python's playwright")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def troubles() -> list[str]:
    """Return what went wrong in the page so far: console errors, failed requests, 4xx and 5xx."""
    return []


def open_page(browser: Browser, **options: Any) -> Page:
    """Return a page for the tests of a module: each in one of its own takes as long again."""
    page = browser.new_page(viewport=VIEWPORT, **options)
    page.set_default_timeout(20_000)
    return page


@contextlib.contextmanager
def note_troubles(page: Page, troubles: list[str]) -> Iterator[Page]:
    """Note the *troubles* of one test in *page*, and leave nothing in it to the next."""
    listeners: dict[Any, Callable[[Any], None]] = {
        'console': lambda message: note_console(message, troubles),
        'pageerror': lambda error: troubles.append(f'page error: {error}'),
        'requestfailed': lambda request: troubles.append(f'failed: {request.url}'),
        'response': lambda response: note_response(response, troubles),
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    yield page
    page.goto('about:blank')
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    page.context.clear_cookies()
    page.set_viewport_size(VIEWPORT)


def note_console(message: Any, troubles: list[str]) -> None:
    if message.type in ('error', 'warning'):
        troubles.append(f'console: {message.text}')


def note_response(response: Any, troubles: list[str]) -> None:
    if response.status >= 400:
        troubles.append(f'{response.status}: {response.url}')
