"""What the documentation shows of requests and of Python is what they print."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from django_apistar.dispatch.dispatcher import get_application
from management_tests.support import shown_examples
from management_tests.support.server_thread import Quiet, serve_in_thread
from management_tests.support.shown_examples import DOCS, EXAMPLES

pytestmark = pytest.mark.once


class Persistent(Quiet):
    protocol_version = 'HTTP/1.1'


@pytest.fixture
def server_url(transactional_db: None, django_db_reset_sequences: None) -> Iterator[str]:
    """A server in a thread, with the settings of the test and its database."""
    with serve_in_thread(get_application_of_now, Persistent) as port:
        yield f'localhost:{port}'


def get_application_of_now(environ: Any, start_response: Any) -> Any:
    return get_application()(environ, start_response)


@pytest.mark.parametrize(
    'page', shown_examples.list_pages(), ids=lambda page: str(page.relative_to(DOCS))
)
def test_a_page_shows_what_is_printed(page: Path, server_url: str) -> None:
    if page.stem == 'moving-on':
        pytest.importorskip('ninja')
    names = shown_examples.read_settings(page)
    text = page.read_text()

    with override_settings(**{name: names[name] for name in names if name.isupper()}):
        names.get('prepare', lambda: None)()
        printed = shown_examples.rewrite(text, server_url)

    if os.environ.get('WRITE_PAGES'):
        page.write_text(printed)
    assert text == printed


FENCE = re.compile(r'^ *```(\S+)', re.MULTILINE)
RUN = {'console', 'pycon', '{literalinclude}', '{index}'}  # the last shows no code


@pytest.mark.parametrize('page', sorted((DOCS / 'guide').glob('*.md')), ids=lambda page: page.stem)
def test_the_guide_shows_no_code_that_nobody_runs(page: Path) -> None:
    assert set(FENCE.findall(page.read_text())) <= RUN


def test_every_example_is_shown() -> None:
    text = ''.join(page.read_text() for page in DOCS.rglob('*.md'))
    shown = set(re.findall(r'examples/(\S+\.\w+)$', text, re.MULTILINE))
    files = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob('*.*')}
    hidden = {name for name in files if name.startswith('settings/') or '__' in name}

    assert sorted(files - hidden - shown) == []


def test_every_console_block_is_compared() -> None:
    """What a page only tells of, it shows as text."""
    run = {*shown_examples.list_pages(), *shown_examples.COMMAND_PAGES, *shown_examples.TUTORIAL}
    run |= {DOCS / name for name in shown_examples.WALKED_PAGES}
    run.add(DOCS / 'reference/runapistar.md')  # its banner, in test_command_pages
    with_blocks = {page for page in DOCS.rglob('*.md') if '```console' in page.read_text()}

    assert sorted(with_blocks - run) == []
