"""Errors as RFC 9457 has them, as Types: for handlers that answer with one, and for the schema."""

from collections.abc import Collection
from typing import Any, ClassVar

from apistar import types, validators


class _MayLack(types.Type):
    """A Type that may lack members. API Star knows defaults only, and would write null."""

    may_lack: ClassVar[Collection[str]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # API Star reads an instance by its attributes, and none may be missing.
        values = (dict(value) if isinstance(value, _MayLack) else value for value in args)
        super().__init__(*values, **kwargs)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.validator.required = [
            name for name in cls.validator.required if name not in cls.may_lack
        ]


class InvalidValue(_MayLack):
    """What is wrong with one value of a request: of its body, or of its URL."""

    may_lack = ('pointer', 'parameter')
    detail = validators.String(description='What is wrong.')
    pointer = validators.String(
        description='Where it is in the body: a JSON Pointer as a URI fragment, such as #/price.'
    )
    parameter = validators.String(description='The parameter of the URL that has it.')


class ProblemDetails(_MayLack):
    """An error as RFC 9457 has it. A subclass adds members of its own."""

    may_lack = ('detail', 'instance', 'errors')
    media_types: ClassVar[Collection[str]] = ('application/problem+json', 'application/json')
    type = validators.String(
        default='about:blank', description='A URI that names the kind of problem.'
    )
    title = validators.String(description='The kind of problem in words: by default the status.')
    status = validators.Integer(description='The HTTP status.', minimum=100, maximum=599)
    detail = validators.String(description='What is wrong with this request.')
    instance = validators.String(description='A URI that names this occurrence of the problem.')
    errors = validators.Array(description='What is wrong with each value.', items=InvalidValue)
