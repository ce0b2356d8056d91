"""docs/explanation/reliability.md holds each gate, with figures, and each gate has its test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from management_tests.support import gates

pytestmark = pytest.mark.once

TESTS = Path(__file__).resolve().parents[1]


def test_page_shows_every_gate_as_it_is_tested() -> None:
    text = gates.PAGE.read_text()
    rows = [f'| {gate.fault} | {gate.promise} | ' for gate in gates.GATES.values()]

    assert [row for row in rows if row not in text] == []
    assert set(gates.read()) - {gates.HEADER[0], '---'} == {
        gate.fault for gate in gates.GATES.values()
    }


def test_page_has_a_figure_for_every_gate() -> None:
    assert [fault for fault, seen in gates.read().items() if not seen] == []


def test_every_gate_has_its_test() -> None:
    names = ' '.join(
        name
        for path in TESTS.rglob('test_*.py')
        for name in re.findall(r'^def (test_\w+)', path.read_text(), re.MULTILINE)
    )

    assert [gate for gate in gates.GATES if f'_{gate}_' not in names] == []
