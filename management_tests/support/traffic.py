"""Clients that ask at a steady rate, never repeat a request, and note what becomes of each.

with Traffic(server.url, '/count/') as traffic:
    ...  # break something
assert traffic.failures == []
"""

from __future__ import annotations

import dataclasses
import http.client
import ssl
import threading
import time
from urllib.parse import urlsplit

TIMEOUT_S = 20.0
STOP_S = 30.0
SLOWEST_RATE = 20  # requests a second, on a machine that has much else to do


@dataclasses.dataclass(frozen=True)
class Outcome:
    began: float  # time.monotonic()
    ended: float
    result: str  # the status, or the exception
    body: bytes = b''

    @property
    def took_s(self) -> float:
        return self.ended - self.began

    @property
    def is_failure(self) -> bool:
        return not self.result.startswith('2')

    @property
    def is_refused(self) -> bool:
        """No server has taken the request."""
        return self.result.startswith('ConnectionRefusedError')


class Traffic:
    """Requests of *path* by *clients* threads, *rate* a second in all.

    Every second client keeps its connection where *keeps*, the others open one for each request.
    Whatever is no answer with 2xx is a failure, a refused connection as well.
    """

    def __init__(
        self,
        url: str,
        path: str = '/hello/',
        clients: int = 8,
        rate: float = 160.0,
        method: str = 'GET',
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        keeps: bool = True,
    ) -> None:
        self.scheme, self.address = urlsplit(url)[:2]
        self.arguments = (method, path, body, headers or {})
        self.outcomes: list[Outcome] = []
        self._interval_s = clients / rate
        self._is_stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(keeps and index % 2 == 0,))
            for index in range(clients)
        ]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._is_stopping.set()
        for thread in self._threads:
            thread.join(STOP_S)

    @property
    def failures(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.is_failure]

    @property
    def losses(self) -> list[Outcome]:
        """The failures of requests that a server has taken."""
        return [failure for failure in self.failures if not failure.is_refused]

    @property
    def requests_per_s(self) -> float:
        """The rate that was reached."""
        began = min(outcome.began for outcome in self.outcomes)
        return len(self.outcomes) / (max(outcome.ended for outcome in self.outcomes) - began)

    def wait_for(self, number: int) -> None:
        """Wait until *number* more requests have been answered, well or badly."""
        wanted = len(self.outcomes) + number
        deadline = time.monotonic() + STOP_S + number / SLOWEST_RATE
        while len(self.outcomes) < wanted:
            last = [outcome.result for outcome in self.outcomes[-5:]]
            assert time.monotonic() < deadline, f'{len(self.outcomes)} of {wanted} answers: {last}'
            time.sleep(0.01)

    def _ask(self, keeps_connection: bool) -> None:
        connection = self._connect()
        due = time.monotonic()
        while not self._is_stopping.is_set():
            outcome, may_stay = self._request(connection)
            self.outcomes.append(outcome)
            if not (may_stay and keeps_connection):
                connection.close()
                connection = self._connect()
            due = max(due + self._interval_s, outcome.ended - self._interval_s)
            self._is_stopping.wait(max(due - time.monotonic(), 0))
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        """Return a connection that the next request opens; certificates are not verified."""
        if self.scheme == 'https':
            context = ssl._create_unverified_context()
            return http.client.HTTPSConnection(self.address, timeout=TIMEOUT_S, context=context)
        return http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)

    def _request(self, connection: http.client.HTTPConnection) -> tuple[Outcome, bool]:
        began = time.monotonic()
        try:
            connection.request(*self.arguments)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as exc:
            return Outcome(began, time.monotonic(), repr(exc)), False
        outcome = Outcome(began, time.monotonic(), str(response.status), body)
        return outcome, not response.will_close
