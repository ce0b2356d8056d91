"""granian's own options, which follow `--` on the command line of `runapistar`."""

from __future__ import annotations

from typing import Any

import click
from granian.cli import cli
from granian.http import HTTP1Settings, HTTP2Settings

from django_apistar.server import ServerError

# Options of granian after `--` that runapistar sets itself.
_OWN = {
    'host': '--bind', 'port': '--bind', 'uds': '--bind', 'workers': '--workers',
    'blocking_threads': '--threads', 'ssl_certificate': '--certfile', 'ssl_keyfile': '--keyfile',
    'log_access_enabled': '--access-log', 'pid_file': '--pid',
    'workers_kill_timeout': '--graceful-timeout', 'http1_keep_alive': '--keep-alive',
    # It takes as many characters off any path, so that /xyz/admin/ were /admin/ as well.
    'url_path_prefix': 'the setting FORCE_SCRIPT_NAME',
    'interface': '--server', 'reload': '--noreload', 'factory': '--server',
}  # fmt: skip
# Options of granian whose argument of the server class has another name.
_NAMES = {'http1_buffer_size': 'max_buffer_size', 'log_access_fmt': 'log_access_format'}


def parse_arguments(arguments: list[str]) -> dict[str, Any]:
    """Return what granian's own options after `--` mean for its server class."""
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
    return {
        **_gather(given, 'http1_', HTTP1Settings),
        **_gather(given, 'http2_', HTTP2Settings),
        **{_NAMES.get(name, name): value for name, value in given.items()},
    }


def _gather(given: dict[str, Any], prefix: str, settings_class: Any) -> dict[str, Any]:
    """Move the options that begin with *prefix* from *given* into one settings object."""
    names = [name for name in given if name.startswith(prefix)]
    values = {_NAMES.get(name, name.removeprefix(prefix)): given.pop(name) for name in names}
    return {f'{prefix}settings': settings_class(**values)} if values else {}
