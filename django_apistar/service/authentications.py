"""By what the users of a route are known: a choice among the authentication components."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from apistar import Component

from django_apistar.compat.signatures import takes_one
from django_apistar.conf.problems import Problem
from django_apistar.service.permissions import Target, lay

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def authenticated_by(*components: Component | type[Component]) -> Callable[[Target], Target]:
    """Let only users in whom one of *components* finds: instances, or classes without arguments.

    They are asked in place of COMPONENTS and AUTH_COMPONENTS, one after the other.
    """
    return lay(Authentication(tuple(map(_build, components))), 'authenticated_by', *components)


def _build(component: Any) -> Any:
    try:
        return component() if isinstance(component, type) else component
    except TypeError:
        return component  # which find_mistakes names


@dataclasses.dataclass(frozen=True, eq=False)
class Authentication:
    """What looks for the user of a route. See `routes.rules.Rule`."""

    authenticators: tuple[Any, ...]  # components, unless it is a mistake
    place: str = ''
    needs_user = asks_for_user = True
    permissions: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    sentence: str = ''

    def check(self, user: Any, environ: WSGIEnvironment) -> None:
        """Refuse nobody: without a user it is a 401 already."""

    def find_mistakes(self) -> Iterator[Problem]:
        hint = 'Write instances, as in authenticated_by(DjangoTokenAuthentication()).'
        if not self.authenticators:
            yield Problem('E024', f'authenticated_by() on {self.place} names no component.', hint)
        for component in self.authenticators:
            fault = _find_fault(component)
            if fault:
                given = f'authenticated_by() on {self.place} is given {component!r}'
                yield Problem('E024', f'{given}, which {fault}.', hint)


def _find_fault(component: object) -> str:
    if not isinstance(component, Component):
        return 'is no component'
    return '' if takes_one(component.resolve) else 'finds no user by `authorization`'
