"""gunicorn's settings: our defaults, what we refuse, what we check, and those that we add."""

from __future__ import annotations

import os
import ssl
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gunicorn.config import Config, Setting

from django_apistar.api.client_timeouts import DEFAULT_S, MAX_S
from django_apistar.server import access_log
from django_apistar.server.defaults import (
    check_options,
    count_threads,
    default_address,
    get_setting,
)
from django_apistar.server.launch import Launch, ServerError
from django_apistar.server.private_names import LOG, WORKER, find_missing

_JITTER_SHARE = 10  # max_requests_jitter is a tenth of max_requests: workers end one by one

PRODUCTION = {
    'access_log_format': 'text',
    'control_socket_disable': True,
    # A client could send SCRIPT_NAME, and so get past a proxy whose rules are about paths.
    'forwarder_headers': '',
    'worker_class': 'gthread',
    'timeout': 30,
    'graceful_timeout': 30,
    'keepalive': 5,
    'max_requests': 10_000,
    'default_proc_name': 'runapistar',
}
DEVELOPMENT = {
    **PRODUCTION,
    'accesslog': '-',
    'loglevel': 'warning',
    'timeout': 0,  # a breakpoint may last
    'graceful_timeout': 5,
    'max_requests': 0,
}

# Settings of gunicorn that we refuse, and why.
REFUSED = {
    'paste': 'WSGI_APPLICATION names the application. Leave it out.',
    'raw_paste_global_conf': 'It configures a Paste application, and WSGI_APPLICATION is none.',
}


def _read_seconds(value: int | str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError('Give a number of seconds.') from None


def _check_seconds(value: int | str) -> int:
    seconds = _read_seconds(value)
    if not 1 <= seconds <= MAX_S:
        raise ValueError(f'Give 1 to {MAX_S:,} seconds.')
    return seconds


class ClientTimeout(Setting):
    """client_timeout. The base class registers it for gunicorn's files and command lines."""

    name = 'client_timeout'
    section = 'Worker Processes'
    cli = ['--client-timeout']
    meta = 'SECONDS'
    validator = _check_seconds
    type = int
    default = DEFAULT_S
    desc = 'Seconds that a client has for a head, or may send or read nothing.'


class DrainSeconds(Setting):
    """drain: the time between SIGTERM and the stop. Registered as `ClientTimeout` is."""

    name = 'drain'
    section = 'Worker Processes'
    cli = ['--drain']
    meta = 'SECONDS'
    validator = _read_seconds
    type = int
    default = 0
    desc = 'Seconds after SIGTERM in which READY_URL says 503 and all is served.'


def complete(config: Config, chosen: set[str], launch: Launch) -> None:
    """Set what depends on other settings, and check all of them.

    *config* is gunicorn's `Config`, *chosen* the settings that are not at their default. Changes
    to the folder that they name. Raises ServerError.
    """
    _check_application(config, launch.application)
    _enter_folders(config, chosen)
    if get_setting(config, 'raw_env'):
        os.environ.update(config.env)
    if 'bind' not in chosen:
        config.set('bind', [default_address(launch.is_development)])
    if 'max_requests_jitter' not in chosen:
        most = get_setting(config, 'max_requests') or 0
        _set(config, 'max_requests_jitter', most // _JITTER_SHARE)
    if 'control_socket' in chosen and 'control_socket_disable' not in chosen:
        _set(config, 'control_socket_disable', False)
    access_log.choose_format(config, launch.is_development)
    if launch.is_reloading:
        _set(config, 'reload', False)  # by our own reloader
    if 'logger_class' not in chosen and not find_missing(LOG):
        sends_statistics = bool(get_setting(config, 'statsd_host'))
        _set(config, 'logger_class', access_log.get_logger_class(sends_statistics))
    _check_log_format(config)
    _choose_worker(config, chosen, launch.is_development)
    check_options(config, config.workers, config.threads, get_setting(config, 'drain') or 0)
    _check_identity(config)
    _check_files(config)


def _set(config: Config, name: str, value: object) -> None:
    if name in config.settings:
        config.set(name, value)


def _check_application(config: Config, application: str) -> None:
    for name, reason in REFUSED.items():
        if get_setting(config, name):
            raise ServerError(f'{name} is {get_setting(config, name)!r}. {reason}')
    named = (get_setting(config, 'wsgi_app') or '').replace(':', '.')
    if named and application not in (named, f'{named}.application'):
        raise ServerError(
            f'wsgi_app is {config.wsgi_app!r}, and WSGI_APPLICATION is {application!r}. '
            'Leave wsgi_app out, or set both to the same.'
        )
    if get_setting(config, 'http_parser') == 'fast' and find_spec('gunicorn_h1c') is None:
        raise ServerError("http_parser is 'fast', and gunicorn_h1c is not installed. Install it.")


def _enter_folders(config: Config, chosen: set[str]) -> None:
    folders = list(filter(None, (get_setting(config, 'pythonpath') or '').split(',')))
    if 'chdir' in chosen:
        os.chdir(config.chdir)
        folders.append(config.chdir)
    for folder in map(os.path.abspath, folders):
        if folder not in sys.path:
            sys.path.insert(0, folder)


def _choose_worker(config: Config, chosen: set[str], is_development: bool) -> None:
    worker_class = config.settings['worker_class'].get()
    if _is_gthread(worker_class, config.threads):
        config.set('worker_class', get_worker_class(is_development))
        if 'threads' not in chosen:
            config.set('threads', count_threads(config.workers, is_development))
    elif ClientTimeout.name in chosen:
        raise ServerError(
            f'The worker class {worker_class!r} has no --client-timeout. Leave it out, or use '
            'gthread.'
        )
    loaded = _load_worker(config, worker_class)
    modules = {base.__module__ for base in loaded.__mro__}
    if 'gunicorn.workers.gasgi' in modules:
        raise ServerError(
            f'The worker class {worker_class!r} serves ASGI, and WSGI_APPLICATION is WSGI. '
            'Use gthread.'
        )
    if hasattr(loaded, 'patch') and not uses_gevent(loaded):
        raise ServerError(
            f'The worker class {worker_class!r} patches the standard library, which must be done '
            'before anything is imported: runapistar does it for gevent alone. Use gevent.'
        )


def _load_worker(config: Config, name: object) -> type:
    hint = 'Use gthread, sync, or one whose package is installed.'
    try:
        loaded = config.worker_class
    except RuntimeError as exc:
        # The text is a traceback in brackets; its last line is the cause.
        reason = str(exc).rstrip(' \n].').splitlines()[-1]
        raise ServerError(f'The worker class {name!r} cannot be loaded: {reason}. {hint}') from exc
    if not isinstance(loaded, type):  # gunicorn returns the name of one that its module lacks
        raise ServerError(f'The worker class {name!r} is no class. {hint}')
    return loaded


def _is_gthread(worker_class: object, threads: int) -> bool:
    names = {'gthread', 'gunicorn.workers.gthread.ThreadWorker'}
    return worker_class in names or (worker_class == 'sync' and threads > 1)


def get_worker_class(is_development: bool) -> Any:
    """Return our threaded worker, or the name of gunicorn's where this release lacks a name."""
    if find_missing(WORKER):
        return 'gthread'
    from django_apistar.server.gunicorn.worker import DevelopmentWorker, Worker

    return DevelopmentWorker if is_development else Worker


def uses_gevent(worker_class: type) -> bool:
    """Return whether *worker_class* is gunicorn's for gevent, or a subclass."""
    modules = {base.__module__ for base in worker_class.__mro__}
    return 'gunicorn.workers.ggevent' in modules


def _check_identity(config: Config) -> None:
    for name, own in (('user', os.geteuid()), ('group', os.getegid())):
        wanted = get_setting(config, name)
        if os.geteuid() and wanted not in (None, own):
            raise ServerError(
                f'{name} is {wanted}, and this process is {own}. Only root can serve as another: '
                'leave it out.'
            )


def _check_log_format(config: Config) -> None:
    """Raise ServerError where another logger than ours would have to write JSON."""
    if get_setting(config, 'access_log_format') != access_log.JSON_FORMAT:
        return
    if not issubclass(config.logger_class, access_log.AccessLogger):
        raise ServerError(
            f'The logger {config.logger_class.__name__!r} writes no JSON. Leave '
            '--access-log-format json out, or logger_class.'
        )


def _check_files(config: Config) -> None:
    if config.is_ssl:
        _check_tls(get_setting(config, 'ca_certs'), get_setting(config, 'ciphers'))
    for name in ('logconfig', 'logconfig_json'):
        file = get_setting(config, name)
        if file and not Path(file).is_file():
            raise ServerError(f'{name} is {file!r}, which is not a file.')
    folder = get_setting(config, 'worker_tmp_dir')
    if folder and not Path(folder).is_dir():
        raise ServerError(f'worker_tmp_dir is {folder!r}, which is not a folder.')


def _check_tls(ca_certs: str | None, ciphers: str | None) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        if ca_certs:
            context.load_verify_locations(ca_certs)
    except OSError as exc:
        raise ServerError(
            f'ca_certs is {ca_certs!r}, which cannot be used: {exc.strerror or exc}.'
        ) from exc
    try:
        if ciphers:
            context.set_ciphers(ciphers)
    except ssl.SSLError as exc:
        raise ServerError(f'ciphers is {ciphers!r}, which names none that OpenSSL has.') from exc
