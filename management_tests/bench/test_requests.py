"""manage.py apistar_bench: methods, headers, bodies, rates and servers."""

from __future__ import annotations

import io
import json
import re
import signal
import sys
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import connections

from django_apistar.bench import servers
from django_apistar.bench.progress import Progress
from django_apistar.bench.request import Request, add_csrf_token
from django_apistar.bench.servers import Setup
from django_apistar.bench.targets import APISTAR, Target, TargetError
from django_apistar.bench.tools import TOOLS
from management_tests.bench.posting import BODY, HEADERS

QUICK = ('--rounds', '1', '--duration', '0.02')
SETTINGS = 'management_tests.bench.posting_settings'
ANY_TOOL = next((name for name in ('hey', *TOOLS) if which(name)), None)
needs_a_tool = pytest.mark.skipif(ANY_TOOL is None, reason='no load tool is installed')
needs_k6 = pytest.mark.skipif(which('k6') is None, reason='k6 is not installed')
COMMAND_LINE = (
    '--header', 'X-Kind: b "c" \\ d', '--token', 'a-key',
)  # fmt: skip
OF_GUNICORN = ('GUNICORN_CMD_ARGS', 'GUNICORN_FD', 'GUNICORN_PID', 'LISTEN_PID', 'LISTEN_FDS')
EXACT_HEADERS = (*HEADERS, ('Content-Type', 'application/json'))

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.usefixtures('database')]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def posting(settings):
    settings.APISTAR_ROUTE_CONF = settings.ROOT_URLCONF = 'management_tests.bench.posting'
    return settings


@pytest.fixture
def body(tmp_path: Path) -> str:
    file = tmp_path / 'body.json'
    file.write_bytes(BODY)
    return str(file)


def bench(*options: str) -> tuple[Any, list[str]]:
    """Return the document of a short run in process, and the lines of stderr."""
    stdout, stderr = io.StringIO(), io.StringIO()
    call_command(
        'apistar_bench', '--in-process', *QUICK, '--format', 'json', *options,
        stdout=stdout, stderr=stderr,
    )  # fmt: skip
    return json.loads(stdout.getvalue()), stderr.getvalue().splitlines()


def fail(*options: str) -> str:
    with pytest.raises(CommandError) as failure:
        call_command('apistar_bench', *QUICK, *options, stdout=io.StringIO(), stderr=io.StringIO())
    return str(failure.value)


# Requests


def test_method_headers_token_and_body_are_sent(posting, body):
    document, _ = bench(
        '--apistar', '/exact/', '--method', 'post', '--write', '--body', body, *COMMAND_LINE
    )

    target = document['targets'][0]
    assert (target['method'], target['path'], target['errors']) == ('POST', '/exact/', 0)
    assert target['transactions'] > 0
    assert 'a-key' not in json.dumps(document)


def test_a_request_in_process_accepts_anything_unless_a_header_says_what(posting):
    options = ('--apistar', '/any/', '--method', 'DELETE', '--write')

    assert bench(*options)[0]['targets'][0]['errors'] == 0
    assert '406' in fail('--in-process', *options, '--header', 'Accept: text/html')


@pytest.mark.django_db(transaction=True)
def test_what_a_round_in_process_writes_is_rolled_back(posting):
    document, remarks = bench('--apistar', '/created/', '--method', 'POST', '--write')

    assert document['targets'][0]['transactions'] > 0
    assert not User.objects.filter(username__startswith='bench-').exists()
    [said] = [line for line in remarks if 'rolled back' in line]
    assert re.fullmatch(
        r'POST may write into default \(\w+ \S+\)( and \w+ \(\w+ \S+\))*; '
        r'each round is rolled back\.', said
    )  # fmt: skip


def test_what_writes_needs_the_option(posting):
    assert re.fullmatch(
        r'DELETE may write into default \(\w+ \S+\).*\. Add --write if it may\.',
        fail('--in-process', '--apistar', '/removed/', '--method', 'DELETE'),
    )


def test_what_writes_needs_the_option_also_without_a_database(posting, monkeypatch):
    for alias in connections:
        monkeypatch.setitem(connections[alias].settings_dict, 'ENGINE', 'django.db.backends.dummy')

    assert fail('--in-process', '--apistar', '/removed/', '--method', 'DELETE') == (
        'DELETE may write into no database. Add --write if it may.'
    )


def test_an_answer_without_a_body_is_one_where_rows_are_written(posting):
    document, _ = bench('--apistar', '/removed/', '--method', 'DELETE', '--write')

    assert document['targets'][0]['errors'] == 0


@pytest.mark.django_db(transaction=True)
def test_a_django_view_gets_its_csrf_token(posting):
    posting.MIDDLEWARE = ['django.middleware.csrf.CsrfViewMiddleware']

    document, _ = bench(
        '--apistar', '/created/', '--django', '/django/created/', '--method', 'POST', '--write',
        '--header', 'Cookie: a=b',
    )  # fmt: skip

    assert [target['key'] for target in document['targets'][:2]] == ['apistar', 'django']
    assert [target['errors'] for target in document['targets'][:2]] == [0, 0]
    assert not User.objects.filter(username__startswith='bench-').exists()


@pytest.mark.parametrize(
    ('headers', 'cookies'), [((), ''), ((('X-A', 'b'), ('cookie', 'a=b')), 'a=b; ')]
)
def test_the_csrf_token_is_a_cookie_and_a_header(settings, headers, cookies):
    settings.CSRF_COOKIE_NAME, settings.CSRF_HEADER_NAME = 'csrf', 'HTTP_X_CSRF_KEY'
    sent = add_csrf_token(Request('POST', headers, b'x'))

    names = dict(sent.headers)
    assert re.fullmatch(f'{cookies}csrf=[A-Za-z0-9]{{32}}', names.pop('Cookie'))
    assert re.fullmatch('[A-Za-z0-9]{64}', names.pop('X-Csrf-Key'))
    assert (sent.method, names, sent.body) == ('POST', dict(headers[:1]), b'x')


def test_a_csrf_token_that_is_given_stays(settings):
    sent = add_csrf_token(Request('POST', (('x-csrftoken', 'own'),)))

    assert [name for name, _ in sent.headers] == ['x-csrftoken', 'Cookie']
    assert sent.get('X-CSRFToken') == 'own'


def test_no_csrf_token_is_sent_where_none_is_asked_for(settings):
    for method in ('GET', 'OPTIONS'):
        assert add_csrf_token(Request(method)) == Request(method)
    settings.CSRF_USE_SESSIONS = True
    assert add_csrf_token(Request('POST')) == Request('POST')


@pytest.mark.django_db(transaction=True)
def test_a_framework_without_a_path_is_left_out_where_rows_are_written(posting):
    document, remarks = bench('--apistar', '/created/', '--method', 'POST', '--write')

    assert [target['key'] for target in document['targets'][:2]] == ['apistar', 'bare-apistar']
    assert (
        'Warning: Django: no path is looked for that takes POST; name one by --django PATH.'
    ) in remarks


def test_several_paths_are_several_targets():
    document, _ = bench('--apistar', '/echo/', '--apistar', '/html/', '--django', '/django/echo/')

    found = [(target['key'], target['path']) for target in document['targets'][:3]]
    assert found == [('apistar', '/echo/'), ('apistar-2', '/html/'), ('django', '/django/echo/')]


@pytest.mark.parametrize('method', ['POST', 'PUT', 'PATCH'])
@pytest.mark.parametrize('name', TOOLS)
def test_each_tool_sends_the_request_as_it_is(exact_server, name, method):
    request, tool = Request(method, EXACT_HEADERS, BODY), TOOLS[name]
    if which(name) is None or not tool.can_send(request):
        pytest.skip(f'{name} is not installed, or cannot send {method} with a body')

    target = Target('apistar', 'API Star', '/exact/', request)
    server = servers.TargetServer(target, exact_server.process, exact_server.port)
    load = servers.run_load(server, tool, connections=2, duration_s=0.3)

    assert load.transactions > 0
    assert load.errors == 0


@pytest.fixture(scope='module')
def exact_server():
    target = Target('apistar', 'API Star', '/exact/', Request('POST', EXACT_HEADERS, BODY))
    with pytest.MonkeyPatch.context() as patch:
        for name in OF_GUNICORN:
            patch.setenv(name, 'x')
        with servers.serve(target, SETTINGS) as server:
            patch.undo()
            yield server


def test_a_server_that_answers_with_an_error_is_not_measured():
    target = Target('apistar', 'API Star', '/nowhere/')

    with pytest.raises(TargetError) as raised, servers.serve(target, SETTINGS):
        pass

    assert str(raised.value).startswith('API Star answers /nowhere/ with 404 and ')


@pytest.mark.skipif(not Path('/proc/self/environ').exists(), reason='only Linux tells it')
def test_a_server_reads_no_variable_of_another_gunicorn(exact_server):
    """`servers`"""
    environ = Path(f'/proc/{exact_server.process.pid}/environ').read_text().split('\0')

    assert [line for line in environ if line.startswith(OF_GUNICORN)] == []


# Like with like


def test_a_view_with_the_same_json_stands_in_where_django_has_none(settings):
    settings.ROOT_URLCONF = 'management_tests.bench.test_apistar_bench'

    document, remarks = bench('--apistar', '/echo/')

    django = document['targets'][1]
    assert (django['key'], django['label']) == ('django', 'Django stand-in')
    assert (django['path'], django['errors'], document['base']) == ('/echo/', 0, 'django')
    assert (
        'Warning: Django stand-in: Django has no view that answers JSON without parameters, so a '
        'temporary one answers what API Star answers at /echo/, under the middleware of the '
        'project. It only renders it; --django PATH measures a view of your own.'
    ) in remarks


# On a terminal


def test_progress_is_one_line_on_a_terminal(monkeypatch):
    monkeypatch.setenv('COLUMNS', '40')
    stderr = Terminal()

    call_command('apistar_bench', '--in-process', *QUICK, stdout=io.StringIO(), stderr=stderr)

    *steps, rest = stderr.getvalue().split('\r\x1b[K')
    assert steps[1].startswith('Warming up: API Star /')
    assert max(map(len, steps)) < 40
    assert [step for step in steps if '\n' in step] == []
    assert 'Warning: ' in rest


def test_each_turn_is_told():
    _, lines = bench('--apistar', '/echo/', '--django', '/django/echo/', '--rounds', '2')

    turns = [line for line in lines if 'Warning' not in line]
    labels = (
        'API Star /echo/', 'Django /django/echo/', 'API Star alone /',
        'Django without middleware /', 'bare WSGI /',
    )  # fmt: skip
    assert turns == [
        f'{what}: {label}'
        for number, what in enumerate(('Warming up', 'Round 1 of 2', 'Round 2 of 2'))
        for label in (*labels[number:], *labels[:number])
    ]


def test_a_step_is_shown_when_it_begins_and_gone_at_the_end(monkeypatch):
    """`progress`"""
    monkeypatch.setenv('COLUMNS', '10')
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw)
    stream.isatty = lambda: True

    shown = []
    with Progress(OutputWrapper(stream)) as progress:
        for step in ('short', 'longer than the line'):
            progress.tell(step)
            shown.append(raw.getvalue())

    assert shown == [b'\r\x1b[Kshort', b'\r\x1b[Kshort\r\x1b[Klonger th']
    assert raw.getvalue() == b'\r\x1b[Kshort\r\x1b[Klonger th\r\x1b[K'


def test_a_target_has_one_line_from_120_columns_on(monkeypatch):
    monkeypatch.setenv('COLUMNS', '120')
    monkeypatch.setenv('NO_COLOR', '1')
    stdout = Terminal()

    call_command(
        'apistar_bench', '--in-process', *QUICK, '--apistar', '/echo/', '--django',
        '/django/echo/', stdout=stdout, stderr=io.StringIO(),
    )  # fmt: skip

    lines = stdout.getvalue().splitlines()
    assert lines[0].split() == [
        'target', 'trans/s', 'transact.', 'errors', 'longest', 'p50', 'p90', 'p99', 'CPU',
        'times', 'Django',
    ]  # fmt: skip
    assert [re.split(r'  |  *[0-9]', line)[0] for line in lines[1:6]] == [
        'API Star /echo/', 'Django /django/echo/', 'API Star alone', 'Django without middleware',
        'bare WSGI',
    ]  # fmt: skip
    assert max(map(len, lines[:6])) <= 120


def test_a_plot_has_a_title_and_both_frameworks_in_their_colours(tmp_path):
    pytest.importorskip('matplotlib')

    bench('--plot', str(tmp_path / 'plot.svg'))

    drawn = (tmp_path / 'plot.svg').read_text()
    for text in (
        'API Star and Django in one project', 'time per transaction, in ms',
        '1 round of 0.02 s, in process, without a server.',
    ):  # fmt: skip
        assert f'<!-- {text} -->' in drawn
    for colour in ('#2b6cb0', '#a3c1e0', '#0c4b33', '#9bb8ab', '#a0aec0'):
        assert drawn.count(f'fill: {colour}') > 1


# Servers


@needs_a_tool
@pytest.mark.parametrize('server', ['gunicorn', 'granian'])
def test_the_server_its_workers_and_threads(project, server):
    pytest.importorskip(server)

    done = project.run(
        'apistar_bench', '--tool', ANY_TOOL or '', '--rounds', '1', '--duration', '0.05',
        '--server', server, '--workers', '2', '--threads', '3', '--apistar', '/hello/',
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert f'2 {server} workers with 3 threads.' in ' '.join(done.stdout.split())


@needs_a_tool
def test_a_project_that_granian_cannot_load_is_one_sentence(project):
    pytest.importorskip('granian')
    project.replace(
        'shop/settings.py',
        'import os',
        "import os, sys\nif '-c' in sys.argv: raise ImportError('no')\nimport os",
    )

    done = project.run('apistar_bench', *QUICK, '--server', 'granian')

    assert done.stderr.splitlines()[-1] == (
        'CommandError: API Star cannot be served: ImportError: no.'
    )


# A fixed rate


@pytest.fixture(scope='module')
def stalling():
    target = Target(APISTAR.key, APISTAR.label, '/stall/')
    with servers.serve(target, SETTINGS, Setup(threads=1)) as server:
        yield server


@pytest.mark.server
@needs_k6
@needs_a_tool
def test_a_stall_shows_at_a_fixed_rate_and_not_in_the_closed_model(stalling):
    at_rate = servers.run_load(stalling, TOOLS['k6'], 4, 5, rate=200)
    for duration_s in (1, 4, 16):
        closed = servers.run_load(stalling, TOOLS[ANY_TOOL or ''], 4, duration_s)
        if closed.transactions > 2000:  # among which two stalls are
            break

    assert at_rate.errors == closed.errors == 0
    assert 950 <= at_rate.transactions <= 1050
    assert 0.1 < (at_rate.p99_s or 0) <= at_rate.longest_s < 1
    assert (closed.p99_s or 1) < 0.1 < closed.longest_s


@pytest.mark.server
@needs_k6
def test_results_at_a_rate(project):
    done = project.run(
        'apistar_bench', '--rate', '50', '--rounds', '1', '--duration', '0.3', '--format', 'json'
    )

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document['rate'], document['tool']['name']) == (50, 'k6')
    assert 'closed model' not in done.stderr
    for target in document['targets']:
        assert 49 <= target['transactions'] <= 51


@needs_k6
def test_a_rate_that_cannot_be_sent_is_one_sentence(project):
    done = project.run('apistar_bench', '--rate', '500000', '--rounds', '1', '--duration', '0.3')

    assert (done.returncode, done.stdout) == (1, '')
    assert re.fullmatch(
        r'CommandError: k6 could not send [\d,]+ of [\d,]+ requests in time: the server or k6 '
        r'itself does not keep up\. Choose a lower --rate\.', done.stderr.splitlines()[-1]
    )  # fmt: skip


def test_a_rate_without_k6_is_one_sentence(monkeypatch):
    monkeypatch.setenv('PATH', '/nope')

    assert fail('--rate', '5') == (
        '--rate needs k6, which is not installed. Install it as https://k6.io says, or leave out '
        '--rate.'
    )


def test_granian_that_is_not_installed_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, 'granian', None)

    assert fail('--server', 'granian') == (
        "granian is not installed. Install it: pip install 'django-apistar[granian]'."
    )


def test_signals_are_handled_as_before_when_it_is_done():
    handlers = [lambda *_: None, lambda *_: None]
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(*each) for each in zip(numbers, handlers, strict=True)]

    bench('--apistar', '/echo/', '--django', '/django/echo/')

    after = [signal.signal(*each) for each in zip(numbers, before, strict=True)]
    assert after == handlers


# Bad input


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (['--header', 'x'], '--header \'...\': write "Name: value" in one line of latin-1.'),
        (['--header', 'a: b\nc: d'], '--header \'a\': write "Name: value" in one line of latin-1.'),
        (['--header', 'a: \u20ac'], '--header \'a\': write "Name: value" in one line of latin-1.'),
        *(
            (['--header', f'{name}: x'], f'--header {name!r}: the load tool sets it. Leave it out.')
            for name in ('Host', 'Connection', 'Content-Length', 'Transfer-Encoding')
        ),
        (['--header', 'a: b', '--header', 'A: c'], "The header 'A' is given twice. Give it once."),
        (
            ['--token', 'x', '--header', 'authorization: y'],
            "The header 'Authorization' is given twice. Give it once.",
        ),
        (['--token', 'x\ny'], '--token: write a key in one line of latin-1.'),
        (['--token', ''], '--token is empty. Give a key, or leave it out.'),
        (['--apistar', '/\udcff'], r"--apistar '/\udcff' is no UTF-8. Write such a byte as %FF."),
        (['--body', '/nope'], '--body is not sent with GET. Add --method POST, PUT or PATCH.'),
        (['--method', 'POST', '--body', '/nope'],
         "--body '/nope' cannot be read: No such file or directory."),
        (['--method', 'POST', '--body', '/'], "--body '/' cannot be read: Is a directory."),
        (['--method', 'POST', '--write', '--apistar', '/html/'],
         "--apistar '/html/': POST is answered with 405. It takes GET, HEAD, OPTIONS."),
        *(
            (
                ['--in-process', option, value],
                f'{option} is about HTTP servers. Leave it out, or --in-process.',
            )
            for option, value in [
                ('--rate', '5'), ('--tool', 'wrk'), ('--server', 'granian'), ('--workers', '1'),
                ('--threads', '4'), ('--connections', '16'),
            ]
        ),
        (['--rate', '5', '--fail-under', '1'],
         '--fail-under is about transactions/sec, which --rate fixes.'),
        (['--rate', '5', '--compare', 'x'],
         '--compare is about transactions/sec, which --rate fixes.'),
        (['--rate', '5', '--tool', 'wrk'],
         'wrk cannot do --rate. Choose one of these as --tool: k6.'),
        (['--tool', 'siege', '--method', 'PUT'],
         'siege cannot do PUT. Choose one of these as --tool: wrk, h2load, hey, k6, ab.'),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(options, sentence):
    """`request`"""
    mode = [] if '--rate' in options or '--tool' in options else ['--in-process']

    assert fail(*mode, *options) == sentence


@pytest.mark.parametrize(
    ('options', 'reason'),
    [
        (['--rate', 'x'], "'x' is not a whole number above 0"),
        (['--rate', '9' * 5000],
         f"'{'9' * 5000}' is more than 1,000,000, which no tool sends"),
        (['--workers', '0'], "'0' is not a whole number above 0"),
        (['--threads', '-1'], "'-1' is not a whole number above 0"),
    ],
)  # fmt: skip
def test_a_number_that_is_none_is_one_sentence(options, reason):
    assert fail(*options) == f'Error: argument {options[0]}: {reason}'


@pytest.mark.parametrize('options', [['--method', 'HEAD'], ['--server', 'x']])
def test_a_choice_that_there_is_not_is_one_sentence(options):
    option, value = options

    assert fail(*options).startswith(
        f'Error: argument {option}: invalid choice: {value!r} (choose from '
    )
