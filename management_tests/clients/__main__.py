"""`python -m management_tests.clients`: clients that are generated from the example's document.

Linters judge the document; five generators make clients of it, which are type-checked strictly
and then send a request of each operation to a live server.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from management_tests.clients.toolbox import HERE, Toolbox
from management_tests.support.example_server import Example

PAGE = HERE.parent.parent / 'docs' / 'howto' / 'typed-client.md'
VERSIONS = ('openapi', 'openapi-3.0')  # the formats of apistar_docs
USER = """
from django.contrib.auth import get_user_model
get_user_model().objects.create_user('alice', password='correct horse battery staple')
"""
CALLERS = ('hey_api', 'openapi_fetch', 'swagger_typescript_api', 'openapi_python_client')
LOGGED = re.compile(r'"([A-Z]+) ([^ ?"]+)\S* HTTP/1.1" (\d+)')


def main() -> None:
    parser = argparse.ArgumentParser(prog='python -m management_tests.clients', description=__doc__)
    parser.add_argument('folder', type=Path, help='where tools and clients go')
    folder = parser.parse_args().folder.absolute()
    toolbox = Toolbox(folder)
    toolbox.install()
    shutil.rmtree(folder / 'work', ignore_errors=True)
    example = Example(folder / 'work')
    for version in VERSIONS:
        work = folder / 'work' / version
        work.mkdir()
        document = export(example, version, work)
        lint(toolbox, document)
        generate(toolbox, document)
        check_types(toolbox, work)
    example.manage('migrate', '--verbosity', '0')
    example.manage('shell', '-c', USER)
    for version in VERSIONS:
        call(toolbox, example, folder / 'work' / version)


def export(example: Example, version: str, work: Path) -> Path:
    document = work / 'schema.json'
    example.manage('apistar_docs', '--format', version, '--output', str(document))
    return document


def lint(toolbox: Toolbox, document: Path) -> None:
    toolbox.run('redocly', 'lint', document, '--config', HERE / 'redocly.yaml')
    rules = HERE / 'spectral.yaml'
    toolbox.run('spectral', 'lint', document, '--ruleset', rules, '--fail-severity', 'hint')


def generate(toolbox: Toolbox, document: Path) -> None:
    """Run the generators beside *document*: the commands that the page shows."""
    for block in re.findall(r'^```sh\n(.*?)^```$', PAGE.read_text(), re.MULTILINE | re.DOTALL):
        program, *words = block.removeprefix('npx ').split()
        if program != 'python':  # manage.py
            toolbox.run(program, *words, folder=document.parent)


def check_types(toolbox: Toolbox, work: Path) -> None:
    for source in (*HERE.glob('call_*'), HERE / 'tsconfig.json'):
        shutil.copy(source, work)
    toolbox.run('tsc', '--project', 'tsconfig.json', folder=work)
    toolbox.run('mypy', '--strict', '--config-file=', '--no-incremental', '.', folder=work)


def call(toolbox: Toolbox, example: Example, work: Path) -> None:
    """Run each caller against a server; each has to have called every operation."""
    document = json.loads((work / 'schema.json').read_text())
    log = work / 'access.log'
    with example.serve('--access-log', str(log)) as server:
        for caller in CALLERS:
            start = log.stat().st_size if log.exists() else 0
            toolbox.run(*find_script(work, caller), server.url, folder=work)
            called = set(find_called(document, log.read_text()[start:]))
            missing = set(list_operations(document)) - called
            if missing:
                sys.exit(f'{caller} did not call {", ".join(sorted(missing))}.')
            sys.stdout.write(f'{work.name}: {caller} called {len(called)} operations\n')


def find_script(work: Path, caller: str) -> tuple[str, Path]:
    script = work / f'call_{caller}.py'
    if script.exists():
        return 'python', script
    return 'node', work / 'compiled' / f'call_{caller}.js'


def list_operations(document: dict[str, Any]) -> Iterator[str]:
    for path, item in document['paths'].items():
        yield from (f'{method.upper()} {path}' for method in item)


def find_called(document: dict[str, Any], log: str) -> Iterator[str]:
    """Yield the operations of *document* that *log* has an answer of success for."""
    patterns = {
        operation: re.compile(re.sub(r'{[^}]*}', '[^/]+', operation))
        for operation in list_operations(document)
    }
    for method, path, status in LOGGED.findall(log):
        if status.startswith('2'):
            for operation, pattern in patterns.items():
                if pattern.fullmatch(f'{method} {path}'):
                    yield operation


if __name__ == '__main__':
    main()
