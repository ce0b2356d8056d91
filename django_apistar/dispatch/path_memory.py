"""Remembers what answers a path, for paths that are asked for often."""

from __future__ import annotations

from typing import Generic, TypeVar

Target = TypeVar('Target')
LONGEST_PATH = 256
_KEEP_EACH = 8  # one path out of so many requests for unknown ones


class PathMemory(Generic[Target]):
    """Lives as long as its dispatcher and holds at most *most_paths* paths."""

    def __init__(self, most_paths: int) -> None:
        self.targets: dict[str, dict[str, Target]] = {}  # by PATH_INFO and method
        self._most_paths = most_paths
        self._until_next = _KEEP_EACH

    def offer(self, path_info: str, method: str, target: Target) -> None:
        """Keep *target* for the next request, one in `_KEEP_EACH` times.

        So a path that is asked for often is known soon, and most paths that never come again push
        out none of those.
        """
        self._until_next -= 1
        if self._until_next > 0 or len(path_info) > LONGEST_PATH:
            return
        self._until_next = _KEEP_EACH
        if len(self.targets) >= self._most_paths:
            self.targets.clear()
        self.targets.setdefault(path_info, {})[method] = target
