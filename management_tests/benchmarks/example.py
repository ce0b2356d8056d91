"""`python -m management_tests.benchmarks.example [options]`: apistar_bench on the example.

Puts its table and its plot into README.md and docs/explanation/performance.md. The example runs as
it does in production.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from management_tests.benchmarks import report
from management_tests.support.example_server import PRODUCTION, Example
from management_tests.support.server_process import REPOSITORY

PLOT = REPOSITORY / 'docs' / 'apistar_bench.svg'
PAGES = (REPOSITORY / 'README.md', REPOSITORY / 'docs/explanation/performance.md')
START, END = '<!-- apistar_bench: start -->', '<!-- apistar_bench: end -->'


def main(options: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        example = Example(Path(folder), **PRODUCTION)
        example.manage('migrate', '--verbosity', '0')
        example.manage('demo', DJANGO_DEBUG='1')
        example.manage('collectstatic', '--noinput', '--verbosity', '0')
        done = subprocess.run(
            example.command(
                'apistar_bench', '--format', 'markdown', '--plot', str(PLOT), *options
            ),
            cwd=example.directory, env=example.environment(), stdout=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    if done.returncode == 0:
        for page in PAGES:
            report.write_between(page, START, END, done.stdout.strip())
    return done.returncode


def read_between(page: Path) -> str:
    """Return what stands between the marks of *page*."""
    return page.read_text(encoding='utf-8').partition(START)[2].partition(END)[0].strip()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
