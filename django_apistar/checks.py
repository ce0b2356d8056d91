"""The system checks: problems of settings, routes and deployment as Django's messages."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apistar import Component
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core import checks
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.utils.module_loading import import_string

from django_apistar.api import filter_problems, guards, slips, unresolvable
from django_apistar.api.access import ANYONE, OPTIONAL, build_access
from django_apistar.application import get_app, get_route_table
from django_apistar.compat.path_template import get_parameters
from django_apistar.compat.signatures import Function
from django_apistar.conf.folders import STATIC, TEMPLATES, Folders
from django_apistar.conf.parser import Settings, find_problems, get_settings
from django_apistar.conf.problems import Problem, SettingsError
from django_apistar.dispatch.dispatcher import get_application
from django_apistar.schema import ui
from django_apistar.server.launch import DEFAULT_APPLICATION
from django_apistar.server.loading import explain_import_error, get_application_name

_WRAPPED = ('app', 'application', 'wsgi_app')  # attributes in which WSGI middleware keeps it
_MOST_WRAPPERS = 16
LOCAL_ENGINES = ('sqlite3', 'spatialite', 'dummy')  # connecting to them is cheap


def check_settings(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    """Report every mistake in the settings and in the route module."""
    problems = list(find_problems())
    if not any(problem.is_error for problem in problems):
        problems += _find_missing_parts(get_settings())
    return [_to_message(problem) for problem in problems]


def check_routes(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    """Report clashes between routes, and handlers that no request can run."""
    try:
        problems = [
            *get_route_table().conflicts(), *unresolvable.find_problems(get_app()),
            *slips.find_problems(get_app()), *filter_problems.find_problems(get_app()),
            *guards.find_problems(get_app()), *guards.find_misplaced(get_app(), _list_views()),
            *_find_slow_paths(), *_find_double_slashes(),
        ]  # fmt: skip
    except SettingsError:
        return []  # check_settings reports them.
    return [_to_message(problem) for problem in problems]


def _list_views() -> list[Function]:
    return [entry.handler for entry in get_route_table().django_entries if entry.handler]


def check_application(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    """Report a WSGI_APPLICATION that does not serve API Star, and a start without static files.

    Only for `check` and `runapistar`: no other command should build the application.
    """
    if sys.argv[1:2] not in (['check'], ['runapistar']):
        return []
    problems = [*_find_foreign_application()]
    if sys.argv[1] == 'runapistar':
        problems += _find_missing_manifest()
    return [_to_message(problem) for problem in problems]


def check_deployment(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    """Report what suits development only: `check --deploy`."""
    try:
        settings = get_settings()
        problems = [
            *_find_public_pages(settings), *_find_public_metrics(settings),
            *_find_weak_authentication(settings), *_find_costly_connections(),
            *_find_missing_manifest(),
        ]  # fmt: skip
    except SettingsError:
        return []  # check_settings reports them.
    return [_to_message(problem) for problem in problems]


def _to_message(problem: Problem) -> checks.CheckMessage:
    message_class = checks.Error if problem.is_error else checks.Warning
    return message_class(problem.message, hint=problem.hint, id=problem.check_id)


# The application


def _find_foreign_application() -> Iterator[Problem]:
    name = get_application_name()
    hint = (
        f'Set it to {DEFAULT_APPLICATION!r}, or write `from django_apistar.wsgi import '
        'application` in its module.'
    )
    try:
        application = import_string(name)
    except SettingsError:
        return  # check_settings and check_routes report them.
    except Exception as exc:
        yield Problem('E017', explain_import_error(name, exc), hint)
        return
    fault = _explain_fault(application)
    if fault:
        yield Problem('E017', f'WSGI_APPLICATION is {name!r}, which is {fault}', hint)


def _explain_fault(application: object) -> str:
    if not callable(application):
        return f'{application!r} and cannot be called.'
    # The project may have wrapped our application, which then has been built.
    if _is_djangos(application) and not get_application.cache_info().currsize:
        return "Django's own: API Star answers nothing."
    return ''


def _is_djangos(application: object) -> bool:
    """Return whether *application* is Django's handler, or WSGI middleware around it."""
    for _ in range(_MOST_WRAPPERS):
        if isinstance(application, WSGIHandler):
            return True
        application = next(filter(callable, _iter_wrapped(application)), None)
    return False


def _iter_wrapped(application: object) -> Iterator[object]:
    for name in _WRAPPED:
        with contextlib.suppress(Exception):  # a proxy may raise anything outside of a request
            yield getattr(application, name, None)


# What the settings need


def _find_missing_parts(settings: Settings) -> Iterator[Problem]:
    yield from _find_missing_folders(settings.folders)
    if settings.docs_url is None or settings.docs_ui == 'apistar':
        return
    if not ui.is_installed():
        yield Problem(
            'W005',
            f'DOCS_UI is {settings.docs_ui!r}, whose package is not installed.',
            "Run pip install 'django-apistar[docs-ui]'.",
        )
    if settings.schema_url is None:
        yield Problem(
            'W006',
            f'DOCS_UI is {settings.docs_ui!r} and SCHEMA_URL is None: the page has no document '
            'to show.',
            "Set SCHEMA_URL, or write 'DOCS_UI': 'apistar'.",
        )


def _find_missing_folders(folders: Folders) -> Iterator[Problem]:
    for package in folders.packages:
        if not package.has(TEMPLATES) and not package.has(STATIC):
            yield Problem(
                'W018',
                f'PACKAGES names {package.name!r}, which has neither a folder {TEMPLATES} nor a '
                f'folder {STATIC}.',
                'Remove it, or add the folder.',
            )
    if any(folders.iter_static()) and not django_settings.STATIC_URL:
        key = 'PACKAGES' if folders.static_dir is None else 'STATIC_DIR'
        yield Problem(
            'W019',
            f'{key} has static files, and STATIC_URL is {django_settings.STATIC_URL!r}: they are '
            'not served.',
            "Set STATIC_URL = '/static/'.",
        )


def _get_components(settings: Settings) -> tuple[Component, ...]:
    return (*settings.components, *settings.auth_components)


def _has_basic(settings: Settings) -> bool:
    challenges = (getattr(component, 'challenge', None) for component in _get_components(settings))
    return any(str(challenge).startswith('Basic ') for challenge in challenges)


def _find_slow_paths() -> Iterator[Problem]:
    for entry in get_route_table().apistar_entries:
        count = sum(parameter.takes_slashes for parameter in get_parameters(entry.path))
        if count > 1:
            yield Problem(
                'W014',
                f'The path {entry.path} ({entry.name!r}) has {count} parameters that take slashes: '
                'a client can keep a worker busy with a long path.',
                'Let one of them take slashes: {+name}.',
            )


def _find_double_slashes() -> Iterator[Problem]:
    for entry in get_route_table().apistar_entries:
        if '//' in entry.path:
            yield Problem(
                'W027',
                f'The path {entry.path} ({entry.name!r}) has two slashes in a row: clients must '
                'ask for it with both.',
                'Let the path of an Include end without a slash: those of its routes begin '
                'with it.',
            )


# Deployment


def _find_public_pages(settings: Settings) -> Iterator[Problem]:
    if settings.debug:
        yield Problem(
            'W007',
            'DEBUG is True: a fault of the API is answered with its traceback.',
            'Set DEBUG = False.',
        )
    if _is_public(settings.docs_url):
        yield Problem(
            'W008',
            f'DOCS_URL is {settings.docs_url!r}: anyone can read the documentation.',
            'Set it to None, or add MustBeAuthenticated to EVENT_HOOKS.',
        )
    if _is_public(settings.schema_url):
        yield Problem(
            'W009',
            f'SCHEMA_URL is {settings.schema_url!r}: anyone can read the schema.',
            'Set it to None, or add MustBeAuthenticated to EVENT_HOOKS.',
        )


def _find_public_metrics(settings: Settings) -> Iterator[Problem]:
    if settings.metrics_url:
        yield Problem(
            'W020',
            f'METRICS_URL is {settings.metrics_url!r}: anyone can read the metrics.',
            'Let the proxy answer 404 for it, and silence this warning.',
        )


def _is_public(path: str | None) -> bool:
    find_access = build_access(get_app())
    entries = (entry for entry in get_route_table().apistar_entries if entry.path == path)
    return any(find_access(entry) in (ANYONE, OPTIONAL) for entry in entries)


def _find_weak_authentication(settings: Settings) -> Iterator[Problem]:
    has_basic = _has_basic(settings)
    lacking = [
        name
        for name in ('SECURE_SSL_REDIRECT', 'SECURE_HSTS_SECONDS')
        if not getattr(django_settings, name)
    ]
    if has_basic and lacking:
        yield Problem(
            'W010',
            f'Basic authentication is used without {" and ".join(lacking)}: passwords may travel '
            'in the clear.',
            'Serve the API by HTTPS alone, and set both.',
        )
    if has_basic and not settings.basic_cache_ttl:
        yield Problem(
            'W011',
            'Basic authentication is used with BASIC_CACHE_TTL = 0: each request hashes a '
            'password.',
            'Remove BASIC_CACHE_TTL, or authenticate by tokens.',
        )
    if settings.token_ttl is None and apps.is_installed(unresolvable.AUTHENTICATION):
        yield Problem(
            'W012',
            'TOKEN_TTL is None: a token that leaks is good for ever.',
            'Remove TOKEN_TTL (30 days), or set a time.',
        )


def _find_costly_connections() -> Iterator[Problem]:
    for alias, database in connections.settings.items():
        # Django has filled in what the setting leaves out.
        is_local = str(database['ENGINE']).rpartition('.')[2] in LOCAL_ENGINES
        if not is_local and not database['OPTIONS'].get('pool') and database['CONN_MAX_AGE'] == 0:
            yield Problem(
                'W013',
                f'CONN_MAX_AGE of the database {alias!r} is 0: each request connects anew.',
                "Set 'CONN_MAX_AGE': 60 and 'CONN_HEALTH_CHECKS': True.",
            )


def _find_missing_manifest() -> Iterator[Problem]:
    if django_settings.DEBUG or not apps.is_installed('django.contrib.staticfiles'):
        return  # Under DEBUG no manifest is read.
    storage: Any = staticfiles_storage
    try:
        if not isinstance(storage, ManifestFilesMixin):
            return
        folder: Any = storage.manifest_storage
        path = Path(folder.path(storage.manifest_name))
    except Exception:  # no STATIC_ROOT, files elsewhere, or a storage that Django refuses
        return
    if not path.is_file():
        yield Problem(
            'W025',
            f'STATIC_ROOT has no {path.name}: each page that names a static file, as the admin '
            'does, is a 500.',
            'Run manage.py collectstatic.',
        )
