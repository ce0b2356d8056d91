"""The mutants that change no answer: a file of `equivalent/` for each room, each with its reason.

`[[mutant]]` is one: its module, function and the lines before and after. `[[kind]]` is every mutant
that matches the patterns it has; a kind holds wherever it is met.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from management_tests.mutants.mutants import Mutant  # which needs cosmic-ray

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class Equivalents:
    def __init__(self, rooms: list[dict[str, Any]]) -> None:
        self.mutants: list[dict[str, str]] = _join(rooms, 'mutant')
        self.kinds: list[dict[str, str]] = _join(rooms, 'kind')

    @classmethod
    def load(cls, folder: Path) -> Equivalents:
        return cls([tomllib.loads(path.read_text()) for path in sorted(folder.glob('*.toml'))])

    def get_reason(self, mutant: Mutant) -> str:
        """Return why *mutant* changes no answer; '' for one that does."""
        key = (mutant.path, mutant.function, mutant.before, mutant.after)
        for each in self.mutants:
            if key == tuple(each[name] for name in ('module', 'function', 'before', 'after')):
                return each['reason']
        return next((kind['reason'] for kind in self.kinds if _is_of(mutant, kind)), '')


def _join(rooms: list[dict[str, Any]], name: str) -> list[dict[str, str]]:
    return [entry for room in rooms for entry in room.get(name, [])]


def _is_of(mutant: Mutant, kind: dict[str, str]) -> bool:
    return (
        re.fullmatch(kind.get('operator', '.*'), mutant.operator) is not None
        and re.fullmatch(kind.get('module', '.*'), mutant.path) is not None
        and re.fullmatch(kind.get('function', '.*'), mutant.function) is not None
        and re.fullmatch(kind.get('before', '.*'), mutant.before, re.DOTALL) is not None
        and re.fullmatch(kind.get('after', '.*'), mutant.after, re.DOTALL) is not None
    )
