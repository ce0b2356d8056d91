"""What the commands share: colour only where it is wanted, and a sentence where stdout is full."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style


class ConsoleCommand(BaseCommand):
    """A command that honours NO_COLOR and writes its data by `write`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if os.environ.get('NO_COLOR'):
            self.style = no_style()
            self.stderr.style_func = None

    def write(self, text: str) -> None:
        """Write *text* to stdout at once, so that a failure is noticed. Raises CommandError.

        A reader that has seen enough, as `head` has, ends the command without a word.
        """
        try:
            self.stdout.write(text)
            self.stdout.flush()
        except BrokenPipeError:
            self._forget_stdout()
            sys.exit(1)
        except OSError as exc:
            self._forget_stdout()
            raise CommandError(f'stdout cannot be written: {exc.strerror}.') from exc

    def _forget_stdout(self) -> None:
        """Let Python's last flush succeed; it would write to the same place again."""
        with contextlib.suppress(OSError), Path(os.devnull).open('wb') as nowhere:
            os.dup2(nowhere.fileno(), self.stdout.fileno())
