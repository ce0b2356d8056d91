"""The requests in an access log, and the routes that they have reached."""

import functools
import json
import re
from collections.abc import Iterable, Iterator

from django.conf import settings as django_settings

from django_apistar.management.rows import Row
from django_apistar.routes.resolution import resolve
from django_apistar.routes.router import Router
from django_apistar.routes.table import RouteTable

Request = tuple[str, str]  # method and path, the latter as it stands in the URL, without query
_REQUEST_LINE = re.compile(r'"([A-Z]+) ([^\s"?]+)\S* HTTP/[\d.]+"')
_MOST_PATHS = 65536  # that are kept resolved


def iter_requests(lines: Iterable[str]) -> Iterator[Request | None]:
    """Yield the request of each line, None where it has none.

    A line is of our access log as text or as JSON, or of the Common Log Format and what extends it.
    """
    for line in lines:
        if line.startswith('{'):
            yield _read_json(line)
        elif match := _REQUEST_LINE.search(line):
            yield match[1], match[2]
        else:
            yield None


def _read_json(line: str) -> Request | None:
    try:
        attributes = json.loads(line)
    except (ValueError, RecursionError):
        return None
    method, path = attributes.get('http.request.method'), attributes.get('url.path')
    if not isinstance(method, str) or not isinstance(path, str):
        return None
    return method, path.encode('utf-8', 'replace').decode()  # JSON may hold lone surrogates.


def find_unused(
    rows: Iterable[Row], table: RouteTable, router: Router, requests: Iterable[Request]
) -> list[Row]:
    """Return those of *rows* that none of *requests* has reached."""
    prefix = (django_settings.FORCE_SCRIPT_NAME or '').removesuffix('/')

    @functools.lru_cache(maxsize=_MOST_PATHS)
    def find_route(method: str, path: str) -> tuple[str, tuple[str, ...]] | None:
        entry = resolve(table, router, path.removeprefix(prefix), method).entry
        return (entry.path, entry.methods) if entry else None

    used = {find_route(method, path) for method, path in requests}
    return [row for row in rows if (row.path, row.methods) not in used]
