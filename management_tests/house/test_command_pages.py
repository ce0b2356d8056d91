"""README.md and the pages of the commands show what these print."""

import re

import pytest

from management_tests.benchmarks.example import PAGES as BENCH_PAGES
from management_tests.benchmarks.example import PLOT, read_between
from management_tests.support.console_blocks import iter_sessions, run_command
from management_tests.support.example_server import PRODUCTION, Example
from management_tests.support.server_process import REPOSITORY
from management_tests.support.shown_examples import COMMAND_PAGES, DOCS

pytestmark = pytest.mark.once

README = REPOSITORY / 'README.md'
VERSIONS = re.compile(r'(\d+\.)+\w+')


@pytest.mark.slow
@pytest.mark.parametrize('page', COMMAND_PAGES, ids=lambda page: page.stem)
def test_the_page_shows_the_commands_real_output(page, tmp_path):
    example = Example(tmp_path)

    for command, output in iter_sessions(page):
        assert f'$ {command}\n{run_command(command, example)}' == f'$ {command}\n{output}'


@pytest.mark.slow
def test_the_readme_shows_what_make_run_prints(tmp_path):
    """But for the versions, which differ from one machine to the next."""
    example = Example(tmp_path)
    example.manage('migrate', '--verbosity', '0')
    login = example.manage('demo')
    [(_, shown)] = [block for block in iter_sessions(README) if block[0] == 'make run']

    with example.serve() as server:
        banner, last_line, _ = server.stdout.partition('Quit with Control-C.\n')  # then requests

    shown = shown.replace('http://127.0.0.1:8000/', server.url + '/')
    assert VERSIONS.sub('N', shown) == VERSIONS.sub('N', login + banner + last_line)


def test_the_page_of_runapistar_shows_the_banner_of_the_readme():
    [(_, of_readme)] = [block for block in iter_sessions(README) if block[0] == 'make run']
    page = DOCS / 'reference/runapistar.md'
    [(_, shown)] = [block for block in iter_sessions(page) if block[0].endswith(' runapistar')]

    assert shown == of_readme.partition('\n')[2]
    [reachable] = re.findall(r'Routes +(.*)', shown)
    assert f'Reloaded: {reachable}.' in page.read_text()


def without_figures(table: str) -> list[list[str]]:
    """Return the rows of a Markdown *table*: its first two whole, of the others the first cell."""
    rows = [line.split(' | ') for line in table.splitlines() if line.startswith('|')]
    return [rows[0], rows[2], *([row[0]] for row in rows[3:])]


@pytest.mark.slow
def test_readme_and_performance_show_the_table_and_the_plot_of_the_bench(tmp_path):
    """But for the figures, which differ from one machine and run to the next."""
    example = Example(tmp_path, **PRODUCTION)
    example.manage('collectstatic', '--noinput', '--verbosity', '0')
    quick = ('--in-process', '--rounds', '1', '--duration', '0.05')
    table = example.manage('apistar_bench', *quick, '--format', 'markdown')

    readme, performance = map(read_between, BENCH_PAGES)

    assert readme == performance
    assert without_figures(readme) == without_figures(table)
    assert PLOT.read_text().count('API Star alone') > 0
    assert 'docs/apistar_bench.svg' in README.read_text()


def test_every_command_is_on_the_page():
    folder = REPOSITORY / 'django_apistar/management/commands'
    commands = {path.stem for path in folder.glob('[a-z]*.py')}
    page = (DOCS / 'reference/commands.md').read_text()

    assert set(re.findall(r'^## (\w+)$', page, re.MULTILINE)) == commands
    readme = README.read_text()
    assert [each for each in commands if f'manage.py {each}' not in readme] == []
