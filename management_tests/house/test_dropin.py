"""A project of 2018 runs unedited: on every Python, Django and API Star of the matrix.

`dropin_2018` was written, and its database made, on Python 3.6.15 with its own requirements.txt.
Its tests pass there. It is frozen: what it needs to run today is ours to do.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from management_tests.support.server_process import REPOSITORY, Project, Server, free_port

pytestmark = pytest.mark.once

FROZEN = REPOSITORY / 'management_tests/dropin_2018'
DIGEST = 'f79311f9ae58740d314ca40bff629b7250347f9405b374c0df2777bd654d7a7b'
KEY = 'ef4de5c24c324fcc4c83c30a344fd733954fa86b'  # what the original's token-login answered
TIMEOUT_S = 30


class DropIn(Project):
    """A copy of the project with its database of 2018, below *folder*."""

    def __init__(self, folder: Path) -> None:
        self.directory = folder / 'project'
        self.database = folder / 'db.sqlite3'
        shutil.copytree(FROZEN, self.directory, ignore=shutil.ignore_patterns('__pycache__'))
        with sqlite3.connect(self.database) as connection:
            connection.executescript((self.directory / 'database.sql').read_text())
        connection.close()

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment that its host gives it, with this Python's programs."""
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']])
        given = {'DJANGO_SETTINGS_MODULE': 'library.settings', 'DATABASE': str(self.database)}
        return super().environment(PATH=programs, **given, **variables)

    def read_procfile(self) -> dict[str, list[str]]:
        """Return the command of each process type."""
        lines = (self.directory / 'Procfile').read_text().splitlines()
        return {name: shlex.split(command) for name, command in (x.split(': ') for x in lines)}


@pytest.fixture(scope='module')
def project(tmp_path_factory: pytest.TempPathFactory) -> DropIn:
    return DropIn(tmp_path_factory.mktemp('dropin'))


@pytest.fixture(scope='module')
def server(project: DropIn) -> Iterator[Server]:
    """What the Procfile starts, after its release."""
    procfile = project.read_procfile()
    assert procfile['release'][:2] == ['python', 'manage.py']
    done = project.run(*procfile['release'][2:])
    assert done.returncode == 0, done.stderr
    port = str(free_port())
    with Server(project, procfile['web'], {'PORT': port, 'DEBUG': 'False'}) as server:
        server.url = f'http://127.0.0.1:{port}'
        server.wait_for(lambda: server.answers('/'), 'an answer')
        yield server


def iter_frozen() -> Iterator[Path]:
    """Yield the files of the project, but for what running it makes."""
    for path in sorted(FROZEN.rglob('*')):
        if path.is_file() and '__pycache__' not in path.parts:
            yield path


def test_the_project_is_as_it_was() -> None:
    """Who wants another one adds it: an edit here would hide what users have to do."""
    digest = hashlib.sha256()
    for path in iter_frozen():
        digest.update(f'{path.relative_to(FROZEN).as_posix()}\n'.encode() + path.read_bytes())

    assert digest.hexdigest() == DIGEST


def test_its_own_tests_pass(project: DropIn) -> None:
    done = project.run('test')

    assert done.returncode == 0, done.stderr
    assert re.findall(r'^Ran (\d+) tests|^(OK)$', done.stderr, re.M) == [('26', ''), ('', 'OK')]


def test_its_settings_and_routes_are_without_mistakes(project: DropIn) -> None:
    """But for Django's own word on keys, which it says of any project of Django 2."""
    done = project.run('check')

    assert done.returncode == 0, done.stderr
    assert set(re.findall(r'\((\w+\.[A-Z]\d+)\)', done.stderr)) <= {'models.W042'}


def test_its_procfile_serves_both_frameworks(server: Server) -> None:
    welcome, about = server.get('/'), server.get('/about/')

    assert (welcome.status_code, welcome.json()) == (200, {'message': 'Welcome to the library!'})
    assert (about.status_code, about.text) == (200, f'<h1>The library of {server.url[7:]}</h1>')
    assert server.get('/admin/login/').status_code == 200


def test_its_users_keep_their_tokens_passwords_and_rows(server: Server) -> None:
    bearer = {'Authorization': f'Bearer {KEY}'}
    credentials = {'username': 'ann', 'password': 'a long password'}

    lent = requests.post(f'{server.url}/books/1/loans/', headers=bearer, timeout=TIMEOUT_S)
    login = requests.post(f'{server.url}/auth/token-login/', credentials, timeout=TIMEOUT_S)

    assert server.get('/books/').json() == [{
        'id': 1, 'title': 'Ulysses', 'author': 'James Joyce', 'shelf': 'fiction', 'copies': 1,
        'bought_on': None,
    }]  # fmt: skip
    assert (lent.status_code, lent.json()) == (201, {'book': 'Ulysses', 'borrower': 'ann'})
    assert (login.status_code, len(login.text)) == (200, len(KEY))
