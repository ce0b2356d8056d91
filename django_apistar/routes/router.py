"""API Star's Router, repaired: one rule per route, nothing shared between requests."""

import contextlib
import copy
import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator
from typing import SupportsFloat, SupportsInt

from apistar import Include, Route, exceptions
from apistar.document import Field
from apistar.server.router import BaseRouter
from django.urls import get_script_prefix
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed
from werkzeug.exceptions import NotFound as WerkzeugNotFound
from werkzeug.routing import BaseConverter, BuildError, Map, RequestRedirect, Rule, ValidationError
from werkzeug.routing import FloatConverter as WerkzeugFloatConverter
from werkzeug.routing import IntegerConverter as WerkzeugIntegerConverter

from django_apistar.compat.path_template import PathParameter, get_names, write_path, write_rule
from django_apistar.compat.signatures import get_plain_signature
from django_apistar.routes.entries import APIStarEntry, parameter_types, walk_apistar
from django_apistar.routes.reverse import NoReverseMatch, explain_mismatch

MAX_INT = 2**63 - 1  # the largest that a database takes
_NOT_CANONICAL = re.compile(r'\A[^/]|[\x00-\x1f\x7f\\]|/\.{1,2}(?=/|\Z)')
_CACHED_PATH_LENGTH = 256
CONVERTERS = {int: '_int', float: '_float', str: 'string'}  # of parameters in braces, by annotation
_METHODS_ORDER = ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')


class IntConverter(BaseConverter):
    """`{number}` of an int: ASCII digits with an optional sign, up to MAX_INT.

    Werkzeug's takes no sign, and the digits of every script.
    """

    regex = '-?[0-9]{1,19}'
    weight = 50  # as Werkzeug's: before text

    def to_python(self, value: str) -> int:
        number = int(value)
        if abs(number) > MAX_INT:
            raise ValidationError()
        return number

    def to_url(self, value: SupportsInt) -> str:
        return str(int(value))


class FloatConverter(BaseConverter):
    """`{number}` of a float: a decimal number with an optional sign and fraction.

    Werkzeug's requires a fraction.
    """

    regex = r'-?[0-9]{1,300}(?:\.[0-9]{1,300})?'
    weight = 50

    def to_python(self, value: str) -> float:
        return float(value)

    def to_url(self, value: SupportsFloat) -> str:
        return str(float(value))


class IntRuleConverter(WerkzeugIntegerConverter):
    """`<int:number>`: Werkzeug's, for ASCII digits alone and up to MAX_INT."""

    regex = '[0-9]{1,300}'

    def to_python(self, value: str) -> int:
        number: int = super().to_python(value)
        if abs(number) > MAX_INT:
            raise ValidationError()
        return number


class FloatRuleConverter(WerkzeugFloatConverter):
    """`<float:number>`: Werkzeug's, for ASCII digits alone."""

    regex = r'[0-9]{1,300}\.[0-9]{1,300}'


class MethodNotAllowed(exceptions.MethodNotAllowed):
    """405 with the methods of the path: RFC 9110, section 15.5.6."""

    def __init__(self, methods: Iterable[str]) -> None:
        super().__init__()
        self.methods = methods

    @property
    def allow(self) -> str:
        return format_methods(frozenset(self.methods))

    def get_headers(self) -> dict[str, str]:
        return {'Allow': self.allow}


@functools.lru_cache(maxsize=256)
def format_methods(methods: frozenset[str]) -> str:
    """Return the Allow header of *methods* and OPTIONS, which every path has."""
    allowed = {'OPTIONS', *methods}
    known = [method for method in _METHODS_ORDER if method in allowed]
    return ', '.join([*known, *sorted(allowed.difference(known))])


class PathRedirect(exceptions.Found):
    """The same path with its slash. `location` has neither SCRIPT_NAME nor query string."""


class Router(BaseRouter):
    """Finds routes in Werkzeug's Map and builds their paths, as API Star's Router does.

    A rule's endpoint is the position of its entry, not its name: two routes of one name keep
    their own handlers.
    """

    def __init__(self, routes: Iterable[Route | Include]) -> None:
        self.entries: tuple[APIStarEntry, ...] = tuple(_with_own_routes(walk_apistar(routes)))
        # For projects alone, which find a route by its name here with API Star's own router.
        self.name_lookups = {entry.name: entry.route for entry in self.entries}
        rules = [_build_rule(index, entry) for index, entry in enumerate(self.entries)]
        converters = {
            '_int': IntConverter, '_float': FloatConverter,
            'int': IntRuleConverter, 'float': FloatRuleConverter,
        }  # fmt: skip
        self.adapter = Map(rules, converters=converters, merge_slashes=False).bind('')
        self._positions: dict[str, list[int]] = {}
        for index, entry in enumerate(self.entries):
            self._positions.setdefault(entry.name, []).append(index)
        # Such a route is a mistake (W027), but no other path is meant.
        self._doubled = {0, *(entry.path.count('//') for entry in self.entries)}
        # Thread-safe and bounded, unlike API Star's. Clients choose paths: long ones are not kept.
        self._lookup = functools.lru_cache(maxsize=1024)(self._match)

    def lookup(self, path: str, method: str) -> tuple[Route, dict[str, object]]:
        """Return (route, path parameters) of *path*, a decoded path.

        Raises API Star's NotFound, MethodNotAllowed with `allow`, or PathRedirect.
        """
        match = self._lookup if len(path) <= _CACHED_PATH_LENGTH else self._match
        position, params = match(path, method)
        return self.entries[position].route, dict(params)

    def _match(self, path: str, method: str) -> tuple[int, dict[str, object]]:
        doubled = path.count('//')
        if doubled not in self._doubled or _NOT_CANONICAL.search(path):
            raise exceptions.NotFound()
        try:
            position, params = self.adapter.match(path, method)
        except WerkzeugNotFound:
            raise exceptions.NotFound() from None
        except WerkzeugMethodNotAllowed as exc:
            raise MethodNotAllowed(exc.valid_methods or ()) from None
        except RequestRedirect:
            if doubled:
                self._match(path + '/', method)  # NotFound where a parameter would take them
            raise PathRedirect(path + '/') from None
        if self.entries[position].path.count('//') != doubled:  # a parameter would take them
            raise exceptions.NotFound()
        return position, dict(params)

    def build_url(self, name: str, params: dict[str, object]) -> str | None:
        """Return the path of route *name* with the script prefix, None if *params* do not fit."""
        for position in self._positions.get(name, ()):
            # ValueError and TypeError: a converter refuses the type of a value.
            with contextlib.suppress(BuildError, ValueError, TypeError):
                path: str = self.adapter.build(position, params)
                return get_script_prefix().removesuffix('/') + path
        return None

    def reverse_url(self, name: str, **params: object) -> str:
        """Return the path of the API Star route *name*. Raises NoReverseMatch."""
        path = self.build_url(name, params)
        if path is None:
            raise NoReverseMatch(explain_mismatch(self.entries, name, params))
        return path


def _with_own_routes(entries: Iterable[APIStarEntry]) -> Iterator[APIStarEntry]:
    """Give each entry its own Route where several Includes hold the same one.

    Hooks read the full name of the Route: a shared one would have that of the last Include.
    """
    seen: set[int] = set()
    for entry in entries:
        is_shared = id(entry.route) in seen
        seen.add(id(entry.route))
        yield _with_path_fields(
            dataclasses.replace(entry, route=copy.copy(entry.route)) if is_shared else entry
        )


def _with_path_fields(entry: APIStarEntry) -> APIStarEntry:
    """Return *entry* with the right fields in its link for parameters of the path.

    API Star finds braces in the URL of the Route alone: it takes the parameters of Werkzeug's
    rules, and of an Include's URL, for query parameters.
    """
    link = entry.route.link
    own = get_plain_signature(entry.handler).parameters
    names = [name for name in get_names(entry.path) if name in own]
    fields = link.fields if link else []
    is_mistaken = [field.location == 'query' and field.name in names for field in fields]
    if link is None or not any(is_mistaken):
        return entry
    route = copy.copy(entry.route)
    route.link = own_link = copy.copy(link)
    own_link.fields = [
        Field(field.name, 'path', schema=field.schema) if is_wrong else field
        for field, is_wrong in zip(link.fields, is_mistaken, strict=True)
    ]
    return dataclasses.replace(entry, route=route)


def _build_rule(position: int, entry: APIStarEntry) -> Rule:
    """Return the Werkzeug rule of an API Star path: `{id}` becomes `<_int:id>` and so on."""
    types = parameter_types(entry)

    def write(parameter: PathParameter) -> str:
        converter = '' if parameter.converter else CONVERTERS[types[parameter.name]]
        return write_rule(parameter, converter)

    return Rule(write_path(entry.path, write), methods=entry.methods, endpoint=position)
