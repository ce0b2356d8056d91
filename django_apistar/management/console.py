"""The base of the commands: colour only where it is wanted, a sentence where stdout is full."""

from __future__ import annotations

import codecs
import contextlib
import json
import math
import os
import shutil
import sys
import textwrap
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any, TypeAlias

from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style

from django_apistar.compat import interrupts

Options: TypeAlias = dict[str, Any]  # what argparse has read of a command line, by name

ESCAPE = 'django_apistar.escape'


def _escape_as_json(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return json.dumps(text)[1:-1], error.end


def read_name(text: str) -> str:
    """Return *text*, of an option: without a name `--check "$FILE"` would check nothing."""
    if not text:
        raise ArgumentTypeError('it is empty; give a name, or leave it out')
    return text


def parse_positive(text: str) -> float:
    """Return a number above 0."""
    with contextlib.suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    raise ArgumentTypeError(f'{text!r} is not a number above 0')


def fill_closed_streams() -> None:
    """Open /dev/null for each standard stream that is closed.

    Otherwise the next file or socket would get its number, and be written what a server prints.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # The lowest free number is this one.


class ConsoleCommand(BaseCommand):
    """A command that honours NO_COLOR. It writes its data with `write`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if os.environ.get('NO_COLOR'):
            self.style = no_style()
            self.stderr.style_func = None

    def run_from_argv(self, argv: list[str]) -> None:
        """Run, and end with 130 at Control-C, as a shell expects it."""
        with interrupts.raised():
            super().run_from_argv(argv)

    def write(self, text: str) -> None:
        """Write *text* to stdout and flush, so that a failure is seen. Raises CommandError.

        Where the reader has closed the pipe, as `head` does, the command ends silently.
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

    def remark(self, text: str) -> None:
        """Write *text* to stderr, between words in lines as wide as the terminal if it is one."""
        if self.stderr.isatty():
            width = shutil.get_terminal_size().columns
            text = textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
        self.stderr.write(text, lambda text: text)

    @property
    def has_stdout(self) -> bool:
        """Whether this process was started with a stdout: `>&-` in a shell closes it."""
        return getattr(self.stdout, '_out', self.stdout) is not None

    def _escape(self, text: str) -> str:
        """Return *text* with the characters that stdout cannot encode escaped as in JSON."""
        codecs.register_error(ESCAPE, _escape_as_json)
        encoding = getattr(self.stdout, 'encoding', None) or 'utf-8'
        return text.encode(encoding, ESCAPE).decode(encoding)

    def _forget_stdout(self) -> None:
        """Replace stdout by /dev/null, so that Python's last flush does not fail again."""
        with contextlib.suppress(OSError), Path(os.devnull).open('wb') as nowhere:
            os.dup2(nowhere.fileno(), self.stdout.fileno())
