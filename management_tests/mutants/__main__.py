"""Plant mutants in copies of the package and see which of them the tests find.

`python -m management_tests.mutants --seed 1 --sample 100`. docs/explanation/design.md tells how to
read what it prints.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import json
import queue
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TypeVar

from management_tests.mutants.copies import Copy
from management_tests.mutants.covering import (
    LIMIT_S,
    Covering,
    Record,
    get_digest,
    measure,
    run_pytest,
)
from management_tests.mutants.equivalents import Equivalents
from management_tests.mutants.mutants import Mutant, find_modules, sample
from management_tests.support.processes import hear_for_tests

ROOT = Path(__file__).resolve().parent.parent.parent
STORE = '.mutants'  # a folder: what each test file runs
ENOUGH = 0.95
PASSED = (0, 5)  # exit statuses of pytest: all, and none chosen
FOUND, SURVIVED, EQUIVALENT = 'found', 'SURVIVED', 'no change'
TOGETHER = 4  # test files that are measured in one run
SERVERS = 'server'  # a room, the folder of its tests, and the mark of those that measure servers
T = TypeVar('T')
R = TypeVar('R')


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant, and which test told it."""

    mutant: Mutant
    outcome: str
    told_by: str
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class Repository:
    """What is mutated, and where its tests are: folders below *root*."""

    root: Path
    package: str
    tests: str

    def find_test_files(self) -> list[str]:
        files = sorted((self.root / self.tests).rglob('test_*.py'))
        return [file.relative_to(self.root).as_posix() for file in files]

    def load_equivalents(self) -> Equivalents:
        return Equivalents.load(self.root / self.tests / 'mutants/equivalent')

    def get_stored(self, file: str, takes_stale: bool) -> Path:
        """Return where the record of *file* is; *takes_stale*: as when it was last measured."""
        name = file.removeprefix(f'{self.tests}/').removesuffix('.py').replace('/', '-')
        stored = self.root / STORE / f'{name}-{get_digest(self.root, file)}.json'
        if takes_stale and not stored.exists():
            older = (self.root / STORE).glob(f'{name}-*.json')
            return max(older, key=lambda path: path.stat().st_mtime, default=stored)
        return stored


class Hunt:
    """Judges mutants in copies, as many at a time as there are copies."""

    def __init__(self, copies: list[Copy]) -> None:
        self._copies = copies
        self._free: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        for copy in copies:
            self._free.put(copy)

    def each(self, function: Callable[[Copy, T], R], items: list[T]) -> Iterator[R]:
        """Yield what *function* makes of a copy and each of *items*, as they are done."""
        with ThreadPoolExecutor(len(self._copies)) as pool:
            futures = [pool.submit(self._borrow, function, item) for item in items]
            try:
                for future in as_completed(futures):
                    yield future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for copy in self._copies:
                    copy.stop(for_good=True)
                raise

    def _borrow(self, function: Callable[[Copy, T], R], item: T) -> R:
        copy = self._free.get()
        try:
            return function(copy, item)
        finally:
            self._free.put(copy)


def measure_tests(hunt: Hunt, repository: Repository, takes_stale: bool) -> dict[str, Record]:
    """Return what each test file runs. Files that changed since are measured anew, and kept."""
    (repository.root / STORE).mkdir(exist_ok=True)
    files = repository.find_test_files()
    stored = {file: repository.get_stored(file, takes_stale) for file in files}
    new = [file for file, path in stored.items() if not path.exists()]
    if new and takes_stale:
        print(f'{len(new)} test files were never measured and are left out.', flush=True)
        new = []
    if new:
        print(f'Measuring what {len(new)} test files run, kept in {STORE}/:', flush=True)
    # Some together: to begin takes as long as the tests of a file.
    parts = [new[first : first + TOGETHER] for first in range(0, len(new), TOGETHER)]
    package = repository.package
    for contents in hunt.each(lambda copy, part: measure(copy, package, part), parts):
        for file, content in contents.items():
            stored[file].write_text(json.dumps(content))
            tests, failed = len(content['seconds']), len(content['failed'])
            left_out = f', {failed} failed and are left out' if failed else ''
            print(f'  {file}: {tests} tests{left_out}', flush=True)
    known = {file: path for file, path in stored.items() if path.exists()}
    return {file: Record(file, json.loads(path.read_text())) for file, path in known.items()}


def find_importers(repository: Repository) -> dict[str, set[str]]:
    """Return which modules import each module of the package."""
    importers: dict[str, set[str]] = defaultdict(set)
    for path in find_modules(repository.root, repository.package):
        for node in ast.walk(ast.parse((repository.root / path).read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f'{node.module}.{alias.name}' for alias in node.names)]
                for name in names:
                    base = name.replace('.', '/')
                    importers[f'{base}.py'].add(path)
                    importers[f'{base}/__init__.py'].add(path)
    return importers


def judge(copy: Copy, mutant: Mutant, covering: Covering, budget_s: float) -> Verdict:
    """Plant *mutant* in *copy* and run the tests that could tell it."""
    started = time.perf_counter()
    tests = [test for test in covering.choose(mutant, budget_s) if _exists(copy, test)]
    limit_s = 60 + 4 * sum(covering.seconds[test] for test in tests)
    outcome, told_by = SURVIVED, 'no test runs it'
    if tests:
        with copy.changed(mutant.path, mutant.code):
            status, passed, failed = run_tests(copy, tests, limit_s, '-x')
        told_by = f'none of {passed} tests'
        if failed:
            outcome, told_by = FOUND, failed[0]
        elif status is None:
            if run_tests(copy, tests, limit_s)[0] == 0:
                outcome, told_by = FOUND, 'the time limit'
        elif status not in PASSED:
            outcome, told_by = FOUND, 'the import'
    return Verdict(mutant, outcome, told_by, time.perf_counter() - started)


def judge_by_servers(
    copy: Copy, repository: Repository, verdicts: list[Verdict]
) -> Iterator[Verdict]:
    """Yield *verdicts*, of which survivors in the room of servers have met its slow tests, too."""
    files = [
        file for file in repository.find_test_files()
        if Path(file).parent.name == SERVERS
        and f'mark.{SERVERS}' in (repository.root / file).read_text()
    ]  # fmt: skip
    for verdict in verdicts:
        room = Path(verdict.mutant.path).parts[1]
        if verdict.outcome == SURVIVED and room == SERVERS and files:
            verdict = judge_alone(copy, verdict, files)
            print(report(verdict), flush=True)
        yield verdict


def judge_alone(copy: Copy, verdict: Verdict, files: list[str]) -> Verdict:
    """Run the tests of *files* that measure servers, which nothing else may disturb."""
    started, mutant = time.perf_counter(), verdict.mutant
    with copy.changed(mutant.path, mutant.code):
        _, seen = run_pytest(copy, files, ['-m', SERVERS, '-x'], LIMIT_S)
    failed: list[str] = seen['failed']
    is_found = bool(failed) and not run_tests(copy, failed, LIMIT_S)[2]
    outcome = FOUND if is_found else SURVIVED
    told_by = failed[0] if is_found else f'{verdict.told_by}, nor of {len(seen["seconds"])} alone'
    seconds = verdict.seconds + time.perf_counter() - started
    return Verdict(mutant, outcome, told_by, seconds)


def run_tests(
    copy: Copy, tests: list[str], limit_s: float, *arguments: str
) -> tuple[int | None, int, list[str]]:
    """Return the exit status of pytest, how many tests passed, and those that failed."""
    chosen = copy.home / 'chosen'
    chosen.write_text(json.dumps(tests))
    files = list(dict.fromkeys(test.partition('::')[0] for test in tests))
    status, seen = run_pytest(copy, files, list(arguments), limit_s, MUTANTS_CHOSEN=str(chosen))
    return status, len(seen['seconds']), seen['failed']


def find_distrusted(copy: Copy, verdicts: list[Verdict]) -> set[str]:
    """Return the tests that told a mutant and fail without one, too."""
    tests = sorted({verdict.told_by for verdict in verdicts if '::' in verdict.told_by})
    return set(run_tests(copy, tests, LIMIT_S)[2]) if tests else set()


def _exists(copy: Copy, test: str) -> bool:
    return (copy.root / test.partition('::')[0]).exists()


def report(verdict: Verdict) -> str:
    """Return the lines that tell *verdict*: what survived with what was changed."""
    mutant = verdict.mutant
    where = f'{mutant.path}:{mutant.line} {mutant.function or "(top)"} {mutant.operator}'
    lines = [f'{verdict.outcome:9} {verdict.seconds:5.1f} s  {where}: {verdict.told_by}']
    if verdict.outcome == SURVIVED:
        lines += [f'    - {line}' for line in mutant.before.splitlines()]
        lines += [f'    + {line}' for line in mutant.after.splitlines()]
    return '\n'.join(lines)


def summarize(verdicts: list[Verdict], took_s: float) -> tuple[str, float]:
    """Return the last line, and the share that was found of those that change an answer."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    telling = counts[FOUND] + counts[SURVIVED]
    share = counts[FOUND] / telling if telling else 1.0
    seconds = [each.seconds for each in verdicts if each.outcome != EQUIVALENT] or [0.0]
    return (
        f'{len(verdicts)} mutants, {counts[EQUIVALENT]} change no answer; '
        f'{counts[FOUND]} of the other {telling} found: {share:.1%}. '
        f'{took_s / 60:.1f} minutes, {statistics.median(seconds):.1f} s in the median.'
    ), share


def hunt_mutants(options: argparse.Namespace, home: Path) -> int:
    started = time.perf_counter()
    repository = Repository(options.root.resolve(), options.package, options.tests)
    equivalents = repository.load_equivalents()
    mutants = sample(
        repository.root, repository.package, options.seed, options.sample, options.only
    )
    if not mutants:
        return refuse(
            f'--only is {options.only!r} and --sample is {options.sample}: that chooses no mutant. '
            'Name a part of the path of a module, as api/, or ask for more.'
        )
    reasons = [(mutant, equivalents.get_reason(mutant)) for mutant in mutants]
    verdicts = [Verdict(mutant, EQUIVALENT, reason, 0) for mutant, reason in reasons if reason]
    for verdict in verdicts:
        print(report(verdict), flush=True)
    copies = [Copy(repository.root, home / str(number)) for number in range(options.jobs)]
    for copy in copies:
        copy.create()
    hunt = Hunt(copies)
    records = measure_tests(hunt, repository, options.stale)
    covering = Covering(repository.root, records, find_importers(repository))
    others = [mutant for mutant, reason in reasons if not reason]
    while others:
        new = list(judge_all(hunt, covering, others, options.budget))
        covering.distrusted |= (distrusted := find_distrusted(copies[0], new))
        verdicts += [each for each in new if each.told_by not in distrusted]
        others = [each.mutant for each in new if each.told_by in distrusted]
        for test in sorted(distrusted):
            print(f'{test} fails without a mutant, too: its mutants are tried again.')
    verdicts = list(judge_by_servers(copies[0], repository, verdicts))
    line, share = summarize(verdicts, time.perf_counter() - started)
    print(f'\nSeed {options.seed}: {line}', flush=True)
    return 0 if share >= ENOUGH else 1


def judge_all(
    hunt: Hunt, covering: Covering, mutants: list[Mutant], budget_s: float
) -> Iterator[Verdict]:
    for verdict in hunt.each(lambda copy, each: judge(copy, each, covering, budget_s), mutants):
        print(report(verdict), flush=True)
        yield verdict


def find_mistake(options: argparse.Namespace) -> str:
    """Return what is wrong with *options*, and what to do; '' for nothing."""
    if options.sample < 1:
        return f'--sample is {options.sample}. Ask for 1 mutant or more.'
    if not options.budget > 0:  # nan is not, either
        return f'--budget is {options.budget:g}. Give more than 0 seconds.'
    if not (options.root / '.git').exists():
        return f'--root is {options.root}, where no git repository is. Name the folder of one.'
    for name in ('package', 'tests'):
        folder = getattr(options, name)
        if not (options.root / folder).is_dir():
            return f'--{name} is {folder}, which is no folder of {options.root}. Name one that is.'
    return ''


def refuse(mistake: str) -> int:
    """Print *mistake* and return the exit status of one."""
    print(f'make mutants: {mistake}', file=sys.stderr)
    return 2


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog='make mutants', description=__doc__)
    parser.add_argument('--seed', default='1', help='the same gives the same mutants')
    parser.add_argument('--sample', type=int, default=100, help='how many; default: %(default)s')
    parser.add_argument('--jobs', type=int, default=2, choices=(1, 2), help='at the same time')
    parser.add_argument(
        '--budget', type=float, default=120, help='seconds of tests for a mutant, as measured'
    )
    parser.add_argument('--root', type=Path, default=ROOT, help='of the repository')
    parser.add_argument('--package', default='django_apistar', help='what is mutated')
    parser.add_argument('--tests', default='management_tests', help='the folder of the tests')
    parser.add_argument('--only', default='', help='a part of the path of the modules')
    parser.add_argument(
        '--stale', action='store_true',
        help='measure nothing: take what was measured, whatever has changed since',
    )  # fmt: skip
    options = parser.parse_args(arguments)
    mistake = find_mistake(options)
    if mistake:
        return refuse(mistake)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    hear_for_tests()
    try:
        with tempfile.TemporaryDirectory(prefix='m') as home:
            return hunt_mutants(options, Path(home))
    except KeyboardInterrupt:
        print('Interrupted.', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
