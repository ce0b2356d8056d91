"""The mutants of a package: where each is, and what it changes."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from management_tests.mutants.operators import Position, get_operators

# Their first argument is for type checkers.
TYPING_CALLS = frozenset({'NewType', 'TypeVar', 'cast'})
# A mutant of a line that sends signals could send them to any process.
DANGEROUS = ('os.kill(', 'os.killpg(')


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where an operator can change a module: its *occurrence*-th of all."""

    path: str
    operator: str
    occurrence: int
    position: Position


@dataclasses.dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a module. `before`, `after`: the lines that differ, without indentation."""

    path: str
    function: str
    line: int
    operator: str
    before: str
    after: str
    code: str = dataclasses.field(repr=False)


def sample(root: Path, package: str, seed: str, size: int, only: str = '') -> list[Mutant]:
    """Return *size* mutants at as many places, each place as probable as another.

    The same files, seed and size give the same mutants. *only*: a part of the paths to look at.
    """
    chance = random.Random(seed)
    found: dict[tuple[str, Position], list[Place]] = defaultdict(list)
    for path in find_modules(root, package):
        if only in path:
            for place in find_places(path, (root / path).read_text()):
                found[path, place.position].append(place)
    chosen = chance.sample(sorted(found), min(size, len(found)))
    mutants = (make(root, chance.choice(found[key])) for key in chosen)
    return [mutant for mutant in mutants if mutant is not None]


def find_modules(root: Path, package: str) -> Iterator[str]:
    for path in sorted((root / package).rglob('*.py')):
        if 'migrations' not in path.parts:
            yield path.relative_to(root).as_posix()


def find_places(path: str, source: str) -> Iterator[Place]:
    tree = get_ast(source)
    nodes = [node for node in ast_nodes(tree) if node.type not in ('name', 'newline', 'endmarker')]
    passed_over = list(_find_passed_over(nodes, source))
    for name, operator in get_operators().items():
        positions = (position for node in nodes for position in operator.mutation_positions(node))
        for occurrence, (start, end) in enumerate(positions):
            if not any(first <= start and end <= last for first, last in passed_over):
                yield Place(path, name, occurrence, (start, end))


def make(root: Path, place: Place) -> Mutant | None:
    """Return the mutant at *place*; None for one that is no Python, or no change."""
    source = (root / place.path).read_text()
    code = mutate_code(source, get_operators()[place.operator], place.occurrence)
    if code is None or not _differ(source, code):
        return None
    lines = source.splitlines()
    before, after, line = _compare(lines, code.splitlines())
    function = get_functions(source)[line]
    return Mutant(place.path, function, line, place.operator, before, after, code)


def get_functions(source: str) -> list[str]:
    """Return the function of each line, with its classes; '' at the top, and for line 0."""
    functions = [''] * (source.count('\n') + 2)

    def visit(node: ast.AST, name: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = name
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                inner = f'{name}.{child.name}'.lstrip('.')
                first = min([child.lineno, *(each.lineno for each in child.decorator_list)])
                for line in range(first, (child.end_lineno or first) + 1):
                    functions[line] = inner
            visit(child, inner)

    visit(ast.parse(source), '')
    return functions


def _differ(source: str, code: str) -> bool:
    try:
        return ast.dump(ast.parse(source)) != ast.dump(ast.parse(code))
    except SyntaxError:
        return False


def _compare(old: list[str], new: list[str]) -> tuple[str, str, int]:
    """Return the lines that differ, of both, and the number of the first, from 1."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    changes = [code for code in matcher.get_opcodes() if code[0] != 'equal']
    first, last = changes[0], changes[-1]
    return _join(old[first[1] : last[2]]), _join(new[first[3] : last[4]]), first[1] + 1


def _join(lines: Iterable[str]) -> str:
    return '\n'.join(line.strip() for line in lines).strip()


def _find_passed_over(nodes: list[Any], source: str) -> Iterator[Position]:
    """Yield what is not mutated: what only type checkers read, docstrings, and signals."""
    for node in nodes:
        if node.type in ('funcdef', 'lambdef') and getattr(node, 'annotation', None):
            node = node.annotation
        elif node.type in ('tfpdef', 'annassign'):
            node = node.children[2 if node.type == 'tfpdef' else 1]
        elif node.type == 'atom_expr' and node.children[0].get_code().strip() in TYPING_CALLS:
            node = _get_first_argument(node)
        elif not _is_docstring(node) and not _is_for_type_checkers(node):
            continue
        yield node.start_pos, node.end_pos
    for number, line in enumerate(source.splitlines(), 1):
        if any(word in line for word in DANGEROUS):
            yield (number, 0), (number + 1, 0)


def _get_first_argument(call: Any) -> Any:
    argument = call.children[1].children[1]
    return argument.children[0] if argument.type == 'arglist' else argument


def _is_docstring(node: Any) -> bool:
    return bool(node.type == 'simple_stmt' and node.children[0].type in ('string', 'strings'))


def _is_for_type_checkers(node: Any) -> bool:
    return bool(node.type == 'if_stmt' and node.children[1].get_code().strip() == 'TYPE_CHECKING')
