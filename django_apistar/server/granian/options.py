"""granian's own options, after `--` on the command line of `runapistar`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from granian.cli import cli
from granian.http import HTTP1Settings, HTTP2Settings

from django_apistar.server.launch import ServerError

if TYPE_CHECKING:
    from pathlib import Path

# Options of granian that runapistar sets itself, and by what.
_OWN = {
    'host': '--bind', 'port': '--bind', 'uds': '--bind', 'workers': '--workers',
    'blocking_threads': '--threads', 'ssl_certificate': '--certfile', 'ssl_keyfile': '--keyfile',
    'log_access_enabled': '--access-log', 'pid_file': '--pid',
    'workers_kill_timeout': '--graceful-timeout', 'http1_keep_alive': '--keep-alive',
    'http1_header_read_timeout': '--client-timeout',
    # It cuts its length off any path: /xyz/admin/ would be /admin/ as well.
    'url_path_prefix': 'the setting FORCE_SCRIPT_NAME',
    'ssl_keyfile_password': 'a key without a password',  # granian 2.8.9 panics at such a key
    'interface': '--server', 'reload': '--noreload', 'factory': '--server',
}  # fmt: skip
# Options without effect: our log and our reloader serve instead.
_IDLE = {
    'log_access_fmt', 'reload_ignore_dirs', 'reload_ignore_paths', 'reload_ignore_patterns',
    'reload_ignore_worker_failure', 'reload_paths', 'reload_tick', 'uds_permissions', 'websockets',
}  # fmt: skip
# The greatest number that an option may have. A worker that lacks a thread answers nobody.
_MOST = {
    'runtime_threads': 1000, 'runtime_blocking_threads': 10_000, 'metrics_port': 2**16 - 1,
    'http2_max_frame_size': 2**24 - 1,  # RFC 9113, section 6.5.2
}  # fmt: skip
_MOST_OF_OTHERS = 2**31 - 1  # HTTP/2's for a window; Rust's integers hold it
# Options that the server class takes by another name.
_NAMES = {'http1_buffer_size': 'max_buffer_size'}


def parse_arguments(arguments: list[str]) -> dict[str, Any]:
    """Return granian's own options as arguments of its server class."""
    try:
        context = cli.make_context('granian', [*arguments, 'WSGI_APPLICATION'])
    except click.ClickException as exc:
        raise ServerError(
            f'--: {exc.format_message().rstrip(".")}. `granian --help` lists the options.'
        ) from exc
    given = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    }
    if given.pop('app') != 'WSGI_APPLICATION':
        raise ServerError(f'--: {arguments!r} names an application. Set WSGI_APPLICATION to it.')
    for name in given:
        if name in _OWN:
            raise ServerError(f'--: granian has this from runapistar. Give {_OWN[name]} instead.')
        if name in _IDLE:
            raise ServerError(f'--: {name} of granian changes nothing here. Leave its option out.')
        _check_number(name, given[name])
    if 'log_config' in given:
        given['log_dictconfig'] = _read_log_config(given.pop('log_config'))
    return {
        **_gather(given, 'http1_', HTTP1Settings),
        **_gather(given, 'http2_', HTTP2Settings),
        **{_NAMES.get(name, name): value for name, value in given.items()},
    }


def _check_number(name: str, value: object) -> None:
    most = _MOST.get(name, _MOST_OF_OTHERS)
    if isinstance(value, int) and value > most:
        raise ServerError(f'--: {name} is {value}. Give {most:,} or less.')


def _read_log_config(file: Path) -> object:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError) as exc:
        raise ServerError(f'--: --log-config {file} cannot be read: {exc}.') from exc


def _gather(
    given: dict[str, object], prefix: str, settings_class: type[HTTP1Settings | HTTP2Settings]
) -> dict[str, object]:
    """Move the options that begin with *prefix* from *given* into one settings object."""
    names = [name for name in given if name.startswith(prefix)]
    values = {_NAMES.get(name, name.removeprefix(prefix)): given.pop(name) for name in names}
    return {f'{prefix}settings': settings_class(**values)} if values else {}
