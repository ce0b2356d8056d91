"""The examples of the documentation: what its pages show is run, and written, by this.

A page NAME.md for which there is docs/examples/settings/NAME.py shows requests to the project that
has these settings: `$ curl localhost:8000/…`, then what curl prints. Of the headers that `curl -i`
prints, a page shows those that matter. A function `prepare` of the settings adds rows. The `pycon`
blocks of a page are run by Python, one after the other.

`WRITE_PAGES=1 python -m pytest management_tests -k shown_examples` writes what is printed now.
"""

from __future__ import annotations

import code
import contextlib
import io
import re
import runpy
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / 'docs'
EXAMPLES = DOCS / 'examples'
# Each shows what commands print in the example's project.
COMMAND_PAGES = [
    DOCS / name
    for name in (
        'reference/apistar_docs.md',
        'reference/apistar_routes.md',
        'reference/commands.md',
        'howto/pytest.md',
        'howto/workers.md',
    )
]
# Each leads from an empty folder to a project that serves; those of the tutorial do it together.
WALKED_PAGES = ['start/quickstart.md', 'howto/embed.md', 'howto/custom-user.md', '../README.md']
TUTORIAL = sorted((DOCS / 'tutorial').glob('[0-9]-*.md'))
ADDRESS = 'localhost:8000'
BLOCK = re.compile(r'^(?P<fence>```(?P<language>console|pycon)\n)(?P<text>.*?)^```$', re.M | re.S)
COMMAND = re.compile(r'^\$ ((?:.*\\\n|.*\'\{\n(?:.*\n)*?  \}\'\n)*.*\n)', re.M)
MARK = '--- the next command ---'
Run = Callable[[str], str]  # the text of a block -> that text with what is printed now


def find_settings(page: Path) -> Path:
    return EXAMPLES / 'settings' / f'{page.stem}.py'


def list_pages() -> list[Path]:
    """Return the pages whose examples are run."""
    return [
        page
        for page in sorted(DOCS.rglob('*.md'))
        if find_settings(page).exists() or '```pycon\n' in page.read_text()
    ]


def read_settings(page: Path) -> dict[str, Any]:
    path = find_settings(page)
    return runpy.run_path(str(path)) if path.exists() else {}


def rewrite(text: str, url: str) -> str:
    """Return the page *text* with what its blocks print now, at the server of *url*."""
    runs = {'console': lambda block: run_session(block, url), 'pycon': Interpreter().run}

    def write(block: re.Match[str]) -> str:
        return f'{block["fence"]}{runs[block["language"]](block["text"])}```'

    return BLOCK.sub(write, text)


def run_session(block: str, url: str) -> str:
    """Return a console *block* with what its commands print, in one shell."""
    commands, shown = read_session(block)
    script = f'\necho {MARK!r}\n'.join(command.rstrip('\n') for command in commands)
    script = script.replace('curl ', 'curl -sS ').replace(ADDRESS, url)
    done = subprocess.run(
        ['bash', '-c', f'exec 2>&1\n{script}'],
        capture_output=True, text=True, timeout=30, cwd=EXAMPLES,
    )  # fmt: skip
    printed = done.stdout.replace('\r\n', '\n').replace(url, ADDRESS).split(MARK + '\n')
    parts = [
        f'$ {command}{format_answer(command, answer, old)}'
        for command, answer, old in zip(commands, printed, shown, strict=True)
    ]
    # An empty line ends an answer that has one itself, between headers and body.
    return ''.join(f'{part}\n' if ' -i ' in part else part for part in parts[:-1]) + parts[-1]


def read_session(block: str) -> tuple[list[str], list[str]]:
    """Return the commands of a console *block* and what it shows of each."""
    commands, shown = [], []
    for part in re.split(r'^\$ ', block, flags=re.M)[1:]:
        length = len(read_command(part))
        commands.append(part[:length])
        shown.append(part[length:])
    return commands, shown


def read_command(text: str) -> str:
    """Return the command that *text* begins with: lines, until quotes are closed."""
    command = ''
    for line in text.splitlines(keepends=True):
        command += line
        if not line.endswith('\\\n') and command.count("'") % 2 == 0:
            break
    return command


def format_answer(command: str, printed: str, shown: str) -> str:
    if ' -i ' in command:
        printed = keep_headers(printed, shown)
    return printed and printed.rstrip('\n') + '\n'


def keep_headers(printed: str, shown: str) -> str:
    """Return *printed* with the headers that the page has *shown* and no others."""
    head, _, body = printed.partition('\n\n')
    status, *headers = head.split('\n')
    names = {line.partition(':')[0].lower() for line in shown.partition('\n\n')[0].split('\n')}
    kept = [line for line in headers if line.partition(':')[0].lower() in names]
    return '\n'.join([status, *kept]) + (f'\n\n{body}' if body else '\n')


class Interpreter(code.InteractiveConsole):
    """Python's own, which keeps its names from one block of a page to the next."""

    def run(self, block: str) -> str:
        return ''.join(self._iter_lines(block))

    def _iter_lines(self, block: str) -> Iterator[str]:
        for line in block.splitlines():
            if line[:4].rstrip() not in ('>>>', '...'):
                continue
            yield line + '\n'
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                self.push(line[4:])
            yield shorten(printed.getvalue())


def shorten(printed: str) -> str:
    """Return *printed* with the last line alone of a traceback."""
    if not printed.startswith('Traceback'):
        return printed
    return str(re.findall(r'^\S.*\n', printed, re.M)[-1])
