"""ATOMIC_REQUESTS for API Star handlers, as Django does it for views."""

import functools
from typing import Any

from apistar.exceptions import HTTPException
from django.conf import settings as django_settings
from django.db import transaction

from django_apistar.compat.signatures import Function

Handler = Function


def make_atomic(handler: Handler) -> Handler:
    """Return *handler* within a transaction of each database that has ATOMIC_REQUESTS.

    Heeds `django.db.transaction.non_atomic_requests`. Rolls the transaction back when the handler
    raises, except for an HTTPException below 400, such as Found.
    """
    for alias in list_aliases(handler):
        handler = _within_transaction(handler, alias)
    return handler


def list_aliases(handler: Handler) -> list[str]:
    """Return the databases that have a transaction around *handler*, the innermost first."""
    exempt = getattr(handler, '_non_atomic_requests', ())
    return [
        alias
        for alias, config in django_settings.DATABASES.items()
        if config.get('ATOMIC_REQUESTS') and alias not in exempt
    ]


def _within_transaction(handler: Handler, alias: str) -> Handler:
    @functools.wraps(handler)
    def atomic_handler(*args: object, **kwargs: object) -> Any:
        with transaction.atomic(using=alias):
            try:
                return handler(*args, **kwargs)
            except HTTPException as exc:
                if exc.status_code >= 400:
                    raise
                answer = exc
        raise answer

    return atomic_handler
