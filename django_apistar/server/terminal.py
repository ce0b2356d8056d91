"""What a server writes to a terminal: colours, unless NO_COLOR is set, and tracebacks to read."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from django.core.management.color import color_style, no_style

from django_apistar.conf.problems import is_installed
from django_apistar.server.launch import format_error

if TYPE_CHECKING:
    from django.core.management.color import Style


def get_style(stream: TextIO | None) -> Style:
    """Return Django's palette for *stream* (DJANGO_COLORS chooses it), or none of its colours."""
    is_terminal = stream is not None and stream.isatty()
    return (
        color_style(force_color=True)
        if is_terminal and not os.environ.get('NO_COLOR')
        else (no_style())
    )


def paint_status(style: Style, status: str, line: str) -> str:
    """Return *line*, of a response with *status*, in the colour that runserver gives it."""
    if status.startswith('2'):
        return line  # Most are.
    if status == '304':
        paint = style.HTTP_NOT_MODIFIED
    elif status == '404':
        paint = style.HTTP_NOT_FOUND
    else:
        paint = {
            '1': style.HTTP_INFO, '3': style.HTTP_REDIRECT, '4': style.HTTP_BAD_REQUEST,
        }.get(status[:1], style.HTTP_SERVER_ERROR)  # fmt: skip
    return str(paint(line))


def print_error(exc: BaseException) -> None:
    """Write the sentences of *exc* to stderr."""
    style = get_style(sys.stderr)
    sys.stderr.write(f'{style.ERROR(format_error(exc))}\n')


def format_traceback(exc: BaseException) -> str:
    """Return the traceback of *exc* with the project's frames; with all where there are none."""
    report = traceback.TracebackException.from_exception(exc)
    hidden = 0
    for part in _iter_chain(report):
        own = [frame for frame in part.stack if not is_installed(frame.filename)]
        if own:
            hidden += len(part.stack) - len(own)
            part.stack[:] = own
    text = ''.join(report.format())
    if not hidden:
        return text
    return f'{text}({hidden} frames of Python and of installed packages are left out.)\n'


def _iter_chain(report: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    part: traceback.TracebackException | None = report
    while part is not None:
        yield part
        part = part.__cause__ or part.__context__
