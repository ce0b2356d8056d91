import asyncio as asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from apistar.server.components import Component

class BaseInjector:
    components: Sequence[Component]
    def run(self, func: Sequence[Callable[..., Any]], state: dict[str, Any]) -> Any: ...

class Injector(BaseInjector):
    allow_async: bool
    initial: dict[str, Any]
    reverse_initial: dict[Any, str]
    resolver_cache: dict[Any, Any]
    def __init__(self, components: list[Component], initial: Mapping[str, Any]) -> None: ...
