"""What the commands share: colour only where it is wanted, and a sentence where stdout is full."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any, TypeAlias

from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style

Options: TypeAlias = dict[str, Any]  # what argparse has read of a command line, by name

ESCAPE = 'django_apistar.escape'


def _escape_as_json(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return json.dumps(text)[1:-1], error.end


def fill_closed_streams() -> None:
    """Open /dev/null for each standard stream that is closed.

    The next file or socket would get its number, and what a server prints.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # The lowest free number is this one.


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
        if not self.has_stdout:
            raise CommandError('stdout cannot be written: it is closed.')
        try:
            self.stdout.write(self._escape(text))
            self.stdout.flush()
        except BrokenPipeError:
            self._forget_stdout()
            sys.exit(1)
        except OSError as exc:
            self._forget_stdout()
            raise CommandError(f'stdout cannot be written: {exc.strerror}.') from exc

    @property
    def has_stdout(self) -> bool:
        """Whether this process was started with one; `>&-` in a shell takes it away."""
        return getattr(self.stdout, '_out', self.stdout) is not None

    def _escape(self, text: str) -> str:
        """Return *text* with what the encoding of stdout lacks written as JSON writes it."""
        codecs.register_error(ESCAPE, _escape_as_json)
        encoding = getattr(self.stdout, 'encoding', None) or 'utf-8'
        return text.encode(encoding, ESCAPE).decode(encoding)

    def _forget_stdout(self) -> None:
        """Let Python's last flush succeed; it would write to the same place again."""
        with contextlib.suppress(OSError), Path(os.devnull).open('wb') as nowhere:
            os.dup2(nowhere.fileno(), self.stdout.fileno())
