import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

class Component:
    # Each component asks for what it needs, and gives what it makes.
    resolve: Callable[..., Any]
    def identity(self, parameter: inspect.Parameter) -> str: ...
    def can_handle_parameter(self, parameter: inspect.Parameter) -> bool: ...

ReturnValue: TypeAlias = Any  # what the handler returned; at run time a TypeVar, to be told apart
