"""Every route of both frameworks as an entry, and the walkers that find them.

The walkers never change what they walk.
"""

import dataclasses
import enum
from collections.abc import Iterable, Iterator

from apistar import Include, Route
from django.urls import URLPattern, URLResolver
from django.utils import translation

from django_apistar.compat.path_template import (
    TEXT,
    VALUE_TYPES,
    PathParameter,
    get_names,
    get_parameters,
    get_shape,
    parse_path,
)
from django_apistar.compat.signatures import (
    Function,
    get_dotted_name,
    get_plain_signature,
    get_source,
)
from django_apistar.routes.rules import Rule, read_rules
from django_apistar.routes.url_paths import ROOT, URLPath, find_languages

ANY_METHOD = ('*',)


class Framework(enum.Enum):
    """What serves a request."""

    STATIC = 'static'
    DJANGO = 'django'
    APISTAR = 'apistar'


# Looking a member up in its class is slow, and each request would.
APISTAR, DJANGO = Framework.APISTAR, Framework.DJANGO


@dataclasses.dataclass(frozen=True, slots=True)
class RouteEntry:
    """One route of either framework; `path` is written as its framework writes it."""

    framework: Framework
    path: str
    name: str  # with its Includes or namespaces, as 'auth:token_login'; '' for none
    methods: tuple[str, ...]  # ANY_METHOD where the view decides
    handler: Function | None
    documented: bool = False
    sections: tuple[str, ...] = ()
    url_path: URLPath = ROOT  # of a Django URL

    @property
    def handler_name(self) -> str:
        return get_dotted_name(_get_view(self.handler)) if self.handler else ''

    @property
    def source(self) -> str:
        return get_source(_get_view(self.handler)) if self.handler else ''


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class APIStarEntry(RouteEntry):
    """One route of API Star, which has a handler, and the Route that the project wrote."""

    handler: Function
    route: Route
    rules: tuple[Rule, ...] = ()  # in the order in which they are tried


def parameter_types(entry: APIStarEntry) -> dict[str, type]:
    """Return the type of each parameter of the path, by name: int, float, UUID or str."""
    signature = get_plain_signature(entry.route.handler).parameters
    types: dict[str, type] = {}
    for parameter in get_parameters(entry.path):
        name = parameter.name
        if parameter.converter:
            types[name] = VALUE_TYPES.get(parameter.converter, str)
        else:
            annotation = signature[name].annotation if name in signature else str
            types[name] = annotation if annotation in (int, float) else str
    return types


def find_shape(entry: APIStarEntry, is_wide: bool = False) -> tuple[object, ...]:
    """Return the path of an API Star route, with the kind of each parameter instead of its name.

    *is_wide*: each of Werkzeug's rules as the braces that match all of its values.
    """
    types = parameter_types(entry) if get_names(entry.path) else {}
    return tuple(
        part if isinstance(part, str) else _get_kind(part, types[part.name], is_wide)
        for part in parse_path(entry.path)
    )


def _get_kind(parameter: PathParameter, type_: type, is_wide: bool) -> tuple[object, ...]:
    kind = type_.__name__ if type_ in (int, float) else TEXT
    if is_wide and not parameter.takes_slashes:
        parameter = PathParameter(parameter.name)
    return get_shape(parameter, f'{{{kind}}}' if kind != TEXT else kind)


def walk_apistar(
    routes: Iterable[Route | Include],
    url: str = '',
    sections: tuple[str, ...] = (),
    documented: bool = True,
    rules: tuple[Rule, ...] = (),
) -> Iterator[APIStarEntry]:
    """Yield the entry of each Route in *routes* and in their Includes, in order."""
    for item in routes:
        if isinstance(item, Route):
            yield APIStarEntry(
                framework=Framework.APISTAR,
                path=url + item.url,
                name=':'.join((*sections, item.name)),
                methods=(item.method.upper(),),
                handler=item.handler,
                documented=documented and item.documented and item.link is not None,
                sections=sections,
                route=item,
                rules=(*rules, *_read_route_rules(item)),
            )
        elif isinstance(item, Include):
            inner = (*sections, item.name)
            yield from walk_apistar(
                item.routes, url + item.url, inner, documented and item.documented,
                (*rules, *read_rules(item, f'the Include {":".join(inner)!r}')),
            )  # fmt: skip


def _read_route_rules(route: Route) -> tuple[Rule, ...]:
    scope = get_dotted_name(route.handler)
    return (*read_rules(route, scope), *read_rules(route.handler, scope))


def walk_django(
    patterns: Iterable[URLPattern | URLResolver],
    url_path: URLPath = ROOT,
    namespaces: tuple[str, ...] = (),
    prefixes: tuple[str, ...] = (),
) -> Iterator[RouteEntry]:
    """Yield the entry of each URL pattern in *patterns*, in order, once for each of its languages.

    *prefixes*: those of Django, which tell the languages where LANGUAGES is Django's own.
    """
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            for language in find_languages(pattern.pattern, prefixes):
                with translation.override(language):
                    here = url_path.enter(pattern.pattern)
                    entries = [*walk_django(pattern.url_patterns, here, inner, prefixes)]
                yield from entries
        elif isinstance(pattern, URLPattern):
            here = url_path.enter(pattern.pattern)
            yield RouteEntry(
                framework=Framework.DJANGO,
                path=here.path,
                name=':'.join((*namespaces, pattern.name)) if pattern.name else '',
                methods=_view_methods(pattern.callback),
                handler=pattern.callback,
                url_path=here,
            )


def _get_view(handler: object) -> object:
    """Return the class of a class-based view, which `as_view()` wraps in a function."""
    return getattr(handler, 'view_class', handler)


def _view_methods(view: object) -> tuple[str, ...]:
    """Return the methods of a class-based view, or those that a decorator of the view allows."""
    view_class = getattr(view, 'view_class', None)
    if view_class is None:
        return _decorated_methods(view)
    names = [name for name in view_class.http_method_names if hasattr(view_class, name)]
    if 'get' in names and 'head' not in names:  # Django's View answers HEAD by its get.
        names.insert(names.index('get') + 1, 'head')
    return tuple(map(str.upper, names)) or ANY_METHOD


def _decorated_methods(view: object) -> tuple[str, ...]:
    """Return the methods of Django's `require_http_methods`, also where others wrap it."""
    while view is not None:
        cells = dict(zip(_free_names(view), getattr(view, '__closure__', None) or (), strict=False))
        if 'request_method_list' in cells:
            return tuple(cells['request_method_list'].cell_contents)
        view = getattr(view, '__wrapped__', None)
    return ANY_METHOD


def _free_names(view: object) -> tuple[str, ...]:
    return getattr(getattr(view, '__code__', None), 'co_freevars', ())
