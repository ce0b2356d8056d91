"""The settings for operators: pages that answer before either framework, ids of requests."""

import os
import re
from collections.abc import Iterator
from importlib.util import find_spec

from django_apistar.conf.problems import Problem, Report

PAGES = ('HEALTH_URL', 'READY_URL', 'METRICS_URL')  # answered before either framework
_HEADER = re.compile(r'[A-Za-z0-9]+(-[A-Za-z0-9]+)*')
NOTE_ROUTES = 'DJANGO_APISTAR_NOTE_ROUTES'  # set by a server whose access log names routes
# Headers that cannot hold an id: their values are secrets, or the server sets them.
_TAKEN = frozenset({
    'authorization', 'connection', 'content-length', 'content-type', 'cookie', 'date', 'host',
    'proxy-authorization', 'server', 'set-cookie', 'traceparent', 'transfer-encoding', 'upgrade',
})  # fmt: skip


def parse_header(values: dict[str, object], report: Report) -> str | None:
    """Return REQUEST_ID_HEADER of *values*, the name of a header, None for none."""
    given = values.get('REQUEST_ID_HEADER')
    if given is None:
        return None
    if isinstance(given, str) and _HEADER.fullmatch(given) and given.lower() not in _TAKEN:
        return given
    report(
        'E011',
        f'REQUEST_ID_HEADER is {given!r}; it must be the name of a header of its own, or None.',
        "Write 'REQUEST_ID_HEADER': 'X-Request-ID'.",
    )  # fmt: skip
    return None


def find_problems(pages: dict[str, str | None]) -> Iterator[Problem]:
    """Yield a problem for each page that cannot be served. *pages*: paths by setting."""
    yield from _find_shared_paths(pages)
    if pages['METRICS_URL'] and find_spec('prometheus_client') is None:
        yield Problem(
            'E019',
            f'METRICS_URL is {pages["METRICS_URL"]!r}, and prometheus-client is not installed.',
            "Run pip install 'django-apistar[metrics]', or set METRICS_URL to None.",
        )


def _find_shared_paths(pages: dict[str, str | None]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for key, path in pages.items():
        if path is None:
            continue
        other = first.setdefault(path, key)
        if other != key:
            yield Problem(
                'E011', f'{key} is {path!r}, which is {other} already.', 'Give each its own path.'
            )


def wants_routes(*settings: str | None) -> bool:
    """Return whether each request's route is noted: for one of *settings*, or the access log."""
    return any(settings) or os.environ.get(NOTE_ROUTES) == '1'
