"""manage.py runapistar: serve the project."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, SystemCheckError
from django.core.management.color import no_style
from django.db import DatabaseError, connections

from django_apistar.application import get_route_table
from django_apistar.conf.parser import get_settings
from django_apistar.conf.problems import SettingsError
from django_apistar.management.console import (
    ConsoleCommand,
    Options,
    fill_closed_streams,
    read_name,
)
from django_apistar.server import banner, boot, listeners, loading, metrics_folder
from django_apistar.server.launch import Launch, has_settings_module, hold_signals
from django_apistar.server.metrics_folder import shared_metrics

if TYPE_CHECKING:
    import socket

    from django.core.management.base import CommandParser

_NO_STATIC = 'DJANGO_APISTAR_NOSTATIC'

# Options that are settings of gunicorn: option, type, metavar, help, setting.
_SERVER_OPTIONS = (
    ('--workers', int, 'N', 'worker processes', 'workers'),
    ('--threads', int, 'N', 'threads of each worker', 'threads'),
    ('--worker-class', str, 'CLASS', 'gunicorn worker class, gthread by default', 'worker_class'),
    ('--timeout', int, 'SECONDS', 'replace a worker that is silent for so long', 'timeout'),
    (
        '--graceful-timeout',
        int,
        'SECONDS',
        'time that running requests get when the server stops',
        'graceful_timeout',
    ),
    (
        '--drain',
        int,
        'SECONDS',
        'time after SIGTERM in which it is not ready and serves on, 0 by default',
        'drain',
    ),
    (
        '--client-timeout',
        int,
        'SECONDS',
        'time that a client may keep the server waiting, 20 by default',
        'client_timeout',
    ),
    ('--keep-alive', int, 'SECONDS', 'time that an idle connection is kept', 'keepalive'),
    ('--max-requests', int, 'N', 'replace a worker after N requests, 0: never', 'max_requests'),
    ('--pid', read_name, 'FILE', 'file for the process id', 'pidfile'),
    ('--certfile', read_name, 'FILE', 'serve https with this certificate', 'certfile'),
    ('--keyfile', read_name, 'FILE', 'the key of the certificate', 'keyfile'),
)


class Command(ConsoleCommand):
    """Parses the options, binds the sockets, checks and loads the project, starts the server."""

    _called_from_command_line: bool  # Django's

    help = 'Serve API Star and Django from one process, with gunicorn or granian.'
    requires_system_checks = ()
    stealth_options = ('server_arguments',)
    suppressed_base_arguments = {'--verbosity', '--traceback'}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._server_arguments: list[str] = []

    # Command line

    def run_from_argv(self, argv: list[str]) -> None:
        """Keep what follows `--` for the server's own parser."""
        fill_closed_streams()
        if '--' in argv:
            position = argv.index('--')
            argv, self._server_arguments = argv[:position], argv[position + 1 :]
        super().run_from_argv(argv)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: object) -> CommandParser:
        """Return a parser that reports a wrong command line in one sentence."""
        kwargs['epilog'] = 'What follows -- is for the server, as in: -- --limit-request-line 2000'
        parser = super().create_parser(prog_name, subcommand, **kwargs)

        def refuse(message: str) -> NoReturn:
            if not self._called_from_command_line:
                raise CommandError(f'{message}.')
            self._print_error(f'{message}. See {parser.prog} --help.')
            sys.exit(2)

        parser.error = refuse  # type: ignore[method-assign]  # Django builds the parser
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options of the command."""
        add = parser.add_argument
        add('addrport', nargs='?', type=read_name, help='port, address:port, unix:PATH or fd://N')
        add('--bind', action='append', default=[], metavar='ADDRESS', help='one address more')
        add('--ipv6', '-6', action='store_true', help='a bare port means [::1]:port')
        # As -6 is an option, argparse would take -1 for one too: `--drain -1` had no value then.
        parser._has_negative_number_optionals.clear()
        add(
            '--server',
            choices=('gunicorn', 'granian'),
            default='gunicorn',
            help='HTTP server, %(default)s by default',
        )
        for option, kind, metavar, text, name in _SERVER_OPTIONS:
            add(option, type=kind, metavar=metavar, help=text, dest=name)
        add('--preload', action='store_true', dest='preload_app', help='load before forking')
        add(
            '--access-log',
            nargs='?',
            type=read_name,
            const='-',
            metavar='FILE',
            dest='accesslog',
            help='log each request to FILE, or to stdout',
        )
        add(
            '--access-log-format',
            choices=('text', 'json'),
            help='a line of text, or of JSON with the names of OpenTelemetry',
        )
        add('--config', type=read_name, metavar='FILE', help='configuration of gunicorn')
        add('--skip-checks', action='store_true', help='skip the system checks')
        add('--noreload', action='store_false', dest='use_reloader', help='no autoreload')
        add('--nostatic', action='store_true', help='do not serve static files')
        add('--check', action='store_true', help='load, check, print, and exit')

    def execute(self, *args: object, **options: object) -> Any:
        """Run. On the command line a failure is printed as a sentence after the command's name."""
        try:
            return super().execute(*args, **options)
        except SystemCheckError:
            raise
        except (CommandError, ImproperlyConfigured) as exc:
            if not self._called_from_command_line:
                raise CommandError(str(exc)) from exc
            self._print_error(str(exc))
            sys.exit(1)

    def _print_error(self, sentences: str) -> None:
        for sentence in sentences.splitlines():
            self.stderr.write(f'runapistar: {sentence}')

    # Start

    def handle(self, *args: object, **options: object) -> None:
        """Check everything that can be wrong, print the banner, and start the server."""
        if options['nostatic']:
            os.environ[_NO_STATIC] = '1'
        # Without a settings module this process serves itself, and is the one that shares them.
        with shared_metrics(_wants_metrics() and not has_settings_module()):
            self._serve(options)

    def _serve(self, options: dict[str, Any]) -> None:
        launch = build_launch(options, options.get('server_arguments') or self._server_arguments)
        configured = boot.get_server(launch)
        _check_gevent(configured)
        for complaint in configured.complaints:
            self._print_error(complaint)
        is_trial = options['check'] or configured.trial_text is not None
        listeners_ = [] if is_trial else configured.open_listeners()
        if not options['skip_checks']:
            self.check()
        self._warn_about_migrations()
        self._check_hosts()
        loading.load_application(launch)
        found = self._format_banner(launch, configured, listeners_)
        if is_trial:
            self.write(found)
            self.write(configured.trial_text or 'Everything is in order; not started.')
            return
        hold_signals()
        # The server starts without a banner where stdout is closed or its disk is full.
        with contextlib.suppress(OSError):
            if self.has_stdout:
                self.stdout.write(f'{found}Quit with Control-C.')
                self.stdout.flush()
        boot.start(
            dataclasses.replace(
                launch,
                shares_metrics=_wants_metrics(),
                uses_gevent=configured.uses_gevent,
                sockets=[one.detach() for one in listeners_],
            )
        )

    def _warn_about_migrations(self) -> None:
        try:
            # Django writes to stdout, which may be closed or its disk full.
            with contextlib.suppress(OSError, AttributeError):
                self.check_migrations()
        except DatabaseError as exc:
            self.stderr.write(f'runapistar: The migrations cannot be checked: {exc}'.rstrip())
        finally:
            connections.close_all()

    def _check_hosts(self) -> None:
        if not settings.DEBUG and not settings.ALLOWED_HOSTS:
            raise CommandError(
                'ALLOWED_HOSTS is empty and DEBUG is off, so every request would be refused. '
                "List this site's host names in ALLOWED_HOSTS."
            )

    def _format_banner(
        self, launch: Launch, configured: boot.Server, opened: list[socket.socket]
    ) -> str:
        table = get_route_table()
        facts = banner.Banner(
            settings_module=str(getattr(settings, 'SETTINGS_MODULE', None) or '(configured)'),
            addresses=configured.format_addresses(opened),
            scheme=configured.scheme,
            docs_url=get_settings().docs_url,
            admin_url=banner.find_admin_url(table),
            server=configured.format_workers(),
            is_reloading=launch.is_reloading,
            routes=banner.format_routes(table),
        )
        return banner.format_banner(facts, self.style if self.stdout.isatty() else no_style())


def _wants_metrics() -> bool:
    """Whether the workers are to share metrics, in no folder that is given by the environment."""
    try:
        return bool(get_settings().metrics_url) and not os.environ.get(metrics_folder.VARIABLE)
    except SettingsError:
        return False  # The system checks report it.


def build_launch(options: Options, arguments: list[str]) -> Launch:
    """Return the Launch for the options of the command line."""
    names = [name for *_, name in _SERVER_OPTIONS]
    names += ['accesslog', 'access_log_format']
    chosen = {name: options[name] for name in names if options.get(name) is not None}
    if options['preload_app']:
        chosen['preload_app'] = True
    addresses = [*filter(None, [options['addrport']]), *options['bind']]
    if options['ipv6'] and not addresses:
        addresses = [str(listeners.DEFAULT_PORT)]
    if addresses:
        host = '[::1]' if options['ipv6'] else '127.0.0.1'
        chosen['bind'] = [listeners.parse_address(address, host) for address in addresses]
    return Launch(
        server=options['server'],
        application=loading.get_application_name(),
        settings=chosen,
        arguments=list(arguments),
        config=_absolute(options['config']),
        is_development=settings.DEBUG,
        is_reloading=settings.DEBUG and options['use_reloader'] and not options['preload_app'],
        skips_checks=options['skip_checks'],
    )


def _check_gevent(configured: boot.Server) -> None:
    """Raise CommandError where the standard library is in use before gevent can patch it."""
    if not configured.uses_gevent or has_settings_module():
        return
    from gevent import monkey

    if not monkey.is_module_patched('ssl'):
        raise CommandError(
            'gevent must patch the standard library before anything is imported, and this process '
            'serves settings.configure() itself. Begin the script with gevent.monkey.patch_all().'
        )


def _absolute(config: str | None) -> str | None:
    if config is None or config.startswith('python:'):
        return config
    return str(Path(config.removeprefix('file:')).absolute())
