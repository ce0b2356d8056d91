"""Which paths of the project are measured: those that are named, else the cheapest."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from django_apistar.application import get_app, get_route_table
from django_apistar.bench.applications import build_application
from django_apistar.bench.in_process import call
from django_apistar.bench.request import Request, add_csrf_token
from django_apistar.bench.targets import APISTAR, DJANGO, STAND_IN, Target, TargetError
from django_apistar.routes.entries import ANY_METHOD, APIStarEntry, Framework, RouteEntry
from django_apistar.routes.resolution import is_utf8, resolve
from django_apistar.routes.table import RouteTable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Wishes = dict[Framework, Sequence[str]]  # the paths that are named
_OF_FRAMEWORK = {Framework.APISTAR: APISTAR, Framework.DJANGO: DJANGO}
_PROBES = 5
_JSON = 'application/json'
_OWN_PACKAGES = ('apistar', 'django_apistar')
_UNQUOTED = "/%?&=+:@,;~!$'()*"


def find_targets(wishes: Wishes, request: Request) -> tuple[list[Target], list[str]]:
    """Return the project's targets, and remarks on those that cannot be found.

    A framework's paths are those of *wishes*, else the cheapest that answers a GET. Raises
    TargetError where a wish cannot be met. To be called within `open_to_loopback`.
    """
    application = build_application(APISTAR)
    found: list[Target] = []
    remarks: list[str] = []
    for framework, target in _OF_FRAMEWORK.items():
        own = add_csrf_token(request) if framework is Framework.DJANGO else request
        target = dataclasses.replace(target, request=own)
        if wishes[framework]:
            found += _build_wished(framework, target, wishes[framework])
        elif request.may_write:
            remarks.append(
                f'{target.label}: no path is looked for that takes {request.method}; name one by '
                f'--{framework.value} PATH.'
            )
        else:
            cheapest = find_cheapest(application, iter_targets(target, framework))
            remarks += [] if cheapest else [_explain_none(framework)]
            found += [cheapest] if cheapest else []
    if not wishes[Framework.DJANGO]:
        return add_stand_in(application, found, remarks)
    return found, remarks


def _explain_none(framework: Framework) -> str:
    return (
        f'{_OF_FRAMEWORK[framework].label} has no route without parameters that answers GET with '
        f'2xx and a body; name one by --{framework.value} PATH.'
    )


def _build_wished(framework: Framework, target: Target, paths: Sequence[str]) -> Iterator[Target]:
    for number, path in enumerate(dict.fromkeys(paths), 1):
        check_path(framework, path, target.request.method)
        key = target.key if number == 1 else f'{target.key}-{number}'
        yield dataclasses.replace(target, key=key, path=quote(path, safe=_UNQUOTED))


def check_path(framework: Framework, path: str, method: str) -> None:
    """Raise TargetError unless *method* *path* leads to a route of *framework*."""
    option = f'--{framework.value} {path!r}'
    if not path.startswith('/'):
        raise TargetError(f'{option}: a path starts with a slash. Write /{path}.')
    if not is_utf8(path):
        raise TargetError(f'{option} is no UTF-8. Write such a byte as %FF.')
    found = resolve(get_route_table(), get_app().router, path.partition('?')[0], method)
    if found.framework is not framework:
        raise TargetError(
            f'{option} does not lead to {_OF_FRAMEWORK[framework].label}. {found.rule}'
        )
    if found.status not in (200, 204):
        near = ', '.join(dict.fromkeys(miss.entry.path for miss in found.near))
        hint = f' Did you mean {near}?' if near else ' apistar_routes lists the paths.'
        if found.allow:
            hint = f' It takes {found.allow}.'
        raise TargetError(f'{option}: {method} is answered with {found.status}.{hint}')


def add_stand_in(
    application: WSGIApplication, found: list[Target], remarks: list[str]
) -> tuple[list[Target], list[str]]:
    """Put a view that answers the same JSON in Django's place, where none is comparable."""
    own = {target.key: target for target in found}
    api = own.get(APISTAR.key)
    if api is None or api.request.may_write:
        return found, remarks
    django, kind = own.get(DJANGO.key), call(application, api).content_type
    if kind != _JSON or (django and call(application, django).content_type == kind):
        return found, remarks
    others = [target for target in found if target.key != DJANGO.key]
    comparable = django and find_comparable(application, django)
    if comparable:
        return [*others, comparable], remarks
    stand_in = dataclasses.replace(STAND_IN, path=api.path, request=api.request)
    with contextlib.suppress(Exception):
        if call(build_application(stand_in), stand_in).is_good:
            note = (
                f'{STAND_IN.label}: Django has no view that answers JSON without parameters, so a '
                f'temporary one answers what API Star answers at {api.path}, under the middleware '
                'of the project. It only renders it; --django PATH measures a view of your own.'
            )
            missing = _explain_none(Framework.DJANGO)
            return [*others, stand_in], [*(text for text in remarks if text != missing), note]
    return found, remarks


def find_comparable(application: WSGIApplication, django: Target) -> Target | None:
    """Return the cheapest view of Django that answers JSON."""
    every = iter_targets(django, Framework.DJANGO)
    return find_cheapest(application, every, kind=_JSON)


def find_content_types(own: Iterable[Target]) -> dict[str, str]:
    """Return the content type of the project's targets, by label."""
    return {target.label: call(build_application(target), target).content_type for target in own}


def iter_targets(target: Target, framework: Framework) -> Iterator[Target]:
    """Yield *target* with each reachable path of a GET route without parameters."""
    for path in iter_paths(get_route_table(), framework):
        yield dataclasses.replace(target, path=path)


def iter_paths(table: RouteTable, framework: Framework) -> Iterator[str]:
    """Yield the reachable paths of GET routes without parameters, as in a URL."""
    entries = table.apistar_entries if framework is Framework.APISTAR else table.django_entries
    paths = [_get_plain_path(entry) for entry in entries if _is_candidate(table, entry)]
    yield from dict.fromkeys(quote(path) for path in paths if path)


def _is_candidate(table: RouteTable, entry: RouteEntry) -> bool:
    """Whether *entry* takes GET and is the project's own: schema and documentation are not."""
    is_api = isinstance(entry, APIStarEntry)
    module = str(getattr(entry.handler, '__module__', None))  # None: exec() has made it
    is_own = is_api and module.split('.')[0] in _OWN_PACKAGES
    takes_get = entry.methods == ANY_METHOD or 'GET' in entry.methods
    return takes_get and not is_own and table.is_reachable(entry)


def _get_plain_path(entry: RouteEntry) -> str:
    """Return the path of *entry*, '' where it has parameters."""
    path = entry.path
    if entry.framework is Framework.DJANGO:
        path = path.replace('^', '').removesuffix('$').removesuffix('\\Z')
    return '' if set(path) & set('{<([\\*+?|') else path


def find_cheapest(
    application: WSGIApplication, targets: Iterable[Target], kind: str = ''
) -> Target | None:
    """Return the target that answers fastest, with 2xx and a body; None if there is none.

    *kind*: the content type that it must have.
    """
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # of paths that answer with an error
    try:
        good = (one for one in targets if _is_good(application, one, kind))
        times = {one: _time(application, one) for one in good}
    finally:
        logging.disable(disabled)
    return min(times, key=times.__getitem__, default=None)


def _is_good(application: WSGIApplication, target: Target, kind: str) -> bool:
    with contextlib.suppress(Exception):
        answer = call(application, target)
        return answer.is_good and kind in ('', answer.content_type)
    return False


def _time(application: WSGIApplication, target: Target) -> float:
    """Return the seconds of the fastest of some calls."""
    times = []
    for _ in range(_PROBES):
        started = time.perf_counter()
        call(application, target)
        times.append(time.perf_counter() - started)
    return min(times)
