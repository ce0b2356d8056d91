"""What a benchmark measures, of each framework and of what it stands on, and in which turns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from django_apistar.bench.load import Load
from django_apistar.bench.request import GET, Request
from django_apistar.bench.statistics import rotate

HOST = '127.0.0.1'


class TargetError(Exception):
    """A target that cannot be measured, in one sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """One thing to measure: an application, and what is requested of it."""

    key: str
    label: str
    path: str = '/'  # as in a URL
    request: Request = GET
    is_stand_in: bool = False  # a view that answers what API Star answers at `path`


FLOOR = Target('floor', 'bare WSGI')
BARE_APISTAR = Target('bare-apistar', 'API Star alone')
BARE_DJANGO = Target('bare-django', 'Django without middleware')
APISTAR = Target('apistar', 'API Star')
DJANGO = Target('django', 'Django')
STAND_IN = Target(DJANGO.key, 'Django stand-in', is_stand_in=True)
TARGETS = (APISTAR, DJANGO, BARE_APISTAR, BARE_DJANGO, FLOOR)


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """The response of a target to one request, as far as it matters."""

    status: int
    content_type: str
    body: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300 and bool(self.body)


def check_answer(target: Target, answer: Answer) -> None:
    """Raise TargetError unless *answer* is worth measuring."""
    is_done = target.request.may_write and 200 <= answer.status < 300  # a body may be missing
    if not answer.is_good and not is_done:
        raise TargetError(
            f'{target.label} answers {target.path} with {answer.status} and '
            f'{len(answer.body)} bytes; only an answer of 2xx with a body is measured.'
        )


# Rounds


def take_turns(
    loads: dict[str, Callable[[float], Load]],
    rounds: int,
    duration_s: float,
    warm_up_s: float,
    on_turn: Callable[[int, str], object],
) -> dict[str, list[Load]]:
    """Return the Loads of each target, by key. Each round starts with another target.

    *on_turn* is called with the number of the round, 0 for the warm-up, and the target's key.
    """
    taken: dict[str, list[Load]] = {key: [] for key in loads}
    for number in range(rounds + 1):
        for key in rotate(list(loads), number):
            on_turn(number, key)
            load = loads[key](duration_s if number else warm_up_s)
            if number:
                taken[key].append(load)
    return taken
