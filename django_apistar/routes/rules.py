"""What a project lays on handlers and Includes: who may call them, and how often.

`service/` makes the rules. All rooms below it know them by what is written here.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from apistar import Component

    from django_apistar.conf.problems import Problem

ATTRIBUTE = 'access_rules'
CALL = '__call__'  # the method of an object that is a handler


class Rule(Protocol):
    """One demand on the requests for a route, as a dataclass. Lives as long as its handler."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def place(self) -> str:
        """The name of the handler or the Include that has the rule, '' until it is read."""

    @property
    def needs_user(self) -> bool:
        """Whether a request without a user is a 401."""

    @property
    def asks_for_user(self) -> bool:
        """Whether `check` wants the user, where the request has one."""

    @property
    def permissions(self) -> tuple[str, ...]:
        """What the user must have, as a listing shows it."""

    @property
    def authenticators(self) -> tuple[Component, ...]:
        """What looks for the user in place of the App's own components; () for these."""

    @property
    def statuses(self) -> tuple[int, ...]:
        """The statuses with which `check` refuses."""

    @property
    def sentence(self) -> str:
        """What the documentation says of it, '' for nothing."""

    def check(self, user: Any, environ: WSGIEnvironment) -> None:
        """Raise an HTTPException unless the request may go on. *user* is None without one."""

    def find_mistakes(self) -> Iterator[Problem]:
        """Yield what is wrong with the rule itself."""


def read_rules(owner: object, scope: str) -> tuple[Rule, ...]:
    """Return the rules that *owner*, a handler, a Route or an Include, has."""
    rules = dict.fromkeys(_find_rules(owner))
    return tuple(dataclasses.replace(rule, place=scope) for rule in rules)


def list_permissions(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return what a user must have by *rules*, each once."""
    named: Iterator[object] = (name for rule in rules for name in rule.permissions)
    return tuple(dict.fromkeys(name for name in named if isinstance(name, str)))  # or a mistake


def _find_rules(owner: object) -> tuple[Rule, ...]:
    """Return the rules of *owner* and of the function behind it: never fewer than are written."""
    own: tuple[Rule, ...] = getattr(owner, ATTRIBUTE, ())
    if isinstance(owner, functools.partial):
        return (*own, *_find_rules(owner.func))
    return (*own, *getattr(getattr(type(owner), CALL, None), ATTRIBUTE, ()))
