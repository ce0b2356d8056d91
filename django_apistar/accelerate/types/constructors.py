"""Puts compiled constructors on Types, for code that calls ``Product(row)``."""

from __future__ import annotations

import weakref
from collections.abc import Callable

from apistar import types

from django_apistar.accelerate.types.compilers import compile_render, compile_type
from django_apistar.accelerate.types.containers import MISSING
from django_apistar.accelerate.types.stock import COMPILED_MARK, STOCK_INIT, is_plain_type
from django_apistar.accelerate.types.type_writer import TypeWriter

# A Type with a handful of instances is not worth the compilation.
_INSTANCES_BEFORE_COMPILATION = 20

_COUNT = '__django_apistar_count__'

_installed: weakref.WeakSet[type[types.Type]] = weakref.WeakSet()


def install_everywhere() -> None:
    """Give each Type its compiled constructor once it has made some instances."""
    type.__setattr__(types.Type, '__init__', _counting_init)


def uninstall_everywhere() -> None:
    """Give all Types their own constructor back."""
    type.__setattr__(types.Type, '__init__', STOCK_INIT)
    for cls in list(_installed):
        uninstall(cls)


def install(cls: type[types.Type]) -> bool:
    """Put a compiled `__init__` on *cls*, which acts for direct instances of *cls* only.

    Return False, and leave *cls* alone, if it is not made as API Star's Types are.
    """
    if '__init__' in vars(cls) or not is_plain_type(cls):
        return cls in _installed
    _installed.add(cls)
    type.__setattr__(cls, '__init__', _compile_init(cls))
    compile_render(cls)  # The JSON encoder finds it on the class.
    return True


def uninstall(cls: type[types.Type]) -> None:
    if cls in _installed:
        _installed.discard(cls)
        del cls.__init__
        type.__setattr__(cls, _COUNT, 0)


def _compile_init(cls: type[types.Type]) -> Callable[..., None]:
    writer = TypeWriter(cls, 'constructor', compile_type)
    source, const = writer.source, writer.source.const
    missing, stock = const(MISSING, 'MISSING'), const(STOCK_INIT, 'stock_init')

    def write_stock_call() -> None:
        source.line(f'return {stock}(self, value)')

    def write_assignment() -> None:
        writer.write_validated()
        writer.write_dict_assignment('self')
        source.line('return')

    with source.block(f'def __init__(self, value={missing}, /, *args, **kwargs):'):
        rare = f'type(self) is not {const(cls, cls.__name__)} or args'
        with source.block(f'if {rare} or (kwargs and value is not {missing}):'):
            source.line(f'args = args if value is {missing} else (value, *args)')
            # Not the stock one: subclasses are counted there.
            source.line(f'return {const(types.Type, "Type")}.__init__(self, *args, **kwargs)')
        with source.block(f'if value is {missing}:'):
            source.line('value = kwargs')
        writer.write_quick(write_assignment)
        writer.write_reading(write_stock_call)
        writer.write_property_checks()
        write_assignment()
    init = writer.build('__init__')
    setattr(init, COMPILED_MARK, True)
    return init


def _counting_init(self: types.Type, *args: object, **kwargs: object) -> None:
    cls = type(self)
    count = cls.__dict__.get(_COUNT, 0)
    if count < _INSTANCES_BEFORE_COMPILATION:
        type.__setattr__(cls, _COUNT, count + 1)
    elif count == _INSTANCES_BEFORE_COMPILATION:
        type.__setattr__(cls, _COUNT, count + 1)
        install(cls)
    STOCK_INIT(self, *args, **kwargs)


setattr(_counting_init, COMPILED_MARK, True)
