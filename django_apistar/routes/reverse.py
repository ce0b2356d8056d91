"""The error of `reverse_url`, and the sentence in it."""

import difflib
from collections.abc import Iterable

from apistar import exceptions as apistar_exceptions
from django.urls import NoReverseMatch as DjangoNoReverseMatch

from django_apistar.compat.path_template import get_names
from django_apistar.routes.entries import RouteEntry
from django_apistar.routes.kinds import find_misfits


class NoReverseMatch(apistar_exceptions.NoReverseMatch, DjangoNoReverseMatch):
    """No route has that name with those parameters. Both frameworks' `except` catches it."""


def explain_mismatch(entries: Iterable[RouteEntry], name: str, params: dict[str, object]) -> str:
    """Return the sentence that says why no route of *entries* has *name* and takes *params*."""
    paths = {entry.name: entry for entry in entries if entry.name}
    if name in paths:
        path, names = paths[name].path, get_names(paths[name].path)
        misfit = next(find_misfits(paths[name], params), '')
        if misfit and params.keys() >= set(names):
            return f'The route {name!r}, {path}: {misfit}'
        wanted = ', '.join(names) or 'no parameter'
        return f'The route {name!r}, {path}, takes {wanted}; got {params!r}.'
    close = difflib.get_close_matches(name, paths, n=1)
    return f'No route is named {name!r}.' + (f' Did you mean {close[0]!r}?' if close else '')
