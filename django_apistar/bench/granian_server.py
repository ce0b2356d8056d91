"""granian as runapistar runs it, with the application of a benchmark's target."""

from __future__ import annotations

import os
import signal
import traceback
from typing import TYPE_CHECKING

from django_apistar.bench.applications import load_target
from django_apistar.bench.targets import Target
from django_apistar.server.granian.server import GranianServer
from django_apistar.server.launch import Launch

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class TargetGranian(GranianServer):
    """granian, which ends where a worker cannot load: it would start the next for ever."""

    def __init__(self, launch: Launch, target: Target) -> None:
        super().__init__(launch)
        self.target = target

    def _load_application(self) -> WSGIApplication:
        try:
            return load_target(self.target)
        except BaseException:
            traceback.print_exc()
            os.killpg(0, signal.SIGKILL)
            raise
