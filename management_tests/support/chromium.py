"""A real Chromium for tests, and what goes wrong in its pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM_ARGUMENTS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--no-first-run',
    '--disable-component-update',
    '--disable-sync',
]


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


def open_page(browser: Browser, troubles: list[str], **options: Any) -> Page:
    """Return a new page that notes its *troubles*."""
    page = browser.new_page(viewport={'width': 1280, 'height': 900}, **options)
    page.set_default_timeout(20_000)
    page.on('console', lambda message: note_console(message, troubles))
    page.on('pageerror', lambda error: troubles.append(f'page error: {error}'))
    page.on('requestfailed', lambda request: troubles.append(f'failed: {request.url}'))
    page.on('response', lambda response: note_response(response, troubles))
    return page


def note_console(message: Any, troubles: list[str]) -> None:
    if message.type in ('error', 'warning'):
        troubles.append(f'console: {message.text}')


def note_response(response: Any, troubles: list[str]) -> None:
    if response.status >= 400:
        troubles.append(f'{response.status}: {response.url}')
