"""Which statuses a handler's own source names: `JSONResponse(…, status_code=201)`, `raise …`.

A help, no proof: what is computed, or raised by a function that the handler calls, stays unseen
and is covered by the `default` response.
"""

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Iterator

from apistar import exceptions, http

from django_apistar.compat.signatures import Function

RAISES_404 = ('get_object_or_404', 'get_list_or_404')


@dataclasses.dataclass(frozen=True, slots=True)
class Statuses:
    """Sorted status codes: below 300, and the others."""

    successes: tuple[int, ...]
    errors: tuple[int, ...]


def read_statuses(handler: Function) -> Statuses:
    """Return the statuses that *handler* returns and raises literally; 200 where it is silent."""
    function = inspect.unwrap(getattr(handler, 'func', handler))
    names = getattr(function, '__globals__', {})
    found: set[int] = set()
    for node in _walk_function(function):
        found.update(_statuses_of(node, names))
    successes = sorted(status for status in found if 200 <= status < 300)
    errors = sorted(status for status in found if 300 <= status < 600)
    return Statuses(tuple(successes) or (200,), tuple(errors))


def _walk_function(function: Function) -> Iterator[ast.AST]:
    """Yield the nodes of *function*, not those of functions inside it."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return
    pending: list[ast.AST] = [node for item in tree.body for node in getattr(item, 'body', ())]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            pending.extend(ast.iter_child_nodes(node))


def _statuses_of(node: ast.AST, names: dict[str, object]) -> Iterator[int]:
    if isinstance(node, ast.Return):
        yield from _status_of_return(node.value, names)
    elif isinstance(node, ast.Raise) and node.exc is not None:
        call = node.exc if isinstance(node.exc, ast.Call) else None
        raised = _lookup(call.func if call else node.exc, names)
        if isinstance(raised, type) and issubclass(raised, exceptions.HTTPException):
            default = getattr(raised, 'default_status_code', None)
            yield from _literal_status(call, 1, default)
    elif isinstance(node, ast.Call) and _last_name(node.func) in RAISES_404:
        yield 404


def _status_of_return(value: ast.expr | None, names: dict[str, object]) -> Iterator[int]:
    called = _lookup(value.func, names) if isinstance(value, ast.Call) else None
    if isinstance(called, type) and issubclass(called, http.Response):
        yield from _literal_status(value, 1, 200)
    else:
        yield 200


def _literal_status(call: ast.AST | None, position: int, default: object) -> Iterator[int]:
    """Yield the status that *call* is given: nothing where it is computed."""
    given: ast.expr | None = None
    if isinstance(call, ast.Call):
        given = call.args[position] if len(call.args) > position else None
        for keyword in call.keywords:
            given = keyword.value if keyword.arg == 'status_code' else given
    status = given.value if isinstance(given, ast.Constant) else default
    if isinstance(status, int) and (given is None or isinstance(given, ast.Constant)):
        yield status


def _lookup(node: ast.AST, names: dict[str, object]) -> object:
    """Return what the dotted name *node* stands for, None where that is not known."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_lookup(node.value, names), node.attr, None)
    return None


def _last_name(node: ast.AST) -> object:
    return getattr(node, 'attr', getattr(node, 'id', None))
