"""Mistakes in a project's configuration, in the words of checks and of workers."""

import dataclasses
import re
import sysconfig
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# The frames of an import itself.
_IMPORTERS = re.compile(r'importlib|django.utils.module_loading\.py$')
# A virtual environment may take packages from others, whose folders it does not know.
_INSTALLED = ('site-packages', 'dist-packages')
_FOLDERS = (sysconfig.get_path('stdlib'), Path(__file__).parents[1])
Report = Callable[[str, str, str], None]  # called with a Problem's id, message and hint


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `id`: the check id without the app label, such as 'E001' or 'W001'."""

    id: str
    message: str
    hint: str

    @property
    def is_error(self) -> bool:
        return self.id.startswith('E')

    @property
    def check_id(self) -> str:
        return f'django_apistar.{self.id}'

    def __str__(self) -> str:
        return f'{self.message} {self.hint}'.strip()


class SettingsError(ImproperlyConfigured):
    """The settings cannot be used. `problems` has every error, `str()` a line for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__('\n'.join(map(str, self.problems)))


def report_value(report: Report, key: str, given: object, wanted: str) -> None:
    """Report that the setting *key* is *given* and not *wanted*."""
    report('E011', f'{key} is {given!r}; it must be {wanted}.', f'Remove {key}, or correct it.')


def report_import(report: Report, key: str, name: str, exc: Exception) -> None:
    """Report that *name*, of the setting *key*, cannot be imported."""
    sentence = f'{key} names {name!r}, which cannot be imported: {format_cause(exc)}.'
    report('E010', sentence, 'Correct the dotted path.')


def format_cause(exc: BaseException) -> str:
    """Return *exc* in one line, with the file and line that raised it."""
    if isinstance(exc, SyntaxError) and exc.filename:
        text, place = exc.msg, f'{exc.filename}:{exc.lineno}'
    else:
        text, place = str(exc) or _get_source(exc), _find_place(exc)
    text = text.replace('\n', ' ').rstrip('.')
    return f'{type(exc).__name__}: {text}' + (f' ({place})' if place else '')


def _get_source(exc: BaseException) -> str:
    """Return the source line that raised *exc*: API Star's assertions have no text."""
    frames = traceback.extract_tb(exc.__traceback__)
    return frames[-1].line or '' if frames else ''


def _find_place(exc: BaseException) -> str:
    """Return 'file:line' of the code that raised *exc*, '' for the import itself.

    For an error in a library it is the line of the project that called it.
    """
    frames = traceback.extract_tb(exc.__traceback__)[1:]  # without the frame that imports
    raising = [frame for frame in frames if not _IMPORTERS.search(frame.filename)]
    own = [frame for frame in raising if not is_installed(frame.filename)]
    return next((f'{frame.filename}:{frame.lineno}' for frame in reversed(own or raising)), '')


def is_installed(filename: str) -> bool:
    """Return whether *filename* belongs to Python, to an installed package, or to this one."""
    path = Path(filename)
    return (
        filename.startswith('<frozen ')
        or any(name in path.parts for name in _INSTALLED)
        or any(path.is_relative_to(folder) for folder in _FOLDERS)
    )
