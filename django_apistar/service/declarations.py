"""What a handler says that it answers, where its return annotation is not enough."""

from collections.abc import Callable, Mapping

from apistar.exceptions import ConfigurationError

from django_apistar.api.declared import ATTRIBUTE
from django_apistar.compat.signatures import Function, get_dotted_name

LOWEST, HIGHEST = 200, 599
_EXAMPLE = 'Write responds({201: Product, 409: ProblemDetails}).'

_NO_ANNOTATIONS = (str, bytes, int, float, list, tuple, set, dict)  # instances of them


def responds(answers: Mapping[int, object]) -> Callable[[Function], Function]:
    """Declare what a handler answers: by status, what it would be annotated to return.

    None stands for no body. One below 300 stands in place of the return annotation, all others
    beside it. The handler is returned as it is.
    """
    if not _has_items(answers):
        raise ConfigurationError(
            f'responds() is given {answers!r}, no answers by status. {_EXAMPLE}'
        )
    for status, answer in answers.items():
        if type(status) is not int or not LOWEST <= status <= HIGHEST:
            raise ConfigurationError(
                f'responds() has the status {status!r}; it must be a number from {LOWEST} to '
                f'{HIGHEST}. {_EXAMPLE}'
            )
        if isinstance(answer, _NO_ANNOTATIONS):
            raise ConfigurationError(
                f'responds() has {answer!r} for {status}, which is no type. {_EXAMPLE}'
            )

    def decorate(handler: Function) -> Function:
        try:
            setattr(handler, ATTRIBUTE, dict(answers))
        except AttributeError:
            raise ConfigurationError(
                f'{get_dotted_name(handler)} takes no responds(). Decorate the function itself.'
            ) from None
        return handler

    return decorate


def _has_items(answers: object) -> bool:
    return isinstance(answers, Mapping) and bool(answers)
