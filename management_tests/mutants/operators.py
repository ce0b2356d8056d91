"""What is mutated, and how: operators of cosmic-ray, and a few of its kind that it lacks.

An operator of cosmic-ray says where it can change a node of parso's tree, and changes it there. Its
own replace each binary operator and comparison by each other one; of those we take the one that a
slip of the pen would take.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import parso
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

COSMIC_RAY = (
    'AddNot', 'NumberReplacer', 'RemoveDecorator', 'ReplaceAndWithOr',
    'ReplaceBreakWithContinue', 'ReplaceContinueWithBreak', 'ReplaceFalseWithTrue',
    'ReplaceOrWithAnd', 'ReplaceTrueWithFalse', 'ZeroIterationForLoop',
    *(
        f'ReplaceBinaryOperator_{pair}' for pair in (
            'Add_Sub', 'BitAnd_BitOr', 'BitOr_BitAnd', 'Div_Mul', 'FloorDiv_Mul', 'LShift_RShift',
            'Mod_Mul', 'Mul_Add', 'Pow_Mul', 'RShift_LShift', 'Sub_Add',
        )
    ),
    *(
        f'ReplaceComparisonOperator_{pair}' for pair in (
            'Eq_NotEq', 'GtE_Gt', 'GtE_Lt', 'Gt_GtE', 'Gt_LtE', 'IsNot_Is', 'Is_IsNot', 'LtE_Gt',
            'LtE_Lt', 'Lt_GtE', 'Lt_LtE', 'NotEq_Eq',
        )
    ),
    *(f'ReplaceUnaryOperator_{pair}' for pair in ('Delete_Not', 'Delete_USub')),
)  # fmt: skip

QUOTE = re.compile(r'[rbfuRBFU]*(\'\'\'|"""|\'|")')
REMOVABLE = frozenset({'atom_expr', 'del_stmt', 'power', 'raise_stmt'})
Position = tuple[tuple[int, int], tuple[int, int]]


class _Replacement(Operator):
    """An operator that puts another text in the place of a node."""

    def replace(self, node: Any) -> str | None:
        """Return the new source of *node* without what stands before it; None to leave it."""
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        if self.replace(node) is not None:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        prefix = node.get_first_leaf().prefix
        new = parso.parse(f'{prefix}{self.replace(node)}')
        new.parent = node.parent
        return new

    @classmethod
    def examples(cls) -> tuple[tuple[str, str], ...]:
        return ()


class ReturnNone(_Replacement):
    """`return value` returns None."""

    def replace(self, node: Any) -> str | None:
        if node.type != 'return_stmt' or node.children[1].get_code().strip() == 'None':
            return None
        return 'return None'


class RemoveStatement(_Replacement):
    """A call, `raise`, `del`, and what is assigned to an attribute or an item is left out."""

    def replace(self, node: Any) -> str | None:
        parent = node.parent
        if parent is None or parent.type != 'simple_stmt' or parent.children[0] is not node:
            return None
        return 'pass' if _is_removable(node) else None


class ReplaceString(_Replacement):
    """Text has two letters more."""

    def replace(self, node: Any) -> str | None:
        if node.type not in ('string', 'fstring'):
            return None
        code = node.get_code(include_prefix=False)
        start = QUOTE.match(code)
        return f'{start[0]}XX{code[start.end() :]}' if start else None


class SwapMembership(_Replacement):
    """`in` and `not in` change places."""

    def replace(self, node: Any) -> str | None:
        if node.parent is None or node.parent.type != 'comparison':
            return None
        return {'in': 'not in', 'notin': 'in'}.get(''.join(node.get_code().split()))


class ReplaceException(Operator):
    """`except` has a name that no exception has: cosmic-ray's own fails at `except (a.B, C)`."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        for part in _find_exceptions(node):
            yield part.start_pos, part.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        part = _find_exceptions(node)[index]
        new = parso.parse(f'{part.get_first_leaf().prefix}NoSuchException')
        new.parent = part.parent
        part.parent.children[part.parent.children.index(part)] = new
        return node

    @classmethod
    def examples(cls) -> tuple[tuple[str, str], ...]:
        return ()


def _find_exceptions(node: Any) -> list[Any]:
    if node.type != 'except_clause':
        return []
    given = node.children[1]
    if given.type != 'atom':
        return [given]
    inner = given.children[1]
    return list(inner.children[::2]) if inner.type == 'testlist_comp' else [inner]


OURS = (RemoveStatement, ReplaceException, ReplaceString, ReturnNone, SwapMembership)


def get_operators() -> dict[str, Operator]:
    """Return each operator by its name."""
    theirs = {name: get_operator(f'core/{name}')() for name in COSMIC_RAY}
    return theirs | {operator.__name__: operator() for operator in OURS}


def _is_removable(node: Any) -> bool:
    if node.type in REMOVABLE or (node.type == 'keyword' and node.value == 'raise'):
        return True
    if node.type != 'expr_stmt':
        return False
    target, sign = node.children[0], node.children[1]
    is_augmented = sign.type == 'operator' and sign.value != '='
    return is_augmented or (sign.type == 'operator' and target.type in ('atom_expr', 'power'))
