"""`manage.py apistar_routes`: which route goes to which framework."""

import dataclasses
import json
import os
import re
import shutil
from argparse import ArgumentParser
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core import checks
from django.core.management.base import CommandError, SystemCheckError

from django_apistar.application import get_app, get_route_table
from django_apistar.conf.parser import SettingsError, get_settings
from django_apistar.dispatch.static import find_file
from django_apistar.management import listing
from django_apistar.management.console import ConsoleCommand, Options
from django_apistar.routes.entries import Framework
from django_apistar.routes.resolution import Resolution, resolve
from django_apistar.routes.table import CONFLICTS, RouteTable

ANSWERS = ('table', 'json')  # formats of --check and --resolve
FILTERS = ('framework', 'path', 'name', 'compiled', 'sort', 'unreachable')
STATIC_METHODS = ('GET', 'HEAD', 'OPTIONS')
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
PLAIN_WIDTH = 80  # where the output is no terminal


class Command(ConsoleCommand):
    """Parses options, asks the core for rows, hands them to a format, prints."""

    help = 'List the routes of API Star and Django, and tell which framework answers a request.'

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            '--framework', choices=('apistar', 'django'), help='routes of this framework'
        )
        parser.add_argument(
            '--method', help="routes with this method; with --resolve, the request's"
        )
        parser.add_argument('--path', metavar='GLOB', help="routes whose path is like this: '/a*'")
        parser.add_argument(
            '--name', metavar='GLOB', help="routes whose name is like this: 'auth:*'"
        )
        parser.add_argument(
            '--compiled', choices=('yes', 'no'),
            help='API Star routes that are compiled, or those answered step by step',
        )  # fmt: skip
        parser.add_argument('--sort', choices=listing.SORTS, help='default: as routes are tried')
        parser.add_argument(
            '--format', choices=listing.FORMATS, default='table', help='default: %(default)s'
        )
        parser.add_argument(
            '--unreachable', action='store_true', help='only routes that no request reaches'
        )
        questions = parser.add_mutually_exclusive_group()
        questions.add_argument(
            '--check',
            action='store_true',
            help='print conflicts only, and exit 1 when there are any',
        )
        questions.add_argument(
            '--resolve', metavar='PATH', help='tell which route answers PATH; exit 1 when none does'
        )

    def check(self, *args: object, **kwargs: object) -> None:
        """Stop for what `check` calls an error, but for conflicts: they are what is asked for."""
        errors = [
            str(message)
            for message in checks.run_checks()
            if message.is_serious() and not message.is_silenced()
            and message.id not in CONFLICTS
        ]  # fmt: skip
        if errors:
            heading = self.style.ERROR('SystemCheckError: System check identified some issues:')
            raise SystemCheckError('\n'.join([heading, '', 'ERRORS:', *errors]))

    def handle(self, *args: object, **options: Any) -> None:
        self._refuse(options)
        try:
            table = get_route_table()
        except SettingsError as exc:
            raise CommandError(str(exc)) from None
        if options['resolve'] is not None:
            self._resolve(table, options)
        elif options['check']:
            self._check(table, options['format'])
        else:
            self._list(table, options)

    def _refuse(self, options: Options) -> None:
        """Raise CommandError for options that make no sense together."""
        method, question = options['method'], '--check' if options['check'] else '--resolve'
        if method is not None and not TOKEN.fullmatch(method):
            raise CommandError(f'--method {method!r} is no HTTP method.')
        is_question = options['check'] or options['resolve'] is not None
        if is_question and options['format'] not in ANSWERS:
            raise CommandError(f'{question} knows --format {" and ".join(ANSWERS)}.')
        useless = [f'--{name}' for name in FILTERS if is_question and options[name]]
        if useless:
            raise CommandError(f'{question} does not go with {", ".join(useless)}.')

    # Listings

    def _list(self, table: RouteTable, options: Options) -> None:
        wish = listing.Filter(
            options['framework'], options['method'], options['path'], options['name'],
            options['unreachable'], options['compiled'],
        )  # fmt: skip
        rows = [row for row in listing.build_rows(table, get_app()) if wish.keeps(row)]
        if options['sort']:
            rows = listing.sort_rows(rows, options['sort'])
        self._print(rows, table, options)

    def _print(self, rows: list[listing.Row], table: RouteTable, options: Options) -> None:
        wanted = options['format']
        if wanted in listing.TEXTS:
            self.write(listing.TEXTS[wanted](rows, table.conflicts()))
        elif rows:
            if not get_settings().accelerate:  # Nothing is compiled, as the project wants it.
                rows = [dataclasses.replace(row, compiled=None) for row in rows]
            width = shutil.get_terminal_size().columns if self.stdout.isatty() else PLAIN_WIDTH
            self.write(listing.LAYOUTS[wanted](rows, width, self._has_colour(options)))
        else:
            self.stderr.write('No route is like that.')

    def _has_colour(self, options: Options) -> bool:
        """NO_COLOR and TERM=dumb speak for the terminal, --no-color and --force-color above it."""
        if options['no_color'] or options['force_color']:
            return bool(options['force_color'])
        is_plain = os.environ.get('NO_COLOR') or os.environ.get('TERM') == 'dumb'
        return self.stdout.isatty() and not is_plain

    def _check(self, table: RouteTable, format: str) -> None:
        silenced = settings.SILENCED_SYSTEM_CHECKS
        conflicts = [problem for problem in table.conflicts() if problem.check_id not in silenced]
        if format == 'json':
            self.write(listing.format_json([], conflicts))
        for problem in conflicts if format != 'json' else ():
            self.write(f'{problem.id}: {problem.message}\n  {problem.hint}')
        if conflicts:
            count = len(conflicts)
            raise CommandError(f'{count} conflict{"s" * (count > 1)} between routes.')
        if format != 'json':
            self.stderr.write('No conflicts.')

    # One request

    def _resolve(self, table: RouteTable, options: Options) -> None:
        path, method = options['resolve'], (options['method'] or 'GET').upper()
        if not path.startswith('/'):
            raise CommandError(
                f'--resolve {path!r}: a path starts with a slash. Write {_get_path(path)}.'
            )
        path, mark, query = path.partition('?')
        found = resolve(table, get_app().router, path, method, get_settings().own_pages)
        if found.location:
            found = dataclasses.replace(found, location=found.location + mark + query)
        if found.framework is Framework.STATIC:
            found = _look_for_file(found, path, method)
        if options['format'] == 'json':
            self.write(json.dumps(_as_data(found), indent=2, ensure_ascii=False))
        else:
            self.write('\n'.join(_as_lines(found, f'{method} {path}')))
        if found.status in (404, 405):
            raise CommandError(f'{method} {path} is answered with {found.status}.')


def _get_path(url: str) -> str:
    parts = urlsplit(url)
    return '/' + (parts.path if parts.netloc else url).lstrip('/')


def _look_for_file(found: Resolution, path: str, method: str) -> Resolution:
    if not find_file(unquote(path)):
        return dataclasses.replace(found, status=404)
    if method not in STATIC_METHODS:
        return dataclasses.replace(found, status=405, allow=', '.join(STATIC_METHODS))
    return dataclasses.replace(found, status=204 if method == 'OPTIONS' else 200)


def _as_data(found: Resolution) -> dict[str, object]:
    entry = found.entry
    return {
        'framework': found.framework.value if found.framework else None,
        'rule': found.rule, 'status': found.status,
        'route': entry.path if entry else None, 'name': entry.name if entry else None,
        'handler': entry.handler_name if entry else None,
        'source': listing.shorten(entry.source) if entry else None,
        'parameters': {name: value if isinstance(value, (int, float)) else str(value)
                       for name, value in found.params.items()},
        'allow': found.allow, 'location': found.location,
        'near': [near.path for near in found.near],
    }  # fmt: skip


def _as_lines(found: Resolution, request: str) -> list[str]:
    framework = found.framework.value if found.framework else 'neither'
    lines = [request, f'  framework   {framework}', f'  rule        {found.rule}']
    if found.entry:
        lines += [
            f'  route       {found.entry.path}  {found.entry.name}'.rstrip(),
            f'  handler     {found.entry.handler_name}',
            f'  source      {listing.shorten(found.entry.source)}',
        ]
    lines += [f'  parameter   {name} = {value!r}' for name, value in found.params.items()]
    lines += [f'  redirect    {found.status} to {found.location}'] if found.location else []
    lines += [f'  allow       {found.allow}'] if found.allow else []
    lines += [f'  near        {near.path}  {near.name}'.rstrip() for near in found.near]
    return lines
