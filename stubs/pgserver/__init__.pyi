"""What the tests use of pgserver, which ships no types."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

def get_server(pgdata: Path | str, cleanup_mode: str | None = ...) -> Any: ...
def pg_ctl(args: Sequence[str], pgdata: Path | None = ..., **kwargs: Any) -> str: ...
