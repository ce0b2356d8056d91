"""Look at the documentation as it was built: `python -m management_tests.support.docs_site FOLDER`.

Every page leads on to another, and is found by a search for its title; so is what readers ask for.
Prints what is not so, and exits with 1. The search is the site's own, in Chromium.
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
FOUND_FIRST = 3  # a reader looks no further down
QUESTIONS = {
    'log in curl': 'howto/log-in',
    'log in from curl': 'howto/log-in',
    'upload a photo': 'howto/uploads',
    'page a list': 'howto/page-a-list',
    'test with pytest': 'howto/pytest',
    'hide a route from the docs': 'howto/hide-a-route',
    'change the JSON of a date': 'howto/json-dates',
    'run behind a prefix': 'howto/behind-a-prefix',
    'run two workers': 'howto/workers',
    'set a cookie': 'guide/responses',
    'return a 404': 'guide/errors',
    'deploy with docker': 'howto/docker',
    'who may call a route': 'howto/permissions',
    'throttle requests': 'howto/permissions',
    'optional query parameter': 'guide/handlers',
    'reload when code changes': 'reference/runapistar',
    'change a row with PATCH': 'howto/partial-updates',
    'typescript client': 'howto/typed-client',
    'upload photo': 'howto/uploads',
    'serve media': 'howto/uploads',
    'permissions': 'howto/permissions',
    'page list': 'howto/page-a-list',
    'pagination': 'howto/page-a-list',
    'test pytest': 'howto/pytest',
    'hide route docs': 'howto/hide-a-route',
    'JSON date': 'howto/json-dates',
    'see SQL': 'howto/see-sql',
    'run behind prefix': 'howto/behind-a-prefix',
    'two workers': 'howto/workers',
    'CORS': 'howto/cors',
    'docker': 'howto/docker',
    'kubernetes': 'howto/kubernetes',
    'systemd': 'howto/systemd',
    'custom user model': 'howto/custom-user',
    'existing Django project': 'howto/embed',
    'sentry': 'howto/monitoring',
    'health check': 'howto/monitoring',
    'prometheus metrics': 'howto/operate',
    'rate limit login': 'reference/authentication',
    'redirect': 'guide/responses',
    'stream csv': 'guide/responses',
    'cookie': 'guide/requests',
}
SEARCH = """texts => texts.map(text => {
    const [query, terms, excluded, highlighted, objects] = Search._parseQuery(text);
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
    """Yield the titles and questions whose page is not among the first that a search finds."""
    wanted = [(title, name) for name, title in titles.items()] + list(QUESTIONS.items())
    results = search(folder, [text for text, _ in wanted])
    for (text, name), found in zip(wanted, results, strict=True):
        first = list(dict.fromkeys(reversed(found)))[:FOUND_FIRST]
        if name not in first:
            yield f'{name}: a search for {text!r} finds {first}'


def search(folder: Path, texts: list[str]) -> list[list[str]]:
    """Return the names of the pages that the site's search finds for each text, the best last."""
    executable = shutil.which('chromium') or shutil.which('chromium-browser')
    if executable is None:
        sys.exit('chromium is not installed.')
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page()
        page.goto(f'{folder.resolve().as_uri()}/search.html')
        page.wait_for_function('Search._index !== null')
        found = page.evaluate(SEARCH, texts)
        browser.close()
    return found  # type: ignore[no-any-return]


def main(folder: Path) -> int:
    titles = read_titles(folder)
    problems = [*iter_dead_ends(folder, titles), *iter_unfound(folder, titles)]
    sys.stdout.writelines(f'{problem}\n' for problem in problems)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(Path(sys.argv[1])))
