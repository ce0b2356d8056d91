"""manage.py apistar_docs"""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from django_apistar.application import App, get_app
from django_apistar.console import ConsoleCommand
from django_apistar.schema import (
    build_app_openapi,
    build_json_schema,
    build_swagger,
    info_of,
    render,
    render_yaml,
    surroundings_of,
)
from django_apistar.schema.comparison import breaking_changes, diff
from django_apistar.schema.pages import write_folder
from django_apistar.schema.validation import ValidatorMissingError, find_errors

Build = Callable[[App, Callable[[str], None]], dict[str, Any]]


def _build_with(build: Callable[..., dict[str, Any]]) -> Build:
    return lambda app, warn: build(
        app.router.entries, info_of(app), surroundings_of(app), warn=warn
    )


MAX_INDENT = 40
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
            '--format', choices=FORMATS, default='openapi', help='Format (default: %(default)s).'
        )
        parser.add_argument('--yaml', action='store_true', help='Write YAML instead of JSON.')
        parser.add_argument(
            '--output', metavar='FILE|DIR',
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
        parser.add_argument(
            '--check', metavar='FILE',
            help='Write nothing; exit with 1 and a diff when FILE is not this schema.',
        )  # fmt: skip
        parser.add_argument(
            '--fail-on-warn', action='store_true',
            help='Exit with 1 when something cannot be described.',
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        output_format = options['format']
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
            self._check(document, options['check'])
        elif output_format == 'html':
            self._write_folder(app, document, options['output'])
        else:
            write = render_yaml if options['yaml'] else render
            self._write(write(document, options['indent']), options['output'])

    def _build(self, output_format: str, app: App, fail_on_warn: bool) -> dict[str, Any]:
        warnings: dict[str, None] = {}
        document = FORMATS[output_format](app, lambda sentence: warnings.update({sentence: None}))
        for sentence in warnings:
            self._remark(f'Warning: {sentence}')
        if warnings and fail_on_warn:
            raise CommandError(f'{_count(warnings, "thing")} cannot be described, see above.')
        return document

    def _validate(self, document: dict[str, Any]) -> None:
        try:
            errors = find_errors(document)
        except ValidatorMissingError as exc:
            raise CommandError(str(exc)) from None
        for error in errors:
            self._remark(error)
        if errors:
            raise CommandError(f'The schema is not valid: {_count(errors, "error")}, see above.')
        self._remark('The schema is valid.')

    def _check(self, document: dict[str, Any], name: str) -> None:
        committed = _read(name)
        lines = diff(committed, document, name, 'this project')
        if not lines:
            self._remark(f'{name} is up to date.')
            return
        changes = breaking_changes(committed, document)
        self.write('\n'.join(lines))
        if changes:
            self.write('\nBreaking changes:')
            self.write('\n'.join(f'- {change}' for change in changes))
        breaking = f', with {_count(changes, "breaking change")}' if changes else ''
        raise CommandError(f'{name} is not the schema of this project{breaking}.')

    def _write_folder(self, app: App, document: dict[str, Any], name: str) -> None:
        try:
            pages = write_folder(Path(name), app.router.entries, document)
        except OSError as exc:
            raise CommandError(f'{name} cannot be written: {exc.strerror or exc}.') from None
        self._remark(f'Wrote {", ".join(pages)} to {name}.')

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


def _read(name: str) -> dict[str, Any]:
    """Return the JSON or YAML object in the file *name*. Raises CommandError."""
    try:
        text = Path(name).read_text(encoding='utf-8')
    except OSError as exc:
        raise CommandError(f'{name} cannot be read: {exc.strerror or exc}.') from None
    except UnicodeDecodeError:
        raise CommandError(f'{name} is not UTF-8 text.') from None
    try:
        parsed = yaml.safe_load(text) if name.endswith(('.yaml', '.yml')) else json.loads(text)
    except (ValueError, RecursionError, yaml.YAMLError):
        raise CommandError(f'{name} is neither JSON nor YAML.') from None
    if not isinstance(parsed, dict):
        raise CommandError(f'{name} holds no schema: it is not an object.')
    try:
        # YAML knows dates, numbers as keys and objects that hold themselves.
        plain: dict[str, Any] = json.loads(json.dumps(parsed, default=str))
    except (ValueError, TypeError, RecursionError) as exc:
        raise CommandError(f'{name} holds no schema: {exc}.') from None
    return plain


def _count(items: Any, noun: str) -> str:
    return f'{len(items)} {noun}' + ('' if len(items) == 1 else 's')
