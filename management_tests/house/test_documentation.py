"""README and docs name what there is."""

from __future__ import annotations

import configparser
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from django_apistar.conf import parser
from management_tests.benchmarks.summary import PAGES, build_summary

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
    'Start': {'start', 'tutorial'}, 'Guide': {'guide'}, 'How-to': {'howto'},
    'Reference': {'reference'}, 'Explanation': {'explanation'}, 'Project': {'project'},
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


def test_a_page_lies_in_a_folder_of_its_group() -> None:
    for caption, pages in read_groups().items():
        assert {page.partition('/')[0] for page in pages} == GROUPS[caption]


def test_every_page_has_a_title_of_its_own() -> None:
    titles = [page.read_text().splitlines()[0] for page in DOCS.rglob('*.md')]

    assert [title for title in titles if not title.startswith('# ')] == []
    assert len(set(titles)) == len(titles)


def test_the_short_table_of_performance_is_of_its_figures() -> None:
    """Else: python -m management_tests.benchmarks.summary"""
    summary = build_summary((DOCS / 'explanation/performance.md').read_text())

    assert [page.name for page in PAGES if summary not in page.read_text()] == []
    assert [page.name for page in PAGES] == ['performance.md', 'README.md']


# An address of this project, wherever it may be: each of them ends as the package is called.
OWN_ADDRESS = re.compile(r'[\w.@:/-]*(?:://|@)[\w.:/-]*(?:django[-_]apistar\b|repository\.invalid)')


def list_tracked_files() -> list[Path]:
    listed = subprocess.run(
        ['git', 'ls-files'], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip('not a git checkout')
    return [path for name in listed.stdout.split('\n') if (path := ROOT / name).is_file()]


def test_only_setup_cfg_names_an_address_of_the_project() -> None:
    """There is one place to change when the repository is public."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / 'setup.cfg')
    found = {
        path.relative_to(ROOT).as_posix(): OWN_ADDRESS.findall(path.read_text(errors='replace'))
        for path in list_tracked_files()
    }

    assert {name: addresses for name, addresses in found.items() if addresses} == {
        'setup.cfg': [setup['metadata']['url'], setup['metadata']['author_email']]
    }


def test_contributing_names_every_room_and_every_target() -> None:
    text = (ROOT / 'CONTRIBUTING.md').read_text()
    rooms = {path.parent.name for path in (ROOT / 'django_apistar').glob('*/__init__.py')}
    targets = re.findall(r'^([a-z]+):.*## ', (ROOT / 'Makefile').read_text(), re.MULTILINE)

    assert sorted(room for room in rooms if f'`{room}/`' not in text) == []
    assert [target for target in targets if f'`make {target}`' not in text] == ['help', 'install']


def test_links_of_the_project_files_lead_somewhere() -> None:
    files = [*ROOT.glob('*.md'), *(ROOT / '.github').rglob('*.md')]
    broken = [
        (path.name, link)
        for path in files
        for link in re.findall(r'\]\((?!http|mailto|#)([^)#]+)', path.read_text())
        if not (path.parent / link).exists()
    ]

    assert broken == []


def test_the_workflow_runs_what_ci_runs() -> None:
    workflow = yaml.safe_load((ROOT / '.github/workflows/ci.yml').read_text())
    job = workflow['jobs']['ci']

    assert job['steps'][-1]['run'] == 'bash .ci/run'
    assert job['strategy']['matrix']['python'] == read_classified_pythons()
    assert job['timeout-minutes'] == 90


def read_classified_pythons() -> list[str]:
    setup = (ROOT / 'setup.cfg').read_text()
    return re.findall(r'Python :: (3\.\d+)$', setup, re.MULTILINE)


def test_no_page_installs_the_package_of_2018() -> None:
    """Until ours is on PyPI. Messages of commands are for where it is installed."""
    message = re.compile(r'HINT: |runapistar: |CommandError: |^Messages name ')
    found = [
        (page.name, line)
        for page in [ROOT / 'README.md', *DOCS.rglob('*.md')]
        for line in page.read_text().splitlines()
        if re.search(r'pip install (?:.*[\s\'"])?django[-_]apistar\b|^`?django-apistar\[', line)
        and not message.search(line)
    ]

    assert found == []


def test_the_quickstart_names_every_extra() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / 'setup.cfg')
    for_developers = {'test', 'lint', 'type', 'docs', 'suite', 'mutants', 'dev'}
    section = (DOCS / 'start/quickstart.md').read_text().split('## Extras')[1].split('\n## ')[0]

    named = re.findall(r'^\| `([\w-]+)` \|', section, re.MULTILINE)

    extras = setup.options('options.extras_require')
    assert named == [extra for extra in extras if extra not in for_developers]
