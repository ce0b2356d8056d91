"""Pages that lead from an empty folder to a project that serves, done as they say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from management_tests.support.shown_examples import DOCS, TUTORIAL, WALKED_PAGES
from management_tests.support.walkthrough import Walk

pytestmark = [pytest.mark.once, pytest.mark.slow]


@pytest.mark.parametrize('name', WALKED_PAGES)
def test_a_reader_who_does_what_the_page_says_sees_what_it_shows(name: str, tmp_path: Path) -> None:
    page = DOCS / name
    text = page.read_text()

    done = Walk(tmp_path).read(text)

    if os.environ.get('WRITE_PAGES'):
        page.write_text(done)
    assert text == done


def test_a_reader_who_follows_the_tutorial_sees_what_it_shows(tmp_path: Path) -> None:
    walk = Walk(tmp_path)

    for page in TUTORIAL:
        text = page.read_text()
        done = walk.read(text, page.parent)

        if os.environ.get('WRITE_PAGES'):
            page.write_text(done)
        assert text == done
