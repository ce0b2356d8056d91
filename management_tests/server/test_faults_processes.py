"""Workers that are reloaded, stopped and killed under load."""

from __future__ import annotations

import bisect
import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from management_tests.support import gates
from management_tests.support.server_process import Project, Server
from management_tests.support.traffic import Traffic

pytestmark = [pytest.mark.faults, pytest.mark.server]

CLIENTS = 8
LOST = {'RemoteDisconnected', 'ConnectionResetError', 'BrokenPipeError'}
TWO_WORKERS = ('--workers', '2', '--threads', '8')


@pytest.fixture(scope='module')
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Project(tmp_path_factory.mktemp('faults')).serve(*TWO_WORKERS) as server:
        yield server


def workers_of(server: Server) -> set[int]:
    return set(server.children()) - {server.pid}


@pytest.mark.case('L03')
def test_three_reloads_under_load_fail_no_request(tmp_path: Path, server_name: str) -> None:
    # granian replaces a worker after the other, each in 3.5 s.
    workers = gates.choose(1, 2) if server_name == 'granian' else 2
    with (
        Project(tmp_path).serve(
            '--server', server_name, '--workers', str(workers), '--threads', '8'
        ) as server,
        Traffic(server.url) as traffic,
    ):
        for _ in range(3):
            old = workers_of(server)
            server.send(signal.SIGHUP)
            traffic.wait_for(gates.choose(20, 500))
            server.wait_for(lambda old=old: not old & workers_of(server), 'the end of the old')
        traffic.wait_for(50)

    assert traffic.failures == []
    assert server.returncode == 0
    gates.record('L03', f'0 of {len(traffic.outcomes):,} failed', server_name)


@pytest.mark.case('L04')
def test_stop_answers_eight_requests_in_flight(tmp_path: Path, server_name: str) -> None:
    with (
        Project(tmp_path).serve('--server', server_name, *TWO_WORKERS) as server,
        contextlib.ExitStack() as stack,
    ):
        clients = [
            stack.enter_context(contextlib.closing(server.begin('/slow/?seconds=0.5')))
            for _ in range(8)
        ]
        time.sleep(0.25)
        status = server.stop()
        answers = [client.getresponse().read() for client in clients]

    assert answers == [b'{"slept":0.5}'] * 8
    assert status == 0
    gates.record('L04', f'{len(answers)} of 8, status {status}', server_name)


@pytest.mark.case('L05')
def test_killed_worker_costs_its_own_requests_and_is_back_within_2_s(server: Server) -> None:
    kills: list[float] = []
    with Traffic(server.url, '/process/', CLIENTS) as traffic:
        for _ in range(3):
            traffic.wait_for(gates.choose(100, 700))
            old = workers_of(server)
            kills.append(time.monotonic())
            os.kill(min(old), signal.SIGKILL)
            server.wait_for(lambda old=old: len(workers_of(server) - old) == 1, 'the new worker')
            traffic.wait_for(gates.choose(100, 700))

    ends = [failure.ended for failure in traffic.failures]
    usual_s = max(outcome.took_s for outcome in traffic.outcomes if outcome.ended < kills[0])
    limit_s = gates.allow(2, usual_s)
    causes = [bisect.bisect(kills, end) for end in ends]  # 1 is the first kill
    latest_s = max(
        (end - kills[cause - 1] for end, cause in zip(ends, causes, strict=True)), default=0
    )
    assert 0 not in causes
    assert max(Counter(causes).values(), default=0) <= CLIENTS  # one request of each
    assert {failure.result.partition('(')[0] for failure in traffic.failures} <= LOST
    assert latest_s < limit_s
    assert max(outcome.took_s for outcome in traffic.outcomes) < limit_s
    gates.record(
        'L05',
        f'{len(traffic.failures)} of {len(traffic.outcomes):,} lost, the last {latest_s:.2f} s '
        'after a kill',
    )
