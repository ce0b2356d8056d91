"""The gates: what must hold when something breaks, and the page that says what has been seen.

The tests marked `faults` hold the gates in a bounded form; `make faults`, with FAULTS=full in the
environment, does it in full and writes the figures into docs/explanation/reliability.md.
"""

from __future__ import annotations

import dataclasses
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / 'docs/explanation/reliability.md'
START, END = '<!-- gates: start -->', '<!-- gates: end -->'
IS_FULL = os.environ.get('FAULTS') == 'full'
LATE_S = 5  # that a busy machine is late
HEADER = ('Fault', 'What must hold', 'Seen')
_ROW = re.compile(r'^\| (.+?) \| (.+?) \| (.*?) \|$', re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Gate:
    fault: str
    promise: str


GATES = {
    'L01': Gate(
        'PostgreSQL is restarted at 160 requests/s',
        'errors only while it is down, none in the requests after',
    ),
    'L02': Gate('a load ends, `CONN_MAX_AGE` is 0', 'no connection is left after 1 s'),
    'L03': Gate('SIGHUP, three times under load', 'no request fails'),
    'L04': Gate('SIGTERM with 8 requests of 0.5 s in flight', 'all are answered, status 0'),
    'L05': Gate(
        'a worker is killed, three times under load',
        'at most the requests that it had are lost; all is well within 2 s',
    ),
    'L06': Gate(
        '12 clients send a header or a body byte by byte', '10 of 10 other requests are answered'
    ),
    'L07': Gate(
        '10,000 malformed requests',
        'no answer is 5xx, but 501 for an unknown Transfer-Encoding; the same process, less than '
        '10 MB larger',
    ),
    'L08': Gate(
        '200 clients stall, and 200 drip a byte before each timeout, in a TLS handshake; in a '
        'head; in a body; in a stream that they do not read',
        '10 of 10 other requests are answered meanwhile; all are gone within twice the timeout of '
        '20 s',
    ),
    'L09': Gate(
        'SQLite is locked by another process',
        'writes: 503 with `Retry-After`, logged; reads: 200 at once',
    ),
    'L10': Gate("the access log's disk is full", 'no request fails'),
    'L11': Gate(
        'schemathesis asks the example what its schema promises',
        'every check passes, with SQLite and PostgreSQL',
    ),
    'L12': Gate('16 first logins of a user at once, 25 times', 'none fails'),
    'L13': Gate(
        'one of two instances behind nginx is killed under load', 'no request to the site fails'
    ),
    'L14': Gate(
        'both instances are restarted and reloaded, in turn, under load of GET and POST',
        'no request to the site fails',
    ),
    'L15': Gate(
        'Redis is silent, then stopped, under load',
        'no request with a token fails; logins do, until it is back',
    ),
    'L16': Gate('a million requests within a process', 'less than 5 MB larger'),
    'L17': Gate(
        'two instances behind HAProxy, which asks for `READY_URL`, are restarted in turn with '
        '`--drain`, 20 restarts, at 160 requests/s',
        'no request fails, no connection is refused or reset, also none of HAProxy; the slowest '
        'connect is at most 50 ms slower than without restarts',
    ),
    'L18': Gate(
        'the same behind nginx, which is told before and after each restart',
        'the same',
    ),
}


def choose(bounded: int, full: int) -> int:
    """Return how much to do: *bounded*, or *full* for `make faults`."""
    return full if IS_FULL else bounded


def allow(limit_s: float, usual_s: float) -> float:
    """Return *limit_s*, or more on a machine so busy that *usual_s* is what takes milliseconds."""
    return max(limit_s, 10 * usual_s)


def record(id: str, seen: str, server_name: str = 'gunicorn') -> None:
    """Note what has been *seen* at a gate that has held; for the page, in the full form.

    The page shows gunicorn's figures; granian has to hold the gate.
    """
    if IS_FULL and server_name == 'gunicorn':
        write({**read(), GATES[id].fault: seen})


def read() -> dict[str, str]:
    """Return what the page says was seen, by fault."""
    table = PAGE.read_text(encoding='utf-8').partition(START)[2].partition(END)[0]
    return {fault: seen for fault, _, seen in _ROW.findall(table)}


def write(figures: dict[str, str]) -> None:
    """Put the table into the page."""
    rows = [
        HEADER,
        ('---', '---', '---'),
        *((gate.fault, gate.promise, figures.get(gate.fault, '')) for gate in GATES.values()),
    ]
    table = '\n'.join(f'| {" | ".join(row)} |' for row in rows)
    before, _, rest = PAGE.read_text(encoding='utf-8').partition(START)
    text = f'{before}{START}\n\n{table}\n\n{describe()}\n\n{END}{rest.partition(END)[2]}'
    PAGE.write_text(text, encoding='utf-8')


def describe() -> str:
    """Return on what the figures were seen."""
    packages = ', '.join(
        f'{name} {version(name.lower())}' for name in ('Django', 'gunicorn', 'psycopg')
    )
    return f'Seen on {os.cpu_count()} cores with Python {platform.python_version()}, {packages}.'
