from typing import Any, NewType, TypeAlias

from apistar.codecs import BaseCodec
from apistar.server.components import Component

ValidatedPathParams = NewType('ValidatedPathParams', dict[str, Any])
ValidatedQueryParams = NewType('ValidatedQueryParams', dict[str, Any])
ValidatedRequestData: TypeAlias = Any  # the body; at run time a TypeVar, to be told apart

VALIDATION_COMPONENTS: tuple[Component, ...]

class RequestDataComponent(Component):
    codecs: list[BaseCodec]

class ValidatePathParamsComponent(Component): ...
class ValidateQueryParamsComponent(Component): ...
class ValidateRequestDataComponent(Component): ...
class PrimitiveParamComponent(Component): ...
class CompositeParamComponent(Component): ...
