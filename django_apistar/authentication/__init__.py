"""Users for API Star handlers: by Basic authentication, tokens and Django's sessions.

Can be imported in settings.py: each name is loaded at its first use, and none needs Django's models
before a request.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_apistar.authentication.components import AuthenticatedUser as AuthenticatedUser
    from django_apistar.authentication.components import (
        DjangoBasicAuthentication as DjangoBasicAuthentication,
    )
    from django_apistar.authentication.components import (
        DjangoSessionAuthentication as DjangoSessionAuthentication,
    )
    from django_apistar.authentication.components import (
        DjangoTokenAuthentication as DjangoTokenAuthentication,
    )
    from django_apistar.authentication.components import NotAuthenticated as NotAuthenticated
    from django_apistar.authentication.components import User as User
    from django_apistar.authentication.hooks import MustBeAuthenticated as MustBeAuthenticated
    from django_apistar.authentication.hooks import public as public
    from django_apistar.authentication.views import routes as routes

_MODULES = {
    'AuthenticatedUser': 'components',
    'DjangoBasicAuthentication': 'components',
    'DjangoSessionAuthentication': 'components',
    'DjangoTokenAuthentication': 'components',
    'NotAuthenticated': 'components',
    'User': 'components',
    'MustBeAuthenticated': 'hooks',
    'public': 'hooks',
    'routes': 'views',
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    value = getattr(import_module(f'{__name__}.{_MODULES[name]}'), name)
    globals()[name] = value
    return value
