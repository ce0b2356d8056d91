"""A WSGI server in a thread, which uses the database connection of the test."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db import connections
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Quiet(WSGIRequestHandler):
    def log_request(self, *args: object) -> None:
        """Whoever sends requests here tells of them."""


@contextlib.contextmanager
def serve_in_thread(
    application: WSGIApplication, handler: type[WSGIRequestHandler] = Quiet
) -> Iterator[int]:
    """Serve *application* within this context, one request after the other; yield the port."""
    server = make_server('127.0.0.1', 0, application, request_handler=handler)
    shared = connections['default']
    shared.inc_thread_sharing()

    def serve() -> None:
        connections['default'] = shared
        server.serve_forever(poll_interval=0.01)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        shared.dec_thread_sharing()
