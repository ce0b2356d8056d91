"""docs/explanation/reliability.md holds each gate, with figures."""

from __future__ import annotations

import pytest

from management_tests.support import gates

pytestmark = pytest.mark.once


def test_page_shows_every_gate_as_it_is_tested() -> None:
    text = gates.PAGE.read_text()
    rows = [f'| {gate.fault} | {gate.promise} | ' for gate in gates.GATES.values()]

    assert [row for row in rows if row not in text] == []
    assert set(gates.read()) - {gates.HEADER[0], '---'} == {
        gate.fault for gate in gates.GATES.values()
    }


def test_page_has_a_figure_for_every_gate() -> None:
    assert [fault for fault, seen in gates.read().items() if not seen] == []
