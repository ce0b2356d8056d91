"""The folder in which prometheus-client adds up the metrics of all workers of a server."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator

VARIABLE = 'PROMETHEUS_MULTIPROC_DIR'  # prometheus-client's, which reads it when it is imported


@contextlib.contextmanager
def shared_metrics(is_wanted: bool) -> Iterator[None]:
    """Have this process and its children share their metrics meanwhile, where *is_wanted*."""
    if not is_wanted:
        yield
        return
    folder, owner = tempfile.mkdtemp(prefix='runapistar-metrics-'), os.getpid()
    os.environ[VARIABLE] = folder
    try:
        yield
    finally:
        if os.getpid() == owner:  # A worker that is forked leaves through here, too.
            shutil.rmtree(folder, ignore_errors=True)
