"""Imports the module that APISTAR_ROUTE_CONF names, and checks what its `routes` holds."""

import importlib
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from apistar import Include, Route

from django_apistar.compat.path_template import CONVERTERS, explain_refusal, get_names, parse_path
from django_apistar.conf.problems import Report, SettingsError, format_cause

Routes: TypeAlias = tuple[Route | Include, ...]
_IMPORT = 'Import the list of routes, and give it.'
_EXAMPLE = "Write routes = [Route('/', 'GET', welcome)]."


def load_routes(route_conf: object, report: Report) -> Routes:
    """Return the Routes and Includes in the module *route_conf*; *report* every mistake."""
    hint = "Set it to the module that holds your API Star routes, e.g. 'shop.routes'."
    if not route_conf:
        report('E001', 'APISTAR_ROUTE_CONF is not set.', hint)
        return ()
    if not isinstance(route_conf, str):
        report('E001', f'APISTAR_ROUTE_CONF is {route_conf!r}; it must be a string.', hint)
        return ()
    try:
        module = importlib.import_module(route_conf)
    except SettingsError as exc:
        for problem in exc.problems:
            report(problem.id, problem.message, problem.hint)
        return ()
    except Exception as exc:
        report(
            'E002', f'APISTAR_ROUTE_CONF {route_conf!r} cannot be imported: {format_cause(exc)}.',
            'Correct the name, or the module.',
        )  # fmt: skip
        return ()
    return _check_routes(route_conf, getattr(module, 'routes', None), report)


def _check_routes(route_conf: str, routes: object, report: Report) -> Routes:
    if routes is None:
        report('E003', f'The module {route_conf!r} has no list named routes.', _EXAMPLE)
        return ()
    if not isinstance(routes, (list, tuple)):
        report(
            'E003',
            f'{route_conf}.routes is {routes!r}; it must be a list of apistar.Route and '
            'apistar.Include.',
            _EXAMPLE,
        )
        return ()
    _check_items(routes, f'{route_conf}.routes', '', report)
    return tuple(item for item in routes if isinstance(item, (Route, Include)))


def _check_items(items: Iterable[object], place: str, url: str, report: Report) -> None:
    if isinstance(items, str):
        report('E003', f'{place} is given {items!r} in place of a list.', _IMPORT)
        return
    for item in items:
        if isinstance(item, Include):
            _check_name(item.name, item.url, place, report)
            inner = f'Include {item.name!r} in {place}'
            _check_items(item.routes, inner, url + item.url, report)
        elif isinstance(item, Route):
            _check_name(item.name, item.url, place, report)
            _check_path(url + item.url, item.name, report)
        else:
            report(
                'E003',
                f'{place} holds {item!r}, which is neither an apistar.Route nor an '
                'apistar.Include.',
                _EXAMPLE,
            )


def _check_name(name: object, url: str, place: str, report: Report) -> None:
    if not isinstance(name, str):
        report(
            'E003',
            f'{place} has {url!r} with the name {name!r}; it must be a string.',
            f'Write {str(name)!r}.',
        )


def _check_path(path: str, name: str, report: Report) -> None:
    """Report a path that no router takes."""
    subject = f'The path {path!r} of the route {name!r}'
    mistakes = [*_find_mistakes(path)]
    if not mistakes and (refusal := explain_refusal(path)):
        known = f'{", ".join(CONVERTERS[:-1])} and {CONVERTERS[-1]}'
        hint = f"Converters are {known}, as in '/<float(signed=True):lat>'."
        mistakes = [(f'is refused by Werkzeug: {refusal}', hint)]
    for mistake, hint in mistakes:
        report('E014', f'{subject} {mistake}.', hint)


def _find_mistakes(path: str) -> Iterator[tuple[str, str]]:
    """Yield (mistake, hint) for each mistake in *path* that we find before Werkzeug does."""
    names = get_names(path)
    if not path.startswith('/'):
        yield 'does not start with a slash', f"Write '/{path}'."
    if any(brace in part for part in parse_path(path) if isinstance(part, str) for brace in '{}'):
        yield 'has a brace without its pair', "Write '{name}'."
    for name in dict.fromkeys(names):
        if not name.isidentifier():
            yield (
                f'has the parameter {name!r}, which is not a Python name',
                "Name it as in '/{item_id}/'.",
            )
        elif names.count(name) > 1:
            yield f'has the parameter {name!r} twice', 'Give each parameter a name of its own.'
