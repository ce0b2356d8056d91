"""Databases that go away, come back or are locked, under real servers."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from management_tests.support import gates
from management_tests.support.postgres import Postgres
from management_tests.support.server_process import Project
from management_tests.support.traffic import Outcome, Traffic

SERVERS = ['gunicorn', 'granian'] if gates.IS_FULL else ['gunicorn']
pytestmark = [
    pytest.mark.faults,
    pytest.mark.server,
    pytest.mark.parametrize('server_name', SERVERS, indirect=True),
]

ROUTES = """

    def count() -> int:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute('SELECT count(*) FROM note')
            return cursor.fetchone()[0]


    def add() -> int:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute('INSERT INTO note VALUES (1)')
        return 1


    routes += [Route('/count/', 'GET', count), Route('/add/', 'POST', add)]
"""

# Django's own configuration logs to the console under DEBUG alone.
LOGGING = {
    'version': 1,
    'disable_existing_loggers': False,
    'handlers': {'console': {'class': 'logging.StreamHandler'}},
    'loggers': {'django': {'handlers': ['console'], 'level': 'INFO'}},
}


def make_project(folder: Path, **database: Any) -> Project:
    """Return a project whose database is that, with a table `note` to count and to add to."""
    project = Project(folder)
    project.append('shop/routes.py', ROUTES)
    project.append(
        'shop/settings.py', f'DATABASES["default"].update({database!r})\nLOGGING = {LOGGING!r}\n'
    )
    return project


def make_postgres_project(folder: Path, postgres: Postgres, **database: Any) -> tuple[Project, str]:
    """Return the project and its database's name."""
    configuration = {**postgres.databases()['default'], **database}
    postgres.execute('CREATE TABLE note (number integer)', configuration['NAME'])
    return make_project(folder, **configuration), configuration['NAME']


@pytest.mark.case('L01', 'G01')
def test_restart_of_postgresql_costs_requests_only_while_it_is_down(
    tmp_path: Path, postgres: Postgres, server_name: str
) -> None:
    options = {'CONN_MAX_AGE': 60, 'CONN_HEALTH_CHECKS': True}
    project, _ = make_postgres_project(tmp_path, postgres, **options)
    number = gates.choose(150, 1000)
    with (
        project.serve('--server', server_name, '--workers', '2', '--threads', '4') as server,
        Traffic(server.url, '/count/') as traffic,
    ):
        traffic.wait_for(number)
        stopped = time.monotonic()
        with postgres.stopped():
            time.sleep(0.3)
        started = time.monotonic()
        traffic.wait_for(number)

    outside = [outcome for outcome in traffic.failures if not overlaps(outcome, stopped, started)]
    assert outside == []
    assert traffic.failures  # it has been down
    assert {outcome.body for outcome in traffic.failures} == {b'"Server error"'}
    gates.record(
        'L01',
        f'{len(traffic.failures)} of {len(traffic.outcomes):,} failed, at '
        f'{traffic.requests_per_s:.0f} requests/s, all during the '
        f'{started - stopped:.1f} s without a database',
        server_name,
    )


def overlaps(outcome: Outcome, began: float, ended: float) -> bool:
    return outcome.began < ended and outcome.ended > began


@pytest.mark.case('L02')
def test_no_connection_is_left_after_load_where_none_is_to_be_kept(
    tmp_path: Path, postgres: Postgres, server_name: str
) -> None:
    project, name = make_postgres_project(tmp_path, postgres, CONN_MAX_AGE=0)
    options = ('--server', server_name, '--workers', '2', '--threads', '4')
    with project.serve(*options) as server:
        with Traffic(server.url, '/count/') as traffic:
            traffic.wait_for(gates.choose(150, 1000))
        began = time.monotonic()
        server.wait_for(lambda: not postgres.count_connections(name), 'their end', 1 + gates.LATE_S)
        took_s = time.monotonic() - began

    assert traffic.failures == []
    seen = f'none {took_s:.1f} s after {len(traffic.outcomes):,} requests'
    gates.record('L02', seen, server_name)


@pytest.mark.case('L09')
def test_locked_sqlite_refuses_writes_for_now_and_serves_reads(
    tmp_path: Path, server_name: str
) -> None:
    project = make_project(tmp_path, OPTIONS={'timeout': 0.2})
    database = sqlite3.connect(tmp_path / 'shop' / 'db', isolation_level=None)
    options = ('--server', server_name, '--workers', '1')
    with contextlib.closing(database), project.serve(*options) as server:
        database.execute('CREATE TABLE note (number integer)')
        usual_s = max(server.get('/count/').elapsed.total_seconds() for _ in range(5))
        database.execute('BEGIN IMMEDIATE')
        writes = [requests.post(f'{server.url}/add/', timeout=30) for _ in range(5)]
        reads = [server.get('/count/') for _ in range(5)]
        database.execute('COMMIT')
        after = requests.post(f'{server.url}/add/', timeout=30)

    assert [(write.status_code, write.headers['Retry-After']) for write in writes] == [
        (503, '1')
    ] * 5
    assert [read.json() for read in reads] == [0] * 5
    slowest_s = max(read.elapsed.total_seconds() for read in reads)
    assert slowest_s < gates.allow(1, usual_s)
    assert after.status_code == 200
    assert server.stderr.count('database is locked') >= 5
    gates.record(
        'L09',
        f'{len(writes)} of {len(writes)} writes 503; reads within {slowest_s * 1000:.0f} ms',
        server_name,
    )
