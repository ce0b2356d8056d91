"""Loads the project's WSGI application and its URLconf."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from django_apistar.server.launch import DEFAULT_APPLICATION, Launch, ServerError
from django_apistar.server.terminal import print_error

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def get_application_name() -> str:
    """Return the dotted path that WSGI_APPLICATION holds, or ours."""
    return settings.WSGI_APPLICATION or DEFAULT_APPLICATION


def load_application(launch: Launch) -> WSGIApplication:
    """Set Django up and return the WSGI callable that WSGI_APPLICATION names.

    Raises ImproperlyConfigured for a mistake in the settings, ServerError where the server of
    *launch* cannot serve the project safely, and whatever the code raises.
    """
    import django
    from django.db import connections
    from django.utils.module_loading import import_string

    django.setup()
    name = get_application_name()
    try:
        application = bind(import_string(name))
    except ImportError as exc:
        if is_missing(exc, name):
            sentence = explain_import_error(name, exc)
            raise ServerError(f'{sentence} Set it to {DEFAULT_APPLICATION!r}.') from exc
        raise
    finally:
        # Forked workers must not share a connection that was opened while loading.
        connections.close_all()
    _check_headers(launch, application)
    return application


def _check_headers(launch: Launch, application: WSGIApplication) -> None:
    """Raise ServerError where a client can forge a header that *application* trusts."""
    if launch.server == 'granian':
        from django_apistar.server import trusted_headers

        reason = trusted_headers.explain(application, 'granian')
        if reason:
            raise ServerError(reason)


def explain_import_error(name: str, exc: Exception) -> str:
    """Return the sentence for *exc*, raised by the import of WSGI_APPLICATION, *name*."""
    from django_apistar.conf.problems import format_cause

    return f'WSGI_APPLICATION is {name!r}, which cannot be imported: {format_cause(exc)}.'


def is_missing(exc: ImportError, name: str) -> bool:
    """Return whether the module *name* itself is missing, and not one that it imports."""
    missing = getattr(exc, 'name', None)
    return missing is None or f'{name}.'.startswith(f'{missing}.')


def bind(application: Any) -> WSGIApplication:
    """Return the bound `__call__` of *application* where it is ours: it is called faster."""
    is_ours = hasattr(application, 'apistar_wsgi_app')
    bound: WSGIApplication = application.__call__ if is_ours else application
    return bound


def import_urlconf() -> None:
    """Import Django's URLconf now. Django would import it at its first request."""
    from django.urls import get_resolver

    if getattr(settings, 'ROOT_URLCONF', None):
        get_resolver().url_patterns  # noqa: B018  # imports it


def load_or_exit(launch: Launch, status: int) -> WSGIApplication:
    """Return the application of a production worker; where it cannot be loaded, exit.

    Prints why, for faulty code after its traceback, and exits with *status*.
    """
    try:
        return load_application(launch)
    except ImproperlyConfigured as exc:
        error: BaseException = exc
    except (Exception, SystemExit) as exc:
        traceback.print_exc()
        error = ServerError(f'The application cannot be loaded: {type(exc).__name__}: {exc}.')
    print_error(error)
    sys.exit(status)


def is_loadable(launch: Launch) -> bool:
    """Return whether a fresh process can load the project now. That process prints why not."""
    trial = dataclasses.replace(launch, is_trial=True, path=list(sys.path))
    return subprocess.run(trial.command(), stdin=subprocess.DEVNULL).returncode == 0
