"""What is wrong with a project's configuration, in words that a check and a worker share."""

import dataclasses
from collections.abc import Callable, Iterable

from django.core.exceptions import ImproperlyConfigured

Report = Callable[[str, str, str], None]  # takes a Problem's id, message and hint


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: `id` as in system checks without the app label, 'E001' or 'W001'."""

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
    """The settings cannot be used. `problems` holds every error, `str()` a sentence for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__('\n'.join(map(str, self.problems)))
