"""The WSGI entry point: WSGI_APPLICATION = 'django_apistar.wsgi.application'."""

from typing import Any

import django

from django_apistar.dispatch.dispatcher import get_application

django.setup()

application = get_application()

_GONE = {  # names of the original's module, and what replaces them
    'DjangoAPIStarWSGIApplication': (
        'Use `application`, which has the same apistar_wsgi_app and django_wsgi_app; '
        'django_apistar.dispatch.get_application() builds it.'
    ),
    'DebugApp': 'Set DEBUG = True: any App then answers a fault with its traceback.',
    'WSGIApp': (
        'Use django_apistar.application.App, and name a subclass of yours in '
        "APISTAR_SETTINGS['APP_CLASS']."
    ),
    'Include': "Use apistar.Include, as in your APISTAR_ROUTE_CONF's module.",
}


def __getattr__(name: str) -> Any:
    """Say what replaces a name of the original.

    Raises ImportError, as `from … import` drops the text of an AttributeError.
    """
    if name in _GONE:
        raise ImportError(f'{name} of the original {__name__} is gone. {_GONE[name]}')
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
