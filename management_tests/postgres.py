"""A PostgreSQL server for tests, from the wheel `pgserver`: no system package, any user."""

import shutil
import tempfile
import uuid
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

    def create_database(self) -> str:
        name = f'test_{uuid.uuid4().hex}'
        self.server.psql(f'CREATE DATABASE {name};')
        return name

    def databases(self, **options: Any) -> dict[str, Any]:
        return {
            'default': {
                'ENGINE': 'django.db.backends.postgresql', 'NAME': self.create_database(),
                'USER': 'postgres', 'HOST': self.socket_dir, **options,
            }
        }  # fmt: skip

    def url(self, name: str = 'postgres') -> str:
        """Return what DATABASE_URL takes."""
        return f'postgres://postgres@{self.socket_dir.replace("/", "%2F")}/{name}'


@pytest.fixture(scope='session')
def postgres() -> Iterator[Postgres]:
    """One server for the session; skips where the wheel has no build for this Python.

    Its directory has a short name: a Unix socket's path must not exceed 107 bytes.
    """
    pgserver = pytest.importorskip('pgserver')
    directory = Path(tempfile.mkdtemp(prefix='pg'))
    server = pgserver.get_server(directory, cleanup_mode='stop')
    yield Postgres(server)
    server.cleanup()
    shutil.rmtree(directory, ignore_errors=True)
