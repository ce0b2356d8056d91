"""README and docs name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from django_apistar.conf import parser
from management_tests.benchmarks.summary import build_summary

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / 'docs'


def test_every_setting_has_its_entry() -> None:
    text = (DOCS / 'reference/settings.md').read_text()
    # A definition list: the names, then a line that starts with a colon.
    terms = re.findall(r'^(`.+)\n: ', text, re.MULTILINE)
    named = {name for term in terms for name in re.findall(r'`([A-Z_]+)`', term)}

    assert set(parser.KEYS) - named == set()


def test_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r'\]\((?!http)([^)#]+)\)', (ROOT / 'README.md').read_text())

    assert [link for link in links if not (ROOT / link).exists()] == []
    assert 'docs/reference/settings.md' in links


def test_every_target_of_make_has_its_line() -> None:
    makefile = (ROOT / 'Makefile').read_text()
    targets = re.search(r'^\.PHONY: (.+)$', makefile, re.MULTILINE)
    explained = re.findall(r'^([a-z]+):.*## ', makefile, re.MULTILINE)

    assert targets
    assert targets[1].split() == explained


def test_deployment_explains_every_variable_of_the_example() -> None:
    page = (DOCS / 'howto/deploy.md').read_text()
    settings = (ROOT / 'example/shop/settings.py').read_text()
    read = set(re.findall(r"environ(?:\.get\(|\[)'(\w+)'", settings))
    given = set(
        re.findall(r'^(\w+)=', (ROOT / 'example/deploy/environment').read_text(), re.MULTILINE)
    )
    explained = set(re.findall(r'^\| `(\w+)` \|', page, re.MULTILINE))

    assert read | given == explained - {'WEB_CONCURRENCY'}
    assert read <= set(re.findall(r'^(\w+) ', settings, re.MULTILINE))


def test_how_to_pages_show_every_file_that_deploys() -> None:
    text = ''.join(page.read_text() for page in (DOCS / 'howto').glob('*.md'))
    shown = re.findall(r'\{literalinclude\} \.\./\.\./example/deploy/(\S+)', text)

    assert sorted(shown) == sorted(path.name for path in (ROOT / 'example/deploy').iterdir())


GROUPS = {
    'Start': 'start', 'Guide': 'guide', 'How-to': 'howto', 'Reference': 'reference',
    'Explanation': 'explanation', 'Project': 'project',
}  # fmt: skip
TOCTREE = re.compile(r'```\{toctree\}\n:caption: (.+)\n:hidden:\n\n((?:.+\n)+)```')


def read_groups() -> dict[str, list[str]]:
    """Return the pages of each group of the index, by its caption."""
    found = TOCTREE.findall((DOCS / 'index.md').read_text())
    return {caption: pages.split() for caption, pages in found}


def test_the_index_has_six_captioned_groups() -> None:
    assert list(read_groups()) == list(GROUPS)
    assert (DOCS / 'index.md').read_text().count('{toctree}') == len(GROUPS)


def test_every_page_stands_in_one_group() -> None:
    listed = [page for pages in read_groups().values() for page in pages]
    pages = {page.relative_to(DOCS).with_suffix('').as_posix() for page in DOCS.rglob('*.md')}

    assert sorted(listed) == sorted(pages - {'index'})


def test_a_page_lies_in_the_folder_of_its_group() -> None:
    for caption, pages in read_groups().items():
        assert {page.partition('/')[0] for page in pages} == {GROUPS[caption]}


def test_every_page_has_a_title_of_its_own() -> None:
    titles = [page.read_text().splitlines()[0] for page in DOCS.rglob('*.md')]

    assert [title for title in titles if not title.startswith('# ')] == []
    assert len(set(titles)) == len(titles)


def test_the_short_table_of_performance_is_of_its_figures() -> None:
    """Else: python -m management_tests.benchmarks.summary"""
    page = (DOCS / 'explanation/performance.md').read_text()

    assert build_summary(page) in page
