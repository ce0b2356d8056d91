"""Parses the APISTAR_* settings, and a few of Django's, into one frozen object.

The system checks report the parser's problems, and a worker fails at its start with the same
sentences.
"""

import dataclasses
import difflib
import functools
import json
import os
import re
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from apistar import Component
from django.conf import settings as django_settings
from django.core.serializers.json import DjangoJSONEncoder

from django_apistar.conf import amounts, folders, operation, prefixes
from django_apistar.conf.folders import Folders
from django_apistar.conf.lazies import read_path, read_text
from django_apistar.conf.plugins import (
    FAILED,
    load_object,
    parse_auth_components,
    parse_components,
    parse_event_hooks,
)
from django_apistar.conf.problems import (
    Problem,
    SettingsError,
    format_cause,
    report_value,
)
from django_apistar.conf.route_module import Routes, load_routes

KEYS = (
    'ALLOWED_DJANGO_ROUTES', 'COMPONENTS', 'EVENT_HOOKS', 'AUTH_COMPONENTS', 'APP_CLASS', 'TAGS',
    'DOCS_URL', 'DOCS_UI', 'DOCS_CSP', 'SCHEMA_URL', 'TITLE', 'DESCRIPTION', 'VERSION', 'SERVERS',
    'INFO', 'TOKEN_TTL', 'TOKEN_LIMIT_PER_USER', 'LOGIN_THROTTLE', 'PUBLIC_ROUTES', 'ACCELERATE',
    'JSON_ENCODER', 'TEMPLATE_DIR', 'STATIC_DIR', 'PACKAGES', 'HEALTH_URL', 'BASIC_CACHE_TTL',
    'LOGIN_THROTTLE_ADDRESS', 'SCHEMA_ACCEPTED', 'READY_URL', 'METRICS_URL', 'REQUEST_ID_HEADER',
    'PAGE_SIZE', 'PAGE_SIZE_MAX', 'ERRORS',
)  # fmt: skip
DOCS_UIS = ('apistar', 'swagger', 'redoc')
ERRORS = ('apistar', 'problem')
PATH = re.compile(r'/(?!/)[^{}<>?#\\\s]*')
Default = TypeVar('Default')


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The project's settings, checked. Prefixes begin with a slash; URLs are paths."""

    route_conf: str
    routes: Routes
    django_prefixes: tuple[prefixes.Prefix, ...]  # prefixes.read() evaluates lazy ones
    static_prefix: str | None  # the path of STATIC_URL, with a slash at both ends
    media_prefix: str | None  # and of MEDIA_URL
    components: tuple[Component, ...]
    event_hooks: tuple[object, ...]  # classes and instances
    auth_components: tuple[Component, ...]
    app_class: type | None
    folders: Folders  # of templates and static files
    docs_url: str | None
    docs_ui: str
    docs_csp: str | None  # '' for the policy that fits the page
    schema_url: str | None
    health_url: str | None
    ready_url: str | None
    metrics_url: str | None
    request_id_header: str | None
    title: str
    description: str
    version: str
    servers: tuple[str | dict[str, object], ...]
    tags: dict[str, object]  # descriptions, by name
    info: dict[str, object]  # as OpenAPI has it
    token_ttl: timedelta | None
    token_limit_per_user: int | None
    login_throttle: tuple[int, int] | None  # attempts, seconds
    login_throttle_address: tuple[int, int] | None
    basic_cache_ttl: int  # seconds
    public_routes: tuple[str, ...]
    schema_accepted: dict[str, str]  # 'RULE:GLOB' of changes, and why
    page_size: int
    page_size_max: int
    sends_problems: bool  # as RFC 9457 has errors, unless the client prefers JSON
    accelerate: bool
    json_encoder: type[json.JSONEncoder]
    debug: bool

    @property
    def own_pages(self) -> dict[str, str | None]:
        """The paths that are answered before either framework, by setting."""
        return {key: getattr(self, key.lower()) for key in operation.PAGES}

    @property
    def notes_routes(self) -> bool:
        """Whether each request's route is noted in its environ."""
        return operation.wants_routes(self.metrics_url, self.request_id_header)


@functools.cache
def get_settings() -> Settings:
    """Return the project's settings, parsed once. Raises SettingsError with all errors."""
    parser = _Parser()
    settings = parser.parse()
    parser.problems += operation.find_problems(settings.own_pages)
    errors = [problem for problem in parser.problems if problem.is_error]
    if errors:
        raise SettingsError(errors)
    return settings


def find_problems() -> tuple[Problem, ...]:
    """Return all errors and warnings about the settings."""
    parser = _Parser()
    settings = parser.parse()
    _, problems = prefixes.read(settings.django_prefixes)
    return (*parser.problems, *problems, *operation.find_problems(settings.own_pages))


class _Parser:
    """Parses once. Adds mistakes to `problems`, and replaces wrong values by their defaults."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.given = self._given()
        self.debug = bool(django_settings.DEBUG)

    def parse(self) -> Settings:
        self._check_keys()
        route_conf = getattr(django_settings, 'APISTAR_ROUTE_CONF', None)
        throttle = self._throttle('LOGIN_THROTTLE', (10, 60))
        page_size, page_size_max = amounts.parse_page_sizes(self.given, self._report)
        return Settings(
            route_conf=route_conf if isinstance(route_conf, str) else '',
            routes=load_routes(route_conf, self._report),
            django_prefixes=self._prefixes(),
            static_prefix=self._static_prefix(),
            media_prefix=_get_path_of('MEDIA_URL'),
            components=parse_components('COMPONENTS', self.given, self._report),
            event_hooks=parse_event_hooks(self.given, self._report),
            auth_components=parse_auth_components(self.given, self._report),
            app_class=self._class('APP_CLASS', 'django_apistar.application.App'),
            folders=folders.parse(self.given, self._report),
            docs_url=self._path('DOCS_URL', '/docs/' if self.debug else None),
            docs_ui=self._choice('DOCS_UI', DOCS_UIS),
            docs_csp=self._policy(),
            schema_url=self._path('SCHEMA_URL', '/schema/'),
            health_url=self._path('HEALTH_URL', None),
            ready_url=self._path('READY_URL', None),
            metrics_url=self._path('METRICS_URL', None),
            request_id_header=operation.parse_header(self.given, self._report),
            title=self._value('TITLE', '', str, 'a string'),
            description=self._value('DESCRIPTION', '', str, 'a string'),
            version=self._value('VERSION', '', str, 'a string'),
            servers=self._sequence('SERVERS', (str, dict), 'URLs or OpenAPI server objects'),
            tags=self._value('TAGS', {}, dict, 'a dict of descriptions by tag'),
            info=self._value('INFO', {}, dict, 'a dict, an info object of OpenAPI'),
            token_ttl=self._duration('TOKEN_TTL', timedelta(days=30)),
            token_limit_per_user=self._count('TOKEN_LIMIT_PER_USER', None),
            login_throttle=throttle,
            login_throttle_address=self._throttle_of_addresses(throttle),
            basic_cache_ttl=self._count('BASIC_CACHE_TTL', 60) or 0,
            public_routes=self._sequence('PUBLIC_ROUTES', str, 'route names or globs'),
            schema_accepted=self._value('SCHEMA_ACCEPTED', {}, dict, "a dict of 'RULE:GLOB'"),
            page_size=page_size,
            page_size_max=page_size_max,
            sends_problems=self._choice('ERRORS', ERRORS) == 'problem',
            accelerate=self._value('ACCELERATE', True, bool, 'True or False'),
            json_encoder=self._encoder(),
            debug=self.debug,
        )

    def _report(self, id: str, message: str, hint: str) -> None:
        self.problems.append(Problem(id, message, hint))

    def _given(self) -> dict[str, Any]:
        given = getattr(django_settings, 'APISTAR_SETTINGS', {})
        if isinstance(given, dict):
            read = {key: self._read_lazy(str(key), value) for key, value in given.items()}
            return {key: value for key, value in read.items() if value is not FAILED}
        self._report(
            'E004', f'APISTAR_SETTINGS is {given!r}; it must be a dict.',
            "Write APISTAR_SETTINGS = {'ALLOWED_DJANGO_ROUTES': ['/admin/']}.",
        )  # fmt: skip
        return {}

    def _read_lazy(self, key: str, value: object) -> object:
        """Return *value* with lazy text evaluated, FAILED where it cannot be."""
        if key == prefixes.KEY:
            return value
        read = read_path if key.endswith('_URL') else read_text
        try:
            if type(value) is list or type(value) is tuple:
                return type(value)(map(read, value))
            return read(value)
        except Exception as exc:
            self._report(
                'E011', f'{key} holds lazy text that cannot be read: {format_cause(exc)}.',
                f'Remove {key}, or correct it.',
            )  # fmt: skip
            return FAILED

    def _check_keys(self) -> None:
        for key in self.given:
            if key not in KEYS:
                close = difflib.get_close_matches(str(key).upper(), KEYS, n=1, cutoff=0.6)
                hint = f'Did you mean {close[0]!r}?' if close else f'Known are {", ".join(KEYS)}.'
                self._report('W001', f'APISTAR_SETTINGS has the unknown key {key!r}.', hint)

    # Prefixes

    def _prefixes(self) -> tuple[prefixes.Prefix, ...]:
        return prefixes.parse(self.given.get(prefixes.KEY, ()), self._report)

    def _static_prefix(self) -> str | None:
        if os.environ.get('DJANGO_APISTAR_NOSTATIC') == '1':
            return None
        return _get_path_of('STATIC_URL')

    def _class(self, key: str, base: str) -> Any:
        """Return the class that *key* holds or names, else None.

        *base* is a dotted name, as this module imports nothing from above.
        """
        given = load_object(key, self.given.get(key), self._report)
        if given is None or given is FAILED:
            return None
        ancestors = getattr(given, '__mro__', ())
        if any(f'{cls.__module__}.{cls.__qualname__}' == base for cls in ancestors):
            return given
        return self._refused(key, given, f'the dotted path of a subclass of {base}', None)

    # Single values

    def _value(self, key: str, default: Default, type_: type[Default], wanted: str) -> Default:
        given = self.given.get(key, default)
        if isinstance(given, type_):
            return given
        return self._refused(key, given, wanted, default)

    def _refused(self, key: str, given: object, wanted: str, default: Default) -> Default:
        report_value(self._report, key, given, wanted)
        return default

    def _sequence(self, key: str, types: type | tuple[type, ...], wanted: str) -> tuple[Any, ...]:
        given = self.given.get(key)
        if given is None:
            return ()
        if isinstance(given, (list, tuple)) and all(isinstance(item, types) for item in given):
            return tuple(given)
        return self._refused(key, given, f'a list of {wanted}', ())

    def _path(self, key: str, default: str | None) -> str | None:
        given = self.given.get(key, default)
        if given is None or (isinstance(given, str) and PATH.fullmatch(given)):
            return given
        wanted = 'a path that starts with a slash and has no parameters, or None'
        return self._refused(key, given, wanted, default)

    def _choice(self, key: str, choices: tuple[str, ...]) -> str:
        """Return the one of *choices* that *key* has, by default the first."""
        given = self.given.get(key, choices[0])
        if given in choices:
            return str(given)
        wanted = ', '.join(map(repr, choices[:-1])) + f' or {choices[-1]!r}'
        return self._refused(key, given, wanted, choices[0])

    def _policy(self) -> str | None:
        if 'DOCS_CSP' not in self.given:
            return ''
        given = self.given['DOCS_CSP']
        if given is None:
            return None
        policy = ' '.join(given.split()) if isinstance(given, str) else ''
        if policy and policy.isascii() and policy.isprintable():
            return policy
        wanted = 'a Content-Security-Policy, or None'
        return self._refused('DOCS_CSP', given, wanted, '')

    def _count(self, key: str, default: int | None) -> int | None:
        given = self.given.get(key, default)
        if given is None or (isinstance(given, int) and not isinstance(given, bool) and given >= 0):
            return given
        wanted = 'a number that is not negative, or None'
        return self._refused(key, given, wanted, default)

    def _duration(self, key: str, default: timedelta) -> timedelta | None:
        given = self.given.get(key, default)
        found = amounts.read_duration(given)
        if found is not None or given is None:
            return found
        return self._refused(key, given, amounts.DURATION, default)

    def _throttle(self, key: str, default: tuple[int, int] | None) -> tuple[int, int] | None:
        if key not in self.given:
            return default
        given = self.given[key]
        found = amounts.read_rate(given)
        if found is not None or given is None:
            return found
        return self._refused(key, given, amounts.RATE, default)

    def _throttle_of_addresses(self, throttle: tuple[int, int] | None) -> tuple[int, int] | None:
        """Many users share an address: ten times *throttle* by default."""
        default = throttle and (10 * throttle[0], throttle[1])
        return self._throttle('LOGIN_THROTTLE_ADDRESS', default)

    def _encoder(self) -> Any:
        return self._class('JSON_ENCODER', 'json.encoder.JSONEncoder') or DjangoJSONEncoder


def _get_path_of(name: str) -> str | None:
    """Return the path of the URL in Django's setting *name*, without the script's name."""
    path = urlsplit(getattr(django_settings, name, None) or '').path
    script_name = (getattr(django_settings, 'FORCE_SCRIPT_NAME', None) or '').rstrip('/')
    if script_name and path.startswith(script_name + '/'):
        path = path[len(script_name) :]
    prefix = f'/{path.strip("/")}/'
    return prefix if prefix != '//' else None
