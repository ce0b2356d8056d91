"""What operators ask of the application: pages before either framework, ids of requests."""

import re
from collections.abc import Iterator
from typing import Any

from django_apistar.conf.problems import Problem, Report

_HEADER = re.compile(r'[A-Za-z0-9]+(-[A-Za-z0-9]+)*')
# Headers that mean something else: their values are secrets, or the server's own.
_TAKEN = frozenset({
    'authorization', 'connection', 'content-length', 'content-type', 'cookie', 'date', 'host',
    'proxy-authorization', 'server', 'set-cookie', 'traceparent', 'transfer-encoding', 'upgrade',
})  # fmt: skip


def parse_header(key: str, given: Any, report: Report) -> str | None:
    """Return the name of a header of its own that *key* gives, None for none."""
    if given is None:
        return None
    if isinstance(given, str) and _HEADER.fullmatch(given) and given.lower() not in _TAKEN:
        return given
    report(
        'E011', f'{key} is {given!r}; it must be the name of a header of its own, or None.',
        f"Write {key!r}: 'X-Request-ID'.",
    )  # fmt: skip
    return None


def find_shared_paths(pages: dict[str, str | None]) -> Iterator[Problem]:
    """Yield a problem for each of *pages*, paths by setting, that another one has already."""
    first: dict[str, str] = {}
    for key, path in pages.items():
        if path is None:
            continue
        other = first.setdefault(path, key)
        if other != key:
            yield Problem(
                'E011', f'{key} is {path!r}, which is {other} already.', 'Give each its own path.'
            )
