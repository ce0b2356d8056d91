"""Each case of the page on security and each gate has its test, and no test names another."""

import re
from pathlib import Path

import pytest

from management_tests.support.cases import SHOWN, TESTS
from management_tests.support.gates import GATES

CASE = re.compile(r'^\| ([A-N]\d\d) \| [^|]+ \| [^|]+ \|$', re.MULTILINE)


pytestmark = pytest.mark.once


@pytest.fixture(scope='module')
def cases() -> list[str]:
    page = Path(__file__).resolve().parents[2] / 'docs/explanation/security.md'
    return CASE.findall(page.read_text())


def test_every_case_of_the_page_has_its_own_id(cases):
    assert cases == sorted(set(cases))


def test_every_case_of_a_test_is_known(cases, request):
    shown = set().union(*request.config.stash[SHOWN].values())

    assert shown - {*cases, *GATES} == set()


def test_every_case_and_every_gate_has_its_test(cases, request):
    collected = request.config.stash[SHOWN]
    if missing := set(TESTS.rglob('test_*.py')) - set(collected):
        pytest.skip(f'{len(missing)} files with tests are not collected.')

    assert {*cases, *GATES} - set().union(*collected.values()) == set()
