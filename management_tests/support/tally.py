"""The pytest plugin that writes how many tests had which outcome to the file $TALLY, as JSON."""

import json
import os
from pathlib import Path
from typing import Any

OUTCOMES = ('passed', 'failed', 'error', 'skipped', 'xfailed', 'xpassed')


def pytest_terminal_summary(terminalreporter: Any) -> None:
    counts = {outcome: len(terminalreporter.stats.get(outcome, ())) for outcome in OUTCOMES}
    Path(os.environ['TALLY']).write_text(json.dumps(counts))
