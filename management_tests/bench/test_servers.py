"""What the server of a target is told."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from gunicorn.app.base import Application
from gunicorn.config import Config

from django_apistar.bench import servers
from django_apistar.bench.targets import APISTAR
from django_apistar.server.gunicorn.worker import Worker

pytestmark = pytest.mark.once


def test_gunicorn_is_told_all_that_is_not_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """`servers`"""
    started: list[Any] = []
    monkeypatch.setattr(Application, 'run', lambda application: started.append(application))

    servers._serve_by_gunicorn(APISTAR, servers.Setup('gunicorn', 2, 3), 7)

    [application] = started
    usual = Config().settings
    told = {name: setting.get() for name, setting in application.cfg.settings.items()}
    changed = {name: value for name, value in told.items() if value != usual[name].get()}
    assert changed == {
        'bind': ['fd://7'], 'workers': 2, 'threads': 3, 'worker_class': Worker,
        'post_worker_init': servers.watch_parent, 'timeout': 0, 'keepalive': 5,
        'graceful_timeout': 1, 'loglevel': 'warning', 'proc_name': 'apistar_bench',
        'control_socket_disable': True,
    }  # fmt: skip


def test_server_ends_by_itself_while_its_parent_lives() -> None:
    code = 'from django_apistar.bench.servers import watch_parent; watch_parent()'
    command = [sys.executable, '-c', code]

    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        assert process.wait(60) == 0
