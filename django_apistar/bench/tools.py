"""wrk, h2load, hey, k6, ab and siege: the command line of each, and how its output is read."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django_apistar.bench.load import Load, LoadToolError, Order, Tool, get_percentile
from django_apistar.bench.request import GET, Request

_SECONDS = {'us': 1e-6, 'ms': 1e-3, 's': 1.0, 'm': 60.0, 'h': 3600.0}
_PATIENCE_S = 20  # for an answer, which wrk alone counts as an error after 2 s


# wrk


def _wrk_arguments(order: Order) -> list[str]:
    script = []
    if not order.request.is_plain:
        (order.folder / 'request.lua').write_text(_build_lua(order), encoding='latin-1')
        script = ['--script', 'request.lua']
    return [
        '--threads', '1', '--connections', str(order.connections),
        '--duration', f'{order.whole_seconds}s', '--timeout', f'{_PATIENCE_S}s', '--latency',
        *script, order.url,
    ]  # fmt: skip


def _build_lua(order: Order) -> str:
    """Return the script of a request that is more than a GET; it keeps secrets off `ps`."""
    lines = [f'wrk.method = {_quote_lua(order.request.method)}']
    for name, value in order.request.headers:
        lines.append(f'wrk.headers[{_quote_lua(name)}] = {_quote_lua(value)}')
    body = order.write_body()
    if body:
        lines.append(f"wrk.body = io.open('{body}', 'rb'):read('*a')")
    return '\n'.join(lines)


def _quote_lua(text: str) -> str:
    return '"' + ''.join(f'\\{number:03d}' for number in text.encode('latin-1')) + '"'


def read_wrk(output: str, folder: Path) -> Load:
    """Read what `wrk --latency` prints."""
    total = re.search(r'(\d+) requests in ([\d.]+\w+),', output)
    latency = re.search(r'^ +Latency +\S+ +\S+ +(\S+)', output, re.MULTILINE)
    percentiles = dict(re.findall(r'^ +(50|90|99)% +(\S+) *$', output, re.MULTILINE))
    socket_errors = re.search(r'Socket errors: (.*)', output)
    refused = re.search(r'Non-2xx or 3xx responses: (\d+)', output)
    bad = int(refused[1]) if refused else 0
    lost = sum(map(int, re.findall(r'\d+', socket_errors[1]))) if socket_errors else 0
    if total is None or latency is None:
        raise ValueError('no summary')
    return Load(
        transactions=int(total[1]) - bad, elapsed_s=_parse_time(total[2]),
        longest_s=_parse_time(latency[1]), p50_s=_parse_time(percentiles['50']),
        p90_s=_parse_time(percentiles['90']), p99_s=_parse_time(percentiles['99']),
        errors=bad + lost,
    )  # fmt: skip


def _parse_time(text: str) -> float:
    """Return the seconds of '413.00us' or '1.00s'."""
    found = re.fullmatch(r'([\d.]+)([a-z]+)', text)
    if found is None:
        raise ValueError(f'no time: {text!r}')
    return float(found[1]) * _SECONDS[found[2]]


# h2load


def _h2load_arguments(order: Order) -> list[str]:
    return [
        '--h1', '--threads', '1', '--clients', str(order.connections),
        '--duration', str(order.whole_seconds), '--log-file', 'requests.tsv',
        *_h2load_request(order), order.url,
    ]  # fmt: skip


def _h2load_request(order: Order) -> list[str]:
    options = [option for line in order.header_lines for option in ('--header', line)]
    if order.request.method != 'GET':
        options += ['--header', f':method: {order.request.method}']
    body = order.write_body()
    return [*options, '--data', body] if body else options


def read_h2load(output: str, folder: Path) -> Load:
    """Read what h2load prints, and its log: start in us, status and duration in us."""
    elapsed = re.search(r'finished in ([\d.]+\w+),', output)
    failed = re.search(r'(\d+) failed', output)
    statuses = re.search(r'status codes: (\d+) 2xx, (\d+) 3xx', output)
    if elapsed is None or failed is None or statuses is None:
        raise ValueError('no summary')
    with (folder / 'requests.tsv').open() as log:
        times = sorted(int(row[2]) / 1e6 for row in csv.reader(log, delimiter='\t'))
    return _with_percentiles(
        times, int(statuses[1]), _parse_time(elapsed[1]), int(failed[1]) + int(statuses[2])
    )


def _with_percentiles(
    ordered: Sequence[float], transactions: int, elapsed_s: float, errors: int
) -> Load:
    if not ordered:
        return Load(0, elapsed_s, 0, None, None, None, errors)
    p50, p90, p99 = (get_percentile(ordered, percent) for percent in (50, 90, 99))
    return Load(transactions, elapsed_s, ordered[-1], p50, p90, p99, errors)


# hey


def _hey_arguments(order: Order) -> list[str]:
    options = [option for line in order.header_lines for option in ('-H', line)]
    body = order.write_body()
    options += ['-D', body] if body else []
    return [
        '-z', f'{order.duration_s}s', '-c', str(order.connections), '-m', order.request.method,
        *options, order.url,
    ]  # fmt: skip


def read_hey(output: str, folder: Path) -> Load:
    """Read hey's summary."""
    numbers = dict(re.findall(r'^ +(Total|Slowest):\t([\d.]+) secs', output, re.MULTILINE))
    percentiles = dict(re.findall(r'^ +(\d+)% in ([\d.]+) secs', output, re.MULTILINE))
    statuses = re.findall(r'^ +\[(\d+)\]\t(\d+) responses', output, re.MULTILINE)
    _, _, failures = output.partition('Error distribution:')
    lost = sum(map(int, re.findall(r'^ +\[(\d+)\]\t', failures, re.MULTILINE)))
    good = sum(int(count) for status, count in statuses if status.startswith('2'))
    bad = sum(int(count) for status, count in statuses) - good
    return Load(
        transactions=good, elapsed_s=float(numbers['Total']), longest_s=float(numbers['Slowest']),
        p50_s=_get_number(percentiles, '50'), p90_s=_get_number(percentiles, '90'),
        p99_s=_get_number(percentiles, '99'), errors=bad + lost,
    )  # fmt: skip


def _get_number(numbers: Mapping[str, str], key: str) -> float | None:
    """Return a percentile, None where hey leaves it out: there were few requests."""
    return float(numbers[key]) if key in numbers else None


# k6

_K6_SCRIPT = """\
import http from 'k6/http';
const sent = %(request)s;
const body = sent.file ? open(sent.file, 'b') : null;
const parameters = { redirects: 0, headers: sent.headers };
export const options = {
  scenarios: { load: %(scenario)s }, discardResponseBodies: true,
  summaryTrendStats: ['med', 'p(90)', 'p(99)', 'max'],
};
export default function () { http.request(sent.method, sent.url, body, parameters); }
export function handleSummary(data) {
  const { metrics, state } = data;
  return { stdout: JSON.stringify({ metrics, state, times: '%(times)s' }) };
}
"""
_K6_TIMES = 'http_req_duration'
_K6_USERS = 2000  # that k6 may have waiting for an answer, each of them a connection
_K6_LOST = 0.01  # a larger share of requests that were never sent is not the rate that was asked


def _k6_arguments(order: Order) -> list[str]:
    sent = {
        'url': order.url, 'method': order.request.method, 'headers': dict(order.request.headers),
        'file': order.write_body(),
    }  # fmt: skip
    script = _K6_SCRIPT % {
        'request': json.dumps(sent), 'scenario': json.dumps(_build_scenario(order)),
        # An iteration begins when its request is due, and includes to connect.
        'times': 'iteration_duration' if order.rate else _K6_TIMES,
    }  # fmt: skip
    (order.folder / 'script.js').write_text(script)
    return ['run', '--quiet', '--no-usage-report', 'script.js']


def _build_scenario(order: Order) -> dict[str, Any]:
    """Return how requests arrive: as answers do, or at the rate."""
    # k6 refuses less than a second.
    milliseconds = max(1000, round(order.duration_s * 1000))
    duration = {'duration': f'{milliseconds}ms', 'gracefulStop': '30s'}
    if order.rate is None:
        return {'executor': 'constant-vus', 'vus': order.connections, **duration}
    users = min(_K6_USERS, max(order.connections, order.rate))  # they can wait for a second
    return {
        'executor': 'constant-arrival-rate', 'rate': order.rate, 'timeUnit': '1s',
        'preAllocatedVUs': users, **duration,
    }  # fmt: skip


def read_k6(output: str, folder: Path) -> Load:
    """Read what the script's handleSummary prints: metrics in ms."""
    data: dict[str, Any] = json.loads(output[output.index('{') :])
    values = {name: metric['values'] for name, metric in data['metrics'].items()}
    times = values[data.get('times', _K6_TIMES)]
    sent = int(values['http_reqs']['count'])
    # http_req_failed is a rate of failures: its "passes" are the failed requests.
    errors = int(values['http_req_failed']['passes'])
    lost = int(values.get('dropped_iterations', {'count': 0})['count'])
    if lost > _K6_LOST * (sent + lost):
        raise LoadToolError(
            f'k6 could not send {lost:,} of {sent + lost:,} requests in time: the server or k6 '
            'itself does not keep up. Choose a lower --rate.'
        )
    return Load(
        transactions=sent - errors, elapsed_s=data['state']['testRunDurationMs'] / 1e3,
        longest_s=times['max'] / 1e3, p50_s=times['med'] / 1e3, p90_s=times['p(90)'] / 1e3,
        p99_s=times['p(99)'] / 1e3, errors=errors + lost,
    )  # fmt: skip


# ab

_AB_REQUESTS_PER_S = 200_000  # ab ends after so many: more than any server handles


def _ab_arguments(order: Order) -> list[str]:
    return [
        '-q', '-k', '-l', '-r', '-t', str(order.whole_seconds),
        '-n', str(_AB_REQUESTS_PER_S * order.whole_seconds), '-c', str(order.connections),
        '-e', 'percentiles.csv', *_ab_request(order), order.url,
    ]  # fmt: skip


def _ab_request(order: Order) -> list[str]:
    request, body = order.request, order.write_body()
    options = [
        option for line in order.header_lines
        if not line.lower().startswith('content-type:') for option in ('-H', line)
    ]  # fmt: skip
    if body:
        kind = request.get('Content-Type') or ''
        return [*options, '-p' if request.method == 'POST' else '-u', body, '-T', kind]
    return options if request.method == 'GET' else [*options, '-m', request.method]


def read_ab(output: str, folder: Path) -> Load:
    """Read what ab prints, and its file of percentiles in ms."""
    numbers = dict(re.findall(r'^([A-Z][\w -]+):\s+([\d.]+)', output, re.MULTILINE))
    elapsed_s = float(numbers['Time taken for tests'])
    if not int(numbers['Complete requests']):  # and no file
        return Load(0, elapsed_s, 0, None, None, None, 0)
    bad = int(numbers['Failed requests']) + int(numbers.get('Non-2xx responses', '0'))
    with (folder / 'percentiles.csv').open() as file:
        times = {row[0]: float(row[1]) / 1e3 for row in list(csv.reader(file))[1:]}
    return Load(
        transactions=int(numbers['Complete requests']) - bad,
        elapsed_s=elapsed_s, longest_s=times['100'],
        p50_s=times['50'], p90_s=times['90'], p99_s=times['99'], errors=bad,
    )  # fmt: skip


# siege

# A connection for each request, which is siege's default: on a kept connection siege 4.0 waits for
# ever for the end of a chunked response.
_SIEGE_SETTINGS = (
    'verbose = false\nlogging = false\njson_output = true\nconnection = close\n'
    'protocol = HTTP/1.1\nparser = false\nlimit = 1000\n'
)


def _siege_arguments(order: Order) -> list[str]:
    # siege counts whole seconds of the clock, and so ends up to a second too early.
    (order.folder / 'siegerc').write_text(_SIEGE_SETTINGS)
    return [
        '--rc', str(order.folder / 'siegerc'), '--benchmark',
        '--concurrent', str(order.connections), '--time', f'{order.whole_seconds + 1}S',
        *(f'--header={line}' for line in order.header_lines), order.url,
    ]  # fmt: skip


def read_siege(output: str, folder: Path) -> Load:
    """Read siege's JSON, which has hundredths of a second and no percentiles."""
    data = json.loads(output[output.index('{') :])
    errors = int(data['failed_transactions'])
    return Load(
        transactions=int(data['transactions']), elapsed_s=float(data['elapsed_time']),
        longest_s=float(data['longest_transaction']), p50_s=None, p90_s=None, p99_s=None,
        errors=errors,
    )  # fmt: skip


# The first that is installed is used: those that need the least CPU come first.
TOOLS = {
    tool.name: tool
    for tool in (
        Tool('wrk', '-v', _wrk_arguments, read_wrk),
        Tool('h2load', '--version', _h2load_arguments, read_h2load),
        Tool('hey', None, _hey_arguments, read_hey),
        Tool('k6', 'version', _k6_arguments, read_k6, takes_rate=True),
        Tool('ab', '-V', _ab_arguments, read_ab, body_methods=('POST', 'PUT')),
        Tool('siege', '--version', _siege_arguments, read_siege, ('GET',), ()),
    )
}


def find_tool(name: str | None = None, request: Request = GET, is_rate: bool = False) -> Tool:
    """Return the tool called *name*, else the first installed that can do it.

    Raises LoadToolError.
    """
    able = [tool for tool in TOOLS.values() if tool.can_send(request)]
    able = [tool for tool in able if tool.takes_rate or not is_rate]
    if name and TOOLS[name] not in able:
        what = '--rate' if is_rate else f'{request.method}{" with a body" * bool(request.body)}'
        names = ', '.join(tool.name for tool in able)
        raise LoadToolError(f'{name} cannot do {what}. Choose one of these as --tool: {names}.')
    for tool in [TOOLS[name]] if name else able:
        if shutil.which(tool.name):
            return tool
    if is_rate:
        raise LoadToolError(
            '--rate needs k6, which is not installed. Install it as https://k6.io says, or leave '
            'out --rate.'
        )
    if name:
        raise LoadToolError(f'{name} is not installed. Install it, or choose another --tool.')
    names = ', '.join(tool.name for tool in able)
    raise LoadToolError(f'No load tool is installed. Install one of {names}, or use --in-process.')
