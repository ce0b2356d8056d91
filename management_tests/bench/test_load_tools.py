"""What each load tool is told of an order, whole, and what is read of what it prints.

`python -m management_tests.bench.test_load_tools` writes `load_tools.json` anew.
"""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from django_apistar.bench.load import LoadToolError, Order, get_percentile, order
from django_apistar.bench.request import GET, Request
from django_apistar.bench.tools import TOOLS

pytestmark = pytest.mark.once

TOLD = Path(__file__).with_name('load_tools.json')
JSON = ('Content-Type', 'application/json')
ORDERS: dict[str, dict[str, Any]] = {
    'plain': {},
    'shorter than a second': {'duration_s': 0.25, 'connections': 1},
    'with headers': {'request': Request('GET', (('X-A', 'b"\\'), ('Cookie', 'é=1')))},
    'with a body': {'request': Request('POST', (JSON, ('X-A', 'b')), b'{"a": 1}')},
    'with another body': {'request': Request('PUT', (JSON,), b'\xff')},
    'with a body of no type': {'request': Request('POST', (), b'x')},
    'without a body': {'request': Request('DELETE')},
    'at a rate': {'rate': 50},
    'at a high rate': {'rate': 5000, 'connections': 100},
}


def build(name: str, **given: Any) -> dict[str, Any]:
    """Return the command line of the tool *name*, and the files that it finds."""
    with tempfile.TemporaryDirectory() as folder:
        order = Order(**{
            'url': 'http://127.0.0.1:8000/a/', 'connections': 8, 'duration_s': 2.5,
            'folder': Path(folder), 'request': GET, **given,
        })  # fmt: skip
        arguments = [each.replace(folder, '...') for each in TOOLS[name].build_arguments(order)]
        files = {file.name: file.read_bytes().decode('latin-1') for file in Path(folder).iterdir()}
    return {'arguments': arguments, 'files': dict(sorted(files.items()))}


def build_all(name: str) -> dict[str, Any]:
    return {case: build(name, **given) for case, given in ORDERS.items()}


@pytest.mark.parametrize('name', TOOLS)
def test_a_tool_is_told_the_whole_order(name: str) -> None:
    """The words of `tools`."""
    assert build_all(name) == json.loads(TOLD.read_text())[name]


def test_what_each_tool_can_do_and_how_it_tells_its_version() -> None:
    """`tools`, `load`"""
    every = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
    facts = {
        tool.name: (tool.version_argument, tool.methods, tool.body_methods, tool.takes_rate)
        for tool in TOOLS.values()
    }

    assert facts == {
        'wrk': ('-v', every, every, False), 'h2load': ('--version', every, every, False),
        'hey': (None, every, every, False), 'k6': ('version', every, every, True),
        'ab': ('-V', every, ('POST', 'PUT'), False),
        'siege': ('--version', ('GET',), (), False),
    }  # fmt: skip


def read(name: str, folder: Path, output: str, **files: str) -> tuple[Any, ...]:
    for file, text in files.items():
        (folder / file.replace('_', '.')).write_text(text)
    return dataclasses.astuple(TOOLS[name].read(output, folder))[:-1]


WRK = """\
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   413.00us  120.00us   1.50s    90.00%
    Req/Sec     5.00k     0.10k    5.20k    70.00%
     50%  400.00us
     75%    1.00ms
     90%    2.00ms
     99%    1.00m
  300 requests in 2.01s, 40.00KB read
"""
ERRORS = """\
  Socket errors: connect 1, read 2, write 3, timeout 4
  Non-2xx or 3xx responses: 6
"""


def test_wrk_by_its_summary(tmp_path: Path) -> None:
    times = pytest.approx((2.01, 1.5, 0.0004, 0.002, 60))

    for output, good, errors in ((WRK, 300, 0), (WRK + ERRORS, 294, 16)):
        transactions, *seconds, failures = read('wrk', tmp_path, output)
        assert (transactions, failures, tuple(seconds)) == (good, errors, times)


def test_a_round_that_took_no_time_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'first').write_text(WRK.replace('2.01s', '0.00us'))
    (tmp_path / 'second').write_text(WRK)
    (tmp_path / 'wrk').write_text(
        f'#!/bin/sh\ncd {tmp_path}; cat first; mv second first || echo 1 requests in 1.0s,\n'
    )
    (tmp_path / 'wrk').chmod(0o755)
    monkeypatch.setenv('PATH', f'{tmp_path}:{os.environ["PATH"]}')

    with order('http://127.0.0.1:1/', 1, 0.1) as task:
        assert TOOLS['wrk'].run(task).elapsed_s == 2.01


HEY = """\
  Total:\t2.5000 secs
  Slowest:\t0.4000 secs
  Fastest:\t0.1000 secs
  50% in 0.1500 secs
  75% in 0.2000 secs
  90% in 0.3000 secs
  99% in 0.3900 secs
Status code distribution:
  [200]\t7 responses
  [204]\t2 responses
  [302]\t1 responses
  [500]\t3 responses
"""
LOST = """\
Error distribution:
  [4]\tGet "http://127.0.0.1:8000/": connection refused
  [1]\tGet "http://127.0.0.1:8000/": EOF
"""


def test_hey_by_its_summary(tmp_path: Path) -> None:
    assert read('hey', tmp_path, HEY) == (9, 2.5, 0.4, 0.15, 0.3, 0.39, 4)
    assert read('hey', tmp_path, HEY + LOST) == (9, 2.5, 0.4, 0.15, 0.3, 0.39, 9)
    few = HEY.replace('  90% in 0.3000 secs\n  99% in 0.3900 secs\n', '')
    assert read('hey', tmp_path, few) == (9, 2.5, 0.4, 0.15, None, None, 4)


H2LOAD = """\
finished in 2.01s, 4.98 req/s, 1.2KB/s
requests: 12 total, 12 started, 11 done, 10 succeeded, 1 failed, 0 errored, 0 timeout
status codes: 7 2xx, 2 3xx, 1 4xx, 0 5xx
"""


def _without(output: str, word: str) -> str:
    return ''.join(line for line in output.splitlines(keepends=True) if word not in line)


def test_h2load_by_its_summary_and_its_log(tmp_path: Path) -> None:
    log = ''.join(f'{at}\t200\t{at}000\n' for at in range(10, 0, -1))

    assert read('h2load', tmp_path, H2LOAD, requests_tsv=log) == (
        7, 2.01, 0.01, 0.005, 0.009, 0.01, 3,
    )  # fmt: skip


def test_h2load_that_got_no_answer(tmp_path: Path) -> None:
    assert read('h2load', tmp_path, H2LOAD, requests_tsv='') == (0, 2.01, 0, None, None, None, 3)


@pytest.mark.parametrize(
    ('name', 'output', 'fault'),
    [
        ('wrk', 'x', 'ValueError: no summary'),
        ('wrk', _without(WRK, 'Latency'), 'ValueError: no summary'),
        ('wrk', _without(WRK, 'requests'), 'ValueError: no summary'),
        ('wrk', WRK.replace('2.01s', '2.01'), "ValueError: no time: '2.01'"),
        ('wrk', WRK.replace('1.50s', '1.50'), "ValueError: no time: '1.50'"),
        *(
            ('h2load', _without(H2LOAD, word), 'ValueError: no summary')
            for word in ('finished', 'failed', 'status')
        ),
        ('wrk', '  Latency 1 2 3s\n2 requests in 1.0s,', "KeyError: '50'"),
        ('h2load', H2LOAD, (
            "FileNotFoundError: [Errno 2] No such file or directory: '.../requests.tsv'"
        )),
        ('hey', '', "KeyError: 'Total'"),
        ('siege', '{"failed_transactions": []}', (
            "TypeError: int() argument must be a string, a bytes-like object or a real number, not "
            "'list'"
        )),
        ('ab', 'Complete requests: 1', "KeyError: 'Time taken for tests'"),
        ('k6', '[]', 'ValueError: substring not found'),
    ],
)  # fmt: skip
def test_output_that_cannot_be_read_is_one_sentence(
    name: str, output: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'output').write_text(output)
    (tmp_path / name).write_text(f'#!/bin/sh\ncat {tmp_path}/output\n')
    (tmp_path / name).chmod(0o755)
    monkeypatch.setenv('PATH', f'{tmp_path}:{os.environ["PATH"]}')

    with pytest.raises(LoadToolError) as failure, order('http://127.0.0.1:1/', 1, 0.1) as task:
        TOOLS[name].run(task)

    sentence = str(failure.value).replace(str(task.folder), '...')
    assert sentence == f'The output of {name} cannot be read: {fault}. Choose another --tool.'


AB = """\
Concurrency Level:      2
Time taken for tests:   1.500 seconds
Complete requests:      300
Failed requests:        4
Non-2xx responses:      6
"""


@pytest.mark.parametrize(
    ('output', 'expected'),
    [
        (AB, (290, 1.5, 0.009, 0.002, 0.003, 0.004, 10)),
        (AB.replace('Non-2xx responses:      6\n', ''), (296, 1.5, 0.009, 0.002, 0.003, 0.004, 4)),
        (AB.replace('300', '0'), (0, 1.5, 0, None, None, None, 0)),
    ],
)
def test_ab_by_its_summary_and_its_percentiles(
    output: str, expected: tuple[Any, ...], tmp_path: Path
) -> None:
    table = 'Percentage served,Time in ms\n0,1.0\n50,2.0\n90,3.0\n99,4.0\n100,9.0\n'

    assert read('ab', tmp_path, output, percentiles_csv=table) == expected


def test_siege_by_its_json(tmp_path: Path) -> None:
    output = (
        'siege 4\n{"transactions": 12, "elapsed_time": 2.5, "failed_transactions": 3,'
        ' "longest_transaction": 0.25}'
    )

    assert read('siege', tmp_path, output) == (12, 2.5, 0.25, None, None, None, 3)


def describe_k6(lost: int | None = None, **more: Any) -> str:
    times = {'max': 40, 'med': 10, 'p(90)': 20, 'p(99)': 30}
    metrics = {
        'http_reqs': {'count': 1000}, 'http_req_failed': {'passes': 5},
        'http_req_duration': times, 'iteration_duration': {**times, 'max': 400},
        **({} if lost is None else {'dropped_iterations': {'count': lost}}),
    }  # fmt: skip
    values = {name: {'values': value} for name, value in metrics.items()}
    return 'k6\n' + json.dumps({'metrics': values, 'state': {'testRunDurationMs': 2000}, **more})


def test_k6_by_its_summary(tmp_path: Path) -> None:
    assert read('k6', tmp_path, describe_k6()) == (995, 2.0, 0.04, 0.01, 0.02, 0.03, 5)
    assert read('k6', tmp_path, describe_k6(10, times='iteration_duration')) == (
        995, 2.0, 0.4, 0.01, 0.02, 0.03, 15,
    )  # fmt: skip


def test_k6_that_loses_more_than_a_hundredth_does_not_send_the_rate(tmp_path: Path) -> None:
    with pytest.raises(LoadToolError) as failure:
        read('k6', tmp_path, describe_k6(11))

    assert str(failure.value) == (
        'k6 could not send 11 of 1,011 requests in time: the server or k6 itself does not keep '
        'up. Choose a lower --rate.'
    )


@pytest.mark.parametrize(
    ('count', 'percent', 'expected'),
    [(1, 50, 1), (2, 50, 1), (3, 50, 2), (100, 99, 99), (101, 99, 100), (10, 100, 10), (10, 0, 1)],
)
def test_a_percentile_is_the_nearest_rank(count: int, percent: float, expected: int) -> None:
    assert get_percentile(range(1, count + 1), percent) == expected


def write() -> None:
    content = {name: build_all(name) for name in TOOLS}
    TOLD.write_text(json.dumps(content, indent=1, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    write()
