"""Loads the project's WSGI application and its URLs."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import traceback
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_apistar.server.launch import DEFAULT_APPLICATION, Launch, ServerError


def is_loadable(launch: Launch) -> bool:
    """Return whether the project's code can be loaded now; a fresh process tries, and complains."""
    trial = dataclasses.replace(launch, verify=True, path=list(sys.path))
    return subprocess.run(trial.command(), stdin=subprocess.DEVNULL).returncode == 0


def load_application() -> Any:
    """Set Django up and return the WSGI callable that WSGI_APPLICATION names.

    Raises ImproperlyConfigured for a mistake in the settings, and whatever the code raises.
    """
    import django
    from django.conf import settings
    from django.db import connections
    from django.utils.module_loading import import_string

    django.setup()
    name = settings.WSGI_APPLICATION or DEFAULT_APPLICATION
    try:
        return bind(import_string(name))
    except ImportError as exc:
        if is_missing(exc, name):
            raise ServerError(
                f'WSGI_APPLICATION is {name!r}, which cannot be imported: {exc}. '
                f'Set it to {DEFAULT_APPLICATION!r}.'
            ) from exc
        raise
    finally:
        # A connection opened while loading must not be shared by forked workers.
        connections.close_all()


def bind(application: Any) -> Any:
    """Return the call of *application* where it is ours: to call an object, Python looks it up."""
    is_ours = hasattr(application, 'apistar_wsgi_app')
    return application.__call__ if is_ours else application


def check_headers(launch: Launch, application: Any) -> None:
    """Raise ServerError where a client can send what *application* trusts a proxy to send."""
    if launch.server == 'granian':
        from django_apistar.server import trusted_headers

        reason = trusted_headers.explain(application, 'granian')
        if reason:
            raise ServerError(reason)


def load_urls() -> None:
    """Import the URLconf, as Django's first request would."""
    from django.conf import settings
    from django.urls import get_resolver

    if getattr(settings, 'ROOT_URLCONF', None):
        get_resolver().url_patterns  # noqa: B018  # imports it


def is_missing(exc: ImportError, name: str) -> bool:
    """Return whether *name* itself is missing, and not something that its module imports."""
    missing = getattr(exc, 'name', None)
    return missing is None or f'{name}.'.startswith(f'{missing}.')


def load_or_explain() -> Any:
    """Load for a production worker: raises ServerError, after the traceback of faulty code."""
    try:
        return load_application()
    except ImproperlyConfigured:
        raise
    except (Exception, SystemExit) as exc:
        traceback.print_exc()
        raise ServerError(
            f'The application cannot be loaded: {type(exc).__name__}: {exc}.'
        ) from exc
