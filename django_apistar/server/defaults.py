"""The defaults of both servers, and the options with which no server can start."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

from django_apistar.server import listeners
from django_apistar.server.launch import ServerError

# workers x threads stays below the 100 connections that PostgreSQL allows by default.
_CONNECTIONS = 96
WORKERS_MAX = 12
_WORKERS_LIMIT = 1000  # more are a mistake, and bring the machine down
_THREADS_LIMIT = 10_000
_THREADS_MIN, _THREADS_MAX = 8, 32
_DEVELOPMENT_THREADS = 16
DRAIN_MAX_S = 3600


def count_workers(is_development: bool) -> int:
    """Return the default number of workers: one, WEB_CONCURRENCY, or by this machine's cores."""
    text = os.environ.get('WEB_CONCURRENCY')
    if text and not (text.isascii() and text.isdigit() and int(text)):
        raise ServerError(f'WEB_CONCURRENCY is {text!r}. Set it to a number of workers, 1 or more.')
    if is_development:
        return 1
    if text:
        return int(text)
    return min(2 * count_cores() + 1, WORKERS_MAX)


def count_cores() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count_threads(workers: int, is_development: bool) -> int:
    """Return the default number of threads of each of *workers*."""
    if is_development:
        return _DEVELOPMENT_THREADS
    return max(_THREADS_MIN, min(_CONNECTIONS // max(workers, 1), _THREADS_MAX))


def default_address(is_development: bool) -> str:
    """Return the address that is served where no option names one; PORT counts in production."""
    port = os.environ.get('PORT')
    if port and not is_development:
        return listeners.parse_address(f'0.0.0.0:{port}')
    return f'127.0.0.1:{listeners.DEFAULT_PORT}'


def check_options(config: Any, workers: int, threads: int, drain_s: int) -> None:
    """Raise ServerError for options with which no server can start.

    *config* is gunicorn's `Config`; granian's server fills one as well.
    """
    for noun, number in (('worker', workers), ('thread', threads)):
        if number < 1:
            raise ServerError(f'{noun}s is {number}. Serving needs 1 {noun} or more.')
    if workers > _WORKERS_LIMIT:
        raise ServerError(
            f'workers is {workers}. Give {_WORKERS_LIMIT} or fewer: each is a process.'
        )
    if threads > _THREADS_LIMIT:
        raise ServerError(
            f'threads is {threads}. Give {_THREADS_LIMIT:,} or fewer: each may use the database.'
        )
    if not 0 <= drain_s <= DRAIN_MAX_S:
        raise ServerError(f'drain is {drain_s}. Give 0 to {DRAIN_MAX_S:,} seconds.')
    _check_certificate(config.certfile, config.keyfile)
    _check_pid_file(get_setting(config, 'pidfile'))
    for name in ('accesslog', 'errorlog'):
        _check_log_file(get_setting(config, name))


def get_setting(config: Any, name: str) -> Any:
    """Return a setting of gunicorn's *config*, None where this release has none of that name."""
    setting = config.settings.get(name)
    return setting.get() if setting else None


def _check_certificate(certfile: str | None, keyfile: str | None) -> None:
    if keyfile and not certfile:
        raise ServerError(f'The key {keyfile} has no certificate. Give --certfile too.')
    for file in (certfile, keyfile):
        if file and not Path(file).exists():
            raise ServerError(f'The file {file} of --certfile or --keyfile does not exist.')
    if certfile:
        try:
            # With an empty password OpenSSL does not ask the terminal for that of the key.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certfile, keyfile, '')
        except OSError as exc:
            raise ServerError(
                f'The certificate {certfile} cannot be used: {exc.strerror or exc}. '
                'Give the PEM file of a certificate, and its key by --keyfile.'
            ) from exc


def _check_pid_file(file: str | None) -> None:
    if not file or 'GUNICORN_PID' in os.environ:  # USR2 sets it, when two masters run
        return
    if not Path(file).parent.is_dir():
        raise ServerError(f'The pid file {file} cannot be written: its folder does not exist.')
    try:
        pid = int(Path(file).read_text())
        os.kill(pid, 0)
    except (OSError, ValueError, OverflowError):
        return
    if pid != os.getpid():
        raise ServerError(
            f'The pid file {file} is that of process {pid}, which runs. '
            'Stop it, or remove the file.'
        )


def _check_log_file(file: str | None) -> None:
    if not file or file == '-':  # '-' is a standard stream
        return
    try:
        Path(file).open('a').close()
    except OSError as exc:
        raise ServerError(f'The log {file} cannot be written: {exc.strerror}.') from exc


def format_workers(release: str, noun: str, workers: int, threads: int | None) -> str:
    """Return 'gunicorn 27.0.1, 2 gthread workers with 8 threads each'."""
    # Imported by the command alone: the master does without Django's templates.
    from django.template.defaultfilters import pluralize

    text = f'{release}, {workers} {noun}{pluralize(workers)}'
    if threads is None:
        return text
    return f'{text} with {threads} thread{pluralize(threads)}{pluralize(workers, " each")}'
