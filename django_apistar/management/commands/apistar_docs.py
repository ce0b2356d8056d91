"""manage.py apistar_docs: export the schema of the API, and compare it with another."""

import contextlib
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sized
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.template.defaultfilters import pluralize

from django_apistar.application import App, get_app
from django_apistar.management.console import ConsoleCommand, Options, read_name
from django_apistar.schema import (
    build_app_openapi,
    build_json_schema,
    build_swagger,
    info_of,
    render,
    render_yaml,
    surroundings_of,
)
from django_apistar.schema.changes import Report, UnreadableError, compare
from django_apistar.schema.changes.acceptance import SETTING, read_accepted, without_accepted
from django_apistar.schema.changes.reading import read_document
from django_apistar.schema.changes.reports import WRITERS, diff
from django_apistar.schema.dialect import Schema
from django_apistar.schema.pages import DEVELOPMENT, find_base, write_folder
from django_apistar.schema.validation import ValidatorMissingError, find_errors

Build = Callable[[App, Callable[[str], None]], Schema]


def _build_with(build: Callable[..., Schema]) -> Build:
    return lambda app, warn: build(
        app.router.entries, info_of(app), surroundings_of(app), warn=warn
    )


MAX_INDENT = 40
PROJECT = 'this project'
FORMATS: dict[str, Build] = {
    'openapi': lambda app, warn: build_app_openapi(app, '3.1', warn),
    'openapi-3.0': lambda app, warn: build_app_openapi(app, '3.0', warn),
    'swagger': _build_with(build_swagger),
    'jsonschema': _build_with(build_json_schema),
    'html': lambda app, warn: build_app_openapi(app, '3.1', warn),
}


class Command(ConsoleCommand):
    help = 'Export the schema of the API: OpenAPI, Swagger, JSON Schema or pages.'

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            '--format', choices=FORMATS, default='openapi', metavar='FORMAT',
            help=f'One of {", ".join(FORMATS)} (default: %(default)s).',
        )  # fmt: skip
        parser.add_argument('--yaml', action='store_true', help='Write YAML instead of JSON.')
        parser.add_argument(
            '--output', type=read_name, metavar='FILE|DIR',
            help='Write to this file, or with --format html to this folder (default: stdout).',
        )  # fmt: skip
        parser.add_argument(
            '--indent', type=int, default=2, metavar='SPACES',
            help='Indentation; 0 writes JSON on one line (default: %(default)s).',
        )  # fmt: skip
        parser.add_argument(
            '--validate', action='store_true',
            help='Exit with 1 when the official validator finds an error.',
        )  # fmt: skip
        _add_check_arguments(parser)
        parser.add_argument(
            '--fail-on-warn', action='store_true',
            help='Exit with 1 when something cannot be described.',
        )  # fmt: skip

    def execute(self, *args: object, **options: object) -> str | None:
        if options.get('with_file'):
            self.requires_system_checks = []  # Two files are compared, whatever the project is.
        return super().execute(*args, **options)

    def handle(self, *args: object, **options: Any) -> None:
        output_format = options['format']
        self._has_color = options['force_color'] or self.stdout.isatty()
        if not options['check']:
            _refuse_options_of_check(options)
        if options['with_file']:
            self._check_files(options)
            return
        if output_format == 'html' and not options['output']:
            raise CommandError('--format html needs --output DIR.')
        if output_format == 'html' and (options['yaml'] or options['check']):
            raise CommandError('--format html writes a folder; --yaml and --check need a file.')
        if not 0 <= options['indent'] <= MAX_INDENT:
            raise CommandError(f'--indent is {options["indent"]}; it must be 0 to {MAX_INDENT}.')
        app = _get_app()
        document = self._build(output_format, app, options['fail_on_warn'])
        if options['validate']:
            self._validate(document)
        if options['check']:
            self._check(document, PROJECT, options)
        elif output_format == 'html':
            self._write_folder(app, document, options['output'])
        else:
            write = render_yaml if options['yaml'] else render
            self._write(write(document, options['indent']), options['output'])

    def _build(self, output_format: str, app: App, fail_on_warn: bool) -> Schema:
        warnings: dict[str, None] = {}
        document = FORMATS[output_format](app, lambda sentence: warnings.update({sentence: None}))
        for sentence in warnings:
            self._remark(f'Warning: {sentence}')
        if warnings and fail_on_warn:
            raise CommandError(f'{_count(warnings, "thing")} cannot be described, see above.')
        return document

    def _validate(self, document: Schema) -> None:
        try:
            errors = find_errors(document)
        except ValidatorMissingError as exc:
            raise CommandError(str(exc)) from None
        for error in errors:
            self._remark(error)
        if errors:
            raise CommandError(f'The schema is not valid: {_count(errors, "error")}, see above.')
        self._remark('The schema is valid.')

    def _check_files(self, options: Options) -> None:
        with _status_2():
            new = read_document(options['with_file'])
        self._check(new, options['with_file'], options)

    def _check(self, document: Schema, new_name: str, options: Options) -> None:
        name = options['check']
        with _status_2():
            given = getattr(settings, 'APISTAR_SETTINGS', None)  # which no check has looked at
            project = given.get(SETTING, {}) if isinstance(given, dict) else {}
            accepted = read_accepted(options['ignore'], project)
            committed = read_document(name)
            report = without_accepted(compare(committed, document, name, new_name), accepted)
        for sentence in report.remarks:
            self._remark(f'Warning: {sentence}')
        is_equal = committed == document
        self._write_report(report, committed, document, (name, new_name), options['report'])
        if is_equal:
            self._remark(f'{name} is up to date.')
            return
        count = len(report.of('error'))
        if options['fail_on'] == 'breaking' and not count:
            self._remark(f'{name} is not {_what(new_name)}; nothing breaks a client.')
            return
        breaking = f', with {_count(report.of("error"), "breaking change")}' if count else ''
        raise CommandError(f'{name} is not {_what(new_name)}{breaking}.')

    def _write_report(
        self, report: Report, old: Any, new: Any, names: tuple[str, str], style: str
    ) -> None:
        lines = diff(old, new, *names) if style == 'text' else ()
        text = WRITERS[style](report, names[0], self._paint)
        parts = [part for part in ('\n'.join(lines), text) if part]
        if parts:
            self.write('\n\n'.join(parts))

    def _paint(self, level: str, text: str) -> str:
        if not self._has_color:
            return text
        styles = {'error': self.style.ERROR, 'warning': self.style.WARNING}
        return styles.get(level, self.style.SUCCESS)(text)

    def _write_folder(self, app: App, document: Schema, name: str) -> None:
        try:
            pages = write_folder(Path(name), app.router.entries, document)
        except OSError as exc:
            raise CommandError(f'{name} cannot be written: {exc.strerror or exc}.') from None
        self._remark(f'Wrote {", ".join(pages)} to {name}.')
        if find_base(document).startswith(DEVELOPMENT):
            base = DEVELOPMENT.removesuffix('/')
            self._remark(f'Its samples ask {base}: set SERVERS to the address of the API.')

    def _write(self, content: bytes, name: str | None) -> None:
        if name is None:
            self.write(content.decode())
            return
        try:
            Path(name).write_bytes(content.rstrip(b'\n') + b'\n')
        except OSError as exc:
            raise CommandError(f'{name} cannot be written: {exc.strerror or exc}.') from None
        self._remark(f'Wrote {name}.')

    def _remark(self, sentence: str) -> None:
        self.stderr.write(sentence, style_func=str)


def _get_app() -> App:
    try:
        return get_app()
    except ImproperlyConfigured as exc:
        raise CommandError(str(exc)) from None


@contextlib.contextmanager
def _status_2() -> Iterator[None]:
    """Exit with 2 for a document that cannot be read: 1 says that two differ."""
    try:
        yield
    except UnreadableError as exc:
        raise CommandError(str(exc), returncode=2) from None


def _what(name: str) -> str:
    return 'the schema of this project' if name == PROJECT else f'the same as {name}'


def _add_check_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        '--check', type=read_name, metavar='FILE',
        help='Write nothing; exit with 1 and what changed when FILE, or git:REV:PATH, differs.',
    )  # fmt: skip
    parser.add_argument(
        '--with', type=read_name, metavar='FILE', dest='with_file',
        help='Compare --check with this file, or git:REV:PATH, and not with the project.',
    )  # fmt: skip
    parser.add_argument(
        '--fail-on', choices=('any', 'breaking'), default='any',
        help='Which changes --check exits with 1 for (default: %(default)s).',
    )  # fmt: skip
    parser.add_argument(
        '--report', choices=WRITERS, default='text',
        help='How --check tells the changes (default: %(default)s).',
    )  # fmt: skip
    parser.add_argument(
        '--ignore', action='append', default=[], metavar='RULE[:GLOB]',
        help='Leave out the changes of this rule, with GLOB those at these places. Repeatable.',
    )  # fmt: skip


def _refuse_options_of_check(options: Options) -> None:
    """Raise CommandError for an option that would do nothing without --check."""
    unused = {
        '--with': options['with_file'], '--ignore': options['ignore'],
        '--fail-on': options['fail_on'] != 'any', '--report': options['report'] != 'text',
    }  # fmt: skip
    for option, is_given in unused.items():
        if is_given:
            raise CommandError(f'{option} needs --check OLD.')


def _count(items: Sized, noun: str) -> str:
    return f'{len(items)} {noun}{pluralize(items)}'
