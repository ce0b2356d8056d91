"""A PostgreSQL server for tests, from the wheel `pgserver`: no system package, any user."""

import contextlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest


class Postgres:
    """A running server. `databases()` gives Django's DATABASES for a new, empty database."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.socket_dir = parse_qs(urlsplit(server.get_uri()).query)['host'][0]
        for setting in ('fsync', 'full_page_writes', 'synchronous_commit'):
            server.psql(f'ALTER SYSTEM SET {setting} = off;')  # Nothing here outlives the tests.
        server.psql('SELECT pg_reload_conf();')

    def create_database(self, template: str = 'template1') -> str:
        """Create a copy of *template*, which nobody may be connected to; return its name."""
        name = f'test_{uuid.uuid4().hex}'
        self.server.psql(f'CREATE DATABASE {name} TEMPLATE {template};')
        return name

    def databases(self, **options: Any) -> dict[str, Any]:
        return {
            'default': {
                'ENGINE': 'django.db.backends.postgresql', 'NAME': self.create_database(),
                'USER': 'postgres', 'HOST': self.socket_dir, **options,
            }
        }  # fmt: skip

    def execute(self, statement: str, name: str) -> str:
        """Run *statement* in the database *name*; return what psql prints."""
        return str(self.server.psql(f'\\c {name}\n{statement};'))

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the server, and start it again on leaving: as `systemctl restart` does it."""
        from pgserver import pg_ctl

        stop = ['-w', '-m', 'fast', 'stop']
        pg_ctl(stop, pgdata=self.server.pgdata, user=self.server.system_user)
        yield
        self.server.ensure_postgres_running()

    def count_connections(self, name: str) -> int:
        """Return how many connections the database *name* has."""
        query = f"SELECT 'n=' || count(*) FROM pg_stat_activity WHERE datname = '{name}'"
        return int(re.findall(r'n=(\d+)', self.execute(query, 'postgres'))[0])

    def url(self, name: str = 'postgres') -> str:
        """Return what DATABASE_URL takes."""
        return f'postgres://postgres@{self.socket_dir.replace("/", "%2F")}/{name}'


@contextlib.contextmanager
def serve_postgres() -> Iterator[Postgres]:
    """Start a server for the block. Raises ImportError where the wheel has no build.

    Its directory has a short name: a Unix socket's path must not exceed 107 bytes.
    """
    with warnings.catch_warnings():
        # One of its libraries says so at import where no session is, such as in a container.
        warnings.filterwarnings('ignore', 'XDG_RUNTIME_DIR')
        import pgserver

    directory = Path(tempfile.mkdtemp(prefix='pg'))
    server = pgserver.get_server(directory, cleanup_mode='stop')
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


def must_be_there() -> bool:
    """Return whether a Python that has a build must have it."""
    return os.environ.get('CI') == 'true' and sys.version_info < (3, 13)


@pytest.fixture(scope='session')
def postgres() -> Iterator[Postgres]:
    """One server for the session; skips where the wheel has no build for this Python."""
    if not must_be_there() and importlib.util.find_spec('pgserver') is None:
        pytest.skip('pgserver has no build for this Python.')
    with serve_postgres() as server:
        yield server
