"""The table of all routes, the rule that picks the framework of a request, and conflicts (W003 …).

API Star's routes are read at once, Django's at the first use: a URLconf imports the user's views.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping

from django.urls import NoReverseMatch as DjangoNoReverseMatch
from django.urls import Resolver404, get_resolver
from django.urls import reverse as django_reverse

from django_apistar.compat.path_template import get_head, get_names
from django_apistar.compat.signatures import Function
from django_apistar.conf.problems import Problem
from django_apistar.routes.entries import (
    APISTAR,
    DJANGO,
    APIStarEntry,
    Framework,
    RouteEntry,
    find_shape,
    walk_django,
)
from django_apistar.routes.reverse import NoReverseMatch, explain_mismatch

PREFIXES = 'ALLOWED_DJANGO_ROUTES'
_MOST_SHOWN = 3  # URLs in one warning
_NOT_ALL = "the prefix '/' would leave API Star no path"
# The ids of the problems that RouteTable.conflicts() finds.
CONFLICTS = tuple(f'django_apistar.{name}' for name in ('E005', 'E012', 'E013', 'W003', 'W004'))


@dataclasses.dataclass(frozen=True, slots=True)
class _Prefix:
    """A prefix of a framework's paths, spelled as in PATH_INFO."""

    path: str  # with its closing slash
    framework: Framework

    @property
    def first_segment(self) -> str:
        return self.path.split('/', 2)[1]


class DispatchRule:
    """The rule that picks a framework. With slots: each request to an unknown path uses it."""

    __slots__ = ('default', 'exact_paths', 'prefixes')

    def __init__(
        self,
        prefixes: dict[str, tuple[_Prefix, ...]],
        exact_paths: frozenset[str],
        default: Framework,
    ) -> None:
        """*prefixes* by first segment; *exact_paths*: API Star's, without parameters."""
        self.prefixes = prefixes
        self.exact_paths = exact_paths
        self.default = default

    def framework_for(self, path_info: str) -> Framework:
        """See `RouteTable.framework_for`."""
        try:
            first_segment = path_info.split('/', 2)[1]
        except IndexError:  # '' and 'x', which no server sends
            return self.default
        if first_segment not in self.prefixes:
            return self.default
        for prefix in self.prefixes[first_segment]:
            if path_info.startswith(prefix.path) or self.is_slashless(path_info, prefix):
                return prefix.framework
        return self.default

    def is_slashless(self, path_info: str, prefix: _Prefix) -> bool:
        """Return whether Django gets '/admin', to redirect: unless API Star has that path."""
        return (
            prefix.framework is DJANGO
            and path_info == prefix.path[:-1]
            and path_info not in self.exact_paths
        )


class RouteTable:
    """Every route of the project, and the rule that picks a framework. Immutable."""

    def __init__(
        self,
        entries: Iterable[APIStarEntry],
        build_url: Callable[..., str | None],
        django_prefixes: Iterable[str] = (),
        static_prefix: str | None = None,
        urlconf: str | None = None,
        media_prefix: str | None = None,
        own_pages: Mapping[str, str | None] | None = None,
    ) -> None:
        """*build_url* is `Router.build_url` of the API Star routes *entries*.

        *media_prefix* needs no URL. *own_pages*: `Settings.own_pages`.
        """
        self.apistar_entries = tuple(entries)
        self.django_prefixes = tuple(django_prefixes)
        self.static_prefix = static_prefix
        self._media_prefix = media_prefix
        self._pages = {path: setting for setting, path in (own_pages or {}).items() if path}
        self._build_url = build_url
        self.urlconf = urlconf
        paths = [entry.path for entry in self.apistar_entries if not get_names(entry.path)]
        self.rule = DispatchRule(
            self._index_prefixes(),
            frozenset(map(to_path_info, paths)),
            DJANGO if '/' in self.django_prefixes else APISTAR,
        )

    @functools.cached_property
    def django_entries(self) -> tuple[RouteEntry, ...]:
        patterns = get_resolver(self.urlconf).url_patterns
        return tuple(walk_django(patterns, prefixes=self.django_prefixes))

    def __iter__(self) -> Iterator[RouteEntry]:
        yield from self.apistar_entries
        yield from self.django_entries

    # Dispatch

    def _index_prefixes(self) -> dict[str, tuple[_Prefix, ...]]:
        """Group the prefixes by first segment: a request looks at those of its own only."""
        prefixes = [
            _Prefix(to_path_info(_close(prefix)), Framework.DJANGO)
            for prefix in self.django_prefixes
            if prefix.strip('/')
        ]
        prefixes.sort(key=lambda prefix: len(prefix.path), reverse=True)
        if self.static_prefix:
            prefixes.insert(0, _Prefix(to_path_info(self.static_prefix), Framework.STATIC))
        index: dict[str, tuple[_Prefix, ...]] = {}
        for prefix in prefixes:
            index[prefix.first_segment] = (*index.get(prefix.first_segment, ()), prefix)
        return index

    def framework_for(self, path_info: str) -> Framework:
        """Return the framework that serves *path_info*.

        *path_info* is PATH_INFO as in PEP 3333: decoded as latin-1, no SCRIPT_NAME, '' means
        '/'. Prefixes match on path-segment boundaries, static first. Never raises.
        """
        return self.rule.framework_for(path_info)

    def explain_dispatch(self, path_info: str) -> str:
        """Return the sentence for the rule by which `framework_for` decides."""
        for prefix in self.rule.prefixes.get(path_info.partition('/')[2].partition('/')[0], ()):
            if path_info.startswith(prefix.path):
                what = 'STATIC_URL' if prefix.framework is Framework.STATIC else PREFIXES
                return f'{what} covers {prefix.path}.'
            if self.rule.is_slashless(path_info, prefix):
                return f'{PREFIXES} covers {prefix.path}, of which only the slash is missing.'
        if self.rule.default is DJANGO:
            return f"{PREFIXES} holds '/', which covers every path."
        return f'No prefix in {PREFIXES} covers the path.'

    def explain_unreachable(self, entry: RouteEntry) -> str:
        """Return why no request gets to *entry*, '' where one does."""
        if self.is_reachable(entry):
            return self._explain_hidden(entry)
        if page := self._find_page(entry):
            return f'{page} has its path'
        rule = self.explain_dispatch(to_path_info(_example_path(entry))).rstrip('.')
        return rule[0].lower() + rule[1:] if rule.startswith('No ') else rule

    def _explain_hidden(self, entry: RouteEntry) -> str:
        """Return which route of the same framework takes all requests of *entry*, '' for none."""
        if entry.framework is Framework.APISTAR:
            first = self._first_of[id(entry)]
            what = 'path and method'
        else:
            first = self._first_django_of[entry.path]
            what = 'path'
            if first is entry and id(entry) in self._caught:
                return f'{self._caught[id(entry)].path} comes first and takes every path'
        if first is entry:
            return ''
        return f'{first.name or first.handler_name} has the same {what} and comes first'

    @functools.cached_property
    def _first_of(self) -> dict[int, RouteEntry]:
        """By the id of each API Star route: the route that is called for its path and method."""
        first: dict[tuple[object, ...], RouteEntry] = {}
        found: dict[int, RouteEntry] = {}
        for entry in self.apistar_entries:
            wide = first.get((find_shape(entry, is_wide=True), entry.methods))
            shape = find_shape(entry), entry.methods
            found[id(entry)] = first.setdefault(shape, wide or entry)
        return found

    @functools.cached_property
    def _first_django_of(self) -> dict[str, RouteEntry]:
        """By path, as Django writes it: the URL that is called."""
        return {entry.path: entry for entry in reversed(self.django_entries)}

    @functools.cached_property
    def _caught(self) -> dict[int, RouteEntry]:
        """By the id of a URL: an earlier URL that takes all of its paths."""
        caught: dict[int, RouteEntry] = {}
        takers: list[RouteEntry] = []
        for entry in self.django_entries:
            for taker in takers:
                if entry.url_path.head.startswith(taker.url_path.head):
                    caught.setdefault(id(entry), taker)
            if entry.url_path.takes_anything:
                takers.append(entry)
        return caught

    def is_reachable(self, entry: RouteEntry) -> bool:
        """Return whether a request for *entry* gets to its framework."""
        if self._find_page(entry):
            return False
        if self.framework_for(to_path_info(_example_path(entry))) is entry.framework:
            return True
        # A path that begins with a parameter may still lie below a prefix.
        prefixes = map(_close, self.django_prefixes)
        is_django = entry.framework is Framework.DJANGO
        return is_django and any(self._leads_below(entry, prefix) for prefix in prefixes)

    def _find_page(self, entry: RouteEntry) -> str | None:
        """Return the setting of the page that answers each request for *entry*."""
        path = entry.path
        if entry.framework is DJANGO and entry.url_path.is_whole:
            path = entry.url_path.head
        return self._pages.get(to_path_info(path))

    def _leads_below(self, entry: RouteEntry, prefix: str) -> bool:
        """Return whether a path of *entry*, a Django URL, is *prefix* or below it."""
        path = entry.url_path
        if path.head.startswith(prefix):
            return True
        if path.is_whole or not prefix.startswith(path.head) or not path.may_begin_with(prefix):
            return False
        return path.is_deeper_than(prefix) or self._find_view(prefix) is entry.handler

    def _find_view(self, path: str) -> Function | None:
        try:
            return get_resolver(self.urlconf).resolve(path).func
        except Resolver404:
            return None

    # Conflicts

    def conflicts(self) -> tuple[Problem, ...]:
        """Return every clash between routes, names and prefixes of the two frameworks."""
        return (*self.errors(), *self._unreachable_django_urls(), *self._dead_prefixes())

    def errors(self) -> tuple[Problem, ...]:
        """Return the clashes of API Star routes, for which the URLconf is not imported."""
        return (
            *self._duplicate_names(),
            *self._duplicate_paths(),
            *self._hidden_apistar_routes(),
        )

    def _duplicate_names(self) -> Iterator[Problem]:
        seen: dict[str, RouteEntry] = {}
        for entry in self.apistar_entries:
            first = seen.setdefault(entry.name, entry)
            if first.path != entry.path:
                yield Problem(
                    'E005',
                    f'Two routes are named {entry.name!r}: {first.path} and {entry.path}.',
                    'Give one of them another name: Route(..., name=...).',
                )

    def _duplicate_paths(self) -> Iterator[Problem]:
        for entry in self.apistar_entries:
            first = self._first_of[id(entry)]
            if first is not entry:
                yield Problem(
                    'E013',
                    f'{entry.methods[0]} {entry.path} has two routes, {first.name!r} and '
                    f'{entry.name!r}; the second is never called.',
                    'Remove one of them.',
                )

    def _hidden_apistar_routes(self) -> Iterator[Problem]:
        for entry in self.apistar_entries:
            owner = self.framework_for(to_path_info(_example_path(entry)))
            if page := self._find_page(entry):
                yield Problem(
                    'E012',
                    f'The API Star route {entry.path} ({entry.name!r}) is never reached: {page} '
                    'has its path.',
                    f'Give {page} another path.',
                )
            elif owner is not Framework.APISTAR:
                what = 'STATIC_URL' if owner is Framework.STATIC else 'ALLOWED_DJANGO_ROUTES'
                yield Problem(
                    'E012',
                    f'The API Star route {entry.path} ({entry.name!r}) is never reached: {what} '
                    'covers its path.',
                    'Move the route, or remove the prefix.',
                )

    def _unreachable_django_urls(self) -> Iterator[Problem]:
        """Yield a W003 for each missing prefix: a prefix may cover all URLs of an `include`."""
        by_hint: dict[str, list[str]] = {}
        for entry in self.django_entries:
            if page := self._find_page(entry):
                reason = f'The Django URL {entry.path} is never reached: {page} has its path.'
                yield Problem('W003', reason, f'Give {page} another path.')
            elif not self.is_reachable(entry):
                by_hint.setdefault(_propose_prefix(entry), []).append(entry.path)
        for hint, paths in by_hint.items():
            yield Problem('W003', _format_unreachable(paths), hint)

    def _dead_prefixes(self) -> Iterator[Problem]:
        for prefix in self.django_prefixes:
            closed = _close(prefix)
            if closed in (self.static_prefix, self._media_prefix):
                continue
            if not any(self._is_below(entry, closed) for entry in self.django_entries):
                yield Problem(
                    'W004',
                    f'ALLOWED_DJANGO_ROUTES holds {prefix!r}, under which the URLconf has no URL.',
                    'Remove the prefix, or add the URLs.',
                )

    def _is_below(self, entry: RouteEntry, prefix: str) -> bool:
        """Return whether *prefix* serves *entry*, also where its path lacks the closing slash."""
        is_slashless = entry.url_path.is_whole and entry.url_path.head == prefix[:-1]
        return is_slashless or self._leads_below(entry, prefix)

    # Reverse

    def reverse(self, name: str, /, **params: object) -> str:
        """Return the URL path of *name*: an API Star name first, then a Django name.

        Raises NoReverseMatch.
        """
        url = self._build_url(name, params)
        if url is not None:
            return url
        if any(entry.name == name for entry in self.apistar_entries):
            raise NoReverseMatch(explain_mismatch(self.apistar_entries, name, params))
        try:
            return django_reverse(name, urlconf=self.urlconf, kwargs=params or None)
        except (DjangoNoReverseMatch, TypeError) as exc:  # TypeError: of a parameter called self
            raise NoReverseMatch(self._explain_unknown(name, params, exc)) from None

    def _explain_unknown(self, name: str, params: dict[str, object], exc: Exception) -> str:
        paths = {entry.path for entry in self.django_entries if name and entry.name == name}
        # Of several, and of regular expressions, Django says more.
        if len(paths) > 1 or any('(' in path or '^' in path for path in paths):
            return str(exc)
        return explain_mismatch(tuple(self), name, params)


def to_path_info(path: str) -> str:
    """Return *path* as PEP 3333 spells it: its UTF-8 bytes decoded as latin-1."""
    return path.encode('utf-8').decode('latin-1')


def _close(prefix: str) -> str:
    return prefix.rstrip('/') + '/'


def _example_path(entry: RouteEntry) -> str:
    """Return a path of *entry*: its literal beginning, which decides, with '_' for a parameter."""
    if entry.framework is Framework.DJANGO:
        return entry.url_path.head
    head = get_head(entry.path)
    return head if head == entry.path else head + '_'


def _format_unreachable(paths: list[str]) -> str:
    reason = f'no prefix in {PREFIXES} covers'
    if len(paths) == 1:
        return f'The Django URL {paths[0]} is never reached: {reason} it.'
    shown, rest = paths[:_MOST_SHOWN], len(paths) - _MOST_SHOWN
    examples = ', '.join(shown) + (f' and {rest} more' if rest > 0 else '')
    return f'{len(paths)} Django URLs are never reached: {reason} them ({examples}).'


def _propose_prefix(entry: RouteEntry) -> str:
    segment, slash, _ = entry.url_path.head[1:].partition('/')
    if not (slash or entry.url_path.is_whole):
        return f'Add what its paths begin with to {PREFIXES}; {_NOT_ALL}.'
    if not segment:
        return f"Move it below a prefix, as '/site/'; {_NOT_ALL}."
    return f"Add '/{segment}/' to {PREFIXES}."
