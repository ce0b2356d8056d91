from collections.abc import Sequence
from typing import Any

import werkzeug.routing
from apistar.server.core import Include, Route

Map: type[werkzeug.routing.Map]

class BaseRouter:
    def lookup(self, path: str, method: str) -> tuple[Route, dict[str, Any]]: ...
    def reverse_url(self, name: str, **params: Any) -> str: ...

class Router(BaseRouter):
    def __init__(self, routes: Sequence[Route | Include]) -> None: ...
