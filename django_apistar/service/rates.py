"""How often a route may be called: so many requests in a period, by each user or address."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.template.defaultfilters import pluralize

from django_apistar.api.addresses import get_network
from django_apistar.api.counts import find_shared_counts, get_local_counts
from django_apistar.api.http_errors import TooManyRequests
from django_apistar.api.limits import Limit, build_key
from django_apistar.conf.amounts import read_rate
from django_apistar.conf.problems import Problem
from django_apistar.service.permissions import Target, lay

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from apistar import Component


class TooManyCalls(TooManyRequests):
    def __init__(self, wait_s: int) -> None:
        seconds = f'{wait_s} second{pluralize(wait_s)}'
        super().__init__(
            {'message': f'Too many requests. Try again in {seconds}.'},
            headers={'Retry-After': str(wait_s)},
        )


def limit_rate(rate: str) -> Callable[[Target], Target]:
    """Let each user, or each address without one, call so often only: '10/minute'.

    All routes of an Include share its count. Counted are requests that get so far: rules that are
    written above come first.
    """
    return lay(Rate(rate, read_rate(rate)), 'limit_rate', rate)


@dataclasses.dataclass(frozen=True, eq=False)
class Rate:
    """So many requests in a period. See `routes.rules.Rule`."""

    text: str
    parsed: tuple[int, int] | None  # requests, seconds
    place: str = ''
    needs_user = False
    asks_for_user = True
    permissions: tuple[str, ...] = ()
    authenticators: tuple[Component, ...] = ()
    statuses: tuple[int, ...] = (429,)

    @property
    def sentence(self) -> str:
        number, _, period = self.text.partition('/')
        article = 'an' if period == 'hour' else 'a'
        return f'At most {number} request{pluralize(number)} {article} {period}.'

    def check(self, user: Any, environ: WSGIEnvironment) -> None:
        address = environ.get('REMOTE_ADDR', '')
        if user is None and not address:
            return  # On a Unix socket all clients would share the count.
        caller = get_network(address) if user is None else f'user {user.pk}'
        limit = self._build_limit(caller)
        if limit.increase() > limit.number:
            raise TooManyCalls(limit.get_wait())

    def _build_limit(self, caller: str) -> Limit:
        assert self.parsed is not None  # No worker starts with such a rate.
        store = find_shared_counts() or get_local_counts('rate')
        key = build_key('rate', f'{self.place} {self.text} {caller}')
        return Limit(key, *self.parsed, (store,))

    def find_mistakes(self) -> Iterator[Problem]:
        if self.parsed is None:
            yield Problem(
                'E025',
                f'limit_rate() on {self.place} is given {self.text!r}, which is no rate.',
                "Write requests per second, minute, hour or day: '10/minute'.",
            )
