"""README and docs name what there is."""

from __future__ import annotations

import re
from pathlib import Path

from django_apistar.conf import parser

ROOT = Path(__file__).resolve().parent.parent


def test_every_setting_has_its_entry() -> None:
    text = (ROOT / 'docs' / 'settings.md').read_text()
    # A definition list: the names, then a line that starts with a colon.
    terms = re.findall(r'^(`.+)\n: ', text, re.MULTILINE)
    named = {name for term in terms for name in re.findall(r'`([A-Z_]+)`', term)}

    assert set(parser.KEYS) - named == set()


def test_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r'\]\((?!http)([^)#]+)\)', (ROOT / 'README.md').read_text())

    assert [link for link in links if not (ROOT / link).exists()] == []
    assert 'docs/settings.md' in links


def test_every_target_of_make_has_its_line() -> None:
    makefile = (ROOT / 'Makefile').read_text()
    targets = re.search(r'^\.PHONY: (.+)$', makefile, re.MULTILINE)
    explained = re.findall(r'^([a-z]+):.*## ', makefile, re.MULTILINE)

    assert targets
    assert targets[1].split() == explained


def test_deployment_explains_every_variable_of_the_example() -> None:
    page = (ROOT / 'docs/deployment.md').read_text()
    settings = (ROOT / 'example/shop/settings.py').read_text()
    read = set(re.findall(r"environ(?:\.get\(|\[)'(\w+)'", settings))
    given = set(
        re.findall(r'^(\w+)=', (ROOT / 'example/deploy/environment').read_text(), re.MULTILINE)
    )
    explained = set(re.findall(r'^\| `(\w+)` \|', page, re.MULTILINE))

    assert read | given == explained - {'WEB_CONCURRENCY'}
    assert read <= set(re.findall(r'^(\w+) ', settings, re.MULTILINE))


def test_deployment_shows_every_file_that_deploys() -> None:
    page = (ROOT / 'docs/deployment.md').read_text()
    shown = set(re.findall(r'\{literalinclude\} \.\./example/deploy/(\S+)', page))

    assert shown == {path.name for path in (ROOT / 'example/deploy').iterdir()}
