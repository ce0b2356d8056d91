"""`python -m management_tests.benchmarks.summary`: the short table, of the figures in the page.

README.md shows it, and the index of the documentation includes it. `--write-docs` of the benchmarks
writes it as well.
"""

from __future__ import annotations

import re

from management_tests.benchmarks import report
from management_tests.support.server_process import REPOSITORY

PAGES = (report.PAGE, REPOSITORY / 'README.md')
START, END = '<!-- summary: start -->', '<!-- summary: end -->'
SERVERS = ('gunicorn', 'granian')
CASES = {
    'hello': 'a JSON answer',
    'item': 'an `int` in the path, two query parameters',
    'create': 'a JSON body, validated, and back',
    'list': '100 rows of SQLite through Types',
    'queryset': 'the same, a QuerySet returned',
    'devices': 'a page of 100 joined rows, filtered and counted',
}
OTHERS = {
    'stock': 'API Star alone', 'django': 'Django', 'ninja': 'django-ninja', 'drf': 'DRF',
    'bolt': 'django-bolt, both with a log', 'bolt, no log': 'django-bolt, both without',
}  # fmt: skip
# | server | case | against | target | CPU time (95 %) | …
ROW = re.compile(r'^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| [^|]* \| ([\d.]+) \(', re.MULTILINE)


def build_summary(page: str) -> str:
    """Return the table of what others need in CPU time, read from the figures of *page*."""
    figures = page.partition(report.START)[2].partition(report.END)[0]
    found = {(server, case, other): ratio for server, case, other, ratio in ROW.findall(figures)}
    lines = [
        f'| the same work, under a server | {" | ".join(OTHERS.values())} |',
        f'| --- |{" ---: |" * len(OTHERS)}',
    ]
    for server in SERVERS:
        for case, name in CASES.items():
            ratios = [found.get((server, case, other), '') for other in OTHERS]
            if any(ratios):
                lines.append(f'| {name}, {server} | {" | ".join(ratios)} |')
    return '\n'.join(lines)


def write_summary() -> None:
    summary = build_summary(report.PAGE.read_text(encoding='utf-8'))
    for page in PAGES:
        report.write_between(page, START, END, summary)


if __name__ == '__main__':
    write_summary()
