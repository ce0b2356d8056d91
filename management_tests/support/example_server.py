"""The example, copied, with a database of its own: a `Project` that `runapistar` serves."""

from __future__ import annotations

import shutil
from pathlib import Path

from management_tests.support.server_process import REPOSITORY, Project

PRODUCTION = {
    'DJANGO_DEBUG': '0',
    'DJANGO_SECRET_KEY': 'a key that only these tests have, 50 characters long',
    'DJANGO_ALLOWED_HOSTS': '127.0.0.1',
}
HASHERS = """
    PASSWORD_HASHERS = ['django.contrib.auth.hashers.MD5PasswordHasher']
"""


class Example(Project):
    """A copy of the example below *folder*, run with the *variables* in its environment."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.directory = folder / 'example'
        self.variables = {'DATABASE_URL': f'sqlite:///{folder}/db.sqlite3', **variables}
        ignored = shutil.ignore_patterns('__pycache__', 'db.sqlite3*', 'staticfiles')
        shutil.copytree(REPOSITORY / 'example', self.directory, ignore=ignored)

    def environment(self, **variables: str) -> dict[str, str]:
        return super().environment(**{**self.variables, **variables})

    def hash_quickly(self) -> None:
        """Spend no second of CPU on a password, where many log in for something else."""
        self.append('shop/settings.py', HASHERS)

    def manage(self, *arguments: str, **variables: str) -> str:
        """Run a management command; return its standard output, fail with its errors."""
        done = self.run(*arguments, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout
