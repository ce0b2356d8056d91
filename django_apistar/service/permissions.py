"""Who may call a route: decorators that lay rules on handlers, Routes and Includes.

A decorator returns what it is given, with an attribute more: what it decorates is called in tests
as if it had none.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from apistar import Include, Route
from apistar.exceptions import Forbidden
from django.apps import apps
from django.template.defaultfilters import pluralize

from django_apistar.compat.signatures import get_dotted_name, mark_decorator
from django_apistar.conf.problems import Problem, SettingsError
from django_apistar.routes.rules import ATTRIBUTE, Rule

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from apistar import Component

Target = TypeVar('Target')


class _Flag(str):
    """Stands among permissions for what is no permission of Django's, but a field of the user."""

    __slots__ = ()


STAFF, SUPERUSER = _Flag('staff'), _Flag('superuser')
_FLAGS: dict[str, str] = {STAFF: 'is_staff', SUPERUSER: 'is_superuser'}


class PermissionDenied(Forbidden):
    """403 for a user who is known."""

    def __init__(self) -> None:
        super().__init__({'message': 'User has no permission for this.'})


def requires(
    *permissions: str, authenticated: bool = False, staff: bool = False, superuser: bool = False
) -> Callable[[Target], Target]:
    """Let only users in who have all of *permissions*, such as 'shop.add_product'.

    *authenticated*: any user will do. *staff* and *superuser*: who is that. What is asked for
    together must all hold, also where several decorators ask.
    """
    flags = [name for name, is_wanted in ((STAFF, staff), (SUPERUSER, superuser)) if is_wanted]
    return lay(Requirement((*permissions, *flags), authenticated), 'requires', *permissions)


def check(user: Any, permission: str, obj: object = None) -> None:
    """Raise a 403 unless *user* has *permission* for *obj*, as Django's backends say.

    None, who has not logged in, has what the backends give an anonymous user.
    """
    if user is None:
        from django.contrib.auth.models import AnonymousUser

        user = AnonymousUser()
    if not user.has_perm(permission, obj):
        raise PermissionDenied


def lay(rule: Rule, name: str, *given: object) -> Callable[[Target], Target]:
    """Return a decorator that lays *rule* on a handler, a Route or an Include.

    It is what *name* makes of *given*.
    """

    def decorate(target: Target) -> Target:
        if not (callable(target) or isinstance(target, (Route, Include))):
            raise SettingsError([_refuse(repr(target))])
        # Above what is there: rules are tried in the order in which they are written.
        rules = (rule, *getattr(target, ATTRIBUTE, ()))
        try:
            setattr(target, ATTRIBUTE, rules)
        except AttributeError:
            raise SettingsError([_refuse(get_dotted_name(target))]) from None
        return target

    mark_decorator(decorate, name, next(iter(given), None))
    return decorate


def _refuse(what: str) -> Problem:
    return Problem(
        'E020',
        f'{what} takes no rule: it is no handler, Route or Include.',
        'Decorate the function itself, or the whole Include: requires(staff=True)(Include(…)).',
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Requirement:
    """What a user must have. See `routes.rules.Rule`."""

    permissions: tuple[str, ...]
    is_for_any_user: bool = False
    place: str = ''
    needs_user = asks_for_user = True
    authenticators: tuple[Component, ...] = ()

    @property
    def statuses(self) -> tuple[int, ...]:
        return (403,) if self.permissions else ()

    @property
    def sentence(self) -> str:
        named = [f'`{name}`' for name in self.permissions if name not in _FLAGS]
        parts = [f'For {name} users only.' if name == STAFF else f'For {name}s only.'
                 for name in self.permissions if name in _FLAGS]  # fmt: skip
        if named:
            parts.append(f'Needs the permission{pluralize(named)} {", ".join(named)}.')
        return ' '.join(parts)

    def check(self, user: Any, environ: WSGIEnvironment) -> None:
        for name in self.permissions:
            flag = _FLAGS.get(name)
            if not (getattr(user, flag, False) if flag else user.has_perm(name)):
                raise PermissionDenied

    def find_mistakes(self) -> Iterator[Problem]:
        if not (self.permissions or self.is_for_any_user):
            yield Problem(
                'E021',
                f'requires() on {self.place} asks for nothing.',
                'Name a permission, or write requires(authenticated=True).',
            )
        known = _list_permissions()
        for name in self.permissions:
            if isinstance(name, _Flag):
                continue
            if not _is_permission(name):
                yield Problem(
                    'E021',
                    f'requires() on {self.place} asks for {name!r}, which is no permission.',
                    _correct(name),
                )
            elif name not in known:
                yield Problem(
                    'W022',
                    f'requires() on {self.place} asks for the permission {name!r}, which no model '
                    'has: only superusers get in.',
                    _propose(name, known),
                )


def _correct(name: object) -> str:
    if isinstance(name, str) and name in _FLAGS:
        return f'Write requires({name}=True).'
    return "Write it as Django does: 'shop.add_product'."


def _is_permission(name: object) -> bool:
    return isinstance(name, str) and '.' in name.strip('.')


def _list_permissions() -> set[str]:
    """Return the permissions of all models, as migrations make them."""
    known: set[str] = set()
    for model in apps.get_models():
        meta = model._meta
        names = [f'{action}_{meta.model_name}' for action in meta.default_permissions]
        names += [codename for codename, _ in meta.permissions]
        known.update(f'{meta.app_label}.{name}' for name in names)
    return known


def _propose(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f'Did you mean {close[0]!r}?'
    return "Correct it, or silence this where the permission is a backend's own."
