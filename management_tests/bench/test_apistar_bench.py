"""manage.py apistar_bench: every option, through the command."""

from __future__ import annotations

import io
import json
import math
import os
import re
import signal
import sys
import time
import xml.etree.ElementTree
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from django_apistar.bench import servers, statistics
from django_apistar.bench.load import Load, LoadToolError, order
from django_apistar.bench.servers import TargetServer
from django_apistar.bench.targets import Target
from django_apistar.bench.tools import TOOLS
from management_tests.support.bench_servers import list_left, list_processes
from management_tests.support.server_process import STOP_S, Server

QUICK = ('--rounds', '1', '--duration', '0.02')
KEYS = ['apistar', 'django', 'bare-apistar', 'bare-django', 'floor']
LABELS = ['API Star', 'Django', 'API Star alone', 'Django without middleware', 'bare WSGI']
MUCH = 10**12  # times faster: more than rounds so short differ by themselves
FEW = 'Warning: 1 round: too few for an interval. Use --rounds 3 or more.'
ANY_TOOL = next((name for name in ('hey', *TOOLS) if which(name)), None)
needs_a_tool = pytest.mark.skipif(ANY_TOOL is None, reason='no load tool is installed')

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.usefixtures('database')]


def bench(*options: str) -> tuple[str, str]:
    """Return what a short run in process writes to stdout, and to stderr."""
    stdout, stderr = io.StringIO(), io.StringIO()
    call_command('apistar_bench', '--in-process', *QUICK, *options, stdout=stdout, stderr=stderr)
    return stdout.getvalue(), stderr.getvalue()


def bench_json(*options: str) -> Any:
    return json.loads(bench('--format', 'json', *options)[0])


def fail(*options: str) -> str:
    """Return the sentence of a run that fails."""
    with pytest.raises(CommandError) as failure:
        call_command('apistar_bench', *QUICK, *options, stdout=io.StringIO(), stderr=io.StringIO())
    return str(failure.value)


@pytest.fixture(scope='module')
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp('baseline') / 'baseline.json'
    bench('--format', 'json', '--output', str(file))
    return file


def change(baseline: Path, folder: Path, **changes: Any) -> str:
    file = folder / 'changed.json'
    file.write_text(json.dumps({**json.loads(baseline.read_text()), **changes}))
    return str(file)


def speed_up(baseline: Path, folder: Path, machine: int, apistar: int) -> str:
    """Return a baseline of a machine, and of an API Star on it, that was so many times faster."""
    targets = json.loads(baseline.read_text())['targets']
    for target in targets:
        for load in target['rounds']:
            load['transactions'] *= machine * (apistar if target['key'] == 'apistar' else 1)
    return change(baseline, folder, targets=targets)


# Targets


def test_both_paths_of_the_project_and_what_they_stand_on():
    """`targets`"""
    document = bench_json()

    assert [target['key'] for target in document['targets']] == KEYS
    assert [target['label'] for target in document['targets']] == LABELS
    for target in document['targets']:
        assert target['transactions'] > 0
        assert target['errors'] == 0


def test_the_cheapest_get_of_each_framework_is_taken(settings, caplog):
    settings.APISTAR_ROUTE_CONF = 'management_tests.bench.test_apistar_bench'

    paths = {target['key']: target['path'] for target in bench_json()['targets']}

    assert paths['apistar'] == '/quick/'
    assert paths['django'].startswith('/django/')
    assert caplog.messages == []  # of those that fail


def test_paths_that_are_named_are_taken():
    document = bench_json('--apistar', '/número/7/?limit=3', '--django', '/django/echo/é/')

    paths = [target['path'] for target in document['targets']]
    assert paths[:2] == ['/n%C3%BAmero/7/?limit=3', '/django/echo/%C3%A9/']


def test_a_framework_without_a_get_is_left_out(settings):
    settings.ROOT_URLCONF = 'management_tests.bench.test_apistar_bench'

    stdout, stderr = bench('--format', 'json', '--apistar', '/html/')

    document = json.loads(stdout)
    assert [target['key'] for target in document['targets']] == ['apistar', *KEYS[2:]]
    assert document['base'] == 'bare-django'
    assert (
        'Warning: Django has no route without parameters that answers GET with 2xx and a body; '
        'name one by --django PATH.'
    ) in stderr.splitlines()


def test_what_this_package_serves_by_itself_is_no_target(settings, monkeypatch):
    posted = [route for route in routes if route.method == 'POST']
    monkeypatch.setattr(sys.modules[__name__], 'routes', posted)
    settings.APISTAR_ROUTE_CONF = __name__

    stdout, stderr = bench('--format', 'json')

    assert 'apistar' not in [target['key'] for target in json.loads(stdout)['targets']]
    assert (
        'Warning: API Star has no route without parameters that answers GET with 2xx and a body; '
        'name one by --apistar PATH.'
    ) in stderr.splitlines()


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        ((), ('{} has no route without parameters that answers GET with 2xx and a body; '
              'name one by --{} PATH.')),
        (('--method', 'POST', '--write'),
         '{}: no path is looked for that takes POST; name one by --{} PATH.'),
    ],
)  # fmt: skip
def test_without_any_path_the_sentence_says_what_each_framework_lacks(
    settings, monkeypatch, options, sentence
):
    monkeypatch.setattr(sys.modules[__name__], 'routes', [])
    settings.APISTAR_ROUTE_CONF = settings.ROOT_URLCONF = __name__

    both = [sentence.format('API Star', 'apistar'), sentence.format('Django', 'django')]
    assert fail('--in-process', *options) == ' '.join(both)


ASKED: list[int] = []


def tired(number: int) -> dict:
    ASKED.append(1)
    if len(ASKED) > 5:
        raise PermissionDenied
    return {}


def test_a_path_that_stops_to_answer_is_one_sentence(settings):
    settings.APISTAR_ROUTE_CONF = 'management_tests.bench.test_apistar_bench'

    sentence = fail('--in-process', '--apistar', '/tired/1/')

    assert re.fullmatch(
        r'/tired/1/ is no longer answered with 2xx: [0-9]+ requests of a round\.', sentence
    )


def test_answers_of_another_kind_are_announced():
    warnings = bench_json('--apistar', '/html/', '--django', '/django/echo/')['warnings']

    assert warnings[0] == (
        'The answers differ in kind, text/html from API Star and application/json from Django: '
        'name paths to compare like.'
    )
    alike = bench_json('--apistar', '/echo/', '--django', '/django/echo/')['warnings']
    assert alike == [FEW.removeprefix('Warning: ')]


def quick() -> dict:
    return {}


def slow() -> dict:
    time.sleep(0.003)
    return {}


def forbidden() -> None:
    raise ZeroDivisionError


def _routes() -> list[Any]:
    from apistar import Route

    return [
        Route('/slow/', 'GET', slow),
        Route('/quick/', 'GET', quick),
        Route('/forbidden/', 'GET', forbidden),
        Route('/posted/', 'POST', quick, name='posted'),
        Route('/tired/{number}/', 'GET', tired),
    ]


routes = _routes()
urlpatterns: list[Any] = []


# Figures


def test_figures_of_a_target():
    target = bench_json('--rounds', '3')['targets'][0]

    assert list(target) == [
        'key', 'label', 'path', 'method', 'transactions', 'transactions_per_s', 'longest_s',
        'p50_s', 'p90_s', 'p99_s', 'cpu_s', 'errors', 'ratio', 'rounds',
    ]  # fmt: skip
    assert len(target['rounds']) == 3
    for load in target['rounds']:
        assert 0 < load['p50_s'] <= load['p90_s'] <= load['p99_s'] <= load['longest_s']
    assert target['transactions'] == sum(load['transactions'] for load in target['rounds'])
    assert target['longest_s'] == max(load['longest_s'] for load in target['rounds'])
    assert 0 < target['p50_s'] <= target['p90_s'] <= target['p99_s'] <= target['longest_s']
    assert 0 < target['cpu_s'] < 0.1
    ratio = target['ratio']
    assert 0 < ratio['low'] <= ratio['median'] <= ratio['high']


def test_ratios_are_to_the_base():
    document = bench_json('--base', 'floor')

    assert document['base'] == 'floor'
    assert [target['ratio'] is None for target in document['targets']] == [False] * 4 + [True]
    *others, floor = [row['transactions_per_s']['median'] for row in document['targets']]
    assert [target['ratio']['median'] for target in document['targets'][:4]] == pytest.approx(
        [rate / floor for rate in others]
    )


def test_what_the_figures_depend_on():
    document = bench_json()

    assert document['system']['python'] == '.'.join(map(str, sys.version_info[:3]))
    assert document['system']['load'] >= 0
    assert set(document['system']['packages']) == {
        'apistar', 'Django', 'django-apistar', 'gunicorn'
    }  # fmt: skip
    assert (document['mode'], document['tool'], document['rounds']) == ('in-process', None, 1)


def test_one_round_is_announced_as_too_few():
    assert FEW in bench()[1].splitlines()


def test_a_ratio_of_series_from_different_runs():
    ratio = statistics.compare_apart([2.0, 4.0, 6.0], [1.0, 2.0, 2.0])

    assert (ratio.median, ratio.low, ratio.high) == (2.0, 1.0, 6.0)


# Output


def test_table_fits_80_columns_in_plain_text():
    stdout, _ = bench('--django', '/django/echo/')

    lines = stdout.splitlines()
    assert lines[1].split() == [
        'target',
        'trans/s',
        'transact.',
        'longest',
        'p90',
        'times',
        'Django',
    ]
    assert max(map(len, lines)) <= 80
    assert lines == [line.rstrip() for line in lines]
    assert '\x1b' not in stdout
    for label in ('API Star', 'bare WSGI', '1 round of 0.02 s, in process, without a server.'):
        assert label in stdout


def test_markdown_is_the_table_of_the_original_readme():
    stdout, _ = bench('--format', 'markdown', '--django', '/django/echo/')

    lines = stdout.splitlines()
    assert lines[0] == f'|  | {" | ".join(LABELS)} |'
    assert [line.split(' | ')[0].strip('| ') for line in lines[2:13]] == [
        'path', 'transactions', 'transactions/sec', '± MAD', 'longest transaction', 'p50', 'p90',
        'p99', 'CPU per transaction', 'errors', 'times Django',
    ]  # fmt: skip


def test_output_goes_to_a_file(tmp_path):
    file = tmp_path / 'result.md'

    stdout, _ = bench('--format', 'markdown', '--output', str(file))

    assert stdout == ''
    assert file.read_text().startswith(f'|  | {LABELS[0]} |')


def test_plot_as_svg_and_png(tmp_path):
    pytest.importorskip('matplotlib')

    bench('--plot', str(tmp_path / 'plot.svg'))
    bench('--plot', str(tmp_path / 'plot.PNG'))

    assert xml.etree.ElementTree.parse(tmp_path / 'plot.svg').getroot().tag.endswith('}svg')
    assert (tmp_path / 'plot.PNG').read_bytes().startswith(b'\x89PNG')


def test_plot_without_matplotlib_is_one_sentence(project):
    project.write('matplotlib_is_missing.py', '')
    project.replace(
        'manage.py', 'import os', "import sys; sys.modules['matplotlib'] = None\nimport os"
    )

    done = project.run('apistar_bench', '--in-process', '--plot', 'plot.svg')

    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr == (
        'CommandError: --plot needs matplotlib, which is not installed: '
        "pip install 'django-apistar[bench]'.\n"
    )


# Baselines and limits


def test_compare_shows_the_change_without_the_speed_of_the_machine(baseline, tmp_path):
    document = bench_json('--compare', speed_up(baseline, tmp_path, MUCH, MUCH))

    changed = {row['key']: row['ratio']['median'] for row in document['comparison']}
    assert list(changed) == KEYS[:-1]
    assert {key: ratio < 1000 / MUCH for key, ratio in changed.items()} == {
        'apistar': True, 'django': False, 'bare-apistar': False, 'bare-django': False
    }  # fmt: skip


def test_compare_in_a_table_and_in_markdown(baseline):
    table = bench('--compare', str(baseline))[0]
    markdown = bench('--compare', str(baseline), '--format', 'markdown')[0]

    assert re.search(r'^against the baseline +then +now +times baseline$', table, re.MULTILINE)
    assert '\n|  | baseline | now | times baseline |\n' in markdown


def test_compare_tells_what_else_has_changed(baseline):
    stderr = bench('--compare', str(baseline), '--apistar', '/echo/')[1]

    assert re.search(r'API Star was asked for /\S* in the baseline, now for /echo/\.', stderr)


def test_fail_under_the_base():
    assert re.fullmatch(
        r'API Star has [\d.]+ times the transactions/sec of bare WSGI, less than 50\.',
        fail('--in-process', '--base', 'floor', '--fail-under', '50'),
    )
    bench('--base', 'floor', '--fail-under', '0.000001')


def test_fail_under_the_baseline(baseline, tmp_path):
    fast = speed_up(baseline, tmp_path, 1, MUCH)

    sentence = 'API Star has 0.00 times the transactions/sec of the baseline, less than 0.001.'
    assert fail('--in-process', '--compare', fast, '--fail-under', '0.001') == sentence
    bench('--compare', str(baseline), '--fail-under', '0.000001')


# Bad input

UNMEASURED = 'and 0 bytes; only an answer of 2xx with a body is measured.'


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (
            ['--apistar', '/nope/'],
            "--apistar '/nope/': GET is answered with 404. Did you mean /notes/?",
        ),
        (
            ['--apistar', '/q/w/x/z/y/'],
            "--apistar '/q/w/x/z/y/': GET is answered with 404. apistar_routes lists the paths.",
        ),
        (['--apistar', 'x'], "--apistar 'x': a path starts with a slash. Write /x."),
        (
            ['--apistar', '/admin/'],
            "--apistar '/admin/' does not lead to API Star. ALLOWED_DJANGO_ROUTES covers /admin/.",
        ),
        (
            ['--django', '/echo/'],
            (
                "--django '/echo/' does not lead to Django. "
                'No prefix in ALLOWED_DJANGO_ROUTES covers the path.'
            ),
        ),
        (
            ['--in-process', '--apistar', '/empty/'],
            f'API Star answers /empty/ with 204 {UNMEASURED}',
        ),
        (
            ['--in-process', '--django', '/admin/'],
            f'Django answers /admin/ with 302 {UNMEASURED}',
        ),
        (['--output', '/nope/x'], "--output '/nope/x': its folder does not exist."),
        (['--output', '/'], "--output '/' is a folder. Write the name of a file."),
        (['--output', '/dev/full'], '/dev/full cannot be written: No space left on device.'),
        (['--plot', 'x.pdf'], "--plot 'x.pdf': write a name that ends in .svg or .png."),
        (['--compare', '/nope'], '/nope cannot be read: No such file or directory.'),
        (
            ['--base', 'apistar', '--fail-under', '1'],
            '--fail-under compares API Star with the base. Choose another --base.',
        ),
    ],
)
def test_bad_input_is_one_sentence(options, sentence):
    assert fail('--in-process', *options) == sentence


def test_a_base_that_the_project_does_not_have_is_one_sentence(settings):
    settings.ROOT_URLCONF = 'management_tests.bench.test_apistar_bench'

    assert fail('--in-process', '--apistar', '/html/', '--base', 'django') == (
        '--base django: this project has no such target.'
    )


def test_a_file_that_may_not_be_written_is_known_before_anything_is_measured(tmp_path, monkeypatch):
    file = tmp_path / 'result.json'
    asked = []
    # Root may write everywhere.
    monkeypatch.setattr('os.access', lambda path, mode: asked.append((path, mode)))

    sentence = f"--output '{file}' cannot be written: permission denied."
    assert fail('--in-process', '--output', str(file)) == sentence
    file.touch()
    assert fail('--in-process', '--output', str(file)) == sentence
    assert asked == [(tmp_path, os.W_OK), (file, os.W_OK)]


def test_servers_need_a_settings_module(monkeypatch):
    monkeypatch.delenv('DJANGO_SETTINGS_MODULE')
    monkeypatch.setattr('shutil.which', str)  # Each tool is there: none is run.

    assert fail() == 'Servers need a settings module, and this project has none. Use --in-process.'


def writing_application(environ, start_response):
    start_response('200 OK', [])(b'written')
    return []


def test_an_application_that_writes_as_of_old_is_refused(settings):
    settings.WSGI_APPLICATION = f'{__name__}.writing_application'

    assert fail('--in-process', '--apistar', '/html/') == (
        'An application that calls write() cannot be measured.'
    )


def test_debug_is_announced(settings):
    settings.DEBUG = True

    assert 'DEBUG is on: this is how the project runs in development.' in bench()[1].splitlines()


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('{', 'is no JSON: '),
        ('[]', 'is no result of apistar_bench: '),
        ('{}', "is no result of apistar_bench: it has no 'format'."),
        ('{"format": 2}', 'is no result of apistar_bench: its format is 2, not 1.'),
        (
            '{"format": 1, "targets": []}',
            "is no result of apistar_bench: it has no target 'floor'.",
        ),
    ],
)
def test_corrupt_baseline_is_one_sentence(tmp_path, text, reason):
    file = tmp_path / 'baseline.json'
    file.write_text(text)

    message = fail('--in-process', '--compare', str(file))

    assert message.startswith(f'{file} {reason}')
    assert '\n' not in message


@pytest.mark.parametrize(
    ('transactions', 'reason'),
    [
        (0, 'it has a target without transactions'),
        (math.nan, 'it has a target without transactions'),
        (10**400, 'integer division result too large for a float'),
        ('many', "unsupported operand type(s) for /: 'str' and 'float'"),
    ],
)
def test_baseline_of_impossible_figures_is_one_sentence(baseline, tmp_path, transactions, reason):
    targets = json.loads(baseline.read_text())['targets']
    targets[0]['rounds'][0]['transactions'] = transactions
    if transactions == 10**400:
        targets[0]['rounds'][0]['elapsed_s'] = 1
    file = change(baseline, tmp_path, targets=targets)

    assert fail('--in-process', '--compare', file) == (
        f'{file} is no result of apistar_bench: {reason}.'
    )


def test_baseline_of_another_mode_is_refused(baseline, tmp_path):
    file = change(baseline, tmp_path, mode='http')

    assert fail('--in-process', '--compare', file) == (
        f'{file} was measured http, this would be in-process.'
    )


@pytest.mark.parametrize(
    ('options', 'reason'),
    [
        (['--rounds', '0'], "'0' is not a whole number above 0"),
        (['--connections', 'x'], "'x' is not a whole number above 0"),
        (['--rate', '1000001'], "'1000001' is more than 1,000,000, which no tool sends"),
        (['--rate', '9' * 8], "'99999999' is more than 1,000,000, which no tool sends"),
        (['--rate', '0'], "'0' is not a whole number above 0"),
        (['--duration', 'nan'], "'nan' is not a number above 0"),
        (['--duration', '0'], "'0' is not a number above 0"),
        (['--fail-under', '-1'], "'-1' is not a number above 0"),
    ],
)
def test_a_number_that_is_out_of_bounds_is_one_sentence(options, reason):
    assert fail(*options) == f'Error: argument {options[0]}: {reason}'


@pytest.mark.parametrize('option', ['--tool', '--format', '--base'])
def test_a_choice_that_there_is_not_is_one_sentence(option):
    assert fail(option, 'x').startswith(f"Error: argument {option}: invalid choice: 'x' (choose ")


def test_what_argparse_refuses_exits_with_2(project):
    done = project.run('apistar_bench', '--rounds', '0')

    assert done.returncode == 2
    assert 'error: argument --rounds: ' in done.stderr


def test_tool_that_is_not_installed_is_one_sentence(monkeypatch):
    monkeypatch.setenv('PATH', '/nope')

    assert (
        fail('--tool', 'siege') == 'siege is not installed. Install it, or choose another --tool.'
    )
    assert fail() == (
        'No load tool is installed. Install one of wrk, h2load, hey, k6, ab, siege, '
        'or use --in-process.'
    )


def test_tool_that_fails_is_one_sentence(project):
    tool = project.write('bin/wrk', '#!/bin/sh\necho wrk: no luck >&2\nexit 3')
    tool.chmod(0o755)

    done = project.run('apistar_bench', *QUICK, PATH=f'{tool.parent}:{os.environ["PATH"]}')

    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr.splitlines()[-1] == ('CommandError: wrk ended with status 3: wrk: no luck.')
    assert list_left(project) == []


# Over HTTP


@needs_a_tool
def test_over_http_every_target_has_its_gunicorn(project):
    done = project.run(
        'apistar_bench', '--tool', ANY_TOOL or '', '--rounds', '1', '--duration', '0.05',
        '--connections', '4', '--format', 'json', '--apistar', '/hello/',
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document['mode'], document['connections']) == ('http', 4)
    assert document['tool']['name'] == ANY_TOOL
    assert [(target['key'], target['path']) for target in document['targets']] == [
        ('apistar', '/hello/'), ('django', '/hello/'), ('bare-apistar', '/'),
        ('bare-django', '/'), ('floor', '/'),
    ]  # fmt: skip
    for target in document['targets']:
        assert target['transactions'] > 0
        assert target['errors'] == 0
        assert 0 < target['cpu_s'] < 0.1
    progress = done.stderr.splitlines()
    assert (
        'Each connection waits for its answer before it sends again (a closed model), so that '
        'others who would wait during a stall are not seen; --rate N shows them.'
    ) in progress
    labels = [target['label'] for target in document['targets']]
    assert labels == [LABELS[0], 'Django stand-in', *LABELS[2:]]
    assert [f'Starting {label} ...' in progress for label in labels] == [True] * 5
    rounds = [line.partition(' /')[0] for line in progress]
    assert [f'Round 1 of 1: {label}' in rounds for label in labels] == [True] * 5
    assert list_left(project) == []


@pytest.fixture(scope='module')
def target() -> Iterator[TargetServer]:
    """One server for every tool, whose answers take a while, in which nothing is at work."""
    brief = Target('apistar', 'API Star', '/brief/')
    with servers.serve(brief, 'management_tests.bench.posting_settings') as server:
        yield server


@pytest.mark.parametrize('name', TOOLS)
def test_output_of_each_installed_tool_is_understood(target, name):
    if which(name) is None:
        pytest.skip(f'{name} is not installed')
    tool = TOOLS[name]

    for duration_s in (1, 4, 16):
        load = servers.run_load(target, tool, connections=4, duration_s=duration_s)
        if load.transactions > 100:  # fewer on a busy machine, of which hey gives no p99
            break

    assert load.transactions > 0
    assert load.errors == 0
    assert 0.1 < load.elapsed_s < 120  # siege ends up to a second too early, a busy machine late
    times = [load.p50_s, load.p90_s, load.p99_s, load.longest_s]
    known = [value for value in times if value is not None]
    # wrk corrects its percentiles for omitted samples, but not its longest.
    assert known[:3] == sorted(known[:3])
    assert len(known) == 1 if name == 'siege' else len(known) >= 3
    assert 0 < load.cpu_s < 0.1
    assert bool(tool.find_version()) is (tool.version_argument is not None)


@pytest.mark.skipif(not Path('/proc/self/stat').exists(), reason='only Linux tells it')
def test_cpu_time_of_a_server_is_what_the_system_tells_of_its_processes(target):
    pids = servers.list_session(target.process.pid)
    stats = [Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split() for pid in pids]
    told_s = sum(int(ticks) for stat in stats for ticks in stat[11:13]) / os.sysconf('SC_CLK_TCK')

    assert len(pids) > 1  # gunicorn's master and its worker
    assert told_s <= target.read_cpu_s() < told_s + 0.2  # Ticks are whole, and time goes on.


# Rounds in which nothing is answered


@pytest.fixture(scope='module')
def late(target) -> TargetServer:
    return TargetServer(Target('apistar', 'API Star', '/late/'), target.process, target.port)


@pytest.mark.parametrize('name', ['wrk', 'h2load', 'ab'])
def test_an_answer_that_takes_longer_than_a_round_is_waited_for(late, name):
    if which(name) is None:
        pytest.skip(f'{name} is not installed')

    load = servers.run_load(late, TOOLS[name], connections=2, duration_s=0.1)

    assert (load.transactions > 0, load.errors) == (True, 0)
    assert load.longest_s > 1.1


def run_fake_hey(
    folder: Path, monkeypatch: pytest.MonkeyPatch, script: str, duration_s: float = 0.2
) -> Load:
    """Return what a hey that prints its summaries by *script* gives."""
    for name, summary in (('nothing', HEY_NOTHING), ('hey', HEY), ('refused', HEY_REFUSED)):
        (folder / f'{name}.txt').write_text(summary)
    tool = folder / 'hey'
    tool.write_text(f'#!/bin/sh\nhere={folder}\n{script}\n')
    tool.chmod(0o755)
    monkeypatch.setenv('PATH', f'{folder}:{os.environ["PATH"]}')
    with order('http://127.0.0.1:1/', 4, duration_s) as task:
        return TOOLS['hey'].run(task)


def test_hey_that_was_held_up_until_its_end_is_run_again(tmp_path, monkeypatch):
    load = run_fake_hey(
        tmp_path, monkeypatch,
        'if [ "$2" = 0.2s ]; then cat $here/nothing.txt; else cat $here/hey.txt; fi',
    )  # fmt: skip

    assert load.transactions == 822


def test_a_tool_reads_no_configuration_of_the_user(tmp_path, monkeypatch):
    run_fake_hey(tmp_path, monkeypatch, 'echo "$HOME" > $here/home; cat $here/hey.txt')

    home = Path((tmp_path / 'home').read_text().strip())
    assert home.name.startswith('apistar_bench-')
    assert not home.exists()


@pytest.mark.parametrize(('duration_s', 'longest_s'), [(0.2, 16), (15, 30), (15.5, 15.5)])
def test_a_tool_that_gets_no_answer_says_how_long_it_has_waited(
    tmp_path, monkeypatch, duration_s, longest_s
):
    with pytest.raises(LoadToolError) as failure:
        run_fake_hey(tmp_path, monkeypatch, 'cat $here/nothing.txt', duration_s)

    assert str(failure.value) == f'hey got no answer from http://127.0.0.1:1/ in {longest_s} s.'


def test_a_tool_that_fails_without_a_word_or_does_not_end_is_one_sentence(tmp_path, monkeypatch):
    with pytest.raises(LoadToolError) as failed:
        run_fake_hey(tmp_path, monkeypatch, 'exit 3')
    monkeypatch.setattr('django_apistar.bench.load._PATIENCE_S', 0.8)
    with pytest.raises(LoadToolError) as endless:
        run_fake_hey(tmp_path, monkeypatch, 'exec sleep 613.5')

    assert str(failed.value) == 'hey ended with status 3: it says nothing.'
    assert str(endless.value) == 'hey has not ended after 1 s.'


def test_a_tool_that_gets_no_answer_of_2xx_says_how_many_failed(tmp_path, monkeypatch):
    with pytest.raises(LoadToolError) as failure:
        run_fake_hey(tmp_path, monkeypatch, 'cat $here/refused.txt')

    assert str(failure.value) == (
        'hey got no answer of 2xx from http://127.0.0.1:1/: each of its 1,234 requests failed.'
    )


SIGNALS = [
    signal.SIGINT,
    *(pytest.param(number, marks=pytest.mark.slow) for number in (signal.SIGTERM, signal.SIGKILL)),
]


@needs_a_tool
@pytest.mark.parametrize('number', SIGNALS)
def test_a_run_that_is_ended_leaves_no_process_and_no_port(project, number):
    command = project.command('apistar_bench', '--duration', '30')
    with Server(project, command, {}) as process:
        process.wait_for(lambda: 'Warming up' in process.stderr, 'the first round')
        process.wait_for(
            lambda: len(list_processes(project)) - len(process.children()) == 10, 'the workers'
        )
        process.send(number)
        status = process.wait(STOP_S)
    left = list_left(project)

    expected = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
    assert (status, process.stdout) == (expected[number], '')
    assert 'Traceback' not in process.stderr
    assert left == []


@needs_a_tool
def test_project_that_does_not_start_is_one_sentence(project):
    project.replace(
        'shop/settings.py',
        'import os',
        "import os, sys\nif '-c' in sys.argv: os.write(2, b'\\xff'); raise ImportError('no X')",
    )

    done = project.run('apistar_bench', *QUICK)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        'CommandError: API Star cannot be served: ImportError: no X.'
    )
    assert list_left(project) == []


# Adapters of tools that are not installed everywhere: their output, as they print it


def read(name: str, output: str, folder: Path) -> Any:
    return TOOLS[name].read(output, folder)


def test_wrk_counts_what_failed(tmp_path):
    load = read('wrk', WRK, tmp_path)

    assert (load.transactions, load.errors, load.elapsed_s) == (3001, 153, 1.0)
    assert (load.p50_s, load.p90_s, load.p99_s) == pytest.approx((413e-6, 2.74e-3, 5.85e-3))
    assert load.longest_s == pytest.approx(8.01e-3)


def test_hey_counts_what_failed(tmp_path):
    load = read('hey', HEY, tmp_path)

    assert (load.transactions, load.errors, load.elapsed_s) == (822, 9, 1.001)
    assert (load.p50_s, load.p90_s, load.p99_s) == (0.0012, 0.0067, None)
    assert load.longest_s == 0.0095


def test_k6_by_the_summary_of_its_script(tmp_path):
    load = read('k6', json.dumps(K6), tmp_path)

    assert (load.transactions, load.errors, load.elapsed_s) == (95, 5, 2.0)
    assert (load.p50_s, load.p90_s, load.p99_s, load.longest_s) == (1e-3, 2e-3, 3e-3, 4e-3)


def test_wrk_has_a_unit_for_each_time_and_pads_a_short_one(tmp_path):
    units = {'413.00us': 413e-6, '2.74ms': 2.74e-3, '1.02s ': 1.02, '1.5m ': 90, '2.00h ': 7200}
    for text, seconds in units.items():
        slow = WRK.replace('    2.74ms\n', f'    {text}\n')

        assert read('wrk', slow, tmp_path).p90_s == pytest.approx(seconds)


WRK = """\
Running 1s test @ http://127.0.0.1:8000/
  1 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     0.94ms    1.20ms   8.01ms   86.27%
    Req/Sec     3.17k   439.36     4.05k    70.00%
  Latency Distribution
     50%  413.00us
     75%  777.00us
     90%    2.74ms
     99%    5.85ms
  3151 requests in 1.00s, 1.12MB read
  Socket errors: connect 0, read 1, write 0, timeout 2
  Non-2xx or 3xx responses: 150
Requests/sec:   3145.68
Transfer/sec:      1.12MB
"""
# A process that was stopped from its start to the end of its time.
HEY_NOTHING = """\

Summary:
  Total:\t0.2716 secs
  Slowest:\t0.0000 secs
  Fastest:\t0.0000 secs
  Average:\t NaN secs
  Requests/sec:\t0.0000


Response time histogram:


Latency distribution:

Status code distribution:
"""
HEY_REFUSED = """\

Summary:
  Total:\t0.2716 secs
  Slowest:\t0.0100 secs

Status code distribution:
  [500]\t1200 responses

Error distribution:
  [34]\tGet "http://127.0.0.1:8000/": dial tcp 127.0.0.1:8000: connect: connection refused
"""
HEY = """\

Summary:
  Total:\t1.0010 secs
  Slowest:\t0.0095 secs
  Fastest:\t0.0003 secs

Latency distribution:
  50% in 0.0012 secs
  90% in 0.0067 secs
  0% in 0.0000 secs

Status code distribution:
  [200]\t822 responses
  [500]\t2 responses

Error distribution:
  [7]\tGet "http://127.0.0.1:8000/": dial tcp 127.0.0.1:8000: connect: connection refused
"""
K6 = {
    'state': {'testRunDurationMs': 2000.0},
    'metrics': {
        'http_reqs': {'type': 'counter', 'values': {'count': 100, 'rate': 50}},
        'http_req_failed': {'type': 'rate', 'values': {'rate': 0.05, 'passes': 5, 'fails': 95}},
        'http_req_duration': {
            'type': 'trend', 'values': {'med': 1.0, 'p(90)': 2.0, 'p(99)': 3.0, 'max': 4.0}
        },
    },
}  # fmt: skip
