"""What a benchmark is doing: one line that changes on a terminal, else a line for each step."""

from __future__ import annotations

import shutil
from types import TracebackType

from django.core.management.base import OutputWrapper
from typing_extensions import Self

_CLEAR = '\r\x1b[K'


class Progress:
    """Tells what is done on stderr; the line is cleared at the end of the context."""

    def __init__(self, stderr: OutputWrapper) -> None:
        self.stderr = stderr
        self.is_live = stderr.isatty()
        self._is_shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_shown:
            self._write(_CLEAR)

    def tell(self, text: str) -> None:
        if self.is_live:
            self._is_shown = True
            self._write(_CLEAR + text[: shutil.get_terminal_size().columns - 1])
        else:
            self.stderr.write(text)

    def _write(self, text: str) -> None:
        self.stderr.write(text, str, ending='')
        self.stderr.flush()
