import logging
import time

from apistar import Route, exceptions, http

logger = logging.getLogger(__name__)


class Timing:
    """Tells in a header how long the handler took."""

    def on_request(self) -> None:
        self.started = time.perf_counter()

    def on_response(self, response: http.Response) -> None:
        elapsed_ms = (time.perf_counter() - self.started) * 1000
        response.headers['Server-Timing'] = f'handler;dur={elapsed_ms:.1f}'


class ReadOnly:
    """Refuses what changes data."""

    def on_request(self, method: http.Method) -> None:
        if method not in ('GET', 'HEAD', 'OPTIONS'):
            raise exceptions.Forbidden({'message': 'The shop is closed for stocktaking.'})


class FaultLog:
    def on_error(self, path: http.Path, exc: Exception) -> None:
        logger.error('%s failed: %r', path, exc)


def show_stock() -> dict:
    return {'books': 7}


def sell() -> dict:
    return {'sold': 1}


def divide() -> dict:
    return {'price': 1 / 0}


routes = [
    Route('/stock/', 'GET', show_stock),
    Route('/sales/', 'POST', sell),
    Route('/broken/', 'GET', divide),
]
