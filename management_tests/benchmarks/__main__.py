"""`python -m management_tests.benchmarks`: measure django-apistar against its promises."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from management_tests.benchmarks import report, results, runs, summary, wire
from management_tests.benchmarks.cases import ADJUSTED, CASES, COMPARISONS, PAGE_OF_ORM

QUICK = ('hello', 'item', 'create', 'queryset', 'hook', 'unseen_100', 'not_found', 'django')


def main() -> None:
    options = parse_options()
    outcome = results.Results()
    with runs.database() as environment:
        if not options.wire_only:
            measure_in_process(outcome, environment, options)
        if options.wire or options.wire_only:
            outcome.wire = wire.measure(
                environment, options.wire_rounds, options.duration, tell,
                options.against, options.case or (),
            )  # fmt: skip
    if options.write_docs:
        report.write_page(outcome)
        summary.write_summary()
    if options.output:
        data = json.dumps(results.to_data(outcome), indent=2)
        options.output.write_text(data + '\n', encoding='utf-8')
    sys.stdout.write(report.to_text(outcome, sys.stdout.isatty()) + '\n')


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='python -m management_tests.benchmarks',
        description='Measure django-apistar against stock API Star and the frameworks beside it.',
    )
    add = parser.add_argument
    add('--case', action='append', choices=CASES, help='only this case; may be repeated')
    add('--rounds', type=whole_number, default=25, help='of CPU time (default: %(default)s)')
    add(
        '--loops',
        type=whole_number,
        default=1000,
        help='hellos under callgrind, 0 for none (default: %(default)s)',
    )
    add('--quick', action='store_true', help='fewer cases, rounds and loops')
    add('--wire', action='store_true', help='over HTTP too')
    add('--wire-only', action='store_true', help='over HTTP alone')
    add(
        '--against', action='append', default=[], choices=wire.REFERENCES,
        help='over HTTP, only what is compared with this; may be repeated',
    )  # fmt: skip
    add('--wire-rounds', type=whole_number, default=9, help='over HTTP (default: %(default)s)')
    add(
        '--duration',
        type=whole_number,
        default=1,
        help='seconds of load on each server in a round (default: %(default)s)',
    )
    add('--output', type=Path, metavar='FILE', help='write every figure as JSON')
    add(
        '--write-docs',
        action='store_true',
        help='put all figures into performance.md and README.md',
    )
    options = parser.parse_args()
    if options.write_docs and not is_whole(parser, options):
        parser.error(
            '--write-docs writes every figure: it takes --wire and --output, nothing else.'
        )
    if options.quick:
        options.case = options.case or QUICK
        options.rounds, options.loops = min(options.rounds, 7), min(options.loops, 400)
    if (options.wire or options.wire_only) and not (options.wire_rounds and options.duration):
        parser.error('--wire-rounds and --duration must be 1 or more.')
    if options.output and not options.output.parent.is_dir():
        parser.error(f'--output: there is no folder {options.output.parent}.')
    if options.loops and not options.wire_only and not shutil.which('valgrind'):
        parser.error('valgrind is not installed. Install it, or say --loops 0.')
    return options


def whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f'must be a whole number, not {text!r}')
    return int(text)


def is_whole(parser: argparse.ArgumentParser, options: argparse.Namespace) -> bool:
    """Return whether everything is measured, and as well as the page says."""
    free = ('wire', 'output', 'write_docs')
    given = [name for name, value in vars(options).items() if value != parser.get_default(name)]
    return options.wire and not set(given) - set(free)


def measure_in_process(
    outcome: results.Results, environment: dict[str, str], options: argparse.Namespace
) -> None:
    names = options.case or list(CASES)
    pairs = list_pairs(names)
    if options.loops:
        tell(f'counting instructions of {len(pairs)} subjects')
        outcome.counts = runs.count_instructions(environment, pairs, options.loops)
    for name in names:
        if options.rounds and not CASES[name].instructions_only:
            tell(f'timing {name}')
            outcome.times.update(runs.time_case(environment, name, options.rounds, 0.02))
    if not options.quick:
        tell('timing the lifecycle, weighing requests')
        outcome.lifecycle_s = runs.run_worker(environment, task='time_lifecycle', rounds=25)
        outcome.observation_s = runs.run_worker(environment, task='time_observation', rounds=25)
        outcome.growth = weigh(environment)


def list_pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return each (case, subject) of *names* that the tables need."""
    needed = {PAGE_OF_ORM, *(pair for one in COMPARISONS for pair in one.list_pairs())}
    needed |= {(name, 'adjusted') for name in ADJUSTED}
    return [pair for pair in sorted(needed) if pair[0] in names]


def weigh(environment: dict[str, str]) -> dict[str, float]:
    """Return the bytes that a request leaves behind, where stock API Star keeps them."""
    return {
        f'hello with a hook class, {subject}, {requests:,} requests': runs.run_worker(
            environment, task='measure_growth', case='hook', subject=subject, requests=requests
        )
        / requests
        for subject, requests in (('stock', 5_000), ('ours', 100_000))
    }


def tell(line: str) -> None:
    sys.stderr.write(f'{line}\n')


if __name__ == '__main__':
    main()
