"""What `manage.py check` says of settings and routes, as lines."""

import contextlib
import io
import sys
import types
from collections.abc import Iterator
from typing import Any

from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import override_settings

PREFIXES = ('/admin/', '/django/', '/café/')


def check(**settings: Any) -> list[str]:
    """Return the lines '(id) message HINT: hint' that `manage.py check` prints about us."""
    stderr = io.StringIO()
    with override_settings(**settings):
        try:
            call_command('check', stdout=io.StringIO(), stderr=stderr)
            text = stderr.getvalue()
        except SystemCheckError as exc:
            text = str(exc)
    joined = text.replace('\n\tHINT', ' HINT')
    return [line.removeprefix('?: ') for line in joined.splitlines() if '(django_apistar.' in line]


def check_keys(**keys: Any) -> list[str]:
    """Check with *keys* in APISTAR_SETTINGS."""
    return check(APISTAR_SETTINGS={'ALLOWED_DJANGO_ROUTES': list(PREFIXES), **keys})


def check_routes(routes: Any, prefixes: Any = PREFIXES, components: Any = ()) -> list[str]:
    """Check with a route module 'checked' that holds *routes*."""
    with routes_of_a_module(routes, prefixes, components):
        return check()


@contextlib.contextmanager
def routes_of_a_module(
    routes: Any, prefixes: Any = PREFIXES, components: Any = ()
) -> Iterator[None]:
    """Make *routes* those of the project, in a module 'checked'."""
    module = types.ModuleType('checked')
    module.routes = routes  # type: ignore[attr-defined]  # as a module's globals are
    sys.modules['checked'] = module
    keys = {'ALLOWED_DJANGO_ROUTES': list(prefixes), 'COMPONENTS': list(components)}
    try:
        with override_settings(APISTAR_ROUTE_CONF='checked', APISTAR_SETTINGS=keys):
            yield
    finally:
        del sys.modules['checked']
