"""What API Star 0.5.42 has and 0.5.40 and 0.5.41 lack.

One function for each, as in adjustments.py. Each checks first whether it is needed.
"""

import contextlib
import functools
from abc import ABCMeta

from django_apistar.compat.signatures import replace


def install() -> None:
    """Bring an older API Star up to 0.5.42. What our Injector replaces is left out. Idempotent."""
    _compare_types_with_generics()
    _refuse_text_for_types()


def _compare_types_with_generics() -> None:
    """`issubclass(List[Product], Type)` was a TypeError before 0.5.41 (types.py, TypeMetaclass).

    core.py, `Route`, calls it with the return annotation of each handler.
    """
    from apistar.types import TypeMetaclass

    if '__subclasscheck__' in vars(TypeMetaclass):
        return

    def is_subclass(cls: TypeMetaclass, subclass: type) -> bool:
        with contextlib.suppress(TypeError):
            return ABCMeta.__subclasscheck__(cls, subclass)
        return False

    replace(TypeMetaclass, __subclasscheck__=is_subclass)


def _refuse_text_for_types() -> None:
    """`Product('text')` was an AttributeError before 0.5.42 (types.py, `Type.__init__`).

    A client that sent text for a nested Type got a 500.
    """
    from apistar.exceptions import ValidationError
    from apistar.types import Type

    try:
        Type('')
    except ValidationError:
        return
    init = Type.__init__

    @functools.wraps(init)
    def init_from_no_text(self: Type, *args: object, **kwargs: object) -> None:
        if args and isinstance(args[0], str):
            raise ValidationError('Must be an object.')
        init(self, *args, **kwargs)

    replace(Type, __init__=init_from_no_text)
