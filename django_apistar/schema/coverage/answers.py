"""The answers that requests have got, each with the route that it came from."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from apistar import exceptions

from django_apistar.compat.path_template import parse_path
from django_apistar.routes.entries import APIStarEntry
from django_apistar.routes.router import Router


class Answer(NamedTuple):
    """A status that a route has answered with. Plain values: workers of a test run send them."""

    method: str  # of the route: GET where the request's was HEAD
    path: str  # as the route writes it
    handler: str  # its dotted name: another module's routes are others, whatever their paths
    status: int


def find_answers(router: Router, path_info: str, method: str, status: int) -> Iterator[Answer]:
    """Yield the answer of the route that *method* *path_info* has led to.

    *path_info* is PATH_INFO as in PEP 3333. A 404 of the router is an answer of each route for
    which only the value of a parameter was wrong, as the document has it. Redirects, 405 and what
    no route looks like yield nothing.
    """
    path = path_info.encode('latin-1').decode('utf-8', 'replace')
    for entry in _find_entries(router, path, method, status):
        yield Answer(entry.methods[0], entry.path, entry.handler_name, status)


def _find_entries(router: Router, path: str, method: str, status: int) -> list[APIStarEntry]:
    try:
        route, _ = router.lookup(path, method)
    except exceptions.NotFound:
        others = router.entries if status == 404 else ()
        return [entry for entry in others if _has_shape(entry, path, method)]
    except exceptions.HTTPException:
        return []
    return [entry for entry in router.entries if entry.route is route]


def _has_shape(entry: APIStarEntry, path: str, method: str) -> bool:
    """Return whether *path* is that of *entry* with values for its parameters."""
    if entry.methods[0] != ('GET' if method == 'HEAD' else method):
        return False
    parts = [
        re.escape(part) if isinstance(part, str) else '.+' if part.takes_slashes else '[^/]+'
        for part in parse_path(entry.path)
    ]
    return re.fullmatch(''.join(parts), path, re.DOTALL) is not None
