"""The cases of the page on security that tests show: `@pytest.mark.case('F06', 'F07')`."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
# What each collected file shows.
SHOWN = pytest.StashKey[dict[Path, set[str]]]()


def note_cases(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep which cases the collected *items* show, before any of them is deselected."""
    shown: dict[Path, set[str]] = {}
    for item in items:
        cases = {case for mark in item.iter_markers('case') for case in mark.args}
        shown.setdefault(item.path, set()).update(cases)
    config.stash[SHOWN] = shown
