"""Look at the documentation as it was built: `python -m management_tests.support.docs_site FOLDER`.

Every page leads on to another, and is found by a search for its title. Prints what is not so, and
exits with 1. The search is the site's own, in Chromium.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from management_tests.support.chromium import CHROMIUM_ARGUMENTS

# Pages that Sphinx makes itself.
GENERATED = {'genindex', 'py-modindex', 'search'}
TITLE = re.compile(r'<h1>(.*?)<a class="headerlink"', re.DOTALL)
NEXT = re.compile(r'<a class="next-page" href="([^"]+)"')
FOUND_FIRST = 5  # a reader looks no further down
SEARCH = """titles => titles.map(title => {
    const [query, terms, excluded, highlighted, objects] = Search._parseQuery(title);
    return Search._performSearch(query, terms, excluded, highlighted, objects).map(one => one[0]);
})"""


def read_titles(folder: Path) -> dict[str, str]:
    """Return the title of each page, by its name below *folder*."""
    pages = (page.relative_to(folder) for page in sorted(folder.rglob('*.html')))
    names = [page.with_suffix('').as_posix() for page in pages if page.parts[0][0] != '_']
    return {
        name: strip_tags(TITLE.search((folder / f'{name}.html').read_text())[1])  # type: ignore[index]
        for name in names
        if name not in GENERATED
    }


def strip_tags(html: str) -> str:
    return re.sub(r'<[^>]+>', '', html).replace('&amp;', '&').strip()


def iter_dead_ends(folder: Path, titles: dict[str, str]) -> Iterator[str]:
    for name in titles:
        if not NEXT.search((folder / f'{name}.html').read_text()):
            yield f'{name}: no link to a next page'


def iter_unfound(folder: Path, titles: dict[str, str]) -> Iterator[str]:
    """Yield the pages that a search for their title does not find among the first."""
    results = search(folder, list(titles.values()))
    for (name, title), found in zip(titles.items(), results, strict=True):
        if name not in found[-FOUND_FIRST:]:
            yield f'{name}: a search for {title!r} finds {found[: -FOUND_FIRST - 1 : -1]}'


def search(folder: Path, titles: list[str]) -> list[list[str]]:
    """Return the names of the pages that the site's search finds for each title, the best last."""
    executable = shutil.which('chromium') or shutil.which('chromium-browser')
    if executable is None:
        sys.exit('chromium is not installed.')
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page()
        page.goto(f'{folder.resolve().as_uri()}/search.html')
        page.wait_for_function('Search._index !== null')
        found = page.evaluate(SEARCH, titles)
        browser.close()
    return found  # type: ignore[no-any-return]


def main(folder: Path) -> int:
    titles = read_titles(folder)
    problems = [*iter_dead_ends(folder, titles), *iter_unfound(folder, titles)]
    sys.stdout.writelines(f'{problem}\n' for problem in problems)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(Path(sys.argv[1])))
