"""make mutants: what it says of tests that bite and of tests that do not, and how it ends."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from management_tests.mutants.equivalents import Equivalents
from management_tests.support.server_process import STOP_S

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
LISTED = ROOT / 'management_tests/mutants/equivalent'
FILES = {
    # Each run of pytest here would take half a second to import them.
    'pytest.ini': '[pytest]\naddopts = -p no:django -p no:django_apistar -p no:platformdirs\n',
    'shop/__init__.py': 'def is_cheap(price):\n    return price < 10\n',
    'shop/page.html': '<p>{{ price }}</p>\n',  # as Jinja runs one: code under a name of its own
    # In a process that does not know that it is of a test.
    'tests/test_prices.py': (
        'import os\nimport signal\nimport subprocess\nimport sys\n\n\ndef test_prices():\n'
        '    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL\n'
        '    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}\n'
        '    subprocess.run([sys.executable, "-c", PRICES], env=kept, check=True)\n\n\n'
        'PRICES = """\nimport shop\nfrom shop import is_cheap\n'
        'for name in ("page.html", "gone.py"):\n'
        '    exec(compile("1", shop.__file__.replace("__init__.py", name), "exec"))\n'
        'assert is_cheap(1) is True\nassert is_cheap(20) is False\n"""\n'
    ),
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose test does not know the limit itself."""
    pytest.importorskip('cosmic_ray')
    for name, text in FILES.items():
        write(tmp_path / name, text)
    subprocess.run(['git', 'init', '--quiet'], cwd=tmp_path, check=True)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def hunt(repository: Path, *arguments: str) -> subprocess.Popen[str]:
    where = ['--root', str(repository), '--package', 'shop', '--tests', 'tests']
    # Not the settings of the tests that run here.
    environ = {name: value for name, value in os.environ.items() if not name.startswith('DJANGO_')}
    return subprocess.Popen(
        [sys.executable, '-m', 'management_tests.mutants', *where, '--seed', '1', *arguments],
        cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=begin_by_nohup,
    )  # fmt: skip


def begin_by_nohup() -> None:
    """But hear SIGINT, as in a terminal, even if this run of tests is in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def run(repository: Path) -> tuple[int, list[str]]:
    """Return the exit status and the lines, without the seconds."""
    with hunt(repository) as process:
        stdout, stderr = process.communicate()
    assert stderr == ''
    return process.returncode, re.sub(r' +\d+\.\d s +', ' - s ', stdout).splitlines()


def test_the_report_tells_what_was_found_by_what_and_what_survived(repository: Path) -> None:
    where, test = 'shop/__init__.py:2 is_cheap', 'tests/test_prices.py::test_prices'

    status, lines = run(repository)

    assert status == 1
    assert lines[:2] == [
        'Measuring what 1 test files run, kept in .mutants/:',
        '  tests/test_prices.py: 1 tests',
    ]
    assert lines[-1].startswith(
        'Seed 1: 3 mutants, 0 change no answer; 2 of the other 3 found: 66.7%. '
    )
    assert sorted(lines[2:-2]) == [
        '    + return price < 9',
        '    - return price < 10',
        f'SURVIVED - s {where} NumberReplacer: none of 1 tests',
        f'found - s {where} ReplaceComparisonOperator_Lt_GtE: {test}',
        f'found - s {where} ReturnNone: {test}',
    ]
    assert (repository / 'shop/__init__.py').read_text() == FILES['shop/__init__.py']


def test_a_listed_mutant_is_no_survivor(repository: Path) -> None:
    listed = """
        [[mutant]]
        module = 'shop/__init__.py'
        function = 'is_cheap'
        before = 'return price < 10'
        after = 'return price < 9'
        reason = 'Nothing costs 9.'
    """
    write(repository / 'tests/mutants/equivalent/prices.toml', listed)

    status, lines = run(repository)

    assert status == 0
    assert lines[0] == (
        'no change - s shop/__init__.py:2 is_cheap NumberReplacer: Nothing costs 9.'
    )
    assert lines[-1].startswith(
        'Seed 1: 3 mutants, 1 change no answer; 2 of the other 2 found: 100.0%. '
    )


def test_tests_that_measure_servers_judge_what_no_other_has_found_of_their_room(
    repository: Path,
) -> None:
    write(repository / 'pytest.ini', FILES['pytest.ini'] + 'markers = server\n')
    for name in ('shop/server/__init__.py', 'tests/server/__init__.py'):
        write(repository / name, '')
    shutil.move(repository / 'shop/__init__.py', repository / 'shop/server/prices.py')
    (repository / 'tests/test_prices.py').unlink()
    test = 'tests/server/test_prices.py::test_the_limit'
    write(
        repository / 'tests/server/test_prices.py',
        'import pytest\nfrom shop.server.prices import is_cheap\n\n\n'
        'def test_cheap():\n    assert is_cheap(1) is True\n\n\n'
        '@pytest.mark.server\ndef test_the_limit():\n    assert is_cheap(9)\n',
    )

    status, lines = run(repository)

    assert status == 0
    where = 'shop/server/prices.py:2 is_cheap NumberReplacer'
    assert f'SURVIVED - s {where}: none of 1 tests' in lines
    assert f'found - s {where}: {test}' in lines
    assert lines[-1].startswith(
        'Seed 1: 3 mutants, 0 change no answer; 3 of the other 3 found: 100.0%. '
    )


def test_a_test_that_fails_without_a_mutant_tells_nothing(repository: Path) -> None:
    """It passes when it is measured, and no more."""
    flaky = (
        'from pathlib import Path\n\nfrom shop import is_cheap\n\n\ndef test_once():\n'
        f'    path = Path({str(repository / "ran")!r})\n    ran = path.exists()\n'
        '    path.touch()\n    assert not ran\n    is_cheap(1)\n'
    )
    write(repository / 'tests/test_prices.py', flaky)

    status, lines = run(repository)

    assert status == 1
    told = 'fails without a mutant, too: its mutants are tried again.'
    assert f'tests/test_prices.py::test_once {told}' in lines
    assert lines[-1].startswith(
        'Seed 1: 3 mutants, 0 change no answer; 0 of the other 3 found: 0.0%. '
    )


def test_what_an_interrupted_hunt_has_started_is_gone(repository: Path) -> None:
    started = repository / 'started'
    slow = (
        'import subprocess\nimport time\nfrom pathlib import Path\n\n\ndef test_slow():\n'
        '    child = subprocess.Popen(["sleep", "613.25"], start_new_session=True)\n'
        f'    Path({str(started)!r}).write_text(str(child.pid))\n    child.wait()\n'
    )
    write(repository / 'tests/test_prices.py', slow)
    with hunt(repository) as process:
        while not started.exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        try:
            _, stderr = process.communicate(timeout=STOP_S)
        finally:
            process.kill()

    assert (process.returncode, stderr) == (130, 'Interrupted.\n')
    assert list(find_processes('613.25')) == []


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_hunt_can_be_interrupted_while_it_chooses(repository: Path, number: int) -> None:
    pipe = repository / 'shop/pipe.py'  # which it reads until this process closes it
    os.mkfifo(pipe)
    with hunt(repository) as process:
        while True:
            assert process.poll() is None
            with contextlib.suppress(OSError):  # nobody reads it yet
                writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
                break
            time.sleep(0.05)
        process.send_signal(number)
        try:
            shown = process.communicate(timeout=STOP_S)
        finally:
            process.kill()
            os.close(writer)

    assert (process.returncode, shown) == (130, ('', 'Interrupted.\n'))


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        ('--sample -3', '--sample is -3. Ask for 1 mutant or more.'),
        ('--sample 0', '--sample is 0. Ask for 1 mutant or more.'),
        ('--budget 0', '--budget is 0. Give more than 0 seconds.'),
        ('--budget nan', '--budget is nan. Give more than 0 seconds.'),
        (
            '--root /nowhere',
            '--root is /nowhere, where no git repository is. Name the folder of one.',
        ),
        ('--package inn', '--package is inn, which is no folder of ROOT. Name one that is.'),
        ('--tests trials', '--tests is trials, which is no folder of ROOT. Name one that is.'),
        (
            '--only nothing/',
            (
                "--only is 'nothing/' and --sample is 100: that chooses no mutant. "
                'Name a part of the path of a module, as api/, or ask for more.'
            ),
        ),
    ],
)
def test_a_mistake_in_the_options_is_a_sentence(
    repository: Path, arguments: str, sentence: str
) -> None:
    with hunt(repository, *arguments.split()) as process:
        shown = process.communicate()

    told = f'make mutants: {sentence}\n'.replace('ROOT', str(repository))
    assert (process.returncode, shown) == (2, ('', told))
    assert not (repository / '.mutants').exists()


def test_the_help_names_a_page_that_is_there(repository: Path) -> None:
    with hunt(repository, '--help') as process:
        stdout, _ = process.communicate()

    [page] = re.findall(r'docs/\S+\.md', stdout)
    assert (ROOT / page).is_file()


def find_processes(word: str) -> Iterator[str]:
    for path in Path('/proc').glob('[0-9]*/cmdline'):
        with contextlib.suppress(OSError):
            command = path.read_bytes().replace(b'\0', b' ').decode(errors='replace')
            if word in command:
                yield command


def test_each_exception_of_a_clause_is_a_mutant(tmp_path: Path) -> None:
    pytest.importorskip('cosmic_ray')
    from management_tests.mutants.mutants import sample

    clause = 'try:\n    x = 1\nexcept {}:\n    pass\n'
    for given in ('A', '(A)', 'a.B', '(a.B, C) as exc'):
        write(tmp_path / 'shop/__init__.py', clause.format(given))
        mutants = sample(tmp_path, 'shop', '1', 10)
        changed = sorted(each.after for each in mutants if each.operator == 'ReplaceException')

        assert changed == {
            'A': ['except NoSuchException:'],
            '(A)': ['except (NoSuchException):'],
            'a.B': ['except NoSuchException:'],
            '(a.B, C) as exc': [
                'except (NoSuchException, C) as exc:', 'except (a.B, NoSuchException) as exc:',
            ],
        }[given]  # fmt: skip


def test_a_constant_is_known_with_those_that_are_made_of_it() -> None:
    pytest.importorskip('cosmic_ray')
    from management_tests.mutants.covering import find_constants

    source = (
        'LEAST = 1\nMOST: int = 9\nBOTH = (\n    LEAST,\n    MOST,\n)\n'
        'OTHER = 5\n\n\nclass Shop:\n    name = "shop"\n    limits = BOTH\n'
    )

    assert [find_constants(source, line) for line in (1, 5, 7, 11, 8)] == [
        {'LEAST', 'BOTH', 'limits'}, {'BOTH', 'limits'}, {'OTHER'}, {'name'}, set(),
    ]  # fmt: skip


def test_tests_are_asked_for_by_the_text_that_a_mutant_changes() -> None:
    pytest.importorskip('cosmic_ray')
    from management_tests.mutants.covering import find_words
    from management_tests.mutants.mutants import Mutant

    before = "say('kept', f'The price {price} is too high.')"
    after = "say('kept', f'XXThe price {price} is too high.')"
    mutant = Mutant('shop/page.py', 'refuse', 1, 'ReplaceString', before, after, '')

    assert find_words(mutant) == ['The price ', ' is too high.']


def test_the_test_that_has_the_module_in_backticks_is_tried_before_others(tmp_path: Path) -> None:
    """Hundreds may quote a word of a table; a few tests are about its module."""
    pytest.importorskip('cosmic_ray')
    from management_tests.mutants.covering import Covering, Record
    from management_tests.mutants.mutants import Mutant

    write(tmp_path / 'shop/page.py', "LEVELS = {'a': 'info'}\n")
    tests = (
        'def test_a_word():\n    "info"\n\n\ndef test_levels():\n    """The levels of `page`."""\n'
    )
    write(tmp_path / 'tests/test_page.py', tests)
    seconds = {'test_a_word': 20, 'test_levels': 25}
    record = Record('tests/test_page.py', {'seconds': seconds, 'lines': {}})
    covering = Covering(tmp_path, {record.tests[0]: record}, {})
    before = "LEVELS = {'a': 'info'}"
    mutant = Mutant('shop/page.py', '', 1, 'ReplaceString', before, before.replace('i', 'XXi'), '')

    assert covering.choose(mutant, 60) == ['tests/test_page.py::test_levels']


def test_the_test_that_is_named_like_the_function_is_tried_before_others(tmp_path: Path) -> None:
    """Hundreds may run a line; the test that is about it has its word, at any price."""
    pytest.importorskip('cosmic_ray')
    from management_tests.mutants.covering import Covering, Record
    from management_tests.mutants.mutants import Mutant

    before = 'counts.pop(name)'
    write(tmp_path / 'tests/test_pages.py', 'def test_a(): ...\ndef test_it_forgets(): ...\n')
    record = Record('tests/test_pages.py', {
        'seconds': {'test_a': 20, 'test_it_forgets[once]': 25},
        'lines': {'shop/limits.py': {f'Limit.forget\n{before}': [0, 1]}},
    })  # fmt: skip
    covering = Covering(tmp_path, {'tests/test_pages.py': record}, {})
    mutant = Mutant('shop/limits.py', 'Limit.forget', 1, 'RemoveStatement', before, 'pass', '')

    assert covering.choose(mutant, 60) == ['tests/test_pages.py::test_it_forgets[once]']


def test_every_listed_mutant_still_has_its_lines_and_a_reason() -> None:
    listed = Equivalents.load(LISTED)

    assert [
        entry for entry in listed.mutants if entry['before'] not in read_lines(entry['module'])
    ] == []
    assert [each for each in (*listed.mutants, *listed.kinds) if len(each['reason']) < 20] == []
    names = {'module', 'function', 'before', 'after', 'reason'}
    assert [each for each in listed.mutants if each.keys() != names] == []
    assert [each for each in listed.kinds if each.keys() - names - {'operator'}] == []


def read_lines(module: str) -> str:
    """Return the lines of *module* without their indentation, as they are listed."""
    path = ROOT / module
    lines = path.read_text().splitlines() if path.exists() else []
    return '\n'.join(line.strip() for line in lines)
