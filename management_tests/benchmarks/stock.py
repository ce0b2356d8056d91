"""API Star as it comes: a copy of its modules without our adjustments, beside the one with them.

Importing django_apistar repairs API Star in place (`compat`), which changes what it costs. So what
is measured as *stock* is imported once more, with nothing but what its import needs today.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import ModuleType

from django_apistar.compat.importing import importable
from management_tests.benchmarks import project
from management_tests.benchmarks.project import handlers, routes

# Of the project, as they hold Types and Routes of API Star's.
OWN = {'handlers': handlers.__name__, 'routes': routes.__name__}
_copy: dict[str, ModuleType] = {}


@contextlib.contextmanager
def unadjusted() -> Iterator[None]:
    """Let imports of API Star, and of the project's handlers, lead to the copy meanwhile."""
    adjusted = _take_modules()
    _put_modules(_copy)
    try:
        with importable():
            yield
    finally:
        _copy.update(_take_modules())
        _put_modules(adjusted)


def _take_modules() -> dict[str, ModuleType]:
    """Return the modules that the copy has too, and forget them."""
    names = [name for name in sys.modules if name in OWN.values() or _is_of_api_star(name)]
    for attribute in vars(project).keys() & OWN:
        delattr(project, attribute)
    return {name: sys.modules.pop(name) for name in names}


def _put_modules(modules: dict[str, ModuleType]) -> None:
    sys.modules.update(modules)
    for attribute, name in OWN.items():
        if name in modules:  # A package's attributes are asked before sys.modules.
            setattr(project, attribute, modules[name])


def _is_of_api_star(name: str) -> bool:
    return name.partition('.')[0] == 'apistar'
