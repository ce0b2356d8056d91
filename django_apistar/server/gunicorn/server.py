"""gunicorn, embedded: its configuration in layers, and our master and worker instead of its own."""

from __future__ import annotations

import importlib
import os
import runpy
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from gunicorn.app.base import Application
from gunicorn.workers.gthread import ThreadWorker

from django_apistar.server import listeners
from django_apistar.server.defaults import count_workers, format_workers, get_setting
from django_apistar.server.gunicorn.settings import (
    DEVELOPMENT,
    PRODUCTION,
    complete,
    uses_gevent,
)
from django_apistar.server.launch import Launch, ServerError, accept_signals
from django_apistar.server.loading import load_or_exit
from django_apistar.server.private_names import (
    LOG,
    MASTER,
    WORKER,
    explain,
    find_missing,
    get_release,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from _typeshed.wsgi import WSGIApplication

CONFIG_FILE = 'gunicorn.conf.py'

# Exit statuses of a worker that cannot start: gunicorn's Arbiter.WORKER_BOOT_ERROR, APP_LOAD_ERROR.
_BOOT_ERROR, _LOAD_ERROR = 3, 4


class GunicornServer(Application):
    """gunicorn's application: `load_config` fills `cfg`, `load` runs in each worker."""

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self.is_first_load = True
        self.chosen: set[str] = set()  # settings that are not at their default
        super().__init__(prog='runapistar')

    # Configuration

    def do_load_config(self) -> None:
        """Build `cfg`. Raises ServerError; gunicorn would print and exit."""
        self.chosen = set()
        self.load_default_config()
        try:
            self.load_config()
        except RuntimeError as exc:
            raise ServerError(f'{str(exc).rstrip(".")}.') from exc
        except AttributeError as exc:
            if not str(exc).startswith('No configuration setting for: '):
                raise
            found = f'{get_release(WORKER)}: {exc}.'
            raise ServerError(f'{found} Install another release.') from exc
        self._validate()

    def _validate(self) -> None:
        try:
            self.cfg.validate()
        except Exception as exc:  # gunicorn's own classes
            raise ServerError(f'{str(exc).rstrip(".")}.') from exc

    def load_config(self) -> None:
        """Apply the layers; a later one overrides an earlier one."""
        os.chdir(self.launch.directory)
        is_development = self.launch.is_development
        self._apply(DEVELOPMENT if is_development else PRODUCTION)
        self.cfg.set('workers', count_workers(is_development))
        self.chosen.clear()
        from_environment = self._parse(_environment_arguments(), 'GUNICORN_CMD_ARGS')
        from_arguments = self._parse(self.launch.arguments, '--')
        config = (
            from_arguments.pop('config', None)
            or self.launch.config
            or from_environment.pop('config', None)
        )
        if config or (Path(CONFIG_FILE).exists() and not is_development):
            self._apply(read_config(config or CONFIG_FILE), f'{config or CONFIG_FILE}: ')
        self._apply(from_environment, 'GUNICORN_CMD_ARGS: ')
        self._apply(self.launch.settings)
        self._apply(from_arguments)
        complete(self.cfg, self.chosen, self.launch)

    def _apply(self, values: Mapping[str, object], source: str = '') -> None:
        for name, value in values.items():
            if name not in self.cfg.settings:
                continue  # a variable of a configuration file
            try:
                self.cfg.set(name, value)
            except Exception as exc:  # a validator may raise anything
                reason = f'{str(exc).rstrip(".")}.'
                raise ServerError(f'{source}{name} is {value!r}. {reason}') from exc
            self.chosen.add(name)

    def _parse(self, arguments: list[str], source: str) -> dict[str, Any]:
        parser = self.cfg.parser()
        vars(parser)['error'] = _refuse_arguments(source)
        parsed = vars(parser.parse_args(arguments))
        if parsed.pop('args'):
            raise ServerError(
                f'{source}: {arguments!r} names an application. '
                'Set WSGI_APPLICATION to it, and give options only.'
            )
        return {name: value for name, value in parsed.items() if value is not None}

    # Serving

    def open_listeners(self) -> list[socket.socket]:
        """Return listening sockets, bound now. Raises AddressError, and then leaves none open."""
        if listeners.count_systemd_sockets():
            return []  # gunicorn takes those of systemd
        opened: list[socket.socket] = []
        try:
            for address in self.cfg.address:
                opened.append(listeners.open_listener(address, self.cfg))
        except listeners.AddressError:
            listeners.close(opened)
            raise
        if get_setting(self.cfg, 'reuse_port'):  # then each worker opens its own
            listeners.close(opened)
            return []
        return opened

    def format_addresses(self, opened: list[socket.socket]) -> tuple[str, ...]:
        """Return the addresses of *opened*; without sockets those that would be bound."""
        if opened:
            return tuple(listeners.format_address(one.getsockname()) for one in opened)
        first = listeners.SYSTEMD_FIRST
        from_systemd = range(first, first + listeners.count_systemd_sockets())
        return tuple(map(listeners.format_address, from_systemd or self.cfg.address))

    @property
    def scheme(self) -> str:
        """The scheme of the URLs that are served."""
        return 'https' if self.cfg.is_ssl else 'http'

    @property
    def trial_text(self) -> str | None:
        """What gunicorn's own --print-config and --check-config print instead of serving."""
        if get_setting(self.cfg, 'print_config'):
            return str(self.cfg)
        is_trial = get_setting(self.cfg, 'check_config')
        return 'The configuration is in order; not started.' if is_trial else None

    @property
    def uses_gevent(self) -> bool:
        """Whether its workers need gevent's patches of the standard library."""
        return uses_gevent(self.cfg.worker_class)

    @property
    def complaints(self) -> list[str]:
        """The sentences that say what this gunicorn lacks, for each part of ours."""
        return [explain(part) for part in (WORKER, MASTER, LOG) if find_missing(part)]

    def format_workers(self) -> str:
        """Return the server, its workers and threads as the banner shows them."""
        is_gthread = issubclass(self.cfg.worker_class, ThreadWorker)
        kind = 'gthread' if is_gthread else self.cfg.worker_class_str.rpartition('.')[2]
        threads = self.cfg.threads if is_gthread else None
        return format_workers(get_release(WORKER), f'{kind} worker', self.cfg.workers, threads)

    def load(self) -> WSGIApplication:
        """Return the WSGI application. Called in each worker, with --preload once before them."""
        if not self.launch.is_reloading:
            return load_or_exit(self.launch, _LOAD_ERROR)
        # Imported by the worker alone: the master must hold none of the modules that change.
        from django_apistar.server import reloader

        return reloader.load_watched(self.launch, self.is_first_load, reloader.end_worker)

    def run(self) -> None:
        """Serve until a signal ends it. Exits with status 0, or 1 when a worker cannot start."""
        process = os.getpid()
        try:
            if find_missing(MASTER):
                self._run_as_gunicorn()
            else:
                self._run()
        except (RuntimeError, OSError, ValueError) as exc:
            raise ServerError(f'{str(exc).removeprefix("Error: ").rstrip(".")}.') from exc
        except SystemExit as exc:
            # In a worker this status tells the master that the application cannot be loaded.
            if os.getpid() != process or exc.code not in (_BOOT_ERROR, _LOAD_ERROR):
                raise
            sys.exit(1)

    def _run(self) -> None:
        from gunicorn import debug, util

        from django_apistar.server.gunicorn.master import Master

        if get_setting(self.cfg, 'daemon'):
            util.daemonize(get_setting(self.cfg, 'enable_stdio_inheritance'))
        if get_setting(self.cfg, 'spew'):
            debug.spew()
        Master(self).run()

    def _run_as_gunicorn(self) -> None:
        """Serve with gunicorn's own master on the sockets that are bound."""
        if self.launch.sockets:
            self.cfg.set('bind', [f'fd://{number}' for number in self.launch.sockets])
        accept_signals()
        super().run()


def read_config(location: str) -> dict[str, Any]:
    """Return the variables of a gunicorn configuration: a file, 'file:PATH', 'python:MODULE'."""
    try:
        if location.startswith('python:'):
            return vars(importlib.import_module(location.removeprefix('python:')))
        return runpy.run_path(location.removeprefix('file:'))
    except FileNotFoundError as exc:
        raise ServerError(f'The configuration file {location} does not exist.') from exc
    except Exception as exc:
        raise ServerError(
            f'The configuration {location} cannot be read: {type(exc).__name__}: {exc}.'
        ) from exc


def _environment_arguments() -> list[str]:
    text = os.environ.get('GUNICORN_CMD_ARGS', '')
    try:
        return shlex.split(text)
    except ValueError as exc:
        raise ServerError(f'GUNICORN_CMD_ARGS is {text!r}. {exc}.') from exc


def _refuse_arguments(source: str) -> Callable[[str], NoReturn]:
    def refuse(message: str) -> NoReturn:
        raise ServerError(f'{source}: {message}. `gunicorn --help` lists the options.')

    return refuse
