"""Which tests run a line of the package: measured once for each test file, and kept.

Lines are kept as text in their function, so that what was measured still holds when lines move.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from coverage import CoverageData

from management_tests.mutants.copies import Copy
from management_tests.mutants.mutants import Mutant, get_functions

# Too slow, or too noisy where two runs share the machine, to judge a mutant.
CHOSEN = 'not browser and not faults and not server'
RC = """
[run]
source = {root}/{package}
data_file = {data}/coverage
parallel = true
context = ${{MUTANTS_TEST-}}
patch = _exit, execv
sigterm = true
disable_warnings = no-data-collected, module-not-measured, couldnt-parse, already-imported, \
module-not-imported
"""
LIMIT_S = 1800
# Plugins that take two seconds of each run to import, and the word that a file has that needs them.
COSTLY = {'anyio': 'anyio', 'hypothesispytest': 'hypothesis', 'schemathesis': 'schemathesis'}
OF_EACH_LINE = 3  # tests that are tried for what a line guards
LITERAL = re.compile(r"""(?<=')[^'"\\]{4,}(?=')|(?<=")[^'"\\]{4,}(?=")""")
NAME = re.compile(r'[A-Za-z]\w*_\w+')
PUT_IN = re.compile(r'{[^}]*}')
Line = tuple[str, str, str]  # path, function, text
Lines = defaultdict[str, defaultdict[str, set[str]]]


class Record:
    """What the tests of one file run: the seconds of each test, and the tests of each line."""

    def __init__(self, file: str, content: dict[str, Any]) -> None:
        self.seconds: dict[str, float] = {
            f'{file}::{test}': seconds for test, seconds in content['seconds'].items()
        }
        self.tests = list(self.seconds)
        self.lines: dict[Line, list[int]] = {
            (path, *key.split('\n')): tests
            for path, lines in content['lines'].items()
            for key, tests in lines.items()
        }


def measure(copy: Copy, package: str, files: list[str]) -> dict[str, dict[str, Any]]:
    """Run test *files* in *copy* and return the content of a `Record` for each."""
    data, rc = copy.home / 'data', copy.home / 'rc'
    data.mkdir()
    rc.write_text(RC.format(root=copy.root, package=package, data=data))
    _, seen = run_pytest(
        copy, files, ['-m', CHOSEN], LIMIT_S * len(files), COVERAGE_PROCESS_START=str(rc)
    )
    lines = _read_lines(copy.root, data)
    shutil.rmtree(data)
    return {file: _pick(file, seen, lines) for file in files}


def _pick(file: str, seen: dict[str, Any], lines: Lines) -> dict[str, Any]:
    """Return what the tests of *file* ran. The tests are without the file, which may move."""
    start = f'{file}::'
    seconds = {
        test.removeprefix(start): seconds
        for test, seconds in seen['seconds'].items()
        if test.startswith(start)
    }
    numbers = {f'{start}{test}': number for number, test in enumerate(seconds)}
    ran = {
        path: {
            key: sorted(numbers[test] for test in tests & numbers.keys())
            for key, tests in keys.items()
        }
        for path, keys in lines.items()
    }
    failed = [test for test in seen['failed'] if test.startswith(start)]
    kept = {path: {key: n for key, n in keys.items() if n} for path, keys in ran.items()}
    return {'seconds': seconds, 'failed': failed, 'lines': kept}


def run_pytest(
    copy: Copy, files: list[str], arguments: list[str], limit_s: float, **variables: str
) -> tuple[int | None, dict[str, Any]]:
    """Return the exit status of pytest in *copy*, and what the plugin has seen."""
    shutil.copy(Path(__file__).with_name('plugin.py'), copy.home / 'mutants_plugin.py')
    seen = copy.home / 'seen'
    seen.write_text('{"seconds": {}, "failed": []}')
    text = '\n'.join((copy.root / file).read_text() for file in files)
    needless = [name for name, word in COSTLY.items() if word not in text]
    plugins = ['mutants_plugin', 'no:cacheprovider', *(f'no:{name}' for name in needless)]
    if 'hypothesispytest' not in needless:
        arguments = [*arguments, '--hypothesis-seed=0']
    status = copy.run(
        ['-m', 'pytest', '-q', '-n', '0', *(f'-p{name}' for name in plugins), *arguments, *files],
        limit_s, PYTHONPATH=str(copy.home), MUTANTS_SEEN=str(seen), **variables,
    )  # fmt: skip
    return status, json.loads(seen.read_text())


def _read_lines(root: Path, folder: Path) -> Lines:
    """Return the tests that ran each line, by the path and by function and text."""
    lines: Lines = defaultdict(lambda: defaultdict(set))
    for file in folder.iterdir():
        data = CoverageData(str(file))
        data.read()
        for measured in data.measured_files():
            keys = _read_keys(measured)
            path = Path(measured).relative_to(root).as_posix()
            for line, contexts in data.contexts_by_lineno(measured).items():
                if 0 < line <= len(keys):
                    lines[path][keys[line - 1]].update(contexts)
    return lines


@functools.cache
def _read_keys(file: str) -> list[str]:
    """Return what each line of *file* is known by; none of code without a file, as of templates."""
    if not file.endswith('.py') or not Path(file).exists():
        return []
    source = Path(file).read_text()
    functions = get_functions(source)
    return [f'{functions[at]}\n{text.strip()}' for at, text in enumerate(source.splitlines(), 1)]


class Sources:
    """The source of modules, and of each test function with its parameters."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, dict[str, str]] = {}

    def read(self, path: str) -> str:
        return (self._root / path).read_text()

    def quotes(self, test: str, words: list[str]) -> bool:
        """Whether the function of *test* has one of *words*."""
        file, _, name = test.partition('[')[0].partition('::')
        if file not in self._files:
            self._files[file] = _read_functions(self._root / file)
        source = self._files[file].get(name.rpartition('::')[2], '')
        return any(word in source for word in words)


def _read_functions(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    text = path.read_text()
    lines = text.splitlines()
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found[node.name] = '\n'.join(lines[first - 1 : node.end_lineno])
    return found


def find_words(mutant: Mutant) -> list[str]:
    """Return what names *mutant* in a test: the text that it changes, or the names beside it.

    What runs at import is run by no test. A class has its constants by name: tests that raise or
    catch it show them.
    """
    left = LITERAL.findall(mutant.after)
    changed = [
        piece for text in LITERAL.findall(mutant.before) if text not in left
        for piece in PUT_IN.split(text) if len(piece) > 3
    ]  # fmt: skip
    if not is_run_at_import(mutant):
        return changed or NAME.findall(mutant.before)
    name = mutant.function.rpartition('.')[2]
    return [*changed, *([name] if name else [])]


def names_function(test: str, mutant: Mutant) -> bool:
    """Whether the name of *test* has a longer word of the function: 'forgets' of `forget`."""
    words = mutant.function.rpartition('.')[2].split('_')
    name = test.partition('[')[0].rpartition('::')[2]
    return any(word in name for word in words if len(word) > 3)


def is_run_at_import(mutant: Mutant) -> bool:
    """Whether *mutant* is in no function: at the top of its module, or of a class."""
    name = mutant.function.rpartition('.')[2]
    return not name or name[0].isupper()


def find_constants(source: str, line: int) -> set[str]:
    """Return the name that *line*, at the top or in a class, gives a value to.

    With the names whose own values are made of it.
    """
    tree = ast.parse(source)
    made_of: dict[str, set[str]] = {}
    found: set[str] = set()
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for node in (node for owner in (tree, *classes) for node in owner.body):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, 'target', None)]
        for target in targets:
            if isinstance(target, ast.Name):
                uses = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
                made_of[target.id] = uses - {target.id}
                if node.lineno <= line <= (node.end_lineno or line):
                    found.add(target.id)
    while more := {name for name, uses in made_of.items() if uses & found} - found:
        found |= more
    return found


class Covering:
    """Chooses the tests that could tell a mutant, best first."""

    def __init__(
        self, root: Path, records: dict[str, Record], importers: dict[str, set[str]]
    ) -> None:
        self._importers = importers
        self._sources = Sources(root)
        self.seconds: dict[str, float] = {}
        self.distrusted: set[str] = set()  # tests that fail without a mutant, too
        self._breadth: dict[str, int] = defaultdict(int)
        self._by_line: dict[Line, list[str]] = defaultdict(list)
        self._by_function: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._lines: dict[tuple[str, str], set[Line]] = defaultdict(set)  # of each function
        self._by_module: dict[str, set[str]] = defaultdict(set)
        for record in records.values():
            self._add(record)

    def _add(self, record: Record) -> None:
        self.seconds.update(record.seconds)
        for line, numbers in record.lines.items():
            tests = [record.tests[number] for number in numbers]
            self._by_line[line] += tests
            self._lines[line[:2]].add(line)
            if line[1]:
                self._by_function[line[:2]].update(tests)
                self._by_module[line[0]].update(tests)
            for test in tests:
                self._breadth[test] += 1

    def choose(self, mutant: Mutant, budget_s: float) -> list[str]:
        """Return tests that take *budget_s* together, a file's tests in a row.

        Each file has its turn, with the test that runs least beside the line and is quick. No ring
        takes more than half of what is left.
        """
        chosen: dict[str, None] = {}
        for ring in self._rings(mutant):
            limit_s = budget_s / 2
            for test in self._take_turns(set(ring) - chosen.keys() - self.distrusted):
                cost = self.seconds[test] + 0.02
                if cost <= limit_s or not chosen:
                    chosen[test] = None
                    limit_s, budget_s = limit_s - cost, budget_s - cost
        files = list(dict.fromkeys(_file(test) for test in chosen))
        return sorted(chosen, key=lambda test: files.index(_file(test)))

    def _rings(self, mutant: Mutant) -> Iterator[Iterable[str]]:
        """Yield the tests that run the line, its function and its module, then those of its room.

        Before all, those that quote what is changed, stand in the module's own file, or are named
        like the function: hundreds may run the line of a mutant. What runs at import shows
        elsewhere: in functions of the module, and of those that import it. A test whose docstring
        has the module in backticks is about its constants, and a word such as 'info' is quoted by
        hundreds.
        """
        texts = mutant.before.splitlines()
        lines = [self._by_line[mutant.path, mutant.function, text] for text in texts]
        running = {test for tests in lines for test in tests}
        words = find_words(mutant)
        asked = self.seconds.keys() if is_run_at_import(mutant) or not running else running
        if is_run_at_import(mutant):
            module = f'`{Path(mutant.path).stem}`'
            yield [test for test in asked if self._sources.quotes(test, [module])]
        yield [test for test in asked if words and self._sources.quotes(test, words)]
        path = Path(mutant.path)
        names = (f'test_{path.stem}.py', f'test_{path.parent.name}.py')
        yield [test for test in asked if Path(_file(test)).name in names]
        if is_run_at_import(mutant):
            yield self._find_users(mutant)
        yield [test for test in running if names_function(test, mutant)]
        yield self._pick_branches(mutant, running)
        yield from lines
        yield self._by_function[mutant.path, mutant.function]
        yield self._by_module[mutant.path]
        room = f'/{mutant.path.split("/")[1].removesuffix(".py")}'
        yield (test for test in self.seconds if room in _file(test))
        for path in sorted(self._importers.get(mutant.path, ())):
            yield self._by_module[path]

    def _find_users(self, mutant: Mutant) -> set[str]:
        """Return the tests that run a line which reads the constant of *mutant*."""
        names = find_constants(self._sources.read(mutant.path), mutant.line)
        if not names:
            return set()
        use = re.compile(rf'\b({"|".join(names)})\b')
        modules = {mutant.path, *self._importers.get(mutant.path, ())}
        return {
            test
            for line, tests in self._by_line.items()
            if line[0] in modules and line[1] and use.search(line[2])
            for test in tests
        }

    def _pick_branches(self, mutant: Mutant, running: set[str]) -> set[str]:
        """Return, of the tests *running* the line, a few of each other line of its function.

        Where hundreds run a condition, the few that run what it guards tell a mutant of it.
        """
        found: set[str] = set()
        for line in self._lines[mutant.path, mutant.function]:
            tests = running.intersection(self._by_line[line])
            found.update(sorted(tests, key=self._rank)[:OF_EACH_LINE])
        return found

    def _take_turns(self, tests: Iterable[str]) -> Iterator[str]:
        files: dict[str, list[str]] = defaultdict(list)
        for test in sorted(tests, key=self._rank):
            files[_file(test)].append(test)
        for turn in zip_longest(*files.values()):
            yield from (test for test in turn if test is not None)

    def _rank(self, test: str) -> tuple[float, str]:
        return self._breadth[test] * max(self.seconds[test], 0.02), test


def get_digest(root: Path, test_file: str) -> str:
    """Return what changes when *test_file* does."""
    return hashlib.sha256((root / test_file).read_bytes()).hexdigest()[:16]


def _file(test: str) -> str:
    return test.partition('::')[0]
