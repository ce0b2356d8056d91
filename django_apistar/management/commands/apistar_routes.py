"""`manage.py apistar_routes`: which route goes to which framework."""

import dataclasses
import json
import os
import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.management.base import CommandError, SystemCheckError
from django.template.defaultfilters import pluralize
from django.urls import NoReverseMatch as DjangoNoReverseMatch
from django.urls import get_script_prefix

from django_apistar.api.responses import TOKEN
from django_apistar.application import get_app, get_route_table
from django_apistar.conf.parser import get_settings
from django_apistar.conf.problems import SettingsError
from django_apistar.management import baselines, listing
from django_apistar.management.answers import FAILURES, URLError, find_answer, to_data, to_text
from django_apistar.management.console import ConsoleCommand, Options, read_name
from django_apistar.management.logged_requests import find_unused, iter_requests
from django_apistar.management.rows import (
    NOT,
    SORTS,
    Filter,
    Row,
    build_rows,
    sort_rows,
    summarize,
)
from django_apistar.routes.kinds import find_misfits
from django_apistar.routes.resolution import resolve
from django_apistar.routes.reverse import NoReverseMatch, explain_mismatch
from django_apistar.routes.router import Router
from django_apistar.routes.table import CONFLICTS, RouteTable

QUESTIONS = ('check', 'resolve', 'reverse', 'write-baseline')
ANSWERS = ('table', 'json')  # formats of their answers
# Those that may be given several times, and those with one value.
REPEATED = ('framework', 'method', 'path', 'name', 'handler', 'auth')
SINGLE = ('compiled', 'unreachable', 'except_vendor')
FRAMEWORKS = ('apistar', 'django')
ACCESSES = ('anyone', 'optional', 'user', 'permission')
PLAIN_WIDTH = 80  # where the output is no terminal


class Command(ConsoleCommand):
    """Parses options, asks the core for rows, hands them to a format, prints."""

    help = 'List the routes of API Star and Django, and tell which framework answers a request.'

    def add_arguments(self, parser: ArgumentParser) -> None:
        def add_filter(option: str, **more: Any) -> None:
            parser.add_argument(option, action='append', default=[], **more)

        add_filter(
            '--framework', metavar='NAME', choices=_with_negations(FRAMEWORKS),
            help='of this framework: apistar or django',
        )  # fmt: skip
        add_filter('--method', help="with this method; with --resolve, the request's")
        add_filter('--path', metavar='GLOB', help="whose path matches: '/a*', or does not: '!/a*'")
        add_filter('--name', metavar='GLOB', help="whose name matches: 'auth:*'")
        add_filter('--handler', metavar='GLOB', help="whose handler matches: 'shop.*'")
        add_filter(
            '--auth', metavar='WHO', choices=_with_negations(ACCESSES),
            help=f"who may call them: {', '.join(ACCESSES)}; not so: '!user'",
        )  # fmt: skip
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
        parser.add_argument(
            '--unused',
            type=read_name,
            metavar='LOG',
            help='only routes that no request in this access log reached',
        )
        self._add_questions(parser)

    def _add_questions(self, parser: ArgumentParser) -> None:
        questions = parser.add_mutually_exclusive_group()
        # First, as argparse breaks the group's line of usage behind the brackets of a value alone.
        questions.add_argument(
            '--reverse', nargs='+', metavar=('NAME', 'KEY=VALUE'), help='print the path of a route'
        )
        questions.add_argument(
            '--check',
            action='store_true',
            help='print conflicts only, and exit 1 when there are any',
        )
        questions.add_argument(
            '--resolve', metavar='PATH|URL',
            help='tell which route answers PATH; exit 1 when none does',
        )  # fmt: skip
        questions.add_argument(
            '--write-baseline',
            type=read_name,
            metavar='FILE',
            help='write all routes as JSON, for --baseline',
        )
        parser.add_argument(
            '--baseline', type=read_name, metavar='FILE',
            help='with --check, exit 1 as well when a route became public, lost a permission, '
            'changed its framework, went, or came undocumented',
        )  # fmt: skip

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

    def handle(self, *args: Any, **options: Any) -> None:
        self._refuse(options)
        try:
            table = get_route_table()
        except SettingsError as exc:
            raise CommandError(str(exc)) from None
        if options['reverse']:
            self._reverse(table, options)
        elif options['resolve'] is not None:
            self._resolve(table, options)
        elif options['check']:
            self._check(table, options['format'], options['baseline'])
        elif options['write_baseline'] is not None:
            self._write_baseline(table, Path(options['write_baseline']))
        else:
            self._list(table, options)

    def _refuse(self, options: Options) -> None:
        """Raise CommandError for options that make no sense together."""
        for method in options['method']:
            if not TOKEN.fullmatch(method.removeprefix(NOT)):
                raise CommandError(f'--method {method!r} is no HTTP method.')
        if options['baseline'] is not None and not options['check']:
            raise CommandError('--baseline goes with --check.')
        question = next((f'--{name}' for name in QUESTIONS if _is_asked(options, name)), None)
        if question is None:
            return
        if options['format'] not in ANSWERS:
            raise CommandError(f'{question} knows --format {" and ".join(ANSWERS)}.')
        filters = {*REPEATED, *SINGLE, 'unused', 'sort'} - (
            {'method'} if question == '--resolve' else set()
        )
        useless = sorted(f'--{name.replace("_", "-")}' for name in filters if options[name])
        if useless:
            raise CommandError(f'{question} does not go with {", ".join(useless)}.')
        if len(options['method']) > 1 or ''.join(options['method']).startswith(NOT):
            raise CommandError(f'{question} takes one --method.')

    # Listings

    def _list(self, table: RouteTable, options: Options) -> None:
        given: dict[str, Any] = {name: tuple(options[name]) for name in REPEATED}
        wish = Filter(**given, **{name: options[name] for name in SINGLE})
        every = build_rows(table, get_app())
        rows = [*filter(wish.keeps, every)]
        if options['unused'] is not None:
            rows = self._find_unused(rows, table, Path(options['unused']))
        if options['sort']:
            rows = sort_rows(rows, options['sort'])
        if rows or options['format'] in listing.TEXTS:
            self._print(rows, table, options)
        else:
            proposal = wish.propose(every)
            self.stderr.write(
                f'No route matches. Did you mean {proposal}?' if proposal else 'No route matches.'
            )

    def _find_unused(self, rows: list[Row], table: RouteTable, log: Path) -> list[Row]:
        try:
            with log.open(encoding='utf-8', errors='replace') as lines:
                found = [*iter_requests(lines)]
        except OSError as exc:
            raise CommandError(f'{log} cannot be read: {exc.strerror}.') from None
        requests = [request for request in found if request is not None]
        if not requests:
            raise CommandError(f'{log} holds no request: it is empty, compressed or no access log.')
        if len(requests) < len(found):
            self.stderr.write(f'Lines of {log} without a request: {len(found) - len(requests)}.')
        return find_unused(rows, table, get_app().router, requests)

    def _print(self, rows: list[Row], table: RouteTable, options: Options) -> None:
        wanted = options['format']
        if wanted in listing.TEXTS:
            self.write(listing.TEXTS[wanted](rows, table.conflicts()))
            return
        if not get_settings().accelerate:  # Nothing is compiled, as the project wants it.
            rows = [dataclasses.replace(row, compiled=None) for row in rows]
        if wanted == 'table' and options['verbosity'] > 1:
            wanted = 'blocks'
        columns = shutil.get_terminal_size().columns
        width = columns if self.stdout.isatty() else PLAIN_WIDTH
        self.write(listing.LAYOUTS[wanted](rows, width, self._has_colour(options)))
        self.remark(summarize(rows))

    def _has_colour(self, options: Options) -> bool:
        """NO_COLOR and TERM=dumb speak for the terminal, --no-color and --force-color above it."""
        if options['no_color'] or options['force_color']:
            return bool(options['force_color'])
        is_plain = os.environ.get('NO_COLOR') or os.environ.get('TERM') == 'dumb'
        return self.stdout.isatty() and not is_plain

    def _check(self, table: RouteTable, format: str, baseline: str | None) -> None:
        changes = self._find_changes(table, baseline) if baseline is not None else []
        silenced = settings.SILENCED_SYSTEM_CHECKS
        conflicts = [problem for problem in table.conflicts() if problem.check_id not in silenced]
        if format == 'json':
            more = {} if baseline is None else {'changes': [*map(dataclasses.asdict, changes)]}
            self.write(listing.format_json([], conflicts, **more))
        else:
            lines = [f'{problem.id}: {problem.message}\n  {problem.hint}' for problem in conflicts]
            lines += [f'{change.rule}: {change.message}' for change in changes]
            self.write('\n'.join(lines)) if lines else self.stderr.write('No conflicts.')
        if changes:
            count = len(changes)
            raise CommandError(f'{count} change{pluralize(count)} against {baseline}.')
        if conflicts:
            count = len(conflicts)
            raise CommandError(f'{count} conflict{pluralize(count)} between routes.')

    def _find_changes(self, table: RouteTable, baseline: str) -> list[baselines.Change]:
        try:
            known = baselines.read_baseline(Path(baseline))
        except baselines.BaselineError as exc:
            raise CommandError(str(exc)) from None
        return [*baselines.compare(known, build_rows(table, get_app()))]

    def _write_baseline(self, table: RouteTable, path: Path) -> None:
        rows = build_rows(table, get_app())
        try:
            path.write_text(listing.format_json(rows, table.conflicts()) + '\n', encoding='utf-8')
        except OSError as exc:
            raise CommandError(f'{path} cannot be written: {exc.strerror}.') from None
        self.stderr.write(f'Wrote {len(rows)} route{pluralize(rows)} to {path}.')

    # One request

    def _resolve(self, table: RouteTable, options: Options) -> None:
        method = (options['method'] or ['GET'])[0].upper()
        try:
            answer = find_answer(table, get_app(), get_settings(), options['resolve'], method)
        except URLError as exc:
            raise CommandError(f'--resolve {exc}') from None
        if options['format'] == 'json':
            self.write(json.dumps(to_data(answer), indent=2, ensure_ascii=False))
        else:
            self.write(to_text(answer))
        if answer.resolution.status in FAILURES:
            raise CommandError(f'{answer.request} is answered with {answer.resolution.status}.')

    def _reverse(self, table: RouteTable, options: Options) -> None:
        name, *pairs = options['reverse']
        wrong = next((pair for pair in pairs if not pair.partition('=')[1]), None)
        if wrong is not None:
            raise CommandError(f'--reverse: {wrong!r} is no parameter. Write {wrong}=VALUE.')
        params: dict[str, object] = dict(pair.split('=', 1) for pair in pairs)
        if len(params) < len(pairs):
            raise CommandError('--reverse: a parameter is given twice. Give each one value.')
        try:
            url = table.reverse(name, **params)
        except (NoReverseMatch, DjangoNoReverseMatch) as exc:
            raise CommandError(str(exc)) from None
        if misfit := find_misfit(table, get_app().router, name, params, url):
            raise CommandError(misfit)
        self.write(url)


def find_misfit(
    table: RouteTable, router: Router, name: str, params: dict[str, object], url: str
) -> str:
    """Return why *url*, built for the API Star route *name*, does not lead back; '' if it does.

    Werkzeug writes values that it does not read: a text with a slash, any text as a UUID.
    """
    entries = [entry for entry in table.apistar_entries if entry.name == name]
    path = url.partition('?')[0].removeprefix(get_script_prefix().removesuffix('/'))
    if not entries or resolve(table, router, path, entries[0].methods[0]).status != 404:
        return ''
    for entry in entries:
        if any(find_misfits(entry, params)):
            return explain_mismatch([entry], name, params)
    return ''


def _is_asked(options: Options, question: str) -> bool:
    return options[question.replace('-', '_')] not in (None, False)


def _with_negations(choices: tuple[str, ...]) -> tuple[str, ...]:
    return (*choices, *(f'{NOT}{choice}' for choice in choices))
