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
from django_apistar.management.rows import (
    NOT,
    SORTS,
    Filter,
    Row,
    build_rows,
    shorten,
    sort_rows,
    summarize,
)
from django_apistar.routes.entries import Framework
from django_apistar.routes.resolution import Resolution, resolve
from django_apistar.routes.table import CONFLICTS, RouteTable

ANSWERS = ('table', 'json')  # formats of --check and --resolve
# Those that may be given several times, and those with one value.
REPEATED = ('framework', 'method', 'path', 'name', 'handler', 'auth')
SINGLE = ('compiled', 'unreachable', 'except_vendor')
FRAMEWORKS = ('apistar', 'django')
ACCESSES = ('anyone', 'optional', 'user')
STATIC_METHODS = ('GET', 'HEAD', 'OPTIONS')
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
PLAIN_WIDTH = 80  # where the output is no terminal


class Command(ConsoleCommand):
    """Parses options, asks the core for rows, hands them to a format, prints."""

    help = 'List the routes of API Star and Django, and tell which framework answers a request.'

    def add_arguments(self, parser: ArgumentParser) -> None:
        def add_filter(option: str, **more: Any) -> None:
            parser.add_argument(option, action='append', default=[], **more)

        add_filter('--framework', choices=_with_negations(FRAMEWORKS), help='of this framework')
        add_filter('--method', help="with this method; with --resolve, the request's")
        add_filter('--path', metavar='GLOB', help="whose path matches: '/a*', or does not: '!/a*'")
        add_filter('--name', metavar='GLOB', help="whose name matches: 'auth:*'")
        add_filter('--handler', metavar='GLOB', help="whose handler matches: 'shop.*'")
        add_filter('--auth', choices=_with_negations(ACCESSES), help='who may call them')
        parser.add_argument(
            '--except-vendor', action='store_true', help='no routes of installed packages'
        )
        parser.add_argument(
            '--compiled', choices=('yes', 'no'),
            help='API Star routes that are compiled, or those answered step by step',
        )  # fmt: skip
        parser.add_argument('--sort', choices=SORTS, help='default: as routes are tried')
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

    def check(self, *args: Any, **kwargs: Any) -> None:
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

    def handle(self, *args: Any, **options: Any) -> None:
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
        for method in options['method']:
            if not TOKEN.fullmatch(method.removeprefix(NOT)):
                raise CommandError(f'--method {method!r} is no HTTP method.')
        if not (options['check'] or options['resolve'] is not None):
            return
        question = '--check' if options['check'] else '--resolve'
        if options['format'] not in ANSWERS:
            raise CommandError(f'{question} knows --format {" and ".join(ANSWERS)}.')
        filters = {*REPEATED, *SINGLE, 'sort'} - {'method'}
        useless = sorted(f'--{name.replace("_", "-")}' for name in filters if options[name])
        if useless:
            raise CommandError(f'{question} does not go with {", ".join(useless)}.')
        if options['method'] and (len(options['method']) > 1 or options['method'][0][0] == NOT):
            raise CommandError(f'{question} takes one --method.')

    # Listings

    def _list(self, table: RouteTable, options: Options) -> None:
        given: dict[str, Any] = {name: tuple(options[name]) for name in REPEATED}
        wish = Filter(**given, **{name: options[name] for name in SINGLE})
        every = build_rows(table, get_app())
        rows = [*filter(wish.keeps, every)]
        if options['sort']:
            rows = sort_rows(rows, options['sort'])
        if rows or options['format'] in listing.TEXTS:
            self._print(rows, table, options)
        else:
            proposal = wish.propose(every)
            self.stderr.write(
                f'No route matches. Did you mean {proposal}?' if proposal else 'No route matches.'
            )

    def _print(self, rows: list[Row], table: RouteTable, options: Options) -> None:
        wanted = options['format']
        if wanted in listing.TEXTS:
            self.write(listing.TEXTS[wanted](rows, table.conflicts()))
            return
        if not get_settings().accelerate:  # Nothing is compiled, as the project wants it.
            rows = [dataclasses.replace(row, compiled=None) for row in rows]
        if wanted == 'table' and options['verbosity'] > 1:
            wanted = 'blocks'
        width = shutil.get_terminal_size().columns if self.stdout.isatty() else PLAIN_WIDTH
        self.write(listing.LAYOUTS[wanted](rows, width, self._has_colour(options)))
        self.stderr.write(summarize(rows), lambda text: text)

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
        path = options['resolve']
        method = (options['method'] or ['GET'])[0].upper()
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


def _with_negations(choices: tuple[str, ...]) -> tuple[str, ...]:
    return (*choices, *(f'{NOT}{choice}' for choice in choices))


def _get_path(url: str) -> str:
    parts = urlsplit(url)
    return '/' + (parts.path if parts.netloc else url).lstrip('/')


def _look_for_file(found: Resolution, path: str, method: str) -> Resolution:
    if not find_file(unquote(path)):
        return dataclasses.replace(found, status=404)
    if method not in STATIC_METHODS:
        return dataclasses.replace(found, status=405, allow=', '.join(STATIC_METHODS))
    return dataclasses.replace(found, status=204 if method == 'OPTIONS' else 200)


def _as_data(found: Resolution) -> dict[str, Any]:
    entry = found.entry
    return {
        'framework': found.framework.value if found.framework else None,
        'rule': found.rule, 'status': found.status,
        'route': entry.path if entry else None, 'name': entry.name if entry else None,
        'handler': entry.handler_name if entry else None,
        'source': shorten(entry.source) if entry else None,
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
            f'  source      {shorten(found.entry.source)}',
        ]
    lines += [f'  parameter   {name} = {value!r}' for name, value in found.params.items()]
    lines += [f'  redirect    {found.status} to {found.location}'] if found.location else []
    lines += [f'  allow       {found.allow}'] if found.allow else []
    lines += [f'  near        {near.path}  {near.name}'.rstrip() for near in found.near]
    return lines
