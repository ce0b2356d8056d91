"""Each case of security.md and each gate has a test with its id, and no test has another."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from management_tests.support.gates import GATES

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
CASE = re.compile(r'^\| ([A-N]\d\d) \| [^|]+ \| [^|]+ \|$', re.MULTILINE)
# In the name of a test or of its parameters: test_F02_F03_chunked_body, malformed_header[A02-…].
ID = re.compile(r'(?<![A-Za-z0-9])([A-N]\d\d)(?![A-Za-z0-9])')


@pytest.mark.slow
def test_every_case_has_its_test_and_every_such_test_its_case():
    cases = CASE.findall((ROOT / 'docs/explanation/security.md').read_text())
    options = ['--collect-only', '-q', '-n', '0', '-p', 'no:cacheprovider']
    collected = subprocess.run(
        [sys.executable, '-m', 'pytest', *options],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    tests = [line for line in collected.stdout.splitlines() if '::' in line]
    names = ' '.join(name.replace('_', ' ') for name in tests)

    assert len(tests) > 1000, collected.stdout[-2000:]
    assert cases == sorted(set(cases))  # each once, in order
    assert set(ID.findall(names)) == {*cases, *GATES}
