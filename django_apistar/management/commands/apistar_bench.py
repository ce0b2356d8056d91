"""manage.py apistar_bench: how fast both paths of the project are."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import shutil
import signal
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from django.conf import ENVIRONMENT_VARIABLE, settings
from django.core.management.base import CommandError
from django.db import connections
from rich.console import Group

from django_apistar.bench import in_process, paths, reports, request, results, servers, tools
from django_apistar.bench import targets as kinds
from django_apistar.bench.applications import build_application, open_to_loopback
from django_apistar.bench.load import Load, LoadToolError, Tool
from django_apistar.bench.progress import Progress
from django_apistar.bench.request import Request
from django_apistar.bench.targets import Target
from django_apistar.compat import interrupts
from django_apistar.conf.problems import SettingsError
from django_apistar.management import listing
from django_apistar.management.console import ConsoleCommand, Options, parse_positive, read_name
from django_apistar.routes.entries import Framework

Loads = dict[str, Callable[[float], Load]]  # by target
_WARM_UP_S = 0.5
_MOST_RATE = 1_000_000  # requests a second
_CLOSED = (
    'Each connection waits for its answer before it sends again (a closed model), so that others '
    'who would wait during a stall are not seen; --rate N shows them.'
)
_WIDTH = 80  # where the output is no terminal
_KEYS = tuple(target.key for target in kinds.TARGETS)
_FAILURES = (
    SettingsError, LoadToolError, reports.PlotError, request.RequestError,
    results.BaselineError, kinds.TargetError,
)  # fmt: skip


def parse_count(text: str) -> int:
    """Return a whole number above 0."""
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f'{text!r} is not a whole number above 0')
    return int(text)


def parse_rate(text: str) -> int:
    """Return a whole number above 0 that is no more than any tool sends."""
    if (text.isdigit() and len(text) > len(str(_MOST_RATE))) or parse_count(text) > _MOST_RATE:
        raise ArgumentTypeError(f'{text!r} is more than {_MOST_RATE:,}, which no tool sends')
    return int(text)


class Command(ConsoleCommand):
    """Parses options, has targets measured in turns, and hands the results to a format."""

    progress: Progress
    help = 'Measure API Star and Django in this project side by side, over HTTP or in process.'

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_request(parser.add_argument)
        add_load(parser.add_argument)
        add_report(parser.add_argument)

    def handle(self, *args: object, **options: Any) -> None:
        self.progress = Progress(self.stderr)
        try:
            with ending_by_signals(), open_to_loopback(), self.progress:
                found = self._measure(options)
        except _FAILURES as exc:
            raise CommandError(str(exc)) from exc
        except KeyboardInterrupt:
            raise CommandError(
                'Interrupted; every server is stopped.', returncode=interrupts.STATUS
            ) from None
        for warning in found.warnings:
            self.remark(f'Warning: {warning}')
        self._write(found, options)
        shortfalls = results.find_shortfalls(found, options['fail_under'] or 0)
        if shortfalls:
            raise CommandError(' '.join(shortfalls))

    def _measure(self, options: Options) -> results.Results:
        """Try everything that can be wrong first: a benchmark takes its time."""
        check_model(options)
        options = {**options, **{n: options[n] or v for n, v in servers.DEFAULTS.items()}}
        for name in ('output', 'plot'):
            if options[name]:
                check_writable(f'--{name}', options[name])
        if options['plot']:
            reports.check_plot(options['plot'])
        baseline = read_baseline(options['compare'], options['in_process'])
        sent = request.build_request(
            options['method'], options['header'], options['token'], options['body']
        )
        tool = None
        if not options['in_process']:
            tool = tools.find_tool(options['tool'], sent, bool(options['rate']))
        self._announce_writes(sent, options)
        if settings.DEBUG:
            self.remark('DEBUG is on: this is how the project runs in development.')
        if tool and not options['rate']:
            self.remark(_CLOSED)
        chosen, remarks = self._choose(sent, options)
        base = find_base(chosen, options)
        taken = self._take_turns(chosen, tool, options)
        compared = results.compare_targets(chosen, taken, base, bool(options['rate']))
        changes = results.compare_with_baseline(compared, baseline) if baseline else []
        found = results.Results(
            setup=build_setup(options), rate=options['rate'],
            mode='http' if tool else 'in-process', tool=tool.name if tool else '',
            tool_version=tool.find_version() if tool else '', rounds=options['rounds'],
            duration_s=options['duration'], connections=options['connections'] if tool else 1,
            base=base, targets=compared, system=results.collect_system(),
            changes=tuple(changes), remarks=tuple(remarks),
        )  # fmt: skip
        differences = results.find_differences(found, baseline) if baseline else ()
        return dataclasses.replace(found, remarks=(*remarks, *differences))

    def _announce_writes(self, sent: Request, options: Options) -> None:
        """Say what is written, and into which database. Raises TargetError without --write."""
        if not sent.may_write:
            return
        names = ' and '.join(map(name_database, in_process.list_databases())) or 'no database'
        if not options['write']:
            raise kinds.TargetError(f'{sent.method} may write into {names}. Add --write if it may.')
        fate = 'each round is rolled back' if options['in_process'] else 'the rows stay'
        self.remark(f'{sent.method} may write into {names}; {fate}.')

    def _choose(self, sent: Request, options: Options) -> tuple[list[Target], list[str]]:
        wishes = {
            Framework.APISTAR: options['apistar'],
            Framework.DJANGO: options['django'],
        }
        own, remarks = paths.find_targets(wishes, sent)
        if not own:
            raise kinds.TargetError(' '.join(remarks))
        types = paths.find_content_types(own)
        if len(set(types.values())) > 1:
            found = ' and '.join(f'{kind} from {label}' for label, kind in types.items())
            remarks.append(f'The answers differ in kind, {found}: name paths to compare like.')
        bare = [kinds.BARE_APISTAR, kinds.BARE_DJANGO, kinds.FLOOR]
        return [*own, *bare], remarks

    # Loads

    def _take_turns(
        self, chosen: list[Target], tool: Tool | None, options: Options
    ) -> dict[str, list[Load]]:
        with contextlib.ExitStack() as stack:
            loads = (
                self._open_servers(stack, chosen, tool, options)
                if tool
                else open_applications(chosen)
            )
            labels = {target.key: f'{target.label} {target.path}' for target in chosen}

            def tell(number: int, key: str) -> None:
                what = f'Round {number} of {options["rounds"]}' if number else 'Warming up'
                self.progress.tell(f'{what}: {labels[key]}')

            return kinds.take_turns(
                loads, options['rounds'], options['duration'],
                min(_WARM_UP_S, options['duration']), tell,
            )  # fmt: skip

    def _open_servers(
        self,
        stack: contextlib.ExitStack,
        chosen: list[Target],
        tool: Tool,
        options: Options,
    ) -> Loads:
        module = os.environ.get(ENVIRONMENT_VARIABLE)
        if not module:
            raise kinds.TargetError(
                'Servers need a settings module, and this project has none. Use --in-process.'
            )
        loads: Loads = {}
        for target in chosen:
            self.progress.tell(f'Starting {target.label} ...')
            server = stack.enter_context(servers.serve(target, module, build_setup(options)))
            loads[target.key] = functools.partial(
                servers.run_load, server, tool, options['connections'], rate=options['rate']
            )
        return loads

    # Output

    def _write(self, found: results.Results, options: Options) -> None:
        if options['plot']:
            with explaining(options['plot']):
                reports.write_plot(found, options['plot'])
        text = self._format(found, options)
        if not options['output']:
            self.write(text)
            return
        with explaining(options['output']):
            Path(options['output']).write_text(f'{text}\n', encoding='utf-8')

    def _format(self, found: results.Results, options: Options) -> str:
        if options['format'] == 'json':
            return reports.format_json(found)
        if options['format'] == 'markdown':
            return reports.format_markdown(found)
        is_terminal = self.stdout.isatty() and not options['output']
        has_colour = is_terminal and self.style.ERROR('x') != 'x'
        width = shutil.get_terminal_size().columns if is_terminal else _WIDTH
        return listing.render(Group(*reports.build_table(found, width)), has_colour, width)


def add_request(add: Callable[..., object]) -> None:
    """Add the options of what is sent, and to what."""
    for framework in Framework.APISTAR, Framework.DJANGO:
        add(
            f'--{framework.value}', metavar='PATH', action='append', default=[],
            help='a path to ask for; repeatable; default: the cheapest',
        )  # fmt: skip
    add(
        '--method', choices=request.METHODS, type=str.upper, default='GET',
        help='of the requests to the project; default: %(default)s',
    )  # fmt: skip
    add(
        '--header', metavar='"NAME: VALUE"', action='append', default=[],
        help='sent with them; repeatable',
    )  # fmt: skip
    add('--token', metavar='KEY', help='sent with them as "Authorization: Bearer KEY"')
    add(
        '--body', type=read_name, metavar='FILE',
        help='what they hold; as application/json without a --header',
    )  # fmt: skip
    add(
        '--write', action='store_true',
        help='needed for methods that may write; rows stay, but for those of --in-process',
    )  # fmt: skip


def add_load(add: Callable[..., object]) -> None:
    """Add the options of how it is sent, and what ratios are to."""
    defaults = {name: f'default: {value}' for name, value in servers.DEFAULTS.items()}
    add(
        '--base', metavar='TARGET', choices=_KEYS,
        help=f'what ratios are to: {", ".join(_KEYS)}; default: django',
    )  # fmt: skip
    add('--rounds', type=parse_count, default=5, metavar='N', help='default: %(default)s')
    add(
        '--duration', type=parse_positive, default=2.0, metavar='SECONDS',
        help='of each target in each round; default: %(default)s',
    )  # fmt: skip
    add('--connections', type=parse_count, metavar='N', help=defaults['connections'])
    add(
        '--tool', choices=tools.TOOLS,
        help='what loads the servers; default: the first of these that is installed',
    )  # fmt: skip
    add(
        '--rate', type=parse_rate, metavar='N',
        help='send N requests a second, however long answers take; needs k6',
    )  # fmt: skip
    add('--server', choices=('gunicorn', 'granian'))
    add('--workers', type=parse_count, metavar='N', help=defaults['workers'])
    add('--threads', type=parse_count, metavar='N', help=defaults['threads'])
    add('--in-process', action='store_true', help='call the applications, without a server')


def add_report(add: Callable[..., object]) -> None:
    """Add the options of what is told."""
    add(
        '--format', choices=('table', 'json', 'markdown'), default='table',
        help='default: %(default)s',
    )  # fmt: skip
    add('--output', type=read_name, metavar='FILE', help='write to this file instead of stdout')
    add('--plot', type=read_name, metavar='FILE', help='draw FILE.svg or FILE.png as well')
    add(
        '--compare', type=read_name, metavar='BASELINE.json',
        help='compare with this output of --format json',
    )  # fmt: skip
    add(
        '--fail-under', type=parse_positive, metavar='RATIO',
        help='exit 1 when API Star has less than RATIO times the transactions/sec of the '
        'base, or with --compare, API Star or Django than those of the baseline',
    )  # fmt: skip


def build_setup(options: Options) -> servers.Setup:
    return servers.Setup(options['server'], options['workers'], options['threads'])


def check_model(options: Options) -> None:
    """Raise CommandError for options that do not go together."""
    for name in ('rate', 'tool', *servers.DEFAULTS):
        if options['in_process'] and options[name] is not None:
            raise CommandError(f'--{name} is about HTTP servers. Leave it out, or --in-process.')
    for name in ('compare', 'fail_under'):
        if options['rate'] and options[name]:
            option = f'--{name.replace("_", "-")}'
            raise CommandError(f'{option} is about transactions/sec, which --rate fixes.')
    if options['server'] == 'granian' and find_spec('granian') is None:
        raise CommandError(
            "granian is not installed. Install it: pip install 'django-apistar[granian]'."
        )


def name_database(alias: str) -> str:
    """Return *alias* with what it is: 'default (sqlite3 shop.db)'."""
    config = connections[alias].settings_dict
    return f'{alias} ({config["ENGINE"].rpartition(".")[2]} {config["NAME"]})'


def open_applications(chosen: list[Target]) -> Loads:
    """Return what calls each target within this process."""
    loads: Loads = {}
    for target in chosen:
        application = build_application(target)
        kinds.check_answer(target, in_process.call(application, target))
        loads[target.key] = functools.partial(in_process.load_in_process, application, target)
    return loads


def find_base(chosen: list[Target], options: Options) -> Target:
    """Return the target that ratios are to: Django, or what comes closest."""
    by_key = {target.key: target for target in chosen}
    key = options['base'] or (
        kinds.DJANGO.key if kinds.DJANGO.key in by_key else kinds.BARE_DJANGO.key
    )
    if key not in by_key:
        raise CommandError(f'--base {key}: this project has no such target.')
    own = kinds.APISTAR.key
    if options['fail_under'] and not options['compare'] and (key == own or own not in by_key):
        raise CommandError('--fail-under compares API Star with the base. Choose another --base.')
    return by_key[key]


def read_baseline(file: str | None, is_in_process: bool) -> results.Baseline | None:
    """Return what *file* holds. Raises BaselineError."""
    if not file:
        return None
    try:
        data = json.loads(Path(file).read_text())
    except OSError as exc:
        raise results.BaselineError(f'{file} cannot be read: {exc.strerror}.') from exc
    except (ValueError, RecursionError) as exc:
        raise results.BaselineError(f'{file} is no JSON: {exc}.') from exc
    baseline = results.read_baseline(data, file)
    mode = 'in-process' if is_in_process else 'http'
    if baseline.mode != mode:
        raise results.BaselineError(f'{file} was measured {baseline.mode}, this would be {mode}.')
    return baseline


def check_writable(option: str, file: str) -> None:
    """Raise CommandError where *file* cannot be written, before anything is measured."""
    path = Path(file)
    if path.is_dir():
        raise CommandError(f'{option} {file!r} is a folder. Write the name of a file.')
    if not path.absolute().parent.is_dir():
        raise CommandError(f'{option} {file!r}: its folder does not exist.')
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise CommandError(f'{option} {file!r} cannot be written: permission denied.')


@contextlib.contextmanager
def explaining(file: str) -> Iterator[None]:
    """Raise CommandError where *file* cannot be written after all."""
    try:
        yield
    except OSError as exc:
        raise CommandError(f'{file} cannot be written: {exc.strerror}.') from exc


@contextlib.contextmanager
def ending_by_signals() -> Iterator[None]:
    """Leave by an exception, which stops the servers, when the process is told to end."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(number, interrupts.end)  # at a second one
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
